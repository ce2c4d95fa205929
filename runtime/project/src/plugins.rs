//! plugins.toml.

use std::path::Path;

use plantroom_archive::{Ask, EXTENSION};

use crate::fields::Fields;
use crate::names::{Names, check_word};
use crate::report::{Report, Spot};

/// A plugin whose grants are only names and patterns yet.
#[derive(Debug)]
pub(crate) struct PluginDecl {
    pub name: String,
    pub component: String,
    pub accepts: Option<Ask>,
    pub config: serde_json::Value,
    /// Where the plugin stands.
    pub spot: Spot,
    /// Where its grant stands; the plugin, where it has none.
    pub grant_spot: Spot,
    pub connections: Vec<(String, Spot)>,
    pub publish: Patterns,
    pub read: Patterns,
    pub write: Patterns,
    /// `write` is there, even if empty.
    pub orders: bool,
    pub store_bytes: u64,
    pub memory_mib: Option<u64>,
    pub cpu_pct: u32,
    pub soft_ms: u32,
    pub hard_ms: u32,
    pub samples_per_s: u32,
    pub log_lines_per_s: u32,
    /// Rights about alarms: raise, suppress, mark, read.
    pub alarms: [Patterns; 4],
    pub alarm_words_per_s: u32,
}

/// Patterns of one right, and where they stand.
#[derive(Debug)]
pub(crate) struct Patterns {
    /// The right's key.
    pub right: &'static str,
    /// Of what: tags, alarms.
    pub of: &'static str,
    /// Each pattern.
    pub each: Vec<(String, Spot)>,
    /// Where the right stands; the grant or the plugin, where it isn't given.
    pub spot: Spot,
}

/// What may be granted of alarms, in the order of [`PluginDecl::alarms`].
const ALARM_RIGHTS: [&str; 4] = ["raise", "suppress", "mark", "read"];
/// Words about alarms a second, unless granted otherwise: a flood of 15,000 is grouped within two seconds.
const ALARM_WORDS_PER_S: u32 = 10_000;

/// Reads every plugin; their places in the list are their ids.
pub(crate) fn read(fields: Fields<'_>, root: &Path, names: &mut Names, report: &mut Report) -> Vec<PluginDecl> {
    let mut plugins = Vec::new();
    for table in fields.tables("plugin") {
        if let Some(component) = table.text("component") {
            check_component(component, root, table.at("component"), report);
        }
        let grant = table.table("grant");
        if let Some(grant) = grant {
            check_deadlines(grant, report);
        }
        let Some(name) = table.text("name") else {
            names.note_nameless(table.spot, report);
            continue;
        };
        check_word("name of a plugin", name, table.at("name"), report);
        if names.add(name, table.at("name"), report).is_some() {
            plugins.push(plugin(table, grant, name));
        }
    }
    plugins
}

fn plugin(table: Fields<'_>, grant: Option<Fields<'_>>, name: &str) -> PluginDecl {
    let owned = |key: &str| -> Vec<(String, Spot)> {
        let texts = grant.map(|grant| grant.texts(key)).unwrap_or_default();
        texts.into_iter().map(|(text, spot)| (text.to_owned(), spot)).collect()
    };
    let patterns = |right: &'static str| Patterns {
        right,
        of: "tags",
        each: owned(right),
        spot: grant.map_or(table.spot, |grant| grant.key_at(right)),
    };
    let alarms = grant.and_then(|grant| grant.table("alarms"));
    let of_alarms = |right: &'static str| {
        let texts = alarms.map(|alarms| alarms.texts(right)).unwrap_or_default();
        let each = texts.into_iter().map(|(text, spot)| (text.to_owned(), spot)).collect();
        let elsewhere = || grant.map_or(table.spot, |grant| grant.key_at("alarms"));
        Patterns { right, of: "alarms", each, spot: alarms.map_or_else(elsewhere, |alarms| alarms.key_at(right)) }
    };
    let number = |key: &str, default: u32| grant.map_or(default, |grant| grant.whole_or(key, default));
    PluginDecl {
        name: name.to_owned(),
        component: table.text("component").unwrap_or_default().to_owned(),
        accepts: table.table("accepts").map(accepted),
        config: table.json("config"),
        spot: table.at("name"),
        grant_spot: grant.map_or(table.spot, |grant| grant.key_at("connections")),
        connections: owned("connections"),
        publish: patterns("publish"),
        read: patterns("read"),
        write: patterns("write"),
        orders: grant.is_some_and(|grant| grant.has("write")),
        store_bytes: u64::from(number("store_kib", 0)) * 1024,
        memory_mib: grant.and_then(|grant| grant.whole("memory_mib")).and_then(|mib| u64::try_from(mib).ok()),
        cpu_pct: number("cpu_pct", 100),
        soft_ms: number("soft_ms", 50),
        hard_ms: number("hard_ms", 250),
        samples_per_s: number("samples_per_s", 100_000),
        log_lines_per_s: number("log_lines_per_s", 20),
        alarms: ALARM_RIGHTS.map(of_alarms),
        alarm_words_per_s: alarms.map_or(ALARM_WORDS_PER_S, |alarms| alarms.whole_or("words_per_s", ALARM_WORDS_PER_S)),
    }
}

fn accepted(table: Fields<'_>) -> Ask {
    let imports = table.texts("imports").into_iter().map(|(import, _)| import.to_owned()).collect();
    let mut ask = Ask { imports, ..Ask::default() };
    for key in Ask::number_keys() {
        ask.set(key, table.whole_or(key, 0));
    }
    ask
}

fn check_deadlines(grant: Fields<'_>, report: &mut Report) {
    let (soft, hard) = (grant.whole_or("soft_ms", 50), grant.whole_or("hard_ms", 250));
    if soft > hard {
        let at = if grant.has("soft_ms") { grant.at("soft_ms") } else { grant.at("hard_ms") };
        let message = format!("soft_ms ({soft}) is longer than hard_ms ({hard})");
        report.error(at, message, "a step is told after soft_ms and ended after hard_ms; defaults 50 and 250");
    }
}

/// A plain name, or a path in the folder to a component that is there.
fn check_component(component: &str, root: &Path, spot: Spot, report: &mut Report) {
    let parts: Vec<&str> = component.split('/').collect();
    if component.contains('\\') || component.contains(':') || component.starts_with('/') || parts.contains(&"..") {
        let message = format!("the component `{component}` is outside of the project folder");
        report.error(
            spot,
            message,
            "name a component (modbus), or a file in this folder (plugins/mine-1.0.0.plantroom), without ..",
        );
    } else if component.ends_with(".wasm") || component.ends_with(&format!(".{EXTENSION}")) {
        let found = root.join(component).canonicalize();
        let inside = root.canonicalize().and_then(|root| found.map(|found| found.starts_with(&root) && found.is_file()));
        match inside {
            Ok(true) => {}
            Ok(false) => {
                let message = format!("the component `{component}` is not a file in the project folder");
                report.error(spot, message, "copy the component into the folder; links that lead out of it are refused");
            }
            Err(_) => {
                let message = format!("there is no file `{component}` in the project folder");
                report.error(
                    spot,
                    message,
                    "copy the component there, or name one that comes with Plantroom: component = \"modbus\"",
                );
            }
        }
    } else {
        check_word("name of a component", component, spot, report);
    }
}
