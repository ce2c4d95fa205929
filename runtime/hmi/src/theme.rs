//! All colours and sizes of the console, as tokens. Nothing else in this crate names a colour.
//!
//! ISA-101 (high-performance HMI): grey is normal, and equipment is grey; values are dark blue; the attention
//! colours are used for nothing else, and never without a shape and a letter. Contrast against the backgrounds
//! they stand on is tested below (WCAG 2.1, 1.4.3 and 1.4.11).

use egui::Color32;

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// The tokens. Colours are sRGB; sizes are in points of an unscaled scene.
#[derive(Clone, Debug)]
pub struct Theme {
    /// Behind everything.
    pub background: Color32,
    /// Panels, the top bar.
    pub panel: Color32,
    /// Outline of panels and boxes.
    pub panel_line: Color32,
    /// Navigation and footer bars, title bars.
    pub bar: Color32,
    /// Faceplates and dialogs.
    pub sheet: Color32,
    /// Outline of faceplates, dialogs and buttons that can be pressed.
    pub sheet_line: Color32,
    /// Text.
    pub text: Color32,
    /// Labels, units, secondary text.
    pub text_quiet: Color32,
    /// Text of what can't be used now.
    pub text_off: Color32,
    /// Live values, and what was chosen.
    pub value: Color32,
    /// Text on `value`.
    pub on_value: Color32,
    /// Box behind a live value.
    pub value_box: Color32,
    /// Outlines of equipment, pipes.
    pub equipment: Color32,
    /// Equipment that runs, is open, is on.
    pub running: Color32,
    /// Equipment that stands, is closed, is off.
    pub stopped: Color32,
    /// Inside of an empty vessel.
    pub vessel: Color32,
    /// Contents of a vessel.
    pub contents: Color32,
    /// Normal range in a bar, output of a controller.
    pub normal_range: Color32,
    /// Inside of bars and trends.
    pub plot: Color32,
    /// Lines of a plot's grid.
    pub grid: Color32,
    /// Buttons.
    pub button: Color32,
    /// Buttons under the pointer.
    pub button_hover: Color32,
    /// Keyboard focus.
    pub focus: Color32,
    /// Attention: act now (high-high, low-low, a failed command).
    pub urgent: Color32,
    /// Text on `urgent`.
    pub on_urgent: Color32,
    /// Row behind something urgent.
    pub urgent_row: Color32,
    /// Attention: outside of limits (high, low).
    pub warning: Color32,
    /// Text on `warning`.
    pub on_warning: Color32,
    /// Row behind a warning.
    pub warning_row: Color32,
    /// Attention: the value can't be trusted (bad, uncertain).
    pub doubt: Color32,
    /// Text on `doubt`.
    pub on_doubt: Color32,
    /// Pens of a trend, in order; each also has its own dash.
    pub pens: [Color32; 6],
    /// Shadow under floating windows.
    pub shadow: Color32,
    /// Covers what a dialog blocks.
    pub veil: Color32,

    /// Smallest text.
    pub size_small: f32,
    /// Ordinary text.
    pub size_text: f32,
    /// Values.
    pub size_value: f32,
    /// Titles of panels.
    pub size_panel: f32,
    /// The screen's title.
    pub size_title: f32,
    /// Thin lines.
    pub line: f32,
    /// Outlines of equipment.
    pub line_equipment: f32,
    /// Pipes.
    pub line_pipe: f32,
    /// Attention frames.
    pub line_attention: f32,
    /// Roundness of boxes.
    pub corner: u8,
    /// Length and pause of a dashed outline.
    pub dash: (f32, f32),
    /// Height of the top bar.
    pub top_height: f32,
    /// Height of the navigation bar.
    pub tabs_height: f32,
    /// Height of the footer.
    pub footer_height: f32,
}

/// The one theme.
pub static THEME: Theme = Theme {
    background: rgb(0xD3D6D9),
    panel: rgb(0xC9CDD1),
    panel_line: rgb(0xB1B7BC),
    bar: rgb(0xBFC4C9),
    sheet: rgb(0xF4F6F7),
    sheet_line: rgb(0x6F7780),
    text: rgb(0x2A2F35),
    text_quiet: rgb(0x4A525A),
    text_off: rgb(0x7A828A),
    value: rgb(0x12344D),
    on_value: rgb(0xFFFFFF),
    value_box: rgb(0xE6E9EB),
    equipment: rgb(0x6F7780),
    running: rgb(0xFAFBFB),
    stopped: rgb(0x868D95),
    vessel: rgb(0xC2C7CC),
    contents: rgb(0x8FA6B8),
    normal_range: rgb(0xB9CBD6),
    plot: rgb(0xDFE2E5),
    grid: rgb(0xC4C9CE),
    button: rgb(0xEEF0F1),
    button_hover: rgb(0xFFFFFF),
    focus: rgb(0x1F5F8B),
    urgent: rgb(0xC8102E),
    on_urgent: rgb(0xFFFFFF),
    urgent_row: rgb(0xECC9CD),
    warning: rgb(0xE0A100),
    on_warning: rgb(0x2A2F35),
    warning_row: rgb(0xEFE2B8),
    doubt: rgb(0x8338A6),
    on_doubt: rgb(0xFFFFFF),
    pens: [rgb(0x12344D), rgb(0x6E5200), rgb(0x2E6B3A), rgb(0x5B3A78), rgb(0x4A525A), rgb(0x7A3E22)],
    shadow: Color32::from_black_alpha(38),
    veil: Color32::from_black_alpha(48),

    size_small: 11.0,
    size_text: 13.5,
    size_value: 15.5,
    size_panel: 15.0,
    size_title: 20.0,
    line: 1.0,
    line_equipment: 2.0,
    line_pipe: 6.0,
    line_attention: 3.0,
    corner: 4,
    dash: (4.0, 3.0),
    top_height: 92.0,
    tabs_height: 34.0,
    footer_height: 44.0,
};

/// Gives egui's own widgets (dialogs, text fields, tooltips) the look of the rest.
pub fn apply(ctx: &egui::Context) {
    let t = &THEME;
    let line = |colour| egui::Stroke::new(1.2, colour);
    ctx.set_theme(egui::Theme::Light);
    ctx.all_styles_mut(|style| {
        let mut visuals = egui::Visuals::light();
        visuals.panel_fill = t.background;
        visuals.window_fill = t.sheet;
        visuals.window_stroke = line(t.sheet_line);
        visuals.window_corner_radius = t.corner.into();
        visuals.menu_corner_radius = t.corner.into();
        visuals.window_shadow = egui::Shadow { offset: [0, 3], blur: 10, spread: 0, color: t.shadow };
        visuals.popup_shadow = visuals.window_shadow;
        visuals.extreme_bg_color = t.on_value;
        visuals.selection.bg_fill = t.normal_range;
        visuals.selection.stroke = line(t.value);
        visuals.hyperlink_color = t.focus;
        visuals.weak_text_color = Some(t.text_quiet);
        let widgets = &mut visuals.widgets;
        widgets.noninteractive.bg_stroke = line(t.panel_line);
        widgets.noninteractive.fg_stroke = line(t.text);
        for (widget, fill, edge) in [
            (&mut widgets.inactive, t.button, t.sheet_line),
            (&mut widgets.hovered, t.button_hover, t.text),
            (&mut widgets.active, t.value_box, t.text),
            (&mut widgets.open, t.value_box, t.text),
        ] {
            (widget.bg_fill, widget.weak_bg_fill) = (fill, fill);
            (widget.bg_stroke, widget.fg_stroke) = (line(edge), line(t.text));
            widget.corner_radius = t.corner.into();
            widget.expansion = 0.0;
        }
        style.visuals = visuals;
        style.animation_time = 0.0;
        style.spacing.button_padding = egui::vec2(14.0, 6.0);
        style.interaction.selectable_labels = false;
        for (text_style, size) in [
            (egui::TextStyle::Body, t.size_text),
            (egui::TextStyle::Button, t.size_text),
            (egui::TextStyle::Small, t.size_small),
            (egui::TextStyle::Heading, t.size_panel),
        ] {
            style.text_styles.insert(text_style, crate::fonts::regular(size));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.1).
    fn luminance(colour: Color32) -> f32 {
        let linear = |v: u8| {
            let v = f32::from(v) / 255.0;
            if v <= 0.039_28 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f32 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_wherever_it_stands() {
        let t = &THEME;
        let cases = [
            ("text", t.text, vec![t.background, t.panel, t.bar, t.sheet, t.urgent_row, t.warning_row, t.button]),
            ("quiet text", t.text_quiet, vec![t.background, t.panel, t.bar, t.sheet, t.value_box, t.plot]),
            ("values", t.value, vec![t.background, t.panel, t.sheet, t.value_box, t.plot]),
            ("on urgent", t.on_urgent, vec![t.urgent]),
            ("on warning", t.on_warning, vec![t.warning]),
            ("on doubt", t.on_doubt, vec![t.doubt]),
            ("on value", t.on_value, vec![t.value]),
        ];
        for (what, colour, grounds) in cases {
            for ground in grounds {
                assert!(contrast(colour, ground) >= 4.5, "{what} on {ground:?}: {}", contrast(colour, ground));
            }
        }
        for pen in t.pens {
            assert!(contrast(pen, t.plot) >= 4.5, "pen {pen:?}");
        }
    }

    #[test]
    fn lines_and_signs_can_be_told_apart_without_colour() {
        let t = &THEME;
        assert!(contrast(t.equipment, t.background) >= 3.0, "equipment {}", contrast(t.equipment, t.background));
        assert!(contrast(t.focus, t.background) >= 3.0);
        assert!(contrast(t.running, t.stopped) >= 3.0, "running against stopped {}", contrast(t.running, t.stopped));
        assert!(contrast(t.urgent, t.background) >= 3.0);
        assert!(contrast(t.doubt, t.background) >= 3.0);
    }
}
