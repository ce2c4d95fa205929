//! Makes the pictures of the guide: `cargo run -p plantroom-hmi --example symbol_pictures -- screens/pictures/symbols`.
//!
//! Each is the example of one function over the tags of `plantroom_scene::examples`, drawn without a display; the same code
//! gives the same bytes. Names after the folder make only those. The library's faceplates are drawn
//! too.

use std::path::PathBuf;

use plantroom_hmi::{RenderOptions, render_scene};
use plantroom_model::{Sample, Utc};
use plantroom_scene::{Params, Screens, TagView, examples, guide};

/// The tags of the examples, at the time of the picture.
struct Board {
    tags: Vec<examples::Example>,
    now: Utc,
}

impl TagView for Board {
    fn sample(&self, tag: &str) -> Option<Sample> {
        let found = self.tags.iter().find(|example| example.info.name == tag)?;
        let at = Utc(self.now.0 - found.age_s * 1_000_000_000);
        Some(Sample { value: found.value.clone(), status: found.status, source_time: at, server_time: at })
    }

    fn info(&self, tag: &str) -> Option<&plantroom_wire::TagInfo> {
        self.tags.iter().find(|example| example.info.name == tag).map(|example| &example.info)
    }

    fn info_revision(&self) -> u64 {
        1
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "screens/pictures/symbols".into()));
    let only: Vec<String> = arguments.collect();
    std::fs::create_dir_all(&folder)?;
    let options = RenderOptions { made_up_trends: true, scale: 1.5, ..RenderOptions::default() };
    let options = RenderOptions { alarms: Some(examples::alarms(options.now)), ..options };
    let board = Board { tags: examples::tags(), now: options.now };
    for function in guide::functions().filter(|function| !function.example.is_empty()) {
        if !only.is_empty() && !only.iter().any(|name| name == function.name) {
            continue;
        }
        let (w, h) = function.picture;
        let text = format!("screen(\"{}\", #{{ size: [{w}, {h}] }});\n{}", function.name, function.example);
        let files = [("example.rhai".to_owned(), text), ("images/site.svg".to_owned(), examples::SITE_SVG.to_owned())];
        let mut scene = Screens::new(&files, &[]).open("example", &Params::new())?;
        let picture = render_scene(&mut scene, &board, &options);
        std::fs::write(folder.join(format!("{}.png", function.name)), picture.png()?)?;
    }
    let library = Screens::new(&[], &[]);
    for (part, instance, label) in examples::FACEPLATES {
        if !only.is_empty() && !only.iter().any(|name| name == part) {
            continue;
        }
        let words = [("name", instance), ("label", label)];
        let params = words.map(|(key, word)| (key.to_owned(), plantroom_model::Value::Text(word.into()))).into();
        let mut scene = library.faceplate(part, &params)?;
        let picture = render_scene(&mut scene, &board, &options);
        let file = format!("faceplate_{part}{}.png", if instance == "ex/lost" { "_lost" } else { "" });
        std::fs::write(folder.join(file), picture.png()?)?;
    }
    Ok(())
}
