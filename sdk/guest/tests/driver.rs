//! Drivers against a scripted world: polls, misses, writes, and what deriving tells.

mod field;

use field::Field;
use plantroom_sdk::prelude::*;
use plantroom_sdk::{Exported, native};

/// In ns.
const SECOND: u64 = 1_000_000_000;

/// Reads a heat meter and takes its setpoint.
#[derive(Driver)]
struct HeatMeter {
    meter: Modbus,
    #[setup(default = 1)]
    unit: u8,
    #[setup(default = Duration::from_secs(1))]
    period: Duration,
    power: Tag<f64>,
    limit: Setpoint<f64>,
    serial: Option<Tag<String>>,
    polls: Cell<u32>,
}

impl Driver for HeatMeter {
    async fn poll(&self, io: &Io) -> Result<()> {
        self.polls.set(self.polls.get() + 1);
        let r = self.meter.read_holding(self.unit, 0..3).await?;
        io.publish(&self.power, f64::from(r.f32_be(0)?) / 1000.0);
        io.publish(&self.limit, f64::from(r.u16(2)?) / 10.0);
        if let Some(serial) = &self.serial {
            io.publish(serial, self.meter.read_input(self.unit, 0..2).await?.text(0, 4, WordOrder::Abcd)?);
        }
        Ok(())
    }

    async fn write(&self, _: &Io, order: &Order) -> Result<Outcome> {
        self.meter.write_register(order, self.unit, 40, fit(order.f64()? * 10.0)?).await?;
        Ok(Outcome::Done)
    }
}

const ONE_METER: &str = r#"{"plugin": {"period_ms": 500}, "connections": [{"name": "m1", "device": {"unit": 7}}],
    "tags": [{"name": "heat/power", "kind": "float", "connection": 0, "address": "power", "access": ["publish"]},
             {"name": "heat/limit", "kind": "float", "connection": 0, "access": ["publish", "write"]}]}"#;

/// 12.5 as a float, and 400.
const REGISTERS: [u16; 3] = [0x4148, 0, 400];

fn problems<P: Exported>(document: &str) -> Vec<String> {
    let _field = Field::install();
    native::init::<P>(document).unwrap_err().into_iter().map(|problem| problem.message).collect()
}

#[test]
fn a_poll_becomes_samples_at_its_own_pace() {
    let field = Field::install();
    native::init::<HeatMeter>(ONE_METER).unwrap();
    assert_eq!(field.step(0), u64::MAX, "until the answer arrives there is nothing to do");
    let request = field.take_request();
    assert_eq!((request.unit, request.function, request.address, request.count), (7, 3, 0, 3));
    field.answer(1, &REGISTERS);
    // An answer that comes late in the period doesn't shift the pace.
    assert_eq!(field.step(400_000_000), 500_000_000);
    assert_eq!(field.samples(), [(0, Value::Float(0.0125)), (1, Value::Float(40.0))]);
    field.step(500_000_000);
    assert_eq!(field.take_request().function, 3);
}

#[test]
fn a_failed_poll_is_a_miss_of_what_it_did_not_publish() {
    let field = Field::install();
    native::init::<HeatMeter>(&ONE_METER.replace(
        r#""tags": ["#,
        r#""tags": [{"name": "heat/serial", "kind": "text", "connection": 0, "access": ["publish"]}, "#,
    ))
    .unwrap();
    field.step(0);
    field.answer(1, &REGISTERS);
    field.step(1);
    field.fail(2, 256);
    field.step(2);
    assert_eq!(field.samples().iter().map(|(handle, _)| *handle).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(field.misses(), [(vec![0], Status::BAD_TIMEOUT.0)]);
    assert_eq!(field.logs(), ["m1: poll failed: the device didn't answer in time"]);
    // The same failure again is missed again, and not told again.
    field.step(SECOND);
    field.fail(3, 256);
    field.step(SECOND + 1);
    assert_eq!(field.misses(), [(vec![0, 1, 2], Status::BAD_TIMEOUT.0)]);
    assert!(field.logs().is_empty());
}

#[test]
fn an_answer_of_the_wrong_length_is_never_a_value() {
    let field = Field::install();
    native::init::<HeatMeter>(ONE_METER).unwrap();
    field.step(0);
    field.answer(1, &[1, 2]);
    field.step(1);
    assert!(field.samples().is_empty());
    assert_eq!(field.misses(), [(vec![0, 1], Status::BAD_DECODING.0)]);
}

#[test]
fn a_write_goes_out_while_a_poll_waits_and_is_polled_early() {
    let field = Field::install();
    native::init::<HeatMeter>(ONE_METER).unwrap();
    field.step(0);
    field.take_request();
    field.order(77, 1, &Value::Float(55.0), 1_000);
    field.step(1);
    let write = field.take_request();
    assert_eq!((write.function, write.address, write.data.as_slice(), write.order), (6, 40, [550].as_slice(), 77));
    field.answer(2, &[]);
    field.step(2);
    assert_eq!(field.settled(), [(77, 0, String::new())]);
    field.answer(1, &REGISTERS);
    field.step(3);
    assert_eq!(field.take_request().function, 3, "the effect of a write is read at once");
}

#[test]
fn every_order_is_settled_with_what_is_certain() {
    let outcome = |value: Value, error: u16| {
        let field = Field::install();
        native::init::<HeatMeter>(ONE_METER).unwrap();
        field.step(0);
        field.order(5, 1, &value, 1_000);
        field.step(1);
        field.fail(2, error);
        field.step(2);
        field.settled().into_iter().map(|(id, code, _)| (id, code)).collect::<Vec<_>>()
    };
    assert_eq!(outcome(Value::Float(1.0), 0), [(5, 0)]);
    assert_eq!(outcome(Value::Float(1.0), 2), [(5, 1)]);
    assert_eq!(outcome(Value::Float(1.0), 256), [(5, 2)]);
    assert_eq!(outcome(Value::Float(1.0), 257), [(5, 3)]);
    // Rust's `as u16` would have written 65,535 and 0.
    assert_eq!(outcome(Value::Float(9_999.0), 0), [(5, 3)]);
    assert_eq!(outcome(Value::Float(f64::NAN), 0), [(5, 3)]);
    assert_eq!(outcome(Value::Text("x".into()), 0), [(5, 3)]);
}

#[test]
fn orders_of_one_connection_wait_for_each_other_and_expire_waiting() {
    let field = Field::install();
    native::init::<HeatMeter>(ONE_METER).unwrap();
    field.step(0);
    field.take_request();
    field.order(1, 1, &Value::Float(1.0), 1_000);
    field.order(2, 1, &Value::Float(2.0), 5_000);
    field.order(3, 1, &Value::Float(3.0), 1_000);
    field.step(1);
    assert_eq!(field.take_request().order, 1);
    assert!(field.requests().is_empty());
    field.answer(2, &[]);
    field.step(2 * SECOND);
    assert_eq!(field.requests().iter().map(|request| request.order).collect::<Vec<_>>(), [2]);
    field.answer(3, &[]);
    field.step(2 * SECOND + 1);
    let codes: Vec<(u64, u8)> = field.settled().into_iter().map(|(id, code, _)| (id, code)).collect();
    assert_eq!(codes, [(1, 0), (2, 0), (3, 3)]);
}

#[test]
fn a_stop_settles_what_is_open() {
    let field = Field::install();
    native::init::<HeatMeter>(ONE_METER).unwrap();
    field.step(0);
    field.order(1, 1, &Value::Float(1.0), 1_000);
    field.order(2, 1, &Value::Float(2.0), 1_000);
    field.step(1);
    native::stop();
    let mut codes: Vec<(u64, u8)> = field.settled().into_iter().map(|(id, code, _)| (id, code)).collect();
    codes.sort_unstable();
    assert_eq!(codes, [(1, 2), (2, 3)], "the first one was sent, the second one was not");
}

#[test]
fn two_connections_are_two_meters() {
    let field = Field::install();
    native::init::<HeatMeter>(
        r#"{"plugin": {"unit": 9}, "connections": [{"name": "a"}, {"name": "b", "device": {"unit": 3}}],
        "tags": [{"name": "a/power", "kind": "float", "connection": 0, "access": ["publish"]},
                 {"name": "b/power", "kind": "float", "connection": 1, "access": ["publish"]},
                 {"name": "a/limit", "kind": "float", "connection": 0, "access": ["publish", "write"]},
                 {"name": "b/limit", "kind": "float", "connection": 1, "access": ["publish", "write"]}]}"#,
    )
    .unwrap();
    field.step(0);
    let asked: Vec<(u32, u8)> = field.requests().iter().map(|request| (request.connection, request.unit)).collect();
    assert_eq!(asked, [(0, 9), (1, 3)]);
    field.answer(2, &REGISTERS);
    field.step(1);
    assert_eq!(field.samples().iter().map(|(handle, _)| *handle).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn deriving_tells_all_problems_at_once() {
    let told = problems::<HeatMeter>(
        r#"{"plugin": {"perod_ms": 1}, "connections": [{"name": "m1", "device": {"unit": 700}}],
        "tags": [{"name": "x", "kind": "float", "connection": 0, "address": "pwoer", "access": ["publish"]},
                 {"name": "limit", "kind": "int", "connection": 0, "access": ["publish"]}]}"#,
    );
    let expected = [
        "`perod_ms`, which this plugin doesn't know",
        "no address `pwoer`",
        "`unit` in",
        "no tag with address \"power\"",
        "declare it as float",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for sentence in expected {
        assert!(told.iter().any(|told| told.contains(sentence)), "{sentence}: {told:#?}");
    }
    assert!(problems::<HeatMeter>("{")[0].contains("can't be read"));
    assert!(problems::<HeatMeter>("{}").iter().any(|told| told.contains("no connection")));
}

/// Any number of tags, two loops side by side.
struct Loops {
    tags: Vec<Tag<u16>>,
    modbus: Modbus,
}

impl Create for Loops {
    fn create(setup: &Setup) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let tags = setup.tags.iter().filter_map(|tag| problems.keep(tag.to_publish())).collect();
        let modbus = setup.connections[0].modbus();
        problems.result(Some(Self { tags, modbus }))
    }
}

impl Driver for Loops {
    fn start(self: Rc<Self>, io: Io) {
        for (at, period_ms) in [(0, 100), (1, 250)] {
            let (own, io) = (self.clone(), io.clone());
            spawn(async move {
                let mut ticks = interval(Duration::from_millis(period_ms));
                loop {
                    ticks.tick().await;
                    match own.modbus.read_input(1, at..=at).await {
                        Ok(registers) => io.publish(&own.tags[usize::from(at)], registers[0]),
                        Err(error) => io.missed([own.tags[usize::from(at)].handle()], error.status()),
                    }
                }
            });
        }
    }
}

plantroom_sdk::export_driver!(Loops);

const TWO_TAGS: &str = r#"{"connections": [{"name": "c"}], "tags": [
    {"name": "a", "kind": "uint", "connection": 0, "access": ["publish"]}, {"name": "b", "kind": "uint", "connection": 0, "access": ["publish"]}]}"#;

#[test]
fn loops_run_beside_each_other() {
    let field = Field::install();
    native::init::<Loops>(TWO_TAGS).unwrap();
    let mut now_ns = 0;
    let mut polls = [0, 0];
    let mut next_id = 1;
    while now_ns < SECOND {
        let next = field.step(now_ns);
        for request in field.requests() {
            polls[usize::from(request.address)] += 1;
            field.answer(next_id, &[1]);
            next_id += 1;
        }
        now_ns = if field.has_completions() { now_ns + 1 } else { next };
    }
    assert_eq!(polls, [10, 4]);
}

#[test]
fn a_tag_that_nobody_would_write_is_a_problem() {
    let told = problems::<Loops>(&TWO_TAGS.replace(r#"["publish"]}]"#, r#"["publish", "write"]}]"#));
    assert!(told[0].contains("`b` can't be written"), "{told:?}");
}
