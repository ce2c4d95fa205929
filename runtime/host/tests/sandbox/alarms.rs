//! What a guest says of alarms, what it hears of them, and what it may not say.

use std::sync::Arc;

use plantroom_host::{FaultKind, limits};
use plantroom_model::*;

use crate::guest::Guest;
use crate::world::{Bench, Event, load_into, plant};

/// `hello` as a detail.
const HELLO: u64 = 5;

fn word(handle: i32, verb: u8, value: f64, detail: u64) -> String {
    format!("(call $word (i32.const {handle}) (i32.const {verb}) (f64.const {value}) (i64.const {detail}))")
}

fn raise(value: f64, detail: &str) -> (u32, ConditionWord) {
    (1, ConditionWord::Raise { value: Value::Float(value), source_time: Utc(0), detail: detail.into() })
}

fn speaker(step: &str) -> Guest<'_> {
    Guest { imports: &["say"], step, ..Guest::default() }
}

/// Says something good first, so that every test also sees that a void step counts for nothing.
fn check(then: &str, kind: FaultKind, part: &str) {
    let step = format!("{} {then}", word(0, 1, 1.0, 0));
    Bench::start(&speaker(&step)).expect_fault(kind, part);
}

#[test]
fn every_word_comes_out_in_order_when_the_step_has_returned() {
    let words = [
        word(0, 1, 7.5, HELLO),
        word(0, 2, 3.0, 0),
        word(0, 3, 0.0, 0),
        word(1, 4, 0.0, HELLO),
        word(1, 5, 0.0, 0),
        word(1, 6, 0.0, 0),
        word(1, 7, 0.0, 0),
        word(1, 8, 0.0, HELLO),
        word(1, 9, 0.0, HELLO),
    ];
    let mut bench = Bench::start_with(&speaker(&words.concat()), |grant| grant.alarms.words_per_s = 1_000);
    let hello: Arc<str> = "hello".into();
    let wanted = vec![
        raise(7.5, "hello"),
        (1, ConditionWord::Clear { value: Value::Float(3.0) }),
        (1, ConditionWord::Unknown(Status::UNCERTAIN)),
        (2, ConditionWord::Suppress { reason: hello.clone() }),
        (2, ConditionWord::Unsuppress),
        (2, ConditionWord::First(true)),
        (2, ConditionWord::First(false)),
        (2, ConditionWord::Group { cause: hello.clone(), first: false }),
        (2, ConditionWord::Group { cause: hello, first: true }),
    ];
    assert_eq!(bench.turn_events(), [Event::Said(wanted)]);
    assert_eq!(bench.plugin.figures().alarm_words, 9);
}

#[test]
fn what_is_not_granted_is_not_said() {
    for (handle, verb, right) in [
        (1, 1, "raise"),
        (2, 1, "raise"),
        (1, 2, "raise"),
        (1, 3, "raise"),
        (0, 4, "suppress"),
        (2, 5, "suppress"),
        (0, 6, "mark"),
        (2, 8, "mark"),
        (3, 1, "raise"),
        (-1, 9, "mark"),
    ] {
        check(&word(handle, verb, 1.0, HELLO), FaultKind::Contract, &format!("`alarms.{right}` in plugins.toml"));
    }
    let stand = "(i32.store (i32.const 8) (i32.const 1)) (call $stand (i32.const 8) (i32.const 1) (i32.const 2048))";
    let guest = Guest { imports: &["stand"], step: stand, ..Guest::default() };
    Bench::start(&guest).expect_fault(FaultKind::Contract, "`alarms.read` in plugins.toml");
}

#[test]
fn malformed_words_trap() {
    check(&word(0, 0, 1.0, 0), FaultKind::Contract, "verb 0, which does not exist");
    check(&word(0, 10, 1.0, 0), FaultKind::Contract, "verb 10, which does not exist");
    check(&word(1, 4, 1.0, 0), FaultKind::Contract, "without a reason");
    check(&word(0, 1, 1.0, 6), FaultKind::Contract, "a detail that is not in its batch");
    check(&word(0, 1, 1.0, 1 << 63), FaultKind::Contract, "a detail that is not in its batch");
    let lengths = |kinds: u32, verbs: u32, details: u32| {
        format!(
            "(call $say (i32.const 1024) (i32.const 1) (i32.const 1028) (i32.const {kinds}) (i32.const 1032) (i32.const 1)
             (i32.const 1040) (i32.const 1) (i32.const 1048) (i32.const 1) (i32.const 0) (i32.const 0)
             (i32.const 1056) (i32.const {verbs}) (i32.const 1064) (i32.const {details}))"
        )
    };
    check(&lengths(2, 1, 1), FaultKind::Contract, "differ in length");
    check(&lengths(1, 0, 1), FaultKind::Contract, "differ in length");
    check(&lengths(1, 1, 2), FaultKind::Contract, "differ in length");
}

#[test]
fn a_flood_of_words_in_one_step_traps() {
    // 40,000 rows of zeros, which raise nothing until their verbs are set; twice they are too many.
    let rows = 40_000;
    let at = 4 * 65_536;
    let verbs = at + 8 * rows;
    let say = format!(
        "(call $say (i32.const {at}) (i32.const {rows}) (i32.const {at}) (i32.const {rows}) (i32.const {at}) (i32.const {rows})
         (i32.const {at}) (i32.const {rows}) (i32.const {at}) (i32.const {rows}) (i32.const 0) (i32.const 0)
         (i32.const {verbs}) (i32.const {rows}) (i32.const {at}) (i32.const {rows}))"
    );
    let step = format!(
        "(drop (memory.grow (i32.const 16))) (memory.fill (i32.const {verbs}) (i32.const 1) (i32.const {rows})) {say} {say}"
    );
    let guest = speaker(&step);
    Bench::start_with(&guest, |grant| grant.hard_ms = 5_000).expect_fault(FaultKind::Contract, "words about alarms in one step");
    // However fast the machine is: words come to their end before a loop of them does.
    let endless = format!("(loop $again {} (br $again))", word(0, 1, 1.0, 0));
    let endless = speaker(&endless);
    Bench::start_with(&endless, |grant| grant.hard_ms = 5_000)
        .expect_fault(FaultKind::Contract, "words about alarms in one step");
}

/// Rows that were told, alarm by alarm.
fn rows(events: &[Event]) -> Vec<(u32, ConditionWord)> {
    let said = events.iter().filter_map(|event| if let Event::Said(rows) = event { Some(rows.clone()) } else { None });
    said.flatten().collect()
}

#[test]
fn over_the_rate_the_newest_word_waits_and_is_told_in_its_time() {
    // 30 words in the first step, with their number as value; then nothing for a minute.
    let step = "
        (if (i32.eq (global.get $steps) (i32.const 1)) (then
            (loop $more
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (call $word (i32.const 0) (i32.const 1) (f64.convert_i32_u (local.get $i)) (i64.const 0))
                (br_if $more (i32.lt_u (local.get $i) (i32.const 30))))
            (call $word (i32.const 1) (i32.const 5) (f64.const 0) (i64.const 0))))
        (return (i64.const -1))";
    let mut bench = Bench::start(&speaker(step));
    let told = rows(&bench.turn_events());
    assert_eq!(told, (1..=10).map(|number| raise(f64::from(number), "")).collect::<Vec<_>>(), "ten a second are granted");
    assert_eq!(bench.after_ms(50), [], "no room yet");
    assert_eq!(rows(&bench.after_ms(50)), [raise(30.0, "")], "of those that waited, the newest");
    assert_eq!(rows(&bench.after_ms(100)), [(2, ConditionWord::Unsuppress)]);
    assert_eq!(bench.after_ms(5_000), [], "nothing is left");
    let figures = bench.plugin.figures();
    assert_eq!((figures.alarm_words, figures.lost_alarm_words), (12, 19));
}

#[test]
fn words_that_the_station_has_no_room_for_are_told_when_it_has() {
    let words = format!("{} {} (return (i64.const -1))", word(0, 1, 1.0, 0), word(1, 5, 0.0, 0));
    let mut bench = Bench::start(&speaker(&words));
    *bench.world.full.lock() = true;
    assert_eq!(bench.turn_events(), []);
    assert_eq!(bench.after_ms(200), []);
    *bench.world.full.lock() = false;
    assert_eq!(rows(&bench.after_ms(200)), [raise(1.0, ""), (2, ConditionWord::Unsuppress)]);
    assert_eq!(bench.after_ms(200), [], "once");
    assert_eq!((bench.plugin.figures().alarm_words, bench.plugin.figures().lost_alarm_words), (2, 0));
}

#[test]
fn a_changed_plugin_knows_where_alarms_stand_that_its_predecessor_knew() {
    let mut bench = Bench::start(&listener(LISTENER));
    bench.turn_events();
    bench.plugin.deliver_changes(frame(1, &[event(3, AlarmState::Acknowledged, 4)], &[]));
    bench.turn_events();
    let loaded = load_into(&plant(|_| {}), &listener(&format!("{LISTENER} (nop)")).component()).expect("it loads");
    bench.plugin.replace(loaded, || Arc::new(Frame::default()));
    bench.turn_events();
    assert_eq!(told(&bench.turn_events()), [0.0, 2.0, 0.0], "no news, and where it stands");
}

#[test]
fn what_waits_is_told_before_the_plugin_is_gone() {
    let words = word(0, 1, 1.0, 0).repeat(12);
    let mut bench = Bench::start(&speaker(&words));
    assert_eq!(rows(&bench.turn_events()).len(), 10);
    bench.plugin.stop();
    assert_eq!(rows(&bench.turn_events()), [raise(1.0, "")]);
}

fn event(alarm: u32, state: AlarmState, occurrence: u64) -> AlarmEvent {
    let to = Standing { occurrence: Occurrence(occurrence), state, ..Standing::default() };
    AlarmEvent {
        alarm: AlarmId(alarm),
        occurrence: Occurrence(occurrence),
        at: Now { mono: Mono(5), utc: Utc(50) },
        source_time: Utc(40),
        kind: AlarmEventKind::Occurred,
        from: Standing::default(),
        to,
        value: Value::Float(2.5),
        status: Status::GOOD,
        limit: None,
        until: None,
        by: Some("an operator".into()),
        comment: Some("in confidence".into()),
    }
}

fn frame(number: u64, events: &[AlarmEvent], quiet: &[(u32, AlarmState)]) -> Arc<Frame> {
    let quiet = quiet.iter().map(|(alarm, state)| (AlarmId(*alarm), Standing { state: *state, ..Standing::default() })).collect();
    let alarms = AlarmFrame { events: events.to_vec(), quiet, ..AlarmFrame::default() };
    Arc::new(Frame { number, alarms, ..Frame::default() })
}

/// Publishes how much happened, the handle of the first, the state of handle 2, and how much was lost.
const LISTENER: &str = "
    (call $take_events (i32.const 2048))
    (call $send (i32.const 0) (f64.convert_i32_u (i32.load (i32.const 2052))))
    (if (i32.load (i32.const 2052))
        (then (call $send (i32.const 0) (f64.convert_i32_u (i32.load (i32.load (i32.const 2048)))))))
    (i32.store (i32.const 8) (i32.const 2))
    (call $stand (i32.const 8) (i32.const 1) (i32.const 2200))
    (call $send (i32.const 0) (f64.convert_i32_u (i32.load8_u (i32.load (i32.const 2208)))))
    (call $send (i32.const 0) (f64.convert_i64_u (call $events_lost)))";

fn listener(step: &str) -> Guest<'_> {
    Guest { imports: &["publish", "take-events", "stand", "events-lost"], step, ..Guest::default() }
}

fn told(events: &[Event]) -> Vec<f64> {
    let numbers = events.iter().filter_map(|event| match event {
        Event::Samples(rows) => rows.first().and_then(|(_, value)| value.as_f64()),
        _ => None,
    });
    numbers.collect()
}

#[test]
fn what_happens_to_granted_alarms_wakes_the_guest_and_stands_still_true_after_a_restart() {
    use AlarmState::{Acknowledged, Unacknowledged};
    let step = format!("{LISTENER} (if (i32.eq (global.get $steps) (i32.const 4)) (then (unreachable)))");
    let mut bench = Bench::start(&listener(&step));
    assert_eq!(told(&bench.turn_events()), [0.0, 0.0, 0.0]);
    bench.plugin.deliver_changes(frame(1, &[event(0, Unacknowledged, 1), event(2, Unacknowledged, 2)], &[]));
    assert_eq!(bench.turn_events(), [], "one is foreign, and of the other it may only speak");
    bench.plugin.deliver_changes(frame(2, &[event(0, Unacknowledged, 3), event(3, Unacknowledged, 4)], &[]));
    assert_eq!(told(&bench.turn_events()), [1.0, 2.0, 1.0, 0.0], "one event, of handle 2, which is unacknowledged");
    bench.plugin.deliver_changes(frame(3, &[event(1, Unacknowledged, 5)], &[(3, Acknowledged)]));
    assert_eq!(told(&bench.turn_events()), [1.0, 0.0, 2.0, 0.0], "its own it always hears of; what is quiet only stands");
    bench.plugin.deliver_changes(frame(4, &[event(3, Unacknowledged, 6)], &[]));
    assert_eq!(bench.turn_events(), [Event::State(2)]);
    bench.after_ms(200);
    assert_eq!(told(&bench.turn_events()), [0.0, 1.0, 0.0], "what came while it failed is where it stands, and no news");
}

#[test]
fn a_guest_that_is_too_slow_loses_events_but_not_where_alarms_stand() {
    let mut bench = Bench::start(&listener(LISTENER));
    bench.turn_events();
    let frames = limits::FRAMES as u64 + 10;
    for number in 0..frames {
        let state = if number < 10 { AlarmState::Acknowledged } else { AlarmState::Normal };
        let events = if number < 10 { vec![event(3, state, number)] } else { vec![event(1, state, number)] };
        bench.plugin.deliver_changes(frame(number, &events, &[]));
    }
    assert_eq!(told(&bench.turn_events()), [(frames - 10) as f64, 0.0, 2.0, 10.0]);
    assert_eq!(bench.plugin.figures().lost_alarm_events, 10);
}

#[test]
fn the_document_names_alarms_with_what_is_granted_and_their_link() {
    let loaded = load_into(&plant(|_| {}), &speaker(&word(0, 1, 1.0, 0)).component()).expect("it loads");
    let document: serde_json::Value = serde_json::from_str(loaded.document()).expect("a document");
    let alarm = |name: &str, access: &[&str], priority: &str| {
        let message = "It is so";
        serde_json::json!({ "name": name, "message": message, "area": "works", "access": access, "priority": priority })
    };
    let mut own = alarm("a1", &["raise", "read"], "low");
    own["latching"] = serde_json::json!(true);
    let mut heard = alarm("a3", &["read"], "high");
    heard["link"] = serde_json::json!("plc");
    assert_eq!(document["alarms"], serde_json::json!([own, alarm("a2", &["suppress", "mark"], "low"), heard]));
    assert_eq!(document["tags"][0]["link"], serde_json::json!("plc"), "the clock of its source times");
    let silent = load_into(&plant(|_| {}), &Guest::default().component()).expect("it loads");
    assert!(!silent.document().contains("alarms"), "to others nothing of it is told");
}

#[test]
fn without_a_grant_it_does_not_load() {
    let ungranted = plant(|grant| grant.alarms = plantroom_project::AlarmGrant::default());
    let said = load_into(&ungranted, &speaker(&word(0, 1, 1.0, 0)).component()).expect_err("no grant").to_string();
    assert!(said.contains("asks to speak of alarms") && said.contains("grants it no `alarms`"), "{said}");
}
