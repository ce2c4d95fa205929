//! Where diagnostics are gathered, and how a place in a file is named.

use std::collections::HashSet;
use std::sync::Arc;

use plantroom_model::{Diagnostic, Severity, nearest};

use crate::csv_words::in_columns;
use crate::sources::Sources;

/// Made by an instance of a type: where the instance stands.
#[derive(Clone, Debug)]
pub(crate) struct MadeBy {
    /// Where the instance stands.
    pub spot: Spot,
    /// Name of the instance.
    pub instance: Arc<str>,
    /// Name of the type.
    pub of_type: Arc<str>,
    /// What the instance itself says of its tags stands between these two places, not in the type.
    pub own: (u32, u32),
}

/// A place in a file, and the instance through which it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Spot {
    /// Place in the run of all files one after the other: see [`Sources`].
    pub at: u32,
    /// Place in [`Report::made_by`]; [`Spot::NOBODY`] where it stands by itself.
    pub made_by: u32,
}

impl Spot {
    /// In no file: what the station adds itself.
    pub const NOWHERE: Spot = Spot { at: u32::MAX, made_by: Spot::NOBODY };
    /// Not reached through an instance.
    pub const NOBODY: u32 = u32::MAX;

    /// A place that stands by itself.
    pub fn new(at: u32) -> Self {
        Self { at, made_by: Self::NOBODY }
    }

    /// Another place, reached the same way.
    pub fn moved(self, at: u32) -> Self {
        Self { at, ..self }
    }
}

/// Most names that are compared to find what a wrong one may have meant, all mistakes together: about half a second.
/// Wrong names after that are told without a suggestion.
const COMPARISONS: usize = 500_000;

/// Gathers every diagnostic of a folder.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Files read, in the order of reading.
    pub sources: Sources,
    /// Instances met.
    pub made_by: Vec<MadeBy>,
    diagnostics: Vec<Diagnostic>,
    /// What was said of a place itself, so that a type's mistake isn't repeated by each of its instances.
    told: HashSet<(u32, String)>,
    dropped: usize,
    compared: usize,
    has_errors: bool,
}

/// Most diagnostics kept: nobody reads more, and a broken 64 MiB file could give millions. The rest is counted.
const DIAGNOSTICS: usize = 5_000;

impl Report {
    /// Whether there is time left to compare a wrong name with so many others.
    pub fn may_compare(&mut self, names: usize) -> bool {
        self.compared = self.compared.saturating_add(names);
        self.compared <= COMPARISONS
    }

    /// Adds an error.
    pub fn error(&mut self, spot: Spot, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Error, spot, message.into(), help.into());
    }

    /// Adds a warning.
    pub fn warning(&mut self, spot: Spot, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Warning, spot, message.into(), help.into());
    }

    /// Adds what has no readable file behind it.
    pub fn add_plain(&mut self, mut diagnostic: Diagnostic) {
        for text in [&mut diagnostic.file, &mut diagnostic.message, &mut diagnostic.help] {
            if text.chars().any(is_hidden) || text.chars().nth(WORDS).is_some() {
                *text = shown(text);
            }
        }
        self.has_errors |= diagnostic.severity == Severity::Error;
        if self.diagnostics.len() < DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        } else {
            self.dropped += 1;
        }
    }

    /// File, line and column of a spot; of the instance, where it was reached through one.
    pub fn place(&self, spot: Spot) -> (Arc<str>, (u32, u32)) {
        self.sources.place(self.target(spot))
    }

    /// Like [`Report::place`], as `file:line`.
    pub fn place_words(&self, spot: Spot) -> String {
        let (file, (line, _)) = self.place(spot);
        if line == 0 { file.to_string() } else { format!("{file}:{line}") }
    }

    /// Everything said, sorted by file, line and column.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by(|a, b| {
            (&a.file, a.line, a.column, a.severity, &a.message).cmp(&(&b.file, b.line, b.column, b.severity, &b.message))
        });
        if self.dropped > 0 {
            let message = format!("there are {} more problems than can be listed", self.dropped);
            self.diagnostics.push(Diagnostic::error("plant.toml", (0, 0), message, "mend these first, then check again"));
        }
        self.diagnostics
    }

    /// Whether the file of a spot has syntax errors.
    pub fn is_damaged(&self, spot: Spot) -> bool {
        self.sources.of(spot.at).is_some_and(|source| !source.damaged.is_empty())
    }

    /// Whether any error was told so far.
    pub fn has_errors(&self) -> bool {
        self.has_errors
    }

    /// Where a spot is told: at the instance through which it was reached, if that doesn't say it itself.
    fn target(&self, spot: Spot) -> u32 {
        let made = self.made_by.get(spot.made_by as usize);
        made.filter(|made| !(made.own.0..=made.own.1).contains(&spot.at)).map_or(spot.at, |made| made.spot.at)
    }

    fn add(&mut self, severity: Severity, spot: Spot, message: String, help: String) {
        let target = self.target(spot);
        let (file, place) = self.sources.place(target);
        if self.sources.of(target).is_some_and(|source| source.damaged.contains(&place.0)) {
            return;
        }
        // Fifty instances of a type tell its mistakes once, and so do fifty lines below one wrong column.
        if !self.told.insert((spot.at, message.clone())) {
            return;
        }
        let help = if self.sources.place(spot.at).0.ends_with(".csv") { in_columns(&help) } else { help };
        let (message, help) = match self.made_by.get(spot.made_by as usize) {
            None => (message, help),
            Some(made) => {
                let (own_file, own) = self.sources.place(spot.at);
                let from =
                    if target == spot.at { String::new() } else { format!("it comes from {own_file}:{}:{}", own.0, own.1) };
                let help = [help, from].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
                (format!("in `{}`, made of type `{}`: {message}", made.instance, made.of_type), help)
            }
        };
        self.add_plain(Diagnostic { severity, file: file.to_string(), line: place.0, column: place.1, message, help });
    }
}

/// Most characters of a message: a key of 10,000 letters needn't be shown whole.
const WORDS: usize = 600;

/// What a terminal would obey instead of showing it, or what turns the direction of text.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(WORDS));
    for c in text.chars().take(WORDS) {
        if is_hidden(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    if text.chars().nth(WORDS).is_some() {
        out.push_str(" ...");
    }
    out
}

/// `did you mean ...`, or else what there is, or else `otherwise`.
pub(crate) fn suggestion<'a>(word: &str, candidates: impl Iterator<Item = &'a str> + Clone, otherwise: &str) -> String {
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let wanted = letters(word);
    // The same letters in another order: `prot` for `port`.
    let near = nearest(word, candidates.clone()).or_else(|| candidates.clone().find(|name| letters(name) == wanted));
    if let Some(near) = near {
        return format!("did you mean `{near}`?");
    }
    let some: Vec<String> = candidates.take(13).map(|name| format!("`{name}`")).collect();
    match some.len() {
        0 => otherwise.to_owned(),
        1..=12 => format!("there is {}", some.join(", ")),
        _ => otherwise.to_owned(),
    }
}
