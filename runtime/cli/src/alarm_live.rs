//! `plantroom alarm list|show|ack|...`: alarms of a running station.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use crate::alarm_acts::Act;
use crate::alarm_journal;
use crate::client::{Client, Reach, segment};
use crate::say::{field, out};

#[derive(Subcommand)]
pub enum Verb {
    /// Lists alarms, the most urgent first: those that are active or unacknowledged, unless --state says otherwise.
    List(List),
    /// Shows one alarm with its consequence, what to do, and how it stands.
    Show {
        /// Its name.
        name: String,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Acknowledges alarms: of each the occurrence that stands now, or the one of --occurrence.
    Ack {
        #[command(flatten)]
        act: Act,
        /// The occurrence that was seen, for one alarm.
        #[arg(long)]
        occurrence: Option<u64>,
    },
    /// Resets latched alarms whose condition is gone.
    Reset(Act),
    /// Shelves alarms: hides them for a limited time.
    Shelve {
        #[command(flatten)]
        act: Act,
        /// For how long: 90s, 10min, 8h.
        #[arg(long = "for", value_parser = seconds)]
        for_s: u32,
        /// Ends also when the alarm returns to normal.
        #[arg(long)]
        one_shot: bool,
    },
    /// Takes alarms from the shelf.
    Unshelve(Act),
    /// Suppresses alarms by hand, as logic does; takes the role engineer.
    Suppress(Act),
    /// Ends a suppression by hand.
    Unsuppress(Act),
    /// Takes alarms out of service; takes the role engineer.
    OutOfService(Act),
    /// Puts alarms back in service.
    InService(Act),
    /// Writes a remark into the journal.
    Remark(Act),
    #[command(flatten)]
    Record(alarm_journal::Verb),
}

#[derive(Args)]
pub struct List {
    /// Only names that match; `*` stands for anything.
    filter: Option<String>,
    /// Only this area and those below it.
    #[arg(long)]
    area: Option<String>,
    /// Only event, low, medium, high or critical.
    #[arg(long)]
    priority: Option<String>,
    /// all, active, unacknowledged, acknowledged, returned, normal, shelved, suppressed or out-of-service.
    #[arg(long)]
    state: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Verb {
    pub fn run(self, reach: &Reach) -> Result<()> {
        if let Self::Record(verb) = self {
            return verb.run(reach);
        }
        let client = Client::open(reach)?;
        match self {
            Self::List(list) => list.run(&client),
            Self::Show { name, json } => show(&client, &name, json),
            Self::Ack { act, occurrence } => act.acknowledge(&client, occurrence),
            Self::Reset(act) => act.run(&client, "reset", json!({})),
            Self::Shelve { act, for_s, one_shot } => act.run(&client, "shelve", json!({ "for_s": for_s, "one_shot": one_shot })),
            Self::Unshelve(act) => act.run(&client, "unshelve", json!({})),
            Self::Suppress(act) => act.run(&client, "suppress", json!({})),
            Self::Unsuppress(act) => act.run(&client, "unsuppress", json!({})),
            Self::OutOfService(act) => act.run(&client, "out-of-service", json!({})),
            Self::InService(act) => act.run(&client, "in-service", json!({})),
            Self::Remark(act) => act.run(&client, "remark", json!({})),
            Self::Record(_) => Ok(()),
        }
    }
}

/// `90s`, `10min`, `8h`; without a unit seconds.
fn seconds(text: &str) -> Result<u32, String> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("write it like 90s, 10min or 8h".to_owned()),
    };
    number
        .parse::<u32>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| "write it like 90s, 10min or 8h".to_owned())
}

/// A query of a URL, of what is given.
pub fn query(parts: &[(&str, Option<&str>)]) -> String {
    let given = parts.iter().filter_map(|(key, value)| value.map(|value| format!("{key}={}", segment(value))));
    given.collect::<Vec<_>>().join("&")
}

impl List {
    fn run(self, client: &Client) -> Result<()> {
        let limit = self.limit.to_string();
        let parts = [
            ("filter", self.filter.as_deref()),
            ("area", self.area.as_deref()),
            ("priority", self.priority.as_deref()),
            ("state", self.state.as_deref()),
            ("limit", Some(limit.as_str())),
        ];
        let answer = client.call("GET", &format!("/api/v1/alarms?{}", query(&parts)), None)?;
        let alarms = answer["alarms"].as_array().cloned().unwrap_or_default();
        if self.json {
            out(format_args!("{}", serde_json::to_string_pretty(&alarms)?));
            return Ok(());
        }
        if alarms.is_empty() {
            out(format_args!("No alarms."));
        }
        for alarm in &alarms {
            out(format_args!("{}", line(alarm)));
        }
        let more = answer["total"].as_u64().unwrap_or(0).saturating_sub(alarms.len() as u64);
        if more > 0 {
            out(format_args!("{more} more; narrow it down, or raise --limit."));
        }
        Ok(())
    }
}

/// A text of an answer, safe for a terminal.
pub fn text(json: &Json, key: &str) -> String {
    field(json[key].as_str().unwrap_or_default())
}

fn words(json: &Json, key: &str) -> String {
    let words = json[key].as_array().into_iter().flatten().filter_map(Json::as_str);
    words.map(|word| format!(" [{word}]")).collect()
}

fn line(alarm: &Json) -> String {
    let (hidden, marks) = (words(alarm, "hidden"), words(alarm, "marks"));
    format!(
        "{:<24}  {:<8}  {:<22}  {}  {}{hidden}{marks}",
        text(alarm, "came"),
        text(alarm, "priority"),
        text(alarm, "state"),
        text(alarm, "name"),
        text(alarm, "message"),
    )
}

fn show(client: &Client, name: &str, as_json: bool) -> Result<()> {
    let alarm = client.call("GET", &format!("/api/v1/alarms/{}", segment(name)), None)?;
    if as_json {
        out(format_args!("{}", serde_json::to_string_pretty(&alarm)?));
        return Ok(());
    }
    out(format_args!("{}: {}", text(&alarm, "name"), text(&alarm, "message")));
    let rows = [
        ("priority", "priority"),
        ("state", "state"),
        ("came", "came"),
        ("condition", "condition"),
        ("consequence", "consequence"),
        ("what to do", "action"),
        ("acknowledged by", "acknowledged_by"),
        ("shelved until", "shelved_until"),
        ("hidden by", "hidden_by"),
        ("because", "hidden_why"),
        ("likely cause", "cause"),
        ("comment", "comment"),
        ("tag", "tag"),
        ("screen", "screen"),
    ];
    for (label, key) in rows {
        let value = text(&alarm, key);
        if !value.is_empty() {
            out(format_args!("  {label:<16} {value}"));
        }
    }
    for (label, key) in [("hidden", "hidden"), ("marks", "marks")] {
        let value = words(&alarm, key);
        if !value.is_empty() {
            out(format_args!("  {label:<16}{value}"));
        }
    }
    out(format_args!("  {:<16} {}", "occurrence", alarm["occurrence"]));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_do() {
        for (text, expected) in
            [("90s", Some(90)), ("10min", Some(600)), ("8h", Some(28_800)), ("45", Some(45)), ("1d", Some(86_400))]
        {
            assert_eq!(seconds(text).ok(), expected);
        }
        assert!(seconds("soon").is_err() && seconds("99999999999h").is_err());
    }
}
