//! The library's faceplates over types that have little, and what is told where they have too little.

use plantroom_model::{Origin, TagSpec, Value, ValueKind, WriteSpec};

use super::{Board, files, lines};
use crate::event::named;
use crate::{Screens, Symbol, check};

fn tags(names: &[(&str, ValueKind)]) -> Vec<TagSpec> {
    let tag = |(name, kind): &(&str, ValueKind)| {
        let mut tag = TagSpec::new(name, *kind, Origin::Memory { initial: Value::Null });
        tag.write = Some(WriteSpec::new(plantroom_model::Role::Operate).into());
        tag
    };
    names.iter().map(tag).collect()
}

fn found(body: &str, kind: &str, names: &[(&str, ValueKind)]) -> Vec<String> {
    let instances = [(kind.to_owned(), "p1".to_owned())];
    let files = files(&[("a.rhai", &format!("screen(\"A\", #{{ size: [800, 600] }});\n{body}"))]);
    check(&files, &instances, &tags(names)).iter().map(|diagnostic| diagnostic.to_string().replace("\n    ", " ")).collect()
}

#[test]
fn a_machine_needs_no_more_than_whether_it_runs() {
    let cases = [
        ("pump(99, 99, \"p1\");", "p1/running"),
        ("motor(99, 99, \"p1\");", "p1/running"),
        ("fan(99, 99, \"p1\");", "p1/running"),
        ("breaker(99, 99, \"p1\");", "p1/closed"),
    ];
    for (body, only) in cases {
        assert_eq!(found(body, "pump", &[(only, ValueKind::Bool)]), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn what_the_library_needs_and_the_plant_has_not_is_told_where_it_is_used() {
    let cases: [(&str, &[(&str, ValueKind)], &[&str]); 3] = [
        (
            "\npump(99, 99, \"p1\", #{ running: \"p1/on\" });",
            &[("p1/on", ValueKind::Bool)],
            &["screens/a.rhai:3:1: error: this opens the library's faceplate `pump`, which needs the tag `p1/running`"],
        ),
        (
            "place(\"control_loop\", 10, 10, #{ name: \"p1\", title: \"Loop\" });",
            &[("p1/pv", ValueKind::Float), ("p1/out", ValueKind::Float)],
            &["screens/a.rhai:2:1: error: there is no tag `p1/sp`"],
        ),
        (
            "place(\"control_loop\", 10, 10, #{ name: \"p1\" });",
            &[("p1/pv", ValueKind::Float), ("p1/sp", ValueKind::Float), ("p1/out", ValueKind::Float)],
            &["screens/a.rhai:2:1: error: the library's part `control_loop` can't be used like this: there is no `title`"],
        ),
    ];
    for (body, names, wanted) in cases {
        let found = found(body, "pump", names);
        for wanted in wanted {
            assert!(found.iter().any(|line| line.starts_with(wanted)), "{body}\nwanted {wanted}\ngot {found:#?}");
        }
        assert!(found.iter().all(|line| !line.starts_with("screens/library")), "{found:#?}");
        if wanted[0].contains("tag") {
            assert!(found[0].contains("add the tag `") && found[0].contains("to the type `pump`"), "{found:#?}");
        }
    }
}

#[test]
fn one_command_that_starts_and_stops_serves_as_both_buttons() {
    #[track_caller]
    fn check(commands: &[&str], wanted: &[(&str, &str)]) {
        let instances = [("pump".to_owned(), "p1".to_owned())];
        let mut board = Board::of(&[("p1/running", Value::Bool(false))]);
        commands.iter().for_each(|name| board.set(name, Value::Bool(false)));
        let mut scene = Screens::new(&[], &instances).faceplate("pump", &named("p1")).unwrap();
        (0..4).for_each(|_| drop(scene.update(&board)));
        assert_eq!(scene.errors().count(), 0);
        let shown = scene.objects().iter().filter(|object| *object.visible.get()).filter_map(|object| match &object.symbol {
            Symbol::Button(button) if button.target.is_present() => {
                Some((button.label.get().as_str(), &**button.target.tag().unwrap()))
            }
            _ => None,
        });
        assert_eq!(shown.collect::<Vec<_>>(), wanted, "{commands:?}");
    }
    check(&["p1/run"], &[("Start", "p1/run"), ("Stop", "p1/run")]);
    check(&["p1/start", "p1/stop"], &[("Start", "p1/start"), ("Stop", "p1/stop")]);
    check(&["p1/start", "p1/stop", "p1/run"], &[("Start", "p1/start"), ("Stop", "p1/stop")]);
    check(&[], &[]);
}

#[test]
fn a_closure_that_asks_first_may_name_what_the_plant_has_not() {
    let asks = "text(1, 1, || if has_tag(\"p1/gone\") { `${tag(\"p1/gone\")}` } else { \"none\" });";
    assert_eq!(found(asks, "pump", &[("p1/running", ValueKind::Bool)]), Vec::<String>::new());
    let mut board = Board::of(&[("x", Value::Bool(false))]);
    let mut scene = super::shown(asks, &board);
    assert!(lines(&scene)[0].ends_with("\"none\""), "{}", scene.to_text());
    board.set("p1/gone", Value::Float(7.0));
    (0..3).for_each(|_| drop(scene.update(&board)));
    assert!(lines(&scene)[0].ends_with("\"7.0\""), "{}", scene.to_text());
}
