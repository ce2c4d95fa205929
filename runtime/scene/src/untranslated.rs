//! Which texts a project has, and which of them a language doesn't say.

use std::collections::{BTreeMap, BTreeSet};

use plantroom_model::{AlarmSpec, Diagnostic, TagSpec};

use crate::edit::said_literals;
use crate::event::named;
use crate::lint::Finding;
use crate::template::Template;
use crate::{Params, Place, Scene, Screens, Texts, language_of};

/// Texts of a message, at most.
const NAMED: usize = 5;
/// From so many on, texts that differ only in one number are one text with `{n}` in it.
const ALIKE: usize = 3;

/// One text that people read and a language may translate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextUse {
    /// The key in a language file; it may have places in it, `{description} runs`.
    pub key: String,
    /// Where it was first written, in a script; nowhere for what tags say.
    pub place: Place,
    /// The texts that it stands for; itself where it has no places.
    pub covers: Vec<String>,
    /// Keys with places, where it is only what stands in their places: the description of a pump in `{description} runs`.
    pub within: Vec<String>,
}

impl TextUse {
    /// Whether a language has words for all that it stands for.
    pub fn is_said(&self, texts: &Texts) -> bool {
        texts.get(&self.key).is_some() || self.covers.iter().all(|text| texts.says(text))
    }
}

/// Those for which a language has no words. What only stands in the places of other texts isn't missed where the language says
/// each of these whole.
pub fn unsaid<'a>(all: &'a [TextUse], texts: &Texts) -> Vec<&'a TextUse> {
    let is_whole = |one: &&TextUse| texts.get(&one.key).is_none() && one.is_said(texts);
    let whole: BTreeSet<&str> = all.iter().filter(is_whole).map(|one| one.key.as_str()).collect();
    let is_needed = |one: &TextUse| one.within.is_empty() || one.within.iter().any(|key| !whole.contains(key.as_str()));
    all.iter().filter(|one| is_needed(one) && !one.is_said(texts)).collect()
}

/// What texts are looked for in.
#[derive(Clone, Copy)]
pub struct TextsIn<'a> {
    /// The screens.
    pub screens: &'a Screens,
    /// Path below `screens/`, and text.
    pub files: &'a [(String, String)],
    /// All tags of the plant.
    pub tags: &'a [TagSpec],
    /// All alarms of the plant.
    pub alarms: &'a [AlarmSpec],
    /// Texts of types with their parameters still in them, as the project writes them.
    pub templates: &'a [String],
}

/// Every text that people read and a language may translate: of screens and faceplates, also what closures say in plain words;
/// descriptions of tags, words for their numbers, what permissives and confirmations say. Units, tag names, designations (P1)
/// and what a script puts together are not among them. What a type says is one text, whatever its instances make of it.
pub fn texts_of(of: &TextsIn<'_>) -> Vec<TextUse> {
    let mut all: BTreeMap<String, Gathered> = BTreeMap::new();
    let mut add = |key: &str, place: Place, text: &str, within: Option<&str>| {
        let known = all.entry(key.to_owned()).or_default();
        if known.place.line == 0 {
            known.place = place;
        }
        known.covers.insert(text.to_owned());
        match within {
            Some(template) => {
                known.within.insert(template.to_owned());
            }
            None => known.by_itself = true,
        }
    };
    for (text, place) in said_on_screens(of) {
        let key = with_name(&text, of.screens);
        add(&key, place, &text, None);
    }
    let templates: Vec<Template> = of.templates.iter().filter_map(|text| Template::of(text)).collect();
    let mut told = BTreeSet::new();
    let tags = of.tags.iter().filter(|tag| !tag.name.starts_with("system/"));
    // What the station says of its own alarms, consoles translate by themselves.
    let alarms = of.alarms.iter().filter(|alarm| !alarm.name.starts_with("system/"));
    let texts = tags.flat_map(said_of).chain(alarms.flat_map(said_of_alarm)).filter(|text| !text.is_empty());
    for text in texts.filter(|text| told.insert(*text)) {
        let mut fits = templates.iter().filter_map(|template| Some((template, template.places_in(text)?)));
        match fits.by_ref().max_by_key(|(template, _)| template.weight()) {
            None => add(text, Place::default(), text, None),
            Some((template, given)) => {
                add(template.text(), Place::default(), text, None);
                for (_, value) in given.into_iter().filter(|(name, _)| *name != "name") {
                    add(value, Place::default(), value, Some(template.text()));
                }
            }
        }
    }
    let names: BTreeSet<&str> = of.screens.instances().iter().map(|(_, name)| name.as_str()).collect();
    let tag_names: BTreeSet<&str> = of.tags.iter().map(|tag| &*tag.name).collect();
    let units: BTreeSet<&str> = of.tags.iter().map(|tag| tag.unit.as_str()).collect();
    all.retain(|text, _| has_words(text) && ![&names, &tag_names, &units].iter().any(|known| known.contains(text.as_str())));
    let uses = all.into_iter().map(|(key, known)| TextUse {
        key,
        place: known.place,
        covers: known.covers.into_iter().collect(),
        within: if known.by_itself { Vec::new() } else { known.within.into_iter().collect() },
    });
    without_numbers(uses.collect())
}

/// What is known of a text so far.
#[derive(Default)]
struct Gathered {
    place: Place,
    covers: BTreeSet<String>,
    within: BTreeSet<String>,
    /// It stands somewhere by itself too.
    by_itself: bool,
}

/// What screens, one faceplate of each type, and closures in plain words say.
fn said_on_screens(of: &TextsIn<'_>) -> Vec<(String, Place)> {
    let mut all = Vec::new();
    let mut take = |scene: &mut Scene| {
        all.extend(scene.fixed_texts().into_iter().filter(|(_, place)| !place.file.starts_with("library/")));
    };
    for entry in of.screens.list() {
        if let Ok(mut scene) = of.screens.open(&entry.name, &Params::new()) {
            take(&mut scene);
        }
    }
    let mut seen = BTreeSet::new();
    for (kind, name) in of.screens.instances() {
        if of.screens.parts().any(|part| part == kind)
            && seen.insert(kind)
            && let Ok(mut scene) = of.screens.faceplate(kind, &named(name))
        {
            take(&mut scene);
        }
    }
    for (path, text) in of.files.iter().filter(|(path, _)| path.ends_with(".rhai")) {
        let literals = said_literals(text);
        all.extend(literals.into_iter().map(|(said, line, column)| (said, Place { file: path.as_str().into(), line, column })));
    }
    all
}

/// What a tag says to people.
fn said_of(tag: &TagSpec) -> impl Iterator<Item = &str> {
    let write = tag.write.iter().flat_map(|write| {
        write.permissives.iter().map(|permissive| permissive.message.as_str()).chain(write.confirmation.as_deref())
    });
    std::iter::once(tag.description.as_str()).chain(tag.states.iter().map(|(_, word)| word.as_str())).chain(write)
}

/// What an alarm says to people.
fn said_of_alarm(alarm: &AlarmSpec) -> [&str; 3] {
    [&alarm.message, &alarm.detail.consequence, &alarm.detail.action]
}

/// A text in which an instance is named, with `{name}` in its place: `Start {name}?`.
fn with_name(text: &str, screens: &Screens) -> String {
    let named = screens.instances().iter().map(|(_, name)| name.as_str()).filter(|name| name.len() > 2 && text.contains(name));
    match named.max_by_key(|name| name.len()) {
        Some(name) if text != name => text.replacen(name, "{name}", 1),
        _ => text.to_owned(),
    }
}

/// Whether there is anything to translate: letters, and more than a designation such as P1, LIC-101 or L2.
fn has_words(text: &str) -> bool {
    let bare: String = text.chars().filter(|c| !c.is_ascii_digit() && !matches!(c, '-' | '.' | '/' | ' ')).collect();
    let is_designation = bare.len() <= 4 && bare.len() < text.len() && bare.chars().all(|c| c.is_ascii_uppercase());
    text.chars().any(char::is_alphabetic) && !is_designation
}

/// Texts that differ only in one number, as one.
fn without_numbers(all: Vec<TextUse>) -> Vec<TextUse> {
    let mut groups: BTreeMap<String, Vec<TextUse>> = BTreeMap::new();
    for one in all {
        let key = if one.key.contains('{') { one.key.clone() } else { numberless(&one.key) };
        groups.entry(key).or_default().push(one);
    }
    let mut left = Vec::new();
    for (key, group) in groups {
        if group.len() < ALIKE || group.iter().any(|one| one.key.contains('{')) {
            left.extend(group);
            continue;
        }
        let place = group[0].place.clone();
        let by_itself = group.iter().any(|one| one.within.is_empty());
        let mut within: Vec<String> = group.iter().flat_map(|one| one.within.clone()).filter(|_| !by_itself).collect();
        within.sort_unstable();
        within.dedup();
        left.push(TextUse { key, place, covers: group.into_iter().flat_map(|one| one.covers).collect(), within });
    }
    left.sort_by(|a, b| a.key.cmp(&b.key));
    left
}

/// A text with `{n}` for its only number; as it is where it has none or several.
fn numberless(text: &str) -> String {
    let Some(start) = text.find(|c: char| c.is_ascii_digit()) else { return text.to_owned() };
    let end = text[start..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |end| start + end);
    if text[end..].contains(|c: char| c.is_ascii_digit()) {
        return text.to_owned();
    }
    format!("{}{{n}}{}", &text[..start], &text[end..])
}

/// What each language file of a project doesn't say, one finding a file.
pub(crate) fn look(of: &TextsIn<'_>) -> Vec<Finding> {
    let languages: Vec<_> = of.files.iter().filter(|(path, _)| language_of(path).is_some()).collect();
    if languages.is_empty() {
        return Vec::new();
    }
    let all = texts_of(of);
    let missing = |(path, text): &(String, String)| {
        let texts = Texts::read(text).0;
        let missing: Vec<&str> = unsaid(&all, &texts).into_iter().map(|one| one.key.as_str()).collect();
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
            let (screens, tags) = (Screens::new(&files, &[]), [tag]);
            let found = look(&TextsIn { screens: &screens, files: &files, tags: &tags, alarms: &[], templates: &[] });
            assert_eq!(found.first().map(|one| one.diagnostic.message.as_str()), wanted);
        }
        check("\"Pumps\" = \"Pumpen\"\n\"Clear well\" = \"Behälter\"\n\"Level of the clear well\" = \"Füllstand\"\n", None);
        check(
            "\"Pumps\" = \"Pumpen\"\n\"Clear well\" = \"\"\n\"Level of the clear well\" = \"Füllstand\"\n",
            Some("1 of 3 texts have no translation: \"Clear well\""),
        );
    }

    #[test]
    fn what_a_type_says_of_fifty_pumps_is_one_text() {
        let tags: Vec<TagSpec> = (1..=50)
            .flat_map(|n| ["runs", "has tripped"].map(|what| (n, what)))
            .map(|(n, what)| {
                let mut tag = TagSpec::new(&format!("p{n}/{what}"), ValueKind::Bool, Origin::System);
                tag.description = format!("pump {n} {what}").into();
                tag.states = vec![(0, "stopped".into()), (1, "running".into())];
                tag
            })
            .collect();
        let templates = ["{description} runs".to_owned(), "{description} has tripped".to_owned()];
        let screens = Screens::new(&[], &[]);
        let all = texts_of(&TextsIn { screens: &screens, files: &[], tags: &tags, alarms: &[], templates: &templates });
        let keys: Vec<&str> = all.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, ["pump {n}", "running", "stopped", "{description} has tripped", "{description} runs"]);
        let texts = Texts::read(
            "\"pump {n}\" = \"Pumpe {n}\"\n\"{description} runs\" = \"{description} läuft\"\n\"pump 7 has tripped\" = \"x\"\n",
        )
        .0;
        let each = Texts::read(
            &(1..=50).map(|n| format!("\"pump {n} runs\" = \"x\"\n\"pump {n} has tripped\" = \"x\"\n")).collect::<String>(),
        )
        .0;
        let left: Vec<&str> = unsaid(&all, &each).iter().map(|one| one.key.as_str()).collect();
        assert_eq!(left, ["running", "stopped"], "who translates each needs no words for what stands in the places");
        let said: Vec<bool> = all.iter().map(|one| one.is_said(&texts)).collect();
        assert_eq!(said, [true, false, false, false, true]);
    }

    #[test]
    fn what_closures_permissives_and_pens_say_is_listed_and_designations_are_not() {
        let script = "screen(\"Pumps\");\nrow(1, 1, \"P1\", || if tag(\"well/level\") > 1.0 { \"enough\" } else { \"too little\" });\n\
            text(1, 40, || \"stands\");\ntrend(1, 80, #{ pens: [\"well/level\"] });\n\
            permissives(1, 400, \"well/level\", #{ state: || \"no: drain it\" });\nbutton(1, 500, \"Go\", |op| throw \"not now\");\n";
        let files = [("1_a.rhai".to_owned(), script.to_owned())];
        let mut tag = TagSpec::new("well/level", ValueKind::Float, Origin::System);
        let mut write = plantroom_model::WriteSpec::new(plantroom_model::Role::Operate);
        let test = plantroom_model::PermissiveTest::AtMost(1.0);
        let message = "The well is full".to_owned();
        write.permissives = vec![plantroom_model::Permissive { tag: plantroom_model::TagId(0), test, message, only_for: None }];
        write.confirmation = Some("Really?".to_owned());
        tag.write = Some(write.into());
        let (screens, tags) = (Screens::new(&files, &[]), [tag]);
        let all = texts_of(&TextsIn { screens: &screens, files: &files, tags: &tags, alarms: &[], templates: &[] });
        let keys: Vec<&str> = all.iter().map(|one| one.key.as_str()).collect();
        let wanted =
            ["Go", "Pumps", "Really?", "The well is full", "enough", "level", "no: drain it", "not now", "stands", "too little"];
        for text in wanted {
            assert!(keys.contains(&text), "{text} in {keys:?}");
        }
        assert!(!keys.contains(&"P1") && !keys.contains(&"well/level"), "{keys:?}");
    }
}
