//! `plantroom token`: API tokens for programs.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::client::{Client, Reach, segment};

#[derive(Args)]
pub struct Token {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    verb: TokenVerb,
}

#[derive(Subcommand)]
enum TokenVerb {
    /// Makes a token that acts for a user, and prints it once.
    Make {
        /// The user.
        user: String,
        /// What it is for.
        label: String,
    },
    /// Revokes a token.
    Revoke {
        /// Its id, as printed when it was made.
        id: String,
    },
}

impl Token {
    pub fn run(self) -> Result<()> {
        let client = Client::open(&self.reach)?;
        match self.verb {
            TokenVerb::Make { user, label } => {
                let made = client.call("POST", "/api/v1/tokens", Some(&json!({ "user": user, "label": label })))?;
                println!("{}", made["token"].as_str().unwrap_or_default());
                eprintln!(
                    "Id {}; the token is shown only now. Use it with --token or PLANTROOM_TOKEN.",
                    made["id"].as_str().unwrap_or_default()
                );
            }
            TokenVerb::Revoke { id } => {
                client.call("DELETE", &format!("/api/v1/tokens/{}", segment(&id)), None)?;
                println!("The token was revoked.");
            }
        }
        Ok(())
    }
}
