//! Every text of the engineer's panes and of the menus has its line in each language that the console speaks.

use std::path::Path;

/// What comes right before a text that is shown.
const BEFORE: [&str; 14] = [
    ".say(\"",
    ".fill(\"",
    "quiet(t, \"",
    "plain(t, \"",
    "strong(t, \"",
    "heading(t, \"",
    "column(\"",
    "field(ui, t, \"",
    "quiet(&around.look, \"",
    "quiet(look, \"",
    "strong(look, \"",
    "heading(look, \"",
    "plain(look, \"",
    "field(ui, look, \"",
];

/// The texts of a source, up to its tests.
fn texts(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut found = Vec::new();
    for before in BEFORE {
        for rest in source.split(before).skip(1) {
            let text = rest.split('"').next().unwrap_or_default();
            if text.chars().any(char::is_alphabetic) {
                found.push(text.to_owned());
            }
        }
    }
    found
}

#[test]
fn panes_and_menus_speak_german() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let german = std::fs::read_to_string(root.join("languages/de.toml")).unwrap();
    let (german, wrong) = plantroom_scene::Texts::read(&german);
    assert_eq!(wrong, []);
    let mut files = Vec::new();
    for folder in ["src/panes", "src/alarms", "src/alarms/pane"] {
        files.extend(std::fs::read_dir(root.join(folder)).unwrap().map(|file| file.unwrap().path()));
    }
    files.retain(|file| !file.ends_with("tests.rs") && file.is_file());
    files.extend(["src/menu.rs", "src/paint/alarms.rs"].map(|file| root.join(file)));
    let (mut missing, mut seen) = (Vec::new(), 0);
    for file in files {
        for text in texts(&std::fs::read_to_string(&file).unwrap()) {
            seen += 1;
            if german.get(&text).is_none() {
                missing.push(format!("{}: {text}", file.file_name().unwrap_or_default().display()));
            }
        }
    }
    assert!(seen > 100, "only {seen} texts were found: the search has gone blind");
    assert_eq!(missing, Vec::<String>::new());
}
