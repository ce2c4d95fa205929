//! Where tags were declared.

use std::sync::Arc;

use crate::Place;

/// Where each tag was declared, in the order of ids, in 8 bytes a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagPlaces {
    /// Different files; a folder has at most 10,000.
    files: Vec<Arc<str>>,
    places: Vec<Packed>,
}

/// A place whose file is one of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Packed {
    line: u32,
    /// Beyond 65,535 it is 65,535.
    column: u16,
    file: u16,
}

impl TagPlaces {
    /// The place of the tag at this place of the list.
    pub fn get(&self, tag: usize) -> Option<Place> {
        let packed = self.places.get(tag)?;
        let file = self.files.get(usize::from(packed.file)).map_or_else(|| Arc::from(""), Arc::clone);
        Some(Place { file, place: (packed.line, u32::from(packed.column)) })
    }

    /// How many tags there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

impl FromIterator<Place> for TagPlaces {
    fn from_iter<I: IntoIterator<Item = Place>>(places: I) -> Self {
        let mut all = Self::default();
        let places = places.into_iter();
        all.places.reserve_exact(places.size_hint().0);
        for Place { file, place } in places {
            // Tags of one file follow each other.
            let known = all.files.iter().rposition(|known| *known == file);
            let number = known.unwrap_or_else(|| {
                all.files.push(file);
                all.files.len() - 1
            });
            let column = u16::try_from(place.1).unwrap_or(u16::MAX);
            all.places.push(Packed { line: place.0, column, file: u16::try_from(number).unwrap_or(u16::MAX) });
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back() {
        let place = |file: &str, line, column| Place { file: file.into(), place: (line, column) };
        let all = [place("a", 1, 2), place("a", 3, 4), place("b", 5, 6), place("a", 9_999_999, 65_535), Place::default()];
        let places: TagPlaces = all.iter().cloned().collect();
        assert_eq!((0..5).filter_map(|tag| places.get(tag)).collect::<Vec<_>>(), all);
        assert_eq!((places.get(5), places.len(), places.files.len(), size_of::<Packed>()), (None, 5, 3, 8));
        let far: TagPlaces = [place("a", 1, 70_000)].into_iter().collect();
        assert_eq!(far.get(0), Some(place("a", 1, 65_535)));
    }
}
