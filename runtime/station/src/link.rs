//! The station as its server sees it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use plantroom_access::{Access, AuditState, Session};
use plantroom_fieldbus::Fieldbus;
use plantroom_model::{Door, Now, Outcome, Snapshot, TagId, Value, WriteRequest};
use plantroom_project::Plant;
use plantroom_server::{Health, ScreenSet, Station};
use tokio::sync::watch;

use crate::command::CommandPath;
use crate::figures;
use crate::inbox::{Inbox, PluginWord};
use crate::system::SystemTags;

/// What the server gets.
pub struct StationLink {
    commands: Arc<CommandPath>,
    fieldbus: Arc<Fieldbus>,
    screens: watch::Receiver<Arc<ScreenSet>>,
    inbox: Arc<Inbox>,
    system: SystemTags,
}

impl StationLink {
    /// Wires it up.
    pub fn new(
        commands: Arc<CommandPath>,
        fieldbus: Arc<Fieldbus>,
        screens: watch::Receiver<Arc<ScreenSet>>,
        inbox: Arc<Inbox>,
    ) -> Self {
        let system = SystemTags::of(&commands.plant);
        Self { commands, fieldbus, screens, inbox, system }
    }

    /// How many of these system tags hold this number.
    fn count(&self, tags: impl Iterator<Item = Option<TagId>>, number: u64) -> u32 {
        let snapshot = self.commands.snapshots.borrow().clone();
        let holds = |tag: &TagId| snapshot.get(*tag).is_some_and(|sample| sample.value == Value::Uint(number));
        tags.flatten().filter(holds).count() as u32
    }
}

impl Station for StationLink {
    fn plant(&self) -> Arc<Plant> {
        Arc::clone(&self.commands.plant)
    }

    fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.commands.snapshots.clone()
    }

    fn screens(&self) -> watch::Receiver<Arc<ScreenSet>> {
        self.screens.clone()
    }

    fn write(
        &self,
        session: Session,
        door: Door,
        _source: String,
        request: WriteRequest,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        Box::pin(Arc::clone(&self.commands).write(session, door, request))
    }

    fn access(&self) -> Arc<Access> {
        Arc::clone(&self.commands.access)
    }

    fn now(&self) -> Now {
        self.commands.clock.now()
    }

    fn health(&self) -> Health {
        let now = self.now();
        let scan_age_ms = self.commands.scan_age_ms(now);
        let audit_ok = self.commands.access.audit().health().state != AuditState::Failing;
        let plant = &self.commands.plant;
        Health {
            ok: scan_age_ms < 10 * u64::from(plant.scan.max_ms) && audit_ok,
            scan_age_ms,
            audit_ok,
            plugins_running: self.count(self.system.plugins.iter().map(|tags| tags.state), PluginWord::Running as u64),
            plugins: plant.plugins.len() as u32,
            connections_up: self.count(self.system.connections.iter().copied(), 1),
            connections: plant.connections.len() as u32,
        }
    }

    fn metrics(&self) -> String {
        figures::text(&self.commands, &self.fieldbus, self.inbox.lost())
    }
}
