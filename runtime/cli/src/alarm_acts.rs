//! `plantroom alarm ack|reset|shelve ...`: one act for one alarm or for many, with one comment.

use anyhow::Result;
use clap::Args;
use serde_json::{Value as Json, json};

use crate::alarm_live::{query, text};
use crate::client::{Client, segment};
use crate::exit::Failure;

/// Most alarms of one call: what a person can have meant.
const MOST: usize = 5_000;
/// Alarms of one request, and about how many bytes of them; the station takes 500 and 64 KiB.
const REQUEST: (usize, usize) = (250, 32 << 10);
/// Names that are said before anything is done.
const SAID: usize = 10;

/// Which alarms, and why.
#[derive(Args)]
pub struct Act {
    /// Names; `*` stands for anything.
    names: Vec<String>,
    /// All that fit in this area and those below it.
    #[arg(long)]
    area: Option<String>,
    /// All that fit of this priority: low, medium, high or critical.
    #[arg(long)]
    priority: Option<String>,
    /// All that fit of this instance of a type.
    #[arg(long)]
    instance: Option<String>,
    /// All that fit with this text in name or message.
    #[arg(long)]
    text: Option<String>,
    /// Why; shown to everybody who looks at the alarm.
    #[arg(long, default_value = "")]
    comment: String,
    /// Only says which alarms it would be.
    #[arg(long)]
    dry_run: bool,
    /// Doesn't ask, where it is more than one alarm.
    #[arg(long)]
    yes: bool,
    /// JSON instead of text: alarm by alarm what came of it.
    #[arg(long)]
    json: bool,
}

impl Act {
    /// Acknowledges, of each alarm the occurrence that stands now or this one.
    pub fn acknowledge(&self, client: &Client, occurrence: Option<u64>) -> Result<()> {
        let alarms = self.alarms(client, "unacknowledged")?;
        if occurrence.is_some() && alarms.len() > 1 {
            return Err(Failure::usage("--occurrence is about one alarm; name one.").into());
        }
        let seen = |alarm: &Json| occurrence.map_or_else(|| alarm["occurrence"].clone(), Json::from);
        let on: Vec<Json> = alarms.iter().map(|alarm| json!({ "name": alarm["name"], "occurrence": seen(alarm) })).collect();
        self.carry_out(client, ("acknowledge", json!({})), (&alarms, on))
    }

    /// Does something else to them.
    pub fn run(&self, client: &Client, verb: &str, more: Json) -> Result<()> {
        let state = match verb {
            "unshelve" => "shelved",
            "unsuppress" => "suppressed",
            "in-service" => "out-of-service",
            _ => "all",
        };
        let alarms = self.alarms(client, state)?;
        let on = alarms.iter().map(|alarm| json!({ "name": alarm["name"] })).collect();
        self.carry_out(client, (verb, more), (&alarms, on))
    }

    /// The alarms that are meant: those named as they are, those that fit where they stand so.
    fn alarms(&self, client: &Client, state: &str) -> Result<Vec<Json>> {
        let narrowed = [&self.area, &self.priority, &self.instance, &self.text].iter().any(|one| one.is_some());
        if self.names.is_empty() && !narrowed {
            let help = "Name the alarms, for example `high_lift/*`, or say which: --area, --priority, --instance, --text.";
            return Err(Failure::usage(help).into());
        }
        let any = ["*".to_owned()];
        let names = if self.names.is_empty() { any.as_slice() } else { &self.names };
        let mut all: Vec<Json> = Vec::new();
        for name in names {
            let found = if name.contains('*') || narrowed {
                let parts = [
                    ("filter", Some(name.as_str())),
                    ("state", Some(state)),
                    ("area", self.area.as_deref()),
                    ("priority", self.priority.as_deref()),
                    ("instance", self.instance.as_deref()),
                    ("text", self.text.as_deref()),
                    ("limit", Some("10000")),
                ];
                let answer = client.call("GET", &format!("/api/v1/alarms?{}", query(&parts)), None)?;
                answer["alarms"].as_array().cloned().unwrap_or_default()
            } else {
                vec![client.call("GET", &format!("/api/v1/alarms/{}", segment(name)), None)?]
            };
            all.extend(found.into_iter().filter(|one| !all.iter().any(|known| known["name"] == one["name"])).collect::<Vec<_>>());
        }
        match all.len() {
            0 => Err(Failure::problems("No alarm fits; `plantroom alarm list --state all` shows all.").into()),
            count if count > MOST => {
                Err(Failure::usage(format!("{count} alarms fit, and at most {MOST} are done at once; narrow it down.")).into())
            }
            _ => Ok(all),
        }
    }

    fn carry_out(&self, client: &Client, (verb, more): (&str, Json), (alarms, on): (&[Json], Vec<Json>)) -> Result<()> {
        let is_many = self.dry_run || alarms.len() > 1;
        if is_many && (!self.json || self.dry_run) {
            self.say(verb, alarms)?;
        }
        if self.dry_run {
            return Ok(());
        }
        if is_many && !self.yes && !self.json && !crate::change::agreed()? {
            return Err(Failure::refused("Nothing was done.").into());
        }
        let mut outcomes = Vec::new();
        for some in requests(on) {
            let mut body = more.clone();
            (body["verb"], body["comment"], body["alarms"]) = (verb.into(), self.comment.as_str().into(), some.into());
            let answer = client.call("POST", "/api/v1/alarm-acts", Some(&body))?;
            outcomes.extend(answer["outcomes"].as_array().cloned().unwrap_or_default());
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&outcomes)?);
        }
        self.tell(&outcomes)
    }

    /// What it is about to do.
    fn say(&self, verb: &str, alarms: &[Json]) -> Result<()> {
        if self.json {
            let names: Vec<&Json> = alarms.iter().map(|alarm| &alarm["name"]).collect();
            println!("{}", serde_json::to_string_pretty(&json!({ "verb": verb, "alarms": names }))?);
            return Ok(());
        }
        let count = alarms.len();
        println!("{verb}: {count} alarm{}", if count == 1 { "" } else { "s" });
        for alarm in alarms.iter().take(SAID) {
            println!(
                "  {:<8}  {:<22}  {}  {}",
                text(alarm, "priority"),
                text(alarm, "state"),
                text(alarm, "name"),
                text(alarm, "message")
            );
        }
        if count > SAID {
            println!("  and {} more", count - SAID);
        }
        Ok(())
    }

    /// What came of each; fails where any failed, with code 3 where one was refused.
    fn tell(&self, outcomes: &[Json]) -> Result<()> {
        let (mut refused, mut unknown) = (Vec::new(), Vec::new());
        for outcome in outcomes {
            let message = text(outcome, "message");
            match outcome["kind"].as_str() {
                Some("done" | "confirmed") if self.json => {}
                Some("done" | "confirmed") => println!("{message}"),
                Some("refused") => refused.push(message),
                _ => unknown.push(message),
            }
        }
        let failed = refused.len() + unknown.len();
        if failed == 0 {
            return Ok(());
        }
        let is_refused = !refused.is_empty();
        let mut lines: Vec<String> = if self.json { Vec::new() } else { refused.into_iter().chain(unknown).collect() };
        if outcomes.len() > 1 && !self.json {
            lines.push(format!("{failed} of {} were not done.", outcomes.len()));
        }
        let sentence = lines.join("\n");
        Err(if is_refused { Failure::refused(sentence) } else { Failure::problems(sentence) }.into())
    }
}

/// In pieces that the station takes.
fn requests(on: Vec<Json>) -> Vec<Vec<Json>> {
    let mut pieces: Vec<Vec<Json>> = Vec::new();
    let mut bytes = 0;
    for one in on {
        let size = one.to_string().len();
        let is_full = pieces.last().is_none_or(|piece| piece.len() >= REQUEST.0 || bytes + size > REQUEST.1);
        if is_full {
            (bytes, _) = (0, pieces.push(Vec::new()));
        }
        bytes += size;
        if let Some(piece) = pieces.last_mut() {
            piece.push(one);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_no_larger_than_the_station_takes_and_lose_nothing() {
        let on: Vec<Json> = (0..1_000).map(|number| json!({ "name": format!("{}{number}", "x".repeat(200)) })).collect();
        let pieces = requests(on.clone());
        assert!(pieces.iter().all(|piece| piece.len() <= REQUEST.0 && json!(piece).to_string().len() < 48 << 10));
        assert_eq!(pieces.concat(), on);
        assert!(requests(Vec::new()).is_empty());
    }
}
