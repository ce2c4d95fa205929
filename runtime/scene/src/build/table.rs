//! `table`.

use plantroom_model::nearest;
use plantroom_script::rhai::{Dynamic, Engine, Map};

use super::arguments::{Call, offer};
use super::options::Options;
use super::{Done, with};
use crate::{Column, Order, Params, Reading, Row, Shows, Symbol, Table, guide, limits};

pub(super) fn register(engine: &mut Engine) {
    offer(engine, "table", table);
}

/// A column as the script gives it.
struct Given {
    column: Column,
    /// What follows the row's prefix; nothing for the row's own name.
    tag: Option<String>,
    facts: Map,
}

fn table(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let mut options = call.options(2)?;
    let rect = options.boxed(call, at, (600.0, 300.0))?;
    let prefixes = words(call, &mut options, "rows")?;
    let columns = columns(call, &mut options)?;
    if prefixes.len() > limits::TABLE_ROWS {
        return call.refuse(format!("has {} rows; at most {} fit into one table", prefixes.len(), limits::TABLE_ROWS));
    }
    with("table", |build| {
        build.cells += prefixes.len() * columns.len();
        match build.cells {
            0..=limits::TABLE_CELLS => Ok(()),
            cells => call.refuse(format!(
                "makes {cells} cells on this screen; at most {}: take fewer rows or columns, or spread them over screens",
                limits::TABLE_CELLS
            )),
        }
    })?;
    let labels = match options.take("labels") {
        None => prefixes.clone(),
        Some(given) => match texts(given) {
            Some(labels) if labels.len() == prefixes.len() => labels,
            Some(labels) => {
                return call.refuse(format!("has {} `labels` for {} rows; it needs one a row", labels.len(), prefixes.len()));
            }
            None => return call.refuse("needs words in quotes as `labels`"),
        },
    };
    let (names, names_w) = names(call, &mut options)?;
    let sort = sort(call, &mut options, &names, &columns)?;
    let row_h = options.extent(call, "row_h", 24.0)?;
    let label = options.words(call, "label", "")?;
    let mut rows = Vec::with_capacity(prefixes.len());
    for (prefix, name) in prefixes.iter().zip(labels) {
        let cells = columns.iter().map(|column| cell(call, prefix, column)).collect::<Done<Vec<_>>>()?;
        rows.push(Row { event: row_event(call, &options, prefix, &name)?, name, prefix: prefix.clone(), cells });
    }
    for key in ["on_click", "open", "faceplate", "params"] {
        options.take(key);
    }
    let columns = columns.into_iter().map(|given| given.column).collect();
    let table = Table { label, columns, names, names_w, rows, row_h, sort };
    options.finish(call, rect, Symbol::Table(table), "table", None)
}

/// What a click on a row does: as the table's options say, with the row's prefix as `name`.
fn row_event(call: &Call, options: &Options, prefix: &str, label: &str) -> Done<Option<crate::EventId>> {
    let mut own = options.copy_of(&["on_click", "open", "faceplate", "params"]);
    own.click(call, label, None, Params::from([("name".to_owned(), plantroom_model::Value::Text(prefix.into()))]))
}

/// A list of texts; `None` where it is something else.
fn texts(given: Dynamic) -> Option<Vec<String>> {
    given.into_array().ok()?.into_iter().map(|word| word.into_string().ok()).collect()
}

fn words(call: &Call, options: &mut Options, key: &str) -> Done<Vec<String>> {
    match options.take(key).map(texts) {
        Some(Some(words)) => Ok(words),
        Some(None) => call.refuse(format!("needs a list of tag prefixes as `{key}`: instances(\"pump\", \"**\")")),
        None => call.wrong(format!("needs `{key}`")),
    }
}

fn columns(call: &Call, options: &mut Options) -> Done<Vec<Given>> {
    let given = options.take("columns").and_then(|columns| columns.into_array().ok()).unwrap_or_default();
    if given.is_empty() || given.len() > limits::TABLE_COLUMNS {
        return call.wrong(format!("needs 1 to {} `columns`", limits::TABLE_COLUMNS));
    }
    given.into_iter().map(|column| self::column(call, column)).collect()
}

fn column(call: &Call, given: Dynamic) -> Done<Given> {
    let Some(map) = given.flatten().try_cast::<Map>() else {
        return call.refuse("needs each column as #{ title: \"Speed\", tag: \"speed\" }");
    };
    let facts_names = guide::FACTS.map(|(name, _)| name);
    let all: Vec<&str> = ["title", "tag", "show", "w"].into_iter().chain(facts_names).collect();
    for key in map.keys() {
        call.knows(key, &all, " in a column")?;
    }
    let (facts, own) = map.into_iter().partition(|(key, _)| facts_names.contains(&key.as_str()));
    let mut options = Options::new(own);
    let tag = options.text(call, "tag")?.filter(|tag| !tag.is_empty());
    let title = options.text(call, "title")?.or_else(|| tag.clone()).unwrap_or_else(|| "value".to_owned());
    let shows = [("value", Shows::Value), ("quality", Shows::Quality), ("age", Shows::Age), ("description", Shows::Description)];
    let shows = options.word(call, "show", &shows, Shows::Value)?;
    let w = options.extent(call, "w", 1.0)?;
    Ok(Given { column: Column { title, w, shows }, tag, facts })
}

fn cell(call: &Call, prefix: &str, column: &Given) -> Done<Reading> {
    let mut reading = match &column.tag {
        Some(tag) => call.tag(&format!("{prefix}/{tag}"), "a column's tag")?,
        None => call.tag(prefix, "a row")?,
    };
    if !column.facts.is_empty() {
        Options::new(column.facts.clone()).facts(call, &mut reading)?;
    }
    Ok(reading)
}

/// `"Pump"`, or `#{ title: "Pump", w: 2 }`.
fn names(call: &Call, options: &mut Options) -> Done<(String, f32)> {
    let Some(given) = options.take("names") else { return Ok((String::new(), 1.4)) };
    match given.try_cast_result::<Map>() {
        Ok(map) => {
            for key in map.keys() {
                call.knows(key, &["title", "w"], " in `names`")?;
            }
            let mut own = Options::new(map);
            Ok((own.text(call, "title")?.unwrap_or_default(), own.extent(call, "w", 1.4)?))
        }
        Err(other) => match other.into_string() {
            Ok(title) => Ok((title, 1.4)),
            Err(found) => call.refuse(format!("needs a title or #{{ title: .., w: .. }} as `names`, and got a {found}")),
        },
    }
}

/// `"Speed"`, or `"-Speed"` for the greatest first.
fn sort(call: &Call, options: &mut Options, names: &str, columns: &[Given]) -> Done<Option<Order>> {
    let Some(text) = options.text(call, "sort")? else { return Ok(None) };
    let titles = || std::iter::once(names).chain(columns.iter().map(|given| given.column.title.as_str()));
    let place = |title: &str| titles().position(|known| known == title);
    let found = match (place(&text), text.strip_prefix('-').and_then(place)) {
        (Some(column), _) => Some(Order { column, descending: false }),
        (None, Some(column)) => Some(Order { column, descending: true }),
        (None, None) => None,
    };
    match found {
        Some(order) => Ok(Some(order)),
        None => {
            let hint = nearest(text.trim_start_matches('-'), titles().filter(|title| !title.is_empty()));
            let hint = hint.map_or_else(|| "say the title of a column".to_owned(), |near| format!("did you mean `{near}`?"));
            call.refuse(format!("has no column `{text}` to `sort` by; {hint}"))
        }
    }
}
