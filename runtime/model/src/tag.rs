//! What a tag is, as the project says it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ConnectionId, Label, Role, Value, ValueKind};

/// A tag's place in the project's list: dense, from 0, valid for one loaded project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TagId(pub u32);

/// A plugin's place in the project's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PluginId(pub u32);

/// Everything the project says of one tag: what is the tag's own, and behind a pointer what tags of one kind share.
///
/// A plant may have a million of them, so what most tags have in common with others ([`Detail`]) is there once; the fields of
/// it are read as if they were the tag's own (`tag.unit`). Writing to one of them gives the tag a `Detail` of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagSpec {
    /// Path with `/`, unique in the plant: `high_lift/p1/speed`.
    pub name: Label,
    /// What it is, for people.
    pub description: Label,
    /// Where its value comes from.
    pub origin: Origin,
    /// How it is written; `None` can't be written by anyone.
    pub write: Option<Arc<WriteSpec>>,
    /// What it was made from, where it was.
    pub instance: Option<Arc<Instance>>,
    /// What it has in common with others.
    pub detail: Arc<Detail>,
}

/// What tags of one kind (of a type, of a column of a spreadsheet) have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// What it holds. Samples of another kind are converted when nothing is lost, else the tag turns bad.
    pub kind: ValueKind,
    /// Digits after the point on screens.
    pub decimals: u8,
    /// The last value is kept over a restart, shown as uncertain until confirmed.
    pub retain: bool,
    /// Silence after which a poll counts as missed, in ms; 0 for tags that nobody polls.
    pub stale_after_ms: u32,
    /// Engineering unit, as shown; empty for none.
    pub unit: String,
    /// Polling group of a tag that a driver polls; empty for the driver's default.
    pub group: String,
    /// Lowest and highest value in engineering units. Outside it a reading clamps and turns uncertain.
    pub range: Option<(f64, f64)>,
    /// Limits that screens draw and alarms watch.
    pub limits: LimitSet,
    /// How far a value must come back inside before a passed limit counts as left, in engineering units.
    pub hysteresis: f64,
    /// From the device's numbers to engineering units.
    pub scaling: Option<Scaling>,
    /// What change is worth telling, per way out.
    pub deadband: Deadband,
    /// Words for numbers or booleans: `0 = "stopped"`.
    pub states: Vec<(i64, String)>,
}

/// An instance of a type, to which a tag belongs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Instance {
    /// The type's name.
    pub of_type: Arc<str>,
    /// The instance's name.
    pub name: Arc<str>,
}

impl TagSpec {
    /// A tag with a name, a kind and an origin, and nothing else said.
    pub fn new(name: &str, kind: ValueKind, origin: Origin) -> Self {
        Self {
            name: name.into(),
            description: Label::default(),
            origin,
            write: None,
            instance: None,
            detail: Arc::new(Detail::new(kind)),
        }
    }

    /// The same tag, changed.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl Deref for TagSpec {
    type Target = Detail;

    fn deref(&self) -> &Detail {
        &self.detail
    }
}

/// Gives the tag a `Detail` of its own; who makes many tags shares them again.
impl DerefMut for TagSpec {
    fn deref_mut(&mut self) -> &mut Detail {
        Arc::make_mut(&mut self.detail)
    }
}

impl Detail {
    /// A kind, and nothing else said.
    pub fn new(kind: ValueKind) -> Self {
        Self {
            kind,
            decimals: 1,
            retain: false,
            stale_after_ms: 0,
            unit: String::new(),
            group: String::new(),
            range: None,
            limits: LimitSet::default(),
            hysteresis: 0.0,
            scaling: None,
            deadband: Deadband::default(),
            states: Vec::new(),
        }
    }
}

/// High-high, high, low and low-low, in engineering units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSet {
    /// Act now: too high.
    pub high_high: Option<f64>,
    /// Too high.
    pub high: Option<f64>,
    /// Too low.
    pub low: Option<f64>,
    /// Act now: too low.
    pub low_low: Option<f64>,
}

/// A straight line from raw to engineering units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// Raw number that means `eng_low`.
    pub raw_low: f64,
    /// Raw number that means `eng_high`; never equal to `raw_low`.
    pub raw_high: f64,
    /// Engineering value at `raw_low`.
    pub eng_low: f64,
    /// Engineering value at `raw_high`; never equal to `eng_low`.
    pub eng_high: f64,
    /// Raw numbers that mean a broken sensor.
    pub fault_band: Option<FaultBand>,
}

impl Scaling {
    /// Raw to engineering units.
    pub fn to_engineering(&self, raw: f64) -> f64 {
        self.eng_low + (raw - self.raw_low) * (self.eng_high - self.eng_low) / (self.raw_high - self.raw_low)
    }

    /// Engineering units to raw.
    pub fn to_raw(&self, engineering: f64) -> f64 {
        self.raw_low + (engineering - self.eng_low) * (self.raw_high - self.raw_low) / (self.eng_high - self.eng_low)
    }
}

/// Outside these raw numbers the sensor has failed; on 4-20 mA loops 3.6 and 21 mA (NAMUR NE 43).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultBand {
    /// At or below: failed.
    pub below: f64,
    /// At or above: failed.
    pub above: f64,
}

/// The smallest change worth telling, in engineering units, per way out. 0 tells every change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Deadband {
    /// To consoles and other live readers.
    pub console: f64,
    /// To the historian.
    pub history: f64,
}

/// Where a tag's value comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Origin {
    /// A driver polls it.
    Driver {
        /// The driver.
        plugin: PluginId,
        /// The link to the device.
        connection: ConnectionId,
        /// Which of the devices behind the link: a place in the connection's list; `None` where it has only one.
        device: Option<u32>,
        /// Where in the device, in the driver's own notation.
        address: Label,
    },
    /// An analytics plugin computes it.
    Analytics {
        /// The plugin.
        plugin: PluginId,
    },
    /// The station keeps it; written through the command path.
    Memory {
        /// What it holds before it was ever written.
        initial: Value,
    },
    /// The station itself says it (`system/...`).
    System,
    /// The station computes it from other tags, in the same scan as they change.
    Derived(Box<DerivedSpec>),
    /// The station adds up another tag, and goes on from there after a restart.
    Total(Box<TotalSpec>),
    /// The project has no such tag any more; its entry stays while the station runs, so that no id moves. It has an
    /// empty name and no value.
    Gone,
}

/// How a derived tag is computed. Its quality is that of its worst input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DerivedSpec {
    /// A Rhai expression over `tag("...")`; every name in it is a literal.
    pub expression: Arc<str>,
    /// The tags that it reads; never, over any number of steps, the tag itself.
    pub inputs: Vec<TagId>,
}

/// What a totaliser adds up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TotalSpec {
    /// The tag that it follows.
    pub source: TagId,
    /// How.
    pub how: Totalise,
}

/// How a total grows. Nothing is added for times in which the source was bad.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Totalise {
    /// The source is a rate per so many seconds (1 for l/s, 3600 for m3/h); the total is its integral over time.
    Rate {
        /// Seconds of the rate's unit of time.
        per_s: f64,
    },
    /// The source is a counter of a device; the total grows with it, over its wrapping and its resets.
    Counter {
        /// The count after which the device starts again at 0 (65,536 for a 16-bit register); `None`: never wraps, so
        /// a smaller count is a reset.
        wraps_at: Option<f64>,
        /// What one count is worth.
        factor: f64,
    },
    /// The source is a boolean; the total counts how often it became true.
    Starts,
    /// The source is a boolean; the total is the time that it was true, in hours.
    Hours,
}

/// How a tag is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WriteSpec {
    /// Lowest role that may.
    pub role: Role,
    /// Lowest and highest value that may be asked for, in engineering units.
    pub range: Option<(f64, f64)>,
    /// Conditions that must all hold.
    pub permissives: Vec<Permissive>,
    /// The tag that shows whether it happened; by default the tag itself where it is readable.
    pub feedback: Option<TagId>,
    /// The device doesn't give the value back (a command coil, a pulse): nothing to compare.
    pub no_feedback: bool,
    /// How long the feedback may take, in ms.
    pub follow_ms: u32,
    /// How far the feedback may be off, in engineering units.
    pub tolerance: f64,
    /// Largest step that one write may make from the present value, in engineering units.
    pub max_step: Option<f64>,
    /// Shortest time between two writes of this tag, in ms; 0 for none.
    pub min_interval_ms: u32,
    /// The value is held only so long, and then put back; `None` for one that is maintained.
    pub pulse: Option<PulseSpec>,
    /// What the operator must say yes to once more; without that yes the request is refused.
    pub confirmation: Option<String>,
    /// How long the order stays valid, in ms.
    pub expires_ms: u32,
    /// May pass when the audit's reserve is spent (a safe stop).
    pub essential: bool,
}

impl WriteSpec {
    /// A maintained write that this role may do, confirmed by the tag itself within 2 s, and nothing else said.
    pub fn new(role: Role) -> Self {
        Self {
            role,
            range: None,
            permissives: Vec::new(),
            feedback: None,
            no_feedback: false,
            follow_ms: 2_000,
            tolerance: 0.0,
            max_step: None,
            min_interval_ms: 0,
            pulse: None,
            confirmation: None,
            expires_ms: 2_000,
            essential: false,
        }
    }
}

/// A write that ends by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PulseSpec {
    /// How long the value is held, in ms.
    pub hold_ms: u32,
    /// What is written afterwards.
    pub rest: Value,
}

/// A plant condition that a write needs; not a safety function. A bad input refuses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Permissive {
    /// The tag it looks at.
    pub tag: TagId,
    /// What must be so.
    pub test: PermissiveTest,
    /// What the operator is told when it isn't.
    pub message: String,
    /// Needed only where this value is written (booleans are 0 and 1), so that what starts and stops with one tag needs
    /// nothing for a stop; `None`: whatever is written.
    pub only_for: Option<f64>,
}

impl Permissive {
    /// Whether writing this value needs it. Where no value is known, it does.
    pub fn concerns(&self, value: Option<&Value>) -> bool {
        concerns(self.only_for, value)
    }
}

/// Whether a permissive that is `only_for` one value is needed to write this one; a value that isn't known needs it.
pub fn concerns(only_for: Option<f64>, value: Option<&Value>) -> bool {
    match (only_for, value.and_then(Value::as_f64)) {
        (Some(only), Some(written)) => only == written,
        _ => true,
    }
}

/// A comparison with a constant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum PermissiveTest {
    /// At least.
    AtLeast(f64),
    /// At most.
    AtMost(f64),
    /// Exactly; booleans are 0 and 1.
    Is(f64),
}

impl PermissiveTest {
    /// Whether a number passes; NaN never does.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(limit) => value >= limit,
            Self::AtMost(limit) => value <= limit,
            Self::Is(limit) => value == limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tag_has_of_its_own_is_small() {
        assert_eq!((size_of::<Origin>(), size_of::<TagSpec>()), (32, 88));
    }

    #[test]
    fn a_change_of_one_tag_is_not_one_of_those_that_shared_with_it() {
        let first = TagSpec::new("a", ValueKind::Float, Origin::System).with(|tag| tag.unit = "m".to_owned());
        let second = TagSpec { name: "b".into(), ..first.clone() };
        assert!(Arc::ptr_eq(&first.detail, &second.detail));
        let third = second.clone().with(|tag| tag.hysteresis = 2.0);
        assert_eq!((first.hysteresis, second.hysteresis, third.hysteresis, &*third.unit), (0.0, 0.0, 2.0, "m"));
    }
}
