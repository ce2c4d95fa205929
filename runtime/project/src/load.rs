//! Reads a project folder.

use std::path::Path;
use std::sync::Arc;

use plantroom_model::{Diagnostic, Severity};

use crate::Plant;

/// What a folder gave: the plant where nothing is wrong with it, and everything that there is to say.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The plant; `None` as soon as one diagnostic is an error.
    pub plant: Option<Arc<Plant>>,
    /// Every mistake and warning, sorted by file, line and column.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether any diagnostic is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }
}

/// Reads and checks a whole project folder; never stops at the first mistake.
pub fn load(root: &Path) -> Loaded {
    let message = format!("there is no project in {}", root.display());
    Loaded { plant: None, diagnostics: vec![Diagnostic::error("plant.toml", (0, 0), message, "")] }
}
