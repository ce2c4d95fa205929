//! The console in a window of the operating system.

use std::cell::Cell;
use std::rc::Rc;

use plantroom_model::Utc;
use plantroom_scene::SampleTags;

use crate::paint::Card;
use crate::preview::{LocalFiles, LocalLink, Preview, Source, Workshop};
use crate::rehearsal::{Rehearsal, Script};
use crate::sound::Speaker;
use crate::windows::Slot;
use crate::{Console, ConsoleOptions, Link, PaintClock, SocketLink};

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The operating system gave none.
    #[error("no window could be opened: {0}; the console needs a display and OpenGL 2.1 or later")]
    Window(String),
}

/// Runs the console until its window is closed. Must be called on the main thread.
///
/// # Errors
/// When no window can be opened.
pub fn run_native(options: ConsoleOptions) -> Result<(), ConsoleError> {
    let mut options = options;
    options.choices = crate::settings::under(options.choices);
    let slot = Slot::take(crate::settings::folder().as_deref(), &options.url, options.window);
    if let Some(slot) = &slot {
        let place = slot.place();
        // Who says a size wants that size, whatever it was the last time.
        options.fullscreen |= place.fullscreen && options.size.is_none();
        options.size = options.size.or(place.size.map(|size| (size.x, size.y)));
        if options.window.is_some() || options.windows {
            options.screen = options.screen.or_else(|| place.screen.clone());
        }
    }
    let corner = slot.as_ref().and_then(|slot| slot.place().position);
    let others = slot.as_ref().filter(|_| options.windows).map(Slot::others).unwrap_or_default();
    let shape = options.clone();
    window("Plantroom", &shape, corner, move |_| {
        let clock = PaintClock::machine();
        let link = SocketLink::new(&options.url, clock.clone());
        let mut console = Console::new(Box::new(link), clock.clone(), &options).remembering(crate::settings::keep);
        if let Some(folder) = crate::shelf::Folder::of_user() {
            console = console.keeping(Box::new(folder));
        }
        let mut speaker = Speaker::new(crate::settings::horn_command(), crate::settings::folder().as_deref());
        let leads = Rc::new(Cell::new(slot.as_ref().is_none_or(Slot::leads)));
        let heard = leads.clone();
        let console = console.sounding(Box::new(move |now, worst| speaker.sound(now, worst.filter(|_| heard.get()))));
        Box::new(Window { console: console.with_others(others), slot, clock, leads })
    })
}

/// A console in a window that remembers its place.
struct Window {
    console: Console,
    slot: Option<Slot>,
    clock: PaintClock,
    /// Its horn is the one that is heard.
    leads: Rc<Cell<bool>>,
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _: &mut eframe::Frame) {
        // While the window is hidden nothing is painted, and the link still has to be heard.
        self.console.hear(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        self.console.show(ui);
        let Some(slot) = &mut self.slot else { return };
        if self.console.is_leaving() {
            slot.forget();
        }
        if let Some(newest) = slot.silenced() {
            self.console.silence_horn_for(newest);
        }
        if let Some(newest) = self.console.horn_silenced() {
            slot.silence(newest);
        }
        self.leads.set(slot.leads());
        ui.ctx().input(|input| slot.look(self.clock.now(), input.viewport(), self.console.screen().map(str::to_owned)));
    }
}

/// How a preview starts.
pub struct PreviewStart {
    /// The project's screens.
    pub script: Script,
    /// Values to begin with; not used over a station.
    pub tags: SampleTags,
    /// The station's time to begin with; not used over a station.
    pub now: Utc,
    /// Who reads and writes the files.
    pub workshop: Box<dyn Workshop>,
    /// Window, first screen; with an address and credentials the values come from that station.
    pub console: ConsoleOptions,
}

/// Runs the preview until its window is closed. Must be called on the main thread.
///
/// # Errors
/// When no window can be opened.
pub fn run_preview(start: PreviewStart) -> Result<(), ConsoleError> {
    let shape = start.console.clone();
    window("Plantroom preview", &shape, None, move |ctx| {
        let PreviewStart { script, tags, now, mut workshop, mut console } = start;
        let (ctx, clock) = (ctx.clone(), PaintClock::machine());
        workshop.wake_with(Box::new(move || ctx.request_repaint()));
        let (link, source): (Box<dyn Link>, _) = if console.url.is_empty() {
            console.token = Some("preview".to_owned());
            let rehearsal = Rehearsal::new(script.clone(), tags, clock.clone(), now);
            (rehearsal.link(), Source::Rehearsal(rehearsal))
        } else {
            let files = LocalFiles::default();
            let socket = Box::new(SocketLink::new(&console.url, clock.clone()));
            (Box::new(LocalLink::new(socket, files.clone(), clock.clone())), Source::Station(files))
        };
        let inner = Console::new(link, clock.clone(), &console);
        Box::new(Preview::new(inner, source, workshop, clock, script))
    })
}

fn window(
    title: &str,
    options: &ConsoleOptions,
    corner: Option<egui::Pos2>,
    create: impl FnOnce(&egui::Context) -> Box<dyn eframe::App> + 'static,
) -> Result<(), ConsoleError> {
    let (width, height) = options.size.unwrap_or((1_600.0, 900.0));
    let mut viewport = egui::ViewportBuilder::default()
        .with_title(title)
        .with_app_id("plantroom")
        .with_inner_size([width, height])
        .with_min_inner_size([800.0, 480.0])
        .with_fullscreen(options.fullscreen);
    if let Some(corner) = corner {
        viewport = viewport.with_position(corner);
    }
    let native = eframe::NativeOptions { viewport, centered: corner.is_none(), ..Default::default() };
    let create = move |context: &eframe::CreationContext<'_>| {
        Card::found(context.gl.as_deref()).use_for(&context.egui_ctx);
        Ok(create(&context.egui_ctx))
    };
    eframe::run_native(title, native, Box::new(create)).map_err(|error| ConsoleError::Window(error.to_string()))
}
