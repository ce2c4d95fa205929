//! A text with places in it: `{description} runs`, and what stands in these places of a text that fits.

/// Most bytes of a text that is compared: what people read is shorter.
const TEXT_BYTES: usize = 512;
/// Most places of a template.
const PLACES: usize = 8;

/// A text with places in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    text: String,
    /// What stands before each place, and the place's name.
    places: Vec<(String, String)>,
    /// What stands behind the last one.
    end: String,
}

impl Template {
    /// Finds the places; `None` where there are none, where there is nothing else, or where two touch each other.
    pub fn of(text: &str) -> Option<Self> {
        let (mut places, mut rest) = (Vec::new(), text);
        while let Some(open) = rest.find('{') {
            let close = open + rest[open..].find('}')?;
            let name = &rest[open + 1..close];
            let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-'));
            let touches = open == 0 && !places.is_empty();
            if !is_name || touches || places.len() >= PLACES {
                return None;
            }
            places.push((rest[..open].to_owned(), name.to_owned()));
            rest = &rest[close + 1..];
        }
        let template = Self { text: text.to_owned(), places, end: rest.to_owned() };
        (!template.places.is_empty() && template.weight() > 0).then_some(template)
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How much it says besides its places, in bytes.
    pub fn weight(&self) -> usize {
        self.places.iter().map(|(before, _)| before.trim().len()).sum::<usize>() + self.end.trim().len()
    }

    /// What stands in the places of a text, where it fits. A place holds something, `{n}` only digits, and two of one name
    /// the same. Each ends where what follows it is first found, so the work is bounded by the text's length.
    pub fn places_in<'t>(&self, text: &'t str) -> Option<Vec<(&str, &'t str)>> {
        if text.len() > TEXT_BYTES {
            return None;
        }
        let (first, _) = self.places.first()?;
        let mut rest = text.strip_prefix(first.as_str())?;
        let mut found: Vec<(&str, &str)> = Vec::new();
        for (at, (_, name)) in self.places.iter().enumerate() {
            let (value, after) = match self.places.get(at + 1) {
                Some((before, _)) => {
                    let start = rest.chars().next()?.len_utf8();
                    let end = start + rest[start..].find(before.as_str())?;
                    (&rest[..end], &rest[end + before.len()..])
                }
                None => (rest.strip_suffix(self.end.as_str())?, ""),
            };
            let is_number = value.chars().all(|c| c.is_ascii_digit());
            let is_other = found.iter().any(|(known, other)| *known == name && *other != value);
            if value.is_empty() || is_other || (name == "n" && !is_number) {
                return None;
            }
            found.push((name, value));
            rest = after;
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, text: &str, wanted: Option<&[(&str, &str)]>) {
        let template = Template::of(template).unwrap();
        assert_eq!(template.places_in(text).as_deref(), wanted, "{} in {text}", template.text());
    }

    #[test]
    fn a_text_fits_where_it_differs_only_in_the_places() {
        check("{name} runs", "pump 1 runs", Some(&[("name", "pump 1")]));
        check("{name} runs", "pump 1 stops", None);
        check("{name} runs", " runs", None);
        check("Start {name}?", "Start a/b?", Some(&[("name", "a/b")]));
        check("{a} of {b}", "Level of well of river", Some(&[("a", "Level"), ("b", "well of river")]));
        check("{a} and {a}", "one and one", Some(&[("a", "one"), ("a", "one")]));
        check("{a} and {a}", "one and two", None);
        check("P{n}", "P12", Some(&[("n", "12")]));
        check("P{n}", "PIC", None);
        check("{name} läuft", "Überlauf läuft", Some(&[("name", "Überlauf")]));
    }

    #[test]
    fn what_says_nothing_is_no_template() {
        for text in ["{name}", "running", "{}", "{a}{b} x", "{a b} x", "x {a", "{ x", "{a} {b}"] {
            assert_eq!(Template::of(text), None, "{text}");
        }
    }
}
