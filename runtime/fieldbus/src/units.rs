//! Which units of a connection answer, and how long those that don't are left alone.
//!
//! Knows no socket and no clock: times come in. A unit that hasn't answered twice in a row rests; its requests are
//! answered at once then. When the pause is over, one request is let through to see whether it is back.

use std::collections::BTreeMap;

use plantroom_model::Mono;

use crate::limits::{OWED_SHAPES, UNIT_ALONE_FIRST_MS, UNIT_ALONE_LONGEST_MS, UNIT_FIRST_MS, UNIT_LONGEST_MS, UNIT_MISSES};

/// What a unit has been through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitFigures {
    /// Its address.
    pub unit: u8,
    /// Requests that were put on the wire for it.
    pub transactions: u64,
    /// Of these, how many weren't answered in time.
    pub timeouts: u64,
    /// Requests that were ended at once, because it rests.
    pub spared: u64,
    /// Requests in a row that it hasn't answered; 0 while it answers.
    pub misses: u32,
    /// How long it is left alone after its last miss, in ms; 0 while it answers.
    pub pause_ms: u64,
}

/// What an answer looks like: function code, and how many bytes follow it.
pub(crate) type Shape = (u8, usize);

/// All units that were ever asked over one connection.
#[derive(Debug, Default)]
pub(crate) struct Units {
    known: BTreeMap<u8, Unit>,
}

#[derive(Debug, Default)]
struct Unit {
    figures: UnitFigures,
    /// Until then it rests.
    until: Mono,
    /// A request is on its way, to see whether it is back.
    trying: bool,
    /// Answers of its that may still come, and in which nothing would say to which request they belong.
    owes: Vec<Shape>,
}

impl Units {
    /// Whether a request to this unit has to be ended at once; it is counted then.
    pub fn spares(&mut self, unit: u8, now: Mono) -> bool {
        let unit = self.unit(unit);
        let spares = unit.rests(now);
        unit.figures.spared += u64::from(spares);
        spares
    }

    /// Whether any unit doesn't answer at present.
    pub fn knows_resting(&self) -> bool {
        self.known.values().any(|unit| unit.figures.misses >= UNIT_MISSES)
    }

    /// A request is put on the wire.
    pub fn asked(&mut self, unit: u8) {
        let unit = self.unit(unit);
        unit.figures.transactions += 1;
        unit.trying = unit.figures.misses >= UNIT_MISSES;
    }

    /// An answer came that fits a request; an exception is one too.
    pub fn answered(&mut self, unit: u8) {
        let unit = self.unit(unit);
        unit.figures.misses = 0;
        unit.figures.pause_ms = 0;
        unit.trying = false;
    }

    /// A request ended in another way than by an answer or by silence.
    pub fn broken_off(&mut self, unit: u8) {
        self.unit(unit).trying = false;
    }

    /// No answer came in time. A gateway that says so (exception 11) counts the same; it has answered itself.
    pub fn missed(&mut self, unit: u8, now: Mono) {
        let alone = self.known.len() <= 1;
        let unit = self.unit(unit);
        let figures = &mut unit.figures;
        figures.misses = figures.misses.saturating_add(1);
        figures.pause_ms = pause_ms(figures.misses, alone);
        unit.until = now.plus_ms(figures.pause_ms);
        unit.trying = false;
    }

    /// A time-out, for the figures.
    pub fn count_timeout(&mut self, unit: u8) {
        self.unit(unit).figures.timeouts += 1;
    }

    /// From now on an answer of this unit that looks like this may be one to an earlier request.
    pub fn owes(&mut self, unit: u8, shape: Shape) {
        let owes = &mut self.unit(unit).owes;
        if !owes.contains(&shape) {
            if owes.len() >= OWED_SHAPES {
                owes.remove(0);
            }
            owes.push(shape);
        }
    }

    /// What it may still answer to earlier requests; empty once it has caught up.
    pub fn owed(&mut self, unit: u8) -> &[Shape] {
        &self.unit(unit).owes
    }

    /// It has caught up.
    pub fn caught_up(&mut self, unit: u8) {
        self.unit(unit).owes.clear();
    }

    /// A new connection: nothing can come late over it.
    pub fn forgive(&mut self) {
        self.known.values_mut().for_each(|unit| {
            unit.owes.clear();
            unit.trying = false;
        });
    }

    /// Whether somebody was asked, and nobody answers.
    pub fn all_silent(&self) -> bool {
        self.known.values().any(|unit| unit.figures.misses > 0)
            && self.known.values().all(|unit| unit.figures.misses > 0 || unit.figures.transactions == 0)
    }

    /// Whether nobody answers, and not for want of one answer only.
    pub fn all_lost(&self) -> bool {
        self.all_silent() && self.known.values().any(|unit| unit.figures.misses >= UNIT_MISSES)
    }

    /// What each has been through, by address.
    pub fn figures(&self) -> Vec<UnitFigures> {
        self.known.values().map(|unit| unit.figures.clone()).collect()
    }

    fn unit(&mut self, unit: u8) -> &mut Unit {
        self.known
            .entry(unit)
            .or_insert_with(|| Unit { figures: UnitFigures { unit, ..UnitFigures::default() }, ..Unit::default() })
    }
}

impl Unit {
    fn rests(&self, now: Mono) -> bool {
        self.figures.misses >= UNIT_MISSES && (self.trying || now < self.until)
    }
}

/// How long a unit is left alone after so many misses in a row. Where it is the only one, asking it costs nobody else.
fn pause_ms(misses: u32, alone: bool) -> u64 {
    let (first, longest) = if alone { (UNIT_ALONE_FIRST_MS, UNIT_ALONE_LONGEST_MS) } else { (UNIT_FIRST_MS, UNIT_LONGEST_MS) };
    match misses.checked_sub(UNIT_MISSES) {
        None => 0,
        Some(more) => first.saturating_mul(1 << more.min(16)).min(longest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn two() -> Units {
        let mut units = Units::default();
        units.asked(1);
        units.answered(1);
        units
    }

    /// Asks unit 7 again and again, and never gets an answer; says when it was really asked, in ms.
    fn tries(units: &mut Units, until_s: u64, timeout_ms: u64) -> Vec<u64> {
        let (mut at_ms, mut tries) = (0, Vec::new());
        while at_ms < until_s * 1_000 {
            if units.spares(7, Mono(at_ms * 1_000_000)) {
                at_ms += 100;
            } else {
                tries.push(at_ms);
                units.asked(7);
                at_ms += timeout_ms;
                units.missed(7, Mono(at_ms * 1_000_000));
            }
        }
        tries
    }

    #[test]
    fn a_dead_unit_is_tried_ever_more_rarely() {
        let mut units = two();
        let tries = tries(&mut units, 200, 500);
        let pauses: Vec<u64> = tries.windows(2).map(|pair| (pair[1] - pair[0] - 500) / 1_000).collect();
        assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 30, 30, 30, 30, 30]);
        assert!(!units.spares(1, Mono(0)), "its neighbour doesn't notice");
        assert!(!units.all_silent() && !units.all_lost());
    }

    #[test]
    fn where_it_is_the_only_one_it_is_found_again_sooner() {
        let tries = tries(&mut Units::default(), 60, 500);
        let longest = tries.windows(2).map(|pair| pair[1] - pair[0] - 500).max();
        assert_eq!(longest, Some(5_000));
    }

    #[test]
    fn one_answer_ends_it() {
        let mut units = two();
        tries(&mut units, 20, 500);
        assert!(units.spares(7, Mono(20 * S)));
        assert!(!units.spares(7, Mono(60 * S)));
        units.asked(7);
        assert!(units.spares(7, Mono(60 * S)), "one at a time is let through");
        units.answered(7);
        assert!(!units.spares(7, Mono(60 * S)));
        let figures = units.figures();
        assert_eq!((figures[1].unit, figures[1].misses, figures[1].pause_ms), (7, 0, 0));
        assert!(figures[1].spared > 2);
    }

    #[test]
    fn a_try_that_is_broken_off_is_made_again() {
        let mut units = two();
        tries(&mut units, 20, 500);
        units.asked(7);
        units.broken_off(7);
        assert!(!units.spares(7, Mono(60 * S)));
    }

    #[test]
    fn one_missed_answer_is_forgiven() {
        let mut units = two();
        units.asked(7);
        units.missed(7, Mono(S));
        assert!(!units.spares(7, Mono(S)));
        assert!(!units.all_silent());
        units.missed(1, Mono(S));
        assert!(units.all_silent() && !units.all_lost());
        units.missed(1, Mono(S));
        assert!(units.all_lost());
        units.answered(7);
        assert!(!units.all_silent());
    }

    #[test]
    fn who_owes_an_answer_catches_up_once() {
        let mut units = two();
        assert_eq!(units.owed(1), []);
        for shape in [(3, 7), (4, 7), (3, 7)] {
            units.owes(1, shape);
        }
        assert_eq!(units.owed(1), [(3, 7), (4, 7)]);
        units.caught_up(1);
        assert_eq!(units.owed(1), []);
        for bytes in 0..100 {
            units.owes(1, (3, bytes));
        }
        assert_eq!((units.owed(1).len(), units.owed(1).last()), (OWED_SHAPES, Some(&(3, 99))));
        units.forgive();
        assert_eq!(units.owed(1), []);
    }
}
