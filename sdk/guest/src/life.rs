//! The life of a plugin on its thread: init, steps, stop. For the export macros and the native seam.

use std::cell::RefCell;

use crate::raw::{Explanation, Problem};
use crate::{Exported, Instant, Setup, executor};

type Explain = Box<dyn Fn(u32) -> Option<Explanation>>;

thread_local! {
    static STOPS: RefCell<Vec<Box<dyn FnOnce()>>> = const { RefCell::new(Vec::new()) };
    static EXPLAINS: RefCell<Vec<Explain>> = const { RefCell::new(Vec::new()) };
}

/// `guest.init`.
///
/// # Errors
/// All problems with the setup; nothing runs then.
pub fn init<P: Exported>(document: &str) -> Result<(), Vec<Problem>> {
    forget();
    Setup::parse(document).and_then(P::launch).map_err(|problems| {
        forget();
        problems.into_raw()
    })
}

/// `guest.step`.
pub fn step(now: Instant) -> u64 {
    executor::step(now)
}

/// `guest.stop`: the plugin's own `stop`, then open orders are settled.
pub fn stop() {
    let stops = STOPS.with(|stops| std::mem::take(&mut *stops.borrow_mut()));
    stops.into_iter().for_each(|stop| stop());
    executor::stop();
}

/// `diagnose.explain`: what the plugin knows of a tag.
pub fn explain(tag: u32) -> Option<Explanation> {
    EXPLAINS.with(|explains| explains.borrow().iter().find_map(|explain| explain(tag)))
}

/// Drops whatever ran on this thread, unsettled.
pub(crate) fn forget() {
    let stops = STOPS.with(|stops| std::mem::take(&mut *stops.borrow_mut()));
    drop(stops);
    drop(EXPLAINS.with(|explains| std::mem::take(&mut *explains.borrow_mut())));
    executor::reset();
}

pub(crate) fn at_stop(stop: impl FnOnce() + 'static) {
    STOPS.with(|stops| stops.borrow_mut().push(Box::new(stop)));
}

pub(crate) fn explain_with(explain: impl Fn(u32) -> Option<Explanation> + 'static) {
    EXPLAINS.with(|explains| explains.borrow_mut().push(Box::new(explain)));
}
