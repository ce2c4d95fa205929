//! The plant that runs now, and the plugins that run it: the one place that everything asks.
//!
//! An online change puts a new plant here while all else goes on. Ids stay what they were, so whoever still holds
//! the plant from before finishes its work with it.

use std::sync::Arc;

use plantroom_host::{Loaded, PluginRun};
use plantroom_model::PluginId;
use plantroom_project::Plant;
use tokio::sync::watch;

use crate::system::SystemTags;

/// One plant and what runs it.
#[derive(Clone)]
pub struct Running {
    /// The plant.
    pub plant: Arc<Plant>,
    /// Where its system tags are.
    pub system: Arc<SystemTags>,
    /// Its plugins, one a place of [`Plant::plugins`]; `None` where none was started yet, or it is gone.
    pub plugins: Vec<Option<Arc<PluginRun>>>,
    /// What each of them was started from.
    pub loaded: Vec<Option<Loaded>>,
}

impl Running {
    /// A plant whose plugins aren't started yet.
    pub fn new(plant: Arc<Plant>) -> Self {
        let system = Arc::new(SystemTags::of(&plant));
        let plugins = vec![None; plant.plugins.len()];
        let loaded = vec![None; plant.plugins.len()];
        Self { plant, system, plugins, loaded }
    }

    /// A plugin that runs.
    pub fn plugin(&self, id: PluginId) -> Option<&Arc<PluginRun>> {
        self.plugins.get(id.0 as usize)?.as_ref()
    }
}

/// Holds what runs now.
pub struct NowRunning {
    current: watch::Sender<Arc<Running>>,
}

impl NowRunning {
    /// Begins with a plant.
    pub fn new(plant: Arc<Plant>) -> Self {
        Self { current: watch::Sender::new(Arc::new(Running::new(plant))) }
    }

    /// What runs at this moment.
    pub fn get(&self) -> Arc<Running> {
        Arc::clone(&self.current.borrow())
    }

    /// The plant that runs at this moment.
    pub fn plant(&self) -> Arc<Plant> {
        Arc::clone(&self.current.borrow().plant)
    }

    /// Tells of every change of what runs.
    pub fn changes(&self) -> watch::Receiver<Arc<Running>> {
        self.current.subscribe()
    }

    /// Takes the place of what ran until now.
    pub fn set(&self, running: Running) {
        self.current.send_replace(Arc::new(running));
    }
}
