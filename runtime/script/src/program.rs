//! A compiled file, and a closure that came out of one.

use std::sync::Arc;

use rhai::{AST, Dynamic, FnPtr};

use crate::ScriptError;

/// A compiled script file.
#[derive(Debug)]
pub struct Program {
    pub(crate) file: Arc<str>,
    pub(crate) ast: AST,
}

impl Program {
    /// Its file, below `screens/`.
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }
}

/// A closure together with the file that it came from and its own copies of what it captured.
#[derive(Clone, Debug)]
pub struct Closure {
    pub(crate) program: Arc<Program>,
    pub(crate) function: FnPtr,
    pub(crate) place: (u32, u32),
}

impl Closure {
    /// Its file.
    pub fn file(&self) -> &Arc<str> {
        &self.program.file
    }

    /// Line and column of the call that it was given to.
    pub fn place(&self) -> (u32, u32) {
        self.place
    }

    /// As a value that can be handed to a script of another file.
    pub fn into_dynamic(self) -> Dynamic {
        Dynamic::from(self)
    }

    /// An error of this closure that the engine gave no place for, at the place of the closure.
    pub(crate) fn placed(&self, mut error: ScriptError) -> ScriptError {
        if error.line == 0 {
            (error.line, error.column) = self.place;
        }
        error
    }
}
