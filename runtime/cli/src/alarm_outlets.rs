//! `plantroom alarm outlets|deliveries|try-outlet`: how people are told who aren't at a console.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use crate::client::{Client, Reach, segment};
use crate::say::{field, out};

#[derive(Subcommand)]
pub enum Verb {
    /// Lists the ways on which people are told of alarms, and whether messages get out.
    Outlets {
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Lists what came of messages to people, the newest first: attempts, failures, what was given up.
    Deliveries(Deliveries),
    /// Sends a trial message through an outlet, once, and waits for its answer; takes the role engineer.
    TryOutlet {
        /// The outlet, as named in outlets.toml.
        name: String,
        /// A person, a group or an address; not needed where the outlet needs nobody.
        #[arg(long, default_value = "")]
        to: String,
    },
}

#[derive(Args)]
pub struct Deliveries {
    /// Only of this outlet.
    #[arg(long)]
    outlet: Option<String>,
    /// Only sent, failed, given-up, dropped or unreached.
    #[arg(long)]
    state: Option<String>,
    /// Only with this text in address, alarm, subject, name or reason.
    #[arg(long)]
    text: Option<String>,
    /// From this time: 2026-01-31T08:00:00Z.
    #[arg(long)]
    since: Option<String>,
    /// Until before this time.
    #[arg(long)]
    until: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Verb {
    pub fn run(self, reach: &Reach) -> Result<()> {
        let client = Client::open(reach)?;
        match self {
            Self::Outlets { json } => outlets(&client, json),
            Self::Deliveries(deliveries) => deliveries.run(&client),
            Self::TryOutlet { name, to } => {
                let path = format!("/api/v1/outlets/{}/try", segment(&name));
                let outcome = client.call("POST", &path, Some(&json!({ "to": to })))?;
                crate::tag::tell_outcome(&outcome, false)
            }
        }
    }
}

fn text(json: &Json, key: &str) -> String {
    field(json[key].as_str().unwrap_or_default())
}

fn list(answer: &Json, key: &str, as_json: bool, none: &str, line: impl Fn(&Json) -> String) -> Result<()> {
    let rows = answer[key].as_array().cloned().unwrap_or_default();
    if as_json {
        out(format_args!("{}", serde_json::to_string_pretty(&rows)?));
        return Ok(());
    }
    if rows.is_empty() {
        out(format_args!("{none}"));
    }
    for row in &rows {
        out(format_args!("{}", line(row)));
    }
    Ok(())
}

fn outlets(client: &Client, as_json: bool) -> Result<()> {
    let answer = client.call("GET", "/api/v1/outlets", None)?;
    list(&answer, "outlets", as_json, "The project has no outlets; outlets.toml declares them.", |outlet| {
        let state = if outlet["ok"] == true { "ok" } else { "FAILS" };
        let trouble = Some(text(outlet, "trouble")).filter(|why| !why.is_empty()).map(|why| format!("\n    {why}"));
        format!(
            "{:<16}  {:<7}  {:<5}  {} sent, {} waiting, {} given up  {}{}",
            text(outlet, "name"),
            text(outlet, "kind"),
            state,
            outlet["sent"],
            outlet["waiting"],
            outlet["given_up"],
            text(outlet, "target"),
            trouble.unwrap_or_default(),
        )
    })
}

impl Deliveries {
    fn run(self, client: &Client) -> Result<()> {
        let limit = self.limit.to_string();
        let parts = [
            ("outlet", self.outlet.as_deref()),
            ("state", self.state.as_deref()),
            ("text", self.text.as_deref()),
            ("since", self.since.as_deref()),
            ("until", self.until.as_deref()),
            ("limit", Some(limit.as_str())),
        ];
        let given = parts.iter().filter_map(|(key, value)| value.map(|value| format!("{key}={}", segment(value))));
        let path = format!("/api/v1/deliveries?{}", given.collect::<Vec<_>>().join("&"));
        let answer = client.call("GET", &path, None)?;
        list(&answer, "deliveries", self.json, "No deliveries.", |row| {
            let to = Some(text(row, "to")).filter(|to| !to.is_empty()).map(|to| format!(" to {to}")).unwrap_or_default();
            format!(
                "{:<24}  {:<9}  {}{to}  {}: {}",
                text(row, "time"),
                text(row, "state"),
                text(row, "outlet"),
                text(row, "subject"),
                text(row, "why"),
            )
        })
    }
}
