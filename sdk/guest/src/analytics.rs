//! What makes an analytics plugin, and how it is started.

use std::rc::Rc;
use std::time::Duration;

use crate::io::IoScope;
use crate::{Bind, Changes, Create, Io, Problems, Result, Scope, Setup, interval, life, spawn};

/// Computes tags from tags. Methods take `&self` and may wait at the same time, so state goes into `Cell`s and
/// `RefCell`s (never hold a borrow over an `await`).
#[expect(async_fn_in_trait, reason = "a plugin has one thread, so nothing needs to be Send")]
pub trait Analytics: Sized + 'static {
    /// How often [`Analytics::tick`] runs; `None` for never. A derived struct's field `period: Duration` (`period_ms` in
    /// the project) goes first.
    fn period(&self) -> Option<Duration> {
        None
    }

    /// Starts what runs on its own: by default [`Analytics::begin`], then [`Analytics::update`] at changes and
    /// [`Analytics::tick`] every period.
    fn start(self: Rc<Self>, io: Io) {
        spawn(run_for_ever(self, io));
    }

    /// The first thing in the first step: take in what the inputs hold before anything changes. An error is told in
    /// the log, and the plugin goes on.
    async fn begin(&self, io: &Io) -> Result<()> {
        let _ = io;
        Ok(())
    }

    /// Takes in the changes of readable tags, in order. An error is told in the log.
    async fn update(&self, io: &Io, changes: &Changes) -> Result<()> {
        let _ = (io, changes);
        Ok(())
    }

    /// Does what is due every period. An error is told in the log.
    async fn tick(&self, io: &Io) -> Result<()> {
        let _ = io;
        Ok(())
    }

    /// The last call, when the plugin is taken down in good order.
    fn stop(&self) {}
}

/// Starts an analytics plugin that makes itself.
#[doc(hidden)]
pub fn launch_created<A: Analytics + Create>(setup: Setup) -> Result<(), Problems> {
    run(A::create(&setup)?, IoScope { tags: published(&setup), ..IoScope::default() });
    Ok(())
}

/// Starts a derived analytics plugin.
#[doc(hidden)]
pub fn launch_bound<A: Analytics + Bind>(setup: Setup) -> Result<(), Problems> {
    let bound = A::bind(&Scope::whole(&setup))?;
    run(bound.made, IoScope { tags: published(&setup), period: bound.period, ..IoScope::default() });
    Ok(())
}

fn published(setup: &Setup) -> Vec<u32> {
    setup.tags.iter().filter(|tag| tag.publish).map(|tag| tag.handle).collect()
}

fn run<A: Analytics>(analytics: A, scope: IoScope) {
    let analytics = Rc::new(analytics);
    let stopped = analytics.clone();
    life::at_stop(move || stopped.stop());
    analytics.start(Io::new(scope));
}

async fn run_for_ever<A: Analytics>(analytics: Rc<A>, io: Io) {
    if let Err(error) = analytics.begin(&io).await {
        crate::log_warn!("the start failed: {error}");
    }
    if let Some(period) = io.scope().period.or_else(|| analytics.period()) {
        spawn(tick_for_ever(analytics.clone(), io.clone(), period));
    }
    loop {
        let changes = io.changes().await;
        if let Err(error) = analytics.update(&io, &changes).await {
            crate::log_warn!("changes were not worked in: {error}");
        }
    }
}

async fn tick_for_ever<A: Analytics>(analytics: Rc<A>, io: Io, period: Duration) {
    let mut ticks = interval(period);
    loop {
        ticks.tick().await;
        if let Err(error) = analytics.tick(&io).await {
            crate::log_warn!("a periodic computation failed: {error}");
        }
    }
}
