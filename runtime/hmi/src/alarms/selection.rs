//! Which rows of a list are selected: by click, with Shift from the last click on, with Ctrl one more or one less.
//!
//! Pure. Rows are known by their alarm, so that a selection survives sorting and what comes in between.

use std::collections::BTreeSet;

/// The selection of one list.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    chosen: BTreeSet<u32>,
    /// From where Shift selects, and where the keyboard is.
    anchor: Option<u32>,
    cursor: Option<u32>,
}

impl Selection {
    /// A row was pressed: alone, one more (Ctrl), or all from the last one on (Shift). `order` is what is shown.
    pub fn press(&mut self, id: u32, (shift, ctrl): (bool, bool), order: &[u32]) {
        self.cursor = Some(id);
        if shift {
            let place = |wanted: u32| order.iter().position(|one| *one == wanted);
            let (from, to) = (self.anchor.and_then(place), place(id));
            if let (Some(from), Some(to)) = (from, to) {
                let part = &order[from.min(to)..=from.max(to)];
                if !ctrl {
                    self.chosen.clear();
                }
                self.chosen.extend(part);
                return;
            }
        }
        self.anchor = Some(id);
        if ctrl {
            if !self.chosen.remove(&id) {
                self.chosen.insert(id);
            }
        } else {
            self.chosen = BTreeSet::from([id]);
        }
    }

    /// All of these.
    pub fn all(&mut self, order: &[u32]) {
        self.chosen = order.iter().copied().collect();
    }

    /// None.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Moves the keyboard by so many rows; gives the place that it is at then.
    pub fn step(&mut self, by: isize, extend: bool, order: &[u32]) -> Option<usize> {
        let last = order.len().checked_sub(1)?;
        let here = self.cursor.and_then(|id| order.iter().position(|one| *one == id));
        let place = here.map_or(0, |here| here.saturating_add_signed(by).min(last));
        self.press(order[place], (extend, false), order);
        Some(place)
    }

    /// Where the keyboard is.
    pub fn cursor(&self) -> Option<u32> {
        self.cursor
    }

    /// Whether a row is selected.
    pub fn has(&self, id: u32) -> bool {
        self.chosen.contains(&id)
    }

    /// What is selected, by number.
    pub fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.chosen.iter().copied()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.chosen.len()
    }

    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }
}
