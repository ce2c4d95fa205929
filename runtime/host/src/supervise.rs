//! One plugin's life, turn by turn: start, steps, fault, pause, start again; quarantine; stop.

mod replace;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::Mutex;
use plantroom_model::{Frame, Mono, Now, OrderId, SettleCode, TagId};

use crate::commit::Books;
use crate::explain::{self, Query};
use crate::fault::{FaultHistory, Verdict};
use crate::instance::{Failure, Instance};
use crate::news::News;
use crate::post::{Mail, Post};
use crate::readings::Readings;
use crate::stage::{StepState, one_line};
use replace::Next;

use crate::{Explanation, FaultKind, FaultRecord, Loaded, Outside, PluginFigures, PluginOrder, PluginState, limits};

/// A plugin without a thread: whoever holds it calls [`Supervised::turn`].
pub struct Supervised {
    loaded: Loaded,
    books: Books,
    life: Life,
    history: FaultHistory,
    /// What may be read, while no instance holds it.
    readings: Readings,
    /// What is heard of alarms, while no instance holds it.
    news: News,
    /// When the guest wants its next step.
    wake: Mono,
    /// Something has arrived that no step has seen.
    arrived: bool,
    /// What is to take the running instance's place.
    next: Option<Next>,
}

enum Life {
    /// Never started.
    Fresh,
    /// Waits to be started again.
    Down { until: Mono },
    /// Has an instance.
    Running(Box<Instance>),
    /// Stays down until someone acts.
    Quarantined,
    /// Over.
    Ended,
}

/// What is to be done after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Call again at this time, or as soon as something has arrived.
    WaitUntil(Mono),
    /// The plugin has stopped; there is nothing more to do.
    Ended,
}

impl Supervised {
    pub(crate) fn new(loaded: Loaded, outside: Arc<dyn Outside>) -> Self {
        let rights = loaded.parts.rights.clone();
        let (readings, news) = (Readings::new(&rights), News::new(&rights.alarms));
        let books = Books::new(rights, outside);
        Self {
            loaded,
            books,
            life: Life::Fresh,
            history: FaultHistory::default(),
            readings,
            news,
            wake: Mono(0),
            arrived: false,
            next: None,
        }
    }

    /// Does what is due: starts an instance, calls one step, or starts again after a fault. A panic of the station's own
    /// code counts as a fault of this plugin, and stays here.
    pub fn turn(&mut self) -> Turn {
        let now = self.books.outside.now();
        match catch_unwind(AssertUnwindSafe(|| self.unguarded_turn(now))) {
            Ok(turn) => turn,
            Err(panic) => self.fail(Failure { kind: FaultKind::Host, message: words_of(&*panic), backtrace: Vec::new() }),
        }
    }

    fn unguarded_turn(&mut self, now: Now) -> Turn {
        let mut mail = self.books.post.fetch();
        let (stop, release, queries) = (mail.stop, mail.release, std::mem::take(&mut mail.queries));
        let taken_in = self.take_in(mail, now);
        if stop {
            return self.finish(now);
        }
        if let Err(failure) = taken_in {
            return self.fail(failure);
        }
        self.books.save_if_due(now);
        let held_due = self.books.speak_held(now);
        if let Some(next) = self.next.take_if(|next| next.is_due(&self.life, now.mono)) {
            return self.hand_over(next, now);
        }
        if let Some(failure) = queries.into_iter().find_map(|query| self.answer(query, now).err()) {
            return self.fail(failure);
        }
        let turn = match self.life {
            Life::Fresh => self.launch(now),
            Life::Down { until } if until <= now.mono => {
                self.books.figures.lock().restarts += 1;
                self.launch(now)
            }
            Life::Down { until } => Turn::WaitUntil(until),
            Life::Quarantined if release => {
                self.history.clear();
                self.launch(now)
            }
            Life::Quarantined => Turn::WaitUntil(now.mono.plus_ms(limits::LONGEST_SLEEP_MS)),
            Life::Running(_) => self.step_if_due(now),
            Life::Ended => Turn::Ended,
        };
        let turn = match (turn, &self.next) {
            (Turn::WaitUntil(until), Some(next)) => Turn::WaitUntil(until.min(next.latest)),
            (turn, _) => turn,
        };
        let due = [self.books.save_due(), held_due].into_iter().flatten().min();
        match (turn, due) {
            (Turn::WaitUntil(until), Some(due)) => Turn::WaitUntil(until.min(due)),
            (turn, _) => turn,
        }
    }

    /// Asks the instance about tags. Without one nothing is told, and who asked learns so at once.
    fn answer(&mut self, query: Query, now: Now) -> Result<(), Failure> {
        let Life::Running(instance) = &mut self.life else { return Ok(()) };
        let granted = &self.loaded.parts.rights.tags;
        let mut told = Vec::with_capacity(query.tags.len());
        for tag in query.tags {
            let handle = explain::handle(granted, tag);
            told.push(handle.map(|handle| instance.explain(handle, now)).transpose()?.flatten());
        }
        // Who asked may have stopped waiting.
        let _ = query.reply.try_send(told);
        Ok(())
    }

    /// Hands what has arrived to the instance.
    fn take_in(&mut self, mail: Mail, now: Now) -> Result<(), Failure> {
        let Mail {
            mut orders,
            answers,
            arrivals,
            frames,
            overflown,
            overflown_alarms,
            lost_changes,
            lost_events,
            replacement,
            ..
        } = mail;
        if let Some(replacement) = replacement {
            let held = self.next.take().map(|earlier| earlier.held).unwrap_or_default();
            self.next = Some(Next::new(replacement, held, now.mono));
        }
        if let Some(next) = &mut self.next {
            next.take_in(std::mem::take(&mut orders), (&overflown, &overflown_alarms), &frames);
        }
        self.arrived |= !orders.is_empty() || !answers.is_empty() || !arrivals.is_empty();
        let mut has_room = true;
        let (readings, news) = match &mut self.life {
            Life::Running(instance) => {
                let state = instance.state_mut();
                state.orders.waiting.extend(orders);
                state.transactions.make_room(&answers);
                for (id, completion) in answers {
                    if let Some(order) = state.transactions.answer(id, &completion) {
                        state.orders.not_sent(order);
                    }
                }
                has_room = state.streams.take_in(arrivals);
                (&mut state.readings, &mut state.news)
            }
            _ => (&mut self.readings, &mut self.news),
        };
        let rights = &self.loaded.parts.rights;
        readings.add_lost(lost_changes);
        news.add_lost(lost_events);
        news.take_overflown(&rights.alarms, &overflown_alarms);
        for (tag, sample) in overflown {
            if let Some(handle) = rights.readable_handle(tag) {
                readings.set(handle, &sample);
            }
        }
        for frame in frames {
            self.arrived |= readings.frame(rights, &frame) | news.frame(&rights.alarms, &frame);
        }
        if has_room {
            return Ok(());
        }
        let message = format!("it left more than {} rows of its streams uncollected", limits::STREAM_ROWS);
        Err(Failure { kind: FaultKind::Contract, message, backtrace: Vec::new() })
    }

    fn launch(&mut self, now: Now) -> Turn {
        self.books.tell(PluginState::Starting);
        self.start_instance(now)
    }

    fn start_instance(&mut self, now: Now) -> Turn {
        self.readings.start_over();
        self.news.start_over();
        let parts = self.loaded.parts.clone();
        let (readings, news) = (std::mem::take(&mut self.readings), std::mem::take(&mut self.news));
        let mut state = StepState::new(parts.rights.clone(), self.books.image(), readings, news);
        self.books.ration(&mut state, now);
        let mut instance = match Instance::create(&parts.engine, &parts.linked, state) {
            Ok(instance) => Box::new(instance),
            Err((failure, state)) => return self.fault(failure, Some((*state, 0))),
        };
        let failure = match instance.init(now, &parts.rights.document) {
            Ok(Ok(())) => None,
            Ok(Err(problems)) => {
                let sentences: Vec<String> = problems.into_iter().map(|(_, message)| message).collect();
                let message = one_line(&sentences.join("; "), limits::MESSAGE_BYTES);
                Some(Failure { kind: FaultKind::Configuration, message, backtrace: Vec::new() })
            }
            Err(failure) => Some(failure),
        };
        if let Some(failure) = failure {
            return self.fault(failure, Some((instance.into_state(), 0)));
        }
        self.books.open(instance.state_mut());
        self.books.commit(instance.state_mut(), now);
        self.life = Life::Running(instance);
        (self.wake, self.arrived) = (now.mono, false);
        self.books.tell(PluginState::Running);
        Turn::WaitUntil(now.mono)
    }

    fn step_if_due(&mut self, now: Now) -> Turn {
        let Life::Running(instance) = &mut self.life else { return Turn::Ended };
        let expired = instance.state_mut().orders.expired(now.mono);
        self.books
            .settle(expired.into_iter().map(|order| (order.id, SettleCode::NotSent, "it expired before the driver took it")));
        if let Some(order) = instance.state().orders.overdue(now.mono) {
            let message = format!("it took order {order}, and did not settle it within {} s", limits::SETTLE_MS / 1_000);
            return self.fail(Failure { kind: FaultKind::Contract, message, backtrace: Vec::new() });
        }
        if now.mono < self.wake && !self.arrived {
            return Turn::WaitUntil(self.wake);
        }
        if let Some(until) = self.books.must_wait(now) {
            return Turn::WaitUntil(until);
        }
        self.books.ration(instance.state_mut(), now);
        self.arrived = false;
        let now = self.books.outside.now();
        let wake = match instance.step(now) {
            Ok(wake) => wake,
            Err(failure) => return self.fail(failure),
        };
        let after = self.books.outside.now();
        self.books.stepped(now, after, instance.steps);
        self.books.commit(instance.state_mut(), now);
        let (soonest, latest) = (after.mono.plus_ms(limits::IDLE_STEP_MS), after.mono.plus_ms(limits::LONGEST_SLEEP_MS));
        let state = instance.state();
        let left_over = !state.orders.waiting.is_empty() || !state.transactions.answered.is_empty();
        self.wake = if left_over { soonest } else { wake.clamp(soonest, latest) };
        Turn::WaitUntil(self.wake)
    }

    /// A fault of the running instance, if there is one.
    fn fail(&mut self, failure: Failure) -> Turn {
        let state = match std::mem::replace(&mut self.life, Life::Quarantined) {
            Life::Running(instance) => {
                let step = instance.steps;
                Some((instance.into_state(), step))
            }
            _ => None,
        };
        self.fault(failure, state)
    }

    /// Throws away what is left of an instance, records the fault, and decides what follows.
    fn fault(&mut self, failure: Failure, left: Option<(StepState, u64)>) -> Turn {
        // Noticed now: the call that failed may have taken as long as its deadline allows.
        let now = self.books.outside.now();
        let Failure { kind, message, backtrace } = failure;
        let (mut last_words, mut step) = (Vec::new(), 0);
        self.life = Life::Quarantined;
        if let Some((mut state, steps)) = left {
            step = steps;
            let lines = std::mem::take(&mut state.staged.lines);
            last_words = lines.into_iter().rev().take(limits::LAST_WORDS).map(|(_, line)| line).rev().collect();
            self.abandon(&mut state, "the driver failed");
            (self.readings, self.news) = (state.readings, state.news);
        } else {
            self.abandon_inbox("the driver failed");
            if !self.readings.are_whole(&self.loaded.parts.rights) {
                self.readings = Readings::new(&self.loaded.parts.rights);
            }
            if !self.news.are_whole(&self.loaded.parts.rights.alarms) {
                self.news = News::new(&self.loaded.parts.rights.alarms);
            }
        }
        let record = Arc::new(FaultRecord { utc_ns: now.utc.0, kind, message, backtrace, step, last_words });
        {
            let mut figures = self.books.figures.lock();
            figures.faults += 1;
            figures.memory_bytes = 0;
        }
        match self.history.add(record.clone(), now) {
            Verdict::Restart { in_ms } => {
                let until = now.mono.plus_ms(in_ms);
                self.life = Life::Down { until };
                self.books.tell(PluginState::Restarting { fault: record, in_ms });
                Turn::WaitUntil(until)
            }
            Verdict::Quarantine => {
                self.books.tell(PluginState::Quarantined { fault: record });
                Turn::WaitUntil(now.mono.plus_ms(limits::LONGEST_SLEEP_MS))
            }
        }
    }

    /// Takes the plugin down in good order.
    fn finish(&mut self, now: Now) -> Turn {
        self.give_back_held("the driver was stopped");
        match std::mem::replace(&mut self.life, Life::Ended) {
            Life::Ended => return Turn::Ended,
            Life::Running(mut instance) => {
                self.books.ration(instance.state_mut(), now);
                match instance.stop(now) {
                    Ok(()) => self.books.commit(instance.state_mut(), now),
                    Err(failure) => self.books.say(1, format!("it failed while it was stopped: {}", failure.message)),
                }
                self.abandon(&mut instance.into_state(), "the driver was stopped");
            }
            Life::Fresh | Life::Down { .. } | Life::Quarantined => self.abandon_inbox("the driver was stopped"),
        }
        self.books.speak_all(now);
        self.books.save();
        self.books.figures.lock().memory_bytes = 0;
        self.books.tell(PluginState::Stopped);
        Turn::Ended
    }

    /// Ends every order of an instance that is gone. None is ever handed over again.
    fn abandon(&mut self, state: &mut StepState, why: &str) {
        self.abandon_inbox(why);
        let left = state.orders.abandon();
        self.end(left, why);
    }

    /// Ends orders that an instance had, with whether a write may have left for each.
    fn end(&mut self, left: Vec<(PluginOrder, bool)>, why: &str) {
        let ends: Vec<(OrderId, SettleCode, String)> = left
            .into_iter()
            .map(|(order, maybe_sent)| match maybe_sent {
                true => {
                    (order.id, SettleCode::Unknown, format!("{why} while the write was on its way; look before trying again"))
                }
                false => (order.id, SettleCode::NotSent, format!("{why} before it sent the write")),
            })
            .collect();
        self.books.settle(ends.into_iter());
    }

    fn abandon_inbox(&mut self, why: &str) {
        let never_fetched = self.books.post.close();
        self.books.settle(
            never_fetched.into_iter().map(|order| (order.id, SettleCode::NotSent, format!("{why} before it took the order"))),
        );
    }

    /// The inbox, for whoever runs the thread.
    pub(crate) fn post(&self) -> Arc<Post> {
        self.books.post.clone()
    }

    /// The figures, for whoever runs the thread.
    pub(crate) fn shared_figures(&self) -> Arc<Mutex<PluginFigures>> {
        self.books.figures.clone()
    }

    /// The time.
    pub(crate) fn now(&self) -> Now {
        self.books.outside.now()
    }

    /// The plugin's name in the project.
    pub fn name(&self) -> &str {
        &self.loaded.parts.rights.name
    }

    /// The newest fault since the start.
    pub fn last_fault(&self) -> Option<&Arc<FaultRecord>> {
        self.history.last()
    }

    /// As [`crate::PluginRun::deliver_order`].
    pub fn deliver_order(&self, order: PluginOrder) -> bool {
        self.books.post.order(order)
    }

    /// As [`crate::PluginRun::deliver_changes`].
    pub fn deliver_changes(&self, frame: Arc<Frame>) {
        self.books.post.frame(frame);
    }

    /// As [`crate::PluginRun::explain`], at once.
    pub fn explain_now(&mut self, tag: TagId) -> Option<Explanation> {
        let handle = explain::handle(&self.loaded.parts.rights.tags, tag)?;
        let now = self.books.outside.now();
        let Life::Running(instance) = &mut self.life else { return None };
        match instance.explain(handle, now) {
            Ok(told) => told,
            Err(failure) => {
                self.fail(failure);
                None
            }
        }
    }

    /// The next turn takes it down in good order.
    pub fn stop(&self) {
        self.books.post.stop();
    }

    /// As [`crate::PluginRun::release`].
    pub fn release(&self) {
        self.books.post.release();
    }

    /// As [`crate::PluginRun::replace`].
    pub fn replace(&self, loaded: Loaded, current: impl FnOnce() -> Arc<Frame>) {
        self.books.post.replace(loaded, current);
    }

    /// As [`crate::PluginRun::figures`].
    pub fn figures(&self) -> PluginFigures {
        *self.books.figures.lock()
    }
}

/// What a panic said.
pub(crate) fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    one_line(text.unwrap_or("a panic without words"), limits::MESSAGE_BYTES)
}
