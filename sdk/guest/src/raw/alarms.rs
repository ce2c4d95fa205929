//! The columns of the contract's interface `conditions`.

use super::Columns;

/// What a plugin says of alarms; see `conditions.words`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmWords {
    /// Which alarm, with value, status and time.
    pub rows: Columns,
    /// What is said: `verb` of this module.
    pub verbs: Vec<u8>,
    /// Where the row's detail is in the text of the rows: offset << 32 | length.
    pub details: Vec<u64>,
}

/// The verbs of [`AlarmWords`].
pub mod verb {
    /// The condition holds.
    pub const RAISE: u8 = 1;
    /// It doesn't hold any more.
    pub const CLEAR: u8 = 2;
    /// Whether it holds can't be told.
    pub const UNKNOWN: u8 = 3;
    /// The alarm makes no sense in the plant's present state.
    pub const SUPPRESS: u8 = 4;
    /// It makes sense again.
    pub const UNSUPPRESS: u8 = 5;
    /// It is the first of its group.
    pub const FIRST: u8 = 6;
    /// It isn't.
    pub const NOT_FIRST: u8 = 7;
    /// It belongs to those with a likely cause.
    pub const MEMBER: u8 = 8;
    /// It does, and is the first of them.
    pub const LEADER: u8 = 9;
}

impl AlarmWords {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.verbs.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.verbs.is_empty()
    }

    /// The detail of a row; empty where it has none or doesn't hold together.
    pub fn detail(&self, row: usize) -> &str {
        let range = self.details.get(row).copied().unwrap_or(0);
        let (offset, len) = ((range >> 32) as usize, (range & 0xFFFF_FFFF) as usize);
        let bytes = offset.checked_add(len).and_then(|end| self.rows.text.get(offset..end)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Forgets all rows and keeps the room they took.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.verbs.clear();
        self.details.clear();
    }
}

/// What happened to alarms; see `conditions.events`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmEventColumns {
    /// Which alarm, with value, status and source time.
    pub rows: Columns,
    /// What happened.
    pub kinds: Vec<u8>,
    /// To which occurrence.
    pub occurrences: Vec<u64>,
    /// Where it stands after that.
    pub states: Vec<u8>,
    /// What hides it after that.
    pub hidden: Vec<u8>,
    /// What else is to be known of it.
    pub marks: Vec<u8>,
    /// When the station decided it, ns UTC.
    pub decided: Vec<i64>,
}

/// Where alarms stand; see `conditions.standings`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StandingColumns {
    /// The last time that it came.
    pub occurrences: Vec<u64>,
    /// Its state.
    pub states: Vec<u8>,
    /// What hides it.
    pub hidden: Vec<u8>,
    /// What else is to be known of it.
    pub marks: Vec<u8>,
    /// When something last happened to it, ns UTC.
    pub decided: Vec<i64>,
}
