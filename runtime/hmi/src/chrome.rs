//! The frame around a screen: attention list, clock, navigation, footer, and the banner of a lost station.

use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use jiff::tz::TimeZone;
use plantroom_model::Utc;
use plantroom_scene::NavEntry;

use crate::alarms::marks::{self as marks_of_alarms, Marked};
use crate::alarms::{Table, banner};
use crate::concerns::Concern;
use crate::link::Contact;
use crate::paint::{Canvas, Font, Sign, control, marks};
use crate::tags::StationHealth;
use crate::words::local;

/// Rows of the attention list that fit into the top bar.
const ROWS: usize = 3;
/// Height of the top bar, in units.
const TOP_HEIGHT: f32 = 92.0;
/// Height of the navigation bar, in units.
const TABS_HEIGHT: f32 = 34.0;
/// Height of the footer, in units.
const FOOTER_HEIGHT: f32 = 44.0;

/// Where the parts of the window are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// Points a unit, for the frame.
    pub scale: f32,
    /// Attention, title, clock.
    pub top: Rect,
    /// Navigation.
    pub tabs: Rect,
    /// The screen itself.
    pub body: Rect,
    /// The station's condition.
    pub footer: Rect,
}

impl Layout {
    /// Cuts a window into its parts.
    pub fn of(window: Rect) -> Self {
        let scale = (window.width() / 1_600.0).min(window.height() / 900.0).clamp(0.6, 2.5);
        let (top, rest) = window.split_top_bottom_at_y(window.top() + TOP_HEIGHT * scale);
        let (tabs, rest) = rest.split_top_bottom_at_y(rest.top() + TABS_HEIGHT * scale);
        let (body, footer) = rest.split_top_bottom_at_y(rest.bottom() - FOOTER_HEIGHT * scale);
        Self { scale, top, tabs, body, footer }
    }

    /// Where a scene of this size is painted in the body: all of it visible, in proportion, in the middle.
    pub fn fit(&self, (width, height): (f32, f32)) -> (egui::Pos2, f32) {
        let (width, height) = (width.max(1.0), height.max(1.0));
        let scale = (self.body.width() / width).min(self.body.height() / height);
        let left = self.body.left() + (self.body.width() - width * scale) / 2.0;
        (pos2(left, self.body.top()), scale)
    }
}

/// What the frame shows.
pub struct Frame<'a> {
    /// The plant's name.
    pub plant: &'a str,
    /// The open screen's title.
    pub title: &'a str,
    /// Its level, and what it says below its title.
    pub subtitle: &'a str,
    /// User and role; nothing before the login.
    pub user: Option<(&'a str, &'a str)>,
    /// How the console stands with the station.
    pub contact: &'a Contact,
    /// Since the last heartbeat, ms.
    pub silence_ms: u64,
    /// The station's time.
    pub now: Option<Utc>,
    /// The plant's time zone.
    pub zone: &'a TimeZone,
    /// The station's own condition.
    pub health: &'a StationHealth,
    /// What of the project this console can't use.
    pub problem: Option<&'a str>,
}

/// Draws the top bar; gives whether the user wants to log out, and what was pressed on the banner of alarms.
pub fn top(
    ui: &Ui,
    layout: &Layout,
    frame: &Frame<'_>,
    concerns: &[Concern],
    (table, around): (&Table, &banner::Around<'_>),
) -> (bool, Option<banner::Press>) {
    let painter = ui.painter();
    let c = Canvas::new(painter, layout.top.min, layout.scale);
    c.filled(layout.top, c.theme().panel);
    let width = layout.top.width() / layout.scale;
    title(&c, frame);
    let mut press = None;
    if !lost(ui, &c, width, frame) && *frame.contact == Contact::Live {
        // A station that tells of alarms has its banner; of others the screen itself is all there is to tell.
        match table.is_known() {
            true => press = banner::show(ui, &c, width, table, around),
            false => attention(ui, &c, width, concerns),
        }
    }
    (clock(ui, &c, width, frame), press)
}

/// The plant, and which of its screens this is; the screen itself carries its title in large.
fn title(c: &Canvas<'_>, frame: &Frame<'_>) {
    let room = c.len(276.0);
    let plant = if frame.plant.is_empty() { "Plantroom" } else { frame.plant };
    let lines = [(26.0, plant, Font::PANEL, c.theme().text), (49.0, frame.title, Font::TEXT, c.theme().text)];
    for (y, words, font, ink) in lines {
        c.text(c.at(24.0, y), Align2::LEFT_CENTER, &c.fitted(words, font, room), font, ink);
    }
    c.text(
        c.at(24.0, 69.0),
        Align2::LEFT_CENTER,
        &c.fitted(frame.subtitle, Font::SMALL, room),
        Font::SMALL,
        c.theme().text_quiet,
    );
}

/// Where the attention list begins and ends, in units.
fn list_edges(width: f32) -> (f32, f32) {
    (320.0, (width - 590.0).max(640.0))
}

/// Draws the banner of a lost station in the place of the list: nothing else counts now.
fn lost(ui: &Ui, c: &Canvas<'_>, width: f32, frame: &Frame<'_>) -> bool {
    let Contact::Lost { since, why } = frame.contact else { return false };
    let (left, right) = (list_edges(width).0, list_edges(width).1 + 190.0);
    let since = since.map_or_else(|| c.say("some time ago").to_owned(), |since| local(since, frame.zone, "%H:%M:%S"));
    let first = c.look().fill("No contact with the station since {}", &[&since]);
    let second = c.say("Values are the last ones known; commands are off.");
    let third = c.look().fill("Last try: {}. Trying again by itself.", &[c.say(why)]);
    let rect = Rect::from_min_max(c.at(left, 8.0), c.at(right, 84.0));
    c.boxed(rect, c.theme().urgent_row, c.stroke(2.0, c.theme().urgent));
    marks::sign(c, c.at(left + 30.0, 46.0), 28.0, Sign::Fault);
    for (y, words, font) in [(24.0, first.as_str(), Font::VALUE), (47.0, second, Font::TEXT_BOLD), (67.0, &third, Font::TEXT)] {
        let words = c.fitted(words, font, c.len(right - left - 76.0));
        c.text(c.at(left + 62.0, y), Align2::LEFT_CENTER, &words, font, c.theme().text);
    }
    let response = ui.interact(rect, ui.unique_id().with("lost"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Alert, true, format!("{first}. {second} {third}")));
    true
}

fn attention(ui: &Ui, c: &Canvas<'_>, width: f32, concerns: &[Concern]) {
    let (left, right) = list_edges(width);
    if concerns.is_empty() {
        let words = c.say("Nothing on this screen needs attention.");
        c.text(c.at(left + 6.0, 46.0), Align2::LEFT_CENTER, words, Font::TEXT, c.theme().text_quiet);
    }
    // Names take what they need, so that what is wrong has the rest.
    let shown = || concerns.iter().take(ROWS);
    let widest = shown().map(|concern| c.text_width(&concern.name, Font::TEXT_BOLD)).fold(c.len(150.0), f32::max);
    let names = widest.min(c.len((right - left) * 0.46)) / c.scale();
    for (row, concern) in shown().enumerate() {
        let y = 20.0 + row as f32 * 26.0;
        let rect = Rect::from_min_max(c.at(left, y - 11.5), c.at(right, y + 11.5));
        let fill = match concern.sign.rank() {
            0 | 1 => Some(c.theme().urgent_row),
            2 => Some(c.theme().warning_row),
            _ => None,
        };
        if let Some(fill) = fill {
            c.boxed(rect, fill, egui::Stroke::NONE);
        }
        marks::sign(c, c.at(left + 14.0, y), 16.0, concern.sign);
        let name = c.fitted(&concern.name, Font::TEXT_BOLD, c.len(names));
        c.text(c.at(left + 34.0, y), Align2::LEFT_CENTER, &name, Font::TEXT_BOLD, c.theme().text);
        let room = c.len(right - left - names - 64.0);
        let font = if c.text_width(&concern.words, Font::TEXT) <= room { Font::TEXT } else { Font::SMALL };
        let words = c.fitted(&concern.words, font, room);
        c.text(c.at(left + names + 58.0, y), Align2::LEFT_CENTER, &words, font, c.theme().text);
        let said = format!("{} {} {}", concern.sign.letters(), concern.name, concern.words);
        let response = ui.interact(rect, ui.unique_id().with(("concern", row)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
        response.on_hover_text(format!("{}: {}", concern.name, concern.words));
    }
    counts(c, right + 26.0, concerns);
}

/// How many of each kind, whatever fits into the list.
fn counts(c: &Canvas<'_>, left: f32, concerns: &[Concern]) {
    let of = |ranks: std::ops::RangeInclusive<u8>| concerns.iter().filter(|one| ranks.contains(&one.sign.rank())).count();
    use plantroom_model::Quality;
    use plantroom_scene::LimitMark;
    let kinds = [(Sign::Fault, of(0..=1)), (Sign::Limit(LimitMark::High), of(2..=2)), (Sign::Doubt(Quality::Bad), of(3..=4))];
    let mut x = left;
    for (sign, count) in kinds {
        if count > 0 {
            marks::shape(c, c.at(x, 32.0), 16.0, sign);
        } else {
            c.circle(c.at(x, 32.0), c.len(4.0), c.theme().panel_line, egui::Stroke::NONE);
        }
        let ink = if count > 0 { c.theme().text } else { c.theme().text_off };
        c.text(c.at(x + 17.0, 32.0), Align2::LEFT_CENTER, &count.to_string(), Font::VALUE, ink);
        x += 62.0;
    }
    let hidden = concerns.len().saturating_sub(ROWS);
    if hidden > 0 {
        let words = c.look().fill("{} more on this screen", &[&hidden.to_string()]);
        c.text(c.at(left - 8.0, 62.0), Align2::LEFT_CENTER, &words, Font::SMALL, c.theme().text_quiet);
    }
}

fn clock(ui: &Ui, c: &Canvas<'_>, width: f32, frame: &Frame<'_>) -> bool {
    let right = width - 24.0;
    if let Some(now) = frame.now.filter(|_| frame.user.is_some()) {
        let words = local(now, frame.zone, c.say("%A %-d %b %Y  %H:%M:%S"));
        c.text(c.at(right, 22.0), Align2::RIGHT_CENTER, &words, Font::VALUE, c.theme().text);
    }
    let state = match frame.contact {
        Contact::Live => c.look().fill("station live, heard {} s ago", &[&(frame.silence_ms / 1_000).to_string()]),
        Contact::Lost { .. } => c.say("no contact with the station").to_owned(),
        Contact::LoggingIn => c.say("logging in").to_owned(),
        Contact::AskLogin(_) => c.say("not logged in").to_owned(),
        Contact::Connecting(_) => c.say("connecting").to_owned(),
    };
    let ink = if *frame.contact == Contact::Live { c.theme().text_quiet } else { c.theme().text };
    let font = if *frame.contact == Contact::Live { Font::SMALL } else { Font::SMALL_BOLD };
    let used = c.text(c.at(right, 70.0), Align2::RIGHT_CENTER, &state, font, ink);
    if *frame.contact != Contact::Live {
        marks::sign(c, pos2(used.left() - c.len(13.0), used.center().y), 15.0, Sign::Doubt(plantroom_model::Quality::Bad));
    }
    let Some((user, role)) = frame.user else { return false };
    let out = Rect::from_min_max(c.at(right - 62.0, 36.0), c.at(right, 57.0));
    let response = control::press(ui, c, out, ui.unique_id().with("log out"), (Role::Button, c.say("Log out")), None);
    let ink = if response.hovered() { c.theme().text } else { c.theme().text_quiet };
    c.boxed(out, if response.hovered() { c.theme().button_hover } else { c.theme().panel }, c.stroke(1.0, c.theme().panel_line));
    c.text(out.center(), Align2::CENTER_CENTER, c.say("Log out"), Font::SMALL, ink);
    control::focus(c, &response);
    c.text(c.at(right - 74.0, 46.5), Align2::RIGHT_CENTER, &format!("{user}, {}", c.say(role)), Font::TEXT, c.theme().text_quiet);
    response.clicked()
}

/// Draws the navigation bar; gives the tab that was pressed.
pub fn tabs<'s>(ui: &Ui, layout: &Layout, entries: &'s [NavEntry], marked: Marked<'_>) -> Option<&'s NavEntry> {
    let c = Canvas::new(ui.painter(), layout.tabs.min, layout.scale);
    c.filled(layout.tabs, c.theme().bar);
    c.line(layout.tabs.left_top(), layout.tabs.right_top(), c.stroke(1.0, c.theme().panel_line));
    let mut left = layout.tabs.left() + c.len(6.0);
    let mut pressed = None;
    for entry in entries {
        let rect = Rect::from_min_size(pos2(left, layout.tabs.top()), vec2(control::tab_width(&c, entry), layout.tabs.height()));
        if control::tab(ui, &c, rect, ui.unique_id().with(("tab", &entry.screen)), entry) {
            pressed = Some(entry);
        }
        marks_of_alarms::on_tab(&c, rect, &entry.screen, marked);
        left = rect.right();
    }
    pressed
}

/// Draws the footer, with the button at its end that opens `menu`; gives what came of that.
pub fn footer<T>(ui: &Ui, layout: &Layout, frame: &Frame<'_>, menu: impl FnOnce(&mut Ui) -> Option<T>) -> Option<T> {
    let c = Canvas::new(ui.painter(), layout.footer.min, layout.scale);
    c.filled(layout.footer, c.theme().bar);
    let (health, look) = (frame.health, c.look());
    let y = layout.footer.center().y;
    let mut x = layout.footer.left() + c.len(24.0);
    let mut item = |words: String, wrong: bool| {
        if wrong {
            marks::sign(&c, pos2(x + c.len(6.0), y), 15.0, Sign::Abnormal);
            x += c.len(20.0);
        }
        let (font, ink) = if wrong { (Font::TEXT_BOLD, c.theme().text) } else { (Font::TEXT, c.theme().text_quiet) };
        let used = c.text(pos2(x, y), Align2::LEFT_CENTER, &words, font, ink);
        x = used.right() + c.len(26.0);
    };
    if matches!(frame.contact, Contact::Live) {
        let (good, all) = health.connections;
        item(look.fill("connections {} of {} good", &[&good.to_string(), &all.to_string()]), good < all);
        let (running, all) = health.plugins;
        item(look.fill("plugins {} of {} running", &[&running.to_string(), &all.to_string()]), running < all);
        if health.quarantined > 0 {
            item(look.fill("{} in quarantine", &[&health.quarantined.to_string()]), true);
        }
        if health.unsigned > 0 {
            item(look.fill("{} unsigned plugins", &[&health.unsigned.to_string()]), true);
        }
        item(look.fill("{} plugin faults", &[&health.faults.to_string()]), false);
        match health.audit_ok {
            Some(true) => item(look.say("audit intact").into(), false),
            Some(false) => item(look.say("audit can't be written").into(), true),
            None => item(look.say("audit not known").into(), false),
        }
        if health.disk_ok == Some(false) {
            item(look.say("the station's disk is full or fails").into(), true);
        }
        if let Some(ms) = health.scan_ms {
            item(look.fill("scan {} ms", &[&format!("{ms:.1}")]), false);
        }
        match health.project {
            1 => item(look.say("a change of the project waits").into(), false),
            2 => item(look.say("change of the project refused").into(), true),
            _ => {}
        }
        if health.inbox_lost > 0 {
            item(look.fill("{} inputs lost", &[&health.inbox_lost.to_string()]), true);
        }
    } else {
        item(look.say("condition of the station not known").into(), false);
    }
    if let Some(problem) = frame.problem {
        item(problem.to_owned(), true);
    }
    let right = pos2(layout.footer.right() - c.len(118.0), y);
    let version = concat!("Plantroom ", env!("CARGO_PKG_VERSION"));
    c.text(right, Align2::RIGHT_CENTER, version, Font::TEXT, c.theme().text_quiet);
    let high = if look.touch { layout.footer.height() - c.len(4.0) } else { c.len(26.0) };
    let rect = Rect::from_center_size(pos2(layout.footer.right() - c.len(60.0), y), vec2(c.len(86.0), high));
    let response = control::press(ui, &c, rect, ui.unique_id().with("view"), (Role::Button, look.say("View")), None);
    control::key(&c, rect, look.say("View"), &control::face(&c, &response, true, false));
    control::focus(&c, &response);
    let shown = egui::Popup::menu(&response).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside).show(menu);
    shown.and_then(|shown| shown.inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scene_is_shown_whole_and_in_proportion() {
        for (width, height) in [(1_600.0, 900.0), (800.0, 1_200.0), (300.0, 200.0), (5_000.0, 1_000.0)] {
            let layout = Layout::of(Rect::from_min_size(egui::Pos2::ZERO, vec2(width, height)));
            let (origin, scale) = layout.fit((1_600.0, 760.0));
            let painted = Rect::from_min_size(origin, vec2(1_600.0, 760.0) * scale);
            assert!(layout.body.expand(0.1).contains_rect(painted), "{painted:?} in {:?}", layout.body);
        }
    }
}
