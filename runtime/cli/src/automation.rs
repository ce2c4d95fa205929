//! `plantroom automation`: what the station does by itself.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::Value as Json;

use crate::client::{Client, Reach, segment};

#[derive(Args)]
pub struct Automation {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    verb: AutomationVerb,
}

#[derive(Subcommand)]
enum AutomationVerb {
    /// Lists automations: state, user, what each did last and why.
    List {
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Stops an automation until somebody starts it again, also over restarts of the station.
    Stop {
        /// Which one.
        name: String,
        /// Why; shown to everybody who looks at it.
        #[arg(long)]
        reason: String,
    },
    /// Starts an automation that somebody has stopped.
    Start {
        /// Which one.
        name: String,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Begins an automation anew, also one that has failed.
    Restart {
        /// Which one.
        name: String,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Shows what automations did and why, newest first.
    Log {
        /// Only this one.
        name: Option<String>,
        /// At most so many entries.
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
}

impl Automation {
    pub fn run(self) -> Result<()> {
        let client = Client::open(&self.reach)?;
        match self.verb {
            AutomationVerb::List { json } => list(&client, json),
            AutomationVerb::Stop { name, reason } => steer(&client, &name, "stop", &reason),
            AutomationVerb::Start { name, reason } => steer(&client, &name, "start", &reason),
            AutomationVerb::Restart { name, reason } => steer(&client, &name, "restart", &reason),
            AutomationVerb::Log { name, limit, json } => log(&client, name.as_deref(), limit, json),
        }
    }
}

fn list(client: &Client, as_json: bool) -> Result<()> {
    let answer = client.call("GET", "/api/v1/automations", None)?;
    let all = answer["automations"].as_array().cloned().unwrap_or_default();
    if as_json {
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    if all.is_empty() {
        println!("This plant has no automations.");
    }
    for one in &all {
        let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        println!("{:<24} {:<8} {} for {}", text("name"), text("state"), text("does"), text("user"));
        for (words, key) in [("last ran", "last_run"), ("last did", "last_action"), ("stopped by", "last_error")] {
            if !text(key).is_empty() {
                println!("  {words:<11} {}", text(key));
            }
        }
    }
    Ok(())
}

fn steer(client: &Client, name: &str, verb: &str, reason: &str) -> Result<()> {
    let body = serde_json::json!({ "reason": reason });
    let outcome = client.call("POST", &format!("/api/v1/automations/{}/{verb}", segment(name)), Some(&body))?;
    crate::tag::tell_outcome(&outcome, false)
}

fn log(client: &Client, name: Option<&str>, limit: u32, as_json: bool) -> Result<()> {
    let name = name.map(|name| format!("&name={}", segment(name))).unwrap_or_default();
    let answer = client.call("GET", &format!("/api/v1/automations/log?limit={limit}{name}"), None)?;
    let entries = answer["entries"].as_array().cloned().unwrap_or_default();
    if as_json {
        println!("{}", serde_json::to_string_pretty(&entries)?);
        return Ok(());
    }
    for entry in &entries {
        println!("{}", line_of(entry));
    }
    Ok(())
}

fn line_of(entry: &Json) -> String {
    let text = |key: &str| crate::say::field(entry[key].as_str().unwrap_or_default());
    let head = format!("{}  {} ({})", text("time"), text("automation"), text("cause"));
    match text("what").as_str() {
        "request" => {
            let audit = entry["audit"].as_u64().filter(|audit| *audit > 0).map(|n| format!(" [audit {n}]")).unwrap_or_default();
            let (tag, value, outcome) = (text("tag"), text("value"), text("outcome"));
            format!("{head}  {tag} = {value}: {outcome}. Why: {}. {}{audit}", text("why"), text("message"))
        }
        "held" => format!("{head}  held back: {}", text("message")),
        "error" => format!("{head}  stopped: {}", text("message")),
        _ => format!("{head}  {}", text("message")),
    }
}
