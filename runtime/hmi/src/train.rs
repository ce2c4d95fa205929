//! What many alarms are asked for in several parts: one after the other, each once the one before is answered.
//!
//! Pure: answers go in, the next part and words about how far it is come out.

use std::collections::VecDeque;

use plantroom_model::{Outcome, OutcomeKind};
use plantroom_wire::{Deed, ToStation};

use crate::commands::Wish;

/// The parts that are still to come.
pub struct Train {
    /// The request under which its outcome is told.
    pub first: u64,
    waiting: VecDeque<Wish>,
    on_its_way: u64,
    /// What it is about: in all, and in the part that is on its way.
    all: usize,
    part: usize,
    asked: usize,
    /// The first thing that didn't go as wished.
    but: Option<String>,
    was_long: bool,
}

impl Train {
    /// Of these parts, told under this number.
    pub fn new(first: u64, wishes: Vec<Wish>) -> Self {
        let (all, was_long) = (wishes.iter().map(size).sum(), wishes.len() > 1);
        let waiting = wishes.into();
        Self { first, waiting, on_its_way: first, all, part: 0, asked: 0, but: None, was_long }
    }

    /// Whether it has more than one part.
    pub fn is_long(&self) -> bool {
        self.was_long
    }

    /// Whether this is the answer to the part that is on its way.
    pub fn waits_for(&self, request: u64) -> bool {
        self.on_its_way == request
    }

    /// The next part under this number; nothing when all are asked for.
    pub fn next(&mut self, request: u64) -> Option<ToStation> {
        let wish = self.waiting.pop_front()?;
        (self.part, self.on_its_way) = (size(&wish), request);
        Some(wish.message(request))
    }

    /// Takes in an answer: how far it is, and the next part. A part of which nothing was done ends it.
    pub fn heard(&mut self, outcome: &Outcome, next: u64) -> (String, Option<ToStation>) {
        let done = matches!(outcome.kind, OutcomeKind::Done | OutcomeKind::Confirmed);
        if !done {
            let before = self.asked;
            let left = self.all - before;
            let words = match before {
                0 => outcome.message.clone(),
                _ => format!("{before} are done, {left} are not. {}", outcome.message),
            };
            return (words, None);
        }
        self.asked += self.part;
        if outcome.message.contains(" of ") {
            self.but.get_or_insert_with(|| outcome.message.clone());
        }
        match (self.next(next), &self.but) {
            (Some(message), _) => (format!("{} of {} so far", self.asked, self.all), Some(message)),
            (None, None) => (format!("Done for all {} alarms.", self.all), None),
            (None, Some(but)) => (format!("All {} were asked for, but not all were done. {but}", self.all), None),
        }
    }
}

/// How many alarms a part is about.
fn size(wish: &Wish) -> usize {
    match wish {
        Wish::Deed(Deed::Alarms { wishes, .. }) => wishes.len(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use plantroom_model::{AlarmVerb, Mono};
    use plantroom_wire::AlarmWish;

    use crate::commands::Commands;

    use super::*;

    fn parts(sizes: &[usize]) -> Vec<Wish> {
        let wish = AlarmWish { alarm: "a".into(), verb: AlarmVerb::Reset };
        sizes.iter().map(|size| Wish::Deed(Deed::Alarms { wishes: vec![wish.clone(); *size], comment: String::new() })).collect()
    }

    fn outcome(kind: OutcomeKind, message: &str) -> Outcome {
        Outcome { kind, message: message.to_owned(), audit: 1 }
    }

    fn number(message: Option<ToStation>) -> Option<u64> {
        match message {
            Some(ToStation::Do { request, .. }) => Some(request),
            _ => None,
        }
    }

    #[test]
    fn each_part_follows_the_answer_to_the_one_before_and_one_outcome_tells_of_all() {
        let (mut commands, now) = (Commands::default(), Mono(5));
        assert_eq!(number(commands.at_once(now, "Acknowledge".into(), parts(&[1_000, 1_000, 7]))), Some(1));
        let done = outcome(OutcomeKind::Done, "Done for all 1000 alarms.");
        assert_eq!(number(commands.answered(now, 1, &done)), Some(2));
        assert_eq!((commands.told().len(), commands.told()[0].message.as_str()), (1, "1000 of 2007 so far"));
        assert!(commands.told()[0].kind.is_none());
        assert_eq!(number(commands.answered(now, 1, &done)), None, "an answer counts once");
        let partly = outcome(OutcomeKind::Done, "Done for 999 of 1000 alarms. a: acknowledged already.");
        assert_eq!(number(commands.answered(now, 2, &partly)), Some(3));
        assert_eq!(number(commands.answered(now, 3, &done)), None);
        let told = commands.told();
        assert_eq!((told.len(), told[0].kind), (1, Some(OutcomeKind::Done)));
        assert!(told[0].message.starts_with("All 2007 were asked for") && told[0].message.ends_with("already."));
    }

    #[test]
    fn a_refused_part_ends_it_and_says_how_far_it_came() {
        let (mut commands, now) = (Commands::default(), Mono(5));
        assert_eq!(number(commands.at_once(now, "Shelve".into(), parts(&[3, 3, 3]))), Some(1));
        assert_eq!(number(commands.answered(now, 1, &outcome(OutcomeKind::Done, "Done for all 3 alarms."))), Some(2));
        assert_eq!(number(commands.answered(now, 2, &outcome(OutcomeKind::Refused, "You may not."))), None);
        let told = &commands.told()[0];
        assert_eq!((told.kind, told.message.as_str()), (Some(OutcomeKind::Refused), "3 are done, 6 are not. You may not."));
    }

    #[test]
    fn a_lost_connection_sends_nothing_more() {
        let (mut commands, now) = (Commands::default(), Mono(5));
        assert_eq!(number(commands.at_once(now, "Reset".into(), parts(&[3, 3]))), Some(1));
        commands.lost(now);
        assert_eq!(number(commands.answered(now, 1, &outcome(OutcomeKind::Done, "late"))), None);
    }
}
