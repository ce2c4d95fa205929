//! What can go wrong while a plugin works, in an operator's words.

use std::fmt;

use crate::{Outcome, Status, StreamError};

/// What plugin code returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a poll or a write failed. As the end of a poll it becomes the status of the missed tags; as the end of a
/// write it becomes the order's outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A Modbus transaction failed.
    Modbus(ModbusError),
    /// Bytes didn't come or weren't sent.
    Stream(StreamError),
    /// The answer can't be read as the value it should be.
    Decode(DecodeError),
    /// The plugin refuses: nothing was sent. The sentence is for the operator.
    Refused(String),
    /// It took longer than the plugin waits; it may or may not have happened.
    TimedOut,
    /// Anything else, in one sentence; it may or may not have happened.
    Other(String),
}

impl Error {
    /// A refusal: nothing was sent, and this sentence says why.
    pub fn refused(sentence: impl Into<String>) -> Self {
        Self::Refused(sentence.into())
    }

    /// Any other failure, in one sentence.
    pub fn other(sentence: impl Into<String>) -> Self {
        Self::Other(sentence.into())
    }

    /// What a missed poll tells about its tags.
    pub fn status(&self) -> Status {
        match self {
            Self::Modbus(error) => error.status(),
            Self::Stream(_) => Status::BAD_NOT_CONNECTED,
            Self::Decode(_) => Status::BAD_DECODING,
            Self::Refused(_) => Status::BAD_CONFIGURATION,
            Self::TimedOut => Status::BAD_TIMEOUT,
            Self::Other(_) => Status::BAD,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Modbus(error) => error.fmt(f),
            Self::Stream(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
            Self::Refused(sentence) | Self::Other(sentence) => f.write_str(sentence),
            Self::TimedOut => f.write_str("no answer in time"),
        }
    }
}

impl std::error::Error for Error {}

impl From<ModbusError> for Error {
    fn from(error: ModbusError) -> Self {
        Self::Modbus(error)
    }
}

impl From<StreamError> for Error {
    fn from(error: StreamError) -> Self {
        Self::Stream(error)
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<Error> for Outcome {
    /// What an operator may conclude: a refusal and what was never sent are certain, everything else is not.
    fn from(error: Error) -> Self {
        let sentence = error.to_string();
        match error {
            Error::Refused(_) => Self::NotSent(sentence),
            Error::Modbus(error) if !error.is_certain() => Self::Unknown(sentence),
            Error::Modbus(ModbusError::Exception(_)) => Self::Refused(sentence),
            Error::Modbus(_) => Self::NotSent(sentence),
            Error::Stream(error) if error.is_certain() => Self::NotSent(sentence),
            Error::Stream(_) | Error::Decode(_) | Error::TimedOut | Error::Other(_) => Self::Unknown(sentence),
        }
    }
}

/// Why a Modbus transaction failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModbusError {
    /// The device answered with this exception code (Modbus application protocol 1.1b3, section 7).
    Exception(u8),
    /// No answer in time; a write may or may not have been carried out.
    Timeout,
    /// There is no connection; it was not sent.
    NotConnected,
    /// The answer wasn't valid and was thrown away; a write may have been carried out.
    BadAnswer,
    /// The request breaks the protocol's limits; it was not sent.
    BadRequest,
    /// Too many transactions are open on this connection; it was not sent.
    QueueFull,
    /// The order's time was over; it was not sent.
    Expired,
    /// A number of a newer host.
    Unknown(u16),
}

impl ModbusError {
    /// From the number in a completion; 0 is no error.
    pub fn from_number(number: u16) -> Option<Self> {
        Some(match number {
            0 => return None,
            1..=255 => Self::Exception(number as u8),
            256 => Self::Timeout,
            257 => Self::NotConnected,
            258 => Self::BadAnswer,
            259 => Self::BadRequest,
            260 => Self::QueueFull,
            other => Self::Unknown(other),
        })
    }

    /// Whether the device answered "illegal data address": the request reaches outside what it has.
    pub fn is_illegal_address(self) -> bool {
        self == Self::Exception(2)
    }

    /// Whether it is certain that a write was not carried out.
    pub fn is_certain(self) -> bool {
        match self {
            // 5 is the device's "accepted, still working"; 11 is a gateway that got no answer.
            Self::Exception(code) => !matches!(code, 5 | 11),
            Self::NotConnected | Self::BadRequest | Self::QueueFull | Self::Expired => true,
            Self::Timeout | Self::BadAnswer | Self::Unknown(_) => false,
        }
    }

    /// What it tells about a polled tag.
    pub fn status(self) -> Status {
        match self {
            Self::Exception(1) => Status::BAD_NOT_SUPPORTED,
            Self::Exception(2 | 3) | Self::BadRequest => Status::BAD_CONFIGURATION,
            Self::Exception(10 | 11) => Status::BAD_NO_COMMUNICATION,
            Self::Exception(_) => Status::BAD_DEVICE_FAILURE,
            Self::Timeout => Status::BAD_TIMEOUT,
            Self::NotConnected => Status::BAD_NOT_CONNECTED,
            Self::BadAnswer => Status::BAD_DECODING,
            Self::QueueFull | Self::Expired | Self::Unknown(_) => Status::BAD_NO_COMMUNICATION,
        }
    }
}

impl fmt::Display for ModbusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exception(code) => {
                let words = match code {
                    1 => "it doesn't know this function",
                    2 => "it has nothing at this address",
                    3 => "it doesn't accept this value",
                    4 => "it failed while doing it",
                    5 => "it has accepted it and is still working",
                    6 => "it is busy",
                    8 => "its memory has a parity error",
                    10 => "the gateway has no path to the device",
                    11 => "the device behind the gateway doesn't answer",
                    _ => "it gives no known reason",
                };
                write!(f, "the device refused: {words} (Modbus exception {code})")
            }
            Self::Timeout => f.write_str("the device didn't answer in time"),
            Self::NotConnected => f.write_str("there is no connection to the device"),
            Self::BadAnswer => f.write_str("the device's answer wasn't valid and was thrown away"),
            Self::BadRequest => f.write_str("the request breaks Modbus's limits, so it was not sent"),
            Self::QueueFull => f.write_str("too many requests are waiting for this device, so it was not sent"),
            Self::Expired => f.write_str("the order's time was over, so it was not sent"),
            Self::Unknown(number) => write!(f, "the transaction failed (number {number})"),
        }
    }
}

impl std::error::Error for ModbusError {}

/// An answer is too short for what should be in it, or isn't text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    pub(crate) sentence: String,
}

impl DecodeError {
    /// Says in one sentence what is wrong with what came.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into() }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for DecodeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_may_have_happened_is_unknown_and_never_refused() {
        let outcome = |number| ModbusError::from_number(number).map(|error| Outcome::from(Error::from(error)).code());
        assert_eq!(outcome(0), None);
        for (number, code) in
            [(1, 1), (2, 1), (5, 2), (6, 1), (11, 2), (256, 2), (257, 3), (258, 2), (259, 3), (260, 3), (300, 2)]
        {
            assert_eq!(outcome(number), Some(code), "number {number}");
        }
    }
}
