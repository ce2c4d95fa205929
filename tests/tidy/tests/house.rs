//! Each rule of the house, held against the whole workspace.

use plantroom_tidy::sources::{FILE_LINES, Source};
use plantroom_tidy::{imports, links, words};

#[track_caller]
fn expect_none(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}:\n  {}", breaches.join("\n  "));
}

/// Breaches that `find` sees in sources that `applies` chooses; there must be some to look at.
#[track_caller]
fn check(rule: &str, applies: impl Fn(&Source) -> bool, find: impl Fn(&Source) -> Vec<String>) {
    let sources: Vec<Source> = Source::all().into_iter().filter(|source| applies(source)).collect();
    assert!(!sources.is_empty(), "{rule}: no source to look at");
    let breaches: Vec<String> =
        sources.iter().flat_map(|source| find(source).into_iter().map(|what| format!("{}: {what}", source.path))).collect();
    expect_none(rule, &breaches);
}

/// Places where these tokens stand in a row.
fn rows_of(tokens: &[String], row: &[&str]) -> usize {
    tokens.windows(row.len()).filter(|window| window.iter().zip(row).all(|(token, wanted)| token == wanted)).count()
}

#[test]
fn crates_import_only_what_the_house_allows() {
    expect_none("imports", &imports::breaches());
}

#[test]
fn files_and_functions_are_short() {
    check(
        "length",
        |_| true,
        |source| {
            let lines = source.text.lines().count();
            let mut found: Vec<String> =
                source.long_functions().iter().map(|(name, lines)| format!("fn {name} has {lines} lines")).collect();
            if lines > FILE_LINES {
                found.push(format!("{lines} lines, at most {FILE_LINES}"));
            }
            found
        },
    );
}

#[test]
fn the_two_paths_are_read_in_one_sitting() {
    let is_path =
        |source: &Source| ["runtime/station/src/flow.rs", "runtime/station/src/command.rs"].contains(&source.path.as_str());
    check("flow and command", is_path, |source| {
        let lines = source.text.lines().count();
        if lines > 250 { vec![format!("{lines} lines, at most 250")] } else { Vec::new() }
    });
}

#[test]
fn names_say_something() {
    check(
        "banned words",
        |_| true,
        |source| {
            let file = source.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
            let names = source.names().into_iter().chain([file]);
            names
                .filter_map(|name| words::banned_in(&name).map(|word| format!("`{name}` contains the banned word `{word}`")))
                .collect()
        },
    );
}

#[test]
fn a_banned_word_is_found_in_any_style() {
    for name in ["TagManager", "tag_utils", "MISC", "commonStuff"] {
        assert!(words::banned_in(name).is_some(), "{name}");
    }
    for name in ["utilisation", "Command", "commonly", "mischief"] {
        assert_eq!(words::banned_in(name), None, "{name}");
    }
}

#[test]
fn only_the_clock_asks_for_the_time() {
    // The simulator is the field, the command line and the console's window are people's side; none of them is the station.
    const EXEMPT: &[&str] = &["runtime/station/src/clock.rs", "runtime/simulator/", "runtime/cli/", "runtime/hmi/", "sdk/pack/"];
    let applies = |source: &Source| !source.is_for_tests() && !EXEMPT.iter().any(|exempt| source.path.starts_with(exempt));
    check("clocks", applies, |source| {
        let tokens = source.tokens();
        ["Instant", "SystemTime", "Utc", "Zoned", "Timestamp"]
            .iter()
            .filter(|clock| rows_of(&tokens, &[clock, ":", ":", "now"]) > 0)
            .map(|clock| format!("asks {clock}::now; time comes in as an argument, from station/clock.rs"))
            .collect()
    });
}

#[test]
fn the_fieldbus_knows_no_data_type() {
    const FOREIGN: &[&str] = &[
        "f32",
        "f64",
        "i16",
        "i32",
        "from_be_bytes",
        "from_le_bytes",
        "to_be_bytes",
        "to_le_bytes",
        "swap_bytes",
        "from_bits",
        "word_order",
        "byte_order",
        "poll_ms",
        "poll_rate",
        "period_ms",
        "block",
        "blocks",
        "group",
        "groups",
        "Value",
        "ValueKind",
        "TagId",
    ];
    check(
        "fieldbus",
        |source| source.path.starts_with("runtime/fieldbus/src/") && !source.is_for_tests(),
        |source| {
            let tokens = source.tokens();
            FOREIGN
                .iter()
                .filter(|word| tokens.iter().any(|token| token == *word))
                .map(|word| format!("knows `{word}`; that is the driver plugin's"))
                .collect()
        },
    );
}

#[test]
fn nothing_is_left_unfinished() {
    let marks = ["TO", "FIX", "XX"].map(String::from);
    let marks: Vec<String> = marks.iter().zip(["DO", "ME", "X"]).map(|(a, b)| format!("{a}{b}")).collect();
    check(
        "marks",
        |_| true,
        |source| marks.iter().filter(|mark| source.text.contains(mark.as_str())).map(|mark| format!("contains {mark}")).collect(),
    );
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    expect_none("links", &links::broken());
}

#[test]
fn links_are_found_wherever_they_stand() {
    let text = "[a](x.md) and ![b](y/z.png#part)\n```\n[code](none.md)\n```\n[web](https://example.org/x) [own](#here)";
    assert_eq!(links::targets(text), ["x.md", "y/z.png"]);
}
