//! A plugin on its own thread.

use std::sync::Arc;

use plantroom_model::Frame;

use crate::{PluginFigures, PluginOrder, Supervised};

/// A running plugin. Dropping it stops it.
#[derive(Debug)]
pub struct PluginRun {}

impl PluginRun {
    pub(crate) fn start(_plugin: Supervised) -> std::io::Result<Self> {
        Ok(Self {})
    }

    /// Hands over a write order. False, and nothing will be told of it, when the plugin isn't running, has too many,
    /// or wasn't granted the tag.
    pub fn deliver_order(&self, _order: PluginOrder) -> bool {
        false
    }

    /// Hands over what a scan decided. The first frame after the start should carry every tag's current value.
    pub fn deliver_changes(&self, _frame: Arc<Frame>) {}

    /// Takes it down in good order and waits for its thread: at most the hard limit and a little. Hold no lock that
    /// [`crate::Outside`] needs.
    pub fn stop(&self) {}

    /// Starts it again out of quarantine, with a clean slate; nothing happens in any other state.
    pub fn release(&self) {}

    /// What it costs.
    pub fn figures(&self) -> PluginFigures {
        PluginFigures::default()
    }
}
