//! One frame of the console, from what it knows to what is seen.

use super::*;
use crate::alarms::banner;

impl Console {
    pub(super) fn paint(&mut self, ui: &mut Ui, now: Mono, contact: &Contact) {
        let window = ui.max_rect();
        let layout = Layout::of(window);
        let look = Look::of(ui.ctx());
        ui.painter().rect_filled(window, 0.0, look.theme.background);
        let health = StationHealth::of(&self.tags, &self.system_tags);
        let utc = self.session.station_time(now);
        let concerns = self.desk.main().map_or_else(Vec::new, |main| main.watch.borrow_mut().concerns(&look, &main.scene, utc));
        let subtitle = self.desk.header().map_or_else(String::new, |header| match header.subtitle.as_str() {
            "" => look.fill("level {}", &[&header.level.to_string()]),
            more => format!("{}, {more}", look.fill("level {}", &[&header.level.to_string()])),
        });
        let frame = Frame {
            plant: self.session.welcome().map_or("", |welcome| &welcome.plant),
            title: self.desk.header().map_or("", |header| &header.title),
            user: self.session.welcome().map(|welcome| (welcome.user.as_str(), welcome.role.word())),
            subtitle: &subtitle,
            contact,
            silence_ms: self.session.silence_ms(now),
            now: utc,
            zone: &self.zone,
            health: &health,
            problem: self.appearance.problem(),
        };
        let conditions = |tag: &str| plantroom_scene::conditions(&self.tags, tag);
        let blocked = self.blocked(contact);
        self.behind.refresh(&self.alarms, self.desk.revision(), |screen| self.desk.parent(screen));
        self.alarms.tidy();
        let flood = utc.and_then(|utc| self.alarms.is_flood(utc));
        let (zone, recorder, alarms) = (&self.zone, &self.recorder, self.alarms.is_known().then_some(&self.alarms));
        let view = View { now: utc, zone, recorder, alarms, blocked, conditions: &conditions };
        let around = banner::Around { now: utc, zone: &self.zone, flood, blocked };
        let (leave, press) = chrome::top(ui, &layout, &frame, &concerns, (&self.alarms, &around));
        let marked = Marked { table: &self.alarms, behind: &self.behind, now: utc };
        let tab = chrome::tabs(ui, &layout, self.desk.tabs(), marked).map(|entry| entry.screen.clone());
        let mut hits = self.paint_screen(ui, &layout, &view);
        let wish = chrome::footer(ui, &layout, &frame, |ui| menu::view(ui, &self.appearance, self.open.is_some()));
        let (more, closed) = self.paint_faceplates(ui, &layout, &view);
        hits.extend(more);
        self.paint_panes(ui, now, contact, &layout, &health);

        for serial in closed {
            self.desk.close(serial);
        }
        if let Some(tab) = tab {
            self.desk.go(&tab, plantroom_scene::Params::new());
        }
        for (serial, hit) in hits {
            self.act(now, serial, hit);
        }
        if let Some(press) = press {
            self.banner(now, &look, press);
        }
        if leave {
            self.log_out(ui.ctx(), now);
        }
        if let Some(wish) = wish {
            self.grant(ui.ctx(), wish);
        }
        self.follow_scale(ui.ctx());
        self.dialogs(ui.ctx(), now, contact, &layout);
    }

    fn paint_screen(&self, ui: &mut Ui, layout: &Layout, view: &View<'_>) -> Vec<(u64, Hit)> {
        let Some(main) = self.desk.main() else { return Vec::new() };
        let (size, whole) = (main.scene.header().size, layout.fit(main.scene.header().size));
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(layout.body));
        child.set_clip_rect(layout.body);
        let mut lens = main.lens.get();
        lens.listen(&child, layout.body, size, whole);
        main.lens.set(lens);
        let (origin, scale) = lens.over(whole);
        let canvas = Canvas::new(child.painter(), origin, scale);
        let id = egui::Id::unique(("sheet", main.serial));
        let hits = paint::paint(&child, &canvas, id, &main.scene, view, &mut main.kept.borrow_mut());
        let marked = Marked { table: &self.alarms, behind: &self.behind, now: view.now };
        alarms::marks::over(&child, &canvas, (&main.scene, id), marked);
        hits.into_iter().map(|hit| (main.serial, hit)).collect()
    }

    fn paint_faceplates(&self, ui: &Ui, layout: &Layout, view: &View<'_>) -> (Vec<(u64, Hit)>, Vec<u64>) {
        let (mut hits, mut closed) = (Vec::new(), Vec::new());
        let (origin, scale) = self.desk.header().map_or((layout.body.min, layout.scale), |header| layout.fit(header.size));
        let wanted = self.desk.header().and_then(|header| header.faceplates);
        let theme = &Look::of(ui.ctx()).theme;
        for (place, sheet) in self.desk.faceplates().iter().enumerate() {
            let header = sheet.scene.header();
            let size = egui::vec2(header.size.0, header.size.1) * scale;
            let shift = 28.0 * place as f32;
            let corner = match wanted {
                Some(at) => origin + egui::vec2(at.x, at.y) * scale + egui::vec2(-shift, -shift),
                None => layout.body.right_top() + egui::vec2(-size.x - 24.0 - shift, 24.0 + shift),
            };
            let title = dialogs::window_title(header);
            let title = egui::RichText::new(title).font(fonts::bold(theme.size_text * scale.clamp(0.8, 1.5)));
            let mut open = true;
            let shown = egui::Window::new(title)
                .id(egui::Id::unique(("faceplate", sheet.serial)))
                .default_pos(corner)
                .default_size(size + egui::vec2(0.0, 36.0))
                .constrain_to(layout.body)
                .collapsible(false)
                .resizable(false)
                .open(&mut open)
                .frame(egui::Frame::window(&ui.ctx().global_style()).inner_margin(0))
                .title_frame(egui::Frame::NONE.fill(theme.bar).inner_margin(egui::Margin::symmetric(14, 8)))
                .show(ui.ctx(), |ui| {
                    let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
                    Self::keep_place(ui.ctx(), sheet.serial, rect, scale);
                    let canvas = Canvas::new(ui.painter(), rect.min, scale);
                    let id = egui::Id::unique(("sheet", sheet.serial));
                    let hits = paint::paint(ui, &canvas, id, &sheet.scene, view, &mut sheet.kept.borrow_mut());
                    let marked = Marked { table: &self.alarms, behind: &self.behind, now: view.now };
                    alarms::marks::over(ui, &canvas, (&sheet.scene, id), marked);
                    hits
                });
            let pressed = shown.and_then(|shown| shown.inner).unwrap_or_default();
            hits.extend(pressed.into_iter().map(|hit| (sheet.serial, hit)));
            if !open {
                closed.push(sheet.serial);
            }
        }
        (hits, closed)
    }
}
