//! The panel beside a previewed screen: what is chosen, what it follows, values to play with, symbols to insert.

use egui::{Button, ComboBox, DragValue, RichText, ScrollArea, Slider, TextEdit, Ui};
use plantroom_model::{Status, Value, ValueKind};
use plantroom_scene::edit::{Coordinate, Movable};
use plantroom_scene::{Binding, Object, SampleTags, TagView, guide};
use plantroom_wire::TagInfo;

use crate::fonts;
use crate::look::Look;
use crate::rehearsal::Rehearsal;

/// Rows of a list of tags; a filter finds the others.
const TAGS: usize = 60;
/// Qualities to choose from.
const QUALITIES: [(&str, Status); 5] = [
    ("good", Status::GOOD),
    ("uncertain", Status::UNCERTAIN),
    ("stale", Status::UNCERTAIN_LAST_USABLE),
    ("no communication", Status::BAD_NO_COMMUNICATION),
    ("sensor failure", Status::BAD_SENSOR_FAILURE),
];

/// What the panel remembers.
#[derive(Default)]
pub struct Inspector {
    tag_filter: String,
    symbol_filter: String,
    symbol: Option<&'static str>,
    /// The tag for the next inserted symbol.
    tag: Option<String>,
}

/// What was asked for in the panel.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// The chosen line in the editor.
    Edit,
    /// This symbol, with this tag, at the place that is clicked next.
    Insert(&'static str, Option<String>),
}

/// What is known of the chosen object.
pub struct Facts<'a> {
    /// The object.
    pub object: &'a Object,
    /// How many the same call drew.
    pub drawn: usize,
    /// How its place is written, or why it can't be moved.
    pub written: Result<Movable, String>,
    /// What it follows.
    pub bindings: Vec<Binding>,
    /// Evaluations of its closures a second.
    pub rate: Option<f64>,
}

impl Inspector {
    /// The chosen object: script line, coordinates, bindings.
    pub fn chosen(ui: &mut Ui, facts: &Facts<'_>) -> Option<Wish> {
        let object = facts.object;
        heading(ui, object.symbol.word());
        ui.horizontal(|ui| {
            ui.label(RichText::new(object.place.to_string()).monospace());
            ui.add(Button::new("Open in editor")).clicked().then_some(Wish::Edit)
        })
        .inner
        .or_else(|| {
            if let Some(placed) = &object.placed_by {
                ui.label(format!("placed by {placed}; Alt and a click choose what is inside"));
            }
            if facts.drawn > 1 {
                ui.label(format!("this line draws {} objects; they move together", facts.drawn));
            }
            match &facts.written {
                Ok(written) => {
                    ui.label(format!("x {}", words(&written.x)));
                    ui.label(format!("y {}", words(&written.y)));
                }
                Err(why) => {
                    ui.label(why);
                }
            }
            Self::bindings(ui, facts);
            None
        })
    }

    fn bindings(ui: &mut Ui, facts: &Facts<'_>) {
        if facts.bindings.is_empty() {
            ui.label(quiet(ui, "follows no tag"));
        }
        for binding in &facts.bindings {
            match binding {
                Binding::Tag(name) => ui.label(format!("follows {name}")),
                Binding::Closure(cost) => {
                    let run = cost.run_us().map_or_else(String::new, |us| format!(", {us:.1} µs a run"));
                    let rate = facts.rate.map_or_else(String::new, |rate| format!(", {rate:.1} runs/s"));
                    ui.label(format!("closure of line {}: {} steps{run}{rate}", cost.place.line, cost.steps));
                    ui.label(quiet(ui, &format!("reads {}", cost.reads.join(", "))))
                }
            };
        }
    }

    /// Values of the tags that the screen shows, to be played with.
    pub fn values(&mut self, ui: &mut Ui, rehearsal: &Rehearsal, shown: &[std::sync::Arc<str>]) {
        heading(ui, "Values");
        filter(ui, &mut self.tag_filter, "Filter of tags");
        let wanted = self.tag_filter.to_lowercase();
        let rows: Vec<(TagInfo, Option<(Value, Status)>)> = rehearsal.look(|tags: &SampleTags| {
            let fits = shown.iter().filter(|name| name.to_lowercase().contains(&wanted));
            let known = fits.filter_map(|name| {
                let sample = tags.sample(name).map(|sample| (sample.value, sample.status));
                Some((tags.info(name)?.clone(), sample))
            });
            known.take(TAGS).collect()
        });
        if rows.is_empty() {
            ui.label(quiet(ui, "no tag of this screen fits"));
        }
        ScrollArea::vertical().id_salt("values").max_height(260.0).auto_shrink([false, true]).show(ui, |ui| {
            for (info, sample) in rows {
                if let Some((value, status)) = row(ui, &info, sample) {
                    // A slider gives what the tag can hold; what it can't is refused by the tag and stays as it was.
                    let _ = rehearsal.change(|tags, now| tags.set(&info.name, &value, status, now));
                }
            }
        });
    }

    /// Symbols with their documentation, and the tag for the next one.
    pub fn picker(&mut self, ui: &mut Ui, tags: &[String], placing: Option<&str>) -> Option<Wish> {
        heading(ui, "Insert");
        filter(ui, &mut self.symbol_filter, "Filter of symbols");
        let wanted = self.symbol_filter.to_lowercase();
        let fits = |function: &&guide::Function| {
            function.object && (function.name.contains(&wanted) || function.what.to_lowercase().contains(&wanted))
        };
        ScrollArea::vertical().id_salt("symbols").max_height(120.0).auto_shrink([false, true]).show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                for function in guide::functions().filter(fits) {
                    let button = ui.selectable_label(self.symbol == Some(function.name), function.name);
                    if button.on_hover_text(function.what).clicked() {
                        self.symbol = Some(function.name);
                    }
                }
            });
        });
        let symbol = self.symbol?;
        if let Some(function) = guide::function(symbol) {
            ui.label(quiet(ui, function.what));
            ui.label(RichText::new(function.usage).monospace().size(11.0));
        }
        let name = ui.label(quiet(ui, "Its tag")).id;
        let shown = ComboBox::from_id_salt("tag to insert")
            .width(260.0)
            .selected_text(self.tag.as_deref().unwrap_or("the example's tag"))
            .show_ui(ui, |ui| {
                let wanted = self.tag_filter.to_lowercase();
                for name in tags.iter().filter(|name| name.to_lowercase().contains(&wanted)).take(TAGS) {
                    ui.selectable_value(&mut self.tag, Some(name.clone()), name);
                }
            });
        shown.response.labelled_by(name);
        let words = if placing.is_some() { "Now click where it should be" } else { "Insert at a click" };
        ui.button(words).clicked().then(|| Wish::Insert(symbol, self.tag.clone()))
    }
}

fn words(coordinate: &Coordinate) -> String {
    match coordinate {
        Coordinate::Number(number) => format!("{number}"),
        Coordinate::Computed(expression) => format!("is computed: {expression}"),
    }
}

pub fn heading(ui: &mut Ui, words: &str) {
    ui.add_space(8.0);
    ui.label(RichText::new(words).font(fonts::bold(Look::of(ui.ctx()).theme.size_text)).color(Look::of(ui.ctx()).theme.text));
}

pub fn quiet(ui: &Ui, words: &str) -> RichText {
    RichText::new(words).font(fonts::regular(Look::of(ui.ctx()).theme.size_text - 1.5)).color(Look::of(ui.ctx()).theme.text_quiet)
}

fn filter(ui: &mut Ui, text: &mut String, hint: &str) {
    let name = ui.label(quiet(ui, hint));
    ui.add(TextEdit::singleline(text).desired_width(260.0)).labelled_by(name.id);
}

/// One tag; its new value and quality, if somebody changed it.
fn row(ui: &mut Ui, info: &TagInfo, sample: Option<(Value, Status)>) -> Option<(Value, Status)> {
    let (value, status) = sample.unwrap_or((Value::Null, Status::BAD_WAITING_FOR_INITIAL_DATA));
    let name = ui.label(quiet(ui, &info.name)).id;
    ui.horizontal(|ui| {
        let entered = field(ui, info, &value, name).map(|value| (value, if status.is_bad() { Status::GOOD } else { status }));
        let now = QUALITIES.iter().find(|(_, known)| *known == status).map_or(status.words(), |(word, _)| *word);
        let mut chosen = status;
        let shown = ComboBox::from_id_salt(("quality", &info.name)).width(90.0).selected_text(now).show_ui(ui, |ui| {
            for (word, each) in QUALITIES {
                ui.selectable_value(&mut chosen, each, word);
            }
        });
        shown.response.labelled_by(name);
        entered.or_else(|| (chosen != status).then_some((value, chosen)))
    })
    .inner
}

/// A field for one value.
fn field(ui: &mut Ui, info: &TagInfo, value: &Value, name: egui::Id) -> Option<Value> {
    let kind = ValueKind::from_u8(info.kind).unwrap_or(ValueKind::Float);
    if !info.states.is_empty() {
        return states(ui, info, value, name);
    }
    match kind {
        ValueKind::Bool => {
            let mut on = value.as_bool().unwrap_or(false);
            ui.checkbox(&mut on, "on").labelled_by(name).changed().then_some(Value::Bool(on))
        }
        ValueKind::Text => {
            let mut text = value.as_text().unwrap_or_default().to_owned();
            let changed = ui.add(TextEdit::singleline(&mut text).desired_width(150.0)).labelled_by(name).changed();
            changed.then(|| Value::Text(text.into()))
        }
        ValueKind::Int | ValueKind::Uint | ValueKind::Float | ValueKind::Null => {
            let (low, high) = info.range.unwrap_or((0.0, 100.0));
            let mut number = value.as_f64().unwrap_or(low);
            let digits = usize::from(info.decimals);
            let slider = Slider::new(&mut number, low.min(high)..=high.max(low)).max_decimals(digits).show_value(false);
            let slid = ui.add(slider.clamping(egui::SliderClamping::Never)).labelled_by(name).changed();
            let typed = DragValue::new(&mut number).max_decimals(digits).suffix(format!(" {}", info.unit));
            let changed = ui.add(typed).labelled_by(name).changed() || slid;
            let whole = matches!(kind, ValueKind::Int | ValueKind::Uint);
            changed.then_some(if whole { Value::Int(number.round() as i64) } else { Value::Float(number) })
        }
    }
}

fn states(ui: &mut Ui, info: &TagInfo, value: &Value, name: egui::Id) -> Option<Value> {
    let number = value.as_f64().map(|number| number as i64).or_else(|| value.as_bool().map(i64::from));
    let word = info.states.iter().find(|(known, _)| Some(*known) == number).map_or("–", |(_, word)| word);
    let mut chosen = number;
    let shown = ComboBox::from_id_salt(("state", &info.name)).width(120.0).selected_text(word).show_ui(ui, |ui| {
        for (known, word) in &info.states {
            ui.selectable_value(&mut chosen, Some(*known), word);
        }
    });
    shown.response.labelled_by(name);
    let is_bool = ValueKind::from_u8(info.kind) == Some(ValueKind::Bool);
    let changed = chosen.filter(|_| chosen != number)?;
    Some(if is_bool { Value::Bool(changed != 0) } else { Value::Int(changed) })
}
