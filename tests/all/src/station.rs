//! The real `plantroom run` as a child process.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::api::Api;
use crate::console::Console;
use crate::program::command;
use crate::wait::eventually;
use crate::{Project, Run};

/// How long a start may take on a busy machine: every plugin may have to be compiled.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A station that runs until it is dropped.
pub struct Station {
    child: Child,
    log: Log,
    /// `http://127.0.0.1:PORT`
    pub url: String,
    /// Name and password of the user that the first start made; on later starts those of the first.
    pub engineer: (String, String),
    readers: Vec<JoinHandle<()>>,
}

/// What the child wrote on stderr.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn text(&self) -> String {
        self.0.lock().map_or_else(|broken| broken.into_inner().clone(), |text| text.clone())
    }
}

impl Station {
    /// Runs the station of a project, with its data in the project's `data`, at a free port; returns when it is ready.
    ///
    /// # Panics
    /// With the station's log when it does not become ready.
    #[track_caller]
    pub fn start(project: &Project) -> Self {
        Self::start_with(project, &[], &[])
    }

    /// The same with more arguments and environment.
    ///
    /// # Panics
    /// With the station's log when it does not become ready.
    #[track_caller]
    pub fn start_with(project: &Project, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_as(command(), project, arguments, environment)
    }

    /// The same with another way to start the program, as [`crate::SmallDisk`] and [`crate::Clock`] have them.
    ///
    /// # Panics
    /// With the station's log when it does not become ready.
    #[track_caller]
    pub fn start_as(mut command: Command, project: &Project, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let data = project.data();
        let data_text = data.to_str().expect("temporary folders have plain names").to_owned();
        command.args(["run", project.text(), "--data", &data_text, "--json"]).args(arguments);
        if !arguments.contains(&"--port") {
            command.args(["--port", "0"]);
        }
        command.envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let log = Log::default();
        let (ready, is_ready) = mpsc::channel();
        let readers = vec![read_log(&mut child, log.clone()), read_ready(&mut child, ready)];
        let mut station = Self { child, log, url: String::new(), engineer: Default::default(), readers };
        let Ok(line) = is_ready.recv_timeout(READY_WITHIN) else {
            panic!("the station did not become ready; its log follows");
        };
        let event: serde_json::Value = serde_json::from_str(&line).expect("the ready line is JSON");
        station.url = event["url"].as_str().expect("the ready line has the address").to_owned();
        station.engineer = remember_engineer(&data, &event["first_user"]);
        station
    }

    /// Runs a station that is expected to refuse to start.
    ///
    /// # Panics
    /// When it starts, or doesn't end within a minute.
    #[track_caller]
    pub fn refuses(project: &Project, environment: &[(&str, &str)]) -> Run {
        let data = project.data();
        let mut command = command();
        command.args(["run", project.text(), "--port", "0", "--json", "--data"]).arg(data);
        command.envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let log = Log::default();
        let reader = read_log(&mut child, log.clone());
        let (ready, is_ready) = mpsc::channel();
        let out = read_ready(&mut child, ready);
        let status = match is_ready.recv_timeout(READY_WITHIN) {
            Err(mpsc::RecvTimeoutError::Disconnected) => child.wait().expect("a child ends"),
            started => {
                let _ = child.kill();
                let _ = child.wait();
                panic!("the station should have refused to start ({started:?}); it said:\n{}", log.text());
            }
        };
        let _ = (reader.join(), out.join());
        Run { code: status.code().unwrap_or(-1), stdout: String::new(), stderr: log.text() }
    }

    /// A client that is logged in as the engineer.
    #[track_caller]
    pub fn api(&self) -> Api {
        Api::login(&self.url, &self.engineer.0, &self.engineer.1)
    }

    /// A console that is logged in as the engineer and watches these tags.
    #[track_caller]
    pub fn console(&self, tags: &[&str]) -> Console {
        let console = Console::open(&self.url);
        console.login(&self.engineer.0, &self.engineer.1);
        console.subscribe(tags);
        console
    }

    /// What the station has written to its log so far.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a killed child ends");
    }

    /// Ctrl-C's gentler sister: SIGTERM; returns how the process ended.
    ///
    /// # Panics
    /// When it has not ended within 20 s.
    #[track_caller]
    pub fn stop(&mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        let sent = std::process::Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the station can't be told to stop");
        self.ended(20.0)
    }

    /// How the process ended by itself.
    ///
    /// # Panics
    /// When it has not ended in time.
    #[track_caller]
    pub fn ended(&mut self, seconds: f64) -> ExitStatus {
        eventually("the station's process ends", seconds, || self.child.try_wait().expect("a child can be asked"))
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            println!("--- the end of the station's log ---");
            for line in lines.iter().skip(lines.len().saturating_sub(120)) {
                println!("{line}");
            }
            println!("--- end ---");
        }
    }
}

fn read_log(child: &mut Child, log: Log) -> JoinHandle<()> {
    let mut stderr = child.stderr.take().expect("stderr is a pipe");
    std::thread::spawn(move || {
        let mut block = [0_u8; 4096];
        while let Ok(count @ 1..) = stderr.read(&mut block) {
            if let Ok(mut text) = log.0.lock() {
                text.push_str(&String::from_utf8_lossy(&block[..count]));
            }
        }
    })
}

/// Sends the ready line, and reads on so that the child never waits for us.
fn read_ready(child: &mut Child, ready: mpsc::Sender<String>) -> JoinHandle<()> {
    let stdout = child.stdout.take().expect("stdout is a pipe");
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if line.contains("\"ready\"") {
                let _ = ready.send(line);
            }
        }
    })
}

/// The password is told at the first start only; tests that start twice need it twice.
fn remember_engineer(data: &std::path::Path, told: &serde_json::Value) -> (String, String) {
    let file = data.with_extension("engineer");
    let text = |key: &str| told[key].as_str().map(str::to_owned);
    if let (Some(user), Some(password)) = (text("user"), text("password")) {
        std::fs::write(&file, format!("{user}\n{password}")).expect("a file can be written");
        return (user, password);
    }
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    let (user, password) = kept.split_once('\n').unwrap_or_default();
    (user.to_owned(), password.to_owned())
}
