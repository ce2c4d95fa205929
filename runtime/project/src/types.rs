//! Types of equipment and their instances: `[[instance]]` becomes the tags of its type.

use std::collections::BTreeMap;
use std::sync::Arc;

use plantroom_model::limits;

use crate::fields::Fields;
use crate::keys::{TAG, TYPE};
use crate::names::{Names, check_path, check_word};
use crate::placeholders::{Parameter, Parameters, Trouble, fill, open};
use crate::report::{MadeBy, Report, Spot, suggestion};
use crate::shape::check_table;
use crate::sources::byte;
use crate::tag::{TagDecl, read_tag};
use crate::tree::{Entries, Item, Raw};

/// A type.
#[derive(Debug)]
pub(crate) struct TypeDecl {
    name: String,
    spot: Spot,
    /// Defaults by parameter; `None` must be given by each instance.
    parameters: BTreeMap<String, Option<Parameter>>,
    /// Its tags, with open texts.
    tags: Vec<Item>,
}

/// Every type, by name.
#[derive(Debug)]
pub(crate) struct Types {
    names: Names,
    list: Vec<TypeDecl>,
}

/// What all instances gave.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// Type and name of each instance.
    pub instances: Vec<(String, String)>,
    /// Their tags.
    pub tags: Vec<TagDecl>,
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

    /// Reads a type file. Returns its tags as they stand there, so that what is wrong with them is told once, in place.
    pub fn read(&mut self, mut entries: Entries, source: u32, report: &mut Report) -> Vec<TagDecl> {
        if let Some(tags) = entries.iter_mut().find(|entry| entry.key == "tag") {
            open(&mut tags.item);
        }
        let spot = Spot::new(if entries.is_empty() { source } else { byte(source, 0) });
        check_table(&entries, spot, &TYPE, report);
        let fields = Fields::new(&entries, &TYPE, spot);
        let parameters = read_parameters(fields, report);
        let known: Parameters = builtin(None, None).into_iter().chain(parameters.clone()).collect();
        let mut decls = Vec::new();
        let mut relative = Names::new("tag");
        let items: Vec<Item> = fields.item("tag").and_then(Item::list).unwrap_or_default().to_vec();
        for item in &items {
            let mut troubles = Vec::new();
            // Only for the troubles: a default is not yet an instance's value.
            fill(item, &known, &mut troubles);
            for (at, trouble) in troubles {
                tell(&trouble, Spot::new(at), &known, report);
            }
            let Some(tag) = item.entries().map(|entries| Fields::new(entries, &TAG, Spot::new(item.at))) else {
                continue;
            };
            let name = tag.text("name");
            if let Some(name) = name {
                relative.add(name, tag.at("name"), report);
            }
            decls.push(read_tag(tag, name.unwrap_or("name"), None, report));
        }
        let Some(name) = fields.text("name") else {
            self.names.note_nameless(fields.spot, report);
            return decls;
        };
        check_word("name of a type", name, fields.at("name"), report);
        if self.names.add(name, fields.at("name"), report).is_some() {
            let spot = fields.at("name");
            self.list.push(TypeDecl { name: name.to_owned(), spot, parameters, tags: items });
        }
        decls
    }

    /// Makes the tags of one instance.
    pub fn make(&self, instance: Fields<'_>, instances: &mut Names, made: &mut Made, tags: &mut Names, report: &mut Report) {
        let Some(name) = instance.text("name") else {
            tags.note_nameless(instance.spot, report);
            return;
        };
        let spot = instance.at("name");
        let good_name = check_path("name of an instance", name, spot, report);
        if instances.add(name, spot, report).is_none() {
            return;
        }
        let found = instance.text("type").and_then(|wanted| self.names.find(wanted, instance.at("type"), report));
        let Some(of_type) = found.and_then(|id| self.list.get(id as usize)).filter(|_| good_name) else {
            tags.add_hole(&format!("{name}/"));
            return;
        };
        let Some(parameters) = self.parameters(of_type, instance, name, report) else {
            tags.add_hole(&format!("{name}/"));
            return;
        };
        if report.is_damaged(of_type.spot) {
            tags.add_hole(&format!("{name}/"));
        }
        if made.tags.len() + of_type.tags.len() > limits::TAGS {
            let message = format!("with this instance the project has more than {} tags", limits::TAGS);
            report.error(spot, message, "split the plant over several stations");
            return;
        }
        report.made_by.push(MadeBy { spot, instance: name.into(), of_type: of_type.name.as_str().into(), own: (u32::MAX, u32::MAX) });
        let made_by = (report.made_by.len() - 1) as u32;
        made.instances.push((of_type.name.clone(), name.to_owned()));
        let origin: (Arc<str>, Arc<str>) = (of_type.name.as_str().into(), name.into());
        for item in &of_type.tags {
            let spot = Spot { at: item.at, made_by };
            made.tags.extend(make_tag(item, spot, name, &origin, &parameters, report));
        }
    }

    /// The instance's parameters over the type's defaults; `None` where one is missing.
    fn parameters(&self, of_type: &TypeDecl, instance: Fields<'_>, name: &str, report: &mut Report) -> Option<Parameters> {
        let type_place = report.place_words(of_type.spot);
        let mut parameters = of_type.parameters.clone();
        for entry in instance.entries("parameters").into_iter().flatten() {
            let (key_spot, value_spot) = (instance.spot.moved(entry.at), instance.spot.moved(entry.item.at));
            let Some(declared) = of_type.parameters.get(entry.key.as_ref()) else {
                let message = format!("the type `{}` ({type_place}) has no parameter `{}`", of_type.name, entry.key);
                let names = of_type.parameters.keys().map(String::as_str);
                report.error(key_spot, message, suggestion(&entry.key, names, "remove it"));
                continue;
            };
            let Some(value) = Parameter::of(&entry.item) else { continue };
            if let (Some(Parameter::Whole(_)), Parameter::Text(_)) = (declared, &value) {
                let place = format!("the type `{}` ({type_place})", of_type.name);
                let message =
                    format!("the parameter `{}` is a whole number in {place}, but here it is {}", entry.key, entry.item.words());
                report.error(value_spot, message, "give a whole number, without quotes");
                continue;
            }
            parameters.insert(entry.key.to_string(), Some(value));
        }
        let missing: Vec<&String> = parameters.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        if !missing.is_empty() {
            let names = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let message =
                format!("`{name}` gives no value for {names}, which the type `{}` ({type_place}) requires", of_type.name);
            let help = format!("add parameters = {{ {} = ... }}", missing[0]);
            report.error(instance.spot, message, help);
            return None;
        }
        parameters.extend(builtin(Some(name), Some(instance.text("description").unwrap_or_default())));
        Some(parameters)
    }
}

/// `{name}` and `{description}` of the instance.
fn builtin(name: Option<&str>, description: Option<&str>) -> Parameters {
    let value = |text: Option<&str>| text.map(|text| Parameter::Text(text.to_owned()));
    [("name".to_owned(), value(name)), ("description".to_owned(), value(description))].into()
}

fn make_tag(
    item: &Item,
    spot: Spot,
    instance: &str,
    origin: &(Arc<str>, Arc<str>),
    parameters: &Parameters,
    report: &mut Report,
) -> Option<TagDecl> {
    let mut troubles = Vec::new();
    let filled = fill(item, parameters, &mut troubles);
    for (at, trouble) in troubles {
        tell(&trouble, spot.moved(at), parameters, report);
    }
    let entries = filled.entries()?;
    check_table(entries, spot, &TAG, report);
    let tag = Fields::new(entries, &TAG, spot);
    let name = format!("{instance}/{}", tag.text("name")?);
    Some(read_tag(tag, &name, Some(origin.clone()), report))
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

fn tell(trouble: &Trouble, spot: Spot, known: &Parameters, report: &mut Report) {
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
