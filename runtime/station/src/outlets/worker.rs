//! The thread of one outlet: takes a letter, delivers it, says what came of it.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use plantroom_access::{Act, Category};
use plantroom_publish::{End, Job, deliver};

use super::Shared;

/// How long it sleeps at most, in ms.
const LOOK_MS: u64 = 10_000;

/// Begins to deliver for an outlet, until the project has it no more or the station stops.
pub(super) fn start(shared: Arc<Shared>, outlet: String) -> std::io::Result<JoinHandle<()>> {
    let name = format!("outlet-{outlet}");
    std::thread::Builder::new().name(name).spawn(move || {
        while let Some(job) = next(&shared, &outlet) {
            *shared.busy.lock() += 1;
            carry_out(&shared, &outlet, &job);
            *shared.busy.lock() -= 1;
            shared.idle.notify_all();
        }
    })
}

fn next(shared: &Shared, outlet: &str) -> Option<Job> {
    let mut desk = shared.desk.lock();
    loop {
        if shared.stops() || !desk.delivering().contains(outlet) {
            return None;
        }
        let now = shared.clock.now();
        if let Some(job) = desk.take(outlet, now) {
            return Some(job);
        }
        let due = desk.due(outlet, now);
        let wait = due.map_or(LOOK_MS, |due| due.since(now.mono).div_ceil(1_000_000)).clamp(1, LOOK_MS);
        shared.letters.wait_for(&mut desk, Duration::from_millis(wait));
    }
}

fn carry_out(shared: &Shared, outlet: &str, job: &Job) {
    let begun = shared.clock.now();
    let result = deliver(job, begun.utc);
    let ended = shared.clock.now();
    let (number, took_ms) = (job.letter.number, ended.mono.since(begun.mono) / 1_000_000);
    let end = shared.desk.lock().settle(outlet, number, took_ms, &result, ended);
    if job.letter.trial {
        if let Some(waits) = shared.trials.lock().remove(&number) {
            // Whoever asked may have gone.
            let _ = waits.send(result.map_err(|failure| failure.to_string()));
        }
        return;
    }
    match (&result, end) {
        (Err(failure), End::GivenUp) => {
            let to = if job.letter.to.is_empty() { String::new() } else { format!(" to {}", job.letter.to) };
            tracing::error!(outlet, id = job.letter.id, "a message{to} never got out: {failure}");
            let act = Act::new(Category::Station, "give up notification", outlet);
            shared.access.audit().event(act, &format!("message {}{to}: {failure}", job.letter.id), ended);
        }
        (Err(failure), _) => tracing::warn!(outlet, id = job.letter.id, "a message didn't get out, it is tried again: {failure}"),
        (Ok(_), _) => {}
    }
}
