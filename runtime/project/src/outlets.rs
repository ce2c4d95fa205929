//! outlets.toml: on which ways people are told of alarms. Who is told of what, scripts in alarms/notify say.

use crate::fields::Fields;
use crate::names::{Names, check_word};
use crate::people::{GROUP, PERSON};
use crate::report::{Report, Spot, suggestion};
use crate::shape::{Keys, Shape, needed, optional};
use crate::{Place, tree::Item};

/// A way on which people are told of alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutletSpec {
    /// Unique among the outlets; scripts call it so.
    pub name: String,
    /// Which way.
    pub kind: OutletKind,
    /// Most deliveries an hour; what is more is gathered into the next one.
    pub per_hour: u32,
    /// Most deliveries an hour to one address, likewise.
    pub per_person: u32,
    /// How long the same address isn't told again that the same happened to the same alarm, in s; how often it did is told
    /// with the next message.
    pub quiet_s: u32,
    /// More notifications than this in one message are told as a digest.
    pub digest_over: u32,
    /// How long messages to the same person are gathered into one, in ms; 0 sends each by itself.
    pub bundle_ms: u32,
    /// How long a delivery is tried again, in s; after that it is given up, and told.
    pub retry_for_s: u32,
    /// Where it was declared.
    pub place: Place,
}

/// Which way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutletKind {
    /// E-mail.
    Smtp {
        /// Host name or address of the mail server.
        server: String,
        /// TCP port.
        port: u16,
        /// How the connection is secured.
        tls: Tls,
        /// The user, where the server wants one.
        user: Option<String>,
        /// The file that holds the password, and nothing else.
        password_file: Option<String>,
        /// A file of certificates (PEM) that are trusted beside those of the machine.
        ca_file: Option<String>,
        /// The sender's address.
        from: String,
        /// How long one delivery may take, in ms.
        timeout_ms: u32,
    },
    /// An HTTP POST of JSON.
    Webhook {
        /// Where.
        url: String,
        /// Headers.
        headers: Vec<(String, String)>,
        /// The file that holds a bearer token, and nothing else.
        token_file: Option<String>,
        /// A file of certificates (PEM) that are trusted beside those of the machine.
        ca_file: Option<String>,
        /// What is sent, with [`PLACEHOLDERS`] in its texts; `None` sends all that is known.
        body: Option<serde_json::Value>,
        /// How long one delivery may take, in ms.
        timeout_ms: u32,
    },
    /// A program on the station's machine; the message is on its standard input, as JSON.
    Command {
        /// An absolute path.
        program: String,
        /// Its arguments, as they are: no shell.
        args: Vec<String>,
        /// How long it may run, in ms.
        timeout_ms: u32,
    },
    /// The horn of the consoles.
    Horn,
}

/// What a webhook's body may hold in braces.
pub const PLACEHOLDERS: [&str; 10] = ["id", "plant", "outlet", "to", "subject", "text", "priority", "urgency", "count", "alarm"];

impl OutletSpec {
    /// Whether its recipients are e-mail addresses.
    pub fn is_mail(&self) -> bool {
        matches!(self.kind, OutletKind::Smtp { .. })
    }
}

/// How a connection to a mail server is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte (port 465).
    Tls,
    /// After a word in the clear (port 587).
    StartTls,
    /// Not at all.
    None,
}

/// outlets.toml.
pub(crate) static OUTLETS: Keys = Keys {
    what: "outlets.toml",
    doc: "On which ways people are told of alarms.",
    open: false,
    keys: &[
        optional("allow_commands", Shape::Flag, "false", "programs on the station's machine may be started"),
        optional("outlet", Shape::Tables(&OUTLET), "[]", "a way on which people are told"),
        optional("person", Shape::Tables(&PERSON), "[]", "somebody who can be told, and where"),
        optional("group", Shape::Tables(&GROUP), "[]", "people who are told together, always or when they are on duty"),
    ],
};

const TIMEOUT: Shape = Shape::Duration(100, 600_000);

static OUTLET: Keys = Keys {
    what: "an outlet",
    doc: "A way on which people are told of alarms: one of smtp, webhook, command, horn.",
    open: false,
    keys: &[
        needed("name", Shape::Text, "its name; scripts in alarms/notify call it so"),
        optional("smtp", Shape::Table(&SMTP), "", "e-mail"),
        optional("webhook", Shape::Table(&WEBHOOK), "", "an HTTP POST of JSON"),
        optional("command", Shape::Table(&COMMAND), "", "a program on the station's machine; needs allow_commands = true"),
        optional("horn", Shape::Flag, "", "the horn of the consoles"),
        optional(
            "per_hour",
            Shape::Whole(1, 100_000),
            "60",
            "most deliveries an hour; what is more is gathered into the next one",
        ),
        optional("per_person", Shape::Whole(1, 100_000), "20", "most deliveries an hour to one address, likewise"),
        optional(
            "quiet",
            Shape::Duration(0, 86_400_000),
            "\"5 min\"",
            "so long nobody is told again that the same happened to the same alarm; it is counted",
        ),
        optional("digest_over", Shape::Whole(1, 1_000), "10", "more notifications than this in one message are told as a digest"),
        optional("bundle", Shape::Duration(0, 600_000), "\"10 s\"", "how long messages to the same person are gathered into one"),
        optional("retry_for", Shape::Duration(0, 7 * 86_400_000), "\"1 h\"", "how long a delivery is tried again"),
    ],
};

static SMTP: Keys = Keys {
    what: "smtp",
    doc: "A mail server.",
    open: false,
    keys: &[
        needed("server", Shape::Text, "its name or address"),
        optional("port", Shape::Whole(1, 65_535), "", "TCP port; by default 465 with tls, 587 with starttls, 25 without"),
        optional("tls", Shape::Word(&["tls", "starttls", "none"]), "\"starttls\"", "how the connection is secured"),
        optional("user", Shape::Text, "", "the user, where the server wants one"),
        optional("password_file", Shape::Text, "", "the file that holds the password and nothing else; not in this folder"),
        optional(
            "ca_file",
            Shape::Text,
            "",
            "a file of certificates (PEM) to trust beside the machine's, as of a works' own authority",
        ),
        needed("from", Shape::Text, "the sender's address"),
        optional("timeout", TIMEOUT, "\"20 s\"", "how long one delivery may take"),
    ],
};

static WEBHOOK: Keys = Keys {
    what: "webhook",
    doc: "A web address that takes JSON.",
    open: false,
    keys: &[
        needed("url", Shape::Text, "where: https://..."),
        optional("headers", Shape::Values, "{}", "headers that are sent"),
        optional("token_file", Shape::Text, "", "the file that holds a bearer token and nothing else; not in this folder"),
        optional(
            "ca_file",
            Shape::Text,
            "",
            "a file of certificates (PEM) to trust beside the machine's, as of a works' own authority",
        ),
        optional(
            "body",
            Shape::Free,
            "",
            "what is sent, as a table; {subject}, {text}, {to} and so on in its texts are filled in",
        ),
        optional("timeout", TIMEOUT, "\"10 s\"", "how long one delivery may take"),
    ],
};

static COMMAND: Keys = Keys {
    what: "command",
    doc: "A program on the station's machine.",
    open: false,
    keys: &[
        needed("program", Shape::Text, "its absolute path"),
        optional("args", Shape::Texts, "[]", "its arguments; there is no shell, and nothing is filled in"),
        optional("timeout", TIMEOUT, "\"30 s\"", "how long it may run"),
    ],
};

/// Reads every outlet.
pub(crate) fn read(fields: Fields<'_>, report: &mut Report) -> Vec<OutletSpec> {
    let mut names = Names::new("outlet");
    let mut outlets = Vec::new();
    let may_command = fields.flag("allow_commands") == Some(true);
    for table in fields.tables("outlet") {
        let kind = read_kind(table, may_command, report);
        let Some(name) = table.text("name") else { continue };
        check_word("name of an outlet", name, table.at("name"), report);
        let is_new = names.add(name, table.at("name"), report).is_some();
        let Some(kind) = kind.filter(|_| is_new) else { continue };
        let ms = |key: &str, usual: u64| table.duration_ms(key).unwrap_or(usual);
        let (file, place) = report.place(table.at("name"));
        outlets.push(OutletSpec {
            name: name.to_owned(),
            kind,
            per_hour: table.whole_or("per_hour", 60),
            per_person: table.whole_or("per_person", 20),
            quiet_s: u32::try_from(ms("quiet", 300_000) / 1_000).unwrap_or(u32::MAX),
            digest_over: table.whole_or("digest_over", 10),
            bundle_ms: u32::try_from(ms("bundle", 10_000)).unwrap_or(u32::MAX),
            retry_for_s: u32::try_from(ms("retry_for", 3_600_000) / 1_000).unwrap_or(u32::MAX),
            place: Place { file, place },
        });
    }
    outlets
}

fn read_kind(table: Fields<'_>, may_command: bool, report: &mut Report) -> Option<OutletKind> {
    let given: Vec<&str> = ["smtp", "webhook", "command", "horn"].into_iter().filter(|key| table.has(key)).collect();
    match given.as_slice() {
        ["smtp"] => read_smtp(table.table("smtp")?, report),
        ["webhook"] => read_webhook(table.table("webhook")?, report),
        ["command"] => {
            if !may_command {
                let help =
                    "write allow_commands = true at the top of this file, if everyone who may change it may also start programs";
                report.error(table.key_at("command"), "this project doesn't allow programs to be started", help);
            }
            read_command(table.table("command")?, report)
        }
        ["horn"] => Some(OutletKind::Horn),
        [] => {
            let help = "add one of smtp = { ... }, webhook = { ... }, command = { ... }, horn = true";
            report.error(table.spot, "nothing says which way this outlet is", help);
            None
        }
        [_] => None,
        [_, second, ..] => {
            let message = format!("an outlet is one way, but `{}` are given", given.join("` and `"));
            report.error(table.key_at(second), message, "make a second [[outlet]]");
            None
        }
    }
}

fn timeout(table: Fields<'_>, usual: u32) -> u32 {
    table.duration_ms("timeout").and_then(|ms| u32::try_from(ms).ok()).unwrap_or(usual)
}

fn read_smtp(smtp: Fields<'_>, report: &mut Report) -> Option<OutletKind> {
    let tls = match smtp.word("tls") {
        Some("tls") => Tls::Tls,
        Some("none") => Tls::None,
        _ => Tls::StartTls,
    };
    let usual = match tls {
        Tls::Tls => 465,
        Tls::StartTls => 587,
        Tls::None => 25,
    };
    let (user, password_file) = (smtp.text("user"), smtp.text("password_file"));
    if user.is_some() != password_file.is_some() {
        let (there, lacking) = if user.is_some() { ("user", "password_file") } else { ("password_file", "user") };
        let message = format!("there is `{there}`, but no `{lacking}`");
        report.error(smtp.key_at(there), message, format!("add {lacking}, or remove {there} where the server wants no password"));
    }
    check_secret(password_file, smtp.at("password_file"), report);
    if tls == Tls::None && user.is_some() {
        let help = "write tls = \"starttls\" or tls = \"tls\"";
        report.warning(smtp.at("tls"), "the password goes over the network in the clear", help);
    }
    let (server, from) = (smtp.text("server")?.trim(), smtp.text("from")?.trim());
    if server.is_empty() || server.contains([' ', '/', ':']) {
        let help = "write its name or address alone; the port has a key of its own";
        report.error(smtp.at("server"), format!("`{server}` is not the name of a server"), help);
    }
    if !is_address(from) {
        report.error(smtp.at("from"), format!("`{from}` is not an e-mail address"), "write for example plantroom@works.example");
    }
    Some(OutletKind::Smtp {
        server: server.to_owned(),
        port: smtp.whole_or("port", usual),
        tls,
        user: user.map(str::to_owned),
        password_file: password_file.map(str::to_owned),
        ca_file: ca_file(smtp, report),
        from: from.to_owned(),
        timeout_ms: timeout(smtp, 20_000),
    })
}

/// Whether this looks like an e-mail address; the server has the last word.
pub(crate) fn is_address(text: &str) -> bool {
    let is_plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;@".contains(c));
    text.split_once('@').is_some_and(|(name, host)| is_plain(name) && is_plain(host))
}

fn read_webhook(webhook: Fields<'_>, report: &mut Report) -> Option<OutletKind> {
    let url = webhook.text("url")?.trim();
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/') || rest.contains(char::is_whitespace)) {
        report.error(webhook.at("url"), format!("`{url}` is not a web address"), "write for example https://hooks.example/plant");
    }
    check_secret(webhook.text("token_file"), webhook.at("token_file"), report);
    let is_here = ["localhost", "127.0.0.1"].iter().any(|here| rest.is_some_and(|rest| rest.starts_with(here)));
    if webhook.has("token_file") && url.starts_with("http://") && !is_here {
        report.warning(webhook.at("url"), "the token goes over the network in the clear", "write https://");
    }
    let mut headers = Vec::new();
    for entry in webhook.entries("headers").into_iter().flatten() {
        let spot = webhook.spot.moved(entry.at);
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let value = text_of(&entry.item);
        if entry.key.is_empty() || !entry.key.chars().all(is_name) || value.chars().any(char::is_control) {
            report.error(spot, format!("`{}` can't be a header", entry.key), "letters, digits and - are allowed; one line");
        }
        headers.push((entry.key.to_string(), value));
    }
    Some(OutletKind::Webhook {
        url: url.to_owned(),
        headers,
        token_file: webhook.text("token_file").map(str::to_owned),
        ca_file: ca_file(webhook, report),
        body: read_body(webhook, report),
        timeout_ms: timeout(webhook, 10_000),
    })
}

/// What a webhook sends; every brace in its texts must be one that can be filled in.
fn read_body(webhook: Fields<'_>, report: &mut Report) -> Option<serde_json::Value> {
    if !webhook.has("body") {
        return None;
    }
    let body = webhook.json("body");
    let mut waiting = vec![&body];
    while let Some(part) = waiting.pop() {
        match part {
            serde_json::Value::String(text) => {
                let named = text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or_default());
                for name in named.filter(|name| !PLACEHOLDERS.contains(name)) {
                    let otherwise = format!("there are {}", PLACEHOLDERS.join(", "));
                    let help = suggestion(name, PLACEHOLDERS.into_iter(), &otherwise);
                    report.error(webhook.at("body"), format!("nothing is known as `{{{name}}}`"), help);
                }
            }
            serde_json::Value::Array(parts) => waiting.extend(parts),
            serde_json::Value::Object(parts) => waiting.extend(parts.values()),
            _ => {}
        }
    }
    Some(body)
}

/// Certificates aren't secret, but where they are is the machine's business.
fn ca_file(table: Fields<'_>, report: &mut Report) -> Option<String> {
    let path = table.text("ca_file")?;
    if !std::path::Path::new(path).is_absolute() {
        let help = "write its whole path, as in /etc/plantroom/works-ca.pem";
        report.error(table.at("ca_file"), format!("`{path}` is not an absolute path"), help);
    }
    Some(path.to_owned())
}

fn text_of(item: &Item) -> String {
    match (item.text(), item.flag(), item.number()) {
        (Some(text), ..) => text.to_owned(),
        (_, Some(flag), _) => flag.to_string(),
        (_, _, Some(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn read_command(command: Fields<'_>, report: &mut Report) -> Option<OutletKind> {
    let program = command.text("program")?.trim();
    let is_absolute =
        program.starts_with('/') || program.as_bytes().get(1..3).is_some_and(|colon| colon == b":\\" || colon == b":/");
    if !is_absolute {
        let help = "write its whole path, as in /usr/local/bin/siren: what a search would find may be something else";
        report.error(command.at("program"), format!("`{program}` is not an absolute path"), help);
    }
    Some(OutletKind::Command {
        program: program.to_owned(),
        args: command.texts("args").into_iter().map(|(text, _)| text.to_owned()).collect(),
        timeout_ms: timeout(command, 30_000),
    })
}

/// A secret in the project folder goes wherever the project goes.
fn check_secret(path: Option<&str>, spot: Spot, report: &mut Report) {
    if let Some(path) = path.filter(|path| !std::path::Path::new(path).is_absolute()) {
        let help = "keep it outside, readable for the station's user only, and write its absolute path";
        report.error(spot, format!("`{path}` would be in the project folder, and copied with it"), help);
    }
}
