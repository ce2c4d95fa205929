//! A language: texts by key, where the key is the text itself as it stands in the project.
//!
//! One table serves scripts, descriptions, states and units. What it doesn't have is shown as it is written.

use std::collections::BTreeMap;

/// Longest translation that is taken, in bytes.
const TEXT_BYTES: usize = 4_096;

/// Texts of one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    table: BTreeMap<String, String>,
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
        (texts, wrong)
    }

    /// The translation; nothing where there is none, or an empty one (a template's line that isn't filled in yet).
    pub fn get(&self, text: &str) -> Option<&str> {
        self.table.get(text).map(String::as_str).filter(|words| !words.is_empty())
    }

    /// The translation, or the text as it is.
    pub fn say<'a>(&'a self, text: &'a str) -> &'a str {
        self.get(text).unwrap_or(text)
    }

    /// Puts the translation in the place of a text.
    pub fn put(&self, text: &mut String) {
        if let Some(words) = self.get(text) {
            *text = words.to_owned();
        }
    }

    /// These texts, and those of `others` in their place where both have one.
    pub fn over(mut self, others: &Self) -> Self {
        self.table
            .extend(others.table.iter().filter(|(_, words)| !words.is_empty()).map(|(key, words)| (key.clone(), words.clone())));
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
