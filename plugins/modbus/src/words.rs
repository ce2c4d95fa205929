//! What the device's answers mean for tags, for orders and for the log.

use plantroom_sdk::{ModbusError, Outcome, Status};

use crate::blocks::Span;

/// Most places that one log line names.
const NAMED: usize = 6;

/// What a failed read means for the tags of its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The poll is missed; the last value may still be used for a while.
    Missed(Status),
    /// The device has answered, and these tags have no value.
    Bad(Status),
    /// The device lacks something that was asked for.
    NotThere,
    /// The device failed: for all of it, or for something that it lacks; some devices say so in this way.
    Fails,
}

/// What a failed read means (Modbus application protocol 1.1b3, section 7).
pub fn reading(error: ModbusError) -> Reading {
    match error {
        // 3 is how some devices say that they don't give so many at once.
        ModbusError::Exception(2 | 3) => Reading::NotThere,
        ModbusError::Exception(4) => Reading::Fails,
        // Busy, or busy for long: the next beat asks again.
        ModbusError::Exception(5 | 6) => Reading::Missed(Status::BAD_NO_COMMUNICATION),
        // A gateway without a path, or without an answer from the device behind it.
        ModbusError::Exception(10 | 11) => Reading::Missed(error.status()),
        ModbusError::Exception(_) | ModbusError::BadRequest => Reading::Bad(error.status()),
        _ => Reading::Missed(error.status()),
    }
}

/// What a failed write means for its order: what may have happened is never called refused.
pub fn written(error: ModbusError) -> Outcome {
    match error {
        // The gateway had no path: the device never got it.
        ModbusError::Exception(10) => Outcome::NotSent(error.to_string()),
        ModbusError::Timeout | ModbusError::BadAnswer | ModbusError::Exception(5 | 11) => {
            Outcome::Unknown(format!("{error}; it may or may not have happened: look before trying again"))
        }
        _ => plantroom_sdk::Error::from(error).into(),
    }
}

/// Places in words for one line of the log; `None` if there are none.
pub fn news<'a>(spans: impl Iterator<Item = &'a Span>) -> Option<String> {
    let mut words: Vec<String> = spans.map(Span::words).collect();
    let rest = words.len().saturating_sub(NAMED);
    words.truncate(NAMED);
    match (words.is_empty(), rest) {
        (true, _) => None,
        (false, 0) => Some(words.join(", ")),
        (false, rest) => Some(format!("{} and {rest} more places", words.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Table;

    #[test]
    fn every_error_means_something_for_tags_and_orders() {
        let table = [
            (1, Reading::Bad(Status::BAD_NOT_SUPPORTED), 1),
            (2, Reading::NotThere, 1),
            (3, Reading::NotThere, 1),
            (4, Reading::Fails, 1),
            (5, Reading::Missed(Status::BAD_NO_COMMUNICATION), 2),
            (6, Reading::Missed(Status::BAD_NO_COMMUNICATION), 1),
            (8, Reading::Bad(Status::BAD_DEVICE_FAILURE), 1),
            (10, Reading::Missed(Status::BAD_NO_COMMUNICATION), 3),
            (11, Reading::Missed(Status::BAD_NO_COMMUNICATION), 2),
            (256, Reading::Missed(Status::BAD_TIMEOUT), 2),
            (257, Reading::Missed(Status::BAD_NOT_CONNECTED), 3),
            (258, Reading::Missed(Status::BAD_DECODING), 2),
            (259, Reading::Bad(Status::BAD_CONFIGURATION), 3),
            (260, Reading::Missed(Status::BAD_NO_COMMUNICATION), 3),
            (999, Reading::Missed(Status::BAD_NO_COMMUNICATION), 2),
        ];
        for (number, read, code) in table {
            let error = ModbusError::from_number(number).expect("an error");
            assert_eq!(reading(error), read, "{number}");
            assert_eq!(written(error).code(), code, "{number}");
            assert!(written(error).detail().len() > 10, "{number} is not told in words");
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let span = |start| Span { table: Table::Holding, start, cells: 2 };
        let spans: Vec<Span> = (0..8).map(|at| span(at * 2)).collect();
        assert_eq!(news(spans[..1].iter()).as_deref(), Some("holding 0 to 1"));
        assert!(news(spans.iter()).is_some_and(|line| line.ends_with("holding 10 to 11 and 2 more places")));
        assert_eq!(news([].iter()), None);
    }
}
