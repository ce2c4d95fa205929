//! Tags and alarms by name.

use std::hash::{BuildHasher, RandomState};
use std::ops::Index;
use std::sync::Arc;

use hashbrown::HashTable;
use plantroom_model::{AlarmId, AlarmSpec, Label, TagId, TagSpec};

/// The ids of a plant's tags by name.
pub type TagIds = NameIds<TagSpec>;
/// The ids of a plant's alarms by name.
pub type AlarmIds = NameIds<AlarmSpec>;

/// Something with a name, whose place in a list is its id.
pub trait Named {
    /// Its id.
    type Id: Copy + 'static;

    /// Its name; empty for one that is gone.
    fn name(&self) -> &Label;

    /// The id of a place.
    fn id(place: u32) -> Self::Id;

    /// The place of an id.
    fn place(id: Self::Id) -> usize;
}

impl Named for TagSpec {
    type Id = TagId;

    fn name(&self) -> &Label {
        &self.name
    }

    fn id(place: u32) -> TagId {
        TagId(place)
    }

    fn place(id: TagId) -> usize {
        id.0 as usize
    }
}

impl Named for AlarmSpec {
    type Id = AlarmId;

    fn name(&self) -> &Label {
        &self.name
    }

    fn id(place: u32) -> AlarmId {
        AlarmId(place)
    }

    fn place(id: AlarmId) -> usize {
        id.0 as usize
    }
}

/// Ids by name: a table of ids that looks at the names in the list itself, in 10 bytes each.
#[derive(Debug)]
pub struct NameIds<T: Named> {
    all: Arc<[T]>,
    table: HashTable<T::Id>,
    hasher: RandomState,
}

impl<T: Named> NameIds<T> {
    /// The ids of these, which are their places; those that are gone have none.
    pub fn of(all: &Arc<[T]>) -> Self {
        let hasher = RandomState::new();
        let hash = |id: &T::Id| hasher.hash_one(name(all, *id));
        let named = || (0..).map(T::id).zip(all.iter()).filter(|(_, one)| !one.name().is_empty());
        let mut table = HashTable::with_capacity(named().count());
        for (id, _) in named() {
            table.insert_unique(hash(&id), id, hash);
        }
        Self { all: Arc::clone(all), table, hasher }
    }

    /// The id of a name.
    pub fn get(&self, wanted: &str) -> Option<&T::Id> {
        self.table.find(self.hasher.hash_one(wanted), |id| name(&self.all, *id) == wanted)
    }

    /// Every name, in the order of ids.
    pub fn keys(&self) -> impl Iterator<Item = &Label> + Clone {
        self.all.iter().map(Named::name).filter(|name| !name.is_empty())
    }

    /// How many have a name.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}

fn name<T: Named>(all: &[T], id: T::Id) -> &str {
    all.get(T::place(id)).map_or("", |one| one.name())
}

impl<T: Named> Clone for NameIds<T> {
    fn clone(&self) -> Self {
        Self { all: Arc::clone(&self.all), table: self.table.clone(), hasher: self.hasher.clone() }
    }
}

impl<T: Named> Default for NameIds<T> {
    fn default() -> Self {
        Self::of(&Vec::new().into())
    }
}

/// The same names with the same ids.
impl<T: Named> PartialEq for NameIds<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.all, &other.all) || self.all.iter().map(Named::name).eq(other.all.iter().map(Named::name))
    }
}

/// Panics where nothing has this name, like a map.
impl<T: Named> Index<&str> for NameIds<T> {
    type Output = T::Id;

    fn index(&self, wanted: &str) -> &T::Id {
        match self.get(wanted) {
            Some(id) => id,
            None => panic!("nothing is named `{wanted}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_model::{Origin, ValueKind};

    #[test]
    fn a_tag_is_found_by_its_name_and_one_that_is_gone_is_not() {
        let names = ["a", "", "a/b", ""];
        let tags: Vec<TagSpec> = names.map(|name| TagSpec::new(name, ValueKind::Float, Origin::Gone)).into();
        let ids = TagIds::of(&tags.into());
        for (name, expected) in [("a", Some(0)), ("a/b", Some(2)), ("", None), ("b", None)] {
            assert_eq!(ids.get(name), expected.map(TagId).as_ref(), "{name:?}");
        }
        assert_eq!((ids.len(), ids.keys().map(|name| &**name).collect::<Vec<_>>()), (2, vec!["a", "a/b"]));
        assert_eq!(ids, ids.clone());
        assert_ne!(ids, TagIds::default());
    }
}
