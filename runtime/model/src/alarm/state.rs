//! Where an alarm stands.

use serde::{Deserialize, Serialize};

/// The states A to F of FIELD.md. Shelved, suppressed and out of service (G, H, I) are flags over them: [`Hidden`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum AlarmState {
    /// A: nothing is the matter.
    #[default]
    Normal = 0,
    /// B: active, and nobody has acknowledged it.
    Unacknowledged = 1,
    /// C: active and acknowledged.
    Acknowledged = 2,
    /// D: the condition is gone before anybody has acknowledged it.
    Returned = 3,
    /// E: the condition is gone; the alarm stays active until it is reset; nobody has acknowledged it.
    LatchedUnacknowledged = 4,
    /// F: the condition is gone, the alarm is acknowledged and stays active until it is reset.
    LatchedAcknowledged = 5,
}

impl AlarmState {
    /// All of them, A to F.
    pub const ALL: [Self; 6] = [
        Self::Normal,
        Self::Unacknowledged,
        Self::Acknowledged,
        Self::Returned,
        Self::LatchedUnacknowledged,
        Self::LatchedAcknowledged,
    ];

    /// The state with this number.
    pub fn from_u8(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The letter of FIELD.md and of the standard's figure.
    pub fn letter(self) -> char {
        (b'A' + self as u8) as char
    }

    /// Whether the alarm counts as active (B, C, E, F).
    pub fn is_active(self) -> bool {
        !matches!(self, Self::Normal | Self::Returned)
    }

    /// Whether somebody has still to acknowledge it (B, D, E).
    pub fn is_unacknowledged(self) -> bool {
        matches!(self, Self::Unacknowledged | Self::Returned | Self::LatchedUnacknowledged)
    }

    /// Whether the condition holds, with its delays (B, C).
    pub fn is_holding(self) -> bool {
        matches!(self, Self::Unacknowledged | Self::Acknowledged)
    }

    /// As operators read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Unacknowledged => "unacknowledged",
            Self::Acknowledged => "acknowledged",
            Self::Returned => "returned, unacknowledged",
            Self::LatchedUnacknowledged => "latched, unacknowledged",
            Self::LatchedAcknowledged => "latched, acknowledged",
        }
    }
}

/// By what an alarm is hidden from the operator; several can hide it at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(pub u8);

impl Hidden {
    /// G: by an operator, for a limited time.
    pub const SHELVED: Self = Self(1);
    /// H: by design, by logic.
    pub const SUPPRESSED: Self = Self(2);
    /// I: by maintenance.
    pub const OUT_OF_SERVICE: Self = Self(4);
    /// It hides nothing by itself: the present occurrence came while the alarm was hidden, and nobody was told.
    pub const SILENT: Self = Self(16);
    /// It hides nothing by itself: of what suppresses it, one is a person.
    pub const BY_HAND: Self = Self(32);

    /// Whether anything hides it.
    pub fn any(self) -> bool {
        self.0 & 7 != 0
    }

    /// Whether this one hides it.
    pub fn has(self, which: Self) -> bool {
        self.0 & which.0 != 0
    }

    /// The same with one more.
    #[must_use]
    pub fn with(self, which: Self) -> Self {
        Self(self.0 | which.0)
    }

    /// The same without one.
    #[must_use]
    pub fn without(self, which: Self) -> Self {
        Self(self.0 & !which.0)
    }
}

/// What else is to be known of an alarm beside its state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Marks(pub u8);

impl Marks {
    /// Whether the condition holds can't be told now (bad quality, lost communication, a dead plugin): the state is the
    /// last known one.
    pub const UNKNOWN: Self = Self(1);
    /// The first of its group, until it is reset.
    pub const FIRST_OUT: Self = Self(2);
    /// One of several of its group of which nobody can say which was first.
    pub const ORDER_UNDETERMINED: Self = Self(4);
    /// It comes and goes too often (3 or more times a minute).
    pub const CHATTERING: Self = Self(8);
    /// Active for more than 24 h.
    pub const STANDING: Self = Self(16);
    /// It is on screens already, and not yet in the journal on the disk.
    pub const UNRECORDED: Self = Self(32);
    /// Announced anew because it has been acknowledged and active for too long.
    pub const RE_ALARMED: Self = Self(64);
    /// Shelved for one shot: the shelf also ends when the alarm returns to normal.
    pub const ONE_SHOT: Self = Self(128);

    /// Whether this mark is there.
    pub fn has(self, which: Self) -> bool {
        self.0 & which.0 != 0
    }

    /// The same with one more.
    #[must_use]
    pub fn with(self, which: Self) -> Self {
        Self(self.0 | which.0)
    }

    /// The same without one.
    #[must_use]
    pub fn without(self, which: Self) -> Self {
        Self(self.0 & !which.0)
    }
}

/// One time that an alarm came, counted over the whole station from 1 and over restarts; 0: it never came.
/// An acknowledgement names one, so that a late one can't acknowledge the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Occurrence(pub u64);

/// Where one alarm stands: 16 bytes, a million of them are 16 MB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Standing {
    /// The last time that it came.
    pub occurrence: Occurrence,
    /// A to F.
    pub state: AlarmState,
    /// G, H, I.
    pub hidden: Hidden,
    /// What else is to be known.
    pub marks: Marks,
}

impl Standing {
    /// Whether there is nothing to show: normal, not hidden, not the first of its group.
    pub fn is_at_rest(self) -> bool {
        let first = Marks::FIRST_OUT.with(Marks::ORDER_UNDETERMINED);
        self.state == AlarmState::Normal && !self.hidden.any() && !self.marks.has(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_letters_and_states_are_one_table() {
        for (number, state) in AlarmState::ALL.into_iter().enumerate() {
            assert_eq!((state as usize, AlarmState::from_u8(number as u8)), (number, Some(state)));
        }
        assert_eq!(AlarmState::ALL.map(AlarmState::letter), ['A', 'B', 'C', 'D', 'E', 'F']);
        assert_eq!(AlarmState::from_u8(6), None);
        assert_eq!(size_of::<Standing>(), 16);
    }

    #[test]
    fn what_hides_an_alarm_is_counted_one_by_one() {
        let both = Hidden::SHELVED.with(Hidden::SUPPRESSED);
        assert!(both.without(Hidden::SHELVED).any() && !both.without(Hidden::SHELVED).has(Hidden::SHELVED));
        assert!(!both.without(Hidden::SHELVED).without(Hidden::SUPPRESSED).any());
    }
}
