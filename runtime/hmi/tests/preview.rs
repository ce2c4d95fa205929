//! The preview as an integrator meets it: clicks, drags and keys, and what they make of the scripts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use egui::{Event, Key, Modifiers, PointerButton, Pos2, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT, Queryable};
use plantroom_hmi::{Console, ConsoleOptions, PaintClock, Preview, Rehearsal, Saved, Script, Source, Workshop};
use plantroom_model::{Mono, Origin, TagSpec, Utc, ValueKind};
use plantroom_scene::{Fill, SampleTags};

const SCREEN: &str = "screen(\"Overview\", #{ level: 1 });
panel(40, 40, #{ w: 1200, h: 600 });
value(100, 100, \"well/level\"); // the well
for i in 0..3 {
    lamp(500 + i * 60, 300, \"p1/running\", #{ label: \"lamp\" });
}
text(100, 400, || fixed(2.0 * tag(\"well/level\"), 1));
";

#[derive(Clone, Default)]
struct Disk {
    files: Arc<Mutex<BTreeMap<String, String>>>,
    news: Arc<Mutex<Option<Saved>>>,
    opened: Arc<Mutex<Vec<String>>>,
}

impl Workshop for Disk {
    fn wake_with(&mut self, _: Box<dyn Fn() + Send + Sync>) {}

    fn poll(&mut self) -> Option<Saved> {
        self.news.lock().unwrap().take()
    }

    fn save(&mut self, file: &str, before: &str, after: &str) -> Result<(), String> {
        let mut files = self.files.lock().unwrap();
        let there = files.get_mut(file).ok_or("no such file")?;
        if there != before {
            return Err(format!("{file} was changed meanwhile"));
        }
        after.clone_into(there);
        Ok(())
    }

    fn open_editor(&mut self, file: &str, line: u32, column: u32) -> Result<String, String> {
        self.opened.lock().unwrap().push(format!("{file}:{line}:{column}"));
        Ok("editor".to_owned())
    }
}

struct Bench {
    harness: Harness<'static, Preview>,
    disk: Disk,
    time_ms: Arc<AtomicU64>,
}

impl Bench {
    fn new() -> Self {
        let time_ms = Arc::new(AtomicU64::new(1_000));
        let read = time_ms.clone();
        let clock = PaintClock::new(move || Mono(0).plus_ms(read.load(Ordering::Relaxed)));
        let disk = Disk::default();
        disk.files.lock().unwrap().insert("1_overview.rhai".to_owned(), SCREEN.to_owned());
        let rehearsal = Rehearsal::new(script(SCREEN), tags(), clock.clone(), Utc(1_767_268_800_000_000_000));
        let options = ConsoleOptions { token: Some("preview".to_owned()), ..ConsoleOptions::default() };
        let console = Console::new(rehearsal.link(), clock.clone(), &options);
        let preview = Preview::new(console, Source::Rehearsal(rehearsal), Box::new(disk.clone()), clock, script(SCREEN));
        let build = Harness::builder().with_size([1_930.0, 900.0]);
        let harness = build.build_ui_state(|ui, preview: &mut Preview| preview.show(ui), preview);
        let mut bench = Self { harness, disk, time_ms };
        bench.wait(6);
        bench
    }

    fn wait(&mut self, frames: u64) {
        for _ in 0..frames {
            self.time_ms.fetch_add(100, Ordering::Relaxed);
            self.harness.step();
        }
    }

    fn file(&self) -> String {
        self.disk.files.lock().unwrap()["1_overview.rhai"].clone()
    }

    /// The middle of what a screen reader calls so on the screen, or in the panel beside it.
    fn middle(&self, words: &str, in_panel: bool) -> Pos2 {
        let wanted = words.to_owned();
        let by = By::new().predicate(move |node| {
            let said = node.label().or(node.value());
            said.is_some_and(|words| words.contains(&wanted))
        });
        let boxes = self.harness.query_all(by).filter_map(|node| node.accesskit_node().bounding_box());
        let bounds = boxes.into_iter().find(|bounds| (bounds.x0 > 1_590.0) == in_panel);
        let bounds = bounds.unwrap_or_else(|| panic!("{words} isn't there"));
        Pos2::new(((bounds.x0 + bounds.x1) / 2.0) as f32, ((bounds.y0 + bounds.y1) / 2.0) as f32)
    }

    fn at(&self, words: &str) -> Pos2 {
        self.middle(words, false)
    }

    fn has(&self, words: &str) -> bool {
        let wanted = words.to_owned();
        let says = move |text: Option<String>| text.is_some_and(|text| text.contains(&wanted));
        let by = By::new().predicate(move |node| says(node.label()) || says(node.value()));
        self.harness.query_all(by).next().is_some()
    }

    fn button(&mut self, at: Pos2, pressed: bool, modifiers: Modifiers) {
        self.harness.event(Event::PointerButton { pos: at, button: PointerButton::Primary, pressed, modifiers });
        self.wait(1);
    }

    fn click(&mut self, at: Pos2) {
        self.harness.event(Event::PointerMoved(at));
        self.wait(1);
        self.button(at, true, Modifiers::NONE);
        self.button(at, false, Modifiers::NONE);
        // The second click of two is another gesture.
        self.wait(8);
    }

    fn drag(&mut self, from: Pos2, by: Vec2) {
        self.harness.event(Event::PointerMoved(from));
        self.wait(1);
        self.button(from, true, Modifiers::NONE);
        for part in 1..=5 {
            self.harness.event(Event::PointerMoved(from + by * part as f32 / 5.0));
            self.wait(1);
        }
        self.button(from + by, false, Modifiers::NONE);
        self.wait(3);
    }

    fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.wait(3);
    }
}

fn script(text: &str) -> Script {
    Script {
        plant: "Bench".into(),
        time_zone: "UTC".into(),
        home: "1_overview".into(),
        files: vec![("1_overview.rhai".into(), text.to_owned())],
        ..Script::default()
    }
}

fn tags() -> SampleTags {
    let mut level = TagSpec::new("well/level", ValueKind::Float, Origin::System);
    (level.unit, level.range) = ("%".to_owned(), Some((0.0, 100.0)));
    let mut tags = SampleTags::new(&[level, TagSpec::new("p1/running", ValueKind::Bool, Origin::System)]);
    tags.fill(Fill::Normal, Utc(1));
    tags
}

#[test]
fn a_click_names_the_script_line_and_opens_it() {
    let mut bench = Bench::new();
    bench.click(bench.at("well/level"));
    assert!(bench.has("1_overview.rhai:3:1"), "the line is told");
    assert!(bench.has("follows well/level"));
    bench.click(bench.middle("Open in editor", true));
    assert_eq!(*bench.disk.opened.lock().unwrap(), ["1_overview.rhai:3:1"]);
}

#[test]
fn a_drag_rewrites_the_numbers_and_is_taken_back() {
    let mut bench = Bench::new();
    bench.drag(bench.at("well/level"), vec2(52.0, -31.0));
    let moved = SCREEN.replace("value(100, 100,", "value(150, 70,");
    assert_eq!(bench.file(), moved);
    // What is painted has moved too, without anybody saving.
    bench.drag(bench.at("well/level"), vec2(0.0, 41.0));
    assert_eq!(bench.file(), SCREEN.replace("value(100, 100,", "value(150, 110,"));
    bench.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(bench.file(), moved);
    bench.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(bench.file(), SCREEN);
    bench.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(bench.file(), moved);
}

#[test]
fn computed_coordinates_stay_and_the_reason_is_told() {
    let mut bench = Bench::new();
    let lamp = bench.at("p1/running");
    bench.drag(lamp, vec2(60.0, 0.0));
    assert_eq!(bench.file(), SCREEN);
    assert!(bench.has("500 + i * 60"), "the expression is told");
    bench.drag(lamp, vec2(60.0, 52.0));
    assert_eq!(bench.file(), SCREEN.replace("i * 60, 300,", "i * 60, 350,"), "along the other axis it moves");
    assert!(bench.has("this line draws 3 objects"));
}

#[test]
fn arrow_keys_move_what_is_chosen_by_the_grid() {
    let mut bench = Bench::new();
    bench.click(bench.at("well/level"));
    bench.key(Modifiers::NONE, Key::ArrowRight);
    bench.key(Modifiers::NONE, Key::ArrowUp);
    assert_eq!(bench.file(), SCREEN.replace("value(100, 100,", "value(110, 90,"));
}

#[test]
fn a_corner_that_is_dragged_rewrites_the_size() {
    let mut bench = Bench::new();
    let middle = bench.at("well/level");
    let corner = middle + vec2(92.0, 24.0) / 2.0 + vec2(4.0, 4.0);
    bench.click(middle);
    bench.drag(corner, vec2(30.0, 20.0));
    let larger = bench.file();
    assert!(larger.contains("w: 120") && larger.contains("h: 40") && larger.contains("value(100, 100,"), "{larger}");
    bench.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(bench.file(), SCREEN);
}

#[test]
fn a_file_that_changed_meanwhile_is_not_overwritten() {
    let mut bench = Bench::new();
    let by_editor = SCREEN.replace("// the well", "// the clear well");
    bench.disk.files.lock().unwrap().insert("1_overview.rhai".to_owned(), by_editor.clone());
    bench.drag(bench.at("well/level"), vec2(50.0, 0.0));
    assert_eq!(bench.file(), by_editor);
    assert!(bench.has("was changed meanwhile"));
    let saved = Saved { script: Some(script(&by_editor)), tags: None, problems: Vec::new() };
    *bench.disk.news.lock().unwrap() = Some(saved);
    bench.wait(3);
    bench.drag(bench.at("well/level"), vec2(50.0, 0.0));
    assert_eq!(bench.file(), by_editor.replace("value(100, 100,", "value(150, 100,"));
}

#[test]
fn saving_redraws_and_a_broken_script_leaves_the_last_good_screen() {
    let mut bench = Bench::new();
    let save = |bench: &mut Bench, text: &str| {
        let saved = Saved { script: Some(script(text)), tags: Some(tags()), problems: Vec::new() };
        *bench.disk.news.lock().unwrap() = Some(saved);
        bench.wait(3);
    };
    save(&mut bench, &(SCREEN.to_owned() + "text(700, 500, \"new words\");\n"));
    assert!(bench.has("new words"));
    save(&mut bench, "screen(\"Overview\");\nvalu(1, 2);\n");
    assert!(bench.has("new words"), "the last good screen stays");
    assert!(bench.has("1_overview.rhai") && bench.has("valu"), "and the mistake is told");
}

#[test]
fn what_a_closure_reads_and_costs_is_told() {
    let mut bench = Bench::new();
    bench.click(bench.at("100.0"));
    assert!(bench.has("closure of line 7") && bench.has("steps"), "its line and its steps");
    assert!(bench.has("reads well/level"));
}
