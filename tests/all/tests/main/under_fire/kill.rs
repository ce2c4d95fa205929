//! kill -9 at random moments, in a flood, while operators acknowledge: what was confirmed, and what was shown as recorded,
//! is there afterwards.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use plantroom_model::AlarmState;
use plantroom_tests::{Console, Station, entries, wait_until};

use super::operators::{Confirmed, Operator};
use super::plant::{by_alarm, follow_each_other, is_read, name, nothing_was_lost, plant, settle};

/// How often the station is killed.
const ROUNDS: usize = 3;
const INPUTS: usize = 1_000;
/// Acknowledgements that must have been confirmed before it may be killed.
const AT_LEAST: usize = 8;

/// What a console showed as being in the journal: name and occurrence of alarms that had come.
fn shown_as_recorded(console: &Console) -> Vec<(String, u64)> {
    let (names, recorded) = (console.alarm_names(), console.recorded());
    let came = console.alarms_heard().into_iter().map(|heard| heard.alarm);
    let came = came.filter(|alarm| alarm.state == AlarmState::Unacknowledged as u8 && alarm.frame <= recorded);
    came.map(|alarm| (names[&alarm.id].clone(), alarm.occurrence)).collect()
}

#[test]
fn what_was_confirmed_in_a_flood_survives_a_kill() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (project, field) = plant(INPUTS);
    let confirmed = Arc::<Mutex<Vec<Confirmed>>>::default();
    let mut shown = Vec::new();
    let mut people = Vec::new();
    for round in 0..ROUNDS {
        let mut station = Station::start(&project);
        let api = station.api();
        is_read(&api, INPUTS);
        if people.is_empty() {
            people = ["anna", "boris"].map(|name| (name, api.new_user(name, "operate"))).into();
        } else {
            let login = |name: &'static str| {
                (name, plantroom_tests::Api::login(&station.url, name, &format!("{name} has a long password")))
            };
            people = people.iter().map(|(name, _)| login(name)).collect();
        }
        let console = station.console(&[]);
        let before = confirmed.lock().unwrap().len();
        let start = |(share, (name, api)): (usize, &(&str, plantroom_tests::Api))| {
            Operator::start(api.clone(), name, (share, 2), &confirmed)
        };
        let operators: Vec<Operator> = people.iter().enumerate().map(start).collect();
        let begin = Instant::now();
        let enough = || operators[0].confirmed() >= before + AT_LEAST;
        let until = Duration::from_micros(random.u64(500_000..1_500_000));
        while begin.elapsed() < until || !enough() {
            field.toggle((0..40).map(|_| random.usize(..INPUTS)));
            std::thread::sleep(Duration::from_millis(10));
            assert!(begin.elapsed() < Duration::from_secs(60), "round {round}: {} confirmed", operators[0].confirmed());
        }
        station.kill();
        operators.into_iter().for_each(Operator::finish);
        shown.extend(shown_as_recorded(&console));
    }
    let station = Station::start(&project);
    let api = station.api();
    is_read(&api, INPUTS);
    settle(&api, &field, INPUTS);
    let all = entries(&api);
    follow_each_other(&all);
    let rows = by_alarm(&all);
    let has = |alarm: &str, is: &dyn Fn(&plantroom_tests::Entry) -> bool| rows.get(alarm).is_some_and(|rows| rows.iter().any(is));
    let confirmed = confirmed.lock().unwrap();
    println!("{} rows, {} acknowledgements confirmed, {} comings shown as recorded", all.len(), confirmed.len(), shown.len());
    for act in confirmed.iter() {
        let is_it =
            |row: &plantroom_tests::Entry| row.event == "acknowledged" && row.occurrence == act.occurrence && row.user == act.by;
        assert!(has(&act.alarm, &is_it), "it was confirmed, and is gone: {act:?}");
    }
    assert!(shown.len() > 100, "only {} comings were shown as recorded: this proves little", shown.len());
    for (alarm, occurrence) in &shown {
        let is_it = |row: &plantroom_tests::Entry| row.event == "occurred" && row.occurrence == *occurrence;
        assert!(has(alarm, &is_it), "{alarm} was shown as recorded, and its occurrence {occurrence} is gone");
    }
    // It goes on as before.
    field.set(0..INPUTS, false);
    settle(&api, &field, INPUTS);
    field.set([7], true);
    settle(&api, &field, INPUTS);
    let occurrence = api.alarm(&name(7))["occurrence"].clone();
    let answer = api.act(&name(7), "acknowledge", serde_json::json!({ "occurrence": occurrence }));
    assert_eq!(answer.kind(), "done", "{}", answer.text);
    nothing_was_lost(&station);
}

#[test]
fn whoever_was_acknowledged_before_a_kill_is_not_announced_again() {
    let (project, field) = plant(4);
    let mut station = Station::start(&project);
    let api = station.api();
    is_read(&api, 4);
    field.set([0, 1], true);
    settle(&api, &field, 4);
    let occurrence = api.alarm(&name(0))["occurrence"].clone();
    let answer = api.act(&name(0), "acknowledge", serde_json::json!({ "occurrence": occurrence, "comment": "on my way" }));
    assert_eq!(answer.kind(), "done", "{}", answer.text);
    station.kill();
    let station = Station::start(&project);
    let api = station.api();
    let stands = |input: usize, state: &'static str| {
        let look = || (api.alarm(&name(input)), api.tag(&name(input)).is_good());
        wait_until("it stands as before", 30.0, look, |(alarm, good)| *good && alarm["state"] == state).0
    };
    let kept = stands(0, "acknowledged");
    assert_eq!((&kept["occurrence"], &kept["acknowledged_by"]), (&occurrence, &"engineer".into()), "{kept}");
    assert_ne!(stands(1, "unacknowledged")["occurrence"], occurrence);
    let came = entries(&api).iter().filter(|row| row.event == "occurred" && row.alarm.starts_with("f/")).count();
    assert_eq!(came, 2, "a start announces nothing that was announced");
}
