//! What treats and distributes water, as an engineer writes it in `simulation.toml`.

use serde::Deserialize;
use toml::Spanned;

use super::{Name, hundred, one};

/// A filter bed with the wash sequence of its controller; see `process/filter.rs` for its quantities.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterFile {
    pub name: Name,
    pub from: Name,
    pub to: Name,
    /// Its valves.
    pub inlet: Name,
    pub outlet: Name,
    pub wash: Name,
    /// Where wash water comes from, a vessel.
    pub wash_from: Name,
    /// Head of the wash weir above the datum, in m.
    pub weir_m: f64,
    /// Flow at which the clean bed loses `clean_loss_m`, and the clogged one its clogging besides.
    pub flow_m3h: Spanned<f64>,
    pub clean_loss_m: Spanned<f64>,
    /// Turbidity of the water that comes in: a quantity, in NTU.
    pub turbidity: Name,
    /// Share of it that passes a clean bed.
    #[serde(default = "passes")]
    pub passes: f64,
    /// Clogging at the start, in mbar at `flow_m3h`.
    #[serde(default)]
    pub clogged_mbar: f64,
    /// Clogging that an NTU in a m³ leaves behind, in mbar.
    #[serde(default = "clogging")]
    pub mbar_per_ntu_m3: f64,
    /// Head loss at which the automatic asks for a wash, in mbar.
    #[serde(default = "wash_at")]
    pub wash_at_mbar: f64,
    /// Hours after which it asks for one.
    #[serde(default = "wash_after")]
    pub wash_after_h: f64,
    /// Hours since the last wash at the start.
    #[serde(default)]
    pub hours: f64,
    /// Length of the steps drain, air, wash, rinse, in s.
    #[serde(default = "wash_steps")]
    pub steps_s: [f64; 4],
}

/// The controller that lets one filter wash at a time. Quantities: `enabled`, `washing`, `waiting`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterControlFile {
    pub name: Name,
    pub filters: Vec<Name>,
    /// Gives wash water.
    pub pump: Name,
    /// Gives air.
    pub blower: Name,
    /// A level in percent, and the least of it for a wash to begin.
    pub level: Name,
    pub least_pct: f64,
}

/// A dosing pump with its tank; see `process/dosing.rs` for its quantities.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DosingFile {
    pub name: Name,
    /// The flow that it doses into: a quantity in m³/h.
    pub flow: Name,
    /// Content of the solution, in g/l.
    pub strength_g_l: Spanned<f64>,
    /// At full stroke.
    pub capacity_l_h: Spanned<f64>,
    /// At the start, in mg/l.
    pub dose_mg_l: f64,
    pub tank_l: Spanned<f64>,
    /// At the start.
    #[serde(default = "eighty")]
    pub filled_pct: f64,
    #[serde(default)]
    pub hours: f64,
}

/// Coagulation and settling: takes turbidity away, the more the more is dosed. One quantity, of its own name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettlerFile {
    pub name: Name,
    /// Turbidity that comes in.
    pub of: Name,
    /// What is dosed, in mg/l.
    pub dose: Name,
    /// Dose that takes half of `removal` away.
    pub half_mg_l: Spanned<f64>,
    /// Share that the best dose takes away.
    #[serde(default = "removal")]
    pub removal: f64,
    /// Whether the mixer runs; without it half as much is taken away.
    pub mixer: Option<Name>,
    #[serde(default)]
    pub lag_s: f64,
    /// At the start; without it where it would come to rest.
    pub initial: Option<f64>,
    /// The flow through it, in m³/h: while nothing flows, it stays as it is.
    pub flow: Name,
}

/// Water on its way through a main, which decays meanwhile. Quantities: `value`, `age_h`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MainFile {
    pub name: Name,
    /// What goes in.
    pub of: Name,
    /// Its flow, in m³/h.
    pub flow: Name,
    pub volume_m3: Spanned<f64>,
    #[serde(default)]
    pub decay_per_h: f64,
    /// A flow at the start, from which it is filled.
    pub start_m3h: Spanned<f64>,
}

/// A mean weighted by flows. One quantity, of its own name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlendFile {
    pub name: Name,
    pub initial: f64,
    pub parts: Vec<BlendPartFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlendPartFile {
    pub of: Name,
    pub flow: Name,
}

/// A controller that opens a valve at a low level and closes it at a high one. Quantities: `enabled`, `open_pct`, `close_pct`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LevelValveFile {
    pub name: Name,
    pub level: Name,
    pub valve: Name,
    pub open_pct: f64,
    pub close_pct: f64,
    /// Position when it is open.
    #[serde(default = "hundred")]
    pub position_pct: f64,
}

/// A controller that runs machines in automatic while a quantity is above a value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FollowFile {
    pub name: Name,
    pub of: Name,
    pub above: f64,
    pub machines: Vec<Name>,
}

/// A three-phase energy meter; see `process/meter.rs` for its quantities.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeterFile {
    pub name: Name,
    /// Active power, in kW.
    pub of: Name,
    #[serde(default = "one")]
    pub power_factor: f64,
    /// Energy counted so far, in kWh.
    #[serde(default)]
    pub energy_kwh: f64,
}

fn passes() -> f64 {
    0.022
}

fn clogging() -> f64 {
    0.06
}

fn wash_at() -> f64 {
    220.0
}

fn wash_after() -> f64 {
    48.0
}

fn wash_steps() -> [f64; 4] {
    [60.0, 60.0, 180.0, 90.0]
}

fn eighty() -> f64 {
    80.0
}

fn removal() -> f64 {
    0.95
}
