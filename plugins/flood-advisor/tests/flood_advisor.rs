//! Floods, natively and in the sandbox, with virtual time.

use plantroom_plugin_flood_advisor::FloodAdvisor;
use plantroom_testkit::{Bench, Runner, Spec, StartError, alarm_logic_conformance};
use serde_json::{Value as Json, json};

fn config() -> Json {
    json!({
        "position": [{ "summary": "works/flood" }],
        "cause": [
            { "name": "power dip at MCC 2", "trigger": ["mcc2/undervoltage"], "alarms": ["pumps/**"], "within_s": 30 },
            { "name": "loss of instrument air", "trigger": ["air/low"], "alarms": ["pumps/**", "valves/*"] },
        ],
    })
}

/// 80 alarms of pumps on MCC 2, 20 of valves on another device, and what tells two causes.
fn plant(config: Json) -> Spec {
    let mut spec = Spec::new()
        .config(config)
        .condition("works/flood")
        .alarm("mcc2/undervoltage")
        .markable()
        .meaning("Undervoltage at MCC 2", "high", "mcc2")
        .alarm("air/low")
        .markable();
    for number in 0..80 {
        spec = spec.alarm(&format!("pumps/p{number}/tripped")).markable();
    }
    for number in 0..20 {
        spec = spec.alarm(&format!("valves/v{number}")).markable().alarm_link("plc_valves");
    }
    spec
}

fn start(runner: &Runner) -> Bench {
    let mut bench = Bench::start(runner, &plant(config())).unwrap_or_else(|error| panic!("{error}"));
    bench.run_for(1_000);
    assert!(!bench.holds("works/flood"));
    bench
}

fn runners() -> [Runner; 2] {
    [Runner::native::<FloodAdvisor>(), Runner::built_component("flood-advisor").unwrap_or_else(|error| panic!("{error}"))]
}

/// The dip and 79 pumps within 20 s; the first pump is told before the dip itself.
fn dip(bench: &mut Bench) {
    bench.occur("pumps/p0/tripped");
    bench.run_for(200);
    bench.occur("mcc2/undervoltage");
    for number in 1..79 {
        bench.run_for(250);
        bench.occur(&format!("pumps/p{number}/tripped"));
    }
    bench.run_for(2_000);
}

#[test]
fn a_power_dip_is_told_in_one_line_and_its_alarms_are_grouped() {
    for runner in runners() {
        let mut bench = start(&runner);
        dip(&mut bench);
        assert!(bench.holds("works/flood"));
        assert_eq!(
            bench.detail("works/flood"),
            "80 alarms in 20 s; likely cause: power dip at MCC 2 (80 of 80); first: Undervoltage at MCC 2"
        );
        assert_eq!(bench.cause("pumps/p77/tripped"), "power dip at MCC 2");
        assert_eq!((bench.cause("air/low"), bench.cause("valves/v1")), (String::new(), String::new()));
        let leaders: Vec<u64> = bench.said("mcc2/undervoltage").into_iter().map(|(at, _)| at).collect();
        assert_eq!(leaders.len(), 1, "said once, not at every look");
        assert_eq!(bench.faults(), Vec::<String>::new());
    }
}

#[test]
fn within_ten_seconds_of_the_first_alarm_the_operator_knows() {
    let mut bench = start(&Runner::native::<FloodAdvisor>());
    let began = bench.now_ms();
    dip(&mut bench);
    let first = bench.said("works/flood").into_iter().find(|(at, _)| *at > began).map(|(at, _)| at - began);
    assert!(first.is_some_and(|ms| ms < 10_000), "{first:?}");
}

#[test]
fn it_ends_when_fewer_than_five_came_in_ten_minutes() {
    for runner in runners() {
        let mut bench = start(&runner);
        dip(&mut bench);
        let last = bench.now_ms() - 2_000;
        bench.run_for(590_000);
        assert!(bench.holds("works/flood"));
        bench.run_for(20_000);
        assert!(!bench.holds("works/flood"));
        assert_eq!(bench.cause("pumps/p77/tripped"), "");
        let ended = bench.said("works/flood").pop().map_or(0, |(at, _)| at);
        // The fifth last came a second before the last.
        assert!((599_000..=599_100).contains(&(ended - last)), "{} ms", ended - last);
    }
}

#[test]
fn a_cause_that_would_have_told_itself_is_not_named_and_what_alarms_share_is() {
    let mut bench = start(&Runner::native::<FloodAdvisor>());
    for number in 0..20 {
        bench.occur(&format!("valves/v{number}"));
        bench.run_for(50);
    }
    bench.run_for(3_000);
    assert_eq!(
        bench.detail("works/flood"),
        "20 alarms in 1 s; likely cause: the connection plc_valves (20 of 20); first: valves/v0"
    );
}

#[test]
fn two_causes_at_once_are_told_apart() {
    let mut bench = start(&Runner::native::<FloodAdvisor>());
    bench.occur("mcc2/undervoltage");
    for number in 0..15 {
        bench.occur(&format!("pumps/p{number}/tripped"));
        bench.occur(&format!("valves/v{number}"));
    }
    bench.run_for(3_000);
    assert_eq!(bench.cause("pumps/p3/tripped"), "power dip at MCC 2");
    assert_eq!(bench.cause("valves/v3"), "the connection plc_valves");
    assert!(bench.detail("works/flood").contains("also: the connection plc_valves (15)"), "{}", bench.detail("works/flood"));
}

#[test]
fn one_alarm_that_chatters_is_called_that() {
    let mut bench = start(&Runner::native::<FloodAdvisor>());
    for _ in 0..40 {
        bench.occur("valves/v3");
        bench.run_for(100);
        bench.go("valves/v3");
        bench.run_for(100);
    }
    assert!(
        bench.detail("works/flood").ends_with("they come and go again and again: `valves/v3`"),
        "{}",
        bench.detail("works/flood")
    );
    assert_eq!(bench.cause("valves/v3"), "");
}

#[test]
fn ten_alarms_are_no_flood_and_what_is_hidden_counts_when_it_comes_out() {
    let mut bench = start(&Runner::native::<FloodAdvisor>());
    for number in 0..10 {
        bench.occur(&format!("valves/v{number}"));
    }
    for number in 12..20 {
        bench.shelve(&format!("valves/v{number}"));
        bench.occur(&format!("valves/v{number}"));
    }
    bench.run_for(60_000);
    assert!(!bench.holds("works/flood"));
    bench.unshelve("valves/v12");
    bench.run_for(1_100);
    assert!(bench.holds("works/flood"));
}

#[test]
fn the_sandbox_says_what_the_same_code_says_natively() {
    let story = |runner: &Runner| {
        let mut bench = start(runner);
        dip(&mut bench);
        for number in 0..20 {
            bench.occur(&format!("valves/v{number}"));
            bench.run_for(333);
        }
        bench.run_for(700_000);
        bench.stop();
        assert_eq!(bench.faults(), Vec::<String>::new());
        bench.transcript()
    };
    let [native, component] = runners().map(|runner| story(&runner));
    assert!(native.len() > 150, "{} lines", native.len());
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
    let wrong = json!({
        "position": [{ "summary": "air/low" }, { "summary": "works/flood", "name": "north" }],
        "cause": [{ "name": "x", "alarms": ["nowhere/*"], "within_s": 0 }],
        "start": 3, "end": 5,
    });
    let Err(StartError::Problems(told)) = Bench::start(&Runner::native::<FloodAdvisor>(), &plant(wrong)).map(|_| ()) else {
        panic!("it started");
    };
    let told: Vec<String> = told.into_iter().map(|(_, sentence)| sentence).collect();
    for part in [
        "can't end below 5 and begin above 3",
        "within_s is 0",
        "matches `nowhere/*`",
        "may not be raised",
        "no position `north`",
    ] {
        assert!(told.iter().any(|sentence| sentence.contains(part)), "{part}: {told:#?}");
    }
}

/// As many as in the flood of record, 15,000 alarms in 5 s.
#[test]
fn the_flood_of_record_is_told_in_one_line_too() {
    let mut spec = Spec::new()
        .config(json!({
            "position": [{ "summary": "grid/flood" }],
            "cause": [{ "name": "loss of line 7", "trigger": ["grid/line7"], "alarms": ["s*/a*"] }],
        }))
        .condition("grid/flood")
        .alarm("grid/line7")
        .markable();
    let names: Vec<String> = (0..15_000).map(|number| format!("s{}/a{number}", number / 100)).collect();
    for name in &names {
        spec = spec.alarm(name).markable();
    }
    for runner in runners() {
        let mut bench = Bench::start(&runner, &spec).unwrap_or_else(|error| panic!("{error}"));
        bench.run_for(10);
        bench.occur("grid/line7");
        let mut longest_ms = 0;
        for some in names.chunks(300) {
            some.iter().for_each(|name| bench.occur(name));
            let before = std::time::Instant::now();
            bench.run_for(100);
            longest_ms = longest_ms.max(before.elapsed().as_millis());
        }
        bench.run_for(2_000);
        println!("the longest tenth of a second took {longest_ms} ms");
        let told = "15001 alarms in 5 s; likely cause: loss of line 7 (15001 of 15001); first: grid/line7";
        assert_eq!(bench.detail("grid/flood"), told);
        assert_eq!(bench.cause("s149/a14999"), "loss of line 7");
        assert_eq!(bench.faults(), Vec::<String>::new());
    }
}
