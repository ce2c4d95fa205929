//! A request, checked against the protocol's limits before anything is sent.

use plantroom_model::ModbusRequest;

use crate::limits::{READ_BITS, READ_REGISTERS, READ_WRITE_REGISTERS, WRITE_BITS, WRITE_REGISTERS};

/// Checks a request; says how many bytes a good answer has after its function code.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub(crate) fn check(request: &ModbusRequest) -> Result<usize, String> {
    let ModbusRequest { function, address, count, data, .. } = request;
    let (address, count) = (*address, *count);
    let read = |most: u16| span(address, usize::from(count), usize::from(most), "read");
    let write = |most: usize| span(address, data.len(), most, "written");
    match function {
        1 | 2 => read(READ_BITS).map(|()| 1 + usize::from(count).div_ceil(8)),
        3 | 4 => read(READ_REGISTERS).map(|()| 1 + 2 * usize::from(count)),
        5 if data.len() == 1 => bits(data).map(|()| 4),
        5 => Err("function 5 writes exactly one coil".into()),
        6 if data.len() == 1 => Ok(4),
        6 => Err("function 6 writes exactly one register".into()),
        15 => write(WRITE_BITS).and_then(|()| bits(data)).map(|()| 4),
        16 => write(WRITE_REGISTERS).map(|()| 4),
        22 if data.len() == 2 => Ok(6),
        22 => Err("function 22 takes two words: the AND mask and the OR mask".into()),
        23 => {
            let [to, words @ ..] = &data[..] else {
                return Err("function 23 takes the address to write to, then the words".into());
            };
            span(*to, words.len(), READ_WRITE_REGISTERS, "written")?;
            read(READ_REGISTERS).map(|()| 1 + 2 * usize::from(count))
        }
        other => Err(format!("function {other} is not one of 1 to 6, 15, 16, 22 and 23")),
    }
}

fn span(address: u16, count: usize, most: usize, what: &str) -> Result<(), String> {
    if count == 0 || count > most {
        return Err(format!("{count} can't be {what} at once: 1 to {most} can"));
    }
    if usize::from(address) + count > 0x1_0000 {
        return Err(format!("{count} from address {address} on pass the last address, 65535"));
    }
    Ok(())
}

fn bits(data: &[u16]) -> Result<(), String> {
    match data.iter().find(|word| **word > 1) {
        None => Ok(()),
        Some(other) => Err(format!("a coil is 0 or 1, not {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(function: u8, address: u16, count: u16, data: Vec<u16>) -> ModbusRequest {
        ModbusRequest { unit: 1, function, address, count, data, timeout_ms: 0, valid_until: plantroom_model::Mono(0) }
    }

    #[test]
    fn what_the_protocol_allows_passes_and_nothing_else() {
        let table: &[(u8, u16, u16, usize, Option<usize>)] = &[
            // function, address, count, words of data, bytes of the answer
            (1, 0, 1, 0, Some(2)),
            (1, 0, 2000, 0, Some(251)),
            (1, 0, 2001, 0, None),
            (2, 0, 9, 0, Some(3)),
            (2, 0, 0, 0, None),
            (3, 0, 125, 0, Some(251)),
            (3, 0, 126, 0, None),
            (3, 65535, 1, 0, Some(3)),
            (3, 65535, 2, 0, None),
            (4, 65411, 125, 0, Some(251)),
            (4, 65412, 125, 0, None),
            (5, 0, 0, 1, Some(4)),
            (5, 0, 0, 2, None),
            (6, 0, 0, 1, Some(4)),
            (6, 0, 0, 0, None),
            (15, 0, 0, 1968, Some(4)),
            (15, 0, 0, 1969, None),
            (15, 0, 0, 0, None),
            (16, 0, 0, 123, Some(4)),
            (16, 0, 0, 124, None),
            (16, 65500, 0, 37, None),
            (22, 0, 0, 2, Some(6)),
            (22, 0, 0, 1, None),
            (23, 0, 125, 122, Some(251)),
            (23, 0, 125, 123, None),
            (23, 0, 126, 2, None),
            (23, 0, 1, 1, None),
            (23, 0, 1, 0, None),
            (7, 0, 0, 0, None),
            (0, 0, 0, 0, None),
            (43, 0, 0, 0, None),
        ];
        for (function, address, count, words, expected) in table {
            let result = check(&request(*function, *address, *count, vec![0; *words]));
            assert_eq!(result.clone().ok(), *expected, "{function} {address} {count} {words} {result:?}");
        }
    }

    #[test]
    fn a_coil_that_is_neither_0_nor_1_is_refused() {
        assert!(check(&request(5, 0, 0, vec![0xFF00])).is_err());
        assert!(check(&request(15, 0, 0, vec![0, 1, 2])).is_err());
    }
}
