//! The integrator's window beside the editor: the console itself, with values to play with and scripts to rewrite.
//!
//! Start at [`Preview::show`]. What is painted is the console; what is saved goes through a [`Workshop`].
//!
//! Invariant: a drag rewrites the numbers of one call and nothing else; what is computed is refused with the reason.
//! Invariant: a file that was changed meanwhile is never overwritten.

mod hit;
mod inspector;
mod local;
mod stage;
mod workshop;

use std::collections::HashMap;
use std::sync::Arc;

use egui::{Key, Modifiers, Panel, RichText, ScrollArea, Ui};
use plantroom_model::Mono;
use plantroom_scene::edit::{inserted, movable, moved, resized, snippet};
use plantroom_scene::{ObjectId, Scene, Stopwatch};

pub use local::{LocalFiles, LocalLink};
pub use workshop::{History, Saved, Step, Workshop};

use crate::look::Look;
use crate::rehearsal::{Rehearsal, Script};
use crate::{Console, PaintClock};
use inspector::{Facts, Inspector, Wish, heading, quiet};
use stage::{Chosen, Deed, Ground, Rates, Scenery, Stage};

/// Grids to choose from, in the screen's units.
const GRIDS: [f64; 5] = [0.0, 1.0, 5.0, 10.0, 20.0];
/// How often evaluations are counted, in ns.
const COUNT_NS: u64 = 1_000_000_000;

/// Where the values come from.
pub enum Source {
    /// Values that were chosen or made up.
    Rehearsal(Rehearsal),
    /// A running station; its screens are taken from these files.
    Station(LocalFiles),
}

/// The window.
pub struct Preview {
    console: Console,
    source: Source,
    workshop: Box<dyn Workshop>,
    clock: PaintClock,
    script: Script,
    tags: Vec<String>,
    problems: Vec<String>,
    stage: Stage,
    inspector: Inspector,
    history: History,
    chosen: Option<Chosen>,
    placing: Option<(&'static str, Option<String>)>,
    editing: bool,
    overlay: bool,
    grid: f64,
    told: Option<(bool, String)>,
    counted: Counted,
    dressed: bool,
}

/// Evaluations at the last count.
#[derive(Default)]
struct Counted {
    at: Mono,
    runs: HashMap<ObjectId, u64>,
    rates: Rates,
    screen: String,
}

impl Preview {
    /// A window over a console whose link leads to `source`.
    pub fn new(console: Console, source: Source, workshop: Box<dyn Workshop>, clock: PaintClock, script: Script) -> Self {
        let tags = match &source {
            Source::Rehearsal(rehearsal) => rehearsal.look(|tags| tags.names().map(ToString::to_string).collect()),
            Source::Station(files) => {
                files.set(script.files.clone());
                Vec::new()
            }
        };
        Self {
            console,
            source,
            workshop,
            clock,
            script,
            tags,
            problems: Vec::new(),
            stage: Stage::default(),
            inspector: Inspector::default(),
            history: History::default(),
            chosen: None,
            placing: None,
            editing: true,
            overlay: false,
            grid: 10.0,
            told: None,
            counted: Counted::default(),
            dressed: false,
        }
    }

    /// One frame.
    pub fn show(&mut self, ui: &mut Ui) {
        if !std::mem::replace(&mut self.dressed, true) {
            // In its first frame the console brings its fonts and its theme; they are there from the next one on.
            return self.console.show(ui);
        }
        if let Some(saved) = self.workshop.poll() {
            self.take(saved);
        }
        let clock = self.clock.clone();
        let stopwatch: Stopwatch = Arc::new(move || clock.now().0);
        self.console.measure(&stopwatch);
        self.keys(ui);
        let mut wish = None;
        Panel::right("preview").exact_size(330.0).resizable(false).show(ui, |ui| {
            ScrollArea::vertical().show(ui, |ui| wish = self.panel(ui));
        });
        let rest = ui.available_rect_before_wrap();
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rest));
        child.set_clip_rect(rest);
        self.console.show(&mut child);
        let deeds = self.over(&child, rest);
        for deed in deeds {
            self.carry_out(deed);
        }
        match wish {
            Some(Wish::Edit) => self.open_editor(),
            Some(Wish::Insert(symbol, tag)) => {
                self.placing = Some((symbol, tag));
                self.editing = true;
            }
            None => {}
        }
    }

    fn over(&mut self, ui: &Ui, window: egui::Rect) -> Vec<Deed> {
        self.count();
        let Some((scene, body, origin, scale, salt)) = self.console.on_desk(window) else { return Vec::new() };
        if !self.editing {
            return Vec::new();
        }
        let files = &self.script.files;
        let text = |file: &str| files.iter().find(|(path, _)| path == file).map(|(_, text)| text.clone());
        let scenery = Scenery {
            scene,
            ground: Ground { body, origin, scale, salt },
            chosen: self.chosen.as_ref(),
            text: &text,
            grid: self.grid,
            placing: self.placing.is_some(),
            overlay: self.overlay.then_some(&self.counted.rates),
        };
        self.stage.show(ui, &scenery)
    }

    fn carry_out(&mut self, deed: Deed) {
        match deed {
            Deed::Choose(chosen) => {
                self.told = chosen.as_ref().map(|chosen| (true, format!("screens/{}", chosen.place)));
                self.chosen = chosen;
            }
            Deed::Move(dx, dy) => self.move_chosen(dx, dy),
            Deed::Resize(w, h) => self.resize_chosen(w, h),
            Deed::Point(at) => self.insert(at),
            Deed::Edit => self.open_editor(),
        }
    }

    fn move_chosen(&mut self, dx: f64, dy: f64) {
        let Some(place) = self.chosen.as_ref().map(|chosen| chosen.place.clone()) else { return };
        let at = (place.line, place.column);
        let Some(before) = self.text(&place.file) else {
            return self
                .tell(false, format!("{} belongs to Plantroom's library; copy it into screens/parts/ to change it", place.file));
        };
        if dx == 0.0 && dy == 0.0 {
            // A drag along computed coordinates: say which, as the refusal of a real move does.
            match moved(&before, at, (1.0, 0.0), 0.0).and_then(|_| moved(&before, at, (0.0, 1.0), 0.0)) {
                Err(why) => self.tell(false, why),
                Ok(_) => {}
            }
            return;
        }
        match moved(&before, at, (dx, dy), self.grid) {
            Ok(after) => self.save(&place.file, before, after, format!("move of line {}", place.line)),
            Err(why) => self.tell(false, why),
        }
    }

    fn resize_chosen(&mut self, w: f64, h: f64) {
        let Some(place) = self.chosen.as_ref().map(|chosen| chosen.place.clone()) else { return };
        let Some(before) = self.text(&place.file) else {
            return self
                .tell(false, format!("{} belongs to Plantroom's library; copy it into screens/parts/ to change it", place.file));
        };
        match resized(&before, (place.line, place.column), (w, h), self.grid) {
            Ok(after) => self.save(&place.file, before, after, format!("size of line {}", place.line)),
            Err(why) => self.tell(false, why),
        }
    }

    /// Inserts at a point of the screen; in the script behind what is chosen, where that is one of this screen's.
    fn insert(&mut self, at: plantroom_scene::Point) {
        let Some((symbol, tag)) = self.placing.take() else { return };
        let Some(file) = self.console.scene().map(|scene| format!("{}.rhai", scene.header().name)) else { return };
        let Some(before) = self.text(&file) else { return };
        let snap = |value: f32| if self.grid > 0.0 { ((f64::from(value) / self.grid).round() * self.grid) as f32 } else { value };
        match snippet(symbol, (snap(at.x), snap(at.y)), tag.as_deref()) {
            Ok(line) => {
                let behind = self.chosen.as_ref().filter(|chosen| *chosen.place.file == *file);
                let behind = behind.map(|chosen| (chosen.place.line, chosen.place.column));
                let after = inserted(&before, behind, &line);
                self.save(&file, before, after, format!("insert of {symbol}"));
            }
            Err(why) => self.tell(false, why),
        }
    }

    fn save(&mut self, file: &str, before: String, after: String, what: String) {
        if self.write(file, &before, &after) {
            self.tell(true, what.clone());
            self.history.did(Step { file: file.to_owned(), before, after, what });
        }
    }

    /// Saves, and shows at once what was saved.
    fn write(&mut self, file: &str, before: &str, after: &str) -> bool {
        if let Err(why) = self.workshop.save(file, before, after) {
            self.tell(false, why);
            return false;
        }
        if let Some((_, text)) = self.script.files.iter_mut().find(|(path, _)| path == file) {
            after.clone_into(text);
        }
        self.stage_files(None);
        true
    }

    fn undo(&mut self) {
        let Some(step) = self.history.last().cloned() else { return };
        if self.write(&step.file, &step.after, &step.before) {
            self.history.undid();
            self.tell(true, format!("taken back: {}", step.what));
        }
    }

    fn redo(&mut self) {
        let Some(step) = self.history.next().cloned() else { return };
        if self.write(&step.file, &step.before, &step.after) {
            self.history.redid();
            self.tell(true, format!("done again: {}", step.what));
        }
    }

    fn open_editor(&mut self) {
        let Some(place) = self.chosen.as_ref().map(|chosen| chosen.place.clone()) else { return };
        match self.workshop.open_editor(&place.file, place.line, place.column) {
            Ok(editor) => self.tell(true, format!("{editor}: {place}")),
            Err(why) => self.tell(false, why),
        }
    }

    fn take(&mut self, saved: Saved) {
        self.problems = saved.problems;
        let Some(script) = saved.script else { return };
        self.script = script;
        if let Some(tags) = &saved.tags {
            self.tags = tags.names().map(ToString::to_string).collect();
        }
        self.stage_files(saved.tags);
    }

    /// Gives the console the files as they are now.
    fn stage_files(&self, tags: Option<plantroom_scene::SampleTags>) {
        match &self.source {
            Source::Rehearsal(rehearsal) => rehearsal.saved(self.script.clone(), tags),
            Source::Station(files) => files.set(self.script.files.clone()),
        }
    }

    fn text(&self, file: &str) -> Option<String> {
        self.script.files.iter().find(|(path, _)| path == file).map(|(_, text)| text.clone())
    }

    fn tell(&mut self, good: bool, words: String) {
        self.told = Some((good, words));
    }

    fn keys(&mut self, ui: &Ui) {
        let pressed = |modifiers, key| ui.ctx().input_mut(|input| input.consume_key(modifiers, key));
        if ui.ctx().text_edit_focused() {
            return;
        }
        if pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z) || pressed(Modifiers::COMMAND, Key::Y) {
            self.redo();
        } else if pressed(Modifiers::COMMAND, Key::Z) {
            self.undo();
        } else if pressed(Modifiers::NONE, Key::F2) {
            self.editing = !self.editing;
        } else if pressed(Modifiers::NONE, Key::F3) {
            self.overlay = !self.overlay;
        }
    }

    fn panel(&mut self, ui: &mut Ui) -> Option<Wish> {
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            ui.selectable_value(&mut self.editing, true, "Edit").on_hover_text("F2: click, drag and insert");
            ui.selectable_value(&mut self.editing, false, "Operate").on_hover_text("F2: the console as an operator has it");
            ui.checkbox(&mut self.overlay, "Bindings").on_hover_text("F3: what each object follows, and its cost");
        });
        ui.horizontal(|ui| {
            ui.label("Grid");
            for grid in GRIDS {
                let words = if grid == 0.0 { "off".to_owned() } else { format!("{grid}") };
                ui.selectable_value(&mut self.grid, grid, words);
            }
        });
        ui.horizontal(|ui| {
            if ui.add_enabled(self.history.last().is_some(), egui::Button::new("Undo")).clicked() {
                self.undo();
            }
            if ui.add_enabled(self.history.next().is_some(), egui::Button::new("Redo")).clicked() {
                self.redo();
            }
        });
        if let Some((good, words)) = &self.told {
            let colour = if *good { Look::of(ui.ctx()).theme.text } else { Look::of(ui.ctx()).theme.urgent };
            ui.label(RichText::new(words).color(colour));
        }
        for problem in self.problems.iter().take(5) {
            ui.label(RichText::new(problem).color(Look::of(ui.ctx()).theme.urgent));
        }
        let wish = self.chosen_panel(ui);
        if let (Source::Rehearsal(rehearsal), Some(scene)) = (&self.source, self.console.scene()) {
            let chosen = self.chosen.as_ref().and_then(|chosen| stage::object_of(scene, chosen));
            let shown = chosen.map(|id| tags_of(scene, id)).filter(|tags| !tags.is_empty());
            self.inspector.values(ui, rehearsal, &shown.unwrap_or_else(|| scene.tags().to_vec()));
        }
        let placing = self.placing.as_ref().map(|(symbol, _)| *symbol);
        wish.or(self.inspector.picker(ui, &self.tags, placing))
    }

    fn chosen_panel(&self, ui: &mut Ui) -> Option<Wish> {
        let scene = self.console.scene();
        let chosen =
            self.chosen.as_ref().zip(scene).and_then(|(chosen, scene)| Some((chosen, scene, stage::object_of(scene, chosen)?)));
        let Some((chosen, scene, id)) = chosen else {
            heading(ui, "Nothing chosen");
            ui.label(quiet(ui, "Click a symbol to see its script line; drag it, or press the arrow keys, to move it; drag its lower right corner to make it larger. What is inserted comes behind it."));
            return None;
        };
        let object = scene.object(id)?;
        let place = (chosen.place.line, chosen.place.column);
        let written = match self.text(&chosen.place.file) {
            Some(text) => movable(&text, place),
            None => Err("belongs to Plantroom's library".to_owned()),
        };
        let facts = Facts {
            object,
            drawn: hit::companions(scene, &chosen.place, chosen.inner).len(),
            written,
            bindings: scene.bindings(id),
            rate: self.counted.rates.get(&id).copied(),
        };
        Inspector::chosen(ui, &facts)
    }

    /// Counts evaluations once a second.
    fn count(&mut self) {
        let now = self.clock.now();
        let Some(scene) = self.console.scene() else { return };
        let elapsed = now.0.saturating_sub(self.counted.at.0);
        if elapsed < COUNT_NS && self.counted.screen == scene.header().name {
            return;
        }
        let runs: HashMap<ObjectId, u64> = scene.objects().iter().map(|object| (object.id, runs_of(scene, object.id))).collect();
        let seconds = elapsed as f64 / 1e9;
        let since =
            |id: &ObjectId, now: u64| now.saturating_sub(self.counted.runs.get(id).copied().unwrap_or(now)) as f64 / seconds;
        let rates = runs.iter().map(|(id, now)| (*id, since(id, *now))).collect();
        self.counted = Counted { at: now, runs, rates, screen: scene.header().name.clone() };
    }
}

fn runs_of(scene: &Scene, id: ObjectId) -> u64 {
    let bindings = scene.bindings(id);
    bindings.iter().map(|binding| if let plantroom_scene::Binding::Closure(cost) = binding { cost.runs } else { 0 }).sum()
}

fn tags_of(scene: &Scene, id: ObjectId) -> Vec<Arc<str>> {
    let mut all: Vec<Arc<str>> = Vec::new();
    for binding in scene.bindings(id) {
        match binding {
            plantroom_scene::Binding::Tag(name) => all.push(name),
            plantroom_scene::Binding::Closure(cost) => all.extend(cost.reads),
        }
    }
    all.sort();
    all.dedup();
    all
}

impl eframe::App for Preview {
    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        self.show(ui);
    }
}
