//! Everything from outside, with its times, on its way to the scan.
//!
//! This is the seam at which a station is recorded: the scan sees nothing that did not pass here, so the same
//! inputs and scan times give the same frames.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use plantroom_model::{
    AlarmAct, AlarmSpec, Columns, ConditionSource, Conditions, ConnectionId, LinkState, Now, PluginId, Status, TagId, TagMode,
    TagSpec, Utc, Value, limits,
};
use serde::{Deserialize, Serialize};

/// Most inputs that one scan takes; the next scan follows at once.
const INPUTS_PER_SCAN: usize = 8_192;
/// Room beyond [`limits::INBOX_INPUTS`] for what is said once and not again: that a plugin or a link is down or up. A flood of
/// samples must not leave a dead device looking alive for ever; what finds no room here is counted as lost like everything.
const ONCE_INPUTS: usize = 1_024;
/// Inputs for which there is room before they come; more make room themselves.
const USUAL_INPUTS: usize = 256;

/// One thing from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// When it arrived.
    pub at: Now,
    /// What it is.
    pub what: What,
}

/// What can come from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// A plugin published; handles are tag ids.
    Samples {
        /// Who.
        plugin: PluginId,
        /// What.
        columns: Columns,
    },
    /// A plugin's polls got no answer.
    Missed {
        /// Who.
        plugin: PluginId,
        /// Whose polls.
        tags: Vec<TagId>,
        /// Why.
        reason: Status,
    },
    /// A plugin came up or went down.
    Plugin {
        /// Which.
        plugin: PluginId,
        /// Number as in `system/plugins/NAME/state`.
        state: PluginWord,
        /// What struck it; empty when nothing did.
        fault: String,
    },
    /// A connection changed its state.
    Link {
        /// Which.
        connection: ConnectionId,
        /// To what.
        state: LinkState,
    },
    /// The project was changed: from here on this is the plant.
    Plant(Arc<ScanPlant>),
    /// A permitted write to a tag that the station keeps, or news of the station itself.
    Set {
        /// Which tag.
        tag: TagId,
        /// In engineering units.
        value: Value,
    },
    /// An operator acts on an alarm; authorised and recorded already.
    Alarm(AlarmAct),
    /// A script, a plugin or the station says whether its conditions hold.
    Conditions {
        /// Who.
        from: ConditionSource,
        /// What.
        words: Conditions,
    },
    /// A person has taken a tag over, or put it back.
    Mode {
        /// Which tag.
        tag: TagId,
        /// What it is from now on.
        mode: TagMode,
        /// In engineering units; `None` where the mode needs none.
        value: Option<Value>,
    },
}

/// What the scan needs of a changed project. Ids of what stays are those of before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScanPlant {
    /// Counts changes since the start of the station.
    pub number: u64,
    /// All tags.
    pub tags: Arc<[TagSpec]>,
    /// All alarms.
    pub alarms: Arc<[AlarmSpec]>,
    /// Names of all connections, in the order of their ids.
    pub connections: Vec<Arc<str>>,
    /// Names of all plugins, in the order of their ids.
    pub plugins: Vec<Arc<str>>,
    /// Shortest and longest time between two scans, in ms.
    pub scan_ms: (u32, u32),
    /// Values that were kept of tags that are new in it.
    pub kept: Vec<(TagId, Value, Utc)>,
}

/// A plugin's state in the words of its system tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum PluginWord {
    /// Being instantiated.
    Starting = 0,
    /// Stepping.
    Running = 1,
    /// Down after a fault; comes back by itself.
    Restarting = 2,
    /// Down after too many faults; needs an engineer.
    Quarantined = 3,
    /// Taken down in good order.
    Stopped = 4,
}

/// The way in: never blocks.
#[derive(Debug)]
pub struct Inbox(Arc<Desk>);

/// The scan's end.
#[derive(Debug)]
pub struct Outlet(Arc<Desk>);

/// What both ends share. A list that is taken whole: a channel of so many places would be 11 MB from the start, and would
/// be passed through place by place.
#[derive(Debug, Default)]
struct Desk {
    waiting: Mutex<Waiting>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    inputs: Vec<Input>,
    lost: u64,
    lost_tags: BTreeSet<TagId>,
    /// The scan waits for the bell.
    asleep: bool,
    /// Nothing can come any more, or nobody takes it.
    closed: bool,
}

/// A bounded inbox ([`limits::INBOX_INPUTS`]).
pub fn inbox() -> (Inbox, Outlet) {
    let desk = Arc::new(Desk::default());
    (Inbox(Arc::clone(&desk)), Outlet(desk))
}

impl Inbox {
    /// Hands an input to the scan; false when the inbox was full and the input is lost. A loss is counted, and the
    /// tags it was about turn uncertain at the next scan.
    pub fn put(&self, at: Now, what: What) -> bool {
        let Err(what) = self.0.push(at, what) else { return true };
        let mut waiting = self.0.waiting.lock();
        waiting.lost += 1;
        match &what {
            What::Samples { columns, .. } => waiting.lost_tags.extend(columns.handles.iter().map(|handle| TagId(*handle))),
            What::Missed { tags, .. } => waiting.lost_tags.extend(tags),
            What::Set { tag, .. } | What::Mode { tag, .. } => {
                waiting.lost_tags.insert(*tag);
            }
            What::Plugin { .. } | What::Link { .. } | What::Plant(_) | What::Alarm(_) | What::Conditions { .. } => {}
        }
        false
    }

    /// Hands over what must not be lost; false, and nothing counts as lost, when there is no room now.
    pub fn try_put(&self, at: Now, what: &What) -> bool {
        self.0.push(at, what.clone()).is_ok()
    }

    /// How many inputs were lost since the start.
    pub fn lost(&self) -> u64 {
        self.0.waiting.lock().lost
    }

    /// The tags of inputs that were lost since the last call.
    pub fn take_lost_tags(&self) -> Vec<TagId> {
        std::mem::take(&mut self.0.waiting.lock().lost_tags).into_iter().collect()
    }
}

impl Desk {
    /// Gives back what there is no room for.
    fn push(&self, at: Now, what: What) -> Result<(), What> {
        let mut waiting = self.waiting.lock();
        let is_said_once = matches!(what, What::Plugin { .. } | What::Link { .. });
        let most = limits::INBOX_INPUTS + if is_said_once { ONCE_INPUTS } else { 0 };
        if waiting.closed || waiting.inputs.len() >= most {
            return Err(what);
        }
        waiting.inputs.push(Input { at, what });
        // While the scan works or rests nobody has to be woken.
        if waiting.asleep {
            waiting.asleep = false;
            self.bell.notify_one();
        }
        Ok(())
    }

    fn close(&self) {
        self.waiting.lock().closed = true;
        self.bell.notify_one();
    }
}

impl Outlet {
    /// Waits for the first input, at most `wait`, then takes what else is there, in the order in which it came.
    /// `None` when nothing can come any more.
    pub fn take(&self, wait: Duration) -> Option<Vec<Input>> {
        let mut waiting = self.0.waiting.lock();
        if waiting.inputs.is_empty() && !waiting.closed {
            waiting.asleep = true;
            self.0.bell.wait_for(&mut waiting, wait);
            waiting.asleep = false;
        }
        if waiting.inputs.is_empty() {
            return (!waiting.closed).then(Vec::new);
        }
        let next = if waiting.inputs.len() > INPUTS_PER_SCAN {
            waiting.inputs.split_off(INPUTS_PER_SCAN)
        } else {
            // As much as there was now is likely to come again.
            Vec::with_capacity(waiting.inputs.len().min(USUAL_INPUTS))
        };
        Some(std::mem::replace(&mut waiting.inputs, next))
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(tag: u32) -> What {
        What::Set { tag: TagId(tag), value: Value::Int(1) }
    }

    fn tags_of(inputs: &[Input]) -> Vec<u32> {
        let tag = |input: &Input| if let What::Set { tag, .. } = &input.what { tag.0 } else { u32::MAX };
        inputs.iter().map(tag).collect()
    }

    #[test]
    fn a_full_inbox_counts_what_it_loses_and_names_the_tags() {
        let (inbox, outlet) = inbox();
        for _ in 0..limits::INBOX_INPUTS {
            assert!(inbox.put(Now::default(), set(1)));
        }
        assert!(!inbox.put(Now::default(), set(7)));
        assert!(!inbox.try_put(Now::default(), &set(8)), "what can be tried again is not lost");
        assert_eq!((inbox.lost(), inbox.take_lost_tags()), (1, vec![TagId(7)]));
        assert_eq!(outlet.take(Duration::ZERO).map(|inputs| inputs.len()), Some(INPUTS_PER_SCAN));
        assert!(inbox.put(Now::default(), set(7)));
    }

    #[test]
    fn that_a_link_is_down_finds_room_beside_a_flood() {
        let (inbox, outlet) = inbox();
        let down = || What::Link { connection: ConnectionId(3), state: LinkState::Down };
        for _ in 0..limits::INBOX_INPUTS {
            assert!(inbox.put(Now::default(), set(1)));
        }
        assert!(!inbox.put(Now::default(), set(1)));
        for _ in 0..ONCE_INPUTS {
            assert!(inbox.put(Now::default(), down()));
        }
        assert!(!inbox.put(Now::default(), down()), "this room has its limit too");
        let mut links = 0;
        while let Some(inputs) = outlet.take(Duration::ZERO).filter(|inputs| !inputs.is_empty()) {
            links += inputs.iter().filter(|input| input.what == down()).count();
        }
        assert_eq!((links, inbox.lost()), (ONCE_INPUTS, 2));
    }

    #[test]
    fn inputs_come_out_in_their_order_over_several_scans() {
        let (inbox, outlet) = inbox();
        let count = 2 * INPUTS_PER_SCAN as u32 + 5;
        for tag in 0..count {
            assert!(inbox.put(Now::default(), set(tag)));
        }
        let mut seen = Vec::new();
        while let Some(inputs) = outlet.take(Duration::ZERO).filter(|inputs| !inputs.is_empty()) {
            assert!(inputs.len() <= INPUTS_PER_SCAN);
            seen.extend(tags_of(&inputs));
            // What comes meanwhile comes behind.
            if seen.len() < count as usize {
                assert!(inbox.put(Now::default(), set(count)));
            }
        }
        let (first, later) = seen.split_at(count as usize);
        assert!(first.iter().copied().eq(0..count));
        assert_eq!(later, [count; 2]);
    }

    #[test]
    fn a_sleeping_scan_is_woken_by_what_comes_and_by_the_end() {
        let (inbox, outlet) = inbox();
        // Longer than anybody would wait for this test: whoever isn't woken hangs it.
        let longest = Duration::from_secs(3_600);
        let scan = std::thread::spawn(move || {
            let first = outlet.take(longest).map(|inputs| tags_of(&inputs));
            (first, outlet.take(longest).is_none())
        });
        assert!(inbox.put(Now::default(), set(3)));
        while inbox.0.waiting.lock().inputs.len() == 1 {
            std::thread::yield_now();
        }
        drop(inbox);
        assert_eq!(scan.join().ok(), Some((Some(vec![3]), true)));
    }

    #[test]
    fn what_waits_is_still_taken_after_the_end_and_nothing_goes_to_nobody() {
        let (first, outlet) = inbox();
        assert!(first.put(Now::default(), set(1)));
        drop(first);
        assert_eq!(outlet.take(Duration::ZERO).map(|inputs| inputs.len()), Some(1));
        assert_eq!(outlet.take(Duration::ZERO), None);
        let (second, outlet) = inbox();
        drop(outlet);
        assert!(!second.put(Now::default(), set(1)));
        assert_eq!(second.lost(), 1);
    }

    #[test]
    fn an_empty_inbox_takes_no_room() {
        let (inbox, outlet) = inbox();
        assert_eq!(inbox.0.waiting.lock().inputs.capacity(), 0);
        for _ in 0..limits::INBOX_INPUTS {
            assert!(inbox.put(Now::default(), set(1)));
        }
        while outlet.take(Duration::ZERO).is_some_and(|inputs| !inputs.is_empty()) {}
        assert!(inbox.0.waiting.lock().inputs.capacity() <= INPUTS_PER_SCAN, "a flood's room is given back");
    }
}
