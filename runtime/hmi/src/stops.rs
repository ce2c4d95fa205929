//! Tab goes from place to place as one reads: from the top down, and in a row from the left; whatever the script's order.
//!
//! In:  what can have the focus, noted while it is painted ([`note`]). Out: the focus, moved ([`follow`]).
//!
//! Invariant: at the first and the last of a layer egui's own order goes on, so that nothing is ever out of reach.

use egui::{Context, FocusDirection, Id, Key, LayerId, Modifiers, Rect, Response};

/// What could have the focus in the last frame.
#[derive(Clone, Default)]
struct Stops(Vec<Stop>);

#[derive(Clone, Copy)]
struct Stop {
    id: Id,
    rect: Rect,
    layer: LayerId,
}

fn key() -> Id {
    Id::unique("stops")
}

/// Notes something that can have the focus now.
pub fn note(ctx: &Context, response: &Response) {
    if response.sense.is_focusable() {
        let stop = Stop { id: response.id, rect: response.rect, layer: response.layer_id };
        ctx.data_mut(|data| data.get_temp_mut_or_default::<Stops>(key()).0.push(stop));
    }
}

/// Moves the focus, where Tab was pressed and what has it was painted by us; begins a new frame's notes.
pub fn follow(ctx: &Context) {
    let stops = ctx.data_mut(|data| std::mem::take(data.get_temp_mut_or_default::<Stops>(key())));
    let back = match ctx.input(|input| (input.key_pressed(Key::Tab), input.modifiers)) {
        (true, Modifiers::NONE) => false,
        (true, modifiers) if modifiers.shift_only() => true,
        _ => return,
    };
    let Some(focused) = ctx.memory(|memory| memory.focused()) else { return };
    if let Some(next) = beside(stops.0, focused, back) {
        ctx.memory_mut(|memory| {
            memory.move_focus(FocusDirection::None);
            memory.request_focus(next);
        });
    }
}

fn beside(mut stops: Vec<Stop>, focused: Id, back: bool) -> Option<Id> {
    let layer = stops.iter().find(|stop| stop.id == focused)?.layer;
    stops.retain(|stop| stop.layer == layer);
    let all = as_read(stops);
    let place = all.iter().position(|id| *id == focused)?;
    if back { all.get(place.checked_sub(1)?).copied() } else { all.get(place + 1).copied() }
}

/// In the order of reading: what begins above the middle of a row's first one stands in that row.
fn as_read(mut stops: Vec<Stop>) -> Vec<Id> {
    stops.sort_by(|a, b| a.rect.top().total_cmp(&b.rect.top()));
    let mut ids = Vec::with_capacity(stops.len());
    let mut rest = stops.as_mut_slice();
    while let Some(first) = rest.first() {
        let middle = first.rect.center().y;
        let count = rest.iter().take_while(|stop| stop.rect.top() <= middle).count().max(1);
        let (row, after) = rest.split_at_mut(count);
        row.sort_by(|a, b| a.rect.left().total_cmp(&b.rect.left()));
        ids.extend(row.iter().map(|stop| stop.id));
        rest = after;
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{pos2, vec2};

    #[test]
    fn the_order_is_that_of_reading_and_ends_at_both_ends() {
        // Written as a script may have it: the lower row first, each from the right.
        let places = [(300.0, 100.0), (10.0, 104.0), (200.0, 8.0), (5.0, 0.0), (50.0, 55.0)];
        let stops: Vec<Stop> = places
            .iter()
            .enumerate()
            .map(|(at, (x, y))| Stop {
                id: Id::unique(at),
                rect: Rect::from_min_size(pos2(*x, *y), vec2(40.0, 24.0)),
                layer: LayerId::background(),
            })
            .collect();
        let order = [3, 2, 4, 1, 0].map(Id::unique);
        for (place, id) in order.iter().enumerate() {
            assert_eq!(beside(stops.clone(), *id, false), order.get(place + 1).copied(), "after {place}");
            assert_eq!(beside(stops.clone(), *id, true), place.checked_sub(1).map(|before| order[before]), "before {place}");
        }
        assert_eq!(beside(stops, Id::unique("elsewhere"), false), None);
    }
}
