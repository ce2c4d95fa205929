//! The sandbox on its own: maths, budgets, reads, closures.

use std::sync::{Arc, Mutex};

use plantroom_model::{Sample, Status, Utc, Value};
use rhai::{Dynamic, NativeCallContext};

use crate::{Budget, Closure, Evaluation, Sandbox, TagNow, TagTable};

fn run(text: &str) -> Evaluation {
    let sandbox = Sandbox::new(|_| {});
    let program = sandbox.compile("test.rhai", text, &[]).unwrap_or_else(|error| panic!("{error}"));
    sandbox.run(&program, Vec::new(), Budget::BUILD)
}

/// The closure that a script hands to `keep(..)`.
fn kept(text: &str) -> (Sandbox, Closure) {
    let slot: Arc<Mutex<Option<Closure>>> = Arc::default();
    let inner = slot.clone();
    let sandbox = Sandbox::new(move |engine| {
        engine.register_fn("keep", move |context: NativeCallContext, value: Dynamic| -> Result<(), Box<rhai::EvalAltResult>> {
            *inner.lock().unwrap() = Sandbox::closure(&context, &value)?;
            Ok(())
        });
    });
    let program = sandbox.compile("test.rhai", text, &[]).unwrap();
    let _ = sandbox.run(&program, Vec::new(), Budget::BUILD).result.unwrap();
    let closure = slot.lock().unwrap().take().expect("a closure");
    (sandbox, closure)
}

fn table(values: &[(&str, f64, Status, i64)]) -> TagTable {
    let now = |value: f64, status, time| TagNow {
        sample: Sample { value: Value::Float(value), status, source_time: Utc(time), server_time: Utc(time) },
        decimals: 1,
        ..TagNow::default()
    };
    values.iter().map(|(name, value, status, time)| (Arc::from(*name), now(*value, *status, *time))).collect()
}

#[test]
fn maths_gives_the_same_bits_everywhere() {
    // The bits are those of musl's libm, which the `libm` crate is; the platform's own may differ in the last one.
    for (text, bits) in [
        ("sin(1.0)", libm::sin(1.0).to_bits()),
        ("exp(2.5)", libm::exp(2.5).to_bits()),
        ("ln(10)", 0x4002_6BB1_BBB5_5516),
        ("sqrt(2)", 0x3FF6_A09E_667F_3BCD),
        ("pow(2, 0.5)", 0x3FF6_A09E_667F_3BCD),
        ("atan2(1, 1)", 0x3FE9_21FB_5444_2D18),
        ("round(-2.5)", (-3.0_f64).to_bits()),
        ("log(8, 2)", 3.0_f64.to_bits()),
        ("clamp(7.0, 0.0, 5.0)", 5.0_f64.to_bits()),
    ] {
        let value = run(text).result.unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(value.as_float().unwrap().to_bits(), bits, "{text} = {value}");
    }
}

#[test]
fn maths_is_not_the_platforms_own() {
    // Wherever the platform's result has another last bit than libm's, the script must have libm's.
    let pairs: [(&str, fn(f64) -> f64, fn(f64) -> f64); 4] = [
        ("tan", libm::tan, f64::tan),
        ("sinh", libm::sinh, f64::sinh),
        ("cosh", libm::cosh, f64::cosh),
        ("exp", libm::exp, f64::exp),
    ];
    for (name, ours, platforms) in pairs {
        let Some(x) = (1..5_000).map(|n| f64::from(n) * 0.013).find(|x| ours(*x).to_bits() != platforms(*x).to_bits()) else {
            continue;
        };
        assert_eq!(
            run(&format!("{name}({x:?})")).result.unwrap().as_float().unwrap().to_bits(),
            ours(x).to_bits(),
            "{name}({x})"
        );
    }
    assert!(Sandbox::new(|_| {}).compile("t", "2.0 ** 0.5", &[]).is_err());
}

/// Scripts thrown together from pieces that share, capture, nest and throw: each ends, none breaks the engine.
#[test]
fn no_script_of_many_breaks_the_engine() {
    let pieces = [
        "let a = [1, 2, 3];",
        "let b = #{ x: 1, y: [2] };",
        "let f = || a;",
        "let g = |x| x;",
        "a.push(f);",
        "a.push(a);",
        "b.x = a;",
        "b.y.push(b);",
        "b.f = f;",
        "f = || [f, g];",
        "a = f.call();",
        "let s = \"ab\";",
        "s += s;",
        "s += a;",
        "a += a;",
        "a.pad(50, b);",
        "a.splice(0..1, [f]);",
        "a.sort();",
        "let c = a.map(|v| v);",
        "a = a.filter(|v| { s += \"x\"; true });",
        "for (v, i) in a { b[`k${i}`] = v; }",
        "for v in a { let w = v; f = || w; }",
        "while a.len() < 9 { a.push(|| b); }",
        "try { throw a; } catch (e) { b.e = e; }",
        "a[0] = || s;",
        "a.insert(0, g);",
        "let d = a + a;",
        "b.mixin(#{ f: f });",
        "print(a);",
        "debug(b);",
        "a.reduce(|sum, v| [sum, v]);",
        "if a == a { b.q = a.index_of(f); }",
        "a.dedup();",
        "s.split(\"\");",
        "a.drain(|v| true);",
        "fn h(x) { this = x; }",
        "a.h(b);",
        "a.retain(|v| v != 1);",
        "s.pad(90, \"é\");",
        "b.remove(\"x\");",
        "{ let a = b; f = || a; }",
        "switch a { [] => s, _ => f }",
        "a.chop(2);",
        "let t = s.sub_string(1, 5); s.crop(1);",
    ];
    let mut seed = 2_463_534_242_u64;
    let sandbox = Sandbox::new(|_| {});
    let budget = Budget { steps: 3_000, bytes: 1 << 20 };
    for number in 0..800 {
        let mut text = String::from("let a = []; let b = #{}; let s = \"\"; let f = || 0; let g = |x| x;\n");
        for _ in 0..12 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            text.push_str(pieces[(seed % pieces.len() as u64) as usize]);
            text.push('\n');
        }
        let Ok(program) = sandbox.compile("soup.rhai", &text, &[]) else { continue };
        if let Err(error) = sandbox.run(&program, Vec::new(), budget).result {
            assert!(!error.message.contains("please report"), "script {number}: {error}\n{text}");
        }
    }
}

#[test]
fn a_budget_error_cannot_be_caught() {
    for text in ["loop { try { loop {} } catch { } }", "try { let a = []; loop { a = [a]; } } catch { 1 }"] {
        assert!(run(text).result.is_err(), "{text}");
    }
}

#[test]
fn what_a_script_throws_is_told_apart_from_its_mistakes() {
    let thrown = run("throw \"not now\"").result.unwrap_err();
    assert!(thrown.thrown && thrown.message == "not now");
    assert!(!run("let x = #{}; x.y").result.unwrap_err().thrown);
}

#[test]
fn prints_are_kept_up_to_a_limit() {
    let printed = run("for i in 0..1000 { print(`line ${i} äöü`); }").printed;
    assert_eq!(printed.len(), crate::limits::PRINTED_LINES);
    let long = run("let s = \"ü\"; for i in 0..10 { s += s; } print(s);").printed;
    assert!(long[0].len() <= crate::limits::PRINTED_BYTES && long[0].ends_with('ü'));
}

#[test]
fn a_closure_tells_what_it_read_and_how_good_that_is() {
    let (sandbox, closure) = kept("keep(|| if tag(\"a\") > 1.0 { tag(\"b\") } else { tag(\"c\") });");
    let mut tags = table(&[("a", 2.0, Status::GOOD, 9), ("b", 5.0, Status::UNCERTAIN, 4), ("c", 1.0, Status::BAD, 1)]);
    let evaluation = sandbox.call(&closure, (), Budget::CLOSURE, &mut tags);
    assert_eq!(evaluation.result.unwrap().as_float(), Ok(5.0));
    assert_eq!(evaluation.reads.iter().map(|name| &**name).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!((evaluation.status, evaluation.oldest, evaluation.gap), (Status::UNCERTAIN, Utc(4), false));
    assert_eq!(tags.len(), 3, "the table comes back");
}

#[test]
fn a_missing_value_is_a_gap_and_not_an_error() {
    let (sandbox, closure) = kept("keep(|| tag(\"a\") + tag(\"b\"));");
    let evaluation = sandbox.call(&closure, (), Budget::CLOSURE, &mut TagTable::new());
    assert!(evaluation.gap);
    assert_eq!(evaluation.reads.len(), 2, "all that it needs is known after one run");
    let quality = kept("keep(|| `${is_good(\"a\")} ${tag_or(\"a\", 3)}`);");
    let evaluation = quality.0.call(&quality.1, (), Budget::CLOSURE, &mut TagTable::new());
    assert!(!evaluation.gap);
    assert_eq!(evaluation.result.unwrap().into_string().unwrap(), "false 3");
}

#[test]
fn a_closure_keeps_its_own_copy_of_what_it_captured() {
    let (sandbox, closure) =
        kept("let n = 1; let list = [1, 2]; for i in 0..3 { if i == 1 { keep(|| n + i + list[0]); } } n = 100;");
    for _ in 0..2 {
        let evaluation = sandbox.call(&closure, (), Budget::CLOSURE, &mut TagTable::new());
        assert_eq!(evaluation.result.unwrap().as_int(), Ok(3));
    }
}

#[test]
fn a_closure_cannot_leave_anything_behind() {
    let (sandbox, closure) = kept("let n = [0]; keep(|| { n.push(1); n.len() });");
    for _ in 0..3 {
        let evaluation = sandbox.call(&closure, (), Budget::CLOSURE, &mut TagTable::new());
        assert_eq!(evaluation.result.unwrap().as_int(), Ok(2), "the same each time");
    }
}

#[test]
fn an_amplifying_replace_is_refused_before_it_is_done() {
    let error = run("let s = \"a\"; for i in 0..13 { s += s; } s.replace('a', s); s").result.unwrap_err();
    assert!(error.message.contains("replace()"), "{error}");
    let value = run("let s = \"a b a\"; s.replace(\"a\", \"xy\"); s").result.unwrap();
    assert_eq!(value.into_string().unwrap(), "xy b xy");
}

#[test]
fn a_file_that_is_too_long_is_refused() {
    let sandbox = Sandbox::new(|_| {});
    let text = " ".repeat(crate::limits::FILE_BYTES + 1);
    assert!(sandbox.compile("long.rhai", &text, &[]).unwrap_err().message.contains("split it"));
}
