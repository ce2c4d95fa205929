//! Turns awaits into submits and completions over `step`: the executor of a plugin.
//!
//! In:  the time of a step, and wake-ups from pumps and timers.
//! Out: when the plugin wants to be called next.
//! Start at [`step`].
//!
//! Invariant: tasks run in the order in which they were woken, so the same inputs give the same outputs.
//! Invariant: everything is of this thread; nothing here is shared.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::Future;
use std::hash::{BuildHasherDefault, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use crate::Instant;

/// Most polls of tasks in one step: a task that keeps waking itself goes on in the next one.
const POLLS_PER_STEP: usize = 65_536;

type Job = Pin<Box<dyn Future<Output = ()>>>;

/// What an interface does around the tasks of every step.
pub(crate) struct Pump {
    /// Names it, so that it is there once.
    pub(crate) name: &'static str,
    /// Takes in what has arrived.
    pub(crate) before: fn(),
    /// Gives out what the tasks left.
    pub(crate) after: fn(),
    /// Forgets everything.
    pub(crate) reset: fn(),
}

#[derive(Default)]
struct Executor {
    now: Cell<Instant>,
    tasks: RefCell<ById<Task>>,
    next_task: Cell<u64>,
    ready: RefCell<VecDeque<u64>>,
    timers: RefCell<BTreeMap<(u64, u64), Waker>>,
    next_timer: Cell<u64>,
    pumps: RefCell<Vec<&'static Pump>>,
    /// When the answer came that the running task has just waited for, ns UTC; 0 without one.
    answered_at: Cell<i64>,
}

thread_local! {
    static EXECUTOR: Executor = Executor::default();
}

/// A map whose keys are counted up and never come from outside: a look-up is most of what an answer costs here.
pub(crate) type ById<T> = HashMap<u64, T, BuildHasherDefault<IdHasher>>;

/// Spreads numbers that are counted up (Fibonacci hashing).
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte) ^ self.0));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

struct Task {
    job: Job,
    wake: Arc<TaskWaker>,
    waker: Waker,
}

struct TaskWaker {
    id: u64,
    /// It is among the ready ones already: however many of its answers came in one step, it is polled once.
    is_queued: AtomicBool,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::Relaxed) {
            // At the end of a thread there is nothing left to wake.
            let _ = EXECUTOR.try_with(|executor| executor.ready.borrow_mut().push_back(self.id));
        }
    }
}

/// Starts a task beside the others; it ends with the plugin. It runs in this step, or, from `create`, in the first.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    EXECUTOR.with(|executor| {
        let id = executor.next_task.get();
        executor.next_task.set(id + 1);
        let wake = Arc::new(TaskWaker { id, is_queued: AtomicBool::new(true) });
        let waker = Waker::from(wake.clone());
        executor.tasks.borrow_mut().insert(id, Task { job: Box::pin(task), wake, waker });
        executor.ready.borrow_mut().push_back(id);
    });
}

/// One step: takes in, fires timers, runs what is ready, gives out. Returns the next wake-up on the same clock.
pub(crate) fn step(now: Instant) -> u64 {
    EXECUTOR.with(|executor| executor.now.set(now));
    each_pump(|pump| (pump.before)());
    fire_timers(now.mono_ns);
    let unfinished = run_ready();
    each_pump(|pump| (pump.after)());
    if unfinished { now.mono_ns } else { EXECUTOR.with(|executor| next_timer(executor)) }
}

/// Ends all tasks, so that what they held is settled, and gives that out.
pub(crate) fn stop() {
    drop_tasks();
    each_pump(|pump| (pump.after)());
}

/// As if nothing had been.
pub(crate) fn reset() {
    drop_tasks();
    each_pump(|pump| (pump.reset)());
    EXECUTOR.with(|executor| {
        executor.ready.borrow_mut().clear();
        let timers = std::mem::take(&mut *executor.timers.borrow_mut());
        drop(timers);
        executor.pumps.borrow_mut().clear();
        executor.now.set(Instant::default());
        executor.answered_at.set(0);
    });
}

/// Adds a pump, once.
pub(crate) fn register(pump: &'static Pump) {
    EXECUTOR.with(|executor| {
        let mut pumps = executor.pumps.borrow_mut();
        if !pumps.iter().any(|known| known.name == pump.name) {
            pumps.push(pump);
        }
    });
}

/// The running task has got an answer, which came at this time.
pub(crate) fn set_answered_at(utc_ns: i64) {
    EXECUTOR.with(|executor| executor.answered_at.set(utc_ns));
}

/// When the answer came that the running task has got last in this turn of it, ns UTC; 0 without one.
pub(crate) fn answered_at() -> i64 {
    EXECUTOR.with(|executor| executor.answered_at.get())
}

pub(crate) fn now() -> Instant {
    EXECUTOR.with(|executor| executor.now.get())
}

/// Wakes at a time; returns what [`clear_timer`] needs beside it.
pub(crate) fn set_timer(mono_ns: u64, waker: Waker) -> u64 {
    EXECUTOR.with(|executor| {
        let timer = executor.next_timer.get();
        executor.next_timer.set(timer + 1);
        executor.timers.borrow_mut().insert((mono_ns, timer), waker);
        timer
    })
}

pub(crate) fn clear_timer(mono_ns: u64, timer: u64) {
    let _ = EXECUTOR.try_with(|executor| executor.timers.borrow_mut().remove(&(mono_ns, timer)));
}

fn fire_timers(mono_ns: u64) {
    let due = EXECUTOR.with(|executor| {
        if next_timer(executor) > mono_ns {
            return BTreeMap::new();
        }
        let mut timers = executor.timers.borrow_mut();
        let later = timers.split_off(&(mono_ns.saturating_add(1), 0));
        std::mem::replace(&mut *timers, later)
    });
    due.into_values().for_each(Waker::wake);
}

/// Runs what is ready; true if some of it is left for the next step.
fn run_ready() -> bool {
    for _ in 0..POLLS_PER_STEP {
        let taken = EXECUTOR.with(|executor| {
            let id = executor.ready.borrow_mut().pop_front()?;
            Some((id, executor.tasks.borrow_mut().remove(&id)))
        });
        match taken {
            None => return false,
            // Woken after its end.
            Some((_, None)) => {}
            Some((id, Some(mut task))) => {
                task.wake.is_queued.store(false, Ordering::Relaxed);
                EXECUTOR.with(|executor| executor.answered_at.set(0));
                if task.job.as_mut().poll(&mut Context::from_waker(&task.waker)).is_pending() {
                    EXECUTOR.with(|executor| executor.tasks.borrow_mut().insert(id, task));
                }
            }
        }
    }
    EXECUTOR.with(|executor| !executor.ready.borrow().is_empty())
}

fn next_timer(executor: &Executor) -> u64 {
    executor.timers.borrow().first_key_value().map_or(u64::MAX, |((mono_ns, _), _)| *mono_ns)
}

fn each_pump(run: impl Fn(&'static Pump)) {
    // By index: a pump may register another one.
    let pump = |at: usize| EXECUTOR.with(|executor| executor.pumps.borrow().get(at).copied());
    let mut at = 0;
    while let Some(found) = pump(at) {
        run(found);
        at += 1;
    }
}

fn drop_tasks() {
    // A task may start another one while it ends.
    loop {
        let tasks = EXECUTOR.with(|executor| std::mem::take(&mut *executor.tasks.borrow_mut()));
        if tasks.is_empty() {
            return;
        }
        // In the order in which they were started, not in that of a map.
        let mut tasks: Vec<(u64, Task)> = tasks.into_iter().collect();
        tasks.sort_unstable_by_key(|(id, _)| *id);
        tasks.into_iter().for_each(drop);
    }
}
