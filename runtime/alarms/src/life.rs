//! The life of an alarm: one table of states A to F (ISA-18.2-2016 and IEC 62682:2022, figure "alarm state transitions";
//! the letters are those of the figure).
//!
//! | from | occurs | returns | is acknowledged | is reset | re-alarm | comes out |
//! |---|---|---|---|---|---|---|
//! | A normal | B, C(1) | - | refused | refused | - | A |
//! | B unacknowledged | - | D, E(2), A(3) | C, refused(3) | refused | - | B |
//! | C acknowledged | - | A, F(2), A(3) | refused | refused | B(4) | B, C(1) |
//! | D returned, unacknowledged | B, C(1) | - | A | refused | - | D |
//! | E latched, unacknowledged | B, C(1) | - | F | refused | - | E |
//! | F latched, acknowledged | B, C(1) | - | refused | A | - | F |
//!
//! (1) where no acknowledgement is required. (2) latching. (3) it came while it was hidden and nobody was told: nothing
//! of it stays, also where it latches. (4) where an acknowledgement is required and the alarm isn't hidden.
//!
//! Shelved, suppressed and out of service (G, H, I) are flags over these states. Under a flag the table goes on as ever for
//! what was announced before; what comes meanwhile is silent. "Comes out" is when the last flag goes: a condition that
//! holds is announced anew (B, not C); what returned meanwhile and waits for acknowledgement or reset still does.
//! A reset of E is refused, not taken for an acknowledgement: public sources differ, and nothing that nobody has seen may go.

use plantroom_model::AlarmState;

/// What moves an alarm from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The condition holds, with its delay.
    Occurs,
    /// The condition doesn't hold any more, with its delay.
    Returns,
    /// An operator acknowledges.
    Acknowledge,
    /// An operator resets.
    Reset,
    /// It has been acknowledged and active for too long.
    ReAlarm,
    /// The last of what hid it is gone.
    ComesOut,
}

/// What of the alarm's rules the table depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nature {
    /// It stays active until it is reset.
    pub latching: bool,
    /// Somebody has to acknowledge it.
    pub acknowledge: bool,
    /// The present occurrence came while the alarm was hidden.
    pub silent: bool,
}

/// Why there is no such transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing changes.
    NoChange,
    /// Nothing is there to be acknowledged.
    Normal,
    /// Somebody was quicker.
    Acknowledged,
    /// Nobody was told of it.
    Silent,
    /// The condition holds.
    Holding,
    /// Nobody has acknowledged it yet.
    Unacknowledged,
    /// Nothing is latched.
    NotLatched,
}

/// The state after another one.
pub(crate) fn next(from: AlarmState, input: Input, nature: Nature) -> Result<AlarmState, Refusal> {
    use AlarmState::{
        Acknowledged as C, LatchedAcknowledged as F, LatchedUnacknowledged as E, Normal as A, Returned as D, Unacknowledged as B,
    };
    use Input::{Acknowledge, ComesOut, Occurs, ReAlarm, Reset, Returns};
    let Nature { latching, acknowledge, silent } = nature;
    match (input, from) {
        (Occurs, A | D | E | F) if acknowledge => Ok(B),
        (Occurs, A | D | E | F) => Ok(C),
        (Occurs, B | C) => Err(Refusal::NoChange),

        (Returns, B | C) if silent => Ok(A),
        (Returns, B) if latching => Ok(E),
        (Returns, B) => Ok(D),
        (Returns, C) if latching => Ok(F),
        (Returns, C) => Ok(A),
        (Returns, A | D | E | F) => Err(Refusal::NoChange),

        (Acknowledge, B) if silent => Err(Refusal::Silent),
        (Acknowledge, B) => Ok(C),
        (Acknowledge, D) => Ok(A),
        (Acknowledge, E) => Ok(F),
        (Acknowledge, A) => Err(Refusal::Normal),
        (Acknowledge, C | F) => Err(Refusal::Acknowledged),

        (Reset, F) => Ok(A),
        (Reset, E) => Err(Refusal::Unacknowledged),
        (Reset, B | C) => Err(Refusal::Holding),
        (Reset, A | D) => Err(Refusal::NotLatched),

        (ReAlarm, C) if acknowledge => Ok(B),
        (ReAlarm, _) => Err(Refusal::NoChange),

        (ComesOut, B) => Ok(B),
        (ComesOut, C) if acknowledge => Ok(B),
        (ComesOut, A | C | D | E | F) => Ok(from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table above, cell by cell: plain, latching, without acknowledgement, silent; `.` nothing changes, `x` refused.
    const CELLS: &[(char, &str, [&str; 6])] = &[
        // occurs, returns, acknowledge, reset, re-alarm, comes out
        ('A', "plain", ["B", ".", "x", "x", ".", "A"]),
        ('A', "latching", ["B", ".", "x", "x", ".", "A"]),
        ('A', "quiet", ["C", ".", "x", "x", ".", "A"]),
        ('B', "plain", [".", "D", "C", "x", ".", "B"]),
        ('B', "latching", [".", "E", "C", "x", ".", "B"]),
        ('B', "quiet", [".", "D", "C", "x", ".", "B"]),
        ('B', "silent", [".", "A", "x", "x", ".", "B"]),
        ('C', "plain", [".", "A", "x", "x", "B", "B"]),
        ('C', "latching", [".", "F", "x", "x", "B", "B"]),
        ('C', "quiet", [".", "A", "x", "x", ".", "C"]),
        ('C', "silent", [".", "A", "x", "x", "B", "B"]),
        ('D', "plain", ["B", ".", "A", "x", ".", "D"]),
        ('D', "quiet", ["C", ".", "A", "x", ".", "D"]),
        ('E', "latching", ["B", ".", "F", "x", ".", "E"]),
        ('F', "latching", ["B", ".", "x", "A", ".", "F"]),
        ('F', "quiet", ["C", ".", "x", "A", ".", "F"]),
    ];

    #[test]
    fn every_cell_of_the_table_is_as_written() {
        use Input::{Acknowledge, ComesOut, Occurs, ReAlarm, Reset, Returns};
        for (from, nature, cells) in CELLS {
            let state = AlarmState::ALL[(*from as u8 - b'A') as usize];
            let nature_of = Nature {
                latching: *nature == "latching" || *nature == "silent",
                acknowledge: *nature != "quiet",
                silent: *nature == "silent",
            };
            for (input, wanted) in [Occurs, Returns, Acknowledge, Reset, ReAlarm, ComesOut].into_iter().zip(cells) {
                let got = match next(state, input, nature_of) {
                    Ok(to) => to.letter().to_string(),
                    Err(Refusal::NoChange) => ".".to_owned(),
                    Err(_) => "x".to_owned(),
                };
                assert_eq!(got, **wanted, "{from} ({nature}) {input:?}");
            }
        }
    }
}
