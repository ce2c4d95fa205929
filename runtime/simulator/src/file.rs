//! `simulation.toml`, as an engineer writes it. Unknown keys are errors.

mod treatment;
mod upset;

use serde::Deserialize;
use toml::Spanned;

pub(crate) use treatment::{
    BlendFile, DosingFile, FilterControlFile, FilterFile, FollowFile, LevelValveFile, MainFile, MeterFile, SettlerFile,
};
pub(crate) use upset::{StepFile, UpsetFile, all_of};

/// The file's name in a project folder.
pub(crate) const FILE_NAME: &str = "simulation.toml";

type Name = Spanned<String>;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SimulationFile {
    /// Same seed, same plant.
    #[serde(default = "one_u64")]
    pub seed: u64,
    /// Length of a step, in ms.
    #[serde(default = "step_ms")]
    pub step_ms: u32,
    /// Hour of the plant's day at the start, 0 to 24.
    #[serde(default)]
    pub start_hour: f64,
    /// Where `plantroom simulate fail` reaches this simulation: a port on this machine.
    pub control: Option<Spanned<String>>,
    #[serde(default)]
    pub source: Vec<SourceFile>,
    #[serde(default)]
    pub tank: Vec<TankFile>,
    #[serde(default)]
    pub vessel: Vec<VesselFile>,
    #[serde(default)]
    pub pipe: Vec<PipeFile>,
    #[serde(default)]
    pub pump: Vec<PumpFile>,
    #[serde(default)]
    pub valve: Vec<ValveFile>,
    #[serde(default)]
    pub demand: Vec<DemandFile>,
    #[serde(default)]
    pub quality: Vec<QualityFile>,
    #[serde(default)]
    pub value: Vec<ValueFile>,
    #[serde(default)]
    pub sum: Vec<SumFile>,
    #[serde(default)]
    pub total: Vec<TotalFile>,
    #[serde(default)]
    pub sensor: Vec<SensorFile>,
    #[serde(default)]
    pub level_control: Vec<LevelControlFile>,
    #[serde(default)]
    pub pressure_control: Vec<PressureControlFile>,
    /// Machines that move no water: mixers, blowers. As a pump, without `from` and `to`.
    #[serde(default)]
    pub motor: Vec<MotorFile>,
    #[serde(default)]
    pub filter: Vec<FilterFile>,
    #[serde(default)]
    pub filter_control: Vec<FilterControlFile>,
    #[serde(default)]
    pub dosing: Vec<DosingFile>,
    #[serde(default)]
    pub settler: Vec<SettlerFile>,
    #[serde(default)]
    pub main: Vec<MainFile>,
    #[serde(default)]
    pub blend: Vec<BlendFile>,
    #[serde(default)]
    pub level_valve: Vec<LevelValveFile>,
    #[serde(default)]
    pub follow: Vec<FollowFile>,
    #[serde(default)]
    pub meter: Vec<MeterFile>,
    #[serde(default)]
    pub device: Vec<DeviceFile>,
    #[serde(default)]
    pub upset: Vec<UpsetFile>,
}

/// Water without end: a river. Quantities: `level_m`, `head_m`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceFile {
    pub name: Name,
    /// Mean level above the plant's datum, in m.
    pub level_m: f64,
    /// Half of its daily rise and fall, in m.
    #[serde(default)]
    pub swing_m: f64,
    /// Its waves, in m.
    #[serde(default)]
    pub noise_m: f64,
}

/// An open tank. Quantities: `level_m`, `level_pct`, `volume_m3`, `inflow_m3h`, `outflow_m3h`, `spill_m3h`,
/// `overflowing`, `head_m`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TankFile {
    pub name: Name,
    pub area_m2: Spanned<f64>,
    /// Level that counts as 100 %.
    pub height_m: Spanned<f64>,
    /// At the start.
    pub level_m: f64,
    /// Level at which water runs over the weir; by default the height.
    pub overflow_m: Option<f64>,
    /// Floor above the plant's datum.
    #[serde(default)]
    pub elevation_m: f64,
    /// Where water falls in, above the floor; 0 for a pipe that enters below.
    #[serde(default)]
    pub inlet_m: f64,
}

/// A closed, elastic volume: a main, a network with its air vessels. Quantities: `head_m`, `pressure_bar`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VesselFile {
    pub name: Name,
    /// Volume that a metre of head takes up.
    pub capacity_m3_per_m: Spanned<f64>,
    /// At the start, above the datum.
    pub head_m: f64,
    /// Where its pressure is measured, above the datum.
    #[serde(default)]
    pub elevation_m: f64,
}

/// A pipe in which water flows from the higher head to the lower. Quantity: `flow_m3h`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PipeFile {
    pub name: Name,
    pub from: Name,
    pub to: Name,
    /// Flow at which it loses `loss_m`.
    pub flow_m3h: Spanned<f64>,
    pub loss_m: Spanned<f64>,
    /// A valve in it.
    pub valve: Option<Name>,
}

/// A centrifugal pump with its drive and its starter's logic; see `process/machine.rs` for its quantities.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PumpFile {
    pub name: Name,
    pub from: Name,
    pub to: Name,
    /// Head against a closed valve at full speed.
    pub shutoff_head_m: Spanned<f64>,
    /// Flow without any head at full speed.
    pub runout_m3h: Spanned<f64>,
    /// Loss in its own pipes at the run-out flow.
    #[serde(default)]
    pub loss_m: f64,
    pub valve: Option<Name>,
    pub rated_rpm: f64,
    pub rated_kw: Spanned<f64>,
    pub rated_a: f64,
    /// From standstill to full speed.
    pub ramp_s: Spanned<f64>,
    /// A tank's level below which it trips, with the tank it is measured in taken from `from`.
    pub min_suction_m: Option<Spanned<f64>>,
    /// Runs at the start.
    #[serde(default)]
    pub running: bool,
    /// Is in automatic at the start.
    #[serde(default)]
    pub auto: bool,
    /// Speed in manual at the start.
    #[serde(default = "hundred")]
    pub speed_pct: f64,
    /// Running hours at the start.
    #[serde(default)]
    pub hours: f64,
    /// Starts of the day so far.
    #[serde(default)]
    pub starts_today: f64,
}

/// A machine that moves no water, with the same drive and starter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MotorFile {
    pub name: Name,
    pub rated_rpm: f64,
    pub rated_kw: Spanned<f64>,
    pub rated_a: f64,
    /// From standstill to full speed.
    pub ramp_s: Spanned<f64>,
    /// Share of its rated power that it takes at full speed.
    #[serde(default = "one")]
    pub load: f64,
    #[serde(default)]
    pub running: bool,
    #[serde(default)]
    pub auto: bool,
    #[serde(default = "hundred")]
    pub speed_pct: f64,
    #[serde(default)]
    pub hours: f64,
    #[serde(default)]
    pub starts_today: f64,
}

/// A motor valve. Quantities: `position_pct`, `command_pct`, `opened`, `closed`, `moving`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValveFile {
    pub name: Name,
    /// From closed to open.
    pub travel_s: Spanned<f64>,
    /// At the start.
    #[serde(default = "hundred")]
    pub position_pct: f64,
    /// Loss when fully open, at `flow_m3h`.
    pub loss_m: Spanned<f64>,
    pub flow_m3h: Spanned<f64>,
}

/// Consumers on a node. Quantities: `flow_m3h`, `wanted_m3h`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemandFile {
    pub name: Name,
    pub from: Name,
    /// Mean over a day.
    pub mean_m3h: f64,
    /// Share of the mean at each full hour, 24 numbers.
    pub pattern: Spanned<Vec<f64>>,
    /// Deviation, in percent of the mean.
    #[serde(default)]
    pub noise_pct: f64,
    /// Memory of the noise.
    #[serde(default = "noise_s")]
    pub noise_s: f64,
    /// Head at which consumers get what they want; it goes with its square root.
    pub nominal_head_m: Spanned<f64>,
}

/// A quantity of the first order: a concentration, a temperature, a mains voltage. One quantity, of its own name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QualityFile {
    pub name: Name,
    /// What it would be without inputs.
    #[serde(default)]
    pub base: f64,
    #[serde(default)]
    pub inputs: Vec<InputFile>,
    /// Half of its daily rise and fall.
    #[serde(default)]
    pub swing: f64,
    /// The tank in which it mixes: the more water and the less inflow, the slower.
    pub tank: Option<Name>,
    /// Lag outside of a tank.
    #[serde(default)]
    pub lag_s: f64,
    /// Share that is lost in an hour.
    #[serde(default)]
    pub decay_per_h: f64,
    /// It never shows less: a concentration's 0.
    pub least: Option<f64>,
    /// At the start; without it where it would come to rest.
    pub initial: Option<f64>,
    /// A flow: while nothing flows, it stays as it is.
    pub flow: Option<Name>,
    #[serde(default)]
    pub noise: f64,
    #[serde(default = "noise_s")]
    pub noise_s: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InputFile {
    pub of: Name,
    #[serde(default = "one")]
    pub factor: f64,
}

/// A number that only clients change. One quantity, of its own name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValueFile {
    pub name: Name,
    pub initial: f64,
}

/// A weighted sum. One quantity, of its own name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SumFile {
    pub name: Name,
    #[serde(default)]
    pub base: f64,
    pub inputs: Vec<InputFile>,
}

/// What has passed: a quantity per hour, summed over time. One quantity, of its own name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotalFile {
    pub name: Name,
    pub of: Name,
    #[serde(default)]
    pub initial: f64,
    /// Begins at 0 every midnight.
    #[serde(default)]
    pub daily: bool,
}

/// A measurement of a quantity. One quantity, of its own name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SensorFile {
    pub name: Name,
    pub of: Name,
    /// Deviation.
    #[serde(default)]
    pub noise: f64,
    #[serde(default)]
    pub lag_s: f64,
    /// What it is off by.
    #[serde(default)]
    pub offset: f64,
}

/// A controller that starts and stops pumps by a level. Quantities: `enabled`, `start_pct`, `stop_pct`, `full`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LevelControlFile {
    pub name: Name,
    /// The level it watches, in percent.
    pub level: Name,
    /// First to start first.
    pub pumps: Vec<Name>,
    pub start_pct: f64,
    /// How much lower each further pump starts.
    pub step_pct: f64,
    pub stop_pct: f64,
    /// Above it no pump runs, in manual neither.
    pub full_pct: f64,
}

/// A controller that holds a pressure with the speed and the number of pumps. Quantities: `pv`, `sp`, `out`,
/// `auto`, `manual_out`, `duty`, `standby`, `running_count`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PressureControlFile {
    pub name: Name,
    /// What it holds.
    pub pv: Name,
    pub sp: f64,
    pub pumps: Vec<Name>,
    /// Output in percent for each unit of error.
    pub gain: f64,
    pub integral_s: Spanned<f64>,
    #[serde(default)]
    pub out_min: f64,
    /// At the start.
    pub out: f64,
    /// A further pump starts when the output has been above this for `stage_s`.
    #[serde(default = "stage_up_pct")]
    pub stage_up_pct: f64,
    /// The last pump stops when the others could carry this share of their capacity for `stage_s`.
    #[serde(default = "stage_down_share")]
    pub stage_down_share: f64,
    #[serde(default = "stage_s")]
    pub stage_s: f64,
}

/// A Modbus device: TCP, or with `rtu` RTU frames over TCP, as a serial server gives them on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceFile {
    pub name: Name,
    /// IP address and port.
    pub listen: Spanned<String>,
    #[serde(default)]
    pub rtu: bool,
    pub unit: Vec<UnitFile>,
}

/// One unit of a device.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitFile {
    pub unit: Spanned<u8>,
    /// Byte order of its 32- and 64-bit values: abcd, cdab, badc, dcba.
    pub order: Option<Spanned<String>>,
    /// Most registers that it answers in a request.
    #[serde(default = "max_registers")]
    pub max_registers: u16,
    /// Addresses between the mapped ones read 0; without it they are illegal.
    #[serde(default)]
    pub gaps: bool,
    #[serde(default)]
    pub registers: Vec<RegisterFile>,
    /// The same registers for several elements, a block each.
    #[serde(default)]
    pub repeat: Vec<RepeatFile>,
}

/// Registers for several elements: `{}` in a name becomes the element, and its place times `step` is added to the address.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RepeatFile {
    pub elements: Vec<String>,
    pub base: u16,
    pub step: u16,
    pub registers: Vec<RegisterFile>,
}

/// One value in a device.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterFile {
    /// `holding 0 f32`, `input 3.5`, `coil 2`, `holding 10 text 16`: 0-based.
    pub at: Name,
    /// The quantity that it shows.
    pub of: Option<Name>,
    /// Text that it shows.
    pub text: Option<String>,
    pub order: Option<Spanned<String>>,
    /// The register's numbers and what they mean.
    pub raw: Option<[f64; 2]>,
    pub eng: Option<[f64; 2]>,
    /// A 4-20 mA loop: ends at 3.8 and 20.5 mA, and at 0 mA when the sensor is broken.
    #[serde(default)]
    pub current_loop: bool,
    /// Clients may write it.
    #[serde(default)]
    pub write: bool,
    /// Lowest and highest value that may be written; others are answered with exception 3.
    pub range: Option<[f64; 2]>,
}

fn one_u64() -> u64 {
    1
}

fn one() -> f64 {
    1.0
}

fn step_ms() -> u32 {
    50
}

fn hundred() -> f64 {
    100.0
}

fn noise_s() -> f64 {
    60.0
}

fn stage_up_pct() -> f64 {
    98.0
}

fn stage_down_share() -> f64 {
    0.85
}

fn stage_s() -> f64 {
    20.0
}

fn max_registers() -> u16 {
    125
}
