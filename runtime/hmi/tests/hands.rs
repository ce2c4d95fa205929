//! Fingers, Tab and other windows, over a station that isn't there.

#[expect(dead_code, reason = "the console's tests use more of it")]
mod fake;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use egui::{Event, Key, Modifiers, PointerButton, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use fake::{Facts, Station};
use plantroom_hmi::{Console, ConsoleOptions, NextWindow, PaintClock};
use plantroom_model::{Mono, Value};

const OVERVIEW: &str = r#"screen("Overview", #{ level: 1, size: [1600, 740] });
value(900, 600, "well/level", #{ label: "Level" });
button(700, 300, "Third", |op| op.open("3_third"), #{ w: 60, h: 24 });
button(200, 302, "Second", |op| op.open("2_second"), #{ w: 60, h: 24 });
button(600, 100, "First", |op| op.open("2_second"), #{ w: 60, h: 24 });
"#;
const SECOND: &str = r#"screen("Second screen", #{ level: 2, parent: "1_overview" }); value(9, 99, "well/level");"#;
const THIRD: &str = r#"screen("Third screen", #{ level: 2, parent: "1_overview" }); value(9, 99, "well/level");"#;

struct Bench {
    harness: Harness<'static, Console>,
    station: Station,
    time_ms: Arc<AtomicU64>,
    opened: Arc<Mutex<Vec<NextWindow>>>,
}

impl Bench {
    fn new(fails: bool) -> Self {
        let time_ms = Arc::new(AtomicU64::new(1_000));
        let read = time_ms.clone();
        let clock = PaintClock::new(move || Mono(0).plus_ms(read.load(Ordering::Relaxed)));
        let station = Station::new(clock.clone());
        station.tag("well/level", Value::Float(42.0), Facts { unit: "%", ..Facts::default() });
        station.reload(&[("1_overview.rhai", OVERVIEW), ("2_second.rhai", SECOND), ("3_third.rhai", THIRD)]);
        let opened = Arc::new(Mutex::new(Vec::new()));
        let note = opened.clone();
        let open = move |next: &NextWindow| {
            note.lock().unwrap().push(next.clone());
            if fails { Err("no more room for windows".to_owned()) } else { Ok(()) }
        };
        let options = ConsoleOptions { token: Some("t".to_owned()), open: Some(Arc::new(open)), ..ConsoleOptions::default() };
        let console = Console::new(station.link(), clock, &options).with_others(vec![2, 5]);
        let build = Harness::builder().with_size([1_600.0, 900.0]);
        let harness = build.build_ui_state(|ui, console: &mut Console| console.show(ui), console);
        let mut bench = Self { harness, station, time_ms, opened };
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
        self.wait(200);
    }

    /// A press so far right of and below a button's middle.
    fn press_beside(&mut self, label: &str, right: f32, down: f32) {
        let rect = self.harness.get_by_label(label).rect();
        let at = pos2(rect.center().x + right, rect.center().y + down);
        self.harness.event(Event::PointerMoved(at));
        self.wait(100);
        for pressed in [true, false] {
            let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
            self.harness.event(Event::PointerButton { pos: at, button, pressed, modifiers });
            self.wait(100);
        }
        self.wait(300);
    }

    fn is_focused(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).any(|node| node.accesskit_node().is_focused())
    }

    fn opened(&self) -> Vec<(Option<String>, Option<u32>, bool)> {
        let opened = self.opened.lock().unwrap();
        opened.iter().map(|next| (next.screen.clone(), next.number, next.token.is_some())).collect()
    }
}

#[test]
fn tab_goes_down_the_screen_and_back_whatever_the_scripts_order() {
    let mut bench = Bench::new(false);
    for _ in 0..20 {
        if bench.is_focused("First") {
            break;
        }
        bench.key(Modifiers::NONE, Key::Tab);
    }
    for label in ["First", "Second", "Third"] {
        assert!(bench.is_focused(label), "{label} has the focus in its turn");
        bench.key(Modifiers::NONE, Key::Tab);
    }
    bench.key(Modifiers::SHIFT, Key::Tab);
    assert!(bench.is_focused("Third"), "and back");
    bench.key(Modifiers::SHIFT, Key::Tab);
    assert!(bench.is_focused("Second"));
    bench.key(Modifiers::NONE, Key::Enter);
    assert_eq!(bench.harness.state().screen(), Some("2_second"));
}

#[test]
fn everything_can_be_reached_by_tab_and_tab_comes_round() {
    let mut bench = Bench::new(false);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..40 {
        bench.key(Modifiers::NONE, Key::Tab);
        for label in ["Log out", "First", "Second", "Third", "View", "Project"] {
            if bench.is_focused(label) {
                seen.insert(label);
            }
        }
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
}

#[test]
fn a_small_button_is_pressed_by_a_finger_beside_it_and_not_from_further_off() {
    // 24 high: 10 more above and below make 44.
    for (down, pressed) in [(18.0, true), (-18.0, true), (40.0, false)] {
        let mut bench = Bench::new(false);
        bench.press_beside("Third", 0.0, down);
        let screen = if pressed { "3_third" } else { "1_overview" };
        assert_eq!(bench.harness.state().screen(), Some(screen), "{down} points below its middle");
    }
}

#[test]
fn other_windows_open_with_this_login_and_those_of_the_last_time_come_by_themselves() {
    let mut bench = Bench::new(false);
    assert_eq!(bench.opened(), [(None, Some(2), true), (None, Some(5), true)]);
    bench.key(Modifiers::COMMAND, Key::N);
    bench.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::N);
    let own = Some("1_overview".to_owned());
    assert_eq!(bench.opened()[2..], [(None, None, true), (own, None, true)]);
    bench.key(Modifiers::COMMAND, Key::W);
    assert!(bench.harness.state().is_leaving());
}

#[test]
fn a_window_that_cant_be_opened_is_told() {
    let mut bench = Bench::new(true);
    bench.key(Modifiers::COMMAND, Key::N);
    let told = bench.harness.query_all_by_label_contains("no more room for windows").count();
    assert!(told > 0, "the reason is on the screen");
}
