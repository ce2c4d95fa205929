//! Alarms as CSV, the master alarm database: one line an alarm with all that is said of it. Reading a line gives the same
//! tree as an `[[alarm]]`; writing all alarms and reading them gives the same alarms.

use std::borrow::Cow;

use plantroom_model::{AlarmSpec, Condition, LimitSource, Origin, Priority, Role, TagId, Value, duration_words};

use crate::alarms::Alarms;
use crate::alarms::decl::limit_word;
use crate::alarms::keys::ALARM;
use crate::alarms::read::{Around, SHELVE_MAX_S};
use crate::csv_columns::{flag, join, split, with_point};
use crate::csv_tags::is_comment;
use crate::csv_text::{Broken, Records, separator, write_cell};
use crate::fields::Fields;
use crate::folder::ProjectFile;
use crate::report::{Report, Spot, suggestion};
use crate::shape::check_table;
use crate::sources::byte;
use crate::tree::{Entries, Entry, Item, Raw};
use crate::{CsvStyle, Plant};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Text,
    Number,
    Flag,
    /// A number or a text.
    Loose,
    /// `limit=3|name=x`.
    Values,
}

/// A column: its name, where it goes in an `[[alarm]]`, and what it holds.
pub(super) struct Column {
    pub name: &'static str,
    pub path: &'static [&'static str],
    pub holds: Holds,
}

const fn column(name: &'static str, path: &'static [&'static str], holds: Holds) -> Column {
    Column { name, path, holds }
}

/// Every column, in the order in which they are exported.
pub(super) static COLUMNS: [Column; 45] = [
    column("name", &["name"], Holds::Text),
    column("message", &["message"], Holds::Text),
    column("priority", &["priority"], Holds::Text),
    column("area", &["area"], Holds::Text),
    column("tag", &["tag"], Holds::Text),
    column("high_high", &["high_high"], Holds::Loose),
    column("high", &["high"], Holds::Loose),
    column("low", &["low"], Holds::Loose),
    column("low_low", &["low_low"], Holds::Loose),
    column("hysteresis", &["hysteresis"], Holds::Number),
    column("is", &["is"], Holds::Text),
    column("setpoint", &["deviation", "setpoint"], Holds::Text),
    column("deviation", &["deviation", "by"], Holds::Loose),
    column("rate_per_s", &["rate", "per_s"], Holds::Loose),
    column("rate_per_min", &["rate", "per_min"], Holds::Loose),
    column("rate_per_h", &["rate", "per_h"], Holds::Loose),
    column("rate_window", &["rate", "window"], Holds::Text),
    column("change", &["change"], Holds::Flag),
    column("command", &["follows", "command"], Holds::Text),
    column("follow_within", &["follows", "within"], Holds::Text),
    column("bad_quality", &["bad_quality"], Holds::Flag),
    column("connection", &["communication", "connection"], Holds::Text),
    column("device", &["communication", "device"], Holds::Text),
    column("when", &["when"], Holds::Text),
    column("script", &["script"], Holds::Text),
    column("on", &["on"], Holds::Text),
    column("parameters", &["parameters"], Holds::Values),
    column("plugin", &["plugin"], Holds::Text),
    column("limits", &["limits"], Holds::Flag),
    column("consequence", &["consequence"], Holds::Text),
    column("action", &["action"], Holds::Text),
    column("respond", &["respond"], Holds::Text),
    column("screen", &["screen"], Holds::Text),
    column("on_delay", &["on_delay"], Holds::Text),
    column("off_delay", &["off_delay"], Holds::Text),
    column("latching", &["latching"], Holds::Flag),
    column("acknowledge", &["acknowledge"], Holds::Flag),
    column("realarm", &["realarm"], Holds::Text),
    column("shelve_max", &["shelve_max"], Holds::Text),
    column("shelve_role", &["shelve_role"], Holds::Text),
    column("first_out", &["first_out"], Holds::Text),
    column("remove", &["remove"], Holds::Flag),
    // Only for reading: what other systems call things.
    column("description", &["message"], Holds::Text),
    column("delay", &["on_delay"], Holds::Text),
    column("corrective_action", &["action"], Holds::Text),
];

/// Columns that are written; the rest are other names for some of them.
pub(super) const WRITTEN: usize = 42;

/// The cells of one alarm, in the order of the columns.
pub(super) type Cells = [Option<String>; WRITTEN];

/// The column of this name, whatever its case.
pub(super) fn column_of(name: &str) -> Option<usize> {
    let name = name.trim().to_ascii_lowercase().replace(' ', "_");
    COLUMNS.iter().position(|column| column.name == name)
}

/// Reads alarms/*.csv.
pub(crate) fn read_csv(file: &ProjectFile, all: &mut Alarms, report: &mut Report) {
    let source = report.sources.add(&file.path, &file.text);
    read_rows(&file.text, source, report, &mut |entries, spot, report| {
        check_table(&entries, spot, &ALARM, report);
        let item = Item { raw: Raw::Table(entries), at: spot.at };
        if let Some(entries) = item.entries() {
            all.add(Fields::new(entries, &ALARM, spot), &item, Around::default(), report);
        }
    });
}

/// The lines of a file one after the other, as tables.
pub(super) fn read_rows(text: &str, source: u32, report: &mut Report, take: &mut dyn FnMut(Entries, Spot, &mut Report)) {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let separator = separator(text);
    let mut records = Records::new(text, start, separator);
    let (mut cells, mut broken) = (Vec::new(), Vec::new());
    let mut header: Option<Vec<Option<usize>>> = None;
    while let Some((at, _)) = records.next(&mut cells, &mut broken) {
        let row = Spot::new(byte(source, at));
        for trouble in broken.drain(..) {
            let (at, message) = match trouble {
                Broken::Unclosed(at) => (at, "this text has no closing quote"),
                Broken::AfterQuote(at) => (at, "there is text between the closing quote and the next cell"),
            };
            report.error(Spot::new(byte(source, at)), message, "a quote within quotes is written twice: \"3/4\"\" pipe\"");
        }
        if is_comment(&cells) {
            continue;
        }
        let Some(header) = &header else {
            header = Some(read_header(&cells, source, row, report));
            continue;
        };
        if let Some(extra) = cells.iter().skip(header.len()).find(|cell| !cell.text.trim().is_empty()) {
            let message = format!("this line has {} cells, but the header has {}", cells.len(), header.len());
            report.error(Spot::new(byte(source, extra.at)), message, "put text that contains the separator into double quotes");
        }
        let mut entries = Entries::new();
        for (cell, column) in cells.iter().zip(header) {
            let Some(column) = column.and_then(|place| COLUMNS.get(place)).filter(|_| !cell.text.trim().is_empty()) else {
                continue;
            };
            let at = byte(source, cell.at);
            match raw(column, &cell.text, separator != b',', at) {
                Some(raw) => put(&mut entries, column.path, Item { raw, at }),
                None => {
                    report.error(Spot::new(at), "this is not a list of parameters", "write limit=3|name=x, with bars between")
                }
            }
        }
        take(entries, row, report);
    }
    if header.is_none() {
        report.error(Spot::new(source), "this file has no header line", "its first line names the columns: name,tag,high,...");
    }
}

fn read_header(cells: &[crate::csv_text::Cell<'_>], source: u32, row: Spot, report: &mut Report) -> Vec<Option<usize>> {
    let mut header = Vec::new();
    for cell in cells {
        let place = column_of(&cell.text);
        let spot = row.moved(byte(source, cell.at));
        if place.is_some() && header.contains(&place) {
            report.error(spot, format!("the column `{}` is given twice", cell.text.trim()), "keep one of the two");
        } else if place.is_none() && !cell.text.trim().is_empty() {
            let names = COLUMNS.iter().take(WRITTEN).map(|column| column.name);
            let all = format!("the columns are {}", names.clone().collect::<Vec<_>>().join(", "));
            report.error(spot, format!("there is no column `{}`", cell.text.trim()), suggestion(cell.text.trim(), names, &all));
        }
        header.push(place);
    }
    header
}

fn raw(column: &Column, text: &str, decimal_comma: bool, at: u32) -> Option<Raw> {
    Some(match column.holds {
        Holds::Text => Raw::Loose(text.to_owned()),
        Holds::Flag => Raw::Loose(flag(text).to_owned()),
        Holds::Number | Holds::Loose if decimal_comma => Raw::Loose(with_point(text)),
        Holds::Number | Holds::Loose => Raw::Loose(text.to_owned()),
        Holds::Values => {
            let pairs = split(text).into_iter().map(|pair| {
                let (key, value) = pair.split_once('=')?;
                let item = Item { raw: Raw::Loose(value.trim().to_owned()), at };
                Some(Entry { key: Cow::Owned(key.trim().to_owned()), at, item })
            });
            Raw::Table(pairs.collect::<Option<Entries>>()?)
        }
    })
}

fn put(entries: &mut Entries, path: &[&'static str], item: Item) {
    let Some((key, rest)) = path.split_first() else { return };
    let at = item.at;
    if rest.is_empty() {
        entries.push(Entry { key: Cow::Borrowed(key), at, item });
        return;
    }
    if let Some(Raw::Table(inner)) = entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.item.raw) {
        put(inner, rest, item);
        return;
    }
    let mut inner = Entries::new();
    put(&mut inner, rest, item);
    entries.push(Entry { key: Cow::Borrowed(key), at, item: Item { raw: Raw::Table(inner), at } });
}

/// The alarms whose names are wanted, as a CSV file with the columns that they use; the station's own only where asked for.
pub fn export_alarms(plant: &Plant, wanted: impl Fn(&str) -> bool, with_system: bool, style: CsvStyle) -> String {
    let is_wanted =
        |alarm: &&AlarmSpec| !alarm.name.is_empty() && (with_system || !alarm.name.starts_with("system/")) && wanted(&alarm.name);
    let rows: Vec<Cells> = plant.alarms.iter().filter(is_wanted).map(|alarm| cells(plant, alarm)).collect();
    let usual = ["name", "message", "priority", "area", "tag", "consequence", "action", "respond"];
    let is_used = |place: usize| usual.contains(&COLUMNS[place].name) || rows.iter().any(|row| row[place].is_some());
    let used: Vec<usize> = (0..WRITTEN).filter(|place| is_used(*place)).collect();
    let mut out = if style == CsvStyle::Plain { String::new() } else { "\u{feff}".to_owned() };
    let header: Vec<&str> = used.iter().map(|place| COLUMNS[*place].name).collect();
    out.push_str(&header.join(&style.separator().to_string()));
    out.push('\n');
    for row in &rows {
        write_row(&mut out, used.iter().map(|place| Some(*place)), row, style);
    }
    out
}

/// One line, its end included.
pub(super) fn write_row(out: &mut String, columns: impl Iterator<Item = Option<usize>>, row: &Cells, style: CsvStyle) {
    for (count, place) in columns.enumerate() {
        if count > 0 {
            out.push(style.separator());
        }
        let Some((place, cell)) = place.and_then(|place| Some((place, row.get(place)?.as_deref()))) else { continue };
        let is_number = matches!(COLUMNS[place].holds, Holds::Number | Holds::Loose);
        match cell {
            Some(text) if is_number && style == CsvStyle::ExcelEurope && text.parse::<f64>().is_ok() => {
                out.push_str(&text.replace('.', ","));
            }
            _ => write_cell(out, cell, style.separator()),
        }
    }
    out.push('\n');
}

/// Everything that is said of an alarm; what is as it is by itself is left out.
pub(super) fn cells(plant: &Plant, alarm: &AlarmSpec) -> Cells {
    let mut row = Row { cells: std::array::from_fn(|_| None), plant, alarm };
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let seconds = |seconds: u32| Some(seconds).filter(|seconds| *seconds > 0).map(|s| duration_words(u64::from(s) * 1_000));
    let ms = |ms: u32| Some(ms).filter(|ms| *ms > 0).map(|ms| duration_words(u64::from(ms)));
    row.put("name", text(&alarm.name));
    row.put("message", text(&alarm.message));
    row.put("priority", text(alarm.priority.word()));
    row.put("area", text(&alarm.area));
    row.put("consequence", text(&alarm.consequence));
    row.put("action", text(&alarm.action));
    row.put("respond", seconds(alarm.respond_s));
    row.put("screen", text(&alarm.screen));
    row.put("on_delay", ms(alarm.on_delay_ms));
    row.put("off_delay", ms(alarm.off_delay_ms));
    row.put("latching", alarm.latching.then(|| "true".to_owned()));
    let may_lack = alarm.acknowledge || alarm.priority == Priority::Event;
    row.put("acknowledge", (!may_lack).then(|| "false".to_owned()));
    row.put("realarm", seconds(alarm.realarm_s));
    let usual = if alarm.priority == Priority::Critical { 0 } else { SHELVE_MAX_S };
    row.put("shelve_max", (alarm.shelve_max_s != usual).then(|| duration_words(u64::from(alarm.shelve_max_s) * 1_000)));
    row.put("shelve_role", (alarm.shelve_role == Role::Engineer).then(|| "engineer".to_owned()));
    row.put("first_out", text(&alarm.first_out));
    row.condition();
    row.cells
}

struct Row<'a> {
    cells: Cells,
    plant: &'a Plant,
    alarm: &'a AlarmSpec,
}

impl Row<'_> {
    fn put(&mut self, column: &str, text: Option<String>) {
        let place = COLUMNS.iter().take(WRITTEN).position(|one| one.name == column);
        if let Some(cell) = place.and_then(|place| self.cells.get_mut(place)) {
            *cell = text;
        }
    }

    fn put_tag(&mut self, column: &str, id: TagId) {
        let name = self.plant.tags.get(id.0 as usize).map(|tag| tag.name.to_string());
        self.put(column, name);
    }

    /// A limit: a number, another tag, or the expression that a tag of the alarm's own was made of.
    fn source(&self, source: LimitSource) -> Option<String> {
        match source {
            LimitSource::Constant(number) => Some(number.to_string()),
            LimitSource::Tag(id) => {
                let tag = self.plant.tags.get(id.0 as usize)?;
                match (&tag.origin, tag.name.strip_prefix(&*self.alarm.name)) {
                    (Origin::Derived(derived), Some("/limit")) => Some(derived.expression.to_string()),
                    _ => Some(format!("tag:{}", tag.name)),
                }
            }
        }
    }

    fn hysteresis(&mut self, hysteresis: f64, usual: f64) {
        self.put("hysteresis", (hysteresis != usual).then(|| hysteresis.to_string()));
    }

    fn condition(&mut self) {
        let (plant, alarm) = (self.plant, self.alarm);
        match &alarm.condition {
            Condition::Limit { tag, kind, at, hysteresis } => {
                self.put_tag("tag", *tag);
                self.put(limit_word(*kind), self.source(*at));
                self.hysteresis(*hysteresis, plant.tags.get(tag.0 as usize).map_or(0.0, |tag| tag.hysteresis));
            }
            Condition::Deviation { tag, setpoint, by, hysteresis } => {
                self.put_tag("tag", *tag);
                self.put_tag("setpoint", *setpoint);
                self.put("deviation", self.source(*by));
                self.hysteresis(*hysteresis, 0.0);
            }
            Condition::Rate { tag, per_s, window_ms, hysteresis } => {
                self.put_tag("tag", *tag);
                self.put("rate_per_s", self.source(*per_s));
                self.put("rate_window", Some(duration_words(u64::from(*window_ms))));
                self.hysteresis(*hysteresis, 0.0);
            }
            Condition::State { tag, is } => match plant.tags.get(tag.0 as usize) {
                Some(spec) if spec.name.strip_prefix(&*alarm.name) == Some("/when") => {
                    let Origin::Derived(derived) = &spec.origin else { return };
                    self.put("when", Some(derived.expression.to_string()));
                }
                _ => {
                    self.put_tag("tag", *tag);
                    self.put("is", Some(is.iter().map(i64::to_string).collect::<Vec<_>>().join("|")));
                }
            },
            Condition::Change { tag } => {
                self.put_tag("tag", *tag);
                self.put("change", Some("true".to_owned()));
            }
            Condition::Disagree { command, feedback, follow_ms } => {
                self.put_tag("tag", *feedback);
                self.put_tag("command", *command);
                self.put("follow_within", Some(duration_words(u64::from(*follow_ms))));
            }
            Condition::BadQuality { tag } => {
                self.put_tag("tag", *tag);
                self.put("bad_quality", Some("true".to_owned()));
            }
            Condition::Link { connection, device } => {
                let spec = plant.connections.get(connection.0 as usize);
                self.put("connection", spec.map(|spec| spec.name.to_string()));
                let device = spec.and_then(|spec| spec.devices.get((*device)? as usize));
                self.put("device", device.map(|device| device.name.to_string()));
            }
            Condition::Script { script } => self.script(*script),
            Condition::Plugin { plugin } => self.put("plugin", Some(plant.plugin_name(*plugin).to_owned())),
            Condition::System | Condition::Gone => {}
        }
    }

    fn script(&mut self, script: u32) {
        let (plant, alarm) = (self.plant, self.alarm);
        self.put("script", plant.alarm_scripts.get(script as usize).map(|file| file.path.clone()));
        let Some((id, _)) = plant.alarm(&alarm.name) else { return };
        let Some(scripted) = plant.scripted_alarms.iter().find(|one| one.alarm == id) else { return };
        self.put("on", Some(scripted.on.to_string()).filter(|on| !on.is_empty()));
        let words = |value: &Value| match value {
            Value::Text(text) => text.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Uint(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Null => String::new(),
        };
        let parameters = join(scripted.parameters.iter().map(|(name, value)| format!("{name}={}", words(value))));
        self.put("parameters", Some(parameters).filter(|parameters| !parameters.is_empty()));
    }
}
