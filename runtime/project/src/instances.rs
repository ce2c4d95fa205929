//! Instances: `[[instance]]` becomes the tags of its type, of the types in it, and of what it says itself.

use std::borrow::Cow;
use std::sync::Arc;

use plantroom_model::{Instance, limits};
use serde_json::{Map, Value as Json};

use crate::alarms::{self, keys::ALARM};
use crate::fields::Fields;
use crate::keys::{DEVICE_OF_TYPE, INSTANCE, TAG};
use crate::names::{Names, check_path};
use crate::overrides;
use crate::placeholders::{Parameter, Parameters, fill};
use crate::report::{MadeBy, Report, Spot};
use crate::shape::check_table;
use crate::shared::Kept;
use crate::tag::{TagDecl, kind_of, read_tag};
use crate::tree::{Entry, Item, Raw};
use crate::types::{TypeDecl, Types, tell};

/// What all instances gave.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// Type and name of each instance, those within others included.
    pub instances: Vec<(String, String)>,
    /// Their tags, with their full names.
    pub tags: Vec<(String, TagDecl)>,
    /// Their alarms, with their full names and the instance that each belongs to.
    pub alarms: Vec<(Piece, Arc<str>)>,
    /// What each instance is, for people, by its name.
    pub descriptions: Vec<(String, String)>,
    /// Devices that they add to connections.
    pub devices: Vec<DeviceDecl>,
    /// How many tags there are, also of other files.
    pub total: usize,
    pub is_full: bool,
}

/// A device that an instance adds to its connection.
#[derive(Clone, Debug)]
pub(crate) struct DeviceDecl {
    pub connection: String,
    pub name: String,
    pub settings: Map<String, Json>,
    pub spot: Spot,
}

/// A tag on its way: its table may still be changed by the instances around it.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Its full name.
    pub name: String,
    /// Its table, filled in.
    pub item: Item,
    /// Which instance it belongs to.
    pub made_by: u32,
}

/// Makes the tags of one instance of a tag file.
pub(crate) fn make(
    types: &Types,
    instance: Fields<'_>,
    (instances, tags): (&mut Names, &mut Names),
    made: &mut Made,
    kept: &mut Kept,
    report: &mut Report,
) {
    let Some(name) = instance.text("name") else {
        tags.note_nameless(instance.spot, report);
        return;
    };
    let spot = instance.at("name");
    let good_name = check_path("name of an instance", name, spot, report);
    if instances.add(name, spot, report).is_none() {
        return;
    }
    let found = instance.text("type").and_then(|wanted| {
        if kind_of(wanted).is_some() && types.get(wanted).is_none() {
            let message = format!("`{wanted}` is a kind of value, not a type of equipment");
            report.error(instance.at("type"), message, "in a list of tags, call this column `kind`");
            return None;
        }
        types.find(wanted, instance.at("type"), report)
    });
    let Some(of_type) = found.filter(|_| good_name) else {
        tags.add_hole(&format!("{name}/"));
        return;
    };
    let description = instance.text("description").unwrap_or_default();
    let Some(parameters) = types.parameters(of_type, instance, Some((name, description)), report) else {
        tags.add_hole(&format!("{name}/"));
        return;
    };
    let mut making = Making { types, tags, made, kept, report, pieces: Vec::new(), alarms: Vec::new() };
    making.expand(of_type, name, &parameters, instance, spot, None);
    for piece in std::mem::take(&mut making.pieces) {
        making.finish(piece);
    }
    for piece in std::mem::take(&mut making.alarms) {
        making.finish_alarm(piece);
    }
}

struct Making<'a> {
    types: &'a Types,
    tags: &'a mut Names,
    made: &'a mut Made,
    kept: &'a mut Kept,
    report: &'a mut Report,
    pieces: Vec<Piece>,
    alarms: Vec<Piece>,
}

impl Making<'_> {
    /// Puts the tags of an instance and of those in it onto the pieces. `spot` is the outermost instance's.
    fn expand(
        &mut self,
        of_type: &TypeDecl,
        name: &str,
        parameters: &Parameters,
        instance: Fields<'_>,
        spot: Spot,
        outer: Option<&DeviceDecl>,
    ) {
        if of_type.is_circular || self.report.is_damaged(of_type.spot) {
            self.tags.add_hole(&format!("{name}/"));
        }
        if of_type.is_circular || !self.has_room(of_type, name, spot) {
            return;
        }
        self.report.made_by.push(MadeBy {
            spot,
            instance: name.into(),
            of_type: Arc::clone(&of_type.name),
            own: overrides::extent(instance),
        });
        let made_by = (self.report.made_by.len() - 1) as u32;
        self.made.instances.push((of_type.name.to_string(), name.to_owned()));
        let own = of_type.device.as_ref().and_then(|item| self.device(item, name, parameters, made_by));
        let device = own.as_ref().or(outer);
        let (first, first_alarm) = (self.pieces.len(), self.alarms.len());
        for item in &of_type.tags {
            self.put_tag(item, name, parameters, made_by, device);
        }
        for item in &of_type.instances {
            self.put_instance(item, name, parameters, made_by, spot, device);
        }
        for item in &of_type.alarms {
            self.put_alarm(item, name, parameters, made_by);
        }
        let fresh = self.pieces.split_off(first);
        let changed = overrides::apply(fresh, instance, name, &of_type.name, made_by, self.report);
        self.pieces.extend(changed);
        let fresh = self.alarms.split_off(first_alarm);
        let changed = alarms::apply_overrides(fresh, instance, name, &of_type.name, made_by, self.report);
        self.alarms.extend(changed);
        if let Some(Some(Parameter::Text(description))) = parameters.get("description") {
            self.made.descriptions.push((name.to_owned(), description.clone()));
        }
        self.made.devices.extend(own);
    }

    fn has_room(&mut self, of_type: &TypeDecl, name: &str, spot: Spot) -> bool {
        let tags = self.made.total + self.pieces.len() + of_type.tags.len();
        let is_full = self.made.is_full || tags > limits::TAGS || self.made.instances.len() >= limits::TAGS;
        if is_full && !std::mem::replace(&mut self.made.is_full, true) {
            let message = format!("with the instance `{name}` the project has more than {} tags or instances", limits::TAGS);
            self.report.error(spot, message, "split the plant over several stations");
            self.tags.add_hole("");
        }
        !is_full
    }

    fn filled(&mut self, item: &Item, parameters: &Parameters, made_by: u32) -> Item {
        let mut troubles = Vec::new();
        let filled = fill(item, parameters, &mut troubles);
        for (at, trouble) in troubles {
            tell(&trouble, Spot { at, made_by }, parameters, self.report);
        }
        filled
    }

    fn put_tag(&mut self, item: &Item, instance: &str, parameters: &Parameters, made_by: u32, device: Option<&DeviceDecl>) {
        let mut item = self.filled(item, parameters, made_by);
        let at = item.at;
        let Raw::Table(entries) = &mut item.raw else { return };
        let text = |key: &str| entries.iter().find(|entry| entry.key == key).and_then(|entry| entry.item.text());
        let Some(name) = text("name").map(|name| format!("{instance}/{name}")) else { return };
        if let Some(device) = device.filter(|device| text("connection") == Some(&device.connection) && text("device").is_none()) {
            let item = Item { raw: Raw::Loose(device.name.clone()), at };
            entries.push(Entry { key: Cow::Borrowed("device"), at, item });
        }
        self.pieces.push(Piece { name, item, made_by });
    }

    /// An alarm without a name is named like its tag.
    fn put_alarm(&mut self, item: &Item, instance: &str, parameters: &Parameters, made_by: u32) {
        let item = self.filled(item, parameters, made_by);
        let Some(entries) = item.entries() else { return };
        let text = |key: &str| entries.iter().find(|entry| entry.key == key).and_then(|entry| entry.item.text());
        let name = text("name").map_or_else(String::new, |name| format!("{instance}/{name}"));
        self.alarms.push(Piece { name, item, made_by });
    }

    fn put_instance(
        &mut self,
        item: &Item,
        outer: &str,
        parameters: &Parameters,
        made_by: u32,
        spot: Spot,
        device: Option<&DeviceDecl>,
    ) {
        let item = self.filled(item, parameters, made_by);
        let Some(entries) = item.entries() else { return };
        let inner = Fields::new(entries, &INSTANCE, Spot { at: item.at, made_by });
        let Some(name) = inner.text("name").map(|name| format!("{outer}/{name}")) else { return };
        let Some(of_type) = inner.text("type").and_then(|wanted| self.types.get(wanted)) else {
            self.tags.add_hole(&format!("{name}/"));
            return;
        };
        let description = match (inner.text("description"), parameters.get("description")) {
            (Some(own), _) => own.to_owned(),
            (None, Some(Some(Parameter::Text(outer)))) => outer.clone(),
            (None, _) => String::new(),
        };
        match self.types.parameters(of_type, inner, Some((&name, &description)), self.report) {
            Some(parameters) => self.expand(of_type, &name, &parameters, inner, spot, device),
            None => self.tags.add_hole(&format!("{name}/")),
        }
    }

    /// The device that an instance adds; by default on its parameter `connection`, and named like the instance.
    fn device(&mut self, item: &Item, instance: &str, parameters: &Parameters, made_by: u32) -> Option<DeviceDecl> {
        let item = self.filled(item, parameters, made_by);
        let fields = Fields::new(item.entries()?, &DEVICE_OF_TYPE, Spot { at: item.at, made_by });
        let connection = match (fields.text("connection"), parameters.get("connection")) {
            (Some(said), _) => said.to_owned(),
            (None, Some(Some(Parameter::Text(given) | Parameter::Loose(given)))) => given.clone(),
            _ => {
                let help = "write connection = \"{connection}\" under [device], and declare the parameter";
                self.report.error(fields.spot, "nothing says on which connection this device is", help);
                return None;
            }
        };
        let name = fields.text("name").unwrap_or(instance).to_owned();
        let mut settings = fields.other_json();
        settings.values_mut().for_each(number_of_text);
        Some(DeviceDecl { connection, name, settings, spot: fields.spot })
    }

    /// A piece that nothing changes any more, as an alarm.
    fn finish_alarm(&mut self, piece: Piece) {
        let Some(entries) = piece.item.entries() else { return };
        check_table(entries, Spot { at: piece.item.at, made_by: piece.made_by }, &ALARM, self.report);
        if let Some(made) = self.report.made_by.get(piece.made_by as usize) {
            let instance = Arc::clone(&made.instance);
            self.made.alarms.push((piece, instance));
        }
    }

    /// A piece that nothing changes any more, as a tag.
    fn finish(&mut self, piece: Piece) {
        let Some(entries) = piece.item.entries() else { return };
        let spot = Spot { at: piece.item.at, made_by: piece.made_by };
        check_table(entries, spot, &TAG, self.report);
        let made = self.report.made_by.get(piece.made_by as usize);
        let instance = made.map(|made| Instance { of_type: Arc::clone(&made.of_type), name: Arc::clone(&made.instance) });
        let tag = read_tag(Fields::new(entries, &TAG, spot), &piece.name, instance, self.kept, self.report);
        self.made.tags.push((piece.name, tag));
        self.made.total += 1;
    }
}

/// `unit = "{unit}"` became a text; a driver wants the number.
fn number_of_text(value: &mut Json) {
    if let Json::String(text) = value
        && let Ok(number) = text.parse::<i64>()
        && number.to_string() == *text
    {
        *value = number.into();
    }
}
