//! Alarms: what alarms/*.toml, alarms/*.csv, scripts, types and tags say, and what the station adds.
//!
//! In three steps, since a million alarms may refer to a million tags in any order of files: [`read`] takes a table as
//! it stands; [`expand`] makes single alarms of patterns and limits, once all tags are known, and the derived tags that
//! expressions become; [`resolve`] turns names into ids and checks what fits.

mod advice;
mod check;
mod compare;
mod condition;
mod csv;
mod csv_plan;
mod decl;
mod expand;
pub(crate) mod keys;
mod message;
mod overrides;
mod read;
mod resolve;
mod scripts;
mod station;

use std::collections::HashSet;

use plantroom_model::limits;

use crate::alarms::decl::{AlarmDecl, AlarmKept};
use crate::alarms::keys::ALARM;
use crate::fields::Fields;
use crate::names::Names;
use crate::report::{Report, Spot};
use crate::tree::Item;
use crate::{AlarmSettings, PositionSpec};

pub(crate) use compare::compare_alarms;
pub use csv::export_alarms;
pub(crate) use csv::read_csv;
pub use csv_plan::plan_alarm_import;
pub(crate) use expand::TagsSoFar;
pub(crate) use message::own_tags;
pub(crate) use overrides::apply as apply_overrides;
pub(crate) use read::Around;
pub(crate) use scripts::{Instances, check_notify, read_script};
pub(crate) use station::Parts;
pub use station::SYSTEM_ALARMS;

/// Every alarm of a project while it is read.
#[derive(Debug)]
pub(crate) struct Alarms {
    pub kept: AlarmKept,
    /// As read.
    decls: Vec<AlarmDecl>,
    /// One by one; an alarm's place is its id.
    list: Vec<AlarmDecl>,
    names: Names,
    /// Numbers of the names of alarms that are written themselves.
    named_itself: HashSet<u32>,
    /// What the project says otherwise of the station's own alarms.
    of_station: Vec<(String, Item, Spot)>,
    /// Names of screens, without `.rhai`.
    screens: Vec<String>,
    has_lost_screens: bool,
    /// Paths of alarm scripts.
    scripts: Vec<String>,
    /// Something of them couldn't be read.
    has_lost: bool,
    is_full: bool,
    /// What plant.toml says of all alarms.
    pub settings: AlarmSettings,
}

impl Alarms {
    /// None yet, in a project with these screens and alarm scripts.
    pub fn new(screens: Vec<String>, has_lost_screens: bool, scripts: Vec<String>) -> Self {
        let mut kept = AlarmKept::default();
        // Number 0 is the empty text.
        kept.texts.add("");
        Self {
            kept,
            decls: Vec::new(),
            list: Vec::new(),
            names: Names::new("alarm"),
            named_itself: HashSet::new(),
            of_station: Vec::new(),
            screens,
            has_lost_screens,
            scripts,
            has_lost: false,
            is_full: false,
            settings: AlarmSettings::default(),
        }
    }

    /// Says that there may be alarms which couldn't be read.
    pub fn add_hole(&mut self) {
        self.has_lost = true;
        self.names.add_hole("");
    }

    /// Takes an alarm as its table says it.
    pub fn add(&mut self, fields: Fields<'_>, item: &Item, around: Around<'_>, report: &mut Report) {
        if report.is_damaged(fields.spot) {
            self.add_hole();
        }
        let name = around.name.or_else(|| fields.text("name")).unwrap_or_default();
        if name == "system" || name.starts_with("system/") {
            self.of_station.push((name.to_owned(), item.clone(), fields.spot));
            return;
        }
        if fields.flag("remove") == Some(true) && around.instance.is_none() {
            let help = "remove is for the station's own alarms (system/...), and for those that a type gives an instance";
            report.error(fields.at("remove"), format!("there is no alarm `{name}` to remove"), help);
            return;
        }
        match read::read(fields, around, self, report) {
            Some(decl) => self.add_decl(decl, report),
            None => self.add_hole(),
        }
    }

    fn add_decl(&mut self, decl: AlarmDecl, report: &mut Report) {
        if self.decls.len() < limits::ALARMS {
            self.decls.push(decl);
        } else {
            self.tell_full(decl.spot, report);
        }
    }

    fn tell_full(&mut self, spot: Spot, report: &mut Report) {
        if !std::mem::replace(&mut self.is_full, true) {
            let message = format!("the project has more than {} alarms", limits::ALARMS);
            report.error(spot, message, "split the plant over several stations");
        }
    }

    /// Tells what is wrong with an alarm of a type, as it stands there.
    pub fn check_of_type(&mut self, item: &Item, report: &mut Report) {
        let Some(entries) = item.entries() else { return };
        let fields = Fields::new(entries, &ALARM, Spot::new(item.at));
        let name = fields.text("name").map(|_| "name");
        read::read(fields, Around { name, instance: Some("") }, self, report);
    }

    /// Every `[[alarm]]` of a file, or of whatever has such a list.
    pub fn add_list(&mut self, fields: Fields<'_>, around: Around<'_>, report: &mut Report) {
        for item in fields.item("alarm").and_then(Item::list).unwrap_or_default() {
            if let Some(entries) = item.entries() {
                self.add(Fields::new(entries, &ALARM, fields.spot.moved(item.at)), item, around, report);
            }
        }
    }

    /// The alarms that a tag's limits are by themselves (`limits = { high = 90, alarm = true }`).
    pub fn add_of_tag(&mut self, name: &str, instance: Option<&str>, spot: Spot, report: &mut Report) {
        let decl = expand::of_tag(name, instance, spot, self);
        self.add_decl(decl, report);
    }
}

/// `[alarms]` of plant.toml.
pub(crate) fn read_settings(fields: Fields<'_>, report: &mut Report) -> AlarmSettings {
    let usual = AlarmSettings::default();
    let mut positions: Vec<PositionSpec> = Vec::new();
    for table in fields.tables("position") {
        let Some(name) = table.text("name").map(str::trim) else { continue };
        let areas: Vec<String> = table.texts("areas").into_iter().map(|(area, _)| area.trim().to_owned()).collect();
        if positions.iter().any(|one| one.name == name) {
            let message = format!("there is another position named `{name}`");
            report.error(table.at("name"), message, "rename one of them");
        }
        for (area, spot) in table.texts("areas") {
            if let Some(other) = positions.iter().find(|one| one.areas.iter().any(|known| known == area.trim())) {
                let message = format!("the area `{area}` belongs to the position `{}` already", other.name);
                report.error(spot, message, "an area is looked after from one position: its figures count there");
            }
        }
        positions.push(PositionSpec { name: name.to_owned(), areas });
    }
    AlarmSettings {
        communication: fields.flag("communication").unwrap_or(usual.communication),
        station: fields.flag("station").unwrap_or(usual.station),
        advice: fields.flag("advice").unwrap_or(usual.advice),
        keep_days: fields.whole_or("keep_days", usual.keep_days),
        keep_mib: fields.whole_or("keep_mib", usual.keep_mib),
        positions,
    }
}
