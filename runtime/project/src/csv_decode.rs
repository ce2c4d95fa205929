//! Bytes of a CSV file from wherever, as text.

/// The text, and the name of the encoding it was in.
///
/// # Errors
/// When the bytes are no text.
pub(crate) fn decode(bytes: &[u8]) -> Result<(String, &'static str), String> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).map(|text| (text, "UTF-16")),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).map(|text| (text, "UTF-16")),
        _ if bytes.contains(&0) => Err("this file is not text".to_owned()),
        _ => Ok(match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), "UTF-8"),
            Err(_) => (bytes.iter().map(|byte| western(*byte)).collect(), "Windows-1252 (Latin-1)"),
        }),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text: Result<String, _> = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
    text.ok().filter(|_| rest.is_empty()).ok_or_else(|| "this file begins like UTF-16 text, but isn't".to_owned())
}

/// A byte of Windows-1252, which is Latin-1 but for these 32.
fn western(byte: u8) -> char {
    const C1: &[char; 32] = &[
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’', '“',
        '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => C1[usize::from(byte - 0x80)],
        byte => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn text_of_any_office_is_read() {
        let table: &[(&[u8], Result<(&str, &str), ()>)] = &[
            ("m³/h".as_bytes(), Ok(("m³/h", "UTF-8"))),
            (b"m\xb3/h \x80", Ok(("m³/h €", "Windows-1252 (Latin-1)"))),
            (b"\xff\xfem\0\xb3\0", Ok(("m³", "UTF-16"))),
            (b"\xfe\xff\0m\0\xb3", Ok(("m³", "UTF-16"))),
            (b"\xff\xfem", Err(())),
            (b"a\0b", Err(())),
        ];
        for (bytes, expected) in table {
            let found = decode(bytes);
            let found = found.as_ref().map(|(text, encoding)| (text.as_str(), *encoding)).map_err(|_| ());
            assert_eq!(found, *expected, "{bytes:?}");
        }
    }
}
