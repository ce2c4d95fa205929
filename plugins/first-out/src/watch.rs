//! One group at work: what is up, the sequence so far, and what operators are told.

use plantroom_sdk::prelude::*;

use crate::config::{Group, Source, Trip};
use crate::sequence::{Apart, Entry, Ranked, rank};

/// What a group has seen.
#[derive(Default)]
pub struct Seen {
    /// By trip: whether it is up.
    up: Vec<bool>,
    /// By trip: it can't be read.
    unreadable: Vec<bool>,
    /// The sequence: which trips came, and when.
    entries: Vec<(usize, Entry)>,
    /// All its trips are gone; it is held until it is reset.
    is_over: bool,
    /// What was said last.
    said: Said,
    /// The trip that is marked as the first.
    marked: Option<usize>,
    /// The reset was up when it was last looked at.
    reset_up: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Said {
    #[default]
    Nothing,
    Clear,
    Unknown,
    Raised(String),
}

impl Group {
    /// What there is before anything happens; `kept` is the sequence from before a restart.
    pub fn begin(&self, io: &Io, kept: Vec<Entry>) -> Seen {
        let count = self.trips.len();
        let mut seen = Seen { up: vec![false; count], unreadable: vec![false; count], ..Seen::default() };
        for entry in kept {
            if let Some(place) = self.trips.iter().position(|trip| trip.words == entry.words) {
                seen.entries.push((place, entry));
            }
        }
        for (place, trip) in self.trips.iter().enumerate() {
            match &trip.source {
                Source::Alarm(alarm, _) => seen.see(place, trip, io.stand(alarm).state.is_holding(), now().utc_ns),
                Source::Tag(tag, state) => seen.tag(place, trip, &io.read(tag), *state),
            }
        }
        if let Some(reset) = &self.reset {
            seen.reset_up = io.read(reset).usable().copied().unwrap_or(false);
        }
        self.tell(io, &mut seen);
        seen
    }

    /// Takes in changes of tags.
    pub fn update(&self, io: &Io, seen: &mut Seen, changes: &Changes) {
        for change in changes.iter() {
            for (place, trip) in self.trips.iter().enumerate() {
                if let Source::Tag(tag, state) = &trip.source
                    && tag.handle() == change.tag
                {
                    seen.tag(place, trip, &change.sample(), *state);
                }
            }
            if self.reset.as_ref().is_some_and(|reset| reset.handle() == change.tag) {
                let up = change.sample::<bool>().usable().copied().unwrap_or(seen.reset_up);
                if up && !std::mem::replace(&mut seen.reset_up, up) {
                    self.end(io, seen);
                }
                seen.reset_up = up;
            }
        }
        self.tell(io, seen);
    }

    /// Takes in what happened to alarms.
    pub fn events(&self, io: &Io, seen: &mut Seen, events: &AlarmEvents) {
        for event in events.iter() {
            for (place, trip) in self.trips.iter().enumerate() {
                if matches!(&trip.source, Source::Alarm(alarm, _) if alarm.handle() == event.alarm) {
                    seen.see(place, trip, event.to.state.is_holding(), event.utc_ns());
                    seen.unreadable[place] = event.to.is_unknown();
                }
            }
            let is_own = event.alarm == self.alarm.handle();
            // Without a reset of its own, a sequence ends when nobody has anything to do with its alarm any more.
            if is_own && self.reset.is_none() && seen.is_over && event.to.state == AlarmState::Normal {
                self.end(io, seen);
            }
        }
        self.tell(io, seen);
    }

    /// Ends a sequence, unless a trip is still up.
    fn end(&self, io: &Io, seen: &mut Seen) {
        if !seen.up.contains(&true) {
            seen.entries.clear();
            seen.is_over = false;
            self.mark(io, seen, None);
        }
    }

    fn tell(&self, io: &Io, seen: &mut Seen) {
        let entries: Vec<Entry> = seen.entries.iter().map(|(_, entry)| entry.clone()).collect();
        let ranked = rank(&entries, Apart { same_ns: self.apart_ns, other_ns: self.poll_ns });
        let is_up = seen.up.contains(&true);
        seen.is_over = !seen.entries.is_empty() && !is_up;
        let first = ranked.first().map(|at| seen.entries[at].0);
        self.mark(io, seen, first);
        // With a reset of its own it holds until that; else the alarm's life decides how long it is seen.
        let holds = is_up || (seen.is_over && self.reset.is_some());
        let next = match (holds, seen.unreadable.contains(&true)) {
            (true, _) => Said::Raised(ranked.words(&entries)),
            (false, true) if !seen.is_over => Said::Unknown,
            (false, _) => Said::Clear,
        };
        if next != seen.said {
            self.say(io, &next, first, &ranked, &entries);
            seen.said = next;
        }
    }

    fn say(&self, io: &Io, said: &Said, first: Option<usize>, ranked: &Ranked, entries: &[Entry]) {
        // The number of the first trip in the configuration, from 1; 0 while nobody can tell.
        let number = first.map_or(0, |place| place as u64 + 1);
        match said {
            Said::Raised(words) => {
                let start = ranked.ranks.iter().flatten().map(|at| entries[*at].utc_ns).min().unwrap_or(0);
                io.raise_as(&self.alarm, number, start, words);
            }
            Said::Clear => io.clear(&self.alarm, number),
            Said::Unknown => io.unknown(&self.alarm, Status::UNCERTAIN_LAST_USABLE),
            Said::Nothing => {}
        }
    }

    fn mark(&self, io: &Io, seen: &mut Seen, first: Option<usize>) {
        if first == seen.marked {
            return;
        }
        for (place, is_first) in [(seen.marked, false), (first, true)] {
            if let Some(Trip { source: Source::Alarm(alarm, true), .. }) = place.and_then(|place| self.trips.get(place)) {
                io.mark_first(alarm, is_first);
            }
        }
        seen.marked = first;
    }
}

impl Seen {
    /// The sequence, to be kept over a restart.
    pub fn kept(&self) -> Vec<&Entry> {
        self.entries.iter().map(|(_, entry)| entry).collect()
    }

    fn tag(&mut self, place: usize, trip: &Trip, sample: &Sample<Value>, state: i64) {
        let value = sample.usable().and_then(Value::as_i64);
        self.unreadable[place] = value.is_none();
        // What can't be read neither trips nor comes back.
        if let Some(value) = value {
            let utc_ns = if sample.utc_ns == 0 { now().utc_ns } else { sample.utc_ns };
            self.see(place, trip, value == state, utc_ns);
        }
    }

    fn see(&mut self, place: usize, trip: &Trip, is_up: bool, utc_ns: i64) {
        if std::mem::replace(&mut self.up[place], is_up) == is_up || !is_up {
            return;
        }
        // The machine ran again, and trips anew: that is another sequence.
        if self.is_over {
            self.entries.clear();
            self.is_over = false;
        }
        if !self.entries.iter().any(|(known, _)| *known == place) {
            self.entries.push((place, Entry { words: trip.words.clone(), link: trip.link.clone(), utc_ns }));
        }
    }
}
