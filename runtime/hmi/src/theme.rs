//! The theme's tokens as the toolkit wants them, for one shade. Nothing else in this crate names a colour.
//!
//! What the tokens are, and which must be told apart from which, is said in `runtime/scene/theme.toml` and `scene::theme`.

use egui::Color32;
use plantroom_scene::theme::{PENS, Rgba, SIGNS, Shade, Shape, Tokens, needs_edge};

/// How alarms of one priority look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlarmSign {
    /// Outline.
    pub shape: Shape,
    /// Inside of it.
    pub fill: Color32,
    /// The number in it.
    pub on: Color32,
    /// It has an edge in the number's colour.
    pub edged: bool,
}

/// The tokens of one shade. Colours are sRGB; sizes are in units of an unscaled scene. Each is explained in
/// `runtime/scene/theme.toml`.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "theme.toml explains each token under the same name")]
pub struct Theme {
    pub shade: Shade,
    pub background: Color32,
    pub panel: Color32,
    pub panel_line: Color32,
    pub bar: Color32,
    pub sheet: Color32,
    pub sheet_line: Color32,
    pub text: Color32,
    pub text_quiet: Color32,
    pub text_off: Color32,
    pub value: Color32,
    pub on_value: Color32,
    pub value_box: Color32,
    pub equipment: Color32,
    pub running: Color32,
    pub stopped: Color32,
    pub vessel: Color32,
    pub contents: Color32,
    pub normal_range: Color32,
    pub plot: Color32,
    pub grid: Color32,
    pub button: Color32,
    pub button_hover: Color32,
    pub focus: Color32,
    pub urgent: Color32,
    pub on_urgent: Color32,
    pub urgent_row: Color32,
    pub warning: Color32,
    pub on_warning: Color32,
    pub warning_row: Color32,
    pub doubt: Color32,
    pub on_doubt: Color32,
    /// The most urgent first.
    pub alarms: [AlarmSign; SIGNS.len()],
    pub pens: [Color32; PENS],
    pub shadow: Color32,
    pub veil: Color32,
    pub size_small: f32,
    pub size_text: f32,
    pub size_value: f32,
    pub size_panel: f32,
    pub size_title: f32,
    pub line: f32,
    pub line_equipment: f32,
    pub line_pipe: f32,
    pub line_attention: f32,
    pub corner: u8,
    /// Length and pause of a dashed outline.
    pub dash: (f32, f32),
}

impl Default for Theme {
    fn default() -> Self {
        Self::new(&Tokens::default(), Shade::Light)
    }
}

impl Theme {
    /// The tokens of a shade.
    pub fn new(tokens: &Tokens, shade: Shade) -> Self {
        let of = |[r, g, b, a]: Rgba| Color32::from_rgba_unmultiplied(r, g, b, a);
        let colour = |name: &str| of(tokens.colour(shade, name));
        Self {
            shade,
            background: colour("background"),
            panel: colour("panel"),
            panel_line: colour("panel_line"),
            bar: colour("bar"),
            sheet: colour("sheet"),
            sheet_line: colour("sheet_line"),
            text: colour("text"),
            text_quiet: colour("text_quiet"),
            text_off: colour("text_off"),
            value: colour("value"),
            on_value: colour("on_value"),
            value_box: colour("value_box"),
            equipment: colour("equipment"),
            running: colour("running"),
            stopped: colour("stopped"),
            vessel: colour("vessel"),
            contents: colour("contents"),
            normal_range: colour("normal_range"),
            plot: colour("plot"),
            grid: colour("grid"),
            button: colour("button"),
            button_hover: colour("button_hover"),
            focus: colour("focus"),
            urgent: colour("urgent"),
            on_urgent: colour("on_urgent"),
            urgent_row: colour("urgent_row"),
            warning: colour("warning"),
            on_warning: colour("on_warning"),
            warning_row: colour("warning_row"),
            doubt: colour("doubt"),
            on_doubt: colour("on_doubt"),
            alarms: std::array::from_fn(|place| AlarmSign {
                shape: tokens.shape(place),
                fill: colour(&format!("alarm_{}", SIGNS[place])),
                on: colour(&format!("on_alarm_{}", SIGNS[place])),
                edged: needs_edge(tokens, shade, SIGNS[place]),
            }),
            pens: tokens.pens(shade).map(of),
            shadow: colour("shadow"),
            veil: colour("veil"),
            size_small: tokens.size("small"),
            size_text: tokens.size("text"),
            size_value: tokens.size("value"),
            size_panel: tokens.size("panel"),
            size_title: tokens.size("title"),
            line: tokens.size("line"),
            line_equipment: tokens.size("line_equipment"),
            line_pipe: tokens.size("line_pipe"),
            line_attention: tokens.size("line_attention"),
            corner: tokens.size("corner").round() as u8,
            dash: (tokens.size("dash"), tokens.size("pause")),
        }
    }

    /// Gives egui's own widgets (dialogs, text fields, tooltips) the look of the rest.
    pub fn apply(&self, ctx: &egui::Context) {
        let dark = self.shade == Shade::Dark;
        ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
        ctx.all_styles_mut(|style| {
            style.visuals = self.visuals();
            style.animation_time = 0.0;
            style.spacing.button_padding = egui::vec2(14.0, 6.0);
            style.interaction.selectable_labels = false;
            for (text_style, size) in [
                (egui::TextStyle::Body, self.size_text),
                (egui::TextStyle::Button, self.size_text),
                (egui::TextStyle::Small, self.size_small),
                (egui::TextStyle::Heading, self.size_panel),
            ] {
                style.text_styles.insert(text_style, crate::fonts::regular(size));
            }
        });
    }

    fn visuals(&self) -> egui::Visuals {
        let line = |colour| egui::Stroke::new(1.2, colour);
        let mut visuals = if self.shade == Shade::Dark { egui::Visuals::dark() } else { egui::Visuals::light() };
        visuals.panel_fill = self.background;
        visuals.window_fill = self.sheet;
        visuals.window_stroke = line(self.sheet_line);
        visuals.window_corner_radius = self.corner.into();
        visuals.menu_corner_radius = self.corner.into();
        visuals.window_shadow = egui::Shadow { offset: [0, 3], blur: 10, spread: 0, color: self.shadow };
        visuals.popup_shadow = visuals.window_shadow;
        visuals.extreme_bg_color = if self.shade == Shade::Dark { self.value_box } else { self.on_value };
        visuals.selection.bg_fill = self.normal_range;
        visuals.selection.stroke = line(self.value);
        visuals.hyperlink_color = self.focus;
        visuals.weak_text_color = Some(self.text_quiet);
        let widgets = &mut visuals.widgets;
        widgets.noninteractive.bg_stroke = line(self.panel_line);
        widgets.noninteractive.fg_stroke = line(self.text);
        for (widget, fill, edge) in [
            (&mut widgets.inactive, self.button, self.sheet_line),
            (&mut widgets.hovered, self.button_hover, self.text),
            (&mut widgets.active, self.value_box, self.text),
            (&mut widgets.open, self.value_box, self.text),
        ] {
            (widget.bg_fill, widget.weak_bg_fill) = (fill, fill);
            (widget.bg_stroke, widget.fg_stroke) = (line(edge), line(self.text));
            widget.corner_radius = self.corner.into();
            widget.expansion = 0.0;
        }
        visuals
    }
}
