//! `plantroom change`: changes of a running plant's project.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use plantroom_station::change::{Change as Kept, look_offline, roll_back_offline, usual_target};
use serde_json::{Value as Json, json};

use crate::client::{Client, Reach};
use crate::exit::Failure;

/// A station takes changes of its project folder while it runs: as soon as they are saved, or when somebody asks for
/// it, as `[change] apply` in plant.toml says. Every change is kept with its difference, and can be rolled back.
#[derive(Args)]
pub struct Change {
    #[command(subcommand)]
    verb: ChangeVerb,
}

#[derive(Subcommand)]
enum ChangeVerb {
    /// Says whether the project folder holds what runs, what a waiting change would do, or what is wrong with it.
    Status {
        #[command(flatten)]
        reach: Reach,
        /// Also names everything that would change.
        #[arg(long)]
        verbose: bool,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Applies what the project folder holds to the running plant, as a whole or not at all.
    Apply {
        #[command(flatten)]
        reach: Reach,
        /// Why; goes into the audit trail.
        #[arg(long, default_value = "")]
        comment: String,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Lists the changes that are kept, newest first.
    List {
        #[command(flatten)]
        from: Source,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Shows one change with its difference.
    Show {
        /// Its number.
        number: u64,
        #[command(flatten)]
        from: Source,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Puts back the project as it was before a change, into its folder and into the running plant. By default before the
    /// newest change that did more than save screens. Says first what it takes back, and asks on a terminal. Files that
    /// were edited meanwhile are kept beside as NAME.orig.
    Rollback {
        /// The change to go back before.
        number: Option<u64>,
        #[command(flatten)]
        from: Source,
        /// The project folder, with --data.
        #[arg(long, requires = "data", default_value = ".")]
        project: PathBuf,
        /// Why; goes into the audit trail.
        #[arg(long, default_value = "")]
        comment: String,
        /// Doesn't ask.
        #[arg(long)]
        yes: bool,
        /// Only says what it would take back.
        #[arg(long)]
        dry_run: bool,
        /// JSON instead of text; doesn't ask.
        #[arg(long)]
        json: bool,
    },
}

/// A running station, or the data folder of a stopped one.
#[derive(Args)]
struct Source {
    #[command(flatten)]
    reach: Reach,
    /// The data folder, instead of asking a running station.
    #[arg(long)]
    data: Option<PathBuf>,
}

impl Change {
    pub fn run(self) -> Result<()> {
        match self.verb {
            ChangeVerb::Status { reach, verbose, json } => status(&Client::open(&reach)?, verbose, json),
            ChangeVerb::Apply { reach, comment, json } => {
                let done = Client::open(&reach)?.call("POST", "/api/v1/project/apply", Some(&json!({ "comment": comment })))?;
                tell_done(&done, json)
            }
            ChangeVerb::List { from, json } => list(&from.changes()?, json),
            ChangeVerb::Show { number, from, json } => show(&from.change(number)?, json),
            ChangeVerb::Rollback { number, from, project, comment, yes, dry_run, json } => {
                let client = from.data.is_none().then(|| Client::open(&from.reach)).transpose()?;
                let changes = from.changes_by(client.as_ref())?;
                let number = number.or_else(|| usual_target(changes.iter().map(numbered)));
                let words = number.and_then(|number| what_goes(&changes, number));
                if dry_run {
                    println!("{}", words.unwrap_or_else(|| "There is nothing to roll back.".to_owned()));
                    return Ok(());
                }
                if let Some(words) = words.filter(|_| !json) {
                    println!("{words}");
                    if !yes && !agreed()? {
                        println!("Nothing was changed.");
                        return Ok(());
                    }
                }
                match (&from.data, client) {
                    (Some(data), _) => offline(&project, data, number, &comment, json),
                    (None, client) => {
                        let client = client.map_or_else(|| Client::open(&from.reach), Ok)?;
                        let body = json!({ "before": number, "comment": comment });
                        tell_done(&client.call("POST", "/api/v1/project/rollback", Some(&body))?, json)
                    }
                }
            }
        }
    }
}

impl Source {
    fn changes(&self) -> Result<Vec<Json>> {
        self.changes_by(None)
    }

    /// The same by a client that is there already: a password is asked for once.
    fn changes_by(&self, client: Option<&Client>) -> Result<Vec<Json>> {
        Ok(match (&self.data, client) {
            (Some(data), _) => look_offline(data).changes.iter().map(as_json).collect(),
            (None, client) => {
                let opened;
                let client = match client {
                    Some(client) => client,
                    None => {
                        opened = Client::open(&self.reach)?;
                        &opened
                    }
                };
                let answer = client.call("GET", "/api/v1/project/changes", None)?;
                answer["changes"].as_array().cloned().unwrap_or_default()
            }
        })
    }

    fn change(&self, number: u64) -> Result<Json> {
        match &self.data {
            Some(data) => {
                let found = look_offline(data).changes.into_iter().find(|change| change.number == number);
                let change =
                    found.ok_or_else(|| Failure::problems(format!("There is no change {number}: {}", data.display())))?;
                Ok(as_json(&change))
            }
            None => Client::open(&self.reach)?.call("GET", &format!("/api/v1/project/changes/{number}"), None),
        }
    }
}

fn as_json(change: &Kept) -> Json {
    let at = jiff::Timestamp::from_nanosecond(i128::from(change.at.0)).map(|time| time.to_string()).unwrap_or_default();
    json!({
        "number": change.number, "kind": change.kind.word(), "of": change.of, "at": at, "user": change.user,
        "comment": change.comment, "preview": change.preview, "files": change.files(), "diff": change.diff,
    })
}

/// A change's number and files.
fn numbered(change: &Json) -> (u64, Vec<String>) {
    let files = change["files"].as_array().into_iter().flatten();
    (change["number"].as_u64().unwrap_or_default(), files.filter_map(|file| Some(file.as_str()?.to_owned())).collect())
}

/// What going back before a change takes back, in a sentence; `None` where there is no such change.
fn what_goes(changes: &[Json], number: u64) -> Option<String> {
    let text = |change: &Json, key: &str| crate::say::field(change[key].as_str().unwrap_or_default());
    let target = changes.iter().find(|change| change["number"] == number)?;
    let later: Vec<String> = changes
        .iter()
        .rev()
        .filter(|change| change["number"].as_u64() > Some(number))
        .map(|change| format!("{} ({})", change["number"], text(change, "preview")))
        .collect();
    let more = match later.len() {
        0 => String::new(),
        1 => format!(", and the later change {}", later[0]),
        _ => format!(", and the {} later changes {}", later.len(), later.join(", ")),
    };
    let (what, user, at) = (text(target, "preview"), text(target, "user"), text(target, "at"));
    let at = at.get(..16).unwrap_or_default().replace('T', " ");
    Some(format!("This takes back change {number} of {at} UTC by {user} ({what}){more}."))
}

/// Asks on a terminal; elsewhere whoever wrote the command has decided.
///
/// # Errors
/// When the terminal can't be read.
pub fn agreed() -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(true);
    }
    std::io::stdout().write_all(b"Go on? [y/N] ")?;
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn status(client: &Client, verbose: bool, as_json: bool) -> Result<()> {
    let now = client.call("GET", "/api/v1/project", None)?;
    let is_refused = now["state"] == "refused";
    if as_json {
        println!("{}", serde_json::to_string_pretty(&now)?);
    } else {
        println!("{}", now["message"].as_str().unwrap_or_default());
        for diagnostic in now["diagnostics"].as_array().into_iter().flatten() {
            let text = |key: &str| diagnostic[key].as_str().unwrap_or_default();
            let (line, column) = (&diagnostic["line"], &diagnostic["column"]);
            println!("{}:{line}:{column}: {}: {}", text("file"), text("severity"), text("message"));
        }
        for line in now["details"].as_array().into_iter().flatten().filter(|_| verbose) {
            println!("  {}", line.as_str().unwrap_or_default());
        }
    }
    if is_refused { Err(Failure::problems("").into()) } else { Ok(()) }
}

fn list(changes: &[Json], as_json: bool) -> Result<()> {
    if as_json {
        println!("{}", serde_json::to_string_pretty(&json!({ "changes": changes }))?);
        return Ok(());
    }
    if changes.is_empty() {
        println!("The project was not changed yet.");
    }
    for change in changes {
        let text = |key: &str| crate::say::field(change[key].as_str().unwrap_or_default());
        let of = change["of"].as_u64().map(|of| format!(" to before {of}")).unwrap_or_default();
        let comment = if text("comment").is_empty() { String::new() } else { format!("  \"{}\"", text("comment")) };
        let (at, user) = (text("at"), text("user"));
        let at = at.get(..19).unwrap_or_default();
        println!("{:>6}  {at}Z  {user}  {}{of}: {}{comment}", change["number"], text("kind"), text("preview"));
    }
    Ok(())
}

fn show(change: &Json, as_json: bool) -> Result<()> {
    if as_json {
        println!("{}", serde_json::to_string_pretty(change)?);
        return Ok(());
    }
    list(std::slice::from_ref(change), false)?;
    println!("\n{}", change["diff"].as_str().unwrap_or_default());
    Ok(())
}

fn tell_done(done: &Json, as_json: bool) -> Result<()> {
    if as_json {
        println!("{}", serde_json::to_string_pretty(done)?);
        return Ok(());
    }
    println!("{}", done["message"].as_str().unwrap_or_default());
    for kept in done["kept"].as_array().into_iter().flatten() {
        println!("It was edited meanwhile, and is kept as it was: {}", kept.as_str().unwrap_or_default());
    }
    Ok(())
}

fn offline(project: &Path, data: &Path, number: Option<u64>, comment: &str, as_json: bool) -> Result<()> {
    let message = roll_back_offline(project, data, number, comment).map_err(Failure::problems)?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&json!({ "message": message }))?);
    } else {
        println!("{message}");
    }
    Ok(())
}
