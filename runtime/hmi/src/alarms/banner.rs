//! The banner at the top of every screen: the most urgent alarms that wait, how many there are, the horn.

use egui::{Align2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2};
use jiff::tz::TimeZone;
use plantroom_model::{Priority, Utc};

use super::table::{Alarm, Table};
use super::{sign, words};
use crate::paint::{Canvas, Font, control};
use crate::words::local;

/// Alarms that it shows.
pub const ROWS: usize = 3;

/// What was pressed.
#[derive(Clone, Debug, PartialEq)]
pub enum Press {
    /// An alarm: to its screen.
    Jump(String),
    /// An alarm twice: everything about it.
    Detail(String),
    /// The alarms that it shows are acknowledged.
    Acknowledge(Vec<u32>),
    /// The horn.
    Silence,
    /// The list.
    List,
}

/// What it shows besides the alarms.
pub struct Around<'a> {
    /// The station's time.
    pub now: Option<Utc>,
    /// The plant's time zone.
    pub zone: &'a TimeZone,
    /// How many came in 10 minutes, in a flood.
    pub flood: Option<u32>,
    /// Why nothing can be acknowledged now, if nothing can.
    pub blocked: Option<&'static str>,
}

/// Draws it into the top bar, `width` units wide.
pub fn show(ui: &Ui, c: &Canvas<'_>, width: f32, table: &Table, around: &Around<'_>) -> Option<Press> {
    let (left, right) = (320.0, (width - 720.0).max(620.0));
    let shown: Vec<Alarm<'_>> = table.urgent().take(ROWS).collect();
    let mut pressed = None;
    if shown.is_empty() {
        let listed: u32 = table.counts().listed.iter().skip(1).sum();
        let words = match listed {
            0 => c.say("No alarms.").to_owned(),
            count => c
                .look()
                .fill("Nothing waits for an acknowledgement; {} are acknowledged and still active.", &[&count.to_string()]),
        };
        let words = c.fitted(&words, Font::TEXT, c.len(right - left));
        c.text(c.at(left + 6.0, 46.0), Align2::LEFT_CENTER, &words, Font::TEXT, c.theme().text_quiet);
    }
    for (row, alarm) in shown.iter().enumerate() {
        let y = 20.0 + row as f32 * 26.0;
        let rect = Rect::from_min_max(c.at(left, y - 11.5), c.at(right, y + 11.5));
        pressed = line(ui, c, rect, row, alarm, around).or(pressed);
    }
    let ids: Vec<u32> = shown.iter().map(|alarm| alarm.info.id).collect();
    keys(ui, c, right + 14.0, (table, &ids), around).or(counts(ui, c, right + 150.0, table, around)).or(pressed)
}

fn line(ui: &Ui, c: &Canvas<'_>, rect: Rect, row: usize, alarm: &Alarm<'_>, around: &Around<'_>) -> Option<Press> {
    let said = self::row(c, rect, alarm, (around.now, around.zone));
    let id = ui.unique_id().with(("alarm", row));
    let response = control::press(ui, c, rect, id, (Role::Button, &said), None);
    control::focus(c, &response);
    let name = alarm.info.name.clone();
    if response.double_clicked() || alarm.info.screen.is_empty() && response.clicked() {
        return Some(Press::Detail(name));
    }
    response.clicked().then_some(Press::Jump(name))
}

/// Draws one alarm that waits; gives it in words.
pub fn row(c: &Canvas<'_>, rect: Rect, alarm: &Alarm<'_>, (now, zone): (Option<Utc>, &TimeZone)) -> String {
    let t = c.theme();
    let priority = words::priority(alarm.info);
    let fill = match priority {
        Priority::Critical => Some(t.urgent_row),
        Priority::High => Some(t.warning_row),
        _ => None,
    };
    if let Some(fill) = fill {
        c.boxed(rect, fill, Stroke::NONE);
    }
    let y = rect.center().y;
    sign::paint(c, pos2(rect.left() + c.len(14.0), y), 16.0, priority, sign::lit(now));
    let time = local(Utc(alarm.now.came), zone, "%H:%M:%S");
    c.text(pos2(rect.left() + c.len(32.0), y), Align2::LEFT_CENTER, &time, Font::TEXT, t.text);
    let room = rect.width() - c.len(104.0);
    let name = c.fitted(&alarm.info.message, Font::TEXT_BOLD, room * 0.62);
    let used = c.text(pos2(rect.left() + c.len(100.0), y), Align2::LEFT_CENTER, &name, Font::TEXT_BOLD, t.text);
    let rest = beside(c, alarm);
    let rest = c.fitted(&rest, Font::TEXT, rect.right() - used.right() - c.len(16.0));
    c.text(pos2(used.right() + c.len(12.0), y), Align2::LEFT_CENTER, &rest, Font::TEXT, t.text_quiet);
    format!("{} {} {time} {}", c.say("alarm"), c.say(priority.word()), alarm.info.message)
}

/// What stands behind an alarm's message: value, limit, and whether it is still there.
fn beside(c: &Canvas<'_>, alarm: &Alarm<'_>) -> String {
    let value = words::value(alarm.info, &alarm.now.value);
    let limit = words::limit(alarm.info, alarm.now.limit);
    let mut text = match (value.is_empty(), limit.is_empty()) {
        (true, _) => String::new(),
        (false, true) => value,
        (false, false) => c.look().fill("{} (limit {})", &[&value, &limit]),
    };
    if !alarm.state().is_holding() {
        text = format!("{text}  {}", c.say(alarm.state().word()));
    }
    text
}

fn keys(ui: &Ui, c: &Canvas<'_>, left: f32, (table, ids): (&Table, &[u32]), around: &Around<'_>) -> Option<Press> {
    let able = !ids.is_empty() && around.blocked.is_none();
    let blocked = around.blocked.or_else(|| ids.is_empty().then_some("Nothing waits for an acknowledgement."));
    let rect = Rect::from_min_max(c.at(left, 8.0), c.at(left + 122.0, 44.0));
    let words = c.say("Acknowledge");
    let response = control::press(ui, c, rect, ui.unique_id().with("acknowledge"), (Role::Button, words), blocked);
    control::key(c, rect, words, &control::face(c, &response, able, false));
    control::focus(c, &response);
    if response.clicked() && able {
        return Some(Press::Acknowledge(ids.to_vec()));
    }
    let sounds = table.horn().sounds();
    let blocked = (!sounds).then_some("The horn is silent.");
    let rect = Rect::from_min_max(c.at(left, 48.0), c.at(left + 122.0, 84.0));
    let words = c.say("Silence horn");
    let response = control::press(ui, c, rect, ui.unique_id().with("horn"), (Role::Button, words), blocked);
    control::key(c, rect, words, &control::face(c, &response, sounds, sounds));
    control::focus(c, &response);
    (response.clicked() && sounds).then_some(Press::Silence)
}

/// How many there are of each priority, in the list; those that nobody has acknowledged are counted apart.
fn counts(ui: &Ui, c: &Canvas<'_>, left: f32, table: &Table, around: &Around<'_>) -> Option<Press> {
    let (t, counts) = (c.theme(), table.counts());
    let mut x = left + 8.0;
    let mut said = Vec::new();
    for priority in [Priority::Critical, Priority::High, Priority::Medium, Priority::Low] {
        let at = priority as usize;
        let (all, waits) = (counts.listed[at], counts.unacknowledged[at]);
        if all > 0 {
            sign::paint(c, c.at(x, 20.0), 16.0, priority, waits == 0 || sign::lit(around.now));
        } else {
            c.circle(c.at(x, 20.0), c.len(4.0), t.panel_line, Stroke::NONE);
        }
        let ink = if all > 0 { t.text } else { t.text_off };
        c.text(c.at(x + 13.0, 20.0), Align2::LEFT_CENTER, &short(all), Font::VALUE, ink);
        said.push(format!("{} {all}", c.say(priority.word())));
        x += 54.0;
    }
    let hidden = [counts.shelved, counts.suppressed, counts.out_of_service].map(|count| count.to_string());
    let lines = [
        (38.0, c.look().fill("shelved {}  suppressed {}", &[&hidden[0], &hidden[1]])),
        (51.0, c.look().fill("out of service {}", &[&hidden[2]])),
    ];
    for (y, words) in lines {
        c.text(c.at(left, y), Align2::LEFT_CENTER, &c.fitted(&words, Font::SMALL, c.len(218.0)), Font::SMALL, t.text_quiet);
    }
    if let Some(count) = around.flood {
        let words = c.look().fill("Flood: {} alarms in 10 min", &[&count.to_string()]);
        let rect = Rect::from_min_max(c.at(left, 60.0), c.at(left + 216.0, 84.0));
        c.boxed(rect, t.urgent_row, c.stroke(1.6, t.urgent));
        c.text(rect.center(), Align2::CENTER_CENTER, &words, Font::TEXT_BOLD, t.text);
        let response = ui.interact(rect, ui.unique_id().with("flood"), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Alert, true, &words));
    }
    let rect = Rect::from_min_max(c.at(left, 6.0), c.at(left + 216.0, 56.0));
    let said = format!("{}: {}", c.say("Alarms"), said.join(", "));
    let response = control::press(ui, c, rect, ui.unique_id().with("alarm list"), (Role::Button, &said), None);
    control::focus(c, &response);
    response.clicked().then_some(Press::List)
}

/// A count in four characters.
fn short(count: u32) -> String {
    if count < 10_000 { count.to_string() } else { format!("{}k", count / 1_000) }
}
