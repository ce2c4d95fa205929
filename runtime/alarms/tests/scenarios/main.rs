//! Every file in `tests/scenarios/alarm`: what happens to a plant, line by line, and what its alarms are to do.
//!
//! `README.md` there says how the files are written. `PLANTROOM_WRITE_SCENARIOS=1` writes what happened into them, to be
//! read before it is kept.

mod run;
mod story;
mod transcript;

use std::path::PathBuf;

use self::run::Run;
use self::story::Story;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios/alarm")
}

#[test]
fn every_scenario_goes_as_written() {
    let write = std::env::var_os("PLANTROOM_WRITE_SCENARIOS").is_some();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("the scenarios must be there")
        .map(|entry| entry.expect("a scenario must be readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    assert!(files.len() >= 60, "only {} scenarios were found", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).expect("a scenario must be readable");
        let story = Story::parse(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        let told = Run::through(&story).unwrap_or_else(|why| panic!("{name}: {why}"));
        let again = Run::through(&story).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(told, again, "{name}: the same inputs gave other events");
        if write {
            std::fs::write(&file, story.with_transcript(&told)).expect("a scenario must be writable");
            continue;
        }
        for (step, told) in story.steps.iter().zip(&told) {
            if step.expected != *told {
                let expected = step.expected.join("\n    ");
                wrong.push(format!(
                    "{name}:{}: {}\n  expected\n    {expected}\n  got\n    {}",
                    step.line,
                    step.input,
                    told.join("\n    ")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} steps went another way:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_scenario_that_says_something_else_fails() {
    let text = "tag level\nalarm a: high 4 of level\n\n1 s  level = 5\n     | a occurred, B > C\n";
    let story = Story::parse(text).expect("a scenario");
    let told = Run::through(&story).expect("a run");
    assert_ne!(story.steps[0].expected, told[0]);
    assert_eq!(told[0], ["a occurred, A > B, value 5, limit 4, announced"]);
}
