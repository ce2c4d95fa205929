//! Many texts in one: each different text once, with a number.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use plantroom_model::Label;

/// Different texts, numbered from 0 in the order in which they came. Together at most 4 GiB: the folder's limit is a
/// sixteenth of that.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    text: String,
    /// Instead of `text`, once labels were given.
    sealed: Option<Arc<Box<str>>>,
    /// Where each text ends; it starts where the one before ends.
    ends: Vec<u32>,
    /// Numbers, found by their texts.
    numbers: HashTable<u32>,
    hasher: RandomState,
}

impl Pool {
    /// The number of a text, which may be new.
    pub fn add(&mut self, text: &str) -> u32 {
        if let Some(number) = self.find(text) {
            return number;
        }
        if let Some(sealed) = self.sealed.take() {
            self.text = sealed.to_string();
        }
        let number = self.ends.len() as u32;
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        let (all, ends, hasher) = (&self.text, &self.ends, &self.hasher);
        let hash = |number: &u32| hasher.hash_one(piece(all, ends, *number));
        self.numbers.insert_unique(hasher.hash_one(text), number, hash);
        number
    }

    /// The number of a text, if it is here.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.numbers.find(self.hasher.hash_one(text), |number| self.get(*number) == text).copied()
    }

    /// The text of a number; empty where there is none.
    pub fn get(&self, number: u32) -> &str {
        piece(self.sealed.as_deref().map_or(&self.text, |text| text), &self.ends, number)
    }

    /// How many different texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// All texts in the order of their numbers.
    pub fn all(&self) -> impl Iterator<Item = &str> + Clone {
        (0..self.ends.len() as u32).map(|number| self.get(number))
    }

    /// The text of a number as a label, which shares the memory of all others of this pool.
    pub fn label(&mut self, number: u32) -> Label {
        let text = self.sealed.get_or_insert_with(|| Arc::new(std::mem::take(&mut self.text).into_boxed_str()));
        Label::of(text, range(&self.ends, number))
    }
}

fn range(ends: &[u32], number: u32) -> std::ops::Range<u32> {
    let number = number as usize;
    let start = number.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    start..ends.get(number).copied().unwrap_or(start)
}

fn piece<'a>(text: &'a str, ends: &[u32], number: u32) -> &'a str {
    let range = range(ends, number);
    text.get(range.start as usize..range.end as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_there_once() {
        let mut pool = Pool::default();
        let words = ["m³/h", "", "a", "m³/h", "a", "b"];
        let numbers: Vec<u32> = words.iter().map(|word| pool.add(word)).collect();
        assert_eq!(numbers, [0, 1, 2, 0, 2, 3]);
        assert_eq!(pool.all().collect::<Vec<_>>(), ["m³/h", "", "a", "b"]);
        let labels: Vec<Label> = numbers.iter().map(|number| pool.label(*number)).collect();
        assert_eq!(labels, words);
        assert_eq!((pool.find("a"), pool.find("c"), pool.get(9)), (Some(2), None, ""));
        assert_eq!(pool.label(9), "");
        assert_eq!((pool.add("c"), pool.add("b"), pool.get(4)), (4, 3, "c"));
        assert_eq!(pool.label(4), "c");
        assert_eq!(labels, words, "labels stay what they are");
    }

    #[test]
    fn many_texts_are_found_again() {
        let mut pool = Pool::default();
        for round in 0..2 {
            for number in 0..10_000 {
                assert_eq!(pool.add(&format!("area{}/tag{number}", number % 10)), number, "round {round}");
            }
        }
        assert_eq!(pool.len(), 10_000);
    }
}
