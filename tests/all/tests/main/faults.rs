//! Devices that fail (FIELD.md, faults 1, 2 and 4), beside a healthy one.

use std::time::{Duration, Instant};

use plantroom_model::{Quality, Status, Value};
use plantroom_tests::{Console, FaultyDevice, Misdeed, Project, Pymodbus, Row, Station, wait_until};

use crate::healthy;

/// Poll period of the tags of sick devices, in ms: longer than the station's live period, so that a console misses no poll.
const POLL_MS: u64 = 250;
/// Time-out of their connections, in ms.
const TIMEOUT_MS: u64 = 200;

/// A device with a name, and two tags far apart, so that each is read by a request of its own.
struct Sick {
    name: String,
    device: FaultyDevice,
    misdeed: Misdeed,
    constants: [u16; 2],
}

impl Sick {
    fn new(place: u16, misdeed: Misdeed) -> Self {
        let device = FaultyDevice::start();
        let constants = [1_000 + place, 2_000 + place];
        device.set(0, &constants[..1]);
        device.set(100, &constants[1..]);
        let name = format!("{misdeed:?}").to_lowercase().replace(['(', ')'], "");
        Self { name, device, misdeed, constants }
    }

    /// Both tags, with the one value that each may ever hold.
    fn tags(&self) -> [(String, f64); 2] {
        [
            (format!("sick/{}_a", self.name), f64::from(self.constants[0])),
            (format!("sick/{}_b", self.name), f64::from(self.constants[1])),
        ]
    }
}

/// A station with the healthy driver, and all of these on connections of the same driver.
fn station_with(sick: &[Sick], healthy_device: &Pymodbus) -> (Project, Station) {
    let project = Project::new();
    project.connection("line", healthy_device.port, 2_000, "");
    project.tag(healthy::COUNT, "uint", "line", "holding 0 u16", "group = \"fast\"");
    for sick in sick {
        let name = format!("of_{}", sick.name);
        project.connection(&name, sick.device.port, TIMEOUT_MS as u32, "");
        for ((tag, _), address) in sick.tags().iter().zip([0, 100]) {
            project.tag(tag, "uint", &name, &format!("holding {address} u16"), "");
        }
    }
    let names: Vec<String> = sick.iter().map(|sick| format!("of_{}", sick.name)).chain(["line".to_owned()]).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    project.modbus(&names, &format!("fast = 100, normal = {POLL_MS}"), "*/*");
    let station = Station::start(&project);
    (project, station)
}

fn watch(station: &Station, sick: &[Sick]) -> Console {
    let names: Vec<String> = sick.iter().flat_map(Sick::tags).map(|(name, _)| name).collect();
    station.console(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

#[track_caller]
fn all_become_good(console: &Console, sick: &[Sick], seconds: f64) {
    for (tag, value) in sick.iter().flat_map(Sick::tags) {
        let good = |row: &Row| row.quality() == Quality::Good && row.number() == value;
        wait_until(&format!("{tag} is good"), seconds, || console.latest(&tag), good);
    }
}

/// What a console was told of a tag since a moment.
fn since(console: &Console, tag: &str, moment: Instant) -> Vec<Row> {
    console.rows(tag).into_iter().filter(|row| row.heard >= moment).collect()
}

/// The last value stays; it is uncertain first, then bad, and bad no later than after three polls.
#[track_caller]
fn degrades(tag: &str, value: f64, rows: &[Row], ill_since: Instant) {
    assert!(rows.iter().all(|row| row.number() == value), "{tag}: the last value must be kept: {rows:?}");
    let mut qualities: Vec<Quality> = rows.iter().map(|row| row.quality()).collect();
    qualities.dedup();
    let from = qualities.iter().position(|quality| *quality != Quality::Good).unwrap_or_default();
    assert_eq!(qualities[from..], [Quality::Uncertain, Quality::Bad], "{tag}: {rows:?}");
    let uncertain = rows.iter().find(|row| row.quality() == Quality::Uncertain).expect("an uncertain row");
    assert_eq!(uncertain.status, Status::UNCERTAIN_LAST_USABLE, "{tag}");
    let bad = rows.iter().find(|row| row.quality() == Quality::Bad).expect("a bad row");
    assert_eq!(bad.status, Status::BAD_NO_COMMUNICATION, "{tag}");
    // A poll that was good may just have ended; then three are missed, each with its time-out; and a console is told
    // every 100 ms. The rest is for a busy machine.
    let limit = Duration::from_millis(POLL_MS + 3 * (POLL_MS + 2 * TIMEOUT_MS) + 100 + 500);
    let took = bad.heard.duration_since(ill_since);
    assert!(took <= limit, "{tag}: bad after {took:?}, the limit is {limit:?}: {rows:?}");
}

#[test]
fn a_device_that_does_not_answer_is_uncertain_then_bad_and_comes_back() {
    let misdeeds = [Misdeed::Silent, Misdeed::HalfOpen, Misdeed::Refuse, Misdeed::Trickle(50), Misdeed::Truncated, Misdeed::Cut];
    let sick: Vec<Sick> = misdeeds.into_iter().enumerate().map(|(place, misdeed)| Sick::new(place as u16, misdeed)).collect();
    let healthy_device = Pymodbus::start();
    let (_project, station) = station_with(&sick, &healthy_device);
    let console = watch(&station, &sick);
    all_become_good(&console, &sick, 10.0);
    let beat = healthy::Watch::start(&station, &healthy_device);
    let ill_since = Instant::now();
    for sick in &sick {
        sick.device.misbehave(sick.misdeed);
    }
    for (tag, value) in sick.iter().flat_map(Sick::tags) {
        wait_until(&format!("{tag} is bad"), 10.0, || console.latest(&tag), |row| row.quality() == Quality::Bad);
        degrades(&tag, value, &since(&console, &tag, ill_since), ill_since);
    }
    // A screen that is opened only now shows them marked as well, with the last value.
    let late = watch(&station, &sick);
    for (tag, value) in sick.iter().flat_map(Sick::tags) {
        let row = late.latest(&tag);
        assert_eq!((row.quality(), row.number()), (Quality::Bad, value), "{tag}");
    }
    for sick in &sick {
        sick.device.behave();
    }
    all_become_good(&console, &sick, 12.0);
    beat.must_have_kept_its_beat(25);
}

#[test]
fn a_device_that_freezes_or_dies_is_marked_and_comes_back() {
    let (healthy_device, mut frozen, mut killed) = (Pymodbus::start(), Pymodbus::start(), Pymodbus::start());
    let project = Project::new();
    project.connection("line", healthy_device.port, 2_000, "");
    project.tag(healthy::COUNT, "uint", "line", "holding 0 u16", "group = \"fast\"");
    for (name, device) in [("frozen", &mut frozen), ("killed", &mut killed)] {
        device.set_f32(20, 12.5);
        project.connection(name, device.port, TIMEOUT_MS as u32, "");
        project.tag(&format!("sick/{name}"), "float", name, "holding 20 f32", "");
    }
    project.modbus(&["line", "frozen", "killed"], &format!("fast = 100, normal = {POLL_MS}"), "*/*");
    let station = Station::start(&project);
    let tags = ["sick/frozen", "sick/killed"];
    let console = station.console(&tags);
    let good = |row: &Row| row.quality() == Quality::Good && row.number() == 12.5;
    for tag in tags {
        wait_until("the device is read", 10.0, || console.latest(tag), good);
    }
    let beat = healthy::Watch::start(&station, &healthy_device);
    let ill_since = Instant::now();
    frozen.freeze();
    killed.kill();
    for tag in tags {
        wait_until(&format!("{tag} is bad"), 10.0, || console.latest(tag), |row| row.quality() == Quality::Bad);
        degrades(tag, 12.5, &since(&console, tag, ill_since), ill_since);
    }
    frozen.thaw();
    let port = killed.port;
    drop(killed);
    let mut back = Pymodbus::start_at(port);
    back.set_f32(20, 12.5);
    for tag in tags {
        wait_until(&format!("{tag} is good again"), 12.0, || console.latest(tag), good);
    }
    beat.must_have_kept_its_beat(25);
}

/// Whether a wrong answer leaves a good one to be read.
const STAYS_READABLE: [Misdeed; 3] = [Misdeed::Late(120), Misdeed::Doubled, Misdeed::DoubledLater(120)];

#[test]
fn a_wrong_answer_is_never_a_value() {
    let misdeeds = [
        STAYS_READABLE[0],
        STAYS_READABLE[1],
        STAYS_READABLE[2],
        Misdeed::Late(TIMEOUT_MS + 60),
        Misdeed::WrongUnit,
        Misdeed::WrongId,
        Misdeed::Swapped,
        Misdeed::Short,
        Misdeed::Long,
        Misdeed::WrongFunction,
        Misdeed::Garbage,
        Misdeed::Unasked,
    ];
    let sick: Vec<Sick> = misdeeds.into_iter().enumerate().map(|(place, misdeed)| Sick::new(place as u16, misdeed)).collect();
    let healthy_device = Pymodbus::start();
    let (_project, station) = station_with(&sick, &healthy_device);
    let console = watch(&station, &sick);
    all_become_good(&console, &sick, 10.0);
    let beat = healthy::Watch::start(&station, &healthy_device);
    let began = Instant::now();
    // On and off, so that the moments of change are met too; then on for good.
    for round in 0..4 {
        for sick in &sick {
            sick.device.misbehave(if round % 2 == 0 { sick.misdeed } else { Misdeed::None });
        }
        std::thread::sleep(Duration::from_millis(430));
    }
    let ill_since = Instant::now();
    for sick in &sick {
        sick.device.misbehave(sick.misdeed);
    }
    for sick in sick.iter().filter(|sick| !STAYS_READABLE.contains(&sick.misdeed)) {
        for (tag, _) in sick.tags() {
            wait_until(&format!("{tag} is bad"), 10.0, || console.latest(&tag), |row| row.quality() == Quality::Bad);
        }
    }
    std::thread::sleep(Duration::from_millis(1_500).saturating_sub(ill_since.elapsed()));
    for sick in &sick {
        for (tag, value) in sick.tags() {
            let rows = since(&console, &tag, began);
            let wrong: Vec<&Row> = rows.iter().filter(|row| row.number() != value).collect();
            assert!(wrong.is_empty(), "{tag} must only ever be {value}: {wrong:?}");
            if STAYS_READABLE.contains(&sick.misdeed) {
                assert!(rows.iter().all(|row| row.quality() == Quality::Good), "{tag} has good answers all the time: {rows:?}");
            }
        }
    }
    for sick in &sick {
        sick.device.behave();
    }
    all_become_good(&console, &sick, 12.0);
    for (tag, value) in sick.iter().flat_map(Sick::tags) {
        assert!(
            console.rows(&tag).iter().all(|row| row.number() == value || row.value == Value::Null),
            "{tag}: {:?}",
            console.rows(&tag)
        );
    }
    beat.must_have_kept_its_beat(40);
}

#[test]
fn one_unit_that_is_silent_does_not_cost_the_other_unit_of_its_line() {
    let line = FaultyDevice::start();
    line.set(0, &[11]);
    line.set(100, &[77]);
    let project = Project::new();
    project.connection("unit_1", line.port, TIMEOUT_MS as u32, "unit = 1");
    project.connection("unit_7", line.port, TIMEOUT_MS as u32, "unit = 7");
    project.tag("unit/one", "uint", "unit_1", "holding 0 u16", "").tag("unit/seven", "uint", "unit_7", "holding 100 u16", "");
    project.modbus(&["unit_1", "unit_7"], "normal = 100", "unit/*");
    let station = Station::start(&project);
    let console = station.console(&["unit/one", "unit/seven"]);
    let is = |value: f64| move |row: &Row| row.quality() == Quality::Good && row.number() == value;
    wait_until("unit 1 is read", 10.0, || console.latest("unit/one"), is(11.0));
    wait_until("unit 7 is read", 10.0, || console.latest("unit/seven"), is(77.0));
    line.misbehave_at(Misdeed::Silent, Some(100));
    let since_then = Instant::now();
    wait_until("unit 7 is bad", 10.0, || console.latest("unit/seven"), |row| row.quality() == Quality::Bad);
    line.set(0, &[12]);
    wait_until("unit 1 is still read", 2.0, || console.latest("unit/one"), is(12.0));
    let rows = since(&console, "unit/one", since_then);
    assert!(rows.iter().all(|row| row.quality() == Quality::Good), "{rows:?}");
    line.behave();
    wait_until("unit 7 is read again", 12.0, || console.latest("unit/seven"), is(77.0));
}

#[test]
fn what_is_no_number_is_bad_and_the_last_value_stays() {
    let mut device = Pymodbus::start();
    device.set_f32(20, 12.5);
    device.set_f32(30, 12.5);
    device.set(40, &[0x4029, 0, 0, 0]);
    let project = Project::new();
    project.connection("plc", device.port, 500, "").modbus(&["plc"], "fast = 100", "odd/*");
    project.tag("odd/plain", "float", "plc", "holding 20 f32", "group = \"fast\"");
    let scaling = "group = \"fast\"\nscaling = { raw = [0, 100], eng = [0, 10] }";
    project.tag("odd/scaled", "float", "plc", "holding 30 f32", scaling);
    project.tag("odd/double", "float", "plc", "holding 40 f64", "group = \"fast\"");
    let station = Station::start(&project);
    let tags = [("odd/plain", 12.5), ("odd/scaled", 1.25), ("odd/double", 12.5)];
    let console = station.console(&tags.map(|(tag, _)| tag));
    let api = station.api();
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::from_bits(0x7F80_0001), f32::from_bits(0xFFFF_FFFF)] {
        for (tag, value) in tags {
            let good = |row: &Row| row.quality() == Quality::Good && row.number() == value;
            wait_until(&format!("{tag} is good"), 5.0, || console.latest(tag), good);
        }
        device.set_f32(20, odd);
        device.set_f32(30, odd);
        let bits = f64::from(odd).to_bits();
        device.set(40, &[48, 32, 16, 0].map(|shift| (bits >> shift & 0xFFFF) as u16));
        for (tag, value) in tags {
            let row =
                wait_until(&format!("{tag} is bad at {odd}"), 5.0, || console.latest(tag), |row| row.quality() == Quality::Bad);
            assert_eq!((row.number(), row.status), (value, Status::BAD_OUT_OF_RANGE), "{tag} at {odd}");
            assert_eq!(api.tag(tag).number(), value, "{tag} at {odd}");
        }
        device.set_f32(20, 12.5);
        device.set_f32(30, 12.5);
        device.set(40, &[0x4029, 0, 0, 0]);
    }
    for (tag, value) in tags {
        let strange: Vec<Row> =
            console.rows(tag).into_iter().filter(|row| row.value != Value::Null && row.number() != value).collect();
        assert!(strange.is_empty(), "{tag}: {strange:?}");
    }
}

#[test]
fn an_exception_says_what_is_wrong() {
    let mut device = Pymodbus::start();
    device.set(20, &[55]);
    let project = Project::new();
    project.connection("plc", device.port, 500, "").modbus(&["plc"], "fast = 100", "plc/*");
    project.tag("plc/there", "uint", "plc", "holding 20 u16", "group = \"fast\"");
    project.tag("plc/nowhere", "uint", "plc", "holding 5000 u16", "group = \"fast\"");
    let station = Station::start(&project);
    let console = station.console(&["plc/there", "plc/nowhere"]);
    let has = |status: Status| move |row: &Row| row.status == status;
    wait_until("it is good", 10.0, || console.latest("plc/there"), has(Status::GOOD));
    wait_until("no such address", 10.0, || console.latest("plc/nowhere"), has(Status::BAD_CONFIGURATION));
    assert_eq!(console.latest("plc/there").quality(), Quality::Good, "its neighbour is fine");
    for (exception, status) in
        [(4, Status::BAD_DEVICE_FAILURE), (1, Status::BAD_NOT_SUPPORTED), (6, Status::BAD_NO_COMMUNICATION)]
    {
        device.command(serde_json::json!({ "refuse": exception }));
        let row = wait_until(&format!("exception {exception}"), 5.0, || console.latest("plc/there"), has(status));
        assert_eq!(row.number(), 55.0, "the last value stays");
        device.command(serde_json::json!({ "refuse": 0 }));
        wait_until("it is good again", 5.0, || console.latest("plc/there"), has(Status::GOOD));
    }
}
