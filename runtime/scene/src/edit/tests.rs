//! Script before, what is done, script after. `‸` marks the call.

use super::*;
use crate::{Params, Screens};

/// The script without its mark, and the mark's line and column.
fn marked(script: &str) -> (String, (u32, u32)) {
    let at = script.find('‸').unwrap();
    let line = script[..at].matches('\n').count() as u32 + 1;
    let column = script[..at].chars().rev().take_while(|c| *c != '\n').count() as u32 + 1;
    (script.replacen('‸', "", 1), (line, column))
}

fn check(before: &str, by: (f64, f64), grid: f64, after: Result<&str, &str>) {
    let (script, place) = marked(before);
    match (moved(&script, place, by, grid), after) {
        (Ok(text), Ok(wanted)) => assert_eq!(text, wanted, "{before}"),
        (Err(why), Err(part)) => assert!(why.contains(part), "{before}: {why}"),
        (got, wanted) => panic!("{before}: {got:?}, not {wanted:?}"),
    }
}

#[test]
fn a_drag_changes_the_two_numbers_and_nothing_else() {
    check("‸tank(80, 220, #{ tag: \"a\" });", (15.0, -20.0), 0.0, Ok("tank(95, 200, #{ tag: \"a\" });"));
    check(
        "  ‸text( 10 , /* left */ 20 /* top */, `a ${f(1, 2)} (`);",
        (5.0, 5.0),
        0.0,
        Ok("  text( 15 , /* left */ 25 /* top */, `a ${f(1, 2)} (`);"),
    );
    check("‸value(-10, 1_000, \"x/y\") // value(1, 1)", (20.0, 1.0), 0.0, Ok("value(10, 1001, \"x/y\") // value(1, 1)"));
    check("‸value(10.5, 20.0, x)", (0.25, 1.0), 0.0, Ok("value(10.75, 21.0, x)"));
    check(
        "let a = 1;\n// größer\nif a { ‸lamp(1, 2, \")\\\"(\") }",
        (1.0, 1.0),
        0.0,
        Ok("let a = 1;\n// größer\nif a { lamp(2, 3, \")\\\"(\") }"),
    );
    check("/* größer */ ‸pump(1, 2, p)", (3.0, 0.0), 0.0, Ok("/* größer */ pump(4, 2, p)"));
}

#[test]
fn what_moves_comes_to_lie_on_the_grid_and_the_other_axis_stays() {
    check("‸tank(83, 221)", (11.0, 0.0), 10.0, Ok("tank(90, 221)"));
    check("‸tank(83, 221)", (0.0, -4.0), 5.0, Ok("tank(83, 215)"));
    check("‸pipe([[3, 3], [13, 23]])", (5.0, 0.0), 10.0, Ok("pipe([[10, 3], [20, 23]])"));
}

#[test]
fn a_part_moves_by_its_placing_and_a_pipe_by_all_its_corners() {
    check("‸place(\"train\", 100, 200, #{ name: p })", (10.0, 10.0), 0.0, Ok("place(\"train\", 110, 210, #{ name: p })"));
    check(
        "‸pipe([[0, 1], [10, 1], [10, 8]], #{ flow: \"f\" })",
        (2.0, 3.0),
        0.0,
        Ok("pipe([[2, 4], [12, 4], [12, 11]], #{ flow: \"f\" })"),
    );
    check("‸bus_bar([[0, 1], [10, 1]])", (2.0, 0.0), 0.0, Ok("bus_bar([[2, 1], [12, 1]])"));
}

#[test]
fn what_is_computed_is_refused_with_its_words() {
    check("‸pump(320 + i * 180, 440, p)", (10.0, 0.0), 0.0, Err("x of this pump is computed (`320 + i * 180`)"));
    check("‸pump(320 + i * 180, 440, p)", (0.0, 10.0), 0.0, Ok("pump(320 + i * 180, 450, p)"));
    check("‸pipe([[1, y], [2, 3]])", (0.0, 1.0), 0.0, Err("y of this pipe is computed (`y`)"));
    check("‸pipe(corners)", (1.0, 1.0), 0.0, Err("`corners`"));
    check("‸tank(1e3, 5)", (1.0, 0.0), 0.0, Err("computed"));
    check("‸screen(\"A\", #{})", (1.0, 1.0), 0.0, Err("draws nothing"));
    check("let x = ‸7;", (1.0, 1.0), 0.0, Err("no call"));
    check("tank(1, 2)\n‸\n", (1.0, 1.0), 0.0, Err("no call"));
}

#[test]
fn options_are_set_where_they_stand_or_added() {
    let set = |before: &str, key: &str, value: &str| {
        let (script, place) = marked(before);
        with_option(&script, place, key, value).unwrap()
    };
    assert_eq!(set("‸tank(1, 2, #{ w: 10, h: 20 })", "h", "25"), "tank(1, 2, #{ w: 10, h: 25 })");
    assert_eq!(set("‸tank(1, 2, #{ tag: f(\"a, w: 1\") })", "w", "5"), "tank(1, 2, #{ tag: f(\"a, w: 1\"), w: 5 })");
    assert_eq!(set("‸value(1, 2, \"a\")", "w", "5"), "value(1, 2, \"a\", #{ w: 5 })");
    assert_eq!(set("‸panel(1, 2, #{})", "w", "5"), "panel(1, 2, #{ w: 5 })");
    let (script, place) = marked("‸tank(1, 2, #{ w: 10, h: x })");
    assert_eq!((option_number(&script, place, "w"), option_number(&script, place, "h")), (Some(10.0), None));
}

#[test]
fn a_picked_symbol_is_a_call_that_works() {
    assert_eq!(snippet("value", (33.0, 44.0), Some("a/b")).unwrap().split(", #").next().unwrap(), "value(33, 44, \"a/b\"");
    let pump = snippet("pump", (5.0, 6.0), Some("high_lift/p2/speed")).unwrap();
    assert!(pump.starts_with("pump(5, 6, \"high_lift/p2\""), "{pump}");
    assert!(snippet("screen", (0.0, 0.0), None).is_err());
    assert_eq!(appended("a();", "b();"), "a();\nb();\n");
    // Every symbol that is drawn at a place can be picked, and what is added runs.
    let drawn = guide::functions().filter(|function| function.object && !["pipe", "bus_bar", "place"].contains(&function.name));
    for function in drawn {
        let call = snippet(function.name, (100.0, 100.0), None).unwrap();
        let script = format!("screen(\"S\");\nlet p = \"a/b\";\n{call}\n");
        let screens = Screens::new(&[("s.rhai".to_owned(), script)], &[]);
        if let Err(error) = screens.open("s", &Params::new()) {
            panic!("{call}: {error}");
        }
    }
}

#[test]
fn the_place_of_an_object_is_the_place_of_its_call() {
    let script = "screen(\"S\");\nfor i in 0..2 {\n    text(5, 10 + i * 20, \"a\"); value( 40, 50, 7);\n}\n";
    let screens = Screens::new(&[("s.rhai".to_owned(), script.to_owned())], &[]);
    let scene = screens.open("s", &Params::new()).unwrap();
    let moves: Vec<_> = scene
        .objects()
        .iter()
        .map(|object| moved(script, (object.place.line, object.place.column), (1.0, 0.0), 0.0).unwrap())
        .collect();
    assert_eq!(moves[0], script.replace("text(5,", "text(6,"));
    assert_eq!(moves[1], script.replace("value( 40,", "value( 41,"));
    assert_eq!(moves.len(), 4);
}

#[test]
fn no_text_makes_it_fail() {
    let hostile =
        ["", "(", "tank(", "tank(1, 2", "`${`${", "\"", "#\"", "/*", "tank(]", "𝄞tank(1,2)", "'", "tank(1,,2)", "pipe([[[["];
    for script in hostile {
        for line in 0..3 {
            for column in 0..12 {
                let _ = moved(script, (line, column), (1.0, 1.0), 1.0);
                let _ = with_option(script, (line, column), "w", "1");
            }
        }
    }
}

#[test]
fn a_size_is_written_into_the_call_and_nothing_else_changes() {
    let check = |script: &str, size, grid, wanted: Result<&str, &str>| match (resized(script, (1, 1), size, grid), wanted) {
        (Ok(got), Ok(wanted)) => assert_eq!(got, wanted),
        (Err(got), Err(part)) => assert!(got.contains(part), "{got}"),
        (got, wanted) => panic!("{script}: {got:?}, not {wanted:?}"),
    };
    check("value(1, 2, \"a\");", (100.0, 30.0), 0.0, Ok("value(1, 2, \"a\", #{ w: 100, h: 30 });"));
    check(
        "value(1, 2, \"a\", #{ w: 90, label: \"x\" }); // why",
        (104.0, 33.0),
        10.0,
        Ok("value(1, 2, \"a\", #{ w: 100, label: \"x\", h: 30 }); // why"),
    );
    check("pump(9, 9, \"p\", #{ size: 48 });", (60.0, 20.0), 0.0, Ok("pump(9, 9, \"p\", #{ size: 60 });"));
    check("value(1, 2, \"a\", #{ h: 3 });", (2.0, 1.0), 10.0, Ok("value(1, 2, \"a\", #{ h: 10, w: 10 });"));
    check("value(1, 2, \"a\", #{ w: wide });", (100.0, 30.0), 0.0, Err("`w` of this value is computed (`wide`)"));
    check("pipe([[1, 2], [3, 4]]);", (100.0, 30.0), 0.0, Err("has no width and height"));
    check("nothing();", (1.0, 1.0), 0.0, Err("nothing"));
}

#[test]
fn a_line_is_inserted_behind_the_statement_that_is_meant() {
    let script = "screen(\"A\");\nfor i in 0..3 {\n    value(1, i, \"a\"); // each\n} // all\n\nvalue(\n    1, 2, \"b\", #{ w: 9 },\n);\ntext(1, 1, \"end\")";
    let lines = |after| inserted(script, after, "NEW;").lines().position(|line| line == "NEW;").unwrap() + 1;
    assert_eq!(lines(Some((1, 1))), 2);
    assert_eq!(lines(Some((3, 5))), 5, "behind the loop, not in it");
    assert_eq!(lines(Some((6, 1))), 9);
    assert_eq!(lines(Some((9, 1))), 10);
    assert_eq!(lines(None), 10);
    let closure = "text(1, 1, || if tag(\"a\") > 1.0 { \"x\" } else { \"y\" }, #{ role: \"dim\" });\nvalue(1, 1, \"a\");\n";
    assert!(inserted(closure, Some((1, 1)), "NEW;").contains("\" });\nNEW;\nvalue"));
}
