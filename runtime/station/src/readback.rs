//! Whether the plant follows what was ordered.

use std::sync::Arc;
use std::time::Duration;

use plantroom_model::{Now, Sample, Snapshot, TagId, Utc, Value};
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
    since: Now,
    limit: Duration,
    agrees: impl Fn(&Sample) -> bool,
) -> Seen {
    let mut seen = Seen::Nothing;
    let watching = async {
        loop {
            let found = {
                let snapshot = snapshots.borrow_and_update();
                snapshot.get(tag).filter(|sample| is_after(sample.server_time, since, snapshot.at())).cloned()
            };
            if let Some(sample) = found.filter(|sample| sample.status.is_good()) {
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

/// Waits until a scan after that number shows a good sample that satisfies a condition; false at the limit.
pub async fn after_scan(
    snapshots: &mut watch::Receiver<Arc<Snapshot>>,
    tag: TagId,
    number: u64,
    limit: Duration,
    agrees: impl Fn(&Sample) -> bool,
) -> bool {
    let seen = |snapshot: &Arc<Snapshot>| {
        snapshot.number() > number && snapshot.get(tag).is_some_and(|sample| sample.status.is_good() && agrees(sample))
    };
    tokio::time::timeout(limit, snapshots.wait_for(seen)).await.is_ok_and(|found| found.is_ok())
}

/// Waits until a scan after that number has changed something; false at the limit.
pub async fn scanned(snapshots: &mut watch::Receiver<Arc<Snapshot>>, number: u64, limit: Duration) -> bool {
    let later = |snapshot: &Arc<Snapshot>| snapshot.number() > number;
    tokio::time::timeout(limit, snapshots.wait_for(later)).await.is_ok_and(|found| found.is_ok())
}

/// Difference of the two clocks at two moments that counts as the UTC clock having been set, in ns. Below it the clock
/// was only trimmed, and UTC times still tell before from after.
const SET_NS: i128 = 500_000_000;

/// Whether a sample that stands in the snapshot of the scan at `scan` was taken in after `since`.
///
/// Samples carry UTC, and that clock may be set in between, by an hour or by ten years. Then the scan, which has both
/// clocks, says how old the sample is: one that was taken in before the clock was set comes out as older than `since`,
/// or as newer than the scan itself, and counts as neither.
fn is_after(server_time: Utc, since: Now, scan: Now) -> bool {
    let offset = |now: Now| i128::from(now.utc.0) - i128::from(now.mono.0);
    let set_by = offset(scan) - offset(since);
    if set_by.abs() < SET_NS {
        return server_time >= since.utc;
    }
    let taken = i128::from(server_time.0) - offset(scan);
    taken >= i128::from(since.mono.0) && taken <= i128::from(scan.mono.0) + SET_NS
}

/// Whether a feedback shows what was ordered, within a tolerance in engineering units.
pub fn agrees(shown: &Value, ordered: &Value, tolerance: f64) -> bool {
    match (shown.as_f64(), ordered.as_f64()) {
        // Device registers hold fewer digits than engineering values: a relative 1e-6 is below binary32's last digit.
        (Some(shown), Some(ordered)) => (shown - ordered).abs() <= tolerance.max(ordered.abs() * 1e-6),
        _ => shown.same(ordered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_model::Mono;

    const S: i64 = 1_000_000_000;
    const HOUR: i64 = 3_600 * S;
    const TEN_YEARS: i64 = 87_600 * HOUR;

    /// A moment so many seconds after the station's start, with the UTC clock off by so much.
    fn at(second: i64, off: i64) -> Now {
        Now { mono: Mono(((second + 1) * S) as u64), utc: Utc(1_790_000_000 * S + second * S + off) }
    }

    #[test]
    fn before_and_after_are_told_apart_whatever_happens_to_the_utc_clock() {
        for off in [0, S / 10, HOUR, -HOUR, TEN_YEARS, -TEN_YEARS] {
            let (since, scan) = (at(100, 0), at(102, off));
            assert!(is_after(at(101, off).utc, since, scan), "read after the order, clock set by {off}");
            assert!(!is_after(at(99, 0).utc, since, scan), "read before the order, clock set by {off} afterwards");
            assert!(!is_after(at(10, 0).utc, since, scan), "read long before the order, clock set by {off} afterwards");
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_an_hour_does_not_make_an_outcome_unknown() {
        let tag = TagId(0);
        let sample = |value: i64, now: Now| Sample {
            value: Value::Int(value),
            status: plantroom_model::Status::GOOD,
            source_time: now.utc,
            server_time: now.utc,
        };
        let frame = |number, now, sample| plantroom_model::Frame {
            number,
            now,
            changes: vec![plantroom_model::Change { tag, sample }].into(),
            ..plantroom_model::Frame::default()
        };
        let mut first = Snapshot::waiting(1);
        first.apply(&frame(1, at(99, 0), sample(1, at(99, 0))));
        let (sender, mut snapshots) = watch::channel(Arc::new(first.clone()));
        let later = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            first.apply(&frame(2, at(101, -HOUR), sample(2, at(101, -HOUR))));
            sender.send(Arc::new(first)).unwrap();
        };
        let agrees = |sample: &Sample| sample.value == Value::Int(2);
        let (seen, ()) = tokio::join!(until(&mut snapshots, tag, at(100, 0), Duration::from_secs(1), agrees), later);
        assert_eq!(seen, Seen::Agreed);
    }
}
