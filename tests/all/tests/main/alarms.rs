//! Alarms over the API and on the command line of the real program: who may do what, what comes of it, what is kept.

mod acts;
mod command_line;
mod figures;
mod restart;

use plantroom_tests::{Api, Project, Station, wait_until};
use serde_json::{Value as Json, json};

/// Alarms of two areas: one of a limit that latches, one of a state.
fn plant() -> (Project, Station) {
    let project = project();
    let station = Station::start(&project);
    (project, station)
}

fn project() -> Project {
    let project = Project::new();
    project.memory("a/level", "float", "0", "write = true\nunit = \"m\"");
    project.memory("b/flag", "bool", "false", "write = true");
    let high = "[[alarm]]\nname = \"a/high\"\ntag = \"a/level\"\nhigh = 4.0\nmessage = \"Nearly full\"\npriority = \"high\"\n\
                consequence = \"It runs over\"\naction = \"Open the drain\"\nrespond = \"5 min\"\n";
    let latch = "[[alarm]]\nname = \"a/trip\"\narea = \"a/sub\"\ntag = \"a/level\"\nhigh_high = 5.0\nlatching = true\n\
                 message = \"Tripped\"\npriority = \"critical\"\n";
    let state = "[[alarm]]\nname = \"b/on\"\ntag = \"b/flag\"\nis = [true]\nmessage = \"It is on\"\npriority = \"low\"\n";
    project.add("alarms/alarms.toml", &format!("{high}{latch}{state}"));
    project
}

fn path(alarm: &str) -> String {
    format!("/api/v1/alarms/{}", alarm.replace('/', "%2F"))
}

fn alarm(api: &Api, name: &str) -> Json {
    api.get(&path(name))
}

/// Waits until an alarm is in a state, and returns it.
#[track_caller]
fn stands(api: &Api, name: &str, state: &str) -> Json {
    wait_until(&format!("{name} is {state}"), 15.0, || alarm(api, name), |seen| seen["state"] == state)
}

/// Acts on an alarm: the kind of the outcome and its sentence, or the HTTP status and its message.
fn act(api: &Api, name: &str, verb: &str, body: Json) -> (String, String) {
    let answer = api.call("POST", &format!("{}/{verb}", path(name)), Some(body));
    let kind = if answer.status == 200 { answer.kind().to_owned() } else { answer.status.to_string() };
    (kind, answer.message().to_owned())
}

fn acknowledge(api: &Api, seen: &Json) -> (String, String) {
    let name = seen["name"].as_str().expect("an alarm has a name");
    act(api, name, "acknowledge", json!({ "occurrence": seen["occurrence"] }))
}
