//! How the console works with its panes: what was picked, what they ask, what they want.

use egui::{Context, Id, Pos2, Rect, Ui};
use plantroom_model::{Mono, Value};
use plantroom_scene::{Condition, TagView, conditions};

use super::Console;
use crate::alarms::acts::{Act, Plan};
use crate::alarms::banner::Press;
use crate::chrome::Layout;
use crate::commands::Write;
use crate::link::Contact;
use crate::look::Look;
use crate::panes::{Around, Pane, Surface, Want, picked};
use crate::tags::StationHealth;

impl Console {
    /// What a write would change, with what the operator must know of it.
    pub(super) fn write(&self, tag: &str, value: &Value) -> Result<Write, String> {
        let Some(converted) = self.tags.converted(tag, value) else {
            return Err(format!("{value} can't be written to it: it holds another kind of value."));
        };
        let old = self.tags.sample(tag).map_or_else(
            || "not known".to_owned(),
            |sample| {
                let mark = if sample.status.is_good() { String::new() } else { format!(" ({})", sample.status.words()) };
                format!("{}{mark}", self.tags.words(tag, &sample.value))
            },
        );
        let unmet = conditions(&self.tags, tag).into_iter().filter(Condition::is_in_the_way);
        let unmet = unmet.filter(|condition| condition.concerns(Some(&converted)));
        let unmet = unmet.map(|condition| condition.words(self.tags.texts())).collect();
        Ok(Write {
            tag: tag.to_owned(),
            old,
            new: self.tags.words(tag, &converted),
            value: converted,
            confirmation: self.tags.confirmation(tag),
            unmet,
        })
    }

    /// Keeps where a faceplate was painted, for what is picked on it.
    pub(super) fn keep_place(ctx: &Context, serial: u64, rect: Rect, scale: f32) {
        ctx.data_mut(|data| data.insert_temp(Id::unique(("surface", serial)), (rect, scale)));
    }

    /// A right click, a long press or the key `i`: everything about the tag that is meant.
    fn pick(&mut self, ctx: &Context, layout: &Layout) {
        let mut surfaces = Vec::new();
        for sheet in self.desk.faceplates().iter().rev() {
            let place: Option<(Rect, f32)> = ctx.data(|data| data.get_temp(Id::unique(("surface", sheet.serial))));
            if let Some((clip, scale)) = place {
                let (salt, layer) = (Id::unique(("sheet", sheet.serial)), Some(Id::unique(("faceplate", sheet.serial))));
                surfaces.push(Surface { scene: &sheet.scene, clip, origin: clip.min, scale, salt, layer });
            }
        }
        if let Some(main) = self.desk.main() {
            let (origin, scale): (Pos2, f32) = main.lens.get().over(layout.fit(main.scene.header().size));
            let salt = Id::unique(("sheet", main.serial));
            surfaces.push(Surface { scene: &main.scene, clip: layout.body, origin, scale, salt, layer: None });
        }
        if let Some(tags) = picked(ctx, &surfaces) {
            self.panes.show_tag(tags.first().map_or("", String::as_str), tags.clone());
        }
    }

    /// Draws the open panes, and carries out what they want.
    pub(super) fn paint_panes(&mut self, ui: &Ui, now: Mono, contact: &Contact, layout: &Layout, health: &StationHealth) {
        let Some(role) = self.session.welcome().map(|welcome| welcome.role) else { return };
        let ctx = ui.ctx().clone();
        let ctx = &ctx;
        self.pick(ctx, layout);
        self.panes.footer(ui, layout, health);
        if *contact == Contact::Live {
            for message in self.panes.ask(now, role) {
                self.link.send(&message);
            }
        }
        let around = Around {
            tags: &self.tags,
            zone: &self.zone,
            utc: self.session.station_time(now),
            role,
            blocked: self.blocked(contact),
            body: layout.body,
            look: Look::of(ctx),
            alarms: &self.alarms,
            recorder: &self.recorder,
        };
        for want in self.panes.show(ctx, &around) {
            self.want(now, want);
        }
    }

    /// Opens a pane, for pictures.
    #[cfg(test)]
    pub(crate) fn show_alarm_pane(&mut self, pane: Pane, alarm: &str) {
        self.panes.show_alarm(alarm);
        self.panes.close_newest();
        self.panes.open(pane);
    }

    /// What was pressed on the banner of alarms.
    pub(super) fn banner(&mut self, now: Mono, look: &Look, press: Press) {
        match press {
            Press::Silence => self.alarms.silence(),
            Press::List => self.panes.open(Pane::Alarms),
            Press::Detail(name) => self.panes.show_alarm(&name),
            Press::Jump(name) => self.jump(&name),
            Press::Acknowledge(ids) => {
                let plan = Plan::of(Act::Acknowledge, ids.into_iter().filter_map(|id| self.alarms.get(id)), "");
                let what = plan.called(look, Act::Acknowledge);
                if let (true, Some(why)) = (plan.wishes.is_empty(), plan.why) {
                    self.commands.refuse(now, &what, why);
                }
                self.send_at_once(now, what, plan.wishes);
            }
        }
    }

    /// Goes to an alarm's screen; where it has none, everything about it opens.
    pub(super) fn jump(&mut self, name: &str) {
        let alarm = self.alarms.find(name).and_then(|id| self.alarms.get(id));
        let screen = alarm.map(|alarm| alarm.info.screen.clone()).filter(|screen| !screen.is_empty());
        match screen {
            Some(screen) => self.desk.go(&screen, plantroom_scene::Params::new()),
            None => self.panes.show_alarm(name),
        }
    }

    /// What was pressed on a list of alarms on a screen.
    pub(super) fn alarms_pressed(&mut self, of: plantroom_scene::AlarmsOf) {
        match of.instance.is_empty() {
            true => self.panes.show_alarms(of),
            false => self.panes.show_alarms_of(&of.instance),
        }
    }

    fn send_at_once(&mut self, now: Mono, what: String, wishes: Vec<crate::commands::Wish>) {
        if let Some(message) = self.commands.at_once(now, what, wishes) {
            self.link.send(&message);
        }
    }

    fn want(&mut self, now: Mono, want: Want) {
        match want {
            Want::Tag(tag) => self.panes.show_tag(&tag, Vec::new()),
            Want::Alarm(name) => self.panes.show_alarm(&name),
            Want::AlarmsOf(name) => self.panes.show_alarms_of(&name),
            Want::AlarmOf(id) => {
                if let Some(alarm) = self.alarms.get(id) {
                    self.panes.show_alarm(&alarm.info.name.clone());
                }
            }
            Want::Open(pane) => self.panes.open(pane),
            Want::Screen(screen) => self.desk.go(&screen, plantroom_scene::Params::new()),
            Want::Do { what, wishes } => self.send_at_once(now, what, wishes),
            Want::Acknowledge => {}
            Want::Refuse { what, why } => self.commands.refuse(now, &what, &why),
            Want::Ask { prompt, notes, what, wishes, beside } => {
                self.entry = None;
                self.commands.ask_wish(now, prompt, notes, (what, wishes), beside);
            }
        }
    }
}
