//! One plugin's life, turn by turn.

use std::sync::Arc;

use plantroom_model::{Frame, Mono};

use crate::{Loaded, Outside, PluginFigures, PluginOrder};

/// A plugin without a thread: whoever holds it calls [`Supervised::turn`].
pub struct Supervised {
    _loaded: Loaded,
    _outside: Arc<dyn Outside>,
}

/// What is to be done after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Call again at this time, or as soon as something has arrived.
    WaitUntil(Mono),
    /// The plugin has stopped; there is nothing more to do.
    Ended,
}

impl Supervised {
    pub(crate) fn new(loaded: Loaded, outside: Arc<dyn Outside>) -> Self {
        Self { _loaded: loaded, _outside: outside }
    }

    /// Does what is due: starts an instance, calls one step, or restarts after a fault.
    pub fn turn(&mut self) -> Turn {
        Turn::Ended
    }

    /// As [`crate::PluginRun::deliver_order`].
    pub fn deliver_order(&self, _order: PluginOrder) -> bool {
        false
    }

    /// As [`crate::PluginRun::deliver_changes`].
    pub fn deliver_changes(&self, _frame: Arc<Frame>) {}

    /// The next turn takes it down in good order.
    pub fn stop(&self) {}

    /// As [`crate::PluginRun::figures`].
    pub fn figures(&self) -> PluginFigures {
        PluginFigures::default()
    }
}
