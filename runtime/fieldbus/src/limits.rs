//! Every number of this crate, with its reason and what happens at it.

/// First pause before a connection is tried again, in ms.
pub const BACKOFF_FIRST_MS: u64 = 200;
/// Longest pause before a connection is tried again, in ms: a device that comes back is seen within this.
pub const BACKOFF_LONGEST_MS: u64 = 5_000;
/// Shortest time that opening a TCP connection may take, name look-up included, in ms. The transaction's own
/// time-out is often shorter than a look-up in a slow network.
pub const CONNECT_SHORTEST_MS: u64 = 2_000;
/// Silence after which the operating system probes an idle TCP connection, in s.
pub const KEEPALIVE_IDLE_S: u64 = 10;
/// Pause between two probes, in s.
pub const KEEPALIVE_PAUSE_S: u64 = 3;
/// Probes without an answer after which an idle TCP connection counts as lost.
pub const KEEPALIVE_PROBES: u32 = 3;
/// Longest text of a last error, in bytes; longer ones are cut.
pub const ERROR_BYTES: usize = 240;

/// Most transactions on the way over one TCP connection: what devices are known to take.
pub const PIPELINE: u8 = 16;
/// Answers of one TCP connection that may be missing; with more it is made anew.
pub const LOST_IDS: usize = 32;
/// Transaction ids that are remembered after their answer, to tell one that comes twice.
pub const ENDED_IDS: usize = 32;
/// Answers in a row that a unit may miss before it is left alone for a while: one may get lost.
pub const UNIT_MISSES: u32 = 2;
/// First pause of a unit that shares its connection with others, in ms; it doubles.
pub const UNIT_FIRST_MS: u64 = 1_000;
/// Longest such pause, in ms: asking it costs the others at most a time-out in this time.
pub const UNIT_LONGEST_MS: u64 = 30_000;
/// First pause of a unit that is alone on its connection, in ms; it doubles.
pub const UNIT_ALONE_FIRST_MS: u64 = 200;
/// Longest such pause, in ms: one that comes back is seen within this.
pub const UNIT_ALONE_LONGEST_MS: u64 = 5_000;
/// Different answers that a unit may owe; the oldest are forgotten, and have had minutes to come.
pub const OWED_SHAPES: usize = 16;
/// Exceptions by which a gateway says that a unit can't be reached.
pub const GATEWAY_EXCEPTIONS: [u8; 2] = [10, 11];

/// Silence on a serial port after which nothing more of a frame comes, at least, in ms: USB adapters hand over what
/// they have every 16 ms.
pub const LINE_QUIET_MS: u64 = 30;
/// The same for serial frames over TCP, in ms: serial servers pack, networks hold up.
pub const TCP_QUIET_MS: u64 = 50;
/// Longest that a line is drained, in ms; one that doesn't become quiet is opened anew.
pub const DRAIN_LONGEST_MS: u64 = 2_000;
/// Longest that a frame may take to be handed to a line, over its own duration, in ms.
pub const SEND_LONGEST_MS: u64 = 1_000;
/// Pause after a broadcast, in which units obey it, in ms (Modbus over serial line V1.02, 2.4.1: 100 to 200).
pub const BROADCAST_MS: u64 = 100;

/// Most registers that one request may read (Modbus application protocol V1.1b3, 6.3 and 6.4).
pub const READ_REGISTERS: u16 = 125;
/// Most coils or discrete inputs that one request may read (6.1 and 6.2).
pub const READ_BITS: u16 = 2_000;
/// Most registers that one request may write (6.12).
pub const WRITE_REGISTERS: usize = 123;
/// Most coils that one request may write (6.11).
pub const WRITE_BITS: usize = 1_968;
/// Most registers that one read-and-write request may write (6.17).
pub const READ_WRITE_REGISTERS: usize = 121;
/// Longest unit id and function with data of one frame, in bytes (Modbus on TCP/IP V1.0b, 4.1).
pub const FRAME_BODY_BYTES: usize = 254;

/// Longest function code and data, in bytes (Modbus application protocol V1.1b3, 4.1).
pub const PDU_BYTES: usize = 253;

/// Most bytes of a stream that are told at once.
pub const STREAM_READ_BYTES: usize = 16 << 10;
/// Largest datagram that is let in, in bytes: what UDP can carry.
pub const DATAGRAM_BYTES: usize = 65_535;

/// The pause before the next try, after so many tries in a row that brought no answer.
pub fn backoff_ms(failures: u32) -> u64 {
    match failures {
        0 => 0,
        n => BACKOFF_FIRST_MS.saturating_mul(1 << (n - 1).min(16)).min(BACKOFF_LONGEST_MS),
    }
}

#[cfg(test)]
mod tests {
    use super::backoff_ms;

    #[test]
    fn the_pause_doubles_up_to_its_limit() {
        let pauses: Vec<u64> = (0..9).map(backoff_ms).collect();
        assert_eq!(pauses, [0, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
        assert_eq!(backoff_ms(u32::MAX), 5000);
    }
}
