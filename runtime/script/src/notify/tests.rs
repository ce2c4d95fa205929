//! Rules on their own: who is told, with which words, and after how long.

use plantroom_model::{AlarmId, Mono, Occurrence, Priority, Sample, Status, Utc, Value};

use super::*;

fn facts(priority: Priority) -> AlarmFacts {
    AlarmFacts {
        name: "well/level/high".to_owned(),
        message: "Clear well level high".to_owned(),
        priority,
        area: "well".to_owned(),
        value: "4.82 m".to_owned(),
        limit: "4.80 m".to_owned(),
        action: "Close the inlet".to_owned(),
        ..AlarmFacts::default()
    }
}

const RULES: &str = r#"
escalate([10, 30]);
fn occurred(alarm) {
    if alarm.urgency >= HIGH() && time().hour >= 18 { notify("mail", tag("shift/on_call"), `Now: ${alarm.message}`); }
    if alarm.area == "well" { notify("horn"); }
}
fn unacknowledged(alarm, minutes) {
    notify("mail", ["boss@x", " "], #{ subject: minutes + " min\nx" });
}
"#;

fn told(rules: &str, moment: Moment, priority: Priority, hour: u8) -> Result<Vec<String>, String> {
    let script = NotifyScript::compile("alarms/notify/a.rhai", rules).map_err(|error| error.to_string())?;
    let mut read = |name: &str| {
        let sample =
            Sample { value: Value::Text("anna@x".into()), status: Status::GOOD, source_time: Utc(1), server_time: Utc(1) };
        (name == "shift/on_call").then(|| TagNow { sample, ..TagNow::default() })
    };
    let time = LocalTime { hour, ..LocalTime::default() };
    let told = script.tell(moment, &facts(priority), time, &mut read).map_err(|error| error.to_string())?;
    Ok(told.iter().map(|one| format!("{} {:?} {} | {}", one.outlet, one.to, one.subject, one.text)).collect())
}

#[test]
fn rules_say_who_is_told() {
    let usual = "Clear well level high (4.82 m, limit 4.80 m)";
    for (moment, priority, hour, expected) in [
        (Moment::Occurred, Priority::Critical, 20, 2),
        (Moment::Occurred, Priority::Critical, 9, 1),
        (Moment::Occurred, Priority::Low, 20, 1),
        (Moment::Returned, Priority::Critical, 20, 0),
        (Moment::Unacknowledged(10), Priority::Low, 20, 1),
    ] {
        let told = told(RULES, moment, priority, hour).unwrap();
        assert_eq!(told.len(), expected, "{moment:?} {priority:?} {hour} {told:?}");
    }
    let at_night = told(RULES, Moment::Occurred, Priority::Critical, 20).unwrap();
    assert_eq!(at_night[0], "mail [\"anna@x\"] Now: Clear well level high | Now: Clear well level high");
    assert!(
        at_night[1].starts_with(&format!("horn [] {usual} | {usual}\nPriority: critical. Alarm: well/level/high")),
        "{at_night:?}"
    );
    let late = told(RULES, Moment::Unacknowledged(10), Priority::Low, 1).unwrap();
    assert!(late[0].starts_with("mail [\"boss@x\"] 10 min x | Unacknowledged for 10 min: Clear well"), "{late:?}");
}

#[test]
fn mistakes_are_told_with_their_place_and_nobody_is_told_wrongly() {
    for (rules, expected) in [
        ("fn ocurred(alarm) {}", "alarms/notify/a.rhai:1:1: no function of this file is ever called"),
        ("fn occurred(alarm, x) {}", "alarms/notify/a.rhai:1:1: occurred has the wrong number of parameters: fn occurred(alarm)"),
        ("fn occurred(alarm) { notify(\"mail\", 3) }", "alarms/notify/a.rhai:1:22: notify() needs to whom"),
        ("fn occurred(alarm) { notify(\"mail\", \"a\"); alarm.nmae }", "alarms/notify/a.rhai:1:"),
        ("fn occurred(alarm) { loop {} }", "alarms/notify/a.rhai:1:"),
        ("fn occurred(alarm) { for i in 0..30 { notify(\"a\") } }", "alarms/notify/a.rhai:1:1: one call asks for more than 20"),
        ("fn occurred(alarm) { notify(\"a\", tag(\"no/such\")) }", "alarms/notify/a.rhai:1:1: there is no tag `no/such`"),
        ("notify(\"a\"); fn occurred(alarm) {}", "alarms/notify/a.rhai:1:1: notify() is for the functions that are called"),
        ("escalate([30, 5]); fn unacknowledged(alarm, minutes) {}", "alarms/notify/a.rhai:1:1: escalate() takes at most 20"),
    ] {
        let error = told(rules, Moment::Occurred, Priority::Low, 0).unwrap_err();
        assert!(error.starts_with(expected), "{rules}\n{error}\n{expected}");
    }
}

#[test]
fn steps_come_in_their_time_and_end_with_the_acknowledgement() {
    let script = NotifyScript::compile("a.rhai", RULES).unwrap();
    assert_eq!(script.steps_min(), [10, 30]);
    let minutes = |minutes: u64| Mono(0).plus_ms(minutes * 60_000);
    let (one, two) = (AlarmId(1), AlarmId(2));
    let mut escalation = Escalation::new(script.steps_min().iter().copied());
    escalation.begin(one, Occurrence(1), minutes(0));
    escalation.begin(two, Occurrence(2), minutes(5));
    escalation.begin(one, Occurrence(1), minutes(6));
    assert_eq!((escalation.due(minutes(9)), escalation.next_due()), (vec![], Some(minutes(10))));
    assert_eq!(escalation.due(minutes(10)), [(one, Occurrence(1), 10)]);
    escalation.end(one);
    assert_eq!(escalation.due(minutes(60)), [(two, Occurrence(2), 30)], "a missed step is told once");
    assert_eq!(escalation.next_due(), None);
    escalation.begin(two, Occurrence(3), minutes(60));
    assert_eq!(escalation.next_due(), Some(minutes(70)), "a new occurrence begins anew");
}

#[test]
fn what_waited_before_a_restart_goes_on_and_other_rules_repeat_nothing() {
    let minutes = |minutes: u64| Mono(1_000_000_000).plus_ms(minutes * 60_000);
    let (one, two, three) = (AlarmId(1), AlarmId(2), AlarmId(3));
    let mut escalation = Escalation::new([5, 15, 30]);
    escalation.resume(one, Occurrence(1), minutes(0), (12 * 60_000, Some(5)));
    escalation.resume(two, Occurrence(2), minutes(0), (40 * 60_000, Some(15)));
    escalation.resume(three, Occurrence(3), minutes(0), (17 * 60_000, None));
    assert_eq!(escalation.due(minutes(0)), [(two, Occurrence(2), 30), (three, Occurrence(3), 15)], "missed steps, told once");
    assert_eq!(escalation.next_due(), Some(minutes(3)), "three minutes were left");
    assert_eq!(escalation.due(minutes(3)), [(one, Occurrence(1), 15)]);
    escalation.change_steps([10, 20]);
    assert_eq!(escalation.next_due(), Some(minutes(3)), "the third has waited 20 minutes then: {escalation:?}");
    assert_eq!(escalation.due(minutes(3)), [(three, Occurrence(3), 20)]);
    assert_eq!(escalation.due(minutes(8)), [(one, Occurrence(1), 20)]);
    assert_eq!((escalation.waits(two), escalation.waiting(), escalation.next_due()), (true, vec![one, two, three], None));
}
