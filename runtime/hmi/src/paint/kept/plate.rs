//! Triangles of objects that follow each other, in one mesh, each with a little room to spare.
//!
//! Start at [`Plate::put`]. What has changed since it was last handed over is known, so that a graphics card that holds a copy
//! gets that and nothing else: [`Plate::hand_over`].

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use egui::{Color32, Mesh, Pos2, Rect, epaint::Vertex};

use super::cut::Piece;

/// Vertices and indices to spare, at least: two digits.
const SPARE: usize = 12;

/// A plate that is painted by one thread and handed to the card by, perhaps, another.
#[derive(Clone)]
pub struct Shared(Arc<Mutex<Plate>>);

impl Shared {
    /// A plate that several can hold.
    pub fn new(plate: Plate) -> Self {
        Self(Arc::new(Mutex::new(plate)))
    }

    /// The plate, for a moment.
    pub fn get(&self) -> MutexGuard<'_, Plate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who holds a copy of a plate.
pub trait Holder {
    /// Everything is different.
    fn whole(&mut self, vertices: &[Vertex], indices: &[u32]);
    /// These vertices are different, from a place on.
    fn vertices(&mut self, at: usize, new: &[Vertex]);
    /// These indices are different, from a place on.
    fn indices(&mut self, at: usize, new: &[u32]);
}

/// Triangles of objects that follow each other.
#[derive(Default)]
pub struct Plate {
    mesh: Arc<Mesh>,
    parts: Vec<Part>,
    bounds: Option<Rect>,
    news: News,
    /// The copy on the graphics card, where there is one.
    pub copy: Option<super::card::Copy>,
}

/// Where one object lies in the mesh.
#[derive(Clone, Copy, Default)]
struct Part {
    vertices: Span,
    indices: Span,
}

#[derive(Clone, Copy, Default)]
struct Span {
    at: usize,
    used: usize,
    room: usize,
}

/// What is different from the copy.
#[derive(Default)]
struct News {
    whole: bool,
    vertices: Vec<Range<usize>>,
    indices: Vec<Range<usize>>,
}

impl Plate {
    /// A plate with room for so many objects, all of them empty.
    pub fn of(objects: usize) -> Self {
        Self { parts: vec![Part::default(); objects], ..Self::default() }
    }

    /// Writes new triangles over what was there, by place on this plate; where one of them needs more room than there is, the
    /// plate is laid out again, and keeps that room from then on.
    pub fn put(&mut self, fresh: &[(usize, Piece<'_>)]) {
        let fits = |(place, new): &(usize, Piece<'_>)| self.parts.get(*place).is_some_and(|part| part.fits(new));
        if !fresh.iter().all(fits) {
            self.lay_out(fresh);
            return;
        }
        let mesh = Arc::make_mut(&mut self.mesh);
        for (place, new) in fresh {
            self.bounds = joined(self.bounds, new);
            if let Some(part) = self.parts.get_mut(*place) {
                part.write(new, mesh, &mut self.news);
            }
        }
    }

    /// What egui paints, and where something of it may be.
    pub fn painted(&self) -> Option<(&Arc<Mesh>, Rect)> {
        Some((&self.mesh, self.bounds?))
    }

    /// How many indices the mesh has.
    pub fn indices(&self) -> usize {
        self.mesh.indices.len()
    }

    /// Vertices that are painted, without the room between them.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn used(&self) -> usize {
        self.parts.iter().map(|part| part.vertices.used).sum()
    }

    /// Tells a holder what is different since it was told last; all of it for a new one.
    pub fn hand_over(&mut self, holder: &mut impl Holder, is_new: bool) {
        let news = std::mem::take(&mut self.news);
        if news.whole || is_new {
            return holder.whole(&self.mesh.vertices, &self.mesh.indices);
        }
        for range in joined_ranges(news.vertices) {
            holder.vertices(range.start, self.mesh.vertices.get(range).unwrap_or_default());
        }
        for range in joined_ranges(news.indices) {
            holder.indices(range.start, self.mesh.indices.get(range).unwrap_or_default());
        }
    }

    fn lay_out(&mut self, fresh: &[(usize, Piece<'_>)]) {
        let old = std::mem::take(&mut self.mesh);
        let mut mesh = Mesh::default();
        self.bounds = None;
        let mut fresh = fresh.iter().peekable();
        for (place, part) in self.parts.iter_mut().enumerate() {
            let new = match fresh.next_if(|(at, _)| *at == place) {
                Some((_, new)) => new,
                None => &part.read(&old),
            };
            part.vertices.make_room(mesh.vertices.len(), new.vertices.len());
            part.indices.make_room(mesh.indices.len(), new.indices.len());
            mesh.vertices.resize(part.vertices.at + part.vertices.room, blank());
            mesh.indices.resize(part.indices.at + part.indices.room, 0);
            self.bounds = joined(self.bounds, new);
            part.write(new, &mut mesh, &mut self.news);
        }
        self.mesh = Arc::new(mesh);
        self.news = News { whole: true, ..News::default() };
    }
}

impl Span {
    /// Room for as much and a little more, where there isn't enough yet: a number that becomes two digits longer must fit,
    /// since laying out a plate anew costs more than some room.
    fn make_room(&mut self, at: usize, used: usize) {
        self.at = at;
        if used > self.room {
            self.room = (used + used / 8 + SPARE).next_multiple_of(12);
        }
    }
}

impl Part {
    fn fits(&self, new: &Piece<'_>) -> bool {
        new.vertices.len() <= self.vertices.room && new.indices.len() <= self.indices.room
    }

    fn write(&mut self, new: &Piece<'_>, whole: &mut Mesh, news: &mut News) {
        let (at, base) = (self.vertices.at, self.vertices.at as u32);
        if let Some(own) = whole.vertices.get_mut(at..at + new.vertices.len()) {
            own.copy_from_slice(new.vertices);
            news.vertices.push(at..at + new.vertices.len());
        }
        let Span { at, used, room } = self.indices;
        // What is left over are triangles of one point, which paint nothing.
        let reach = used.max(new.indices.len()).min(room);
        if let Some(own) = whole.indices.get_mut(at..at + reach) {
            let (own, rest) = own.split_at_mut(new.indices.len().min(reach));
            let shift = base.wrapping_sub(new.first);
            let same = own.iter().zip(new.indices).all(|(own, new)| *own == new.wrapping_add(shift));
            if !same || rest.iter().any(|own| *own != base) {
                own.iter_mut().zip(new.indices).for_each(|(own, new)| *own = new.wrapping_add(shift));
                rest.fill(base);
                news.indices.push(at..at + reach);
            }
        }
        (self.vertices.used, self.indices.used) = (new.vertices.len(), new.indices.len());
    }

    /// What it has in the mesh now.
    fn read<'a>(&self, whole: &'a Mesh) -> Piece<'a> {
        let (vertices, indices) = (self.vertices, self.indices);
        Piece {
            vertices: whole.vertices.get(vertices.at..vertices.at + vertices.used).unwrap_or_default(),
            indices: whole.indices.get(indices.at..indices.at + indices.used).unwrap_or_default(),
            first: vertices.at as u32,
        }
    }
}

fn joined(bounds: Option<Rect>, new: &Piece<'_>) -> Option<Rect> {
    let [first, ..] = new.vertices else { return bounds };
    let mut own = Rect::from_min_max(first.pos, first.pos);
    new.vertices.iter().for_each(|vertex| own.extend_with(vertex.pos));
    Some(bounds.map_or(own, |bounds| bounds.union(own)))
}

/// Fewer and longer pieces: each costs a call, and some bytes between two cost less.
fn joined_ranges(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    const BETWEEN: usize = 64;
    ranges.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges.into_iter().filter(|range| !range.is_empty()) {
        match joined.last_mut() {
            Some(last) if range.start <= last.end + BETWEEN => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

fn blank() -> Vertex {
    Vertex::untextured(Pos2::ZERO, Color32::TRANSPARENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Squares, each at a place that tells it apart.
    fn squares(count: usize, x: f32) -> Mesh {
        let mut mesh = Mesh::default();
        for at in 0..count {
            let corner = egui::pos2(x, at as f32 * 10.0);
            mesh.add_colored_rect(Rect::from_min_size(corner, egui::vec2(1.0, 1.0)), Color32::RED);
        }
        mesh
    }

    /// What is painted: the corners of each triangle that has a face.
    fn triangles(mesh: &Mesh) -> Vec<[Pos2; 3]> {
        let corner = |index: u32| mesh.vertices[index as usize].pos;
        let all = mesh.indices.chunks(3).map(|of| [corner(of[0]), corner(of[1]), corner(of[2])]);
        all.filter(|[a, b, c]| a != b && b != c && a != c).collect()
    }

    impl Holder for Mesh {
        fn whole(&mut self, vertices: &[Vertex], indices: &[u32]) {
            (self.vertices, self.indices) = (vertices.to_vec(), indices.to_vec());
        }
        fn vertices(&mut self, at: usize, new: &[Vertex]) {
            self.vertices[at..at + new.len()].copy_from_slice(new);
        }
        fn indices(&mut self, at: usize, new: &[u32]) {
            self.indices[at..at + new.len()].copy_from_slice(new);
        }
    }

    /// Puts squares by turns, in such numbers, on three places; what is painted is what was put last, in order.
    #[track_caller]
    fn check(turns: &[&[(usize, usize)]]) -> Plate {
        let (mut plate, mut copy, mut last) = (Plate::of(3), Mesh::default(), vec![Mesh::default(); 3]);
        for (turn, puts) in turns.iter().enumerate() {
            let fresh: Vec<(usize, Mesh)> =
                puts.iter().map(|(place, count)| (*place, squares(*count, (turn * 10 + place) as f32))).collect();
            fresh.iter().for_each(|(place, mesh)| last[*place] = mesh.clone());
            plate.put(&fresh.iter().map(|(place, mesh)| (*place, mesh.into())).collect::<Vec<_>>());
            plate.hand_over(&mut copy, turn == 0);
            let wanted: Vec<_> = last.iter().flat_map(triangles).collect();
            assert_eq!(triangles(&plate.mesh), wanted, "turn {turn}");
            assert_eq!(triangles(&copy), wanted, "the copy, turn {turn}");
        }
        plate
    }

    #[test]
    fn what_was_put_last_is_painted_in_order_and_the_copy_follows() {
        check(&[&[(0, 2), (1, 3), (2, 1)], &[(1, 1)], &[(1, 3)], &[(0, 0), (2, 1)]]);
        check(&[&[(0, 2), (1, 3), (2, 1)], &[(0, 5)], &[(0, 2), (2, 9)], &[(0, 5), (1, 3)]]);
        check(&[&[(1, 1)], &[(0, 1)], &[(2, 1)], &[(0, 0), (1, 0), (2, 0)]]);
    }

    #[test]
    fn an_object_that_grows_and_shrinks_for_ever_takes_no_more_room_for_it() {
        let turns: Vec<&[(usize, usize)]> = (0..40).map(|turn| if turn % 2 == 0 { &[(0, 2)][..] } else { &[(0, 6)] }).collect();
        let plate = check(&turns);
        assert!(plate.mesh.vertices.len() < 60, "{} corners for 24", plate.mesh.vertices.len());
    }
}
