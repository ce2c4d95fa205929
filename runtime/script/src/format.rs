//! Numbers as people read them.

/// A number with fixed digits and a space between thousands: `1 452.0`. `–` where it isn't finite.
/// At most 15 digits; never `-0.0`.
pub fn fixed(number: f64, digits: u8) -> String {
    if !number.is_finite() {
        return "–".to_owned();
    }
    if number.abs() >= 1e15 {
        return format!("{number:e}");
    }
    let plain = format!("{:.*}", usize::from(digits.min(15)), number);
    let unsigned = plain.strip_prefix('-').unwrap_or(&plain);
    let negative = plain.starts_with('-') && unsigned.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    let (whole, rest) = unsigned.split_at(unsigned.find('.').unwrap_or(unsigned.len()));
    let mut text = String::with_capacity(plain.len() + 4);
    if negative {
        text.push('-');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text.push_str(rest);
    text
}

/// A number as short as it can be without losing anything that people read: `3`, `0.25`, `1 452`.
pub fn tidy(number: f64) -> String {
    let text = fixed(number, 6);
    if !text.contains('.') || text.contains('e') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (number, digits, text) in [
            (1452.0, 0, "1 452"),
            (4.625, 2, "4.62"),
            (-0.04, 1, "0.0"),
            (-1234567.891, 1, "-1 234 567.9"),
            (999.96, 1, "1 000.0"),
            (f64::NAN, 1, "–"),
            (f64::NEG_INFINITY, 1, "–"),
            (1e300, 1, "1e300"),
            (0.5, 200, "0.500000000000000"),
        ] {
            assert_eq!(fixed(number, digits), text, "{number}");
        }
    }

    #[test]
    fn tidy_numbers_have_no_tail() {
        for (number, text) in [(3.0, "3"), (0.25, "0.25"), (1452.0, "1 452"), (100.0, "100"), (1e20, "1e20")] {
            assert_eq!(tidy(number), text);
        }
    }
}
