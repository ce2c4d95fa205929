//! Frames of S7 communication over TCP: TPKT (RFC 1006) around COTP (ISO 8073, class 0) around S7 PDUs. Pure.

use crate::address::Area;

/// Largest PDU that is asked for, in bytes: what S7-1500 offers. Controllers answer with what they can.
pub const PDU_BYTES: u16 = 960;
/// Smallest PDU that a controller may answer with: less carries no item.
pub const PDU_LEAST_BYTES: u16 = 50;
/// Most items of one request: what all controllers take.
pub const ITEMS: usize = 20;
/// Bytes of TPKT's header.
pub const TPKT_BYTES: usize = 4;
/// Bytes of a read or write request without its items: header and the first two of its parameters.
pub const REQUEST_BYTES: usize = 12;
/// Bytes of one item's address in a request.
pub const ITEM_BYTES: usize = 12;
/// Bytes of an answer without its items.
pub const ANSWER_BYTES: usize = 14;
/// Bytes before one item's data, in answers and in writes.
pub const DATA_HEAD_BYTES: usize = 4;

/// "Everything is well", of one item.
pub const GOOD: u8 = 0xFF;

const JOB: u8 = 1;
const ANSWER: u8 = 3;
const READ: u8 = 4;
const WRITE: u8 = 5;
const SETUP: u8 = 0xF0;

/// A run of bytes (or of timers or counters) in a controller's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Which memory.
    pub area: Area,
    /// The first byte, timer or counter.
    pub start: u32,
    /// How many.
    pub count: u16,
}

/// What is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Bytes from a byte on.
    Bytes(Item, Vec<u8>),
    /// One bit; the others of its byte stay as they are.
    Bit {
        /// Which memory.
        area: Area,
        /// The byte.
        start: u32,
        /// The bit of it.
        bit: u8,
        /// On or off.
        on: bool,
    },
}

/// What came back for one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemAnswer {
    /// [`GOOD`], or why not.
    pub code: u8,
    /// Its bytes; none for writes.
    pub data: Vec<u8>,
}

/// An answer of the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The number of the question.
    pub number: u16,
    /// Error class and code; 0 for none.
    pub error: u16,
    parameters: Vec<u8>,
    data: Vec<u8>,
}

fn tpkt(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![3, 0];
    frame.extend(((payload.len() + TPKT_BYTES) as u16).to_be_bytes());
    frame.extend(payload);
    frame
}

/// How long a frame is, from its first 4 bytes.
///
/// # Errors
/// When this is no TPKT.
pub fn frame_bytes(head: &[u8]) -> Result<usize, String> {
    match head {
        [3, _, high, low] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            // COTP has at least 3 bytes.
            if length >= TPKT_BYTES + 3 { Ok(length) } else { Err(format!("it sent a frame of {length} bytes")) }
        }
        _ => Err("it doesn't speak S7 (no TPKT): check address and port 102".to_owned()),
    }
}

/// COTP's request for a connection.
pub fn connect(local_tsap: u16, remote_tsap: u16) -> Vec<u8> {
    let [local_high, local_low] = local_tsap.to_be_bytes();
    let [remote_high, remote_low] = remote_tsap.to_be_bytes();
    // Length, CR, destination, source reference, class; source TSAP; destination TSAP; TPDU size 1024.
    tpkt(&[17, 0xE0, 0, 0, 0, 1, 0, 0xC1, 2, local_high, local_low, 0xC2, 2, remote_high, remote_low, 0xC0, 1, 0x0A])
}

/// Whether a frame's payload confirms the connection.
///
/// # Errors
/// Why not.
pub fn confirmed(payload: &[u8]) -> Result<(), String> {
    match payload.get(1).map(|kind| kind & 0xF0) {
        Some(0xD0) => Ok(()),
        Some(0x80) => {
            Err("the controller refuses the connection: check rack and slot (or the TSAPs), and that PUT/GET is allowed".into())
        }
        _ => Err("the controller didn't confirm the connection".to_owned()),
    }
}

fn job(number: u16, parameters: &[u8], data: &[u8]) -> Vec<u8> {
    // COTP data, last part of its message.
    let mut payload = vec![2, 0xF0, 0x80, 0x32, JOB, 0, 0];
    payload.extend(number.to_be_bytes());
    payload.extend((parameters.len() as u16).to_be_bytes());
    payload.extend((data.len() as u16).to_be_bytes());
    payload.extend(parameters);
    payload.extend(data);
    tpkt(&payload)
}

/// Asks for the size of PDUs, and for one question at a time.
pub fn setup(number: u16, pdu_bytes: u16) -> Vec<u8> {
    let [high, low] = pdu_bytes.to_be_bytes();
    job(number, &[SETUP, 0, 0, 1, 0, 1, high, low], &[])
}

fn item(area: Area, transport: u8, count: u16, bits: u32) -> [u8; ITEM_BYTES] {
    let [count_high, count_low] = count.to_be_bytes();
    let [db_high, db_low] = area.block().to_be_bytes();
    let [_, high, middle, low] = bits.to_be_bytes();
    [0x12, 10, 0x10, transport, count_high, count_low, db_high, db_low, area.code(), high, middle, low]
}

fn whole(of: &Item) -> [u8; ITEM_BYTES] {
    match of.area {
        Area::Timers | Area::Counters => item(of.area, of.area.code(), of.count, of.start),
        _ => item(of.area, 2, of.count, of.start << 3),
    }
}

/// Asks for items.
pub fn read(number: u16, items: &[Item]) -> Vec<u8> {
    let mut parameters = vec![READ, items.len() as u8];
    parameters.extend(items.iter().flat_map(whole));
    job(number, &parameters, &[])
}

/// Writes one item.
pub fn write(number: u16, write: &Write) -> Vec<u8> {
    let mut parameters = vec![WRITE, 1];
    let mut data = vec![0];
    match write {
        Write::Bytes(of, bytes) => {
            parameters.extend(whole(of));
            // Bytes, whose length is told in bits.
            data.push(4);
            data.extend((bytes.len() as u16 * 8).to_be_bytes());
            data.extend(bytes);
        }
        Write::Bit { area, start, bit, on } => {
            parameters.extend(item(*area, 1, 1, start << 3 | u32::from(*bit)));
            data.extend([3, 0, 1, u8::from(*on)]);
        }
    }
    job(number, &parameters, &data)
}

/// Reads an answer out of a frame's payload.
///
/// # Errors
/// When it isn't one.
pub fn answer(payload: &[u8]) -> Result<Answer, String> {
    let wrong = || "it sent a frame that is no S7 answer".to_owned();
    let [2, 0xF0, _, 0x32, ANSWER, _, _, number_high, number_low, p_high, p_low, d_high, d_low, class, code, rest @ ..] = payload
    else {
        return Err(wrong());
    };
    let two = |high: &u8, low: &u8| u16::from_be_bytes([*high, *low]);
    let (parameters, data) = (usize::from(two(p_high, p_low)), usize::from(two(d_high, d_low)));
    let (Some(parameters), Some(data)) = (rest.get(..parameters), rest.get(parameters..parameters + data)) else {
        return Err(wrong());
    };
    let (parameters, data) = (parameters.to_vec(), data.to_vec());
    Ok(Answer { number: two(number_high, number_low), error: two(class, code), parameters, data })
}

impl Answer {
    /// The size of PDUs that the controller takes.
    ///
    /// # Errors
    /// When it says none, or one that carries nothing.
    pub fn pdu_bytes(&self) -> Result<u16, String> {
        match self.parameters.as_slice() {
            [SETUP, _, _, _, _, _, high, low] => {
                let bytes = u16::from_be_bytes([*high, *low]);
                if bytes >= PDU_LEAST_BYTES { Ok(bytes) } else { Err(format!("it offers PDUs of {bytes} bytes")) }
            }
            _ => Err("it didn't answer the setup of the communication".to_owned()),
        }
    }

    /// What came for each of so many items.
    ///
    /// # Errors
    /// When these are not their answers.
    pub fn items(&self, count: usize) -> Result<Vec<ItemAnswer>, String> {
        let wrong = || "its answer has other items than were asked for".to_owned();
        match self.parameters.as_slice() {
            [READ, told] if usize::from(*told) == count => self.read_items(count).ok_or_else(wrong),
            [WRITE, told] if usize::from(*told) == count && self.data.len() >= count => {
                Ok(self.data.iter().take(count).map(|code| ItemAnswer { code: *code, data: Vec::new() }).collect())
            }
            _ => Err(wrong()),
        }
    }

    fn read_items(&self, count: usize) -> Option<Vec<ItemAnswer>> {
        let (mut items, mut rest) = (Vec::with_capacity(count), self.data.as_slice());
        for place in 0..count {
            let [code, transport, high, low, behind @ ..] = rest else { return None };
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            // Told in bits for bytes, words and whole numbers, in bytes for the rest.
            let bytes = if matches!(transport, 3..=5) { length.div_ceil(8) } else { length };
            let bytes = if *code == GOOD { bytes } else { 0 };
            let data = behind.get(..bytes)?;
            items.push(ItemAnswer { code: *code, data: data.to_vec() });
            // All but the last are filled up to whole words.
            let filled = if place + 1 < count { bytes.next_multiple_of(2) } else { bytes };
            rest = behind.get(filled..)?;
        }
        Some(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DB10: Item = Item { area: Area::Block(10), start: 8, count: 4 };

    /// The payload of an answer, with its header.
    fn answered(number: u16, error: [u8; 2], parameters: &[u8], data: &[u8]) -> Vec<u8> {
        let mut payload = vec![2, 0xF0, 0x80, 0x32, 3, 0, 0];
        payload.extend(number.to_be_bytes());
        payload.extend((parameters.len() as u16).to_be_bytes());
        payload.extend((data.len() as u16).to_be_bytes());
        payload.extend(error);
        payload.extend(parameters);
        payload.extend(data);
        payload
    }

    #[test]
    fn questions_look_as_controllers_expect() {
        assert_eq!(connect(0x0100, 0x0102)[..7], [3, 0, 0, 22, 17, 0xE0, 0]);
        assert_eq!(setup(1, 480), [3, 0, 0, 25, 2, 0xF0, 0x80, 0x32, 1, 0, 0, 0, 1, 0, 8, 0, 0, 0xF0, 0, 0, 1, 0, 1, 0x01, 0xE0]);
        let read = read(2, &[DB10, Item { area: Area::Counters, start: 3, count: 1 }]);
        assert_eq!(read.len(), 4 + 3 + 10 + 2 + 2 * 12);
        assert_eq!(read[17..31], [4, 2, 0x12, 10, 0x10, 2, 0, 4, 0, 10, 0x84, 0, 0, 64]);
        assert_eq!(read[31..], [0x12, 10, 0x10, 0x1C, 0, 1, 0, 0, 0x1C, 0, 0, 3]);
        let bytes = write(3, &Write::Bytes(DB10, vec![1, 2, 3, 4]));
        assert_eq!(bytes[bytes.len() - 8..], [0, 4, 0, 32, 1, 2, 3, 4]);
        let bit = write(4, &Write::Bit { area: Area::Merkers, start: 10, bit: 7, on: true });
        assert_eq!(bit[19..], [0x12, 10, 0x10, 1, 0, 1, 0, 0, 0x83, 0, 0, 87, 0, 3, 0, 1, 1]);
    }

    #[test]
    fn answers_are_taken_apart() {
        let data = [0xFF, 4, 0, 24, 1, 2, 3, 0, 0x0A, 0, 0, 4, 0xFF, 9, 0, 2, 0x12, 0x34];
        let answer = answer(&answered(7, [0, 0], &[4, 3], &data)).expect("it is one");
        assert_eq!((answer.number, answer.error), (7, 0));
        let item = |code, data: &[u8]| ItemAnswer { code, data: data.to_vec() };
        assert_eq!(answer.items(3), Ok(vec![item(GOOD, &[1, 2, 3]), item(0x0A, &[]), item(GOOD, &[0x12, 0x34])]));
        assert!(answer.items(2).is_err());
    }

    #[test]
    fn nothing_that_comes_is_believed() {
        assert_eq!(frame_bytes(&[3, 0, 0, 25]), Ok(25));
        assert!(frame_bytes(&[3, 0, 0, 6]).is_err() && frame_bytes(b"HTTP").is_err());
        assert!(confirmed(&[6, 0xD0, 0, 1]).is_ok() && confirmed(&[6, 0x80, 0, 1]).is_err() && confirmed(&[]).is_err());
        let whole = answered(1, [0, 0], &[4, 1], &[0xFF, 4, 0, 16, 1, 2]);
        for end in 0..whole.len() {
            assert!(answer(&whole[..end]).is_err(), "{end} bytes");
        }
        for data in [&[0xFF, 4, 0, 64, 1, 2][..], &[0xFF, 4], &[]] {
            assert!(answer(&answered(1, [0, 0], &[4, 1], data)).expect("a header").items(1).is_err());
        }
        assert!(answer(&answered(1, [0, 0], &[0xF0, 0, 0, 1, 0, 1, 0, 10], &[])).expect("a header").pdu_bytes().is_err());
    }
}
