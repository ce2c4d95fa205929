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
        match toml_of(outcome) {
            Some(toml) => println!("\nFor connections.toml:\n\n{toml}"),
            None => println!("Nothing of that is for connections.toml; look at other addresses with --registers."),
        }
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
    if found.only_refuses() {
        let why = "a gateway may answer so for a unit that isn't there";
        return format!(
            "unit {}\n  answers, but has no registers there: only exceptions to all that was asked ({why})",
            found.unit
        );
    }
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

/// Those that have something; `None` where nobody has.
fn toml_of(outcome: &Outcome) -> Option<String> {
    let mut text = format!("[[connection]]\nname = \"line1\"\ndriver = \"modbus\"\n{}\n", toml_line(&outcome.link));
    let with_registers: Vec<&Found> = outcome.found.iter().filter(|found| !found.only_refuses()).collect();
    match &with_registers[..] {
        [] => return None,
        [one] => text.push_str(&format!("[connection.device]\nunit = {}\n", one.unit)),
        several => {
            for found in several {
                text.push_str(&format!("[[connection.devices]]\nname = \"unit{}\"\nunit = {}\n", found.unit, found.unit));
            }
        }
    }
    Some(text)
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
            json!({ "unit": found.unit, "identity": identity, "ranges": ranges, "only_refuses": found.only_refuses() })
        })
        .collect();
    json!({
        "link": toml_line(&outcome.link), "units": units, "any_unit": outcome.any_unit, "stopped": outcome.stopped,
        "connections_toml": toml_of(outcome),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_project::{LinkSpec, TcpAddress};

    fn found(unit: u8, ranges: &[Option<&[RangeInclusive<u16>]>]) -> Found {
        let ranges = KINDS.iter().zip(ranges).map(|((_, kind, _), ranges)| (*kind, ranges.map(<[_]>::to_vec))).collect();
        Found { unit, identity: Vec::new(), ranges }
    }

    fn outcome(found: Vec<Found>) -> Outcome {
        let link = LinkSpec::Tcp(TcpAddress { host: "10.0.0.1".to_owned(), port: 502 });
        Outcome { link, found, any_unit: false, stopped: false, noise: None, span: (0, 99), units_only: false }
    }

    #[test]
    fn who_only_refuses_is_told_of_and_not_proposed() {
        let (meter, ghost) = (found(3, &[Some(&[0..=9]), None]), found(4, &[Some(&[]), None]));
        assert!(text_of(&ghost, false).contains("answers, but has no registers there"));
        assert!(text_of(&meter, false).contains("0 to 9"));
        let both = outcome(vec![meter, ghost]);
        assert_eq!(toml_of(&both).as_deref(), Some(&*format!("{}[connection.device]\nunit = 3\n", head())));
        assert_eq!(toml_of(&outcome(vec![found(4, &[None, None])])), None);
        // Nothing was looked at, so nothing is known against it.
        assert!(toml_of(&outcome(vec![found(4, &[])])).is_some());
        // It says what it is.
        let named = Found { identity: vec![("vendor", "ACME".to_owned())], ..found(5, &[None, None]) };
        assert!(toml_of(&outcome(vec![named])).is_some_and(|toml| toml.contains("unit = 5")));
    }

    fn head() -> String {
        "[[connection]]\nname = \"line1\"\ndriver = \"modbus\"\ntcp = \"10.0.0.1:502\"\n".to_owned()
    }
}
