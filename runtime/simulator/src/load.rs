//! From the file's text to a process and its devices, with every mistake told.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use plantroom_model::{Diagnostic, SourceText};

use crate::field::{DeviceMap, read_devices};
use crate::file::{FILE_NAME, SimulationFile};
use crate::process::{
    Blend, Demand, Dosing, Element, Filter, FilterControl, Follow, LevelControl, LevelValve, Main, Meter, Motor, Names, Pipe,
    PressureControl, Process, Pump, Quality, Sensor, Settler, Source, Sum, Tank, Total, Valve, Vessel,
};
use crate::upset::{self, Upset};

/// Why a simulation can't be loaded: every mistake, each with its place.
#[derive(Clone, Debug, thiserror::Error)]
pub struct LoadError {
    /// In the order of the file, at least one.
    pub problems: Vec<Diagnostic>,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().enumerate() {
            let end = if place == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}

/// What a file describes.
pub(crate) struct Loaded {
    pub process: Process,
    pub devices: Vec<DeviceMap>,
    /// Where failures are asked for.
    pub control: Option<SocketAddr>,
    pub seed: u64,
    pub upsets: Vec<Upset>,
}

/// Reads a project's simulation.
pub(crate) fn load(folder: &Path) -> Result<Loaded, LoadError> {
    let path = folder.join(FILE_NAME);
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&text),
        Err(error) => {
            let message = format!("this project's field can't be simulated: {error}");
            let help = format!("a simulated field is described in {}", path.display());
            Err(LoadError { problems: vec![Diagnostic::error(FILE_NAME, (0, 0), message, help)] })
        }
    }
}

/// Makes a simulation from the text of its file.
pub(crate) fn parse(text: &str) -> Result<Loaded, LoadError> {
    let source = SourceText::new(text);
    let file: SimulationFile = toml::from_str(text).map_err(|error| {
        let place = error.span().map_or((0, 0), |span| source.place(span.start));
        LoadError { problems: vec![Diagnostic::error(FILE_NAME, place, error.message(), "")] }
    })?;
    let mut names = Names::new(source);
    check_clock(&file, &mut names);
    declare(&file, &mut names);
    let elements = elements(&file, &mut names);
    let devices = read_devices(&file.device, &mut names);
    let upsets = upset::read(&file, &elements, &mut names);
    let control = control(&file, &mut names);
    if !names.problems.is_empty() {
        let mut problems = std::mem::take(&mut names.problems);
        problems.sort_by_key(|problem| (problem.line, problem.column));
        return Err(LoadError { problems });
    }
    Ok(Loaded { process: Process::new(&file, names, elements), devices, control, seed: file.seed, upsets })
}

/// Whoever reaches this port can break the simulated plant, so it is one of this machine only.
fn control(file: &SimulationFile, names: &mut Names) -> Option<SocketAddr> {
    let text = file.control.as_ref()?;
    match text.get_ref().parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Some(address),
        _ => {
            let message = format!("`control` is not an address of this machine: {}", text.get_ref());
            names.problem(text, message, "write for example control = \"127.0.0.1:5020\"");
            None
        }
    }
}

fn check_clock(file: &SimulationFile, names: &mut Names) {
    let mut wrong = |message: &str| names.problems.push(Diagnostic::error(FILE_NAME, (0, 0), message, ""));
    if !(1..=1_000).contains(&file.step_ms) {
        wrong("`step_ms` must be between 1 and 1000");
    }
    if !(0.0..24.0).contains(&file.start_hour) {
        wrong("`start_hour` must be from 0 to less than 24");
    }
}

fn declare(file: &SimulationFile, names: &mut Names) {
    for part in &file.value {
        names.declare(&part.name, &[("", part.initial)]);
    }
    macro_rules! declare {
        ($($what:ident: $parts:ident),*) => {
            $(file.$parts.iter().for_each(|part| $what::declare(part, names));)*
        };
    }
    declare!(Source: source, Tank: tank, Vessel: vessel, Pipe: pipe, Pump: pump, Motor: motor, Valve: valve, Demand: demand);
    declare!(Filter: filter, Dosing: dosing, Settler: settler, Main: main, Blend: blend, Quality: quality);
    declare!(Sum: sum, Total: total, Meter: meter, Sensor: sensor);
    declare!(LevelControl: level_control, PressureControl: pressure_control, FilterControl: filter_control);
    declare!(LevelValve: level_valve, Follow: follow);
}

/// In the order in which they move: control, machines, flows, then the nodes that sum the flows up, then what looks on.
fn elements(file: &SimulationFile, names: &mut Names) -> Vec<Box<dyn Element>> {
    let mut elements: Vec<Box<dyn Element>> = Vec::new();
    macro_rules! add {
        ($($what:ident: $parts:ident),*) => {
            $(for part in &file.$parts {
                elements.push(Box::new($what::new(part, names)));
            })*
        };
    }
    add!(LevelControl: level_control, PressureControl: pressure_control, FilterControl: filter_control);
    add!(LevelValve: level_valve, Follow: follow, Valve: valve, Pump: pump, Motor: motor, Pipe: pipe, Filter: filter);
    add!(Dosing: dosing, Demand: demand, Source: source, Tank: tank, Vessel: vessel);
    add!(Settler: settler, Blend: blend, Quality: quality, Main: main, Sum: sum, Total: total, Meter: meter, Sensor: sensor);
    elements
}
