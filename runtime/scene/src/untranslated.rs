//! Which texts a project has, and which of them a language doesn't say.

use std::collections::{BTreeMap, BTreeSet};

use plantroom_model::{Diagnostic, TagSpec};

use crate::event::named;
use crate::lint::Finding;
use crate::{Params, Place, Scene, Screens, Texts, language_of};

/// Texts of a message, at most.
const NAMED: usize = 5;

/// Every text that people read and a language may translate, with where it was first written: of screens and faceplates,
/// descriptions of tags and words for their numbers. Units, tag names and what a script puts together are not among them.
pub fn texts_of(screens: &Screens, tags: &[TagSpec]) -> BTreeMap<String, Place> {
    let mut all = BTreeMap::new();
    let mut take = |scene: &mut Scene| {
        for (text, place) in scene.fixed_texts().into_iter().filter(|(_, place)| !place.file.starts_with("library/")) {
            all.entry(text).or_insert(place);
        }
    };
    for entry in screens.list() {
        if let Ok(mut scene) = screens.open(&entry.name, &Params::new()) {
            take(&mut scene);
        }
    }
    let mut seen = BTreeSet::new();
    for (kind, name) in screens.instances() {
        if screens.parts().any(|part| part == kind)
            && seen.insert(kind)
            && let Ok(mut scene) = screens.faceplate(kind, &named(name))
        {
            take(&mut scene);
        }
    }
    for tag in tags.iter().filter(|tag| !tag.name.starts_with("system/")) {
        let said = std::iter::once(tag.description.as_str()).chain(tag.states.iter().map(|(_, word)| word.as_str()));
        for text in said.filter(|text| text.chars().any(char::is_alphabetic)) {
            all.entry(text.to_owned()).or_default();
        }
    }
    let names: BTreeSet<&str> = screens.instances().iter().map(|(_, name)| name.as_str()).collect();
    all.retain(|text, _| !names.contains(text.as_str()) && !tags.iter().any(|tag| *tag.name == **text));
    all
}

/// What each language file of a project doesn't say, one finding a file.
pub(crate) fn look(files: &[(String, String)], screens: &Screens, tags: &[TagSpec]) -> Vec<Finding> {
    let languages: Vec<_> = files.iter().filter(|(path, _)| language_of(path).is_some()).collect();
    if languages.is_empty() {
        return Vec::new();
    }
    let all = texts_of(screens, tags);
    let missing = |(path, text): &(String, String)| {
        let texts = Texts::read(text).0;
        let missing: Vec<&str> = all.keys().map(String::as_str).filter(|key| texts.get(key).is_none()).collect();
        if missing.is_empty() {
            return None;
        }
        let named: Vec<String> = missing.iter().take(NAMED).map(|text| format!("\"{text}\"")).collect();
        let more = if missing.len() > NAMED { ", ..." } else { "" };
        let message = format!("{} of {} texts have no translation: {}{more}", missing.len(), all.len(), named.join(", "));
        let help = "they are shown as they are written; `plantroom screen texts PROJECT` prints all of them";
        Some(Finding { lint: "untranslated", diagnostic: Diagnostic::warning(path, (1, 1), message, help) })
    };
    languages.into_iter().filter_map(missing).collect()
}

#[cfg(test)]
mod tests {
    use plantroom_model::{Origin, ValueKind};

    use super::*;

    #[test]
    fn each_language_is_told_what_it_does_not_say() {
        #[track_caller]
        fn check(language: &str, wanted: Option<&str>) {
            let script = "screen(\"Pumps\", #{ level: 2 });\ntext(10, 10, \"Clear well\");\n";
            let mut files = vec![("1_pumps.rhai".to_owned(), script.to_owned())];
            files.push(("languages/de.toml".to_owned(), language.to_owned()));
            let mut tag = TagSpec::new("well/level", ValueKind::Float, Origin::System);
            tag.description = "Level of the clear well".into();
            let found = look(&files, &Screens::new(&files, &[]), &[tag]);
            assert_eq!(found.first().map(|one| one.diagnostic.message.as_str()), wanted);
        }
        check("\"Pumps\" = \"Pumpen\"\n\"Clear well\" = \"Behälter\"\n\"Level of the clear well\" = \"Füllstand\"\n", None);
        check(
            "\"Pumps\" = \"Pumpen\"\n\"Clear well\" = \"\"\n\"Level of the clear well\" = \"Füllstand\"\n",
            Some("1 of 3 texts have no translation: \"Clear well\""),
        );
    }
}
