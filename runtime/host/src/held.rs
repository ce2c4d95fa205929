//! Words about alarms that are over the granted rate: the newest about each thing waits, so a flood ends in what is true.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use plantroom_model::{AlarmId, ConditionWord, Conditions};

/// What a word is about; a newer word about the same takes the place of an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum About {
    Condition,
    Suppression,
    First,
    Group,
}

/// Words that wait. Bounded by what is granted: one for each alarm and each thing to say about it.
#[derive(Debug, Default)]
pub(crate) struct Held {
    words: HashMap<(AlarmId, About), ConditionWord>,
    /// In the order in which they began to wait.
    order: VecDeque<(AlarmId, About)>,
    replaced: u64,
}

impl Held {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// How many words were replaced by newer ones, and so lost.
    pub fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Adds words behind those that wait.
    pub fn push(&mut self, words: impl IntoIterator<Item = (AlarmId, ConditionWord)>) {
        for (alarm, word) in words {
            let key = (alarm, about(&word));
            match self.words.insert(key, word) {
                Some(_) => self.replaced += 1,
                None => self.order.push_back(key),
            }
        }
    }

    /// Puts words in front again that nobody had room for, unless newer ones wait.
    pub fn give_back(&mut self, conditions: Conditions) {
        for (alarm, word) in conditions.rows.into_iter().rev() {
            let key = (alarm, about(&word));
            if let Entry::Vacant(place) = self.words.entry(key) {
                place.insert(word);
                self.order.push_front(key);
            } else {
                self.replaced += 1;
            }
        }
    }

    /// Takes at most so many, those that have waited longest first.
    pub fn take(&mut self, most: usize) -> Conditions {
        let count = most.min(self.order.len());
        let words = &mut self.words;
        let rows = self.order.drain(..count).filter_map(|key| words.remove(&key).map(|word| (key.0, word)));
        Conditions { rows: rows.collect() }
    }

    /// Forgets those about alarms that the plugin may not speak of any more.
    pub fn retain(&mut self, may: impl Fn(AlarmId) -> bool) {
        self.order.retain(|(alarm, _)| may(*alarm));
        self.words.retain(|(alarm, _), _| may(*alarm));
    }
}

fn about(word: &ConditionWord) -> About {
    match word {
        ConditionWord::Raise { .. } | ConditionWord::Clear { .. } | ConditionWord::Unknown(_) => About::Condition,
        ConditionWord::Suppress { .. } | ConditionWord::Unsuppress => About::Suppression,
        ConditionWord::First(_) => About::First,
        ConditionWord::Group { .. } => About::Group,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_word_about_each_thing_is_what_comes_out() {
        let (one, two) = (AlarmId(1), AlarmId(2));
        let mut held = Held::default();
        held.push([
            (one, ConditionWord::First(true)),
            (two, ConditionWord::Unsuppress),
            (one, ConditionWord::First(false)),
            (one, ConditionWord::Unsuppress),
        ]);
        assert_eq!(held.replaced(), 1);
        assert_eq!(held.take(2).rows, [(one, ConditionWord::First(false)), (two, ConditionWord::Unsuppress)]);
        held.push([(two, ConditionWord::First(true)), (one, ConditionWord::Unsuppress)]);
        held.give_back(Conditions { rows: vec![(one, ConditionWord::First(true)), (one, ConditionWord::First(false))] });
        assert_eq!((held.take(1).rows, held.replaced()), (vec![(one, ConditionWord::First(false))], 3));
        held.retain(|alarm| alarm == one);
        assert_eq!((held.take(9).rows, held.is_empty()), (vec![(one, ConditionWord::Unsuppress)], true));
    }
}
