//! The program under test, and where things are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How one run of the program ended.
#[derive(Debug)]
pub struct Run {
    /// Exit code; -1 when a signal ended it.
    pub code: i32,
    /// Everything on stdout.
    pub stdout: String,
    /// Everything on stderr.
    pub stderr: String,
}

/// The workspace's folder.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is there")
}

/// The program: `PLANTROOM_PROGRAM`, or the one beside the tests.
///
/// # Panics
/// When it isn't built.
pub(crate) fn program() -> PathBuf {
    let program = std::env::var_os("PLANTROOM_PROGRAM").map_or_else(|| built().join("plantroom"), PathBuf::from);
    assert!(program.is_file(), "{} is missing; type: cargo build -p plantroom", program.display());
    program
}

/// The folder of packed components: `PLANTROOM_COMPONENTS`, or `plugins` beside the program.
///
/// # Panics
/// When they aren't built.
pub(crate) fn components() -> PathBuf {
    let folder = std::env::var_os("PLANTROOM_COMPONENTS").map_or_else(|| built().join("plugins"), PathBuf::from);
    for name in ["modbus", "average", "hostile", "greedy"] {
        let file = folder.join(format!("{name}.wasm"));
        let build = "plantroom plugin build --out target/debug/plugins plugins/modbus plugins/average tests/guests/hostile tests/guests/greedy";
        assert!(file.is_file(), "{} is missing; type: {build}", file.display());
    }
    folder
}

/// The program as a command, with the components in its environment and nothing of the caller's logins.
pub fn command() -> Command {
    let mut command = Command::new(program());
    command.env("PLANTROOM_COMPONENTS", components()).stdin(Stdio::null());
    // `check` keeps compiled plugins in the user's cache; tests leave nothing in it.
    command.env("XDG_CACHE_HOME", built().join("tests-cache"));
    for secret in ["PLANTROOM_URL", "PLANTROOM_TOKEN", "PLANTROOM_USER", "PLANTROOM_PASSWORD", "PLANTROOM_LOG"] {
        command.env_remove(secret);
    }
    command
}

/// Runs one verb to its end: `plantroom(&["check", folder], &[])`.
///
/// # Panics
/// When the program can't be started.
pub fn plantroom(arguments: &[&str], environment: &[(&str, &str)]) -> Run {
    let output = command().args(arguments).envs(environment.iter().copied()).output().expect("the program starts");
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// `target/debug`: two above this test's own binary.
fn built() -> PathBuf {
    let this = std::env::current_exe().expect("a test knows its own file");
    this.ancestors().nth(2).expect("tests are in target/debug/deps").to_owned()
}
