//! Frames of serial lines: unit, function and data, and a checksum; nothing says where a frame begins.
//!
//! Knows no port: bytes in, frames out. An answer is found by what it must be: unit, function, length and checksum.

use std::ops::Range;

use plantroom_model::ModbusRequest;

use crate::limits::PDU_BYTES;
use crate::pdu;

/// The longest frame: unit, function and data, checksum.
pub(crate) const FRAME_BYTES: usize = 1 + PDU_BYTES + 2;
/// The shortest: an exception.
pub(crate) const SHORTEST_BYTES: usize = 5;

/// What an answer must be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Who was asked.
    pub unit: u8,
    /// What was asked.
    pub function: u8,
    /// Bytes after the function code of a good answer; `None` where only the checksum tells where it ends.
    pub answer_bytes: Option<usize>,
}

/// Appends the frame of a request.
pub(crate) fn encode(request: &ModbusRequest, out: &mut Vec<u8>) {
    let start = out.len();
    out.push(request.unit);
    pdu::encode(request, out);
    close(start, out);
}

/// Appends the frame of a function and data that are bytes already.
pub(crate) fn encode_raw(unit: u8, pdu: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.push(unit);
    out.extend(pdu);
    close(start, out);
}

fn close(start: usize, out: &mut Vec<u8>) {
    let sum = checksum(&out[start..]);
    // The checksum alone goes low byte first.
    out.extend([sum as u8, (sum >> 8) as u8]);
}

/// The answer's function code and data within what has arrived, noise before it skipped.
pub(crate) fn find(bytes: &[u8], expected: Expected) -> Option<Range<usize>> {
    let Expected { unit, function, answer_bytes } = expected;
    (0..bytes.len().saturating_sub(SHORTEST_BYTES - 1)).find_map(|at| {
        let rest = &bytes[at..];
        if rest[0] != unit {
            return None;
        }
        let length = match answer_bytes {
            _ if rest[1] == function | 0x80 => SHORTEST_BYTES,
            Some(data) if rest[1] == function => 2 + data + 2,
            // Only a line that has become quiet says that this is the end.
            None if rest[1] == function => rest.len(),
            _ => return None,
        };
        rest.get(..length).filter(|frame| is_whole(frame)).map(|_| at + 1..at + length - 2)
    })
}

/// Whether this is one frame, or several, and nothing else: somebody's answers, undamaged.
pub(crate) fn is_clean(bytes: &[u8]) -> bool {
    bytes.is_empty()
        || (SHORTEST_BYTES..=bytes.len().min(FRAME_BYTES)).any(|length| is_whole(&bytes[..length]) && is_clean(&bytes[length..]))
}

/// Whether the checksum at the end is that of what stands before it.
fn is_whole(frame: &[u8]) -> bool {
    frame.len() >= SHORTEST_BYTES && checksum(frame) == 0
}

/// CRC-16 of Modbus over serial line V1.02, 6.2.2: reflected 0x8005, from 0xFFFF. Over a frame with its own it is 0.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |sum, byte| sum >> 8 ^ TABLE[usize::from(sum as u8 ^ byte)])
}

const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let (mut sum, mut bit) = (at as u16, 0);
        while bit < 8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xA001 } else { sum >> 1 };
            bit += 1;
        }
        table[at] = sum;
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(unit: u8, pdu: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        encode_raw(unit, pdu, &mut out);
        out
    }

    const ASKED: Expected = Expected { unit: 17, function: 3, answer_bytes: Some(3) };

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // Known frames: a read of unit 17 (many public examples), and 02 07 -> 0x1241 of the standard, 6.2.2.
        assert_eq!(frame(0x11, &[3, 0, 0x6B, 0, 3]), [0x11, 3, 0, 0x6B, 0, 3, 0x76, 0x87]);
        assert_eq!(checksum(&[2, 7]), 0x1241);
        assert_eq!(checksum(b"123456789"), 0x4B37, "the check value of CRC-16/MODBUS");
    }

    #[test]
    fn a_request_is_framed() {
        let request = ModbusRequest {
            unit: 17,
            function: 6,
            address: 1,
            count: 0,
            data: vec![3],
            timeout_ms: 0,
            valid_until: plantroom_model::Mono(0),
        };
        let mut out = Vec::new();
        encode(&request, &mut out);
        assert_eq!(out, frame(17, &[6, 0, 1, 0, 3]));
    }

    #[test]
    fn only_the_answer_that_was_asked_for_is_found() {
        let good = frame(17, &[3, 2, 7, 8]);
        let is_found = |bytes: &[u8]| find(bytes, ASKED).map(|range| bytes[range].to_vec());
        assert_eq!(is_found(&good), Some(vec![3, 2, 7, 8]));
        assert_eq!(is_found(&frame(17, &[0x83, 2])), Some(vec![0x83, 2]));
        for length in 0..good.len() {
            assert_eq!(is_found(&good[..length]), None, "{length}");
        }
        for (name, wrong) in [
            ("another unit", frame(18, &[3, 2, 7, 8])),
            ("another function", frame(17, &[4, 2, 7, 8])),
            ("too long", frame(17, &[3, 4, 7, 8, 9, 10])),
            ("too short", frame(17, &[3, 1, 7])),
            ("an exception of another function", frame(17, &[0x84, 2])),
        ] {
            assert_eq!(is_found(&wrong), None, "{name}");
            assert!(is_clean(&wrong), "{name}");
            // A late answer may come right before the one that was asked for.
            assert_eq!(is_found(&[&wrong[..], &good[..]].concat()), Some(vec![3, 2, 7, 8]), "{name}");
        }
    }

    #[test]
    fn one_wrong_bit_anywhere_makes_it_no_answer() {
        let good = frame(17, &[3, 2, 7, 8]);
        for bit in 0..good.len() * 8 {
            let mut wrong = good.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(find(&wrong, ASKED), None, "bit {bit}");
            assert!(!is_clean(&wrong), "bit {bit}");
        }
    }

    #[test]
    fn noise_before_the_answer_is_skipped() {
        let good = frame(17, &[3, 2, 7, 8]);
        for noise in [&[0][..], &[0xFF, 0xFF], &[17], &[17, 3], &[17, 3, 2, 9], &[0x55; 200]] {
            let bytes = [noise, &good].concat();
            assert_eq!(find(&bytes, ASKED), Some(noise.len() + 1..bytes.len() - 2), "{noise:?}");
        }
    }

    #[test]
    fn an_answer_without_a_known_length_ends_with_its_checksum() {
        let expected = Expected { unit: 17, function: 43, answer_bytes: None };
        let good = frame(17, &[43, 14, 1, 1, 0, 0, 1, 0, 2, 65, 66]);
        assert_eq!(find(&good, expected), Some(1..good.len() - 2));
        assert_eq!(find(&good[..good.len() - 1], expected), None);
    }
}
