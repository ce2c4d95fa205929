//! Machines that trip, natively and in the sandbox, with virtual time.

use plantroom_plugin_first_out::FirstOut;
use plantroom_testkit::{Bench, ConditionWord, Marks, Runner, Spec, StartError, Status, Value, alarm_logic_conformance};
use serde_json::{Value as Json, json};

fn config() -> Json {
    json!({ "group": [{
        "alarm": "p1/first_out",
        "reset": "p1/reset",
        "poll_ms": 500,
        "trip": [
            { "alarm": "p1/low_suction", "words": "low suction pressure" },
            { "tag": "p1/overload" },
            { "tag": "p1/mode", "is": 3, "words": "stopped by hand" },
            { "alarm": "p1/vibration" },
        ],
    }] })
}

fn plant(config: Json) -> Spec {
    Spec::new()
        .config(config)
        .input("p1/reset", "bool")
        .input("p1/overload", "bool")
        .input_link("plc")
        .input("p1/mode", "int")
        .input_link("plc")
        .condition("p1/first_out")
        .alarm("p1/low_suction")
        .alarm_link("plc")
        .markable()
        .alarm("p1/vibration")
        .alarm_link("monitor")
        .markable()
        .meaning("high vibration", "high", "p1")
}

fn start(runner: &Runner, config: Json) -> Bench {
    let mut bench = Bench::start(runner, &plant(config)).unwrap_or_else(|error| panic!("{error}"));
    for (tag, value) in [("p1/reset", Value::Bool(false)), ("p1/overload", Value::Bool(false)), ("p1/mode", Value::Int(0))] {
        bench.change(tag, value);
    }
    bench.run_for(100);
    bench
}

fn runners() -> [Runner; 2] {
    [Runner::native::<FirstOut>(), Runner::built_component("first-out").unwrap_or_else(|error| panic!("{error}"))]
}

fn is_first(bench: &Bench, alarm: &str) -> bool {
    bench.standing(alarm).marks.has(Marks::FIRST_OUT)
}

#[test]
fn the_sequence_is_told_in_words_and_the_first_is_marked_until_the_reset() {
    for runner in runners() {
        let mut bench = start(&runner, config());
        assert!(!bench.holds("p1/first_out"));
        bench.change("p1/overload", Value::Bool(true));
        bench.run_for(40);
        assert_eq!(bench.detail("p1/first_out"), "1. overload");
        // Told later, and earlier by the clock of the same device.
        bench.occur_at("p1/low_suction", 80);
        bench.run_for(1_000);
        assert!(bench.holds("p1/first_out") && is_first(&bench, "p1/low_suction"));
        assert_eq!(bench.detail("p1/first_out"), "1. low suction pressure, 2. overload +40 ms");
        bench.go("p1/low_suction");
        bench.change("p1/overload", Value::Bool(false));
        bench.run_for(1_000);
        assert!(bench.holds("p1/first_out") && is_first(&bench, "p1/low_suction"), "held until it is reset");
        bench.change("p1/reset", Value::Bool(true));
        bench.run_for(10);
        assert!(!bench.holds("p1/first_out") && !is_first(&bench, "p1/low_suction"));
        bench.change("p1/reset", Value::Bool(false));
        bench.change("p1/mode", Value::Int(3));
        bench.run_for(10);
        assert_eq!(bench.detail("p1/first_out"), "1. stopped by hand", "another sequence");
        assert_eq!(bench.faults(), Vec::<String>::new());
    }
}

#[test]
fn what_two_clocks_say_within_a_poll_is_not_decided() {
    for runner in runners() {
        let mut bench = start(&runner, config());
        bench.change("p1/overload", Value::Bool(true));
        bench.run_for(300);
        bench.occur("p1/vibration");
        bench.run_for(10);
        assert_eq!(bench.detail("p1/first_out"), "1.-2. overload / high vibration (order not known)");
        assert!(!is_first(&bench, "p1/vibration"));
        let values: Vec<_> = bench.said("p1/first_out").into_iter().map(|(_, word)| word).collect();
        assert!(matches!(values.last(), Some(ConditionWord::Raise { value: Value::Uint(0), .. })), "{values:?}");
    }
}

#[test]
fn a_reset_does_nothing_while_a_trip_is_up() {
    let mut bench = start(&Runner::native::<FirstOut>(), config());
    bench.occur("p1/low_suction");
    bench.run_for(10);
    bench.change("p1/reset", Value::Bool(true));
    bench.run_for(10);
    assert!(bench.holds("p1/first_out") && is_first(&bench, "p1/low_suction"));
}

#[test]
fn without_a_reset_of_its_own_the_operators_act_on_the_alarm_ends_it() {
    for runner in runners() {
        let mut config = config();
        config["group"][0].as_object_mut().unwrap().remove("reset");
        let mut bench = start(&runner, config);
        bench.occur("p1/low_suction");
        bench.run_for(10);
        bench.go("p1/low_suction");
        bench.run_for(10);
        assert!(!bench.holds("p1/first_out") && is_first(&bench, "p1/low_suction"), "returned, and nobody has seen it");
        bench.acknowledge("p1/first_out");
        bench.run_for(10);
        assert!(!is_first(&bench, "p1/low_suction"));
    }
}

#[test]
fn a_trip_that_can_not_be_read_is_no_trip_and_no_return() {
    let mut bench = start(&Runner::native::<FirstOut>(), config());
    bench.change_as("p1/overload", Value::Null, Status::BAD_NO_COMMUNICATION);
    bench.run_for(10);
    assert!(bench.standing("p1/first_out").marks.has(Marks::UNKNOWN) && !bench.holds("p1/first_out"));
    bench.change("p1/overload", Value::Bool(true));
    bench.run_for(10);
    bench.change_as("p1/overload", Value::Null, Status::BAD_NO_COMMUNICATION);
    bench.run_for(10);
    assert!(bench.holds("p1/first_out"));
}

#[test]
fn the_sandbox_says_what_the_same_code_says_natively() {
    let story = |runner: &Runner| {
        let mut bench = start(runner, config());
        for round in 0..5 {
            bench.occur_at("p1/low_suction", round * 7);
            bench.run_for(130);
            bench.change("p1/overload", Value::Bool(round % 2 == 0));
            bench.occur("p1/vibration");
            bench.run_for(700);
            bench.go("p1/low_suction");
            bench.go("p1/vibration");
            bench.change("p1/overload", Value::Bool(false));
            bench.change("p1/reset", Value::Bool(round % 2 == 1));
            bench.run_for(1_000);
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
    let wrong = json!({ "group": [
        { "alarm": "p1/first_out", "trip": [{ "tag": "p1/overlaod" }, { "alarm": "p1/low_suction", "is": 1 }, {}] },
        { "alarm": "p1/low_suction", "trip": [] },
    ] });
    let Err(StartError::Problems(told)) = Bench::start(&Runner::native::<FirstOut>(), &plant(wrong)).map(|_| ()) else {
        panic!("it started");
    };
    let told: Vec<String> = told.into_iter().map(|(_, sentence)| sentence).collect();
    for part in ["`p1/overlaod` isn't granted", "a trip is either", "may not be raised", "has 0 trips"] {
        assert!(told.iter().any(|sentence| sentence.contains(part)), "{part}: {told:#?}");
    }
}
