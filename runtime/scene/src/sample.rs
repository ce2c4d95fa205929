//! Declared tags with values that somebody chose or made up: for checks, pictures and previews without a station.

use std::collections::BTreeMap;
use std::sync::Arc;

use plantroom_model::{Origin, Quality, Sample, Status, TagSpec, Utc, Value, ValueKind, nearest};
use plantroom_script::Expression;
use plantroom_wire::{PermissiveInfo, TagInfo, WriteInfo};

use crate::TagView;

/// How deep derived tags are computed from derived tags; deeper ones are made up as others are.
const DERIVED_LEVELS: u32 = 16;

/// What to make values up from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// An eighth into the range; false.
    Low,
    /// Where nothing is passed: between the inner limits, or in the middle of the range; true for what runs, is open or
    /// automatic, by its name, else false.
    Normal,
    /// The top of the range; true.
    High,
}

/// Every declared tag, with or without a value.
#[derive(Clone, Debug, Default)]
pub struct SampleTags {
    by_name: BTreeMap<Arc<str>, (TagInfo, Option<Sample>)>,
    /// What tags without a value of their own show.
    filled: Option<(Fill, Utc)>,
    revision: u64,
    /// What is computed of others, where it has no value of its own.
    derived: BTreeMap<Arc<str>, Expression>,
}

impl SampleTags {
    /// Tags that have no values yet.
    pub fn new(tags: &[TagSpec]) -> Self {
        let by_name = tags.iter().map(|tag| (Arc::from(&tag.name), (info(tag), None))).collect();
        Self { by_name, filled: None, revision: 1, derived: BTreeMap::new() }
    }

    /// From now on derived tags are computed where they have no value of their own, and what permissives ask is known: as a
    /// station would have it with these values.
    #[must_use]
    pub fn computing(mut self, tags: &[TagSpec]) -> Self {
        for tag in tags {
            if let Origin::Derived(derived) = &tag.origin
                && let Ok(expression) = Expression::compile(&derived.expression)
            {
                self.derived.insert(Arc::from(&tag.name), expression);
            }
            let named = tag.write.iter().flat_map(|write| &write.permissives).filter_map(|permissive| {
                let looked_at = tags.get(permissive.tag.0 as usize)?.name.to_string();
                let (test, message) = (permissive.test, permissive.message.clone());
                Some(PermissiveInfo { tag: looked_at, test, message, only_for: permissive.only_for })
            });
            if let Some((info, _)) = self.by_name.get_mut(&*tag.name) {
                info.permissives = named.collect();
            }
        }
        self
    }

    /// A tag's value; what is computed from it too, at most so deep.
    fn sample_within(&self, tag: &str, depth: u32) -> Option<Sample> {
        let (info, sample) = self.by_name.get(tag)?;
        if let Some(mut sample) = sample.clone() {
            if sample.value == Value::Null && sample.status.quality() == Quality::Good {
                sample.status = Status::BAD_WAITING_FOR_INITIAL_DATA;
            }
            return Some(sample);
        }
        if let Some(expression) = self.derived.get(tag).filter(|_| depth > 0) {
            let read = |name: &Arc<str>| self.sample_within(name, depth - 1).unwrap_or_else(Sample::waiting);
            let inputs: Vec<Sample> = expression.reads().iter().map(read).collect();
            let computed = expression.eval(&inputs);
            let kind = ValueKind::from_u8(info.kind).unwrap_or(ValueKind::Float);
            let value = computed.value.converted(kind).unwrap_or(Value::Null);
            let at = computed.source_time;
            return Some(Sample { value, status: computed.status, source_time: at, server_time: at });
        }
        let (how, at) = self.filled?;
        Some(Sample { value: made_up(tag, info, how), status: Status::GOOD, source_time: at, server_time: at })
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.by_name.keys()
    }

    /// Gives every tag that hasn't been set a value of good quality.
    pub fn fill(&mut self, how: Fill, at: Utc) {
        self.filled = Some((how, at));
        self.revision += 1;
    }

    /// Keeps the values of another set where the tags are the same, as after a change of the project.
    pub fn keep_values(&mut self, old: &Self) {
        for (name, (info, sample)) in &mut self.by_name {
            if let Some((was, kept)) = old.by_name.get(name)
                && was.kind == info.kind
            {
                sample.clone_from(kept);
            }
        }
        self.filled = old.filled;
        self.revision = old.revision + 1;
    }

    /// Gives one tag a value, converted to its kind; [`Value::Null`] is no value.
    ///
    /// # Errors
    /// A sentence: there is no such tag, or it can't hold the value.
    pub fn set(&mut self, name: &str, value: &Value, status: Status, at: Utc) -> Result<(), String> {
        let Some((info, sample)) = self.by_name.get_mut(name) else {
            let near = nearest(name, self.by_name.keys().map(AsRef::as_ref));
            return Err(match near {
                Some(near) => format!("there is no tag `{name}`; did you mean `{near}`?"),
                None => format!("there is no tag `{name}` in this project"),
            });
        };
        let kind = ValueKind::from_u8(info.kind).unwrap_or(ValueKind::Null);
        let value = match value {
            Value::Null => Value::Null,
            Value::Text(word) if kind != ValueKind::Text => read(info, kind, word)
                .ok_or_else(|| format!("`{name}` holds a {}, and \"{word}\" is none{}", kind.word(), words_of(info)))?,
            other => other.converted(kind).ok_or_else(|| format!("`{name}` holds a {}, and {other} is none", kind.word()))?,
        };
        *sample = Some(Sample { value, status, source_time: at, server_time: at });
        Ok(())
    }

    /// `tag=value` or `tag=value:quality`, as people type it. Words of the tag's states are values too.
    ///
    /// # Errors
    /// A sentence about what can't be understood.
    pub fn set_words(&mut self, words: &str, at: Utc) -> Result<(), String> {
        let Some((name, rest)) = words.split_once('=') else {
            return Err(format!("`{words}` is not a value for a tag; write tag=value or tag=value:bad"));
        };
        let (value, status) = match rest.rsplit_once(':') {
            Some((value, quality)) if status_of(quality).is_some() => (value, status_of(quality).unwrap_or_default()),
            _ => (rest, Status::GOOD),
        };
        let value = if value.is_empty() { Value::Null } else { Value::Text(value.into()) };
        self.set(name.trim(), &value, status, at)
    }
}

/// A quality as people type it.
pub fn status_of(word: &str) -> Option<Status> {
    match word {
        "good" => Some(Status::GOOD),
        "override" => Some(Status::GOOD_LOCAL_OVERRIDE),
        "uncertain" => Some(Status::UNCERTAIN),
        "stale" => Some(Status::UNCERTAIN_LAST_USABLE),
        "bad" => Some(Status::BAD),
        "no_communication" => Some(Status::BAD_NO_COMMUNICATION),
        "sensor_failure" => Some(Status::BAD_SENSOR_FAILURE),
        "out_of_service" => Some(Status::BAD_OUT_OF_SERVICE),
        "waiting" => Some(Status::BAD_WAITING_FOR_INITIAL_DATA),
        _ => None,
    }
}

/// The words that [`status_of`] knows, for messages.
pub const QUALITY_WORDS: &str =
    "good, override, uncertain, stale, bad, no_communication, sensor_failure, out_of_service, waiting";

fn words_of(info: &TagInfo) -> String {
    let words: Vec<_> = info.states.iter().map(|(_, word)| word.as_str()).collect();
    if words.is_empty() { String::new() } else { format!(" (its words: {})", words.join(", ")) }
}

/// A typed word as a value of this kind.
fn read(info: &TagInfo, kind: ValueKind, word: &str) -> Option<Value> {
    let word = word.trim();
    let named = info.states.iter().find(|(_, known)| known == word).map(|(number, _)| Value::Int(*number));
    let typed = match word {
        "true" | "on" => Some(Value::Bool(true)),
        "false" | "off" => Some(Value::Bool(false)),
        number => number.parse::<i64>().map(Value::Int).or_else(|_| number.parse::<f64>().map(Value::Float)).ok(),
    };
    let value = named.or(typed)?;
    match (kind, &value) {
        (ValueKind::Bool, Value::Int(number)) => Some(Value::Bool(*number != 0)),
        _ => value.converted(kind),
    }
}

/// What a console is told of a tag.
pub fn info(tag: &TagSpec) -> TagInfo {
    TagInfo {
        name: tag.name.to_string(),
        kind: tag.kind as u8,
        unit: tag.unit.clone(),
        description: tag.description.to_string(),
        decimals: tag.decimals,
        range: tag.range,
        limits: tag.limits,
        states: tag.states.clone(),
        write: tag.write.as_ref().map(|write| WriteInfo { range: write.range, confirmation: write.confirmation.clone() }),
        permissives: Vec::new(),
    }
}

fn made_up(name: &str, info: &TagInfo, how: Fill) -> Value {
    let (low, high) = info.range.unwrap_or((1.0, 2.0));
    let number = match how {
        Fill::Low => low + (high - low) / 8.0,
        Fill::Normal => f64::midpoint(
            info.limits.low.or(info.limits.low_low).unwrap_or(low),
            info.limits.high.or(info.limits.high_high).unwrap_or(high),
        ),
        Fill::High => high,
    };
    let kind = ValueKind::from_u8(info.kind).unwrap_or(ValueKind::Float);
    if how == Fill::Normal
        && let Some(state) = normal_state(name, info)
    {
        return state.converted(kind).unwrap_or(state);
    }
    match kind {
        ValueKind::Bool => Value::Bool(how == Fill::High),
        ValueKind::Int => Value::Int(number as i64),
        ValueKind::Uint => Value::Uint(number.max(0.0) as u64),
        ValueKind::Float | ValueKind::Null => Value::Float(number),
        ValueKind::Text => Value::Text("text".into()),
    }
}

/// What a state is while all is well, by the words of the tag and of its states.
fn normal_state(name: &str, info: &TagInfo) -> Option<Value> {
    const TRUE: [&str; 11] =
        ["running", "auto", "ready", "open", "available", "remote", "ok", "enabled", "healthy", "online", "permitted"];
    const WELL: [&str; 8] = ["running", "good", "normal", "auto", "automatic", "open", "ready", "ok"];
    let last = name.rsplit('/').next().unwrap_or(name);
    if ValueKind::from_u8(info.kind) == Some(ValueKind::Bool) {
        return Some(Value::Bool(TRUE.contains(&last)));
    }
    let well = info.states.iter().find(|(_, word)| WELL.contains(&word.as_str()));
    if let Some((number, _)) = well.or(info.states.first()) {
        return Some(Value::Int(*number));
    }
    // What the station counts of itself: faults, losses.
    (name.starts_with("system/") && info.range.is_none()).then_some(Value::Int(0))
}

impl TagView for SampleTags {
    fn sample(&self, tag: &str) -> Option<Sample> {
        self.sample_within(tag, DERIVED_LEVELS)
    }

    fn info(&self, tag: &str) -> Option<&TagInfo> {
        self.by_name.get(tag).map(|(info, _)| info)
    }

    fn info_revision(&self) -> u64 {
        self.revision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags() -> SampleTags {
        let memory = || Origin::Memory { initial: Value::Null };
        let mut level = TagSpec::new("well/level", ValueKind::Float, memory());
        level.range = Some((0.0, 100.0));
        level.limits.high = Some(90.0);
        level.limits.low = Some(30.0);
        let mut running = TagSpec::new("p1/running", ValueKind::Bool, memory());
        running.states = vec![(0, "stopped".into()), (1, "running".into())];
        let text = TagSpec::new("note", ValueKind::Text, memory());
        SampleTags::new(&[level, running, text])
    }

    fn check(typed: &str, wanted: Result<(&str, Value, Status), &str>) {
        let mut tags = tags();
        match (tags.set_words(typed, Utc(5)), wanted) {
            (Ok(()), Ok((name, value, status))) => {
                let sample = tags.sample(name).unwrap();
                assert_eq!((sample.value, sample.status, sample.source_time), (value, status, Utc(5)), "{typed}");
            }
            (Err(error), Err(part)) => assert!(error.contains(part), "{typed}: {error}"),
            (got, wanted) => panic!("{typed}: {got:?}, not {wanted:?}"),
        }
    }

    #[test]
    fn values_are_typed_as_people_say_them() {
        check("well/level=42.5", Ok(("well/level", Value::Float(42.5), Status::GOOD)));
        check("well/level=42:bad", Ok(("well/level", Value::Float(42.0), Status::BAD)));
        check("well/level=7:stale", Ok(("well/level", Value::Float(7.0), Status::UNCERTAIN_LAST_USABLE)));
        check("well/level=", Ok(("well/level", Value::Null, Status::BAD_WAITING_FOR_INITIAL_DATA)));
        check("p1/running=running", Ok(("p1/running", Value::Bool(true), Status::GOOD)));
        check("p1/running=0", Ok(("p1/running", Value::Bool(false), Status::GOOD)));
        check("note=ratio 1:2", Ok(("note", Value::Text("ratio 1:2".into()), Status::GOOD)));
        check("well/levle=1", Err("did you mean `well/level`"));
        check("well/level=full", Err("holds a"));
        check("p1/running=perhaps", Err("its words: stopped, running"));
        check("well/level", Err("tag=value"));
    }

    #[test]
    fn what_is_derived_follows_the_values_and_permissives_are_judged() {
        let memory = || Origin::Memory { initial: Value::Null };
        let derive = |name: &str, expression: &str, inputs: Vec<u32>| {
            let inputs = inputs.into_iter().map(plantroom_model::TagId).collect();
            let spec = plantroom_model::DerivedSpec { expression: expression.into(), inputs };
            TagSpec::new(name, ValueKind::Float, Origin::Derived(Box::new(spec)))
        };
        let mut run = TagSpec::new("p/run", ValueKind::Bool, memory());
        let mut write = plantroom_model::WriteSpec::new(plantroom_model::Role::Operate);
        let (test, message) = (plantroom_model::PermissiveTest::AtMost(9.0), "full".to_owned());
        let twice = plantroom_model::TagId(1);
        write.permissives = vec![plantroom_model::Permissive { tag: twice, test, message, only_for: Some(1.0) }];
        run.write = Some(write.into());
        let twice = derive("twice", "tag(\"level\") * 2.0", vec![0]);
        let specs =
            [TagSpec::new("level", ValueKind::Float, memory()), twice, derive("more", "tag(\"twice\") + 1.0", vec![1]), run];
        let mut tags = SampleTags::new(&specs).computing(&specs);
        assert!(tags.sample("more").is_some_and(|sample| sample.value == Value::Null && sample.status.is_bad()));
        tags.set_words("level=4", Utc(5)).unwrap();
        assert_eq!(tags.sample("more").unwrap().value, Value::Float(9.0));
        let holds = |tags: &SampleTags| crate::conditions(tags, "p/run")[0].holds;
        assert_eq!(holds(&tags), Some(true));
        tags.set_words("level=5:uncertain", Utc(5)).unwrap();
        assert_eq!((holds(&tags), tags.sample("more").unwrap().status.quality()), (None, Quality::Uncertain));
        tags.set_words("level=5", Utc(5)).unwrap();
        assert_eq!(holds(&tags), Some(false));
        tags.set_words("twice=1", Utc(5)).unwrap();
        assert_eq!(tags.sample("more").unwrap().value, Value::Float(2.0), "a value of its own wins");
    }

    #[test]
    fn normal_values_pass_no_limit() {
        let mut tags = tags();
        assert_eq!(tags.sample("well/level"), None);
        tags.fill(Fill::Normal, Utc(1));
        assert_eq!(tags.sample("well/level").unwrap().value, Value::Float(60.0));
        assert_eq!(tags.sample("p1/running").unwrap().value, Value::Bool(true));
        tags.fill(Fill::Low, Utc(1));
        assert_eq!(tags.sample("well/level").unwrap().value, Value::Float(12.5));
    }
}
