//! Sees a flood of alarms, groups it by likely cause, marks the first, and tells it in one line.
//!
//! In:  what happens to the alarms that it may read; a table of causes.
//! Out: groups with a likely cause, and one alarm a position that tells the flood while it lasts.
//! Start at [`FloodAdvisor::advise`].
//!
//! Invariant: a cause that would have told itself, and hasn't, is never named.
//! Invariant: it hides nothing: alarms stay as they are, with a cause beside them.

mod causes;
mod config;
mod flood;

use std::collections::BTreeMap;

use plantroom_sdk::prelude::*;

use causes::Group;
use config::{Advice, Position};
use flood::{Flood, Ongoing, Turn};

/// How often a flood is looked at anew while alarms come, in ms: as often as a person can read.
const LOOK_MS: u64 = 1_000;
/// At most so many alarms that come again and again are a chatter rather than a flood.
const CHATTERING: usize = 3;
/// Groups that the summary names.
const NAMED: usize = 3;

/// The plugin.
pub struct FloodAdvisor {
    advice: Advice,
    seen: RefCell<Vec<Seen>>,
    /// Something is to be looked at.
    news: Signal,
}

/// What one position has seen.
#[derive(Default)]
struct Seen {
    flood: Flood,
    /// By alarm: the cause that it was said to have, and whether it leads.
    grouped: BTreeMap<u32, (usize, bool)>,
    /// What the summary said last.
    said: Option<String>,
}

impl Create for FloodAdvisor {
    fn create(setup: &Setup) -> Result<Self, Problems> {
        Ok(Self { advice: Advice::new(setup)?, seen: RefCell::default(), news: Signal::new() })
    }
}

impl AlarmLogic for FloodAdvisor {
    const READS_TAGS: bool = false;

    fn start(self: Rc<Self>, io: Io) {
        spawn(self.clone().listen(io.clone()));
        spawn(self.look_for_ever(io));
    }
}

impl FloodAdvisor {
    async fn listen(self: Rc<Self>, io: Io) {
        self.take_stock(&io);
        loop {
            let events = io.alarm_events().await;
            for event in events.iter().filter(announces) {
                self.announce(event.alarm, now().mono_ns);
            }
            self.news.raise();
        }
    }

    /// What came before the plugin did, and is still in the list.
    fn take_stock(&self, io: &Io) {
        let fresh = self.advice.positions.iter().map(|_| Seen::default());
        self.seen.replace(fresh.collect());
        let members = &self.advice.causes.members;
        let heard: Vec<u32> = (0..members.len() as u32).filter(|alarm| self.is_counted(*alarm)).collect();
        let alarms: Vec<Alarm> = heard.iter().map(|alarm| members[*alarm as usize].alarm.clone()).collect();
        let window_ns = self.advice.bounds.window_ns;
        let mut recent: Vec<(u64, u32)> = Vec::new();
        for (alarm, standing) in heard.into_iter().zip(io.stand_all(&alarms)) {
            let age_ns = u64::try_from(now().utc_ns.saturating_sub(standing.changed_ns)).unwrap_or(0);
            if standing.state == AlarmState::Unacknowledged && !standing.is_hidden() && age_ns < window_ns {
                recent.push((now().mono_ns.saturating_sub(age_ns), alarm));
            }
        }
        recent.sort_unstable();
        recent.into_iter().for_each(|(at_ns, alarm)| self.announce(alarm, at_ns));
        self.news.raise();
    }

    fn is_counted(&self, alarm: u32) -> bool {
        self.advice.positions.iter().any(|position| position.mine.get(alarm as usize) == Some(&true))
    }

    fn announce(&self, alarm: u32, at_ns: u64) {
        for (position, seen) in self.advice.positions.iter().zip(&mut *self.seen.borrow_mut()) {
            if position.mine.get(alarm as usize) == Some(&true) {
                seen.flood.announce(alarm, at_ns, self.advice.bounds);
            }
        }
    }

    /// Looks when something came, and when a flood may have ended.
    async fn look_for_ever(self: Rc<Self>, io: Io) {
        loop {
            self.advise(&io);
            // What comes within the next second is looked at together.
            let ends = self.seen.borrow().iter().filter_map(|seen| seen.flood.end_ns(self.advice.bounds)).min();
            match ends {
                Some(end_ns) => {
                    sleep(Duration::from_millis(LOOK_MS)).await;
                    first(sleep(Duration::from_nanos(end_ns.saturating_sub(now().mono_ns))), self.news.wait()).await;
                }
                None => self.news.wait().await,
            }
        }
    }

    /// Tells what each position's flood amounts to.
    fn advise(&self, io: &Io) {
        for (position, seen) in self.advice.positions.iter().zip(&mut *self.seen.borrow_mut()) {
            match seen.flood.turn(now().mono_ns, self.advice.bounds) {
                Turn::Ongoing => self.tell(io, position, seen),
                Turn::Quiet | Turn::Ended if seen.said.as_deref() != Some("") => {
                    for alarm in std::mem::take(&mut seen.grouped).into_keys() {
                        io.ungroup(&self.advice.causes.members[alarm as usize].alarm);
                    }
                    io.clear(&position.summary, 0_u64);
                    seen.said = Some(String::new());
                }
                Turn::Quiet | Turn::Ended => {}
            }
        }
    }

    fn tell(&self, io: &Io, position: &Position, seen: &mut Seen) {
        let Some(ongoing) = seen.flood.ongoing() else { return };
        let groups = if ongoing.arrivals.len() > CHATTERING { self.advice.causes.explain(&ongoing.arrivals) } else { Vec::new() };
        let words = self.words(ongoing, &groups);
        let mut grouped = BTreeMap::new();
        for group in &groups {
            let places = group.alarms.iter().filter(|alarm| self.advice.causes.members[**alarm as usize].mark);
            grouped.extend(places.map(|alarm| (*alarm, (group.cause, *alarm == group.leader))));
        }
        for (alarm, (cause, leads)) in &grouped {
            if seen.grouped.get(alarm) != Some(&(*cause, *leads)) {
                io.group(&self.advice.causes.members[*alarm as usize].alarm, self.advice.causes.words(*cause), *leads);
            }
        }
        for alarm in seen.grouped.keys().filter(|alarm| !grouped.contains_key(alarm)) {
            io.ungroup(&self.advice.causes.members[*alarm as usize].alarm);
        }
        if seen.said.as_ref() != Some(&words) {
            let began_ns = now().utc_ns - now().mono_ns.saturating_sub(ongoing.first_ns) as i64;
            io.raise_as(&position.summary, ongoing.count, began_ns, &words);
        }
        (seen.grouped, seen.said) = (grouped, Some(words));
    }

    /// `80 alarms in 20 s; likely cause: power dip at MCC 2 (74 of them); first: undervoltage at MCC 2`.
    fn words(&self, ongoing: &Ongoing, groups: &[Group]) -> String {
        let causes = &self.advice.causes;
        let span = span(ongoing.last_ns.saturating_sub(ongoing.first_ns));
        let mut words = format!("{} alarms in {span}; ", ongoing.count);
        let named = groups.iter().take(NAMED).map(|group| (causes.words(group.cause), group.alarms.len()));
        match named.collect::<Vec<_>>().as_slice() {
            [] if ongoing.arrivals.len() <= CHATTERING => {
                let names = ongoing.arrivals.iter().map(|(alarm, _)| format!("`{}`", causes.message(*alarm)));
                words += &format!("they come and go again and again: {}", names.collect::<Vec<_>>().join(", "));
                return words;
            }
            [] => words += "no common cause found",
            [(cause, count), others @ ..] => {
                words += &format!("likely cause: {cause} ({count} of {})", ongoing.arrivals.len());
                others.iter().for_each(|(cause, count)| words += &format!("; also: {cause} ({count})"));
            }
        }
        let leader = groups.first().map(|group| group.leader).or(ongoing.arrivals.first().map(|(alarm, _)| *alarm));
        if let Some(leader) = leader {
            words += &format!("; first: {}", causes.message(leader));
        }
        words
    }
}

/// Whether operators were told by an event: it came, or came out from behind what hid it.
fn announces(event: &AlarmEvent) -> bool {
    use AlarmEventKind::{InService, Occurred, ReAlarmed, ShelfEnded, Unshelved, Unsuppressed};
    let is_open = event.to.state == AlarmState::Unacknowledged;
    let is_news = match event.kind {
        Occurred => true,
        ReAlarmed | ShelfEnded | Unshelved | Unsuppressed | InService => is_open,
        _ => false,
    };
    is_news && !event.to.is_hidden()
}

/// A span of time as people read it.
fn span(ns: u64) -> String {
    let seconds = ns.div_ceil(1_000_000_000).max(1);
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds.div_ceil(60)) }
}

plantroom_sdk::export_alarm_logic!(FloodAdvisor);
