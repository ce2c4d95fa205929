//! Equipment: what the process flows through and what drives it.

use crate::{Point, Prop, Reading};

use super::Direction;

/// A tank or a vessel.
#[derive(Clone, Debug)]
pub struct Tank {
    /// Name above it; may be empty.
    pub label: Prop<String>,
    /// How full, in its own range. May be not present: a vessel whose level nobody measures.
    pub level: Reading,
    /// How it is built.
    pub shape: TankShape,
}

/// How a tank is built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TankShape {
    /// Upright with a flat bottom and roof: a tank or a basin.
    #[default]
    Open,
    /// Upright with dished ends: a pressure vessel, a column.
    Standing,
    /// Lying with dished ends: a drum.
    Lying,
}

/// What kind of machine or apparatus something is; decides its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MachineKind {
    /// Circle with a triangle.
    Pump,
    /// Circle with `M`.
    Motor,
    /// Drive, shaft and blades.
    Agitator,
    /// Circle with blades.
    Fan,
    /// Circle that narrows along the flow.
    Compressor,
    /// Belt over two rollers.
    Conveyor,
    /// Drum with a burner.
    Boiler,
    /// Circle with a coil through it.
    HeatExchanger,
    /// Box with a slanted dashed line.
    Filter,
    /// Box whose contact lies along the line when closed and across it when open.
    Breaker,
}

impl MachineKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Pump,
        Self::Motor,
        Self::Agitator,
        Self::Fan,
        Self::Compressor,
        Self::Conveyor,
        Self::Boiler,
        Self::HeatExchanger,
        Self::Filter,
        Self::Breaker,
    ];

    /// As the script function is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pump => "pump",
            Self::Motor => "motor",
            Self::Agitator => "agitator",
            Self::Fan => "fan",
            Self::Compressor => "compressor",
            Self::Conveyor => "conveyor",
            Self::Boiler => "boiler",
            Self::HeatExchanger => "heat_exchanger",
            Self::Filter => "filter",
            Self::Breaker => "breaker",
        }
    }

    /// Width and height where the script says nothing, in the screen's units.
    pub fn size(self) -> (f32, f32) {
        match self {
            Self::Pump | Self::Motor | Self::Fan | Self::Compressor => (48.0, 48.0),
            Self::Agitator => (64.0, 136.0),
            Self::Conveyor => (160.0, 24.0),
            Self::Boiler => (96.0, 112.0),
            Self::HeatExchanger => (56.0, 56.0),
            Self::Filter => (56.0, 72.0),
            Self::Breaker => (32.0, 32.0),
        }
    }

    /// What follows the prefix in the name of the tag that says whether it runs.
    pub fn running_tag(self) -> &'static str {
        if self == Self::Breaker { "closed" } else { "running" }
    }

    /// Whether it stands without a drive in many plants: then nothing is wrong where no such tag exists.
    pub fn may_be_passive(self) -> bool {
        matches!(self, Self::HeatExchanger | Self::Filter)
    }

    /// What follows the prefix in the name of the number that belongs below it, where the plant has such a tag.
    pub fn value_tag(self) -> Option<&'static str> {
        match self {
            Self::Filter => Some("dp"),
            Self::Boiler => Some("temperature"),
            Self::HeatExchanger => Some("outlet"),
            _ => None,
        }
    }
}

/// A machine or an apparatus.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What it is.
    pub kind: MachineKind,
    /// Name below it; may be empty.
    pub label: Prop<String>,
    /// Runs or not (a breaker: closed or not; an apparatus: in service or not): white-filled when running, dark when stopped,
    /// with `state` in words. May be not present for an apparatus.
    pub running: Reading,
    /// The word below the name; where it is not present, the words of `running`.
    pub state: Reading,
    /// True: tripped or failed; painted with an attention frame, shape and letter `F`. May be not present.
    pub fault: Reading,
    /// True: in manual or local; painted as a small `M` at the corner. May be not present.
    pub manual: Reading,
    /// A number below the words (a filter's differential pressure), with its limits. May be not present.
    pub value: Reading,
    /// Which way it pumps, blows, conveys; along which way a breaker's line runs.
    pub facing: Direction,
}

/// A bus bar.
#[derive(Clone, Debug)]
pub struct Bus {
    /// Its corners, at least two.
    pub points: Vec<Point>,
    /// Whether it is live: a boolean, or a number such as its voltage. May be not present: painted as a plain bar.
    pub live: Reading,
    /// Smallest number that counts as live.
    pub live_above: f64,
    /// Thickness, in the screen's units.
    pub width: f32,
    /// Words above its start; may be empty.
    pub label: Prop<String>,
}

impl Bus {
    /// Whether it is live, as far as is known.
    pub fn is_live(&self) -> Option<bool> {
        match self.live.value {
            _ if self.live.status.is_bad() => None,
            plantroom_model::Value::Bool(on) => Some(on),
            _ => self.live.number().map(|number| number.abs() > self.live_above),
        }
    }
}

/// A valve.
#[derive(Clone, Debug)]
pub struct Valve {
    /// Name below it; may be empty.
    pub label: Prop<String>,
    /// A number: percent open in its range. A boolean: open or closed. White when open, dark when closed.
    pub position: Reading,
    /// True: failed or not followed. May be not present.
    pub fault: Reading,
    /// True: in manual or local. May be not present.
    pub manual: Reading,
    /// Along which way the pipe runs: `Left` and `Right` lie, `Up` and `Down` stand.
    pub facing: Direction,
}

/// A pipe.
#[derive(Clone, Debug)]
pub struct Pipe {
    /// Its corners, at least two, from where the flow comes to where it goes.
    pub points: Vec<Point>,
    /// How much flows: above `flowing_above` the arrow is filled. May be not present.
    pub flow: Reading,
    /// Smallest flow that counts as flowing.
    pub flowing_above: f64,
    /// An arrowhead at the end.
    pub arrow: bool,
    /// Line width, in the screen's units.
    pub width: f32,
    /// Words at the end of the arrow; may be empty.
    pub label: String,
}

impl Pipe {
    /// Whether something flows, as far as is known.
    pub fn is_flowing(&self) -> Option<bool> {
        match self.flow.value {
            plantroom_model::Value::Bool(on) => Some(on),
            _ => self.flow.number().map(|flow| flow.abs() > self.flowing_above),
        }
    }
}
