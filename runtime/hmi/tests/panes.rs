//! The engineer's panes, as a person at the keyboard meets them.

mod fake;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT, Queryable};
use fake::{Facts, Station};
use plantroom_hmi::{Console, ConsoleOptions, PaintClock};
use plantroom_model::{AutomationVerb, Diagnostic, Mono, OutcomeKind, PermissiveTest, Role, Status, TagMode, Value};
use plantroom_wire::{
    Ask, AutomationNow, ChangeNow, Deed, JournalLine, OverrideNow, PermissiveInfo, ProjectNow, ProjectState, RegisterNow, Reply,
    ToStation, WhyNow, WhyStep,
};

const OVERVIEW: &str = r#"
screen("Overview", #{ level: 1 });
value(100, 100, "well/level", #{ label: "level" });
button(100, 200, "Start pump 1", #{ w: 140, tag: "p1/start", value: true });
permissives(100, 260, "p1/start", #{ label: "Start" });
"#;

struct Bench {
    harness: Harness<'static, Console>,
    station: Station,
    time_ms: Arc<AtomicU64>,
}

impl Bench {
    fn new(role: Role) -> Self {
        let time_ms = Arc::new(AtomicU64::new(1_000));
        let read = time_ms.clone();
        let clock = PaintClock::new(move || Mono(0).plus_ms(read.load(Ordering::Relaxed)));
        let station = Station::new(clock.clone());
        let percent = Facts { unit: "%", decimals: 1, range: Some((0.0, 100.0)), ..Facts::default() };
        station.tag("well/level", Value::Float(42.0), percent);
        station.tag("p1/start", Value::Bool(false), Facts { write: Some(None), ..Facts::default() });
        station.tag("p1/suction", Value::Float(0.2), Facts { unit: "bar", decimals: 1, ..Facts::default() });
        station.tag("system/overrides", Value::Uint(0), Facts::default());
        let message = "suction pressure is too low".to_owned();
        let guard = PermissiveInfo { tag: "p1/suction".to_owned(), test: PermissiveTest::AtLeast(1.0), message, only_for: None };
        if let Some((info, ..)) = station.inner().tags.get_mut("p1/start") {
            info.permissives = vec![guard];
        }
        station.inner().role = Some(role);
        station.reload(&[("1_overview.rhai", OVERVIEW)]);
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

    fn key(&mut self, key: Key) {
        self.harness.key_press(key);
        self.wait(400);
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_role_and_label(egui::accesskit::Role::Button, label).click();
        self.wait(200);
    }

    fn type_into(&mut self, field: &str, text: &str) {
        let of = || By::new().label(field).predicate(|node| node.is_text_input());
        self.harness.get(of()).focus();
        self.harness.step();
        self.harness.get(of()).type_text(text);
        self.harness.step();
    }

    /// The second step.
    fn confirm(&mut self) {
        self.wait(500);
        self.click("Confirm");
        self.wait(300);
    }

    fn sent(&self, wanted: impl Fn(&ToStation) -> bool) -> Vec<ToStation> {
        self.station.inner().sent.iter().filter(|message| wanted(message)).cloned().collect()
    }

    fn answer(&self, ask: Ask, reply: Reply) {
        let mut inner = self.station.inner();
        inner.replies.retain(|(known, _)| *known != ask);
        inner.replies.push((ask, reply));
    }

    fn is_off(&self, label: &str) -> bool {
        self.harness.get_by_role_and_label(egui::accesskit::Role::Button, label).accesskit_node().is_disabled()
    }

    /// A right click in the middle of what is called so.
    fn right_click(&mut self, label: &str) {
        let at = self.harness.get_by_label_contains(label).rect().center();
        self.harness.hover_at(at);
        self.harness.step();
        for pressed in [true, false] {
            let modifiers = egui::Modifiers::NONE;
            let button = egui::PointerButton::Secondary;
            self.harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers });
            self.harness.step();
        }
        self.wait(400);
    }
}

fn level_why(over: Option<OverrideNow>) -> WhyNow {
    let step = |what: &str, text: &str, quality: &str| WhyStep {
        depth: 0,
        what: what.to_owned(),
        text: text.to_owned(),
        quality: quality.to_owned(),
    };
    WhyNow {
        value: "42.0 %".to_owned(),
        reason: "good".to_owned(),
        steps: vec![
            step("raw", "0x41C8 0x0000 = 16840 0 (read 0.2 s ago)", ""),
            step("last refusal", "43 % by ada, 3.0 s ago: refused. Suction pressure is too low.", ""),
        ],
        over,
        text: "well/level = 42.0 %".to_owned(),
    }
}

#[test]
fn a_right_click_tells_why_and_a_tag_is_taken_over_in_two_steps_with_a_reason() {
    let mut bench = Bench::new(Role::Engineer);
    bench.station.inner().whys.insert("well/level".to_owned(), level_why(None));
    bench.station.inner().outcome = Some(OutcomeKind::Done);
    bench.right_click("well/level");
    assert!(bench.says("0x41C8 0x0000 = 16840 0"));
    assert!(bench.says("Suction pressure is too low."), "the last refusal");
    bench.click("Substitute");
    assert!(bench.says("Say why first"));
    bench.type_into("Reason", "sensor is being cleaned");
    bench.type_into("Value", "50");
    bench.click("Substitute");
    assert!(bench.says("42.0 %  \u{2192}  50.0 %"));
    let modes = |bench: &Bench| bench.sent(|message| matches!(message, ToStation::SetMode { .. }));
    assert_eq!(modes(&bench), [], "nothing is sent with the first step");
    bench.confirm();
    let wanted = matches!(modes(&bench).as_slice(), [ToStation::SetMode { tag, mode: TagMode::Substituted, value, reason, .. }]
        if tag == "well/level" && *value == Some(Value::Float(50.0)) && reason == "sensor is being cleaned");
    assert!(wanted, "{:?}", modes(&bench));
    assert!(bench.says("well/level: substituted"), "its outcome is told");
    bench.station.set("well/level", Value::Float(50.0), Status::GOOD_SUBSTITUTED);
    bench.wait(200);
    assert!(bench.says("well/level 50.0 % substitute"), "it is marked on the screen");
    bench.key(Key::Escape);
    assert!(!bench.says("0x41C8"));
}

#[test]
fn a_long_press_on_a_button_tells_everything_about_its_tag_and_presses_nothing() {
    let mut bench = Bench::new(Role::Operate);
    bench.station.inner().whys.insert("p1/start".to_owned(), level_why(None));
    let at = bench.harness.get_by_role_and_label(egui::accesskit::Role::Button, "Start pump 1").rect().center();
    let button = |pressed| egui::Event::PointerButton {
        pos: at,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: egui::Modifiers::NONE,
    };
    bench.harness.hover_at(at);
    bench.harness.event(button(true));
    bench.wait(2_000);
    bench.harness.event(button(false));
    bench.wait(400);
    assert!(bench.says("0x41C8 0x0000"), "the sheet is open");
    assert!(bench.says("not possible: suction pressure is too low (p1/suction)"));
    assert!(!bench.says("Start pump 1?"));
}

#[test]
fn the_key_i_takes_a_name_where_nothing_is_pointed_at() {
    let mut bench = Bench::new(Role::Operate);
    bench.station.inner().whys.insert("well/level".to_owned(), level_why(None));
    bench.key(Key::I);
    bench.type_into("Tag name", "well/level");
    bench.click("Show");
    bench.wait(300);
    assert!(bench.says("0x41C8 0x0000"));
    assert!(bench.is_off("Simulate") && !bench.is_off("Substitute"), "an operator may only substitute");
}

#[test]
fn taken_over_tags_are_counted_in_the_footer_listed_and_put_back() {
    let mut bench = Bench::new(Role::Operate);
    let over = |tag: &str, mode| OverrideNow {
        tag: tag.to_owned(),
        mode,
        value: "50.0 %".to_owned(),
        reason: "sensor is being cleaned".to_owned(),
        user: "ada".to_owned(),
        since: fake::START_UTC,
    };
    let list = vec![over("p1/suction", TagMode::Simulated), over("well/level", TagMode::Substituted)];
    bench.answer(Ask::Overrides, Reply::Overrides { list, more: 0 });
    bench.station.set("system/overrides", Value::Uint(2), Status::GOOD);
    bench.wait(300);
    bench.click("Overrides: 2");
    bench.wait(300);
    assert!(bench.says("sensor is being cleaned") && bench.says("14:02:44"));
    assert!(bench.says("not by you"), "a simulation is an engineer's to end");
    bench.type_into("Why they are put back", "cleaned");
    bench.harness.get_by_label("Restore").click();
    bench.wait(200);
    bench.confirm();
    let sent = bench.sent(|message| matches!(message, ToStation::SetMode { .. }));
    assert!(
        matches!(sent.as_slice(), [ToStation::SetMode { tag, mode: TagMode::Normal, .. }] if tag == "well/level"),
        "{sent:?}"
    );
}

#[test]
fn commissioning_shows_raw_words_beside_values_to_engineers_and_asks_once_a_second() {
    let row = |tag: &str, words: &[u16], note: &str| RegisterNow {
        tag: tag.to_owned(),
        place: "40011".to_owned(),
        words: words.to_vec(),
        value: "25.0 m".to_owned(),
        quality: if note.is_empty() { "good" } else { "bad" }.to_owned(),
        reason: if note.is_empty() { "good" } else { "device failure" }.to_owned(),
        note: note.to_owned(),
        ..RegisterNow::default()
    };
    let registers = Reply::Registers {
        connections: vec!["plc".to_owned(), "meter".to_owned()],
        connection: "plc".to_owned(),
        link: "127.0.0.1:502".to_owned(),
        state: "up".to_owned(),
        rows: vec![row("well/level", &[0x41C8, 0], ""), row("well/temperature", &[], "exception 2: no such register")],
        more: 3,
    };
    let mut bench = Bench::new(Role::Engineer);
    for connection in ["", "plc"] {
        bench.answer(Ask::Registers { connection: connection.to_owned() }, registers.clone());
    }
    bench.key(Key::F8);
    assert!(bench.says("41C8 0000") && bench.says("16840 0") && bench.says("40011"));
    assert!(bench.says("exception 2: no such register"));
    assert!(bench.says("3 more are not shown"));
    let asked = |bench: &Bench| bench.sent(|message| matches!(message, ToStation::Ask { ask: Ask::Registers { .. }, .. })).len();
    let before = asked(&bench);
    bench.wait(5_000);
    assert!((4..=6).contains(&(asked(&bench) - before)), "{} in 5 s", asked(&bench) - before);
    bench.type_into("Filter", "temperature");
    bench.wait(200);
    assert!(!bench.says("41C8 0000") && bench.says("exception 2"));
    bench.key(Key::Escape);
    bench.key(Key::Escape);
    let before = asked(&bench);
    bench.wait(3_000);
    assert_eq!(asked(&bench), before, "what isn't open asks nothing");

    let mut bench = Bench::new(Role::Operate);
    bench.key(Key::F8);
    bench.wait(2_000);
    assert!(bench.says("Raw registers are for engineers"));
    assert_eq!(asked(&bench), 0);
}

#[test]
fn an_automation_is_stopped_with_a_reason_and_its_journal_says_why_it_acted() {
    let automation = AutomationNow {
        name: "refill".to_owned(),
        description: "keeps the well full".to_owned(),
        does: "automations/refill.rhai".to_owned(),
        user: "robot".to_owned(),
        write: vec!["p1/start".to_owned()],
        state: "waiting".to_owned(),
        last_action: "p1/start = on: confirmed".to_owned(),
        ..AutomationNow::default()
    };
    let line = JournalLine {
        at: fake::START_UTC,
        automation: "refill".to_owned(),
        cause: "change of well/level".to_owned(),
        words: "p1/start = on: confirmed.".to_owned(),
        why: "the well is nearly empty".to_owned(),
        good: true,
    };
    let mut bench = Bench::new(Role::Operate);
    bench.station.inner().outcome = Some(OutcomeKind::Done);
    bench.answer(Ask::Automations { journal_of: None }, Reply::Automations { list: vec![automation], journal: vec![line] });
    bench.key(Key::F7);
    assert!(bench.says("keeps the well full") && bench.says("the well is nearly empty"));
    assert!(bench.is_off("Restart refill"), "a restart is an engineer's");
    bench.click("Stop refill");
    assert!(bench.says("Say why first"));
    bench.type_into("Reason (a stop must have one)", "pump is being serviced");
    bench.click("Stop refill");
    bench.confirm();
    let sent = bench.sent(|message| matches!(message, ToStation::Do { .. }));
    let deed =
        Deed::Automation { name: "refill".to_owned(), verb: AutomationVerb::Stop, reason: "pump is being serviced".to_owned() };
    assert!(matches!(sent.as_slice(), [ToStation::Do { deed: own, .. }] if *own == deed), "{sent:?}");
}

#[test]
fn a_change_is_looked_at_applied_and_rolled_back_by_an_engineer() {
    let mistake = Diagnostic::error("tags/well.toml", (7, 3), "there is no connection `plcc`", "did you mean `plc`?");
    let refused = ProjectNow {
        state: ProjectState::Refused,
        message: "The project folder has a mistake.".to_owned(),
        diagnostics: vec![mistake],
        ..ProjectNow::default()
    };
    let mut bench = Bench::new(Role::Engineer);
    bench.answer(Ask::Project, Reply::Project(refused));
    let change = ChangeNow {
        number: 4,
        kind: "apply".to_owned(),
        at: fake::START_UTC,
        user: "ada".to_owned(),
        comment: "higher limit".to_owned(),
        preview: "1 tag changes".to_owned(),
        files: vec!["tags/well.toml".to_owned()],
        ..ChangeNow::default()
    };
    bench.answer(Ask::Changes, Reply::Changes(vec![change.clone()]));
    bench.answer(
        Ask::Change { number: 4 },
        Reply::Change(Some(ChangeNow { diff: "-high = 4\n+high = 5\n".to_owned(), ..change })),
    );
    bench.key(Key::F9);
    assert!(bench.says("tags/well.toml:7:3") && bench.says("did you mean `plc`?"));
    assert!(bench.is_off("Apply the change"));
    let waiting = ProjectNow {
        state: ProjectState::Waiting,
        message: "A change waits.".to_owned(),
        preview: "1 tag changes".to_owned(),
        ..ProjectNow::default()
    };
    bench.answer(Ask::Project, Reply::Project(waiting));
    bench.wait(1_500);
    bench.type_into("Comment", "as agreed");
    bench.click("Apply the change");
    bench.confirm();
    bench.harness.get_by_label("Difference").click();
    bench.wait(400);
    assert!(bench.says("+high = 5"));
    bench.click("Roll back to before change 4");
    bench.confirm();
    let deeds: Vec<Deed> = bench
        .sent(|message| matches!(message, ToStation::Do { .. }))
        .into_iter()
        .filter_map(|message| if let ToStation::Do { deed, .. } = message { Some(deed) } else { None })
        .collect();
    let comment = "as agreed".to_owned();
    assert_eq!(deeds, [Deed::ApplyProject { comment: comment.clone() }, Deed::RollBack { before: 4, comment }]);
}

#[test]
fn what_stands_in_the_way_of_a_write_is_told_on_the_screen_and_before_it_is_asked() {
    let mut bench = Bench::new(Role::Operate);
    bench.wait(300);
    assert!(bench.says("Start no: suction pressure is too low"));
    bench.click("Start pump 1");
    assert!(bench.says("Not possible now: suction pressure is too low"));
    bench.key(Key::Escape);
    bench.station.set("p1/suction", Value::Float(2.0), Status::BAD_NO_COMMUNICATION);
    bench.wait(200);
    assert!(bench.says("can't be judged: p1/suction has no good value"));
    bench.station.set("p1/suction", Value::Float(2.0), Status::GOOD);
    bench.wait(200);
    assert!(bench.says("Start possible"));
    bench.click("Start pump 1");
    assert!(!bench.says("Not possible now"));
}
