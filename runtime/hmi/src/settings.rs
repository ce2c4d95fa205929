//! What this console remembers on this machine: language, colours, touch, scale, whether its horn is heard; and what makes the
//! horn's sound, which only people write there (`horn_command = ["/usr/local/bin/horn", "--loud"]`).
//!
//! One small TOML file in the person's own settings folder. It holds nothing about the plant, and a file that can't be read
//! or written costs nothing but the memory.

use std::path::PathBuf;

use plantroom_scene::theme::Shade;

use crate::appearance::Choices;

/// `plantroom` in the settings folder of whoever runs the console.
pub fn folder() -> Option<PathBuf> {
    let of = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = of("XDG_CONFIG_HOME").or_else(|| of("APPDATA")).or_else(|| of("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("plantroom"))
}

fn path() -> Option<PathBuf> {
    Some(folder()?.join("console.toml"))
}

/// What was remembered, under what is said now.
pub fn under(said: Choices) -> Choices {
    let text = path().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let old = read(&text);
    Choices {
        language: said.language.or(old.language),
        shade: said.shade.or(old.shade),
        touch: said.touch || old.touch,
        scale: said.scale.or(old.scale),
        mute: said.mute || old.mute,
    }
}

/// The command that makes the horn's sound, as a person wrote it; empty where nobody did.
pub fn horn_command() -> Vec<String> {
    let text = path().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    command_in(&text)
}

fn command_in(text: &str) -> Vec<String> {
    let table: toml::Table = text.parse().unwrap_or_default();
    match table.get("horn_command") {
        Some(toml::Value::String(program)) => vec![program.clone()],
        Some(toml::Value::Array(words)) => words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// Remembers; what people wrote into the file besides stays there.
pub fn keep(choices: &Choices) {
    let Some(path) = path() else { return };
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    let text = written(choices, &old);
    let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, text));
    if let Err(error) = written {
        tracing::warn!("the console's settings can't be kept: {error}: {}", path.display());
    }
}

fn read(text: &str) -> Choices {
    let table: toml::Table = text.parse().unwrap_or_default();
    let word = |key: &str| table.get(key).and_then(toml::Value::as_str);
    Choices {
        language: word("language").map(str::to_owned),
        shade: word("theme").and_then(|word| Shade::ALL.into_iter().find(|shade| shade.word() == word)),
        touch: table.get("touch").and_then(toml::Value::as_bool).unwrap_or(false),
        scale: table.get("scale").and_then(toml::Value::as_float).map(|scale| scale as f32),
        mute: table.get("mute").and_then(toml::Value::as_bool).unwrap_or(false),
    }
}

fn written(choices: &Choices, old: &str) -> String {
    let mut table: toml::Table = old.parse().unwrap_or_default();
    for key in ["language", "theme", "touch", "scale", "mute"] {
        table.remove(key);
    }
    if let Some(language) = &choices.language {
        table.insert("language".to_owned(), language.clone().into());
    }
    if let Some(shade) = choices.shade {
        table.insert("theme".to_owned(), shade.word().into());
    }
    if choices.touch {
        table.insert("touch".to_owned(), true.into());
    }
    if let Some(scale) = choices.scale {
        table.insert("scale".to_owned(), f64::from(scale).into());
    }
    if choices.mute {
        table.insert("mute".to_owned(), true.into());
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_read_as_it_was_written() {
        let all = Choices { language: Some("de".into()), shade: Some(Shade::Dark), touch: true, scale: Some(1.25), mute: true };
        for choices in [all, Choices::default()] {
            assert_eq!(read(&written(&choices, "")), choices);
        }
        let old = "horn_command = [\"/bin/horn\", \"2\"]\ntouch = true\n";
        let text = written(&Choices::default(), old);
        assert_eq!((command_in(&text), read(&text).touch), (vec!["/bin/horn".to_owned(), "2".to_owned()], false));
        assert_eq!(command_in("horn_command = \"horn\""), ["horn"]);
        assert_eq!(read("language = 7\ntheme = \"pink\"\n"), Choices::default());
        assert_eq!(read("no toml ["), Choices::default());
    }
}
