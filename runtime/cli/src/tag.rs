//! `plantroom tag`: tags of a running station.

use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use crate::client::{Client, Reach, segment};
use crate::exit::Failure;
use crate::tag_files;

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
        /// Only tags that somebody has taken over, with who, why and since when.
        #[arg(long)]
        overridden: bool,
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
    /// Tells why a tag holds what it holds: connection, raw registers, scaling, inputs, refusals.
    Why(crate::tag_why::Why),
    /// Shows a connection's tags with the registers they were decoded from, for commissioning.
    Registers(crate::tag_why::Registers),
    /// Takes a tag off scan: its last value stands, and counts as bad.
    OffScan(TakeOver),
    /// Puts another value in the place of what the source says.
    Substitute(TakeOverAt),
    /// Makes a tag's value up, for tests; writes to it reach no device.
    Simulate(TakeOverAt),
    /// Lets a tag follow its source again.
    Restore(TakeOver),
    /// Writes a tag through the command path: checked, permitted, audited, read back.
    Write {
        /// Its name.
        name: String,
        /// The value, in engineering units: 12.5, true, or text.
        value: String,
        /// Why; goes into the audit trail.
        #[arg(long, default_value = "")]
        comment: String,
        /// Yes to the tag's own question, where it has one.
        #[arg(long)]
        yes: bool,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Writes the tags of a project folder as CSV, with everything that the project says of them.
    Export(tag_files::Export),
    /// Takes tags from a CSV file into a project folder: shows what changes, checks it as a whole, keeps a backup.
    Import(tag_files::ImportFile),
}

/// A tag, and why somebody takes it over or puts it back.
#[derive(Args)]
struct TakeOver {
    /// Its name.
    name: String,
    /// Why; shown to everybody who looks at the tag, and kept in the audit trail.
    #[arg(long)]
    reason: String,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// The same, with a value that stands in.
#[derive(Args)]
struct TakeOverAt {
    #[command(flatten)]
    over: TakeOver,
    /// The value, in engineering units; without one the present value stands.
    value: Option<String>,
}

impl TakeOver {
    fn ask(&self, client: &Client, mode: &str, value: Option<&str>) -> Result<()> {
        let body = json!({ "mode": mode, "value": value.map(value_of), "reason": self.reason });
        let outcome = client.call("PUT", &format!("/api/v1/tags/{}/mode", segment(&self.name)), Some(&body))?;
        tell_outcome(&outcome, self.json)
    }
}

impl Tag {
    pub fn run(self) -> Result<()> {
        let verb = match self.verb {
            // These two need no station.
            TagVerb::Export(verb) => return verb.run(),
            TagVerb::Import(verb) => return verb.run(),
            verb => verb,
        };
        let client = Client::open(&self.reach)?;
        match verb {
            TagVerb::Export(_) | TagVerb::Import(_) => Ok(()),
            TagVerb::List { filter, overridden: false, json } => list(&client, &filter, json),
            TagVerb::List { filter, overridden: true, json } => crate::tag_why::list_overridden(&client, &filter, json),
            TagVerb::Why(verb) => verb.run(&client),
            TagVerb::Registers(verb) => verb.run(&client),
            TagVerb::OffScan(over) => over.ask(&client, "off-scan", None),
            TagVerb::Restore(over) => over.ask(&client, "normal", None),
            TagVerb::Substitute(at) => at.over.ask(&client, "substituted", at.value.as_deref()),
            TagVerb::Simulate(at) => at.over.ask(&client, "simulated", at.value.as_deref()),
            TagVerb::Read { name, json } => {
                let tag = read(&client, &name)?;
                print_tag(&tag, json)
            }
            TagVerb::Watch { name, json } => watch(&client, &name, json),
            TagVerb::Write { name, value, comment, yes, json } => write(&client, &name, (&value, yes), &comment, json),
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
    while !crate::say::is_over() {
        let tag = read(client, name)?;
        let news = (tag["value"].clone(), tag["status"].clone());
        if news != last {
            print_tag(&tag, as_json)?;
            last = news;
        }
        std::thread::sleep(Duration::from_millis(WATCH_MS));
    }
    Ok(())
}

fn write(client: &Client, name: &str, (value, yes): (&str, bool), comment: &str, as_json: bool) -> Result<()> {
    let body = json!({ "value": value_of(value), "comment": comment, "confirmed": yes });
    let outcome = client.call("PUT", &format!("/api/v1/tags/{}/value", segment(name)), Some(&body))?;
    tell_outcome(&outcome, as_json)
}

/// A value as it is typed: JSON where it is some, else text.
fn value_of(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned()))
}

/// Prints an outcome, and ends with the exit code that it stands for.
pub fn tell_outcome(outcome: &Json, as_json: bool) -> Result<()> {
    let message = outcome["message"].as_str().unwrap_or_default().to_owned();
    if as_json {
        println!("{}", serde_json::to_string(outcome)?);
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
        Json::String(text) => crate::say::field(text),
        Json::Null => String::new(),
        other => other.to_string(),
    };
    // As screens show it: a state in its word, a number with its digits.
    let value = match (tag["value"].is_null(), text("shown")) {
        (true, _) => "-".to_owned(),
        (false, shown) if shown.is_empty() => text("value"),
        (false, shown) => shown,
    };
    let quality = text("quality");
    let reason = if quality == "good" { String::new() } else { format!("  {quality}: {}", text("reason")) };
    format!("{:<40} {value:>14} {:<6}{reason}", text("name"), text("unit"))
}
