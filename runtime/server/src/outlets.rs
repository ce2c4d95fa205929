//! Ways on which people are told of alarms, as the network sees them.

use std::future::Future;
use std::pin::Pin;

use plantroom_access::Session;
use plantroom_model::{Door, Outcome, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// The outlets of a station.
pub trait OutletDoor: Send + Sync {
    /// How all of them are.
    fn outlets(&self) -> Vec<OutletStatus>;

    /// The journal of deliveries, the newest first. Reads the disk.
    ///
    /// # Errors
    /// In a sentence: what can't be asked so, or what the disk refuses.
    fn deliveries(&self, ask: &DeliveryAsk) -> Result<Vec<DeliveryLine>, String>;

    /// Sends a trial message, once: authorised and audited. `to` may be empty where the outlet needs nobody.
    fn try_out(&self, who: (Session, Door), outlet: String, to: String) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;
}

/// How an outlet is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct OutletStatus {
    /// Its name.
    pub name: String,
    /// smtp, webhook, command or horn.
    pub kind: String,
    /// Where it leads, without secrets.
    pub target: String,
    /// Whether what it is given gets out.
    pub ok: bool,
    /// Why not, and what to do; empty while it does.
    pub trouble: String,
    /// Notifications that have not got out yet.
    pub waiting: u64,
    /// Messages since the start that got out; of a horn its calls.
    pub sent: u64,
    /// Messages since the start that never got out.
    pub given_up: u64,
    /// When a message last got out; empty where none has since the start.
    pub last_sent: String,
    /// Why a message last failed; empty where none has since the start.
    pub last_error: String,
}

/// Which deliveries are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryAsk {
    /// Only of this outlet.
    pub outlet: Option<String>,
    /// Only sent, failed, given-up, dropped or unreached.
    pub state: Option<String>,
    /// Only with this text in address, alarm, subject, name or reason.
    pub text: Option<String>,
    /// From this time.
    pub since: Option<Utc>,
    /// Until before this time.
    pub until: Option<Utc>,
    /// At most so many.
    pub limit: usize,
}

/// What came of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryLine {
    /// When.
    pub time: String,
    /// The outlet.
    pub outlet: String,
    /// The address; empty where there is none.
    pub to: String,
    /// sent, failed (tried again), given-up, dropped (no room) or unreached (nobody to send to).
    pub state: String,
    /// The message's name, the same over all attempts; empty where there was none.
    pub id: String,
    /// The alarm; of several the first.
    pub alarm: String,
    /// The message's subject.
    pub subject: String,
    /// Notifications that it tells of.
    pub notifications: u32,
    /// The attempt, from 1; 0 where nothing was tried.
    pub attempt: u32,
    /// How long the attempt took, in ms.
    pub took_ms: u64,
    /// What the other side said, or why it did not get out and what to do.
    pub why: String,
}
