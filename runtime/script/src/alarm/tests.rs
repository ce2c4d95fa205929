//! Scripted alarms on their own, with a clock of the test.

use std::collections::HashMap;
use std::sync::Arc;

use plantroom_model::{AlarmId, ConditionWord, Mono, Now, Sample, Status, Utc, Value};

use crate::{AlarmRunner, AlarmScript, TagNow, Watch};

fn instances() -> Arc<[(String, String)]> {
    let all = [("filter", "f/1"), ("filter", "f/2"), ("pump", "p/1")];
    all.map(|(kind, name)| (kind.to_owned(), name.to_owned())).into()
}

/// A plant of a few tags, and a script over it.
struct Bench {
    runner: AlarmRunner,
    tags: HashMap<String, TagNow>,
    /// How often a tag was asked for.
    asked: usize,
    due: Option<Mono>,
}

impl Bench {
    fn new(text: &str) -> Self {
        let script = AlarmScript::compile("alarms/a.rhai", text).unwrap_or_else(|error| panic!("{error}"));
        let declared = script.declare(&instances()).unwrap_or_else(|error| panic!("{error}"));
        let mut watches: Vec<Watch> = (0..)
            .zip(declared)
            .map(|(id, one)| {
                let with = one.options.iter().find(|(key, _)| key == "parameters").map(|(_, table)| table.clone());
                let with = match with {
                    Some(crate::DeclaredValue::Table(entries)) => entries,
                    _ => Vec::new(),
                };
                let number = |value: &crate::DeclaredValue| match value {
                    crate::DeclaredValue::Number(number) => Value::Float(*number),
                    crate::DeclaredValue::Whole(number) => Value::Int(*number),
                    other => panic!("{other:?}"),
                };
                let with = with.iter().map(|(key, value)| (Arc::from(key.as_str()), number(value))).collect();
                Watch { alarm: AlarmId(id), name: one.name, call: Some(one.call), on: one.on.into(), parameters: with }
            })
            .collect();
        if script.has_active() {
            let with = vec![(Arc::from("limit"), Value::Float(3.0))];
            watches.push(Watch { alarm: AlarmId(99), name: "x/tall".into(), call: None, on: "x".into(), parameters: with });
        }
        let runner = AlarmRunner::new(&script, &instances(), watches).unwrap();
        Self { runner, tags: HashMap::new(), asked: 0, due: None }
    }

    fn set(&mut self, name: &str, value: f64, status: Status) {
        let sample = Sample { value: Value::Float(value), status, source_time: Utc(7), server_time: Utc(7) };
        self.tags.insert(name.to_owned(), TagNow { sample, ..TagNow::default() });
    }

    /// What is said at this second after these tags have changed.
    fn at(&mut self, second: u64, changed: &[(&str, f64)]) -> Vec<String> {
        for (name, value) in changed {
            self.set(name, *value, Status::GOOD);
        }
        self.evaluate(second, &changed.iter().map(|(name, _)| *name).collect::<Vec<_>>())
    }

    fn evaluate(&mut self, second: u64, changed: &[&str]) -> Vec<String> {
        let now = Now { mono: Mono(0).plus_ms(second * 1_000), utc: Utc(0) };
        let (tags, asked) = (&self.tags, &mut self.asked);
        let mut read = |name: &str| {
            *asked += 1;
            tags.get(name).cloned()
        };
        let evaluated = self.runner.evaluate(changed, &mut read, now);
        self.due = evaluated.due;
        let words = evaluated.conditions.rows.iter().map(|(id, word)| match word {
            ConditionWord::Raise { value, detail, .. } => format!("{} raised {value:?} {detail}", id.0),
            ConditionWord::Clear { .. } => format!("{} clear", id.0),
            ConditionWord::Unknown(status) => format!("{} unknown: {}", id.0, status.words()),
            other => format!("{} {other:?}", id.0),
        });
        words.chain(evaluated.errors.iter().map(|(id, error)| format!("{} {error}", id.0))).collect()
    }
}

const CLOGS: &str = r#"
alarm("clogs", #{ for_each: instances("filter"), message: "Filter {name} clogs", parameters: #{ limit: 60.0 } }, |a| {
    lasts(tag(a.on + "/dp") > a.limit, "10 min")
});
"#;

#[test]
fn an_alarm_for_each_instance_is_declared() {
    let script = AlarmScript::compile("alarms/a.rhai", CLOGS).unwrap();
    let declared = script.declare(&instances()).unwrap();
    let names: Vec<(&str, &str)> = declared.iter().map(|one| (one.name.as_str(), one.on.as_str())).collect();
    assert_eq!(names, [("f/1/clogs", "f/1"), ("f/2/clogs", "f/2")]);
    let keys: Vec<&str> = declared[0].options.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!((keys, declared[0].place.0), (vec!["message", "parameters"], 2));
}

#[test]
fn a_condition_must_last_without_a_break() {
    let mut bench = Bench::new(CLOGS);
    bench.set("f/1/dp", 50.0, Status::GOOD);
    bench.set("f/2/dp", 50.0, Status::GOOD);
    assert_eq!(bench.at(0, &[]), ["0 clear", "1 clear"]);
    assert_eq!((bench.at(10, &[("f/1/dp", 70.0)]), bench.due), (vec![], Some(Mono(0).plus_ms(610_000))));
    assert_eq!(bench.at(300, &[("f/1/dp", 55.0)]), Vec::<String>::new());
    assert_eq!(bench.due, None, "the break ends the wait");
    bench.at(400, &[("f/1/dp", 70.0)]);
    bench.at(900, &[("f/1/dp", 75.0)]);
    assert_eq!(bench.at(999, &[]), Vec::<String>::new());
    assert_eq!(bench.at(1_000, &[]), ["0 raised Float(75.0) "]);
    assert_eq!(bench.at(1_001, &[("f/1/dp", 80.0)]), Vec::<String>::new(), "nothing new is said");
    assert_eq!(bench.at(1_002, &[("f/1/dp", 50.0)]), ["0 clear"]);
}

#[test]
fn only_what_reads_a_changed_tag_is_evaluated() {
    let mut bench = Bench::new(CLOGS);
    bench.set("f/1/dp", 50.0, Status::GOOD);
    bench.set("f/2/dp", 50.0, Status::GOOD);
    bench.at(0, &[]);
    assert!(bench.runner.reads("f/1/dp") && !bench.runner.reads("other"));
    let before = bench.asked;
    bench.at(1, &[("other", 1.0)]);
    assert_eq!(bench.asked, before);
    bench.at(2, &[("f/1/dp", 51.0)]);
    assert_eq!(bench.asked, before + 1);
}

#[test]
fn bad_values_make_it_unknown_and_lose_no_time() {
    let mut bench = Bench::new(CLOGS);
    bench.set("f/1/dp", 70.0, Status::GOOD);
    bench.set("f/2/dp", 50.0, Status::GOOD);
    bench.at(0, &[]);
    bench.set("f/1/dp", 70.0, Status::BAD_NO_COMMUNICATION);
    assert_eq!(bench.evaluate(300, &["f/1/dp"]), ["0 unknown: no communication"]);
    assert_eq!(bench.at(500, &[("f/1/dp", 71.0)]), ["0 clear"]);
    assert_eq!(bench.at(600, &[]), ["0 raised Float(71.0) "], "the ten minutes began at 0");
}

#[test]
fn an_alarm_keeps_what_it_likes_and_says_more_than_yes() {
    let mut bench = Bench::new(
        r#"alarm("jumps", #{ state: #{ count: 0 } }, |a| {
            if rises(tag("x") > 5.0) { this.count += 1; }
            #{ active: this.count >= 2, value: this.count, detail: `${this.count} jumps` }
        });"#,
    );
    bench.set("x", 1.0, Status::GOOD);
    assert_eq!(bench.at(0, &[]), ["0 clear"]);
    bench.at(1, &[("x", 6.0)]);
    bench.at(2, &[("x", 7.0)]);
    bench.at(3, &[("x", 1.0)]);
    assert_eq!(bench.at(4, &[("x", 6.0)]), ["0 raised Int(2) 2 jumps"]);
}

#[test]
fn a_table_can_name_a_script_that_has_a_function() {
    let mut bench = Bench::new("fn active(a) { if is_bad(a.on) { return unknown(); } tag(a.on) > a.limit }");
    bench.set("x", 4.0, Status::GOOD);
    assert_eq!(bench.at(0, &[]), ["99 raised Float(4.0) "]);
    bench.set("x", 4.0, Status::BAD_SENSOR_FAILURE);
    assert_eq!(bench.evaluate(1, &["x"]).len(), 1);
}

#[test]
fn an_error_costs_its_own_alarm_and_tells_where() {
    let text = "alarm(\"a\", #{}, |a| tag(\"x\") > nothing_there());\nalarm(\"b\", #{}, |a| tag(\"x\") > 1.0);\n\
                alarm(\"c\", #{}, |a| { loop {} });\nalarm(\"d\", #{}, |a| tag(\"no/such\"));\nalarm(\"e\", #{}, |a| 17);";
    let mut bench = Bench::new(text);
    bench.set("x", 2.0, Status::GOOD);
    let said = bench.at(0, &[]);
    let has = |words: &str| said.iter().any(|one| one.contains(words));
    assert!(has("1 raised") && has("0 unknown: wrong address or configuration") && has("2 unknown"), "{said:#?}");
    assert!(has("0 alarms/a.rhai:1:") && has("there is no function nothing_there()"), "{said:#?}");
    assert!(has("2 alarms/a.rhai:3:") && has("too many steps"), "{said:#?}");
    assert!(has("3 alarms/a.rhai:4:1: there is no tag `no/such`"), "{said:#?}");
    assert!(has("the result is a whole number; true, false"), "{said:#?}");
    assert_eq!(bench.at(0, &[("x", 0.0)]), ["1 clear"], "what failed waits a little, and says nothing twice");
    bench.at(10, &[("x", 3.0)]);
}

#[test]
fn what_alarms_kept_outlives_a_change_of_the_project() {
    let mut bench = Bench::new(CLOGS);
    bench.set("f/1/dp", 70.0, Status::GOOD);
    bench.set("f/2/dp", 50.0, Status::GOOD);
    bench.at(0, &[]);
    let old = std::mem::replace(&mut bench.runner, Bench::new(CLOGS).runner);
    bench.runner.take_over(old);
    assert_eq!(bench.at(300, &[]), Vec::<String>::new());
    assert_eq!(bench.at(600, &[]), ["0 raised Float(70.0) "]);
}

#[test]
fn mistakes_of_a_declaration_are_told_in_their_place() {
    for (text, expected) in [
        (
            "alarm(\"a\", #{ for_each: instances(\"fliter\") }, |a| true)",
            "a.rhai:1:25: instances(): no instance is of type \"fliter\"; did you mean \"filter\"?",
        ),
        ("alarm(\"a\", #{ for_each: 3 }, |a| true)", "a.rhai:1:1: `for_each` must be a list of names"),
        ("alarm(\"a\", #{}, 3)", "a.rhai:1:1: alarm() needs a function last"),
        ("let x = tag(\"x\");", "a.rhai:1:9: tag() has no value while the file is read"),
        ("lasts(true, \"5 min\")", "a.rhai:1:1: lasts() is for the function that is called"),
        ("loop { alarm(\"a\", #{}) }", "a.rhai:1:"),
    ] {
        let declared = AlarmScript::compile("a.rhai", text).and_then(|script| script.declare(&instances()));
        let error = declared.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}\n{error}\n{expected}");
    }
}

/// The same file after a restart at this second, with what was kept before.
fn restarted(text: &str, before: &mut Bench, second: u64) -> Bench {
    let kept = before.runner.keep();
    let written = serde_json::to_string(&kept).unwrap();
    let mut after = Bench::new(text);
    after.runner.restore(&serde_json::from_str(&written).unwrap(), Mono(0).plus_ms(second * 1_000));
    after.tags = before.tags.clone();
    after
}

#[test]
fn what_alarms_keep_outlives_a_restart_and_nothing_rises_by_it() {
    let text = r#"alarm("starts", #{ state: #{ count: 0, last: (), all: [1.5, "x"], quiet: false } }, |a| {
        if rises(tag("x") > 5.0) { this.count += 1; this.last = #{ at: now_s() }; }
        #{ active: this.count >= 2, detail: `${this.count} of ${this.all}, ${this.quiet}` }
    });"#;
    let mut bench = Bench::new(text);
    bench.set("x", 6.0, Status::GOOD);
    assert_eq!(bench.at(1, &[]), ["0 clear"], "one start");
    assert!(bench.runner.has_run());
    // The pump ran before and runs after: that is no start.
    let mut after = restarted(text, &mut bench, 100);
    assert!(!bench.runner.has_run());
    assert_eq!(after.at(100, &[]), ["0 clear"]);
    after.at(101, &[("x", 1.0)]);
    assert_eq!(after.at(102, &[("x", 6.0)]), ["0 raised Float(6.0) 2 of [1.5, \"x\"], false"]);
    // It was started while the station was down.
    let mut stopped = Bench::new(text);
    stopped.set("x", 1.0, Status::GOOD);
    stopped.at(0, &[]);
    let mut after = restarted(text, &mut stopped, 50);
    after.set("x", 6.0, Status::GOOD);
    after.at(50, &[]);
    assert_eq!(after.runner.keep()["starts"]["this"]["count"], 1);
}

#[test]
fn what_must_last_begins_anew_after_a_restart() {
    let mut bench = Bench::new(CLOGS);
    bench.set("f/1/dp", 70.0, Status::GOOD);
    bench.set("f/2/dp", 50.0, Status::GOOD);
    bench.at(0, &[]);
    let mut after = restarted(CLOGS, &mut bench, 300);
    assert_eq!(after.at(300, &[]), ["0 clear", "1 clear"]);
    assert_eq!(after.at(899, &[]), Vec::<String>::new(), "nobody knows what was between");
    assert_eq!(after.at(900, &[]), ["0 raised Float(70.0) "]);
}

#[test]
fn what_was_kept_of_another_alarm_is_not_taken() {
    let text = |limit: &str| {
        format!("alarm(\"a\", #{{ parameters: #{{ limit: {limit} }} }}, |a| {{ this.seen = true; tag(\"x\") > a.limit }});")
    };
    let mut bench = Bench::new(&text("1.0"));
    bench.set("x", 2.0, Status::GOOD);
    bench.at(0, &[]);
    assert_eq!(bench.runner.keep()["a"]["this"]["seen"], true);
    let mut same = restarted(&text("1.0"), &mut bench, 1);
    assert_eq!(same.runner.keep()["a"]["this"]["seen"], true);
    let mut other = restarted(&text("5.0"), &mut bench, 1);
    assert!(other.runner.keep().is_empty(), "it has another limit now");
    // What is no data keeps its alarm from being kept, and nothing else.
    let mut odd = Bench::new("alarm(\"a\", #{}, |a| { this.f = |x| x; false });\nalarm(\"b\", #{}, |a| { this.n = 1; false });");
    odd.at(0, &[]);
    assert_eq!(odd.runner.keep().keys().collect::<Vec<_>>(), ["b"]);
}
