//! What went wrong in a script, so that its author finds it.

use std::fmt;
use std::sync::Arc;

use rhai::{Dynamic, EvalAltResult, ParseErrorType, Position};

use crate::limits;

/// A mistake in a script: where, and what, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// File below `screens/`.
    pub file: Arc<str>,
    /// Line, from 1; 0 if not known.
    pub line: u32,
    /// Column in characters, from 1; 0 if not known.
    pub column: u32,
    /// What is wrong and, where it isn't obvious, what to do.
    pub message: String,
    /// The script itself said so, with `throw`: a refusal meant for the operator, not a mistake.
    pub thrown: bool,
}

impl ScriptError {
    /// An error at a place.
    pub fn new(file: &Arc<str>, (line, column): (u32, u32), message: impl Into<String>) -> Self {
        Self { file: file.clone(), line, column, message: message.into(), thrown: false }
    }

    /// As an error of a native function, without a place yet: the engine adds the place of the call.
    pub fn raise(message: impl Into<String>) -> Box<EvalAltResult> {
        let error = Self { file: "".into(), line: 0, column: 0, message: message.into(), thrown: false };
        error.carried(Position::NONE)
    }

    /// As an error of the engine that keeps its own place, for errors of a script that another script started.
    pub fn carried(self, position: Position) -> Box<EvalAltResult> {
        EvalAltResult::ErrorRuntime(Dynamic::from(self), position).into()
    }

    /// As an error of the engine that a script can't catch.
    pub(crate) fn fatal(message: impl Into<String>) -> Box<EvalAltResult> {
        let error = Self { file: "".into(), line: 0, column: 0, message: message.into(), thrown: false };
        EvalAltResult::ErrorTerminated(Dynamic::from(error), Position::NONE).into()
    }

    pub(crate) fn from_engine(file: &Arc<str>, error: &EvalAltResult) -> Self {
        let inner = error.unwrap_inner();
        let position = deepest(error);
        if let EvalAltResult::ErrorRuntime(value, _) | EvalAltResult::ErrorTerminated(value, _) = inner
            && let Some(carried) = value.read_lock::<Self>()
        {
            if carried.line > 0 {
                return carried.clone();
            }
            return Self::new(file, place_of(position), carried.message.clone());
        }
        let thrown = matches!(inner, EvalAltResult::ErrorRuntime(_, _));
        Self { thrown, ..Self::new(file, place_of(position), sentence(inner)) }
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(f, "{}: {}", self.file, self.message);
        }
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl std::error::Error for ScriptError {}

/// The place nearest to the mistake that the engine knows.
fn deepest(error: &EvalAltResult) -> Position {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, position) => deepest(inner).or_else(*position),
        other => other.position(),
    }
}

/// Line and column, 0 where they aren't known.
pub(crate) fn place_of(position: Position) -> (u32, u32) {
    let number = |n: Option<usize>| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    (number(position.line()), number(position.position()).max(u32::from(position.line().is_some())))
}

/// The engine's error in the words of someone who draws screens.
fn sentence(error: &EvalAltResult) -> String {
    use EvalAltResult as E;
    match error {
        E::ErrorParsing(kind, _) => parse_sentence(kind),
        E::ErrorVariableNotFound(name, _) => format!("there is no variable `{name}`"),
        E::ErrorFunctionNotFound(signature, _) => missing_function(signature),
        E::ErrorPropertyNotFound(name, _) => format!("there is no `{name}` in this map"),
        E::ErrorIndexNotFound(index, _) => format!("there is no element `{index}` here"),
        E::ErrorArrayBounds(len, index, _) => format!("there is no element {index} in an array of {len}; the first one is 0"),
        E::ErrorTooManyOperations(_) => "the script takes too many steps; it probably loops for ever".to_owned(),
        E::ErrorStackOverflow(_) => {
            format!(
                "functions call each other more than {} deep; one of them probably calls itself for ever",
                limits::CALL_LEVELS
            )
        }
        E::ErrorDataTooLarge(_, _) => format!(
            "a text, array or map grew too large (at most {} bytes of text, {} elements, {} entries)",
            limits::TEXT_BYTES,
            limits::ARRAY_ELEMENTS,
            limits::MAP_ENTRIES
        ),
        E::ErrorTooManyVariables(_) => format!("more than {} variables at once", limits::VARIABLES),
        E::ErrorMismatchDataType(wanted, found, _) => {
            format!("a {} is needed here, and this is a {}", type_word(wanted), type_word(found))
        }
        E::ErrorMismatchOutputType(wanted, found, _) => {
            format!("this should give a {}, and gives a {}", type_word(wanted), type_word(found))
        }
        E::ErrorFor(_) => "`for` needs something to go through: an array, a range such as 0..3, or a map's keys()".to_owned(),
        E::ErrorArithmetic(message, _) => format!("this can't be computed: {message}"),
        E::ErrorRuntime(value, _) => match value.clone().into_string() {
            Ok(text) if !text.is_empty() => text,
            _ => "the script threw an error".to_owned(),
        },
        other => {
            let mut copy = other.to_string();
            if let Some(at) = copy.find(" (line ") {
                copy.truncate(at);
            }
            copy
        }
    }
}

fn parse_sentence(kind: &ParseErrorType) -> String {
    match kind {
        ParseErrorType::UnexpectedEOF => "the script ends in the middle; a closing brace or quote is missing".to_owned(),
        ParseErrorType::VariableUndefined(name) => format!("there is no variable `{name}`"),
        ParseErrorType::ExprTooDeep => {
            format!("expressions are nested more than {} deep; give parts of it a name with `let`", limits::EXPRESSION_DEPTH)
        }
        ParseErrorType::Reserved(word) => format!("`{word}` is not available in Plantroom's scripts"),
        other => other.to_string(),
    }
}

/// `pmp (i64, i64, &str)` as a sentence.
fn missing_function(signature: &str) -> String {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ")"));
    if name.starts_with("anon$") {
        return "this closure has the wrong number of parameters: write || for a property, |op| for a press, \
            |op, value| for an entered value"
            .to_owned();
    }
    let arguments = arguments.trim_end_matches(')');
    let words: Vec<_> = arguments.split(", ").filter(|word| !word.is_empty()).map(type_word).collect();
    match (name, words.as_slice()) {
        (operator, [left, right]) if !operator.starts_with(|c: char| c.is_alphanumeric() || c == '_') => {
            format!("`{operator}` doesn't work between a {left} and a {right}")
        }
        (operator, [one]) if !operator.starts_with(|c: char| c.is_alphanumeric() || c == '_') => {
            format!("`{operator}` doesn't work on a {one}")
        }
        (name, words) => format!("there is no function {name}({})", words.join(", ")),
    }
}

/// A type as its author calls it.
pub(crate) fn type_word(name: &str) -> &str {
    let name = name.trim();
    match name {
        "i64" => "whole number",
        "f64" | "float" => "number",
        "bool" => "true or false",
        "char" => "character",
        "()" => "nothing",
        "array" | "Array" => "array",
        "map" | "Map" => "map",
        "Fn" | "FnPtr" => "closure",
        _ if name.contains("str") || name.contains("String") => "text",
        _ if name.contains("Array") || name.contains("Vec<") => "array",
        _ if name.contains("Map") => "map",
        _ => name.rsplit("::").next().unwrap_or(name),
    }
}
