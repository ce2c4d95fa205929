//! Alarms from a CSV file into a project folder, after a rationalisation: compared with what is there, checked as a whole,
//! and only then written.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use plantroom_model::{Diagnostic, duration_ms, duration_words};

use crate::alarms::csv::{COLUMNS, Cells, Holds, WRITTEN, cells, column_of, read_rows, write_row};
use crate::csv_columns::{flag, with_point};
use crate::csv_decode::decode;
use crate::csv_tags::is_comment;
use crate::csv_text::{Records, separator};
use crate::folder::{self, Folder, Use};
use crate::import::{with_columns, with_files};
use crate::load::load_folder;
use crate::report::Report;
use crate::take_out::{Kind, take_out};
use crate::{CsvStyle, Import, Plant, difference, load};

/// One line of the file, column by column: `Some(None)` is an empty cell, `None` a column that the file hasn't.
struct Line {
    name: String,
    cells: [Option<Option<String>>; WRITTEN],
    number: u32,
}

/// Compares a CSV file of alarms with a project: which are new, which change, which stay. Columns that the file hasn't keep
/// what the project says; an empty cell takes it away. Alarms that change move to `into` (a file like
/// `alarms/database.csv`) from where they stand; one that a type, a pattern or a tag's limits made is replaced by its line.
///
/// # Errors
/// With every mistake: of the file, and of the project as it would be.
pub fn plan_alarm_import(root: &Path, name: &str, bytes: &[u8], into: &str) -> Result<Import, Vec<Diagnostic>> {
    let fail = |message: String, help: &str| vec![Diagnostic::error(name, (0, 0), message, help)];
    let is_good = into.starts_with("alarms/") && into.ends_with(".csv") && !into.contains("..") && !into.contains('\\');
    if !is_good {
        return Err(fail(
            format!("alarms can't be imported into `{into}`"),
            "name a CSV file in alarms/: --into alarms/database.csv",
        ));
    }
    let (text, encoding) = decode(bytes).map_err(|message| fail(message, "save it as CSV UTF-8, and try again"))?;
    let read_as = match separator(&text) {
        b';' => format!("semicolons, decimal commas, {encoding}"),
        b'\t' => format!("tabs, decimal commas, {encoding}"),
        _ => format!("commas, decimal points, {encoding}"),
    };
    let loaded = load(root);
    let Some(plant) = loaded.plant else {
        let mut told = fail("the project has mistakes of its own".to_owned(), "mend them first: plantroom check");
        told.extend(loaded.diagnostics);
        return Err(told);
    };
    let mut report = Report::default();
    let folder = folder::read(root, &mut report);
    let lines = lines(name, &text)?;
    let planned = plan(&plant, &folder, name, &lines, into)?;
    if planned.files.is_empty() {
        return Ok(Import {
            preview: difference(&plant, &plant),
            read_as,
            unchanged: planned.unchanged,
            warnings: Vec::new(),
            files: Vec::new(),
        });
    }
    let after = load_folder(root, with_files(folder, &planned.files), report);
    let Some(new) = after.plant else {
        let back = |mut one: Diagnostic| {
            if one.file == into
                && let Some(line) = planned.from.get(&one.line)
            {
                (one.file, one.line, one.column) = (name.to_owned(), *line, 1);
            }
            one
        };
        return Err(after.diagnostics.into_iter().map(back).collect());
    };
    Ok(Import {
        preview: difference(&plant, &new),
        read_as,
        unchanged: planned.unchanged,
        warnings: after.diagnostics,
        files: planned.files,
    })
}

/// What an import comes to, before it is checked.
struct Plan {
    files: Vec<(String, String)>,
    unchanged: usize,
    /// Lines of the target and the lines of the imported file that they came from.
    from: HashMap<u32, u32>,
}

/// Every line of the file in the form in which the project writes it.
fn lines(name: &str, text: &str) -> Result<Vec<Line>, Vec<Diagnostic>> {
    let mut report = Report::default();
    let source = report.sources.add(name, &text.into());
    read_rows(text, source, &mut report, &mut |_, _, _| {});
    let told = report.finish();
    if !told.is_empty() {
        return Err(told);
    }
    let separator = separator(text);
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut records = Records::new(text, start, separator);
    let (mut row, mut broken) = (Vec::new(), Vec::new());
    let mut header: Option<Vec<Option<usize>>> = None;
    let (mut lines, mut number, mut counted) = (Vec::new(), 1, 0);
    while let Some((at, _)) = records.next(&mut row, &mut broken) {
        number += text.get(counted..at).map_or(0, |part| part.matches('\n').count()) as u32;
        counted = at;
        if is_comment(&row) {
            continue;
        }
        let Some(header) = &header else {
            header = Some(row.iter().map(|cell| column_of(&cell.text).map(written)).collect());
            continue;
        };
        let mut line = Line { name: String::new(), cells: std::array::from_fn(|_| None), number };
        for (count, place) in header.iter().enumerate() {
            let Some(place) = *place else { continue };
            let said = row.get(count).map_or("", |cell| &cell.text).trim();
            line.cells[place] =
                Some((!said.is_empty()).then(|| canonical(place, said, separator != b',')).filter(|said| !said.is_empty()));
        }
        line.name = line.cells[0].clone().flatten().unwrap_or_default();
        lines.push(line);
    }
    Ok(lines)
}

/// The place of a column among those that are written; another name for one counts as that one.
fn written(place: usize) -> usize {
    COLUMNS.iter().take(WRITTEN).position(|one| one.path == COLUMNS[place].path).unwrap_or(place)
}

/// Columns that hold lengths of time.
const TIMES: [&str; 7] = ["respond", "on_delay", "off_delay", "realarm", "shelve_max", "rate_window", "follow_within"];

/// A cell's text as an export would write it.
fn canonical(place: usize, text: &str, decimal_comma: bool) -> String {
    let column = &COLUMNS[place];
    match column.holds {
        // Acknowledgement is the one flag that is usually true.
        Holds::Flag => match (flag(text), column.name) {
            ("true", "acknowledge") | ("false", "latching" | "change" | "bad_quality" | "limits" | "remove") => String::new(),
            (word, _) => word.to_owned(),
        },
        Holds::Number | Holds::Loose => {
            let text = if decimal_comma { with_point(text) } else { text.to_owned() };
            text.parse::<f64>().ok().filter(|number| number.is_finite()).map_or(text, |number| number.to_string())
        }
        Holds::Text if TIMES.contains(&column.name) => duration_ms(text).map_or_else(|| text.to_owned(), duration_words),
        Holds::Text if column.name == "priority" => text.to_ascii_lowercase(),
        Holds::Text | Holds::Values => text.to_owned(),
    }
}

/// Which alarms are new or change, and what that makes of the files.
fn plan(plant: &Plant, folder: &Folder, name: &str, lines: &[Line], into: &str) -> Result<Plan, Vec<Diagnostic>> {
    let mut told = Vec::new();
    let mut rows: Vec<(Cells, u32)> = Vec::new();
    let mut moved: HashMap<String, HashSet<&str>> = HashMap::new();
    let mut unchanged = 0;
    for line in lines {
        let Some((id, alarm)) = plant.alarm(&line.name) else {
            rows.push((std::array::from_fn(|place| line.cells[place].clone().flatten()), line.number));
            continue;
        };
        let before = cells(plant, alarm);
        let mut after = before.clone();
        for (place, said) in line.cells.iter().enumerate() {
            if let Some(said) = said {
                after[place].clone_from(said);
            }
        }
        if before == after {
            unchanged += 1;
            continue;
        }
        let place = plant.alarm_places.get(id.0 as usize).unwrap_or_default();
        if place.file.ends_with(".rhai") {
            let message = format!("`{}` is declared by a script", line.name);
            let help = format!("change it in {}:{}", place.file, place.place.0);
            told.push(Diagnostic::error(name, (line.number, 1), message, help));
            continue;
        }
        moved.entry(place.file.to_string()).or_default().insert(&alarm.name);
        rows.push((after, line.number));
    }
    if !told.is_empty() {
        return Err(told);
    }
    let mut files = Vec::new();
    let mut target = folder.files.iter().find(|file| file.path == into).map_or(String::new(), |file| file.text.to_string());
    for (path, names) in &moved {
        let is_of_alarms = |used_for: Use| matches!(used_for, Use::AlarmsToml | Use::AlarmsCsv);
        let Some(file) = folder.files.iter().find(|file| file.path == *path && is_of_alarms(file.used_for)) else { continue };
        // What isn't found there was made of a pattern, of limits or of a type: the line goes before it.
        let (text, taken) = take_out(file, names, Kind::Alarm);
        if taken > 0 && path == into {
            target = text;
        } else if taken > 0 {
            files.push((path.clone(), text));
        }
    }
    let mut from = HashMap::new();
    if !rows.is_empty() {
        files.insert(0, (into.to_owned(), with_rows(&target, &rows, &mut from)));
    }
    Ok(Plan { files, unchanged, from })
}

/// The target with more rows at its end, and more columns where these need some.
fn with_rows(target: &str, rows: &[(Cells, u32)], from: &mut HashMap<u32, u32>) -> String {
    let mut header = columns_of(target);
    let known = header.len();
    for place in 0..WRITTEN {
        let is_used = COLUMNS[place].name == "name" || rows.iter().any(|(row, _)| row[place].is_some());
        if is_used && !header.contains(&Some(place)) {
            header.push(Some(place));
        }
    }
    let added: Vec<&str> = header[known..].iter().flatten().map(|place| COLUMNS[*place].name).collect();
    let is_european = separator(target) == b';';
    let style = if is_european { CsvStyle::ExcelEurope } else { CsvStyle::Plain };
    let mark = if is_european { ';' } else { ',' };
    let mut out = if known == 0 { format!("{target}{}\n", added.join(",")) } else { with_columns(target, &added, mark) };
    if !out.ends_with('\n') {
        out.push('\n');
    }
    let mut number = out.matches('\n').count() as u32;
    for (row, line) in rows {
        let before = out.len();
        write_row(&mut out, header.iter().copied(), row, style);
        from.insert(number + 1, *line);
        number += out[before..].matches('\n').count() as u32;
    }
    out
}

fn columns_of(text: &str) -> Vec<Option<usize>> {
    let mut cells = Vec::new();
    let mut records = Records::new(text.trim_start_matches('\u{feff}'), 0, separator(text));
    while records.next(&mut cells, &mut Vec::new()).is_some() {
        if !is_comment(&cells) {
            return cells.iter().map(|cell| column_of(&cell.text).map(written)).collect();
        }
    }
    Vec::new()
}
