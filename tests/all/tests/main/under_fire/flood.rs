//! The flood of record: 15,000 alarms in 5 s, from the device to the journal and to a console.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use plantroom_model::AlarmState;
use plantroom_tests::{BitField, Console, Station, wait_until};

use super::operators::{Confirmed, Operator};
use super::plant::{follow_each_other, is_read, journal_holds, name, nothing_was_lost, plant, settle};

/// A regional grid's collapse.
const RECORD: usize = 15_000;
/// How long it took.
const RECORD_S: f64 = 5.0;
/// Longest that an alarm may take to a console in the unoptimised build beside other work, in ms. The target of 100 ms is
/// measured by `plantroom-bench flood`.
const ANNOUNCED_MS: f64 = 2_000.0;

/// Sets inputs one after the other, evenly over so many seconds.
fn evenly(field: &BitField, inputs: usize, to: bool, seconds: f64) {
    let begin = Instant::now();
    let mut done = 0;
    while done < inputs {
        let due = (begin.elapsed().as_secs_f64() / seconds * inputs as f64).min(inputs as f64) as usize;
        field.set(done..due, to);
        done = due;
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// How long each alarm took from the driver to the console, in ms, sorted. Each was heard as unacknowledged.
fn announced_ms(console: &Console) -> Vec<f64> {
    let mut first = std::collections::HashMap::new();
    for heard in console.alarms_heard() {
        if heard.alarm.state == AlarmState::Unacknowledged as u8 {
            first.entry(heard.alarm.id).or_insert((heard.heard - heard.alarm.source_time) as f64 / 1e6);
        }
    }
    let mut all: Vec<f64> = first.into_values().collect();
    all.sort_by(f64::total_cmp);
    all
}

#[test]
fn the_flood_of_record_loses_nothing_and_each_alarm_is_told() {
    let (project, field) = plant(RECORD);
    let station = Station::start(&project);
    let (api, console) = (station.api(), station.console(&[]));
    is_read(&api, RECORD);
    evenly(&field, RECORD, true, RECORD_S);
    let seen = || console.alarms_in(AlarmState::Unacknowledged);
    wait_until("a console is told of all", 60.0, seen, |seen| *seen >= RECORD);
    let took = announced_ms(&console);
    let at = |part: f64| took[(took.len() as f64 * part) as usize];
    println!("{} alarms; told after {:.0} ms p50, {:.0} ms p99, {:.0} ms at most", took.len(), at(0.5), at(0.99), at(0.9999));
    assert_eq!(took.len(), RECORD, "each was announced");
    assert!(at(0.99) < ANNOUNCED_MS, "p99 is {:.0} ms", at(0.99));
    let late = station.console(&[]);
    let whole = || late.alarms_in(AlarmState::Unacknowledged);
    wait_until("a console that comes late has the whole picture", 30.0, whole, |seen| *seen >= RECORD);
    assert!(late.alarm_names().len() >= RECORD, "with the texts of each");
    evenly(&field, RECORD, false, 1.0);
    settle(&api, &field, RECORD);
    wait_until("a console is told of all", 60.0, || console.alarms_in(AlarmState::Returned), |seen| *seen >= RECORD);
    let told = field.told();
    assert!(told.iter().all(|told| (told.rises, told.falls) == (1, 1)));
    let rows = journal_holds(&api, &told);
    assert_eq!(rows.iter().filter(|row| row.alarm.starts_with("f/")).count(), 2 * RECORD);
    let figures = api.get("/api/v1/alarm-kpi");
    let flood = &figures["positions"][0]["floods"][0];
    assert!(flood["alarms"].as_u64() >= Some(RECORD as u64), "the figures know the flood: {flood}");
    assert!(flood["peak"].as_u64() >= Some(RECORD as u64), "{flood}");
    assert!(flood["first"]["name"] == name(0) || flood["first"] == name(0).as_str(), "what was first: {flood}");
    nothing_was_lost(&station);
    assert!(console.ended().is_none(), "the console was not cut off: {:?}", console.ended());
}

#[test]
fn while_operators_acknowledge_in_a_storm_of_comings_and_goings_every_change_is_a_row() {
    let inputs = 2_000;
    let (project, field) = plant(inputs);
    let station = Station::start(&project);
    let api = station.api();
    is_read(&api, inputs);
    let confirmed = Arc::<Mutex<Vec<Confirmed>>>::default();
    let start = |(share, name): (usize, &str)| Operator::start(api.new_user(name, "operate"), name, (share, 2), &confirmed);
    let operators: Vec<Operator> = [(0, "anna"), (1, "boris")].map(start).into();
    let (seed, begin) = (fastrand::u64(..), Instant::now());
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    while begin.elapsed() < Duration::from_secs(8) {
        field.toggle((0..60).map(|_| random.usize(..inputs)));
        std::thread::sleep(Duration::from_millis(10));
    }
    wait_until("somebody acknowledged something", 30.0, || operators[0].confirmed(), |count| *count >= 20);
    operators.into_iter().for_each(Operator::finish);
    settle(&api, &field, inputs);
    let told = field.told();
    let changes: u32 = told.iter().map(|told| told.rises + told.falls).sum();
    let rows = journal_holds(&api, &told);
    let confirmed = confirmed.lock().unwrap();
    println!("{changes} changes, {} acknowledgements", confirmed.len());
    assert!(changes > 5_000, "only {changes} changes: this proves little");
    for act in confirmed.iter() {
        let found = rows.iter().filter(|row| {
            row.event == "acknowledged" && (&row.alarm, row.occurrence, &row.user) == (&act.alarm, act.occurrence, &act.by)
        });
        assert_eq!(found.count(), 1, "{act:?}");
    }
    let acknowledged = rows.iter().filter(|row| row.event == "acknowledged").count();
    assert_eq!(acknowledged, confirmed.len(), "nothing was acknowledged that nobody was told of");
    nothing_was_lost(&station);
}

#[test]
fn a_station_that_is_stopped_in_a_flood_goes_on_where_it_was() {
    let inputs = 3_000;
    let (project, field) = plant(inputs);
    let mut station = Station::start(&project);
    let (api, console) = (station.api(), station.console(&[]));
    is_read(&api, inputs);
    let half = inputs / 2;
    evenly(&field, half, true, 1.0);
    let flooding = std::thread::scope(|threads| {
        let flood = threads.spawn(|| evenly(&field, inputs, true, 2.0));
        wait_until("the flood has begun", 30.0, || console.alarms_in(AlarmState::Unacknowledged), |seen| *seen > half / 2);
        assert!(station.stop().success(), "{}", station.log());
        flood.join()
    });
    flooding.expect("the device goes on");
    let heard = console.alarms_heard();
    let names = console.alarm_names();
    drop(console);
    let station = Station::start(&project);
    let api = station.api();
    settle(&api, &field, inputs);
    let rows = super::plant::by_alarm(&plantroom_tests::entries(&api));
    for told in heard.iter().filter(|heard| heard.alarm.state == AlarmState::Unacknowledged as u8) {
        let name = &names[&told.alarm.id];
        let is_row = rows.get(name).is_some_and(|rows| rows.iter().any(|row| row.occurrence == told.alarm.occurrence));
        assert!(is_row, "{name} was told as occurrence {}, and is not in the journal", told.alarm.occurrence);
    }
    for input in 0..inputs {
        let came = rows[&name(input)].iter().filter(|row| row.event == "occurred").count();
        assert_eq!(came, 1, "{} came once, and the start doesn't announce it again", name(input));
    }
    follow_each_other(&plantroom_tests::entries(&api));
    nothing_was_lost(&station);
}
