//! One `[[alarm]]`, as its table says it: everything that can be checked without looking at tags.

use std::sync::Arc;

use plantroom_model::{Priority, Role, limits};

use crate::alarms::Alarms;
use crate::alarms::condition::read_condition;
use crate::alarms::decl::{AlarmDecl, DetailDecl};
use crate::alarms::keys::{CONDITIONS, OF_TAG};
use crate::fields::Fields;
use crate::names::check_path;
use crate::report::{Report, Spot, suggestion};

/// Longest time on the shelf where nothing is said, in s: a shift.
pub(crate) const SHELVE_MAX_S: u32 = 8 * 3600;

/// What stands around an alarm.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Around<'a> {
    /// Its full name, where an instance or a script has made it.
    pub name: Option<&'a str>,
    /// The instance that it belongs to.
    pub instance: Option<&'a str>,
}

/// Reads an alarm; `None` where too little of it is right, which was told.
pub(crate) fn read(fields: Fields<'_>, around: Around<'_>, all: &mut Alarms, report: &mut Report) -> Option<AlarmDecl> {
    let name = around.name.or_else(|| fields.text("name"));
    let is_good = name.is_none_or(|name| check_path("alarm name", name, fields.at("name"), report));
    let given: Vec<&str> = CONDITIONS.into_iter().filter(|key| fields.has(key)).collect();
    let one = one_condition(fields, &given, report);
    let wants_tag = one.is_some_and(|key| OF_TAG.contains(&key));
    if wants_tag && !fields.has("tag") {
        let help = "add tag = \"...\": the tag that this alarm looks at";
        report.error(fields.spot, format!("this alarm has `{}`, but no tag", one.unwrap_or_default()), help);
        return None;
    }
    if let Some(key) = one.filter(|_| !wants_tag && fields.has("tag")) {
        let help = "remove tag: what it looks at stands in the expression, the script or the connection";
        report.error(fields.key_at("tag"), format!("an alarm with `{key}` has no tag of its own"), help);
    }
    if name.is_none() && !wants_tag && one.is_some() && !fields.has("name") {
        report.error(
            fields.spot,
            "this alarm has no name",
            "add name = \"area/what\": operators and the journal know it by that",
        );
        return None;
    }
    check_values(fields, one, report);
    let detail = read_detail(fields, around, all, report);
    let needs_message = one.is_some_and(|key| matches!(key, "when" | "script" | "plugin"));
    let message = fields.text("message").map(str::trim).filter(|message| !message.is_empty());
    if message.is_none() && needs_message && !fields.has("message") {
        let help = "add message = \"...\": what has happened, in a few words for the operator";
        report.error(fields.spot, "nothing says what this alarm tells the operator", help);
    }
    let message = message.map(|message| all.kept.texts.add(message));
    let detail = all.kept.details.one(detail);
    let condition = read_condition(fields, one?, &detail, all, report)?;
    let name = name.map(|name| all.kept.texts.add(name));
    let spot = if fields.has("name") { fields.at("name") } else { fields.spot };
    is_good.then_some(AlarmDecl {
        name,
        spot,
        message,
        detail,
        has_area: fields.has("area"),
        is_generated: around.instance.is_some(),
        condition,
    })
}

/// The condition; told where there is none, or more than one.
fn one_condition<'a>(fields: Fields<'_>, given: &[&'a str], report: &mut Report) -> Option<&'a str> {
    match given {
        [one] => Some(one),
        [] => {
            let help = "add one of high_high, high, low, low_low, limits, is, deviation, rate, change, follows, bad_quality, \
                        communication, when, script, plugin";
            report.error(fields.spot, "nothing says when this alarm is active", help);
            None
        }
        [_, second, ..] => {
            let message = format!("an alarm has one condition, but `{}` are given", given.join("` and `"));
            let are_limits = given.iter().all(|key| matches!(*key, "high_high" | "high" | "low" | "low_low" | "limits"));
            let help = match are_limits {
                true => "write limits = { high_high = ..., high = ... } for an alarm each, or a second [[alarm]]",
                false => "write a second [[alarm]], or one expression: when = \"tag(...) && tag(...)\"",
            };
            report.error(fields.key_at(second), message, help);
            None
        }
    }
}

/// Keys that only go with some conditions.
fn check_values(fields: Fields<'_>, condition: Option<&str>, report: &mut Report) {
    let Some(condition) = condition else { return };
    let has_hysteresis = matches!(condition, "high_high" | "high" | "low" | "low_low" | "limits" | "deviation" | "rate");
    if fields.has("hysteresis") && !has_hysteresis {
        let message = format!("an alarm with `{condition}` has no hysteresis");
        report.error(fields.key_at("hysteresis"), message, "remove it, or use off_delay against chattering");
    }
    for key in ["on", "parameters"].into_iter().filter(|key| fields.has(key) && condition != "script") {
        report.error(fields.key_at(key), format!("`{key}` is only for an alarm with a script"), "remove it");
    }
    for key in ["change", "bad_quality"] {
        if fields.flag(key) == Some(false) {
            report.error(fields.at(key), format!("`{key} = false` is never active"), format!("write {key} = true"));
        }
    }
}

/// The priority that a word names.
pub(crate) fn priority_of(word: &str) -> Option<Priority> {
    Priority::ALL.into_iter().find(|priority| priority.word() == word)
}

fn read_detail(fields: Fields<'_>, around: Around<'_>, all: &mut Alarms, report: &mut Report) -> DetailDecl {
    let priority = fields.word("priority").and_then(priority_of).unwrap_or_default();
    let seconds = |key: &str, default: u32| {
        fields.duration_ms(key).map_or(default, |ms| u32::try_from(ms.div_ceil(1_000)).unwrap_or(u32::MAX))
    };
    let ms = |key: &str| fields.duration_ms(key).map_or(0, |ms| u32::try_from(ms).unwrap_or(u32::MAX));
    let usual = if priority == Priority::Critical { 0 } else { SHELVE_MAX_S };
    let engineer = fields.word("shelve_role") == Some("engineer");
    if priority == Priority::Event {
        for key in ["realarm", "latching"].into_iter().filter(|key| fields.has(key) && fields.flag(key) != Some(false)) {
            let message = format!("an event asks for nothing, so it has no `{key}`");
            report.error(fields.key_at(key), message, "remove it, or give the alarm a priority: low, medium, high, critical");
        }
    }
    if let Some(screen) = fields.text("screen") {
        all.check_screen(screen, fields.at("screen"), report);
    }
    for key in ["consequence", "action", "message"] {
        check_length(fields, key, report);
    }
    let texts = &mut all.kept.texts;
    let mut text = |key: &str| texts.add(fields.text(key).unwrap_or_default().trim());
    DetailDecl {
        priority,
        area: text("area"),
        consequence: text("consequence"),
        action: text("action"),
        screen: text("screen"),
        first_out: text("first_out"),
        instance: texts.add(around.instance.unwrap_or_default()),
        respond_s: seconds("respond", 0),
        on_delay_ms: ms("on_delay"),
        off_delay_ms: ms("off_delay"),
        latching: fields.flag("latching").unwrap_or(false),
        acknowledge: fields.flag("acknowledge").unwrap_or(true) && priority != Priority::Event,
        realarm_s: seconds("realarm", 0),
        shelve_max_s: seconds("shelve_max", usual),
        shelve_role: if engineer { Role::Engineer } else { Role::Operate },
    }
}

fn check_length(fields: Fields<'_>, key: &str, report: &mut Report) {
    let most = if key == "message" { 200 } else { limits::COMMENT_BYTES };
    if let Some(text) = fields.text(key).filter(|text| text.len() > most) {
        let message = format!("`{key}` has {} bytes; at most {most} are allowed", text.len());
        report.error(fields.at(key), message, "write what an operator can read in a few seconds");
    }
}

impl Alarms {
    /// Tells a screen that doesn't exist.
    fn check_screen(&self, wanted: &str, spot: Spot, report: &mut Report) {
        let wanted = wanted.trim();
        if wanted.is_empty() || self.screens.iter().any(|name| name == wanted) || self.has_lost_screens {
            return;
        }
        let names = self.screens.iter().map(String::as_str);
        let help = suggestion(wanted, names, "name a file in screens/, without .rhai");
        report.error(spot, format!("there is no screen `{wanted}`: screens/{wanted}.rhai does not exist"), help);
    }

    /// The details with a change made to them.
    pub fn changed(&mut self, detail: &Arc<DetailDecl>, change: impl FnOnce(&mut DetailDecl)) -> Arc<DetailDecl> {
        self.kept.details.changed(detail, change)
    }
}
