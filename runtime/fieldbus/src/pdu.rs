//! A request as bytes, and the bytes of an answer as words: what TCP and serial frames both carry.

use plantroom_model::ModbusRequest;

use crate::limits::PDU_BYTES;

/// Set in the function code of an exception.
pub(crate) const EXCEPTION: u8 = 0x80;
/// A coil that is on, as functions 5 says it.
const COIL_ON: u16 = 0xFF00;

/// What a good answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The words that were read; none for a write.
    Words(Vec<u16>),
    /// The device's exception, which is a good answer too.
    Exception(u8),
}

/// Appends function code and data of a request that [`crate::check::check`] has let pass.
pub(crate) fn encode(request: &ModbusRequest, out: &mut Vec<u8>) {
    let ModbusRequest { function, address, count, data, .. } = request;
    out.push(*function);
    put(out, *address);
    match function {
        1..=4 => put(out, *count),
        5 => put(out, if data.first() == Some(&1) { COIL_ON } else { 0 }),
        15 => {
            put(out, data.len() as u16);
            out.push(data.len().div_ceil(8) as u8);
            out.extend(
                data.chunks(8).map(|eight| (0..).zip(eight).fold(0_u8, |byte, (place, bit)| byte | (*bit as u8) << place)),
            );
        }
        16 => {
            put(out, data.len() as u16);
            put_words(out, data);
        }
        23 => {
            put(out, *count);
            let (to, words) = data.split_first().map_or((0, &[][..]), |(to, words)| (*to, words));
            put(out, to);
            put(out, words.len() as u16);
            put_words(out, words);
        }
        _ => data.iter().for_each(|word| put(out, *word)),
    }
}

/// Compares an answer with what was asked, and reads it.
///
/// `answer_bytes` is what a good answer has after its function code.
///
/// # Errors
/// How the answer differs from what was asked, in a sentence.
pub(crate) fn decode(request: &ModbusRequest, answer_bytes: usize, pdu: &[u8]) -> Result<Reply, String> {
    let function = request.function;
    let Some((answered, data)) = pdu.split_first() else { return Err("the answer is empty".into()) };
    if *answered == function | EXCEPTION {
        return match data {
            [0] => Err("the device answered an exception without a code".into()),
            [code] => Ok(Reply::Exception(*code)),
            _ => Err(format!("the answer has {} bytes of data, 1 was expected", data.len())),
        };
    }
    if *answered != function {
        return Err(format!("the answer is to function {answered}, function {function} was asked"));
    }
    if data.len() != answer_bytes {
        return Err(format!("the answer has {} bytes of data, {answer_bytes} were expected", data.len()));
    }
    match function {
        1 | 2 => counted(data).map(|bytes| {
            // Bits come in whole bytes; the rest of the last byte means nothing.
            (0..usize::from(request.count)).map(|bit| u16::from(bytes[bit / 8] >> (bit % 8) & 1)).collect()
        }),
        3 | 4 | 23 => counted(data).map(|bytes| bytes.chunks_exact(2).map(|word| be(word, 0)).collect()),
        _ => echoes(request, data),
    }
    .map(Reply::Words)
}

/// What stands behind the byte count.
fn counted(data: &[u8]) -> Result<&[u8], String> {
    match data.split_first() {
        Some((count, bytes)) if usize::from(*count) == bytes.len() => Ok(bytes),
        Some((count, bytes)) => Err(format!("the answer says {count} bytes and has {}", bytes.len())),
        None => Err("the answer has no byte count".into()),
    }
}

/// A write is answered by what was written, or where and how many.
fn echoes(request: &ModbusRequest, data: &[u8]) -> Result<Vec<u16>, String> {
    let mut sent = Vec::with_capacity(PDU_BYTES);
    encode(request, &mut sent);
    if sent.get(1..=data.len()) == Some(data) {
        Ok(Vec::new())
    } else {
        Err("the answer to a write names another address, count or value".into())
    }
}

fn put(out: &mut Vec<u8>, word: u16) {
    out.extend([(word >> 8) as u8, word as u8]);
}

fn put_words(out: &mut Vec<u8>, words: &[u16]) {
    out.push(2 * words.len() as u8);
    words.iter().for_each(|word| put(out, *word));
}

/// A number of the protocol, high byte first; what it means is not known here.
pub(crate) fn be(bytes: &[u8], at: usize) -> u16 {
    u16::from(bytes[at]) << 8 | u16::from(bytes[at + 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;

    fn request(function: u8, address: u16, count: u16, data: &[u16]) -> ModbusRequest {
        let data = data.to_vec();
        ModbusRequest { unit: 1, function, address, count, data, timeout_ms: 0, valid_until: plantroom_model::Mono(0) }
    }

    fn words(words: &[u16]) -> Option<Reply> {
        Some(Reply::Words(words.to_vec()))
    }

    #[test]
    fn every_function_is_packed_as_the_standard_shows_and_its_answer_read() {
        // The examples of Modbus application protocol V1.1b3, 6.1 to 6.17: request, answer, what it says.
        let table: &[(ModbusRequest, &[u8], &[u8], &[u16])] = &[
            (
                request(1, 19, 19, &[]),
                &[1, 0, 0x13, 0, 0x13],
                &[1, 3, 0xCD, 0x6B, 5],
                &[1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1],
            ),
            (request(2, 196, 3, &[]), &[2, 0, 0xC4, 0, 3], &[2, 1, 0xFD], &[1, 0, 1]),
            (request(3, 107, 3, &[]), &[3, 0, 0x6B, 0, 3], &[3, 6, 2, 0x2B, 0, 0, 0, 0x64], &[555, 0, 100]),
            (request(4, 8, 1, &[]), &[4, 0, 8, 0, 1], &[4, 2, 0, 10], &[10]),
            (request(5, 172, 0, &[1]), &[5, 0, 0xAC, 0xFF, 0], &[5, 0, 0xAC, 0xFF, 0], &[]),
            (request(5, 172, 0, &[0]), &[5, 0, 0xAC, 0, 0], &[5, 0, 0xAC, 0, 0], &[]),
            (request(6, 1, 0, &[3]), &[6, 0, 1, 0, 3], &[6, 0, 1, 0, 3], &[]),
            (request(15, 19, 0, &[1, 0, 1, 1, 0, 0, 1, 1, 1, 0]), &[15, 0, 0x13, 0, 10, 2, 0xCD, 1], &[15, 0, 0x13, 0, 10], &[]),
            (request(16, 1, 0, &[10, 258]), &[16, 0, 1, 0, 2, 4, 0, 10, 1, 2], &[16, 0, 1, 0, 2], &[]),
            (request(22, 4, 0, &[0xF2, 0x25]), &[22, 0, 4, 0, 0xF2, 0, 0x25], &[22, 0, 4, 0, 0xF2, 0, 0x25], &[]),
            (
                request(23, 3, 6, &[14, 255, 255, 255]),
                &[23, 0, 3, 0, 6, 0, 14, 0, 3, 6, 0, 255, 0, 255, 0, 255],
                &[23, 12, 0, 254, 10, 205, 0, 1, 0, 3, 0, 13, 0, 255],
                &[254, 2765, 1, 3, 13, 255],
            ),
        ];
        for (asked, sent, answer, expected) in table {
            let mut out = Vec::new();
            encode(asked, &mut out);
            assert_eq!(out, *sent, "function {}", asked.function);
            let bytes = check(asked).unwrap();
            assert_eq!(decode(asked, bytes, answer).ok(), words(expected), "function {}", asked.function);
            // Cut, longer, or with any other head, it is no answer.
            for length in 0..answer.len() {
                assert!(decode(asked, bytes, &answer[..length]).is_err(), "{length} bytes of function {}", asked.function);
            }
            assert!(decode(asked, bytes, &[answer, &[0][..]].concat()).is_err());
            let other = [&[answer[0] ^ 1], &answer[1..]].concat();
            assert!(decode(asked, bytes, &other).is_err());
            let exception = [answer[0] | 0x80, 11];
            assert_eq!(decode(asked, bytes, &exception), Ok(Reply::Exception(11)));
            assert!(
                decode(asked, bytes, &[answer[0] | 0x80, 0]).is_err() && decode(asked, bytes, &[answer[0] | 0x80, 1, 1]).is_err()
            );
        }
    }

    #[test]
    fn the_echo_of_a_write_must_name_what_was_written() {
        for asked in [request(5, 9, 0, &[1]), request(6, 9, 0, &[7]), request(16, 9, 0, &[7, 8]), request(22, 9, 0, &[7, 8])] {
            let bytes = check(&asked).unwrap();
            let mut sent = Vec::new();
            encode(&asked, &mut sent);
            let echo = sent[..=bytes].to_vec();
            assert_eq!(decode(&asked, bytes, &echo), Ok(Reply::Words(vec![])));
            for place in 1..echo.len() {
                let mut wrong = echo.clone();
                wrong[place] ^= 1;
                assert!(decode(&asked, bytes, &wrong).is_err(), "{wrong:?}");
            }
        }
    }

    #[test]
    fn a_byte_count_that_lies_is_no_answer() {
        let asked = request(3, 0, 2, &[]);
        assert!(decode(&asked, 5, &[3, 3, 0, 1, 0, 2]).is_err());
        assert!(decode(&asked, 5, &[3, 4, 0, 1, 0, 2]).is_ok());
    }
}
