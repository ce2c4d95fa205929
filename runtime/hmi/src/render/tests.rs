//! Pictures of known screens, compared with stored ones. `PLANTROOM_ACCEPT=1` stores what is painted now.

use std::path::PathBuf;

use plantroom_model::{Origin, Status, TagSpec, ValueKind};
use plantroom_scene::theme::Shade;
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
        render_window(&rehearsal, &clock, ("small", None), &options)
    };
    let (good, bad) = (window(Status::GOOD), window(Status::BAD));
    assert_eq!((good.width, good.height), (1_600, 900));
    let footer = (0..1_600).filter(|x| good.pixel(*x, 878) != good.pixel(*x, 899)).count();
    assert!(footer > 20, "the footer has words: {footer}");
    assert!(good.differing(&bad, 40) > 500, "the attention list and the value tell of the bad tag");
}

/// Paints a screen several times, with other values each time, and gives the last picture.
fn repainted(kept: &mut crate::paint::Kept, card: crate::paint::Card, rounds: &[&[&str]]) -> Picture {
    let options = RenderOptions::default();
    let screens = Screens::new(&[("small.rhai".to_owned(), SCREEN.to_owned())], &[]);
    let mut scene = screens.open("small", &Params::new()).unwrap();
    let mut tags = tags();
    tags.fill(Fill::Normal, options.now);
    let (recorder, zone) = (Recorder::default(), words::zone("UTC"));
    let conditions = |_: &str| Vec::new();
    let view =
        View { now: Some(options.now), zone: &zone, recorder: &recorder, alarms: None, blocked: None, conditions: &conditions };
    let ctx = context(&options);
    card.use_for(&ctx);
    let mut picture = None;
    for set in rounds {
        for words in *set {
            tags.set_words(words, options.now).unwrap();
        }
        scene.update(&tags);
        picture = Some(headless(&ctx, (420.0, 240.0), &options, Look::of(&ctx).theme.background, 2, |ui| {
            let canvas = Canvas::new(ui.painter(), pos2(0.0, 0.0), 1.0);
            paint::paint(ui, &canvas, egui::Id::unique("render"), &scene, &view, kept);
        }));
    }
    picture.unwrap()
}

#[test]
fn what_is_kept_looks_like_what_is_painted_anew() {
    use crate::paint::{Card, Kept};
    let rounds: [&[&[&str]]; 4] = [
        &[&["well/level=62"]],
        &[&["well/level=62"], &["well/level=7"], &["well/level=95.5"]],
        &[&["well/level=5"], &["well/level=95", "p1/running=false"], &["well/level=3:no_communication"]],
        &[&["well/level=5:bad"], &["well/level=50", "p1/running=true"], &["p1/running=false"]],
    ];
    for rounds in rounds {
        let naive = repainted(&mut Kept::off(), Card::None, rounds);
        for card in [Card::None, Card::Memory] {
            let kept = repainted(&mut Kept::default(), card, rounds);
            assert_eq!(kept.differing(&naive, 2), 0, "{card:?} {rounds:?}");
        }
    }
}

#[test]
fn only_what_has_changed_is_made_anew() {
    let mut kept = crate::paint::Kept::default();
    repainted(&mut kept, crate::paint::Card::None, &[&["well/level=62"], &["well/level=63"]]);
    assert_eq!(kept.made(), 0, "the last pass of two shows the same");
}

#[test]
fn letters_of_many_scripts_are_all_there() {
    let ctx = context(&RenderOptions::default());
    ctx.run_ui(RawInput::default(), |_| {}).textures_delta.clear();
    for text in [
        "Füllstand",
        "Στάθμη δεξαμενής",
        "Уровень воды в резервуаре",
        "清水池液位",
        "配水池の水位",
        "정수지 수위",
        "m³/h °C µS Ω",
    ] {
        for font in [fonts_regular(), fonts_bold()] {
            let missing: Vec<char> =
                text.chars().filter(|letter| !ctx.fonts_mut(|fonts| fonts.has_glyph(&font, *letter))).collect();
            assert!(missing.is_empty(), "{text}: {missing:?}");
        }
    }
}

fn fonts_regular() -> egui::FontId {
    crate::fonts::regular(13.0)
}

fn fonts_bold() -> egui::FontId {
    crate::fonts::bold(13.0)
}

#[test]
fn a_dark_screen_in_german_is_painted_as_it_was() {
    let choices = Choices { language: Some("de".to_owned()), shade: Some(Shade::Dark), ..Choices::default() };
    let german = "\"Well\" = \"Brunnen\"\n\"Pump 1\" = \"Pumpe 1\"\n\"running\" = \"läuft\"\n\"level\" = \"Stand\"\n";
    let files = vec![("languages/de.toml".to_owned(), german.to_owned())];
    let options = RenderOptions { choices, files, ..RenderOptions::default() };
    let mut tags = tags();
    tags.fill(Fill::Normal, options.now);
    tags.set_words("well/level=95", options.now).unwrap();
    let screens = Screens::new(&[("small.rhai".to_owned(), SCREEN.to_owned())], &[]).in_language(options.texts());
    let mut scene = screens.open("small", &Params::new()).unwrap();
    check("dark_german.png", &render_scene(&mut scene, &tags, &options));
}

#[test]
fn made_up_trends_have_no_gaps_whatever_they_span() {
    for span in ["10m", "1d"] {
        let screen =
            format!("screen(\"Small\", #{{ level: 3 }});\ntrend(20, 40, #{{ pens: [\"well/level\"], span: \"{span}\" }});\n");
        let screens = Screens::new(&[("small.rhai".to_owned(), screen)], &[]);
        let mut scene = screens.open("small", &Params::new()).unwrap();
        let mut tags = tags();
        let now = RenderOptions::default().now;
        tags.fill(Fill::Normal, now);
        scene.update(&tags);
        let mut recorder = Recorder::default();
        invent(&mut recorder, &scene, &tags, now);
        let Some(Symbol::Trend(trend)) =
            scene.objects().iter().map(|object| &object.symbol).find(|s| matches!(s, Symbol::Trend(_)))
        else {
            panic!("the screen has a trend")
        };
        let runs = recorder.pen("well/level", trend.span_ms).map(|pen| pen.runs(0).len());
        assert_eq!(runs, Some(1), "{span}");
    }
}

fn alarms() -> plantroom_wire::AlarmBatch {
    use plantroom_model::{AlarmState, Marks, Priority, Value};
    use plantroom_wire::{AlarmBatch, AlarmInfo, AlarmNow, AlarmTotals};
    let now = RenderOptions::default().now.0;
    let words = ["Well level is low", "Turbidity is high", "Well pump 1 runs hot", "Well pump 2 has tripped"];
    let info = |id: u32| AlarmInfo {
        id,
        name: format!("well/p{id}/alarm"),
        message: words[id as usize % 4].into(),
        priority: Priority::ALL[1 + id as usize % 4] as u8,
        area: "well".into(),
        tag: "well/level".into(),
        unit: "%".into(),
        decimals: 1,
        action: "Look at the pump, then reset it.".into(),
        consequence: "The well runs dry.".into(),
        condition: "at or below its limit for 5 s".into(),
        respond_s: 600,
        screen: "small".into(),
        may_operate: true,
        ..AlarmInfo::default()
    };
    let row = |id: u32| AlarmNow {
        id,
        occurrence: u64::from(id) + 1,
        state: [AlarmState::Unacknowledged, AlarmState::Acknowledged, AlarmState::Returned][id as usize % 3] as u8,
        marks: if id == 7 { Marks::CHATTERING.0 } else { 0 },
        came: now - i64::from(id) * 7_000_000_000,
        value: Value::Float(22.4),
        limit: Some(25.0),
        cause: if (8..12).contains(&id) { "power dip of the well".into() } else { String::new() },
        ..AlarmNow::default()
    };
    let counts = AlarmTotals { unacknowledged: [0, 4, 3, 3, 3], listed: [0, 5, 5, 5, 5], shelved: 2, ..AlarmTotals::default() };
    AlarmBatch {
        whole: true,
        infos: (0..20).map(info).collect(),
        rows: (0..20).map(row).collect(),
        counts,
        ..AlarmBatch::default()
    }
}

/// A window with alarms; with a pane open.
fn window_with(pane: Option<crate::panes::Pane>, options: &RenderOptions) -> Picture {
    let files = vec![("small.rhai".to_owned(), SCREEN.to_owned())];
    let script =
        crate::Script { plant: "Works".into(), time_zone: "UTC".into(), home: "small".into(), files, ..Default::default() };
    let mut tags = tags();
    tags.fill(Fill::Normal, options.now);
    let clock = still_clock();
    let rehearsal = Rehearsal::new(script, tags, clock.clone(), options.now);
    rehearsal.tell_alarms(alarms());
    let console_options = ConsoleOptions { token: Some("preview".to_owned()), ..ConsoleOptions::default() };
    let mut console = Console::new(rehearsal.link(), clock, &console_options);
    let ctx = context(options);
    let ground = Look::of(&ctx).theme.background;
    let mut pass = 0;
    headless(&ctx, (1_600.0, 900.0), options, ground, WINDOW_PASSES + 4, |ui| {
        pass += 1;
        if let (Some(pane), WINDOW_PASSES) = (pane, pass) {
            console.show_alarm_pane(pane, "well/p3/alarm");
        }
        console.show(ui);
    })
}

#[test]
fn alarms_are_painted_as_they_were() {
    use crate::panes::Pane;
    let options = RenderOptions::default();
    check("alarm-banner.png", &window_with(None, &options));
    check("alarm-list.png", &window_with(Some(Pane::Alarms), &options));
    check("alarm-detail.png", &window_with(Some(Pane::AlarmDetail), &options));
}

/// One alarm of a priority in a small list, of which little more than the sign is to be seen; in grey.
fn sign_in_grey(priority: plantroom_model::Priority, state: plantroom_model::AlarmState, shade: Shade) -> Picture {
    let mut batch = alarms();
    batch.infos.truncate(1);
    batch.rows.truncate(1);
    batch.infos[0].priority = priority as u8;
    batch.rows[0].state = state as u8;
    let screen = "screen(\"Sign\", #{ size: [50, 50] });\nalarms(0, 0, #{ w: 30, h: 24 });\n";
    let mut scene = Screens::new(&[("sign.rhai".to_owned(), screen.to_owned())], &[]).open("sign", &Params::new()).unwrap();
    let choices = Choices { shade: Some(shade), ..RenderOptions::default().choices };
    let options = RenderOptions { alarms: Some(batch), choices, scale: 2.0, ..RenderOptions::default() };
    render_scene(&mut scene, &tags(), &options).greyscale()
}

#[test]
fn priorities_are_told_apart_without_colour() {
    use plantroom_model::{AlarmState, Priority};
    for shade in [Shade::Light, Shade::Dark] {
        let all: Vec<Picture> =
            Priority::ALL[1..].iter().map(|priority| sign_in_grey(*priority, AlarmState::Acknowledged, shade)).collect();
        for (place, one) in all.iter().enumerate() {
            for other in &all[..place] {
                let differing = one.differing(other, 40);
                assert!(differing > 60, "{shade:?}: {differing} pixels differ");
            }
        }
    }
}
