//! What a plugin's steps add up to: rates, figures, its store, and the commit of what a step staged.

use std::sync::Arc;

use parking_lot::Mutex;
use plantroom_model::{AlarmId, ConditionWord, Conditions, Mono, Now, OrderId, SettleCode, Status};

use crate::grant::Rights;
use crate::held::Held;
use crate::image::Image;
use crate::imports::Arrival;
use crate::post::{Post, Reply};
use crate::rate::{Bucket, Share};
use crate::stage::{Output, Staged, StepState, Submit};
use crate::{Outside, PluginFigures, PluginState, limits};

/// Shortest time between two remarks of the same kind about one plugin, in ms.
const REMARK_MS: u64 = 60_000;

/// How often words about alarms that are over the rate are looked at, in ms.
const HELD_MS: u64 = 50;

/// Everything about a plugin that outlives its instances.
pub(crate) struct Books {
    /// Where everything goes.
    pub outside: Arc<dyn Outside>,
    /// Its inbox.
    pub post: Arc<Post>,
    /// Its figures.
    pub figures: Arc<Mutex<PluginFigures>>,
    rights: Arc<Rights>,
    image: Option<Arc<Image>>,
    save_due: Option<Mono>,
    rates: Option<Rates>,
    held: Held,
    generation: u64,
    overran_told: Option<Mono>,
}

#[derive(Clone, Copy)]
struct Rates {
    samples: Bucket,
    lines: Bucket,
    steps: Bucket,
    words: Bucket,
    untold_lines: u64,
    share: Share,
    /// It waits for its share, which was counted.
    waits: bool,
}

impl Books {
    /// Empty books.
    pub fn new(rights: Arc<Rights>, outside: Arc<dyn Outside>) -> Self {
        Self {
            outside,
            post: Arc::new(Post::new(rights.clone())),
            figures: Arc::default(),
            rights,
            image: None,
            save_due: None,
            rates: None,
            held: Held::default(),
            generation: 0,
            overran_told: None,
        }
    }

    fn rates(&mut self, now: Now) -> &mut Rates {
        let (grant, alarms) = (&self.rights.grant, self.rights.alarms.len() as f64);
        self.rates.get_or_insert_with(|| {
            let (samples, lines) = (f64::from(grant.samples_per_s), f64::from(grant.log_lines_per_s));
            let words = f64::from(grant.alarms.words_per_s);
            // A driver must be able to publish all its tags at once.
            let burst = samples.max(grant.publish.len() as f64);
            Rates {
                samples: Bucket::new(samples, burst, now.mono),
                lines: Bucket::new(lines, lines, now.mono),
                steps: Bucket::new(limits::STEPS_PER_S, limits::STEP_BURST, now.mono),
                // And one with alarms say of each how it stands.
                words: Bucket::new(words, words.max(alarms), now.mono),
                untold_lines: 0,
                share: Share::new(grant.cpu_pct, now.mono),
                waits: false,
            }
        })
    }

    /// Until when the next step must wait; `None` where it may follow now, and is counted.
    pub fn must_wait(&mut self, now: Now) -> Option<Mono> {
        let rates = self.rates(now);
        if rates.steps.available(now.mono) == 0 {
            return Some(Mono(now.mono.0.saturating_add(limits::STEP_PAUSE_US * 1_000)));
        }
        let until = rates.share.wait_until(now.mono);
        let begins_to_wait = until.is_some() && !rates.waits;
        rates.waits = until.is_some();
        if until.is_none() {
            rates.steps.spend(1);
        }
        self.figures.lock().waited_steps += u64::from(begins_to_wait);
        until
    }

    /// Tells the next call what it may still use of its rates.
    pub fn ration(&mut self, state: &mut StepState, now: Now) {
        let rates = self.rates(now);
        state.sample_budget = rates.samples.available(now.mono);
        state.line_budget = rates.lines.available(now.mono);
    }

    /// From now on it is this that the plugin may do. What its rates have left is counted anew.
    pub fn change_rights(&mut self, rights: Arc<Rights>) {
        self.held.retain(|alarm| rights.alarms.speaks_of(alarm));
        self.rights = rights;
        self.rates = None;
    }

    /// Opens the inbox for a new instance, and puts its streams into its hands.
    pub fn open(&mut self, state: &mut StepState) {
        self.generation = self.post.open();
        let generation = self.generation;
        for (place, connection, is_udp) in self.rights.streams() {
            let post = Arc::clone(&self.post);
            let ear = Arc::new(move |event, at| post.arrive(generation, Arrival { place, event, at }));
            if let Some(hand) = self.outside.attach(connection, ear) {
                state.streams.attach(place, hand, is_udp);
            }
        }
    }

    /// A step has returned.
    pub fn stepped(&mut self, before: Now, after: Now, step: u64) {
        let took_ns = after.mono.since(before.mono);
        self.rates(after).share.use_ns(took_ns, after.mono);
        let soft_ms = u64::from(self.rights.grant.soft_ms);
        let overran = took_ns > soft_ms * 1_000_000;
        {
            let mut figures = self.figures.lock();
            figures.steps += 1;
            figures.step_last_ns = took_ns;
            figures.step_max_ns = figures.step_max_ns.max(took_ns);
            figures.soft_overruns += u64::from(overran);
        }
        if overran && self.overran_told.is_none_or(|told| after.mono.since(told) > REMARK_MS * 1_000_000) {
            self.overran_told = Some(after.mono);
            let took_ms = took_ns / 1_000_000;
            self.say(1, format!("step {step} took {took_ms} ms, and its soft limit is {soft_ms} ms (`soft_ms` in plugins.toml)"));
        }
    }

    /// Lets everything count that the last call staged.
    pub fn commit(&mut self, state: &mut StepState, now: Now) {
        let staged = std::mem::take(&mut state.staged);
        let plugin = self.rights.plugin;
        let Staged {
            outputs,
            words,
            submits,
            streams,
            settles,
            lines,
            dropped_lines,
            dropped_samples,
            mut over_rate,
            memory,
            ..
        } = staged;
        let (mut samples, transactions) = (0, submits.len() as u64);
        for output in outputs {
            match output {
                Output::Samples(columns) => {
                    samples += columns.len() as u64;
                    self.outside.samples(plugin, columns, now);
                }
                Output::Missed(tags, reason) => self.outside.missed(plugin, tags, reason, now),
            }
        }
        let dropped = over_rate.take();
        if !dropped.is_empty() {
            self.outside.missed(plugin, dropped, Status::UNCERTAIN, now);
        }
        self.speak(words, now);
        self.send(state, submits, now);
        for order in state.streams.carry_out(streams) {
            state.orders.sent(order);
        }
        self.settle_staged(state, settles);
        if !memory.is_empty() {
            self.keep(state, memory, now);
        }
        let spent_lines = lines.len() as u64;
        for (level, line) in lines {
            self.outside.log(plugin, level, line);
        }
        let rates = self.rates(now);
        rates.samples.spend(staged.spent_samples);
        rates.lines.spend(spent_lines);
        rates.untold_lines += dropped_lines;
        {
            let mut figures = self.figures.lock();
            figures.samples += samples;
            figures.dropped_samples += dropped_samples;
            figures.dropped_log_lines += dropped_lines;
            figures.transactions += transactions;
            figures.lost_changes = state.readings.lost();
            figures.lost_alarm_events = state.news.lost();
            figures.memory_bytes = state.limiter.memory();
        }
        self.tell_dropped_lines(now);
    }

    /// Words about alarms go out in order. Those over the rate wait, and of each alarm the newest is what is told then.
    fn speak(&mut self, mut words: Vec<(AlarmId, ConditionWord)>, now: Now) {
        if words.is_empty() && self.held.is_empty() {
            return;
        }
        let available = usize::try_from(self.rates(now).words.available(now.mono)).unwrap_or(usize::MAX);
        let conditions = if self.held.is_empty() {
            let over = words.split_off(words.len().min(available));
            self.held.push(over);
            Conditions { rows: words }
        } else {
            self.held.push(words);
            self.held.take(available)
        };
        self.rates(now).words.spend(conditions.rows.len() as u64);
        self.tell_words(conditions, now);
    }

    fn tell_words(&mut self, conditions: Conditions, now: Now) {
        let mut count = conditions.rows.len() as u64;
        if count > 0
            && let Err(no_room) = self.outside.conditions(self.rights.plugin, conditions, now)
        {
            self.held.give_back(no_room);
            count = 0;
        }
        let mut figures = self.figures.lock();
        figures.alarm_words += count;
        figures.lost_alarm_words = self.held.replaced();
    }

    /// Tells words about alarms that waited for their rate; returns when there is more to tell.
    pub fn speak_held(&mut self, now: Now) -> Option<Mono> {
        self.speak(Vec::new(), now);
        (!self.held.is_empty()).then(|| now.mono.plus_ms(HELD_MS))
    }

    /// Tells all words about alarms that waited: there is no later.
    pub fn speak_all(&mut self, now: Now) {
        let conditions = self.held.take(usize::MAX);
        self.tell_words(conditions, now);
    }

    fn tell_dropped_lines(&mut self, now: Now) {
        let rates = self.rates(now);
        if rates.untold_lines > 0 && rates.lines.available(now.mono) > 0 {
            rates.lines.spend(1);
            let count = std::mem::take(&mut rates.untold_lines);
            self.say(1, format!("{count} of its log lines were dropped (`log_lines_per_s` in plugins.toml)"));
        }
    }

    fn send(&mut self, state: &mut StepState, submits: Vec<Submit>, now: Now) {
        for Submit { id, connection, request, order } in submits {
            if order != 0 {
                state.orders.sent(order);
            }
            let reply = Reply::new(self.post.clone(), self.generation, id, now);
            self.outside.transact(connection, request, Box::new(move |completion| reply.send(completion)));
        }
    }

    fn settle_staged(&mut self, state: &mut StepState, settles: Vec<(OrderId, SettleCode, String)>) {
        let ends = settles.into_iter().map(|(order, code, detail)| match (code, state.orders.close(order.0)) {
            // A driver can't know it better than the station, which has sent it.
            (SettleCode::NotSent, true) => (
                order,
                SettleCode::Unknown,
                format!("the driver says that it was not sent, but a write has left the station: {detail}"),
            ),
            (code, _) => (order, code, detail),
        });
        let ends: Vec<_> = ends.collect();
        self.settle(ends.into_iter());
    }

    /// Tells how orders ended.
    pub fn settle(&mut self, ends: impl Iterator<Item = (OrderId, SettleCode, impl Into<String>)>) {
        let mut count = 0;
        for (order, code, detail) in ends {
            self.outside.settled(order, code, detail.into());
            count += 1;
        }
        if count > 0 {
            self.post.ended(count);
            self.figures.lock().orders += count as u64;
        }
    }

    fn keep(&mut self, state: &mut StepState, changes: std::collections::BTreeMap<String, Option<Vec<u8>>>, now: Now) {
        // Only one hand may hold the image while it changes, or all of it would be copied.
        state.image = Arc::default();
        let mut image = self.image.take().unwrap_or_default();
        let entries = Arc::make_mut(&mut image);
        for (key, value) in changes {
            entries.put(key, value);
        }
        state.image = image.clone();
        self.image = Some(image);
        self.save_due.get_or_insert(now.mono.plus_ms(limits::SAVE_MS));
    }

    /// The persistent store; loaded at the first start.
    pub fn image(&mut self) -> Arc<Image> {
        if let Some(image) = &self.image {
            return image.clone();
        }
        let image = match Image::decode(&self.outside.store_load(self.rights.plugin)) {
            Some(image) => Arc::new(image),
            None => {
                self.say(0, "its persistent store can't be read, and starts empty".to_owned());
                Arc::default()
            }
        };
        self.image = Some(image.clone());
        image
    }

    /// When the store must be saved next, if it has changed.
    pub fn save_due(&self) -> Option<Mono> {
        self.save_due
    }

    /// Saves the store if it is time.
    pub fn save_if_due(&mut self, now: Now) {
        if self.save_due.is_some_and(|due| due <= now.mono) {
            self.save();
        }
    }

    /// Saves the store if it has changed.
    pub fn save(&mut self) {
        if self.save_due.take().is_some()
            && let Some(image) = &self.image
        {
            self.outside.store_save(self.rights.plugin, image.encode());
        }
    }

    /// Tells how the plugin is.
    pub fn tell(&mut self, state: PluginState) {
        self.figures.lock().state = state.number();
        self.outside.state(self.rights.plugin, state);
    }

    /// A remark of the host's own in the station's log.
    pub fn say(&self, level: u8, line: String) {
        self.outside.log(self.rights.plugin, level, line);
    }
}
