//! As much of Rhai's grammar as it takes to find a call's arguments in a text: what is a string, a comment, a bracket.

use std::ops::Range;

/// Offset in bytes of a line and column, both from 1, columns in characters.
pub(super) fn offset(text: &str, (line, column): (u32, u32)) -> Option<usize> {
    let (line, column) = (line.checked_sub(1)? as usize, column.checked_sub(1)? as usize);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(start..)?;
    let (at, _) = rest.char_indices().nth(column)?;
    (!rest[..at].contains('\n')).then_some(start + at)
}

/// String literals that are what a block or a closure gives, or what `throw` says: words for people, if anything is. With line
/// and column.
pub(super) fn said_literals(text: &str) -> Vec<(String, u32, u32)> {
    let (mut all, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let end = unit_end(text, at);
        let unit = &text[at..end];
        if let Some(inner) = unit.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            let before = text[..at].trim_end();
            let after = text[end..].trim_start().chars().next();
            let is_block = before.ends_with('{') && !before.ends_with("#{") && after == Some('}');
            let is_given = ["|", "=>", "throw"].iter().any(|sign| before.ends_with(sign));
            let ends = matches!(after, None | Some('}' | ')' | ',' | ';'));
            let is_plain = !inner.replace("\\\"", "").contains('\\');
            if (is_block || (is_given && ends)) && is_plain {
                let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
                let line = text[..at].matches('\n').count() as u32 + 1;
                all.push((inner.replace("\\\"", "\""), line, text[start..at].chars().count() as u32 + 1));
            }
        }
        at = end;
    }
    all
}

/// The end of what begins at `at`: a whole string, comment, raw string or template, or one character.
pub(super) fn unit_end(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    if rest.starts_with("//") {
        return rest.find('\n').map_or(text.len(), |end| at + end);
    }
    if rest.starts_with("/*") {
        return comment_end(text, at);
    }
    if let Some(end) = raw_string_end(text, at) {
        return end;
    }
    match rest.chars().next() {
        Some('"') => quoted_end(text, at, '"'),
        Some('\'') => quoted_end(text, at, '\''),
        Some('`') => template_end(text, at),
        Some(other) => at + other.len_utf8(),
        None => text.len(),
    }
}

/// Comments nest.
fn comment_end(text: &str, at: usize) -> usize {
    let (mut at, mut depth) = (at, 0usize);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// `#"..."#`, with any number of `#`.
fn raw_string_end(text: &str, at: usize) -> Option<usize> {
    let hashes = text[at..].chars().take_while(|c| *c == '#').count();
    let body = at + hashes;
    if hashes == 0 || !text[body..].starts_with('"') {
        return None;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    Some(text[body + 1..].find(&close).map_or(text.len(), |end| body + 1 + end + close.len()))
}

fn quoted_end(text: &str, at: usize, quote: char) -> usize {
    let mut escaped = false;
    for (index, c) in text[at..].char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + index + 1,
            _ => {}
        }
    }
    text.len()
}

/// Templates hold code in `${ }`.
fn template_end(text: &str, at: usize) -> usize {
    let mut at = at + 1;
    while at < text.len() {
        if text[at..].starts_with("${") {
            at = bracket_end(text, at + 1).unwrap_or(text.len());
        } else if text[at..].starts_with('`') {
            return at + 1;
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The end of the outermost statement in which an offset lies.
pub(super) fn statement_end(text: &str, within: usize) -> Option<usize> {
    let (mut at, mut depth) = (0, 0usize);
    while at < text.len() {
        let end = unit_end(text, at);
        let unit = &text[at..end];
        match unit {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 && at >= within && unit == ";" {
            return Some(end);
        }
        if depth == 0 && at >= within && unit == "}" {
            // The end of a loop or an `if`; not of a map or a closure, after which the call goes on.
            let rest = text[end..].trim_start();
            if !rest.starts_with([')', ',', ';', '.', ']']) && !rest.starts_with("else") {
                return Some(end);
            }
        }
        at = end;
    }
    None
}

/// The end of what is in the bracket that opens at `at`, the closing one included.
pub(super) fn bracket_end(text: &str, at: usize) -> Option<usize> {
    let (mut at, mut depth) = (at, 0usize);
    while at < text.len() {
        let end = unit_end(text, at);
        match &text[at..end] {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(end);
                }
            }
            _ => {}
        }
        at = end;
    }
    None
}

/// What stands between the commas of the bracket that opens at `at`, without the white space and comments around it.
pub(super) fn elements(text: &str, at: usize) -> Option<Vec<Range<usize>>> {
    let close = bracket_end(text, at)? - 1;
    let (mut all, mut from, mut walk) = (Vec::new(), at + 1, at + 1);
    while walk < close {
        let end = match &text[walk..unit_end(text, walk)] {
            "(" | "[" | "{" => bracket_end(text, walk)?,
            _ => unit_end(text, walk),
        };
        if &text[walk..end] == "," {
            all.push(bare(text, from..walk));
            from = end;
        }
        walk = end;
    }
    let last = bare(text, from..close);
    if !last.is_empty() {
        all.push(last);
    }
    Some(all)
}

/// Without white space and comments before and behind.
fn bare(text: &str, range: Range<usize>) -> Range<usize> {
    let (mut walk, mut span) = (range.start, None::<Range<usize>>);
    while walk < range.end {
        let end = unit_end(text, walk).min(range.end);
        let unit = &text[walk..end];
        if !unit.trim().is_empty() && !unit.starts_with("//") && !unit.starts_with("/*") {
            span = Some(span.map_or(walk, |span| span.start)..end);
        }
        walk = end;
    }
    span.unwrap_or(range.start..range.start)
}

/// A call: its name, where its bracket opens, and its arguments.
pub(super) struct Found {
    pub name: String,
    pub open: usize,
    pub arguments: Vec<Range<usize>>,
}

/// The call whose name, bracket or inside is at a place.
pub(super) fn call_at(text: &str, place: (u32, u32)) -> Option<Found> {
    let mut at = offset(text, place)?;
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    if text[at..].starts_with('(') {
        at = text[..at].trim_end().len().checked_sub(1)?;
    }
    let start =
        text[..at].rfind(|c| !is_name(c)).map_or(0, |before| before + text[before..].chars().next().map_or(1, char::len_utf8));
    let end = start + text[start..].find(|c| !is_name(c)).unwrap_or(0);
    let open = end + text[end..].find(|c: char| !c.is_whitespace())?;
    if end == start || !text[open..].starts_with('(') {
        return None;
    }
    Some(Found { name: text[start..end].to_owned(), open, arguments: elements(text, open)? })
}

/// Every comment with the line and column, from 1, at which it starts; comments in strings and templates are none.
pub(super) fn comments(text: &str) -> Vec<((u32, u32), &str)> {
    let mut all = Vec::new();
    let (mut at, mut line, mut line_start) = (0, 1, 0);
    while at < text.len() {
        let end = unit_end(text, at);
        let unit = &text[at..end];
        if unit.starts_with("//") || unit.starts_with("/*") {
            let column = text[line_start..at].chars().count() as u32 + 1;
            all.push(((line, column), unit));
        }
        if let Some(last) = unit.rfind('\n') {
            line += unit.matches('\n').count() as u32;
            line_start = at + last + 1;
        }
        at = end;
    }
    all
}
