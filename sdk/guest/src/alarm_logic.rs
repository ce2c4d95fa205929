//! What makes an alarm-logic plugin, and how it is started.

use std::rc::Rc;
use std::time::Duration;

use crate::io::IoScope;
use crate::{AlarmEvents, Bind, Changes, Create, Io, Problems, Result, Scope, Setup, interval, life, spawn};

/// Says when conditions hold: from tags, and from what happens to other alarms. The station owns the alarms themselves: delays,
/// acknowledgement, shelving, the journal. Methods take `&self` and may wait at the same time, so state goes into `Cell`s
/// and `RefCell`s (never hold a borrow over an `await`).
///
/// After a restart the plugin knows nothing, and its alarms are marked as unknown: say in [`AlarmLogic::begin`] of each of them
/// how it stands.
#[expect(async_fn_in_trait, reason = "a plugin has one thread, so nothing needs to be Send")]
pub trait AlarmLogic: Sized + 'static {
    /// Whether it reads tags. A plugin that only hears of alarms says false, and then needs no grant for tags.
    const READS_TAGS: bool = true;

    /// How often [`AlarmLogic::tick`] runs; `None` for never. A derived struct's field `period: Duration` (`period_ms` in the
    /// project) goes first.
    fn period(&self) -> Option<Duration> {
        None
    }

    /// Starts what runs on its own: by default [`AlarmLogic::begin`], then [`AlarmLogic::update`] at changes of tags,
    /// [`AlarmLogic::events`] when something happens to alarms, and [`AlarmLogic::tick`] every period.
    fn start(self: Rc<Self>, io: Io) {
        spawn(run_for_ever(self, io));
    }

    /// The first thing in the first step: take in what tags hold and where alarms stand, and say how your own stand. An error
    /// is told in the log, and the plugin goes on.
    async fn begin(&self, io: &Io) -> Result<()> {
        let _ = io;
        Ok(())
    }

    /// Takes in the changes of readable tags, in order. An error is told in the log.
    async fn update(&self, io: &Io, changes: &Changes) -> Result<()> {
        let _ = (io, changes);
        Ok(())
    }

    /// Takes in what happened to alarms, in order; to the plugin's own too. An error is told in the log.
    async fn events(&self, io: &Io, events: &AlarmEvents) -> Result<()> {
        let _ = (io, events);
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

/// Starts an alarm-logic plugin that makes itself.
#[doc(hidden)]
pub fn launch_created<A: AlarmLogic + Create>(setup: Setup) -> Result<(), Problems> {
    run(A::create(&setup)?, IoScope { tags: published(&setup), ..IoScope::default() });
    Ok(())
}

/// Starts a derived alarm-logic plugin.
#[doc(hidden)]
pub fn launch_bound<A: AlarmLogic + Bind>(setup: Setup) -> Result<(), Problems> {
    let bound = A::bind(&Scope::whole(&setup))?;
    run(bound.made, IoScope { tags: published(&setup), period: bound.period, ..IoScope::default() });
    Ok(())
}

fn published(setup: &Setup) -> Vec<u32> {
    setup.tags.iter().filter(|tag| tag.publish).map(|tag| tag.handle).collect()
}

fn run<A: AlarmLogic>(logic: A, scope: IoScope) {
    let logic = Rc::new(logic);
    let stopped = logic.clone();
    life::at_stop(move || stopped.stop());
    logic.start(Io::new(scope));
}

async fn run_for_ever<A: AlarmLogic>(logic: Rc<A>, io: Io) {
    if let Err(error) = logic.begin(&io).await {
        crate::log_warn!("the start failed: {error}");
    }
    if A::READS_TAGS {
        spawn(update_for_ever(logic.clone(), io.clone()));
    }
    if let Some(period) = io.scope().period.or_else(|| logic.period()) {
        spawn(tick_for_ever(logic.clone(), io.clone(), period));
    }
    loop {
        let events = io.alarm_events().await;
        if let Err(error) = logic.events(&io, &events).await {
            crate::log_warn!("what happened to alarms was not worked in: {error}");
        }
    }
}

async fn update_for_ever<A: AlarmLogic>(logic: Rc<A>, io: Io) {
    loop {
        let changes = io.changes().await;
        if let Err(error) = logic.update(&io, &changes).await {
            crate::log_warn!("changes were not worked in: {error}");
        }
    }
}

async fn tick_for_ever<A: AlarmLogic>(logic: Rc<A>, io: Io, period: Duration) {
    let mut ticks = interval(period);
    loop {
        ticks.tick().await;
        if let Err(error) = logic.tick(&io).await {
            crate::log_warn!("what is due every period failed: {error}");
        }
    }
}
