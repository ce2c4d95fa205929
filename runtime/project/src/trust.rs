//! trust.toml: whose plugins this site takes. Signatures are checked by whoever loads them (`plantroom-host`).

use plantroom_archive::{Day, PublicKey, Trust, TrustedKey};

use crate::fields::Fields;
use crate::report::{Report, Spot};
use crate::shape::{Keys, Shape, needed, optional};

/// trust.toml.
pub(crate) static TRUST: Keys = Keys {
    what: "trust.toml",
    doc: "Whose plugins this site takes: keys of publishers, and of the site itself.",
    open: false,
    keys: &[
        optional("publisher", Shape::Tables(&PUBLISHER), "[]", "who makes plugins that this site takes"),
        optional("site", Shape::Tables(&SITE), "[]", "who looks at plugins for this site, and signs those that it takes"),
    ],
};

static PUBLISHER: Keys = Keys {
    what: "a publisher",
    doc: "Who makes plugins that this site takes. Make sure whose a key is before it stands here: by telephone, not by mail.",
    open: false,
    keys: &KEY,
};

static SITE: Keys = Keys {
    what: "a key of the site",
    doc: "Who looks at plugins for this site, and signs those that it takes (plantroom plugin sign --as site).",
    open: false,
    keys: &KEY,
};

static KEY: [crate::shape::Key; 5] = [
    needed("name", Shape::Text, "who it is, as people call them"),
    needed("key", Shape::Text, "the public key, as `plantroom plugin keygen` prints it: \"ed25519:...\""),
    optional("plugins", Shape::Texts, "[]", "for which plugins: names, or beginnings with * behind; all, where nothing is said"),
    optional(
        "until",
        Shape::Text,
        "",
        "the last day of which its signatures count: \"2027-12-31\"; what was signed before stays good",
    ),
    optional("revoked", Shape::Text, "", "why nothing that it has signed is taken any more, as when the key was stolen"),
];

/// Reads it.
pub(crate) fn read(fields: Fields<'_>, report: &mut Report) -> Trust {
    let mut trust = Trust::default();
    let mut seen: Vec<(PublicKey, String)> = Vec::new();
    for (list, keys) in [("publisher", &mut trust.publishers), ("site", &mut trust.sites)] {
        for table in fields.tables(list) {
            let Some(key) = trusted(table, report) else { continue };
            if let Some((_, other)) = seen.iter().find(|(known, _)| *known == key.key) {
                let message = format!("the key of `{}` is that of `{other}` too", key.name);
                report.error(table.at("key"), message, "one key has one owner; keep one of the two");
            }
            seen.push((key.key, key.name.clone()));
            keys.push(key);
        }
    }
    trust
}

fn trusted(table: Fields<'_>, report: &mut Report) -> Option<TrustedKey> {
    let name = table.text("name").map(str::trim);
    if name == Some("") {
        report.error(table.at("name"), "this key has an empty name", "write whose it is: name = \"Meters Inc.\"");
    }
    let key = table.text("key").and_then(|text| match text.parse::<PublicKey>() {
        Ok(key) => Some(key),
        Err(error) => {
            let is_secret = text.contains("secret");
            let help = "ask its owner for the line that `plantroom plugin keygen` has printed";
            let (message, help) = match is_secret {
                true => (
                    "this is a secret key".to_owned(),
                    "take it out at once: whoever can read this file can sign with it. Make a new key",
                ),
                false => (error.to_string(), help),
            };
            report.error(table.at("key"), message, help);
            None
        }
    });
    let until = table.text("until").and_then(|text| day(text, table.at("until"), report));
    let plugins = table.texts("plugins");
    for (pattern, spot) in &plugins {
        let plain = pattern.strip_suffix('*').unwrap_or(pattern);
        if plain.is_empty() || !plain.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_') {
            let message = format!("`{pattern}` is no name of a plugin");
            report.error(*spot, message, "write a plugin's name, or its beginning with * behind it: \"meters-*\"");
        }
    }
    Some(TrustedKey {
        name: name?.to_owned(),
        key: key?,
        plugins: plugins.into_iter().map(|(pattern, _)| pattern.to_owned()).collect(),
        until,
        revoked: table.text("revoked").map(str::to_owned),
    })
}

fn day(text: &str, spot: Spot, report: &mut Report) -> Option<Day> {
    let day = text.parse().ok();
    if day.is_none() {
        report.error(spot, format!("`{text}` is no day"), "write year, month and day, as in 2027-12-31");
    }
    day
}
