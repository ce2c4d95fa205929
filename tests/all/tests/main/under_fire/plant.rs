//! The plant of these tests: a device of many inputs, an alarm for each, and the journal held against the device.

use std::collections::HashMap;
use std::fmt::Write as _;

use plantroom_tests::{Api, BitField, Entry, Project, Station, Told, entries, wait_until};

/// How often the inputs are polled, in ms.
pub const POLL_MS: u32 = 50;

/// The tag of an input; its alarm has the same name.
pub fn name(input: usize) -> String {
    format!("f/i{input:05}")
}

/// A project with so many inputs, each with an alarm, and their device.
pub fn plant(inputs: usize) -> (Project, BitField) {
    let (project, field) = (Project::new(), BitField::start(inputs));
    // A busy machine may be late; an answer that is thrown away would count as told.
    project.connection("field", field.port, 10_000, "");
    let grant = "connections = [\"field\"]\npublish = [\"f/*\"]\nwrite = []\nsamples_per_s = 2000000";
    project.plugin("modbus", "modbus", &format!("groups = {{ fast = {POLL_MS} }}"), grant);
    let mut tags = "name,kind,connection,address,group\n".to_owned();
    let mut alarms = "name,tag,is,message,priority\n".to_owned();
    for input in 0..inputs {
        let name = name(input);
        let priority = ["low", "low", "low", "medium", "high"][input % 5];
        let _ = writeln!(tags, "{name},bool,field,discrete {input},fast");
        let _ = writeln!(alarms, "{name},{name},true,Feeder {input} has tripped,{priority}");
    }
    project.write("tags/inputs.csv", &tags);
    project.write("alarms/inputs.csv", &alarms);
    project.add("plant.toml", "[alarms]\nadvice = false\n");
    (project, field)
}

/// Waits until the station has read the last input.
pub fn is_read(api: &Api, inputs: usize) {
    wait_until("the inputs are read", 60.0, || api.tag(&name(inputs - 1)), |tag| tag.is_good());
}

/// Everything that the device told has come through: the last input's state is the station's, and the journal is written.
pub fn settle(api: &Api, field: &BitField, inputs: usize) {
    wait_until("everything is told", 60.0, || field.is_all_told(), |all| *all);
    let told = field.told();
    let active = told.iter().filter(|told| told.is).count() as u64;
    let counted = || api.get(&format!("/api/v1/alarms?state=active&filter={}&limit=1", "f%2F*"))["total"].as_u64();
    wait_until("the alarms stand as the device told", 60.0, counted, |total| *total == Some(active));
    let is_recorded = || {
        let page = api.get(&format!("/api/v1/alarms?state=all&filter={}&limit={inputs}", "f%2F*"));
        let alarms = page["alarms"].as_array().cloned().unwrap_or_default();
        let marks = alarms.iter().filter_map(|alarm| alarm["marks"].as_array());
        marks.flatten().filter(|mark| *mark == "not-recorded").count()
    };
    wait_until("the journal is written", 60.0, is_recorded, |open| *open == 0);
}

/// Each change that the device told is a row, in order, and there is no other: returns the rows.
#[track_caller]
pub fn journal_holds(api: &Api, told: &[Told]) -> Vec<Entry> {
    let rows = entries(api);
    let mut seen: HashMap<&str, (u32, u32)> = HashMap::new();
    for row in rows.iter().filter(|row| row.alarm.starts_with("f/")) {
        let (rises, falls) = seen.entry(&row.alarm).or_default();
        match row.event.as_str() {
            "occurred" => {
                assert_eq!(rises, falls, "{} came twice: {row:?}", row.alarm);
                *rises += 1;
            }
            "returned" => {
                *falls += 1;
                assert_eq!(rises, falls, "{} returned twice: {row:?}", row.alarm);
            }
            _ => {}
        }
    }
    for (input, told) in told.iter().enumerate() {
        let counted = seen.get(name(input).as_str()).copied().unwrap_or_default();
        assert_eq!(
            counted,
            (told.rises, told.falls),
            "{}: comings and goings in the journal, and what the device told",
            name(input)
        );
    }
    follow_each_other(&rows);
    rows
}

/// Each row of an alarm begins where the one before has ended, and no occurrence is counted twice.
#[track_caller]
pub fn follow_each_other(rows: &[Entry]) {
    let mut stands: HashMap<&str, &Entry> = HashMap::new();
    let mut last = 0;
    for row in rows {
        if row.event == "occurred" {
            assert!(row.occurrence > last, "an occurrence is counted twice: {row:?} after {last}");
            last = row.occurrence;
        }
        if let Some(before) = stands.insert(&row.alarm, row) {
            assert_eq!(before.states.1, row.states.0, "rows don't follow each other: {before:?}, {row:?}");
        }
    }
}

/// Nothing was lost before the scan, and nothing panicked.
#[track_caller]
pub fn nothing_was_lost(station: &Station) {
    let lost = station.api().tag("system/scan/inbox_lost");
    assert_eq!(lost.number(), 0.0, "inputs were lost before the scan: {lost:?}");
    let log = station.log();
    // A plugin may, as long as it costs nobody else.
    assert!(!log.lines().any(|line| line.contains("panicked") && !line.contains("plugin fault")), "{log}");
}

/// The rows of each alarm.
pub fn by_alarm(rows: &[Entry]) -> HashMap<String, Vec<Entry>> {
    let mut all: HashMap<String, Vec<Entry>> = HashMap::new();
    for row in rows {
        all.entry(row.alarm.clone()).or_default().push(row.clone());
    }
    all
}
