//! A small client of the station's API, for verbs that ask a running station.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::Value as Json;

use crate::exit::Failure;

/// Longest answer, in bytes: the text of a large project.
const ANSWER_BYTES: u64 = 512 << 20;

/// Where the station is, and who asks.
#[derive(Args, Clone, Debug)]
pub struct Reach {
    /// Address of the running station.
    #[arg(long, env = "PLANTROOM_URL", default_value = "http://127.0.0.1:8600")]
    pub url: String,
    /// API token. Without one, `--user` and a password are used.
    #[arg(long, env = "PLANTROOM_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// User name; the password is taken from PLANTROOM_PASSWORD, or asked for.
    #[arg(long, env = "PLANTROOM_USER")]
    pub user: Option<String>,
}

/// A session with a station.
pub struct Client {
    url: String,
    token: String,
    agent: ureq::Agent,
    ends_with_us: bool,
}

impl Client {
    /// Logs in.
    ///
    /// # Errors
    /// When the station can't be reached, or refuses.
    pub fn open(reach: &Reach) -> Result<Self> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(std::time::Duration::from_secs(60)))
            .build()
            .into();
        let url = reach.url.trim_end_matches('/').to_owned();
        if let Some(token) = &reach.token {
            return Ok(Self { url, token: token.clone(), agent, ends_with_us: false });
        }
        let user = reach.user.clone().ok_or_else(|| {
            Failure::usage(
                "Say who you are: --token TOKEN, or --user NAME (the password is asked for, or taken from PLANTROOM_PASSWORD).",
            )
        })?;
        let password = password(&format!("Password of {user}: "), "PLANTROOM_PASSWORD")?;
        let mut client = Self { url, token: String::new(), agent, ends_with_us: true };
        let answer = client.call("POST", "/api/v1/login", Some(&serde_json::json!({ "user": user, "password": password })))?;
        answer["token"].as_str().context("the station's answer to the login has no token")?.clone_into(&mut client.token);
        Ok(client)
    }

    /// One call; the answer's JSON.
    ///
    /// # Errors
    /// When the station can't be reached (exit code 4), refuses (3), or knows no such thing (1).
    pub fn call(&self, method: &str, path: &str, body: Option<&Json>) -> Result<Json> {
        Ok(serde_json::from_slice(&self.bytes(method, path, body)?).unwrap_or(Json::Null))
    }

    /// One call; the answer as it is.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub fn bytes(&self, method: &str, path: &str, body: Option<&Json>) -> Result<Vec<u8>> {
        let address = format!("{}{path}", self.url);
        let request = ureq::http::Request::builder().method(method).uri(&address).header("accept", "application/json");
        let request =
            if self.token.is_empty() { request } else { request.header("authorization", format!("Bearer {}", self.token)) };
        let sent = match body {
            Some(body) => self.agent.run(request.header("content-type", "application/json").body(body.to_string())?),
            None => self.agent.run(request.body(())?),
        };
        let mut answer = sent.map_err(|error| {
            Failure::unreachable(format!(
                "No station answers at {} ({error}). Start one with `plantroom run PROJECT`, or give its address with --url.",
                self.url
            ))
        })?;
        let status = answer.status().as_u16();
        let bytes = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec().unwrap_or_default();
        if status < 400 {
            return Ok(bytes);
        }
        let json: Json = serde_json::from_slice(&bytes).unwrap_or(Json::Null);
        let sentence =
            json["error"].as_str().map_or_else(|| format!("The station answered with HTTP status {status}."), str::to_owned);
        let help = json["help"].as_str().filter(|help| !help.is_empty()).map(|help| format!(" {help}")).unwrap_or_default();
        let sentence = format!("{sentence}{help}");
        Err(match status {
            401 | 403 | 429 => Failure::refused(sentence).into(),
            _ => Failure::problems(sentence).into(),
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.ends_with_us && !self.token.is_empty() {
            // The session would end by itself when idle; an error here changes nothing for the user.
            let _ = self.call("POST", "/api/v1/logout", None);
        }
    }
}

/// A tag's path in a URL: one percent-encoded segment.
pub fn segment(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A secret from the environment, or typed by the user without being shown.
///
/// # Errors
/// When there is neither.
pub fn password(prompt: &str, variable: &str) -> Result<String> {
    if let Ok(password) = std::env::var(variable) {
        return Ok(password);
    }
    rpassword::prompt_password(prompt)
        .map_err(|_| Failure::usage(format!("There is no terminal to ask for the password; set {variable} instead.")).into())
}
