//! Exit codes: part of the interface that scripts rely on.

use std::process::ExitCode;

/// What a verb ended with, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Problems were found; nothing is wrong with Plantroom.
    Problems = 1,
    /// The command line doesn't make sense.
    Usage = 2,
    /// Not allowed.
    Refused = 3,
    /// No station or device answers.
    Unreachable = 4,
    /// A bug in Plantroom.
    Bug = 70,
}

/// A failure with its exit code, as one sentence for people.
#[derive(Debug)]
pub struct Failure {
    code: Code,
    sentence: String,
}

impl Failure {
    /// Code 1.
    pub fn problems(sentence: impl Into<String>) -> Self {
        Self { code: Code::Problems, sentence: sentence.into() }
    }

    /// Code 2.
    pub fn usage(sentence: impl Into<String>) -> Self {
        Self { code: Code::Usage, sentence: sentence.into() }
    }

    /// Code 3.
    pub fn refused(sentence: impl Into<String>) -> Self {
        Self { code: Code::Refused, sentence: sentence.into() }
    }

    /// Code 4.
    pub fn unreachable(sentence: impl Into<String>) -> Self {
        Self { code: Code::Unreachable, sentence: sentence.into() }
    }

    /// Code 70.
    pub fn bug(sentence: impl Into<String>) -> Self {
        Self { code: Code::Bug, sentence: sentence.into() }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Failure {}

/// Prints what went wrong, and gives the process its exit code.
pub fn code_of(outcome: anyhow::Result<()>) -> ExitCode {
    let Err(error) = outcome else { return whole_output() };
    let code = error.downcast_ref::<Failure>().map_or(Code::Problems, |failure| failure.code);
    let text = format!("{error:#}");
    if !text.is_empty() {
        eprintln!("{text}");
    }
    ExitCode::from(code as u8)
}

/// What was done is told only where the output could be written.
fn whole_output() -> ExitCode {
    let Some(kind) = crate::say::failure() else { return ExitCode::SUCCESS };
    eprintln!("It was done, but the output could not be written whole: {kind}.");
    ExitCode::from(Code::Problems as u8)
}
