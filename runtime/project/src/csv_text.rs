//! Cells of a CSV text, each with its place. Not the csv crate: it can't say where a cell stands, and takes everything
//! after a quote that is never closed for one cell.

use std::borrow::Cow;

/// Most lines of one quoted cell; a quote that isn't closed by then never will be.
const CELL_LINES: usize = 20;

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell<'a> {
    /// Its text: without quotes, and without spaces around it where it had none.
    pub text: Cow<'a, str>,
    /// Byte offset at which it starts, its quote included.
    pub at: usize,
    /// It stands in quotes.
    pub quoted: bool,
}

/// What is wrong with the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// A quote is opened here and never closed.
    Unclosed(usize),
    /// There is text between a closing quote and the next separator.
    AfterQuote(usize),
}

/// Reads records one after the other.
#[derive(Debug)]
pub(crate) struct Records<'a> {
    text: &'a str,
    at: usize,
    separator: u8,
}

impl<'a> Records<'a> {
    /// From a byte offset on.
    pub fn new(text: &'a str, at: usize, separator: u8) -> Self {
        Self { text, at, separator }
    }

    /// The next record into `cells`: where it starts and ends, in bytes, without the end of its line. `None` at the end.
    pub fn next(&mut self, cells: &mut Vec<Cell<'a>>, broken: &mut Vec<Broken>) -> Option<(usize, usize)> {
        cells.clear();
        if self.at >= self.text.len() {
            return None;
        }
        let start = self.at;
        loop {
            let (cell, end) = self.cell(broken);
            cells.push(cell);
            let next = self.text.as_bytes().get(end).copied();
            self.at = end + 1;
            if next != Some(self.separator) {
                if next == Some(b'\r') && self.text.as_bytes().get(end + 1) == Some(&b'\n') {
                    self.at += 1;
                }
                return Some((start, end));
            }
        }
    }

    /// The cell that starts here, and where what ends it stands.
    fn cell(&self, broken: &mut Vec<Broken>) -> (Cell<'a>, usize) {
        let rest = &self.text[self.at..];
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        let at = self.at + spaces;
        if self.text.as_bytes().get(at) == Some(&b'"') {
            match self.quoted(at) {
                Some((text, after)) => {
                    let end = self.end_of_plain(after);
                    if !self.text[after..end].trim().is_empty() {
                        broken.push(Broken::AfterQuote(after));
                    }
                    return (Cell { text: unguarded(text), at, quoted: true }, end);
                }
                None => {
                    broken.push(Broken::Unclosed(at));
                    let end = at + self.text[at..].find(['\n', '\r']).unwrap_or(self.text.len() - at);
                    return (Cell { text: Cow::Borrowed(self.text[at + 1..end].trim()), at, quoted: false }, end);
                }
            }
        }
        let end = self.end_of_plain(self.at);
        let at = at.min(end);
        (Cell { text: unguarded(Cow::Borrowed(self.text[at..end].trim())), at, quoted: false }, end)
    }

    fn end_of_plain(&self, from: usize) -> usize {
        let bytes = &self.text.as_bytes()[from..];
        let ends = |byte: &u8| *byte == self.separator || matches!(byte, b'\n' | b'\r');
        from + bytes.iter().position(ends).unwrap_or(bytes.len())
    }

    /// The text of a quoted cell, and where it goes on after the closing quote.
    fn quoted(&self, at: usize) -> Option<(Cow<'a, str>, usize)> {
        let bytes = self.text.as_bytes();
        let (mut lines, mut doubled, mut next) = (0, false, at + 1);
        loop {
            match bytes.get(next)? {
                b'"' if bytes.get(next + 1) == Some(&b'"') => {
                    doubled = true;
                    next += 2;
                }
                b'"' => break,
                byte => {
                    lines += usize::from(*byte == b'\n');
                    next += 1;
                }
            }
            if lines >= CELL_LINES {
                return None;
            }
        }
        // `"b` on one line and `"d"` on the next are two cells of which one was never closed, and not one of two lines.
        let follows = bytes.get(next + 1).copied();
        if lines > 0 && !matches!(follows, None | Some(b'\n' | b'\r')) && follows != Some(self.separator) {
            return None;
        }
        let inner = &self.text[at + 1..next];
        let text = if doubled { Cow::Owned(inner.replace("\"\"", "\"")) } else { Cow::Borrowed(inner) };
        Some((text, next + 1))
    }
}

/// Which separator a file has, by its header line: spreadsheets of half of Europe write semicolons.
pub(crate) fn separator(text: &str) -> u8 {
    let says = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let header = text.trim_start_matches('\u{feff}').lines().find(says).unwrap_or_default();
    let count = |separator: char| header.matches(separator).count();
    let (commas, semicolons, tabs) = (count(','), count(';'), count('\t'));
    if semicolons > commas && semicolons >= tabs {
        b';'
    } else if tabs > commas {
        b'\t'
    } else {
        b','
    }
}

/// What a spreadsheet takes for the beginning of a formula, and would run; or, for one that is written, our own guard.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Whether an apostrophe must stand before a text, so that a spreadsheet shows it and doesn't run it. Numbers need none.
fn needs_guard(text: &str) -> bool {
    let after = text.trim_start_matches('\'');
    let is_formula = after.starts_with(FORMULA);
    if text.len() > after.len() { is_formula } else { is_formula && text.trim().parse::<f64>().is_err() }
}

/// The text without that apostrophe.
fn unguarded(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.strip_prefix('\'') {
        Some(rest) if needs_guard(rest) => match text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[1..]),
            Cow::Owned(text) => Cow::Owned(text[1..].to_owned()),
        },
        _ => text,
    }
}

/// A cell as it is written: in quotes where it needs them, behind an apostrophe where it would be a formula. `None` is an
/// empty cell; an empty text stands in quotes.
pub(crate) fn write_cell(out: &mut String, cell: Option<&str>, separator: char) {
    let Some(text) = cell else { return };
    let guarded = if needs_guard(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) };
    let text = &*guarded;
    let needs_quotes = text.is_empty()
        || text.contains(['"', '\n', '\r', '\t', ';', ',', separator])
        || text.starts_with([' ', '#'])
        || text.ends_with(' ')
        || text.trim() != text;
    if needs_quotes {
        out.push('"');
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&[&str]], troubles: &[Broken]) {
        let mut records = Records::new(text, 0, separator(text));
        let (mut cells, mut broken, mut found) = (Vec::new(), Vec::new(), Vec::new());
        while records.next(&mut cells, &mut broken).is_some() {
            found.push(cells.iter().map(|cell| cell.text.to_string()).collect::<Vec<_>>());
        }
        assert_eq!(found, expected, "{text:?}");
        assert_eq!(broken, troubles, "{text:?}");
    }

    #[test]
    fn cells_are_found_whatever_wrote_them() {
        check("a,b\r\n1,2\r\n", &[&["a", "b"], &["1", "2"]], &[]);
        check("a;b\n1,5;2", &[&["a", "b"], &["1,5", "2"]], &[]);
        check("a\tb\n1\t", &[&["a", "b"], &["1", ""]], &[]);
        check("a,b\n\"x, \"\"y\"\"\", z ", &[&["a", "b"], &["x, \"y\"", "z"]], &[]);
        check("a,b\n\"two\nlines\",2\n3,4", &[&["a", "b"], &["two\nlines", "2"], &["3", "4"]], &[]);
        check("a\n\n\"\"", &[&["a"], &[""], &[""]], &[]);
        check("", &[], &[]);
    }

    #[test]
    fn a_quote_that_is_not_closed_costs_its_line_only() {
        check("a,b\n\"x,2\n3,\"4\"\n", &[&["a", "b"], &["x,2"], &["3", "4"]], &[Broken::Unclosed(4)]);
        check("a,b\n1,\"x\n3,4", &[&["a", "b"], &["1", "x"], &["3", "4"]], &[Broken::Unclosed(6)]);
        check("a,b\n\"x\"y,2\n", &[&["a", "b"], &["x", "2"]], &[Broken::AfterQuote(7)]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let plain = ["", " a", "a\"b", "x;y", "x,y", "1\t2", "two\nlines", "#no", "plain", "\u{a0}x", "'", "'x", "''"];
        let formulas = ["=1+1", "+x", "-x", "@x", "\tx", "'=1", "''=1", "-", "=\"a\",b", "-1=off|0=on", "-5", "+1.5e3", "'-5"];
        for text in plain.into_iter().chain(formulas) {
            let mut out = "first,".to_owned();
            write_cell(&mut out, Some(text), ',');
            let mut cells = Vec::new();
            Records::new(&out, 0, b',').next(&mut cells, &mut Vec::new());
            assert_eq!(cells[1].text, text, "{out:?}");
        }
    }

    #[test]
    fn no_text_is_a_formula_for_a_spreadsheet_and_numbers_stay_numbers() {
        for (text, expected) in [
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("@SUM(1)", "'@SUM(1)"),
            ("+49 30", "'+49 30"),
            ("-1=off", "'-1=off"),
            ("=a,b", "\"'=a,b\""),
            ("\t=1", "\"'\t=1\""),
            ("-5", "-5"),
            ("-1.5e-3", "-1.5e-3"),
            ("a=b", "a=b"),
            ("'quoted'", "'quoted'"),
            ("'=1", "''=1"),
        ] {
            let mut out = String::new();
            write_cell(&mut out, Some(text), ',');
            assert_eq!(out, expected, "{text:?}");
        }
    }
}
