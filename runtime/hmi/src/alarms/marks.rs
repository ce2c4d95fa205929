//! The worst alarm beside symbols, and on the ways to where alarms are: tabs, pop-ups, buttons, navigation.

use egui::{Align2, Id, Pos2, Rect, Ui, pos2, vec2};
use plantroom_model::Utc;
use plantroom_scene::{Layer, Object, Scene, Symbol, Way};

use super::behind::Behind;
use super::{Table, Tally, sign};
use crate::look::Look;
use crate::paint::layers::{self, Fate, fates};
use crate::paint::{Canvas, Font, control, main_reading, sign_of};

/// Size of a mark beside a symbol, in units.
const SIZE: f32 = 15.0;

/// What marks are made from.
#[derive(Clone, Copy)]
pub struct Marked<'a> {
    /// All alarms.
    pub table: &'a Table,
    /// Those behind each screen.
    pub behind: &'a Behind,
    /// The station's time.
    pub now: Option<Utc>,
}

/// Draws the worst alarm of each symbol at its upper left corner: of the instance that it shows or opens, or of its tag. What
/// leads to a screen, a page or a pop-up shows the worst alarm there.
pub fn over(ui: &Ui, c: &Canvas<'_>, (scene, salt): (&Scene, Id), of: Marked<'_>) {
    if of.table.is_quiet() {
        return;
    }
    let fates = fates(ui.ctx(), salt, scene);
    for (place, object) in scene.objects().iter().enumerate() {
        if !*object.visible.get() {
            continue;
        }
        if fates.get(place) == Some(&Fate::Hidden) {
            continue;
        }
        match &object.symbol {
            Symbol::Navigation(tabs) => {
                let rect = c.rect(object.rect);
                let mut left = rect.left();
                for entry in &tabs.entries {
                    let width = control::tab_width(c, entry);
                    let tab = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
                    on_tab(c, tab, &entry.screen, of);
                    left += width;
                }
            }
            Symbol::Tabs(tabs) => {
                for page in 0..tabs.labels.len() as u32 {
                    let tab = layers::tab_of(ui.ctx(), salt.with(object.id.0), page);
                    let hidden = inside(scene, of.table, &fates, Layer { of: object.id, page });
                    if let (Some(tab), Some(tally)) = (tab, hidden) {
                        mark(c, tab.right_top() + vec2(-c.len(8.0), c.len(8.0)), 13.0, &tally, of.now);
                    }
                }
            }
            Symbol::Popup(_) => {
                if let Some(tally) = inside(scene, of.table, &fates, Layer { of: object.id, page: 0 }) {
                    mark(c, c.rect(object.rect).left_top(), SIZE, &tally, of.now);
                }
            }
            _ => {
                if let Some(tally) = of_object(scene, object, of) {
                    mark(c, corner(c, object), SIZE, tally, of.now);
                }
            }
        }
    }
}

/// Where an object's mark is: beside small boxes, whose words stand above them; on the corner of everything else, beside the
/// sign of what is wrong with it where it has one there.
fn corner(c: &Canvas<'_>, object: &Object) -> Pos2 {
    let rect = c.rect(object.rect);
    match &object.symbol {
        // A panel that leads to a screen has it in its corner, where its title isn't.
        Symbol::Panel(_) => rect.right_top() + vec2(-c.len(16.0), c.len(16.0)),
        Symbol::Value(_) | Symbol::Setpoint(_) | Symbol::Switch(_) | Symbol::Lamp(_) => {
            let in_a_box = match &object.symbol {
                Symbol::Value(value) => !value.plain,
                symbol => matches!(symbol, Symbol::Setpoint(_)),
            };
            let aside = if in_a_box && sign_of(&object.symbol).is_some() { 31.0 } else { 11.0 };
            rect.left_center() - vec2(c.len(aside), 0.0)
        }
        symbol => {
            let at_corner = matches!(symbol, Symbol::Machine(_) | Symbol::Valve(_) | Symbol::Tank(_) | Symbol::Instrument(_));
            let aside = if at_corner && sign_of(symbol).is_some() { 24.0 } else { 3.0 };
            rect.left_top() - vec2(c.len(aside), c.len(3.0))
        }
    }
}

/// Alarms of what lies on a page of tabs or in a pop-up that isn't open, each place counted once.
fn inside(scene: &Scene, table: &Table, fates: &[Fate], layer: Layer) -> Option<Tally> {
    let mut counted: Vec<*const Tally> = Vec::new();
    let mut all = Tally::default();
    let objects = scene.objects();
    let lies_in = |object: &Object| {
        let mut at = object.layer;
        while let Some(now) = at {
            if now == layer {
                return true;
            }
            at = objects.get(now.of.0 as usize).and_then(|holder| holder.layer);
        }
        false
    };
    for (place, object) in objects.iter().enumerate().skip(layer.of.0 as usize) {
        let is_seen = fates.get(place) != Some(&Fate::Hidden);
        if is_seen || !*object.visible.get() || !lies_in(object) {
            continue;
        }
        let Some(tally) = of_symbol(scene, object, table) else { continue };
        if !counted.contains(&std::ptr::from_ref(tally)) {
            counted.push(std::ptr::from_ref(tally));
            all.add(tally);
        }
    }
    (!all.is_empty()).then_some(all)
}

fn of_object<'t>(scene: &Scene, object: &Object, of: Marked<'t>) -> Option<&'t Tally> {
    if let Symbol::Button(button) = &object.symbol {
        let Some(Way::Screen(screen)) = scene.leads_to(button.event).filter(|_| button.navigates) else { return None };
        return of.behind.of(screen);
    }
    let behind = || match object.click.and_then(|event| scene.leads_to(event))? {
        Way::Screen(screen) => of.behind.of(screen),
        Way::Instance(_) => None,
    };
    of_symbol(scene, object, of.table).or_else(behind)
}

/// The alarms of a symbol in words, for screen readers and under the pointer: nothing where it has none.
pub fn told(look: &Look, scene: &Scene, object: &Object, table: &Table) -> Option<String> {
    in_words(look, of_symbol(scene, object, table)?)
}

/// How many alarms there are, and how urgent the worst is.
pub fn in_words(look: &Look, tally: &Tally) -> Option<String> {
    let (priority, _, count) = tally.worst()?;
    Some(look.fill("alarms: {}, the worst {}", &[&count.to_string(), look.say(priority.word())]))
}

fn of_symbol<'t>(scene: &Scene, object: &Object, table: &'t Table) -> Option<&'t Tally> {
    let tag = main_reading(&object.symbol).and_then(|reading| reading.tag());
    let machine = matches!(&object.symbol, Symbol::Machine(_) | Symbol::Valve(_) | Symbol::Instrument(_));
    let of_machine = || {
        let opened = match object.click.and_then(|event| scene.leads_to(event)) {
            Some(Way::Instance(name)) => table.of_instance(name),
            _ => None,
        };
        opened.or_else(|| tag.as_ref()?.rsplit_once('/').and_then(|(instance, _)| table.of_instance(instance)))
    };
    let of_machine = if machine { of_machine() } else { None };
    of_machine.or_else(|| table.of_tag(tag.as_ref()?))
}

/// Draws the worst alarm behind a screen into its tab.
pub fn on_tab(c: &Canvas<'_>, tab: Rect, screen: &str, of: Marked<'_>) {
    if let Some((priority, waits, _)) = of.behind.of(screen).and_then(|tally| tally.worst()) {
        let at = pos2(tab.right() - c.len(9.0), tab.top() + c.len(11.0));
        sign::paint(c, at, 13.0, priority, !waits || sign::lit(of.now));
    }
}

/// A priority's shape, and beside it how many there are where it is more than one. Blinks while it waits.
fn mark(c: &Canvas<'_>, at: Pos2, size: f32, tally: &Tally, now: Option<Utc>) {
    let Some((priority, waits, count)) = tally.worst() else { return };
    sign::paint(c, at, size, priority, !waits || sign::lit(now));
    if count > 1 {
        let beside = pos2(at.x - c.len(size * 0.75), at.y);
        c.text(beside, Align2::RIGHT_CENTER, &count.to_string(), Font::SMALL_BOLD, c.theme().text);
    }
}
