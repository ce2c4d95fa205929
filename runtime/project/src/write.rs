//! How a tag is written, as its table says it.

use plantroom_model::{Detail, PermissiveTest, PulseSpec, Role, Value, ValueKind};

use crate::fields::Fields;
use crate::report::{Report, Spot};
use crate::tag::{check_range, value_of};

/// How long the feedback may take where nothing is said, in ms; as the documented default of the key.
pub(crate) const FOLLOW_MS: u32 = 3_000;
/// How long an order stays valid where nothing is said, in ms; as the documented default of the key.
pub(crate) const EXPIRES_MS: u32 = 5_000;

/// A write specification whose tags are only names yet.
#[derive(Debug)]
pub(crate) struct WriteDecl {
    pub role: Role,
    pub range: Option<(f64, f64)>,
    pub permissives: Vec<PermissiveDecl>,
    pub feedback: Option<(String, Spot)>,
    pub no_feedback: bool,
    pub follow_ms: u32,
    pub tolerance: f64,
    pub max_step: Option<f64>,
    pub min_interval_ms: u32,
    pub pulse: Option<PulseSpec>,
    pub confirmation: Option<String>,
    pub expires_ms: u32,
    pub essential: bool,
}

/// A permissive whose tag is only a name yet.
#[derive(Debug)]
pub(crate) struct PermissiveDecl {
    pub tag: String,
    pub spot: Spot,
    pub test: PermissiveTest,
    pub message: Option<String>,
    pub only_for: Option<f64>,
}

/// Reads `write`; `None` where the tag isn't writable.
pub(crate) fn read_write(fields: Fields<'_>, tag: &Detail, report: &mut Report) -> Option<WriteDecl> {
    let item = fields.item("write")?;
    if item.flag() == Some(false) {
        return None;
    }
    let spot = fields.key_at("write");
    if fields.has("plugin") {
        let help = "remove write, or let the plugin read a memory tag that operators write";
        report.error(spot, "a tag that a plugin computes can't be written", help);
        return None;
    }
    if fields.has("derive") || fields.has("total") {
        let help = "remove write; an operator who must overrule it gives it a substitute value";
        report.error(spot, "a tag that the station computes can't be written", help);
        return None;
    }
    let mut decl = WriteDecl {
        role: Role::Operate,
        range: tag.range,
        permissives: Vec::new(),
        feedback: None,
        no_feedback: false,
        follow_ms: FOLLOW_MS,
        tolerance: default_tolerance(tag),
        max_step: None,
        min_interval_ms: 0,
        pulse: None,
        confirmation: None,
        expires_ms: EXPIRES_MS,
        essential: false,
    };
    let Some(table) = fields.table("write") else { return Some(decl) };
    if table.word("role") == Some("engineer") {
        decl.role = Role::Engineer;
    }
    read_range(table, tag, &mut decl, report);
    decl.feedback = table.text("feedback").map(|name| (name.to_owned(), table.at("feedback")));
    decl.no_feedback = table.flag("no_feedback").unwrap_or(false);
    if decl.no_feedback && table.has("feedback") {
        let help = "keep feedback where the plant shows whether it happened, no_feedback where nothing does";
        report.error(table.key_at("no_feedback"), "`feedback` and `no_feedback` exclude each other", help);
    }
    decl.follow_ms = table.whole_or("follow_ms", decl.follow_ms);
    decl.expires_ms = table.whole_or("expires_ms", decl.expires_ms);
    decl.essential = table.flag("essential").unwrap_or(false);
    if let Some(tolerance) = table.number("tolerance") {
        if tolerance < 0.0 {
            report.error(
                table.at("tolerance"),
                format!("the tolerance must not be negative, but is {tolerance}"),
                "0 asks for the same value",
            );
        }
        decl.tolerance = tolerance;
    }
    read_pace(table, tag, &mut decl, report);
    decl.pulse = table.table("pulse").and_then(|pulse| read_pulse(pulse, tag.kind, report));
    decl.confirmation = table.text("confirmation").map(|text| text.trim().to_owned());
    if decl.confirmation.as_deref() == Some("") {
        report.error(table.at("confirmation"), "the confirmation is empty", "write what the operator must say yes to");
    }
    decl.permissives = table.tables("permissives").into_iter().filter_map(|one| read_permissive(one, tag, report)).collect();
    Some(decl)
}

/// How large a step may be, and how soon the next one may follow.
fn read_pace(table: Fields<'_>, tag: &Detail, decl: &mut WriteDecl, report: &mut Report) {
    decl.min_interval_ms = table.whole_or("min_interval_ms", 0);
    decl.max_step = table.number("max_step");
    if table.has("max_step") && matches!(tag.kind, ValueKind::Bool | ValueKind::Text) {
        let message = format!("a tag of kind {} has no `max_step`", tag.kind.word());
        report.error(table.key_at("max_step"), message, "remove it; only numbers go in steps");
    } else if let Some(step) = decl.max_step.filter(|step| *step <= 0.0) {
        let message = format!("with steps of {step} the tag could never be written");
        report.error(table.at("max_step"), message, "write the largest step that one write may make");
    }
}

fn read_pulse(pulse: Fields<'_>, kind: ValueKind, report: &mut Report) -> Option<PulseSpec> {
    let zero = match kind {
        ValueKind::Bool => Value::Bool(false),
        ValueKind::Int => Value::Int(0),
        ValueKind::Uint => Value::Uint(0),
        ValueKind::Null => return None,
        ValueKind::Float | ValueKind::Text => {
            let message = format!("a tag of kind {} can't be pulsed", kind.word());
            report.error(pulse.spot, message, "a pulse sets a bool, int or uint and puts it back");
            return None;
        }
    };
    let rest = match pulse.item("rest") {
        None if pulse.has("rest") => return None,
        None => zero,
        Some(item) => match value_of(item, kind) {
            Some(value) => value,
            None => {
                let message = format!("the tag's kind is {}, but after a pulse it would be {}", kind.word(), item.words());
                report.error(pulse.at("rest"), message, format!("write for example rest = {zero}"));
                return None;
            }
        },
    };
    Some(PulseSpec { hold_ms: u32::try_from(pulse.whole("hold_ms")?).ok()?, rest })
}

/// What the screen doesn't show, or what one raw step can't say: a setpoint of 12.3 in a 16-bit register reads back as 12.29.
pub(crate) fn default_tolerance(tag: &Detail) -> f64 {
    if tag.kind != ValueKind::Float {
        return 0.0;
    }
    let shown = 0.5 * 10_f64.powi(-i32::from(tag.decimals));
    let raw_step = tag.scaling.map_or(0.0, |line| ((line.eng_high - line.eng_low) / (line.raw_high - line.raw_low)).abs());
    shown.max(raw_step)
}

fn read_range(table: Fields<'_>, tag: &Detail, decl: &mut WriteDecl, report: &mut Report) {
    let Some((low, high)) = table.pair("range") else { return };
    let spot = table.at("range");
    if matches!(tag.kind, ValueKind::Bool | ValueKind::Text) {
        report.error(spot, format!("a tag of kind {} has no range to write", tag.kind.word()), "remove range");
        return;
    }
    check_range("range", Some((low, high)), spot, report);
    if let Some((tag_low, tag_high)) = tag.range.filter(|(tag_low, tag_high)| tag_low < tag_high)
        && low < high
        && (low < tag_low || high > tag_high)
    {
        let message = format!("the range to write, {low} to {high}, goes beyond the tag's range, {tag_low} to {tag_high}");
        report.error(spot, message, "narrow it, or widen the tag's range");
    }
    decl.range = Some((low, high));
}

fn read_permissive(table: Fields<'_>, written: &Detail, report: &mut Report) -> Option<PermissiveDecl> {
    let given: Vec<&str> = ["at_least", "at_most", "is"].into_iter().filter(|key| table.has(key)).collect();
    if given.len() != 1 {
        let message = match given.is_empty() {
            true => "this permissive compares with nothing".to_owned(),
            false => format!("this permissive compares twice: `{}`", given.join("` and `")),
        };
        report.error(table.spot, message, "give one of at_least, at_most, is; a second condition is a permissive of its own");
    }
    let is = table.item("is").and_then(|item| item.flag().map(|flag| f64::from(u8::from(flag))).or_else(|| item.number()));
    let test = match *given.first()? {
        "at_least" => PermissiveTest::AtLeast(table.number("at_least")?),
        "at_most" => PermissiveTest::AtMost(table.number("at_most")?),
        _ => PermissiveTest::Is(is?),
    };
    let tag = table.text("tag")?.to_owned();
    let message = table.text("message").map(|message| message.trim().to_owned()).filter(|message| !message.is_empty());
    let only_for = read_only_for(table, written, report);
    Some(PermissiveDecl { tag, spot: table.at("tag"), test, message, only_for })
}

/// The one written value that needs a permissive: a number, true or false, or the tag's own word for it.
fn read_only_for(table: Fields<'_>, written: &Detail, report: &mut Report) -> Option<f64> {
    let item = table.item("for")?;
    let word = item.text().and_then(|word| written.states.iter().find(|(_, state)| state == word));
    let number = item.flag().map(|flag| f64::from(u8::from(flag))).or_else(|| item.number());
    let only_for = word.map(|(number, _)| *number as f64).or(number);
    let is_possible = match (written.kind, only_for) {
        (ValueKind::Text | ValueKind::Null, _) | (_, None) => false,
        (ValueKind::Bool, Some(number)) => number == 0.0 || number == 1.0,
        (ValueKind::Int | ValueKind::Uint, Some(number)) => number.fract() == 0.0,
        (ValueKind::Float, Some(number)) => number.is_finite(),
    };
    if !is_possible {
        let message =
            format!("`for` says which value needs this, and {} is none of a tag of kind {}", item.words(), written.kind.word());
        let words: Vec<_> = written.states.iter().map(|(number, word)| format!("{number} or \"{word}\"")).collect();
        let help = match (written.kind, words.is_empty()) {
            (ValueKind::Text, _) => "take `for` away; what a text says can't be judged".to_owned(),
            (ValueKind::Bool, true) => "write for = 1, or for = 0".to_owned(),
            (_, true) => "write a number that may be written".to_owned(),
            (_, false) => format!("write one of {}", words.join(", ")),
        };
        report.error(table.at("for"), message, help);
        return None;
    }
    only_for
}
