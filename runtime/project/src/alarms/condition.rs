//! The key that says when an alarm is active.

use std::sync::Arc;

use plantroom_model::{LimitKind, Priority};

use crate::alarms::Alarms;
use crate::alarms::decl::{ConditionDecl, DetailDecl, EachLimit, LIMIT_KINDS, LimitDecl, Said};
use crate::alarms::keys::ONE_LIMIT;
use crate::alarms::read::{SHELVE_MAX_S, priority_of};
use crate::fields::Fields;
use crate::report::{Report, Spot};
use crate::tree::{Item, Raw};

/// What a limit is measured over where nothing is said, in ms.
const WINDOW_MS: u32 = 10_000;
/// How long a command may take where nothing is said, in ms.
const FOLLOW_MS: u32 = 10_000;

/// Reads the condition under `key`; `None` where too little of it is right, which was told.
pub(crate) fn read_condition(
    fields: Fields<'_>,
    key: &str,
    detail: &Arc<DetailDecl>,
    all: &mut Alarms,
    report: &mut Report,
) -> Option<ConditionDecl> {
    let tag = said(fields, "tag", all);
    let hysteresis = read_hysteresis(fields, report);
    Some(match key {
        "high_high" | "high" | "low" | "low_low" => {
            let (kind, _) = LIMIT_KINDS.into_iter().find(|(_, word)| *word == key)?;
            let at = limit(fields, key, all, report)?;
            ConditionDecl::Limit { tag: tag?, kind, at, hysteresis }
        }
        "limits" => {
            let each = read_each(fields, detail, all, report)?;
            ConditionDecl::Limits { tag: tag?, each, hysteresis }
        }
        "deviation" => {
            let table = fields.table("deviation")?;
            let by = limit(table, "by", all, report)?;
            ConditionDecl::Deviation { tag: tag?, setpoint: said(table, "setpoint", all)?, by, hysteresis }
        }
        "rate" => read_rate(fields.table("rate")?, tag?, hysteresis, all, report)?,
        "is" => ConditionDecl::State { tag: tag?, is: states(fields, report)? },
        "change" => ConditionDecl::Change { tag: tag? },
        "follows" => {
            let table = fields.table("follows")?;
            let within_ms = table.duration_ms("within").map_or(FOLLOW_MS, |ms| u32::try_from(ms).unwrap_or(u32::MAX));
            ConditionDecl::Follows { tag: tag?, command: said(table, "command", all)?, within_ms }
        }
        "bad_quality" => ConditionDecl::BadQuality { tag: tag? },
        "communication" => {
            let table = fields.table("communication")?;
            ConditionDecl::Communication { connection: said(table, "connection", all)?, device: said(table, "device", all) }
        }
        "when" => ConditionDecl::When { expression: expression(fields, "when", all, report)? },
        "script" => {
            let parameters = fields.entries("parameters").into_iter().flatten();
            let parameters = parameters.map(|entry| (entry.key.to_string(), entry.item.clone())).collect();
            let on = fields.text("on").map(|on| all.kept.texts.add(on.trim()));
            ConditionDecl::Script { script: said(fields, "script", all)?, call: None, on, parameters }
        }
        "plugin" => ConditionDecl::Plugin { plugin: said(fields, "plugin", all)? },
        _ => return None,
    })
}

/// The text under a key.
fn said(fields: Fields<'_>, key: &str, all: &mut Alarms) -> Option<Said> {
    let text = fields.text(key)?.trim();
    Some(Said { text: all.kept.texts.add(text), spot: fields.at(key) })
}

fn expression(fields: Fields<'_>, key: &str, all: &mut Alarms, report: &mut Report) -> Option<Said> {
    if fields.text(key)?.trim().is_empty() {
        let help = "write what must be so, for example tag(\"a/flow\") < 5 && tag(\"a/running\")";
        report.error(fields.at(key), "the expression is empty", help);
        return None;
    }
    said(fields, key, all)
}

fn read_hysteresis(fields: Fields<'_>, report: &mut Report) -> Option<(f64, Spot)> {
    let hysteresis = fields.number("hysteresis")?;
    let spot = fields.at("hysteresis");
    if hysteresis < 0.0 {
        report.error(spot, format!("the hysteresis must not be negative, but is {hysteresis}"), "0 clears at the limit itself");
        return None;
    }
    Some((hysteresis, spot))
}

/// A limit: a number, the tag's own, another tag, or an expression.
fn limit(fields: Fields<'_>, key: &str, all: &mut Alarms, report: &mut Report) -> Option<LimitDecl> {
    let (item, spot) = (fields.item(key)?, fields.at(key));
    if let Some(number) = item.number() {
        return Some(LimitDecl::Number(number, spot));
    }
    if let Some(flag) = item.flag() {
        if !flag {
            let help = "write true for the tag's own limit, a number, \"tag:other/tag\" or an expression";
            report.error(spot, format!("`{key} = false` is no limit"), help);
        }
        return flag.then_some(LimitDecl::Own(spot));
    }
    let text = item.text()?.trim();
    if let Ok(number) = text.parse::<f64>() {
        return Some(LimitDecl::Number(number, spot)).filter(|_| number.is_finite());
    }
    match text.strip_prefix("tag:") {
        Some(name) => Some(LimitDecl::Tag(Said { text: all.kept.texts.add(name.trim()), spot })),
        None if !text.contains('(') => {
            let message = format!("`{text}` is neither a number nor a tag nor an expression");
            report.error(spot, message, format!("write \"tag:{text}\" for the value of a tag, or tag(\"...\") * 2"));
            None
        }
        None => expression(fields, key, all, report).map(LimitDecl::Expression),
    }
}

fn read_rate(
    rate: Fields<'_>,
    tag: Said,
    hysteresis: Option<(f64, Spot)>,
    all: &mut Alarms,
    report: &mut Report,
) -> Option<ConditionDecl> {
    const WAYS: [(&str, f64); 3] = [("per_s", 1.0), ("per_min", 60.0), ("per_h", 3600.0)];
    let given: Vec<(&str, f64)> = WAYS.into_iter().filter(|(key, _)| rate.has(key)).collect();
    let [(key, per_s)] = given.as_slice() else {
        let message = match given.is_empty() {
            true => "nothing says how fast the tag may move",
            false => "how fast the tag may move is said twice",
        };
        report.error(rate.spot, message, "write one of per_s, per_min, per_h: rate = { per_min = 2, window = \"30 s\" }");
        return None;
    };
    let limit = limit(rate, key, all, report)?;
    if let LimitDecl::Number(number, spot) = limit
        && number <= 0.0
    {
        let message = format!("a tag always moves faster than {number}");
        report.error(spot, message, "write the largest change that is still well; both directions count");
    }
    let window_ms = rate.duration_ms("window").map_or(WINDOW_MS, |ms| u32::try_from(ms).unwrap_or(u32::MAX));
    Some(ConditionDecl::Rate { tag, limit, per_s: *per_s, window_ms, hysteresis })
}

/// One state or several; what they mean is known with the tag.
fn states(fields: Fields<'_>, report: &mut Report) -> Option<Arc<[Item]>> {
    let item = fields.item("is")?;
    let spot = fields.at("is");
    let items: Vec<Item> = match &item.raw {
        Raw::List(items) => items.clone(),
        // In a cell: `tripped|fault`.
        Raw::Loose(text) if text.contains('|') => {
            text.split('|').map(|word| Item { raw: Raw::Loose(word.trim().to_owned()), at: item.at }).collect()
        }
        _ => vec![item.clone()],
    };
    if items.is_empty() {
        report.error(spot, "the list of states is empty", "name the states that are alarms: is = [\"tripped\", \"fault\"]");
        return None;
    }
    Some(items.into())
}

/// The alarms of all limits, with what is said of each.
fn read_each(fields: Fields<'_>, detail: &Arc<DetailDecl>, all: &mut Alarms, report: &mut Report) -> Option<Arc<[EachLimit; 4]>> {
    let has_priority = fields.has("priority");
    let table = fields.table("limits");
    if fields.flag("limits") == Some(false) {
        report.error(fields.at("limits"), "`limits = false` is no alarm", "write limits = true, or remove the alarm");
        return None;
    }
    let mut each: [EachLimit; 4] = Default::default();
    for ((kind, word), one) in LIMIT_KINDS.into_iter().zip(&mut each) {
        *one = each_limit(table, word, kind, (detail, has_priority), all, report);
    }
    Some(Arc::new(each))
}

/// How urgent a limit is where nothing is said.
pub(crate) fn usual_priority(kind: LimitKind) -> Priority {
    match kind {
        LimitKind::HighHigh | LimitKind::LowLow => Priority::Medium,
        LimitKind::High | LimitKind::Low => Priority::Low,
    }
}

fn each_limit(
    table: Option<Fields<'_>>,
    word: &str,
    kind: LimitKind,
    (detail, has_priority): (&Arc<DetailDecl>, bool),
    all: &mut Alarms,
    report: &mut Report,
) -> EachLimit {
    let mut each = EachLimit::default();
    let usual = usual_priority(kind);
    let Some(item) = table.and_then(|table| table.item(word)) else {
        let own = all.changed(detail, |detail| detail.priority = if has_priority { detail.priority } else { usual });
        return EachLimit { detail: Some(own), ..each };
    };
    let spot = table.map_or(Spot::NOWHERE, |table| table.at(word));
    each.is_named = true;
    each.is_off = item.flag() == Some(false);
    each.at = item.number().map(|number| LimitDecl::Number(number, spot));
    let own = item.entries().map(|entries| Fields::new(entries, &ONE_LIMIT, spot));
    let text = |key: &str, all: &mut Alarms| own.and_then(|own| own.text(key)).map(|text| all.kept.texts.add(text.trim()));
    if let Some(own) = own.filter(|own| own.has("at")) {
        each.at = limit(own, "at", all, report);
    }
    each.message = text("message", all);
    let (consequence, action) = (text("consequence", all), text("action", all));
    let changed = all.changed(detail, |detail| {
        detail.priority = if has_priority { detail.priority } else { usual };
        let Some(own) = own else { return };
        detail.priority = own.word("priority").and_then(priority_of).unwrap_or(detail.priority);
        detail.consequence = consequence.unwrap_or(detail.consequence);
        detail.action = action.unwrap_or(detail.action);
        let ms = |key: &str| own.duration_ms(key).and_then(|ms| u32::try_from(ms).ok());
        detail.respond_s = ms("respond").map_or(detail.respond_s, |ms| ms.div_ceil(1_000));
        detail.on_delay_ms = ms("on_delay").unwrap_or(detail.on_delay_ms);
        detail.off_delay_ms = ms("off_delay").unwrap_or(detail.off_delay_ms);
        detail.latching = own.flag("latching").unwrap_or(detail.latching);
        match detail.priority {
            Priority::Event => detail.acknowledge = false,
            Priority::Critical if detail.shelve_max_s == SHELVE_MAX_S => detail.shelve_max_s = 0,
            _ => {}
        }
    });
    each.detail = Some(changed);
    each
}
