//! What verbs print: this crate's `println!` and `eprintln!`, in the place of the standard ones.
//!
//! In:  text, some of it from devices, projects and other people. Out: the same on the terminal, without anything in it that
//! a terminal would obey.
//!
//! The standard macros panic when nobody reads any more (`plantroom tag list | head`) or the disk is full. These note it: a verb
//! does its work to the end and its exit code says what came of it, [`is_over`] ends the verbs that go on for ever, and output
//! that could not be written is told by [`failure`].

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

/// Why nothing is printed any more; set at most once.
static OVER: OnceLock<ErrorKind> = OnceLock::new();

/// A line on stdout.
macro_rules! println {
    () => { $crate::say::out(format_args!("")) };
    ($($part:tt)*) => { $crate::say::out(format_args!($($part)*)) };
}

/// A line on stderr.
macro_rules! eprintln {
    ($($part:tt)*) => { $crate::say::err(format_args!($($part)*)) };
}

/// Prints a line.
pub fn out(line: Arguments<'_>) {
    raw(format!("{}\n", plain(&line.to_string())).as_bytes());
}

/// Prints bytes as they are: what goes into a file and not to people.
pub fn raw(bytes: &[u8]) {
    if OVER.get().is_some() {
        return;
    }
    let mut stdout = io::stdout().lock();
    if let Err(error) = stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        // The first reason stands.
        let _ = OVER.set(error.kind());
    }
}

/// Prints a line on stderr; there is nobody to tell when that fails.
pub fn err(line: Arguments<'_>) {
    let _ = io::stderr().lock().write_all(format!("{}\n", plain(&line.to_string())).as_bytes());
}

/// Whether printing goes nowhere, so that a verb without an end of its own must end.
pub fn is_over() -> bool {
    OVER.get().is_some()
}

/// Why the output is not whole, unless its reader has had enough of it.
pub fn failure() -> Option<ErrorKind> {
    OVER.get().copied().filter(|kind| *kind != ErrorKind::BrokenPipe)
}

/// A field of a table: a text that would begin a line of its own can't.
pub fn field(text: &str) -> String {
    shown(text, |c| !obeyed(c))
}

/// Text with everything spelled out that a terminal would obey, or that would turn the order of letters around.
fn plain(text: &str) -> String {
    shown(text, |c| matches!(c, '\n' | '\t') || !obeyed(c))
}

fn shown(text: &str, is_plain: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_plain(c) { out.push(c) } else { out.extend(c.escape_unicode()) }
    }
    out
}

fn obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_printed() {
        for (text, told) in [
            ("µg/l Ωμέγα 水\tx\ny", "µg/l Ωμέγα 水\tx\ny"),
            ("\u{1b}[2J\u{1b}]0;title\u{7}", "\\u{1b}[2J\\u{1b}]0;title\\u{7}"),
            ("a\rb\u{8}\u{7f}\u{9b}31m", "a\\u{d}b\\u{8}\\u{7f}\\u{9b}31m"),
            ("\u{202e}drawkcab", "\\u{202e}drawkcab"),
        ] {
            assert_eq!(plain(text), told);
        }
        assert_eq!(field("one\ntwo"), "one\\u{a}two");
    }
}
