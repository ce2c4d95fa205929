//! Typed looks into a table that [`crate::shape::check_table`] has checked: what is absent or wrong is `None`.

use crate::report::Spot;
use crate::shape::{Keys, Shape, duration_of};
use crate::tree::{Entries, Item, Raw};

/// A table, its keys and its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    entries: &'a Entries,
    keys: &'static Keys,
    /// The table's place.
    pub spot: Spot,
}

impl<'a> Fields<'a> {
    /// Looks into a table.
    pub fn new(entries: &'a Entries, keys: &'static Keys, spot: Spot) -> Self {
        Self { entries, keys, spot }
    }

    /// Whether the key is there at all, with whatever value.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == name)
    }

    /// The value under a key, where it is of the key's shape and complete (no placeholder left in it).
    pub fn item(&self, name: &str) -> Option<&'a Item> {
        // Most keys that are asked for aren't there, and a table has fewer than it might have.
        let item = &self.entries.iter().find(|entry| entry.key == name)?.item;
        let shape = self.keys.key(name)?.shape;
        (shape.fits(item) && !matches!(item.raw, Raw::Open(_))).then_some(item)
    }

    /// Where the key's value stands; the table's place where there is none.
    pub fn at(&self, name: &str) -> Spot {
        self.entries.iter().find(|entry| entry.key == name).map_or(self.spot, |entry| self.spot.moved(entry.item.at))
    }

    /// Where the key itself stands; the table's place where there is none.
    pub fn key_at(&self, name: &str) -> Spot {
        self.entries.iter().find(|entry| entry.key == name).map_or(self.spot, |entry| self.spot.moved(entry.at))
    }

    /// Text.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.item(name)?.text()
    }

    /// A word of the key's list.
    pub fn word(&self, name: &str) -> Option<&'a str> {
        let text = self.text(name)?.trim();
        match self.keys.key(name)?.shape {
            Shape::Word(words) => words.contains(&text).then_some(text),
            _ => Some(text),
        }
    }

    /// A flag.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.item(name)?.flag()
    }

    /// A whole number inside the key's bounds.
    pub fn whole(&self, name: &str) -> Option<i64> {
        let number = self.item(name)?.whole()?;
        match self.keys.key(name)?.shape {
            Shape::Whole(low, high) if number < i128::from(low) || number > i128::from(high) => None,
            _ => i64::try_from(number).ok(),
        }
    }

    /// A whole number inside the key's bounds, or its default.
    pub fn whole_or<T: TryFrom<i64>>(&self, name: &str, default: T) -> T {
        self.whole(name).and_then(|number| T::try_from(number).ok()).unwrap_or(default)
    }

    /// A length of time inside the key's bounds, in ms.
    pub fn duration_ms(&self, name: &str) -> Option<u64> {
        let ms = duration_of(self.item(name)?)?;
        match self.keys.key(name)?.shape {
            Shape::Duration(low, high) => (low..=high).contains(&ms).then_some(ms),
            _ => Some(ms),
        }
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.item(name)?.number()
    }

    /// Two numbers.
    pub fn pair(&self, name: &str) -> Option<(f64, f64)> {
        match self.item(name)?.list()? {
            [low, high] => Some((low.number()?, high.number()?)),
            _ => None,
        }
    }

    /// Texts with their places.
    pub fn texts(&self, name: &str) -> Vec<(&'a str, Spot)> {
        let items = self.item(name).and_then(Item::list).unwrap_or_default();
        items.iter().filter_map(|item| Some((item.text()?, self.spot.moved(item.at)))).collect()
    }

    /// A table with keys of its own.
    pub fn table(&self, name: &str) -> Option<Fields<'a>> {
        let item = self.item(name)?;
        let keys = table_keys(self.keys.key(name)?.shape)?;
        Some(Fields::new(item.entries()?, keys, self.spot.moved(item.at)))
    }

    /// Tables with keys of their own.
    pub fn tables(&self, name: &str) -> Vec<Fields<'a>> {
        let Some(keys) = self.keys.key(name).and_then(|key| table_keys(key.shape)) else { return Vec::new() };
        let items = self.item(name).and_then(Item::list).unwrap_or_default();
        items.iter().filter_map(|item| Some(Fields::new(item.entries()?, keys, self.spot.moved(item.at)))).collect()
    }

    /// The entries of a table whose keys are free.
    pub fn entries(&self, name: &str) -> Option<&'a Entries> {
        self.item(name)?.entries()
    }

    /// Every entry whose key isn't one of the table's own, as a JSON object.
    pub fn other_json(&self) -> serde_json::Map<String, serde_json::Value> {
        let others = self.entries.iter().filter(|entry| self.keys.key(&entry.key).is_none());
        others.filter_map(|entry| Some((entry.key.to_string(), entry.item.to_json()?))).collect()
    }

    /// A free table as JSON; an empty object where there is none.
    pub fn json(&self, name: &str) -> serde_json::Value {
        self.item(name).and_then(Item::to_json).unwrap_or_else(|| serde_json::Value::Object(serde_json::Map::new()))
    }
}

fn table_keys(shape: Shape) -> Option<&'static Keys> {
    match shape {
        Shape::Table(keys) | Shape::Tables(keys) => Some(keys),
        Shape::OneOf(shapes) => shapes.iter().find_map(|shape| table_keys(*shape)),
        _ => None,
    }
}
