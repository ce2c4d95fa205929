//! What scripts build, and what they are told when they call something wrongly.

use super::{Board, files, lines, open, shown};
use crate::{Params, Screens, Symbol};
use plantroom_model::{LimitSet, Status, Value};

/// A wrong call fails with these words.
fn wrong(body: &str, words: &str) {
    let error = open(body).expect_err(body);
    assert!(error.message.contains(words), "{body}\n{error}");
    assert!(error.line == 2 && error.column > 0, "{body}\n{error}");
}

#[test]
fn a_wrong_call_is_told_how_it_is_meant() {
    for (body, words) in [
        ("pump(10, 20);", "pump() needs x, y and a tag prefix"),
        ("pump();", "pump() needs x, y and a tag prefix"),
        ("pump(\"a\", 20, \"a/p1\");", "needs a number as x, and got a text"),
        ("value(10, 20, 3, #{ lebel: \"x\" });", "did you mean `label`"),
        ("value(10, 20);", "needs a tag or a closure"),
        ("tank(10, 20, #{ w: 100 });", "needs the tag of its level"),
        ("tank(10, 20, #{ tag: \"a\", w: -3 });", "must be above 0"),
        ("pipe([[1, 2]]);", "needs 2 to"),
        ("pipe([[1, 2], 3]);", "[x, y]"),
        ("text(1, 1, \"x\", #{ role: \"huge\" });", "it may be \"title\""),
        ("button(1, 1, \"Start\");", "needs a closure, or `tag` and `value`"),
        ("button(1, 1, \"Start\", #{ tag: \"a\" });", "needs `value`"),
        ("trend(1, 1, #{ pens: [] });", "needs 1 to 6 pens"),
        ("trend(1, 1, #{ pens: [\"a\"], span: \"1y\" });", "can't show a span"),
        ("setpoint(1, 1, \"a\", #{ open: \"x\" });", "can't have `open` as well"),
        ("screen(\"Again\");", "comes first, and once"),
        ("faceplate(\"x\");", "a screen calls screen(title)"),
        ("place(\"nowhere\", 1, 1);", "finds no part `nowhere`"),
        ("place(\"valv\", 1, 1);", "did you mean `valve`"),
        ("text(1, 1, tag(\"a\"));", "put it into a closure"),
        ("value(1e9, 1, \"a\");", "must lie within"),
        ("pmp(1, 2, \"a\");", "there is no function pmp(whole number, whole number, text)"),
        ("text(1, 1, xyz);", "there is no variable `xyz`"),
        ("text(1, 1, \"x\"", "to close the arguments"),
    ] {
        wrong(body, words);
    }
}

#[test]
fn every_symbol_can_be_built() {
    let mut board = Board::of(&[
        ("t/level", Value::Float(22.4)),
        ("a/p1/running", Value::Bool(true)),
        ("a/p1/state", Value::Uint(2)),
        ("a/p1/auto", Value::Bool(false)),
        ("a/p1/tripped", Value::Bool(true)),
        ("m/running", Value::Bool(false)),
        ("a/v1/position", Value::Float(100.0)),
        ("flow", Value::Float(0.0)),
        ("sp", Value::Float(50.0)),
        ("mode", Value::Uint(1)),
    ]);
    board.change_info("t/level", |info| {
        info.unit = "%".into();
        info.limits = LimitSet { low: Some(25.0), low_low: Some(10.0), ..LimitSet::default() };
    });
    board.change_info("a/p1/state", |info| info.states = vec![(2, "running".into())]);
    board.change_info("mode", |info| info.states = vec![(0, "manual".into()), (1, "auto".into())]);
    let body = r#"
        panel(0, 0, #{ w: 500, h: 500, label: "Group" });
        tank(10, 20, #{ tag: "t/level", label: "Tank" });
        pump(200, 100, "a/p1", #{ label: "Pump 1" });
        motor(300, 100, "m", #{ label: "Mixer", facing: "left" });
        valve(400, 100, "a/v1");
        pipe([[1, 1], [50, 1], [50, 90]], #{ flow: "flow", arrow: true });
        lamp(10, 300, "m/running", #{ label: "mixer", abnormal: false, states: ["off", "on"] });
        value(10, 340, "t/level", #{ label: "level" });
        value(10, 380, || tag("t/level") * 2.0, #{ unit: "m³", decimals: 0 });
        row(10, 400, "Level", "t/level");
        bar(10, 420, "t/level", #{ setpoint: "sp", normal: [30, 80] });
        text(10, 600, "words", #{ role: "heading", align: "centre" });
        button(10, 620, "Go", #{ tag: "sp", value: 10.0, enabled: || tag("flow") > 1.0 });
        setpoint(110, 620, "sp", #{ label: "setpoint" });
        selector(250, 620, "mode");
        navigation(10, 660);
        trend(520, 10, #{ pens: ["t/level", #{ tag: "flow", label: "out", range: [0, 10] }], span: "30s", w: 400 });
    "#;
    insta::assert_snapshot!(shown(body, &board).to_text());
}

#[test]
fn a_loop_shows_each_and_not_the_last() {
    let board = Board::of(&[("a/p1/speed", Value::Float(1.0)), ("a/p2/speed", Value::Float(2.0))]);
    let body = "for (p, i) in instances(\"pump\", \"a/*\") { text(10, 20 * i, || `${p}: ${tag(p + \"/speed\")}`); }";
    let shown = lines(&shown(body, &board));
    assert!(shown[0].ends_with("\"a/p1: 1.0\""), "{shown:?}");
    assert!(shown[1].ends_with("\"a/p2: 2.0\""), "{shown:?}");
}

#[test]
fn parts_lie_where_they_are_placed_and_take_closures_along() {
    let files = files(&[
        (
            "s.rhai",
            "screen(\"S\");\nlet n = \"a\";\n\
             place(\"box\", 100, 50, #{ words: || `from ${n}`, press: |op| op.request(n, 1.0) });",
        ),
        (
            "parts/box.rhai",
            "panel(0, 0);\nplace(\"inner\", 10, 10, #{ words: params.words });\nbutton(5, 5, \"x\", params.press);",
        ),
        ("parts/inner.rhai", "text(1, 2, params.words);"),
    ]);
    let screens = Screens::new(&files, &[]);
    let mut scene = screens.open("s", &Params::new()).unwrap();
    let board = Board::of(&[("a", Value::Float(1.0))]);
    scene.update(&board);
    let text = &scene.objects()[1];
    assert_eq!((text.rect.x, text.rect.y), (111.0, 62.0));
    assert_eq!((&*text.place.file, text.place.line), ("parts/inner.rhai", 1));
    let placed_by = text.placed_by.as_ref().unwrap();
    assert_eq!((&*placed_by.file, placed_by.line), ("s.rhai", 3));
    assert!(lines(&scene)[1].ends_with("\"from a\""), "{}", scene.to_text());
    let Symbol::Button(button) = &scene.objects()[2].symbol else { panic!("a button") };
    let event = button.event;
    assert_eq!(scene.fire(event, None, &board).unwrap().len(), 1);
}

#[test]
fn a_projects_part_takes_the_place_of_the_librarys() {
    let own = files(&[("parts/pump.rhai", "faceplate(\"Mine\");")]);
    let params = crate::event::named("a/p1");
    assert_eq!(Screens::new(&own, &[]).faceplate("pump", &params).unwrap().header().title, "Mine");
    assert_eq!(Screens::new(&[], &[]).faceplate("pump", &params).unwrap().header().title, "a/p1");
}

#[test]
fn the_list_knows_titles_levels_and_relatives() {
    let files = files(&[
        ("1_top.rhai", "screen(\"Top\", #{ level: 1 });"),
        ("2_a.rhai", "screen(\"A\", #{ level: 2, parent: \"1_top\" });\nnonsense();"),
        ("2_b.rhai", "screen(\"B\", #{ level: 2, parent: \"1_top\" });"),
        ("3_c.rhai", "screen(\"C\", #{ level: 3, parent: \"2_b\" });"),
        ("4_broken.rhai", "let x = ;"),
    ]);
    let screens = Screens::new(&files, &[]);
    let titles: Vec<_> = screens.list().iter().map(|entry| (entry.title.as_str(), entry.level)).collect();
    assert_eq!(titles, [("Top", 1), ("A", 2), ("B", 2), ("C", 3), ("4_broken", 2)]);
    assert!(screens.list()[4].error.is_some());
    let scene = screens.open("2_b", &Params::new()).unwrap();
    let tabs: Vec<_> = scene.relatives().iter().map(|entry| (entry.title.as_str(), format!("{:?}", entry.relation))).collect();
    let expected = [("Top", "Parent"), ("A", "Sibling"), ("B", "Here"), ("C", "Child")].map(|(t, r)| (t, r.to_owned()));
    assert_eq!(tabs, expected);
    assert!(screens.open("2_a", &Params::new()).unwrap_err().message.contains("nonsense"));
    assert!(screens.open("5_none", &Params::new()).unwrap_err().message.contains("no screen `5_none`"));
}

#[test]
fn values_carry_their_quality_and_limits() {
    let mut board = Board::of(&[("level", Value::Float(9.0))]);
    board.change_info("level", |info| info.limits = LimitSet { low: Some(25.0), ..LimitSet::default() });
    let body = "value(1, 1, \"level\"); value(1, 40, \"nothing\"); text(1, 80, || `${tag(\"level\")} m`); \
        pump(200, 200, \"x\");";
    let mut scene = open(body).unwrap();
    scene.update(&board);
    assert!(lines(&scene)[0].ends_with("value=9.0 L"), "{}", scene.to_text());
    assert!(lines(&scene)[1].ends_with("value=– (no such tag)"), "{}", scene.to_text());
    board.set_with("level", Value::Float(9.0), Status::BAD_NO_COMMUNICATION, 2);
    scene.update(&board);
    assert!(lines(&scene)[0].ends_with("value=9.0 (B no communication)"), "a bad value passes no limit: {}", scene.to_text());
    assert!(lines(&scene)[2].ends_with("\"9.0 m\" B"), "{}", scene.to_text());
    assert!(lines(&scene)[3].ends_with("running=– (no such tag) [click]"), "{}", scene.to_text());
}
