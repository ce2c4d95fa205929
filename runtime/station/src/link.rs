//! The station as its server sees it.

use std::fmt::Write as _;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use plantroom_access::{Access, AuditState, Session};
use plantroom_fieldbus::Fieldbus;
use plantroom_model::{ConnectionId, Door, Now, Outcome, Snapshot, TagId, Value, WriteRequest};
use plantroom_project::Plant;
use plantroom_server::{Health, ScreenSet, Station};
use tokio::sync::watch;

use crate::command::CommandPath;
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
    pub fn new(commands: Arc<CommandPath>, fieldbus: Arc<Fieldbus>, screens: watch::Receiver<Arc<ScreenSet>>, inbox: Arc<Inbox>) -> Self {
        let system = SystemTags::of(&commands.plant);
        Self { commands, fieldbus, screens, inbox, system }
    }

    /// How many of these system tags hold this number.
    fn count(&self, tags: impl Iterator<Item = Option<TagId>>, number: u64) -> u32 {
        let snapshot = self.commands.snapshots.borrow();
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

    fn write(&self, session: Session, door: Door, _source: String, request: WriteRequest) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
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
        let mut text = String::new();
        let mut line = |name: &str, labels: String, value: String| {
            let _ = writeln!(text, "plantroom_{name}{labels} {value}");
        };
        line("scans_total", String::new(), self.commands.snapshots.borrow().number().to_string());
        line("inbox_lost_total", String::new(), self.inbox.lost().to_string());
        line("tags", String::new(), self.commands.plant.tags.len().to_string());
        for (spec, run) in self.commands.plant.plugins.iter().zip(&self.commands.plugins) {
            let figures = run.figures();
            let labels = || format!("{{plugin=\"{}\"}}", spec.name);
            for (name, value) in [
                ("plugin_steps_total", figures.steps),
                ("plugin_faults_total", figures.faults),
                ("plugin_restarts_total", figures.restarts),
                ("plugin_samples_total", figures.samples),
                ("plugin_dropped_samples_total", figures.dropped_samples),
                ("plugin_soft_overruns_total", figures.soft_overruns),
                ("plugin_transactions_total", figures.transactions),
                ("plugin_orders_total", figures.orders),
                ("plugin_memory_bytes", figures.memory_bytes),
                ("plugin_state", u64::from(figures.state)),
            ] {
                line(name, labels(), value.to_string());
            }
            line("plugin_step_last_seconds", labels(), (figures.step_last_ns as f64 / 1e9).to_string());
            line("plugin_step_max_seconds", labels(), (figures.step_max_ns as f64 / 1e9).to_string());
        }
        for (index, spec) in self.commands.plant.connections.iter().enumerate() {
            let Some(figures) = self.fieldbus.figures(ConnectionId(index as u32)) else { continue };
            let labels = || format!("{{connection=\"{}\"}}", spec.name);
            for (name, value) in [
                ("connection_transactions_total", figures.transactions),
                ("connection_errors_total", figures.errors),
                ("connection_timeouts_total", figures.timeouts),
                ("connection_reconnects_total", figures.reconnects),
            ] {
                line(name, labels(), value.to_string());
            }
        }
        text
    }
}
