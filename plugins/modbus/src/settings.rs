//! What a project says of a device and of the polling groups.

use plantroom_sdk::WordOrder;
use serde_json::Value as Json;

use crate::address::Notation;
use crate::blocks::ReadLimits;

/// Most registers that one request may read (Modbus application protocol 1.1b3, 6.3).
pub const MAX_REGISTERS: u16 = 125;
/// Most coils or discrete inputs that one request may read (6.1).
pub const MAX_BITS: u16 = 2_000;
/// Most registers that one request may write (6.12).
pub const MAX_WRITE_REGISTERS: u16 = 123;
/// Shortest period of a polling group, in ms: what a step's turn-around can still keep.
pub const PERIOD_MIN_MS: u64 = 10;
/// Longest, in ms: a day.
pub const PERIOD_MAX_MS: u64 = 86_400_000;
/// The group of a tag that names none.
pub const DEFAULT_GROUP: &str = "normal";

/// What a device can do, as `[connection.device]` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Unit (slave) address.
    pub unit: u8,
    /// Of 32- and 64-bit values whose address names no order.
    pub word_order: WordOrder,
    /// What one read may ask for.
    pub read: ReadLimits,
    /// Registers that one write may carry, 1 to 123.
    pub max_write_registers: u16,
    /// A single register is written by function 16 and not by 6.
    pub single_writes_by_16: bool,
    /// A single coil is written by function 15 and not by 5.
    pub single_coils_by_15: bool,
    /// How a bit of a register is written.
    pub bit_writes: BitWrites,
    /// How its addresses are written in the project; where it isn't said, as the first of them is.
    pub addresses: Option<Notation>,
}

/// How a bit of a register is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BitWrites {
    /// Not at all: the project must choose.
    #[default]
    Refused,
    /// By function 22: the device itself leaves the other bits alone.
    Mask,
    /// The register is read, changed and written back: what the device changes in between is lost.
    ReadModifyWrite,
}

impl Default for Device {
    fn default() -> Self {
        Self {
            unit: 1,
            word_order: WordOrder::Abcd,
            read: ReadLimits { max_registers: MAX_REGISTERS, max_bits: MAX_BITS, gap: 0 },
            max_write_registers: MAX_WRITE_REGISTERS,
            single_writes_by_16: false,
            single_coils_by_15: false,
            bit_writes: BitWrites::Refused,
            addresses: None,
        }
    }
}

impl Device {
    const KEYS: [&str; 10] = [
        "unit",
        "word_order",
        "max_registers",
        "max_bits",
        "max_write_registers",
        "gap",
        "single_writes",
        "single_coils",
        "bit_writes",
        "addresses",
    ];

    /// Reads the device's settings; what is wrong is told, and has its default in the result.
    pub fn read(settings: &Json, problems: &mut Vec<String>) -> Self {
        let mut device = Self::default();
        let mut keys = Keys { settings, problems };
        keys.table("the device's settings", &Self::KEYS);
        keys.number("unit", 0, 255, |unit| device.unit = unit as u8);
        keys.word("word_order", &["abcd", "cdab", "badc", "dcba"], |word| {
            device.word_order = WordOrder::from_word(word).unwrap_or_default();
        });
        keys.number("max_registers", 1, u64::from(MAX_REGISTERS), |max| device.read.max_registers = max as u16);
        keys.number("max_bits", 1, u64::from(MAX_BITS), |max| device.read.max_bits = max as u16);
        keys.number("max_write_registers", 1, u64::from(MAX_WRITE_REGISTERS), |max| device.max_write_registers = max as u16);
        keys.number("gap", 0, u64::from(MAX_BITS), |gap| device.read.gap = gap as u16);
        keys.word("single_writes", &["fc6", "fc16"], |word| device.single_writes_by_16 = word == "fc16");
        keys.word("single_coils", &["fc5", "fc15"], |word| device.single_coils_by_15 = word == "fc15");
        keys.word("bit_writes", &["mask", "read-modify-write"], |word| {
            device.bit_writes = if word == "mask" { BitWrites::Mask } else { BitWrites::ReadModifyWrite };
        });
        keys.word("addresses", &Notation::WORDS, |word| device.addresses = Notation::from_word(word));
        device
    }
}

/// A polling group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name, as tags say it.
    pub name: String,
    /// Its period, in ms.
    pub period_ms: u64,
}

/// Reads `groups = { fast = 250, normal = 1000 }` of the plugin's configuration. The default group is always there.
pub fn groups(config: &Json, problems: &mut Vec<String>) -> Vec<Group> {
    let mut groups = vec![Group { name: DEFAULT_GROUP.to_owned(), period_ms: 1_000 }];
    let mut keys = Keys { settings: config, problems };
    keys.table("the plugin's configuration", &["groups"]);
    match config.get("groups") {
        None | Some(Json::Null) => {}
        Some(Json::Object(wanted)) => {
            for (name, period) in wanted {
                match period.as_u64() {
                    Some(period_ms) if (PERIOD_MIN_MS..=PERIOD_MAX_MS).contains(&period_ms) => {
                        groups.retain(|group| group.name != *name);
                        groups.push(Group { name: name.clone(), period_ms });
                    }
                    _ => problems.push(format!(
                        "the period of the polling group `{name}` must be a whole number of {PERIOD_MIN_MS} to {PERIOD_MAX_MS} ms, \
                         not {period}"
                    )),
                }
            }
        }
        Some(other) => {
            let sentence =
                format!("`groups` must be a table of periods in ms, like {{ fast = 250, normal = 1000 }}, not {other}");
            problems.push(sentence);
        }
    }
    groups
}

struct Keys<'a> {
    settings: &'a Json,
    problems: &'a mut Vec<String>,
}

impl Keys<'_> {
    fn table(&mut self, what: &str, known: &[&str]) {
        match self.settings {
            Json::Null => {}
            Json::Object(table) => {
                for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
                    let sentence = format!("{what}: `{key}` is not known; known are {}", known.join(", "));
                    self.problems.push(sentence);
                }
            }
            other => self.problems.push(format!("{what} must be a table, not {other}")),
        }
    }

    fn get(&self, key: &str) -> Option<Json> {
        self.settings.get(key).filter(|found| !found.is_null()).cloned()
    }

    fn number(&mut self, key: &str, low: u64, high: u64, set: impl FnOnce(u64)) {
        let Some(found) = self.get(key) else { return };
        match found.as_u64() {
            Some(number) if (low..=high).contains(&number) => set(number),
            _ => self.problems.push(format!("`{key}` must be a whole number from {low} to {high}, not {found}")),
        }
    }

    fn word(&mut self, key: &str, words: &[&str], set: impl FnOnce(&str)) {
        let Some(found) = self.get(key) else { return };
        match found.as_str().map(str::to_ascii_lowercase) {
            Some(word) if words.contains(&word.as_str()) => set(&word),
            _ => self.problems.push(format!("`{key}` must be one of {}, not {found}", words.join(", "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_of_a_device_are_taken_and_the_rest_has_defaults() {
        let mut problems = Vec::new();
        let all = json!({ "unit": 7, "word_order": "CDAB", "max_registers": 60, "max_bits": 100, "max_write_registers": 20, "gap": 4,
                          "single_writes": "fc16", "single_coils": "fc15", "bit_writes": "mask",
                          "addresses": "1-based" });
        let expected = Device {
            unit: 7,
            word_order: WordOrder::Cdab,
            read: ReadLimits { max_registers: 60, max_bits: 100, gap: 4 },
            max_write_registers: 20,
            single_writes_by_16: true,
            single_coils_by_15: true,
            bit_writes: BitWrites::Mask,
            addresses: Some(Notation::OneBased),
        };
        assert_eq!(Device::read(&all, &mut problems), expected);
        assert_eq!(Device::read(&json!({}), &mut problems), Device::default());
        assert_eq!(Device::read(&Json::Null, &mut problems), Device::default());
        assert!(problems.is_empty(), "{problems:#?}");
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let mut problems = Vec::new();
        let wrong = json!({ "unit": 256, "word_order": "abdc", "max_registers": 126, "max_bits": "many", "gap": -1,
                            "single_writes": 6, "bit_writes": "fc22", "max_regsters": 10, "addresses": 1 });
        assert_eq!(Device::read(&wrong, &mut problems), Device::default());
        assert_eq!(problems.len(), 9, "{problems:#?}");
        assert!(problems[0].contains("`max_regsters` is not known"), "{problems:#?}");
        assert!(
            problems.iter().any(|told| told == "`bit_writes` must be one of mask, read-modify-write, not \"fc22\""),
            "{problems:#?}"
        );
        assert_eq!(problems[1], "`unit` must be a whole number from 0 to 255, not 256");
    }

    #[test]
    fn groups_have_their_own_periods() {
        let mut problems = Vec::new();
        let found = groups(&json!({ "groups": { "fast": 250, "normal": 2000, "slow": 5, "odd": "x" } }), &mut problems);
        let found: Vec<_> = found.iter().map(|group| (group.name.as_str(), group.period_ms)).collect();
        assert_eq!(found, [("fast", 250), ("normal", 2_000)]);
        assert_eq!(problems.len(), 2, "{problems:#?}");
        assert_eq!(groups(&json!({}), &mut problems)[0].period_ms, 1_000);
        groups(&json!({ "groups": 5 }), &mut problems);
        assert!(problems[2].contains("table of periods"), "{problems:#?}");
    }
}
