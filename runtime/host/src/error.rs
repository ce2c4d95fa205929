//! Why a plugin doesn't load, in an engineer's words.

use std::path::PathBuf;

use plantroom_model::TagId;

/// Why the sandbox itself can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The cache folder can't be used.
    #[error("the folder for compiled plugins can't be used: {source}; check that the station may write to {}", path.display())]
    Cache {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Wasmtime refuses this machine.
    #[error("this machine can't run plugins: {0}")]
    Engine(String),
}

/// Why a component does not load. The message is a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file can't be read.
    #[error("the component of plugin `{plugin}` can't be read: {source}: {}", path.display())]
    Read {
        /// The plugin.
        plugin: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its archive can't be used.
    #[error("the archive of plugin `{plugin}` can't be used: {reason}: {}", path.display())]
    Archive {
        /// The plugin.
        plugin: String,
        /// Why, and what to do.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// Nobody whom the project trusts has signed it.
    #[error("plugin `{plugin}` {reason}: {}", path.display())]
    Untrusted {
        /// The plugin.
        plugin: String,
        /// Why, and what to do.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// Nobody has accepted what it asks for.
    #[error("{reason}")]
    Consent {
        /// What it asks for, and what to write.
        reason: String,
    },
    /// The file is too large.
    #[error(
        "the file of plugin `{plugin}` has {bytes} bytes; a component has at most {}, an archive {}",
        plantroom_model::limits::COMPONENT_BYTES,
        plantroom_archive::limits::ARCHIVE_BYTES
    )]
    Size {
        /// The plugin.
        plugin: String,
        /// Its size.
        bytes: u64,
    },
    /// The file isn't a whole, valid component.
    #[error("the file of plugin `{plugin}` is not a valid component: {reason}; build it again with `plantroom plugin build`")]
    Malformed {
        /// The plugin.
        plugin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It was built for another contract.
    #[error("plugin `{plugin}` {reason}")]
    Contract {
        /// The plugin.
        plugin: String,
        /// Which, and what to do.
        reason: String,
    },
    /// It asks for what it isn't granted.
    #[error("{}", reasons.join("\n"))]
    Grant {
        /// One sentence a missing grant.
        reasons: Vec<String>,
    },
    /// It does not compile.
    #[error("plugin `{plugin}` could not be compiled: {reason}")]
    Compile {
        /// The plugin.
        plugin: String,
        /// Why.
        reason: String,
    },
    /// It does not fit what it is granted.
    #[error("plugin `{plugin}` could not be linked: {reason}")]
    Link {
        /// The plugin.
        plugin: String,
        /// Why.
        reason: String,
    },
}

/// Why a plugin's `init` did not pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InitError {
    /// What it can't work with; each with the tag it is about, if it is about one.
    #[error("{}", .0.iter().map(|(_, message)| message.as_str()).collect::<Vec<_>>().join("\n"))]
    Problems(Vec<(Option<TagId>, String)>),
    /// It failed.
    #[error("{0}")]
    Fault(String),
}
