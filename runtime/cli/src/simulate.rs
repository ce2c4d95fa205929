//! `plantroom simulate`: a project's field, without the field, and what fails in it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use plantroom_simulator::{FailurePoint, Simulator, ask, control_address};

use crate::exit::Failure;
use crate::{init_log, run};

/// Simulates what simulation.toml in the project describes (tanks, pumps, valves, filters, sensors) and serves it as Modbus
/// devices, until it is told to stop (Ctrl-C).
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Simulate {
    /// The project folder.
    #[arg(default_value = ".")]
    project: PathBuf,
    /// How much faster than real time.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Fails from the start: high_lift/p2=trip, clear_well/level=freeze, gateway=offline. Can be repeated.
    #[arg(long, value_name = "NAME=KIND")]
    fail: Vec<String>,
    /// An upset plays from the start: power-dip. `plantroom simulate upset` lists those of a project.
    #[arg(long, value_name = "NAME")]
    upset: Option<String>,
    /// Lists what can fail, and how, instead of simulating.
    #[arg(long)]
    list_failures: bool,
    #[command(subcommand)]
    verb: Option<SimulateVerb>,
}

#[derive(Subcommand)]
enum SimulateVerb {
    /// Has something fail in the simulation that runs; with `ok` no longer. Without a name: what fails now.
    Fail {
        /// What: high_lift/p2, clear_well/level, gateway. `plantroom simulate --list-failures` lists all.
        #[arg(requires = "kind")]
        name: Option<String>,
        /// How: trip, freeze, offline ...; ok ends it.
        kind: Option<String>,
        /// The project whose simulation it is.
        #[arg(long, default_value = ".")]
        project: PathBuf,
    },
    /// Plays a course of failures in the simulation that runs; `ok` ends all, and mends what they broke. Without a name: which
    /// there are.
    Upset {
        /// Which: power-dip, pump-trip ... as simulation.toml tells them.
        name: Option<String>,
        /// The project whose simulation it is.
        #[arg(long, default_value = ".")]
        project: PathBuf,
        /// Tells what the upset does and when, instead of playing it.
        #[arg(long, requires = "name")]
        course: bool,
    },
}

impl Simulate {
    pub fn run(self) -> Result<()> {
        match self.verb {
            Some(SimulateVerb::Fail { name, kind, project }) => return fail_now(&project, name.zip(kind)),
            Some(SimulateVerb::Upset { name: Some(name), project, course: true }) => return tell_course(&project, &name),
            Some(SimulateVerb::Upset { name: Some(name), project, .. }) => return upset_now(&project, &name),
            Some(SimulateVerb::Upset { name: None, project, .. }) => return list_upsets(&project),
            None => {}
        }
        init_log::start("info");
        if !(self.speed > 0.0 && self.speed <= 10_000.0) {
            return Err(Failure::usage("--speed must be above 0 and at most 10000.").into());
        }
        described(&self.project)?;
        let simulator = Simulator::load(&self.project).map_err(|error| Failure::problems(error.to_string()))?;
        if self.list_failures {
            for line in table(&simulator.failures()).lines() {
                println!("{line}");
            }
            return Ok(());
        }
        let mut failures = Vec::new();
        for each in &self.fail {
            let pair = each
                .split_once('=')
                .ok_or_else(|| Failure::usage(format!("--fail wants NAME=KIND, as in high_lift/p2=trip, but this is {each}")))?;
            failures.push(pair);
        }
        let runtime = tokio::runtime::Runtime::new().context("the network can't be started")?;
        runtime.block_on(async {
            let field = simulator.start(self.speed).await.map_err(|error| Failure::problems(error.to_string()))?;
            for (name, kind) in failures {
                field.fail(name, kind).map_err(|error| Failure::usage(error.to_string()))?;
            }
            if let Some(name) = &self.upset {
                field.upset(name).map_err(|words| Failure::usage(format!("This upset can't be played: {words}.")))?;
            }
            for (device, address) in field.addresses() {
                let kind = if field.device(device).is_some_and(|device| device.is_rtu()) { "RTU over TCP" } else { "TCP" };
                println!("{device} answers as a Modbus {kind} device at {address}");
            }
            run::stop_signal().await;
            Ok(())
        })
    }
}

fn described(project: &Path) -> Result<()> {
    let description = project.join("simulation.toml");
    if description.exists() {
        return Ok(());
    }
    let what = "There is no field to simulate: a project describes its own in simulation.toml, and this file is not there";
    Err(Failure::problems(format!("{what}: {}", description.display())).into())
}

fn load(project: &Path) -> Result<Simulator> {
    described(project)?;
    Simulator::load(project).map_err(|error| Failure::problems(error.to_string()).into())
}

fn list_upsets(project: &Path) -> Result<()> {
    let simulator = load(project)?;
    for upset in simulator.upsets() {
        println!("{:<26}{}", upset.name, upset.words);
    }
    if simulator.upsets().is_empty() {
        println!("This project's simulation.toml has no [[upset]].");
    }
    Ok(())
}

fn tell_course(project: &Path, name: &str) -> Result<()> {
    let simulator = load(project)?;
    let upset = simulator.upsets().iter().find(|upset| upset.name == name).ok_or_else(|| {
        Failure::usage(format!("There is no upset {name}; plantroom simulate upset --project {} lists all.", project.display()))
    })?;
    println!("{}: {}", upset.name, upset.words);
    for (at_s, words) in upset.course() {
        println!("{at_s:>8.1} s  {words}");
    }
    Ok(())
}

fn upset_now(project: &Path, name: &str) -> Result<()> {
    let told = asked(project, &format!("upset {name}"))?;
    println!("{told}");
    Ok(())
}

/// Asks the simulation that runs.
fn fail_now(project: &Path, what: Option<(String, String)>) -> Result<()> {
    let request = what.as_ref().map_or_else(|| "list".to_owned(), |(name, kind)| format!("fail {name} {kind}"));
    let told = asked(project, &request)?;
    match what {
        Some(_) => println!("{told}"),
        None => match told.split_once('\n') {
            Some((_, list)) => {
                for line in list.lines() {
                    println!("{line}");
                }
            }
            None => println!("Nothing fails."),
        },
    }
    Ok(())
}

/// What the simulation that runs answers.
fn asked(project: &Path, request: &str) -> Result<String> {
    described(project)?;
    let address = control_address(project).map_err(|error| Failure::problems(error.to_string()))?;
    let Some(address) = address else {
        let words =
            "This simulation can't be asked while it runs: its simulation.toml has no line like control = \"127.0.0.1:5020\".";
        return Err(Failure::problems(words).into());
    };
    let answer = ask(address, request).map_err(|error| {
        Failure::problems(format!(
            "No simulation answers at {address} ({error}); start it with plantroom simulate or plantroom demo."
        ))
    })?;
    answer.map_err(|words| Failure::usage(format!("The simulation refuses: {words}.")).into())
}

/// What can fail, those that fail alike together.
fn table(points: &[FailurePoint]) -> String {
    let mut groups: Vec<(plantroom_simulator::Kinds, Vec<&str>)> = Vec::new();
    for point in points {
        match groups.iter_mut().find(|(kinds, _)| *kinds == point.kinds) {
            Some((_, names)) => names.push(&point.name),
            None => groups.push((point.kinds, vec![&point.name])),
        }
    }
    let mut text = String::new();
    for (kinds, names) in groups {
        text += &format!("{}\n", names.join(", "));
        for (word, what) in kinds {
            text += &format!("    {word:<14}{what}\n");
        }
        text += "\n";
    }
    text + "    ok            ends any of these\n"
}
