//! automations.toml: station scripts, and plugins whose outputs become writes.

use std::collections::HashSet;
use std::sync::Arc;

use globset::{GlobBuilder, GlobSetBuilder};
use plantroom_model::{Origin, PluginId, TagSpec, ValueKind};

use crate::Place;
use crate::fields::Fields;
use crate::folder::{Folder, Use};
use crate::names::{Names, check_word};
use crate::report::{Report, Spot, suggestion};
use crate::shape::{Keys, Shape, needed, optional};

/// What writes by itself: a script or the copies of a plugin's outputs. It acts for a technical user, within a scope.
/// Tags are named, not numbered: names outlive online changes.
#[derive(Clone, Debug, PartialEq)]
pub struct AutomationSpec {
    /// Unique in the plant.
    pub name: Arc<str>,
    /// What it is for.
    pub description: String,
    /// The technical user whose rights count; it must exist when the automation writes.
    pub user: Arc<str>,
    /// The tags that it may write, and no others.
    pub write: Vec<Arc<str>>,
    /// Requests a minute in the long run; more are refused.
    pub requests_per_min: u32,
    /// What it does.
    pub work: AutomationWork,
    /// Where it was declared.
    pub place: Place,
}

/// What an automation does.
#[derive(Clone, Debug, PartialEq)]
pub enum AutomationWork {
    /// Runs a script.
    Script(ScriptWork),
    /// Writes what a plugin computes.
    Copies {
        /// The plugin.
        plugin: Arc<str>,
        /// From which of its tags to which others.
        copies: Vec<CopySpec>,
    },
}

/// A station script and when it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptWork {
    /// File, relative to the project folder.
    pub file: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
    /// Tags whose changes run it.
    pub on: Vec<Arc<str>>,
    /// Runs it so often, in ms.
    pub every_ms: Option<u32>,
    /// Runs it at these times of the plant's day: hour, minute.
    pub at: Vec<(u8, u8)>,
    /// On these days of the week for `at`, Monday first.
    pub days: [bool; 7],
    /// Shortest pause between two runs, in ms: what changes faster runs it once.
    pub pause_ms: u32,
}

/// An output of a plugin that is written to another tag.
#[derive(Clone, Debug, PartialEq)]
pub struct CopySpec {
    /// The plugin's tag.
    pub from: Arc<str>,
    /// The tag that is written.
    pub to: Arc<str>,
    /// The smallest change worth a write, in engineering units.
    pub deadband: f64,
    /// Shortest pause between two writes, in ms: each is audited.
    pub min_interval_ms: u32,
}

/// automations.toml.
pub(crate) static AUTOMATIONS: Keys = Keys {
    what: "automations.toml",
    doc: "What the station does by itself: scripts, and plugins whose outputs become writes.",
    open: false,
    keys: &[optional("automation", Shape::Tables(&AUTOMATION), "[]", "a script, or a plugin whose outputs are written")],
};

static AUTOMATION: Keys = Keys {
    what: "an automation",
    doc: "A script, or a plugin whose outputs are written; it acts for a user, within a scope, and is audited.",
    open: false,
    keys: &[
        needed("name", Shape::Text, "its name, unique in the plant"),
        optional("description", Shape::Text, "\"\"", "what it is for, for people"),
        needed("user", Shape::Text, "the technical user whose rights count: plantroom user add NAME --role operate"),
        needed("write", Shape::Texts, "tags that it may write; * stands for any text without /, ** for any text"),
        optional("requests_per_min", Shape::Whole(1, 6_000), "60", "writes a minute in the long run; more are refused"),
        optional("script", Shape::Text, "", "the script: \"automations/duty.rhai\""),
        optional("on", Shape::Texts, "[]", "tags whose changes run the script"),
        optional("every_ms", Shape::Whole(100, 86_400_000), "", "runs the script so often, in ms"),
        optional("at", Shape::Texts, "[]", "runs the script at these times of the plant's day: [\"06:00\", \"22:30\"]"),
        optional("days", Shape::Texts, "", "on these days for `at`: mon, tue, wed, thu, fri, sat, sun; by default all"),
        optional("pause_ms", Shape::Whole(10, 3_600_000), "100", "shortest pause between two runs of the script, in ms"),
        optional("plugin", Shape::Text, "", "the plugin whose outputs are written"),
        optional("copy", Shape::Tables(&COPY), "[]", "from which of its tags to which others"),
    ],
};

static COPY: Keys = Keys {
    what: "a copy",
    doc: "An output of a plugin that is written to another tag, through the command path.",
    open: false,
    keys: &[
        needed("from", Shape::Text, "a tag that the plugin publishes"),
        needed("to", Shape::Text, "the tag that is written"),
        optional("deadband", Shape::Number, "0", "the smallest change worth a write, in engineering units"),
        optional("min_interval_ms", Shape::Whole(100, 3_600_000), "1000", "shortest pause between two writes, in ms"),
    ],
};

/// An automation whose tags and plugin are only names yet.
#[derive(Debug)]
pub(crate) struct AutomationDecl {
    spec: AutomationSpec,
    spot: Spot,
    scope: Vec<(String, Spot)>,
    /// Names of tags that must exist, and where they stand.
    tags: Vec<(Arc<str>, Spot)>,
    plugin: Option<(String, Spot)>,
    copy_spots: Vec<(Spot, Spot)>,
}

impl AutomationDecl {
    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.spec.name
    }
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Reads every automation; scripts are taken from the folder's files.
pub(crate) fn read(fields: Fields<'_>, folder: &Folder, names: &mut Names, report: &mut Report) -> Vec<AutomationDecl> {
    let mut automations = Vec::new();
    for table in fields.tables("automation") {
        let Some(name) = table.text("name") else {
            names.note_nameless(table.spot, report);
            continue;
        };
        check_word("name of an automation", name, table.at("name"), report);
        if names.add(name, table.at("name"), report).is_some() {
            automations.extend(read_one(table, name, folder, report));
        }
    }
    automations
}

fn read_one(table: Fields<'_>, name: &str, folder: &Folder, report: &mut Report) -> Option<AutomationDecl> {
    let mut decl = AutomationDecl {
        spec: AutomationSpec {
            name: name.into(),
            description: table.text("description").unwrap_or_default().to_owned(),
            user: table.text("user").unwrap_or_default().into(),
            write: Vec::new(),
            requests_per_min: table.whole_or("requests_per_min", 60),
            work: AutomationWork::Copies { plugin: "".into(), copies: Vec::new() },
            place: Place::default(),
        },
        spot: table.at("name"),
        scope: table.texts("write").into_iter().map(|(text, spot)| (text.to_owned(), spot)).collect(),
        tags: Vec::new(),
        plugin: table.text("plugin").map(|name| (name.to_owned(), table.at("plugin"))),
        copy_spots: Vec::new(),
    };
    match (table.has("script"), table.has("plugin")) {
        (true, true) => {
            let help = "make two automations of it: one with the script, one with the plugin";
            report.error(table.key_at("plugin"), "an automation is either a script or a plugin's, not both", help);
            return None;
        }
        (false, false) => {
            let help =
                "add script = \"automations/NAME.rhai\", or plugin = \"NAME\" with copy = [{ from = \"..\", to = \"..\" }]";
            report.error(table.spot, "this automation does nothing", help);
            return None;
        }
        (true, false) => decl.spec.work = AutomationWork::Script(read_script(table, folder, &mut decl.tags, report)?),
        (false, true) => read_copies(table, &mut decl, report),
    }
    Some(decl)
}

fn read_script(table: Fields<'_>, folder: &Folder, tags: &mut Vec<(Arc<str>, Spot)>, report: &mut Report) -> Option<ScriptWork> {
    for key in ["copy"].into_iter().filter(|key| table.has(key)) {
        report.error(table.key_at(key), format!("`{key}` is only for an automation with a plugin"), "remove it");
    }
    let file = table.text("script")?;
    let scripts = || folder.files.iter().filter(|file| file.used_for == Use::Automation);
    let Some(found) = scripts().find(|script| script.path == file) else {
        if !folder.lost.contains(&Use::Automation) {
            let help = suggestion(file, scripts().map(|script| script.path.as_str()), "scripts are files automations/NAME.rhai");
            report.error(table.at("script"), format!("there is no file `{file}`"), help);
        }
        return None;
    };
    let on = table.texts("on");
    tags.extend(on.iter().map(|(name, spot)| (Arc::from(*name), *spot)));
    let at: Vec<(u8, u8)> = table.texts("at").into_iter().filter_map(|(text, spot)| read_time(text, spot, report)).collect();
    let every_ms = table.whole("every_ms").and_then(|ms| u32::try_from(ms).ok());
    if on.is_empty() && every_ms.is_none() && !table.has("at") {
        let help = "add on = [\"tag\"], every_ms = 60000, or at = [\"06:00\"]";
        report.error(table.spot, "nothing says when this script runs", help);
    }
    if table.has("days") && !table.has("at") {
        report.error(table.key_at("days"), "`days` goes with `at`", "add at = [\"06:00\"], or remove days");
    }
    Some(ScriptWork {
        file: file.into(),
        text: Arc::from(&*found.text),
        on: on.into_iter().map(|(name, _)| Arc::from(name)).collect(),
        every_ms,
        at,
        days: read_days(table, report),
        pause_ms: table.whole_or("pause_ms", 100),
    })
}

pub(crate) fn read_time(text: &str, spot: Spot, report: &mut Report) -> Option<(u8, u8)> {
    let parts = text.split_once(':').filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2);
    let time = parts.and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.parse().ok()?)));
    let time = time.filter(|(hour, minute): &(u8, u8)| *hour < 24 && *minute < 60);
    if time.is_none() {
        report.error(spot, format!("`{text}` is not a time of day"), "write hours and minutes, 00:00 to 23:59: \"06:00\"");
    }
    time
}

pub(crate) fn read_days(table: Fields<'_>, report: &mut Report) -> [bool; 7] {
    if !table.has("days") {
        return [true; 7];
    }
    let mut days = [false; 7];
    for (text, spot) in table.texts("days") {
        match DAYS.iter().position(|day| *day == text) {
            Some(day) => days[day] = true,
            None => {
                let help = suggestion(text, DAYS.into_iter(), "the days are mon, tue, wed, thu, fri, sat, sun");
                report.error(spot, format!("`{text}` is not a day"), help);
            }
        }
    }
    days
}

fn read_copies(table: Fields<'_>, decl: &mut AutomationDecl, report: &mut Report) {
    for key in ["on", "every_ms", "at", "days", "pause_ms"].into_iter().filter(|key| table.has(key)) {
        let help = "remove it; copies follow the plugin's outputs";
        report.error(table.key_at(key), format!("`{key}` is only for an automation with a script"), help);
    }
    if !table.has("copy") {
        let help = "add copy = [{ from = \"loop/output\", to = \"loop/valve\" }]";
        report.error(table.spot, "nothing says which of the plugin's outputs are written", help);
    }
    let mut copies = Vec::new();
    for copy in table.tables("copy") {
        let (Some(from), Some(to)) = (copy.text("from"), copy.text("to")) else { continue };
        let deadband = copy.number("deadband").unwrap_or(0.0);
        if deadband < 0.0 {
            let message = format!("the deadband must not be negative, but is {deadband}");
            report.error(copy.at("deadband"), message, "0 writes every change");
        }
        decl.tags.extend([(Arc::from(from), copy.at("from")), (Arc::from(to), copy.at("to"))]);
        decl.copy_spots.push((copy.at("from"), copy.at("to")));
        let min_interval_ms = copy.whole_or("min_interval_ms", 1_000);
        copies.push(CopySpec { from: from.into(), to: to.into(), deadband, min_interval_ms });
    }
    let plugin = table.text("plugin").unwrap_or_default().into();
    decl.spec.work = AutomationWork::Copies { plugin, copies };
}

/// Every automation with its scope; what it can't do is told.
pub(crate) fn resolve(
    decls: Vec<AutomationDecl>,
    tags: &[TagSpec],
    (tag_names, plugin_names): (&Names, &Names),
    report: &mut Report,
) -> Vec<AutomationSpec> {
    decls.into_iter().map(|decl| resolve_one(decl, tags, (tag_names, plugin_names), report)).collect()
}

fn resolve_one(
    mut decl: AutomationDecl,
    tags: &[TagSpec],
    (tag_names, plugin_names): (&Names, &Names),
    report: &mut Report,
) -> AutomationSpec {
    for (name, spot) in &decl.tags {
        tag_names.find(name, *spot, report);
    }
    decl.spec.write = scope(&decl.scope, tags, tag_names, report);
    let plugin = decl.plugin.as_ref().and_then(|(name, spot)| plugin_names.find(name, *spot, report)).map(PluginId);
    if let (Some(plugin), AutomationWork::Copies { copies, .. }) = (plugin, &decl.spec.work) {
        check_copies(&decl, copies, plugin, tags, report);
    }
    let (file, place) = report.place(decl.spot);
    decl.spec.place = Place { file, place };
    decl.spec
}

/// The tags that the patterns of a scope name and that can be written.
fn scope(patterns: &[(String, Spot)], tags: &[TagSpec], names: &Names, report: &mut Report) -> Vec<Arc<str>> {
    let mut builder = GlobSetBuilder::new();
    for (pattern, spot) in patterns {
        match GlobBuilder::new(pattern).literal_separator(true).build() {
            Ok(glob) => {
                builder.add(glob);
            }
            Err(error) => {
                let help = "* stands for any text without /, ** for any text, {a,b} for either";
                report.error(*spot, format!("`{pattern}` is not a pattern for tags: {}", error.kind()), help);
                return Vec::new();
            }
        }
    }
    let Ok(set) = builder.build() else { return Vec::new() };
    let mut hits = vec![(false, false); patterns.len()];
    let mut found = Vec::new();
    for tag in tags {
        let matches = set.matches(&*tag.name);
        for hit in &matches {
            hits[*hit].0 = true;
            hits[*hit].1 |= tag.write.is_some();
        }
        if !matches.is_empty() && tag.write.is_some() {
            found.push(Arc::from(&tag.name));
        }
    }
    for ((pattern, spot), (hit, writable)) in patterns.iter().zip(hits).filter(|_| names.is_complete()) {
        if !hit {
            let help = suggestion(pattern, names.all(), "* doesn't reach over /, ** does");
            report.warning(*spot, format!("no tag matches `{pattern}`"), help);
        } else if !writable {
            let help = "add write to the tag, or remove the pattern";
            report.warning(*spot, format!("`{pattern}` matches tags, but none that can be written"), help);
        }
    }
    found
}

fn check_copies(decl: &AutomationDecl, copies: &[CopySpec], plugin: PluginId, tags: &[TagSpec], report: &mut Report) {
    let find = |name: &Arc<str>| tags.iter().find(|tag| tag.name == *name);
    let mut targets = HashSet::new();
    for (copy, (from_spot, to_spot)) in copies.iter().zip(&decl.copy_spots) {
        let (from, to) = (find(&copy.from), find(&copy.to));
        if from.is_some_and(|tag| tag.origin != (Origin::Analytics { plugin })) {
            let message = format!("`{}` is not computed by this plugin", copy.from);
            report.error(*from_spot, message, "name a tag with plugin = the plugin of this automation");
        }
        if to.is_some_and(|tag| tag.write.is_none()) {
            report.error(*to_spot, format!("`{}` can't be written", copy.to), "add write to that tag, or name another");
        } else if to.is_some() && !decl.spec.write.contains(&copy.to) {
            let message = format!("`{}` is outside of what this automation may write", copy.to);
            report.error(*to_spot, message, format!("add \"{}\" to write", copy.to));
        }
        if let (Some(from), Some(to)) = (from, to)
            && (from.kind == ValueKind::Text) != (to.kind == ValueKind::Text)
        {
            let message = format!("`{}` ({}) can't take `{}` ({})", copy.to, to.kind.word(), copy.from, from.kind.word());
            report.error(*to_spot, message, "name tags that hold the same kind of value");
        }
        if !targets.insert(&copy.to) {
            report.error(*to_spot, format!("`{}` is written by two copies", copy.to), "keep one of them");
        }
    }
}
