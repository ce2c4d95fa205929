//! alarms/*.rhai: what scripts declare becomes the same table as an `[[alarm]]`; rules in alarms/notify are tried once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use plantroom_script::{AlarmFacts, AlarmScript, DeclaredValue, LocalTime, Moment, Notification, NotifyScript, ScriptError};

use crate::alarms::Alarms;
use crate::alarms::decl::ConditionDecl;
use crate::alarms::keys::ALARM;
use crate::alarms::read::{Around, read};
use crate::fields::Fields;
use crate::folder::ProjectFile;
use crate::outlets::OutletSpec;
use crate::people::{People, WeekMinute};
use crate::placeholders::{Parameter, Parameters, fill_text};
use crate::report::{Report, Spot, suggestion};
use crate::shape::check_table;
use crate::sources::byte;
use crate::tree::{Entries, Entry, Item, Raw};

/// Instances, as scripts ask for them.
pub(crate) struct Instances<'a> {
    /// Type and name.
    pub all: &'a [(String, String)],
    /// What each is, for people.
    pub descriptions: &'a HashMap<String, String>,
}

/// Reads what a script declares.
pub(crate) fn read_script(file: &ProjectFile, known: &Instances<'_>, all: &mut Alarms, report: &mut Report) {
    let source = report.sources.add(&file.path, &file.text);
    let instances: Arc<[(String, String)]> = known.all.into();
    let script = AlarmScript::compile(&file.path, &file.text);
    let declared = match script.and_then(|script| Ok((script.declare(&instances)?, script.has_active()))) {
        Ok(declared) => declared,
        Err(error) => {
            tell(&error, file, source, report);
            all.add_hole();
            return;
        }
    };
    let (declared, has_active) = declared;
    if declared.is_empty() && !has_active {
        let help =
            "declare one: alarm(\"name\", #{ message: \"...\" }, |a| tag(\"area/level\") > 3), or write fn active(a) { ... }";
        report.warning(Spot::new(source), "this script declares no alarm", help);
    }
    for one in declared {
        let spot = Spot::new(place(file, source, one.place));
        let is_instance = known.all.iter().any(|(_, name)| *name == one.on);
        let description =
            known.descriptions.get(&one.on).filter(|words| !words.is_empty()).map_or(one.on.as_str(), String::as_str);
        let words = Words { on: &one.on, description, at: spot.at };
        let mut entries: Entries = one.options.iter().map(|(key, value)| words.entry(key, value, report)).collect();
        let text = |key: &'static str, text: &str| Entry {
            key: Cow::Borrowed(key),
            at: spot.at,
            item: Item { raw: Raw::Text(text.to_owned()), at: spot.at },
        };
        entries.push(text("name", &one.name));
        entries.push(text("script", &file.path));
        entries.push(text("on", &one.on));
        check_table(&entries, spot, &ALARM, report);
        let instance = Some(one.on.as_str()).filter(|_| is_instance);
        let around = Around { name: Some(&one.name), instance };
        match read(Fields::new(&entries, &ALARM, spot), around, all, report) {
            Some(mut decl) => {
                if let ConditionDecl::Script { call, .. } = &mut decl.condition {
                    *call = Some(one.call);
                }
                all.add_decl(decl, report);
            }
            None => all.add_hole(),
        }
    }
}

/// A declaration's values on their way into a table.
struct Words<'a> {
    on: &'a str,
    description: &'a str,
    at: u32,
}

impl Words<'_> {
    fn entry(&self, key: &str, value: &DeclaredValue, report: &mut Report) -> Entry {
        Entry { key: Cow::Owned(key.to_owned()), at: self.at, item: self.item(value, report) }
    }

    fn item(&self, value: &DeclaredValue, report: &mut Report) -> Item {
        let raw = match value {
            DeclaredValue::Flag(flag) => Raw::Flag(*flag),
            DeclaredValue::Whole(number) => Raw::Whole(i128::from(*number)),
            DeclaredValue::Number(number) => Raw::Number(*number),
            DeclaredValue::Text(text) => Raw::Text(self.filled(text, report)),
            DeclaredValue::List(list) => Raw::List(list.iter().map(|one| self.item(one, report)).collect()),
            DeclaredValue::Table(table) => Raw::Table(table.iter().map(|(key, value)| self.entry(key, value, report)).collect()),
        };
        Item { raw, at: self.at }
    }

    /// `{name}` and `{description}` are those of what the alarm is about.
    fn filled(&self, text: &str, report: &mut Report) -> String {
        if !text.contains(['{', '}']) {
            return text.to_owned();
        }
        let value = |text: &str| Some(Parameter::Text(text.to_owned()));
        let known: Parameters = [("name".to_owned(), value(self.on)), ("description".to_owned(), value(self.description))].into();
        match fill_text(text, &known) {
            Ok(Some(text)) => text,
            Ok(None) => text.to_owned(),
            Err(trouble) => {
                crate::types::tell(&trouble, Spot::new(self.at), &known, report);
                text.to_owned()
            }
        }
    }
}

/// Where a script's line and column are in the run of all files.
fn place(file: &ProjectFile, source: u32, (line, column): (u32, u32)) -> u32 {
    if line == 0 {
        return source;
    }
    let start: usize = file.text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
    let rest = file.text.get(start..).unwrap_or_default();
    let before: usize = rest.chars().take(column.saturating_sub(1) as usize).map(char::len_utf8).sum();
    byte(source, start + before)
}

fn tell(error: &ScriptError, file: &ProjectFile, source: u32, report: &mut Report) {
    report.error(Spot::new(place(file, source, (error.line, error.column))), error.message.clone(), "");
}

/// Tries the rules of a file: they can be read, their functions run on a usual alarm, and their outlets and people exist.
/// Without what is known these are believed.
pub(crate) fn check_notify(file: &ProjectFile, known: Option<(&[OutletSpec], &People)>, report: &mut Report) {
    let source = report.sources.add(&file.path, &file.text);
    let script = match NotifyScript::compile(&file.path, &file.text) {
        Ok(script) => script,
        Err(error) => return tell(&error, file, source, report),
    };
    let facts = AlarmFacts { name: "area/alarm".to_owned(), message: "Alarm".to_owned(), ..AlarmFacts::default() };
    let steps = script.steps_min().iter().map(|step| Moment::Unacknowledged(*step));
    let moments = [Moment::Occurred, Moment::Returned, Moment::Acknowledged].into_iter().chain(steps);
    let mut told_already = Vec::new();
    for (moment, priority) in moments.flat_map(|moment| plantroom_model::Priority::ALL.map(|priority| (moment, priority))) {
        let facts = AlarmFacts { priority, ..facts.clone() };
        let mut reads_tags = false;
        // Values of tags aren't known here: what a rule does with them is not tried.
        let told =
            script.tell(moment, &facts, LocalTime { year: 2000, month: 1, day: 1, weekday: 6, hour: 12, minute: 0 }, &mut |_| {
                reads_tags = true;
                None
            });
        match (told, known) {
            (Ok(told), Some((outlets, people))) => {
                for one in &told {
                    let Some((message, help)) = mistake_of(one, outlets, people) else { continue };
                    // The same call is tried for many alarms.
                    if !told_already.contains(&(one.place, message.clone())) {
                        report.error(Spot::new(place(file, source, one.place)), message.clone(), help);
                        told_already.push((one.place, message));
                    }
                }
            }
            (Err(error), _) if !reads_tags => return tell(&error, file, source, report),
            _ => {}
        }
    }
}

/// What is wrong with a notification: its outlet, or to whom it goes; and what to do.
fn mistake_of(one: &Notification, outlets: &[OutletSpec], people: &People) -> Option<(String, String)> {
    let Some(outlet) = outlets.iter().find(|outlet| *outlet.name == *one.outlet) else {
        let help = suggestion(&one.outlet, outlets.iter().map(|outlet| outlet.name.as_str()), "declare it in outlets.toml");
        return Some((format!("there is no outlet `{}`", one.outlet), help));
    };
    if outlet.is_mail() && one.to.is_empty() {
        let help = format!("write notify(\"{}\", \"name or address\")", one.outlet);
        return Some((format!("nothing says to whom `{}` sends", one.outlet), help));
    }
    // Who is on duty is asked when it happens; here, who there is at all.
    let missed = one.to.iter().filter(|name| !people.groups.iter().any(|group| group.name == **name));
    let missed: Vec<String> = missed.cloned().collect();
    let reached = people.reach(outlet, &missed, WeekMinute(0));
    let why = reached.missed.into_iter().next()?;
    let names = people.persons.iter().map(|one| one.name.as_str()).chain(people.groups.iter().map(|one| one.name.as_str()));
    Some((why, suggestion(&missed[0], names, "declare people and groups in outlets.toml")))
}
