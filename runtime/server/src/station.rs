//! What the server needs of a station, and nothing more.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use plantroom_access::{Access, Session};
use plantroom_model::{AutomationVerb, ConnectionId, Door, ModeRequest, Now, Outcome, Snapshot, TagId, WriteRequest};
use plantroom_project::Plant;
use plantroom_wire::{Asset, ContentHash};
use tokio::sync::watch;

use crate::control::{AutomationEntry, AutomationNow, Override, RegisterNow, Why};
use crate::{AlarmDoor, OutletDoor, ProjectDoor};

/// A station, as the network sees it. All calls but [`Station::why`] return at once.
pub trait Station: Send + Sync + 'static {
    /// The plant that runs.
    fn plant(&self) -> Arc<Plant>;

    /// Connections that the system has room for beside what the station needs itself; more than [`crate::limits`] allows
    /// are never taken.
    fn connections(&self) -> usize {
        usize::MAX
    }

    /// The newest values; changes at every scan that changed something.
    fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>>;

    /// Screen scripts; changes when a file is saved.
    fn screens(&self) -> watch::Receiver<Arc<ScreenSet>>;

    /// The command path. `source` is the address that the request came from, for the audit trail.
    fn write(
        &self,
        session: Session,
        door: Door,
        source: String,
        request: WriteRequest,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;

    /// Takes a tag over, or puts it back: authorised and audited as a write is.
    fn set_mode(&self, session: Session, door: Door, request: ModeRequest) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;

    /// Every tag that a person has taken over.
    fn overrides(&self) -> Vec<Override>;

    /// Why a tag holds what it holds. May ask a driver, and take a quarter of a second for that.
    fn why(&self, tag: TagId) -> Why;

    /// The tags of a connection with their raw registers, at most so many. Asks the driver, as [`Station::why`] does.
    fn registers(&self, connection: ConnectionId, most: usize) -> Vec<RegisterNow>;

    /// What the station does by itself.
    fn automations(&self) -> Vec<AutomationNow>;

    /// Stops, starts or restarts an automation: authorised and audited.
    fn steer(
        &self,
        session: Session,
        door: Door,
        name: String,
        verb: AutomationVerb,
        reason: String,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;

    /// What automations did and why, newest first.
    fn automation_log(&self, automation: Option<&str>, most: usize) -> Vec<AutomationEntry>;

    /// Users, sessions and the audit trail.
    fn access(&self) -> Arc<Access>;

    /// The alarms.
    fn alarms(&self) -> Arc<dyn AlarmDoor>;

    /// Ways on which people are told.
    fn outlets(&self) -> Arc<dyn OutletDoor>;

    /// The project and changes of it.
    fn project(&self) -> Arc<dyn ProjectDoor>;

    /// The time.
    fn now(&self) -> Now;

    /// How the station is.
    fn health(&self) -> Health;

    /// Figures of the station in the Prometheus text format, without the server's own.
    fn metrics(&self) -> String;
}

/// All screen scripts of a plant, and what goes with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScreenSet {
    /// Counts changes from 1.
    pub revision: u64,
    /// Path below `screens/`, and the text.
    pub files: Vec<(String, String)>,
    /// Pictures, fonts, languages and the theme, by what they hold.
    pub assets: Vec<Asset>,
    /// What they hold.
    pub contents: HashMap<ContentHash, String>,
}

impl ScreenSet {
    /// Scripts, and assets as path and text.
    pub fn new(revision: u64, files: Vec<(String, String)>, assets: Vec<(String, String)>) -> Self {
        let hashed = assets.into_iter().map(|(path, text)| (Asset { path, hash: ContentHash::of(&text) }, text));
        let (assets, texts): (Vec<Asset>, Vec<String>) = hashed.unzip();
        let contents = assets.iter().map(|asset| asset.hash).zip(texts).collect();
        Self { revision, files, assets, contents }
    }
}

/// How the station is, for `/healthz`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Health {
    /// Whether the scan runs and the audit trail can be written.
    pub ok: bool,
    /// Age of the newest scan, in ms.
    pub scan_age_ms: u64,
    /// Whether the audit trail can be written.
    pub audit_ok: bool,
    /// Plugins that are running, and how many there are.
    pub plugins_running: u32,
    /// How many plugins the project has.
    pub plugins: u32,
    /// Connections that are up.
    pub connections_up: u32,
    /// How many connections the project has.
    pub connections: u32,
}
