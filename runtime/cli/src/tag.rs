//! `plantroom tag`: tags of a running station.

use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use crate::client::{Client, Reach, segment};
use crate::exit::Failure;

#[derive(Args)]
pub struct Tag {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    verb: TagVerb,
}

#[derive(Subcommand)]
enum TagVerb {
    /// Lists tags with their values.
    List {
        /// Only names that match, `*` standing for anything: `high_lift/*`.
        #[arg(default_value = "*")]
        filter: String,
        /// JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Reads one tag.
    Read {
        /// Its name.
        name: String,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Prints a tag whenever its value or quality changes.
    Watch {
        /// Its name.
        name: String,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Writes a tag through the command path: checked, permitted, audited, read back.
    Write {
        /// Its name.
        name: String,
        /// The value, in engineering units: 12.5, true, or text.
        value: String,
        /// Why; goes into the audit trail.
        #[arg(long, default_value = "")]
        comment: String,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
}

impl Tag {
    pub fn run(self) -> Result<()> {
        let client = Client::open(&self.reach)?;
        match self.verb {
            TagVerb::List { filter, json } => list(&client, &filter, json),
            TagVerb::Read { name, json } => {
                let tag = read(&client, &name)?;
                print_tag(&tag, json)
            }
            TagVerb::Watch { name, json } => watch(&client, &name, json),
            TagVerb::Write { name, value, comment, json } => write(&client, &name, &value, &comment, json),
        }
    }
}

fn list(client: &Client, filter: &str, as_json: bool) -> Result<()> {
    let mut all = Vec::new();
    loop {
        let page =
            client.call("GET", &format!("/api/v1/tags?filter={}&offset={}&limit=1000", segment(filter), all.len()), None)?;
        let tags = page["tags"].as_array().cloned().unwrap_or_default();
        let is_last = tags.is_empty();
        all.extend(tags);
        if is_last || all.len() as u64 >= page["total"].as_u64().unwrap_or(0) {
            break;
        }
    }
    if as_json {
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    for tag in &all {
        println!("{}", line_of(tag));
    }
    Ok(())
}

fn read(client: &Client, name: &str) -> Result<Json> {
    client.call("GET", &format!("/api/v1/tags/{}", segment(name)), None)
}

fn print_tag(tag: &Json, as_json: bool) -> Result<()> {
    if as_json {
        println!("{}", serde_json::to_string(tag)?)
    } else {
        println!("{}", line_of(tag))
    }
    Ok(())
}

/// How often `tag watch` asks, in ms.
const WATCH_MS: u64 = 250;

fn watch(client: &Client, name: &str, as_json: bool) -> Result<()> {
    let mut last = (Json::Null, Json::Null);
    loop {
        let tag = read(client, name)?;
        let news = (tag["value"].clone(), tag["status"].clone());
        if news != last {
            print_tag(&tag, as_json)?;
            last = news;
        }
        std::thread::sleep(Duration::from_millis(WATCH_MS));
    }
}

fn write(client: &Client, name: &str, value: &str, comment: &str, as_json: bool) -> Result<()> {
    let value: Json = serde_json::from_str(value).unwrap_or_else(|_| Json::String(value.to_owned()));
    let body = json!({ "value": value, "comment": comment });
    let outcome = client.call("PUT", &format!("/api/v1/tags/{}/value", segment(name)), Some(&body))?;
    let message = outcome["message"].as_str().unwrap_or_default().to_owned();
    if as_json {
        println!("{}", serde_json::to_string(&outcome)?);
    }
    let say = |message: String| if as_json { String::new() } else { message };
    match outcome["kind"].as_str() {
        Some("confirmed" | "done") => {
            if !as_json {
                println!("{message}");
            }
            Ok(())
        }
        Some("refused") => Err(Failure::refused(say(message)).into()),
        Some("not-sent") => Err(Failure::unreachable(say(message)).into()),
        _ => Err(Failure::problems(say(message)).into()),
    }
}

fn line_of(tag: &Json) -> String {
    let text = |key: &str| match &tag[key] {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        Json::Number(number) if number.is_f64() => format!("{:.3}", number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    };
    let value = if tag["value"].is_null() { "-".to_owned() } else { text("value") };
    let quality = text("quality");
    let reason = if quality == "good" { String::new() } else { format!("  {quality}: {}", text("reason")) };
    format!("{:<40} {value:>14} {:<6}{reason}", text("name"), text("unit"))
}
