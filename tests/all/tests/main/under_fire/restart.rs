//! A stop or a kill during a delay and while alarms are shelved.

use std::time::{Duration, Instant};

use plantroom_tests::{BitField, Project, Station, entries, wait_until};
use serde_json::json;

use super::plant::{is_read, name, plant, settle};

fn with_delay(seconds: u32) -> (Project, BitField) {
    let (project, field) = plant(4);
    let delayed =
        format!("[[alarm]]\nname = \"f/delayed\"\ntag = \"{}\"\nis = true\non_delay = {seconds}\nmessage = \"m\"\n", name(1));
    project.write("alarms/delayed.toml", &delayed);
    (project, field)
}

#[test]
fn a_delay_begins_anew_after_a_restart_and_is_not_shortened() {
    let (project, field) = with_delay(4);
    let mut station = Station::start(&project);
    let api = station.api();
    is_read(&api, 4);
    field.set([1], true);
    wait_until("the condition holds", 20.0, || api.tag(&name(1)), |tag| tag.value == json!(true));
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(api.alarm("f/delayed")["state"], "normal");
    station.kill();
    let station = Station::start(&project);
    let api = station.api();
    let read_at = Instant::now();
    wait_until("the delayed alarm comes", 30.0, || api.alarm("f/delayed"), |alarm| alarm["state"] == "unacknowledged");
    let took = read_at.elapsed().as_secs_f64();
    // The first sample may have come up to a second before the station said that it was ready.
    assert!(took > 2.5, "it came {took:.1} s after the start: what runs before a restart doesn't count");
    // It is shown before it is in the journal.
    let came = || entries(&api).iter().filter(|row| row.alarm == "f/delayed" && row.event == "occurred").count();
    wait_until("it is in the journal, once", 10.0, came, |count| *count == 1);
}

#[test]
fn shelves_survive_a_kill_and_end_in_time_also_while_the_station_is_down() {
    let (project, field) = plant(4);
    let mut station = Station::start(&project);
    let api = station.api();
    is_read(&api, 4);
    field.set([0, 1, 2], true);
    settle(&api, &field, 4);
    let shelve = |input: usize, for_s: u32| {
        let answer = api.act(&name(input), "shelve", json!({ "for_s": for_s, "comment": "being repaired" }));
        assert_eq!(answer.kind(), "done", "{}", answer.text);
    };
    let begin = Instant::now();
    shelve(0, 3_600);
    shelve(1, 4);
    let answer = api.act(&name(2), "out-of-service", json!({ "comment": "a new sensor" }));
    assert_eq!(answer.kind(), "done", "{}", answer.text);
    let before = [0, 2].map(|input| api.alarm(&name(input)));
    station.kill();
    std::thread::sleep(Duration::from_secs(5).saturating_sub(begin.elapsed()));
    let station = Station::start(&project);
    let api = station.api();
    is_read(&api, 4);
    let announced = wait_until("the short shelf has ended", 20.0, || api.alarm(&name(1)), |alarm| alarm["hidden"] == json!([]));
    assert_eq!(announced["state"], "unacknowledged", "it still holds, so somebody is told: {announced}");
    for (input, before) in [0, 2].into_iter().zip(before) {
        let after = api.alarm(&name(input));
        for key in ["hidden", "shelved_until", "hidden_by", "hidden_why", "occurrence"] {
            assert_eq!(after[key], before[key], "{key} of {}", name(input));
        }
    }
    let answer = api.act(&name(0), "unshelve", json!({}));
    assert_eq!(answer.kind(), "done", "{}", answer.text);
    assert_eq!(api.alarm(&name(0))["state"], "unacknowledged");
}
