//! The project's rules of notifications: asked for each thing that happens, and counting who waits for an acknowledgement.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plantroom_model::Utc;
use plantroom_project::{ScriptFile, WeekMinute};
use plantroom_script::{AlarmFacts, Escalation, LocalTime, Moment, Notification, NotifyScript, TagNow};

/// All files of rules.
#[derive(Debug, Default)]
pub struct Rules {
    files: Vec<ScriptFile>,
    scripts: Vec<(Arc<str>, NotifyScript)>,
    /// Which alarms nobody has acknowledged for how long.
    pub escalation: Escalation,
    /// What goes wrong, by file and what happened; `None` for a file that can't be read at all.
    failing: BTreeMap<(Arc<str>, Option<&'static str>), String>,
}

/// What happened, in a word.
pub(crate) fn word(moment: Moment) -> &'static str {
    match moment {
        Moment::Occurred => "occurred",
        Moment::Returned => "returned",
        Moment::Acknowledged => "acknowledged",
        Moment::Unacknowledged(_) => "unacknowledged",
    }
}

impl Rules {
    /// Takes the rules of a project; who waits goes on waiting.
    pub fn change(&mut self, files: &[ScriptFile]) {
        if self.files == files {
            return;
        }
        self.files = files.to_vec();
        self.scripts.clear();
        self.failing.clear();
        for file in files {
            let path: Arc<str> = file.path.as_str().into();
            match NotifyScript::compile(&file.path, &file.text) {
                Ok(script) => self.scripts.push((path, script)),
                // `check` has compiled it; here only what changed in between can be wrong.
                Err(error) => drop(self.failing.insert((path, None), error.to_string())),
            }
        }
        self.escalation.change_steps(self.scripts.iter().flat_map(|(_, script)| script.steps_min().iter().copied()));
    }

    /// Whether there are any rules: without them nothing needs to be looked at.
    pub fn any(&self) -> bool {
        !self.scripts.is_empty()
    }

    /// Who is to be told of this, all files together. A file that fails tells nobody, and the others don't notice.
    pub fn tell(
        &mut self,
        moment: Moment,
        facts: &AlarmFacts,
        time: LocalTime,
        read: &mut dyn FnMut(&str) -> Option<TagNow>,
    ) -> Vec<Notification> {
        let mut all = Vec::new();
        for (path, script) in &self.scripts {
            if let Moment::Unacknowledged(minutes) = moment
                && !script.steps_min().contains(&minutes)
            {
                continue;
            }
            let place = (Arc::clone(path), Some(word(moment)));
            match script.tell(moment, facts, time, read) {
                Ok(told) => {
                    all.extend(told);
                    self.failing.remove(&place);
                }
                Err(error) => {
                    let why = format!("{error} (it was to tell of {})", facts.name);
                    if self.failing.insert(place, why.clone()).is_none() {
                        tracing::error!("a rule of notifications has failed, nobody is told by it: {why}");
                    }
                }
            }
        }
        all
    }

    /// What goes wrong in rules; empty while nothing does.
    pub fn troubles(&self) -> impl Iterator<Item = &str> {
        self.failing.values().map(String::as_str)
    }
}

/// The time on the plant's wall, for rules and for rosters.
pub fn local_time(at: Utc, zone: &TimeZone) -> (LocalTime, WeekMinute) {
    let time = Timestamp::from_nanosecond(i128::from(at.0)).unwrap_or_default().to_zoned(zone.clone());
    let small = |number: i8| u8::try_from(number).unwrap_or_default();
    let local = LocalTime {
        year: i32::from(time.year()),
        month: small(time.month()),
        day: small(time.day()),
        weekday: small(time.weekday().to_monday_one_offset()),
        hour: small(time.hour()),
        minute: small(time.minute()),
    };
    (local, WeekMinute::new(local.weekday, local.hour, local.minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> ScriptFile {
        ScriptFile { path: path.into(), text: text.into() }
    }

    #[test]
    fn files_are_asked_one_by_one_and_a_bad_one_is_told_until_it_works() {
        let mut rules = Rules::default();
        let first =
            "escalate([5, 10]);\nfn occurred(a) { notify(\"horn\"); }\nfn unacknowledged(a, m) { notify(\"horn\", \"\" + m); }";
        let second = "escalate([10, 20]);\nfn occurred(a) { if a.urgency > 1 { a.x() } }\nfn unacknowledged(a, m) { notify(\"mail\", \"a@x\"); }";
        rules.change(&[file("alarms/notify/a.rhai", first), file("alarms/notify/b.rhai", second)]);
        let facts = |priority| AlarmFacts { name: "a/b".into(), priority, ..AlarmFacts::default() };
        let mut tell =
            |rules: &mut Rules, moment, priority| rules.tell(moment, &facts(priority), LocalTime::default(), &mut |_| None).len();
        use plantroom_model::Priority::{High, Low};
        for (moment, priority, told, troubles) in [
            (Moment::Occurred, Low, 1, 0),
            (Moment::Occurred, High, 1, 1),
            (Moment::Unacknowledged(5), High, 1, 1),
            (Moment::Unacknowledged(10), High, 2, 1),
            (Moment::Unacknowledged(20), High, 1, 1),
            (Moment::Occurred, Low, 1, 0),
        ] {
            assert_eq!(tell(&mut rules, moment, priority), told, "{moment:?}");
            assert_eq!(rules.troubles().count(), troubles, "{moment:?} {priority:?}: {:?}", rules.troubles().collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_time_is_that_of_the_plant() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let (local, week) = local_time(Utc(1_700_000_000_000_000_000), &zone);
        assert_eq!((local.weekday, local.hour, local.minute, week), (2, 23, 13, WeekMinute(1_440 + 23 * 60 + 13)));
    }
}
