//! What happened, in words.

use plantroom_model::{
    AlarmEvent, AlarmEventKind, AlarmFrame, AlarmSpec, Hidden, Marks, Now, Priority, Standing, Status, Value, duration_words,
};

/// A frame's lines, in order: events, then marks that changed by themselves, then answers.
pub fn lines(frame: &AlarmFrame, alarms: &[AlarmSpec], at: impl Fn(Now) -> String) -> Vec<String> {
    let name = |alarm: plantroom_model::AlarmId| alarms.get(alarm.0 as usize).map_or("?", |spec| &*spec.name);
    let mut lines: Vec<String> =
        frame.events.iter().map(|event| format!("{}{} {}", at(event.at), name(event.alarm), words(event, alarms))).collect();
    let quiet = frame.quiet.iter().map(|(alarm, standing)| format!("{} stands at {}", name(*alarm), place(*standing)));
    lines.extend(quiet);
    for reply in &frame.replies {
        lines.push(match &reply.done {
            Ok(()) => "done".to_owned(),
            Err(why) => format!("refused: {why}"),
        });
    }
    lines
}

fn words(event: &AlarmEvent, alarms: &[AlarmSpec]) -> String {
    use AlarmEventKind as Kind;
    let verb = match event.kind {
        Kind::Occurred => "occurred",
        Kind::Returned => "returned",
        Kind::Acknowledged => "was acknowledged",
        Kind::Reset => "was reset",
        Kind::ReAlarmed => "is announced anew",
        Kind::Shelved => "was shelved",
        Kind::Unshelved => "was taken off the shelf",
        Kind::ShelfEnded => "left the shelf",
        Kind::Suppressed => "is suppressed",
        Kind::Unsuppressed => "is suppressed no more",
        Kind::OutOfService => "was taken out of service",
        Kind::InService => "was put back in service",
        Kind::Unknown => "can't be judged",
        Kind::Known => "can be judged again",
        Kind::FirstOut => "is marked",
        Kind::Remarked => "got a remark",
        Kind::Removed => "is gone",
        Kind::Standing => "stands",
        Kind::Grouped => "is grouped",
    };
    let mut said = vec![verb.to_owned()];
    if event.from.state == event.to.state {
        said.push(place(event.to));
    } else {
        said.push(format!("{} > {}", event.from.state.letter(), place(event.to)));
    }
    match &event.value {
        Value::Null => {}
        value => said.push(format!("value {value}")),
    }
    said.extend(event.limit.map(|limit| format!("limit {limit}")));
    if event.status != Status::GOOD {
        said.push(event.status.to_string());
    }
    if let Some(until) = event.until {
        let left_ms = until.0.saturating_sub(event.at.utc.0) / 1_000_000;
        said.push(format!("for {}", duration_words(u64::try_from(left_ms).unwrap_or(0))));
    }
    said.extend(event.by.as_ref().map(|by| format!("by {by}")));
    said.extend(event.comment.as_ref().map(|comment| format!("\"{comment}\"")));
    // Events are for the journal.
    let is_alarm = alarms.get(event.alarm.0 as usize).is_some_and(|spec| spec.priority != Priority::Event);
    if is_alarm && event.announces() {
        said.push("announced".to_owned());
    }
    said.join(", ")
}

/// The state's letter, and what is over it.
pub fn place(standing: Standing) -> String {
    let hidden = [
        (Hidden::SHELVED, "shelved"),
        (Hidden::SUPPRESSED, "suppressed"),
        (Hidden::BY_HAND, "by hand"),
        (Hidden::OUT_OF_SERVICE, "out of service"),
        (Hidden::SILENT, "silent"),
    ];
    let marks = [
        (Marks::UNKNOWN, "unknown"),
        (Marks::FIRST_OUT, "first"),
        (Marks::ORDER_UNDETERMINED, "one of the first"),
        (Marks::CHATTERING, "chattering"),
        (Marks::STANDING, "standing"),
        (Marks::RE_ALARMED, "again"),
        (Marks::ONE_SHOT, "one shot"),
    ];
    let hidden = hidden.iter().filter(|(flag, _)| standing.hidden.has(*flag)).map(|(_, word)| *word);
    let marks = marks.iter().filter(|(mark, _)| standing.marks.has(*mark)).map(|(_, word)| *word);
    let words: Vec<&str> = hidden.chain(marks).collect();
    let letter = standing.state.letter();
    if words.is_empty() { letter.to_string() } else { format!("{letter} ({})", words.join(", ")) }
}
