//! What is kept of every alarm: one cache line.

use plantroom_model::{AlarmState, Hidden, Marks, Mono, Occurrence, Standing};

use crate::timers::Timers;

/// Where an alarm stands, and what it waits for.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Hot {
    pub occurrence: u64,
    pub state: AlarmState,
    pub hidden: Hidden,
    pub marks: Marks,
    pub flags: u8,
    /// Place of its [`crate::rules::Rule`].
    pub rule: u32,
    /// Place of its trigger, or with [`WATCHED`] of its watch; [`Hot::NOWHERE`] where others say what its condition is.
    pub place: u32,
    _room: u32,
    /// When its on- or off-delay is over.
    pub delay: Mono,
    /// When it is to be announced anew.
    pub realarm: Mono,
    /// When it has been active for a day.
    pub standing: Mono,
    /// The last two times that it came.
    pub came: [Mono; 2],
}

/// The condition holds, without delays.
pub(crate) const RAW: u8 = 1;
/// [`Hot::place`] is that of a watch.
pub(crate) const WATCHED: u8 = 2;
/// [`crate::timers::Due::Chatter`] waits.
pub(crate) const CHATTER_WAITS: u8 = 4;
/// It is among those that had no event.
pub(crate) const QUIET: u8 = 8;

impl Hot {
    pub const NOWHERE: u32 = u32::MAX;

    /// Nothing is known of its condition yet.
    pub fn waiting(rule: u32) -> Self {
        Self {
            occurrence: 0,
            state: AlarmState::Normal,
            hidden: Hidden::default(),
            marks: Marks::UNKNOWN,
            flags: 0,
            rule,
            place: Self::NOWHERE,
            _room: 0,
            delay: Timers::NEVER,
            realarm: Timers::NEVER,
            standing: Timers::NEVER,
            came: [Timers::NEVER; 2],
        }
    }

    #[inline]
    pub fn standing(&self) -> Standing {
        Standing { occurrence: Occurrence(self.occurrence), state: self.state, hidden: self.hidden, marks: self.marks }
    }

    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub fn set(&mut self, flag: u8, on: bool) {
        self.flags = if on { self.flags | flag } else { self.flags & !flag };
    }

    pub fn is_unknown(&self) -> bool {
        self.marks.has(Marks::UNKNOWN)
    }
}

const _: () = assert!(size_of::<Hot>() == 64, "what is kept of an alarm is one cache line");
