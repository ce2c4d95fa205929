//! The compiler's target for plugins: found, or brought by rustup.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{Tell, process};

/// What plugins are compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// Longest that rustup may take: it downloads about 20 MB.
const RUSTUP_LIMIT_S: u64 = 180;

const BY_HAND: &str = "where rustup works, type\n    rustup target add wasm32-unknown-unknown\n\
    without it, on Debian, its second Rust does it too:\n    \
    apt-get install rustc-web cargo-web rust-web-src rust-web-llvm lld-22\n    \
    RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc /usr/bin/cargo build --profile guest --target wasm32-unknown-unknown \
    -Zbuild-std=std,panic_abort";

/// Makes sure that the target is there, seen from a folder (which may choose its own toolchain).
///
/// # Errors
/// It isn't and can't be brought; says what to type.
pub fn ensure(folder: &Path, tell: Tell<'_>) -> Result<()> {
    if is_there(folder)? {
        return Ok(());
    }
    tell(&format!(
        "Rust's target {TARGET} isn't installed; `rustup target add {TARGET}` brings it (about 20 MB, at most {RUSTUP_LIMIT_S} s)"
    ));
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]).current_dir(folder);
    match process::run(&mut rustup, RUSTUP_LIMIT_S) {
        Ok((true, _)) if is_there(folder)? => Ok(()),
        Ok((_, said)) => bail!("plugins can't be built: rustup couldn't add the target {TARGET}; {BY_HAND}\nrustup said: {said}"),
        Err(error) => bail!("plugins can't be built: the target {TARGET} isn't installed, and {error}; {BY_HAND}"),
    }
}

fn is_there(folder: &Path) -> Result<bool> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(&rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(folder)
        .output()
        .with_context(|| {
            format!("plugins can't be built: `{}` can't be started; install Rust from https://rustup.rs", rustc.to_string_lossy())
        })?;
    let libdir = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let Ok(entries) = libdir.read_dir() else { return Ok(false) };
    let is_std = |name: &str| name.starts_with("libstd-") && name.ends_with(".rlib");
    Ok(entries.filter_map(Result::ok).any(|entry| entry.file_name().to_str().is_some_and(is_std)))
}
