//! Everything from outside, with its times, on its way to the scan.
//!
//! This is the seam at which a station is recorded: the scan sees nothing that did not pass here, so the same
//! inputs and scan times give the same frames.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use parking_lot::Mutex;
use plantroom_model::{Columns, ConnectionId, LinkState, Now, PluginId, Status, TagId, TagMode, TagSpec, Utc, Value, limits};
use serde::{Deserialize, Serialize};

/// Most inputs that one scan takes; the next scan follows at once.
const INPUTS_PER_SCAN: usize = 8_192;

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
pub struct Inbox {
    sender: SyncSender<Input>,
    lost: AtomicU64,
    lost_tags: Mutex<BTreeSet<TagId>>,
}

/// The scan's end.
#[derive(Debug)]
pub struct Outlet {
    receiver: Receiver<Input>,
}

/// A bounded inbox ([`limits::INBOX_INPUTS`]).
pub fn inbox() -> (Inbox, Outlet) {
    let (sender, receiver) = sync_channel(limits::INBOX_INPUTS);
    (Inbox { sender, lost: AtomicU64::new(0), lost_tags: Mutex::default() }, Outlet { receiver })
}

impl Inbox {
    /// Hands an input to the scan; false when the inbox was full and the input is lost. A loss is counted, and the
    /// tags it was about turn uncertain at the next scan.
    pub fn put(&self, at: Now, what: What) -> bool {
        let Err(refused) = self.sender.try_send(Input { at, what }) else { return true };
        let (std::sync::mpsc::TrySendError::Full(input) | std::sync::mpsc::TrySendError::Disconnected(input)) = refused;
        self.lost.fetch_add(1, Ordering::Relaxed);
        let mut lost_tags = self.lost_tags.lock();
        match input.what {
            What::Samples { columns, .. } => lost_tags.extend(columns.handles.iter().map(|handle| TagId(*handle))),
            What::Missed { tags, .. } => lost_tags.extend(tags),
            What::Set { tag, .. } | What::Mode { tag, .. } => {
                lost_tags.insert(tag);
            }
            What::Plugin { .. } | What::Link { .. } | What::Plant(_) => {}
        }
        false
    }

    /// Hands over what must not be lost; false, and nothing counts as lost, when there is no room now.
    pub fn try_put(&self, at: Now, what: &What) -> bool {
        self.sender.try_send(Input { at, what: what.clone() }).is_ok()
    }

    /// How many inputs were lost since the start.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// The tags of inputs that were lost since the last call.
    pub fn take_lost_tags(&self) -> Vec<TagId> {
        std::mem::take(&mut *self.lost_tags.lock()).into_iter().collect()
    }
}

impl Outlet {
    /// Waits for the first input, at most `wait`, then takes what else is there.
    /// `None` when nothing can come any more.
    pub fn take(&self, wait: Duration) -> Option<Vec<Input>> {
        let first = match self.receiver.recv_timeout(wait) {
            Ok(input) => input,
            Err(RecvTimeoutError::Timeout) => return Some(Vec::new()),
            Err(RecvTimeoutError::Disconnected) => return None,
        };
        let mut inputs = vec![first];
        inputs.extend(self.receiver.try_iter().take(INPUTS_PER_SCAN - 1));
        Some(inputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_inbox_counts_what_it_loses_and_names_the_tags() {
        let (inbox, outlet) = inbox();
        let set = |tag| What::Set { tag: TagId(tag), value: Value::Int(1) };
        for _ in 0..limits::INBOX_INPUTS {
            assert!(inbox.put(Now::default(), set(1)));
        }
        assert!(!inbox.put(Now::default(), set(7)));
        assert_eq!((inbox.lost(), inbox.take_lost_tags()), (1, vec![TagId(7)]));
        assert_eq!(outlet.take(Duration::ZERO).map(|inputs| inputs.len()), Some(INPUTS_PER_SCAN));
        assert!(inbox.put(Now::default(), set(7)));
    }
}
