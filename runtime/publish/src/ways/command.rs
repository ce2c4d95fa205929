//! Programs on the station's machine: the letter on standard input, as JSON; done when the program ends with 0.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use plantroom_project::OutletKind;

use super::{Failure, FailureKind, as_json};
use crate::desk::Job;
use crate::item::cut;
use crate::limits;

/// How often a program is looked at, in ms.
const LOOK_MS: u64 = 20;

/// Delivers a letter to a program. It is started without a shell, without the station's environment, and in a group of its
/// own, so that all of it can be ended.
pub(super) fn deliver(job: &Job) -> Result<String, Failure> {
    let OutletKind::Command { program, args, timeout_ms } = &job.outlet.kind else {
        return Err(Failure::new(FailureKind::ForGood, "this outlet is no program"));
    };
    let mut command = Command::new(program);
    command.args(args).env_clear().current_dir("/");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(|error| {
        Failure::new(FailureKind::Outside, format!("the program can't be started ({error}): check that it is there: {program}"))
    })?;
    let said = listen(&mut child);
    hand_over(&mut child, as_json(job).to_string());
    let turns = u64::from(*timeout_ms).div_ceil(LOOK_MS);
    for _ in 0..turns {
        match child.try_wait() {
            Ok(Some(status)) => {
                let said = said.recv_timeout(Duration::from_millis(200)).unwrap_or_default();
                return match status.code() {
                    Some(0) => Ok("ended with 0".to_owned()),
                    code => Err(Failure::new(FailureKind::Outside, ended(program, code, &said))),
                };
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(LOOK_MS)),
            Err(error) => return Err(Failure::new(FailureKind::Outside, format!("the program can't be watched: {error}"))),
        }
    }
    end(&mut child);
    let why = format!("the program took longer than {timeout_ms} ms and was ended: {program}");
    Err(Failure::new(FailureKind::Outside, why))
}

fn ended(program: &str, code: Option<i32>, said: &str) -> String {
    let how = code.map_or_else(|| "was ended by a signal".to_owned(), |code| format!("ended with {code}"));
    let said = if said.is_empty() { String::new() } else { format!(", saying: {said}") };
    format!("the program {how}{said}: {program}")
}

/// A program that doesn't read must not hold anybody up: a letter may be longer than a pipe.
fn hand_over(child: &mut Child, letter: String) {
    let Some(mut input) = child.stdin.take() else { return };
    let writing = move || drop(input.write_all(letter.as_bytes()));
    // Without a thread the program sees an empty letter, and says so by its end.
    drop(std::thread::Builder::new().name("outlet-program".to_owned()).spawn(writing));
}

/// The last lines of what it says on standard error; the rest is read away.
fn listen(child: &mut Child) -> Receiver<String> {
    let (tell, told) = sync_channel(1);
    if let Some(mut errors) = child.stderr.take() {
        let reading = move || {
            let (mut kept, mut chunk) = (Vec::new(), [0; 4_096]);
            while let Ok(count) = errors.read(&mut chunk) {
                if count == 0 {
                    break;
                }
                kept.extend_from_slice(&chunk[..count]);
                let over = kept.len().saturating_sub(limits::ANSWER_BYTES);
                kept.drain(..over);
            }
            let text = String::from_utf8_lossy(&kept).replace(|c: char| c.is_control(), " ");
            let _ = tell.try_send(cut(text.trim(), limits::ANSWER_BYTES).to_owned());
        };
        drop(std::thread::Builder::new().name("outlet-program".to_owned()).spawn(reading));
    }
    told
}

/// Ends a program and all that it has started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}
