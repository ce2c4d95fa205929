//! What makes pictures of a console, and what previews and benchmarks do to one from outside.

use egui::Rect;

use super::Console;
use crate::chrome::Layout;

impl Console {
    /// Opens a faceplate over the screen, for pictures.
    pub(crate) fn open_faceplate(&mut self, part: &str, params: plantroom_scene::Params) {
        self.desk.open_faceplate(part, params);
    }

    /// Draws made-up lines into the trends of what is open, for pictures without a station.
    pub(crate) fn invent_trends(&mut self, now: plantroom_model::Utc) {
        for sheet in self.desk.main().into_iter().chain(self.desk.faceplates()) {
            crate::render::invent(&mut self.recorder, &sheet.scene, &self.tags, now);
        }
    }

    /// Opens the list of alarms.
    pub(crate) fn open_alarms(&mut self) {
        self.panes.open(crate::panes::Pane::Alarms);
    }

    /// Opens the screen again from its compiled script.
    pub(crate) fn reopen(&mut self) {
        self.desk.reopen();
    }

    /// The open screen.
    pub(crate) fn scene(&self) -> Option<&plantroom_scene::Scene> {
        self.desk.main().map(|main| &main.scene)
    }

    /// The open screen, its part of a window, where its (0, 0) is, points a unit, and the salt of its objects' ids.
    pub(crate) fn on_desk(&self, window: Rect) -> Option<(&plantroom_scene::Scene, Rect, egui::Pos2, f32, egui::Id)> {
        let main = self.desk.main()?;
        let layout = Layout::of(window);
        let (origin, scale) = main.lens.get().over(layout.fit(main.scene.header().size));
        Some((&main.scene, layout.body, origin, scale, egui::Id::unique(("sheet", main.serial))))
    }

    /// Measures the closures of what is open.
    pub(crate) fn measure(&mut self, stopwatch: &plantroom_scene::Stopwatch) {
        self.desk.each(|scene| scene.measure(stopwatch));
    }
}
