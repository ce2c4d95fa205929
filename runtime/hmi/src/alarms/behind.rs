//! The worst alarm behind a way to a screen: of that screen and of all that lie below it.
//!
//! Pure; counted anew only when an alarm or the project's screens have changed.

use std::collections::HashMap;

use super::{Table, Tally};

/// Levels that screens can lie below each other; a circle of parents ends here too.
const DEPTH: usize = 8;

/// Alarms behind each screen.
#[derive(Debug, Default)]
pub struct Behind {
    all: HashMap<String, Tally>,
    seen: Option<(u64, u64)>,
}

impl Behind {
    /// Brings it up to date; `parent` is the screen above another, `revision` changes when that does.
    pub fn refresh<'s>(&mut self, table: &Table, revision: u64, parent: impl Fn(&str) -> Option<&'s str>) {
        let now = (table.stamp(), revision);
        if self.seen.replace(now) == Some(now) {
            return;
        }
        self.all.clear();
        for (screen, tally) in table.screens() {
            let mut at = Some(screen);
            for _ in 0..DEPTH {
                let Some(here) = at else { break };
                self.all.entry(here.to_owned()).or_default().add(tally);
                at = parent(here).filter(|above| *above != here);
            }
        }
    }

    /// Those behind a screen; nothing where all is quiet.
    pub fn of(&self, screen: &str) -> Option<&Tally> {
        self.all.get(screen)
    }
}
