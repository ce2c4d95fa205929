//! Tags from a CSV file into a project folder: compared with what is there, checked as a whole, and only then written.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plantroom_model::{Diagnostic, Instance, Origin};

use crate::csv_columns::{COLUMNS, Column, Holds, WRITTEN, column, join, value};
use crate::csv_decode::decode;
use crate::csv_tags::is_comment;
use crate::csv_text::{Cell, Records, separator, write_cell};
use crate::export::{Cells, cells};
use crate::folder::{self, Folder, ProjectFile, Use};
use crate::load::load_folder;
use crate::report::Report;
use crate::take_out::{Kind, take_out};
use crate::tree::Raw;
use crate::{Plant, Preview, difference, load};

/// An import that can be done: nothing is written yet.
#[derive(Clone, Debug)]
pub struct Import {
    /// What it would change, by name.
    pub preview: Preview,
    /// How the file was read, for people: "semicolons, decimal commas, Latin-1".
    pub read_as: String,
    /// Tags of the file that the project already has just so.
    pub unchanged: usize,
    /// Warnings of the project as it would be.
    pub warnings: Vec<Diagnostic>,
    /// The files that it would write: path relative to the project, and the whole new text.
    pub files: Vec<(String, String)>,
}

/// One line of the file, column by column: `Some(None)` is an empty cell, `None` a column that the file hasn't.
struct Line {
    name: String,
    cells: [Option<Option<String>>; WRITTEN],
    number: u32,
    /// Where its cells start: column among those that are written, and column of the text, from 1.
    places: Vec<(usize, u32)>,
}

/// Compares a CSV file with a project: which tags are new, which change, which stay. Columns that the file hasn't keep
/// what the project says; an empty cell takes it away. Tags that change move to `into` (a file like `tags/site.csv`)
/// from where they stand; one that an instance made can't be changed here. `name` is the file's, for messages.
///
/// # Errors
/// With every mistake: of the file, and of the project as it would be.
pub fn plan_import(root: &Path, name: &str, bytes: &[u8], into: &str) -> Result<Import, Vec<Diagnostic>> {
    let fail = |message: String, help: &str| vec![Diagnostic::error(name, (0, 0), message, help)];
    let is_good = into.starts_with("tags/") && into.ends_with(".csv") && !into.contains("..") && !into.contains('\\');
    if !is_good {
        return Err(fail(format!("tags can't be imported into `{into}`"), "name a CSV file in tags/: --into tags/site.csv"));
    }
    let (text, encoding) = decode(bytes).map_err(|message| fail(message, "save it as CSV UTF-8, and try again"))?;
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let separator = separator(&text);
    let read_as = match separator {
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
    let planned = if is_of_instances(&text[start..], separator) {
        let text = text[start..].to_owned();
        Plan { files: vec![(into.to_owned(), text)], unchanged: 0, from: HashMap::new() }
    } else {
        let lines = lines(name, &text, start, separator)?;
        plan(&plant, &folder, name, &lines, into)?
    };
    let after = load_folder(root, with_files(folder, &planned.files), report);
    let Some(new) = after.plant else {
        return Err(after.diagnostics.into_iter().map(|one| planned.back_to_source(one, name, into)).collect());
    };
    let warnings = after.diagnostics;
    let files = if planned.unchanged > 0 && planned.from.is_empty() { Vec::new() } else { planned.files };
    Ok(Import { preview: difference(&plant, &new), read_as, unchanged: planned.unchanged, warnings, files })
}

impl Import {
    /// Writes the files, each in one piece; what was there before is kept below `.backup/` and this name. Returns the
    /// files written.
    ///
    /// # Errors
    /// When the disk says no; files that were already written stay, and their backups too.
    pub fn apply(&self, root: &Path, backup: &str) -> std::io::Result<Vec<PathBuf>> {
        for (path, _) in &self.files {
            let at = root.join(path);
            if at.exists() {
                let kept = root.join(".backup").join(backup).join(path);
                std::fs::create_dir_all(kept.parent().unwrap_or(root))?;
                std::fs::copy(&at, kept)?;
            }
        }
        let mut written = Vec::new();
        for (path, text) in &self.files {
            let at = root.join(path);
            let folder = at.parent().unwrap_or(root);
            std::fs::create_dir_all(folder)?;
            let half = folder.join(format!(".{}.half", at.file_name().unwrap_or_default().to_string_lossy()));
            std::fs::write(&half, text)?;
            std::fs::File::open(&half)?.sync_all()?;
            std::fs::rename(&half, &at)?;
            written.push(at);
        }
        Ok(written)
    }
}

/// What an import comes to, before it is checked.
struct Plan {
    files: Vec<(String, String)>,
    unchanged: usize,
    /// Lines of the target and the lines of the imported file that they came from, with their columns' places.
    from: HashMap<u32, (u32, Vec<(usize, u32)>)>,
}

impl Plan {
    /// A problem of the target file as one of the imported file, where the line came from there.
    fn back_to_source(&self, mut one: Diagnostic, name: &str, into: &str) -> Diagnostic {
        if one.file == into
            && let Some((line, places)) = self.from.get(&one.line)
        {
            let text = self.files.iter().find(|(path, _)| path == into).map_or("", |(_, text)| text);
            let row = text.lines().nth(one.line.saturating_sub(1) as usize).unwrap_or_default();
            let before = row.char_indices().nth(one.column.saturating_sub(1) as usize).map_or(row.len(), |(at, _)| at);
            let header = columns_of(text);
            let mut cells = Vec::new();
            Records::new(row, 0, separator(text)).next(&mut cells, &mut Vec::new());
            let place = cells.iter().rposition(|cell| cell.at <= before);
            let column = place.and_then(|place| header.get(place).copied().flatten());
            one.file = name.to_owned();
            one.line = *line;
            one.column = places.iter().find(|(place, _)| Some(*place) == column).map_or(1, |(_, at)| *at);
        }
        one
    }
}

fn is_of_instances(text: &str, separator: u8) -> bool {
    let mut cells = Vec::new();
    let mut records = Records::new(text, 0, separator);
    while records.next(&mut cells, &mut Vec::new()).is_some() {
        if !is_comment(&cells) {
            return cells.iter().any(|cell| cell.text.eq_ignore_ascii_case("type"));
        }
    }
    false
}

/// The place of a column among those that are written; another name for one counts as that one.
fn written(column: &Column) -> Option<usize> {
    COLUMNS.iter().take(WRITTEN).position(|one| one.path == column.path && one.part == column.part)
}

fn columns_of(text: &str) -> Vec<Option<usize>> {
    let separator = separator(text);
    let mut cells = Vec::new();
    let mut records = Records::new(text.trim_start_matches('\u{feff}'), 0, separator);
    while records.next(&mut cells, &mut Vec::new()).is_some() {
        if !is_comment(&cells) {
            return cells.iter().map(|cell| column(&cell.text).and_then(written)).collect();
        }
    }
    Vec::new()
}

/// Every line of the file in the form in which the project writes it.
fn lines(name: &str, text: &str, start: usize, separator: u8) -> Result<Vec<Line>, Vec<Diagnostic>> {
    // What is wrong with the header and the quotes is told by the reader of tag files.
    let mut report = Report::default();
    let source = report.sources.add(name, &Arc::from(text));
    crate::csv_tags::read(text, source, &mut report, &mut |_, _, _| {});
    let mut told = report.finish();
    // What a line leaves out the project may say: these are only told of the project as it would be.
    let is_of_part = |message: &str| {
        ["the column `kind` is missing", "this line says how the tag is written", "has only one of its two ends"]
            .iter()
            .any(|words| message.contains(words))
    };
    told.retain(|one| !is_of_part(&one.message));
    if !told.is_empty() {
        return Err(told);
    }
    let mut records = Records::new(text, start, separator);
    let (mut row, mut broken) = (Vec::new(), Vec::new());
    let mut header: Option<Vec<Option<&'static Column>>> = None;
    let (mut lines, mut number, mut counted) = (Vec::new(), 1, 0);
    while let Some((at, _)) = records.next(&mut row, &mut broken) {
        number += text[counted..at].matches('\n').count() as u32;
        counted = at;
        if is_comment(&row) {
            continue;
        }
        let Some(header) = &header else {
            header = Some(row.iter().map(|cell| column(&cell.text)).collect());
            continue;
        };
        lines.push(line((text, at), &row, header, separator != b',', number));
    }
    Ok(lines)
}

fn line(
    (text, start): (&str, usize),
    row: &[Cell<'_>],
    header: &[Option<&'static Column>],
    decimal_comma: bool,
    number: u32,
) -> Line {
    let cell_of =
        |name: &str| header.iter().zip(row).find(|(column, _)| column.is_some_and(|one| one.name == name)).map(|(_, cell)| cell);
    let kind = cell_of("kind").map_or("", |cell| &cell.text);
    let mut line = Line {
        name: cell_of("name").map_or(String::new(), |cell| cell.text.to_string()),
        cells: std::array::from_fn(|_| None),
        number,
        places: Vec::new(),
    };
    for (count, column) in header.iter().enumerate() {
        let Some((column, place)) = column.and_then(|column| Some((column, written(column)?))) else { continue };
        let cell = row.get(count);
        let before = cell.and_then(|cell| text.get(start..cell.at)).map_or(0, |before| before.chars().count());
        line.places.push((place, before as u32 + 1));
        let is_empty_text = cell.is_some_and(|cell| cell.quoted) && column.name == "memory" && kind == "text";
        let said = cell.map_or("", |cell| &cell.text);
        let said = (!said.trim().is_empty() || is_empty_text).then(|| canonical(column, said, decimal_comma, kind));
        line.cells[place] = Some(said);
    }
    line
}

/// A cell's text as an export would write it.
fn canonical(column: &Column, text: &str, decimal_comma: bool, kind: &str) -> String {
    let Some(raw) = value(column, text, decimal_comma, kind) else { return text.to_owned() };
    let number =
        |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number.to_string());
    match raw {
        // Whole numbers beyond 2^53 would lose digits.
        Raw::Loose(text) if column.holds == Holds::Number || (column.holds == Holds::Value && kind == "float") => {
            let is_whole = text.trim().parse::<i128>().is_ok();
            if is_whole { text.trim().to_owned() } else { number(&text).unwrap_or(text) }
        }
        Raw::Loose(text) if column.holds == Holds::Value && kind == "text" => text,
        Raw::Loose(text) if column.holds == Holds::Flag && text.trim() == "false" => String::new(),
        Raw::Loose(text) => text.trim().to_owned(),
        Raw::Table(states) => join(states.iter().map(|entry| format!("{}={}", entry.key, entry.item.text().unwrap_or_default()))),
        _ => text.trim().to_owned(),
    }
}

/// Which tags are new or change, and what that makes of the files.
fn plan(plant: &Plant, folder: &Folder, name: &str, lines: &[Line], into: &str) -> Result<Plan, Vec<Diagnostic>> {
    let mut told = Vec::new();
    let mut rows: Vec<(Cells, &Line)> = Vec::new();
    let mut moved: HashMap<String, HashSet<&str>> = HashMap::new();
    let mut unchanged = 0;
    for line in lines {
        let error = |message: String, help: String| Diagnostic::error(name, (line.number, 1), message, help);
        let Some((id, tag)) = plant.tag(&line.name) else {
            rows.push((
                std::array::from_fn(|place| line.cells[place].clone().flatten().filter(|text| is_said(place, text))),
                line,
            ));
            continue;
        };
        let before = cells(plant, tag);
        let after = laid_over(&before, line);
        let place = plant.tag_places.get(id.0 as usize).unwrap_or_default();
        if same(&before, &after) {
            unchanged += 1;
        } else if tag.origin == Origin::System {
            told.push(error(format!("`{}` belongs to the station and can't be changed", line.name), "leave it out".to_owned()));
        } else if let Some(instance) = &tag.instance {
            let Instance { of_type, name: instance } = &**instance;
            let message = format!("`{}` is made by the instance `{instance}` of the type `{of_type}`", line.name);
            let short = line.name.get(instance.len() + 1..).unwrap_or(&line.name);
            let help = format!("change it in {}:{}: [instance.tags.\"{short}\"], or in the type", place.file, place.place.0);
            told.push(error(message, help));
        } else {
            moved.entry(place.file.to_string()).or_default().insert(&tag.name);
            rows.push((after, line));
        }
    }
    let mut files = Vec::new();
    let mut target = folder.files.iter().find(|file| file.path == into).map_or(String::new(), |file| file.text.to_string());
    for (path, names) in &moved {
        let Some(file) = folder.files.iter().find(|file| file.path == *path) else { continue };
        let (text, taken) = take_out(file, names, Kind::Tag);
        if taken < names.len() {
            let message = format!("{} of the tags to change can't be cut out of this file", names.len() - taken);
            told.push(Diagnostic::error(path, (0, 0), message, "change these tags there by hand"));
        } else if path == into {
            target = text;
        } else {
            files.push((path.clone(), text));
        }
    }
    if !told.is_empty() {
        return Err(told);
    }
    let mut from = HashMap::new();
    if !rows.is_empty() {
        let text = with_rows(&target, &rows, &mut from);
        files.insert(0, (into.to_owned(), text));
    }
    files.sort_by_key(|(path, _)| path != into);
    Ok(Plan { files, unchanged, from })
}

/// Whether a new tag's cell says anything.
fn is_said(place: usize, text: &str) -> bool {
    !text.is_empty() || COLUMNS.get(place).is_some_and(|column| column.holds == Holds::Value)
}

/// What the project says of a tag, with what the line says instead.
fn laid_over(before: &Cells, line: &Line) -> Cells {
    let mut after = before.clone();
    for (place, said) in line.cells.iter().enumerate() {
        if let Some(said) = said {
            after[place] = said.clone().filter(|text| is_said(place, text));
        }
    }
    let place = |name: &str| COLUMNS.iter().position(|column| column.name == name).unwrap_or(0);
    let says = |name: &str| line.cells[place(name)].as_ref().is_some_and(Option::is_some);
    if says("deadband") {
        (after[place("deadband_console")], after[place("deadband_history")]) = (None, None);
    } else if says("deadband_console") || says("deadband_history") {
        after[place("deadband")] = None;
    }
    after
}

/// Whether two rows say the same: numbers by value.
fn same(a: &Cells, b: &Cells) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    a.iter().zip(b).zip(&COLUMNS).all(|((a, b), column)| match (a, b) {
        (Some(a), Some(b)) if column.holds == Holds::Number => a == b || number(a).is_some_and(|a| number(b) == Some(a)),
        (a, b) => a == b,
    })
}

/// The target with more rows at its end, and more columns where these need some.
fn with_rows(target: &str, rows: &[(Cells, &Line)], from: &mut HashMap<u32, (u32, Vec<(usize, u32)>)>) -> String {
    let mut header: Vec<Option<usize>> = columns_of(target);
    let known = header.len();
    let is_new = target.trim().is_empty() || known == 0;
    for place in 0..WRITTEN {
        let is_used = matches!(COLUMNS[place].name, "name" | "kind") || rows.iter().any(|(row, _)| row[place].is_some());
        if is_used && !header.contains(&Some(place)) {
            header.push(Some(place));
        }
    }
    let added: Vec<&str> = header[known..].iter().flatten().map(|place| COLUMNS[*place].name).collect();
    let mark = if separator(target) == b';' { ';' } else { ',' };
    let mut out = if is_new { format!("{target}{}\n", added.join(",")) } else { with_columns(target, &added, mark) };
    if !out.ends_with('\n') {
        out.push('\n');
    }
    let mut number = out.matches('\n').count() as u32;
    for (row, line) in rows {
        let before = out.len();
        for (count, place) in header.iter().enumerate() {
            if count > 0 {
                out.push(mark);
            }
            let cell = place.and_then(|place| row[place].as_deref());
            let is_number = place.is_some_and(|place| COLUMNS[place].holds == Holds::Number);
            match cell {
                Some(text) if is_number && mark == ';' => out.push_str(&text.replace('.', ",")),
                _ => write_cell(&mut out, cell, mark),
            }
        }
        out.push('\n');
        from.insert(number + 1, (line.number, line.places.clone()));
        number += out[before..].matches('\n').count() as u32;
    }
    out
}

/// The text with more columns in its header line; lines may be shorter than the header.
pub(crate) fn with_columns(text: &str, added: &[&str], mark: char) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut is_done = added.is_empty();
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\r', '\n']);
        let says = !body.trim_start_matches('\u{feff}').trim().is_empty() && !body.trim_start().starts_with('#');
        if says && !std::mem::replace(&mut is_done, true) {
            out.push_str(body);
            added.iter().for_each(|name| out.extend([mark.to_string().as_str(), name]));
            out.push_str(&line[body.len()..]);
        } else {
            out.push_str(line);
        }
    }
    out
}

pub(crate) fn with_files(mut folder: Folder, files: &[(String, String)]) -> Folder {
    for (path, text) in files {
        let text: Arc<str> = text.as_str().into();
        match folder.files.iter_mut().find(|file| file.path == *path) {
            Some(file) => file.text = text,
            None => {
                let used_for = if path.starts_with("alarms/") { Use::AlarmsCsv } else { Use::TagsCsv };
                folder.files.push(ProjectFile { used_for, path: path.clone(), text });
            }
        }
    }
    folder.files.sort_by(|a, b| a.path.cmp(&b.path));
    folder
}
