//! Names: which are allowed, who has which, and what to say of one that nobody has.

use plantroom_model::{Label, limits};

use crate::pool::Pool;
use crate::report::{Report, Spot, suggestion};

/// The names of one kind of thing, with their ids and places.
#[derive(Debug)]
pub(crate) struct Names {
    /// What one of them is called: `tag`.
    what: &'static str,
    /// A name's number is its id.
    texts: Pool,
    spots: Vec<Spot>,
    /// Beginnings of names that may exist, but stand where nothing could be read.
    holes: Vec<String>,
}

impl Names {
    /// None yet.
    pub fn new(what: &'static str) -> Self {
        Self { what, texts: Pool::default(), spots: Vec::new(), holes: Vec::new() }
    }

    /// Gives the next id to a name, or tells where the name was used before.
    pub fn add(&mut self, name: &str, spot: Spot, report: &mut Report) -> Option<u32> {
        match self.texts.add_new(name) {
            Ok(id) => {
                self.spots.push(spot);
                Some(id)
            }
            Err(known) => {
                let before = self.spots.get(known as usize).copied().unwrap_or(Spot::NOWHERE);
                let message = format!("there is another {} named `{name}`", self.what);
                report.error(spot, message, format!("the other one is in {}; rename one of them", report.place_words(before)));
                None
            }
        }
    }

    /// Says that names with this beginning may exist without being known.
    pub fn add_hole(&mut self, beginning: &str) {
        self.holes.push(beginning.to_owned());
    }

    /// Where a syntax error may have taken a name away, any name may exist.
    pub fn note_nameless(&mut self, spot: Spot, report: &Report) {
        if report.is_damaged(spot) {
            self.add_hole("");
        }
    }

    /// The id of a name; tells when nobody has it.
    pub fn find(&self, name: &str, spot: Spot, report: &mut Report) -> Option<u32> {
        if let Some(id) = self.id(name) {
            return Some(id);
        }
        if !self.is_hole(name) {
            let message = format!("there is no {} `{name}`", self.what);
            let otherwise = format!("the project has no {} of that name", self.what);
            // Two thousand wrong names in a plant of 50,000 tags would compare a hundred million.
            let help = match report.may_compare(self.texts.len()) {
                true => suggestion(name, self.all(), &otherwise),
                false => otherwise,
            };
            report.error(spot, message, help);
        }
        None
    }

    /// The id of a name, if anybody has it.
    pub fn id(&self, name: &str) -> Option<u32> {
        self.texts.find(name)
    }

    /// Whether a name may exist without being known.
    pub fn is_hole(&self, name: &str) -> bool {
        self.holes.iter().any(|hole| name.starts_with(hole.as_str()))
    }

    /// Whether nothing is missing because it couldn't be read.
    pub fn is_complete(&self) -> bool {
        self.holes.is_empty()
    }

    /// The name of an id; empty where nobody has it.
    pub fn name(&self, id: u32) -> &str {
        self.texts.get(id)
    }

    /// Every name, in the order of ids.
    pub fn all(&self) -> impl Iterator<Item = &str> + Clone {
        self.texts.all()
    }

    /// The names as labels, in the order of ids; they share their memory.
    pub fn labels(&mut self) -> Vec<Label> {
        (0..self.texts.len() as u32).map(|id| self.texts.label(id)).collect()
    }
}

/// Whether a path like `intake/level` may be a name; tells why not.
pub(crate) fn check_path(what: &str, name: &str, spot: Spot, report: &mut Report) -> bool {
    let mended: Vec<String> = name.split('/').map(mend).filter(|part| !part.is_empty()).collect();
    let help = if mended.is_empty() { "as in intake/level".to_owned() } else { format!("for example {}", mended.join("/")) };
    if name.len() > limits::TAG_NAME_BYTES {
        let message = format!("the {what} has {} characters; at most {} are allowed", name.len(), limits::TAG_NAME_BYTES);
        report.error(spot, message, "shorten it, or move its beginning into fewer levels");
        false
    } else if name.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        report.error(spot, format!("the {what} `{name}` has an empty part, or one that is only dots"), help);
        false
    } else if let Some(wrong) = name.chars().find(|c| *c != '/' && !is_allowed(*c)) {
        let message = format!(
            "the {what} `{name}` must not contain `{}`",
            if wrong.is_control() { wrong.escape_default().to_string() } else { wrong.to_string() }
        );
        report.error(spot, message, format!("letters a to z and A to Z, digits, _ - . and / are allowed; {help}"));
        false
    } else {
        true
    }
}

/// Like [`check_path`] for names of one part: connections, plugins, types.
pub(crate) fn check_word(what: &str, name: &str, spot: Spot, report: &mut Report) -> bool {
    if name.contains('/') {
        report.error(
            spot,
            format!("the {what} `{name}` must not contain `/`"),
            format!("for example {}", name.replace('/', "_")),
        );
        return false;
    }
    check_path(what, name, spot, report)
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

fn mend(part: &str) -> String {
    let spelled = part.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue").replace('ß', "ss");
    let mended: String = spelled.trim().chars().map(|c| if is_allowed(c) { c } else { '_' }).take(60).collect();
    if mended.chars().all(|c| c == '.') { String::new() } else { mended }
}
