//! What a scan found, for people and for programs, and what to write into connections.toml.

use std::ops::RangeInclusive;

use anyhow::Result;
use serde_json::{Value as Json, json};

use crate::modbus::scan::{Found, KINDS, Outcome};
use crate::modbus::target::toml_line;

/// Prints it.
///
/// # Errors
/// When the output is closed.
pub fn print(outcome: &Outcome, as_json: bool) -> Result<()> {
    if as_json {
        println!("{}", serde_json::to_string_pretty(&json_of(outcome))?);
        return Ok(());
    }
    for found in &outcome.found {
        println!("{}", text_of(found, outcome.units_only));
    }
    if outcome.any_unit {
        println!("It answers whatever unit is asked: this is one device that doesn't look at the unit.");
    }
    if outcome.stopped {
        println!("The scan was ended before it was through.");
    }
    if !outcome.found.is_empty() {
        let (first, last) = outcome.span;
        if !outcome.units_only {
            println!("Addresses {first} to {last} were looked at, 0-based: holding register 0 is 40001 in many manuals.");
        }
        println!("\nFor connections.toml:\n\n{}", toml_of(outcome));
    }
    Ok(())
}

/// Why nobody was found, and what to do.
pub fn nobody(outcome: &Outcome) -> String {
    let heard = outcome.noise.as_ref().map_or(String::new(), |noise| format!(" Something was heard: {noise}."));
    let stopped = if outcome.stopped { " so far" } else { "" };
    let serial = matches!(outcome.link, plantroom_project::LinkSpec::Serial(_));
    let what_to_do = if serial {
        "check wiring (A and B swapped?), baud rate and parity (--baud, --parity), and the units (--units)"
    } else {
        "check the units (--units), and whether a serial server passes serial frames (--rtu-over-tcp)"
    };
    format!("No unit answers at {}{stopped}.{heard} What to do: {what_to_do}.", outcome.link)
}

fn text_of(found: &Found, units_only: bool) -> String {
    let mut lines = vec![format!("unit {}", found.unit)];
    if !found.identity.is_empty() {
        let parts: Vec<String> = found.identity.iter().map(|(name, text)| format!("{name} {text}")).collect();
        lines.push(format!("  says of itself: {}", parts.join(", ")));
    }
    if !units_only {
        lines.extend(found.ranges.iter().map(|(kind, ranges)| {
            let words = match ranges {
                None => "not served".to_owned(),
                Some(ranges) if ranges.is_empty() => "none of these addresses".to_owned(),
                Some(ranges) => ranges.iter().map(words_of).collect::<Vec<_>>().join(", "),
            };
            format!("  {kind} (function {}): {words}", function_of(kind))
        }));
    }
    lines.join("\n")
}

fn words_of(range: &RangeInclusive<u16>) -> String {
    if range.start() == range.end() { range.start().to_string() } else { format!("{} to {}", range.start(), range.end()) }
}

fn function_of(kind: &str) -> u8 {
    KINDS.iter().find(|(_, name, _)| *name == kind).map_or(0, |(function, _, _)| *function)
}

fn toml_of(outcome: &Outcome) -> String {
    let mut text = format!("[[connection]]\nname = \"line1\"\ndriver = \"modbus\"\n{}\n", toml_line(&outcome.link));
    match &outcome.found[..] {
        [one] => text.push_str(&format!("[connection.device]\nunit = {}\n", one.unit)),
        several => {
            for found in several {
                text.push_str(&format!("[[connection.devices]]\nname = \"unit{}\"\nunit = {}\n", found.unit, found.unit));
            }
        }
    }
    text
}

fn json_of(outcome: &Outcome) -> Json {
    let units: Vec<Json> = outcome
        .found
        .iter()
        .map(|found| {
            let identity: serde_json::Map<String, Json> =
                found.identity.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
            let ranges: serde_json::Map<String, Json> = found
                .ranges
                .iter()
                .map(|(kind, ranges)| {
                    let list = |ranges: &Vec<RangeInclusive<u16>>| {
                        ranges.iter().map(|r| json!([r.start(), r.end()])).collect::<Vec<_>>()
                    };
                    ((*kind).to_owned(), json!(ranges.as_ref().map(list)))
                })
                .collect();
            json!({ "unit": found.unit, "identity": identity, "ranges": ranges })
        })
        .collect();
    json!({
        "link": toml_line(&outcome.link), "units": units, "any_unit": outcome.any_unit, "stopped": outcome.stopped,
        "connections_toml": if outcome.found.is_empty() { Json::Null } else { json!(toml_of(outcome)) },
    })
}
