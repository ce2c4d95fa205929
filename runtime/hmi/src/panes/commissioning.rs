//! Commissioning: the tags of a connection with the raw words that they were decoded from, live.

use std::fmt::Write as _;

use egui::{ComboBox, Context, Ui};
use plantroom_model::{Mono, Role, Utc};
use plantroom_wire::{Ask, RegisterNow, Reply, ToStation};

use super::list::{Cell, Column, column, field, list, plain, quiet, strong};
use super::poll::Poll;
use super::{Around, Want, window};
use crate::look::Look;
use crate::words::age_text;

const COLUMNS: [Column; 8] = [
    column("Tag", 2.6),
    column("Device", 1.0),
    column("Place", 1.8),
    column("Words", 1.5),
    column("Decimal", 1.1),
    column("Value", 1.3),
    column("Quality", 1.6),
    column("Read", 0.7),
];

/// The view.
pub struct Commissioning {
    pub poll: Poll,
    wanted: String,
    shown: Option<Shown>,
    refused: Option<String>,
    filter: String,
    only_bad: bool,
}

/// The last answer.
struct Shown {
    connections: Vec<String>,
    connection: String,
    link: String,
    state: String,
    rows: Vec<RegisterNow>,
    more: u32,
}

impl Default for Commissioning {
    fn default() -> Self {
        let (wanted, filter) = (String::new(), String::new());
        Self { poll: Poll::every(1_000), wanted, shown: None, refused: None, filter, only_bad: false }
    }
}

impl Commissioning {
    pub fn ask(&mut self, now: Mono, last: &mut u64) -> Option<ToStation> {
        let request = self.poll.due(now, last)?;
        Some(ToStation::Ask { request, ask: Ask::Registers { connection: self.wanted.clone() } })
    }

    pub fn heard(&mut self, reply: Reply) {
        match reply {
            Reply::Registers { connections, connection, link, state, rows, more } => {
                if self.wanted.is_empty() || self.wanted == connection {
                    self.wanted.clone_from(&connection);
                    self.shown = Some(Shown { connections, connection, link, state, rows, more });
                }
                self.refused = None;
            }
            Reply::Refused(why) => self.refused = Some(why),
            _ => {}
        }
    }

    pub fn show(&mut self, ctx: &Context, around: &Around<'_>, wants: &mut Vec<Want>) -> bool {
        window(ctx, around, ("commissioning", "Commissioning: raw words beside values"), (1_240.0, 620.0), |ui| {
            let t = &*around.look;
            if around.role < Role::Engineer {
                ui.label(plain(t, "Raw registers are for engineers. Log in as one to see them."));
                return;
            }
            if let Some(why) = &self.refused {
                ui.label(strong(t, why));
            }
            let Some(shown) = &self.shown else {
                ui.label(quiet(t, "asking the station"));
                return;
            };
            let filter = self.filter.to_lowercase();
            let rows: Vec<&RegisterNow> =
                shown.rows.iter().filter(|row| matches(row, &filter) && (!self.only_bad || row.quality != "good")).collect();
            let mut wanted = self.wanted.clone();
            head(ui, around, shown, (&mut wanted, &mut self.filter, &mut self.only_bad), &rows);
            let height = (ui.available_height() - 56.0).max(160.0);
            let pressed = list(ui, t, ("registers", height), &COLUMNS, rows.len(), |row, at| cell(rows[row], at, around));
            let mut words = t.fill("{} of {} tags", &[&rows.len().to_string(), &shown.rows.len().to_string()]);
            if shown.more > 0 {
                words += &t.fill(", {} more are not shown", &[&shown.more.to_string()]);
            }
            ui.label(quiet(t, &words));
            if let Some(row) = pressed.and_then(|(row, _)| rows.get(row)) {
                wants.push(Want::Tag(row.tag.clone()));
            }
            if wanted != self.wanted {
                self.wanted = wanted;
                self.poll.again();
            }
        })
    }
}

fn head(
    ui: &mut Ui,
    around: &Around<'_>,
    shown: &Shown,
    (wanted, filter, only_bad): (&mut String, &mut String, &mut bool),
    rows: &[&RegisterNow],
) {
    let t = &*around.look;
    ui.horizontal(|ui| {
        let name = ui.label(quiet(t, "Connection"));
        let chosen = ComboBox::from_id_salt("connection").selected_text(wanted.as_str()).show_ui(ui, |ui| {
            for connection in &shown.connections {
                ui.selectable_value(wanted, connection.clone(), connection);
            }
        });
        chosen.response.labelled_by(name.id);
        ui.label(strong(t, &format!("{}: {}", shown.link, t.say(&shown.state))));
        field(ui, t, "Filter", filter, 160.0);
        ui.checkbox(only_bad, t.say("only what isn't good"));
        if ui.button(t.say("Copy as text")).clicked() {
            ui.ctx().copy_text(as_text(&shown.connection, rows));
        }
    });
    if let Some(last) = last_trouble(t, &shown.rows) {
        ui.label(plain(t, &t.fill("Last said by the driver: {}", &[&last])));
    }
    ui.add_space(4.0);
}

/// What the driver says of the first tag that has trouble.
fn last_trouble(look: &Look, rows: &[RegisterNow]) -> Option<String> {
    let row = rows.iter().find(|row| row.quality == "bad")?;
    let what = if row.note.is_empty() { &row.reason } else { &row.note };
    let others = rows.iter().filter(|other| other.quality == "bad").count() - 1;
    let more = if others > 0 { look.fill(" ({} more tags are bad)", &[&others.to_string()]) } else { String::new() };
    Some(format!("{}: {what}{more}", row.tag))
}

fn cell(row: &RegisterNow, at: usize, around: &Around<'_>) -> Cell {
    let t = &*around.look;
    let good = row.quality == "good";
    match at {
        0 => Cell::key(t, row.tag.as_str()),
        1 => Cell::plain(t, row.device.as_str()),
        2 => Cell::plain(t, place(row)),
        3 => Cell::plain(t, hex(&row.words)),
        4 => Cell::quiet(t, decimal(&row.words)),
        5 => Cell::value(t, if row.value.is_empty() { t.say("no value") } else { &row.value }, good),
        6 => Cell { strong: !good, ..Cell::plain(t, quality(t, row)) },
        _ if row.read == 0 => Cell::quiet(t, t.say("never")),
        _ => Cell::quiet(t, age_text(Utc(row.read), around.utc).unwrap_or_default()),
    }
}

fn place(row: &RegisterNow) -> &str {
    if row.place.is_empty() { &row.address } else { &row.place }
}

fn quality(look: &Look, row: &RegisterNow) -> String {
    let mut words = look.say(if row.reason.is_empty() { &row.quality } else { &row.reason }).to_owned();
    if !row.note.is_empty() {
        let _ = write!(words, "; {}", row.note);
    }
    words
}

fn hex(words: &[u16]) -> String {
    words.iter().map(|word| format!("{word:04X}")).collect::<Vec<_>>().join(" ")
}

fn decimal(words: &[u16]) -> String {
    words.iter().map(u16::to_string).collect::<Vec<_>>().join(" ")
}

fn matches(row: &RegisterNow, filter: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(filter);
    filter.is_empty()
        || [&row.tag, &row.device, &row.address, &row.place, &row.reason, &row.note].into_iter().any(|text| has(text))
}

/// The rows with tabs between the columns, as spreadsheets take them.
fn as_text(connection: &str, rows: &[&RegisterNow]) -> String {
    let mut text = "connection\ttag\tdevice\taddress\tplace\twords (hex)\twords\tvalue\tquality\treason\tnote\n".to_owned();
    for row in rows {
        let RegisterNow { tag, device, address, place, words, value, quality, reason, note, .. } = row;
        let (hex, decimal) = (hex(words), decimal(words));
        let cells = [connection, tag, device, address, place, &hex, &decimal, value, quality, reason, note]
            .map(|cell| cell.replace(['\t', '\n'], " "));
        let _ = writeln!(text, "{}", cells.join("\t"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_as_they_stood_on_the_wire_and_copied_with_tabs() {
        let row = RegisterNow {
            tag: "line/level".into(),
            address: "holding 10 f32".into(),
            place: "40011".into(),
            words: vec![0x41C8, 0],
            value: "25.0 m".into(),
            quality: "bad".into(),
            reason: "no communication".into(),
            note: "exception 2:\tno such register".into(),
            ..RegisterNow::default()
        };
        assert_eq!((hex(&row.words), decimal(&row.words)), ("41C8 0000".into(), "16840 0".into()));
        assert_eq!(quality(&Look::default(), &row), "no communication; exception 2:\tno such register");
        let text = as_text("plc", &[&row]);
        let cells: Vec<&str> = text.lines().nth(1).unwrap().split('\t').collect();
        assert_eq!(cells.len(), 11, "{text}");
        assert_eq!((cells[0], cells[4], cells[5], cells[10]), ("plc", "40011", "41C8 0000", "exception 2: no such register"));
        for (filter, is_in) in [("", true), ("level", true), ("40011", true), ("exception", true), ("pump", false)] {
            assert_eq!(matches(&row, filter), is_in, "{filter}");
        }
        assert_eq!(
            last_trouble(&Look::default(), std::slice::from_ref(&row)).unwrap(),
            "line/level: exception 2:\tno such register"
        );
    }
}
