//! The station is killed while operators write: what it has confirmed is there afterwards, once, and on record.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use plantroom_tests::{Api, Project, Pymodbus, Station, eventually, plantroom, wait_until};
use serde_json::{Value as Json, json};

/// How often the station is killed.
const ROUNDS: u32 = 4;
/// Writes that must have been answered before it may be killed, of each tag.
const AT_LEAST: usize = 2;
const MEMORY: &str = "shift/count";
const DRIVER: &str = "line/setpoint";

/// What one writer has asked for, and what it was told.
#[derive(Default)]
struct Asked {
    /// Values 1, 2, 3, ...: the last one may still be under way.
    last: u64,
    /// Value, kind of outcome, number of the audit record.
    answered: Vec<(u64, String, u64)>,
}

impl Asked {
    fn last_confirmed(&self) -> u64 {
        self.answered.iter().filter(|(_, kind, _)| kind == "confirmed").map(|(value, ..)| *value).max().unwrap_or(0)
    }
}

/// Writes one tag over and over, one value higher each time, until the station is gone.
struct Writer {
    asked: Arc<Mutex<Asked>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Writer {
    fn start(api: Api, tag: &'static str, asked: &Arc<Mutex<Asked>>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (told, stopped) = (Arc::clone(asked), Arc::clone(&stop));
        let path = format!("/api/v1/tags/{}/value", tag.replace('/', "%2F"));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let value = {
                    let mut asked = told.lock().unwrap();
                    asked.last += 1;
                    asked.last
                };
                let Ok(answer) = api.try_call("PUT", &path, Some(json!({ "value": value, "comment": "a test" })), &[]) else {
                    return;
                };
                assert_eq!(answer.status, 200, "{tag} = {value}: {}", answer.text);
                let number = answer.json["audit"].as_u64().unwrap_or_default();
                told.lock().unwrap().answered.push((value, answer.kind().to_owned(), number));
            }
        });
        Self { asked: Arc::clone(asked), stop, thread }
    }

    fn answered(&self) -> usize {
        self.asked.lock().unwrap().answered.len()
    }

    fn finish(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("every answer of the station was in order");
    }
}

#[test]
fn what_was_confirmed_survives_a_kill_and_nothing_is_delivered_twice() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let device = Pymodbus::start();
    let project = plant(device.port);
    let (memory, driver) = (Arc::<Mutex<Asked>>::default(), Arc::<Mutex<Asked>>::default());
    for round in 1..=ROUNDS {
        let mut station = Station::start(&project);
        look_at_what_is_left(&station, &memory.lock().unwrap(), &driver.lock().unwrap());
        let writers = [Writer::start(station.api(), MEMORY, &memory), Writer::start(station.api(), DRIVER, &driver)];
        let before: Vec<usize> = writers.iter().map(Writer::answered).collect();
        eventually("both writers have answers", 20.0, || {
            let enough = writers.iter().zip(&before).all(|(writer, before)| writer.answered() >= before + AT_LEAST);
            (enough || writers.iter().any(|writer| writer.thread.is_finished())).then_some(())
        });
        std::thread::sleep(Duration::from_micros(random.u64(0..300_000)));
        station.kill();
        writers.into_iter().for_each(Writer::finish);
        trail_is_intact(&project, 2 * u64::from(round));
    }
    let station = Station::start(&project);
    look_at_what_is_left(&station, &memory.lock().unwrap(), &driver.lock().unwrap());
    every_answer_is_on_record(&station, &memory.lock().unwrap(), MEMORY);
    every_answer_is_on_record(&station, &driver.lock().unwrap(), DRIVER);
    let outcome = station.api().write(MEMORY, 1_000_000);
    assert_eq!(outcome.kind(), "confirmed", "the station goes on as before: {}", outcome.text);
    let written: Vec<u64> = device.writes().into_iter().flat_map(|write| write.values).collect();
    assert!(written.is_sorted_by(|a, b| a < b), "the device was told a value twice, or an old one: {written:?}");
}

#[test]
fn a_start_that_is_killed_leaves_nothing_that_stops_the_next() {
    let project = plant(1);
    let mut random = fastrand::Rng::new();
    drop(Station::start(&project));
    for _ in 0..6 {
        let data = project.data();
        let mut command = plantroom_tests::command();
        command.args(["run", project.text(), "--port", "0", "--data"]).arg(&data);
        let mut child = plantroom_tests::Companion::start(&mut command, "");
        std::thread::sleep(Duration::from_micros(random.u64(0..250_000)));
        child.kill();
    }
    trail_is_intact(&project, 0);
    let station = Station::start(&project);
    assert_eq!(station.api().write(MEMORY, 7).kind(), "confirmed");
}

fn plant(port: u16) -> Project {
    let project = Project::new();
    project.connection("plc", port, 2_000, "").modbus(&["plc"], "fast = 40", "line/*");
    project.tag(DRIVER, "uint", "plc", "holding 10 u16", "group = \"fast\"\nwrite = true");
    project.memory(MEMORY, "uint", "0", "retain = true\nwrite = true");
    project
}

/// Right after a start, before anybody writes.
fn look_at_what_is_left(station: &Station, memory: &Asked, driver: &Asked) {
    let api = station.api();
    let kept = api.tag(MEMORY).value.as_u64().expect("the retained value is there at once");
    let lowest = memory.last_confirmed();
    assert!(
        (lowest..=memory.last).contains(&kept),
        "{MEMORY} is {kept}; {lowest} was confirmed, {} was asked for last",
        memory.last
    );
    let shown =
        wait_until("the driver's tag is read again", 20.0, || api.tag(DRIVER), |tag| tag.is_good()).value.as_u64().unwrap();
    let lowest = driver.last_confirmed();
    assert!(
        (lowest..=driver.last).contains(&shown),
        "{DRIVER} is {shown}; {lowest} was confirmed, {} was asked for last",
        driver.last
    );
}

/// `plantroom audit verify`, without a station: each kill can leave one write of each tag open, and no more.
fn trail_is_intact(project: &Project, most_open: u64) {
    let data = project.data();
    let run = plantroom(&["audit", "verify", data.to_str().unwrap(), "--json"], &[]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let report: Json = serde_json::from_str(&run.stdout).expect("--json prints JSON");
    assert_eq!(report["intact"], json!(true), "{report}");
    let open = report["open"].as_array().map_or(0, Vec::len) as u64;
    assert!(open <= most_open, "{open} writes have no end on record: {report}");
}

/// One record before and one after, for each write that was answered; and none has an answer that isn't on record.
fn every_answer_is_on_record(station: &Station, asked: &Asked, tag: &str) {
    let page = station.api().get("/api/v1/audit?limit=10000");
    let records = page["records"].as_array().expect("a list of records");
    let by_number: HashMap<u64, &Json> = records.iter().map(|record| (record["number"].as_u64().unwrap(), record)).collect();
    let ends: HashMap<u64, &Json> = records.iter().filter_map(|record| Some((record["of"].as_u64()?, record))).collect();
    assert!(asked.answered.len() >= AT_LEAST * ROUNDS as usize, "only {} answers", asked.answered.len());
    let mut numbers = HashSet::new();
    for (value, kind, number) in &asked.answered {
        assert!(numbers.insert(number), "two writes have the record {number}");
        let record = by_number.get(number).unwrap_or_else(|| panic!("{tag} = {value} ({kind}) has no record {number}"));
        assert_eq!(
            (&record["entry"], &record["target"], &record["new"]),
            (&json!("open"), &json!(tag), &json!(value)),
            "{record}"
        );
        let end = ends.get(number).unwrap_or_else(|| panic!("{tag} = {value} ({kind}): record {number} has no end"));
        assert!(end["result"].as_str().unwrap_or_default().starts_with(&kind.replace('-', " ")), "{kind}: {end}");
    }
}
