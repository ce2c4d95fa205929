//! From what happened to alarms to what people are to be told: rules are asked, escalations counted, the desk filled.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::tz::TimeZone;
use plantroom_model::{
    AlarmEvent, AlarmEventKind, AlarmId, AlarmRow, AlarmSpec, Mono, Now, Occurrence, Priority, Snapshot, TagId, Utc, Value,
};
use plantroom_project::Plant;
use plantroom_publish::{Asked, Marks, OutletNow, Rules, local_time};
use plantroom_script::{AlarmFacts, Moment};
use tokio::sync::watch;

use super::{Heard, Seen, Shared, around, facts, worker, zone};
use crate::command::CommandPath;
use crate::inbox::{Inbox, What};
use crate::now_running::NowRunning;

/// How long the thread sleeps at most, in ms: so it notices changes of the project and tells how outlets are.
const LOOK_MS: u64 = 1_000;
/// Events after which what they led to is handed over, so that a flood's first messages don't wait for its end.
const EVENTS: usize = 1_000;

/// The thread that hears and asks.
pub(super) struct Hub {
    shared: Arc<Shared>,
    running: Arc<NowRunning>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    inbox: Arc<Inbox>,
    seen: Seen,
    plant: Arc<Plant>,
    zone: TimeZone,
    rules: Rules,
    /// The newest occurrence that was looked at.
    occurrence: u64,
    /// System tags as they were told last.
    told: HashMap<TagId, Value>,
    figures_due: Mono,
    workers: HashMap<String, JoinHandle<()>>,
    /// What rules ask for, and what is to be remembered with it.
    asked: Vec<Asked>,
    marks: Marks,
}

impl Hub {
    pub fn new(commands: &Arc<CommandPath>, shared: Arc<Shared>, seen: Seen) -> Self {
        let plant = commands.plant();
        let mut rules = Rules::default();
        rules.change(&plant.notify_scripts);
        Self {
            shared,
            running: Arc::clone(&commands.running),
            snapshots: commands.snapshots.clone(),
            inbox: Arc::clone(&commands.inbox),
            seen,
            zone: zone(&plant),
            plant,
            rules,
            occurrence: 0,
            told: HashMap::new(),
            figures_due: Mono(0),
            workers: HashMap::new(),
            asked: Vec::new(),
            marks: Marks::default(),
        }
    }

    pub fn run(&mut self) {
        self.resume(self.shared.clock.now());
        loop {
            let heard = self.wait();
            let now = self.shared.clock.now();
            self.follow_plant(now);
            for frame in &heard.frames {
                for event in &frame.alarms.events {
                    self.happened(event);
                    if self.asked.len() >= EVENTS {
                        self.hand_over(now);
                    }
                }
            }
            if heard.missed {
                self.catch_up(Some(self.occurrence), now);
            }
            self.escalate(now);
            self.hand_over(now);
            self.tell(now);
            if self.shared.stops() {
                self.shared.desk.lock().note_seen(self.occurrence);
                return;
            }
            self.keep_workers();
        }
    }

    /// Waits for news, at most until something is due.
    fn wait(&self) -> Heard {
        let now = self.shared.clock.now().mono;
        let tick_due = self.shared.desk.lock().tick_due();
        let due = [self.rules.escalation.next_due(), tick_due].into_iter().flatten().min();
        let longest = due.map_or(LOOK_MS, |due| (due.since(now).div_ceil(1_000_000)).clamp(1, LOOK_MS));
        let mut heard = self.shared.heard.lock();
        if heard.frames.is_empty() && !heard.missed && !self.shared.stops() {
            self.shared.news.wait_for(&mut heard, Duration::from_millis(longest));
        }
        std::mem::take(&mut *heard)
    }

    /// What stood when the station stopped goes on waiting; what came after the rules were last asked is asked for now.
    fn resume(&mut self, now: Now) {
        let kept = self.shared.desk.lock().seen();
        self.catch_up(kept, now);
        self.hand_over(now);
        if kept.is_none() {
            // Where nothing was kept, what stands was there before there were rules: nobody is told of it.
            self.shared.desk.lock().note_seen(self.occurrence.max(1));
        }
    }

    /// Compares the board with what was looked at: up to `kept`; all of it where that is `None`.
    fn catch_up(&mut self, kept: Option<u64>, now: Now) {
        let board = self.seen.board.borrow().clone();
        let plant = Arc::clone(&self.plant);
        for alarm in self.rules.escalation.waiting() {
            if !board.get(alarm).is_some_and(waits) {
                self.ended(alarm);
            }
        }
        let rows = board.changed_since(0).filter(|(_, row)| waits(row));
        for (alarm, row) in rows {
            let Some(spec) = plant.alarms.get(alarm.0 as usize) else { continue };
            let occurrence = row.standing.occurrence;
            self.occurrence = self.occurrence.max(occurrence.0);
            let is_new = kept.is_some_and(|kept| occurrence.0 > kept);
            if is_new {
                self.ask(Moment::Occurred, &facts::of_row(&plant, spec, row), now.utc);
            }
            if !self.rules.escalation.waits(alarm) {
                let before_ms = u64::try_from(now.utc.0.saturating_sub(row.came.0)).unwrap_or(0) / 1_000_000;
                let told = match self.shared.desk.lock().step(&spec.name) {
                    Some((of, minutes)) if of == occurrence.0 => Some(minutes),
                    // Nobody was told because there were no rules; steps that are over stay untold.
                    _ if kept.is_none() => Some(u32::try_from(before_ms / 60_000).unwrap_or(u32::MAX)),
                    _ => None,
                };
                self.rules.escalation.resume(alarm, occurrence, now.mono, (before_ms, told));
            }
        }
    }

    /// Something happened to an alarm.
    fn happened(&mut self, event: &AlarmEvent) {
        self.occurrence = self.occurrence.max(event.occurrence.0);
        let plant = Arc::clone(&self.plant);
        let spec = plant.alarms.get(event.alarm.0 as usize).filter(|spec| spec.priority != Priority::Event);
        let Some(spec) = spec.filter(|spec| !spec.name.is_empty()) else { return self.ended(event.alarm) };
        let is_shown = !event.to.hidden.any();
        let moment = match event.kind {
            _ if event.announces() => Some(Moment::Occurred),
            AlarmEventKind::Returned if is_shown => Some(Moment::Returned),
            AlarmEventKind::Acknowledged if is_shown => Some(Moment::Acknowledged),
            _ => None,
        };
        if event.kind == AlarmEventKind::Acknowledged {
            self.shared.desk.lock().unhush(&spec.name);
        }
        if let Some(moment) = moment {
            self.ask(moment, &facts::of_event(&plant, spec, event), event.at.utc);
        }
        if is_shown && event.to.state.is_unacknowledged() && event.to.state.is_active() {
            self.rules.escalation.begin(event.alarm, event.occurrence, event.at.mono);
        } else {
            self.ended(event.alarm);
        }
    }

    /// An alarm waits for nobody any more.
    fn ended(&mut self, alarm: AlarmId) {
        if self.rules.escalation.waits(alarm)
            && let Some(spec) = self.plant.alarms.get(alarm.0 as usize)
        {
            self.marks.closed.push(spec.name.to_string());
        }
        self.rules.escalation.end(alarm);
    }

    /// Tells of alarms that nobody has acknowledged for one more step.
    fn escalate(&mut self, now: Now) {
        let due = self.rules.escalation.due(now.mono);
        if due.is_empty() {
            return;
        }
        let (plant, board) = (Arc::clone(&self.plant), self.seen.board.borrow().clone());
        let standing = |alarm: AlarmId, occurrence: Occurrence| -> Option<(&AlarmSpec, &AlarmRow)> {
            let row = board.get(alarm).filter(|row| row.standing.occurrence == occurrence && waits(row))?;
            Some((plant.alarms.get(alarm.0 as usize)?, row))
        };
        for (alarm, occurrence, minutes) in due {
            let Some((spec, row)) = standing(alarm, occurrence) else { continue };
            self.ask(Moment::Unacknowledged(minutes), &facts::of_row(&plant, spec, row), now.utc);
            self.marks.steps.push((spec.name.to_string(), occurrence.0, minutes));
        }
    }

    /// Asks the rules, and keeps what they want.
    fn ask(&mut self, moment: Moment, facts: &AlarmFacts, at: Utc) {
        if !self.rules.any() {
            return;
        }
        let (time, _) = local_time(at, &self.zone);
        let (plant, snapshot) = (Arc::clone(&self.plant), self.snapshots.borrow().clone());
        let mut read = |name: &str| crate::alarms::tag_now(&plant, &snapshot, name);
        let minutes = if let Moment::Unacknowledged(minutes) = moment { minutes } else { 0 };
        let word = match moment {
            Moment::Occurred => "occurred",
            Moment::Returned => "returned",
            Moment::Acknowledged => "acknowledged",
            Moment::Unacknowledged(_) => "unacknowledged",
        };
        let told = self.rules.tell(moment, facts, time, &mut read);
        self.asked.extend(told.into_iter().map(|one| Asked {
            outlet: one.outlet.to_string(),
            to: one.to,
            alarm: facts.name.clone(),
            moment: word,
            minutes,
            priority: facts.priority,
            subject: one.subject,
            text: one.text,
            at,
        }));
    }

    /// Gives the desk what there is; on the disk when this returns.
    fn hand_over(&mut self, now: Now) {
        let marks = Marks { seen: self.occurrence, ..std::mem::take(&mut self.marks) };
        let asked = std::mem::take(&mut self.asked);
        let mut desk = self.shared.desk.lock();
        if !asked.is_empty() || !marks.closed.is_empty() || !marks.steps.is_empty() {
            desk.ask(asked, marks, now);
            self.shared.letters.notify_all();
        }
        desk.tick(now);
    }

    /// Another plant: other rules, outlets, people. Steps that are due come as its rules say.
    fn follow_plant(&mut self, now: Now) {
        let plant = self.running.plant();
        if Arc::ptr_eq(&plant, &self.plant) {
            return;
        }
        self.rules.change(&plant.notify_scripts);
        self.zone = zone(&plant);
        self.shared.desk.lock().change(around(&plant), now);
        self.shared.letters.notify_all();
        self.plant = plant;
        self.told.clear();
        self.figures_due = now.mono;
    }

    /// One thread for each outlet that delivers; one that is gone ends by itself.
    fn keep_workers(&mut self) {
        self.workers.retain(|_, worker| !worker.is_finished());
        let names = self.shared.desk.lock().delivering();
        for name in names.into_iter().filter(|name| !self.workers.contains_key(name)).collect::<Vec<_>>() {
            match worker::start(Arc::clone(&self.shared), name.clone()) {
                Ok(worker) => drop(self.workers.insert(name, worker)),
                // It is tried again within a second.
                Err(error) => tracing::error!(outlet = name, "the system gives an outlet no thread: {error}"),
            }
        }
    }

    /// How outlets are, as tags and alarms: about once a second.
    fn tell(&mut self, now: Now) {
        if now.mono < self.figures_due {
            return;
        }
        self.figures_due = now.mono.plus_ms(LOOK_MS);
        let (outlets, disk) = {
            let desk = self.shared.desk.lock();
            (desk.now(), desk.disk_trouble().map(str::to_owned))
        };
        for outlet in &outlets {
            let alarm = format!("system/outlets/{}", outlet.name);
            let trouble = Some(outlet.trouble.clone()).filter(|words| !words.is_empty());
            let trouble =
                trouble.or_else(|| disk.as_ref().map(|why| format!("what waits would be lost with a power cut: {why}")));
            self.seen.own.set(&alarm, "outlets", trouble);
            self.tell_tags(outlet, now);
        }
        let journal = self.seen.journal.health().trouble.map(|why| why.to_string());
        self.seen.own.set("system/alarms/journal", "journal", journal);
        let mut troubles = self.rules.troubles();
        let first = troubles.next().map(str::to_owned);
        let more = troubles.count();
        let rules = first.map(|first| if more == 0 { first } else { format!("{first} (and {more} more)") });
        self.seen.own.set("system/alarms/scripts", "rules", rules);
        self.seen.own.say(&self.plant, now, &self.inbox);
    }

    fn tell_tags(&mut self, outlet: &OutletNow, now: Now) {
        for (last, value) in [
            ("ok", Value::Bool(outlet.ok)),
            ("sent", Value::Uint(outlet.sent)),
            ("waiting", Value::Uint(outlet.waiting)),
            ("given_up", Value::Uint(outlet.given_up)),
            ("last_error", Value::Text(outlet.last_error.as_str().into())),
        ] {
            let Some((tag, _)) = self.plant.tag(&format!("system/outlets/{}/{last}", outlet.name)) else { continue };
            let what = What::Set { tag, value: value.clone() };
            if self.told.get(&tag) != Some(&value) && self.inbox.try_put(now, &what) {
                self.told.insert(tag, value);
            }
        }
    }
}

/// Whether an alarm waits for somebody's acknowledgement: active, and not hidden.
fn waits(row: &AlarmRow) -> bool {
    row.is_listed() && row.standing.state.is_unacknowledged() && row.standing.state.is_active()
}
