//! A plugin's inbox: what others hand over, bounded, for its thread to fetch.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock};
use plantroom_model::{Frame, ModbusCompletion, Mono, Now, Sample, TagId, Utc, field_error};

use crate::explain::Query;
use crate::grant::Rights;
use crate::imports::Arrival;
use crate::news::Overflown;
use crate::{Explanation, Loaded, PluginOrder, limits};

/// The inbox.
#[derive(Debug)]
pub(crate) struct Post {
    /// Those of the instance that runs, or that is to take its place.
    rights: RwLock<Arc<Rights>>,
    mail: Mutex<Mail>,
    bell: Condvar,
}

/// What has arrived since it was fetched last.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    /// Write orders, in order.
    pub orders: Vec<PluginOrder>,
    /// Answers, in order.
    pub answers: Vec<(u64, ModbusCompletion)>,
    /// What happened on streams, in order.
    pub arrivals: Vec<Arrival>,
    /// Frames, in order.
    pub frames: VecDeque<Arc<Frame>>,
    /// Values of frames that there was no room for; they come before the frames.
    pub overflown: HashMap<TagId, Sample>,
    /// Where alarms stand after those frames.
    pub overflown_alarms: Overflown,
    /// How many changes those frames had.
    pub lost_changes: u64,
    /// How much happened to alarms in those frames.
    pub lost_events: u64,
    /// Questions about its tags.
    pub queries: Vec<Query>,
    /// It is to stop.
    pub stop: bool,
    /// It is to come out of quarantine.
    pub release: bool,
    /// What is to take the running instance's place.
    pub replacement: Option<Replacement>,
    /// Someone wants a turn for another reason.
    nudged: bool,
    /// How many answers were fetched last.
    fetched_answers: usize,
    /// Its thread sleeps, and answers don't wake it.
    gathers: bool,
    /// Names the running instance; answers for another one are thrown away.
    generation: u64,
    /// Whether an instance runs, that orders may be handed to.
    running: bool,
    /// Orders handed over and not ended.
    orders_open: usize,
}

/// What is to take a running instance's place.
#[derive(Debug)]
pub(crate) struct Replacement {
    /// The plugin as it will be.
    pub loaded: Loaded,
    /// Every tag's current value; all that is newer comes after it.
    pub current: Arc<Frame>,
}

impl Mail {
    /// Keeps of a frame that there is no room for what is current after it.
    fn lose(&mut self, rights: &Rights, frame: &Frame) {
        self.lost_changes += rights.count_readable(frame);
        for change in &frame.changes {
            if rights.readable_handle(change.tag).is_some() {
                self.overflown.insert(change.tag, change.sample.clone());
            }
        }
        self.lost_events += rights.alarms.count_heard(frame);
        for event in frame.alarms.events.iter().filter(|event| rights.alarms.heard_handle(event.alarm).is_some()) {
            self.overflown_alarms.insert(event.alarm, (event.to, Some(event.at.utc)));
        }
        for (alarm, standing) in &frame.alarms.quiet {
            if rights.alarms.heard_handle(*alarm).is_some() {
                let decided = self.overflown_alarms.get(alarm).and_then(|(_, decided)| *decided);
                self.overflown_alarms.insert(*alarm, (*standing, decided));
            }
        }
    }
}

impl Post {
    /// An empty inbox.
    pub fn new(rights: Arc<Rights>) -> Self {
        Self { rights: RwLock::new(rights), mail: Mutex::new(Mail::default()), bell: Condvar::new() }
    }

    /// See [`crate::PluginRun::deliver_order`].
    pub fn order(&self, order: PluginOrder) -> bool {
        let mut mail = self.mail.lock();
        let room = mail.orders_open < limits::ORDERS;
        if !mail.running || !room || self.rights.read().write_handle(order.tag).is_none() {
            return false;
        }
        mail.orders_open += 1;
        mail.orders.push(order);
        self.bell.notify_one();
        true
    }

    /// See [`crate::PluginRun::deliver_changes`].
    pub fn frame(&self, frame: Arc<Frame>) {
        let rights = Arc::clone(&self.rights.read());
        if !rights.wants_frames() {
            return;
        }
        let mut mail = self.mail.lock();
        if mail.stop {
            return;
        }
        if mail.frames.len() >= limits::FRAMES
            && let Some(oldest) = mail.frames.pop_front()
        {
            mail.lose(&rights, &oldest);
        }
        mail.frames.push_back(frame);
        self.bell.notify_one();
    }

    /// A question about tags. False, and nothing will be told, when the plugin isn't running or too many wait.
    pub fn ask(&self, tags: &[TagId], reply: SyncSender<Vec<Option<Explanation>>>) -> bool {
        let tags = tags.iter().take(limits::EXPLAINED_TAGS).copied().collect();
        let mut mail = self.mail.lock();
        let taken = mail.running && !mail.stop && mail.queries.len() < limits::QUESTIONS;
        if taken {
            mail.queries.push(Query { tags, reply });
            self.bell.notify_one();
        }
        taken
    }

    /// Asks for the end.
    pub fn stop(&self) {
        self.mail.lock().stop = true;
        self.bell.notify_one();
    }

    /// Asks for a new start out of quarantine.
    pub fn release(&self) {
        self.mail.lock().release = true;
        self.bell.notify_one();
    }

    /// See [`crate::PluginRun::replace`].
    pub fn replace(&self, loaded: Loaded, current: impl FnOnce() -> Arc<Frame>) {
        let mut mail = self.mail.lock();
        // Under the lock: a frame that is newer than these values can only come after them.
        let current = current();
        mail.frames.clear();
        mail.overflown.clear();
        mail.overflown_alarms.clear();
        *self.rights.write() = Arc::clone(&loaded.parts.rights);
        mail.replacement = Some(Replacement { loaded, current });
        self.bell.notify_one();
    }

    /// Asks for a turn now, because the clock was moved.
    pub fn nudge(&self) {
        self.mail.lock().nudged = true;
        self.bell.notify_one();
    }

    /// Opens the inbox for a new instance, which it names.
    pub fn open(&self) -> u64 {
        let mut mail = self.mail.lock();
        mail.generation += 1;
        mail.running = true;
        mail.answers.clear();
        mail.arrivals.clear();
        mail.generation
    }

    /// Closes the inbox: no order is taken in, and answers are for nobody. Returns orders that were never fetched.
    pub fn close(&self) -> Vec<PluginOrder> {
        let mut mail = self.mail.lock();
        mail.generation += 1;
        mail.running = false;
        mail.answers.clear();
        mail.arrivals.clear();
        mail.queries.clear();
        std::mem::take(&mut mail.orders)
    }

    /// So many orders have ended.
    pub fn ended(&self, orders: usize) {
        let mut mail = self.mail.lock();
        mail.orders_open = mail.orders_open.saturating_sub(orders);
    }

    /// Everything that has arrived.
    pub fn fetch(&self) -> Mail {
        let mut mail = self.mail.lock();
        mail.nudged = false;
        mail.fetched_answers = mail.answers.len();
        Mail {
            orders: std::mem::take(&mut mail.orders),
            answers: std::mem::take(&mut mail.answers),
            arrivals: std::mem::take(&mut mail.arrivals),
            frames: std::mem::take(&mut mail.frames),
            overflown: std::mem::take(&mut mail.overflown),
            overflown_alarms: std::mem::take(&mut mail.overflown_alarms),
            lost_changes: std::mem::take(&mut mail.lost_changes),
            lost_events: std::mem::take(&mut mail.lost_events),
            queries: std::mem::take(&mut mail.queries),
            release: std::mem::take(&mut mail.release),
            replacement: mail.replacement.take(),
            stop: mail.stop,
            ..Mail::default()
        }
    }

    /// Sleeps until something arrives, or until then. While many transactions are answered close together, their answers
    /// are gathered for [`limits::GATHER_US`]: what a step and a wake-up cost is then shared. Nothing else waits for that.
    pub fn wait(&self, until: Mono, now: Mono) {
        let mut mail = self.mail.lock();
        let is_called = mail.stop || mail.release || mail.nudged || mail.replacement.is_some() || !mail.queries.is_empty();
        if is_called || !mail.orders.is_empty() || !mail.frames.is_empty() {
            return;
        }
        let left = Duration::from_nanos(until.since(now));
        if mail.fetched_answers >= 2 {
            mail.gathers = true;
            self.bell.wait_for(&mut mail, left.min(Duration::from_micros(limits::GATHER_US)));
            mail.gathers = false;
        } else if mail.answers.is_empty() && mail.arrivals.is_empty() {
            self.bell.wait_for(&mut mail, left);
        }
    }

    /// Something has happened on a stream.
    pub fn arrive(&self, generation: u64, arrival: Arrival) {
        let mut mail = self.mail.lock();
        if mail.generation == generation {
            mail.arrivals.push(arrival);
            if !mail.gathers {
                self.bell.notify_one();
            }
        }
    }

    fn answer(&self, generation: u64, id: u64, completion: ModbusCompletion) {
        let mut mail = self.mail.lock();
        if mail.generation == generation {
            mail.answers.push((id, completion));
            if !mail.gathers {
                self.bell.notify_one();
            }
        }
    }
}

/// The way back of one transaction. Dropped unused, it answers that nothing is known.
pub(crate) struct Reply {
    post: Arc<Post>,
    generation: u64,
    id: u64,
    used: bool,
    now: Now,
}

impl Reply {
    /// A way back to one instance.
    pub fn new(post: Arc<Post>, generation: u64, id: u64, now: Now) -> Self {
        Self { post, generation, id, used: false, now }
    }

    /// Answers.
    pub fn send(mut self, completion: ModbusCompletion) {
        self.used = true;
        self.post.answer(self.generation, self.id, completion);
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if !self.used {
            let at = Utc(self.now.utc.0);
            self.post.answer(self.generation, self.id, ModbusCompletion { error: field_error::TIMEOUT, data: Vec::new(), at });
        }
    }
}
