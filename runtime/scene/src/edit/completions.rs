//! What an editor completes: every function of screens with its documentation.

use std::fmt::Write as _;

use super::text::elements;
use crate::guide::{self, Function};

/// Functions for closures: how they are called, and what they give.
pub const CLOSURE_FUNCTIONS: &[(&str, &str)] = &[
    ("tag(name)", "The value of a tag: a number, true or false, or a text. While it has none, the closure shows –."),
    ("tag_or(name, other)", "The value of a tag, or `other` where it is bad or missing."),
    ("state(name)", "The value in words, from the tag's states: running."),
    ("shown(name)", "The value as it is shown, with its unit: 4.62 bar."),
    ("unit(name)", "The unit of a tag."),
    ("quality(name)", "Why a tag is good or not, in words."),
    ("is_good(name)", "Whether a tag's value is good."),
    ("is_bad(name)", "Whether a tag's value is bad."),
    ("has_tag(name)", "Whether the plant has such a tag."),
    ("fixed(number, digits)", "A number with so many digits: 1 452.0."),
    ("tidy(number)", "A number as short as it can be: 0.25."),
    ("duration(seconds)", "A time in words: 45 s, 12 min, 3 h 20 min."),
];

/// One piece of text to insert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What is typed.
    pub name: String,
    /// What it becomes: an example that works.
    pub call: String,
    /// What it does, and its options, one a line.
    pub documentation: String,
}

/// Every function, in the guide's order, then the functions for closures.
pub fn completions() -> Vec<Completion> {
    let screen = guide::functions().map(|function| Completion {
        name: function.name.to_owned(),
        call: example(function),
        documentation: documentation(function),
    });
    let closure = CLOSURE_FUNCTIONS.iter().map(|(call, what)| Completion {
        name: call.split('(').next().unwrap_or_default().to_owned(),
        call: (*call).to_owned(),
        documentation: (*what).to_owned(),
    });
    screen.chain(closure).collect()
}

/// The call of a function's usage, without the words behind it.
fn example(function: &Function) -> String {
    let open = function.usage.find('(').unwrap_or(function.usage.len());
    let end = super::text::bracket_end(function.usage, open).unwrap_or(function.usage.len());
    function.usage[..end].to_owned()
}

fn documentation(function: &Function) -> String {
    let mut text = format!("{}{}\n\n{}", function.name, function.arguments, function.what);
    for (name, what) in function.options {
        let _ = write!(text, "\n- {name}: {what}");
    }
    if function.facts {
        let facts: Vec<_> = guide::FACTS.iter().map(|(name, _)| *name).collect();
        let _ = write!(text, "\n- in the place of the tag's own: {}", facts.join(", "));
    }
    if !function.press.is_empty() {
        let _ = write!(text, "\n\n{}", function.press);
    }
    text
}

/// A definition file for Rhai's language server (`*.d.rhai`).
pub fn definitions() -> String {
    let mut text = "module static;\n\n/// What a screen, a part or a faceplate was opened with.\nlet params: map;\n".to_owned();
    for function in guide::functions() {
        define(&mut text, function.name, function.arguments, &documentation(function), "()");
    }
    for (call, what) in CLOSURE_FUNCTIONS {
        let (name, arguments) = call.split_at(call.find('(').unwrap_or(call.len()));
        define(&mut text, name, arguments, what, "?");
    }
    text
}

/// With its options and without them.
fn define(text: &mut String, name: &str, arguments: &str, documentation: &str, gives: &str) {
    let parameters: Vec<(String, &str)> = elements(arguments, 0)
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .map(|(at, range)| match &arguments[range] {
            map if map.starts_with("#{") => ("options".to_owned(), "map"),
            list if list.starts_with('[') => ("list".to_owned(), "array"),
            block if block.starts_with('|') => ("block".to_owned(), "Fn"),
            word if word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => (word.to_owned(), "?"),
            _ => (format!("argument_{at}"), "?"),
        })
        .collect();
    let optional = parameters.iter().position(|(_, kind)| *kind == "map").filter(|at| at + 1 == parameters.len());
    for count in optional.into_iter().chain([parameters.len()]) {
        let list: Vec<_> = parameters[..count].iter().map(|(name, kind)| format!("{name}: {kind}")).collect();
        text.push('\n');
        for line in documentation.lines() {
            let _ = writeln!(text, "/// {line}");
        }
        let _ = writeln!(text, "fn {name}({}) -> {gives};", list.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_completed_and_documented() {
        let all = completions();
        for function in guide::functions() {
            let found = all.iter().find(|completion| completion.name == function.name).unwrap();
            assert!(found.call.starts_with(function.name) && found.call.ends_with(')'), "{}", found.call);
            assert!(found.documentation.contains(function.what), "{}", function.name);
        }
        assert!(all.iter().any(|completion| completion.name == "tag"));
    }

    #[test]
    fn definitions_have_a_line_for_each_way_of_calling() {
        let text = definitions();
        for line in ["fn tank(x: ?, y: ?, options: map) -> ();", "fn text(x: ?, y: ?, words: ?) -> ();", "fn tag(name: ?) -> ?;"]
        {
            assert!(text.lines().any(|known| known == line), "{line} is missing in\n{text}");
        }
        let bad = text
            .lines()
            .find(|line| !line.is_empty() && !["///", "fn ", "let", "mod"].iter().any(|start| line.starts_with(start)));
        assert_eq!(bad, None);
    }
}
