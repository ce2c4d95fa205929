//! A language: texts by key, where the key is the text itself as it stands in the project.
//!
//! One table serves scripts, descriptions, states and units. What it doesn't have is shown as it is written. A key with
//! `{name}` in it stands for every text that differs only there: `"{description} runs" = "{description} läuft"`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::template::Template;

/// Longest translation that is taken, in bytes.
const TEXT_BYTES: usize = 4_096;
/// What stands in a template's place may be made by a template itself, so deep.
const DEPTH: usize = 2;

/// Texts of one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    table: BTreeMap<String, String>,
    /// Keys with places in them, those that say most first.
    templates: Vec<Template>,
}

impl Texts {
    /// Reads `"High-lift pumps" = "Reinwasserpumpen"`, one a line; and what is wrong with it, by line.
    pub fn read(text: &str) -> (Self, Vec<(usize, String)>) {
        let line_at = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                let error: toml::de::Error = error;
                return (Self::default(), vec![(error.span().map_or(0, |span| line_at(span.start)), error.message().to_owned())]);
            }
        };
        let (mut texts, mut wrong) = (Self::default(), Vec::new());
        for (key, value) in table {
            let said = text.lines().position(|line| line.contains(key.as_str())).map_or(0, |place| place + 1);
            match value {
                toml::Value::String(words) if words.len() <= TEXT_BYTES => {
                    texts.table.insert(key, words);
                }
                toml::Value::String(_) => {
                    wrong.push((said, format!("a translation has at most {TEXT_BYTES} bytes; this one is longer")))
                }
                _ => wrong.push((said, format!("the translation of `{key}` must be a text: \"{key}\" = \"...\""))),
            }
        }
        texts.index();
        (texts, wrong)
    }

    /// Finds the keys that have places in them.
    fn index(&mut self) {
        self.templates =
            self.table.iter().filter(|(_, words)| !words.is_empty()).filter_map(|(key, _)| Template::of(key)).collect();
        self.templates.sort_by_key(|template| std::cmp::Reverse(template.weight()));
    }

    /// The translation; nothing where there is none, or an empty one (a template's line that isn't filled in yet).
    pub fn get(&self, text: &str) -> Option<&str> {
        self.table.get(text).map(String::as_str).filter(|words| !words.is_empty())
    }

    /// The translation, also by a key with places in it; what stands in these is translated likewise. The text as it is where
    /// there is none.
    pub fn translated<'a>(&'a self, text: &'a str) -> Cow<'a, str> {
        self.by_key_or_template(text, DEPTH).unwrap_or(Cow::Borrowed(text))
    }

    /// Whether it has words for a text, by its key or by one with places in it.
    pub fn says(&self, text: &str) -> bool {
        self.by_key_or_template(text, 0).is_some()
    }

    fn by_key_or_template<'a>(&'a self, text: &'a str, depth: usize) -> Option<Cow<'a, str>> {
        if let Some(words) = self.get(text) {
            return Some(Cow::Borrowed(words));
        }
        self.templates.iter().find_map(|template| {
            let given = template.places_in(text)?;
            let mut words = self.get(template.text())?.to_owned();
            for (name, value) in given {
                let said = if depth > 0 { self.by_key_or_template(value, depth - 1) } else { None };
                words = words.replace(&format!("{{{name}}}"), said.as_deref().unwrap_or(value));
            }
            Some(Cow::Owned(words))
        })
    }

    /// The translation by the text itself as key, or the text as it is: for words that have no places in them.
    pub fn say<'a>(&'a self, text: &'a str) -> &'a str {
        self.get(text).unwrap_or(text)
    }

    /// Puts the translation in the place of a text.
    pub fn put(&self, text: &mut String) {
        if let Cow::Owned(words) = self.translated(text) {
            *text = words;
        } else if let Some(words) = self.get(text) {
            *text = words.to_owned();
        }
    }

    /// These texts, and those of `others` in their place where both have one.
    pub fn over(mut self, others: &Self) -> Self {
        self.table
            .extend(others.table.iter().filter(|(_, words)| !words.is_empty()).map(|(key, words)| (key.clone(), words.clone())));
        self.index();
        self
    }

    /// Whether it has no texts.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Every key.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.table.keys().map(String::as_str)
    }
}

/// The code of the language that a file is for: `de` of `languages/de.toml`.
pub fn language_of(path: &str) -> Option<&str> {
    path.strip_prefix("languages/")?.strip_suffix(".toml").filter(|code| !code.is_empty() && !code.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_translation_stays_as_it_is() {
        let (texts, wrong) = Texts::read("\"Clear well\" = \"Reinwasserbehälter\"\n\"Level\" = \"\"\n");
        assert_eq!(wrong, []);
        assert_eq!((texts.say("Clear well"), texts.say("Level"), texts.say("Flow")), ("Reinwasserbehälter", "Level", "Flow"));
    }

    #[test]
    fn a_key_with_places_serves_every_text_that_fits() {
        let (texts, wrong) = Texts::read(
            "\"{description} runs\" = \"{description} läuft\"\n\"pump {n}\" = \"Pumpe {n}\"\n\"pump 9 runs\" = \"Neun!\"\n\
             \"{description} runs dry\" = \"{description} läuft trocken\"\n\"{a} to {b}\" = \"nach {b} von {a}\"\n\"{x} off\" = \"\"\n",
        );
        assert_eq!(wrong, []);
        for (text, wanted) in [
            ("pump 3 runs", "Pumpe 3 läuft"),
            ("mixer runs", "mixer läuft"),
            ("pump 3 runs dry", "Pumpe 3 läuft trocken"),
            ("pump 9 runs", "Neun!"),
            ("well to town", "nach town von well"),
            ("pump three", "pump three"),
            (" runs", " runs"),
            ("pump 3 off", "pump 3 off"),
        ] {
            let mut put = text.to_owned();
            texts.put(&mut put);
            assert_eq!((&*texts.translated(text), put.as_str()), (wanted, wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_text_is_told_by_line() {
        let (texts, wrong) = Texts::read("\"A\" = \"B\"\n\"C\" = 7\n");
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].0 == 2 && wrong[0].1.contains("`C`"), "{wrong:?}");
        assert_eq!(texts.say("A"), "B");
        assert_eq!(Texts::read("\"A\" = \n").1[0].0, 1);
    }

    #[test]
    fn a_file_is_for_the_language_of_its_name() {
        let cases =
            [("languages/de.toml", Some("de")), ("languages/x/de.toml", None), ("de.toml", None), ("languages/.toml", None)];
        for (path, wanted) in cases {
            assert_eq!(language_of(path), wanted, "{path}");
        }
    }
}
