//! `plantroom run`: a station.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use plantroom_station::{RunningStation, StartError, StationOptions, start};

use crate::exit::Failure;
use crate::{init_log, memory, paths};

/// Runs the station of a project until it is told to stop (Ctrl-C). At the very first start it makes the user
/// `engineer` and prints a password for it, once.
#[derive(Args)]
pub struct Run {
    /// The project folder.
    #[arg(default_value = ".")]
    project: PathBuf,
    /// Folder for users, audit trail, retained values and compiled plugins; `data` in the project if not given.
    #[arg(long)]
    data: Option<PathBuf>,
    /// TCP port, instead of the one in plant.toml.
    #[arg(long)]
    port: Option<u16>,
    /// Says what happens as JSON lines on stdout.
    #[arg(long)]
    json: bool,
}

impl Run {
    pub fn run(self) -> Result<()> {
        memory::for_a_station();
        init_log::start("info");
        let runtime = tokio::runtime::Runtime::new().context("the network can't be started")?;
        runtime.block_on(async {
            let options = StationOptions {
                project: self.project.clone(),
                data: self.data.clone(),
                port: self.port,
                component_folders: paths::component_folders(),
                compile_command: paths::compile_command()?,
                give_back: memory::give_back,
            };
            let station = start(options).await.map_err(failure)?;
            self.announce(&station)?;
            let stopped_by_fault = station.until_stopped(stop_signal()).await;
            if stopped_by_fault {
                Err(Failure::bug("The station has stopped because of a fault of its own; see the log above.").into())
            } else {
                Ok(())
            }
        })
    }

    fn announce(&self, station: &RunningStation) -> Result<()> {
        if self.json {
            let first_user =
                station.first_user.as_ref().map(|(user, password)| serde_json::json!({ "user": user, "password": password }));
            println!(
                "{}",
                serde_json::to_string(&serde_json::json!({ "event": "ready", "url": station.url, "first_user": first_user }))?
            );
            return Ok(());
        }
        if let Some((user, password)) = &station.first_user {
            println!(
                "First start: the user `{user}` was made, with the password\n\n    {password}\n\nIt is shown only now. Change it with `plantroom user password {user}`.\n"
            );
        }
        println!(
            "The station runs at {}. Look at it with `plantroom console --url {}`. Ctrl-C stops it.",
            station.url, station.url
        );
        Ok(())
    }
}

/// A start that failed, with the exit code for scripts.
pub fn failure(error: StartError) -> anyhow::Error {
    match error {
        StartError::Bug(sentence) => Failure::bug(sentence).into(),
        other => Failure::problems(other.to_string()).into(),
    }
}

/// Ends when the user or the system wants the program to stop.
pub async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without signals the program runs until it is ended from outside.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
