//! Reads a project folder: files, tables, names, references, grants, and then a plant.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use plantroom_archive::Trust;
use plantroom_model::{AlarmSpec, Diagnostic, Label, PluginId, Severity, TagSpec, limits};

use crate::alarm_grants;
use crate::alarms::keys::{ALARM, ALARMS};
use crate::alarms::{self, Alarms, Around, Instances, Parts, TagsSoFar};
use crate::assets::{Asset, AssetKind};
use crate::automations::{self, AUTOMATIONS, AutomationDecl};
use crate::connections::{self, ConnectionDecl};
use crate::csv_tags::{self, Row};
use crate::derive;
use crate::fields::Fields;
use crate::folder::{self, Folder, ProjectFile, Use};
use crate::grants;
use crate::instances::{self, Made};
use crate::keys::{CONNECTIONS, INSTANCE, PLANT, PLUGINS, TAG, TAGS};
use crate::names::Names;
use crate::outlets::{self, OUTLETS};
use crate::parse::parse;
use crate::people::{self, People};
use crate::plant_file::{self, PlantFile};
use crate::plugins::{self, PluginDecl};
use crate::report::{Report, Spot, suggestion};
use crate::resolve::{self, Everything};
use crate::shape::{Keys, check_table};
use crate::shared::Kept;
use crate::system_tags::system_tags;
use crate::tag::{TagDecl, read_tag};
use crate::tree::Entries;
use crate::trust::{self, TRUST};
use crate::types::Types;
use crate::{AlarmIds, ConnectionSpec, OutletSpec, Place, Plant, ScreenFile, ScriptFile, TagIds, TagPlaces};

/// What a folder gave: the plant where nothing is wrong with it, and everything that there is to say.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The plant; `None` as soon as one diagnostic is an error.
    pub plant: Option<Arc<Plant>>,
    /// What could be read of it, where the plant is `None`: for checking what doesn't depend on the rest, never for running.
    pub partial: Option<Arc<Plant>>,
    /// Every mistake and warning, sorted by file, line and column.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether any diagnostic is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }
}

/// Reads and checks a whole project folder; never stops at the first mistake.
pub fn load(root: &Path) -> Loaded {
    let mut report = Report::default();
    let folder = folder::read(root, &mut report);
    load_folder(root, folder, report)
}

/// Checks a folder that was read; never stops at the first mistake.
pub(crate) fn load_folder(root: &Path, folder: Folder, mut report: Report) -> Loaded {
    let mut tables = Tables::new(&folder);
    for file in &folder.files {
        tables.read_links(file, root, &mut report);
        tables.read_outlets(file, &mut report);
        tables.read_automations(file, &folder, &mut report);
    }
    for file in folder.files.iter().filter(|file| file.used_for == Use::Types) {
        tables.read_type(file, &mut report);
    }
    let is_named =
        |file: &ProjectFile| matches!(file.used_for, Use::Types | Use::TagsToml | Use::TagsCsv) && file.text.contains("lib/");
    if folder.files.iter().any(is_named) {
        tables.types.read_library(&mut tables.kept, &mut report);
    }
    tables.types.check(&mut report);
    for asset in folder.assets.iter().filter(|asset| matches!(asset.kind, AssetKind::Language | AssetKind::Theme)) {
        check_syntax(asset, &mut report);
    }
    for file in &folder.files {
        tables.read_tags(file, &mut report);
    }
    for file in &folder.files {
        tables.read_alarms(file, &mut report);
    }
    let screens = screens(&folder);
    let home_screen = home_screen(&tables.plant, &screens, folder.lost.contains(&Use::Screen), &mut report);
    let mut plant = tables.into_plant(root, home_screen, screens, &mut report);
    plant.assets = folder.assets;
    let (has_errors, plant) = (report.has_errors(), Arc::new(plant));
    let (plant, partial) = if has_errors { (None, Some(plant)) } else { (Some(plant), None) };
    Loaded { plant, partial, diagnostics: report.finish() }
}

/// Reads only the screen scripts of a project folder, for showing them again when one was saved.
///
/// # Errors
/// With everything that keeps a file of the folder from being read.
pub fn read_screens(root: &Path) -> Result<Vec<ScreenFile>, Vec<Diagnostic>> {
    let mut report = Report::default();
    let folder = folder::read_some(root, |used_for| used_for == Use::Screen, &mut report);
    if report.has_errors() { Err(report.finish()) } else { Ok(screens(&folder)) }
}

/// What the files say, before the references between them are followed.
struct Tables {
    plant: PlantFile,
    connections: Vec<ConnectionDecl>,
    connection_names: Names,
    plugins: Vec<PluginDecl>,
    plugin_names: Names,
    types: Types,
    /// Tags as they stand in types.
    type_tags: Vec<TagDecl>,
    tags: Vec<TagDecl>,
    tag_names: Names,
    kept: Kept,
    instances: Vec<(String, String)>,
    instance_names: Names,
    automations: Vec<AutomationDecl>,
    automation_names: Names,
    alarms: Alarms,
    /// What instances are, for people.
    descriptions: HashMap<String, String>,
    trust: Trust,
    outlets: Vec<OutletSpec>,
    people: People,
    /// outlets.toml couldn't be read.
    lost_outlets: bool,
    alarm_scripts: Vec<ScriptFile>,
    notify_scripts: Vec<ScriptFile>,
    too_many: bool,
}

impl Tables {
    fn new(folder: &Folder) -> Self {
        let mut tables = Self {
            plant: PlantFile::default(),
            connections: Vec::new(),
            connection_names: Names::new("connection"),
            plugins: Vec::new(),
            plugin_names: Names::new("plugin"),
            types: Types::new(),
            type_tags: Vec::new(),
            tags: Vec::new(),
            tag_names: Names::new("tag"),
            kept: Kept::default(),
            instances: Vec::new(),
            instance_names: Names::new("instance"),
            automations: Vec::new(),
            automation_names: Names::new("automation"),
            alarms: no_alarms(folder),
            descriptions: HashMap::new(),
            trust: Trust::default(),
            outlets: Vec::new(),
            people: People::default(),
            lost_outlets: false,
            alarm_scripts: scripts(folder, Use::AlarmScript),
            notify_scripts: scripts(folder, Use::NotifyScript),
            too_many: false,
        };
        for lost in &folder.lost {
            match lost {
                Use::Connections => tables.connection_names.add_hole(""),
                Use::Plugins => tables.plugin_names.add_hole(""),
                Use::Types => tables.types.add_hole(),
                Use::TagsToml | Use::TagsCsv => tables.tag_names.add_hole(""),
                Use::AlarmsToml | Use::AlarmsCsv | Use::AlarmScript => tables.alarms.add_hole(),
                Use::Plant | Use::Trust | Use::Screen | Use::Automations | Use::Automation | Use::Asset(_) => {}
                Use::Outlets => tables.lost_outlets = true,
                Use::NotifyScript => {}
            }
        }
        tables
    }

    /// plant.toml, connections.toml, plugins.toml, trust.toml.
    fn read_links(&mut self, file: &ProjectFile, root: &Path, report: &mut Report) {
        match file.used_for {
            Use::Plant => {
                let (entries, spot) = table(file, &PLANT, report);
                self.plant = plant_file::read(Fields::new(&entries, &PLANT, spot), report);
                self.alarms.settings = self.plant.alarms.clone();
            }
            Use::Connections => {
                let (entries, spot) = table(file, &CONNECTIONS, report);
                self.connections =
                    connections::read(Fields::new(&entries, &CONNECTIONS, spot), &mut self.connection_names, report);
            }
            Use::Plugins => {
                let (entries, spot) = table(file, &PLUGINS, report);
                self.plugins = plugins::read(Fields::new(&entries, &PLUGINS, spot), root, &mut self.plugin_names, report);
            }
            Use::Trust => {
                let (entries, spot) = table(file, &TRUST, report);
                self.trust = trust::read(Fields::new(&entries, &TRUST, spot), report);
            }
            _ => {}
        }
    }

    /// outlets.toml.
    fn read_outlets(&mut self, file: &ProjectFile, report: &mut Report) {
        if file.used_for == Use::Outlets {
            let (entries, spot) = table(file, &OUTLETS, report);
            let fields = Fields::new(&entries, &OUTLETS, spot);
            self.outlets = outlets::read(fields, report);
            self.people = people::read(fields, &self.outlets, report);
        }
    }

    /// alarms/*, when all tags and instances are known.
    fn read_alarms(&mut self, file: &ProjectFile, report: &mut Report) {
        match file.used_for {
            Use::AlarmsToml => {
                let (entries, spot) = table(file, &ALARMS, report);
                self.alarms.add_list(Fields::new(&entries, &ALARMS, spot), Around::default(), report);
            }
            Use::AlarmsCsv => alarms::read_csv(file, &mut self.alarms, report),
            Use::AlarmScript => {
                let known = Instances { all: &self.instances, descriptions: &self.descriptions };
                alarms::read_script(file, &known, &mut self.alarms, report);
            }
            Use::NotifyScript => {
                let known = (!self.lost_outlets).then_some((self.outlets.as_slice(), &self.people));
                alarms::check_notify(file, known, report);
            }
            _ => {}
        }
    }

    /// automations.toml.
    fn read_automations(&mut self, file: &ProjectFile, folder: &Folder, report: &mut Report) {
        if file.used_for == Use::Automations {
            let (entries, spot) = table(file, &AUTOMATIONS, report);
            let fields = Fields::new(&entries, &AUTOMATIONS, spot);
            self.automations = automations::read(fields, folder, &mut self.automation_names, report);
        }
    }

    fn read_type(&mut self, file: &ProjectFile, report: &mut Report) {
        let source = report.sources.add(&file.path, &file.text);
        let entries = parse(&file.text, source, report);
        let tags = self.types.read(entries, source, &mut self.kept, report);
        self.type_tags.extend(tags);
        for item in self.types.newest_alarms() {
            self.alarms.check_of_type(item, report);
        }
    }

    fn read_tags(&mut self, file: &ProjectFile, report: &mut Report) {
        match file.used_for {
            Use::TagsToml => {
                let (entries, spot) = table(file, &TAGS, report);
                let fields = Fields::new(&entries, &TAGS, spot);
                for tag in fields.tables("tag") {
                    self.read_tag(tag, report);
                }
                for instance in fields.tables("instance") {
                    self.make(instance, report);
                }
            }
            Use::TagsCsv => {
                let source = report.sources.add(&file.path, &file.text);
                csv_tags::read(&file.text, source, report, &mut |row, spot, report| match row {
                    Row::Tag(entries) => {
                        check_table(&entries, spot, &TAG, report);
                        self.read_tag(Fields::new(&entries, &TAG, spot), report);
                    }
                    Row::Instance(entries) => {
                        check_table(&entries, spot, &INSTANCE, report);
                        self.make(Fields::new(&entries, &INSTANCE, spot), report);
                    }
                });
            }
            _ => {}
        }
    }

    fn read_tag(&mut self, fields: Fields<'_>, report: &mut Report) {
        match fields.text("name") {
            Some(name) => {
                let tag = read_tag(fields, name, None, &mut self.kept, report);
                self.add_tag(name, tag, report);
            }
            None => {
                self.tag_names.note_nameless(fields.spot, report);
                read_tag(fields, "name", None, &mut self.kept, report);
            }
        }
    }

    /// Makes an instance; its devices join their connections.
    fn make(&mut self, instance: Fields<'_>, report: &mut Report) {
        let mut made = Made { total: self.tags.len(), is_full: self.too_many, ..Made::default() };
        let names = (&mut self.instance_names, &mut self.tag_names);
        instances::make(&self.types, instance, names, &mut made, &mut self.kept, report);
        self.too_many |= made.is_full;
        self.instances.append(&mut made.instances);
        self.descriptions.extend(made.descriptions);
        for device in made.devices {
            // Where there is no such connection, its tags tell.
            let id = self.connection_names.id(&device.connection);
            if let Some(connection) = id.and_then(|id| self.connections.get_mut(id as usize)) {
                connection.add_device(&device.name, device.settings, device.spot, report);
            }
        }
        for (name, tag) in made.tags {
            self.add_tag(&name, tag, report);
        }
        for (piece, instance) in made.alarms {
            let Some(entries) = piece.item.entries() else { continue };
            let fields = Fields::new(entries, &ALARM, Spot { at: piece.item.at, made_by: piece.made_by });
            let name = Some(piece.name.as_str()).filter(|name| !name.is_empty());
            self.alarms.add(fields, &piece.item, Around { name, instance: Some(&instance) }, report);
        }
    }

    fn add_tag(&mut self, name: &str, tag: TagDecl, report: &mut Report) {
        if self.tags.len() >= limits::TAGS {
            if !std::mem::replace(&mut self.too_many, true) {
                let message = format!("the project has more than {} tags", limits::TAGS);
                report.error(tag.spot, message, "split the plant over several stations");
            }
        } else if self.tag_names.add(name, tag.spot, report).is_some() {
            if tag.has_alarms {
                self.alarms.add_of_tag(name, tag.instance.as_ref().map(|instance| &*instance.name), tag.spot, report);
            }
            self.tags.push(tag);
        }
    }

    /// Makes single alarms of what was said; their expressions become tags.
    fn expand_alarms(&mut self, report: &mut Report) {
        let parts = Parts {
            connections: &self.connections,
            plugins: &self.plugin_names,
            automations: &self.automations,
            outlets: &self.outlets.iter().map(|outlet| outlet.name.clone()).collect::<Vec<_>>(),
        };
        self.alarms.add_of_station(&parts, report);
        let mut so_far = TagsSoFar { names: &self.tag_names, tags: &self.tags, kept: &mut self.kept };
        for (name, tag) in self.alarms.expand(&mut so_far, report) {
            self.add_tag(&name, tag, report);
        }
    }

    /// The station's own tags.
    fn add_system_tags(&mut self, report: &mut Report) -> Vec<TagSpec> {
        let outlets = self.outlets.iter().map(|outlet| outlet.name.as_str());
        let system = system_tags(self.connection_names.all(), self.plugin_names.all(), self.automation_names.all(), outlets);
        for tag in &system {
            self.tag_names.add(&tag.name, Spot::NOWHERE, report);
        }
        system
    }

    /// Follows every reference; the result is whole only where no error was told.
    fn into_plant(mut self, root: &Path, home_screen: String, screens: Vec<ScreenFile>, report: &mut Report) -> Plant {
        self.expand_alarms(report);
        let system = self.add_system_tags(report);
        let labels = self.tag_names.labels();
        let drivers = resolve::drivers(&self.connections, &self.plugin_names, report);
        let kinds: Vec<_> = self.tags.iter().map(|tag| tag.detail.kind).chain(system.iter().map(|tag| tag.kind)).collect();
        let all = Everything {
            connections: &self.connections,
            connection_names: &self.connection_names,
            drivers: &drivers,
            plugins: &self.plugins,
            plugin_names: &self.plugin_names,
            tag_names: &self.tag_names,
            kinds: &kinds,
        };
        for tag in std::mem::take(&mut self.type_tags) {
            all.resolve(Label::default(), tag, &mut self.kept, report);
        }
        let spots: Vec<Spot> = self.tags.iter().map(|tag| tag.spot).collect();
        let with_alarms = self.tags.iter().zip(labels.iter()).filter(|(tag, _)| tag.has_alarms);
        let mut limit_alarms: Vec<Label> = with_alarms.map(|(_, name)| name.clone()).collect();
        limit_alarms.sort_unstable();
        // Collected where they will stay: iterators that know their length write into the `Arc` itself.
        let decls = std::mem::take(&mut self.tags).into_iter().zip(labels);
        let kept = &mut self.kept;
        let tags: Arc<[TagSpec]> = decls.map(|(tag, name)| all.resolve(name, tag, kept, report)).chain(system).collect();
        derive::check_cycles(&tags, &spots, report);
        let mut plugins = grants::resolve(&all, &tags, &spots, report);
        let automations = std::mem::take(&mut self.automations);
        let automations = automations::resolve(automations, &tags, (&self.tag_names, &self.plugin_names), report);
        let alarms = self.alarms.resolve(&all, &tags, report);
        let granted = alarm_grants::Alarms { all: &alarms.specs, spots: &alarms.spots, is_complete: alarms.is_complete };
        alarm_grants::resolve(&mut plugins, &self.plugins, &granted, report);
        let alarm_specs: Arc<[AlarmSpec]> = alarms.specs.into();
        let tag_places = places(&spots, tags.len(), report);
        let tag_ids = TagIds::of(&tags);
        let connections = self.connections.into_iter().zip(drivers).map(|(decl, driver)| connection(decl, driver)).collect();
        Plant {
            root: root.to_owned(),
            name: self.plant.name,
            time_zone: self.plant.time_zone,
            home_screen,
            scan: self.plant.scan,
            listen: self.plant.listen,
            change: self.plant.change,
            connections,
            plugins,
            tags,
            tag_ids,
            alarm_ids: AlarmIds::of(&alarm_specs),
            limit_alarms,
            alarms: alarm_specs,
            alarm_places: alarms.places,
            alarm_scripts: self.alarm_scripts,
            scripted_alarms: alarms.scripted,
            notify_scripts: self.notify_scripts,
            outlets: self.outlets,
            trust: Trust { allow_unsigned: self.plant.allow_unsigned, counter_signed: self.plant.counter_signed, ..self.trust },
            people: self.people,
            alarm_settings: self.plant.alarms,
            instances: self.instances,
            automations,
            screens,
            assets: Vec::new(),
            tag_places,
            templates: self.types.templates(),
        }
    }
}

/// What is in it is the console's business; that it is TOML is said here.
fn check_syntax(asset: &Asset, report: &mut Report) {
    let text: Arc<str> = String::from_utf8_lossy(&asset.bytes).into();
    let source = report.sources.add(&asset.path, &text);
    parse(&text, source, report);
}

fn table(file: &ProjectFile, keys: &'static Keys, report: &mut Report) -> (Entries, Spot) {
    let source = report.sources.add(&file.path, &file.text);
    let entries = parse(&file.text, source, report);
    let spot = Spot::new(source);
    check_table(&entries, spot, keys, report);
    (entries, spot)
}

fn connection(decl: ConnectionDecl, driver: Option<PluginId>) -> ConnectionSpec {
    ConnectionSpec {
        name: decl.name.into(),
        driver: driver.unwrap_or(PluginId(0)),
        link: decl.link,
        timeout_ms: decl.timeout_ms,
        pipeline: decl.pipeline,
        quiet_ms: decl.quiet_ms,
        device: decl.device,
        devices: decl.devices,
    }
}

fn places(spots: &[Spot], tags: usize, report: &Report) -> TagPlaces {
    let said = spots.iter().map(|spot| {
        let (file, place) = report.place(*spot);
        Place { file, place }
    });
    said.chain(std::iter::repeat_with(Place::default)).take(tags).collect()
}

/// No alarms yet, of a folder with these screens and scripts.
fn no_alarms(folder: &Folder) -> Alarms {
    let screens = screens(folder).into_iter().filter_map(|screen| screen.path.strip_suffix(".rhai").map(str::to_owned));
    let paths = scripts(folder, Use::AlarmScript).into_iter().map(|script| script.path).collect();
    Alarms::new(screens.filter(|name| !name.contains('/')).collect(), folder.lost.contains(&Use::Screen), paths)
}

fn scripts(folder: &Folder, wanted: Use) -> Vec<ScriptFile> {
    let files = folder.files.iter().filter(|file| file.used_for == wanted);
    files.map(|file| ScriptFile { path: file.path.clone(), text: Arc::clone(&file.text) }).collect()
}

fn screens(folder: &Folder) -> Vec<ScreenFile> {
    let files = folder.files.iter().filter(|file| file.used_for == Use::Screen);
    let below = |path: &str| path.strip_prefix("screens/").unwrap_or(path).to_owned();
    files.map(|file| ScreenFile { path: below(&file.path), text: file.text.to_string() }).collect()
}

/// The home screen; by default the first one by name.
fn home_screen(plant: &PlantFile, screens: &[ScreenFile], some_lost: bool, report: &mut Report) -> String {
    let names: Vec<&str> =
        screens.iter().filter_map(|screen| screen.path.strip_suffix(".rhai")).filter(|name| !name.contains('/')).collect();
    let Some((wanted, spot)) = &plant.home_screen else { return names.first().map_or(String::new(), |name| (*name).to_owned()) };
    if !names.contains(&wanted.as_str()) && !some_lost {
        let message = format!("there is no screen `{wanted}`: screens/{wanted}.rhai does not exist");
        report.error(*spot, message, suggestion(wanted, names.iter().copied(), "name a file in screens/, without .rhai"));
    }
    wanted.clone()
}
