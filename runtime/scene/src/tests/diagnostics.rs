//! What the check finds, and that it finds nothing where nothing is wrong.

use super::files;
use crate::check;
use plantroom_model::{Origin, Severity, TagSpec, Value, ValueKind, WriteSpec};

fn tags() -> Vec<TagSpec> {
    let tag = |name: &str, kind| TagSpec::new(name, kind, Origin::Memory { initial: Value::Null });
    let mut duty = tag("high_lift/duty", ValueKind::Uint);
    let write = WriteSpec {
        role: plantroom_model::Role::Operate,
        range: None,
        permissives: Vec::new(),
        feedback: None,
        no_feedback: false,
        follow_ms: 0,
        tolerance: 0.0,
        expires_ms: 0,
        ..WriteSpec::new(plantroom_model::Role::Operate)
    };
    duty.write = Some(write.into());
    vec![duty, tag("clear_well/level", ValueKind::Float), tag("high_lift/p1/running", ValueKind::Bool)]
}

fn found(text: &str) -> Vec<String> {
    let instances = [("pump".to_owned(), "high_lift/p1".to_owned())];
    let plain = "faceplate(\"P\");\nrow(1, 1, \"r\", params.name + \"/running\");";
    let files = files(&[("a.rhai", &format!("screen(\"A\", #{{ size: [800, 600] }});\n{text}")), ("parts/pump.rhai", plain)]);
    check(&files, &instances, &tags()).iter().map(|diagnostic| diagnostic.to_string().replace("\n    ", " ")).collect()
}

#[test]
fn each_mistake_is_found_at_its_place() {
    for (text, expected) in [
        (
            "value(1, 1, \"clear_wel/level\");",
            "screens/a.rhai:2:1: error: there is no tag `clear_wel/level` did you mean `clear_well/level`?",
        ),
        ("text(1, 1, || `${tag(\"nothing\")}`);", "screens/a.rhai:2:1: error: there is no tag `nothing`"),
        ("link(1, 1, \"x\", \"b\");", "screens/a.rhai:2:1: error: there is no screen `b` did you mean `a`?"),
        ("button(1, 1, \"x\", |op| op.open(\"elsewhere\"));", "screens/a.rhai:2:1: error: there is no screen `elsewhere`"),
        (
            "pump(99, 99, \"high_lift/p1\", #{ faceplate: \"pmp\" });",
            "screens/a.rhai:2:1: error: there is no part `pmp` did you mean `pump`?",
        ),
        (
            "button(1, 1, \"x\", #{ tag: \"clear_well/level\", value: 1 });",
            "screens/a.rhai:2:1: error: `clear_well/level` can't be written",
        ),
        ("setpoint(1, 1, \"clear_well/level\");", "screens/a.rhai:2:1: error: `clear_well/level` can't be written"),
        (
            "button(1, 1, \"x\", |op| op.request(\"high_lift/duty\", 1.5));",
            "screens/a.rhai:2:1: error: `high_lift/duty` holds a uint, and this writes 1.5",
        ),
        (
            "tank(700, 1, #{ w: 200, tag: \"clear_well/level\" });",
            "screens/a.rhai:2:1: warning: this tank lies outside of its screen",
        ),
        (
            "for p in instances(\"pmp\") { }",
            "screens/a.rhai:2:10: warning: the plant has no instances of a type `pmp` did you mean `pump`?",
        ),
        ("text(1, 1, || nonsense());", "screens/a.rhai:2:15: error: there is no function nonsense()"),
        ("let x = ;", "screens/a.rhai:2:9: error:"),
        ("place(\"gone\", 1, 1);", "screens/a.rhai:2:1: error: place() finds no part `gone`"),
    ] {
        let found = found(text);
        assert!(found.iter().any(|line| line.starts_with(expected)), "{text}\nwanted {expected}\ngot {found:#?}");
        assert_eq!(found.len(), 1, "{text}: {found:#?}");
    }
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let text = "tank(1, 1, #{ tag: \"clear_well/level\" }); pump(300, 99, \"high_lift/p1\", #{ state: false });\n\
        text(1, 300, || if tag(\"clear_well/level\") > 50.0 { \"high\" } else { \"low\" });\n\
        button(1, 400, \"x\", |op| \
        if tag(\"high_lift/p1/running\") { throw \"it runs\" } else { op.request(\"high_lift/duty\", 1) });\n\
        part(\"own\", |p| text(1, 1, \"x\")); place(\"own\", 1, 1); selector(1, 500, \"high_lift/duty\");";
    assert_eq!(found(text), Vec::<String>::new());
}

#[test]
fn a_faceplate_is_checked_for_an_instance_of_its_type() {
    let instances = [("pump".to_owned(), "high_lift/p1".to_owned())];
    let files = files(&[("parts/pump.rhai", "faceplate(\"P\");\nrow(1, 1, \"r\", params.name + \"/speed\");")]);
    let found = check(&files, &instances, &tags());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].severity, found[0].line), (Severity::Error, 2));
    assert!(found[0].message.contains("high_lift/p1/speed"));
}
