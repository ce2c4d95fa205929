//! What a connection has been through.

use plantroom_model::LinkState;

pub use crate::units::UnitFigures;

/// Counts and last things of one connection, since the start.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkFigures {
    /// How it is.
    pub state: LinkState,
    /// Requests that were put on the wire.
    pub transactions: u64,
    /// Of these, how many didn't get a good answer: time-outs, answers that weren't valid, lost links and
    /// the device's own exceptions.
    pub errors: u64,
    /// Of these, how many weren't answered in time.
    pub timeouts: u64,
    /// Answers that weren't valid, or didn't belong to the request, and were thrown away with the connection.
    pub bad_answers: u64,
    /// Answers that came a second time and were skipped.
    pub doubled_answers: u64,
    /// Answers that came after their time and were thrown away.
    pub late_answers: u64,
    /// Exceptions that the device answered.
    pub exceptions: u64,
    /// Times the connection was made anew.
    pub reconnects: u64,
    /// The last error in words; empty when there was none.
    pub last_error: String,
    /// From request to answer, the last one, in us; on the clock that gives completions their times.
    pub round_trip_us: u64,
    /// The longest of them, in us.
    pub round_trip_max_us: u64,
    /// Bytes that came, over connections that carry bytes.
    pub bytes_in: u64,
    /// Bytes that left, over connections that carry bytes.
    pub bytes_out: u64,
    /// Requests open now: waiting, and on the wire.
    pub open: usize,
    /// Every unit that was asked, by address.
    pub units: Vec<UnitFigures>,
}

impl Default for LinkFigures {
    fn default() -> Self {
        Self {
            state: LinkState::Connecting,
            transactions: 0,
            errors: 0,
            timeouts: 0,
            bad_answers: 0,
            doubled_answers: 0,
            late_answers: 0,
            exceptions: 0,
            reconnects: 0,
            last_error: String::new(),
            round_trip_us: 0,
            round_trip_max_us: 0,
            bytes_in: 0,
            bytes_out: 0,
            open: 0,
            units: Vec::new(),
        }
    }
}
