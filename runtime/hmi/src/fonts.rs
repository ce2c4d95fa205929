//! The fonts: DejaVu Sans in two weights, cut down to Latin, Greek, Cyrillic and technical signs, and behind it Droid
//! Sans Fallback with 10,278 Han characters, kana and Hangul.
//!
//! Licences and origins stand beside them. egui's own fonts stay behind them for everything else.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily, FontId};

const REGULAR: &str = "plantroom";
const BOLD: &str = "plantroom-bold";
const EAST_ASIAN: &str = "plantroom-east-asian";

/// Puts the fonts into an egui context: ours, behind them the project's, then those for East Asia, then egui's own.
pub fn install(ctx: &egui::Context, project: &[(String, Vec<u8>)]) {
    let mut fonts = FontDefinitions::default();
    let regular = FontData::from_static(include_bytes!("../fonts/DejaVuSans.ttf"));
    let bold = FontData::from_static(include_bytes!("../fonts/DejaVuSans-Bold.ttf"));
    fonts.font_data.insert(REGULAR.to_owned(), Arc::new(regular));
    fonts.font_data.insert(BOLD.to_owned(), Arc::new(bold));
    let east_asian = FontData::from_static(include_bytes!("../fonts/DroidSansFallback.ttf"));
    fonts.font_data.insert(EAST_ASIAN.to_owned(), Arc::new(east_asian));
    for (name, bytes) in project {
        fonts.font_data.insert(name.clone(), Arc::new(FontData::from_owned(bytes.clone())));
    }
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let behind = |first: &str| {
        let ours = std::iter::once(first.to_owned()).chain(project.iter().map(|(name, _)| name.clone()));
        ours.chain(std::iter::once(EAST_ASIAN.to_owned())).chain(fallback.iter().cloned()).collect::<Vec<_>>()
    };
    fonts.families.insert(FontFamily::Proportional, behind(REGULAR));
    fonts.families.insert(FontFamily::Name(BOLD.into()), behind(BOLD));
    ctx.set_fonts(fonts);
}

/// The regular weight, `size` in points.
pub fn regular(size: f32) -> FontId {
    FontId::proportional(size)
}

/// The bold weight, `size` in points.
pub fn bold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(BOLD.into()))
}
