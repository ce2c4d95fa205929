//! A bench as a file beside the plugin: `bench.toml`, for `plantroom plugin test`.

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::{Device, Spec};

/// `bench.toml`: the project around a plugin under test.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BenchFile {
    /// `[plugin.config]`.
    #[serde(default = "empty")]
    config: Json,
    /// Connections, each with one scripted device.
    #[serde(default)]
    connection: Vec<ConnectionFile>,
    /// Tags that the plugin reads.
    #[serde(default)]
    input: Vec<TagFile>,
    /// Tags that it publishes, of no connection.
    #[serde(default)]
    output: Vec<TagFile>,
    /// Alarms of its own.
    #[serde(default)]
    condition: Vec<AlarmFile>,
    /// Alarms of others: it hears of them, may suppress and mark them.
    #[serde(default)]
    alarm: Vec<AlarmFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConnectionFile {
    name: String,
    /// `[connection.device]`.
    #[serde(default = "empty")]
    device: Json,
    /// Holding registers from 0 on.
    #[serde(default)]
    holding: Vec<u16>,
    /// Input registers from 0 on.
    #[serde(default)]
    input: Vec<u16>,
    /// Coils from 0 on.
    #[serde(default)]
    coils: Vec<u16>,
    /// Tags on it.
    #[serde(default)]
    tag: Vec<TagFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TagFile {
    name: String,
    kind: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    group: String,
    /// Operators may write it.
    #[serde(default)]
    write: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlarmFile {
    name: String,
}

fn empty() -> Json {
    Json::Object(Map::new())
}

const KINDS: [&str; 5] = ["bool", "int", "uint", "float", "text"];

impl Spec {
    /// Reads a `bench.toml`.
    ///
    /// # Errors
    /// What is wrong in it, with its line.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let file: BenchFile = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1);
            format!("line {line}: {}", error.message())
        })?;
        let of_connections = file.connection.iter().flat_map(|connection| &connection.tag);
        for tag in of_connections.chain(&file.input).chain(&file.output) {
            if !KINDS.contains(&tag.kind.as_str()) {
                return Err(format!("the tag `{}` has the kind `{}`; kinds are {}", tag.name, tag.kind, KINDS.join(", ")));
            }
        }
        let mut spec = Self::new().config(json!(file.config));
        for connection in file.connection {
            let device = Device::new();
            device.set_holding(0, &connection.holding);
            device.set_input(0, &connection.input);
            device.set_coils(0, &connection.coils);
            spec = spec.connection(&connection.name, connection.device, &device);
            for tag in connection.tag {
                spec = spec.tag(&tag.name, &tag.kind, &tag.address, &tag.group);
                spec = if tag.write { spec.writable() } else { spec };
            }
        }
        spec = file.input.iter().fold(spec, |spec, tag| spec.input(&tag.name, &tag.kind));
        spec = file.output.iter().fold(spec, |spec, tag| spec.output(&tag.name, &tag.kind));
        spec = file.condition.iter().fold(spec, |spec, alarm| spec.condition(&alarm.name));
        Ok(file.alarm.iter().fold(spec, |spec, alarm| spec.alarm(&alarm.name).suppressible().markable()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bench_is_read_from_its_file() {
        let spec = Spec::from_toml(
            "config = { gain = 2 }\n[[connection]]\nname = \"plc\"\ndevice = { unit = 3 }\nholding = [7, 8]\n\
             [[connection.tag]]\nname = \"a\"\nkind = \"uint\"\naddress = \"x\"\nwrite = true\n\
             [[input]]\nname = \"b\"\nkind = \"float\"\n[[output]]\nname = \"c\"\nkind = \"float\"\n\
             [[condition]]\nname = \"d\"\n[[alarm]]\nname = \"e\"\n",
        )
        .unwrap();
        let document: Json = serde_json::from_str(&spec.document()).unwrap();
        assert_eq!(document["plugin"], json!({ "gain": 2 }));
        assert_eq!(document["connections"][0]["device"], json!({ "unit": 3 }));
        let names: Vec<&str> = document["tags"].as_array().unwrap().iter().filter_map(|tag| tag["name"].as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(document["tags"][0]["access"], json!(["publish", "write"]));
        assert_eq!(document["alarms"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn a_wrong_bench_says_where() {
        for (text, sentence) in [
            ("[[input]]\nname = \"b\"\nkind = \"number\"", "has the kind `number`"),
            ("x = 1", "line 1: unknown field `x`"),
            ("[[input]]\nname = \"b\"", "missing field `kind`"),
            ("[[connection]]\nname = \"c\"\nholding = [70000]", "line 3"),
        ] {
            let said = Spec::from_toml(text).err().unwrap_or_default();
            assert!(said.contains(sentence), "{text}: {said}");
        }
    }
}
