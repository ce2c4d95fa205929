//! What makes a driver, and how it is started.

use std::rc::Rc;
use std::time::Duration;

use crate::io::{self, IoScope};
use crate::raw::Explanation;
use crate::{
    Bind, Either, Error, Io, Order, Outcome, Problems, Result, Scope, Setup, TagInfo, first, interval, life, orders, spawn,
};

/// A protocol driver. `poll` and `write` take `&self` and may wait at the same time, so state goes into `Cell`s and
/// `RefCell`s (never hold a borrow over an `await`).
///
/// Derive it (`#[derive(Driver)]`) for a device with a fixed set of values: one struct is made for each connection.
/// Implement [`Create`] beside it, and [`export_driver!`](crate::export_driver), for any number of tags.
#[expect(async_fn_in_trait, reason = "a plugin has one thread, so nothing needs to be Send")]
pub trait Driver: Sized + 'static {
    /// How often [`Driver::poll`] runs; a derived struct's field `period: Duration` (`period_ms` in the project) goes first.
    fn period(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// Starts what runs on its own: by default one loop that polls every period, and early after a write. Override
    /// it to start several loops with [`spawn`].
    fn start(self: Rc<Self>, io: Io) {
        spawn(poll_for_ever(self, io));
    }

    /// Reads the device once and publishes. An error marks every tag of this struct that wasn't published in this
    /// round as missed.
    async fn poll(&self, io: &Io) -> Result<()> {
        let _ = io;
        Ok(())
    }

    /// Carries out one write order. On one device they come one after the other. An error becomes the outcome:
    /// [`Error::refused`] not sent, a device's exception refused, a time-out unknown.
    async fn write(&self, io: &Io, order: &Order) -> Result<Outcome> {
        let _ = (io, order);
        Err(Error::refused("this driver doesn't write"))
    }

    /// Says how a tag (by its handle) came to its value: for `plantroom tag why` and for commissioning. It only looks.
    fn explain(&self, tag: u32) -> Option<Explanation> {
        let _ = tag;
        None
    }

    /// The last call, when the plugin is taken down in good order.
    fn stop(&self) {}
}

/// Makes a plugin from its setup; for plugins that aren't derived.
pub trait Create: Sized + 'static {
    /// Looks at the setup and nothing else: `plantroom check` calls it too, and nothing runs after it.
    ///
    /// # Errors
    /// All problems at once; see [`Problems`].
    fn create(setup: &Setup) -> Result<Self, Problems>;
}

/// Starts a driver that makes itself.
#[doc(hidden)]
pub fn launch_created<D: Driver + Create>(setup: Setup) -> Result<(), Problems> {
    let driver = Rc::new(D::create(&setup)?);
    let tags = setup.tags.iter().filter(|tag| tag.publish).map(|tag| tag.handle).collect();
    let io = Io::new(IoScope { tags, ..IoScope::default() });
    for connection in &setup.connections {
        // One lane for each device: a write that waits for a silent one must not hold up its neighbours' orders.
        for device in std::iter::once(None).chain(connection.devices.iter().map(|device| Some(device.index))) {
            serve(&driver, &io, setup.tags_of(connection).filter(|tag| tag.device == device));
        }
    }
    serve(&driver, &io, setup.tags.iter().filter(|tag| tag.connection.is_none()));
    run(driver, io);
    check_writable(&setup)
}

/// Starts a derived driver: one for each connection, or for each device where there are several behind one.
#[doc(hidden)]
pub fn launch_bound<D: Driver + Bind>(setup: Setup) -> Result<(), Problems> {
    let mut problems = Problems::new();
    let mut made = Vec::new();
    for scope in Scope::each(&setup) {
        if let Some(bound) = problems.keep(D::bind(&scope)) {
            let tags = scope.tags().filter(|tag| tag.publish).map(|tag| tag.handle).collect();
            let io = Io::new(IoScope { tags, name: scope.name(), period: bound.period, ..IoScope::default() });
            made.push((Rc::new(bound.made), io, scope));
        }
    }
    problems.result(Some(()))?;
    for (driver, io, scope) in made {
        serve(&driver, &io, scope.tags());
        run(driver, io);
    }
    check_writable(&setup)
}

fn run<D: Driver>(driver: Rc<D>, io: Io) {
    let stopped = driver.clone();
    life::at_stop(move || stopped.stop());
    let explained = driver.clone();
    life::explain_with(move |tag| explained.explain(tag));
    driver.start(io);
}

fn serve<'a, D: Driver>(driver: &Rc<D>, io: &Io, tags: impl Iterator<Item = &'a TagInfo>) {
    let (driver, io) = (driver.clone(), io.clone());
    let handles: Vec<u32> = tags.filter(|tag| tag.write).map(|tag| tag.handle).collect();
    orders::serve(
        handles,
        Rc::new(move |order| {
            let (driver, io) = (driver.clone(), io.clone());
            Box::pin(async move {
                let outcome = driver.write(&io, order).await.unwrap_or_else(|error| order.outcome_of(error));
                io.scope().poll_soon.raise();
                outcome
            })
        }),
    );
}

/// A tag that operators could write and nobody would carry out is a mistake that shows itself only on the plant.
fn check_writable(setup: &Setup) -> Result<(), Problems> {
    let mut problems = Problems::new();
    if !orders::listening() {
        for tag in setup.tags.iter().filter(|tag| tag.write) {
            problems.add_tag(
                tag,
                format!("`{}` can't be written: this plugin carries out no writes; take `write` away from the tag", tag.name),
            );
        }
    }
    problems.result(Some(()))
}

async fn poll_for_ever<D: Driver>(driver: Rc<D>, io: Io) {
    let mut ticks = interval(io.scope().period.unwrap_or_else(|| driver.period()));
    let mut failed = None;
    loop {
        if let Either::Right(()) = first(ticks.tick(), io.written()).await {
            // Early after a write; the pace itself goes on.
        }
        let mark = io::mark();
        let result = driver.poll(&io).await;
        if let Err(error) = &result {
            io.miss_unpublished(mark, error.status());
        }
        tell_once(&io, &mut failed, result);
    }
}

/// Writes a line when a device stops answering, for another reason, or answers again; not at every poll.
fn tell_once(io: &Io, failed: &mut Option<Error>, result: Result<()>) {
    let error = result.err();
    if *failed == error {
        return;
    }
    let device = if io.scope().name.is_empty() { String::new() } else { format!("{}: ", io.scope().name) };
    match &error {
        Some(error) => crate::log_warn!("{device}poll failed: {error}"),
        None => crate::log_info!("{device}poll works again"),
    }
    *failed = error;
}
