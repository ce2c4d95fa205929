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
