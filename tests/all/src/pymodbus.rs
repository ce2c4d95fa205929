//! A real pymodbus device as a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde_json::{Value as Json, json};

use crate::program::workspace;
use crate::wait::eventually;

/// How long Python may take to start, or to obey, on a busy machine, in s.
const ANSWER_S: f64 = 20.0;

/// A device; see `peers/device.py` for its registers. It ends when it is dropped.
pub struct Pymodbus {
    child: Child,
    stdin: ChildStdin,
    told: Arc<Mutex<Vec<Json>>>,
    reader: Option<JoinHandle<()>>,
    commands: u64,
    /// Its TCP port.
    pub port: u16,
}

/// One write that a device has accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Monotonic seconds of the device's process.
    pub t: f64,
    /// Modbus function: 5, 6, 15, 16.
    pub function: u64,
    /// First register or coil.
    pub address: u64,
    /// What was written.
    pub values: Vec<u64>,
}

impl Pymodbus {
    /// A device at a free port.
    ///
    /// # Panics
    /// When Python or pymodbus is missing, with what to type.
    #[track_caller]
    pub fn start() -> Self {
        Self::start_at(0)
    }

    /// A device at this port: one that comes back.
    ///
    /// # Panics
    /// When Python or pymodbus is missing, or the port is taken.
    #[track_caller]
    pub fn start_at(port: u16) -> Self {
        Self::launch("device.py", &[port.to_string()], None)
    }

    /// Several units behind one port, as `peers/units.py` has them: `{"1": {"h": {"0": [1, 2]}}}`.
    ///
    /// # Panics
    /// When Python or pymodbus is missing, with what to type.
    #[track_caller]
    pub fn units(units: &Json) -> Self {
        Self::launch("units.py", &[], Some(json!({ "units": units })))
    }

    #[track_caller]
    fn launch(script: &str, arguments: &[String], first: Option<Json>) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script);
        let mut command = Command::new(python());
        command.arg(script).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python starts");
        let mut stdin = child.stdin.take().expect("stdin is a pipe");
        if let Some(first) = first {
            writeln!(stdin, "{first}").and_then(|()| stdin.flush()).expect("the pymodbus device listens");
        }
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Ok(event) = serde_json::from_str::<Json>(&line) {
                    heard.lock().unwrap_or_else(PoisonError::into_inner).push(event);
                }
            }
        });
        let mut device = Self { child, stdin, told, reader: Some(reader), commands: 0, port: 0 };
        let listening = eventually("the pymodbus device listens", ANSWER_S, || {
            let ended = device.child.try_wait().ok().flatten();
            assert!(ended.is_none(), "the pymodbus device has ended; see above");
            device.events("listening").into_iter().next()
        });
        device.port = listening["port"].as_u64().and_then(|port| port.try_into().ok()).expect("a port");
        device
    }

    /// Puts holding and input registers.
    ///
    /// # Panics
    /// When the device doesn't obey.
    #[track_caller]
    pub fn set(&mut self, address: u16, registers: &[u16]) {
        self.command(json!({ "set": [address, registers] }));
    }

    /// Puts a 32-bit float, most significant register first.
    ///
    /// # Panics
    /// When the device doesn't obey.
    #[track_caller]
    pub fn set_f32(&mut self, address: u16, value: f32) {
        let bits = value.to_bits();
        self.set(address, &[(bits >> 16) as u16, (bits & 0xFFFF) as u16]);
    }

    /// Any command that the script knows.
    ///
    /// # Panics
    /// When the device doesn't obey.
    #[track_caller]
    pub fn command(&mut self, mut command: Json) {
        self.commands += 1;
        let number = self.commands;
        command["number"] = number.into();
        writeln!(self.stdin, "{command}").and_then(|()| self.stdin.flush()).expect("the pymodbus device listens");
        eventually("the pymodbus device obeys", ANSWER_S, || {
            self.events("done").iter().any(|event| event["number"].as_u64() == Some(number)).then_some(())
        });
    }

    /// Every write that it has accepted, in order.
    pub fn writes(&self) -> Vec<Written> {
        let written = |event: Json| Written {
            t: event["t"].as_f64().unwrap_or(f64::NAN),
            function: event["function"].as_u64().unwrap_or_default(),
            address: event["address"].as_u64().unwrap_or_default(),
            values: event["values"].as_array().into_iter().flatten().filter_map(Json::as_u64).collect(),
        };
        self.events("write").into_iter().map(written).collect()
    }

    /// Everything of one kind that it said.
    pub fn events(&self, kind: &str) -> Vec<Json> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().filter(|event| event["event"] == kind).cloned().collect()
    }

    /// Stops it in its tracks (SIGSTOP): its connections stay open, and nothing answers.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {signal} was refused");
    }
}

impl Drop for Pymodbus {
    fn drop(&mut self) {
        self.kill();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// The Python that has the peers.
///
/// # Panics
/// When it isn't there, with what to type.
pub fn python() -> PathBuf {
    let named = std::env::var_os("PLANTROOM_PEERS_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| workspace().join("target/peers/bin/python"));
    let found = Command::new(&python).args(["-c", "import pymodbus, serial, snap7, aiosmtpd"]).stderr(Stdio::null()).status();
    assert!(
        found.is_ok_and(|status| status.success()),
        "{} or one of its packages is missing; type: cargo xtask test --only peers",
        python.display(),
    );
    python
}
