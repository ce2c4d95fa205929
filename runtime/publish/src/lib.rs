//! How alarms reach people who aren't at a console.
//!
//! In:  what rules ask for ([`Asked`]), the project's outlets and people, the time.
//! Out: letters by e-mail, webhook or command ([`deliver`]); what came of each ([`Delivery`]); how each outlet is.
//! Start at [`Desk`]: what is asked for is gathered, bundled, paced and tried again there.
//!
//! Invariant: what the desk has taken in is on the disk before it counts; it ends delivered, given up or dropped, and each
//! of these is told.
//! Invariant: at least once, with a name ([`Letter::id`]) that stays the same over retries and restarts.
//! Invariant: no clock and no thread; a slow outlet can delay only its own letters.

mod compose;
mod deliveries;
mod desk;
mod item;
mod outlet;
mod pace;
mod queue;
mod rules;
mod ways;

pub use deliveries::DeliveryReader;
pub use deliveries::{Deliveries, Delivery, DeliveryQuery, DeliveryState};
pub use desk::{Around, Desk, End, Job, Marks};
pub use item::{Asked, Item, Letter};
pub use outlet::OutletNow;
pub use queue::Queue;
pub use rules::{Rules, local_time};
pub use ways::{Failure, FailureKind, deliver};

/// What of all this has a bound, and what happens there.
pub mod limits {
    /// Notifications that wait. At the limit the least urgent, and of these the oldest, are dropped: counted, and told with
    /// the next letter.
    pub const WAITING: usize = 5_000;
    /// Notifications that one letter names one by one; of more it tells the first, the most urgent, and the number.
    pub const NAMED: usize = 20;
    /// Longest text of a letter, in bytes; the rest is cut.
    pub const LETTER_BYTES: usize = 48 << 10;
    /// First pause before a letter is tried again, in ms; each is twice as long as the one before.
    pub const FIRST_PAUSE_MS: u64 = 5_000;
    /// Longest pause, in ms.
    pub const LONGEST_PAUSE_MS: u64 = 300_000;
    /// An address that says "later" (greylisting) is no trouble for so long, in ms.
    pub const LATER_MS: u64 = 600_000;
    /// Trouble with an address is told for so long without being seen again, in ms.
    pub const TROUBLE_MS: u64 = 24 * 3_600_000;
    /// Times at which an address was told something that are remembered, so that it isn't told again too soon.
    pub const QUIET: usize = 20_000;
    /// One file of the journal of deliveries, in bytes.
    pub const DELIVERIES_FILE_BYTES: u64 = 4 << 20;
    /// Files of the journal of deliveries; at the limit the oldest goes.
    pub const DELIVERIES_FILES: usize = 8;
    /// The queue's file is written anew when it is longer than this, in bytes, and mostly of what is over.
    pub const QUEUE_BYTES: u64 = 1 << 20;
    /// Most of what a server or a program says that is kept, in bytes.
    pub const ANSWER_BYTES: usize = 500;
}
