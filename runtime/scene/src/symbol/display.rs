//! What shows numbers: instrument bubbles, dials, tables, the list of what deserves attention.

use std::cmp::Ordering;

use plantroom_model::Value;

use crate::{EventId, Prop, Reading};

/// An instrument bubble (ISA-5.1).
#[derive(Clone, Debug)]
pub struct Instrument {
    /// What it measures and does: `PIC`.
    pub letters: String,
    /// Its loop: `601`.
    pub number: String,
    /// Where it is.
    pub location: Location,
    /// What it shows below the bubble.
    pub reading: Reading,
    /// The value below the bubble.
    pub with_value: bool,
}

impl Instrument {
    /// Letters and loop number in a tag's name: `PIC` and `601` in `high_lift/pic601/pv`. The last segment that has two to
    /// five letters before a number counts.
    pub fn named(tag: &str) -> Option<(String, String)> {
        tag.rsplit('/').find_map(|segment| {
            let letters = segment.find(|c: char| !c.is_ascii_alphabetic())?;
            let (letters, rest) = segment.split_at(letters);
            let number = rest.trim_start_matches(['-', '_', ' ']);
            let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
            let suffix = &number[digits..];
            let fits = (2..=5).contains(&letters.len())
                && digits > 0
                && suffix.len() <= 2
                && suffix.chars().all(|c| c.is_ascii_alphabetic());
            fits.then(|| (letters.to_ascii_uppercase(), number.to_ascii_uppercase()))
        })
    }
}

/// Where an instrument is (ISA-5.1): decides the lines of its bubble.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Location {
    /// In the field: a circle.
    #[default]
    Field,
    /// On a panel that the operator reaches: a circle with a line.
    Panel,
    /// Behind a panel: a circle with a dashed line.
    Behind,
    /// On a shared display, such as this one: a circle in a square, with a line.
    Shared,
}

/// A dial.
#[derive(Clone, Debug)]
pub struct Gauge {
    /// Words below it; may be empty.
    pub label: Prop<String>,
    /// What it shows.
    pub reading: Reading,
    /// Where it should be; drawn as a triangle outside of the arc. May be not present.
    pub setpoint: Reading,
    /// Where it normally is, in engineering units; drawn as a band.
    pub normal: Option<(f64, f64)>,
}

/// Rows of tags.
#[derive(Clone, Debug)]
pub struct Table {
    /// Words above it; may be empty.
    pub label: Prop<String>,
    /// The columns after the first one, which holds the rows' names.
    pub columns: Vec<Column>,
    /// What stands above the first column.
    pub names: String,
    /// Share of the width that the first column takes.
    pub names_w: f32,
    /// The rows, in the script's order.
    pub rows: Vec<Row>,
    /// Height of a row, in the screen's units.
    pub row_h: f32,
    /// How it is sorted until the operator chooses: not at all, or by a column (0 is the first one).
    pub sort: Option<Order>,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// What stands above it.
    pub title: String,
    /// Share of the width that it takes.
    pub w: f32,
    /// What of its tag it shows.
    pub shows: Shows,
}

/// What a column shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shows {
    /// Value with unit, limit mark and quality letter.
    #[default]
    Value,
    /// The quality in words.
    Quality,
    /// How old it is.
    Age,
    /// The tag's description.
    Description,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is called.
    pub name: String,
    /// What its tags' names begin with: an instance.
    pub prefix: String,
    /// One reading a column.
    pub cells: Vec<Reading>,
    /// What a click on it fires.
    pub event: Option<EventId>,
}

/// By which column rows are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// 0 is the column of names.
    pub column: usize,
    /// The greatest first.
    pub descending: bool,
}

impl Table {
    /// The places of the rows in the order in which they are shown. What has no value stands last, whichever way it goes;
    /// rows that are equal keep the script's order.
    pub fn order(&self, order: Option<Order>) -> Vec<u32> {
        let mut places: Vec<u32> = (0..self.rows.len() as u32).collect();
        let Some(order) = order else { return places };
        let key = |place: &u32| self.rows.get(*place as usize).map(|row| self.key(row, order.column));
        places.sort_by_cached_key(|place| Ranked { key: key(place).unwrap_or(Key::Nothing), descending: order.descending });
        places
    }

    fn key(&self, row: &Row, column: usize) -> Key {
        let Some(place) = column.checked_sub(1) else { return Key::Text(row.name.clone()) };
        let (Some(cell), Some(column)) = (row.cells.get(place), self.columns.get(place)) else { return Key::Nothing };
        match column.shows {
            _ if !cell.is_present() || !cell.is_known() => Key::Nothing,
            Shows::Value => match (&cell.value, cell.number()) {
                (Value::Text(text), _) => Key::Text(text.to_string()),
                (_, Some(number)) => Key::Number(number),
                _ => cell.is_on().map_or(Key::Nothing, |on| Key::Number(f64::from(u8::from(on)))),
            },
            Shows::Quality => Key::Number(f64::from(cell.status.quality() as u8)),
            Shows::Age => Key::Number(-(cell.source_time.0 as f64)),
            Shows::Description => Key::Text(cell.facts.description.clone()),
        }
    }
}

enum Key {
    Number(f64),
    Text(String),
    Nothing,
}

struct Ranked {
    key: Key,
    descending: bool,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        let turned = |order: Ordering| if self.descending { order.reverse() } else { order };
        match (&self.key, &other.key) {
            (Key::Nothing, Key::Nothing) => Ordering::Equal,
            (Key::Nothing, _) => Ordering::Greater,
            (_, Key::Nothing) => Ordering::Less,
            (Key::Number(a), Key::Number(b)) => turned(a.total_cmp(b)),
            (Key::Text(a), Key::Text(b)) => turned(natural(a, b)),
            (Key::Number(_), Key::Text(_)) => turned(Ordering::Less),
            (Key::Text(_), Key::Number(_)) => turned(Ordering::Greater),
        }
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}

/// `pump 2` before `pump 10`: digits count as numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else { return a.len().cmp(&b.len()) };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (first, rest_a) = number_of(a);
            let (second, rest_b) = number_of(b);
            match first.len().cmp(&second.len()).then_with(|| first.cmp(second)) {
                Ordering::Equal => (a, b) = (rest_a, rest_b),
                order => return order,
            }
        } else {
            match x.to_lowercase().cmp(y.to_lowercase()) {
                Ordering::Equal => (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]),
                order => return order,
            }
        }
    }
}

/// The digits at the start without leading zeros, and what follows.
fn number_of(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (digits.trim_start_matches('0'), rest)
}

/// The most urgent alarms that wait for an acknowledgement, of the whole plant or of a part of it. Of a station that tells of
/// no alarms, what deserves attention: limits passed, faults and doubtful values of this screen and of `readings`.
#[derive(Clone, Debug)]
pub struct AlarmBanner {
    /// Words above it; may be empty.
    pub label: Prop<String>,
    /// Which alarms.
    pub of: AlarmsOf,
    /// Tags that it watches besides what the screen shows, where the station tells of no alarms.
    pub readings: Vec<Reading>,
}

/// Which alarms something shows; all of the plant where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AlarmsOf {
    /// Of this part of the plant; empty for all.
    pub area: String,
    /// Of this instance, or of tags below this name; empty for all.
    pub instance: String,
    /// Whose screen is this one, by file name without `.rhai`; empty for all.
    pub screen: String,
}

impl AlarmsOf {
    /// Whether it leaves none out.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

/// A small list of alarms that stand: acknowledged ones too.
#[derive(Clone, Debug)]
pub struct Alarms {
    /// Words above it; may be empty.
    pub label: Prop<String>,
    /// Which alarms.
    pub of: AlarmsOf,
}

/// Whether a tag may be written now, and what stands in the way: one line, and more for more conditions.
#[derive(Clone, Debug)]
pub struct Permissives {
    /// Words before it: what would be done.
    pub label: Prop<String>,
    /// How far right of the left edge the answer begins.
    pub label_w: f32,
    /// The tag that would be written.
    pub target: Reading,
    /// Why not, for reasons that the script knows; empty where there are none.
    pub state: Prop<String>,
    /// The value that would be written; `None` where any might be.
    pub value: Option<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_loop_are_found_in_names() {
        for (tag, found) in [
            ("high_lift/pic601/pv", Some(("PIC", "601"))),
            ("FT-101", Some(("FT", "101"))),
            ("a/LSHH_7b", Some(("LSHH", "7B"))),
            ("high_lift/p1/speed", None),
            ("area51x/flow", Some(("AREA", "51X"))),
            ("clear_well/level", None),
            ("", None),
        ] {
            let expected = found.map(|(letters, number)| (letters.to_owned(), number.to_owned()));
            assert_eq!(Instrument::named(tag), expected, "{tag}");
        }
    }

    #[test]
    fn digits_count_as_numbers() {
        let mut names = ["pump 10", "Pump 2", "pump 02b", "fan 7"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["fan 7", "Pump 2", "pump 02b", "pump 10"]);
    }
}
