//! `plantroom` as a child process, and a client of its API.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value as Json, json};

use crate::workplace::{Project, Workplace};

/// How long a start may take: every plugin may have to be compiled.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A child process that ends with the value.
pub struct Process(Child);

impl Process {
    /// Starts a verb of the program. Its log goes into a file.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start(workplace: &Workplace, arguments: &[&str], log: &Path) -> Result<Self> {
        let log = std::fs::File::create(log).context("a log file can't be made")?;
        let mut command = workplace.plantroom()?;
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        Ok(Self(command.spawn().context("the program can't be started")?))
    }

    /// The first line on its stdout that contains a word. What follows is read and thrown away.
    ///
    /// # Errors
    /// When it doesn't come within a minute.
    pub fn says(&mut self, word: &'static str) -> Result<String> {
        let stdout = self.0.stdout.take().context("its output is read already")?;
        let (sender, receiver) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if line.contains(word) {
                    // Only the first line is waited for.
                    let _ = sender.try_send(line);
                }
            }
        });
        receiver.recv_timeout(READY_WITHIN).with_context(|| format!("the program did not say `{word}` within a minute"))
    }

    /// CPU time that it has used, in s.
    ///
    /// # Errors
    /// When the process is gone, or this isn't Linux.
    pub fn cpu_s(&self) -> Result<f64> {
        let path = format!("/proc/{}/stat", self.0.id());
        let text = std::fs::read_to_string(&path).with_context(|| format!("can't read {path}"))?;
        let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
        // utime and stime, in ticks of 1/100 s.
        let ticks: f64 = rest.split_ascii_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
        Ok(ticks / 100.0)
    }

    /// A line of `/proc/PID/status` in KiB: `VmRSS`, `VmHWM`.
    ///
    /// # Errors
    /// When the process is gone, or this isn't Linux.
    pub fn status_kib(&self, key: &str) -> Result<f64> {
        let path = format!("/proc/{}/status", self.0.id());
        let text = std::fs::read_to_string(&path).with_context(|| format!("can't read {path}"))?;
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        number.with_context(|| format!("{path} has no {key}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGTERM, so that the station goes down as it would.
        let told = std::process::Command::new("kill").arg(self.0.id().to_string()).status();
        for _ in 0..200 {
            if told.is_err() || !matches!(self.0.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running station.
pub struct Station {
    /// Its process.
    pub process: Process,
    /// `http://127.0.0.1:PORT`
    pub url: String,
    /// User and password that the first start made.
    pub engineer: Option<(String, String)>,
}

impl Station {
    /// Starts the station of a project with its data in the project's `data`, and waits until it is ready.
    ///
    /// # Errors
    /// With the end of its log when it does not become ready.
    pub fn start(workplace: &Workplace, project: &Project, port: u16) -> Result<Self> {
        let mut process = Self::spawn(workplace, project, port)?;
        let line = process.says("\"ready\"").with_context(|| log_of(project))?;
        let event: Json = serde_json::from_str(&line)?;
        let text = |of: &Json, key: &str| of[key].as_str().map(str::to_owned);
        let first = &event["first_user"];
        let engineer = text(first, "user").zip(text(first, "password"));
        Ok(Self { process, url: text(&event, "url").context("the ready line has no address")?, engineer })
    }

    /// Starts it and waits for nothing.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn spawn(workplace: &Workplace, project: &Project, port: u16) -> Result<Process> {
        let (folder, data, port) = (text(project.path())?, project.path().join("data"), port.to_string());
        let arguments = ["run", folder, "--data", text(&data)?, "--port", &port, "--json"];
        Process::start(workplace, &arguments, &project.path().join("station.log"))
    }

    /// A client that is logged in as the engineer.
    ///
    /// # Errors
    /// When it is refused.
    pub fn login(&self) -> Result<Api> {
        let (user, password) = self.engineer.as_ref().context("the first user's password is not known")?;
        let mut api = Api::new(&self.url, "");
        let answer = api.call("POST", "/api/v1/login", Some(json!({ "user": user, "password": password })))?;
        answer["token"].as_str().with_context(|| format!("the login was refused: {answer}"))?.clone_into(&mut api.token);
        Ok(api)
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("the checkout's path must be plain text")
}

fn log_of(project: &Project) -> String {
    let log = std::fs::read_to_string(project.path().join("station.log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    format!("the station's log ends with:\n{}", lines[lines.len().saturating_sub(20)..].join("\n"))
}

/// A session over HTTP, on one connection that stays open.
pub struct Api {
    url: String,
    /// The session's or program's token.
    pub token: String,
    agent: ureq::Agent,
}

impl Api {
    /// A client with a token, or without.
    pub fn new(url: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(30)));
        Self { url: url.to_owned(), token: token.to_owned(), agent: config.build().into() }
    }

    /// One call; an answer that isn't a success is an error.
    ///
    /// # Errors
    /// When no good answer comes.
    pub fn call(&self, method: &str, path: &str, body: Option<Json>) -> Result<Json> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        let mut answer = match body {
            Some(body) => self.agent.run(request.header("content-type", "application/json").body(body.to_string())?)?,
            None => self.agent.run(request.body(())?)?,
        };
        let text = answer.body_mut().read_to_string()?;
        if !answer.status().is_success() {
            bail!("{method} {path}: {} {text}", answer.status());
        }
        Ok(serde_json::from_str(&text)?)
    }
}
