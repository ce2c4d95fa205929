//! The worst alarm beside symbols and on the way to screens.

use egui::{Align2, Id, Rect, Ui, pos2, vec2};
use plantroom_model::Utc;
use plantroom_scene::{Object, Scene, Symbol};

use super::{Table, Tally, sign};
use crate::paint::layers::{Fate, fates};
use crate::paint::{Canvas, Font, main_reading};

/// Draws the worst alarm of each symbol at its upper left corner: of the machine's instance, or of the tag that it shows.
pub fn over(ui: &Ui, c: &Canvas<'_>, (scene, salt): (&Scene, Id), table: &Table, now: Option<Utc>) {
    if table.is_quiet() {
        return;
    }
    let fates = fates(ui.ctx(), salt, scene);
    for (place, object) in scene.objects().iter().enumerate() {
        if !*object.visible.get() || fates.get(place) == Some(&Fate::Hidden) {
            continue;
        }
        if let Some(tally) = of_object(table, object) {
            let rect = c.rect(object.rect);
            // Beside small boxes, whose words stand above them; on the corner of everything else.
            let at = match &object.symbol {
                Symbol::Value(_) | Symbol::Setpoint(_) | Symbol::Switch(_) | Symbol::Lamp(_) => {
                    rect.left_center() - vec2(c.len(11.0), 0.0)
                }
                _ => rect.left_top() - vec2(c.len(3.0), c.len(3.0)),
            };
            mark(c, at, 15.0, tally, now);
        }
    }
}

fn of_object<'t>(table: &'t Table, object: &Object) -> Option<&'t Tally> {
    let tag = main_reading(&object.symbol)?.tag()?;
    let of_machine = match &object.symbol {
        Symbol::Machine(_) | Symbol::Valve(_) => tag.rsplit_once('/').and_then(|(instance, _)| table.of_instance(instance)),
        _ => None,
    };
    of_machine.or_else(|| table.of_tag(&tag))
}

/// Draws the worst alarm of a screen into its tab.
pub fn on_tab(c: &Canvas<'_>, tab: Rect, screen: &str, table: &Table, now: Option<Utc>) {
    if let Some(tally) = table.of_screen(screen) {
        if let Some((priority, waits, _)) = tally.worst() {
            let at = pos2(tab.right() - c.len(9.0), tab.top() + c.len(11.0));
            sign::paint(c, at, 13.0, priority, !waits || sign::lit(now));
        }
    }
}

/// A priority's shape, and beside it how many there are where it is more than one. Blinks while it waits.
fn mark(c: &Canvas<'_>, at: egui::Pos2, size: f32, tally: &Tally, now: Option<Utc>) {
    let Some((priority, waits, count)) = tally.worst() else { return };
    sign::paint(c, at, size, priority, !waits || sign::lit(now));
    if count > 1 {
        let beside = pos2(at.x - c.len(size * 0.75), at.y);
        c.text(beside, Align2::RIGHT_CENTER, &count.to_string(), Font::SMALL_BOLD, c.theme().text);
    }
}
