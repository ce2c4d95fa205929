//! Whether the plant follows what was ordered.

use std::sync::Arc;
use std::time::Duration;

use plantroom_model::{Sample, Snapshot, TagId, Utc, Value};
use tokio::sync::watch;

/// What was seen of a feedback tag.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// It agreed in time.
    Agreed,
    /// It was read after the order, and shows something else.
    Other(Value),
    /// It could not be read after the order.
    Nothing,
}

/// Waits until a sample of a tag, taken in after `since` and good, satisfies a condition.
pub async fn until(
    snapshots: &mut watch::Receiver<Arc<Snapshot>>,
    tag: TagId,
    since: Utc,
    limit: Duration,
    agrees: impl Fn(&Sample) -> bool,
) -> Seen {
    let mut seen = Seen::Nothing;
    let watching = async {
        loop {
            let sample = snapshots.borrow_and_update().get(tag).cloned();
            if let Some(sample) = sample.filter(|sample| sample.status.is_good() && sample.server_time >= since) {
                if agrees(&sample) {
                    seen = Seen::Agreed;
                    return;
                }
                seen = Seen::Other(sample.value);
            }
            if snapshots.changed().await.is_err() {
                return;
            }
        }
    };
    // At the limit, what was seen last is the answer.
    let _ = tokio::time::timeout(limit, watching).await;
    seen
}

/// Whether a feedback shows what was ordered, within a tolerance in engineering units.
pub fn agrees(shown: &Value, ordered: &Value, tolerance: f64) -> bool {
    match (shown.as_f64(), ordered.as_f64()) {
        // Device registers hold fewer digits than engineering values: a relative 1e-6 is below binary32's last digit.
        (Some(shown), Some(ordered)) => (shown - ordered).abs() <= tolerance.max(ordered.abs() * 1e-6),
        _ => shown.same(ordered),
    }
}
