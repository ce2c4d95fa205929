//! What people do to alarms over the API.

use plantroom_tests::{Api, wait_until};
use serde_json::{Value as Json, json};

use super::{acknowledge, act, alarm, plant, stands};

/// Every verb, in an order in which each can be done, with the lowest role that may.
fn verbs() -> [(&'static str, &'static str, Json); 9] {
    let why = json!({ "comment": "maintenance" });
    [
        ("acknowledge", "operate", json!({ "occurrence": 1 })),
        ("shelve", "operate", json!({ "for_s": 600, "comment": "maintenance" })),
        ("unshelve", "operate", json!({})),
        ("suppress", "engineer", why.clone()),
        ("unsuppress", "engineer", json!({})),
        ("out-of-service", "engineer", why.clone()),
        ("in-service", "engineer", json!({})),
        ("remark", "operate", why),
        ("reset", "operate", json!({})),
    ]
}

#[test]
fn each_verb_is_for_its_role_and_does_what_it_says() {
    let (_project, station) = plant();
    let engineer = station.api();
    let (viewer, operator) = (engineer.new_user("vera", "view"), engineer.new_user("otto", "operate"));
    engineer.write("b/flag", true);
    let seen = stands(&engineer, "b/on", "unacknowledged");
    let states = [
        ("acknowledge", "acknowledged", ""),
        ("shelve", "acknowledged", "shelved"),
        ("unshelve", "unacknowledged", ""),
        ("suppress", "unacknowledged", "suppressed"),
        ("unsuppress", "unacknowledged", ""),
        ("out-of-service", "unacknowledged", "out-of-service"),
        ("in-service", "unacknowledged", ""),
        ("remark", "unacknowledged", ""),
    ];
    for (verb, role, mut body) in verbs() {
        if verb == "acknowledge" {
            body["occurrence"] = seen["occurrence"].clone();
        }
        assert_eq!(act(&Api::anonymous(&station.url), "b/on", verb, body.clone()).0, "401", "{verb}: a stranger");
        let (kind, why) = act(&viewer, "b/on", verb, body.clone());
        assert!(kind == "403" && why.contains("operate"), "{verb}: somebody who only looks: {kind} {why}");
        if role == "engineer" {
            let (kind, why) = act(&operator, "b/on", verb, body.clone());
            assert!(kind == "refused" && why.contains("engineer"), "{verb}: an operator: {kind} {why}");
        }
        let whoever_may = if role == "engineer" { &engineer } else { &operator };
        let (kind, message) = act(whoever_may, "b/on", verb, body);
        let Some((_, state, hidden)) = states.iter().find(|(of, ..)| *of == verb) else {
            assert!(kind == "refused" && message.contains("reset"), "{verb}: {kind} {message}");
            continue;
        };
        assert!(kind == "done" && message.contains("b/on"), "{verb}: {kind} {message}");
        let now = alarm(&engineer, "b/on");
        let hidden: &[&str] = if hidden.is_empty() { &[] } else { &[hidden] };
        assert_eq!((now["state"].as_str(), &now["hidden"]), (Some(*state), &json!(hidden)), "{verb}");
        if verb == "shelve" {
            assert_eq!((&now["hidden_by"], &now["hidden_why"]), (&json!("otto"), &json!("maintenance")));
        }
    }
    assert_eq!(act(&operator, "b/on", "explode", json!({})).0, "404");
    assert_eq!(act(&operator, "b/nothing", "remark", json!({ "comment": "x" })).0, "refused");
    let trail = engineer.audit("b/on");
    for act in ["acknowledge alarm", "shelve alarm", "suppress alarm", "take alarm out of service", "remark on alarm"] {
        assert!(trail.iter().any(|record| record["act"] == act), "{act}: {trail:#?}");
    }
}

#[test]
fn a_latched_alarm_is_reset_when_its_condition_is_gone() {
    let (_project, station) = plant();
    let (api, operator) = (station.api(), station.api().new_user("otto", "operate"));
    api.write("a/level", 6.0);
    let seen = stands(&api, "a/trip", "unacknowledged");
    assert_eq!(act(&operator, "a/trip", "reset", json!({})).0, "refused", "it still holds");
    api.write("a/level", 1.0);
    stands(&api, "a/trip", "latched-unacknowledged");
    assert_eq!(act(&operator, "a/trip", "reset", json!({})).0, "refused", "nobody has acknowledged it");
    assert_eq!(acknowledge(&operator, &seen).0, "done");
    stands(&api, "a/trip", "latched-acknowledged");
    assert_eq!(act(&operator, "a/trip", "reset", json!({})).0, "done");
    stands(&api, "a/trip", "normal");
    // Critical ones aren't shelved unless the project says for how long.
    let (kind, why) = act(&operator, "a/trip", "shelve", json!({ "for_s": 60, "comment": "x" }));
    assert!(kind == "refused" && why.contains("can't be shelved"), "{kind} {why}");
    let (kind, why) = act(&operator, "b/on", "shelve", json!({ "for_s": 100_000, "comment": "x" }));
    assert!(kind == "refused" && why.contains("8 h"), "{kind} {why}");
    assert_eq!(act(&operator, "b/on", "shelve", json!({ "for_s": 60 })).0, "refused", "without a reason");
}

#[test]
fn of_two_who_acknowledge_at_once_one_wins_and_the_other_is_told_who() {
    let (_project, station) = plant();
    let api = station.api();
    let operators = ["anna", "otto"].map(|name| api.new_user(name, "operate"));
    for round in 0..5 {
        api.write("b/flag", true);
        let seen = stands(&api, "b/on", "unacknowledged");
        let asking = operators.clone().map(|one| {
            let seen = seen.clone();
            std::thread::spawn(move || acknowledge(&one, &seen))
        });
        let outcomes = asking.map(|one| one.join().unwrap());
        let winner = outcomes.iter().position(|(kind, _)| kind == "done").expect("one wins");
        let (kind, why) = &outcomes[1 - winner];
        let by = ["anna", "otto"][winner];
        assert!(kind == "refused" && why.contains(by), "round {round}: {by} won, and the other was told: {kind} {why}");
        assert_eq!(alarm(&api, "b/on")["acknowledged_by"], by);
        api.write("b/flag", false);
        stands(&api, "b/on", "normal");
    }
}

#[test]
fn an_older_occurrence_can_not_be_acknowledged() {
    let (_project, station) = plant();
    let (api, operator) = (station.api(), station.api().new_user("otto", "operate"));
    api.write("b/flag", true);
    let old = stands(&api, "b/on", "unacknowledged");
    api.write("b/flag", false);
    stands(&api, "b/on", "returned");
    api.write("b/flag", true);
    let new = stands(&api, "b/on", "unacknowledged");
    assert!(new["occurrence"].as_u64() > old["occurrence"].as_u64());
    let (kind, why) = acknowledge(&operator, &old);
    assert!(kind == "refused" && why.contains("come again"), "{kind} {why}");
    assert_eq!(alarm(&api, "b/on")["state"], "unacknowledged");
    let (status, why) = act(&operator, "b/on", "acknowledge", json!({}));
    assert!(status == "400" && why.contains("occurrence"), "{status} {why}");
    assert_eq!(acknowledge(&operator, &new).0, "done");
    assert_eq!(acknowledge(&operator, &new).0, "refused", "twice");
}

#[test]
fn many_alarms_are_acted_on_with_one_comment_each_with_its_own_outcome() {
    let (_project, station) = plant();
    let (api, operator) = (station.api(), station.api().new_user("otto", "operate"));
    api.write("a/level", 6.0);
    api.write("b/flag", true);
    let seen = ["a/high", "a/trip", "b/on"].map(|name| stands(&api, name, "unacknowledged"));
    let mut alarms: Vec<Json> =
        seen.iter().map(|seen| json!({ "name": seen["name"], "occurrence": seen["occurrence"] })).collect();
    alarms[2]["occurrence"] = json!(999);
    alarms.push(json!({ "name": "no/such", "occurrence": 1 }));
    let ask = |api: &Api, body: Json| api.call("POST", "/api/v1/alarm-acts", Some(body));
    let body = json!({ "verb": "acknowledge", "alarms": alarms, "comment": "power dip" });
    assert_eq!(ask(&Api::anonymous(&station.url), body.clone()).status, 401);
    assert_eq!(ask(&api.new_user("vera", "view"), body.clone()).status, 403);
    let answer = ask(&operator, body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let outcomes = answer.json["outcomes"].as_array().unwrap();
    let kinds: Vec<(&str, &str)> =
        outcomes.iter().map(|one| (one["name"].as_str().unwrap_or_default(), one["kind"].as_str().unwrap_or_default())).collect();
    assert_eq!(kinds, [("a/high", "done"), ("a/trip", "done"), ("b/on", "refused"), ("no/such", "refused")]);
    assert_eq!(alarm(&api, "a/high")["acknowledged_by"], "otto");
    assert_eq!(alarm(&api, "b/on")["state"], "unacknowledged");
    let journal = api.get("/api/v1/alarm-journal?user=otto");
    let comments = journal["rows"].as_array().unwrap();
    assert!(comments.len() == 2 && comments.iter().all(|row| row["comment"] == "power dip"), "{journal:#}");
    // An engineer's act is refused alarm by alarm.
    let body = json!({ "verb": "out-of-service", "alarms": [{ "name": "b/on" }], "comment": "x" });
    assert_eq!(ask(&operator, body).json["outcomes"][0]["kind"], "refused");
    let too_many: Vec<Json> = (0..501).map(|n| json!({ "name": format!("x/{n}") })).collect();
    for alarms in [json!([]), json!(too_many)] {
        let answer = ask(&operator, json!({ "verb": "reset", "alarms": alarms }));
        assert_eq!(answer.status, 400, "{}", answer.text);
    }
}

#[test]
fn lists_are_narrowed_down_and_say_how_many_there_are() {
    let (_project, station) = plant();
    let viewer = station.api().new_user("vera", "view");
    station.api().write("a/level", 6.0);
    stands(&viewer, "a/trip", "unacknowledged");
    stands(&viewer, "a/high", "unacknowledged");
    let names = |query: &str| {
        let answer = viewer.get(&format!("/api/v1/alarms?{query}"));
        let all = answer["alarms"].as_array().unwrap().clone();
        (all.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), answer["total"].as_u64().unwrap())
    };
    assert_eq!(names(""), (vec!["a/trip".to_owned(), "a/high".to_owned()], 2), "the most urgent first");
    for (query, wanted) in [
        ("state=all&filter=b/*", "b/on"),
        ("area=a/sub", "a/trip"),
        ("priority=high", "a/high"),
        ("text=NEARLY", "a/high"),
        ("limit=1&offset=1", "a/high"),
        ("state=normal&filter=*/on", "b/on"),
    ] {
        assert_eq!(names(query).0, [wanted], "{query}");
    }
    assert_eq!(viewer.call("GET", "/api/v1/alarms?colour=red", None).status, 400);
    let one = alarm(&viewer, "a/high");
    for (key, wanted) in [
        ("consequence", json!("It runs over")),
        ("action", json!("Open the drain")),
        ("respond_s", json!(300)),
        ("letter", json!("B")),
        ("value", json!(6.0)),
        ("limit", json!(4.0)),
        ("unit", json!("m")),
    ] {
        assert_eq!(one[key], wanted, "{key}: {one:#}");
    }
    assert_eq!(viewer.call("GET", "/api/v1/alarms/no%2Fsuch", None).status, 404);
    let recorded = || alarm(&viewer, "a/high")["marks"].clone();
    wait_until("it is in the journal", 10.0, recorded, |marks| *marks == json!([]));
}
