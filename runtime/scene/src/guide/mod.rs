//! What every screen function does: the one table from which the check of options, `screens/STYLE.md`, editors' completion,
//! `plantroom screen symbols` and the pictures of the symbols come.

mod alarms;
mod controls;
mod equipment;
mod layers;
mod screen;
mod values;

use std::fmt::Write as _;

/// One function of screens.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// As it is called in a script.
    pub name: &'static str,
    /// Under which heading it stands.
    pub group: Group,
    /// Its arguments, in short: `(x, y, prefix, #{..})`.
    pub arguments: &'static str,
    /// How it is called, as error messages show it.
    pub usage: &'static str,
    /// What it draws or does, and which tags it follows.
    pub what: &'static str,
    /// Its own options: name and what it means.
    pub options: &'static [(&'static str, &'static str)],
    /// Whether it also takes the facts of a reading (`unit`, `limits`, ...).
    pub facts: bool,
    /// Whether it also takes what every symbol takes (`visible`, `tip`, `on_click`, ...).
    pub object: bool,
    /// What a click and the keyboard do; empty where it can't be pressed.
    pub press: &'static str,
    /// A piece of script that shows it in several states, over the tags of [`crate::examples`]; empty for what isn't seen.
    pub example: &'static str,
    /// Width and height of its picture, in the screen's units.
    pub picture: (f32, f32),
}

/// A heading of the guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Screens, faceplates, parts, words.
    Screen,
    /// What the process flows through, and what drives it.
    Equipment,
    /// Numbers and states.
    Values,
    /// What can be pressed.
    Controls,
    /// Pages, pop-ups, repetition, pictures.
    Layers,
}

impl Group {
    /// Every heading, in the guide's order.
    pub const ALL: [Self; 5] = [Self::Screen, Self::Equipment, Self::Values, Self::Controls, Self::Layers];

    /// The heading's words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Screen => "The screen",
            Self::Equipment => "Equipment",
            Self::Values => "Values",
            Self::Controls => "Controls",
            Self::Layers => "Pages, lists, pictures",
        }
    }
}

/// Options that every symbol has: name and what it means.
pub const EVERY_OBJECT: [(&str, &str); 6] = [
    ("visible", "shown at all: true, false, a tag or a closure"),
    ("tip", "words under the pointer and for screen readers"),
    ("on_click", "what a click does: |op| .."),
    ("open", "a click goes to this screen"),
    ("faceplate", "a click opens this part as a window; false: none"),
    ("params", "a map for that screen or faceplate"),
];

/// Options of a reading that stand beside its tag: name and what it means.
pub const FACTS: [(&str, &str); 6] = [
    ("unit", "engineering unit in the place of the tag's"),
    ("decimals", "digits after the point"),
    ("range", "[low, high] in the place of the tag's"),
    ("limits", "#{ high_high, high, low, low_low } in the place of the tag's"),
    ("states", "words for numbers: [\"off\", \"on\"]"),
    ("optional", "true: nothing is shown, and nothing is wrong, where the plant has no such tag"),
];

/// What an entry has where it says nothing.
const PLAIN: Function = Function {
    name: "",
    group: Group::Screen,
    arguments: "",
    usage: "",
    what: "",
    options: &[],
    facts: false,
    object: true,
    press: "",
    example: "",
    picture: (640.0, 152.0),
};

/// Every function, in the guide's order.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    screen::FUNCTIONS
        .iter()
        .chain(equipment::FUNCTIONS)
        .chain(values::FUNCTIONS)
        .chain(alarms::FUNCTIONS)
        .chain(controls::FUNCTIONS)
        .chain(layers::FUNCTIONS)
}

/// One function.
pub fn function(name: &str) -> Option<&'static Function> {
    functions().find(|function| function.name == name)
}

impl Function {
    /// The names of all options that it takes.
    pub fn option_names(&self) -> impl Iterator<Item = &'static str> + '_ {
        let facts = FACTS.iter().filter(|_| self.facts);
        let every = EVERY_OBJECT.iter().filter(|_| self.object);
        self.options.iter().chain(facts).chain(every).map(|(name, _)| *name)
    }
}

/// The tables of `screens/STYLE.md`, as Markdown.
pub fn markdown() -> String {
    let mut text = String::new();
    for group in Group::ALL {
        let _ = writeln!(text, "### {}\n\n| function | what it does, and its options |\n|---|---|", group.title());
        for function in functions().filter(|function| function.group == group) {
            let call = format!("`{}{}`", function.name, function.arguments).replace('|', "\\|");
            let mut cell = function.what.to_owned();
            let options: Vec<String> = function.options.iter().map(|(name, what)| format!("`{name}`: {what}")).collect();
            if !options.is_empty() {
                let _ = write!(cell, " Options: {}", options.join("; "));
                cell.push_str(if function.facts { "; facts." } else { "." });
            } else if function.facts {
                cell.push_str(" Options: facts.");
            }
            if !function.press.is_empty() {
                let _ = write!(cell, " {}", function.press);
            }
            if !function.example.is_empty() {
                let _ = write!(cell, " [Picture](pictures/symbols/{}.png)", function.name);
            }
            let _ = writeln!(text, "| {call} | {} |", cell.replace('|', "\\|"));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_says_what_it_is() {
        let mut seen = std::collections::BTreeSet::new();
        for function in functions() {
            assert!(seen.insert(function.name), "{} stands twice", function.name);
            assert!(function.usage.starts_with(function.name), "{}: {}", function.name, function.usage);
            assert!(function.arguments.starts_with('(') && function.arguments.ends_with(')'), "{}", function.name);
            assert!(function.what.ends_with('.'), "{}: {}", function.name, function.what);
            let mut names = std::collections::BTreeSet::new();
            for name in function.option_names() {
                assert!(names.insert(name), "{} has `{name}` twice", function.name);
            }
        }
    }
}
