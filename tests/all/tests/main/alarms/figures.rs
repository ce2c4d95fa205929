//! The journal, the key figures and `/metrics`.

use plantroom_tests::{Api, wait_until};
use serde_json::json;

use super::{acknowledge, plant, stands};

/// The number of a family and labels in the Prometheus text.
fn metric(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn metrics_follow_alarms() {
    let (_project, station) = plant();
    let api = station.api();
    let text = || api.call("GET", "/metrics", None).text;
    let is = |what: &str, name: &str, wanted: f64| {
        wait_until(&format!("{what}: {name}"), 15.0, || metric(&text(), name), |number| *number == Some(wanted));
    };
    let high = "plantroom_alarms{priority=\"high\",state=\"unacknowledged\"}";
    is("at rest", high, 0.0);
    api.write("a/level", 6.0);
    is("it came", high, 1.0);
    let recent = "plantroom_alarms_announced_recently{position=\"plant\",window=\"10m\"}";
    is("two came", recent, 2.0);
    is("two came", &recent.replace("10m", "1h"), 2.0);
    is("no flood", "plantroom_alarm_flood_active{position=\"plant\"}", 0.0);
    acknowledge(&api, &stands(&api, "a/high", "unacknowledged"));
    is("acknowledged", "plantroom_alarms{priority=\"high\",state=\"acknowledged\"}", 1.0);
    is("acknowledged", high, 0.0);
    super::act(&api, "b/on", "shelve", json!({ "for_s": 600, "comment": "x" }));
    is("shelved", "plantroom_alarms_hidden{by=\"shelved\"}", 1.0);
    is("nothing waits", "plantroom_alarm_journal_lag_seconds", 0.0);
    is("nothing is lost", "plantroom_alarm_journal_lost_rows_total", 0.0);
    is("the disk is well", "plantroom_alarm_journal_failed", 0.0);
    let text = text();
    let positive = |name: &str| metric(&text, name).is_some_and(|number| number > 0.0);
    for name in [
        "plantroom_alarm_engine_seconds_count",
        "plantroom_alarm_engine_seconds_sum",
        "plantroom_alarm_journal_commit_seconds_count",
        "plantroom_alarm_journal_commit_max_seconds",
        "plantroom_alarm_journal_rows_total",
        "plantroom_alarms_announced_total",
        "plantroom_alarm_events_total{event=\"acknowledged\"}",
        "plantroom_alarms_configured",
    ] {
        assert!(positive(name), "{name}\n{text}");
    }
    // Eleven within ten minutes are a flood.
    for _ in 0..11 {
        api.write("a/level", 0.0);
        api.write("a/level", 4.5);
    }
    is("a flood", "plantroom_alarm_flood_active{position=\"plant\"}", 1.0);
}

#[test]
fn the_journal_is_paged_filtered_and_exported_and_figures_are_those_of_its_rows() {
    let (_project, station) = plant();
    let api = station.api();
    let (viewer, operator) = (api.new_user("vera", "view"), api.new_user("otto", "operate"));
    for _ in 0..4 {
        api.write("b/flag", true);
        acknowledge(&operator, &stands(&api, "b/on", "unacknowledged"));
        api.write("b/flag", false);
        stands(&api, "b/on", "normal");
    }
    let rows = |query: &str| viewer.get(&format!("/api/v1/alarm-journal?{query}"));
    let all =
        wait_until("12 rows", 10.0, || rows("limit=100"), |page| page["rows"].as_array().is_some_and(|all| all.len() == 12));
    let numbers: Vec<u64> = all["rows"].as_array().unwrap().iter().map(|row| row["row"].as_u64().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] > pair[1]), "newest first: {numbers:?}");
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = rows(&format!("limit=5{cursor}"));
        paged.extend(page["rows"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(json!(paged), all["rows"]);
    let oldest = rows(&format!("oldest_first=true&cursor={}", numbers[2]));
    assert_eq!(oldest["rows"].as_array().map(Vec::len), Some(2), "a row's number is a cursor");
    assert_eq!(rows("user=otto")["rows"].as_array().map(Vec::len), Some(4));
    assert_eq!(rows("area=a")["rows"].as_array().map(Vec::len), Some(0));
    assert_eq!(rows("alarm=b/*&priority=low&limit=3")["rows"].as_array().map(Vec::len), Some(3));
    let csv = viewer.call("GET", "/api/v1/alarm-journal/export?format=csv", None);
    assert_eq!((csv.status, csv.text.lines().count()), (200, 13), "{}", csv.text);
    assert_eq!(viewer.call("GET", "/api/v1/alarm-journal/export?format=xml", None).status, 400);
    for path in ["alarm-journal", "alarm-journal/export", "alarm-kpi", "alarm-report"] {
        let answer = Api::anonymous(&station.url).call("GET", &format!("/api/v1/{path}"), None);
        assert_eq!(answer.status, 401, "{path}");
    }
    // Kept figures, and the same read from the journal.
    let kept = wait_until("four came", 10.0, || viewer.get("/api/v1/alarm-kpi"), |all| all["positions"][0]["alarms"] == 4);
    let read = viewer.get(&format!("/api/v1/alarm-kpi?since={}", kept_from(&kept)));
    for key in ["alarms", "by_priority", "top", "hidden", "most_in_any_10_min", "floods"] {
        assert_eq!(kept["positions"][0][key], read["positions"][0][key], "{key}");
    }
    assert_eq!(kept["positions"][0]["acknowledge"]["count"], 4);
    assert!(kept["observed_s"].as_f64().unwrap() < 3_600.0, "what was before the first start was observed by nobody");
    assert!(!kept.to_string().contains("-0.0"), "{kept}");
    let report = viewer.call("GET", "/api/v1/alarm-report", None);
    assert!(report.status == 200 && report.text.contains("<html") && report.text.contains("It is on"), "{}", report.text);
    assert_eq!(viewer.call("GET", "/api/v1/alarm-kpi?since=2030-01-01T00:00:00Z", None).status, 400);
}

/// When the kept figures begin, for a URL.
fn kept_from(kept: &serde_json::Value) -> String {
    let ns = kept["from"].as_i64().unwrap();
    let time = jiff::Timestamp::from_nanosecond(ns.into()).unwrap();
    time.to_string()
}
