//! `plantroom screen render`: a PNG of a screen.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use plantroom_hmi::{Choices, PICTURE_PIXELS, Picture, Rehearsal, RenderOptions, render_scene, render_window, still_clock};
use plantroom_model::Value;
use plantroom_project::Plant;
use plantroom_scene::theme::Shade;
use plantroom_scene::{Params, SampleTags, Screens};

use super::plant::{self, Values};
use crate::exit::Failure;

/// Paints a screen with given tag values into a PNG. Neither a display nor a station is needed, and the same values give
/// the same bytes. Tags without a value are shown as what they are: without a value.
#[derive(Args)]
pub struct Render {
    /// The project folder.
    project: PathBuf,
    /// The screen, by its file name without `.rhai`; or parts/NAME for a faceplate. The first screen if not said.
    screen: Option<String>,
    /// The PNG; with --all a folder.
    #[arg(short, long)]
    output: PathBuf,
    /// Every screen, and the faceplate of each type with its first instance.
    #[arg(long, conflicts_with = "screen")]
    all: bool,
    #[command(flatten)]
    values: Values,
    /// What a faceplate or screen is opened with: name=high_lift/p1. Can be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    param: Vec<String>,
    /// Width and height in points: 1600x900. The screen's own size if not said.
    #[arg(long, value_parser = crate::console::size)]
    size: Option<(f32, f32)>,
    /// Pixels a point: 2 for displays of high resolution, 0.25 for a small picture.
    #[arg(long, default_value_t = 1.0)]
    scale: f32,
    /// Shades of grey: what is told by colour alone disappears.
    #[arg(long)]
    greyscale: bool,
    /// The whole console window, with its attention list, tabs and footer; a faceplate over the home screen.
    #[arg(long)]
    window: bool,
    /// Light or dark.
    #[arg(long, default_value = "light", value_parser = crate::console::shade)]
    theme: Shade,
    /// Language, by its code: de. The project's own words if not said.
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// Draws made-up lines in trends, which end at the present values; otherwise trends have no past.
    #[arg(long)]
    trends: bool,
}

impl Render {
    pub fn run(self) -> Result<()> {
        if !(self.scale.is_finite() && self.scale > 0.0 && self.scale <= 16.0) {
            return Err(
                Failure::usage(format!("A scale of {} can't be painted; it is above 0 and at most 16.", self.scale)).into()
            );
        }
        let plant = plant::load(&self.project)?;
        let options = RenderOptions {
            size: self.size,
            scale: self.scale,
            time_zone: plant.time_zone.clone(),
            made_up_trends: self.trends,
            choices: Choices { language: self.language.clone(), shade: Some(self.theme), ..Choices::default() },
            files: plant::console_files(&plant),
            ..RenderOptions::default()
        };
        let (width, height) = self.size.unwrap_or((1.0, 1.0));
        if width.max(height) * self.scale > PICTURE_PIXELS as f32 || width.min(height) < 1.0 {
            return Err(Failure::usage(format!("A picture has 1 to {PICTURE_PIXELS} pixels a side.")).into());
        }
        let tags = self.values.of(&plant, options.now)?;
        let screens = Screens::new(&options.files, &plant.instances).in_language(options.texts());
        if self.all {
            return self.all(&plant, &screens, &tags, &options);
        }
        let screen = self.screen.clone().unwrap_or_else(|| plant.home_screen.clone());
        let params = self.params()?;
        let picture = self.picture(&plant, &screens, &screen, &params, &tags, &options)?;
        write(&picture, &self.output)
    }

    fn all(&self, plant: &Plant, screens: &Screens, tags: &SampleTags, options: &RenderOptions) -> Result<()> {
        std::fs::create_dir_all(&self.output).with_context(|| format!("the folder can't be made: {}", self.output.display()))?;
        let mut failed = 0;
        let sheets = screens.list().iter().map(|entry| (entry.name.clone(), Params::new()));
        for (name, params) in sheets.chain(faceplates(screens)) {
            match self.picture(plant, screens, &name, &params, tags, options) {
                Ok(picture) => write(&picture, &self.output.join(format!("{}.png", name.replace('/', "_"))))?,
                Err(error) => {
                    eprintln!("{error:#}");
                    failed += 1;
                }
            }
        }
        if failed > 0 { Err(Failure::problems(format!("{failed} of them can't be painted.")).into()) } else { Ok(()) }
    }

    fn params(&self) -> Result<Params> {
        let pairs = self.param.iter().map(|pair| match pair.split_once('=') {
            Some((key, value)) => Ok((key.to_owned(), Value::Text(value.into()))),
            None => Err(Failure::usage(format!("`{pair}` is no parameter; write name=high_lift/p1.")).into()),
        });
        pairs.collect()
    }

    fn picture(
        &self,
        plant: &Plant,
        screens: &Screens,
        name: &str,
        params: &Params,
        tags: &SampleTags,
        options: &RenderOptions,
    ) -> Result<Picture> {
        let wrong = |error: plantroom_scene::ScriptError| Failure::problems(format!("screens/{error}"));
        let picture = match name.strip_prefix("parts/") {
            Some(part) if self.window => {
                screens.faceplate(part, params).map_err(wrong)?;
                self.in_window(plant, tags, (&plant.home_screen, Some((part, params))), options)
            }
            Some(part) => render_scene(&mut screens.faceplate(part, params).map_err(wrong)?, tags, options),
            None if self.window => {
                screens.open(name, params).map_err(wrong)?;
                self.in_window(plant, tags, (name, None), options)
            }
            None => render_scene(&mut screens.open(name, params).map_err(wrong)?, tags, options),
        };
        Ok(if self.greyscale { picture.greyscale() } else { picture })
    }

    fn in_window(
        &self,
        plant: &Plant,
        tags: &SampleTags,
        open: (&str, Option<(&str, &Params)>),
        options: &RenderOptions,
    ) -> Picture {
        let clock = still_clock();
        let rehearsal = Rehearsal::new(plant::script(plant), tags.clone(), clock.clone(), options.now);
        render_window(&rehearsal, &clock, open, options)
    }
}

/// One faceplate of each type that has a part of its name.
fn faceplates(screens: &Screens) -> Vec<(String, Params)> {
    let mut all: Vec<(String, Params)> = Vec::new();
    for (kind, instance) in screens.instances() {
        let name = format!("parts/{kind}");
        if screens.parts().any(|part| part == kind) && !all.iter().any(|(known, _)| *known == name) {
            all.push((name, Params::from([("name".to_owned(), Value::Text(instance.as_str().into()))])));
        }
    }
    all
}

fn write(picture: &Picture, path: &Path) -> Result<()> {
    let bytes = picture.png()?;
    std::fs::write(path, bytes).with_context(|| format!("the picture can't be written: {}", path.display()))?;
    println!("{}: {} x {}", path.display(), picture.width, picture.height);
    Ok(())
}
