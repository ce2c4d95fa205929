//! Virtual time: what the last step said, and waiting for later.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::executor;

/// One moment on both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    /// Nanoseconds on a clock that never steps; only differences mean anything.
    pub mono_ns: u64,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub utc_ns: i64,
}

impl Instant {
    /// How long after `earlier` this is, on the clock that never steps; zero if it is before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.mono_ns.saturating_sub(earlier.mono_ns))
    }
}

/// The time of this step. It stands still while a step runs, and is zero in `create`.
pub fn now() -> Instant {
    executor::now()
}

/// Waits. The task goes on in the first step at or after that time.
pub fn sleep(time: Duration) -> Sleep {
    sleep_until(now().mono_ns.saturating_add(nanos(time)))
}

pub(crate) fn sleep_until(mono_ns: u64) -> Sleep {
    Sleep { until: mono_ns, timer: None }
}

/// A pause; dropping it cancels it.
#[derive(Debug)]
#[must_use = "a pause does nothing unless awaited"]
pub struct Sleep {
    until: u64,
    timer: Option<usize>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if now().mono_ns >= self.until {
            // Timers that are due were taken out at the beginning of the step.
            self.timer = None;
            return Poll::Ready(());
        }
        // The waker can be another one than last time, so the timer is set anew.
        self.cancel();
        self.timer = Some(executor::set_timer(self.until, context.waker().clone()));
        Poll::Pending
    }
}

impl Sleep {
    fn cancel(&mut self) {
        if let Some(timer) = self.timer.take() {
            executor::clear_timer(self.until, timer);
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Ticks at a steady pace from now on, the first time at once.
pub fn interval(period: Duration) -> Interval {
    Interval { period_ns: nanos(period).max(1_000_000), next: None }
}

/// A steady pace. Ticks that nobody took are left out, and the pace stays in phase.
#[derive(Debug)]
pub struct Interval {
    period_ns: u64,
    next: Option<u64>,
}

impl Interval {
    /// Waits for the next tick.
    pub async fn tick(&mut self) {
        let due = match self.next {
            Some(due) => due,
            None => now().mono_ns,
        };
        sleep_until(due).await;
        let late = now().mono_ns.saturating_sub(due);
        self.next = Some(due.saturating_add((late / self.period_ns + 1).saturating_mul(self.period_ns)));
    }
}

/// At least 1 ms is kept between ticks by [`interval`]; 584 years are the longest.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
