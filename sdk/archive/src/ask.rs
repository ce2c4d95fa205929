//! What a plugin asks for: in its `plugin.toml`, in a project's `accepts`, and in words.

use std::collections::BTreeSet;

use serde::Deserialize;

/// What a plugin asks for. A number that is 0 isn't asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Ask {
    /// Interfaces of the contract: `samples`, `orders`, `modbus`, `tags`, `conditions`, `memory`, `log`.
    #[serde(default)]
    pub imports: BTreeSet<String>,
    /// Memory that it needs, all its memories together, in MiB.
    #[serde(default)]
    pub memory_mib: u32,
    /// Size of its persistent store, in KiB.
    #[serde(default)]
    pub store_kib: u32,
    /// Share of one core that it needs in the long run, in percent.
    #[serde(default)]
    pub cpu_pct: u32,
    /// Samples that it publishes in a second.
    #[serde(default)]
    pub samples_per_s: u32,
    /// Log lines that it writes in a second.
    #[serde(default)]
    pub log_lines_per_s: u32,
    /// Words about alarms that it says in a second.
    #[serde(default)]
    pub alarm_words_per_s: u32,
}

/// A number of an ask: its key, how it is told, and where it is.
struct Number {
    key: &'static str,
    /// `{}` is the number.
    words: &'static str,
    of: fn(&mut Ask) -> &mut u32,
}

const NUMBERS: [Number; 6] = [
    Number { key: "memory_mib", words: "{} MiB of memory", of: |ask| &mut ask.memory_mib },
    Number { key: "store_kib", words: "a persistent store of {} KiB", of: |ask| &mut ask.store_kib },
    Number { key: "cpu_pct", words: "{} % of a core", of: |ask| &mut ask.cpu_pct },
    Number { key: "samples_per_s", words: "{} samples a second", of: |ask| &mut ask.samples_per_s },
    Number { key: "log_lines_per_s", words: "{} log lines a second", of: |ask| &mut ask.log_lines_per_s },
    Number { key: "alarm_words_per_s", words: "{} words about alarms a second", of: |ask| &mut ask.alarm_words_per_s },
];

/// What an interface lets a plugin do.
const INTERFACES: [(&str, &str); 7] = [
    ("samples", "to publish values of the tags that it is granted"),
    ("orders", "to take write orders of the tags that it is granted"),
    ("modbus", "to send Modbus requests to the connections that it is granted"),
    ("tags", "to read the tags that it is granted"),
    ("conditions", "to say when its own alarms hold, and to hear of, suppress and mark those that it is granted"),
    ("memory", "to keep a small store of its own over a restart"),
    ("log", "to write lines into the station's log"),
];

impl Ask {
    /// The keys of numbers in `[ask]` and in `accepts`, beside `imports`.
    pub fn number_keys() -> impl Iterator<Item = &'static str> {
        NUMBERS.iter().map(|number| number.key)
    }

    /// Sets a number by its key; false where there is no such key.
    pub fn set(&mut self, key: &str, value: u32) -> bool {
        let number = NUMBERS.iter().find(|number| number.key == key);
        number.map(|number| *(number.of)(self) = value).is_some()
    }

    fn number(&self, number: &Number) -> u32 {
        *(number.of)(&mut self.clone())
    }

    /// What it asks for, one thing each: "to publish values of the tags that it is granted (samples)".
    pub fn sentences(&self) -> Vec<String> {
        let imports = self.imports.iter().map(|import| of_import(import));
        let numbers = NUMBERS.iter().filter(|number| self.number(number) > 0);
        imports.chain(numbers.map(|number| of_number(number, self.number(number)))).collect()
    }

    /// What a newer one asks for differently, one thing each, to be read behind its name: "asks for 64 MiB of memory
    /// instead of 32". Empty where nothing is different.
    pub fn differences(&self, newer: &Self) -> Vec<String> {
        let more = newer.imports.difference(&self.imports).map(|import| format!("also asks {}", of_import(import)));
        let less = self.imports.difference(&newer.imports).map(|import| format!("no longer asks {}", of_import(import)));
        let numbers = NUMBERS.iter().filter_map(|number| match (self.number(number), newer.number(number)) {
            (old, new) if old == new => None,
            (0, new) => Some(format!("also asks for {}", of_number(number, new))),
            (old, 0) => Some(format!("no longer asks for {}", of_number(number, old))),
            (old, new) => Some(format!("asks for {} instead of {old}", of_number(number, new))),
        });
        more.chain(less).chain(numbers).collect()
    }

    /// As it is written into `plugins.toml`: `accepts = { imports = ["samples"], memory_mib = 32 }`.
    pub fn accepts_line(&self) -> String {
        let imports: Vec<String> = self.imports.iter().map(|import| format!("\"{import}\"")).collect();
        let numbers = NUMBERS.iter().filter(|number| self.number(number) > 0);
        let numbers: String = numbers.map(|number| format!(", {} = {}", number.key, self.number(number))).collect();
        format!("accepts = {{ imports = [{}]{numbers} }}", imports.join(", "))
    }
}

fn of_import(import: &str) -> String {
    let known = INTERFACES.iter().find(|(name, _)| *name == import);
    known.map_or_else(
        || format!("for `{}`, which this Plantroom doesn't know", import.escape_debug()),
        |(name, words)| format!("{words} ({name})"),
    )
}

fn of_number(number: &Number, value: u32) -> String {
    number.words.replace("{}", &value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(imports: &[&str], numbers: &[(&str, u32)]) -> Ask {
        let mut ask = Ask { imports: imports.iter().map(|import| (*import).to_owned()).collect(), ..Ask::default() };
        numbers.iter().for_each(|(key, value)| assert!(ask.set(key, *value), "{key}"));
        ask
    }

    #[test]
    fn differences_are_told_one_by_one() {
        let old = ask(&["samples", "log"], &[("memory_mib", 32), ("store_kib", 64)]);
        assert_eq!(old.differences(&old), Vec::<String>::new());
        let new = ask(&["samples", "memory"], &[("memory_mib", 64), ("cpu_pct", 20)]);
        assert_eq!(
            old.differences(&new),
            [
                "also asks to keep a small store of its own over a restart (memory)",
                "no longer asks to write lines into the station's log (log)",
                "asks for 64 MiB of memory instead of 32",
                "no longer asks for a persistent store of 64 KiB",
                "also asks for 20 % of a core",
            ]
        );
    }

    #[test]
    fn what_is_accepted_is_written_as_it_is_asked() {
        let asked = ask(&["samples", "log"], &[("memory_mib", 32), ("alarm_words_per_s", 9)]);
        assert_eq!(
            asked.accepts_line(),
            "accepts = { imports = [\"log\", \"samples\"], memory_mib = 32, alarm_words_per_s = 9 }"
        );
        let line = asked.accepts_line().replacen("accepts = ", "ask = ", 1);
        #[derive(serde::Deserialize)]
        struct Holder {
            ask: Ask,
        }
        assert_eq!(toml::from_str::<Holder>(&line).unwrap().ask, asked);
        assert_eq!(asked.sentences().len(), 4);
        assert!(!ask(&[], &[]).set("colour", 1));
        assert!(ask(&["wind"], &[]).sentences()[0].contains("doesn't know"));
    }
}
