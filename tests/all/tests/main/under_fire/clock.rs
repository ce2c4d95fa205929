//! The machine's clock is set by an hour, both ways, during delays and shelves: nothing fires early, and nothing is lost.

use std::time::{Duration, Instant};

use plantroom_tests::{Clock, Station, command, entries, wait_until};
use serde_json::{Value as Json, json};

use super::plant::{is_read, name, plant, settle};

const HOUR_S: i64 = 3_600;
/// Delay of the alarm, in s.
const DELAY_S: f64 = 5.0;
/// Time on the shelf, in s.
const SHELF_S: f64 = 12.0;

/// How far a time of the API is from the machine's clock, in s.
fn ahead_s(time: &Json) -> f64 {
    let time: jiff::Timestamp = time.as_str().unwrap_or_default().parse().expect("a time");
    (time.as_millisecond() - jiff::Timestamp::now().as_millisecond()) as f64 / 1e3
}

#[test]
fn a_clock_that_is_set_by_an_hour_fires_nothing_and_loses_nothing() {
    let (project, field) = plant(4);
    let delayed = format!("[[alarm]]\nname = \"f/delayed\"\ntag = \"{}\"\nis = true\non_delay = 5\nmessage = \"m\"\n", name(1));
    project.write("alarms/delayed.toml", &delayed);
    let clock = Clock::new();
    let environment = clock.environment();
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let station = Station::start_as(command(), &project, &[], &environment);
    let api = station.api();
    is_read(&api, 4);
    let server_ms = || {
        let time = api.tag(&name(2)).server_time;
        time.parse::<jiff::Timestamp>().map_or(f64::NAN, |time| time.as_millisecond() as f64)
    };
    field.set([0], true);
    settle(&api, &field, 4);
    for (turn, off_s) in [HOUR_S, -HOUR_S, 0].into_iter().enumerate() {
        let answer = api.act(&name(0), "shelve", json!({ "for_s": SHELF_S as u32, "comment": "repair" }));
        let shelved = Instant::now();
        assert_eq!(answer.kind(), "done", "{}", answer.text);
        field.set([1], true);
        wait_until("the condition holds", 20.0, || api.tag(&name(1)), |tag| tag.value == json!(true));
        let began = Instant::now();
        std::thread::sleep(Duration::from_millis(500));
        clock.set(off_s);
        clock.wait_until_shown(off_s, server_ms);
        let (delayed, hidden) = (api.alarm("f/delayed"), api.alarm(&name(0)));
        if began.elapsed().as_secs_f64() < DELAY_S - 1.0 {
            assert!(!matches!(delayed["state"].as_str(), Some("unacknowledged")), "{off_s} s: it came too soon: {delayed}");
        }
        if shelved.elapsed().as_secs_f64() < SHELF_S - 1.0 {
            assert_eq!(hidden["hidden"], json!(["shelved"]), "{off_s} s: the step ended the shelf: {hidden}");
            // The rest of the time is what it is, told by the clock as it is now.
            let left_s = ahead_s(&hidden["shelved_until"]) - off_s as f64;
            assert!((-1.0..SHELF_S).contains(&left_s), "{off_s} s: {left_s:.1} s are left: {hidden}");
        }
        wait_until("the delayed alarm comes", 20.0, || api.alarm("f/delayed"), |alarm| alarm["state"] == "unacknowledged");
        let took = began.elapsed().as_secs_f64();
        assert!((DELAY_S - 0.7..DELAY_S + 4.0).contains(&took), "{off_s} s: it came after {took:.1} s");
        wait_until("the shelf ends", 30.0, || api.alarm(&name(0)), |alarm| alarm["hidden"] == json!([]));
        let took = shelved.elapsed().as_secs_f64();
        assert!((SHELF_S - 0.7..SHELF_S + 4.0).contains(&took), "{off_s} s: the shelf ended after {took:.1} s");
        assert_eq!(api.alarm(&name(0))["state"], "unacknowledged", "{off_s} s: what came off the shelf is announced");
        field.set([1], false);
        wait_until("it returns", 20.0, || api.alarm("f/delayed"), |alarm| alarm["state"] == "returned");
        let came = || entries(&api).iter().filter(|row| row.alarm == "f/delayed" && row.event == "occurred").count();
        wait_until(&format!("{off_s} s: it came once each time"), 10.0, came, |count| *count == turn + 1);
    }
    // A journal over clock steps is in the order in which things happened.
    super::plant::follow_each_other(&entries(&api));
    super::plant::nothing_was_lost(&station);
}
