//! A script, and what is found in it: `line lint`, in order.

use plantroom_model::{Origin, Role, ValueKind, WriteSpec};

use super::*;

pub(crate) fn palette() -> Palette {
    Palette {
        text: [0x2A, 0x2F, 0x35],
        quiet: [0x4A, 0x52, 0x5A],
        value: [0x12, 0x34, 0x4D],
        background: [0xD3, 0xD6, 0xD9],
        panel: [0xC9, 0xCD, 0xD1],
        sheet: [0xF4, 0xF6, 0xF7],
        plot: [0xDF, 0xE2, 0xE5],
        vessel: [0xC2, 0xC7, 0xCC],
        contents: [0x8F, 0xA6, 0xB8],
        running: [0xFA, 0xFB, 0xFB],
        stopped: [0x86, 0x8D, 0x95],
        value_box: [0xE6, 0xE9, 0xEB],
        button: [0xEE, 0xF0, 0xF1],
        attention: vec![[0xC8, 0x10, 0x2E], [0xE0, 0xA1, 0x00], [0x83, 0x38, 0xA6]],
        text_points: 13.5,
    }
}

fn tags() -> Vec<TagSpec> {
    let tag = |name: &str, kind| {
        let mut tag = TagSpec::new(name, kind, Origin::System);
        tag.write = Some(WriteSpec::new(Role::Operate).into());
        tag
    };
    let mut level = tag("well/level", ValueKind::Float);
    (level.unit, level.range) = ("%".to_owned(), Some((0.0, 100.0)));
    let mut narrow = tag("well/narrow", ValueKind::Float);
    (narrow.unit, narrow.range) = ("%".to_owned(), Some((0.0, 100.0)));
    (narrow.limits.high, narrow.limits.low) = (Some(52.0), Some(50.0));
    let mut fixed = TagSpec::new("well/fixed", ValueKind::Float, Origin::Memory { initial: Value::Null });
    fixed.unit = "m".to_owned();
    let bare = tag("well/bare", ValueKind::Float);
    vec![
        level,
        narrow,
        fixed,
        bare,
        tag("p1/running", ValueKind::Bool),
        tag("p1/start", ValueKind::Bool),
        tag("p1/heartbeat", ValueKind::Bool),
    ]
}

fn found(files: &[(&str, &str)]) -> Vec<Finding> {
    let files: Vec<_> = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    let (tags, palette) = (tags(), palette());
    let (instances, alarms, templates) = (&[], &[], &[]);
    lint(&Subject { files: &files, instances, tags: &tags, alarms, templates, home: "1_a", palette: &palette })
}

/// Of one screen of level 1, whose second line this is.
fn check(line: &str, wanted: &[&str]) {
    let script = format!("screen(\"A\", #{{ level: 1 }});\n{line}\n");
    let got: Vec<String> = found(&[("1_a.rhai", &script)]).iter().map(|f| format!("{} {}", f.diagnostic.line, f.lint)).collect();
    assert_eq!(got, wanted, "{line}");
}

#[test]
fn values_have_units_ranges_and_words() {
    check("value(10, 10, \"well/level\");", &[]);
    check("value(10, 10, \"well/bare\");", &["2 value-without-unit"]);
    check("value(10, 10, \"well/bare\", #{ unit: \"pH\" });", &[]);
    check("value(10, 10, || 2.0 * tag(\"well/level\"));", &["2 value-without-unit"]);
    check("row(10, 10, \"a\", \"well/bare\");", &["2 value-without-unit"]);
    check("bar(10, 40, \"well/bare\", #{ unit: \"m\" });", &["2 range-missing"]);
    check("bar(10, 40, \"well/level\");", &[]);
    check("lamp(10, 10, \"p1/start\");", &["2 words-missing"]);
    check("lamp(10, 10, \"p1/start\", #{ label: \"start\" });", &[]);
}

#[test]
fn colour_means_abnormal() {
    check("lamp(10, 10, \"p1/running\", #{ label: \"a\", abnormal: true });", &["2 alarm-colour"]);
    check("lamp(10, 10, \"p1/running\", #{ label: \"a\", abnormal: false });", &[]);
    check("pump(60, 60, \"p1\", #{ label: \"a\", fault: \"p1/running\" });", &["2 alarm-colour"]);
    check("value(10, 10, \"well/narrow\");", &["2 alarm-colour"]);
    check(
        "trend(10, 40, #{ pens: [\"well/level\", \"well/level\", \"well/level\", \"well/level\", \"well/level\"] });",
        &["2 too-many-pens"],
    );
    let red =
        "<svg xmlns='http://www.w3.org/2000/svg' width='4' height='4'>\n<rect width='4' height='4' fill=\"#d01030\"/></svg>";
    let blue = red.replace("#d01030", "blue");
    let grey = red.replace("#d01030", "#888");
    for (svg, wanted) in [(red, vec!["alarm-colour"]), (&blue, vec!["colour"]), (&grey, vec![])] {
        let got: Vec<_> = found(&[("images/site.svg", svg)]).iter().map(|finding| finding.lint).collect();
        assert_eq!(got, wanted, "{svg}");
    }
}

#[test]
fn words_can_be_read_where_they_stand() {
    check("tank(10, 60, #{ tag: \"well/level\" });text(40, 100, \"quiet\", #{ role: \"dim\" });", &["2 low-contrast"]);
    check("panel(10, 60); text(40, 100, \"quiet\", #{ role: \"dim\" });", &[]);
    check("text(40, 100, \"quiet\", #{ role: \"dim\" });", &[]);
    assert!((contrast([0, 0, 0], [255, 255, 255]) - 21.0).abs() < 1e-9);
    assert!((contrast([119, 119, 119], [255, 255, 255]) - 4.48).abs() < 0.01);
}

#[test]
fn things_have_room() {
    check("value(10, 10, \"well/level\"); value(20, 20, \"well/level\");", &["2 overlap"]);
    check("value(10, 10, \"well/level\"); value(10, 60, \"well/level\");", &[]);
    // Labels and limits have room too: over a neighbour's, over a body, across a pipe.
    check("value(10, 40, \"well/level\", #{ label: \"Level\" }); value(20, 8, \"well/level\");", &["2 overlap"]);
    check("value(10, 60, \"well/level\", #{ label: \"Level\" }); value(20, 8, \"well/level\");", &[]);
    check("text(10, 10, \"Pump station\"); text(40, 16, \"north\");", &["2 overlap"]);
    check("text(10, 10, \"Pump station\"); text(10, 34, \"north\");", &[]);
    check("bar(60, 40, \"well/level\", #{ label: \"Level of the well\" }); value(70, 16, \"well/level\");", &["2 overlap"]);
    check("lamp(10, 10, \"p1/running\", #{ label: \"runs\" }); value(60, 10, \"well/level\");", &["2 overlap"]);
    check("value(10, 60, \"well/level\", #{ label: \"Level\" }); pipe([[0, 50], [90, 50]]);", &["2 overlap"]);
    check("value(10, 60, \"well/level\", #{ label: \"Level\" }); pipe([[90, 0], [90, 50]]);", &[]);
    check("panel(10, 10); panel(200, 100);", &["2 overlap"]);
    check("panel(10, 10); panel(20, 40, #{ w: 100, h: 100 });", &[]);
    check("pump(60, 60, \"p1\", #{ label: \"a\" }); pipe([[10, 60], [200, 60]]);", &[]);
    check("button(10, 10, \"Start pump\", #{ w: 90, h: 18, tag: \"p1/start\", value: true });", &["2 small-target"]);
    let large = "screen(\"A\", #{ level: 1, size: [4000, 2000] });";
    let got: Vec<_> = found(&[("1_a.rhai", large)]).iter().map(|finding| finding.lint).collect();
    assert_eq!(got, ["small-text"]);
}

#[test]
fn a_fingertip_means_one_thing() {
    // On a display of 1600 x 900 a unit is a point.
    let button = |x: u32, y: u32, w: u32, h: u32| {
        format!(
            "button({x}, {y}, \"Start pump\", #{{ w: {w}, h: {h}, tag: \"p1/start\", value: true, ask: \"Start pump 1?\" }});"
        )
    };
    let two = |x: u32, y: u32, w: u32, h: u32| format!("{} {}", button(10, 10, w, h), button(x, y, w, h));
    check(&two(10, 50, 90, 32), &["2 touch-room"]);
    check(&two(10, 64, 90, 32), &[]);
    check(&two(10, 76, 90, 60), &[]);
    check(&two(48, 10, 32, 60), &["2 touch-room"]);
    check(&two(70, 10, 56, 60), &[]);
    check(
        &format!("pump(60, 60, \"p1\", #{{ label: \"a\", size: 16, open: \"1_a\" }}); {}", button(76, 40, 90, 60)),
        &["2 touch-room"],
    );
    check(&format!("pump(60, 60, \"p1\", #{{ label: \"a\", size: 16, faceplate: false }}); {}", button(76, 40, 90, 60)), &[]);
    let lines = format!("screen(\"A\", #{{ level: 1 }});\n{}\n\n{}\n", button(10, 10, 90, 32), button(10, 50, 90, 32));
    let findings = found(&[("1_a.rhai", &lines)]);
    let told: Vec<(u32, bool)> =
        findings.iter().map(|one| (one.diagnostic.line, one.diagnostic.message.contains("of line 2"))).collect();
    assert_eq!(told, [(4, true)], "{findings:?}");
}

#[test]
fn commands_are_asked_for_in_words_and_nothing_moves_by_itself() {
    check("button(10, 10, \"Start\", #{ tag: \"p1/start\", value: true });", &["2 unclear-question"]);
    check("button(10, 10, \"Start\", #{ tag: \"p1/start\", value: true, ask: \"Start pump 1?\" });", &[]);
    check("text(10, 10, \"!\", #{ visible: \"p1/heartbeat\" });", &["2 blinking"]);
    check("text(10, 10, \"!\", #{ visible: || tag(\"p1/heartbeat\") });", &["2 blinking"]);
    check("text(10, 10, \"!\", #{ visible: \"p1/running\" });", &[]);
    check("value(10, 10, \"well/fixed\");", &["2 dead-tag"]);
    check("alarms(10, 30, #{ instance: \"p1\" });", &[]);
    check("alarms(10, 30, #{ area: \"anything\" });", &[]);
    check("alarms(10, 30, #{ instance: \"p7\" });", &["2 no-alarms"]);
    check("alarm_banner(10, 30, #{ instance: \"well/leve\" });", &["2 no-alarms"]);
}

#[test]
fn closures_cost_what_they_must() {
    check("text(10, 10, || `${fixed(tag(\"well/level\"), 1)}`);", &[]);
    check("text(10, 10, || \"constant\");", &["2 closure-without-tags"]);
    let costly = "text(10, 10, || { let s = 0.0; for i in 0..600 { s += tag(\"well/level\"); } fixed(s, 1) });";
    check(costly, &["2 costly-closure"]);
}

#[test]
fn every_screen_is_found_in_three_actions() {
    let screen = |level: u32, parent: &str| match parent {
        "" => format!("screen(\"S\", #{{ level: {level} }});"),
        parent => format!("screen(\"S\", #{{ level: {level}, parent: \"{parent}\" }});"),
    };
    let lints = |files: &[(&str, String)]| {
        let files: Vec<_> = files.iter().map(|(file, text)| (*file, text.as_str())).collect();
        found(&files).iter().map(|f| format!("{} {}", f.diagnostic.file, f.lint)).collect::<Vec<_>>()
    };
    assert!(lints(&[("1_a.rhai", screen(1, "")), ("2_b.rhai", screen(2, "1_a")), ("3_c.rhai", screen(3, "2_b"))]).is_empty());
    let lost = lints(&[("1_a.rhai", screen(1, "")), ("2_b.rhai", screen(2, ""))]);
    assert_eq!(lost, ["screens/2_b.rhai level", "screens/2_b.rhai unreachable"]);
    let deep = [
        ("1_a.rhai", screen(1, "")),
        ("2_b.rhai", screen(2, "1_a")),
        ("3_c.rhai", screen(3, "2_b")),
        ("3_d.rhai", screen(3, "3_c")),
        ("3_e.rhai", screen(3, "3_d")),
    ];
    assert_eq!(lints(&deep), ["screens/3_d.rhai level", "screens/3_e.rhai level", "screens/3_e.rhai too-far"]);
    let linked = screen(1, "") + "link(10, 10, \"E\", \"3_e\", #{ h: 30 });";
    let near = lints(&[("1_a.rhai", linked), deep[1].clone(), deep[2].clone(), deep[3].clone(), deep[4].clone()]);
    assert!(!near.contains(&"screens/3_e.rhai too-far".to_owned()), "{near:?}");
}

#[test]
fn a_reason_silences_one_lint_at_one_place() {
    check("value(10, 10, \"well/bare\"); // allow(value-without-unit): a bare count", &[]);
    check("// allow(value-without-unit): a bare count\nvalue(10, 10, \"well/bare\");", &[]);
    check("// allow(value-without-unit): a bare count\n// more words\n\nvalue(10, 10, \"well/bare\");", &[]);
    check("// allow(value-without-unit)\nvalue(10, 10, \"well/bare\");", &["2 allow", "3 value-without-unit"]);
    check("// allow(overlap): so\nvalue(10, 10, \"well/bare\");", &["2 allow", "3 value-without-unit"]);
    check("// allow(no-such-lint): so", &["2 allow"]);
    check("text(10, 10, \"// allow(overlap): no comment\");", &[]);
}

#[test]
fn every_lint_says_why() {
    for lint in LINTS {
        assert!(lint.why.ends_with('.') && lint.why.len() > 40, "{}", lint.id);
        assert!(lint.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", lint.id);
    }
}
