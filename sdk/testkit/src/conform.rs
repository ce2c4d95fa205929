//! What every plugin must hold: every driver, whatever its protocol and whatever its field does.

mod alarm_logic;
mod analytics;

pub use alarm_logic::alarm_logic_conformance;
pub use analytics::analytics_conformance;

use std::sync::mpsc;
use std::time::Duration;

use plantroom_model::{SettleCode, Value, ValueKind};
use plantroom_sdk::raw::Problem;
use serde_json::{Value as Json, json};

use crate::device::{Fault, FaultRule};
use crate::event::Happened;
use crate::{Bench, Device, Runner, Spec, StartError};

/// How long one check may take in real time, in s: a plugin that blocks never comes back.
const BLOCKED_AFTER_S: u64 = 60;
/// Virtual time in which every order must have ended, in ms.
const SETTLED_WITHIN_MS: u64 = 30_000;

/// Tries a driver on a good spec of a project: strange configuration, unknown keys, every fault of the field, orders, and
/// stops at any time. Returns what it did wrong, in sentences; empty for a good one.
pub fn conformance(runner: &Runner, spec: &Spec) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |what: &str, body: fn(&Runner, &Spec) -> Vec<String>| {
        let (runner, spec) = (runner.clone(), spec.fresh());
        wrong.extend(apart(what, move || body(&runner, &spec)));
    };
    check("a good configuration", good_start);
    check("strange documents", strange_documents);
    check("strange configuration", strange_configuration);
    check("keys of a later host", unknown_keys);
    check("a healthy field", |runner, spec| live(runner, spec, None));
    check("an expired order", expired_order);
    check("a stop with open orders", stop_with_orders);
    for fault in field_faults() {
        let (runner, spec) = (runner.clone(), spec.fresh());
        wrong.extend(apart(&format!("{fault:?}"), move || live(&runner, &spec, Some(fault))));
    }
    wrong
}

fn field_faults() -> Vec<Fault> {
    let exceptions = [1, 2, 3, 4, 5, 6, 8, 10, 11, 127].map(Fault::Exception);
    let others = [
        Fault::Silent,
        Fault::LostAnswer,
        Fault::NotConnected,
        Fault::BadAnswer,
        Fault::ShortAnswer,
        Fault::LongAnswer,
        Fault::Slow(150),
    ];
    exceptions.into_iter().chain(others).collect()
}

/// Runs a check on a thread of its own, so that a panic or a plugin that blocks is a finding too.
fn apart(what: &str, body: impl FnOnce() -> Vec<String> + Send + 'static) -> Vec<String> {
    let (send, receive) = mpsc::sync_channel(1);
    let thread = std::thread::spawn(move || {
        // Nobody listens any more when the check was given up.
        let _ = send.send(body());
    });
    match receive.recv_timeout(Duration::from_secs(BLOCKED_AFTER_S)) {
        Ok(found) => found.into_iter().map(|sentence| format!("{what}: {sentence}")).collect(),
        Err(mpsc::RecvTimeoutError::Timeout) => {
            vec![format!("{what}: the plugin blocks; nothing came back for {BLOCKED_AFTER_S} s")]
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            let panic = thread.join().err().and_then(|panic| panic.downcast::<String>().ok()).map(|text| *text);
            vec![format!("{what}: the plugin panicked: {}", panic.unwrap_or_default())]
        }
    }
}

fn good_start(runner: &Runner, spec: &Spec) -> Vec<String> {
    match Bench::start(runner, spec) {
        Ok(bench) if bench.requests().is_empty() => bench.faults(),
        Ok(_) => vec!["init asked for transactions; it may only look at its configuration".to_owned()],
        Err(error) => vec![format!("does not start: {error}")],
    }
}

/// Problems are fine, a trap isn't; and a problem is told in words.
fn strange_documents(runner: &Runner, _spec: &Spec) -> Vec<String> {
    let Some(init) = runner.native_init() else { return Vec::new() };
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let documents = ["", "null", "[]", "\"\"", "{", "{\"tags\":5}", "{\"tags\":[5]}", "{\"connections\":[{}]}", "\u{0}", &deep];
    let tag = json!({ "tags": [{ "name": "x", "kind": "colour", "connection": 4_000_000_000_u32, "address": "", "access": ["publish"] }] });
    documents.into_iter().chain([tag.to_string().as_str()]).flat_map(|document| wordless(init(document))).collect()
}

fn wordless(result: Result<(), Vec<Problem>>) -> Option<String> {
    match result {
        Err(problems) if problems.is_empty() => Some("init failed without a word".to_owned()),
        Err(problems) if problems.iter().any(|problem| problem.message.len() < 10) => {
            Some("a problem is not a sentence".to_owned())
        }
        _ => None,
    }
}

fn strange_configuration(runner: &Runner, spec: &Spec) -> Vec<String> {
    let mut wrong = Vec::new();
    for strange in strange_values() {
        let configured = spec.clone().config(strange.clone());
        let mut settings = spec.clone();
        settings.connections.iter_mut().for_each(|connection| connection.settings = strange.clone());
        let mut tags = spec.clone();
        for tag in &mut tags.tags {
            (tag.address, tag.group) = (strange.to_string(), "\u{1F4A5}".to_owned());
        }
        for spec in [configured, settings, tags] {
            match Bench::start(runner, &spec) {
                Ok(mut bench) => {
                    bench.run_for(100);
                    wrong.extend(bench.faults());
                }
                Err(StartError::Problems(problems)) if problems.is_empty() => wrong.push("init failed without a word".to_owned()),
                Err(StartError::Problems(_)) => {}
                Err(StartError::Failed(sentence)) => wrong.push(format!("with {strange}: {sentence}")),
            }
        }
    }
    wrong
}

fn strange_values() -> Vec<Json> {
    let key = "k".repeat(10_000);
    vec![
        json!({}),
        json!({ "groups": null, "unit": null }),
        json!({ "groups": [], "unit": [], "period_ms": [] }),
        json!({ "groups": { "": 0, "a": -1, "b": 1e300, "c": u64::MAX }, "unit": -1 }),
        json!({ "unit": 1e300, "gap": u64::MAX, "word_order": "\u{0}", "period_ms": 0 }),
        json!({ "unit": { "unit": { "unit": {} } } }),
        json!({ (key): "v" }),
    ]
}

/// Keys that a later host adds around a plugin's own configuration must change nothing.
fn unknown_keys(runner: &Runner, spec: &Spec) -> Vec<String> {
    let transcript = |extras: bool| {
        let spec = Spec { extras, ..spec.fresh() };
        let mut bench = Bench::start(runner, &spec).map_err(|error| error.to_string())?;
        bench.run_for(3_000);
        Ok::<_, String>(bench.transcript())
    };
    match (transcript(false), transcript(true)) {
        (Ok(without), Ok(with)) if without == with => Vec::new(),
        (Ok(_), Ok(_)) => vec!["keys that it doesn't know change what it does".to_owned()],
        (_, Err(error)) | (Err(error), _) => vec![format!("does not start: {error}")],
    }
}

/// Runs with a fault of the field that comes and goes, and orders in all three states.
fn live(runner: &Runner, spec: &Spec, fault: Option<Fault>) -> Vec<String> {
    let mut bench = match Bench::start(runner, spec) {
        Ok(bench) => bench,
        Err(error) => return vec![format!("does not start: {error}")],
    };
    order_all(&mut bench, spec);
    bench.run_for(3_000);
    for device in spec.devices() {
        fault.into_iter().for_each(|fault| device.fault(FaultRule::new(fault)));
    }
    bench.take_events();
    order_all(&mut bench, spec);
    bench.run_for(5_000);
    let mut wrong = silent_tags(&bench, spec);
    spec.devices().for_each(Device::heal);
    order_all(&mut bench, spec);
    bench.run_for(SETTLED_WITHIN_MS);
    wrong.extend(open(&bench));
    bench.take_events();
    bench.run_for(70_000);
    wrong.extend(never_good(&bench, spec));
    bench.stop();
    wrong.extend(bench.faults());
    wrong
}

/// Whatever the field does, a polled tag is published or missed: silence would look like life.
fn silent_tags(bench: &Bench, spec: &Spec) -> Vec<String> {
    let silent = |name: &String| bench.samples(name).is_empty() && bench.missed(name).is_empty();
    let tags = spec.tag_names().into_iter().filter(silent);
    tags.map(|name| format!("`{name}` was neither published nor missed for 5 s")).collect()
}

fn never_good(bench: &Bench, spec: &Spec) -> Vec<String> {
    let ill = |name: &String| !bench.samples(name).iter().any(|(_, _, status)| status.is_good());
    let tags = spec.tag_names().into_iter().filter(ill);
    tags.map(|name| format!("`{name}` was never good in the 70 s after its device had recovered")).collect()
}

fn open(bench: &Bench) -> Vec<String> {
    bench.open_orders().iter().map(|order| format!("order {order} was not settled within {SETTLED_WITHIN_MS} ms")).collect()
}

fn order_all(bench: &mut Bench, spec: &Spec) -> Vec<u64> {
    let writable = spec.tags.iter().filter(|tag| tag.write);
    writable.map(|tag| bench.order(&tag.name, some_value(tag.kind))).collect()
}

fn some_value(kind: ValueKind) -> Value {
    match kind {
        ValueKind::Bool => Value::Bool(true),
        ValueKind::Int => Value::Int(1),
        ValueKind::Uint => Value::Uint(1),
        ValueKind::Text => Value::Text("1".into()),
        ValueKind::Float | ValueKind::Null => Value::Float(1.0),
    }
}

/// An order whose time is over must not be carried out, also when it expires behind a slow one.
fn expired_order(runner: &Runner, spec: &Spec) -> Vec<String> {
    let mut bench = match Bench::start(runner, spec) {
        Ok(bench) => bench,
        Err(error) => return vec![format!("does not start: {error}")],
    };
    spec.devices().for_each(|device| device.set_latency_ms(400));
    bench.run_for(2_000);
    let writable: Vec<_> = spec.tags.iter().filter(|tag| tag.write).collect();
    let orders: Vec<u64> = writable.iter().map(|tag| bench.order_for(&tag.name, some_value(tag.kind), 1)).collect();
    bench.take_events();
    // A step at most after the millisecond is over.
    bench.run_for(SETTLED_WITHIN_MS);
    let late = |event: &crate::Event| matches!(&event.happened, Happened::Request { request, .. } if request.writes());
    let mut wrong = bench.faults();
    if bench.events().iter().filter(|event| event.at_ms > 2_001).any(late) {
        wrong.push("an order was carried out after its time was over".to_owned());
    }
    wrong.extend(
        orders.iter().filter(|order| bench.outcome(**order).is_none()).map(|order| format!("order {order} was not settled")),
    );
    wrong
}

/// A plugin that is taken down leaves no order open, and says unknown of what was sent.
fn stop_with_orders(runner: &Runner, spec: &Spec) -> Vec<String> {
    let mut bench = match Bench::start(runner, spec) {
        Ok(bench) => bench,
        Err(error) => return vec![format!("does not start: {error}")],
    };
    bench.run_for(1_500);
    spec.devices().for_each(|device| device.set_latency_ms(900));
    let orders = order_all(&mut bench, spec);
    bench.run_for(1);
    bench.stop();
    let mut wrong = bench.faults();
    wrong.extend(bench.open_orders().iter().map(|order| format!("order {order} is still open after the stop")));
    for order in orders {
        if let Some((SettleCode::Done, _)) = bench.outcome(order) {
            wrong.push(format!("order {order} is called done, but the device had not answered"));
        }
    }
    wrong
}

impl Spec {
    fn devices(&self) -> impl Iterator<Item = &Device> {
        self.connections.iter().flat_map(|connection| &connection.devices).map(|(_, device)| device)
    }

    /// The same project with devices of its own: a check must not see another one's faults.
    fn fresh(&self) -> Self {
        let mut spec = self.clone();
        spec.connections.iter_mut().flat_map(|c| &mut c.devices).for_each(|(_, device)| *device = device.copy());
        spec
    }
}
