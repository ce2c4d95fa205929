//! What is to be done, below the rows: of the alarm that the keyboard is at; otherwise of the first one of the largest group
//! with one likely cause, or of the most urgent one.

use egui::{Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use plantroom_model::Utc;

use super::super::table::Alarm;
use super::super::{sign, words};
use super::AlarmList;
use super::rows::put;
use crate::fonts::{bold, regular};
use crate::paint::Canvas;
use crate::panes::{Around, Want};
use crate::words::local;

/// Height of a line, in points.
const LINE: f32 = 20.0;

impl AlarmList {
    pub(super) fn lesson(&self, ui: &mut Ui, around: &Around<'_>, wants: &mut Vec<Want>) {
        let look = &*around.look;
        let t = &look.theme;
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), LINE * 3.0), Sense::hover());
        let Some((alarm, why)) = self.meant(around) else { return };
        let left = rect.left() + 30.0;
        let line = |place: f32| {
            let top = rect.top() + LINE * place;
            Rect::from_min_max(pos2(left, top), pos2(rect.right() - 8.0, top + LINE))
        };
        let c = Canvas::new(ui.painter(), rect.min, 1.0);
        let lit = !alarm.state().is_unacknowledged() || sign::lit(around.utc);
        sign::paint(&c, pos2(rect.left() + 13.0, rect.top() + LINE / 2.0), 17.0, words::priority(alarm.info), lit);
        let time = local(Utc(alarm.now.came), around.zone, "%H:%M:%S");
        let left_to_respond = match words::to_respond(&alarm, around.utc) {
            Some(left @ 0..) => look.fill("Time left to respond: {}", &[&words::clock(left)]),
            Some(over) => look.fill("The time to respond has been over for {}", &[&words::clock(-over)]),
            None => String::new(),
        };
        let parts = [time, alarm.info.message.clone(), why, left_to_respond];
        let first = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("   ");
        put(ui, line(0.0), &first, bold(t.size_text), t.text);
        let explained = [("What to do", &alarm.info.action), ("Consequence", &alarm.info.consequence)];
        for (place, (name, words)) in explained.into_iter().enumerate().filter(|(_, (_, words))| !words.is_empty()) {
            let words = format!("{}: {words}", look.say(name));
            put(ui, line(1.0 + place as f32), &words, regular(t.size_text), t.text);
        }
        let response = ui.interact(rect, ui.scope_id().with("lesson"), Sense::CLICK);
        let said = format!("{first}. {}: {}", look.say("What to do"), alarm.info.action);
        response.widget_info(|| WidgetInfo::labeled(Role::Link, true, &said));
        if response.on_hover_text(look.say("Everything about it")).clicked() {
            wants.push(Want::Alarm(alarm.info.name.clone()));
        }
    }

    /// Which alarm is meant, and why that one.
    fn meant<'a>(&self, around: &'a Around<'_>) -> Option<(Alarm<'a>, String)> {
        let look = &*around.look;
        if let Some(alarm) = self.selection.cursor().and_then(|id| around.alarms.get(id)) {
            return Some((alarm, String::new()));
        }
        if let Some((alarm, members)) = around.alarms.cause() {
            let why = look.texts.translated(&alarm.now.cause);
            return Some((alarm, look.fill("first of {}, likely cause: {}", &[&members.to_string(), &why])));
        }
        let first = self.list.lines().first()?;
        Some((around.alarms.get(first.id)?, String::new()))
    }
}
