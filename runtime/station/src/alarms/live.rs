//! The key figures of the last 24 hours, kept while the station runs: each event costs the same whatever came before it, and a
//! question reads nothing from the disk.
//!
//! A thread counts what frames bring. It begins with what the journal knows of the 24 hours before, and again at every full
//! hour, so that the window goes on; meanwhile the figures of the old window are told, which say from when they are.
//!
//! Invariant: waits for nobody on the scan's thread; what can't be counted in time is counted anew from the journal.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use plantroom_alarms::figures::{KeyFigures, NowFigures, start_of_hour};
use plantroom_historian::Journal;
use plantroom_model::{AlarmStep, Frame, Now, Utc};
use plantroom_project::Plant;

use super::figures::zone;
use super::tally::{Named, Tally};
use crate::clock::Clock;
use crate::flow::FrameReader;
use crate::now_running::NowRunning;

/// What the window is as long as, at least, in ns: 24 h. At most an hour more.
const WINDOW_NS: i64 = 86_400_000_000_000;
/// Steps that wait to be counted: 4 s at 50,000 a second. With more, all is counted anew from the journal.
const WAITING: usize = 200_000;
/// How long the thread sleeps at most, in ms: so it lets floods end, and notices that the station stops.
const LOOK_MS: u64 = 1_000;
/// How long the journal may take until everything that was counted is on the disk, in ms.
const RECORDED_MS: u64 = 2_000;
/// After a window was counted it isn't counted anew before so long, in ms, and never before 20 times what that took.
const ANEW_MS: u64 = 10_000;

#[derive(Debug, Default)]
struct Heard {
    steps: Vec<AlarmStep>,
    /// The newest frame, and its time.
    frame: (u64, Utc),
    /// There were more than can wait.
    is_over: bool,
    stop: bool,
}

#[derive(Debug, Default)]
struct Desk {
    heard: Mutex<Heard>,
    bell: Condvar,
}

/// The figures of the last 24 hours.
pub struct LiveFigures {
    desk: Arc<Desk>,
    tally: Arc<Mutex<Option<Tally>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread works with.
struct Work {
    desk: Arc<Desk>,
    tally: Arc<Mutex<Option<Tally>>>,
    running: Arc<NowRunning>,
    clock: Arc<dyn Clock>,
    journal: Arc<Journal>,
    plant: Arc<Plant>,
    /// When the next window begins to be counted, on the clock that never steps, in ns.
    anew_at: u64,
}

impl LiveFigures {
    /// Starts; until the journal has been read there are none.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(running: Arc<NowRunning>, clock: Arc<dyn Clock>, journal: Arc<Journal>) -> std::io::Result<Arc<Self>> {
        let (desk, tally, plant) = (Arc::<Desk>::default(), Arc::default(), running.plant());
        let mut work = Work { desk: Arc::clone(&desk), tally: Arc::clone(&tally), running, clock, journal, plant, anew_at: 0 };
        let thread = std::thread::Builder::new().name("alarm-figures".to_owned()).spawn(move || work.run())?;
        Ok(Arc::new(Self { desk, tally, thread: Mutex::new(Some(thread)) }))
    }

    /// Stops.
    pub fn stop(&self) {
        self.desk.heard.lock().stop = true;
        self.desk.bell.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }

    /// The figures from 24 to 25 hours ago until now; `None` while the journal is still being read.
    pub fn key_figures(&self, now: Utc) -> Option<KeyFigures> {
        self.tally.lock().as_ref().map(|tally| tally.key_figures(now))
    }

    /// Where the window begins, while there is one.
    pub fn from(&self) -> Option<Utc> {
        self.tally.lock().as_ref().map(Tally::from)
    }

    /// How it is at this moment, position by position; costs nothing. Empty while the journal is still being read.
    pub fn now(&self, now: Utc) -> Vec<(String, NowFigures)> {
        self.tally.lock().as_mut().map(|tally| tally.now(now)).unwrap_or_default()
    }
}

impl FrameReader for LiveFigures {
    fn frame(&self, frame: &Arc<Frame>) {
        if frame.alarms.events.is_empty() {
            return;
        }
        let mut heard = self.desk.heard.lock();
        heard.frame = (frame.number, frame.now.utc);
        heard.is_over |= heard.steps.len() + frame.alarms.events.len() > WAITING;
        if heard.is_over {
            heard.steps.clear();
            return;
        }
        let was_quiet = heard.steps.is_empty();
        heard.steps.extend(frame.alarms.events.iter().map(plantroom_model::AlarmEvent::step));
        drop(heard);
        if was_quiet {
            self.desk.bell.notify_one();
        }
    }
}

impl Work {
    fn run(&mut self) {
        while let Some(heard) = self.wait() {
            let now = self.clock.now();
            let plant = self.running.plant();
            if !Arc::ptr_eq(&plant, &self.plant) {
                // Priorities, areas and positions may be others: all is counted again, as the project says it now.
                (self.plant, self.anew_at) = (plant, self.anew_at.min(now.mono.plus_ms(ANEW_MS).0));
            }
            if heard.is_over {
                *self.tally.lock() = None;
                self.anew_at = self.anew_at.min(now.mono.plus_ms(ANEW_MS).0);
            }
            self.count(&heard.steps, now.utc);
            if now.mono.0 >= self.anew_at {
                self.count_anew(heard.frame, now);
            }
        }
    }

    /// Waits for steps, at most so long that time goes on; `None` when the station stops.
    fn wait(&self) -> Option<Heard> {
        let mut heard = self.desk.heard.lock();
        if heard.steps.is_empty() && !heard.is_over && !heard.stop && self.anew_at > 0 {
            self.desk.bell.wait_for(&mut heard, Duration::from_millis(LOOK_MS));
        }
        if heard.stop {
            return None;
        }
        let rest = Heard { frame: heard.frame, ..Heard::default() };
        Some(std::mem::replace(&mut *heard, rest))
    }

    fn count(&self, steps: &[AlarmStep], now: Utc) {
        if let Some(tally) = &mut *self.tally.lock() {
            steps.iter().for_each(|step| tally.apply(step, &self.plant));
            tally.advance(now);
        }
    }

    /// Counts the last 24 hours from the journal up to a frame; what came since waits, and is counted behind it.
    fn count_anew(&mut self, (frame, at): (u64, Utc), now: Now) {
        let zone = zone(&self.plant);
        let until = if frame == 0 { now.utc } else { at };
        let from = start_of_hour(Utc(now.utc.0.saturating_sub(WINDOW_NS)), &zone);
        if frame > 0 && !self.journal.wait_for(frame, RECORDED_MS) {
            // The disk is in trouble: the old window goes on.
            self.anew_at = now.mono.plus_ms(ANEW_MS).0;
            return;
        }
        let mut named = Named::new(&self.plant, from);
        // What was decided in the same moment as the frame is in it.
        let read = named.read(&self.journal.reader(), (from, Utc(until.0.saturating_add(1))));
        if let Err(error) = read {
            tracing::error!("the key figures of the last 24 hours can't be counted: {error}");
            self.anew_at = now.mono.plus_ms(ANEW_MS).0;
            return;
        }
        *self.tally.lock() = Some(Tally::new(named, &self.plant));
        let after = self.clock.now();
        let next_hour = start_of_hour(Utc(after.utc.0.saturating_add(3_600_000_000_000)), &zone);
        let until_then_ms = u64::try_from(next_hour.0.saturating_sub(after.utc.0)).unwrap_or(0) / 1_000_000 + 1;
        let took_ms = after.mono.since(now.mono) / 1_000_000;
        self.anew_at = after.mono.plus_ms(until_then_ms.max(ANEW_MS).max(20 * took_ms)).0;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use plantroom_historian::Catalog;
    use plantroom_model::{AlarmEvent, AlarmEventKind, AlarmFrame, AlarmState, Occurrence, Standing, Status, Value};

    use super::*;
    use crate::clock::MachineClock;
    use crate::scan::plant_with_logic;

    /// A frame in which an alarm comes, or goes.
    fn frame(number: u64, plant: &Plant, comes: bool, at: Now) -> Arc<Frame> {
        let alarm = plant.alarm("t/said").unwrap().0;
        let (came, gone) = (AlarmState::Unacknowledged, AlarmState::Normal);
        let (from, to) = if comes { (gone, came) } else { (came, gone) };
        let stands = |state| Standing { occurrence: Occurrence(number), state, ..Standing::default() };
        let event = AlarmEvent {
            alarm,
            occurrence: Occurrence(number),
            at,
            source_time: at.utc,
            kind: if comes { AlarmEventKind::Occurred } else { AlarmEventKind::Returned },
            from: stands(from),
            to: stands(to),
            value: Value::Null,
            status: Status::GOOD,
            limit: None,
            until: None,
            by: None,
            comment: None,
        };
        let alarms = AlarmFrame { events: vec![event], ..AlarmFrame::default() };
        Arc::new(Frame { number, now: at, alarms, ..Frame::default() })
    }

    fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn what_is_kept_is_what_the_journal_says() {
        let folder = tempfile::tempdir().unwrap();
        let plant = plant_with_logic();
        let clock: Arc<dyn Clock> = Arc::new(MachineClock::start());
        let journal = crate::alarms::open_journal(folder.path(), &plant, clock.now()).unwrap().journal;
        let catalog = Catalog::new(Arc::clone(&plant.alarms), Arc::clone(&plant.tags));
        let note = |number: u64| {
            let frame = frame(number, &plant, number % 2 == 1, clock.now());
            journal.note(number, &frame.alarms.events, &catalog);
            frame
        };
        (1..=30).for_each(|number| drop(note(number)));
        journal.flush();
        let running = Arc::new(NowRunning::new(Arc::clone(&plant)));
        let live = LiveFigures::start(running, Arc::clone(&clock), Arc::clone(&journal)).unwrap();
        wait_until("the journal has been read", || live.from().is_some());
        let announced = || live.now(clock.now().utc).first().map_or(0, |(_, now)| now.announced);
        assert_eq!(announced(), 15, "what came before the start is counted");
        (31..=51).for_each(|number| live.frame(&note(number)));
        wait_until("what came since is counted", || announced() == 26);
        journal.flush();
        let now = clock.now().utc;
        let from = live.from().unwrap();
        let kept = live.key_figures(now).unwrap();
        let zoned = (&plant.alarm_settings, zone(&plant));
        let read = super::super::figures::key_figures(&journal.reader(), zoned, (Some(from.0), Some(now.0)), now).unwrap();
        let [kept, read] = [kept, read].map(|all| all.positions[0].clone());
        assert_eq!((kept.alarms, kept.by_priority, kept.top.clone()), (26, read.by_priority, read.top.clone()));
        assert_eq!((kept.now.active, kept.chattering), (1, read.chattering));
        let floods =
            |of: &[plantroom_alarms::figures::Flood]| of.iter().map(|one| (one.start, one.alarms, one.peak)).collect::<Vec<_>>();
        assert_eq!(floods(&kept.floods), floods(&read.floods));
        live.stop();
    }

    #[test]
    fn more_than_can_wait_is_counted_from_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let plant = plant_with_logic();
        let clock: Arc<dyn Clock> = Arc::new(MachineClock::start());
        let journal = crate::alarms::open_journal(folder.path(), &plant, clock.now()).unwrap().journal;
        let running = Arc::new(NowRunning::new(Arc::clone(&plant)));
        let live = LiveFigures::start(running, Arc::clone(&clock), journal).unwrap();
        wait_until("the journal has been read", || live.from().is_some());
        let one = frame(1, &plant, true, clock.now());
        let events = vec![one.alarms.events[0].clone(); WAITING + 1];
        live.frame(&Arc::new(Frame { alarms: AlarmFrame { events, ..AlarmFrame::default() }, ..Frame::clone(&one) }));
        wait_until("what was counted in part is told no more", || live.from().is_none());
        live.stop();
    }
}
