//! EPICS base processing records, as a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::workplace::root;

/// The running peer.
pub struct Epics {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Epics {
    /// Starts it; `None` where EPICS isn't installed, which is said with what to type.
    ///
    /// # Errors
    /// When it is installed, and doesn't start.
    pub fn start() -> Result<Option<Self>> {
        let python = root().join("target/peers-bench/bin/python");
        if !python.exists() {
            eprintln!(
                "EPICS is not measured; for it: python3 -m venv target/peers-bench && \
                 target/peers-bench/bin/pip install epicscorelibs"
            );
            return Ok(None);
        }
        let script = root().join("tests/bench/peers/epics_records.py");
        let mut child = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("EPICS can't be started")?;
        let input = child.stdin.take().context("no input")?;
        let mut epics = Self { input, output: BufReader::new(child.stdout.take().context("no output")?), child };
        ensure!(epics.line()?.trim() == "ready", "EPICS did not start; try: pip install epicscorelibs in target/peers-bench");
        Ok(Some(epics))
    }

    /// One round: million records a second, of the two ways the quicker.
    ///
    /// # Errors
    /// When it has ended.
    pub fn round(&mut self) -> Result<f64> {
        writeln!(self.input, "round")?;
        self.input.flush()?;
        let line = self.line()?;
        let rates: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let best = rates.iter().copied().fold(f64::NAN, f64::max);
        ensure!(rates.len() == 2 && best > 0.0, "EPICS says {line}");
        Ok(best / 1e6)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line)
    }
}

impl Drop for Epics {
    fn drop(&mut self) {
        // Its input ends with it, and so does it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
