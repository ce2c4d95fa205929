//! From the file's text to a process and its devices, with every mistake told.

use std::fmt;
use std::path::Path;

use plantroom_model::{Diagnostic, SourceText};

use crate::field::{DeviceMap, read_devices};
use crate::file::{FILE_NAME, SimulationFile};
use crate::process::{
    Demand, Element, LevelControl, Names, Pipe, PressureControl, Process, Pump, Quality, Sensor, Source, Sum, Tank, Total, Valve,
    Vessel,
};

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

/// Reads a project's simulation.
pub(crate) fn load(folder: &Path) -> Result<(Process, Vec<DeviceMap>), LoadError> {
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
pub(crate) fn parse(text: &str) -> Result<(Process, Vec<DeviceMap>), LoadError> {
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
    if !names.problems.is_empty() {
        let mut problems = std::mem::take(&mut names.problems);
        problems.sort_by_key(|problem| (problem.line, problem.column));
        return Err(LoadError { problems });
    }
    Ok((Process::new(&file, names, elements), devices))
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
    file.source.iter().for_each(|part| Source::declare(part, names));
    file.tank.iter().for_each(|part| Tank::declare(part, names));
    file.vessel.iter().for_each(|part| Vessel::declare(part, names));
    file.pipe.iter().for_each(|part| Pipe::declare(part, names));
    file.pump.iter().for_each(|part| Pump::declare(part, names));
    file.valve.iter().for_each(|part| Valve::declare(part, names));
    file.demand.iter().for_each(|part| Demand::declare(part, names));
    file.quality.iter().for_each(|part| Quality::declare(part, names));
    for part in &file.value {
        names.declare(&part.name, &[("", part.initial)]);
    }
    file.sum.iter().for_each(|part| Sum::declare(part, names));
    file.total.iter().for_each(|part| Total::declare(part, names));
    file.sensor.iter().for_each(|part| Sensor::declare(part, names));
    file.level_control.iter().for_each(|part| LevelControl::declare(part, names));
    file.pressure_control.iter().for_each(|part| PressureControl::declare(part, names));
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
    add!(LevelControl: level_control, PressureControl: pressure_control, Valve: valve, Pump: pump, Pipe: pipe, Demand: demand);
    add!(Source: source, Tank: tank, Vessel: vessel, Quality: quality, Sum: sum, Total: total, Sensor: sensor);
    elements
}
