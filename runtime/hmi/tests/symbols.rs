//! Symbols under the hands of an operator, by what a screen reader would say: tabs, pop-ups, tables, machines.

#[expect(dead_code, reason = "the console's tests use more of it")]
mod fake;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use fake::{Facts, Station};
use plantroom_hmi::{Console, ConsoleOptions, PaintClock};
use plantroom_model::{LimitSet, Mono, Status, Value};

const PUMP: &str = r#"faceplate("Faceplate of " + params.name); row(16, 20, "State", params.name + "/running");"#;

struct Bench {
    harness: Harness<'static, Console>,
    station: Station,
    time_ms: Arc<AtomicU64>,
}

impl Bench {
    /// A live console over a screen with this body, 40 pumps `p0` to `p39`, and a level that is too high.
    fn of(body: &str) -> Self {
        let time_ms = Arc::new(AtomicU64::new(1_000));
        let read = time_ms.clone();
        let clock = PaintClock::new(move || Mono(0).plus_ms(read.load(Ordering::Relaxed)));
        let station = Station::new(clock.clone());
        let limits = LimitSet { high_high: Some(90.0), ..LimitSet::default() };
        let percent = Facts { unit: "%", decimals: 1, range: Some((0.0, 100.0)), limits, ..Facts::default() };
        station.tag("well/level", Value::Float(95.0), percent);
        station.tag("well/fine", Value::Float(42.0), percent);
        for pump in 0..40_u16 {
            let states = Facts { states: &[(0, "stopped"), (1, "running")], ..Facts::default() };
            station.tag(&format!("p{pump}/running"), Value::Bool(pump % 2 == 1), states);
            let speed = f64::from((pump * 7) % 40);
            station.tag(&format!("p{pump}/speed"), Value::Float(speed), Facts { unit: "rpm", ..Facts::default() });
        }
        let screen = format!("screen(\"Overview\", #{{ level: 1 }});\n{body}");
        station.reload(&[("1_overview.rhai", &screen), ("parts/pump.rhai", PUMP)]);
        let options = ConsoleOptions { token: Some("t".to_owned()), ..ConsoleOptions::default() };
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

    fn says(&self, part: &str) -> bool {
        self.harness.query_all_by_label_contains(part).next().is_some()
    }

    fn click(&mut self, role: Role, label: &str) {
        self.harness.get_by_role_and_label(role, label).click();
        // Each event has a frame of its own, and a new window is measured before it is shown.
        self.wait(500);
    }

    fn focus(&mut self, role: Role, label: &str) {
        self.harness.get_by_role_and_label(role, label).focus();
        self.wait(200);
    }

    fn key(&mut self, key: Key) {
        self.harness.key_press(key);
        self.wait(200);
    }

    /// The names of the rows in sight, from the top.
    fn rows(&self) -> Vec<String> {
        let rows = self.harness.query_all_by_role(Role::Row);
        let mut seen: Vec<(f32, String)> =
            rows.map(|row| (row.rect().top(), row.accesskit_node().label().unwrap_or_default())).collect();
        seen.sort_by(|a, b| a.0.total_cmp(&b.0));
        seen.into_iter().map(|(_, label)| label.split(',').next().unwrap_or_default().to_owned()).collect()
    }
}

const TABS: &str = r#"tabs(40, 40, [
    ["Pumps", || { text(20, 20, "page one"); }], ["Levels", || { text(20, 20, "page two"); value(20, 60, "well/level"); }],
], #{ w: 600, h: 300 });"#;

#[test]
fn one_page_is_shown_and_tabs_change_it_by_click_and_by_arrow() {
    let mut bench = Bench::of(TABS);
    assert!(bench.says("page one") && !bench.says("page two"));
    // What deserves attention on a page that isn't shown is told on its tab.
    bench.click(Role::Tab, "Levels, HH inside");
    assert!(bench.says("page two") && !bench.says("page one"));
    bench.focus(Role::Tab, "Levels");
    bench.key(Key::ArrowLeft);
    assert!(bench.says("page one") && !bench.says("page two"));
    bench.key(Key::ArrowRight);
    assert!(bench.says("page two"), "the focus goes along");
}

const POPUP: &str = r#"popup(40, 40, "Details", #{ size: [300, 100] }, || { text(20, 20, "inside"); }); pump(900, 300, "p1");"#;

#[test]
fn a_popup_opens_and_closes_by_button_by_escape_and_by_a_click_beside_it() {
    let mut bench = Bench::of(POPUP);
    assert!(!bench.says("inside"));
    bench.click(Role::Button, "Details");
    assert!(bench.says("inside"));
    bench.key(Key::Escape);
    assert!(!bench.says("inside"));
    bench.focus(Role::Button, "Details");
    bench.key(Key::Enter);
    assert!(bench.says("inside"), "the keyboard opens it too");
    bench.harness.hover_at(egui::pos2(1_300.0, 700.0));
    bench.harness.drag_at(egui::pos2(1_300.0, 700.0));
    bench.wait(100);
    bench.harness.drop_at(egui::pos2(1_300.0, 700.0));
    bench.wait(200);
    assert!(!bench.says("inside"), "a press beside it closes it");
}

#[test]
fn escape_closes_a_popup_before_a_faceplate() {
    let mut bench = Bench::of(POPUP);
    bench.focus(Role::Button, "p1 running");
    bench.key(Key::Enter);
    assert!(bench.says("Faceplate of p1"), "Enter opens the faceplate");
    bench.focus(Role::Button, "Details");
    bench.key(Key::Enter);
    assert!(bench.says("inside"));
    bench.key(Key::Escape);
    assert!(!bench.says("inside") && bench.says("Faceplate of p1"));
    bench.key(Key::Escape);
    assert!(!bench.says("Faceplate of p1"));
}

const TABLE: &str = r#"
let all = []; for i in 0..40 { all.push(`p${i}`); }
table(40, 40, #{ w: 600, h: 264, rows: all, names: "Pump", faceplate: "pump", label: "Pumps",
    columns: [#{ title: "Speed", tag: "speed" }, #{ title: "State", tag: "running" }] });"#;

#[test]
fn only_rows_in_sight_are_painted_and_keys_go_through_all() {
    let mut bench = Bench::of(TABLE);
    assert_eq!(bench.rows().first().map(String::as_str), Some("p0"));
    assert!(bench.rows().len() <= 12, "{:?}", bench.rows());
    bench.focus(Role::Table, "Pumps 40 rows");
    bench.key(Key::End);
    assert_eq!(bench.rows().last().map(String::as_str), Some("p39"));
    bench.key(Key::Enter);
    assert!(bench.says("Faceplate of p39"));
    bench.key(Key::Escape);
    bench.focus(Role::Table, "Pumps 40 rows");
    bench.key(Key::Home);
    bench.key(Key::ArrowDown);
    bench.key(Key::Enter);
    assert!(bench.says("Faceplate of p1"));
}

#[test]
fn a_title_sorts_and_sorts_the_other_way_round() {
    let mut bench = Bench::of(TABLE);
    bench.click(Role::ColumnHeader, "Speed");
    assert_eq!(bench.rows()[..3], ["p0", "p23", "p6"], "speeds 0, 1, 2");
    bench.click(Role::ColumnHeader, "Speed, sorted");
    assert_eq!(bench.rows()[..3], ["p17", "p34", "p11"], "speeds 39, 38, 37");
    bench.click(Role::Row, "p34, 38 rpm, stopped");
    assert!(bench.says("Faceplate of p34"), "a click on a row");
}

#[test]
fn the_banner_tells_the_worst_first_and_what_it_is_not() {
    let mut bench = Bench::of(r#"value(40, 300, "well/fine"); alarm_banner(40, 40, #{ w: 800, h: 100, tags: ["well/level"] });"#);
    assert!(bench.says("HH well/level"));
    bench.station.set("well/fine", Value::Float(1.0), Status::BAD_SENSOR_FAILURE);
    bench.wait(300);
    let top = |part: &str| {
        let found = bench.harness.query_all_by_label_contains(part).filter(|node| node.accesskit_node().role() == Role::ListItem);
        found.map(|node| node.rect().top()).next().unwrap_or_else(|| panic!("nothing says {part}"))
    };
    assert!(top("HH well/level") < top("B well/fine"));
}

#[test]
fn a_machine_without_a_tag_it_may_miss_is_no_fault() {
    let mut bench = Bench::of(
        r#"filter(300, 300, "nothing", #{ label: "Filter" }); row(40, 40, "Gone", "no/such", #{ optional: true });
        button(40, 80, "Gone too", #{ tag: "no/such", value: 1.0, optional: true });"#,
    );
    bench.wait(300);
    assert!(!bench.says("no/such") && !bench.says("Gone too"));
    assert!(bench.says("nothing"), "the filter is there and has its name for screen readers");
}
