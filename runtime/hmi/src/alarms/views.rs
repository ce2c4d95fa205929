//! Small lists of alarms on screens and faceplates: made once, kept up to date while somebody looks at them.
//!
//! A view is known by what it shows, so that a screen that is opened again, or two places with the same list, share one.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use plantroom_scene::AlarmsOf;

use super::list::{Filter, List};
use super::table::Table;

/// Frames after which a view that nobody asked for is forgotten.
const KEPT_FRAMES: u64 = 120;

/// What a small list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Top {
    /// Its first rows, the most urgent first.
    pub ids: Arc<[u32]>,
    /// How many there are in all.
    pub all: usize,
}

/// All that are looked at.
#[derive(Default)]
pub struct Views {
    lists: RefCell<HashMap<(AlarmsOf, bool), (u64, List)>>,
    frame: RefCell<u64>,
}

impl Views {
    /// The first rows of what it shows; `waiting` leaves out what is acknowledged.
    pub fn top(&self, table: &Table, of: &AlarmsOf, waiting: bool, rows: usize) -> Top {
        let mut lists = self.lists.borrow_mut();
        let (seen, list) = lists.entry((of.clone(), waiting)).or_insert_with(|| {
            let mut list = List::default();
            list.set_filter(Filter { waiting, of: of.clone(), ..Filter::default() });
            (0, list)
        });
        *seen = *self.frame.borrow();
        list.update(table, false);
        Top { ids: list.first(rows).collect(), all: list.len() }
    }

    /// A frame has passed.
    pub fn tidy(&self) {
        let mut frame = self.frame.borrow_mut();
        *frame += 1;
        self.lists.borrow_mut().retain(|_, (seen, _)| *seen + KEPT_FRAMES > *frame);
    }
}
