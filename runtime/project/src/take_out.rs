//! Takes tags or alarms out of a file and leaves everything else in it as it is, comments included.

use std::collections::HashSet;

use crate::csv_tags::is_comment;
use crate::csv_text::{Records, separator};
use crate::folder::{ProjectFile, Use};

/// What is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tag,
    Alarm,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Alarm => "alarm",
        }
    }
}

/// The file's text without these tags or alarms, and how many were found. Those in a list, `tag = [{ ... }]`, are not.
pub(crate) fn take_out(file: &ProjectFile, names: &HashSet<&str>, kind: Kind) -> (String, usize) {
    match file.used_for {
        Use::TagsCsv | Use::AlarmsCsv => out_of_csv(&file.text, names),
        _ => out_of_toml(&file.text, names, kind),
    }
}

fn out_of_csv(text: &str, names: &HashSet<&str>) -> (String, usize) {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut records = Records::new(text, start, separator(text));
    let (mut cells, mut broken) = (Vec::new(), Vec::new());
    let mut place: Option<usize> = None;
    let (mut out, mut kept, mut taken) = (String::with_capacity(text.len()), 0, 0);
    while let Some((at, end)) = records.next(&mut cells, &mut broken) {
        if is_comment(&cells) {
            continue;
        }
        let Some(place) = place else {
            place = Some(cells.iter().position(|cell| cell.text.trim().eq_ignore_ascii_case("name")).unwrap_or(0));
            continue;
        };
        if cells.get(place).is_some_and(|cell| names.contains(&*cell.text)) {
            out.push_str(&text[kept..at]);
            let line_end = text[end..].find('\n').map_or(text.len(), |next| end + next + 1);
            kept = line_end;
            taken += 1;
        }
    }
    out.push_str(&text[kept..]);
    (out, taken)
}

fn out_of_toml(text: &str, names: &HashSet<&str>, kind: Kind) -> (String, usize) {
    let (mut out, mut taken) = (String::with_capacity(text.len()), 0);
    let mut is_cut = false;
    let word = kind.word();
    let (one, part, parts) = (format!("[[{word}]]"), format!("[{word}."), format!("[[{word}."));
    for block in blocks(text) {
        let header = block.lines().next().unwrap_or_default().trim();
        let is_part = header.starts_with(&part) || header.starts_with(&parts);
        if !is_part {
            is_cut = header.starts_with(&one) && name_of(block, word).is_some_and(|name| names.contains(name.as_str()));
            taken += usize::from(is_cut);
        }
        if is_cut {
            // Comments at the end of a block belong to what comes after it.
            let body = block.trim_end_matches(['\n', '\r']);
            let mut lines: Vec<&str> =
                body.lines().rev().take_while(|line| line.trim().is_empty() || line.trim().starts_with('#')).collect();
            lines.reverse();
            let first = lines.iter().position(|line| !line.trim().is_empty()).unwrap_or(lines.len());
            lines[first..].iter().for_each(|line| out.extend([*line, "\n"]));
        } else {
            out.push_str(block);
        }
    }
    (out, taken)
}

/// The name of a `[[tag]]` or `[[alarm]]`, as TOML says it.
fn name_of(block: &str, word: &str) -> Option<String> {
    let table: toml::Table = block.parse().ok()?;
    let first = table.get(word)?.as_array()?.first()?;
    Some(first.get("name")?.as_str()?.to_owned())
}

/// The text, cut before each line that begins a table.
fn blocks(text: &str) -> Vec<&str> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let is_header = ["[[tag", "[tag.", "[[instance", "[instance.", "[[alarm", "[alarm."]
            .iter()
            .any(|header| line.trim_start().starts_with(header));
        if is_header && at > 0 {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| &text[start..end]).collect()
}
