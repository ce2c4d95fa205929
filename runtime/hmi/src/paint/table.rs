//! A table: titles that sort, rows of which only those in sight are painted, a bar that says where one is.

use egui::{Align2, EventFilter, Id, Key, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use plantroom_model::{Utc, Value};
use plantroom_scene::{LimitMark, Order, Reading, Shows, Table};

use super::{Canvas, Font, Hit, Sign, View, marks};
use crate::alarms::{marks as alarm_marks, sign};
use crate::look::Look;
use crate::words::{age_text, with_unit};

/// What the operator did to a table; lies in egui's memory as long as the screen is open.
#[derive(Clone, Copy, Default)]
struct State {
    /// The operator's order; the script's until there is one.
    order: Option<Order>,
    /// First row in sight, in rows.
    top: f32,
    /// Place among the shown rows of the one that the keyboard is at.
    at: Option<usize>,
}

/// Where its columns are, in points.
struct Grid {
    head: Rect,
    body: Rect,
    row_h: f32,
    /// Left edges, and the right edge of the last column.
    edges: Vec<f32>,
}

impl Grid {
    fn of(c: &Canvas<'_>, rect: Rect, table: &Table) -> Self {
        let row_h = c.len(table.row_h);
        let head = Rect::from_min_max(rect.min, pos2(rect.right(), (rect.top() + row_h).min(rect.bottom())));
        let body = Rect::from_min_max(pos2(rect.left(), head.bottom()), rect.max);
        let shares = || std::iter::once(table.names_w).chain(table.columns.iter().map(|column| column.w));
        let bar = if table.rows.len() as f32 * row_h > body.height() { c.len(10.0) } else { 0.0 };
        let unit = (rect.width() - bar) / shares().sum::<f32>().max(0.01);
        let mut edges = vec![rect.left()];
        let mut x = rect.left();
        for share in shares() {
            x += share * unit;
            edges.push(x);
        }
        Self { head, body, row_h, edges }
    }

    fn rows_in_sight(&self) -> f32 {
        self.body.height() / self.row_h.max(1.0)
    }

    fn cell(&self, column: usize, row: Rect) -> Rect {
        let edge = |place: usize| self.edges.get(place).copied().unwrap_or(row.right());
        Rect::from_min_max(pos2(edge(column), row.top()), pos2(edge(column + 1), row.bottom()))
    }
}

/// Draws it, and tells which row was pressed.
pub fn paint(ui: &Ui, c: &Canvas<'_>, rect: Rect, id: Id, table: &Table, view: &View<'_>) -> Option<Hit> {
    let above = pos2(rect.left(), rect.top() - c.len(4.0));
    c.text(above, Align2::LEFT_BOTTOM, table.label.get(), Font::PANEL, c.theme().text);
    let grid = Grid::of(c, rect, table);
    c.filled(rect, c.theme().plot);
    let mut state = ui.data(|data| data.get_temp::<State>(id)).unwrap_or_default();
    let order = state.order.or(table.sort);
    if let Some(chosen) = head(ui, c, &grid, id, table, order) {
        state.order = Some(chosen);
    }
    let rows = table.order(state.order.or(table.sort));
    let body = ui.interact(grid.body, id.with("rows"), Sense::CLICK | Sense::FOCUSABLE);
    let told = format!("{} {} rows", table.label.get(), rows.len());
    body.widget_info(|| WidgetInfo::labeled(Role::Table, true, &told));
    scroll(ui, &grid, &body, rows.len(), &mut state);
    let mut hit = keys(ui, &grid, &body, table, (&rows, &mut state));
    let inside = c.clipped(grid.body);
    let inner = c.on(&inside);
    let first = state.top.floor().max(0.0) as usize;
    for (place, row) in rows.iter().enumerate().skip(first).take(grid.rows_in_sight().ceil() as usize + 1) {
        let top = grid.body.top() + (place as f32 - state.top) * grid.row_h;
        let row_rect = Rect::from_min_size(pos2(rect.left(), top), vec2(grid.body.width(), grid.row_h));
        let pressed = one_row(ui, &inner, &grid, (row_rect, id.with(("row", *row))), (table, *row), (place, &state, &body, view));
        if let Some(pressed) = pressed {
            state.at = Some(place);
            ui.memory_mut(|memory| memory.request_focus(body.id));
            hit = Some(pressed);
        }
    }
    for edge in grid.edges.iter().skip(1).take(table.columns.len()) {
        c.line(pos2(*edge, rect.top()), pos2(*edge, rect.bottom()), c.stroke(1.0, c.theme().grid));
    }
    if rows.is_empty() {
        c.text(grid.body.center(), Align2::CENTER_CENTER, c.say("no rows"), Font::TEXT, c.theme().text_quiet);
    }
    position(c, &grid, rows.len(), state.top);
    c.add(egui::Shape::rect_stroke(rect, 0.0, c.stroke(c.theme().line, c.theme().panel_line), egui::StrokeKind::Middle));
    super::control::focus(c, &body);
    ui.data_mut(|data| data.insert_temp(id, state));
    hit
}

/// The titles; gives the order that one of them was pressed for.
fn head(ui: &Ui, c: &Canvas<'_>, grid: &Grid, id: Id, table: &Table, order: Option<Order>) -> Option<Order> {
    c.filled(grid.head, c.theme().bar);
    let titles = std::iter::once(table.names.as_str()).chain(table.columns.iter().map(|column| column.title.as_str()));
    let mut chosen = None;
    for (column, title) in titles.enumerate() {
        let cell = grid.cell(column, grid.head);
        let now = order.filter(|order| order.column == column);
        let arrow = match now {
            Some(Order { descending: true, .. }) => "\u{25BC}",
            Some(_) => "\u{25B2}",
            None => "",
        };
        let told = match now {
            Some(Order { descending: true, .. }) => format!("{title}, sorted, greatest first"),
            Some(_) => format!("{title}, sorted"),
            None => title.to_owned(),
        };
        let response = super::control::press(ui, c, cell, id.with(("title", column)), (Role::ColumnHeader, &told), None);
        if response.hovered() {
            c.filled(cell, c.theme().panel);
        }
        let mark =
            c.text(pos2(cell.right() - c.len(6.0), cell.center().y), Align2::RIGHT_CENTER, arrow, Font::SMALL, c.theme().text);
        let room = mark.left() - cell.left() - c.len(12.0);
        let words = c.fitted(title, Font::TEXT_BOLD, room);
        c.text(pos2(cell.left() + c.len(8.0), cell.center().y), Align2::LEFT_CENTER, &words, Font::TEXT_BOLD, c.theme().text);
        super::control::focus(c, &response);
        if response.clicked() {
            chosen = Some(Order { column, descending: now.is_some_and(|now| !now.descending) });
        }
    }
    chosen
}

fn scroll(ui: &Ui, grid: &Grid, body: &Response, rows: usize, state: &mut State) {
    if body.contains_pointer() || ui.rect_contains_pointer(grid.body) {
        let moved = ui.input(|input| input.smooth_scroll_delta().y);
        state.top -= moved / grid.row_h.max(1.0);
    }
    state.top = state.top.clamp(0.0, (rows as f32 - grid.rows_in_sight()).max(0.0));
}

/// Arrows, pages, ends and Enter, while the rows have the focus.
fn keys(ui: &Ui, grid: &Grid, body: &Response, table: &Table, (rows, state): (&[u32], &mut State)) -> Option<Hit> {
    if !body.has_focus() || rows.is_empty() {
        return None;
    }
    ui.memory_mut(|memory| {
        memory.set_focus_lock_filter(body.id, EventFilter { vertical_arrows: true, ..EventFilter::default() })
    });
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    let (at, page, last) = (state.at.unwrap_or(0), grid.rows_in_sight().floor().max(1.0) as usize, rows.len() - 1);
    let moved = if pressed(Key::ArrowDown) {
        Some(state.at.map_or(0, |at| at + 1))
    } else if pressed(Key::ArrowUp) {
        Some(at.saturating_sub(1))
    } else if pressed(Key::PageDown) {
        Some(at + page)
    } else if pressed(Key::PageUp) {
        Some(at.saturating_sub(page))
    } else if pressed(Key::Home) {
        Some(0)
    } else if pressed(Key::End) {
        Some(last)
    } else {
        None
    };
    if let Some(at) = moved.map(|at| at.min(last)) {
        state.at = Some(at);
        let (first, sight) = (at as f32, grid.rows_in_sight());
        state.top = state.top.min(first).max(first + 1.0 - sight).max(0.0);
    }
    let row = *rows.get(state.at.filter(|_| pressed(Key::Enter))?)?;
    let event = table.rows.get(row as usize)?.event?;
    Some(Hit::Fire { event, value: None, rect: body.rect })
}

type Seen<'a, 'v> = (usize, &'a State, &'a Response, &'a View<'v>);

fn one_row(
    ui: &Ui,
    c: &Canvas<'_>,
    grid: &Grid,
    (rect, id): (Rect, Id),
    (table, row): (&Table, u32),
    (place, state, body, view): Seen<'_, '_>,
) -> Option<Hit> {
    let row = table.rows.get(row as usize)?;
    let seen = rect.intersect(grid.body);
    let response = ui.interact(seen, id, if row.event.is_some() { Sense::CLICK } else { Sense::HOVER });
    let chosen = state.at == Some(place) && body.has_focus();
    if chosen {
        c.filled(rect, c.theme().normal_range);
    } else if response.hovered() && row.event.is_some() {
        c.filled(rect, c.theme().button);
    } else if place % 2 == 1 {
        c.filled(rect, c.theme().value_box);
    }
    let middle = rect.center().y;
    let cell = grid.cell(0, rect);
    let mut told = row.name.clone();
    let mut indent = c.len(8.0);
    let tally = view.alarms.and_then(|table| table.of_place(&row.prefix));
    if let Some((tally, (priority, waits, _))) = tally.and_then(|tally| Some((tally, tally.worst()?))) {
        sign::paint(c, pos2(cell.left() + c.len(14.0), middle), 14.0, priority, !waits || sign::lit(view.now));
        indent = c.len(28.0);
        told = format!("{told}, {}", alarm_marks::in_words(c.look(), tally).unwrap_or_default());
    }
    let name = c.fitted(&row.name, Font::TEXT, cell.width() - indent - c.len(6.0));
    c.text(pos2(cell.left() + indent, middle), Align2::LEFT_CENTER, &name, Font::TEXT, c.theme().text);
    for (column, (reading, shows)) in row.cells.iter().zip(table.columns.iter().map(|column| column.shows)).enumerate() {
        let words = words(c.look(), reading, shows, view);
        told.push_str(", ");
        told.push_str(&words);
        one_cell(c, grid.cell(column + 1, rect), reading, (shows, &words));
    }
    response.widget_info(|| WidgetInfo::selected(Role::Row, true, chosen, &told));
    let event = row.event.filter(|_| response.clicked())?;
    Some(Hit::Fire { event, value: None, rect: seen })
}

fn words(look: &Look, reading: &Reading, shows: Shows, view: &View<'_>) -> String {
    if !reading.is_present() {
        return String::new();
    }
    match shows {
        _ if !reading.is_known() => look.say("no tag").to_owned(),
        Shows::Value => {
            let text = with_unit(&reading.text(), &reading.facts.unit);
            // The letter alone: how old it is has a column of its own.
            match marks::tail_text(look, reading.status, Utc(0), view.now) {
                tail if tail.is_empty() => text,
                tail => format!("{text}  {tail}"),
            }
        }
        Shows::Quality => look.say(reading.status.words()).to_owned(),
        Shows::Age => age_text(reading.source_time, view.now).unwrap_or_default(),
        Shows::Description => reading.facts.description.clone(),
    }
}

/// Numbers stand at the right, words at the left; a passed limit has its sign before it, doubt a dashed box.
fn one_cell(c: &Canvas<'_>, cell: Rect, reading: &Reading, (shows, words): (Shows, &str)) {
    let middle = cell.center().y;
    let is_number = shows == Shows::Value
        && reading.facts.states.is_empty()
        && matches!(reading.value, Value::Int(_) | Value::Uint(_) | Value::Float(_));
    let is_live = shows == Shows::Value;
    let sign = Sign::of(reading).filter(|sign| is_live && matches!(sign, Sign::Limit(_)));
    let used_by_sign = if sign.is_some() { c.len(20.0) } else { 0.0 };
    let (font, ink) = if is_live { (Font::TEXT_BOLD, marks::ink(c, reading)) } else { (Font::TEXT, c.theme().text_quiet) };
    let text = c.fitted(words, font, cell.width() - c.len(16.0) - used_by_sign);
    let (x, anchor) = if is_number {
        (cell.right() - c.len(8.0), Align2::RIGHT_CENTER)
    } else {
        (cell.left() + c.len(8.0) + used_by_sign, Align2::LEFT_CENTER)
    };
    let used = c.text(pos2(x, middle), anchor, &text, font, ink);
    if is_live && reading.is_present() && !reading.is_good() && !text.is_empty() {
        c.dashed_box(used.expand2(vec2(c.len(3.0), c.len(1.0))), c.stroke(1.0, c.theme().text_quiet));
    }
    if let Some(sign) = sign {
        let size = if matches!(sign, Sign::Limit(LimitMark::HighHigh | LimitMark::LowLow)) { 13.0 } else { 14.0 };
        marks::sign(c, pos2(used.left() - c.len(12.0), middle), size, sign);
    }
}

/// The bar at the right that says which rows are in sight.
fn position(c: &Canvas<'_>, grid: &Grid, rows: usize, top: f32) {
    let (all, sight) = (rows as f32, grid.rows_in_sight());
    if all <= sight {
        return;
    }
    let track = Rect::from_min_max(pos2(grid.body.right() - c.len(8.0), grid.body.top()), grid.body.max);
    c.filled(track, c.theme().bar);
    let high = (track.height() * sight / all).max(c.len(16.0));
    let y = track.top() + (track.height() - high) * (top / (all - sight)).clamp(0.0, 1.0);
    c.filled(Rect::from_min_size(pos2(track.left() + c.len(1.0), y), vec2(c.len(6.0), high)), c.theme().equipment);
}
