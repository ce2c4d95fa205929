//! What deserves attention, most urgent first: the plant's alarms; of a station that tells of none, what the screen shows.

use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2};
use plantroom_scene::{AlarmBanner, Scene};

use super::{Canvas, Font, Hit, Sign, View, marks};
use crate::concerns::{Concern, Watch, told};
use crate::look::Look;

/// Height of a line, in units.
const LINE: f32 = 22.0;

/// Draws it.
pub fn paint(
    ui: &Ui,
    c: &Canvas<'_>,
    rect: Rect,
    id: egui::Id,
    banner: &AlarmBanner,
    (scene, view): (&Scene, &View<'_>),
) -> Option<Hit> {
    let above = pos2(rect.left(), rect.top() - c.len(3.0));
    c.text(above, Align2::LEFT_BOTTOM, banner.label.get(), Font::TEXT, c.theme().text_quiet);
    c.boxed(rect, c.theme().panel, c.stroke(c.theme().line, c.theme().panel_line));
    if let Some(table) = view.alarms {
        return super::alarms::waiting(ui, c, rect, id, &banner.of, (table, view));
    }
    let concerns = concerns(c.look(), banner, scene, view);
    let lines = ((rect.height() / c.len(LINE)).floor() as usize).max(1);
    if concerns.is_empty() {
        let words = c.say("Nothing passes a limit, nothing has failed, every value is good.");
        let words = c.fitted(words, Font::TEXT, rect.width() - c.len(24.0));
        c.text(
            pos2(rect.left() + c.len(12.0), rect.top() + c.len(LINE / 2.0 + 2.0)),
            Align2::LEFT_CENTER,
            &words,
            Font::TEXT,
            c.theme().text_quiet,
        );
    }
    let fits = if concerns.len() > lines { lines.saturating_sub(1).max(1) } else { lines };
    for (place, concern) in concerns.iter().take(fits).enumerate() {
        line(ui, c, rect, id, place, concern);
    }
    let rest = concerns.len().saturating_sub(fits);
    let note = c.say("Now on this screen. No alarm list: it remembers nothing, and there is nothing to acknowledge.");
    let foot = pos2(rect.left() + c.len(12.0), rect.bottom() - c.len(LINE / 2.0 - 1.0));
    if rest > 0 {
        let words =
            c.fitted(&c.look().fill("and {} more.  {}", &[&rest.to_string(), note]), Font::SMALL, rect.width() - c.len(24.0));
        c.text(foot, Align2::LEFT_CENTER, &words, Font::SMALL, c.theme().text_quiet);
    } else if concerns.len().max(1) < lines {
        let words = c.fitted(note, Font::SMALL, rect.width() - c.len(24.0));
        c.text(foot, Align2::LEFT_CENTER, &words, Font::SMALL, c.theme().text_quiet);
    }
    None
}

fn line(ui: &Ui, c: &Canvas<'_>, rect: Rect, id: egui::Id, place: usize, concern: &Concern) {
    let top = rect.top() + c.len(LINE * place as f32 + 2.0);
    let row = Rect::from_min_max(pos2(rect.left() + c.len(2.0), top), pos2(rect.right() - c.len(2.0), top + c.len(LINE - 2.0)));
    let ground = match concern.sign.colour(c.theme()) {
        colour if colour == c.theme().urgent => Some(c.theme().urgent_row),
        colour if colour == c.theme().warning => Some(c.theme().warning_row),
        _ => None,
    };
    if let Some(ground) = ground {
        c.filled(row, ground);
    }
    marks::sign(c, pos2(row.left() + c.len(14.0), row.center().y), 15.0, concern.sign);
    let half = (row.width() * 0.42).min(c.len(320.0));
    let name = c.fitted(&concern.name, Font::TEXT_BOLD, half - c.len(36.0));
    c.text(pos2(row.left() + c.len(32.0), row.center().y), Align2::LEFT_CENTER, &name, Font::TEXT_BOLD, c.theme().text);
    let words = c.fitted(&concern.words, Font::TEXT, row.width() - half - c.len(8.0));
    c.text(pos2(row.left() + half, row.center().y), Align2::LEFT_CENTER, &words, Font::TEXT, c.theme().text);
    let response = ui.interact(row, id.with(("concern", place)), Sense::hover());
    let told = format!("{} {} {}", concern.sign.letters(), concern.name, concern.words);
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &told));
}

/// What the screen shows, and what the banner watches besides.
fn concerns(look: &Look, banner: &AlarmBanner, scene: &Scene, view: &View<'_>) -> Vec<Concern> {
    let mut all = Watch::default().concerns(look, scene, view.now);
    for reading in &banner.readings {
        let (Some(sign), Some(tag)) = (Sign::of(reading), reading.tag()) else { continue };
        if !all.iter().any(|known| known.name == tag.as_ref()) {
            all.push(Concern { sign, name: tag.to_string(), words: told(look, sign, reading, view.now) });
        }
    }
    all.sort_by_key(|concern| concern.sign.rank());
    all
}
