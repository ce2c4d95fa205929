//! What on a screen deserves attention, in words: failures, limits that are passed, values that can't be trusted.
//!
//! Start at [`Watch::concerns`].

use std::collections::HashSet;

use plantroom_model::Utc;
use plantroom_scene::{Object, Scene, Symbol};

use crate::look::Look;
use crate::paint::{Sign, main_reading, sign_of};
use crate::words::{age_text, with_unit};

/// Concerns that are put in words: no list has more rows.
const TOLD: usize = 64;

/// One thing on the screen that deserves attention.
#[derive(Clone, Debug, PartialEq)]
pub struct Concern {
    /// Which sign.
    pub sign: Sign,
    /// What it is about: a tag, or an object's words.
    pub name: String,
    /// What is wrong.
    pub words: String,
}

/// Which objects of one scene deserve attention. An object is looked at again only when it may look different.
#[derive(Default)]
pub struct Watch(Vec<Seen>);

#[derive(Clone, Copy, Default)]
struct Seen {
    /// Nothing before the first look.
    version: Option<u32>,
    sign: Option<Sign>,
}

impl Watch {
    /// Everything on its scene that deserves attention, the most urgent first; a tag that is shown twice counts once. Only the
    /// first [`TOLD`] are put in words: no list shows more.
    pub fn concerns(&mut self, look: &Look, scene: &Scene, now: Option<Utc>) -> Vec<Concern> {
        self.0.resize(scene.objects().len(), Seen::default());
        let mut named_before = HashSet::new();
        let mut all: Vec<(Sign, String, &Object)> = Vec::new();
        for (place, (seen, version)) in self.0.iter_mut().zip(scene.versions()).enumerate() {
            if seen.version == Some(*version) && seen.sign.is_none() {
                continue;
            }
            let Some(object) = scene.objects().get(place) else { continue };
            let sign = if *object.visible.get() { sign_of(&object.symbol) } else { None };
            *seen = Seen { version: Some(*version), sign };
            let Some(sign) = sign else { continue };
            let name = named(look, object);
            if named_before.insert(name.clone()) {
                all.push((sign, name, object));
            }
        }
        all.sort_by_key(|(sign, ..)| sign.rank());
        let in_words = all.into_iter().enumerate().map(|(place, (sign, name, object))| {
            let reading = main_reading(&object.symbol).filter(|_| place < TOLD);
            Concern { sign, name, words: reading.map_or_else(String::new, |reading| told(look, sign, reading, now)) }
        });
        in_words.collect()
    }
}

/// A machine goes by its own name, a tag by its own; what is computed by its label, and without one by its script's line.
fn named(look: &Look, object: &Object) -> String {
    let tag = main_reading(&object.symbol).and_then(|reading| reading.tag());
    let label = match &object.symbol {
        Symbol::Value(value) => value.label.get().as_str(),
        Symbol::Bar(bar) => bar.label.get(),
        Symbol::Lamp(lamp) => lamp.label.get(),
        Symbol::Tank(tank) => tank.label.get(),
        Symbol::Gauge(gauge) => gauge.label.get(),
        _ => "",
    };
    match (&object.symbol, tag) {
        (Symbol::Machine(_) | Symbol::Valve(_), _) => object.tip.clone(),
        (_, Some(tag)) => tag.to_string(),
        (_, None) if !label.is_empty() => label.to_owned(),
        (_, None) if !object.tip.is_empty() => object.tip.clone(),
        (_, None) => look.fill("computed value, {} line {}", &[&object.place.file, &object.place.line.to_string()]),
    }
}

/// What is wrong, in words.
pub fn told(look: &Look, sign: Sign, reading: &plantroom_scene::Reading, now: Option<Utc>) -> String {
    let value = with_unit(&reading.text(), &reading.facts.unit);
    match sign {
        Sign::Fault => look.fill("failed ({})", &[&value]),
        Sign::Abnormal => value,
        Sign::Limit(mark) => {
            use plantroom_scene::LimitMark as M;
            let limits = &reading.facts.limits;
            let (words, limit) = match mark {
                M::HighHigh => ("too high", limits.high_high),
                M::High => ("high", limits.high),
                M::Low => ("low", limits.low),
                M::LowLow => ("too low", limits.low_low),
            };
            let limit = plantroom_scene::grouped(limit.unwrap_or(f64::NAN), reading.facts.decimals);
            look.fill("{}  {} (limit {})", &[look.say(words), &value, &limit])
        }
        Sign::Doubt(_) if !reading.is_known() => look.say("no such tag").to_owned(),
        Sign::Doubt(_) => match age_text(reading.source_time, now) {
            Some(age) => format!("{}, {age}", look.say(reading.status.words())),
            None => look.say(reading.status.words()).to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use plantroom_model::{Origin, Status, TagSpec, Value, ValueKind};
    use plantroom_scene::{Params, SampleTags, Screens};

    use super::*;

    #[test]
    fn what_is_watched_over_time_is_what_is_seen_at_once() {
        let script =
            "screen(\"S\", #{});\nfor i in 0..4 { value(10 + i * 90, 10, \"t\" + i, #{ visible: || tag(\"shown\") }); }\n";
        let mut scene = Screens::new(&[("s.rhai".to_owned(), script.to_owned())], &[]).open("s", &Params::new()).unwrap();
        let mut specs: Vec<TagSpec> = (0..4)
            .map(|at| {
                let mut spec = TagSpec::new(&format!("t{at}"), ValueKind::Float, Origin::System);
                spec.limits.high = Some(80.0);
                spec
            })
            .collect();
        specs.push(TagSpec::new("shown", ValueKind::Bool, Origin::System));
        let (mut tags, mut watch, look, now) = (SampleTags::new(&specs), Watch::default(), Look::default(), Utc(9_000_000_000));
        let turns = [("shown", 1.0, Status::GOOD, 4), ("t1", 90.0, Status::GOOD, 4), ("t0", 5.0, Status::GOOD, 4)];
        let more = [("t2", 5.0, Status::BAD, 4), ("shown", 0.0, Status::GOOD, 0), ("shown", 1.0, Status::GOOD, 4)];
        for name in ["t0", "t1", "t2", "t3"] {
            tags.set(name, &Value::Float(1.0), Status::BAD, now).unwrap();
        }
        for (turn, (tag, number, status, most)) in turns.into_iter().chain(more).enumerate() {
            let value = if tag == "shown" { Value::Bool(number > 0.0) } else { Value::Float(number) };
            tags.set(tag, &value, status, now).unwrap();
            scene.update(&tags);
            let watched = watch.concerns(&look, &scene, Some(now));
            assert_eq!(watched, Watch::default().concerns(&look, &scene, Some(now)), "turn {turn}: {tag}");
            assert!(watched.len() <= most, "turn {turn}: {watched:?}");
            assert_eq!(watched.is_empty(), most == 0, "turn {turn}: {watched:?}");
        }
    }
}
