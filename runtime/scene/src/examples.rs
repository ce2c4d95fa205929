//! The tags over which the examples of the [`crate::guide`] are drawn: one of each condition.
//!
//! Whoever makes the documentation's pictures, and the tests, give these tags these values; nothing else uses them.

use plantroom_model::{AlarmState, LimitSet, PermissiveTest, Priority, Status, Utc, Value};
use plantroom_wire::{AlarmBatch, AlarmInfo, AlarmNow, PermissiveInfo, TagInfo, WriteInfo};

/// A tag of the examples.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// What it is.
    pub info: TagInfo,
    /// What it shows.
    pub value: Value,
    /// How good that is.
    pub status: Status,
    /// How old that is, in seconds.
    pub age_s: i64,
}

/// The library's faceplates, each with the instance and the name with which its picture shows it.
pub const FACEPLATES: [(&str, &str, &str); 7] = [
    ("pump", "ex/trip", "Pump 2"),
    ("motor", "ex/hand", "Mixer"),
    ("valve", "ex/run", "Valve 1"),
    ("breaker", "ex/stop", "Q1"),
    ("apparatus", "ex/run", "Filter 1"),
    ("analog", "ex/pic602", "PIC-602"),
    ("pump", "ex/lost", "Pump 11"),
];

/// A picture below `images/` that the examples show.
pub const SITE_SVG: &str = include_str!("examples/site.svg");

/// The alarms of the examples, told at this time: one of each priority, waiting and acknowledged, one that has returned.
pub fn alarms(now: Utc) -> AlarmBatch {
    use AlarmState::{Acknowledged, Returned, Unacknowledged};
    let all = [
        (
            "intake/river/low",
            "The river is low at the intake",
            Priority::Medium,
            "intake",
            "",
            Unacknowledged,
            252,
            Some((0.84, 0.9)),
        ),
        ("intake/screen/clogged", "The screen of the intake is clogged", Priority::High, "intake", "", Unacknowledged, 64, None),
        ("intake/p2/off", "River pump 2 does not run", Priority::Low, "intake", "intake/p2", Acknowledged, 900, None),
        ("intake/p1/hot", "River pump 1 runs hot", Priority::Low, "intake", "intake/p1", Returned, 431, None),
        ("ex/trip/tripped", "Pump 2 has tripped", Priority::Critical, "high_lift", "ex/trip", Unacknowledged, 12, None),
        ("ex/trip/hot", "Pump 2 runs hot", Priority::Low, "high_lift", "ex/trip", Acknowledged, 310, Some((92.4, 90.0))),
        ("ex/pic602/low", "Low pressure", Priority::High, "high_lift", "ex/pic602", Acknowledged, 95, Some((2.91, 3.0))),
    ];
    let mut batch = AlarmBatch { whole: true, ..AlarmBatch::default() };
    for (id, (name, message, priority, area, instance, state, age_s, value)) in (0..).zip(all) {
        let [name, message, area, instance] = [name, message, area, instance].map(str::to_owned);
        batch.infos.push(AlarmInfo {
            id,
            name,
            message,
            area,
            instance,
            decimals: 2,
            priority: priority as u8,
            ..AlarmInfo::default()
        });
        let (state, came) = (state as u8, now.0 - age_s * 1_000_000_000);
        let limit = value.map(|(_, limit)| limit);
        let value = value.map_or(Value::Null, |(value, _)| Value::Float(value));
        batch.rows.push(AlarmNow { id, occurrence: u64::from(id) + 1, state, came, value, limit, ..AlarmNow::default() });
    }
    batch
}

/// Every tag of the examples.
pub fn tags() -> Vec<Example> {
    let mut tags = Vec::new();
    let limits = LimitSet { high_high: Some(95.0), high: Some(85.0), low: Some(25.0), low_low: Some(10.0) };
    for (name, number, status, age_s) in [
        ("good", 62.4, Status::GOOD, 0),
        ("half", 50.0, Status::GOOD, 0),
        ("low", 21.0, Status::GOOD, 0),
        ("high", 88.2, Status::GOOD, 0),
        ("too_high", 97.0, Status::GOOD, 0),
        ("uncertain", 48.0, Status::UNCERTAIN_LAST_USABLE, 3),
        ("bad", 48.0, Status::BAD_NO_COMMUNICATION, 42),
        ("override", 55.0, Status::GOOD_SUBSTITUTED, 0),
        ("set", 55.0, Status::GOOD, 0),
        ("wave", 62.4, Status::GOOD, 0),
    ] {
        tags.push(analog(&format!("x/{name}"), ("%", 1), (0.0, 100.0), limits, number, status, age_s));
    }
    tags.push(analog("x/wave2", ("bar", 2), (0.0, 8.0), LimitSet::default(), 4.62, Status::GOOD, 0));
    let pressure = LimitSet { high: Some(6.0), low: Some(3.0), ..LimitSet::default() };
    tags.push(analog("ex/pic601", ("bar", 2), (0.0, 8.0), pressure, 4.62, Status::GOOD, 0));
    for (name, on, status, age_s) in [
        ("on", true, Status::GOOD, 0),
        ("off", false, Status::GOOD, 0),
        ("bad_on", true, Status::BAD_NO_COMMUNICATION, 42),
        ("mode", true, Status::GOOD, 0),
    ] {
        let words = if name == "mode" { ["manual", "automatic"] } else { ["off", "on"] };
        tags.push(state(&format!("x/{name}"), Value::Bool(on), &words, status, age_s));
    }
    for tag in &mut tags {
        let writable = matches!(tag.info.name.as_str(), "x/set" | "x/mode" | "x/on" | "x/bad" | "x/bad_on");
        tag.info.write =
            writable.then(|| WriteInfo { range: (tag.info.name == "x/set").then_some((10.0, 90.0)), confirmation: None });
    }
    let mut guarded = state("x/guarded", Value::Bool(false), &["idle", "start"], Status::GOOD, 0);
    guarded.info.write = Some(WriteInfo { range: None, confirmation: None });
    guarded.info.permissives = [("x/off", "suction pressure is too low"), ("x/bad_on", "the outlet valve isn't open")]
        .map(|(tag, message)| PermissiveInfo {
            tag: tag.to_owned(),
            test: PermissiveTest::Is(1.0),
            message: message.to_owned(),
            only_for: None,
        })
        .to_vec();
    tags.push(guarded);
    control_loop(&mut tags, pressure);
    for (name, running, tripped, auto, status, age_s) in [
        ("run", true, false, true, Status::GOOD, 0),
        ("stop", false, false, true, Status::GOOD, 0),
        ("trip", false, true, true, Status::GOOD, 0),
        ("hand", true, false, false, Status::GOOD, 0),
        ("lost", true, false, true, Status::BAD_NO_COMMUNICATION, 42),
    ] {
        machine(&mut tags, &format!("ex/{name}"), (running, tripped, auto), status, age_s);
    }
    tags
}

fn machine(tags: &mut Vec<Example>, name: &str, (running, tripped, auto): (bool, bool, bool), status: Status, age_s: i64) {
    let word = |what: &str| format!("{name}/{what}");
    let known = |tag: Example| Example { status, age_s, ..tag };
    let now = if tripped { 2 } else { i64::from(running) };
    let good = Status::GOOD;
    tags.push(known(state(&word("running"), Value::Bool(running), &["stopped", "running"], good, 0)));
    tags.push(known(state(&word("closed"), Value::Bool(running), &["open", "closed"], good, 0)));
    tags.push(known(state(&word("tripped"), Value::Bool(tripped), &["healthy", "tripped"], good, 0)));
    tags.push(known(state(&word("auto"), Value::Bool(auto), &["manual", "automatic"], good, 0)));
    tags.push(known(state(&word("manual"), Value::Bool(!auto), &["automatic", "manual"], good, 0)));
    tags.push(known(state(&word("state"), Value::Int(now), &["stopped", "running", "tripped"], good, 0)));
    let dp = LimitSet { high: Some(400.0), ..LimitSet::default() };
    let number = |on: f64, off: f64| {
        if tripped {
            on * 2.4
        } else if running {
            on
        } else {
            off
        }
    };
    tags.push(known(analog(&word("dp"), ("mbar", 0), (0.0, 600.0), dp, number(184.0, 0.0), good, 0)));
    let hot = LimitSet { high: Some(110.0), ..LimitSet::default() };
    tags.push(known(analog(&word("temperature"), ("°C", 0), (0.0, 140.0), hot, number(48.0, 21.0), good, 0)));
    tags.push(known(analog(&word("outlet"), ("°C", 0), (0.0, 140.0), hot, number(47.0, 21.0), good, 0)));
    let position = if running { 100.0 } else { 0.0 };
    tags.push(known(analog(&word("position"), ("%", 0), (0.0, 100.0), LimitSet::default(), position, good, 0)));
    tags.push(known(state(&word("fault"), Value::Bool(tripped), &["none", "overload"], good, 0)));
    let none = LimitSet::default();
    let moving = f64::from(u8::from(running));
    for (name, facts, range, number) in [
        ("speed", ("rpm", 0), (0.0, 1_600.0), 1_452.0 * moving),
        ("current", ("A", 1), (0.0, 160.0), 71.8 * moving),
        ("flow", ("m³/h", 0), (0.0, 800.0), 412.0 * moving),
        ("power", ("kW", 1), (0.0, 100.0), 43.2 * moving),
        ("voltage", ("kV", 2), (0.0, 12.0), 10.4),
        ("inlet", ("°C", 0), (0.0, 140.0), 71.0),
        ("speed_setpoint", ("%", 1), (0.0, 100.0), 90.0),
        ("command", ("%", 0), (0.0, 100.0), position),
        ("hours", ("h", 0), (0.0, 99_999.0), 8_412.0),
        ("operations", ("", 0), (0.0, 9_999.0), 318.0),
    ] {
        tags.push(known(analog(&word(name), facts, range, none, number, good, 0)));
    }
    for (name, on) in [("opened", running), ("moving", false), ("ready", !tripped)] {
        tags.push(known(state(&word(name), Value::Bool(on), &["no", "yes"], good, 0)));
    }
    for name in ["start", "stop", "reset", "open_command", "close_command"] {
        tags.push(known(state(&word(name), Value::Bool(false), &["idle", name], good, 0)));
    }
    for tag in tags.iter_mut().filter(|tag| tag.info.name.starts_with(&word(""))) {
        let written = ["start", "stop", "reset", "command", "auto", "speed_setpoint", "open_command", "close_command"];
        if written.iter().any(|name| tag.info.name.ends_with(&format!("/{name}"))) {
            tag.info.write = Some(WriteInfo { range: None, confirmation: None });
        }
    }
}

fn control_loop(tags: &mut Vec<Example>, limits: LimitSet) {
    let (good, none) = (Status::GOOD, LimitSet::default());
    for (name, facts, range, limits, number) in [
        ("pv", ("bar", 2), (0.0, 8.0), limits, 4.62),
        ("sp", ("bar", 2), (0.0, 8.0), none, 4.8),
        ("out", ("%", 1), (0.0, 100.0), none, 83.1),
        ("manual_out", ("%", 1), (0.0, 100.0), none, 80.0),
    ] {
        tags.push(analog(&format!("ex/pic602/{name}"), facts, range, limits, number, good, 0));
    }
    tags.push(state("ex/pic602/auto", Value::Bool(true), &["manual", "automatic"], good, 0));
    for tag in tags.iter_mut().filter(|tag| tag.info.name.starts_with("ex/pic602/")) {
        let is_written = ["sp", "manual_out", "auto"].iter().any(|name| tag.info.name.ends_with(name));
        tag.info.write = is_written.then_some(WriteInfo { range: None, confirmation: None });
    }
}

fn analog(
    name: &str,
    (unit, decimals): (&str, u8),
    range: (f64, f64),
    limits: LimitSet,
    number: f64,
    status: Status,
    age_s: i64,
) -> Example {
    let value = Value::Float(number);
    let info = TagInfo { unit: unit.to_owned(), decimals, range: Some(range), limits, ..info(name, &value) };
    Example { info, value, status, age_s }
}

fn state(name: &str, value: Value, words: &[&str], status: Status, age_s: i64) -> Example {
    let states = words.iter().enumerate().map(|(number, word)| (number as i64, (*word).to_owned())).collect();
    Example { info: TagInfo { states, ..info(name, &value) }, value, status, age_s }
}

fn info(name: &str, value: &Value) -> TagInfo {
    TagInfo {
        name: name.to_owned(),
        kind: value.kind() as u8,
        unit: String::new(),
        description: name.replace(['/', '_'], " "),
        decimals: 0,
        range: None,
        limits: LimitSet::default(),
        states: Vec::new(),
        write: None,
        permissives: Vec::new(),
    }
}
