//! Pictures of screens without a display: the console's own painting, egui's triangles, and pixels made on the CPU.
//!
//! Start at [`render_scene`] for a screen on its own and [`render_window`] for a whole console.
//!
//! Invariant: time stands still, so the same screen with the same values gives the same bytes.

mod palette;
mod picture;
mod raster;
mod stand;

use egui::{Color32, Context, RawInput, Rect, Ui, ViewportId, ViewportInfo, pos2, vec2};
use plantroom_model::{Mono, Utc};
use plantroom_scene::{Params, Scene, Symbol, TagView};
use plantroom_wire::AlarmBatch;

pub use palette::palette;
pub use picture::{Picture, PictureError};
pub use stand::{Painted, Stand};

use crate::appearance::{Appearance, Choices};
use crate::look::Look;
use crate::paint::{self, Canvas, Kept, View};
use crate::rehearsal::Rehearsal;
use crate::trend::Recorder;
use crate::{Console, ConsoleOptions, PaintClock, words};

/// Largest picture, in pixels a side: a wall of displays, and 1 GB of pixels.
pub const PICTURE_PIXELS: u32 = 16_384;
/// Passes of a whole console: connecting, logging in, screens, tags, values, and two for windows to find their sizes.
const WINDOW_PASSES: usize = 9;
/// After which of them a faceplate is opened; it needs the rest for its own tags.
const FACEPLATE_PASSES: usize = 6;

/// How a picture is made.
#[derive(Clone, Debug)]
pub struct RenderOptions {
    /// Width and height in points; without it the screen's own size.
    pub size: Option<(f32, f32)>,
    /// Pixels a point; 2 for a display of high resolution.
    pub scale: f32,
    /// The time that the picture shows, for ages and trends.
    pub now: Utc,
    /// The plant's time zone, IANA name.
    pub time_zone: String,
    /// Draws made-up lines in trends, which lead to the present values; without it trends are empty.
    pub made_up_trends: bool,
    /// Light or dark, and in which language.
    pub choices: Choices,
    /// The project's theme, languages and fonts, as consoles get them; others among the files are passed over.
    pub files: Vec<(String, String)>,
    /// How alarms stand, for a screen on its own; without it as over a station that tells of none.
    pub alarms: Option<AlarmBatch>,
}

impl Default for RenderOptions {
    fn default() -> Self {
        // 2026-01-01 12:00:00 UTC.
        let now = Utc(1_767_268_800_000_000_000);
        Self {
            size: None,
            scale: 1.0,
            now,
            time_zone: "UTC".to_owned(),
            made_up_trends: false,
            choices: plain(),
            files: Vec::new(),
            alarms: None,
        }
    }
}

/// What isn't chosen must not follow the machine: the same screen gives the same bytes everywhere.
fn plain() -> Choices {
    Choices { language: Some("en".to_owned()), ..Choices::default() }
}

impl RenderOptions {
    /// The texts of screens in the chosen language.
    pub fn texts(&self) -> std::sync::Arc<plantroom_scene::Texts> {
        self.appearance().texts()
    }

    fn appearance(&self) -> Appearance {
        let choices = Choices { language: self.choices.language.clone().or(plain().language), ..self.choices.clone() };
        let mut appearance = Appearance::new(choices);
        appearance.take_files(&self.files);
        appearance
    }

    fn pixels(&self, size: (f32, f32)) -> (u32, u32) {
        let side = |points: f32| ((points * self.scale).round() as u32).clamp(1, PICTURE_PIXELS);
        (side(size.0), side(size.1))
    }
}

/// One screen or faceplate, without the console around it. The scene is brought up to date with `tags` first.
pub fn render_scene(scene: &mut Scene, tags: &dyn TagView, options: &RenderOptions) -> Picture {
    // Closures may read tags that only another closure's value leads to; each round takes in one step of that.
    for _ in 0..4 {
        if !scene.update(tags).tags_grew {
            break;
        }
    }
    let size = options.size.unwrap_or(scene.header().size);
    let mut recorder = Recorder::default();
    if options.made_up_trends {
        invent(&mut recorder, scene, tags, options.now);
    }
    let zone = words::zone(&options.time_zone);
    let conditions = |tag: &str| plantroom_scene::conditions(tags, tag);
    let table = options.alarms.clone().map(|batch| {
        let mut table = crate::alarms::Table::default();
        table.speak(options.texts());
        table.take(batch, Some(options.now));
        table
    });
    let (now, alarms) = (Some(options.now), table.as_ref());
    let view = View { now, zone: &zone, recorder: &recorder, alarms, blocked: None, conditions: &conditions };
    let ctx = context(options);
    let theme = &Look::of(&ctx).theme;
    let ground = if scene.header().level == 0 { theme.sheet } else { theme.background };
    headless(&ctx, size, options, ground, 2, |ui| {
        let (width, height) = scene.header().size;
        let scale = (size.0 / width).min(size.1 / height);
        let origin = pos2((size.0 - width * scale) / 2.0, (size.1 - height * scale) / 2.0);
        let canvas = Canvas::new(ui.painter(), origin, scale);
        paint::paint(ui, &canvas, egui::Id::unique("render"), scene, &view, &mut Kept::off());
    })
}

/// A whole console window over a pretended station, with its attention list, tabs and footer, and a faceplate over its
/// screen where one is named.
pub fn render_window(
    rehearsal: &Rehearsal,
    clock: &PaintClock,
    (screen, faceplate): (&str, Option<(&str, &Params)>),
    options: &RenderOptions,
) -> Picture {
    let console_options = ConsoleOptions {
        token: Some("preview".to_owned()),
        screen: Some(screen.to_owned()),
        choices: options.appearance().choices().clone(),
        ..ConsoleOptions::default()
    };
    let mut console = Console::new(rehearsal.link(), clock.clone(), &console_options);
    let ctx = context(options);
    let ground = Look::of(&ctx).theme.background;
    let size = options.size.unwrap_or((1_600.0, 900.0));
    let mut pass = 0;
    let passes = WINDOW_PASSES + if faceplate.is_some() { FACEPLATE_PASSES } else { 0 };
    headless(&ctx, size, options, ground, passes, |ui| {
        pass += 1;
        if let (Some((part, params)), WINDOW_PASSES) = (faceplate, pass) {
            console.open_faceplate(part, params.clone());
        }
        if pass == passes - 2 && options.made_up_trends {
            console.invent_trends(options.now);
        }
        console.show(ui);
    })
}

/// A clock that stands at 0.
pub fn still_clock() -> PaintClock {
    PaintClock::new(|| Mono(0))
}

fn context(options: &RenderOptions) -> Context {
    let ctx = Context::default();
    options.appearance().dress(&ctx);
    ctx
}

/// Runs a few passes without input and paints the last one.
fn headless(
    ctx: &Context,
    size: (f32, f32),
    options: &RenderOptions,
    ground: Color32,
    passes: usize,
    mut paint: impl FnMut(&mut Ui),
) -> Picture {
    let mut textures = raster::Textures::default();
    let mut picture = Picture::filled(options.pixels(size), ground);
    for pass in 0..passes {
        let viewport = ViewportInfo { native_pixels_per_point: Some(options.scale), ..ViewportInfo::default() };
        let input = RawInput {
            viewports: std::iter::once((ViewportId::ROOT, viewport)).collect(),
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(size.0, size.1))),
            time: Some(0.0),
            max_texture_side: Some(PICTURE_PIXELS as usize),
            ..RawInput::default()
        };
        let output = ctx.run_ui(input, &mut paint);
        let (shapes, scale) = (output.shapes, output.pixels_per_point);
        textures.apply(output.textures_delta);
        if pass + 1 == passes {
            raster::paint(&mut picture, &ctx.tessellate(shapes, scale), &textures, scale);
        }
    }
    picture
}

/// Draws a line for each pen of a scene: a slow wave that ends at the present value.
pub(crate) fn invent(recorder: &mut Recorder, scene: &Scene, tags: &dyn TagView, now: Utc) {
    // Closer than the pause after which a trend says that nobody listened: three of its 890 buckets.
    const POINTS: i64 = 480;
    for object in scene.objects() {
        let Symbol::Trend(trend) = &object.symbol else { continue };
        for (place, pen) in trend.pens.iter().enumerate() {
            let Some(tag) = pen.tag() else { continue };
            let Some(value) = tags.sample(tag).and_then(|sample| sample.usable_f64()) else { continue };
            let (low, high) = tags.info(tag).and_then(|info| info.range).unwrap_or((value - 1.0, value + 1.0));
            let span_ns = i64::try_from(trend.span_ms).unwrap_or(0).saturating_mul(1_000_000);
            for point in 0..=POINTS {
                let before = (POINTS - point) as f64 / POINTS as f64;
                // The maths of the scripts' own engine would do as well; a polynomial is the same on every machine.
                let phase = (before * (2.0 + place as f64 * 0.7)).fract();
                let wave = phase * (1.0 - phase) * (1.0 - 2.0 * phase) * 8.0;
                let at = Utc(now.0 - span_ns / POINTS * (POINTS - point));
                recorder.record(tag, trend.span_ms, at, Some(value + (high - low) * 0.06 * wave));
            }
        }
    }
}

#[cfg(test)]
mod tests;
