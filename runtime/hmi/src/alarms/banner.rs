//! The banner at the top of every screen: the most urgent alarms that wait, how many there are, the horn.

use egui::{Align2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2};
use jiff::tz::TimeZone;
use plantroom_model::{Priority, Utc};

use super::table::{Alarm, Table};
use super::{sign, words};
use crate::paint::{Canvas, Font, control};
use crate::words::local;

/// Alarms that it shows; of those that fingers press, each is as high as one.
const ROWS: usize = 3;
const TOUCHED_ROWS: usize = 2;

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
    let touch = c.look().touch;
    let (rows, high) = if touch { (TOUCHED_ROWS, 40.0) } else { (ROWS, 26.0) };
    let row_at = |row: usize, over: usize| {
        let top = 7.0 + row as f32 * high;
        Rect::from_min_max(c.at(left, top), c.at(right, top + high * over as f32 - 3.0))
    };
    let cause = table.cause();
    let first = cause.map(|(alarm, _)| alarm.info.id);
    // A cause that takes others along has two lines: what came first, and what is to be done.
    let used = if cause.is_some() { rows - 1 } else { 0 };
    let shown: Vec<Alarm<'_>> = table.urgent().filter(|alarm| Some(alarm.info.id) != first).take(rows - used).collect();
    let mut pressed = None;
    if let Some((alarm, members)) = cause {
        pressed = lead(ui, c, row_at(0, used), (&alarm, members), around);
    }
    if shown.is_empty() && cause.is_none() {
        calm(c, (left, right), table);
    }
    for (row, alarm) in shown.iter().enumerate() {
        pressed = line(ui, c, row_at(used + row, 1), row, alarm, around).or(pressed);
    }
    let ids: Vec<u32> = first.into_iter().chain(shown.iter().map(|alarm| alarm.info.id)).collect();
    keys(ui, c, right + 14.0, (table, &ids), around).or(counts(ui, c, right + 150.0, table, around)).or(pressed)
}

/// Nothing waits.
fn calm(c: &Canvas<'_>, (left, right): (f32, f32), table: &Table) {
    let listed: u32 = table.counts().listed.iter().skip(1).sum();
    let words = match listed {
        0 => c.say("No alarms.").to_owned(),
        count => {
            c.look().fill("Nothing waits for an acknowledgement; {} are acknowledged and still active.", &[&count.to_string()])
        }
    };
    let words = c.fitted(&words, Font::TEXT, c.len(right - left));
    c.text(c.at(left + 6.0, 46.0), Align2::LEFT_CENTER, &words, Font::TEXT, c.theme().text_quiet);
}

/// The first alarm of many with one likely cause, and what to do: read before all the others that followed.
fn lead(ui: &Ui, c: &Canvas<'_>, rect: Rect, (alarm, members): (&Alarm<'_>, u32), around: &Around<'_>) -> Option<Press> {
    let (t, info) = (c.theme(), alarm.info);
    let priority = words::priority(info);
    let fill = if priority == Priority::Critical { t.urgent_row } else { t.warning_row };
    c.boxed(rect, fill, c.stroke(1.6, t.text));
    let high = rect.height() / 2.0;
    let lit = !alarm.state().is_unacknowledged() || sign::lit(around.now);
    sign::paint(c, pos2(rect.left() + c.len(14.0), rect.top() + high / 2.0), 16.0, priority, lit);
    let (x, y) = (rect.left() + c.len(32.0), rect.top() + high / 2.0);
    let time = local(Utc(alarm.now.came), around.zone, "%H:%M:%S");
    c.text(pos2(x, y), Align2::LEFT_CENTER, &time, Font::TEXT, t.text);
    let count = c.look().fill("first of {}", &[&members.to_string()]);
    let used = c.text(pos2(rect.right() - c.len(8.0), y), Align2::RIGHT_CENTER, &count, Font::TEXT_BOLD, t.text);
    let room = used.left() - x - c.len(76.0);
    let message = c.fitted(&info.message, Font::TEXT_BOLD, room);
    c.text(pos2(x + c.len(68.0), y), Align2::LEFT_CENTER, &message, Font::TEXT_BOLD, t.text);
    let action =
        if info.action.is_empty() { c.look().texts.translated(&alarm.now.cause).into_owned() } else { info.action.clone() };
    let lines = folded(c, &action, rect.right() - x - c.len(8.0));
    for (place, words) in lines.iter().enumerate() {
        let at = pos2(x, rect.top() + high + (place as f32 + 0.5) * high / lines.len() as f32 - c.len(2.0));
        c.text(at, Align2::LEFT_CENTER, words, Font::SMALL, t.text);
    }
    let said = format!("{} {} {time} {}, {count}. {action}", c.say("alarm"), c.say(priority.word()), info.message);
    let response = control::press(ui, c, rect, ui.unique_id().with("lead"), (Role::Button, &said), None);
    control::focus(c, &response);
    pressed(&response, alarm)
}

/// Words in small letters on at most two lines.
fn folded(c: &Canvas<'_>, words: &str, room: f32) -> Vec<String> {
    let fits = |words: &str| c.text_width(words, Font::SMALL) <= room;
    if fits(words) {
        return vec![words.to_owned()];
    }
    let breaks: Vec<usize> = words.match_indices(' ').map(|(at, _)| at).collect();
    let at = breaks.partition_point(|at| fits(&words[..*at]));
    match at.checked_sub(1).and_then(|place| breaks.get(place)) {
        Some(at) => vec![words[..*at].to_owned(), c.fitted(words[*at..].trim_start(), Font::SMALL, room)],
        None => vec![c.fitted(words, Font::SMALL, room)],
    }
}

/// What a press on an alarm means: to its screen, twice everything about it.
fn pressed(response: &egui::Response, alarm: &Alarm<'_>) -> Option<Press> {
    let name = alarm.info.name.clone();
    if response.double_clicked() || alarm.info.screen.is_empty() && response.clicked() {
        return Some(Press::Detail(name));
    }
    response.clicked().then_some(Press::Jump(name))
}

fn line(ui: &Ui, c: &Canvas<'_>, rect: Rect, row: usize, alarm: &Alarm<'_>, around: &Around<'_>) -> Option<Press> {
    let said = self::row(c, rect, alarm, (around.now, around.zone));
    let id = ui.unique_id().with(("alarm", row));
    let response = control::press(ui, c, rect, id, (Role::Button, &said), None);
    control::focus(c, &response);
    pressed(&response, alarm)
}

/// Draws one alarm; gives it in words. One that is acknowledged is steady, and on quiet ground.
pub fn row(c: &Canvas<'_>, rect: Rect, alarm: &Alarm<'_>, (now, zone): (Option<Utc>, &TimeZone)) -> String {
    let t = c.theme();
    let priority = words::priority(alarm.info);
    let waits = alarm.state().is_unacknowledged();
    let strong = if waits { Font::TEXT_BOLD } else { Font::TEXT };
    let fill = match priority {
        Priority::Critical if waits => Some(t.urgent_row),
        Priority::High if waits => Some(t.warning_row),
        _ => None,
    };
    if let Some(fill) = fill {
        c.boxed(rect, fill, Stroke::NONE);
    }
    let y = rect.center().y;
    sign::paint(c, pos2(rect.left() + c.len(14.0), y), 16.0, priority, !waits || sign::lit(now));
    let time = local(Utc(alarm.now.came), zone, "%H:%M:%S");
    c.text(pos2(rect.left() + c.len(32.0), y), Align2::LEFT_CENTER, &time, Font::TEXT, t.text);
    let room = rect.width() - c.len(104.0);
    // In a narrow list the message needs all the room there is.
    let narrow = rect.width() < c.len(420.0);
    let rest = if narrow { String::new() } else { beside(c, alarm) };
    let share = if rest.is_empty() { 1.0 } else { 0.66 };
    let too_long = c.text_width(&alarm.info.message, strong) > room * share;
    let strong = if narrow && too_long { Font::SMALL_BOLD } else { strong };
    let name = c.fitted(&alarm.info.message, strong, room * share);
    let used = c.text(pos2(rect.left() + c.len(100.0), y), Align2::LEFT_CENTER, &name, strong, t.text);
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
    // Where fingers press them, both keys together are as high as the bar.
    let (edge, half) = if c.look().touch { (0.2, 0.2) } else { (8.0, 2.0) };
    let rect = Rect::from_min_max(c.at(left, edge), c.at(left + 122.0, 46.0 - half));
    let words = c.say("Acknowledge");
    let response = control::press(ui, c, rect, ui.unique_id().with("acknowledge"), (Role::Button, words), blocked);
    control::key(c, rect, words, &control::face(c, &response, able, false));
    control::focus(c, &response);
    if response.clicked() && able {
        return Some(Press::Acknowledge(ids.to_vec()));
    }
    let sounds = table.horn().sounds();
    let blocked = (!sounds).then_some("The horn is silent.");
    let rect = Rect::from_min_max(c.at(left, 46.0 + half), c.at(left + 122.0, 92.0 - edge));
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
