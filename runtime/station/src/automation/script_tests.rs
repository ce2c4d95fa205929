//! Station scripts over a small plant: what they may ask for, and when it is held back.

use super::*;
use crate::scan::small_plant;
use plantroom_model::{Now, Sample, Status, Utc};

fn snapshot(plant: &Plant, values: &[(&str, Value, Status)]) -> Snapshot {
    let mut snapshot = Snapshot::waiting(plant.tags.len());
    let mut changes = plantroom_model::Changes::default();
    for (name, value, status) in values {
        let (tag, _) = plant.tag(name).unwrap();
        let sample = Sample { value: value.clone(), status: *status, source_time: Utc(1), server_time: Utc(1) };
        changes.push(tag, &sample, plantroom_model::LimitState::default(), true);
    }
    snapshot.apply(&plantroom_model::Frame { number: 1, now: Now::default(), changes, ..Default::default() });
    snapshot
}

/// Runs a script twice, the second time with what it remembered.
fn run(text: &str, values: &[(&str, Value, Status)]) -> Result<Ran, ScriptError> {
    let plant = small_plant();
    let scripts = Scripts::new();
    let program = scripts.compile("automations/t.rhai", text)?;
    let (snapshot, mut known) = (snapshot(&plant, values), Vec::new());
    let moment = Moment { local: (6, 30, 1), seconds: 12.5, cause: "timer".to_owned() };
    let first = scripts.run(&program, (&plant, &snapshot), (&Memory::new(), &mut known), &moment)?;
    scripts.run(&program, (&plant, &snapshot), (&first.memory, &mut known), &moment)
}

const LEVEL: &str = "t/level";

#[test]
fn a_run_reads_tags_remembers_and_asks() {
    let text = format!(
        r#"let runs = recall("runs", 0) + 1; remember("runs", runs);
           if tag("{LEVEL}") > 2.0 && hour() == 6 {{ request("{LEVEL}", runs, `level is ${{tag("{LEVEL}")}}`); }}
           log(`run ${{runs}} by ${{cause()}}`);"#
    );
    let ran = run(&text, &[(LEVEL, Value::Float(2.5), Status::GOOD)]).unwrap();
    let wish = Wish { tag: LEVEL.into(), value: Value::Int(2), why: "level is 2.5".to_owned() };
    assert_eq!((ran.wishes, ran.lines, ran.held), (vec![wish], vec!["run 2 by timer".to_owned()], None));
    assert_eq!(ran.memory, Memory::from([("runs".to_owned(), Value::Int(2))]));
}

#[test]
fn what_was_read_bad_or_not_at_all_holds_the_requests_back() {
    let text = format!(r#"if tag("{LEVEL}") < 9.0 {{ request("{LEVEL}", 1.0, "low"); }}"#);
    let bad = run(&text, &[(LEVEL, Value::Float(2.5), Status::BAD_NO_COMMUNICATION)]).unwrap();
    assert!(bad.held.as_deref().is_some_and(|held| held.contains("no communication")), "{bad:?}");
    let nothing = run(&text, &[]).unwrap();
    assert!(nothing.held.as_deref().is_some_and(|held| held.contains("no value yet")), "{nothing:?}");
    let asked = format!(r#"if is_bad("{LEVEL}") {{ request("{LEVEL}", 0.0, "level is not known"); }}"#);
    let safe = run(&asked, &[(LEVEL, Value::Float(2.5), Status::BAD_NO_COMMUNICATION)]).unwrap();
    assert_eq!((safe.wishes.len(), safe.held), (1, None));
}

#[test]
fn a_mistake_is_told_with_its_line_and_asks_for_nothing() {
    let check = |text: &str, words: &str, line: u32| {
        let error = run(text, &[(LEVEL, Value::Float(1.0), Status::GOOD)]).unwrap_err();
        assert!(error.message.contains(words), "{text}: {error}");
        assert_eq!(error.line, line, "{text}: {error}");
    };
    check("let x = 1;\nlet y = x.nothing;", "", 2);
    check(&format!("request(\"{LEVEL}\", 1.0, \"why\");\nthrow \"no\";"), "no", 2);
    check(&format!("\nrequest(\"{LEVEL}\", 1.0);"), "why", 2);
    check(&format!("request(\"{LEVEL}\", [1], \"why\");"), "a value is a number", 1);
    check("loop {}", "too many steps", 1);
    check("let n = 0; loop { n += 1; remember(`${n}`, n); }", "remembers more than", 1);
    check("tag(\"nobody/there\")", "no tag `nobody/there`", 0);
    check("eval(\"1\")", "eval", 1);
}
