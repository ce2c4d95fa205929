//! When closures run, and what they give.

use super::{Board, lines, open, shown};
use plantroom_model::{Status, Utc, Value};

#[test]
fn a_closure_runs_again_only_when_a_tag_it_read_has_changed() {
    let mut board = Board::of(&[("a", Value::Float(1.0)), ("b", Value::Float(1.0))]);
    let mut scene = open("text(1, 1, || `${tag(\"a\")}`); value(1, 40, \"b\");").unwrap();
    scene.update(&board);
    let first = scene.evaluations();
    board.set("b", Value::Float(2.0));
    assert_eq!(scene.update(&board).objects.len(), 1);
    assert_eq!(scene.evaluations(), first, "b is none of its business");
    board.set_with("a", Value::Float(1.0), Status::GOOD, 99);
    scene.update(&board);
    assert_eq!(scene.evaluations(), first, "the same value at a later time is no change");
    board.set("a", Value::Float(3.0));
    assert_eq!(scene.update(&board).objects.len(), 1);
    assert_eq!(scene.evaluations(), first + 1);
    assert!(scene.update(&board).objects.is_empty());
}

#[test]
fn a_closure_finds_the_tags_of_the_branch_it_takes() {
    let mut board =
        Board::of(&[("which", Value::Bool(false)), ("no", Value::Text("n".into())), ("yes", Value::Text("y".into()))]);
    let mut scene = open("text(1, 1, || if tag(\"which\") { tag(\"yes\") } else { tag(\"no\") });").unwrap();
    assert!(scene.update(&board).tags_grew);
    assert!(lines(&scene)[0].ends_with("\"n\""));
    board.set("which", Value::Bool(true));
    assert!(scene.update(&board).tags_grew);
    assert!(lines(&scene)[0].ends_with("\"y\""));
    board.set("yes", Value::Text("Y".into()));
    scene.update(&board);
    assert!(lines(&scene)[0].ends_with("\"Y\""));
    let tags: Vec<_> = scene.tags().iter().map(|tag| tag.to_string()).collect();
    assert_eq!(tags, ["which", "no", "yes"]);
}

#[test]
fn without_values_a_closure_shows_none_and_names_what_it_needs() {
    let scene = shown("text(1, 1, || `${fixed(tag(\"a\") / tag(\"b\"), 1)} h`);", &Board::default());
    assert_eq!(scene.tags().len(), 2, "both are known after one round");
    assert!(lines(&scene)[0].ends_with("\"–\" B"), "{}", scene.to_text());
    assert!(scene.errors().next().is_none());
}

#[test]
fn a_computed_value_is_as_good_and_as_old_as_its_worst_input() {
    let mut board = Board::default();
    board.set_with("a", Value::Float(1.0), Status::UNCERTAIN_LAST_USABLE, 50);
    board.set_with("b", Value::Float(2.0), Status::GOOD, 20);
    let scene = shown("value(1, 1, || tag(\"a\") + tag(\"b\"));", &board);
    let crate::Symbol::Value(value) = &scene.objects()[0].symbol else { panic!("a value") };
    assert_eq!(value.reading.value, Value::Float(3.0));
    assert_eq!((value.reading.status, value.reading.source_time), (Status::UNCERTAIN_LAST_USABLE, Utc(20)));
}

#[test]
fn division_by_nothing_shows_a_dash() {
    let board = Board::of(&[("a", Value::Float(1.0)), ("b", Value::Float(0.0)), ("c", Value::Float(f64::NAN))]);
    let scene = shown("text(1, 1, || fixed(tag(\"a\") / tag(\"b\"), 2)); value(1, 30, \"c\");", &board);
    assert!(lines(&scene)[0].ends_with("\"–\""), "{}", scene.to_text());
    assert!(lines(&scene)[1].ends_with("value=–"), "{}", scene.to_text());
}

#[test]
fn the_functions_of_tags_say_what_they_say() {
    let mut board = Board::of(&[("n", Value::Uint(1)), ("f", Value::Float(1234.5))]);
    board.change_info("n", |info| info.states = vec![(1, "pump 1".into())]);
    board.change_info("f", |info| info.unit = "m³".into());
    board.set_with("bad", Value::Float(1.0), Status::BAD_SENSOR_FAILURE, 1);
    for (closure, text) in [
        ("|| state(\"n\")", "pump 1"),
        ("|| shown(\"f\")", "1 234.5 m³"),
        ("|| unit(\"f\")", "m³"),
        ("|| quality(\"bad\")", "sensor failure"),
        ("|| if is_good(\"bad\") { 1 } else { 2 }", "2"),
        ("|| tag_or(\"bad\", 7.5)", "7.5"),
        ("|| tag_or(\"nothing\", \"none\")", "none"),
        ("|| fixed(tag(\"f\"), 0)", "1 234"),
        ("|| duration(7500)", "2 h 5 min"),
        ("|| `${sqrt(16)} ${pow(2, 10)} ${max(1, 2.5)} ${round(2.5)}`", "4.0 1024.0 2.5 3.0"),
        ("|| sin(1.0)", "0.841471"),
    ] {
        let scene = shown(&format!("text(1, 1, {closure});"), &board);
        let crate::Symbol::Text(shown) = &scene.objects()[0].symbol else { panic!("a text") };
        assert_eq!(shown.text.get(), text, "{closure} {:?}", scene.objects()[0].error);
    }
}

#[test]
fn facts_that_arrive_later_are_taken() {
    let mut board = Board::of(&[("a", Value::Float(1.0))]);
    let mut scene = open("value(1, 1, \"a\"); text(1, 30, || shown(\"a\"));").unwrap();
    scene.update(&board);
    board.change_info("a", |info| {
        info.unit = "bar".into();
        info.decimals = 3;
    });
    scene.update(&board);
    assert!(lines(&scene)[0].ends_with("value=1.000 bar"), "{}", scene.to_text());
    assert!(lines(&scene)[1].ends_with("\"1.000 bar\""), "{}", scene.to_text());
}

#[test]
fn visible_and_enabled_follow_tags_and_closures() {
    let mut board = Board::of(&[("on", Value::Bool(false))]);
    let body = "text(1, 1, \"x\", #{ visible: \"on\" }); button(1, 30, \"b\", |op| op.close(), #{ enabled: || tag(\"on\") });";
    let mut scene = open(body).unwrap();
    scene.update(&board);
    assert!(lines(&scene)[0].contains("hidden") && lines(&scene)[1].contains("disabled"), "{}", scene.to_text());
    board.set("on", Value::Bool(true));
    scene.update(&board);
    assert!(!scene.to_text().contains("hidden") && !scene.to_text().contains("disabled"), "{}", scene.to_text());
}
