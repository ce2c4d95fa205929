//! Trouble with a connection, in an engineer's words.

use std::io;

/// What the operating system says of a connection, said so that somebody knows where to look.
pub(crate) fn io_words(error: &io::Error) -> String {
    // EMFILE and ENFILE have no kind of their own.
    if let Some(23 | 24) = error.raw_os_error().filter(|_| cfg!(unix)) {
        return "the system lets this program open no more connections: raise its limit (`ulimit -n`, LimitNOFILE)".into();
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "the device refuses the connection: check the port number, and that the device's server is on".into()
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "the device's network can't be reached: check cable, address and gateway".into()
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            "the device has cut the connection: check how many connections it allows".into()
        }
        io::ErrorKind::UnexpectedEof | io::ErrorKind::NotConnected => "the device has closed the connection".into(),
        io::ErrorKind::TimedOut => "the device doesn't answer any more".into(),
        _ => error.to_string(),
    }
}

/// What an exception code means (Modbus application protocol V1.1b3, 7).
pub(crate) fn exception_words(code: u8) -> &'static str {
    match code {
        1 => "the device doesn't know this function",
        2 => "the device has no such address",
        3 => "the device refuses this value or count",
        4 => "the device has failed inside",
        5 => "the device has begun, and will take long",
        6 => "the device is busy",
        8 => "the device reports a memory error",
        10 => "the gateway has no path to this unit",
        11 => "the unit behind the gateway doesn't answer",
        _ => "the device refuses for a reason of its own",
    }
}

/// Cut to a length in bytes, at a character.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_open_no_more_is_told_what_to_raise() {
        let check = |number, word: &str| {
            let told = io_words(&io::Error::from_raw_os_error(number));
            assert!(told.contains(word) && !told.contains("os error"), "{number}: {told}");
        };
        check(24, "ulimit -n");
        check(23, "ulimit -n");
        check(111, "refuses the connection");
    }
}
