//! Texts that lie together.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A name, an address, a description: a piece of a text that many labels share, so that the names of a million tags are one
/// allocation. In 16 bytes. Cloning one counts a reference; while one of them lives, so does the text it is a piece of.
#[derive(Clone, Default)]
pub struct Label {
    /// A thin pointer, half as large as an `Arc<str>`; `None` where the label is empty.
    text: Option<Arc<Box<str>>>,
    start: u32,
    end: u32,
}

impl Label {
    /// A piece of a text, in bytes; empty where that isn't a range of whole characters in it.
    pub fn of(text: &Arc<Box<str>>, range: Range<u32>) -> Self {
        let is_piece = text.get(range.start as usize..range.end as usize).is_some_and(|piece| !piece.is_empty());
        if is_piece { Self { text: Some(Arc::clone(text)), start: range.start, end: range.end } } else { Self::default() }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        let piece = self.text.as_ref().and_then(|text| text.get(self.start as usize..self.end as usize));
        piece.unwrap_or_default()
    }
}

impl Deref for Label {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

/// With a text of its own. Texts of 4 GiB and more, which nothing makes, are empty.
impl From<&str> for Label {
    fn from(text: &str) -> Self {
        let end = u32::try_from(text.len()).unwrap_or(0);
        Self::of(&Arc::new(text.into()), 0..end)
    }
}

impl From<String> for Label {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&Label> for Arc<str> {
    fn from(label: &Label) -> Self {
        label.as_str().into()
    }
}

impl AsRef<str> for Label {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Borrow<str> for Label {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for Label {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Label {}

impl PartialEq<str> for Label {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Label {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<Arc<str>> for Label {
    fn eq(&self, other: &Arc<str>) -> bool {
        *self.as_str() == **other
    }
}

impl PartialOrd for Label {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Label {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other)
    }
}

/// As its text's, as [`Borrow`] demands.
impl Hash for Label {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(deserializer)?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn pieces_are_whole_characters_of_their_text() {
        let text: Arc<Box<str>> = Arc::new("p1/speedm³/h".into());
        for (range, expected) in [
            (0..2, "p1"),
            (0..8, "p1/speed"),
            (8..13, "m³/h"),
            (8..10, ""),
            (9..11, "³"),
            (2..2, ""),
            (5..3, ""),
            (8..99, ""),
            (99..100, ""),
        ] {
            assert_eq!(Label::of(&text, range.clone()), expected, "{range:?}");
        }
    }

    #[test]
    fn a_label_is_its_text_wherever_it_lies() {
        let text: Arc<Box<str>> = Arc::new("a/b, a/b".into());
        let (first, second) = (Label::of(&text, 0..3), Label::of(&text, 5..8));
        assert_eq!((&first, &*first), (&second, "a/b"));
        assert_eq!(first, Label::from("a/b"));
        assert!(Label::from("a") < first);
        assert_eq!(HashMap::from([(first, 1)]).get("a/b"), Some(&1));
        assert_eq!(Label::from(""), Label::default());
        assert_eq!((format!("{second:>5}"), format!("{second:?}")), ("  a/b".to_owned(), "\"a/b\"".to_owned()));
        assert_eq!(size_of::<Label>(), 16);
    }
}
