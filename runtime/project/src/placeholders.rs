//! `{base+2}`, `{connection}`, `{name}` in the texts of a type.

use std::collections::BTreeMap;

use crate::tree::{Entry, Item, Raw};

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Parameter {
    /// A whole number: the only kind that can be added to.
    Whole(i64),
    /// Anything else, as it goes into a text.
    Text(String),
    /// Of a CSV cell or another type's parameters: a text that may be a whole number.
    Loose(String),
}

impl Parameter {
    /// A scalar as a parameter's value; `None` for what is none.
    pub fn of(item: &Item) -> Option<Self> {
        match &item.raw {
            Raw::Whole(number) => i64::try_from(*number).ok().map(Self::Whole),
            Raw::Number(number) => Some(Self::Text(number.to_string())),
            Raw::Flag(flag) => Some(Self::Text(flag.to_string())),
            Raw::Text(text) => Some(Self::Text(text.clone())),
            Raw::Loose(text) => Some(Self::Loose(text.clone())),
            _ => None,
        }
    }

    /// The whole number that it is.
    pub fn whole(&self) -> Option<i64> {
        match self {
            Self::Whole(number) => Some(*number),
            Self::Loose(text) => text.trim().parse().ok(),
            Self::Text(_) => None,
        }
    }
}

/// What is wrong with a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// No parameter of that name.
    Unknown(String),
    /// `{base+2}` where base is no whole number.
    NotWhole(String),
    /// The sum doesn't fit into 64 bits.
    Overflow(String),
    /// Not of the form `{name}`, `{name+1}`, `{name-1}`.
    Form(String),
}

/// Parameters by name; `None` as value stands for one that is only known in an instance.
pub(crate) type Parameters = BTreeMap<String, Option<Parameter>>;

/// Marks every text that has placeholders as open, so that the checks of a type let it pass.
pub(crate) fn open(item: &mut Item) {
    match &mut item.raw {
        Raw::Text(text) if text.contains(['{', '}']) => item.raw = Raw::Open(std::mem::take(text)),
        Raw::List(items) => items.iter_mut().for_each(open),
        Raw::Table(entries) => entries.iter_mut().for_each(|entry| open(&mut entry.item)),
        _ => {}
    }
}

/// Fills in every open text; troubles come with their place.
pub(crate) fn fill(item: &Item, parameters: &Parameters, troubles: &mut Vec<(u32, Trouble)>) -> Item {
    let raw = match &item.raw {
        Raw::Open(text) => match fill_text(text, parameters) {
            Ok(Some(text)) => Raw::Loose(text),
            Ok(None) => Raw::Open(text.clone()),
            Err(trouble) => {
                troubles.push((item.at, trouble));
                Raw::Open(text.clone())
            }
        },
        Raw::List(items) => Raw::List(items.iter().map(|item| fill(item, parameters, troubles)).collect()),
        Raw::Table(entries) => Raw::Table(
            entries
                .iter()
                .map(|entry| Entry { key: entry.key.clone(), at: entry.at, item: fill(&entry.item, parameters, troubles) })
                .collect(),
        ),
        other => other.clone(),
    };
    Item { raw, at: item.at }
}

/// Fills in one text; `{{` and `}}` are braces. `None` where a value is only known in an instance.
pub(crate) fn fill_text(text: &str, parameters: &Parameters) -> Result<Option<String>, Trouble> {
    let mut out = String::with_capacity(text.len());
    let mut complete = true;
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix(brace) {
            out.push_str(brace);
            rest = after;
            continue;
        }
        let end = after.find('}').filter(|_| brace == "{").ok_or_else(|| Trouble::Form(rest[at..].to_owned()))?;
        match value_of(&after[..end], parameters)? {
            Some(value) => out.push_str(&value),
            None => complete = false,
        }
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok(complete.then_some(out))
}

/// The value of `base+2`.
fn value_of(expression: &str, parameters: &Parameters) -> Result<Option<String>, Trouble> {
    let expression = expression.trim();
    let name_end = expression.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(expression.len());
    let (name, mut rest) = expression.split_at(name_end);
    if name.is_empty() {
        return Err(Trouble::Form(format!("{{{expression}}}")));
    }
    let parameter = parameters.get(name).ok_or_else(|| Trouble::Unknown(name.to_owned()))?;
    rest = rest.trim_start();
    if rest.is_empty() {
        return Ok(parameter.as_ref().map(|parameter| match parameter {
            Parameter::Whole(number) => number.to_string(),
            Parameter::Text(text) | Parameter::Loose(text) => text.clone(),
        }));
    }
    let mut sum = match parameter {
        Some(parameter) => parameter.whole().ok_or_else(|| Trouble::NotWhole(name.to_owned()))?,
        None => 0,
    };
    while !rest.is_empty() {
        let form = || Trouble::Form(format!("{{{expression}}}"));
        let sign = if rest.starts_with('+') { 1_i64 } else { -1 };
        let digits = rest.strip_prefix(['+', '-']).ok_or_else(form)?.trim_start();
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let number: i64 = digits[..end].parse().map_err(|_| form())?;
        sum = sum.checked_add(sign * number).ok_or_else(|| Trouble::Overflow(format!("{{{expression}}}")))?;
        rest = digits[end..].trim_start();
    }
    Ok(parameter.as_ref().map(|_| sum.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<Option<&str>, Trouble>) {
        let parameters: Parameters = [
            ("base".to_owned(), Some(Parameter::Whole(100))),
            ("top".to_owned(), Some(Parameter::Whole(i64::MAX))),
            ("link".to_owned(), Some(Parameter::Text("plc".to_owned()))),
            ("later".to_owned(), None),
        ]
        .into();
        assert_eq!(fill_text(text, &parameters), expected.map(|text| text.map(str::to_owned)), "{text}");
    }

    #[test]
    fn placeholders_are_filled_in() {
        check("holding {base}", Ok(Some("holding 100")));
        check("holding {base+2} f32", Ok(Some("holding 102 f32")));
        check("{ base - 3 + 1 }", Ok(Some("98")));
        check("{link}/{base}", Ok(Some("plc/100")));
        check("a {{b}} c", Ok(Some("a {b} c")));
        check("{later+1}", Ok(None));
        check("", Ok(Some("")));
    }

    #[test]
    fn a_wrong_placeholder_is_told() {
        check("{bse}", Err(Trouble::Unknown("bse".to_owned())));
        check("{link+1}", Err(Trouble::NotWhole("link".to_owned())));
        check("{top+1}", Err(Trouble::Overflow("{top+1}".to_owned())));
        for text in ["{base", "base}", "{}", "{base*2}", "{base+}", "{base+99999999999999999999}"] {
            assert!(
                matches!(fill_text(text, &[("base".to_owned(), Some(Parameter::Whole(1)))].into()), Err(Trouble::Form(_))),
                "{text}"
            );
        }
    }
}
