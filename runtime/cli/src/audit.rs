//! `plantroom audit`: who did what.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::client::{Client, Reach};
use crate::exit::Failure;

#[derive(Args)]
pub struct Audit {
    #[command(subcommand)]
    verb: AuditVerb,
}

#[derive(Subcommand)]
enum AuditVerb {
    /// Shows the newest records of a running station's audit trail.
    List {
        #[command(flatten)]
        reach: Reach,
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Checks the whole trail of a data folder: every record, and the chain that ties them together. The station
    /// may be running.
    Verify {
        /// The station's data folder.
        #[arg(default_value = "data")]
        data: PathBuf,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
}

impl Audit {
    pub fn run(self) -> Result<()> {
        match self.verb {
            AuditVerb::List { reach, limit, json } => list(&Client::open(&reach)?, limit, json),
            AuditVerb::Verify { data, json } => verify(&data, json),
        }
    }
}

fn list(client: &Client, limit: u32, as_json: bool) -> Result<()> {
    let answer = client.call("GET", &format!("/api/v1/audit?limit={limit}"), None)?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    for record in answer["records"].as_array().into_iter().flatten() {
        let text = |key: &str| crate::say::field(record[key].as_str().unwrap_or_default());
        let new = if record["new"].is_null() { String::new() } else { format!(" = {}", record["new"]) };
        println!(
            "{:>8}  {}  {:<12} {} {}{new}  {}",
            record["number"],
            time(&text("time")),
            text("user"),
            text("act"),
            text("target"),
            text("result")
        );
    }
    Ok(())
}

fn verify(data: &std::path::Path, as_json: bool) -> Result<()> {
    let report = plantroom_access::verify(data).map_err(|error| Failure::problems(error.to_string()))?;
    if report.segments == 0 {
        let data = data.display();
        let told =
            format!("There is no audit trail here; name a station's data folder, by default `data` in its project: {data}");
        return Err(Failure::problems(told).into());
    }
    let broken = report.broken.as_ref();
    if as_json {
        let broken = broken.map(
            |found| serde_json::json!({ "file": found.file, "offset": found.offset, "number": found.number, "what": found.what }),
        );
        let json = serde_json::json!({
            "intact": broken.is_none(), "segments": report.segments, "records": report.records, "last": report.last,
            "head": report.head, "broken": broken, "breaks": report.breaks, "torn_bytes": report.torn_bytes, "open": report.open,
        });
        println!("{}", serde_json::to_string_pretty(&json)?);
    }
    match broken {
        None if as_json => Ok(()),
        None => {
            println!(
                "The audit trail is intact: {} records in {} files. Keep the newest hash elsewhere: {}",
                report.records, report.segments, report.head
            );
            Ok(())
        }
        Some(_) if as_json => Err(Failure::problems("").into()),
        Some(found) => Err(Failure::problems(format!(
            "The audit trail is broken in {} places, first at record {} (byte {} of {}): {}",
            report.breaks,
            found.number,
            found.offset,
            found.file.display(),
            found.what
        ))
        .into()),
    }
}

/// A time as people read it.
fn time(rfc3339: &str) -> String {
    let timestamp = rfc3339.parse::<jiff::Timestamp>();
    timestamp.map_or_else(|_| rfc3339.to_owned(), |timestamp| timestamp.strftime("%Y-%m-%d %H:%M:%S%.3fZ").to_string())
}
