//! Which letter goes next.

use std::collections::BTreeMap;
use std::sync::Arc;

use plantroom_model::{Mono, Now, Priority};
use plantroom_project::OutletSpec;

use super::{Again, Desk, Job};
use crate::compose::{Parts, letter};
use crate::item::Item;
use crate::queue::Record;

/// What waits for one address.
struct Pile {
    priority: Priority,
    first: u64,
    since: Mono,
    numbers: Vec<u64>,
    trial: bool,
}

impl Desk {
    /// The letter that this outlet is to deliver now; `None` where none is due. It must be settled before the next one.
    pub fn take(&mut self, outlet: &str, now: Now) -> Option<Job> {
        let place = self.outlets.iter().position(|known| known.spec.name == outlet)?;
        if self.outlets[place].on_its_way.is_some() {
            return None;
        }
        let number = self.failed_before(place, now.mono).or_else(|| self.make(place, now))?;
        let letter = self.queue.waiting().letters.get(&number)?.clone();
        let of = &mut self.outlets[place];
        of.take(&letter.to, now.mono);
        of.on_its_way = Some(number);
        self.again.entry(number).or_insert(Again { due: now.mono, begun: now.mono, before_ms: 0 });
        Some(Job { letter, outlet: Arc::clone(&of.spec), plant: self.around.plant.clone() })
    }

    /// A letter whose pause is over, the most urgent first.
    fn failed_before(&self, place: usize, now: Mono) -> Option<u64> {
        let outlet = &self.outlets[place];
        let letters = self.queue.waiting().letters.values().filter(|letter| letter.outlet == outlet.spec.name);
        let is_due = |number: &u64| self.again.get(number).is_none_or(|again| again.due <= now);
        let due = letters.filter(|letter| is_due(&letter.number) && outlet.allows(&letter.to, now));
        due.min_by_key(|letter| (std::cmp::Reverse(letter.priority), letter.number)).map(|letter| letter.number)
    }

    /// Makes a letter of what waits for the address whose turn it is.
    fn make(&mut self, place: usize, now: Now) -> Option<u64> {
        let spec = Arc::clone(&self.outlets[place].spec);
        let piles = self.piles(&spec.name);
        let outlet = &self.outlets[place];
        let is_due = |to: &str, pile: &Pile| pile.trial || (due_at(&spec, pile) <= now.mono && outlet.allows(to, now.mono));
        let due = piles.into_iter().filter(|(to, pile)| is_due(to, pile));
        let (to, pile) = due.min_by_key(|(_, pile)| (!pile.trial, std::cmp::Reverse(pile.priority), pile.first))?;
        let items: Vec<Item> = pile.numbers.iter().filter_map(|number| self.queue.waiting().items.get(number)).cloned().collect();
        let key = (spec.name.clone(), to);
        let parts = Parts {
            plant: &self.around.plant,
            zone: &self.around.zone,
            items: &items,
            dropped: if pile.trial { 0 } else { self.queue.waiting().missing.get(&key).copied().unwrap_or(0) },
            lost: self.lost.remove(&key).unwrap_or(0),
            digest_over: spec.digest_over,
            at: now.utc,
        };
        let letter = letter(&parts)?;
        let number = letter.number;
        for number in &pile.numbers {
            self.since.remove(number);
        }
        self.queue.write(vec![Record::Made { letter, of: pile.numbers }]);
        Some(number)
    }

    /// What waits, by address; nothing where a letter to it is still on its way. A trial is a pile of its own.
    fn piles(&self, outlet: &str) -> BTreeMap<String, Pile> {
        let waiting = self.queue.waiting();
        let busy = |to: &str| waiting.letters.values().any(|letter| letter.outlet == outlet && letter.to == to);
        let mut piles: BTreeMap<String, Pile> = BTreeMap::new();
        for item in waiting.items.values().filter(|item| item.outlet == outlet) {
            let since = self.since.get(&item.number).copied().unwrap_or_default();
            let pile = || Pile { priority: item.priority, first: item.number, since, numbers: Vec::new(), trial: item.trial };
            let pile = piles.entry(item.to.clone()).or_insert_with(pile);
            if item.trial && !pile.trial {
                *pile = Pile { priority: item.priority, first: item.number, since, numbers: Vec::new(), trial: true };
            } else if pile.trial && !pile.numbers.is_empty() {
                continue;
            }
            pile.priority = pile.priority.max(item.priority);
            pile.numbers.push(item.number);
        }
        piles.retain(|to, pile| pile.trial || !busy(to));
        piles
    }

    /// When this outlet has something to do next; `None` where it hasn't.
    pub fn due(&self, outlet: &str, now: Now) -> Option<Mono> {
        let of = self.outlets.iter().find(|known| known.spec.name == outlet)?;
        if of.on_its_way.is_some() {
            return None;
        }
        let letters = self.queue.waiting().letters.values().filter(|letter| letter.outlet == outlet);
        let again = letters.map(|letter| {
            let due = self.again.get(&letter.number).map_or(now.mono, |again| again.due);
            due.max(of.next(&letter.to, now.mono))
        });
        let piles = self.piles(outlet);
        let made =
            piles.iter().map(|(to, pile)| if pile.trial { now.mono } else { due_at(&of.spec, pile).max(of.next(to, now.mono)) });
        again.chain(made).min()
    }
}

/// When what waits for an address has been gathered for long enough.
fn due_at(spec: &OutletSpec, pile: &Pile) -> Mono {
    pile.since.plus_ms(u64::from(spec.bundle_ms))
}
