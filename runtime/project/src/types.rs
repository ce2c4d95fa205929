//! Types of equipment: what every instance of them gets. [`crate::instances`] makes the tags.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::fields::Fields;
use crate::keys::{INSTANCE, TAG, TYPE};
use crate::library;
use crate::names::{Names, check_path, check_word};
use crate::parse::parse;
use crate::placeholders::{Parameter, Parameters, Trouble, fill, open};
use crate::report::{Report, Spot, suggestion};
use crate::shape::check_table;
use crate::shared::Kept;
use crate::sources::byte;
use crate::tag::{SourceDecl, TagDecl, read_tag};
use crate::tree::{Entries, Item, Raw};

/// A type.
#[derive(Debug)]
pub(crate) struct TypeDecl {
    pub name: Arc<str>,
    pub spot: Spot,
    /// Defaults by parameter; `None` must be given by each instance.
    pub parameters: BTreeMap<String, Option<Parameter>>,
    /// Its tags, with open texts.
    pub tags: Vec<Item>,
    /// Instances of other types in it, with open texts.
    pub instances: Vec<Item>,
    /// Its alarms, with open texts.
    pub alarms: Vec<Item>,
    /// The device that each instance adds to its connection, with open texts.
    pub device: Option<Item>,
    /// It contains itself; that was told.
    pub is_circular: bool,
}

/// Every type, by name.
#[derive(Debug)]
pub(crate) struct Types {
    names: Names,
    list: Vec<TypeDecl>,
}

impl Types {
    /// No types yet.
    pub fn new() -> Self {
        Self { names: Names::new("type"), list: Vec::new() }
    }

    /// Says that there may be types which couldn't be read.
    pub fn add_hole(&mut self) {
        self.names.add_hole("");
    }

    /// Reads a type file of the project. Returns its tags as they stand there, so that what is wrong with them is told
    /// once, in place.
    pub fn read(&mut self, entries: Entries, source: u32, kept: &mut Kept, report: &mut Report) -> Vec<TagDecl> {
        self.read_named(entries, source, "", kept, report)
    }

    /// Reads the types that come with Plantroom; one of the project that has the same name wins.
    pub fn read_library(&mut self, kept: &mut Kept, report: &mut Report) {
        for (name, text) in library::TYPES {
            if self.names.id(&format!("lib/{name}")).is_none() {
                let text: Arc<str> = (*text).into();
                let source = report.sources.add(&format!("lib/{name}.toml"), &text);
                let entries = parse(&text, source, report);
                self.read_named(entries, source, "lib/", kept, report);
            }
        }
    }

    fn read_named(
        &mut self,
        mut entries: Entries,
        source: u32,
        prefix: &str,
        kept: &mut Kept,
        report: &mut Report,
    ) -> Vec<TagDecl> {
        for entry in entries.iter_mut().filter(|entry| matches!(&*entry.key, "tag" | "instance" | "alarm" | "device")) {
            open(&mut entry.item);
        }
        let spot = Spot::new(if entries.is_empty() { source } else { byte(source, 0) });
        check_table(&entries, spot, &TYPE, report);
        let fields = Fields::new(&entries, &TYPE, spot);
        let parameters = read_parameters(fields, report);
        let known: Parameters = builtin(None, None).into_iter().chain(parameters.clone()).collect();
        let list = |key| fields.item(key).and_then(Item::list).unwrap_or_default().to_vec();
        let (tags, instances, alarms) = (list("tag"), list("instance"), list("alarm"));
        let device = fields.item("device").cloned();
        for item in tags.iter().chain(&instances).chain(&alarms).chain(&device) {
            let mut troubles = Vec::new();
            // Only for the troubles: a default is not yet an instance's value.
            fill(item, &known, &mut troubles);
            for (at, trouble) in troubles {
                tell(&trouble, Spot::new(at), &known, report);
            }
        }
        let decls = read_tags(&tags, device.is_some(), kept, report);
        let Some(name) = fields.text("name") else {
            self.names.note_nameless(fields.spot, report);
            return decls;
        };
        let spot = fields.at("name");
        match name.strip_prefix("lib/") {
            // A project's own version of a type of the library.
            Some(rest) => check_word("name of a type", rest, spot, report),
            None => check_word("name of a type", name, spot, report),
        };
        let name = format!("{prefix}{name}");
        if self.names.add(&name, spot, report).is_some() {
            let name = Arc::from(name);
            self.list.push(TypeDecl { name, spot, parameters, tags, instances, alarms, device, is_circular: false });
        }
        decls
    }

    /// Texts for people with placeholders in them, as types write them: descriptions, words, messages. A language translates
    /// these, and not what each instance makes of them.
    pub fn templates(&self) -> Vec<String> {
        let mut all = Vec::new();
        for item in self.list.iter().flat_map(|one| one.tags.iter().chain(&one.instances).chain(&one.alarms)) {
            templates_in(item, false, &mut all);
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Checks what types say of each other, when all are read: that those in them exist, and that none contains itself.
    pub fn check(&mut self, report: &mut Report) {
        let mut contains: Vec<Vec<(usize, Spot)>> = Vec::new();
        for of_type in &self.list {
            let mut names = Names::new("instance");
            let mut within = Vec::new();
            for item in &of_type.instances {
                let Some(entries) = item.entries() else { continue };
                let fields = Fields::new(entries, &INSTANCE, Spot::new(item.at));
                if let Some(name) = fields.text("name") {
                    check_path("name of an instance", name, fields.at("name"), report);
                    names.add(name, fields.at("name"), report);
                }
                let Some(wanted) = fields.text("type") else { continue };
                let Some(id) = self.names.find(wanted, fields.at("type"), report) else { continue };
                within.push((id as usize, fields.at("type")));
                if let Some(inner) = self.list.get(id as usize) {
                    self.parameters(inner, fields, None, report);
                }
            }
            contains.push(within);
        }
        for circle in circles(&contains) {
            let names: Vec<&str> =
                circle.iter().chain(circle.first()).filter_map(|(id, _)| self.list.get(*id)).map(|t| &*t.name).collect();
            let message = format!("the type `{}` contains itself: {}", names.first().unwrap_or(&""), names.join(" -> "));
            let spot = circle.first().map_or(Spot::NOWHERE, |(_, spot)| *spot);
            report.error(spot, message, "remove one of these instances: a type can only contain others that don't contain it");
            for (id, _) in circle {
                if let Some(of_type) = self.list.get_mut(id) {
                    of_type.is_circular = true;
                }
            }
        }
    }

    /// The alarms of the type that was read last, as they stand in it.
    pub fn newest_alarms(&self) -> &[Item] {
        self.list.last().map_or(&[], |newest| &newest.alarms)
    }

    /// The type of this name; told where there is none.
    pub fn find(&self, name: &str, spot: Spot, report: &mut Report) -> Option<&TypeDecl> {
        self.names.find(name, spot, report).and_then(|id| self.list.get(id as usize))
    }

    /// The type of this name, if there is one.
    pub fn get(&self, name: &str) -> Option<&TypeDecl> {
        self.names.id(name).and_then(|id| self.list.get(id as usize))
    }

    /// An instance's parameters over its type's defaults, with `name` and what is built in; `None` where one is missing.
    /// Without a name the instance stands in a type, and what its own parameters come to isn't known yet.
    pub fn parameters(
        &self,
        of_type: &TypeDecl,
        instance: Fields<'_>,
        name: Option<(&str, &str)>,
        report: &mut Report,
    ) -> Option<Parameters> {
        let mut parameters = of_type.parameters.clone();
        for entry in instance.entries("parameters").into_iter().flatten() {
            let (key_spot, value_spot) = (instance.spot.moved(entry.at), instance.spot.moved(entry.item.at));
            let Some(declared) = of_type.parameters.get(entry.key.as_ref()) else {
                let type_place = report.place_words(of_type.spot);
                let message = format!("the type `{}` ({type_place}) has no parameter `{}`", of_type.name, entry.key);
                let names = of_type.parameters.keys().map(String::as_str);
                report.error(key_spot, message, suggestion(&entry.key, names, "remove it"));
                continue;
            };
            let value = match (&entry.item.raw, name) {
                (Raw::Open(_), None) => Parameter::Text(String::new()),
                _ => match Parameter::of(&entry.item) {
                    Some(value) => value,
                    None => continue,
                },
            };
            let is_open = matches!(entry.item.raw, Raw::Open(_));
            if let (Some(Parameter::Whole(_)), false, None) = (declared, is_open, value.whole()) {
                let place = format!("the type `{}` ({})", of_type.name, report.place_words(of_type.spot));
                let message =
                    format!("the parameter `{}` is a whole number in {place}, but here it is {}", entry.key, entry.item.words());
                report.error(value_spot, message, "give a whole number, without quotes");
                continue;
            }
            parameters.insert(entry.key.to_string(), Some(value));
        }
        let missing: Vec<&String> = parameters.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        if !missing.is_empty() {
            let said = instance.text("name").unwrap_or("this instance");
            let names = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let type_place = report.place_words(of_type.spot);
            let message =
                format!("`{said}` gives no value for {names}, which the type `{}` ({type_place}) requires", of_type.name);
            report.error(instance.spot, message, format!("add parameters = {{ {} = ... }}", missing[0]));
            return None;
        }
        let (name, description) = name.unwrap_or_default();
        parameters.extend(builtin(Some(name), Some(description)));
        Some(parameters)
    }
}

/// Keys under which a project says something to people.
const WORDS: [&str; 6] = ["description", "states", "message", "confirmation", "consequence", "action"];

/// Open texts below keys that people read.
fn templates_in(item: &Item, is_read: bool, all: &mut Vec<String>) {
    match &item.raw {
        Raw::Open(text) if is_read && !text.contains("{{") => all.push(text.clone()),
        Raw::List(items) => items.iter().for_each(|item| templates_in(item, is_read, all)),
        Raw::Table(entries) => entries.iter().for_each(|entry| {
            let is_read = is_read || WORDS.contains(&&*entry.key);
            templates_in(&entry.item, is_read, all);
        }),
        _ => {}
    }
}

/// The tags of a type as they stand in it.
fn read_tags(items: &[Item], has_device: bool, kept: &mut Kept, report: &mut Report) -> Vec<TagDecl> {
    let mut relative = Names::new("tag");
    let mut decls = Vec::new();
    for item in items {
        let Some(tag) = item.entries().map(|entries| Fields::new(entries, &TAG, Spot::new(item.at))) else { continue };
        let name = tag.text("name");
        if let Some(name) = name {
            relative.add(name, tag.at("name"), report);
        }
        let mut decl = read_tag(tag, name.unwrap_or("name"), None, kept, report);
        if has_device && matches!(decl.source, SourceDecl::Connection { device: None, .. }) {
            // Which device is only known of an instance.
            decl.source = SourceDecl::NotKnown;
        }
        decls.push(decl);
    }
    decls
}

/// `{name}` and `{description}` of the instance.
fn builtin(name: Option<&str>, description: Option<&str>) -> Parameters {
    let value = |text: Option<&str>| text.map(|text| Parameter::Text(text.to_owned()));
    [("name".to_owned(), value(name)), ("description".to_owned(), value(description))].into()
}

fn read_parameters(fields: Fields<'_>, report: &mut Report) -> BTreeMap<String, Option<Parameter>> {
    let mut parameters = BTreeMap::new();
    for entry in fields.entries("parameters").into_iter().flatten() {
        let spot = fields.spot.moved(entry.at);
        if !entry.key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || matches!(&*entry.key, "" | "name" | "description")
        {
            let message = format!("`{}` can't be the name of a parameter", entry.key);
            report.error(spot, message, "use letters, digits and _; {name} and {description} are the instance's own");
        }
        let is_required = |entries: &Entries| match entries.as_slice() {
            [only] => only.key == "required" && only.item.flag() == Some(true),
            _ => false,
        };
        let default = match &entry.item.raw {
            Raw::Table(entries) if is_required(entries) => None,
            _ => match Parameter::of(&entry.item) {
                Some(default) => Some(default),
                None => {
                    let message = format!("the parameter `{}` has {} as default", entry.key, entry.item.words());
                    let help = format!("write {0} = 0, {0} = \"text\" or {0} = {{ required = true }}", entry.key);
                    report.error(spot.moved(entry.item.at), message, help);
                    None
                }
            },
        };
        parameters.insert(entry.key.to_string(), default);
    }
    parameters
}

/// Every circle of types, each once: each contains the next, the last the first; with the place where it is said.
fn circles(contains: &[Vec<(usize, Spot)>]) -> Vec<Vec<(usize, Spot)>> {
    let mut found = Vec::new();
    let mut is_done = vec![false; contains.len()];
    for start in 0..contains.len() {
        // The way from the start: type, how many of its parts were looked at, where it says that it contains the next.
        let mut way: Vec<(usize, usize, Spot)> = if is_done[start] { Vec::new() } else { vec![(start, 0, Spot::NOWHERE)] };
        while let Some((at, looked, said)) = way.last_mut() {
            let at = *at;
            let Some((next, spot)) = contains.get(at).and_then(|parts| parts.get(*looked)).copied() else {
                is_done[at] = true;
                way.pop();
                continue;
            };
            (*looked, *said) = (*looked + 1, spot);
            if let Some(from) = way.iter().position(|(step, ..)| *step == next) {
                found.push(way[from..].iter().map(|(step, _, said)| (*step, *said)).collect());
            } else if is_done.get(next) == Some(&false) {
                way.push((next, 0, Spot::NOWHERE));
            }
        }
    }
    found
}

/// Tells what is wrong with a placeholder.
pub(crate) fn tell(trouble: &Trouble, spot: Spot, known: &Parameters, report: &mut Report) {
    match trouble {
        Trouble::Unknown(name) => {
            let help = suggestion(name, known.keys().map(String::as_str), "declare it under [parameters]");
            report.error(spot, format!("the type has no parameter `{name}`"), help);
        }
        Trouble::NotWhole(name) => {
            let message = format!("nothing can be added to the parameter `{name}`: it is not a whole number");
            report.error(spot, message, format!("only a whole number takes {{{name}+1}}"));
        }
        Trouble::Overflow(expression) => {
            report.error(spot, format!("`{expression}` does not fit into 64 bits"), "use a smaller number")
        }
        Trouble::Form(expression) => {
            let help = "write {name}, {name+1} or {name-1}; a brace by itself is written {{ or }}";
            report.error(spot, format!("`{expression}` is not a placeholder"), help);
        }
    }
}
