//! Why a station doesn't start, in sentences.

use plantroom_model::Diagnostic;

/// Why a station doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no project to run.
    #[error("{0}")]
    NoProject(String),
    /// The project has mistakes.
    #[error("{}\n\nThe project can't run; mend these and look at it with `plantroom check`.", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
    Project(Vec<Diagnostic>),
    /// The data folder or what is in it can't be used.
    #[error("{0}")]
    Data(String),
    /// The network refuses.
    #[error("{0}")]
    Network(String),
    /// A plugin doesn't load.
    #[error("{0}")]
    Plugin(String),
    /// A bug in Plantroom.
    #[error("{0}")]
    Bug(String),
}
