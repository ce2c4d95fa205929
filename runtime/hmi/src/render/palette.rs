//! The theme's colours for the lints of screens.

use egui::Color32;
use plantroom_scene::lint::{Palette, Rgb};

use crate::theme::Theme;

/// The colours and sizes with which a console paints.
pub fn palette() -> Palette {
    let rgb = |colour: Color32| -> Rgb { [colour.r(), colour.g(), colour.b()] };
    let t = &Theme::default();
    Palette {
        text: rgb(t.text),
        quiet: rgb(t.text_quiet),
        value: rgb(t.value),
        background: rgb(t.background),
        panel: rgb(t.panel),
        sheet: rgb(t.sheet),
        plot: rgb(t.plot),
        vessel: rgb(t.vessel),
        contents: rgb(t.contents),
        running: rgb(t.running),
        stopped: rgb(t.stopped),
        value_box: rgb(t.value_box),
        button: rgb(t.button),
        attention: vec![rgb(t.urgent), rgb(t.warning), rgb(t.doubt)],
        text_points: t.size_text,
    }
}
