//! Tags as CSV: everything that a project says of them, so that importing it gives the same tags.

use plantroom_model::{Origin, PermissiveTest, Role, TagId, TagSpec, Totalise, Value, WriteSpec};

use crate::Plant;
use crate::alarms::own_tags;
use crate::csv_columns::{COLUMNS, Holds, WRITTEN, join};
use crate::csv_text::write_cell;
use crate::resolve::permissive_words;
use crate::write::{EXPIRES_MS, FOLLOW_MS, default_tolerance};

/// How a CSV file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CsvStyle {
    /// Commas, decimal points.
    #[default]
    Plain,
    /// For Excel where lists have commas: like plain, and marked as UTF-8.
    Excel,
    /// For Excel where numbers have decimal commas: semicolons, decimal commas, marked as UTF-8.
    ExcelEurope,
}

impl CsvStyle {
    pub(crate) fn separator(self) -> char {
        if self == Self::ExcelEurope { ';' } else { ',' }
    }
}

/// The cells of one tag, in the order of the columns.
pub(crate) type Cells = [Option<String>; WRITTEN];

/// The tags of the project whose names are wanted, system tags left out, as a CSV file with the columns that they use.
pub fn export_tags(plant: &Plant, wanted: impl Fn(&str) -> bool, style: CsvStyle) -> String {
    let of_alarms = own_tags(plant);
    let is_own = |id: TagId, tag: &TagSpec| !matches!(tag.origin, Origin::System | Origin::Gone) && !of_alarms.contains(&id);
    let tags = (0..).map(TagId).zip(plant.tags.iter());
    let tags = tags.filter(|(id, tag)| is_own(*id, tag) && wanted(&tag.name)).map(|(_, tag)| tag);
    let rows: Vec<Cells> = tags.map(|tag| cells(plant, tag)).collect();
    let is_used = |place: usize| matches!(COLUMNS[place].name, "name" | "kind") || rows.iter().any(|row| row[place].is_some());
    let used: Vec<usize> = (0..WRITTEN).filter(|place| is_used(*place)).collect();
    let mut out = if style == CsvStyle::Plain { String::new() } else { "\u{feff}".to_owned() };
    let header: Vec<&str> = used.iter().map(|place| COLUMNS[*place].name).collect();
    out.push_str(&header.join(&style.separator().to_string()));
    out.push('\n');
    for row in &rows {
        write_row(&mut out, &used, row, style);
    }
    out
}

/// One line, its end included.
pub(crate) fn write_row(out: &mut String, columns: &[usize], row: &Cells, style: CsvStyle) {
    let is_text = row[1].as_deref() == Some("text");
    for (count, place) in columns.iter().enumerate() {
        if count > 0 {
            out.push(style.separator());
        }
        let cell = row[*place].as_deref();
        let is_number = match COLUMNS[*place].holds {
            Holds::Number => true,
            Holds::Value => !is_text,
            _ => false,
        };
        match cell {
            Some(text) if is_number && style == CsvStyle::ExcelEurope => out.push_str(&text.replace('.', ",")),
            _ => write_cell(out, cell, style.separator()),
        }
    }
    out.push('\n');
}

/// Everything that is said of a tag; what is as it is by itself is left out.
pub(crate) fn cells(plant: &Plant, tag: &TagSpec) -> Cells {
    let mut row = Row(std::array::from_fn(|_| None));
    row.put("name", Some(tag.name.to_string()));
    row.put("kind", Some(tag.kind.word().to_owned()));
    row.put("unit", text(&tag.unit));
    row.put("description", text(&tag.description));
    row.put("decimals", Some(tag.decimals.to_string()));
    row.pair(["range_low", "range_high"], tag.range);
    row.number("high_high", tag.limits.high_high);
    row.number("high", tag.limits.high);
    row.number("low", tag.limits.low);
    row.number("low_low", tag.limits.low_low);
    row.number("hysteresis", Some(tag.hysteresis).filter(|h| *h != 0.0));
    row.flag("alarm", plant.limit_alarms.binary_search_by(|name| (**name).cmp(&tag.name)).is_ok());
    if let Some(line) = tag.scaling {
        row.pair(["raw_low", "raw_high"], Some((line.raw_low, line.raw_high)));
        row.pair(["eng_low", "eng_high"], Some((line.eng_low, line.eng_high)));
        row.pair(["fault_below", "fault_above"], line.fault_band.map(|band| (band.below, band.above)));
    }
    let (console, history) = (tag.deadband.console, tag.deadband.history);
    if console == history {
        row.number("deadband", Some(console).filter(|deadband| *deadband != 0.0));
    } else {
        row.number("deadband_console", Some(console));
        row.number("deadband_history", Some(history));
    }
    if !tag.states.is_empty() {
        row.put("states", Some(join(tag.states.iter().map(|(number, word)| format!("{number}={word}")))));
    }
    row.put("stale_after_ms", Some(tag.stale_after_ms).filter(|ms| *ms > 0).map(|ms| ms.to_string()));
    let is_total = matches!(tag.origin, Origin::Total(_));
    row.flag("retain", tag.retain && !is_total);
    row.origin(plant, &tag.origin);
    row.put("group", text(&tag.group));
    if let Some(write) = &tag.write {
        row.flag("write", true);
        row.write(plant, tag, write);
    }
    row.0
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) => text.to_string(),
    }
}

struct Row(Cells);

impl Row {
    fn put(&mut self, column: &str, text: Option<String>) {
        let place = COLUMNS.iter().take(WRITTEN).position(|one| one.name == column);
        if let Some(cell) = place.and_then(|place| self.0.get_mut(place)) {
            *cell = text;
        }
    }

    fn number(&mut self, column: &str, number: Option<f64>) {
        self.put(column, number.map(|number| number.to_string()));
    }

    fn flag(&mut self, column: &str, flag: bool) {
        self.put(column, flag.then(|| "true".to_owned()));
    }

    fn pair(&mut self, [low, high]: [&str; 2], pair: Option<(f64, f64)>) {
        self.number(low, pair.map(|pair| pair.0));
        self.number(high, pair.map(|pair| pair.1));
    }

    fn origin(&mut self, plant: &Plant, origin: &Origin) {
        let name_of = |id: plantroom_model::TagId| plant.tags.get(id.0 as usize).map(|tag| tag.name.to_string());
        match origin {
            Origin::Driver { connection, device, address, .. } => {
                let connection = plant.connections.get(connection.0 as usize);
                let device = connection.and_then(|connection| connection.devices.get((*device)? as usize));
                self.put("connection", connection.map(|connection| connection.name.to_string()));
                self.put("device", device.map(|device| device.name.to_string()));
                self.put("address", text(address));
            }
            Origin::Analytics { plugin } => self.put("plugin", text(plant.plugin_name(*plugin))),
            Origin::Memory { initial } => self.put("memory", Some(value(initial))),
            Origin::Derived(derived) => self.put("derive", Some(derived.expression.to_string())),
            Origin::Total(total) => {
                self.put("total_of", name_of(total.source));
                match total.how {
                    Totalise::Rate { per_s } => {
                        let per = if per_s == 3600.0 {
                            "h"
                        } else if per_s == 60.0 {
                            "min"
                        } else {
                            "s"
                        };
                        self.put("total_rate_per", Some(per.to_owned()));
                    }
                    Totalise::Counter { wraps_at, factor } => {
                        self.number("total_counter_wraps_at", wraps_at);
                        self.number("total_factor", Some(factor).filter(|factor| *factor != 1.0 || wraps_at.is_none()));
                    }
                    Totalise::Starts => self.flag("total_starts", true),
                    Totalise::Hours => self.flag("total_hours", true),
                }
            }
            Origin::System | Origin::Gone => {}
        }
    }

    fn write(&mut self, plant: &Plant, tag: &TagSpec, write: &WriteSpec) {
        let name_of = |id: plantroom_model::TagId| plant.tags.get(id.0 as usize).map_or("", |tag| &tag.name);
        let number_of = |ms: u32, usual: u32| Some(ms).filter(|ms| *ms != usual).map(|ms| ms.to_string());
        self.put("write_role", (write.role == Role::Engineer).then(|| "engineer".to_owned()));
        self.pair(["write_low", "write_high"], write.range.filter(|range| tag.range != Some(*range)));
        self.put("feedback", write.feedback.map(|id| name_of(id).to_owned()));
        self.flag("no_feedback", write.no_feedback);
        self.put("follow_ms", number_of(write.follow_ms, FOLLOW_MS));
        self.number("tolerance", Some(write.tolerance).filter(|tolerance| *tolerance != default_tolerance(tag)));
        self.number("max_step", write.max_step);
        self.put("min_interval_ms", number_of(write.min_interval_ms, 0));
        if let Some(pulse) = &write.pulse {
            self.put("pulse_ms", Some(pulse.hold_ms.to_string()));
            self.put("pulse_rest", Some(value(&pulse.rest)));
        }
        self.put("confirmation", write.confirmation.clone());
        self.put("expires_ms", number_of(write.expires_ms, EXPIRES_MS));
        self.flag("essential", write.essential);
        if !write.permissives.is_empty() {
            self.put(
                "permissives",
                Some(join(write.permissives.iter().map(|one| {
                    let tag = name_of(one.tag);
                    let test = match one.test {
                        PermissiveTest::AtLeast(value) => format!("{tag} >= {value}"),
                        PermissiveTest::AtMost(value) => format!("{tag} <= {value}"),
                        PermissiveTest::Is(value) => format!("{tag} = {value}"),
                    };
                    let only = one.only_for.map(|only| format!(" for {only}")).unwrap_or_default();
                    let only = |test: &str| format!("{test}{only}");
                    if one.message == permissive_words(tag, one.test) {
                        only(&test)
                    } else {
                        format!("{} : {}", only(&test), one.message)
                    }
                }))),
            );
        }
    }
}
