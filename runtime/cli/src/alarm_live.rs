//! `plantroom alarm list|show|ack|...`: alarms of a running station.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use crate::client::{Client, Reach, segment};
use crate::exit::Failure;
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
        /// Names; `*` stands for anything.
        names: Vec<String>,
        /// The occurrence that was seen, for one alarm.
        #[arg(long)]
        occurrence: Option<u64>,
        /// A comment for the journal.
        #[arg(long, default_value = "")]
        comment: String,
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
    /// Shows the alarm journal, newest first, or writes it to a file for other programs.
    Journal(Journal),
    /// Shows the key figures of alarm management: rates, floods, chattering and standing alarms.
    Kpi {
        #[command(flatten)]
        time: Time,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Writes the key figures as an HTML page for printing.
    Report {
        #[command(flatten)]
        time: Time,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        html: PathBuf,
    },
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

#[derive(Args)]
pub struct Act {
    /// Names; `*` stands for anything.
    names: Vec<String>,
    /// Why; shown to everybody who looks at the alarm.
    #[arg(long, default_value = "")]
    comment: String,
}

#[derive(Args)]
pub struct Time {
    /// From this time: 2026-01-31T08:00:00Z.
    #[arg(long)]
    since: Option<String>,
    /// Until before this time.
    #[arg(long)]
    until: Option<String>,
}

#[derive(Args)]
pub struct Journal {
    #[command(flatten)]
    time: Time,
    /// Only this alarm; `*` stands for anything.
    #[arg(long)]
    alarm: Option<String>,
    /// Only this area and those below it.
    #[arg(long)]
    area: Option<String>,
    /// Only with this text in name, message, user or comment.
    #[arg(long)]
    text: Option<String>,
    /// At most so many rows.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// Writes all rows to a file instead: its ending says the format, .csv or .parquet.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Verb {
    pub fn run(self, reach: &Reach) -> Result<()> {
        let client = Client::open(reach)?;
        match self {
            Self::List(list) => list.run(&client),
            Self::Show { name, json } => show(&client, &name, json),
            Self::Ack { names, occurrence, comment } => acknowledge(&client, &names, occurrence, &comment),
            Self::Reset(act) => act.run(&client, "reset", json!({})),
            Self::Shelve { act, for_s, one_shot } => act.run(&client, "shelve", json!({ "for_s": for_s, "one_shot": one_shot })),
            Self::Unshelve(act) => act.run(&client, "unshelve", json!({})),
            Self::Suppress(act) => act.run(&client, "suppress", json!({})),
            Self::Unsuppress(act) => act.run(&client, "unsuppress", json!({})),
            Self::OutOfService(act) => act.run(&client, "out-of-service", json!({})),
            Self::InService(act) => act.run(&client, "in-service", json!({})),
            Self::Remark(act) => act.run(&client, "remark", json!({})),
            Self::Journal(journal) => journal.run(&client),
            Self::Kpi { time, json } => kpi(&client, &time, json),
            Self::Report { time, html } => {
                let page = client.bytes("GET", &format!("/api/v1/alarm-report?{}", time.query()), None)?;
                write(&html, &page)
            }
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

impl Time {
    fn query(&self) -> String {
        query(&[("since", self.since.as_deref()), ("until", self.until.as_deref())])
    }
}

fn query(parts: &[(&str, Option<&str>)]) -> String {
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

fn text(json: &Json, key: &str) -> String {
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

/// The alarms of these names; where stars stand for some, those that there are.
fn named(client: &Client, names: &[String], state: &str) -> Result<Vec<Json>> {
    if names.is_empty() {
        return Err(Failure::usage("Name the alarms, for example `high_lift/*`.").into());
    }
    let mut all = Vec::new();
    for name in names {
        if name.contains('*') {
            let parts = [("filter", Some(name.as_str())), ("state", Some(state)), ("limit", Some("10000"))];
            let answer = client.call("GET", &format!("/api/v1/alarms?{}", query(&parts)), None)?;
            all.extend(answer["alarms"].as_array().cloned().unwrap_or_default());
        } else {
            all.push(client.call("GET", &format!("/api/v1/alarms/{}", segment(name)), None)?);
        }
    }
    if all.is_empty() {
        return Err(Failure::problems("No alarm fits; `plantroom alarm list --state all` shows all.").into());
    }
    Ok(all)
}

fn acknowledge(client: &Client, names: &[String], occurrence: Option<u64>, comment: &str) -> Result<()> {
    let alarms = named(client, names, "unacknowledged")?;
    if occurrence.is_some() && alarms.len() > 1 {
        return Err(Failure::usage("--occurrence is about one alarm; name one.").into());
    }
    each(client, &alarms, "acknowledge", |alarm| {
        let seen = occurrence.map_or_else(|| alarm["occurrence"].clone(), Json::from);
        json!({ "occurrence": seen, "comment": comment })
    })
}

impl Act {
    fn run(self, client: &Client, verb: &str, body: Json) -> Result<()> {
        let alarms = named(client, &self.names, "all")?;
        let mut body = body;
        body["comment"] = self.comment.into();
        each(client, &alarms, verb, |_| body.clone())
    }
}

/// Acts on each, says what came of it, and fails when any failed.
fn each(client: &Client, alarms: &[Json], verb: &str, body: impl Fn(&Json) -> Json) -> Result<()> {
    let mut failed = Ok(());
    for alarm in alarms {
        let path = format!("/api/v1/alarms/{}/{verb}", segment(alarm["name"].as_str().unwrap_or_default()));
        let outcome = client.call("POST", &path, Some(&body(alarm)))?;
        if let Err(error) = crate::tag::tell_outcome(&outcome, false) {
            failed = Err(error);
        }
    }
    failed
}

impl Journal {
    fn run(self, client: &Client) -> Result<()> {
        let mut parts = vec![
            ("since", self.time.since.as_deref()),
            ("until", self.time.until.as_deref()),
            ("alarm", self.alarm.as_deref()),
            ("area", self.area.as_deref()),
            ("text", self.text.as_deref()),
        ];
        if let Some(file) = &self.export {
            let format = file.extension().and_then(|ending| ending.to_str()).unwrap_or("csv");
            parts.push(("format", Some(format)));
            let bytes = client.bytes("GET", &format!("/api/v1/alarm-journal/export?{}", query(&parts)), None)?;
            return write(file, &bytes);
        }
        let limit = self.limit.to_string();
        parts.push(("limit", Some(&limit)));
        let answer = client.call("GET", &format!("/api/v1/alarm-journal?{}", query(&parts)), None)?;
        let rows = answer["rows"].as_array().cloned().unwrap_or_default();
        if self.json {
            out(format_args!("{}", serde_json::to_string_pretty(&rows)?));
            return Ok(());
        }
        for row in &rows {
            let by = Some(text(row, "user")).filter(|by| !by.is_empty()).map(|by| format!(" by {by}")).unwrap_or_default();
            let comment =
                Some(text(row, "comment")).filter(|why| !why.is_empty()).map(|why| format!(": {why}")).unwrap_or_default();
            out(format_args!(
                "{}  {:<8}  {:<14}  {}  {}  {}{by}{comment}",
                text(row, "time"),
                text(row, "priority"),
                text(row, "event"),
                text(row, "alarm"),
                text(row, "message"),
                text(row, "value"),
            ));
        }
        Ok(())
    }
}

fn kpi(client: &Client, time: &Time, as_json: bool) -> Result<()> {
    let figures = client.call("GET", &format!("/api/v1/alarm-kpi?{}", time.query()), None)?;
    if as_json {
        out(format_args!("{}", serde_json::to_string_pretty(&figures)?));
        return Ok(());
    }
    for position in figures["positions"].as_array().into_iter().flatten() {
        out(format_args!("{}: {}", text(position, "position"), text(position, "verdict")));
        for finding in position["findings"].as_array().into_iter().flatten() {
            let (target, mark) = (text(finding, "target"), if finding["is_met"] == false { "  <-" } else { "" });
            let target = if target.is_empty() { target } else { format!("  (should be {target})") };
            out(format_args!("  {:<52} {}{target}{mark}", text(finding, "what"), text(finding, "value")));
        }
    }
    Ok(())
}

fn write(file: &std::path::Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(file, bytes).with_context(|| format!("The file can't be written: {}", file.display()))?;
    out(format_args!("Written: {} ({} bytes).", file.display(), bytes.len()));
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
