//! A serial line with pymodbus units on it, at a pseudo-terminal, with noise when it is asked for.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::pymodbus::python;

/// How long Python may take to start, or to obey, on a busy machine.
const ANSWER: Duration = Duration::from_secs(20);

/// The line; see `peers/serial_line.py`. It ends when it is dropped.
pub struct SerialLine {
    child: Child,
    stdin: ChildStdin,
    told: Receiver<Json>,
    commands: u64,
    folder: TempDir,
}

impl SerialLine {
    /// A line with these units; register N of unit U holds U * 1000 + N.
    ///
    /// # Panics
    /// When Python, pymodbus or pyserial is missing.
    pub fn start(units: &[u8]) -> Self {
        let folder = TempDir::with_prefix("plantroom-line-").expect("a temporary folder");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/serial_line.py");
        let mut command = Command::new(python());
        command.arg(script).arg(folder.path().join("tty")).args(units.iter().map(u8::to_string));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python starts");
        let stdin = child.stdin.take().expect("stdin is a pipe");
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let (tell, told) = channel();
        std::thread::spawn(move || {
            let events = BufReader::new(stdout).lines().map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok());
            // It ends with the test.
            events.for_each(|event: Json| drop(tell.send(event)));
        });
        let mut line = Self { child, stdin, told, commands: 0, folder };
        line.until("listening", 0);
        line
    }

    /// The near end, for connections.toml.
    pub fn port(&self) -> PathBuf {
        self.folder.path().join("tty")
    }

    /// Noise in so many of the answers.
    ///
    /// # Panics
    /// When the line doesn't obey.
    pub fn noise(&mut self, part: f64) {
        self.command(json!({ "noise": part }));
    }

    /// Any command that the script knows.
    ///
    /// # Panics
    /// When the line doesn't obey.
    pub fn command(&mut self, mut command: Json) {
        self.commands += 1;
        command["number"] = self.commands.into();
        writeln!(self.stdin, "{command}").and_then(|()| self.stdin.flush()).expect("the serial line listens");
        self.until("done", self.commands);
    }

    fn until(&mut self, event: &str, number: u64) {
        loop {
            let told = self.told.recv_timeout(ANSWER).expect("the serial line obeys; is pyserial in target/peers?");
            if told["event"] == event && told["number"].as_u64().unwrap_or(0) == number {
                return;
            }
        }
    }
}

impl Drop for SerialLine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
