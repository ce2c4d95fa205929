//! What the panes are built of: words in the theme's inks, fields with a name, and lists of which only the rows in sight
//! are made.

use egui::{Align, Color32, Label, Layout, Response, RichText, Role, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, vec2};
use plantroom_scene::TOUCH_POINTS;

use crate::fonts::{bold, regular};
use crate::look::Look;

/// Words as a heading; these and all below in the console's language, where they are its own.
pub fn heading(look: &Look, words: &str) -> RichText {
    RichText::new(look.say(words)).font(bold(look.theme.size_panel)).color(look.theme.text)
}

/// Ordinary words.
pub fn plain(look: &Look, words: &str) -> RichText {
    RichText::new(look.say(words)).font(regular(look.theme.size_text)).color(look.theme.text)
}

/// Words that matter.
pub fn strong(look: &Look, words: &str) -> RichText {
    RichText::new(look.say(words)).font(bold(look.theme.size_text)).color(look.theme.text)
}

/// Words that explain.
pub fn quiet(look: &Look, words: &str) -> RichText {
    RichText::new(look.say(words)).font(regular(look.theme.size_text - 1.0)).color(look.theme.text_quiet)
}

/// A line to type in, with its name before it.
pub fn field(ui: &mut Ui, look: &Look, name: &str, text: &mut String, width: f32) -> Response {
    let label = ui.label(quiet(look, name));
    ui.add(TextEdit::singleline(text).desired_width(width)).labelled_by(label.id)
}

/// A column of a list.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Above it.
    pub title: &'static str,
    /// Its share of the width.
    pub share: f32,
}

/// A shorthand for tables of columns.
pub const fn column(title: &'static str, share: f32) -> Column {
    Column { title, share }
}

/// One cell. Its words are data, so they stay as they are; the console's own come translated.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What stands there; cut off where there is no room, and told whole under the pointer.
    pub words: String,
    /// Its ink.
    pub ink: Color32,
    /// Bold.
    pub strong: bool,
    /// Can be pressed.
    pub pressable: bool,
}

impl Cell {
    /// Ordinary words.
    pub fn plain(look: &Look, words: impl Into<String>) -> Self {
        Self { words: words.into(), ink: look.theme.text, strong: false, pressable: false }
    }

    /// Words that explain.
    pub fn quiet(look: &Look, words: impl Into<String>) -> Self {
        Self { ink: look.theme.text_quiet, ..Self::plain(look, words) }
    }

    /// A live value; quieter where it isn't good.
    pub fn value(look: &Look, words: impl Into<String>, good: bool) -> Self {
        let ink = if good { look.theme.value } else { look.theme.text_quiet };
        Self { ink, strong: true, ..Self::plain(look, words) }
    }

    /// Words that can be pressed.
    pub fn key(look: &Look, words: impl Into<String>) -> Self {
        Self { ink: look.theme.focus, pressable: true, ..Self::plain(look, words) }
    }
}

/// Shows a list in what is left of the space, at most `height` points high; gives the row and column that was pressed.
pub fn list(
    ui: &mut Ui,
    look: &Look,
    (salt, height): (&str, f32),
    columns: &[Column],
    rows: usize,
    cell: impl Fn(usize, usize) -> Cell,
) -> Option<(usize, usize)> {
    let gap = 8.0;
    let room = ui.available_width() - 18.0 - gap * columns.len() as f32;
    let unit = room.max(100.0) / columns.iter().map(|column| column.share).sum::<f32>().max(0.1);
    let row_h = match look.touch {
        true => TOUCH_POINTS,
        false => (look.theme.size_text * 1.55).max(ui.spacing().interact_size.y.min(24.0)),
    };
    let fit = |ui: &mut Ui, share: f32, words: RichText, pressable: bool| {
        let size = vec2(share * unit, row_h);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(size.x);
            let sense = if pressable { Sense::click() } else { Sense::hover() };
            ui.add(Label::new(words).truncate().sense(sense))
        })
        .inner
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for column in columns {
            fit(ui, column.share, strong(look, column.title), false);
        }
    });
    ui.separator();
    let mut pressed = None;
    let area = ScrollArea::vertical().id_salt(salt).max_height(height).auto_shrink([false, true]);
    area.show_rows(ui, row_h, rows, |ui, range| {
        for row in range {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = gap;
                for (place, column) in columns.iter().enumerate() {
                    let Cell { words, ink, strong, pressable } = cell(row, place);
                    let font = if strong { bold(look.theme.size_text) } else { regular(look.theme.size_text) };
                    let text = RichText::new(&words).font(font).color(ink);
                    let response = fit(ui, column.share, if pressable { text.underline() } else { text }, pressable);
                    if pressable {
                        response.widget_info(|| WidgetInfo::labeled(Role::Link, true, &words));
                    }
                    if pressable && (response.clicked() || response.has_focus() && enter(ui)) {
                        pressed = Some((row, place));
                    }
                }
            });
        }
    });
    if rows == 0 {
        ui.label(quiet(look, "nothing"));
    }
    pressed
}

fn enter(ui: &Ui) -> bool {
    ui.input(|input| input.key_pressed(egui::Key::Enter))
}
