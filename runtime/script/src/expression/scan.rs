//! Finds the tags in an expression, and puts names of variables in their places, column by column.
//!
//! `tag("a/b") * 2` becomes `T0         * 2`: as wide as before, so that the engine's line and column are the author's.

use std::sync::Arc;

use crate::{ScriptError, limits};

/// Functions that take a tag's name, and the letter of the variable that stands for them.
const FUNCTIONS: &[(&str, char)] = &[("tag", 'T'), ("is_good", 'G'), ("is_bad", 'B'), ("quality", 'Q'), ("tag_or", 'O')];
/// Functions of screens that a tag can't be computed with.
const ONLY_SCREENS: &[&str] = &["state", "shown", "unit"];

/// An expression with variables in place of tags.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// The text for the engine.
    pub text: String,
    /// Every tag, once, in the order of the first reading.
    pub reads: Vec<Arc<str>>,
    /// The variables that stand in the text.
    pub variables: Vec<String>,
}

/// Goes through the text once; nothing in strings and comments is touched.
pub(super) fn scan(file: &Arc<str>, text: &str) -> Result<Scanned, ScriptError> {
    let mut scanner = Scanner { file, chars: text.chars().collect(), at: 0, done: Scanned::default() };
    scanner.code(None)?;
    Ok(scanner.done)
}

struct Scanner<'a> {
    file: &'a Arc<str>,
    chars: Vec<char>,
    at: usize,
    done: Scanned,
}

impl Scanner<'_> {
    /// Code up to the end, or up to a closing brace that isn't one of its own.
    fn code(&mut self, end: Option<char>) -> Result<(), ScriptError> {
        let mut depth = 0_u32;
        while let Some(c) = self.peek(0) {
            match c {
                '}' if depth == 0 && end.is_some() => return Ok(()),
                '"' | '\'' => self.quoted(c),
                '`' => self.back_quoted()?,
                '/' if self.peek(1) == Some('/') => self.copy_while(|c| c != '\n'),
                '/' if self.peek(1) == Some('*') => self.comment(),
                c if c.is_ascii_alphabetic() || c == '_' => self.word()?,
                c if c.is_ascii_digit() => self.copy_while(|c| c.is_ascii_alphanumeric() || c == '_'),
                c => {
                    match c {
                        '{' => depth += 1,
                        '}' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    self.copy(1);
                }
            }
        }
        Ok(())
    }

    fn word(&mut self) -> Result<(), ScriptError> {
        let start = self.at;
        let mut end = start;
        while self.chars.get(end).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_') {
            end += 1;
        }
        let word: String = self.chars[start..end].iter().collect();
        let calls = self.chars[end..].iter().find(|c| !c.is_whitespace()) == Some(&'(');
        let is_method = self.chars[..start].iter().rev().find(|c| !c.is_whitespace()) == Some(&'.');
        if calls && ONLY_SCREENS.contains(&word.as_str()) {
            return Err(self.error(start, format!("{word}() is there for screens only; a tag is computed from tag(\"...\")")));
        }
        let letter = FUNCTIONS.iter().find(|(name, _)| *name == word).map(|(_, letter)| *letter);
        match letter {
            Some(_) if is_method => Err(self.error(start, format!("write {word}(\"name\") instead of a call with a dot"))),
            Some(letter) if calls => self.call(&word, letter, end),
            _ if !calls && is_ours(&word) => Err(self.error(start, format!("there is no variable `{word}`"))),
            _ => {
                self.copy(end - start);
                Ok(())
            }
        }
    }

    /// `tag("name")`, or the first argument of `tag_or("name", other)`.
    fn call(&mut self, word: &str, letter: char, after_word: usize) -> Result<(), ScriptError> {
        let start = self.at;
        let open = self.skip_space(after_word);
        let quote = self.skip_space(open + 1);
        let Some((name, after)) = self.literal(quote) else {
            let why = format!(
                "{word}() needs the tag's name itself, in quotes, so that the station knows what to follow: {word}(\"area/name\")"
            );
            return Err(self.error(start, why));
        };
        let closing = self.skip_space(after);
        let wanted = if letter == 'O' { ',' } else { ')' };
        if self.chars.get(closing) != Some(&wanted) {
            let form = if letter == 'O' { "tag_or(\"name\", value)" } else { "one name in quotes, and nothing else" };
            return Err(self.error(start, format!("{word}() takes {form}")));
        }
        let variable = self.variable(letter, &name, start)?;
        let (from, to) = if letter == 'O' { (quote, after) } else { (start, closing + 1) };
        self.copy(from - start);
        self.done.text.push_str(&variable);
        // Lines and columns of what follows must stay where they are.
        let rest = self.chars[from..to].iter().skip(variable.len());
        self.done.text.extend(rest.map(|c| if *c == '\n' { '\n' } else { ' ' }));
        self.at = to;
        Ok(())
    }

    fn variable(&mut self, letter: char, name: &str, at: usize) -> Result<String, ScriptError> {
        let reads = &mut self.done.reads;
        let place = reads.iter().position(|read| **read == *name).unwrap_or_else(|| {
            reads.push(name.into());
            reads.len() - 1
        });
        if reads.len() > limits::EXPRESSION_READS {
            let why =
                format!("one expression reads more than {} tags; compute a part of it in another tag", limits::EXPRESSION_READS);
            return Err(self.error(at, why));
        }
        let variable = format!("{letter}{place}");
        if !self.done.variables.contains(&variable) {
            self.done.variables.push(variable.clone());
        }
        Ok(variable)
    }

    /// A string literal without escapes that starts here, and the place after it.
    fn literal(&self, start: usize) -> Option<(String, usize)> {
        let quote = *self.chars.get(start).filter(|c| matches!(c, '"' | '`'))?;
        let len = self.chars[start + 1..].iter().position(|c| *c == quote)?;
        let name: String = self.chars[start + 1..start + 1 + len].iter().collect();
        (!name.contains(['\\', '$', '\n']) && !name.is_empty()).then_some((name, start + len + 2))
    }

    fn skip_space(&self, mut at: usize) -> usize {
        while self.chars.get(at).is_some_and(|c| c.is_whitespace()) {
            at += 1;
        }
        at
    }

    fn quoted(&mut self, quote: char) {
        self.copy(1);
        while let Some(c) = self.peek(0) {
            self.copy(if c == '\\' { 2 } else { 1 });
            if c == quote {
                return;
            }
        }
    }

    /// Text in back quotes: code stands in `${...}`.
    fn back_quoted(&mut self) -> Result<(), ScriptError> {
        self.copy(1);
        while let Some(c) = self.peek(0) {
            if c == '$' && self.peek(1) == Some('{') {
                self.copy(2);
                self.code(Some('}'))?;
                continue;
            }
            self.copy(1);
            if c == '`' {
                return Ok(());
            }
        }
        Ok(())
    }

    fn comment(&mut self) {
        let mut depth = 0_u32;
        while let Some(c) = self.peek(0) {
            match (c, self.peek(1)) {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => {
                    self.copy(1);
                    continue;
                }
            }
            self.copy(2);
            if depth == 0 {
                return;
            }
        }
    }

    fn copy_while(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek(0).is_some_and(&wanted) {
            self.copy(1);
        }
    }

    fn copy(&mut self, count: usize) {
        let end = (self.at + count).min(self.chars.len());
        self.done.text.extend(&self.chars[self.at..end]);
        self.at = end;
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn error(&self, at: usize, message: String) -> ScriptError {
        let before = &self.chars[..at];
        let line = before.iter().filter(|c| **c == '\n').count() + 1;
        let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
        ScriptError::new(self.file, (line as u32, column as u32), message)
    }
}

/// Whether a word looks like one of the variables that stand for tags.
fn is_ours(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|first| FUNCTIONS.iter().any(|(_, letter)| *letter == first))
        && word.len() > 1
        && chars.all(|c| c.is_ascii_digit())
}
