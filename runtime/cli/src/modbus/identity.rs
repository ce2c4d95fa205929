//! What a device says of itself (function 43/14, Modbus application protocol V1.1b3, 6.21).

use plantroom_fieldbus::direct::{Direct, Question, Said};

/// Function, kind of encapsulated interface, "basic" category.
const FUNCTION: u8 = 43;
const KIND: u8 = 14;
const BASIC: u8 = 1;
/// Answers that one identification may take; each tells where the next begins.
const ROUNDS: usize = 4;
/// Vendor name, product code, revision.
const NAMES: [(u8, &str); 3] = [(0, "vendor"), (1, "product"), (2, "revision")];

/// What the device says: name of the object, text. Empty where it doesn't know the function.
pub async fn ask(line: &mut Direct, unit: u8) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut from = 0;
    for _ in 0..ROUNDS {
        let question = Question { unit, pdu: vec![FUNCTION, KIND, BASIC, from], answer_bytes: None };
        let Ok(Said::Data(data)) = line.ask(&question).await else { break };
        let Some(next) = objects(&data, &mut found) else { break };
        if next <= from {
            break;
        }
        from = next;
    }
    found
}

/// Adds the objects of one answer; says where the next answer is to begin, if there is more.
fn objects(data: &[u8], found: &mut Vec<(&'static str, String)>) -> Option<u8> {
    let [KIND, _, _, more, next, _, objects @ ..] = data else { return None };
    let mut rest = objects;
    while let [id, length, after @ ..] = rest {
        let (text, after) = after.split_at_checked(usize::from(*length))?;
        if let Some((_, name)) = NAMES.iter().find(|(known, _)| known == id) {
            found.push((name, clean(text)));
        }
        rest = after;
    }
    (*more == 0xFF).then_some(*next)
}

/// Text for people: nothing that a terminal would obey.
fn clean(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_and_nothing_that_a_device_sends_breaks_it() {
        let mut found = Vec::new();
        let data = [14, 1, 1, 0xFF, 2, 2, 0, 3, b'A', 0x1B, b'G', 1, 2, b'P', b'1'];
        assert_eq!(objects(&data, &mut found), Some(2));
        assert_eq!(found, [("vendor", "AG".to_owned()), ("product", "P1".to_owned())]);
        for length in 0..data.len() {
            objects(&data[..length], &mut Vec::new());
        }
        assert_eq!(objects(&[14, 1, 1, 0xFF, 2, 1, 0, 200, 65], &mut found), None);
    }
}
