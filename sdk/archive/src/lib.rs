//! Plugins as one file that can be checked before anything of it runs: the archive, its signatures, and whom a site trusts.
//!
//! In:  a plugin's files, or an archive's bytes; keys; whom a site trusts.
//! Out: an archive's bytes, or its files, once every hash and every signature in it holds; or one sentence.
//! Start at [`Archive::read`] and [`Trust::standing`]; the bytes are described in `sdk/archive/FORMAT.md`.
//!
//! Invariant: the same files and signatures give the same bytes, and no other bytes are read as them: an archive in which
//! any bit differs is another archive or none.
//! Invariant: nothing of an archive is handed out before its hashes hold; there are no paths that lead out, no links, nothing
//! that unfolds, and a limit on everything.
//! Invariant: no clock, no network, no file: whether an archive is trusted depends on it and the site's own lists alone.

mod ask;
mod error;
mod key;
pub mod limits;
mod manifest;
mod read;
mod signature;
mod sums;
mod tape;
mod trust;
mod write;

pub use ask::Ask;
pub use error::ArchiveError;
pub use key::{KeyError, PublicKey, SecretKey};
pub use manifest::{Manifest, World};
pub use read::{Archive, digest_of};
pub use signature::{Day, Signature, Signer};
pub use trust::{Standing, Trust, TrustedKey};
pub use write::write;

/// Ending of an archive's file name: `NAME-VERSION.plantroom`.
pub const EXTENSION: &str = "plantroom";
/// The component in an archive.
pub const COMPONENT: &str = "plugin.wasm";
/// The core module that the component was made of; kept because the binary format of components is still young.
pub const CORE_MODULE: &str = "core.wasm";
/// What the plugin is and asks for.
pub const MANIFEST: &str = "plugin.toml";
/// The first file: the SHA-256 of every other.
pub(crate) const SUMS: &str = "SHA256SUMS";
/// The last file, where somebody has signed: signatures over the first.
pub(crate) const SIGNATURES: &str = "SIGNATURES";
