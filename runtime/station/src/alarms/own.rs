//! The alarms that the station itself raises (`system/...` that no tag decides): whoever notices says what is wrong, the scan
//! hears it as it hears plugins, and it clears by itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use plantroom_model::{AlarmId, Condition, ConditionSource, ConditionWord, Conditions, Mono, Now, Utc, Value};
use plantroom_project::Plant;

use crate::inbox::{Inbox, What};

/// Other words about the same trouble are told at most so often, in ms: each is a row of the journal.
const MORE_MS: u64 = 60_000;

/// What the station has to say of its own alarms.
#[derive(Debug, Default)]
pub struct OwnAlarms {
    desk: Mutex<Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    /// What is wrong, by alarm and by who notices.
    wrong: BTreeMap<(String, &'static str), String>,
    /// The alarms that the station raises, of this plant.
    alarms: Vec<(AlarmId, String)>,
    plant: Option<Arc<Plant>>,
    said: HashMap<AlarmId, Said>,
}

#[derive(Debug)]
struct Said {
    words: Arc<str>,
    at: Mono,
}

impl OwnAlarms {
    /// Says what is wrong, or with `None` that nothing is any more, as far as this speaker can tell.
    pub fn set(&self, alarm: &str, speaker: &'static str, wrong: Option<String>) {
        let mut desk = self.desk.lock();
        let place = (alarm.to_owned(), speaker);
        match wrong.filter(|words| !words.is_empty()) {
            Some(words) => drop(desk.wrong.insert(place, words)),
            None => drop(desk.wrong.remove(&place)),
        }
    }

    /// Tells the scan what is new. What finds no room in the inbox is told the next time.
    pub fn say(&self, plant: &Arc<Plant>, now: Now, inbox: &Inbox) {
        let mut desk = self.desk.lock();
        desk.take(plant);
        let mut rows = Vec::new();
        for (alarm, name) in &desk.alarms {
            let words = desk.words(name);
            let is_news = match desk.said.get(alarm) {
                None => true,
                Some(said) if said.words.is_empty() != words.is_empty() => true,
                Some(said) => *said.words != *words && said.at.plus_ms(MORE_MS) <= now.mono,
            };
            if is_news {
                rows.push((*alarm, Arc::<str>::from(words)));
            }
        }
        if rows.is_empty() {
            return;
        }
        let word = |words: &Arc<str>| match words.is_empty() {
            true => ConditionWord::Clear { value: Value::Null },
            false => ConditionWord::Raise { value: Value::Null, source_time: Utc(0), detail: Arc::clone(words) },
        };
        let conditions = Conditions { rows: rows.iter().map(|(alarm, words)| (*alarm, word(words))).collect() };
        if inbox.try_put(now, &What::Conditions { from: ConditionSource::System, words: conditions }) {
            desk.said.extend(rows.into_iter().map(|(alarm, words)| (alarm, Said { words, at: now.mono })));
        }
    }
}

impl Desk {
    /// In another plant the same names may be other alarms: all is said anew.
    fn take(&mut self, plant: &Arc<Plant>) {
        if self.plant.as_ref().is_some_and(|known| Arc::ptr_eq(known, plant)) {
            return;
        }
        let own = (0..).map(AlarmId).zip(plant.alarms.iter()).filter(|(_, spec)| spec.condition == Condition::System);
        self.alarms = own.map(|(id, spec)| (id, spec.name.to_string())).collect();
        self.said.clear();
        self.plant = Some(Arc::clone(plant));
    }

    fn words(&self, alarm: &str) -> String {
        let all = self.wrong.iter().filter(|((of, _), _)| of == alarm).map(|(_, words)| words.as_str());
        all.collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::inbox;
    use plantroom_model::{AlarmDetail, AlarmSpec};
    use std::time::Duration;

    fn plant(names: &[&str]) -> Arc<Plant> {
        let detail = Arc::new(AlarmDetail {
            priority: plantroom_model::Priority::High,
            area: "system".into(),
            consequence: "".into(),
            action: "".into(),
            respond_s: 0,
            screen: "".into(),
            instance: "".into(),
            on_delay_ms: 0,
            off_delay_ms: 0,
            latching: false,
            acknowledge: true,
            realarm_s: 0,
            shelve_max_s: 0,
            shelve_role: plantroom_model::Role::Operate,
            first_out: "".into(),
        });
        let spec = |name: &&str| AlarmSpec {
            name: (*name).into(),
            message: "m".into(),
            condition: if name.starts_with("system") { Condition::System } else { Condition::Gone },
            detail: Arc::clone(&detail),
        };
        Arc::new(Plant { alarms: names.iter().map(spec).collect(), ..Plant::default() })
    }

    #[test]
    fn what_is_wrong_is_said_once_with_its_words_and_taken_back() {
        let (own, (inbox, outlet)) = (OwnAlarms::default(), inbox());
        let (one, two) = (plant(&["a", "system/alarms/journal", "system/outlets/mail"]), plant(&["system/outlets/mail"]));
        let heard = |plant: &Arc<Plant>, s: u64| {
            own.say(plant, Now { mono: Mono(1).plus_ms(s * 1_000), utc: Utc(1) }, &inbox);
            let mut all = Vec::new();
            for input in outlet.take(Duration::ZERO).unwrap_or_default() {
                let What::Conditions { from: ConditionSource::System, words } = input.what else { panic!("{input:?}") };
                all.extend(words.rows.into_iter().map(|(alarm, word)| match word {
                    ConditionWord::Raise { detail, .. } => format!("{} {detail}", alarm.0),
                    ConditionWord::Clear { .. } => format!("{} well", alarm.0),
                    other => panic!("{other:?}"),
                }));
            }
            all
        };
        assert_eq!(heard(&one, 0), ["1 well", "2 well"], "after a start nobody else can tell");
        own.set("system/outlets/mail", "outlets", Some("refused".into()));
        assert_eq!(heard(&one, 1), ["2 refused"]);
        own.set("system/outlets/mail", "rules", Some("nobody on duty".into()));
        assert_eq!(heard(&one, 2), [""; 0], "more of the same isn't told every second");
        assert_eq!(heard(&one, 61), ["2 refused; nobody on duty"]);
        own.set("system/outlets/mail", "outlets", None);
        own.set("system/outlets/mail", "rules", Some(String::new()));
        assert_eq!(heard(&one, 62), ["2 well"]);
        assert_eq!(heard(&two, 63), ["0 well"], "another plant hears it all");
    }
}
