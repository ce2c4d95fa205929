//! A planned replacement: a changed plugin takes the place of the one that runs, between two of its steps.
//!
//! In order: orders that the running instance has taken are finished (or their time runs out), it is stopped in good
//! order and what that brings counts, the new instance gets the persistent store, current values and the orders that
//! came meanwhile. Reads that are on their way are answered to nobody: the new instance begins with its first poll.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use plantroom_model::{Frame, Mono, Now, OrderId, Sample, SettleCode, TagId};

use super::{Life, Supervised, Turn};
use crate::news::{News, Overflown};
use crate::post::Replacement;
use crate::readings::Readings;
use crate::{Loaded, PluginOrder, limits};

/// What waits to take over.
pub(super) struct Next {
    loaded: Loaded,
    readings: Readings,
    news: News,
    /// Orders for it.
    pub held: Vec<PluginOrder>,
    /// When it takes over at the latest.
    pub latest: Mono,
}

impl Next {
    /// With orders that an earlier replacement, overtaken by this one, was to get.
    pub fn new(replacement: Replacement, held: Vec<PluginOrder>, now: Mono) -> Self {
        let Replacement { loaded, current } = replacement;
        let mut readings = Readings::new(&loaded.parts.rights);
        readings.frame(&loaded.parts.rights, &current);
        let mut news = News::new(&loaded.parts.rights.alarms);
        news.frame(&loaded.parts.rights.alarms, &current);
        Self { loaded, readings, news, held, latest: now.plus_ms(limits::HAND_OVER_MS) }
    }

    /// Keeps what is not for the old instance any more: orders. Values are for both.
    pub fn take_in(
        &mut self,
        orders: Vec<PluginOrder>,
        (overflown, alarms): (&HashMap<TagId, Sample>, &Overflown),
        frames: &VecDeque<Arc<Frame>>,
    ) {
        let rights = &self.loaded.parts.rights;
        self.news.take_overflown(&rights.alarms, alarms);
        for (tag, sample) in overflown {
            if let Some(handle) = rights.readable_handle(*tag) {
                self.readings.set(handle, sample);
            }
        }
        for frame in frames {
            self.readings.frame(rights, frame);
            self.news.frame(&rights.alarms, frame);
        }
        self.held.extend(orders);
    }

    /// Whether it can take over now: nothing is in the old instance's hands, or it had its time.
    pub fn is_due(&self, life: &Life, now: Mono) -> bool {
        match life {
            Life::Running(instance) => instance.state().orders.is_idle() || now >= self.latest,
            Life::Fresh | Life::Down { .. } | Life::Quarantined | Life::Ended => true,
        }
    }
}

impl Supervised {
    /// Ends the old instance and starts the new one.
    pub(super) fn hand_over(&mut self, next: Next, now: Now) -> Turn {
        let Next { loaded, readings, mut news, held, .. } = next;
        let (rights, earlier) = (&loaded.parts.rights.alarms, &self.loaded.parts.rights.alarms);
        let was_running = match std::mem::replace(&mut self.life, Life::Fresh) {
            Life::Ended => {
                self.life = Life::Ended;
                return Turn::Ended;
            }
            Life::Running(mut instance) => {
                self.books.ration(instance.state_mut(), now);
                match instance.stop(now) {
                    Ok(()) => self.books.commit(instance.state_mut(), now),
                    Err(failure) => self.books.say(1, format!("it failed while it was replaced: {}", failure.message)),
                }
                let mut state = instance.into_state();
                news.inherit(rights, &state.news, earlier);
                let left = state.orders.abandon();
                self.end(left, "the driver was replaced by a changed one");
                true
            }
            Life::Fresh | Life::Down { .. } | Life::Quarantined => {
                news.inherit(rights, &self.news, earlier);
                false
            }
        };
        self.books.change_rights(loaded.parts.rights.clone());
        self.loaded = loaded;
        (self.readings, self.news) = (readings, news);
        self.history.clear();
        self.books.figures.lock().replaced += 1;
        let turn = if was_running { self.start_instance(now) } else { self.launch(now) };
        self.deliver_held(held);
        turn
    }

    fn deliver_held(&mut self, held: Vec<PluginOrder>) {
        let rights = self.loaded.parts.rights.clone();
        let (known, foreign): (Vec<_>, Vec<_>) = held.into_iter().partition(|order| rights.write_handle(order.tag).is_some());
        let lost = match &mut self.life {
            Life::Running(instance) => {
                self.arrived |= !known.is_empty();
                instance.state_mut().orders.waiting.extend(known);
                Vec::new()
            }
            _ => known,
        };
        let settle = |orders: Vec<PluginOrder>, why: &'static str| {
            orders.into_iter().map(move |order| (order.id, SettleCode::NotSent, why))
        };
        let ends: Vec<(OrderId, SettleCode, &'static str)> =
            settle(foreign, "the changed project doesn't let this driver write the tag")
                .chain(settle(lost, "the changed driver did not start"))
                .collect();
        self.books.settle(ends.into_iter());
    }

    /// Ends the orders that wait for a replacement which will not come.
    pub(super) fn give_back_held(&mut self, why: &'static str) {
        if let Some(next) = self.next.take() {
            self.books.settle(next.held.into_iter().map(|order| (order.id, SettleCode::NotSent, why)));
        }
    }
}
