//! What to do about a mistake, said of a spreadsheet's columns instead of a TOML file's keys.

use crate::csv_columns::COLUMNS;

/// Advice for a line of a list: `write range = [0, 5]` becomes `write 0 in the column range_low and 5 in range_high`.
pub(crate) fn in_columns(help: &str) -> String {
    if let Some(rest) = help.strip_prefix("add parameters = { ")
        && let Some((name, _)) = rest.split_once(' ')
    {
        return format!("add a column `{name}`, or fill its cell in this line");
    }
    let (mut said, mut rest) = (String::new(), help);
    while let Some(sign) = rest.find(" = ") {
        let start = rest[..sign].rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
        let (key, value) = (&rest[start..sign], &rest[sign + 3..]);
        let end = value_end(value);
        let (value, after) = (&value[..end], &value[end..]);
        match in_cells(key, value) {
            Some(words) => {
                said.push_str(&rest[..start]);
                said.push_str(&words);
            }
            None => said.push_str(&rest[..sign + 3 + end]),
        }
        rest = after;
    }
    said + rest
}

/// `KEY = VALUE` as cells; `None` where there is no such column.
fn in_cells(key: &str, value: &str) -> Option<String> {
    let column = COLUMNS.iter().find(|column| column.path.last() == Some(&key))?;
    let plain = value.trim().trim_matches('"');
    if column.part.is_some() {
        let (low, high) = plain.strip_prefix('[')?.strip_suffix(']')?.split_once(',')?;
        let ends = COLUMNS.iter().filter(|other| other.path == column.path && other.part.is_some());
        let mut names = ends.map(|end| end.name);
        return Some(format!("{} in the column {} and {} in {}", low.trim(), names.next()?, high.trim(), names.next()?));
    }
    let cell = match plain.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(pairs) => {
            pairs.split(',').map(|pair| pair.replace(" = ", "=").replace('"', "").trim().to_owned()).collect::<Vec<_>>().join("|")
        }
        None => plain.to_owned(),
    };
    Some(format!("{cell} in the column {}", column.name))
}

/// Where the value ends with which a text begins.
fn value_end(text: &str) -> usize {
    let close = |sign: char| text[1..].find(sign).map_or(text.len(), |at| at + 2);
    match text.chars().next() {
        Some('[') => close(']'),
        Some('{') => close('}'),
        Some('"') => close('"'),
        _ => {
            let ends = [", ", "; ", ": ", " or "].iter().filter_map(|sign| text.find(sign));
            ends.min().unwrap_or(text.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_columns() {
        for (help, wanted) in [
            ("write range = [0, 5]", "write 0 in the column range_low and 5 in range_high"),
            ("add kind = \"float\": what it holds", "add float in the column kind: what it holds"),
            (
                "write for example states = { 0 = \"stopped\", 1 = \"running\" }",
                "write for example 0=stopped|1=running in the column states",
            ),
            ("add parameters = { base = ... }", "add a column `base`, or fill its cell in this line"),
            (
                "name a tag that shows the same value, or set no_feedback = true",
                "name a tag that shows the same value, or set true in the column no_feedback",
            ),
            ("write it without quotes: decimals = 2", "write it without quotes: 2 in the column decimals"),
            ("use starts = true or hours = true", "use true in the column total_starts or true in the column total_hours"),
            ("did you mean `kind`?", "did you mean `kind`?"),
            ("", ""),
            ("x = ", "x = "),
        ] {
            assert_eq!(in_columns(help), wanted, "{help}");
        }
        // Half a value breaks nothing.
        for help in ["memory = \"", "memory = [", "states = {", " = ", "range = [1]", "range = 5"] {
            assert!(!in_columns(help).is_empty(), "{help}");
        }
    }
}
