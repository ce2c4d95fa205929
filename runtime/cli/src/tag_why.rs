//! `plantroom tag why`, and the list of tags that somebody has taken over.

use anyhow::Result;
use clap::Args;
use serde_json::Value as Json;

use crate::client::{Client, segment};

/// Which tag.
#[derive(Args)]
pub struct Why {
    /// Its name.
    name: String,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Why {
    /// Asks the station, and prints its answer.
    ///
    /// # Errors
    /// When the station doesn't answer, or knows no such tag.
    pub fn run(&self, client: &Client) -> Result<()> {
        let why = client.call("GET", &format!("/api/v1/tags/{}/why", segment(&self.name)), None)?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&why)?);
        } else {
            println!("{}", why["text"].as_str().unwrap_or_default());
        }
        Ok(())
    }
}

/// Which connection.
#[derive(Args)]
pub struct Registers {
    /// Its name.
    connection: String,
    /// Shows them again every second.
    #[arg(long)]
    watch: bool,
    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
}

impl Registers {
    /// Asks the station, and prints its answer.
    ///
    /// # Errors
    /// When the station doesn't answer, or knows no such connection.
    pub fn run(&self, client: &Client) -> Result<()> {
        loop {
            let answer = client.call("GET", &format!("/api/v1/connections/{}/registers", segment(&self.connection)), None)?;
            let rows = answer["registers"].as_array().cloned().unwrap_or_default();
            if self.json {
                println!("{}", serde_json::to_string(&rows)?);
            } else {
                rows.iter().for_each(|row| println!("{}", line_of(row)));
            }
            if !self.watch || crate::say::is_over() {
                return Ok(());
            }
            println!();
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
    }
}

/// `line/level   holding 10 u16   0x2EE0   5.00 m   good`
fn line_of(row: &Json) -> String {
    let text = |key: &str| crate::say::field(row[key].as_str().unwrap_or_default());
    let words = row["words"].as_array().cloned().unwrap_or_default();
    let words: Vec<String> = words.iter().map(|word| format!("0x{:04X}", word.as_u64().unwrap_or(0))).collect();
    let raw = if words.is_empty() { "-".to_owned() } else { words.join(" ") };
    let reason = if text("quality") == "good" { text("quality") } else { format!("{}: {}", text("quality"), text("reason")) };
    let address = format!("{} {}", text("device"), text("address")).trim().to_owned();
    format!("{:<36} {address:<26} {raw:<24} {:>16}  {reason}", text("tag"), text("value"))
}

/// Prints every tag that somebody has taken over and whose name matches.
///
/// # Errors
/// When the station doesn't answer.
pub fn list_overridden(client: &Client, filter: &str, as_json: bool) -> Result<()> {
    let answer = client.call("GET", "/api/v1/overrides", None)?;
    let all = answer["overrides"].as_array().cloned().unwrap_or_default();
    let wanted: Vec<Json> =
        all.into_iter().filter(|over| crate::tag_files::matches(filter, over["tag"].as_str().unwrap_or_default())).collect();
    if as_json {
        println!("{}", serde_json::to_string_pretty(&wanted)?);
        return Ok(());
    }
    if wanted.is_empty() {
        println!("No tag is taken over.");
    }
    for over in &wanted {
        let text = |key: &str| crate::say::field(over[key].as_str().unwrap_or_default());
        let value = if over["value"].is_null() { String::new() } else { format!(" at {}", over["value"]) };
        let mode = format!("{}{value}", text("mode"));
        println!("{:<40} {mode:<24} by {} since {}: {}", text("tag"), text("user"), text("since"), text("reason"));
    }
    Ok(())
}
