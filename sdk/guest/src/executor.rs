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
    tasks: RefCell<Tasks>,
    next_task: Cell<u64>,
    ready: RefCell<VecDeque<TaskId>>,
    /// By the time at which they are due.
    timers: RefCell<BTreeMap<u64, Due>>,
    /// Room of those that have fired, for the next ones.
    spare_room: RefCell<Vec<Option<Waker>>>,
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

/// Who is to be woken at one time, in the order in which they asked: pollers of one group share theirs.
struct Due {
    wakers: Vec<Option<Waker>>,
    waiting: usize,
}

/// A task's number, which is never used again, and the place that it has while it lives.
#[derive(Clone, Copy)]
struct TaskId {
    number: u64,
    place: u32,
}

/// All tasks, in places that are used again: each is taken out while it runs.
#[derive(Default)]
struct Tasks {
    places: Vec<Place>,
    free: Vec<u32>,
}

#[derive(Default)]
struct Place {
    number: u64,
    task: Option<Task>,
}

impl Tasks {
    fn reserve(&mut self, number: u64) -> TaskId {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place::default());
            self.places.len() as u32 - 1
        });
        self.places[place as usize].number = number;
        TaskId { number, place }
    }

    /// The task, unless it has ended.
    fn take(&mut self, id: TaskId) -> Option<Task> {
        let place = self.places.get_mut(id.place as usize).filter(|place| place.number == id.number)?;
        place.task.take()
    }

    fn put(&mut self, id: TaskId, task: Task) {
        if let Some(place) = self.places.get_mut(id.place as usize) {
            place.task = Some(task);
        }
    }
}

struct TaskWaker {
    id: TaskId,
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
        // From 1: 0 names no task.
        let number = executor.next_task.get() + 1;
        executor.next_task.set(number);
        let mut tasks = executor.tasks.borrow_mut();
        let id = tasks.reserve(number);
        let wake = Arc::new(TaskWaker { id, is_queued: AtomicBool::new(true) });
        let waker = Waker::from(wake.clone());
        tasks.put(id, Task { job: Box::pin(task), wake, waker });
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
        // The address first: this is asked for each transaction.
        if !pumps.iter().any(|known| std::ptr::eq(*known, pump) || known.name == pump.name) {
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
pub(crate) fn set_timer(mono_ns: u64, waker: Waker) -> usize {
    EXECUTOR.with(|executor| {
        let mut timers = executor.timers.borrow_mut();
        let due = timers.entry(mono_ns).or_insert_with(|| Due { wakers: executor.spare_room.take(), waiting: 0 });
        due.wakers.push(Some(waker));
        due.waiting += 1;
        due.wakers.len() - 1
    })
}

pub(crate) fn clear_timer(mono_ns: u64, timer: usize) {
    let _ = EXECUTOR.try_with(|executor| {
        let mut timers = executor.timers.borrow_mut();
        let Some(due) = timers.get_mut(&mono_ns) else { return };
        if due.wakers.get_mut(timer).is_some_and(|waker| waker.take().is_some()) {
            due.waiting -= 1;
            if due.waiting == 0 {
                timers.remove(&mono_ns);
            }
        }
    });
}

fn fire_timers(mono_ns: u64) {
    loop {
        let due = EXECUTOR.with(|executor| {
            let mut timers = executor.timers.borrow_mut();
            timers.first_entry().filter(|first| *first.key() <= mono_ns).map(|first| first.remove())
        });
        let Some(mut due) = due else { return };
        due.wakers.drain(..).flatten().for_each(Waker::wake);
        EXECUTOR.with(|executor| executor.spare_room.replace(due.wakers));
    }
}

/// Runs what is ready; true if some of it is left for the next step.
fn run_ready() -> bool {
    for _ in 0..POLLS_PER_STEP {
        let taken = EXECUTOR.with(|executor| {
            let id = executor.ready.borrow_mut().pop_front()?;
            Some((id, executor.tasks.borrow_mut().take(id)))
        });
        match taken {
            None => return false,
            // Woken after its end.
            Some((_, None)) => {}
            Some((id, Some(mut task))) => {
                task.wake.is_queued.store(false, Ordering::Relaxed);
                EXECUTOR.with(|executor| executor.answered_at.set(0));
                let ended = task.job.as_mut().poll(&mut Context::from_waker(&task.waker)).is_ready();
                // What a task drops at its end may start another one.
                let left = if ended {
                    drop(task);
                    None
                } else {
                    Some(task)
                };
                EXECUTOR.with(|executor| match (left, &mut *executor.tasks.borrow_mut()) {
                    (Some(task), tasks) => tasks.put(id, task),
                    (None, tasks) => tasks.free.push(id.place),
                });
            }
        }
    }
    EXECUTOR.with(|executor| !executor.ready.borrow().is_empty())
}

fn next_timer(executor: &Executor) -> u64 {
    executor.timers.borrow().first_key_value().map_or(u64::MAX, |(mono_ns, _)| *mono_ns)
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
        let Tasks { mut places, .. } = EXECUTOR.with(|executor| std::mem::take(&mut *executor.tasks.borrow_mut()));
        if places.is_empty() {
            return;
        }
        // In the order in which they were started, not in that of their places.
        places.sort_unstable_by_key(|place| place.number);
        places.into_iter().for_each(drop);
    }
}
