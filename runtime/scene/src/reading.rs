//! A process value as a symbol shows it: with quality, unit, range and limits.

use std::sync::Arc;

use plantroom_model::{LimitSet, Quality, Status, Utc, Value};

use plantroom_wire::TagInfo;

use crate::Source;

/// What a reading is measured in and against. From the tag, unless the script said otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Engineering unit, as shown; empty for none.
    pub unit: String,
    /// Digits after the point.
    pub decimals: u8,
    /// Lowest and highest value.
    pub range: Option<(f64, f64)>,
    /// Limits, in engineering units.
    pub limits: LimitSet,
    /// Words for numbers and booleans.
    pub states: Vec<(i64, String)>,
    /// What it is, for people.
    pub description: String,
    /// Whether this user may write it.
    pub writable: bool,
    /// Lowest and highest value that this user may ask for.
    pub write_range: Option<(f64, f64)>,
}

/// Which limit is passed. Shown as shape and letter beside the value, never as colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitMark {
    /// At or above the high-high limit.
    HighHigh,
    /// At or above the high limit.
    High,
    /// At or below the low limit.
    Low,
    /// At or below the low-low limit.
    LowLow,
}

impl LimitMark {
    /// The letters beside the value.
    pub fn letters(self) -> &'static str {
        match self {
            Self::HighHigh => "HH",
            Self::High => "H",
            Self::Low => "L",
            Self::LowLow => "LL",
        }
    }

    /// Whether it is one of the two outer limits.
    pub fn is_urgent(self) -> bool {
        matches!(self, Self::HighHigh | Self::LowLow)
    }
}

/// A process value as a symbol shows it. [`crate::Scene::update`] keeps it current.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The value; where the status is bad, the last one that was usable.
    pub value: Value,
    /// How good it is; of a computed one, the worst of the tags it read.
    pub status: Status,
    /// When it came to be, for its age; of a computed one, the oldest of the tags it read. 0 when not known.
    pub source_time: Utc,
    /// Unit, range, limits.
    pub facts: Arc<Facts>,
    pub(crate) source: Source,
    /// Only bound if the plant has such a tag (a pump without a fault contact is no mistake).
    pub(crate) optional: bool,
    pub(crate) overrides: Overrides,
    pub(crate) known: bool,
    /// Was brought up to date at least once.
    pub(crate) was_read: bool,
}

/// What the script said of a reading, in the place of the tag's own facts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Overrides {
    pub unit: Option<String>,
    pub decimals: Option<u8>,
    pub range: Option<(f64, f64)>,
    pub limits: Option<LimitSet>,
    pub states: Option<Vec<(i64, String)>>,
    pub invert: bool,
}

impl Reading {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            value: Value::Null,
            status: Status::BAD_WAITING_FOR_INITIAL_DATA,
            source_time: Utc(0),
            facts: Arc::new(Facts { decimals: 1, ..Facts::default() }),
            source,
            optional: false,
            overrides: Overrides::default(),
            known: false,
            was_read: false,
        }
    }

    pub(crate) fn constant(value: Value) -> Self {
        Self { value, status: Status::GOOD, known: true, ..Self::new(Source::Constant) }
    }

    /// A reading that isn't there.
    pub(crate) fn absent() -> Self {
        Self { optional: true, ..Self::new(Source::Constant) }
    }

    /// True for false and false for true.
    pub(crate) fn inverted(mut self) -> Self {
        self.overrides.invert = true;
        self
    }

    /// Where it comes from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The tag it shows, if it shows one as it is.
    pub fn tag(&self) -> Option<&Arc<str>> {
        match &self.source {
            Source::Tag(name) => Some(name),
            Source::Constant | Source::Closure(_) => None,
        }
    }

    /// The range that the script gave, if it gave one; otherwise `facts.range` is the tag's own.
    pub fn scripted_range(&self) -> Option<(f64, f64)> {
        self.overrides.range
    }

    /// Whether there is anything to show. False only for an optional reading whose tag the plant doesn't have: paint nothing.
    pub fn is_present(&self) -> bool {
        self.known || !self.optional
    }

    /// Whether the station knows the tag (always true of computed readings and constants).
    /// False on a screen that asks for a tag that doesn't exist: paint it as bad, `no such tag`.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// As a finite number, even where it is bad (the last usable one).
    pub fn number(&self) -> Option<f64> {
        self.value.as_f64().filter(|v| v.is_finite())
    }

    /// As true or false, even where it is bad.
    pub fn is_on(&self) -> Option<bool> {
        self.value.as_bool()
    }

    /// The value in words, without its unit: `1 452`, `4.62`, `running`; `–` where there is none.
    pub fn text(&self) -> String {
        self.facts.words(&self.value)
    }

    /// `U` or `B`, or nothing where it is good.
    pub fn quality_letter(&self) -> &'static str {
        self.status.quality().letter()
    }

    /// Whether the value may be drawn as it is, without marks.
    pub fn is_good(&self) -> bool {
        self.status.quality() == Quality::Good
    }

    /// Which limit it passes; never of a bad value, whose number proves nothing.
    pub fn limit_mark(&self) -> Option<LimitMark> {
        if self.status.is_bad() {
            return None;
        }
        self.facts.limit_mark(self.number()?)
    }

    /// Its place in its range, 0 to 1, clamped; `None` without a number or a range.
    pub fn fraction(&self) -> Option<f64> {
        self.facts.fraction(self.number()?)
    }
}

impl Overrides {
    /// The tag's facts with the script's words in their place.
    pub fn over(&self, told: &Arc<Facts>) -> Arc<Facts> {
        let says_nothing = self.unit.is_none() && self.decimals.is_none() && self.range.is_none();
        if says_nothing && self.limits.is_none() && self.states.is_none() {
            return told.clone();
        }
        let mut facts = Facts::clone(told);
        if let Some(unit) = &self.unit {
            facts.unit.clone_from(unit);
        }
        if let Some(decimals) = self.decimals {
            facts.decimals = decimals;
        }
        if let Some(range) = self.range {
            facts.range = Some(range);
        }
        if let Some(limits) = self.limits {
            facts.limits = limits;
        }
        if let Some(states) = &self.states {
            facts.states.clone_from(states);
        }
        Arc::new(facts)
    }
}

impl Facts {
    /// From what the station says of a tag.
    pub fn of(info: &TagInfo) -> Self {
        Self {
            unit: info.unit.clone(),
            decimals: info.decimals,
            range: info.range,
            limits: info.limits,
            states: info.states.clone(),
            description: info.description.clone(),
            writable: info.write.is_some(),
            write_range: info.write.as_ref().and_then(|write| write.range),
        }
    }

    /// Unit, description and words for numbers in a language.
    pub fn translated(mut self, texts: &crate::Texts) -> Self {
        if !texts.is_empty() {
            texts.put(&mut self.unit);
            texts.put(&mut self.description);
            self.states.iter_mut().for_each(|(_, word)| texts.put(word));
        }
        self
    }

    /// A value in words, without its unit.
    pub fn words(&self, value: &Value) -> String {
        let state = |number: i64| self.states.iter().find(|(n, _)| *n == number).map(|(_, word)| word.clone());
        match value {
            Value::Null => "–".to_owned(),
            Value::Bool(v) => state(i64::from(*v)).unwrap_or_else(|| if *v { "on" } else { "off" }.to_owned()),
            Value::Text(text) => text.to_string(),
            Value::Int(v) => state(*v).unwrap_or_else(|| grouped(*v as f64, 0)),
            Value::Uint(v) => i64::try_from(*v).ok().and_then(state).unwrap_or_else(|| grouped(*v as f64, 0)),
            Value::Float(v) if v.fract() == 0.0 && !self.states.is_empty() => {
                state(*v as i64).unwrap_or_else(|| grouped(*v, self.decimals))
            }
            Value::Float(v) => grouped(*v, self.decimals),
        }
    }

    /// Which limit a number passes.
    pub fn limit_mark(&self, number: f64) -> Option<LimitMark> {
        let limits = &self.limits;
        if limits.high_high.is_some_and(|l| number >= l) {
            Some(LimitMark::HighHigh)
        } else if limits.low_low.is_some_and(|l| number <= l) {
            Some(LimitMark::LowLow)
        } else if limits.high.is_some_and(|l| number >= l) {
            Some(LimitMark::High)
        } else if limits.low.is_some_and(|l| number <= l) {
            Some(LimitMark::Low)
        } else {
            None
        }
    }

    /// A number's place in the range, 0 to 1, clamped.
    pub fn fraction(&self, number: f64) -> Option<f64> {
        let (low, high) = self.range?;
        (high > low && number.is_finite()).then(|| ((number - low) / (high - low)).clamp(0.0, 1.0))
    }
}

/// A number with fixed digits and a space between thousands: `1 452.0`; `–` where it isn't finite.
pub fn grouped(number: f64, decimals: u8) -> String {
    plantroom_script::fixed(number, decimals)
}
