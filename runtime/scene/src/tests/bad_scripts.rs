//! Scripts that would hurt: each ends in an error that names its place, soon, and without much memory.

use std::time::{Duration, Instant};

use super::{Board, lines, open, shown};
use plantroom_model::Value;

/// The body fails, with these words, at this line of the file (the body starts at line 2).
fn check(body: &str, words: &str, line: u32) {
    let started = Instant::now();
    let error = open(body).expect_err(body);
    assert!(error.message.contains(words), "{body}\n{error}");
    assert_eq!(error.line, line, "{body}\n{error}");
    assert_eq!(&*error.file, "test.rhai");
    assert!(started.elapsed() < Duration::from_secs(20), "{body} took {:?}", started.elapsed());
}

#[test]
fn a_script_that_never_ends_is_ended() {
    for body in [
        "loop { }",
        "while true { let x = 1; }",
        "let x = 0; for i in 0..9_000_000_000 { x = i; }",
        "let f = |f, n| f.call(f, n + 1);\nlet x = 0; loop { x += 1; }",
        "loop { try { loop { } } catch { } }",
        "[1, 2].map(|x| { loop { } })",
    ] {
        let line = 1 + body.lines().count() as u32;
        check(body, "too many steps", line);
    }
}

#[test]
fn recursion_ends_at_its_depth() {
    check("fn f(n) { f(n + 1) }\nf(0);", "deep", 3);
    check("fn f(n) { g(n) } fn g(n) { f(n) }\nf(0);", "deep", 3);
}

#[test]
fn no_value_grows_without_bounds() {
    for (body, words) in [
        ("let s = \"x\"; loop { s += s; }", "too large"),
        ("let s = \"\"; s.pad(1000000000, \"x\");", "too large"),
        ("let a = []; a.pad(1000000000, 0);", "too large"),
        ("let a = [0]; loop { a += a; }", "too large"),
        ("let m = #{}; for i in 0..1000000 { m[`k${i}`] = i; }", "too"),
        ("let a = []; for i in 0..1000000 { a.push(i); }", "too large"),
        ("let s = \"aaaaaaaa\"; for i in 0..10 { s += s; } s.replace(\"a\", s);", "16384"),
        ("let a = [1, 2, 3]; for i in 0..100 { a = [a, a]; }", "too"),
        ("let a = []; loop { a = [a]; }", "deep"),
    ] {
        check(body, words, 2);
    }
}

#[test]
fn many_large_values_are_too_much_together() {
    for body in [
        "let b = []; b.pad(1800, 7); let all = []; for i in 0..100000 { all.push(|| b); }",
        "let b = []; b.pad(1800, 7); let f = || b; loop { let g = f; let c = b; f = || [g, c]; }",
        "let f = || 1; loop { let g = f; f = || g.call(); }",
        "fn f(a, n) { let b = a; let c = a; let d = a; if n > 0 { f(b, n - 1) + f(c, n - 1) } else { 0 } }\n\
         let a = []; a.pad(1800, 7); f(a, 13);",
    ] {
        let error = open(body).expect_err(body);
        let known = ["too much memory", "deep", "too many steps", "too large"];
        assert!(known.iter().any(|words| error.message.contains(words)), "{body}\n{error}");
    }
}

#[test]
fn nothing_of_the_machine_can_be_reached() {
    for (body, words) in [
        ("eval(\"1\");", "eval"),
        ("import \"x\" as y;", ""),
        ("sleep(10);", "no function sleep"),
        ("exit();", "no function exit"),
        ("timestamp();", "no function timestamp"),
        ("let f = Fn(\"x\").curry(1);", ""),
    ] {
        check(body, words, 2);
    }
}

#[test]
fn deeply_nested_text_is_refused_by_the_parser() {
    for (open_with, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("-", "1"), ("!", "true"), ("#{a:", "}"), ("if true {", "}")] {
        let body = format!("{}{}", open_with.repeat(20_000), close.repeat(20_000));
        assert!(open(&body).is_err(), "{open_with}");
    }
}

#[test]
fn limits_hold_on_the_small_stack_of_a_browser() {
    // A browser gives 1 MiB; the deepest that scripts may go must fit, with room for the painter above it.
    let body = "fn f(n) { if n > 100 { 0 } else { [1].map(|x| { let y = f(n + 1); y + 1 })[0] } }\nf(0);";
    let result = std::thread::Builder::new().stack_size(1 << 20).spawn(move || open(body).map(|_| ())).unwrap().join();
    assert!(result.expect("the stack was enough").is_err());
}

#[test]
fn a_part_that_places_itself_is_ended() {
    check("part(\"a\", |p| { place(\"a\", 0, 0); });\nplace(\"a\", 0, 0);", "deep", 2);
}

#[test]
fn a_bad_closure_shows_on_its_object_and_the_others_live() {
    let board = Board::of(&[("a", Value::Float(2.0)), ("n", Value::Int(0))]);
    for (closure, words) in [
        ("|| { loop {} }", "too many steps"),
        ("|| { let s = \"x\"; loop { s += s; } }", "too large"),
        ("|| throw \"not today\"", "not today"),
        ("|| [1, 2]", "gives a list"),
        ("|| 7 / tag(\"n\")", "can't be computed"),
        ("|| nonsense(tag(\"a\"))", "no function nonsense(number)"),
        ("|x| x", "wrong number of parameters"),
        ("|| button(1, 1, \"x\", |op| op.close())", "while a screen is being built"),
    ] {
        let scene = shown(&format!("text(10, 10, {closure});\ntext(10, 40, || tag(\"a\") * 2.0);"), &board);
        let error = scene.objects()[0].error.as_ref().unwrap_or_else(|| panic!("{closure}: {}", scene.to_text()));
        assert!(error.message.contains(words), "{closure}: {error}");
        assert_eq!(error.line, 2, "{closure}: {error}");
        assert!(lines(&scene)[1].contains("\"4\""), "{}", scene.to_text());
    }
}

#[test]
fn a_flag_must_be_true_or_false() {
    let scene = shown("text(10, 10, \"x\", #{ visible: || 3 });", &Board::default());
    assert!(scene.objects()[0].error.as_ref().unwrap().message.contains("true or false"));
    assert!(*scene.objects()[0].visible.get(), "what fails stays visible, so that its error is seen");
}

#[test]
fn an_error_in_a_part_names_the_parts_file() {
    let files = super::files(&[
        ("a.rhai", "screen(\"A\");\nplace(\"p\", 0, 0, #{ w: 1 });"),
        ("parts/p.rhai", "let x = params.w;\ntext(0, 0, params.nmae);"),
    ]);
    let error = crate::Screens::new(&files, &[]).open("a", &Default::default()).expect_err("no such parameter");
    assert_eq!((&*error.file, error.line), ("parts/p.rhai", 2), "{error}");
    assert!(error.message.contains("nmae"), "{error}");
}
