//! The kinds of thing that a screen can show.

mod display;
mod equipment;
mod layers;

use std::sync::Arc;

use crate::{EventId, Prop, Reading};

pub use display::{AlarmBanner, Alarms, AlarmsOf, Column, Gauge, Instrument, Location, Order, Permissives, Row, Shows, Table};
pub use equipment::{Bus, Machine, MachineKind, Pipe, Tank, TankShape, Valve};
pub use layers::{Image, Layer, Popup, Tabs};

/// What an object is. A painter draws each in the ISA-101 manner: grey for normal, colour and shape for abnormal only.
#[derive(Clone, Debug)]
pub enum Symbol {
    /// A tank or a pressure vessel with its level, limits at its right edge.
    Tank(Tank),
    /// A machine or an apparatus: pump, motor, fan, boiler, breaker and so on, with its name and state word below.
    Machine(Machine),
    /// A valve: two triangles; its position below where it has one.
    Valve(Valve),
    /// A pipe with bends; an arrowhead at its end, and a static flow arrow where something flows.
    Pipe(Pipe),
    /// A bus bar: solid where it is live, hollow where it is dead.
    Bus(Bus),
    /// An instrument bubble (ISA-5.1) with its value.
    Instrument(Instrument),
    /// A dial with limits and an optional setpoint marker.
    Gauge(Gauge),
    /// Rows of tags, of which only those in sight are painted.
    Table(Table),
    /// What deserves attention, most urgent first.
    AlarmBanner(AlarmBanner),
    /// A small list of alarms.
    Alarms(Alarms),
    /// Whether a tag may be written now, and what stands in the way.
    Permissives(Permissives),
    /// Pages of which one is shown.
    Tabs(Tabs),
    /// A button that shows more, over the screen.
    Popup(Popup),
    /// A picture of the project.
    Image(Image),
    /// A two-state indicator with its word.
    Lamp(Lamp),
    /// A number or word with its unit, quality letter and limit mark.
    Value(ValueBox),
    /// A bar in its range, with limits and an optional setpoint marker.
    Bar(Bar),
    /// Words.
    Text(Text),
    /// Something to press.
    Button(Button),
    /// A value that the operator may set.
    Setpoint(Setpoint),
    /// A choice of two or more states that the operator may set.
    Switch(Switch),
    /// Tabs to the parent, the neighbours and the children of this screen.
    Navigation(Navigation),
    /// A small live trend.
    Trend(Trend),
    /// A group box with an optional title; what belongs into it is painted after it.
    Panel(Panel),
}

impl Symbol {
    /// Its kind in one word, as the script function is called.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Tank(tank) if tank.shape == TankShape::Open => "tank",
            Self::Tank(_) => "vessel",
            Self::Machine(machine) => machine.kind.word(),
            Self::Valve(_) => "valve",
            Self::Pipe(_) => "pipe",
            Self::Bus(_) => "bus_bar",
            Self::Instrument(_) => "instrument",
            Self::Gauge(_) => "gauge",
            Self::Table(_) => "table",
            Self::AlarmBanner(_) => "alarm_banner",
            Self::Alarms(_) => "alarms",
            Self::Permissives(_) => "permissives",
            Self::Tabs(_) => "tabs",
            Self::Popup(_) => "popup",
            Self::Image(_) => "image",
            Self::Lamp(_) => "lamp",
            Self::Value(_) => "value",
            Self::Bar(_) => "bar",
            Self::Text(_) => "text",
            Self::Button(_) => "button",
            Self::Setpoint(_) => "setpoint",
            Self::Switch(_) => "switch",
            Self::Navigation(_) => "navigation",
            Self::Trend(trend) if trend.spark => "sparkline",
            Self::Trend(_) => "trend",
            Self::Panel(_) => "panel",
        }
    }
}

impl Symbol {
    /// Why it can't be shown as it was written, whatever the plant does.
    pub(crate) fn fault(&self) -> Option<&str> {
        match self {
            Self::Image(Image { picture: Err(why), .. }) => Some(why),
            _ => None,
        }
    }
}

/// An indicator.
#[derive(Clone, Debug)]
pub struct Lamp {
    /// Name beside it.
    pub label: Prop<String>,
    /// Its state; the word comes from the tag's states.
    pub reading: Reading,
    /// Which state is abnormal, if one is: only that one is painted in colour, with a shape.
    pub abnormal: Option<bool>,
}

impl Lamp {
    /// Whether it is in its abnormal state; `None` where that isn't known.
    pub fn is_abnormal(&self) -> Option<bool> {
        Some(Some(self.reading.is_on()?) == self.abnormal)
    }
}

/// A value with its unit.
#[derive(Clone, Debug)]
pub struct ValueBox {
    /// Words above it, or left of it in a plain row; may be empty.
    pub label: Prop<String>,
    /// What it shows.
    pub reading: Reading,
    /// A plain row of a list (label left, value bold, no box) instead of a box.
    pub plain: bool,
    /// In a plain row: where the value starts, counted from the left edge of the object.
    pub label_w: f32,
}

/// A bar in its range.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Words above it; may be empty.
    pub label: Prop<String>,
    /// What it shows.
    pub reading: Reading,
    /// Where it should be; drawn as a triangle at the side. May be not present.
    pub setpoint: Reading,
    /// Where it normally is, in engineering units; drawn as a band.
    pub normal: Option<(f64, f64)>,
    /// Lies instead of standing.
    pub lying: bool,
    /// The number and unit under it.
    pub number: bool,
}

/// Words.
#[derive(Clone, Debug)]
pub struct Text {
    /// The words.
    pub text: Prop<String>,
    /// What they are; decides size, weight and grey.
    pub role: TextRole,
    /// Which way they grow from x.
    pub align: Align,
}

/// What words are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextRole {
    /// The screen's title.
    Title,
    /// A group's title.
    Heading,
    /// Ordinary words.
    #[default]
    Body,
    /// Secondary words: units, hints.
    Dim,
    /// A value or a state in words: bold, in the colour of live values.
    State,
}

/// Which way words grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// x is their left end.
    #[default]
    Left,
    /// x is their middle.
    Centre,
    /// x is their right end.
    Right,
}

/// Which way something faces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// To the right.
    #[default]
    Right,
    /// To the left.
    Left,
    /// Up.
    Up,
    /// Down.
    Down,
}

/// Something to press.
#[derive(Clone, Debug)]
pub struct Button {
    /// What it says.
    pub label: Prop<String>,
    /// What it fires.
    pub event: EventId,
    /// Can be pressed.
    pub enabled: Prop<bool>,
    /// The tag that it writes, where that is fixed; a console greys the button where `reading.facts.writable` is false.
    /// Its `is_present` is false where the script decides when it is pressed, or where it only navigates.
    pub target: Reading,
    /// Goes to another screen or opens a faceplate, and never writes: one step, no confirmation.
    pub navigates: bool,
    /// This is how things are now (`AUTO` among AUTO, MAN, CASC): painted raised.
    pub chosen: Prop<bool>,
}

/// A value that the operator may set. Entering it fires `event` with the number.
#[derive(Clone, Debug)]
pub struct Setpoint {
    /// Words above it; may be empty.
    pub label: Prop<String>,
    /// The tag it shows and writes; `facts.writable` and `facts.write_range` say what this user may enter.
    pub reading: Reading,
    /// What entering fires: `scene.fire(event, Some(value), ..)`.
    pub event: EventId,
    /// Can be used.
    pub enabled: Prop<bool>,
}

/// A choice of states that the operator may set. Choosing fires `event` with the chosen value.
#[derive(Clone, Debug)]
pub struct Switch {
    /// Words above it; may be empty.
    pub label: Prop<String>,
    /// The tag it shows.
    pub reading: Reading,
    /// The tag it writes; often the same.
    pub target: Reading,
    /// The choices: value and word. Where empty, the states of the tag, or off and on.
    pub choices: Vec<(i64, String)>,
    /// What choosing fires: `scene.fire(event, Some(value), ..)`.
    pub event: EventId,
    /// Can be used.
    pub enabled: Prop<bool>,
}

impl Switch {
    /// The choices to paint: value and word.
    pub fn words(&self) -> Vec<(i64, String)> {
        let states = &self.target.facts.states;
        if !self.choices.is_empty() {
            self.choices.clone()
        } else if !states.is_empty() {
            states.clone()
        } else if !self.reading.facts.states.is_empty() {
            self.reading.facts.states.clone()
        } else {
            vec![(0, "off".to_owned()), (1, "on".to_owned())]
        }
    }
}

/// Tabs to other screens.
#[derive(Clone, Debug)]
pub struct Navigation {
    /// The tabs, in order: parent, this screen and its neighbours, children.
    pub entries: Vec<NavEntry>,
}

/// One tab.
#[derive(Clone, Debug)]
pub struct NavEntry {
    /// File name without `.rhai`.
    pub screen: String,
    /// Its title.
    pub title: String,
    /// How it stands to this screen.
    pub relation: Relation,
    /// What it fires; opens the screen.
    pub event: EventId,
}

/// How a screen stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// One level up.
    Parent,
    /// This screen itself.
    Here,
    /// Of the same parent.
    Sibling,
    /// One level down.
    Child,
}

/// A small live trend.
#[derive(Clone, Debug)]
pub struct Trend {
    /// Words above it; may be empty.
    pub label: Prop<String>,
    /// What it draws; at most [`crate::limits::TREND_PENS`].
    pub pens: Vec<Pen>,
    /// How much time it shows, in ms.
    pub span_ms: u64,
    /// Only the line of its one pen, with its lowest and highest value: no axes, no legend.
    pub spark: bool,
}

/// One line of a trend. Lines differ in dash as well as in shade.
#[derive(Clone, Debug)]
pub struct Pen {
    /// Its name in the legend; where empty, the tag's own name.
    pub label: String,
    /// What it follows; its range is its axis.
    pub reading: Reading,
}

impl Pen {
    /// The tag whose history it draws, if it follows one as it is.
    pub fn tag(&self) -> Option<&Arc<str>> {
        self.reading.tag()
    }
}

/// A group box.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Its title; may be empty.
    pub label: Prop<String>,
}
