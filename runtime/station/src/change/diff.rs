//! The difference of two project texts, as engineers read it.

use std::collections::BTreeSet;
use std::time::Duration;

use similar::{Algorithm, TextDiff};

use super::text::ProjectText;

/// Longest difference that is kept, in bytes; the rest is cut, and said to be.
pub const DIFF_BYTES: usize = 256 << 10;
/// Largest file that is compared line by line, in bytes; of larger ones only sizes are told.
const FILE_BYTES: usize = 2 << 20;
/// How long one file may take. Then the difference is rougher, and still right.
const FILE_TIME: Duration = Duration::from_millis(200);

/// What `diff -u` would show, file by file; bounded.
pub fn diff(before: &ProjectText, after: &ProjectText) -> String {
    let paths: BTreeSet<&String> = before.files.keys().chain(after.files.keys()).collect();
    let mut out = String::new();
    for path in paths {
        let (old, new) = (before.files.get(path), after.files.get(path));
        if old == new {
            continue;
        }
        out.push_str(&of_file(path, old.map(Vec::as_slice), new.map(Vec::as_slice)));
        if out.len() > DIFF_BYTES {
            out.truncate(out.floor_char_boundary(DIFF_BYTES));
            out.push_str("\n... cut: the whole difference is longer\n");
            break;
        }
    }
    out
}

fn of_file(path: &str, old: Option<&[u8]>, new: Option<&[u8]>) -> String {
    let (old_name, new_name) = (old.map_or("/dev/null", |_| path), new.map_or("/dev/null", |_| path));
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    let texts = (std::str::from_utf8(old), std::str::from_utf8(new));
    let (Ok(old_text), Ok(new_text)) = texts else { return sizes(old_name, new_name, old.len(), new.len()) };
    if old.len().max(new.len()) > FILE_BYTES {
        return sizes(old_name, new_name, old.len(), new.len());
    }
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).timeout(FILE_TIME).diff_lines(old_text, new_text);
    diff.unified_diff().context_radius(2).header(old_name, new_name).to_string()
}

fn sizes(old_name: &str, new_name: &str, old: usize, new: usize) -> String {
    format!("--- {old_name}\n+++ {new_name}\n({old} bytes before, {new} bytes after; not shown)\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &[(&str, &str)], after: &[(&str, &str)], wanted: &[&str]) {
        let text = |files: &[(&str, &str)]| ProjectText {
            files: files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect(),
        };
        let diff = diff(&text(before), &text(after));
        for words in wanted {
            assert!(diff.contains(words), "{words:?} is not in\n{diff}");
        }
        assert_eq!(diff.is_empty(), wanted.is_empty(), "{diff}");
    }

    #[test]
    fn every_kind_of_difference_is_shown() {
        check(&[("a", "1\n")], &[("a", "1\n")], &[]);
        check(&[("a", "1\n2\n")], &[("a", "1\n3\n")], &["--- a\n+++ a\n", "\n-2\n+3\n"]);
        check(&[], &[("a", "1\n")], &["--- /dev/null\n+++ a\n", "+1\n"]);
        check(&[("a", "1\n")], &[], &["--- a\n+++ /dev/null\n", "-1\n"]);
        let large = "x\n".repeat(FILE_BYTES);
        check(&[("a", "")], &[("a", &large)], &["not shown"]);
    }

    #[test]
    fn a_long_difference_is_cut_and_says_so() {
        let lines: String = (0..100_000).map(|n| format!("line {n}\n")).collect();
        let text = ProjectText { files: [("a".to_owned(), lines.into_bytes())].into() };
        let diff = diff(&ProjectText::default(), &text);
        assert!(diff.len() < DIFF_BYTES + 100 && diff.contains("... cut"), "{} bytes", diff.len());
    }
}
