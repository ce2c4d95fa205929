//! A console without a window whose frames are counted and timed from outside: for benchmarks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use egui::{Context, RawInput, Rect, ViewportId, ViewportInfo, epaint::Primitive, pos2, vec2};
use plantroom_model::{Mono, Utc};
use plantroom_scene::SampleTags;

use crate::appearance::Choices;
use crate::rehearsal::{Rehearsal, Script};
use crate::{Console, ConsoleOptions, PaintClock, paint};

/// A console over a pretended station, frame by frame.
pub struct Stand {
    ctx: Context,
    console: Console,
    rehearsal: Rehearsal,
    time_ms: Arc<AtomicU64>,
    size: (f32, f32),
}

/// What a frame was made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Painted {
    /// Corners of triangles.
    pub vertices: usize,
    /// What a graphics card draws at once.
    pub pieces: usize,
}

impl Stand {
    /// A console with this screen; one that keeps nothing paints everything anew in each frame.
    pub fn new(script: Script, tags: SampleTags, screen: &str, size: (f32, f32), keep: bool) -> Self {
        let time_ms = Arc::new(AtomicU64::new(1));
        let read = time_ms.clone();
        let clock = PaintClock::new(move || Mono(0).plus_ms(read.load(Ordering::Relaxed)));
        let rehearsal = Rehearsal::new(script, tags, clock.clone(), Utc(1_767_268_800_000_000_000));
        let choices = Choices { language: Some("en".to_owned()), ..Choices::default() };
        let options =
            ConsoleOptions { token: Some("t".to_owned()), screen: Some(screen.to_owned()), choices, ..ConsoleOptions::default() };
        let console = Console::new(rehearsal.link(), clock, &options);
        let ctx = Context::default();
        ctx.data_mut(|data| data.insert_temp(paint::nothing_kept(), !keep));
        if keep {
            paint::Card::Memory.use_for(&ctx);
        }
        Self { ctx, console, rehearsal, time_ms, size }
    }

    /// The pretended station.
    pub fn rehearsal(&self) -> &Rehearsal {
        &self.rehearsal
    }

    /// Opens the screen again from its compiled script.
    pub fn open_again(&mut self) {
        self.console.reopen();
    }

    /// Opens the list of alarms.
    pub fn show_alarms(&mut self) {
        self.console.open_alarms();
    }

    /// Lets time pass and makes a frame: messages in, the scene brought up to date, painted, cut into triangles; and what is
    /// kept on a card is brought up to date there, to a card that is pretended by this machine's memory.
    pub fn frame(&mut self, after_ms: u64) -> Painted {
        let now = self.time_ms.fetch_add(after_ms, Ordering::Relaxed) + after_ms;
        let viewport = ViewportInfo { native_pixels_per_point: Some(1.0), ..ViewportInfo::default() };
        let input = RawInput {
            viewports: std::iter::once((ViewportId::ROOT, viewport)).collect(),
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(self.size.0, self.size.1))),
            time: Some(now as f64 / 1_000.0),
            ..RawInput::default()
        };
        let Self { ctx, console, .. } = self;
        let output = ctx.run_ui(input, |ui| console.show(ui));
        let mut painted = Painted::default();
        for primitive in ctx.tessellate(output.shapes, output.pixels_per_point) {
            painted.pieces += 1;
            match &primitive.primitive {
                Primitive::Mesh(mesh) => painted.vertices += mesh.vertices.len(),
                Primitive::Callback(callback) => {
                    let plates = callback.callback.downcast_ref::<paint::Pretended>();
                    painted.vertices += plates.map_or(0, |plates| plates.paint(|_| {}));
                }
            }
        }
        painted
    }
}
