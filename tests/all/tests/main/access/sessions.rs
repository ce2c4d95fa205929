//! Rights end when they are taken away, and guessing passwords is slow.

use std::time::{Duration, Instant};

use plantroom_model::Value;
use plantroom_tests::{Api, Console, Station, eventually, holds_for, wait_until};
use serde_json::json;

use super::{PUMP, plant};

/// How long rights may outlive their end, in s.
const WITHIN_S: f64 = 2.0;

/// A console and a client of the same user, both at work.
fn at_work(station: &Station, name: &str, role: &str) -> (Api, Console) {
    let api = station.api().new_user(name, role);
    let console = Console::open(&station.url);
    console.login(name, &format!("{name} has a long password"));
    console.subscribe(&[PUMP]);
    (api, console)
}

fn change(station: &Station, method: &str, path: &str, body: serde_json::Value) {
    let answer = station.api().call(method, path, Some(body));
    assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text);
}

/// From now on neither of them gets or does anything.
fn both_end(station: &Station, api: &Api, console: &Console) {
    assert_eq!(api.call("GET", "/api/v1/session", None).status, 401, "HTTP follows at once");
    assert_eq!(api.write(PUMP, 66).status, 401);
    console.ask_write(PUMP, Value::Int(66));
    let reason = eventually("the console's session ends", WITHIN_S, || console.denied());
    assert!(reason.contains("log in"), "{reason}");
    let (beats, rows) = (console.beats().len(), console.rows(PUMP).len());
    change(station, "PUT", "/api/v1/tags/line%2Fpump/value", json!({ "value": 5 }));
    holds_for("nothing is heard", 1.2, || (console.beats().len(), console.rows(PUMP).len()), |heard| *heard == (beats, rows));
    assert_eq!(station.api().tag(PUMP).value, 5);
}

#[test]
fn who_is_demoted_loses_rights_in_mid_session() {
    let (_project, station) = plant();
    let (api, console) = at_work(&station, "anna", "operate");
    assert_eq!(api.write(PUMP, 1).kind(), "confirmed");
    change(&station, "PUT", "/api/v1/users/anna/role", json!({ "role": "view" }));
    both_end(&station, &api, &console);
    let (role, _) = console.login("anna", "anna has a long password");
    assert_eq!(role, plantroom_model::Role::View, "looking is still allowed, on the same connection");
    console.subscribe(&[PUMP]);
    assert_eq!(console.latest(PUMP).number(), 5.0);
    assert_eq!(console.write(PUMP, Value::Int(2)).kind, plantroom_model::OutcomeKind::Refused);
}

#[test]
fn who_is_promoted_is_told_what_they_may_now() {
    let (_project, station) = plant();
    let (api, console) = at_work(&station, "anna", "view");
    assert_eq!(api.write(PUMP, 1).status, 403);
    change(&station, "PUT", "/api/v1/users/anna/role", json!({ "role": "operate" }));
    assert_eq!(api.write(PUMP, 1).kind(), "confirmed");
    wait_until("the console may write", WITHIN_S, || console.info(PUMP).and_then(|info| info.write), Option::is_some);
    assert_eq!(console.write(PUMP, Value::Int(2)).kind, plantroom_model::OutcomeKind::Confirmed);
}

#[test]
fn a_removed_users_sessions_end() {
    let (_project, station) = plant();
    let (api, console) = at_work(&station, "ben", "engineer");
    let token = station.api().call("POST", "/api/v1/tokens", Some(json!({ "user": "ben", "label": "report" })));
    let mut program = Api::anonymous(&station.url);
    program.token = token.json["token"].as_str().expect("a token").to_owned();
    assert_eq!(program.call("GET", "/api/v1/session", None).status, 200);
    let removed = station.api().call("DELETE", "/api/v1/users/ben", None);
    assert_eq!(removed.status, 200, "{}", removed.text);
    both_end(&station, &api, &console);
    assert_eq!(program.call("GET", "/api/v1/session", None).status, 401, "API tokens end with their user");
    let login = json!({ "user": "ben", "password": "ben has a long password" });
    assert_eq!(Api::anonymous(&station.url).call("POST", "/api/v1/login", Some(login)).status, 401);
}

#[test]
fn a_new_password_ends_what_the_old_one_began() {
    let (_project, station) = plant();
    let (api, console) = at_work(&station, "carla", "operate");
    change(&station, "PUT", "/api/v1/users/carla/password", json!({ "password": "another long one" }));
    both_end(&station, &api, &console);
    Api::login(&station.url, "carla", "another long one");
}

#[test]
fn a_revoked_token_ends_at_once() {
    let (_project, station) = plant();
    let engineer = station.api();
    let made = engineer.call("POST", "/api/v1/tokens", Some(json!({ "user": "engineer", "label": "report", "role": "view" })));
    assert_eq!(made.status, 200, "{}", made.text);
    let mut program = Api::anonymous(&station.url);
    program.token = made.json["token"].as_str().expect("a token").to_owned();
    assert_eq!(program.write(PUMP, 1).status, 403, "a token can be made weaker than its user");
    let console = Console::open(&station.url);
    console.resume(&program.token).expect("a token opens the live connection too");
    console.subscribe(&[PUMP]);
    let id = made.json["id"].as_str().expect("an id");
    assert_eq!(engineer.call("DELETE", &format!("/api/v1/tokens/{id}"), None).status, 200);
    assert_eq!(program.call("GET", "/api/v1/tags", None).status, 401);
    eventually("the console's session ends", WITHIN_S, || console.denied());
}

#[test]
fn a_wrong_password_tells_nothing_and_guessing_is_slow() {
    let (_project, station) = plant();
    let stranger = Api::anonymous(&station.url);
    let anna = station.api().new_user("anna", "view");
    let login =
        |user: &str, password: &str| stranger.call("POST", "/api/v1/login", Some(json!({ "user": user, "password": password })));
    let (wrong, unknown) = (login("anna", "a wrong password"), login("nobody", "a wrong password"));
    assert_eq!((wrong.status, unknown.status), (401, 401));
    assert_eq!(wrong.text, unknown.text, "nobody learns which names there are");
    let locked =
        eventually("guessing is stopped", 10.0, || Some(login("anna", "a wrong password")).filter(|answer| answer.status == 429));
    assert!(locked.message().contains("try again in"), "{}", locked.text);
    let right = login("anna", "anna has a long password");
    assert_eq!(right.status, 429, "not even the right one: {}", right.text);
    assert_eq!(anna.call("GET", "/api/v1/session", None).status, 200, "who is in stays in");
    station.api();
    let console = Console::open(&station.url);
    console.send(&plantroom_wire::ToStation::Login { user: "anna".to_owned(), password: "anna has a long password".to_owned() });
    let denied = eventually("the console's door is the same", 5.0, || console.denied());
    assert!(denied.contains("too many"), "{denied}");
    let started = Instant::now();
    eventually("the pause ends", 10.0, || (login("anna", "anna has a long password").status == 200).then_some(()));
    assert!(started.elapsed() < Duration::from_secs(9), "a person who mistyped waits {:?}", started.elapsed());
    let records = station.api().get("/api/v1/audit?limit=1000&category=access");
    let refused = records["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record["act"] == "log in" && record["result"].as_str().is_some_and(|result| result != "done"));
    let of_anna = refused.clone().filter(|record| record["target"] == "anna").count();
    assert!(of_anna >= 6 && refused.count() > of_anna, "failed logins are on record");
    assert!(!records.to_string().contains("a wrong password"), "passwords are not");
}
