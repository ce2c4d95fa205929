//! Pictures of known screens, compared with stored ones. `PLANTROOM_ACCEPT=1` stores what is painted now.

use std::path::PathBuf;

use plantroom_model::{Origin, Status, TagSpec, ValueKind};
use plantroom_scene::{Fill, Params, SampleTags, Screens};

use super::*;

const SCREEN: &str = r#"
screen("Small", #{ level: 2, size: [420, 240] });
panel(10, 10, #{ w: 400, h: 220, label: "Well" });
tank(30, 60, #{ w: 70, h: 140, tag: "well/level" });
value(130, 70, "well/level", #{ label: "level" });
bar(150, 120, "well/level", #{ h: 70 });
pump(260, 100, "p1", #{ label: "Pump 1" });
pipe([[290, 100], [380, 100]], #{ flow: 3.0, arrow: true });
button(240, 180, "Start", #{ tag: "p1/start", value: true });
"#;

fn tags() -> SampleTags {
    let mut level = TagSpec::new("well/level", ValueKind::Float, Origin::System);
    (level.range, level.unit) = (Some((0.0, 100.0)), "%".to_owned());
    level.limits.high = Some(90.0);
    let mut running = TagSpec::new("p1/running", ValueKind::Bool, Origin::System);
    running.states = vec![(0, "stopped".into()), (1, "running".into())];
    let mut start = TagSpec::new("p1/start", ValueKind::Bool, Origin::System);
    start.write = Some(plantroom_model::WriteSpec::new(plantroom_model::Role::Operate).into());
    SampleTags::new(&[level, running, start])
}

fn picture(set: &[&str], options: &RenderOptions) -> Picture {
    let mut tags = tags();
    tags.fill(Fill::Normal, options.now);
    for words in set {
        tags.set_words(words, options.now).unwrap();
    }
    let screens = Screens::new(&[("small.rhai".to_owned(), SCREEN.to_owned())], &[]);
    let mut scene = screens.open("small", &Params::new()).unwrap();
    render_scene(&mut scene, &tags, options)
}

/// Compares with `tests/pictures/NAME.png`, with grace for another machine's rounding: one pixel in a thousand.
fn check(name: &str, picture: &Picture) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pictures").join(name);
    if std::env::var_os("PLANTROOM_ACCEPT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, picture.png().unwrap()).unwrap();
    }
    let stored = Picture::from_png(&std::fs::read(&path).unwrap()).unwrap();
    let differing = picture.differing(&stored, 12);
    assert!(differing * 1_000 <= picture.rgba.len() / 4, "{name}: {differing} pixels differ");
}

#[test]
fn a_screen_is_painted_as_it_was() {
    check("normal.png", &picture(&["well/level=62"], &RenderOptions::default()));
    check("high.png", &picture(&["well/level=95", "p1/running=false"], &RenderOptions::default()));
    check("bad.png", &picture(&["well/level=62:no_communication"], &RenderOptions::default()));
}

#[test]
fn what_is_abnormal_looks_different_in_greyscale_too() {
    let normal = picture(&["well/level=62"], &RenderOptions::default()).greyscale();
    for words in ["well/level=95", "well/level=62:no_communication", "well/level=62:stale"] {
        let other = picture(&[words], &RenderOptions::default()).greyscale();
        assert!(normal.differing(&other, 40) > 60, "{words}");
    }
}

#[test]
fn the_same_values_give_the_same_bytes() {
    let make = || picture(&["well/level=33.3"], &RenderOptions::default()).png().unwrap();
    assert_eq!(make(), make());
}

#[test]
fn a_picture_has_the_size_that_was_asked_for() {
    let size = |options: &RenderOptions| {
        let picture = picture(&[], options);
        (picture.width, picture.height)
    };
    assert_eq!(size(&RenderOptions::default()), (420, 240));
    assert_eq!(size(&RenderOptions { scale: 2.0, ..RenderOptions::default() }), (840, 480));
    assert_eq!(size(&RenderOptions { size: Some((300.0, 300.0)), scale: 1.5, ..RenderOptions::default() }), (450, 450));
}

#[test]
fn a_whole_console_is_painted_over_a_pretended_station() {
    let options = RenderOptions::default();
    let script = crate::Script {
        plant: "Small works".into(),
        time_zone: "UTC".into(),
        home: "small".into(),
        files: vec![("small.rhai".to_owned(), SCREEN.to_owned())],
        ..crate::Script::default()
    };
    let window = |status: Status| {
        let mut tags = tags();
        tags.fill(Fill::Normal, options.now);
        tags.set("well/level", &plantroom_model::Value::Float(62.0), status, options.now).unwrap();
        let clock = still_clock();
        let rehearsal = Rehearsal::new(script.clone(), tags, clock.clone(), options.now);
        render_window(&rehearsal, &clock, "small", &options)
    };
    let (good, bad) = (window(Status::GOOD), window(Status::BAD));
    assert_eq!((good.width, good.height), (1_600, 900));
    let footer = (0..1_600).filter(|x| good.pixel(*x, 878) != good.pixel(*x, 899)).count();
    assert!(footer > 20, "the footer has words: {footer}");
    assert!(good.differing(&bad, 40) > 500, "the attention list and the value tell of the bad tag");
}
