//! A decoded answer, compared with the request and turned into words.

use tokio_modbus::{Request, Response};

/// The words that were read; none for a write.
///
/// # Errors
/// How the answer differs from what was asked, in a sentence.
pub(crate) fn words(request: &Request<'_>, response: Response) -> Result<Vec<u16>, String> {
    match (request, response) {
        (Request::ReadCoils(_, count), Response::ReadCoils(bits))
        | (Request::ReadDiscreteInputs(_, count), Response::ReadDiscreteInputs(bits)) => {
            // Bits come in whole bytes; the rest of the last byte means nothing.
            let count = usize::from(*count);
            if bits.len() != count.next_multiple_of(8) {
                return Err(format!("the answer has {} bits instead of {count}", bits.len()));
            }
            Ok(bits.into_iter().take(count).map(u16::from).collect())
        }
        (Request::ReadHoldingRegisters(_, count), Response::ReadHoldingRegisters(words))
        | (Request::ReadInputRegisters(_, count), Response::ReadInputRegisters(words))
        | (Request::ReadWriteMultipleRegisters(_, count, _, _), Response::ReadWriteMultipleRegisters(words)) => {
            if words.len() != usize::from(*count) {
                return Err(format!("the answer has {} registers instead of {count}", words.len()));
            }
            Ok(words)
        }
        (Request::WriteSingleCoil(address, bit), Response::WriteSingleCoil(to, written)) => {
            echo(*address == to && *bit == written)
        }
        (Request::WriteSingleRegister(address, word), Response::WriteSingleRegister(to, written)) => {
            echo(*address == to && *word == written)
        }
        (Request::WriteMultipleCoils(address, bits), Response::WriteMultipleCoils(to, count)) => {
            echo(*address == to && bits.len() == usize::from(count))
        }
        (Request::WriteMultipleRegisters(address, words), Response::WriteMultipleRegisters(to, count)) => {
            echo(*address == to && words.len() == usize::from(count))
        }
        (Request::MaskWriteRegister(address, and, or), Response::MaskWriteRegister(to, and_done, or_done)) => {
            echo((*address, *and, *or) == (to, and_done, or_done))
        }
        _ => Err("the answer belongs to another function".into()),
    }
}

fn echo(same: bool) -> Result<Vec<u16>, String> {
    if same { Ok(Vec::new()) } else { Err("the answer to a write names another address, count or value".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_that_fits_gives_words() {
        let read = Request::ReadHoldingRegisters(0, 2);
        assert_eq!(words(&read, Response::ReadHoldingRegisters(vec![7, 8])), Ok(vec![7, 8]));
        assert!(words(&read, Response::ReadHoldingRegisters(vec![7])).is_err());
        assert!(words(&read, Response::ReadInputRegisters(vec![7, 8])).is_err());
        let bits = Request::ReadCoils(0, 3);
        let byte = vec![true, false, true, true, true, true, true, true];
        assert_eq!(words(&bits, Response::ReadCoils(byte)), Ok(vec![1, 0, 1]));
        assert!(words(&bits, Response::ReadCoils(vec![true; 16])).is_err());
        let write = Request::WriteSingleRegister(5, 9);
        assert_eq!(words(&write, Response::WriteSingleRegister(5, 9)), Ok(vec![]));
        assert!(words(&write, Response::WriteSingleRegister(5, 8)).is_err());
        assert!(words(&write, Response::WriteSingleRegister(4, 9)).is_err());
        assert!(words(&Request::WriteMultipleRegisters(5, vec![1, 2].into()), Response::WriteMultipleRegisters(5, 1)).is_err());
        assert!(words(&Request::MaskWriteRegister(5, 1, 2), Response::MaskWriteRegister(5, 2, 1)).is_err());
    }
}
