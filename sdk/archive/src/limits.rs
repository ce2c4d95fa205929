//! Every limit of an archive, with its reason. What is over one isn't an archive.

/// Largest component or core module, in bytes: a Python guest has 18 MB. What a station loads has the same limit.
pub const WASM_BYTES: u64 = 64 << 20;
/// Largest of all other files, in bytes: a licence has 35 kB, the contract 30.
pub const TEXT_BYTES: u64 = 1 << 20;
/// Most files, without the lists of hashes and signatures.
pub const FILES: usize = 64;
/// Longest path in an archive, in bytes: what fits a header of the oldest tar.
pub const PATH_BYTES: usize = 100;
/// Most signatures: a publisher's, the site's, and one more of each while keys change.
pub const SIGNATURES: usize = 4;
/// Largest archive, in bytes: two modules and the texts.
pub const ARCHIVE_BYTES: u64 = 2 * WASM_BYTES + 8 * TEXT_BYTES;
/// Largest `plugin.toml`, in bytes.
pub const MANIFEST_BYTES: usize = 64 << 10;
