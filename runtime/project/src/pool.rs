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
    /// Numbers, found by their texts; each with a part of its text's hash, so that growing looks at no text, and looking for
    /// one at hardly any other.
    numbers: HashTable<(u32, u32)>,
    hasher: RandomState,
}

impl Pool {
    /// The number of a text, which may be new.
    pub fn add(&mut self, text: &str) -> u32 {
        self.add_new(text).unwrap_or_else(|known| known)
    }

    /// The number of a text that wasn't here.
    ///
    /// # Errors
    /// With its number where it was.
    pub fn add_new(&mut self, text: &str) -> Result<u32, u32> {
        let hash = self.hash(text);
        if let Some(number) = self.find_hashed(text, hash) {
            return Err(number);
        }
        if let Some(sealed) = self.sealed.take() {
            self.text = sealed.to_string();
        }
        let number = self.ends.len() as u32;
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        self.numbers.insert_unique(spread(hash), (number, hash), |(_, hash)| spread(*hash));
        Ok(number)
    }

    /// The number of a text, if it is here.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.find_hashed(text, self.hash(text))
    }

    fn hash(&self, text: &str) -> u32 {
        self.hasher.hash_one(text) as u32
    }

    fn find_hashed(&self, text: &str, hash: u32) -> Option<u32> {
        let is_it = |(number, other): &(u32, u32)| *other == hash && self.get(*number) == text;
        self.numbers.find(spread(hash), is_it).map(|(number, _)| *number)
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

/// A table looks at the lowest and at the highest bits.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
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
