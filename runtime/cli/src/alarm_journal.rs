//! `plantroom alarm journal|watch|kpi|report`: what happened to alarms, of a running station or of its data folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use plantroom_station::OfflineJournal;
use serde_json::Value as Json;

use crate::alarm_live::{query, text};
use crate::client::{Client, Reach};
use crate::exit::Failure;

/// How often `alarm watch` asks, in ms.
const WATCH_MS: u64 = 250;
/// Rows of one question.
const PAGE: u32 = 1_000;

#[derive(Subcommand)]
pub enum Verb {
    /// Shows the alarm journal, newest first, or writes it to a file for other programs.
    Journal(Journal),
    /// Prints what happens to alarms as soon as it is in the journal, until Ctrl+C.
    Watch {
        #[command(flatten)]
        only: Only,
        /// One JSON object a line instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Shows the key figures of alarm management: rates, floods, chattering and standing alarms.
    Kpi {
        #[command(flatten)]
        time: Time,
        #[command(flatten)]
        from: From,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Writes the key figures as an HTML page for printing.
    Report {
        #[command(flatten)]
        time: Time,
        #[command(flatten)]
        from: From,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        html: PathBuf,
    },
}

#[derive(Args)]
pub struct Time {
    /// From this time: 2026-01-31T08:00:00Z. Key figures without any time are those of the last 24 hours.
    #[arg(long)]
    since: Option<String>,
    /// Until before this time.
    #[arg(long)]
    until: Option<String>,
}

/// A station, or what it left behind.
#[derive(Args)]
pub struct From {
    /// A station's data folder (or a copy of it), instead of asking a running station.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// With --data: the project folder, for operator positions and time zone; without it the folder that the data folder
    /// lies in, where that is a project.
    #[arg(long, value_name = "FOLDER", requires = "data")]
    project: Option<PathBuf>,
}

/// Which rows.
#[derive(Args)]
pub struct Only {
    /// Only this alarm; `*` stands for anything.
    #[arg(long)]
    alarm: Option<String>,
    /// Only this area and those below it.
    #[arg(long)]
    area: Option<String>,
    /// Only event, low, medium, high or critical.
    #[arg(long)]
    priority: Option<String>,
    /// Only what this user did.
    #[arg(long = "by", value_name = "USER")]
    user: Option<String>,
    /// Only with this text in name, message, user or comment.
    #[arg(long)]
    text: Option<String>,
}

#[derive(Args)]
pub struct Journal {
    #[command(flatten)]
    time: Time,
    #[command(flatten)]
    only: Only,
    #[command(flatten)]
    from: From,
    /// The oldest first.
    #[arg(long)]
    oldest_first: bool,
    /// At most so many rows.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// Only rows behind this one, as the end of the page before said; with --oldest-first newer, else older ones.
    #[arg(long, value_name = "ROW")]
    cursor: Option<String>,
    /// Writes all rows to a file instead: its ending says the format, .csv or .parquet.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["limit", "cursor", "oldest_first", "json"])]
    export: Option<PathBuf>,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Verb {
    pub fn run(self, reach: &Reach) -> Result<()> {
        match self {
            Self::Journal(journal) => journal.run(reach),
            Self::Watch { only, json } => watch(&Client::open(reach)?, &only, json),
            Self::Kpi { time, from, json } => kpi(&from.open(reach, true)?, &time, json),
            Self::Report { time, from, html } => {
                let page = from.open(reach, true)?.bytes("/api/v1/alarm-report", &query(&time.parts()))?;
                write(&html, &page)
            }
        }
    }
}

impl Time {
    fn parts(&self) -> [(&'static str, Option<&str>); 2] {
        [("since", self.since.as_deref()), ("until", self.until.as_deref())]
    }
}

impl Only {
    fn parts(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("alarm", self.alarm.as_deref()),
            ("area", self.area.as_deref()),
            ("priority", self.priority.as_deref()),
            ("user", self.user.as_deref()),
            ("text", self.text.as_deref()),
        ]
    }
}

/// Whom to ask.
enum Source {
    Station(Client),
    Folder(Box<OfflineJournal>),
}

impl From {
    fn open(&self, reach: &Reach, with_positions: bool) -> Result<Source> {
        let Some(data) = &self.data else { return Ok(Source::Station(Client::open(reach)?)) };
        let around = data.parent().map(Path::to_owned).filter(|folder| folder.join("plant.toml").is_file());
        let project = self.project.clone().or(around);
        if project.is_none() && with_positions {
            eprintln!("No project is known, so there is one operator position, and days are those of UTC; give --project.");
        }
        let journal = OfflineJournal::open(data, project.as_deref()).map_err(Failure::problems)?;
        Ok(Source::Folder(Box::new(journal)))
    }
}

impl Source {
    fn json(&self, path: &str, query: &str) -> Result<Json> {
        Ok(match self {
            Self::Station(client) => client.call("GET", &format!("{path}?{query}"), None)?,
            Self::Folder(journal) if path.ends_with("kpi") => journal.kpi(query).map_err(Failure::problems)?,
            Self::Folder(journal) => journal.page(query).map_err(Failure::problems)?,
        })
    }

    fn bytes(&self, path: &str, query: &str) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Station(client) => client.bytes("GET", &format!("{path}?{query}"), None)?,
            Self::Folder(journal) if path.ends_with("report") => journal.report(query).map_err(Failure::problems)?.into_bytes(),
            Self::Folder(journal) => journal.export(query).map_err(Failure::problems)?,
        })
    }
}

impl Journal {
    fn run(self, reach: &Reach) -> Result<()> {
        let source = self.from.open(reach, false)?;
        let mut parts: Vec<_> = self.time.parts().into_iter().chain(self.only.parts()).collect();
        if let Some(file) = &self.export {
            parts.push(("format", Some(file.extension().and_then(|ending| ending.to_str()).unwrap_or("csv"))));
            return write(file, &source.bytes("/api/v1/alarm-journal/export", &query(&parts))?);
        }
        let limit = self.limit.to_string();
        parts.extend([("limit", Some(limit.as_str())), ("cursor", self.cursor.as_deref())]);
        parts.push(("oldest_first", self.oldest_first.then_some("true")));
        let answer = source.json("/api/v1/alarm-journal", &query(&parts))?;
        let rows = answer["rows"].as_array().cloned().unwrap_or_default();
        if self.json {
            println!("{}", serde_json::to_string_pretty(&answer)?);
            return Ok(());
        }
        rows.iter().for_each(|row| println!("{}", line(row)));
        if let Some(next) = answer["next"].as_str() {
            eprintln!("There are more; go on with --cursor {next}.");
        }
        Ok(())
    }
}

/// Prints rows as they come; the newest one at the beginning is known already.
fn watch(client: &Client, only: &Only, as_json: bool) -> Result<()> {
    let newest = client.call("GET", "/api/v1/alarm-journal?limit=1", None)?;
    let mut cursor = newest["rows"][0]["row"].as_u64().unwrap_or(0);
    let limit = PAGE.to_string();
    while !crate::say::is_over() {
        let from = cursor.to_string();
        let mut parts = only.parts().to_vec();
        parts.extend([("oldest_first", Some("true")), ("limit", Some(&*limit)), ("cursor", Some(&*from))]);
        let page = client.call("GET", &format!("/api/v1/alarm-journal?{}", query(&parts)), None)?;
        for row in page["rows"].as_array().into_iter().flatten() {
            if as_json {
                println!("{}", serde_json::to_string(row)?);
            } else {
                println!("{}", line(row));
            }
            cursor = cursor.max(row["row"].as_u64().unwrap_or(0));
        }
        match page["next"].as_str().and_then(|next| next.parse::<u64>().ok()) {
            Some(next) => cursor = cursor.max(next),
            None => std::thread::sleep(Duration::from_millis(WATCH_MS)),
        }
    }
    Ok(())
}

/// A row for people.
fn line(row: &Json) -> String {
    let some = |key: &str, before: &str| {
        Some(text(row, key)).filter(|text| !text.is_empty()).map(|text| format!("{before}{text}")).unwrap_or_default()
    };
    format!(
        "{}  {:<8}  {:<14}  {}  {}{}{}{}",
        text(row, "time"),
        text(row, "priority"),
        text(row, "event"),
        text(row, "alarm"),
        text(row, "message"),
        some("value", "  "),
        some("user", " by "),
        some("comment", ": "),
    )
}

fn kpi(source: &Source, time: &Time, as_json: bool) -> Result<()> {
    let figures = source.json("/api/v1/alarm-kpi", &query(&time.parts()))?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&figures)?);
        return Ok(());
    }
    for position in figures["positions"].as_array().into_iter().flatten() {
        println!("{}: {}", text(position, "position"), text(position, "verdict"));
        for finding in position["findings"].as_array().into_iter().flatten() {
            let (target, mark) = (text(finding, "target"), if finding["is_met"] == false { "  <-" } else { "" });
            let target = if target.is_empty() { target } else { format!("  (should be {target})") };
            println!("  {:<52} {}{target}{mark}", text(finding, "what"), text(finding, "value"));
        }
    }
    Ok(())
}

fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(file, bytes).with_context(|| format!("The file can't be written: {}", file.display()))?;
    println!("Written: {} ({} bytes).", file.display(), bytes.len());
    Ok(())
}
