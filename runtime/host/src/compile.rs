//! Compiling a component: in a child process that can be ended.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use wasmtime::Engine;

use crate::engine::engine;
use crate::limits;

/// How often the child is looked at, in ms.
const LOOK_MS: u64 = 5;

/// Bytes kept of what the child says.
const COMPLAINT_BYTES: u64 = 4_096;

/// Compiles a component: what the hidden verb `plantroom compile-component IN OUT` runs, as a process that can be ended.
///
/// First it limits its own time and memory: a component can be made to cost a compiler any amount of both.
///
/// # Errors
/// With a sentence for stderr.
pub fn compile_main(input: &Path, output: &Path) -> Result<(), String> {
    bound_this_process();
    let bytes = fs::read(input).map_err(|error| format!("the component can't be read: {error}"))?;
    let engine = engine().map_err(|error| format!("{error:#}"))?;
    let compiled = in_this_process(&engine, &bytes)?;
    fs::write(output, compiled).map_err(|error| format!("the compiled component can't be written: {error}"))
}

/// Compiles without a child: nothing can end it.
pub(crate) fn in_this_process(engine: &Engine, bytes: &[u8]) -> Result<Vec<u8>, String> {
    engine.precompile_component(bytes).map_err(|error| format!("{error:#}"))
}

#[cfg(unix)]
fn bound_this_process() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // A limit that can't be set is one that is already lower; the parent's own time limit holds in any case.
    for (resource, limit) in [(Resource::As, limits::COMPILE_BYTES), (Resource::Cpu, limits::COMPILE_S), (Resource::Core, 0)] {
        let _ = setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) });
    }
}

#[cfg(not(unix))]
fn bound_this_process() {}

/// Compiles in a child process: `command` with input and output appended.
///
/// `dir` is an empty folder that nobody else may write to.
pub(crate) fn in_child(command: &[OsString], bytes: &[u8], dir: &Path, limit_s: u64) -> Result<Vec<u8>, String> {
    let (program, arguments) = command.split_first().ok_or("no program that compiles is named")?;
    let (input, output, complaint) = (dir.join("in.wasm"), dir.join("out.cwasm"), dir.join("stderr"));
    fs::write(&input, bytes).map_err(|error| format!("it can't be handed to the compiler: {error}"))?;
    let stderr = File::create(&complaint).map_err(|error| format!("the compiler can't be started: {error}"))?;
    let mut child = Command::new(program)
        .args(arguments)
        .arg(&input)
        .arg(&output)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .map_err(|error| format!("the compiler can't be started ({error}): {}", Path::new(program).display()))?;
    match wait(&mut child, limit_s)? {
        Some(status) if status.success() => read_bounded(&output),
        Some(status) => Err(said(&complaint).unwrap_or_else(|| ended(status))),
        None => Err(format!("it took longer than {limit_s} s and was ended")),
    }
}

/// Waits for the child; ends it after the time limit.
fn wait(child: &mut Child, limit_s: u64) -> Result<Option<ExitStatus>, String> {
    for _ in 0..limit_s * 1_000 / LOOK_MS {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(Some(status)),
            Ok(None) => thread::sleep(Duration::from_millis(LOOK_MS)),
            Err(error) => return Err(format!("the compiler was lost: {error}")),
        }
    }
    // Already ended is as good as ended now.
    let _ = child.kill();
    let _ = child.wait();
    Ok(None)
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, String> {
    let mut compiled = Vec::new();
    let file = File::open(path).map_err(|error| format!("the compiler left nothing: {error}"))?;
    file.take(limits::COMPILED_BYTES + 1).read_to_end(&mut compiled).map_err(|error| error.to_string())?;
    if compiled.is_empty() || compiled.len() as u64 > limits::COMPILED_BYTES {
        return Err(format!("compiled it has {} bytes; at most {} are allowed", compiled.len(), limits::COMPILED_BYTES));
    }
    Ok(compiled)
}

fn said(path: &Path) -> Option<String> {
    let mut text = Vec::new();
    File::open(path).ok()?.take(COMPLAINT_BYTES).read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn ended(status: ExitStatus) -> String {
    format!("the compiler ended without a word ({status}); it may have run out of memory or time")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn with_shell(script: &str) -> Result<Vec<u8>, String> {
        let dir = tempfile::tempdir().unwrap();
        // The shell's arguments are the script, its name, then input and output.
        let command = ["sh", "-c", script, "sh"].map(OsString::from);
        in_child(&command, b"component", dir.path(), 1)
    }

    #[test]
    fn a_child_gets_input_and_output() {
        assert_eq!(with_shell(r#"cp "$1" "$2""#), Ok(b"component".to_vec()));
    }

    #[test]
    fn a_child_that_fails_or_hangs_is_told_in_a_sentence() {
        for (script, part) in [
            ("echo no such opcode >&2; exit 1", "no such opcode"),
            ("exit 3", "ended without a word"),
            ("kill -9 $$", "ended without a word"),
            ("exit 0", "left nothing"),
            (r#": > "$2""#, "0 bytes"),
            ("exec sleep 60", "longer than 1 s"),
        ] {
            let said = with_shell(script).unwrap_err();
            assert!(said.contains(part), "{script}: {said}");
        }
        let dir = tempfile::tempdir().unwrap();
        let said = in_child(&["/nonexistent/plantroom".into()], b"", dir.path(), 1).unwrap_err();
        assert!(said.contains("can't be started"), "{said}");
    }
}
