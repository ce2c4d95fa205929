//! Running tools with a time limit.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};

/// How often a running tool is looked at.
const LOOK_MS: u64 = 100;
/// The last part of what a tool said that is kept, in bytes.
const SAID_BYTES: usize = 4_096;

/// Runs a tool to its end; what it wrote to its error output comes back with its success.
///
/// # Errors
/// It can't be started, or it took longer than the limit and was ended.
pub fn run(command: &mut Command, limit_s: u64) -> Result<(bool, String)> {
    let name = command.get_program().to_string_lossy().into_owned();
    let started = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => bail!("can't start `{name}`: {error}"),
    };
    let stderr = child.stderr.take();
    let reader = thread::spawn(move || {
        let mut said = Vec::new();
        if let Some(mut stderr) = stderr {
            // What can't be read any more is missing from a message, nothing else.
            let _ = stderr.read_to_end(&mut said);
        }
        said
    });
    // Counted in looks, so that nothing here asks a clock.
    for _ in 0..limit_s * 1_000 / LOOK_MS {
        if let Some(status) = child.try_wait()? {
            let said = reader.join().unwrap_or_default();
            let tail = said.get(said.len().saturating_sub(SAID_BYTES)..).unwrap_or_default();
            return Ok((status.success(), String::from_utf8_lossy(tail).trim().to_owned()));
        }
        thread::sleep(Duration::from_millis(LOOK_MS));
    }
    child.kill()?;
    child.wait()?;
    bail!("`{name}` wasn't done after {limit_s} s and was ended")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_hangs_is_ended() {
        let error = run(Command::new("sleep").arg("60"), 0).unwrap_err().to_string();
        assert!(error.contains("wasn't done after 0 s"), "{error}");
    }

    #[test]
    fn what_a_tool_said_comes_back() {
        let (success, said) = run(Command::new("sh").args(["-c", "echo no >&2; exit 3"]), 10).unwrap();
        assert_eq!((success, said.as_str()), (false, "no"));
        assert!(run(&mut Command::new("plantroom-no-such-tool"), 1).unwrap_err().to_string().contains("can't start"));
    }
}
