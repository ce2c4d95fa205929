//! The command path, top to bottom in the order things happen. Read this second.
//!
//! ```text
//! request -> target -> authorise -> Permit -> audit.open -> Recorded -> permissives -> WriteOrder -> driver
//!         -> settled -> read-back -> audit.close -> outcome
//! ```
//!
//! Every way in takes this path: consoles, the API, the command line. A write is never retried by itself, and an
//! order that has expired is never delivered. The scan is not involved until the new value comes back by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plantroom_access::{Access, Act, Recorded, Session, WriteEntry, WriteOrder};
use plantroom_host::{PluginOrder, PluginRun};
use plantroom_model::{
    Door, Now, OrderId, Origin, Outcome, OutcomeKind, Sample, SettleCode, Snapshot, TagSpec, Utc, WriteRequest, WriteSpec,
};
use plantroom_project::Plant;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::inbox::{Inbox, What};
use crate::outside::{OpenOrders, Settled};
use crate::readback;
use crate::retained::Retained;
use crate::target;

/// How long a driver may take to settle an order after it has expired, in ms; then its outcome is unknown.
const SETTLE_GRACE_MS: u64 = 1_000;

/// Everything that a write passes through.
pub struct CommandPath {
    pub(crate) plant: Arc<Plant>,
    pub(crate) access: Arc<Access>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) retained: Arc<Retained>,
    pub(crate) plugins: Vec<PluginRun>,
    pub(crate) orders: Arc<OpenOrders>,
    pub(crate) next_order: AtomicU64,
    pub(crate) keeping: tokio::sync::Mutex<()>,
}

/// What became of a request after it was recorded: its outcome, still without the audit record's number.
struct Ended {
    kind: OutcomeKind,
    message: String,
}

impl CommandPath {
    /// Carries out a request, or says why not. Returns when the outcome is known, at the latest after the order's
    /// validity and the time that its feedback may take.
    pub async fn write(self: Arc<Self>, session: Session, door: Door, request: WriteRequest) -> Outcome {
        let now = self.clock.now();
        let found = target::find(&self.plant, &request);
        let (name, needed) = target::name_and_role(&self.plant, request.tag);
        let act = Act::write(&name, request.tag);
        let permit = match self.blocking(move |access| access.authorise(&session, door, needed, act, now)).await {
            Some(Ok(permit)) => permit,
            Some(Err(refusal)) => return refused(&refusal),
            None => return stopping(),
        };
        let (spec, write, value) = match found {
            Ok(found) => found,
            Err(reason) => {
                let note = format!("refused: {reason}");
                self.blocking(move |access| access.audit().note(permit, &note, now)).await;
                return refused(&reason);
            }
        };
        let old = self.snapshots.borrow().get(request.tag).map(|sample| sample.value.clone());
        let entry = WriteEntry { old, new: value, comment: request.comment, essential: write.essential };
        let recorded = match self.blocking(move |access| access.audit().open(permit, entry, now)).await {
            Some(Ok(recorded)) => recorded,
            Some(Err(error)) => return refused(&error),
            None => return stopping(),
        };
        let snapshot = self.snapshots.borrow().clone();
        let allowed = target::permissives(&self.plant, write, &snapshot);
        if let Err(reason) = allowed {
            return self.close(recorded, |recorded| recorded, Ended { kind: OutcomeKind::Refused, message: reason }).await;
        }
        let order = WriteOrder::new(recorded, now.mono.plus_ms(u64::from(write.expires_ms)));
        let ended = self.carry_out(&order, spec, write).await;
        self.close(order, WriteOrder::recorded, ended).await
    }

    /// How long ago the newest scan was, in ms.
    pub fn scan_age_ms(&self, now: Now) -> u64 {
        now.mono.since(self.snapshots.borrow().at().mono) / 1_000_000
    }

    /// Gives the order to whoever can do it, and follows it to its end.
    async fn carry_out(&self, order: &WriteOrder, spec: &TagSpec, write: &WriteSpec) -> Ended {
        match &spec.origin {
            Origin::Memory { .. } => self.keep(order, spec).await,
            Origin::Driver { plugin, .. } => {
                let since = self.clock.now().utc;
                let settled = match self.plugins.get(plugin.0 as usize) {
                    Some(plugin) => self.by_driver(order, spec, plugin).await,
                    None => Settled { code: SettleCode::NotSent, detail: "Its driver is not loaded.".to_owned() },
                };
                self.read_back(order, spec, write, settled, since).await
            }
            Origin::Analytics { .. } | Origin::System | Origin::Derived(_) | Origin::Total(_) => {
                Ended { kind: OutcomeKind::Refused, message: format!("{} is computed; it can't be written.", spec.name) }
            }
        }
    }

    /// A tag that the station itself keeps: on the disk first, if it is retained, then to the scan.
    async fn keep(&self, order: &WriteOrder, spec: &TagSpec) -> Ended {
        // One after the other, so that the disk and the scan get two writes in the same order, and each is seen before
        // the next one takes its place.
        let _turn = self.keeping.lock().await;
        let now = self.clock.now();
        if let Err(reason) = self.retained.keep(order.tag(), order.value().clone(), now.utc).await {
            return Ended { kind: OutcomeKind::Refused, message: reason };
        }
        let mut snapshots = self.snapshots.clone();
        let taken = self.inbox.put(now, What::Set { tag: order.tag(), value: order.value().clone() });
        let limit = Duration::from_millis(u64::from(self.plant.scan.max_ms) + SETTLE_GRACE_MS);
        let agrees = |sample: &Sample| sample.value.same(order.value());
        if taken && readback::until(&mut snapshots, order.tag(), now.utc, limit, agrees).await == readback::Seen::Agreed {
            let message = format!("{} is {} now.", spec.name, target::shown(spec, order.value()));
            return Ended { kind: OutcomeKind::Confirmed, message };
        }
        let message = format!("{} was not seen to change; look at it before trying again.", spec.name);
        Ended { kind: OutcomeKind::Unknown, message }
    }

    async fn by_driver(&self, order: &WriteOrder, spec: &TagSpec, plugin: &PluginRun) -> Settled {
        let Some(raw) = target::raw(spec, order.value()) else {
            return Settled {
                code: SettleCode::NotSent,
                detail: "The value can't be expressed in the device's numbers.".to_owned(),
            };
        };
        let id = OrderId(self.next_order.fetch_add(1, Ordering::Relaxed));
        let settled = self.orders.wait_for(id);
        if !plugin.deliver_order(PluginOrder { id, tag: order.tag(), value: raw, valid_until: order.valid_until() }) {
            self.orders.forget(id);
            return Settled {
                code: SettleCode::NotSent,
                detail: "Its driver is not running, or is busy with other orders.".to_owned(),
            };
        }
        let left_ms = order.valid_until().since(self.clock.now().mono) / 1_000_000 + SETTLE_GRACE_MS;
        let Ok(Ok(settled)) = tokio::time::timeout(Duration::from_millis(left_ms), settled).await else {
            self.orders.forget(id);
            return Settled { code: SettleCode::Unknown, detail: "The driver did not say what came of it.".to_owned() };
        };
        settled
    }

    /// What the device confirmed is compared with what it shows, in samples taken after the order went out.
    async fn read_back(&self, order: &WriteOrder, spec: &TagSpec, write: &WriteSpec, settled: Settled, since: Utc) -> Ended {
        let detail = if settled.detail.is_empty() { String::new() } else { format!(" {}", sentence(&settled.detail)) };
        let what = format!("{} = {}", spec.name, target::shown(spec, order.value()));
        let ended = |kind, message: String| Ended { kind, message };
        match settled.code {
            SettleCode::Refused => return ended(OutcomeKind::Refused, format!("The device refused {what}.{detail}")),
            SettleCode::Unknown => {
                let look = if detail.contains("look before") { "" } else { "; look before trying again" };
                return ended(OutcomeKind::Unknown, format!("It is not known whether {what} was carried out{look}.{detail}"));
            }
            SettleCode::NotSent => return ended(OutcomeKind::NotSent, format!("{what} never reached the device.{detail}")),
            SettleCode::Done => {}
        }
        if write.no_feedback {
            return ended(OutcomeKind::Done, format!("The device accepted {what}."));
        }
        let feedback = write.feedback.unwrap_or(order.tag());
        let name = self.plant.tags.get(feedback.0 as usize).map_or(&spec.name, |tag| &tag.name);
        let limit = Duration::from_millis(u64::from(write.follow_ms));
        let mut snapshots = self.snapshots.clone();
        let followed = readback::until(&mut snapshots, feedback, since, limit, |sample| {
            readback::agrees(&sample.value, order.value(), write.tolerance)
        })
        .await;
        match followed {
            readback::Seen::Agreed => ended(OutcomeKind::Confirmed, format!("{what}, confirmed by {name}.")),
            readback::Seen::Other(value) => {
                let shown =
                    self.plant.tags.get(feedback.0 as usize).map_or_else(|| value.to_string(), |tag| target::shown(tag, &value));
                ended(
                    OutcomeKind::Mismatch,
                    format!("The device accepted {what}, but {name} shows {shown} after {} ms.", write.follow_ms),
                )
            }
            readback::Seen::Nothing => ended(
                OutcomeKind::Unknown,
                format!("The device accepted {what}, but {name} can't be read; look before trying again."),
            ),
        }
    }

    /// Closes the record; the outcome stands even where the disk refuses, and says so.
    async fn close<T: Send + 'static>(&self, held: T, record: fn(&T) -> &Recorded, ended: Ended) -> Outcome {
        let mut outcome = Outcome { kind: ended.kind, message: ended.message, audit: record(&held).number() };
        let (now, told) = (self.clock.now(), outcome.clone());
        match self.blocking(move |access| access.audit().close(record(&held), &told, now)).await {
            Some(Ok(())) => {}
            Some(Err(error)) => outcome.message.push_str(&format!(" The audit trail could not record this outcome: {error}.")),
            None => outcome.message.push_str(" The audit trail could not record this outcome."),
        }
        outcome
    }

    /// Work that may wait for the disk, away from the network's threads; `None` if it was cut off.
    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Access) -> T + Send + 'static) -> Option<T> {
        let access = Arc::clone(&self.access);
        tokio::task::spawn_blocking(move || work(&access)).await.ok()
    }
}

fn refused(reason: &dyn std::fmt::Display) -> Outcome {
    Outcome { kind: OutcomeKind::Refused, message: sentence(reason), audit: 0 }
}

fn stopping() -> Outcome {
    refused(&"The station is stopping; nothing was sent.")
}

/// An error as a sentence: with a capital letter and a full stop. Names of tags keep their letters.
fn sentence(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let is_name = text.split(' ').next().is_some_and(|word| word.contains('/'));
    let mut letters = text.chars();
    let first = letters.next().map(|first| if is_name { first.to_string() } else { first.to_uppercase().to_string() });
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{}{}{end}", first.unwrap_or_default(), letters.as_str())
}
