//! Where diagnostics are gathered, and how a place in a file is named.

use std::collections::HashSet;

use plantroom_model::{Diagnostic, Severity, SourceText, nearest};

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Source {
    /// Relative to the project folder, with `/`.
    pub file: String,
    /// Its text, for lines and columns.
    pub text: SourceText,
    /// Lines of headers whose tables lost lines to a syntax error: what seems to be missing there may not be.
    pub damaged: Vec<u32>,
}

/// Made by an instance of a type: where the instance stands.
#[derive(Clone, Debug)]
pub(crate) struct MadeBy {
    /// Where the instance stands.
    pub spot: Spot,
    /// Name of the instance.
    pub instance: String,
    /// Name of the type.
    pub of_type: String,
}

/// A place in a file, and the instance through which it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Spot {
    /// Place in [`Report::sources`].
    pub source: u32,
    /// Byte offset; [`Spot::WHOLE`] means the file as a whole.
    pub at: u32,
    /// Place in [`Report::made_by`]; [`Spot::NOBODY`] where it stands by itself.
    pub made_by: u32,
}

impl Spot {
    /// The file as a whole.
    pub const WHOLE: u32 = u32::MAX;
    /// Not reached through an instance.
    pub const NOBODY: u32 = u32::MAX;

    /// A place that stands by itself.
    pub fn new(source: u32, at: u32) -> Self {
        Self { source, at, made_by: Self::NOBODY }
    }

    /// Another place of the same file, reached the same way.
    pub fn moved(self, at: u32) -> Self {
        Self { at, ..self }
    }
}

/// Gathers every diagnostic of a folder.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Files read, in the order of reading.
    pub sources: Vec<Source>,
    /// Instances met.
    pub made_by: Vec<MadeBy>,
    diagnostics: Vec<Diagnostic>,
    /// What was said of a place itself, so that a type's mistake isn't repeated by each of its instances.
    told: HashSet<(u32, u32, String)>,
    dropped: usize,
}

/// Most diagnostics kept: nobody reads more, and a broken 64 MiB file could give millions. The rest is counted.
const DIAGNOSTICS: usize = 5_000;

impl Report {
    /// Takes a file; its number is what a [`Spot`] names.
    pub fn add_source(&mut self, file: &str, text: &str) -> u32 {
        self.sources.push(Source { file: file.to_owned(), text: SourceText::new(text), damaged: Vec::new() });
        (self.sources.len() - 1) as u32
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
    pub fn add_plain(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        } else {
            self.dropped += 1;
        }
    }

    /// Line and column of a spot; of the instance, where it was reached through one.
    pub fn place(&self, spot: Spot) -> (String, (u32, u32)) {
        let spot = self.made_by.get(spot.made_by as usize).map_or(spot, |made| made.spot);
        self.place_itself(spot)
    }

    /// Like [`Report::place`], as `file:line`.
    pub fn place_words(&self, spot: Spot) -> String {
        let (file, (line, _)) = self.place(spot);
        if line == 0 { file } else { format!("{file}:{line}") }
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
        self.sources.get(spot.source as usize).is_some_and(|source| !source.damaged.is_empty())
    }

    /// Whether any error was told so far.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    fn place_itself(&self, spot: Spot) -> (String, (u32, u32)) {
        let Some(source) = self.sources.get(spot.source as usize) else { return (String::new(), (0, 0)) };
        let place = if spot.at == Spot::WHOLE { (0, 0) } else { source.text.place(spot.at as usize) };
        (source.file.clone(), place)
    }

    fn add(&mut self, severity: Severity, spot: Spot, message: String, help: String) {
        let (own_file, own) = self.place_itself(spot);
        let (file, place) = self.place(spot);
        let target = self.made_by.get(spot.made_by as usize).map_or(spot, |made| made.spot);
        if self.sources.get(target.source as usize).is_some_and(|source| source.damaged.contains(&place.0)) {
            return;
        }
        let key = (spot.source, spot.at, message.clone());
        let (message, help) = match self.made_by.get(spot.made_by as usize) {
            None => {
                self.told.insert(key);
                (message, help)
            }
            Some(_) if self.told.contains(&key) => return,
            Some(made) => {
                let from = format!("it comes from {own_file}:{}:{}", own.0, own.1);
                let help = if help.is_empty() { from } else { format!("{help}; {from}") };
                (format!("in `{}`, made of type `{}`: {message}", made.instance, made.of_type), help)
            }
        };
        self.add_plain(Diagnostic { severity, file, line: place.0, column: place.1, message, help });
    }
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
