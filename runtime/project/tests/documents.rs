//! What documents and the library show is what loads.

use std::path::{Path, PathBuf};

use plantroom_model::Severity;
use plantroom_project::{library, load};

fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

const PLANT: (&str, &str) = ("plant.toml", "name = \"Test\"\n");
const LINE: (&str, &str) =
    ("connections.toml", "[[connection]]\nname = \"line\"\ndriver = \"modbus\"\nserial = { port = \"/dev/ttyUSB0\" }\n");
const PLUGIN: (&str, &str) = (
    "plugins.toml",
    "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n[plugin.grant]\nconnections = [\"line\"]\npublish = [\"**\"]\nwrite = [\"**\"]\n",
);

/// Parameters that a type wants and for which nothing else is right, as TOML.
fn required(text: &str) -> Vec<String> {
    let table: toml::Table = text.parse().unwrap();
    let parameters = table.get("parameters").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    let is_required = |value: &toml::Value| value.get("required").is_some();
    parameters.iter().filter(|(_, value)| is_required(value)).map(|(name, _)| name.clone()).collect()
}

#[test]
fn every_type_of_the_library_makes_tags() {
    assert!(library().len() >= 5, "{:?}", library().iter().map(|(name, _)| name).collect::<Vec<_>>());
    for (name, text) in library() {
        let given: Vec<String> = required(text)
            .iter()
            .map(
                |parameter| {
                    if parameter == "connection" { "connection = \"line\"".to_owned() } else { format!("{parameter} = 1") }
                },
            )
            .collect();
        let tags = format!("[[instance]]\ntype = \"lib/{name}\"\nname = \"it\"\nparameters = {{ {} }}\n", given.join(", "));
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &[PLANT, LINE, PLUGIN, ("tags/a.toml", &tags)]);
        let loaded = load(root.path());
        let errors: Vec<String> =
            loaded.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(ToString::to_string).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
        let plant = loaded.plant.unwrap();
        assert!(plant.tags.iter().filter(|tag| tag.name.starts_with("it/")).count() >= 3, "{name}");
        assert_eq!(plant.connections[0].devices.iter().map(|device| &*device.name).collect::<Vec<_>>(), ["it"], "{name}");
    }
}

/// Every TOML example of a document, with the line where it starts.
fn examples(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.trim()) {
            (None, "```toml") => open = Some((number + 2, String::new())),
            (Some(_), "```") => found.extend(open.take()),
            (Some((_, block)), _) => block.extend([line, "\n"]),
            (None, _) => {}
        }
    }
    found
}

/// The files of a project that an example shows parts of, each with its part; none for `plugin.toml` or `Cargo.toml`.
fn parts(table: &toml::Table) -> Vec<(&'static str, toml::Table)> {
    let is_type = table.contains_key("parameters") || (table.contains_key("name") && table.contains_key("tag"));
    if is_type {
        return vec![("types/example.toml", table.clone())];
    }
    let mut found: Vec<(&'static str, toml::Table)> = Vec::new();
    for (key, value) in table.iter().filter(|(_, value)| value.is_array()) {
        let file = match key.as_str() {
            "automation" => "automations.toml",
            "connection" => "connections.toml",
            "plugin" => "plugins.toml",
            "tag" | "instance" => "tags/example.toml",
            _ => continue,
        };
        match found.iter_mut().find(|(known, _)| *known == file) {
            Some((_, part)) => drop(part.insert(key.clone(), value.clone())),
            None => found.push((file, toml::Table::from_iter([(key.clone(), value.clone())]))),
        }
    }
    found
}

#[test]
fn every_example_in_a_document_has_the_keys_that_exist() {
    let walk = walkdir::WalkDir::new(house()).into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name != "target" && !name.starts_with('.')
    });
    let documents = walk.filter_map(Result::ok).filter(|entry| entry.path().extension().is_some_and(|end| end == "md"));
    let (mut looked_at, mut wrong) = (0, Vec::new());
    for document in documents {
        let text = std::fs::read_to_string(document.path()).unwrap();
        for (line, block) in examples(&text) {
            let place = format!("{}:{line}", document.path().display());
            let table: toml::Table = match block.parse() {
                Ok(table) => table,
                Err(error) => {
                    wrong.push(format!("{place}: {error}"));
                    continue;
                }
            };
            for (file, part) in parts(&table) {
                looked_at += 1;
                let root = tempfile::tempdir().unwrap();
                write(root.path(), &[PLANT, (file, &toml::to_string(&part).unwrap())]);
                // An example shows a part: what it refers to, and what it leaves out, isn't there.
                let told = load(root.path()).diagnostics.into_iter().filter(|d| d.file == file && d.severity == Severity::Error);
                let told = told.filter(|d| ["has no key", "must be", "can't be `"].iter().any(|words| d.message.contains(words)));
                wrong.extend(told.map(|d| format!("{place}: {d}")));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(looked_at > 0, "no example was found");
}

/// The blocks of a document in this language, each with the file that its first line names.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let begins = format!("```{language}\n");
    text.split(begins.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

#[test]
fn what_the_guide_to_tags_shows_loads_and_names_every_column() {
    let guide = std::fs::read_to_string(house().join("runtime/project/TAGS.md")).unwrap();
    let root = tempfile::tempdir().unwrap();
    let link = "[[connection]]\nname = \"plc\"\ndriver = \"modbus\"\ntcp = \"127.0.0.1:502\"\n";
    let plugin = PLUGIN.1.replace("line", "plc").replace("write = [\"**\"]\n", "");
    write(root.path(), &[("plant.toml", "name = \"Test\"\n[alarms]\nadvice = false\n"), ("plugins.toml", &plugin)]);
    write(root.path(), &[("connections.toml", link)]);
    for block in blocks(&guide, "toml") {
        let file = block.lines().next().and_then(|line| line.strip_prefix("# ")).expect("a block names its file");
        write(root.path(), &[(file, block)]);
    }
    write(root.path(), &[("tags/more.csv", blocks(&guide, "csv")[0])]);
    let loaded = load(root.path());
    assert_eq!(loaded.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
    let plant = loaded.plant.unwrap();
    let own = |name: &&str| !name.starts_with("system/");
    let alarms: Vec<&str> = plant.alarms.iter().map(|alarm| alarm.name.as_str()).filter(own).collect();
    let level = ["clear_well/level/high_high", "clear_well/level/high", "clear_well/level/low"];
    let mut expected = [level.as_slice(), &["high_lift/p1/current/high", "high_lift/p2/current/high"]].concat();
    let mut found = alarms;
    (expected.sort_unstable(), found.sort_unstable());
    assert_eq!(found, expected);
    assert!(plant.tag("high_lift/p1/vibration").is_some() && plant.tag("high_lift/p1/note").is_none());
    // A file with every column as its header: what the guide says of columns is all there is.
    let table = guide.split("| columns | |").nth(1).unwrap();
    let cells = table.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    let named: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let csv = plantroom_project::export_tags(&plant, |_| true, plantroom_project::CsvStyle::Plain);
    for column in csv.lines().next().unwrap_or_default().split(',') {
        assert!(named.contains(&column), "the guide doesn't name the column {column}");
    }
    let schema = plantroom_project::tag_columns();
    assert_eq!(named, schema, "columns and their order");
}
