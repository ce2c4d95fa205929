//! Parses TOML; a syntax error costs its own line, not the file.
//!
//! Where a file has syntax errors, it is cut into blocks at its headers (`[scan]`, `[[tag]]`). In each block the line
//! with the first error is told and blanked, until the block parses; then the rest of the file is read as if those
//! lines weren't there. So an unclosed bracket doesn't swallow the tags after it.
//!
//! A long file that is one list of tables (`[[alarm]]` a hundred thousand times) is parsed in pieces between two of its
//! tables: the same tree, while the parser's own one stays small enough for the processor's caches.

use std::ops::Range;

use toml::de::DeTable;

use crate::report::{Report, Spot};
use crate::sources::byte;
use crate::tree::{Entries, Entry, Item, Raw, from_toml};

/// Most syntax errors told of one block; the rest of the block is skipped.
const PER_BLOCK: usize = 8;
/// Most syntax errors told of one file; the rest of the file is skipped.
const PER_FILE: usize = 100;

/// Files of at least two of these are read in pieces of this length, in bytes.
const PIECE_BYTES: usize = 128 << 10;

/// The tree of a TOML text; syntax errors go to the report. `source` is the file as a whole.
pub(crate) fn parse(text: &str, source: u32, report: &mut Report) -> Entries {
    if let Some(entries) = in_pieces(text, source, PIECE_BYTES) {
        return entries;
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return from_toml(table.get_ref(), source);
    }
    drop(table);
    let mut mended = text.as_bytes().to_vec();
    let mut damaged_blocks: Vec<Range<usize>> = Vec::new();
    let mut told = 0;
    let blocks = blocks(text);
    for (index, block) in blocks.iter().enumerate() {
        if told >= PER_FILE {
            blank(&mut mended, block.start..text.len());
            break;
        }
        let found = mend_block(text, block, &mut mended, source, report);
        told += found;
        if found > 0 {
            damaged_blocks.push(block.clone());
            // A lost `[tag.write]` makes its `[[tag]]` look incomplete.
            damaged_blocks.extend(blocks[..index].iter().rev().find(|before| !is_part(&text[(*before).clone()])).cloned());
        }
    }
    let mended = String::from_utf8(mended).unwrap_or_default();
    let (table, errors) = DeTable::parse_recoverable(&mended);
    for error in errors.iter().take(PER_FILE) {
        let span = error.span().unwrap_or(0..0);
        let (message, help) = words(error.message(), mended.get(span.clone()).unwrap_or(""));
        report.error(Spot::new(byte(source, span.start)), message, help);
    }
    let tree = from_toml(table.get_ref(), source);
    let damaged = damaged_blocks.iter().map(|block| report.sources.place(byte(source, block.start)).1.0).collect();
    if let Some(source) = report.sources.of_mut(source) {
        source.damaged = damaged;
    }
    tree
}

/// The tree of a long text that is one list of tables and has no mistakes; `None` of any other, which is then read as a whole.
fn in_pieces(text: &str, source: u32, piece_bytes: usize) -> Option<Entries> {
    if text.len() < 2 * piece_bytes {
        return None;
    }
    let mut all: Option<Entry> = None;
    for piece in pieces(text, piece_bytes)? {
        let (table, errors) = DeTable::parse_recoverable(&text[piece.clone()]);
        let mut entries = if errors.is_empty() { from_toml(table.get_ref(), moved(source, piece.start)) } else { return None };
        let (Some(entry), true) = (entries.pop(), entries.is_empty()) else { return None };
        match (&mut all, entry) {
            (None, entry) => all = Some(entry),
            (
                Some(Entry { item: Item { raw: Raw::List(items), .. }, .. }),
                Entry { item: Item { raw: Raw::List(more), .. }, .. },
            ) => {
                items.extend(more);
            }
            _ => return None,
        }
    }
    all.map(|entry| vec![entry])
}

/// A text whose headers are all of one list, cut before some of its `[[name]]`; `None` where there are others.
fn pieces(text: &str, piece_bytes: usize) -> Option<Vec<Range<usize>>> {
    let mut lines = text.split_inclusive('\n');
    let is_filler = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let first = lines.find(|line| !is_filler(line))?.trim_end();
    let name = first.strip_prefix("[[")?.strip_suffix("]]")?;
    let is_bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let (table, list) = (format!("[{name}."), format!("[[{name}."));
    let (mut starts, mut at, mut is_first) = (vec![0], 0, true);
    for line in text.split_inclusive('\n') {
        // A part of a longer value may begin so too: then it isn't a header, and a piece of it isn't TOML.
        if line.starts_with('[') {
            let is_one = line.trim_end() == first;
            if !is_one && !line.starts_with(&table) && !line.starts_with(&list) {
                return None;
            }
            if is_one && !is_first && starts.last().is_some_and(|start| at - start >= piece_bytes) {
                starts.push(at);
            }
            is_first &= !is_one;
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain(std::iter::once(text.len()));
    is_bare.then(|| starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect())
}

/// The place from which a piece of a file counts its bytes.
fn moved(source: u32, by: usize) -> u32 {
    source.saturating_add(u32::try_from(by).unwrap_or(u32::MAX))
}

/// Tells and blanks what doesn't parse in one block; returns how much that was.
fn mend_block(text: &str, block: &Range<usize>, mended: &mut [u8], source: u32, report: &mut Report) -> usize {
    for told in 0..=PER_BLOCK {
        let Ok(now) = std::str::from_utf8(&mended[block.clone()]) else { return told };
        let (_, errors) = DeTable::parse_recoverable(now);
        let first = errors.iter().filter_map(|error| Some((error.span()?, error.message()))).min_by_key(|(span, _)| span.start);
        let Some((span, message)) = first else { return told };
        let at = span.start.min(now.len());
        let start = if span.is_empty() && (message.contains("comma") || at == now.len()) { step_back(now, at) } else { at };
        let (start, lost) = if message.contains("multi-line") {
            let opened = now[..start].rfind("\"\"\"").max(now[..start].rfind("'''")).unwrap_or(start);
            (opened, line_of(now, opened).start..now.len())
        } else {
            (start, line_of(now, start))
        };
        let (message, help) = words(message, now.get(span).unwrap_or(""));
        let spot = Spot::new(byte(source, block.start + start));
        let in_header = lost.start == 0 && text[block.clone()].trim_start().starts_with('[');
        let lost = if in_header || told == PER_BLOCK { lost.start..now.len() } else { lost };
        report.error(spot, message, help);
        blank(&mut mended[block.clone()], lost);
    }
    PER_BLOCK
}

/// An error that is found at the start of a line belongs to the end of what came before.
fn step_back(text: &str, at: usize) -> usize {
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let before = text[..at].trim_end();
    if text[before.len()..at].contains('\n') || at == text.len() { before.len() } else { at }
}

fn line_of(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    start..end
}

fn blank(bytes: &mut [u8], range: Range<usize>) {
    for byte in &mut bytes[range] {
        if !matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

/// The text, cut before every line that looks like a header.
fn blocks(text: &str) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let word = line.trim_start().strip_prefix('[').map(|rest| rest.trim_start_matches('[').trim_start());
        let named = word.and_then(|word| word.chars().next()).is_some_and(|first| first.is_ascii_alphabetic() || first == '"');
        let is_header = named && !line.trim_end().ends_with(',') && !line.contains(", ");
        if is_header && at > 0 {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain(std::iter::once(text.len()));
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

/// Whether a block's header names a part of another table: `[tag.write]`.
fn is_part(block: &str) -> bool {
    block.lines().next().is_some_and(|header| header.contains('.'))
}

/// The parser's message for people who have never read the TOML standard.
fn words(message: &str, found: &str) -> (String, String) {
    let found = found.trim();
    let said = |message: &str, help: &str| (message.to_owned(), help.to_owned());
    match message {
        m if m.starts_with("duplicate key") => (format!("`{found}` is given twice"), "keep one of the two".to_owned()),
        m if m.starts_with("string values must be quoted") && found.is_empty() => {
            said("this key has no value", "write key = value")
        }
        m if m.starts_with("string values must be quoted") => {
            (format!("the text `{found}` has no quotes"), format!("write \"{found}\""))
        }
        m if m.starts_with("invalid basic string") => said("this text has no closing quote", "end it with \""),
        m if m.starts_with("invalid literal string") => said("this text has no closing quote", "end it with '"),
        m if m.contains("multi-line") => said("this text is never closed", "end it with the same three quotes"),
        m if m.starts_with("missing comma between array") => said("this list has no comma or closing bracket here", "add , or ]"),
        m if m.starts_with("unclosed array") => said("this list has no closing bracket", "add ]"),
        m if m.starts_with("unclosed inline table") => said("this table has no closing brace", "add }"),
        m if m.starts_with("unclosed table") => said("this header has no closing bracket", "add ]"),
        m if m.starts_with("key with no value") => said("this key has no value", "write key = value"),
        m => (format!("this is not TOML: {m}"), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Entries {
        let (table, errors) = DeTable::parse_recoverable(text);
        assert!(errors.is_empty(), "{errors:?}");
        from_toml(table.get_ref(), 7)
    }

    #[test]
    fn a_long_list_gives_the_same_tree_in_pieces() {
        let one = |n: u32| {
            format!(
                "[[alarm]]\nname = \"ä/{n}\"\nhigh = {n}.5\n[alarm.limits]\nhigh = {{ at = {n} }}\n[[alarm.part]]\nx = [\n  1,\n]\n\
                 note = \"\"\"\n  [[no header]]\n\"\"\"\n\n"
            )
        };
        let text: String = std::iter::once("# A list.\n\n".to_owned()).chain((0..50).map(one)).collect();
        for bytes in [1, 100, 1_000] {
            assert!(pieces(&text, bytes).is_some_and(|pieces| pieces.len() > 3));
            assert_eq!(in_pieces(&text, 7, bytes).as_ref(), Some(&whole(&text)), "pieces of {bytes}");
        }
        assert_eq!(in_pieces(&text, 7, text.len()), None, "it is short");
    }

    #[test]
    fn what_is_no_plain_list_is_read_as_a_whole() {
        let list = "[[a]]\nx = 1\n".repeat(20);
        let some = in_pieces(&list, 7, 20);
        assert_eq!(some.as_ref(), Some(&whole(&list)));
        for other in [
            format!("y = 1\n{list}"),
            format!("{list}[b]\nx = 1\n"),
            format!("{list}[[b]]\nx = 1\n"),
            format!("{list}[[a]]\nx = \n"),
            format!("{list}[[a]]\nx = \"\"\"\n[[a]]\nx = 1\n{list}\"\"\"\n"),
            format!("{list}[[a]]\nx = [\n[1],\n]\n"),
            format!("[[\"a b\"]]\nx = 1\n{list}"),
        ] {
            assert_eq!(in_pieces(&other, 7, 20), None, "{other}");
        }
    }
}
