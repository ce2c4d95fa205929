//! A pump through its states, natively and in the sandbox, with virtual time.

use plantroom_plugin_state_suppression::StateSuppression;
use plantroom_testkit::{Bench, ConditionWord, Hidden, Runner, Spec, StartError, Status, Value, alarm_logic_conformance};
use serde_json::{Value as Json, json};

const STOPPED: i64 = 0;
const STARTING: i64 = 1;
const RUNNING: i64 = 2;

fn config() -> Json {
    json!({ "unit": [
        {
            "name": "pump 1", "tag": "p1/state",
            "states": { "stopped": 0, "starting": [1], "running": [2, 3] },
            "rule": [
                { "alarms": ["p1/low_*"], "only_in": ["running"], "settle_s": 10 },
                { "alarms": ["p1/vibration"], "only_in": ["starting", "running"], "leave_s": 30, "reason": "it may swing out" },
            ],
        },
        {
            "name": "the works", "tag": "works/mode", "states": { "on": "on", "off": "off" }, "when_unknown": "hold",
            "rule": [{ "alarms": ["p1/low_flow"], "only_in": ["on"] }],
        },
    ] })
}

fn plant(config: Json) -> Spec {
    Spec::new()
        .config(config)
        .input("p1/state", "int")
        .input("works/mode", "text")
        .alarm("p1/low_flow")
        .suppressible()
        .alarm("p1/low_pressure")
        .suppressible()
        .alarm("p1/vibration")
        .suppressible()
        .alarm("p1/tripped")
}

fn start(runner: &Runner) -> Bench {
    let mut bench = Bench::start(runner, &plant(config())).unwrap_or_else(|error| panic!("{error}"));
    bench.change("works/mode", Value::Text("on".into()));
    bench.change("p1/state", Value::Int(STOPPED));
    bench.run_for(60_000);
    bench
}

fn runners() -> [Runner; 2] {
    [Runner::native::<StateSuppression>(), Runner::built_component("state-suppression").unwrap_or_else(|error| panic!("{error}"))]
}

fn hidden(bench: &Bench) -> [bool; 3] {
    ["p1/low_flow", "p1/low_pressure", "p1/vibration"].map(|alarm| bench.standing(alarm).hidden.has(Hidden::SUPPRESSED))
}

fn reason(bench: &Bench, alarm: &str) -> String {
    let last = bench.said(alarm).into_iter().rev().find_map(|(_, word)| match word {
        ConditionWord::Suppress { reason } => Some(reason.to_string()),
        _ => None,
    });
    last.unwrap_or_default()
}

#[test]
fn alarms_are_hidden_where_they_make_no_sense_and_the_reason_is_told() {
    for runner in runners() {
        let mut bench = start(&runner);
        assert_eq!(hidden(&bench), [true, true, true]);
        assert_eq!(reason(&bench, "p1/low_pressure"), "pump 1 is stopped");
        assert_eq!(reason(&bench, "p1/vibration"), "it may swing out (pump 1 is stopped)");
        assert!(bench.said("p1/tripped").is_empty(), "of others nothing is said");
        bench.change("p1/state", Value::Int(STARTING));
        bench.run_for(5_000);
        assert_eq!(hidden(&bench), [true, true, false]);
        bench.change("p1/state", Value::Int(RUNNING));
        bench.run_for(9_999);
        assert_eq!(hidden(&bench), [true, true, false]);
        assert_eq!(reason(&bench, "p1/low_pressure"), "pump 1 has just become running; it gets 10 s to settle");
        bench.run_for(2);
        assert_eq!(hidden(&bench), [false, false, false], "settled");
        bench.change("p1/state", Value::Int(3));
        bench.run_for(5);
        assert_eq!(hidden(&bench), [false, false, false], "the same state by another number");
        bench.change("p1/state", Value::Int(STOPPED));
        bench.run_for(29_999);
        assert_eq!(hidden(&bench), [true, true, false], "what swings out is still of interest");
        bench.run_for(2);
        assert_eq!(hidden(&bench), [true, true, true]);
        assert_eq!(bench.faults(), Vec::<String>::new());
    }
}

#[test]
fn one_rule_that_lets_go_does_not_show_what_another_hides() {
    let mut bench = start(&Runner::native::<StateSuppression>());
    bench.change("works/mode", Value::Text("off".into()));
    bench.change("p1/state", Value::Int(RUNNING));
    bench.run_for(20_000);
    assert_eq!(hidden(&bench), [true, false, false]);
    assert_eq!(reason(&bench, "p1/low_flow"), "the works is off");
}

#[test]
fn a_start_that_fails_before_it_has_settled_stays_hidden() {
    let mut bench = start(&Runner::native::<StateSuppression>());
    bench.change("p1/state", Value::Int(RUNNING));
    bench.run_for(3_000);
    bench.change("p1/state", Value::Int(STOPPED));
    bench.run_for(60_000);
    let shown = bench.said("p1/low_pressure").into_iter().filter(|(_, word)| *word == ConditionWord::Unsuppress).count();
    assert_eq!((shown, hidden(&bench)[1]), (0, true), "never shown in between");
}

#[test]
fn while_nobody_can_tell_the_state_nothing_is_hidden_unless_the_table_says_so() {
    for runner in runners() {
        let mut bench = start(&runner);
        bench.change_as("p1/state", Value::Int(STOPPED), Status::BAD_NO_COMMUNICATION);
        bench.run_for(10);
        assert_eq!(hidden(&bench), [false, false, false]);
        bench.change("works/mode", Value::Text("off".into()));
        bench.run_for(10);
        bench.change_as("works/mode", Value::Null, Status::BAD_NO_COMMUNICATION);
        bench.run_for(60_000);
        assert_eq!(hidden(&bench), [true, false, false], "`hold` leaves it as it was");
        bench.change("p1/state", Value::Int(77));
        bench.change("p1/state", Value::Int(78));
        bench.run_for(10);
        assert_eq!(hidden(&bench), [true, false, false]);
        let told = bench.lines().into_iter().filter(|line| line.contains("which is no state of pump 1")).count();
        assert_eq!(told, 1, "told once");
    }
}

#[test]
fn the_sandbox_says_what_the_same_code_says_natively() {
    let story = |runner: &Runner| {
        let mut bench = start(runner);
        for round in 0..12 {
            bench.change("p1/state", Value::Int(round % 4));
            bench.run_for(7_000);
            bench.change("works/mode", Value::Text(if round % 3 == 0 { "off" } else { "on" }.into()));
            bench.run_for(9_000);
        }
        bench.stop();
        assert_eq!(bench.faults(), Vec::<String>::new());
        bench.transcript()
    };
    let [native, component] = runners().map(|runner| story(&runner));
    assert!(native.len() > 20, "{native:#?}");
    assert_eq!(native, component);
}

#[test]
fn it_keeps_the_contract_whatever_happens_to_it() {
    for runner in runners() {
        let wrong = alarm_logic_conformance(&runner, &plant(config()));
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[test]
fn mistakes_are_told_all_at_once() {
    let mut wrong = config();
    wrong["unit"][0]["states"]["idle"] = json!(0);
    wrong["unit"][0]["rule"][0]["only_in"] = json!(["runing"]);
    wrong["unit"][0]["rule"][0]["settle_s"] = json!(-1);
    wrong["unit"][1]["rule"][0]["alarms"] = json!(["p1/tripped", "p2/**"]);
    wrong["unit"][1]["tag"] = json!("works/mod");
    let Err(StartError::Problems(told)) = Bench::start(&Runner::native::<StateSuppression>(), &plant(wrong)).map(|_| ()) else {
        panic!("it started");
    };
    let told: Vec<String> = told.into_iter().map(|(_, sentence)| sentence).collect();
    for part in [
        "have a value in common",
        "no state `runing`",
        "settle_s",
        "`p1/tripped`: it may not be suppressed",
        "matches `p2/**`",
        "`works/mod` of unit `the works` isn't granted",
    ] {
        assert!(told.iter().any(|sentence| sentence.contains(part)), "{part}: {told:#?}");
    }
}
