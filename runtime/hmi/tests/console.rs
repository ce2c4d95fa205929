//! The console as an operator meets it, over a station that isn't there, by what a screen reader would say.

mod fake;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT, Queryable};
use fake::{Facts, Station};
use plantroom_hmi::{Console, ConsoleOptions, PaintClock};
use plantroom_model::{Mono, OutcomeKind, Role, Status, Value};
use plantroom_wire::ToStation;

const OVERVIEW: &str = r#"
screen("Overview", #{ level: 1 });
value(100, 100, "well/level", #{ label: "level" });
button(100, 200, "Start pump 1", #{ w: 140, tag: "p1/start", value: true });
setpoint(100, 300, "p1/sp", #{ label: "speed setpoint" });
pump(500, 300, "p1", #{ label: "Pump 1" });
"#;
const INTAKE: &str = r#"screen("Intake", #{ level: 2, parent: "1_overview" }); value(9, 99, "intake/flow");"#;
const PUMP: &str = r#"faceplate("Pump", #{ subtitle: params.name }); row(16, 20, "State", params.name + "/running");"#;
const BROKEN: &str = "screen(\"Overview\", #{ level: 1 });\n\nvalu(1, 1, \"well/level\");";

struct Bench {
    harness: Harness<'static, Console>,
    station: Station,
    time_ms: Arc<AtomicU64>,
    beats: bool,
}

impl Bench {
    fn new(token: Option<&str>) -> Self {
        let time_ms = Arc::new(AtomicU64::new(1_000));
        let read = time_ms.clone();
        let clock = PaintClock::new(move || Mono(0).plus_ms(read.load(Ordering::Relaxed)));
        let station = Station::new(clock.clone());
        let percent = Facts { unit: "%", decimals: 1, range: Some((0.0, 100.0)), ..Facts::default() };
        station.tag("well/level", Value::Float(42.0), percent);
        station.tag("p1/start", Value::Bool(false), Facts { write: Some(None), ..Facts::default() });
        station.tag("p1/sp", Value::Float(50.0), Facts { write: Some(Some((10.0, 90.0))), ..percent });
        station.tag("p1/running", Value::Bool(false), Facts { states: &[(0, "stopped"), (1, "running")], ..Facts::default() });
        station.tag("intake/flow", Value::Float(7.0), percent);
        station.reload(&[("1_overview.rhai", OVERVIEW), ("2_intake.rhai", INTAKE), ("parts/pump.rhai", PUMP)]);
        let options = ConsoleOptions { token: token.map(str::to_owned), ..ConsoleOptions::default() };
        let console = Console::new(station.link(), clock, &options);
        let build = Harness::builder().with_size([1_600.0, 900.0]);
        let harness = build.build_ui_state(|ui, console: &mut Console| console.show(ui), console);
        let mut bench = Self { harness, station, time_ms, beats: true };
        bench.wait(500);
        bench
    }

    fn live() -> Self {
        let bench = Self::new(Some("t"));
        assert!(bench.says("station is live") || bench.has("Log out"));
        bench
    }

    /// Lets time pass, with a heartbeat twice a second and a frame ten times.
    fn wait(&mut self, ms: u64) {
        for step in 0..ms.div_ceil(100) {
            self.time_ms.fetch_add(100, Ordering::Relaxed);
            if self.beats && step % 5 == 0 {
                self.station.beat();
            }
            self.harness.step();
        }
    }

    fn has(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
    }

    fn says(&self, part: &str) -> bool {
        self.harness.query_all_by_label_contains(part).next().is_some()
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_role_and_label(egui::accesskit::Role::Button, label).click();
        // egui measures a new window in its first frame, and shows it in the second.
        self.wait(200);
    }

    fn writes(&self) -> Vec<(String, Value)> {
        let sent = self.station.inner().sent.clone();
        let write = |message| match message {
            ToStation::Write { tag, value, .. } => Some((tag, value)),
            _ => None,
        };
        sent.into_iter().filter_map(write).collect()
    }

    fn is_off(&self, label: &str) -> bool {
        self.harness.get_by_role_and_label(egui::accesskit::Role::Button, label).accesskit_node().is_disabled()
    }

    fn type_into(&mut self, field: &str, text: &str) {
        self.harness.get(By::new().label(field).predicate(|node| node.is_text_input())).focus();
        self.harness.step();
        self.harness.get(By::new().label(field).predicate(|node| node.is_text_input())).type_text(text);
        self.harness.step();
    }
}

#[test]
fn a_person_logs_in_and_is_told_why_not() {
    let mut bench = Bench::new(None);
    assert!(!bench.has("Log out"));
    bench.type_into("User", "ada");
    bench.type_into("Password", "wrong");
    bench.click("Log in");
    assert!(bench.says("Name or password is not right."));
    bench.type_into("Password", "right");
    bench.click("Log in");
    bench.wait(300);
    assert!(bench.has("Log out"));
    assert!(bench.says("well/level 42.0 %"));
    bench.click("Log out");
    bench.wait(1_000);
    assert!(!bench.says("well/level"));
    assert!(bench.has("Password"));
}

#[test]
fn a_command_takes_two_steps_and_its_outcome_is_told() {
    let mut bench = Bench::live();
    bench.station.inner().outcome = Some(OutcomeKind::Confirmed);
    bench.click("Start pump 1");
    assert!(bench.says("Start pump 1?"));
    assert!(bench.says("off  \u{2192}  on"));
    bench.click("Confirm");
    assert_eq!(bench.writes(), [], "the tail of a double press is no confirmation");
    bench.wait(500);
    bench.click("Confirm");
    assert_eq!(bench.writes(), [("p1/start".to_owned(), Value::Bool(true))]);
    bench.wait(200);
    assert!(bench.has("Confirmed"));
    bench.wait(10_500);
    assert!(!bench.has("Confirmed"));
}

#[test]
fn keys_confirm_and_cancel() {
    let mut bench = Bench::live();
    bench.click("Start pump 1");
    bench.wait(500);
    bench.harness.key_press(egui::Key::Escape);
    bench.wait(100);
    assert!(!bench.has("Confirm"));
    bench.click("Start pump 1");
    bench.wait(500);
    bench.harness.key_press(egui::Key::Enter);
    bench.wait(100);
    assert_eq!(bench.writes().len(), 1);
}

#[test]
fn a_question_that_nobody_confirms_expires_and_a_request_that_nobody_answers_is_unknown() {
    let mut bench = Bench::live();
    bench.click("Start pump 1");
    bench.wait(10_200);
    assert!(!bench.has("Confirm"));
    assert!(bench.has("Not confirmed"));
    bench.click("Start pump 1");
    bench.wait(500);
    bench.click("Confirm");
    bench.wait(14_000);
    assert!(!bench.has("Unknown"));
    bench.wait(1_500);
    assert!(bench.has("Unknown"));
}

#[test]
fn a_setpoint_is_checked_before_the_first_step() {
    let mut bench = Bench::live();
    bench.click("Set speed setpoint");
    bench.type_into("New value", "95");
    bench.click("Set");
    assert!(bench.says("Outside of what may be set: 10 to 90 %."));
    assert!(!bench.has("Confirm"));
    for _ in 0..2 {
        bench.harness.key_press(egui::Key::Backspace);
        bench.wait(100);
    }
    bench.type_into("New value", "60,5");
    bench.click("Set");
    bench.wait(500);
    assert!(bench.says("50.0 %  \u{2192}  60.5 %"));
    bench.click("Confirm");
    assert_eq!(bench.writes(), [("p1/sp".to_owned(), Value::Float(60.5))]);
}

#[test]
fn without_a_heartbeat_everything_is_bad_and_nothing_can_be_commanded_until_it_comes_back() {
    let mut bench = Bench::live();
    assert!(!bench.is_off("Start pump 1"));
    bench.beats = false;
    bench.wait(1_500);
    assert!(bench.says("well/level 42.0 %"));
    assert!(!bench.says("No contact"));
    bench.wait(800);
    assert!(bench.says("No contact with the station since 14:02:4"));
    assert!(bench.says("well/level 42.0 % B"));
    assert!(bench.is_off("Start pump 1"));
    bench.beats = true;
    bench.wait(600);
    assert!(!bench.says("No contact"));
    assert!(!bench.says("well/level 42.0 % B"));
    assert!(!bench.is_off("Start pump 1"));
}

#[test]
fn a_cut_connection_is_resumed_by_itself() {
    let mut bench = Bench::live();
    bench.station.inner().away = true;
    bench.station.cut();
    bench.wait(4_000);
    assert!(bench.says("nothing listens there"));
    bench.station.set("well/level", Value::Float(55.0), Status::GOOD);
    bench.station.inner().away = false;
    bench.wait(6_000);
    assert!(bench.says("well/level 55.0 %"));
    assert!(!bench.says("No contact"));
    let last = bench.station.inner().sent.iter().rev().find(|message| matches!(message, ToStation::Resume { .. })).cloned();
    assert_eq!(last, Some(ToStation::Resume { token: "token".into() }));
}

#[test]
fn a_question_does_not_outlive_the_contact() {
    let mut bench = Bench::live();
    bench.click("Start pump 1");
    bench.wait(500);
    bench.station.inner().away = true;
    bench.station.cut();
    bench.wait(200);
    assert!(!bench.has("Confirm"));
    assert!(bench.has("Not sent"));
}

#[test]
fn a_broken_script_is_told_with_its_line_and_the_last_good_screen_stays() {
    let mut bench = Bench::live();
    bench.station.reload(&[("1_overview.rhai", BROKEN)]);
    bench.wait(200);
    assert!(bench.says("1_overview.rhai:3"));
    assert!(bench.says("well/level 42.0 %"));
    bench.station.set("well/level", Value::Float(43.0), Status::GOOD);
    bench.wait(200);
    assert!(bench.says("well/level 43.0 %"));
    bench.station.reload(&[("1_overview.rhai", OVERVIEW)]);
    bench.wait(200);
    assert!(!bench.says("1_overview.rhai:3"));
}

#[test]
fn tabs_lead_to_other_screens_and_only_what_is_shown_is_subscribed() {
    let mut bench = Bench::live();
    bench.harness.get_by_role_and_label(egui::accesskit::Role::Tab, "Intake").click();
    bench.wait(300);
    assert!(bench.says("intake/flow 7.0 %"));
    let last = bench.station.inner().sent.last().cloned();
    assert!(matches!(last, Some(ToStation::Subscribe { names, .. }) if names == ["intake/flow"]));
    bench.harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::ArrowLeft);
    bench.wait(300);
    assert!(bench.says("well/level"));
}

#[test]
fn a_pump_opens_its_faceplate_and_escape_closes_it() {
    let mut bench = Bench::live();
    bench.harness.get_by(|node| node.label().is_some_and(|label| label.starts_with("p1 "))).click();
    bench.wait(300);
    assert!(bench.says("Pump  p1"));
    assert!(bench.says("p1/running stopped"));
    bench.harness.key_press(egui::Key::Escape);
    bench.wait(200);
    assert!(!bench.says("Pump  p1"));
}

#[test]
fn who_may_only_look_can_not_press() {
    let mut bench = Bench::new(None);
    bench.station.inner().role = Some(Role::View);
    bench.type_into("User", "eve");
    bench.type_into("Password", "right");
    bench.click("Log in");
    bench.wait(300);
    assert!(bench.is_off("Start pump 1"));
}
