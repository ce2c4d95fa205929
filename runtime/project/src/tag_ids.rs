//! Tags by name.

use std::hash::{BuildHasher, RandomState};
use std::ops::Index;
use std::sync::Arc;

use hashbrown::HashTable;
use plantroom_model::{Label, TagId, TagSpec};

/// The ids of a plant's tags by name: a table of ids that looks at the names in the tags themselves, in 10 bytes a tag.
#[derive(Clone, Debug)]
pub struct TagIds {
    tags: Arc<[TagSpec]>,
    table: HashTable<TagId>,
    hasher: RandomState,
}

impl TagIds {
    /// The ids of these tags, which are their places; tags that are gone have none.
    pub fn of(tags: &Arc<[TagSpec]>) -> Self {
        let hasher = RandomState::new();
        let hash = |id: &TagId| hasher.hash_one(name(tags, *id));
        let named = || (0..).map(TagId).zip(tags.iter()).filter(|(_, tag)| !tag.name.is_empty());
        let mut table = HashTable::with_capacity(named().count());
        for (id, _) in named() {
            table.insert_unique(hash(&id), id, hash);
        }
        Self { tags: Arc::clone(tags), table, hasher }
    }

    /// The id of a tag.
    pub fn get(&self, wanted: &str) -> Option<&TagId> {
        self.table.find(self.hasher.hash_one(wanted), |id| name(&self.tags, *id) == wanted)
    }

    /// Every name, in the order of ids.
    pub fn keys(&self) -> impl Iterator<Item = &Label> + Clone {
        self.tags.iter().map(|tag| &tag.name).filter(|name| !name.is_empty())
    }

    /// How many tags have a name.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is no tag.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}

fn name(tags: &[TagSpec], id: TagId) -> &str {
    tags.get(id.0 as usize).map_or("", |tag| &tag.name)
}

impl Default for TagIds {
    fn default() -> Self {
        Self::of(&Vec::new().into())
    }
}

/// The same names with the same ids.
impl PartialEq for TagIds {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.tags, &other.tags) || self.tags.iter().map(|tag| &tag.name).eq(other.tags.iter().map(|tag| &tag.name))
    }
}

/// Panics where no tag has this name, like a map.
impl Index<&str> for TagIds {
    type Output = TagId;

    fn index(&self, wanted: &str) -> &TagId {
        match self.get(wanted) {
            Some(id) => id,
            None => panic!("there is no tag `{wanted}`"),
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
