//! Whether a tag may be written now, and what stands in the way.

use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2};
use plantroom_scene::{Condition, Permissives};

use super::{Canvas, Font, View, marks};
use crate::paint::Sign;

/// Height of a line, in units.
const LINE: f32 = 20.0;

/// Draws it.
pub fn paint(ui: &Ui, c: &Canvas<'_>, rect: Rect, id: egui::Id, own: &Permissives, view: &View<'_>) {
    let words = answers(c, own, view);
    let t = c.theme();
    let start = rect.left() + c.len(own.label_w.max(0.0));
    let label = c.fitted(own.label.get(), Font::TEXT, (start - rect.left() - c.len(4.0)).max(c.len(20.0)));
    let line = |place: usize| rect.top() + c.len(LINE * (place as f32 + 0.5));
    c.text(pos2(rect.left(), line(0)), Align2::LEFT_CENTER, &label, Font::TEXT, t.text_quiet);
    let fits = ((rect.height() / c.len(LINE)).round() as usize).max(1);
    for (place, (said, stands)) in words.iter().take(fits).enumerate() {
        let hidden = if place + 1 == fits { words.len() - fits.min(words.len()) } else { 0 };
        let more = if hidden > 0 { format!("  (+{hidden})") } else { String::new() };
        if *stands {
            marks::sign(c, pos2(start - c.len(11.0), line(place)), 13.0, Sign::Abnormal);
        }
        let shown = c.fitted(said, Font::TEXT_BOLD, rect.right() - start - c.text_width(&more, Font::TEXT_BOLD)) + more.as_str();
        let ink = if *stands { t.text } else { t.value };
        c.text(pos2(start, line(place)), Align2::LEFT_CENTER, &shown, Font::TEXT_BOLD, ink);
    }
    let all: Vec<&str> = words.iter().map(|(words, _)| words.as_str()).collect();
    let told = format!("{} {}", own.label.get(), all.join("; "));
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &told));
    response.on_hover_text(all.join("\n"));
}

/// What is answered, line by line, and whether it stands in the way.
fn answers(c: &Canvas<'_>, own: &Permissives, view: &View<'_>) -> Vec<(String, bool)> {
    let Some(tag) = own.target.tag().filter(|_| own.target.is_known()) else {
        return vec![(c.say("no such tag").to_owned(), true)];
    };
    let own_reason = own.state.get().trim();
    let unmet = (view.conditions)(tag).into_iter().filter(Condition::is_in_the_way);
    let unmet = unmet.filter(|condition| condition.concerns(own.value.as_ref()));
    let mut lines: Vec<(String, bool)> = (!own_reason.is_empty()).then(|| (own_reason.to_owned(), false)).into_iter().collect();
    lines.extend(unmet.map(|condition| {
        let words = condition.words(&c.look().texts);
        // Which value it is about needs no words where only one is asked for.
        let said = match condition.only_words.as_str() {
            "" => c.look().fill("no: {}", &[&words]),
            _ if own.value.is_some() => c.look().fill("no: {}", &[&words]),
            only => c.look().fill("{}: no: {}", &[c.say(only), &words]),
        };
        (said, true)
    }));
    if lines.is_empty() {
        lines.push((c.say("possible").to_owned(), false));
    }
    lines
}
