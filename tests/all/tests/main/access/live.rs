//! The live connection gives nothing before a login, and takes no more than a role may.

use plantroom_model::{OutcomeKind, Value};
use plantroom_tests::{Console, Project, Station, eventually, holds_for, wait_until};
use plantroom_wire::{ToStation, encode};

use super::{LIMIT, PUMP, plant};

/// Whatever a console hears that it may only hear when somebody is logged in.
fn heard(console: &Console) -> (usize, usize, usize) {
    (console.rows(PUMP).len() + usize::from(console.info(PUMP).is_some()), console.screens().1.len(), console.beats().len())
}

#[test]
fn nothing_is_told_before_a_login() {
    let (_project, station) = plant();
    let console = Console::open(&station.url);
    let names = vec![PUMP.to_owned()];
    for message in [
        ToStation::Subscribe { generation: 0, names },
        ToStation::Write { request: 7, tag: PUMP.to_owned(), value: Value::Int(1), comment: String::new(), confirmed: false },
        ToStation::Logout,
        ToStation::Resume { token: "prs_nonsense".to_owned() },
        ToStation::Login { user: "engineer".to_owned(), password: "guessed it?".to_owned() },
    ] {
        console.send(&message);
    }
    wait_until(
        "the login is denied",
        10.0,
        || console.denied(),
        |reason| reason.as_deref().is_some_and(|reason| reason.contains("password is not right")),
    );
    holds_for("nothing is heard", 1.2, || heard(&console), |heard| *heard == (0, 0, 0));
    assert_eq!(console.outcome(7), None);
    assert_eq!(station.api().tag(PUMP).value, 0);
    let (role, _) = console.login(&station.engineer.0, &station.engineer.1);
    assert_eq!(role, plantroom_model::Role::Engineer, "and then it works");
    console.subscribe(&[PUMP]);
}

#[test]
fn a_console_that_speaks_nonsense_is_cut_off_and_nobody_else() {
    let (_project, station) = plant();
    let other = station.console(&[PUMP]);
    let login = || ToStation::Login { user: station.engineer.0.clone(), password: station.engineer.1.clone() };
    let mut wrong_version = encode(&ToStation::Logout);
    wrong_version[0] = 77;
    let too_long = encode(&ToStation::Subscribe { generation: 1, names: vec!["x".repeat(5 << 20)] });
    let too_many = encode(&ToStation::Subscribe { generation: 1, names: vec![PUMP.to_owned(); 20_001] });
    let cases = [
        ("empty", Vec::new()),
        ("noise", vec![1, 200, 3, 99, 4]),
        ("version", wrong_version),
        ("long", too_long),
        ("many", too_many),
    ];
    for (what, bytes) in cases {
        let console = Console::open(&station.url);
        console.send(&login());
        eventually("the console is in", 10.0, || (!console.beats().is_empty()).then_some(()));
        console.send_bytes(bytes);
        let reason = eventually("the console is cut off", 5.0, || console.ended());
        println!("{what}: {reason}, {:?}", console.denied());
    }
    let chatty = station.console(&[PUMP]);
    for _ in 0..1_000 {
        chatty.send(&ToStation::Subscribe { generation: 1, names: Vec::new() });
    }
    eventually("the one that talks too much is cut off", 5.0, || chatty.ended());
    assert_eq!(station.api().write(PUMP, 5).kind(), "confirmed");
    wait_until("the other console goes on", 3.0, || other.latest(PUMP).number(), |value| *value == 5.0);
    assert_eq!(other.ended(), None);
}

#[test]
fn a_viewer_cannot_write_and_it_is_on_record() {
    let (_project, station) = plant();
    let engineer = station.api();
    let viewer = engineer.new_user("viewer", "view");
    let console = Console::open(&station.url);
    console.resume(&viewer.token).expect("a viewer may look");
    console.subscribe(&[PUMP, LIMIT]);
    assert!(console.info(PUMP).is_some_and(|info| info.write.is_none()), "the screen offers no command");
    let outcome = console.write(PUMP, Value::Int(1));
    assert_eq!((outcome.kind, outcome.audit), (OutcomeKind::Refused, 0), "{outcome:?}");
    assert!(outcome.message.contains("operate"), "{outcome:?}");
    let over_http = viewer.write(PUMP, 1);
    assert_eq!(over_http.status, 403, "{}", over_http.text);
    assert_eq!(engineer.tag(PUMP).value, 0);
    let records =
        eventually("the refusal is on record", 3.0, || Some(engineer.audit(PUMP)).filter(|records| !records.is_empty()));
    let record = &records[0];
    assert_eq!(
        (&record["user"], &record["door"], &record["entry"]),
        (&"viewer".into(), &"console".into(), &"note".into()),
        "{record}"
    );
    assert!(record["result"].as_str().unwrap().starts_with("refused"), "{record}");
}

#[test]
fn a_write_by_console_is_checked_like_any_other() {
    let (_project, station) = plant();
    let operator = station.api().new_user("operator", "operate");
    let console = Console::open(&station.url);
    console.resume(&operator.token).expect("an operator may look");
    console.subscribe(&[PUMP, LIMIT]);
    check(&console, PUMP, Value::Int(3), OutcomeKind::Confirmed, "");
    check(&console, LIMIT, Value::Int(3), OutcomeKind::Refused, "engineer");
    check(&console, "line/pomp", Value::Int(3), OutcomeKind::Refused, "no such tag");
    check(&console, "system/audit/ok", Value::Bool(false), OutcomeKind::Refused, "");
    check(&console, PUMP, Value::Text("on".into()), OutcomeKind::Refused, "");
    check(&console, PUMP, Value::Float(f64::NAN), OutcomeKind::Refused, "");
    assert_eq!(station.api().tag(PUMP).value, 3);
}

#[track_caller]
fn check(console: &Console, tag: &str, value: Value, kind: OutcomeKind, words: &str) {
    let outcome = console.write(tag, value);
    assert!(outcome.kind == kind && outcome.message.contains(words), "{tag}: {outcome:?}");
    assert!(outcome.message.ends_with('.') && !outcome.message.contains('\n'), "a sentence: {outcome:?}");
}

#[test]
fn many_commands_at_once_are_all_answered() {
    let project = Project::new();
    let tags: Vec<String> = (0..60).map(|number| format!("many/{number}")).collect();
    for tag in &tags {
        project.memory(tag, "int", "0", "write = true");
    }
    let station = Station::start(&project);
    let console = station.console(&[tags[0].as_str()]);
    let asked: Vec<u64> = tags.iter().map(|tag| console.ask_write(tag, Value::Int(1))).collect();
    let kinds = wait_until(
        "every command has an outcome",
        15.0,
        || asked.iter().map(|request| console.outcome(*request).map(|outcome| outcome.kind)).collect::<Vec<_>>(),
        |kinds| kinds.iter().all(Option::is_some),
    );
    let confirmed = kinds.iter().filter(|kind| **kind == Some(OutcomeKind::Confirmed)).count();
    assert!(confirmed >= 10, "{kinds:?}");
    let known = |kind: &Option<OutcomeKind>| matches!(kind, Some(OutcomeKind::Confirmed | OutcomeKind::Refused));
    assert!(kinds.iter().all(known), "{kinds:?}");
    let done = station.api().tags("many/*").iter().filter(|(_, tag)| tag.value == 1).count();
    assert_eq!(done, confirmed, "what was refused did not happen");
    assert_eq!(console.ended(), None);
}
