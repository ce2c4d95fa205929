//! A client of the station's HTTP API.

use std::time::Duration;

use serde_json::{Value as Json, json};

/// A session over HTTP.
#[derive(Clone)]
pub struct Api {
    url: String,
    /// The session's token.
    pub token: String,
    agent: ureq::Agent,
}

/// An answer of the API.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body; null where it isn't JSON.
    pub json: Json,
    /// The body as text.
    pub text: String,
}

/// A tag as the API tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct TagNow {
    /// Its value; null while there is none.
    pub value: Json,
    /// good, uncertain or bad.
    pub quality: String,
    /// The status in words.
    pub reason: String,
    /// RFC 3339, empty while not known.
    pub source_time: String,
    /// RFC 3339, empty while not known.
    pub server_time: String,
}

impl TagNow {
    /// The value as a number; NaN where it is none.
    pub fn number(&self) -> f64 {
        self.value.as_f64().unwrap_or(f64::NAN)
    }

    /// Whether it is good.
    pub fn is_good(&self) -> bool {
        self.quality == "good"
    }

    /// Whether it is bad.
    pub fn is_bad(&self) -> bool {
        self.quality == "bad"
    }
}

impl Api {
    /// A client that nobody has logged in.
    pub fn anonymous(url: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(30)));
        Self { url: url.to_owned(), token: String::new(), agent: config.build().into() }
    }

    /// Logs in.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn login(url: &str, user: &str, password: &str) -> Self {
        let mut api = Self::anonymous(url);
        let answer = api.call("POST", "/api/v1/login", Some(json!({ "user": user, "password": password })));
        assert_eq!(answer.status, 200, "{user} can't log in: {}", answer.text);
        answer.json["token"].as_str().expect("a login gives a token").clone_into(&mut api.token);
        api
    }

    /// One call.
    ///
    /// # Panics
    /// When no answer comes.
    #[track_caller]
    pub fn call(&self, method: &str, path: &str, body: Option<Json>) -> Answer {
        self.call_with(method, path, body, &[])
    }

    /// One call with more headers.
    ///
    /// # Panics
    /// When no answer comes.
    #[track_caller]
    pub fn call_with(&self, method: &str, path: &str, body: Option<Json>, headers: &[(&str, &str)]) -> Answer {
        self.try_call(method, path, body, headers).unwrap_or_else(|error| panic!("{method} {path}: no answer: {error}"))
    }

    /// One call, or why no answer came.
    ///
    /// # Errors
    /// In the client's words.
    ///
    /// # Panics
    /// When the request itself is malformed.
    pub fn try_call(&self, method: &str, path: &str, body: Option<Json>, headers: &[(&str, &str)]) -> Result<Answer, String> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sent = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json").body(body.to_string());
                self.agent.run(request.expect("a well-formed request"))
            }
            None => self.agent.run(request.body(()).expect("a well-formed request")),
        };
        let mut answer = sent.map_err(|error| error.to_string())?;
        let text = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
        let json = serde_json::from_str(&text).unwrap_or(Json::Null);
        Ok(Answer { status: answer.status().as_u16(), json, text })
    }

    /// A GET that must succeed.
    ///
    /// # Panics
    /// When it doesn't.
    #[track_caller]
    pub fn get(&self, path: &str) -> Json {
        let answer = self.call("GET", path, None);
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.text);
        answer.json
    }

    /// One tag.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn tag(&self, name: &str) -> TagNow {
        tag_now(&self.get(&format!("/api/v1/tags/{}", segment(name))))
    }

    /// All tags that a pattern matches, with their names: `line/*`.
    ///
    /// # Panics
    /// When they can't be read.
    #[track_caller]
    pub fn tags(&self, pattern: &str) -> Vec<(String, TagNow)> {
        let page = self.get(&format!("/api/v1/tags?limit=10000&filter={}", segment(pattern)));
        let tags = page["tags"].as_array().expect("a list of tags").iter();
        tags.map(|tag| (tag["name"].as_str().unwrap_or_default().to_owned(), tag_now(tag))).collect()
    }

    /// Asks for a tag to be written; the answer's `kind` says what came of it.
    ///
    /// # Panics
    /// When no answer comes.
    #[track_caller]
    pub fn write(&self, name: &str, value: impl Into<Json>) -> Answer {
        self.call(
            "PUT",
            &format!("/api/v1/tags/{}/value", segment(name)),
            Some(json!({ "value": value.into(), "comment": "a test" })),
        )
    }

    /// Asks for an act on an alarm: `acknowledge`, `shelve`; the body as the API wants it. Its answer's `kind` says what came
    /// of it.
    ///
    /// # Errors
    /// In the client's words, when no answer comes.
    pub fn try_act(&self, alarm: &str, verb: &str, body: Json) -> Result<Answer, String> {
        self.try_call("POST", &format!("/api/v1/alarms/{}/{verb}", segment(alarm)), Some(body), &[])
    }

    /// The same where an answer must come.
    ///
    /// # Panics
    /// When none comes.
    #[track_caller]
    pub fn act(&self, alarm: &str, verb: &str, body: Json) -> Answer {
        self.try_act(alarm, verb, body).unwrap_or_else(|error| panic!("{verb} {alarm}: no answer: {error}"))
    }

    /// One alarm as the API tells it.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn alarm(&self, name: &str) -> Json {
        self.get(&format!("/api/v1/alarms/{}", segment(name)))
    }

    /// The newest records of the audit trail about a tag or user, newest first; all where it is empty.
    ///
    /// # Panics
    /// When they can't be read.
    #[track_caller]
    pub fn audit(&self, target: &str) -> Vec<Json> {
        let filter = if target.is_empty() { String::new() } else { format!("&target={}", segment(target)) };
        let page = self.get(&format!("/api/v1/audit?limit=1000{filter}"));
        page["records"].as_array().expect("a list of records").clone()
    }

    /// Makes a user, and logs them in.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn new_user(&self, name: &str, role: &str) -> Api {
        let password = format!("{name} has a long password");
        let answer = self.call("POST", "/api/v1/users", Some(json!({ "name": name, "password": password, "role": role })));
        assert_eq!(answer.status, 200, "{}", answer.text);
        Api::login(&self.url, name, &password)
    }
}

impl Answer {
    /// The `kind` of a write's outcome: confirmed, done, mismatch, unknown, refused or not-sent.
    pub fn kind(&self) -> &str {
        self.json["kind"].as_str().unwrap_or_default()
    }

    /// The sentence of a write's outcome, or of a refusal.
    pub fn message(&self) -> &str {
        self.json["message"].as_str().or_else(|| self.json["error"].as_str()).unwrap_or_default()
    }
}

fn tag_now(json: &Json) -> TagNow {
    let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
    TagNow {
        value: json["value"].clone(),
        quality: text("quality"),
        reason: text("reason"),
        source_time: text("source_time"),
        server_time: text("server_time"),
    }
}

/// A name as one percent-encoded segment of a URL.
fn segment(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
