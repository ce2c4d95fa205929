//! `plantroom demo`: the waterworks, live, with one command.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use clap::Args;
use plantroom_model::Role;
use plantroom_station::{RunningStation, StationOptions, start};

use crate::exit::Failure;
use crate::run::{failure, stop_signal};
use crate::{init_log, memory, paths};

/// Starts a simulated field, a station and a console for the demo waterworks. Everything ends with the console's
/// window, or with Ctrl-C; nothing is kept. Without a display it says so and serves the API.
#[derive(Args)]
pub struct Demo {
    /// Another project with a simulation.toml.
    #[arg(long)]
    project: Option<PathBuf>,
    /// TCP port of the station's server.
    #[arg(long, default_value_t = 8600)]
    port: u16,
    /// Serves the API only, without a console.
    #[arg(long)]
    headless: bool,
    /// How much faster than real time the field runs.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Fails from the start: high_lift/p2=trip. Can be repeated; `plantroom simulate --list-failures` lists what can, and
    /// `plantroom simulate fail NAME KIND` does it while the demo runs.
    #[arg(long, value_name = "NAME=KIND")]
    fail: Vec<String>,
    /// An upset plays from the start: power-dip. `plantroom simulate upset` lists those of a project, and
    /// `plantroom simulate upset NAME` plays one while the demo runs.
    #[arg(long, value_name = "NAME")]
    upset: Option<String>,
}

/// A child process that ends with us.
struct Companion(Child);

impl Drop for Companion {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Demo {
    pub fn run(self) -> Result<()> {
        memory::for_a_station();
        init_log::start("warn");
        let project = self.project.clone().map_or_else(paths::demo_project, Ok)?;
        let runtime = tokio::runtime::Runtime::new().context("the network can't be started")?;
        runtime.block_on(self.play(project))
    }

    async fn play(self, project: PathBuf) -> Result<()> {
        let data =
            tempfile::Builder::new().prefix("plantroom-demo-").tempdir().context("a folder for the demo's data can't be made")?;
        println!("Starting the field (plantroom simulate) ...");
        let speed = self.speed.to_string();
        let mut field = start_field(&project, &speed, &self.fail, self.upset.as_deref())?;
        let automations = automation_users(&project);
        println!("Starting the station ...");
        let options = StationOptions {
            project,
            data: Some(data.path().to_owned()),
            port: Some(self.port),
            component_folders: paths::component_folders(),
            compile_command: paths::compile_command()?,
            give_back: memory::give_back,
        };
        let station = start(options).await.map_err(failure)?;
        let password = station.make_user("operator", Role::Operate).await?;
        for user in automations {
            // Nobody logs in as these: an automation acts for each.
            station.make_user(&user, Role::Operate).await?;
        }
        println!("The station runs at {}; log in as `operator` with the password {password}", station.url);
        let console = self.open_console(&station, &password)?;
        let (url, field_ended) = (station.url.clone(), AtomicBool::new(false));
        let stop = async {
            tokio::select! {
                () = console_closed(console, &url) => {}
                _ = wait_for(&mut field) => field_ended.store(true, Ordering::Relaxed),
                () = stop_signal() => {}
            }
        };
        if station.until_stopped(stop).await {
            return Err(Failure::bug(format!(
                "The station at {url} has stopped because of a fault of its own; see the log above."
            ))
            .into());
        }
        if field_ended.load(Ordering::Relaxed) {
            return Err(Failure::problems("The simulated field has ended by itself; see its message above.").into());
        }
        Ok(())
    }

    /// The console's window, where there is a display.
    fn open_console(&self, station: &RunningStation, password: &str) -> Result<Option<Companion>> {
        let has_display =
            !cfg!(target_os = "linux") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
        if self.headless || !has_display {
            let why = if self.headless {
                "As asked, there is no console."
            } else {
                "There is no display here, so no console window is opened."
            };
            println!("{why} The API is described at {}/api/v1/openapi.json; try:", station.url);
            println!("  PLANTROOM_PASSWORD={password} plantroom tag --url {} --user operator list 'high_lift/*'", station.url);
            println!("Ctrl-C ends the demo.");
            return Ok(None);
        }
        println!("Opening the console; closing its window ends the demo.");
        let token = station.demo_token("operator", password)?;
        let child = plantroom(&["console", "--url", &station.url])
            .env("PLANTROOM_TOKEN", token)
            .spawn()
            .context("the console can't be started")?;
        Ok(Some(Companion(child)))
    }
}

/// How often the console's process is looked at, in ms.
const WATCH_MS: u64 = 200;

async fn wait_for(companion: &mut Companion) -> bool {
    loop {
        match companion.0.try_wait() {
            Ok(None) => tokio::time::sleep(std::time::Duration::from_millis(WATCH_MS)).await,
            Ok(Some(status)) => return status.success(),
            Err(_) => return false,
        }
    }
}

/// Ends when the console's window was closed. A console that could not open its window leaves the demo running
/// without one, as on a machine without a display.
async fn console_closed(console: Option<Companion>, url: &str) {
    if let Some(mut console) = console {
        if wait_for(&mut console).await {
            return;
        }
        println!("The console could not be shown here; the station goes on at {url}. Ctrl-C ends the demo.");
    }
    std::future::pending().await
}

/// The technical users that the project's automations act for; none while it can't be read, which the station tells.
fn automation_users(project: &Path) -> BTreeSet<String> {
    let plant = plantroom_project::load(project).plant;
    plant.iter().flat_map(|plant| &plant.automations).map(|automation| automation.user.to_string()).collect()
}

/// The simulated field, once all its devices answer.
fn start_field(project: &Path, speed: &str, failures: &[String], upset: Option<&str>) -> Result<Companion> {
    let mut command = plantroom(&["simulate", "--speed", speed]);
    command.args(failures.iter().flat_map(|failure| ["--fail", failure.as_str()]));
    command.args(upset.iter().flat_map(|name| ["--upset", name]));
    let mut field =
        Companion(command.arg(project).stdout(Stdio::piped()).spawn().context("the simulated field can't be started")?);
    let mut said = String::new();
    // Borrowed, so that the pipe stays open for what it says later.
    if let Some(output) = field.0.stdout.as_mut() {
        // Its first line comes when every device listens; none comes when one of them can't.
        BufReader::new(output).read_line(&mut said).context("the simulated field says nothing")?;
    }
    if said.is_empty() {
        return Err(Failure::problems("The simulated field could not be started; see its message above.").into());
    }
    Ok(field)
}

fn plantroom(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| "plantroom".into()));
    command.args(arguments).stdin(Stdio::null());
    command
}
