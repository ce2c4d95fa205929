//! Language, theme, keys and zoom, by what a screen reader would say.

#[expect(dead_code, reason = "the console's tests use more of it")]
mod fake;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use fake::{Facts, Station};
use plantroom_hmi::{Choices, Console, ConsoleOptions, PaintClock};
use plantroom_model::{Mono, Value};

const OVERVIEW: &str = r#"screen("Overview", #{ level: 1 });
text(100, 40, "Clear well");
value(100, 100, "well/level", #{ label: "Level" });
button(300, 100, "Details", |op| op.open("2_pumps"));
"#;
const PUMPS: &str = r#"screen("High-lift pumps", #{ level: 2, parent: "1_overview" });
value(100, 100, "pumps/flow");
"#;
const GERMAN: &str = "\"Overview\" = \"Übersicht\"\n\"Clear well\" = \"Reinwasserbehälter\"\n\"High-lift pumps\" = \"Reinwasserpumpen\"\n\
    \"Details\" = \"Einzelheiten\"\n";

struct Bench {
    harness: Harness<'static, Console>,
    station: Station,
    time_ms: Arc<AtomicU64>,
}

impl Bench {
    fn of(choices: Choices) -> Self {
        let time_ms = Arc::new(AtomicU64::new(1_000));
        let read = time_ms.clone();
        let clock = PaintClock::new(move || Mono(0).plus_ms(read.load(Ordering::Relaxed)));
        let station = Station::new(clock.clone());
        station.tag("well/level", Value::Float(42.0), Facts { unit: "%", ..Facts::default() });
        station.tag("pumps/flow", Value::Float(7.0), Facts { unit: "m³/h", ..Facts::default() });
        station.reload(&[("1_overview.rhai", OVERVIEW), ("2_pumps.rhai", PUMPS), ("languages/de.toml", GERMAN)]);
        let options = ConsoleOptions { token: Some("t".to_owned()), choices, ..ConsoleOptions::default() };
        let console = Console::new(station.link(), clock, &options);
        let build = Harness::builder().with_size([1_600.0, 900.0]);
        let harness = build.build_ui_state(|ui, console: &mut Console| console.show(ui), console);
        let mut bench = Self { harness, station, time_ms };
        bench.wait(600);
        bench
    }

    fn wait(&mut self, ms: u64) {
        for step in 0..ms.div_ceil(100) {
            self.time_ms.fetch_add(100, Ordering::Relaxed);
            if step % 5 == 0 {
                self.station.beat();
            }
            self.harness.step();
        }
    }

    fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.wait(300);
    }

    fn says(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
    }
}

fn english() -> Choices {
    Choices { language: Some("en".to_owned()), ..Choices::default() }
}

#[test]
fn a_console_speaks_the_projects_language_and_its_own() {
    let bench = Bench::of(Choices { language: Some("de".to_owned()), ..Choices::default() });
    for said in ["Reinwasserbehälter", "Einzelheiten", "Ansicht", "Abmelden"] {
        assert!(bench.says(said), "{said}");
    }
    assert!(!bench.says("Clear well") && !bench.says("Log out"));
    let bench = Bench::of(english());
    assert!(bench.says("Clear well") && bench.says("View"));
}

#[test]
fn the_language_changes_while_the_screen_is_open() {
    let mut bench = Bench::of(english());
    bench.harness.get_by_label("View").click();
    bench.wait(300);
    bench.harness.get_by_label("Deutsch").click();
    bench.wait(500);
    assert!(bench.says("Reinwasserbehälter") && bench.says("Ansicht"));
    assert!(!bench.says("Clear well"));
}

#[test]
fn a_screen_and_a_tag_are_found_by_their_names() {
    for (typed, modifiers, key) in [("high", Modifiers::COMMAND, Key::K), ("flow", Modifiers::NONE, Key::Slash)] {
        let mut bench = Bench::of(english());
        bench.key(modifiers, key);
        bench.harness.get_by_label("Go to a screen or a tag").focus();
        bench.harness.event(egui::Event::Text(typed.to_owned()));
        bench.wait(300);
        bench.key(Modifiers::NONE, Key::Enter);
        assert!(!bench.says("Clear well"), "{typed}: still on the overview");
        bench.key(Modifiers::ALT, Key::ArrowLeft);
        assert!(bench.says("Clear well"), "{typed}: the way back");
    }
}

#[test]
fn the_keys_are_listed_and_the_list_closes() {
    let mut bench = Bench::of(english());
    bench.key(Modifiers::NONE, Key::F1);
    assert!(bench.says("go to a screen or a tag by its name"));
    bench.key(Modifiers::NONE, Key::Escape);
    assert!(!bench.says("go to a screen or a tag by its name"));
}

#[test]
fn a_closer_look_moves_what_is_on_the_screen_and_0_brings_it_back() {
    let mut bench = Bench::of(english());
    let place = |bench: &Bench| bench.harness.get_by_label("Details").rect();
    let whole = place(&bench);
    bench.key(Modifiers::NONE, Key::Plus);
    bench.key(Modifiers::NONE, Key::Plus);
    assert!(place(&bench).width() > whole.width() * 1.5);
    bench.key(Modifiers::NONE, Key::Num0);
    assert!((place(&bench).width() - whole.width()).abs() < 0.5);
}
