//! The station as its server sees it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use plantroom_access::{Access, AuditState, Session};
use plantroom_fieldbus::Fieldbus;
use plantroom_model::{AutomationVerb, ConnectionId, Door, ModeRequest, Now, Outcome, Snapshot, TagId, Value, WriteRequest};
use plantroom_project::Plant;
use plantroom_server::{
    AlarmDoor, AutomationEntry, AutomationNow, Health, OutletDoor, Override, ProjectDoor, RegisterNow, ScreenSet, Station, Why,
};
use tokio::sync::watch;

use crate::alarms::Alarms;
use crate::automation::Automations;
use crate::change::Changes;
use crate::command::{CommandPath, Who};
use crate::figures;
use crate::handles;
use crate::inbox::{Inbox, PluginWord};
use crate::outlets;
use crate::target;

/// What the server gets.
pub struct StationLink {
    commands: Arc<CommandPath>,
    fieldbus: Arc<Fieldbus>,
    changes: Arc<Changes>,
    inbox: Arc<Inbox>,
    automations: Arc<Automations>,
    alarms: Arc<Alarms>,
}

impl StationLink {
    /// Wires it up.
    pub fn new(
        commands: Arc<CommandPath>,
        fieldbus: Arc<Fieldbus>,
        changes: Arc<Changes>,
        inbox: Arc<Inbox>,
        (automations, alarms): (Arc<Automations>, Arc<Alarms>),
    ) -> Self {
        Self { commands, fieldbus, changes, inbox, automations, alarms }
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
        self.commands.running.plant()
    }

    fn connections(&self) -> usize {
        handles::at_the_door(&self.commands.running.plant())
    }

    fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.commands.snapshots.clone()
    }

    fn screens(&self) -> watch::Receiver<Arc<ScreenSet>> {
        self.changes.machinery.screens.subscribe()
    }

    fn write(
        &self,
        session: Session,
        door: Door,
        _source: String,
        request: WriteRequest,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        Box::pin(Arc::clone(&self.commands).write(Who::Person(session, door), request))
    }

    fn set_mode(&self, session: Session, door: Door, request: ModeRequest) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        Box::pin(Arc::clone(&self.commands).set_mode(Who::Person(session, door), request))
    }

    fn overrides(&self) -> Vec<Override> {
        let (each, plant) = (self.commands.modes.all().into_iter(), self.plant());
        let shown = |tag: &str, value: &Value| match plant.tag(tag) {
            Some((_, spec)) => target::shown(spec, value),
            None => format!("{value} (the project has no such tag)"),
        };
        let told = each.map(|(tag, over)| Override {
            shown: over.value.as_ref().map(|value| shown(&tag, value)).unwrap_or_default(),
            tag: tag.to_string(),
            mode: over.mode,
            value: over.value,
            reason: over.reason,
            user: over.user,
            since: over.since,
        });
        told.collect()
    }

    fn why(&self, tag: TagId) -> Why {
        self.commands.why(tag)
    }

    fn registers(&self, connection: ConnectionId, most: usize) -> Vec<RegisterNow> {
        self.commands.registers(connection, most)
    }

    fn automations(&self) -> Vec<AutomationNow> {
        self.automations.now()
    }

    fn steer(
        &self,
        session: Session,
        door: Door,
        name: String,
        verb: AutomationVerb,
        reason: String,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        Box::pin(Arc::clone(&self.automations).steer(Who::Person(session, door), name, verb, reason))
    }

    fn automation_log(&self, automation: Option<&str>, most: usize) -> Vec<AutomationEntry> {
        self.automations.log(automation, most)
    }

    fn access(&self) -> Arc<Access> {
        Arc::clone(&self.commands.access)
    }

    fn alarms(&self) -> Arc<dyn AlarmDoor> {
        Arc::clone(&self.alarms) as Arc<dyn AlarmDoor>
    }

    fn outlets(&self) -> Arc<dyn OutletDoor> {
        Arc::clone(self.alarms.outlets()) as Arc<dyn OutletDoor>
    }

    fn project(&self) -> Arc<dyn ProjectDoor> {
        Arc::clone(&self.changes) as Arc<dyn ProjectDoor>
    }

    fn now(&self) -> Now {
        self.commands.clock.now()
    }

    fn health(&self) -> Health {
        let now = self.now();
        let scan_age_ms = self.commands.scan_age_ms(now);
        let audit_ok = self.commands.access.audit().health().state != AuditState::Failing;
        let running = self.commands.running.get();
        let (plant, system) = (&running.plant, &running.system);
        Health {
            ok: scan_age_ms < 10 * u64::from(plant.scan.max_ms) && audit_ok,
            scan_age_ms,
            audit_ok,
            plugins_running: self.count(system.plugins.iter().map(|tags| tags.state), PluginWord::Running as u64),
            plugins: plant.plugins.iter().filter(|plugin| !plugin.name.is_empty()).count() as u32,
            connections_up: self.count(system.connections.iter().copied(), 1),
            connections: plant.connections.iter().filter(|connection| !connection.name.is_empty()).count() as u32,
        }
    }

    fn metrics(&self) -> String {
        let station = figures::text(&self.commands, &self.fieldbus, self.inbox.lost());
        self.alarms.metrics(station) + outlets::figures_text(self.alarms.outlets()).as_str()
    }
}
