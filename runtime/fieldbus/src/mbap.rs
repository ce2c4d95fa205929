//! Frames of Modbus TCP: transaction id, protocol id, length, unit, then function and data.
//!
//! Knows no socket: bytes in, frames out.

use plantroom_model::ModbusRequest;

use crate::limits::FRAME_BODY_BYTES;
use crate::pdu::{self, be};

/// Transaction id, protocol id, length.
const PREFIX_BYTES: usize = 6;
/// The longest frame.
pub(crate) const FRAME_BYTES: usize = PREFIX_BYTES + FRAME_BODY_BYTES;

/// A whole frame at the front of what has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// Transaction id.
    pub id: u16,
    /// Unit.
    pub unit: u8,
    /// Function code and data.
    pub pdu: &'a [u8],
    /// Its length with everything.
    pub length: usize,
}

/// Appends the frame of a request.
pub(crate) fn encode(id: u16, request: &ModbusRequest, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([(id >> 8) as u8, id as u8, 0, 0, 0, 0, request.unit]);
    pdu::encode(request, out);
    set_length(out, start);
}

/// Appends the frame of a function and data that are bytes already.
pub(crate) fn encode_raw(id: u16, unit: u8, pdu: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([(id >> 8) as u8, id as u8, 0, 0, 0, 0, unit]);
    out.extend(pdu);
    set_length(out, start);
}

fn set_length(out: &mut [u8], start: usize) {
    let body = out.len() - start - PREFIX_BYTES;
    out[start + 4] = (body >> 8) as u8;
    out[start + 5] = body as u8;
}

/// The frame at the front; `None` while it isn't whole.
///
/// # Errors
/// Why these bytes are no Modbus, as soon as that can be seen: the connection is of no more use then.
pub(crate) fn front(bytes: &[u8]) -> Result<Option<Frame<'_>>, String> {
    if bytes.len() < PREFIX_BYTES {
        return Ok(None);
    }
    let (id, protocol, body) = (be(bytes, 0), be(bytes, 2), usize::from(be(bytes, 4)));
    if protocol != 0 {
        return Err(format!("the answer isn't Modbus: its protocol id is {protocol}"));
    }
    // Unit, function and at least one byte.
    if !(3..=FRAME_BODY_BYTES).contains(&body) {
        return Err(format!("the answer isn't Modbus: its length is {body}"));
    }
    let length = PREFIX_BYTES + body;
    let whole = bytes.get(PREFIX_BYTES..length).and_then(<[u8]>::split_first);
    Ok(whole.map(|(unit, pdu)| Frame { id, unit: *unit, pdu, length }))
}

/// The transaction id of a frame whose rest is still missing.
pub(crate) fn id_of_a_part(bytes: &[u8]) -> Option<u16> {
    (bytes.len() >= 2).then(|| be(bytes, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_found_as_soon_as_it_is_whole_and_not_before() {
        let request = ModbusRequest {
            unit: 17,
            function: 3,
            address: 107,
            count: 3,
            data: vec![],
            timeout_ms: 0,
            valid_until: plantroom_model::Mono(0),
        };
        let mut bytes = Vec::new();
        encode(0xABCD, &request, &mut bytes);
        assert_eq!(bytes, [0xAB, 0xCD, 0, 0, 0, 6, 17, 3, 0, 107, 0, 3]);
        let mut raw = Vec::new();
        encode_raw(0xABCD, 17, &[3, 0, 107, 0, 3], &mut raw);
        assert_eq!(raw, bytes);
        for length in 0..bytes.len() {
            assert_eq!(front(&bytes[..length]), Ok(None), "{length}");
        }
        let two = [&bytes[..], &[1, 2, 3]].concat();
        let frame = front(&two).unwrap().unwrap();
        assert_eq!((frame.id, frame.unit, frame.pdu, frame.length), (0xABCD, 17, &[3, 0, 107, 0, 3][..], 12));
    }

    #[test]
    fn what_is_no_modbus_is_seen_in_its_first_six_bytes() {
        for (prefix, fits) in [
            ([0, 1, 0, 0, 0, 3], true),
            ([0, 1, 0, 0, 0, 254], true),
            ([0, 1, 0, 0, 0, 255], false),
            ([0, 1, 0, 0, 0, 2], false),
            ([0, 1, 0, 0, 0, 0], false),
            ([0, 1, 0, 0, 1, 0], false),
            ([0, 1, 0, 1, 0, 6], false),
            ([0, 1, 1, 0, 0, 6], false),
            (*b"220 ma", false),
        ] {
            assert_eq!(front(&prefix).is_ok(), fits, "{prefix:?}");
        }
    }
}
