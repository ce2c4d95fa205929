//! `plantroom user`: who may.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use plantroom_access::{Access, By, random_password};
use plantroom_model::Role;
use plantroom_station::clock::{Clock as _, MachineClock};
use serde_json::json;

use crate::client::{Client, Reach, password, segment};
use crate::exit::Failure;

#[derive(Args)]
pub struct User {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    verb: UserVerb,
}

#[derive(Subcommand)]
enum UserVerb {
    /// Lists users and their roles.
    List {
        /// JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Adds a user; the password is asked for, or taken from PLANTROOM_NEW_PASSWORD.
    Add {
        /// Name.
        name: String,
        /// view, operate or engineer.
        #[arg(long, default_value = "view")]
        role: String,
    },
    /// Removes a user; running sessions end at once.
    Remove {
        /// Name.
        name: String,
    },
    /// Changes what a user may; running sessions follow at once.
    Role {
        /// Name.
        name: String,
        /// view, operate or engineer.
        role: String,
    },
    /// Sets a password; it is asked for, or taken from PLANTROOM_NEW_PASSWORD.
    Password {
        /// Name.
        name: String,
    },
    /// Gives a user a new random password without a login, where nobody can log in any more: on the station's
    /// machine, in the data folder of a station that is stopped. Recorded in the audit trail.
    Reset {
        /// Name; a user that isn't there is made, with the role engineer.
        name: String,
        /// The station's data folder.
        #[arg(long, default_value = "data")]
        data: PathBuf,
    },
}

impl User {
    pub fn run(self) -> Result<()> {
        if let UserVerb::Reset { name, data } = &self.verb {
            return reset(name, data);
        }
        let client = Client::open(&self.reach)?;
        let at = |name: &str| format!("/api/v1/users/{}", segment(name));
        match self.verb {
            UserVerb::List { json } => {
                let answer = client.call("GET", "/api/v1/users", None)?;
                if json {
                    println!("{}", serde_json::to_string_pretty(&answer)?);
                } else {
                    for user in answer["users"].as_array().into_iter().flatten() {
                        println!(
                            "{:<24} {}",
                            user["name"].as_str().unwrap_or_default(),
                            user["role"].as_str().unwrap_or_default()
                        );
                    }
                }
            }
            UserVerb::Add { name, role } => {
                let password = new_password(&name)?;
                client.call("POST", "/api/v1/users", Some(&json!({ "name": name, "password": password, "role": role })))?;
                println!("{name} was added with the role {role}.");
            }
            UserVerb::Remove { name } => {
                client.call("DELETE", &at(&name), None)?;
                println!("{name} was removed.");
            }
            UserVerb::Role { name, role } => {
                client.call("PUT", &format!("{}/role", at(&name)), Some(&json!({ "role": role })))?;
                println!("{name} has the role {role} now.");
            }
            UserVerb::Password { name } => {
                let password = new_password(&name)?;
                client.call("PUT", &format!("{}/password", at(&name)), Some(&json!({ "password": password })))?;
                println!("The password of {name} was changed.");
            }
            // Needs no station, so it was done before one was asked.
            UserVerb::Reset { .. } => {}
        }
        Ok(())
    }
}

fn new_password(name: &str) -> Result<String> {
    password(&format!("New password of {name} (at least 10 characters): "), "PLANTROOM_NEW_PASSWORD")
}

fn reset(name: &str, data: &Path) -> Result<()> {
    let problem = |error: plantroom_access::AccessError| Failure::problems(error.to_string());
    if !data.is_dir() {
        return Err(Failure::problems(format!("There is no data folder here; name it with --data: {}", data.display())).into());
    }
    let now = MachineClock::start().now();
    let access = Access::open(data, now.utc).map_err(problem)?;
    let password = random_password().map_err(problem)?;
    let is_there = access.users().iter().any(|user| user.name.eq_ignore_ascii_case(name));
    let done = match is_there {
        true => access.set_password(By::Machine, name, &password, now),
        false => access.create_user(By::Machine, name, &password, Role::Engineer, now),
    };
    done.map_err(problem)?;
    println!("{name} has the password\n\n    {password}\n\nIt is shown only now.");
    Ok(())
}
