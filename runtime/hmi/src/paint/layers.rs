//! Tabs and pop-ups: which objects are to be seen, and what opens and closes them.
//!
//! Which page is chosen and which pop-up is open is the console's to know, not the scene's: it lies in egui's memory.

use egui::{Align2, Context, Event, EventFilter, Id, Key, Modifiers, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use plantroom_scene::{Layer, Object, ObjectId, Popup, Scene, Symbol, Tabs};

use super::{Canvas, Font, Sign, control, marks, sign_of};

/// Pop-ups that are open, the newest last, each with the frame in which it was last painted.
#[derive(Clone, Default)]
struct Open(Vec<(Id, u64)>);

fn of_all<T>(ctx: &Context, look: impl FnOnce(&mut Vec<(Id, u64)>, u64) -> T) -> T {
    let frame = ctx.cumulative_frame_nr();
    ctx.data_mut(|data| look(&mut data.get_temp_mut_or_default::<Open>(Id::unique("popups")).0, frame))
}

fn is_open(ctx: &Context, id: Id) -> bool {
    of_all(ctx, |all, _| all.iter().any(|(other, _)| *other == id))
}

fn set_open(ctx: &Context, id: Id, open: bool) {
    of_all(ctx, |all, frame| {
        all.retain(|(other, _)| *other != id);
        if open {
            all.push((id, frame));
        }
    });
}

/// Whether Esc belongs to a pop-up now, and closes the newest. Those of screens that were left are forgotten.
pub fn escape(ctx: &Context) -> bool {
    let some = of_all(ctx, |all, frame| {
        all.retain(|(_, painted)| painted + 3 >= frame);
        !all.is_empty()
    });
    some && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) && of_all(ctx, |all, _| all.pop().is_some())
}

/// Where an object is to be painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// On the screen itself.
    Screen,
    /// In this pop-up, which is open.
    In(ObjectId),
    /// Nowhere now.
    Hidden,
}

/// Where each object is to be painted; empty where the screen has neither tabs nor pop-ups.
pub fn fates(ctx: &Context, salt: Id, scene: &Scene) -> Vec<Fate> {
    let objects = scene.objects();
    if !objects.iter().any(|object| object.layer.is_some()) {
        return Vec::new();
    }
    let mut fates: Vec<Fate> = Vec::with_capacity(objects.len());
    for object in objects {
        // What an object lies in was added before it.
        let fate = match object.layer {
            None => Fate::Screen,
            Some(Layer { of, page }) => match (fates.get(of.0 as usize), objects.get(of.0 as usize)) {
                (Some(Fate::Hidden), _) | (None, _) | (_, None) => Fate::Hidden,
                (Some(_), Some(holder)) if !*holder.visible.get() => Fate::Hidden,
                (Some(around), Some(holder)) => match &holder.symbol {
                    Symbol::Popup(_) if is_open(ctx, salt.with(of.0)) => Fate::In(of),
                    Symbol::Tabs(tabs) if chosen(ctx, salt.with(of.0), tabs) == page => *around,
                    _ => Fate::Hidden,
                },
            },
        };
        fates.push(fate);
    }
    fates
}

fn chosen(ctx: &Context, id: Id, tabs: &Tabs) -> u32 {
    let last = (tabs.labels.len() as u32).saturating_sub(1);
    ctx.data(|data| data.get_temp::<u32>(id.with("page"))).unwrap_or(0).min(last)
}

/// The most urgent sign of what lies on a page, wherever in it.
fn worst(scene: &Scene, of: ObjectId, page: u32) -> Option<Sign> {
    let objects = scene.objects();
    let lies_in = |object: &Object| {
        let mut layer = object.layer;
        while let Some(now) = layer {
            if now == (Layer { of, page }) {
                return true;
            }
            layer = objects.get(now.of.0 as usize).and_then(|holder| holder.layer);
        }
        false
    };
    let inside =
        objects.iter().skip(of.0 as usize).filter(|object| object.layer.is_some() && *object.visible.get() && lies_in(object));
    inside.filter_map(|object| sign_of(&object.symbol)).min_by_key(|sign| sign.rank())
}

/// Draws the row of tabs and the page's ground; the page's objects follow by themselves.
pub fn tabs(ui: &Ui, c: &Canvas<'_>, (rect, id): (Rect, Id), tabs: &Tabs, (of, scene): (ObjectId, &Scene)) {
    let now = chosen(ui.ctx(), id, tabs);
    let high = c.len(tabs.tab_h);
    let body = Rect::from_min_max(pos2(rect.left(), rect.top() + high), rect.max);
    c.filled(body, c.theme().panel);
    c.add(egui::Shape::rect_stroke(body, 0.0, c.stroke(c.theme().line, c.theme().panel_line), egui::StrokeKind::Middle));
    let mut left = rect.left();
    let mut next = None;
    let mut parts = Vec::with_capacity(tabs.labels.len());
    for (page, label) in tabs.labels.iter().enumerate() {
        let page = page as u32;
        let here = page == now;
        let words = label.get();
        let sign = worst(scene, of, page);
        let mark = if sign.is_some() && !here { c.len(20.0) } else { 0.0 };
        let wide = (c.text_width(words, Font::TEXT_BOLD) + c.len(32.0) + mark).min(rect.right() - left).max(0.0);
        let part = Rect::from_min_size(pos2(left, rect.top()), vec2(wide, high));
        parts.push(part);
        let response = control::press(ui, c, part, id.with(("tab", page)), (Role::Tab, words), None);
        let told = match sign {
            Some(sign) if !here => format!("{words}, {} inside", sign.letters()),
            _ => words.clone(),
        };
        response.widget_info(|| WidgetInfo::selected(Role::Tab, true, here, &told));
        c.filled(
            part,
            if here {
                c.theme().panel
            } else if response.hovered() {
                c.theme().button
            } else {
                c.theme().bar
            },
        );
        if here {
            c.filled(Rect::from_min_size(part.min, vec2(wide, c.len(3.0))), c.theme().value);
        }
        let (font, ink) = if here { (Font::TEXT_BOLD, c.theme().value) } else { (Font::TEXT, c.theme().text) };
        let words = c.fitted(words, font, wide - mark - c.len(12.0));
        c.text(part.center() - vec2(mark / 2.0, 0.0), Align2::CENTER_CENTER, &words, font, ink);
        if let Some(sign) = sign.filter(|_| !here) {
            marks::sign(c, pos2(part.right() - c.len(16.0), part.center().y), 14.0, sign);
        }
        control::focus(c, &response);
        if response.clicked() {
            next = Some(page);
        }
        if response.has_focus() {
            next = stepped(ui, response.id, page, tabs.labels.len() as u32).or(next);
        }
        left += wide;
    }
    ui.data_mut(|data| data.insert_temp(id.with("parts"), parts));
    if let Some(page) = next {
        ui.data_mut(|data| data.insert_temp(id.with("page"), page));
        ui.memory_mut(|memory| memory.request_focus(id.with(("tab", page))));
        ui.ctx().request_repaint();
    }
}

/// Where the tab of a page was drawn.
pub fn tab_of(ctx: &Context, tabs: Id, page: u32) -> Option<Rect> {
    ctx.data(|data| data.get_temp::<Vec<Rect>>(tabs.with("parts"))?.get(page as usize).copied())
}

/// Left and right from the tab that has the focus.
fn stepped(ui: &Ui, id: Id, page: u32, count: u32) -> Option<u32> {
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, EventFilter { horizontal_arrows: true, ..EventFilter::default() }));
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    if pressed(Key::ArrowRight) {
        Some((page + 1) % count.max(1))
    } else if pressed(Key::ArrowLeft) {
        Some((page + count.saturating_sub(1)) % count.max(1))
    } else {
        None
    }
}

/// Draws the button of a pop-up, with a sign where something inside deserves attention.
pub fn popup(ui: &Ui, c: &Canvas<'_>, (rect, id): (Rect, Id), popup: &Popup, (of, scene): (ObjectId, &Scene)) {
    let open = is_open(ui.ctx(), id);
    let words = format!("{} \u{25BE}", popup.label.get());
    let response = control::press(ui, c, rect, id.with("button"), (Role::Button, popup.label.get()), None);
    control::key(c, rect, &words, &control::face(c, &response, true, open));
    if let Some(sign) = worst(scene, of, 0).filter(|_| !open) {
        marks::sign(c, rect.right_top(), 15.0, sign);
    }
    control::focus(c, &response);
    if response.clicked() {
        set_open(ui.ctx(), id, !open);
        ui.ctx().request_repaint();
    }
}

/// Draws the ground of an open pop-up, and closes it where something beside it is pressed.
pub fn ground(ui: &Ui, c: &Canvas<'_>, id: Id, button: Rect, popup: &Popup) {
    of_all(ui.ctx(), |all, frame| all.iter_mut().filter(|(other, _)| *other == id).for_each(|(_, painted)| *painted = frame));
    let rect = Rect::from_min_size(c.point(popup.corner), vec2(popup.size.0, popup.size.1) * c.scale());
    let response = ui.interact(rect, id.with("ground"), Sense::CLICK | Sense::DRAG);
    response.widget_info(|| WidgetInfo::labeled(Role::Dialog, true, popup.label.get()));
    c.filled(rect.translate(vec2(0.0, c.len(3.0))).expand(c.len(1.0)), c.theme().shadow);
    c.boxed(rect, c.theme().sheet, c.stroke(1.2, c.theme().sheet_line));
    let beside = ui.input(|input| {
        input.events.iter().any(|event| {
            let Event::PointerButton { pos, pressed: true, .. } = event else { return false };
            !rect.contains(*pos) && !button.contains(*pos)
        })
    });
    if beside {
        set_open(ui.ctx(), id, false);
    }
}
