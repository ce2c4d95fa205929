//! Closes the gaps that rows of a faceplate leave whose tags a plant doesn't have: one script serves a pump with two values and
//! one with ten, and neither has blank lines.
//!
//! Start at [`Arrangement::follow`].
//!
//! Invariant: what decides is which tags the plant has, never a value: nothing moves while a plant runs, unless its project is
//! changed.

use crate::{Object, Rect, Symbol};

/// How a faceplate was written, and which of its objects are left out.
#[derive(Default)]
pub(crate) struct Arrangement {
    /// Where objects were placed; empty where nothing is to move.
    placed: Vec<Rect>,
    height: f32,
    left_out: Vec<bool>,
    revision: u32,
}

/// Objects beside each other.
#[derive(Debug)]
struct Row {
    top: f32,
    bottom: f32,
    objects: Vec<usize>,
}

impl Arrangement {
    /// Of a faceplate's objects. Where something has places of its own besides its box, or lies on tabs, nothing moves.
    pub fn of(objects: &[Object], height: f32) -> Self {
        let stays = |object: &Object| object.layer.is_some() || matches!(object.symbol, Symbol::Pipe(_) | Symbol::Bus(_));
        if objects.iter().any(stays) {
            return Self::default();
        }
        let placed = objects.iter().map(|object| object.rect).collect();
        Self { placed, height, left_out: vec![false; objects.len()], revision: 0 }
    }

    /// Grows with each move.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// Moves objects where others are left out now, or aren't any more; gives the new height, where there is one.
    pub fn follow(&mut self, objects: &mut [Object]) -> Option<f32> {
        let mut differs = false;
        for (object, was) in objects.iter().zip(&mut self.left_out) {
            let is = object.is_left_out();
            differs |= std::mem::replace(was, is) != is;
        }
        if !differs {
            return None;
        }
        self.revision = self.revision.wrapping_add(1);
        let (mut bottom, mut bottom_before, mut any, mut gap) = (0.0, 0.0, false, 0.0_f32);
        for row in rows(&self.placed) {
            let gone = row.objects.iter().all(|at| self.left_out.get(*at) == Some(&true));
            // As far from what is above now as it or the first that is left out was from what was above that.
            gap = gap.max(row.top - bottom_before);
            bottom_before = row.bottom;
            // What is left out stays where it would come next: should it be painted after all, it is in sight.
            let shift = row.top - (bottom + gap);
            for at in &row.objects {
                if let (Some(object), Some(placed)) = (objects.get_mut(*at), self.placed.get(*at)) {
                    object.rect = Rect { y: placed.y - shift, ..*placed };
                }
            }
            if !gone {
                bottom = row.bottom - shift;
                (any, gap) = (true, 0.0);
            }
        }
        // A faceplate of which nothing is left keeps its size: an empty strip would look like a fault of the window.
        Some(if any { self.height - (bottom_before - bottom) } else { self.height })
    }
}

/// Rows from the top down. Boxes stand in one row that share more than half of the lower one's height.
fn rows(boxes: &[Rect]) -> Vec<Row> {
    let mut order: Vec<(usize, Rect)> = boxes.iter().copied().enumerate().collect();
    order.sort_by(|a, b| a.1.y.total_cmp(&b.1.y));
    let mut rows: Vec<Row> = Vec::new();
    for (at, rect) in order {
        let end = rect.y + rect.h;
        match rows.last_mut() {
            Some(row) if row.bottom.min(end) - rect.y > 0.5 * rect.h.min(row.bottom - row.top) => {
                row.bottom = row.bottom.max(end);
                row.objects.push(at);
            }
            _ => rows.push(Row { top: rect.y, bottom: end, objects: vec![at] }),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use plantroom_model::{Origin, TagSpec, Utc, ValueKind};

    use crate::event::named;
    use crate::{Fill, SampleTags, Scene, Screens};

    const PART: &str = "faceplate(\"P\", #{ size: [320, 200] });\n\
        text(16, 10, \"always\");\n\
        row(16, 40, \"a\", params.name + \"/a\", #{ optional: true });\n\
        row(16, 62, \"b\", params.name + \"/b\", #{ optional: true });\n\
        row(16, 84, \"c\", params.name + \"/c\", #{ optional: true });\n\
        trend(16, 116, #{ w: 288, h: 40, pens: [#{ tag: params.name + \"/d\", optional: true }] });\n\
        button(16, 164, \"Start\", #{ tag: params.name + \"/start\", value: true, optional: true });\n\
        button(120, 164, \"Stop\", #{ tag: params.name + \"/stop\", value: true, optional: true });\n";

    fn tags(names: &str) -> SampleTags {
        let tag = |name: &str| TagSpec::new(&format!("p/{name}"), ValueKind::Float, Origin::System);
        let mut tags = SampleTags::new(&names.split_whitespace().map(tag).collect::<Vec<_>>());
        tags.fill(Fill::Normal, Utc(1));
        tags
    }

    fn faceplate(text: &str) -> Scene {
        let files = [("parts/p.rhai".to_owned(), text.to_owned())];
        Screens::new(&files, &[]).faceplate("p", &named("p")).unwrap()
    }

    /// Where the objects are (`y`; `-` what is left out) and how high the faceplate is, in a plant with these tags.
    fn look(scene: &mut Scene, tags: &SampleTags) -> (String, f32) {
        scene.update(tags);
        let y = |object: &crate::Object| if object.is_left_out() { "-".to_owned() } else { object.rect.y.to_string() };
        (scene.objects().iter().map(y).collect::<Vec<_>>().join(" "), scene.header().size.1)
    }

    #[track_caller]
    fn check(names: &str, wanted: &str) {
        let (places, height) = look(&mut faceplate(PART), &tags(names));
        assert_eq!(format!("{places} / {height}"), wanted, "a plant with: {names}");
    }

    #[test]
    fn what_is_there_moves_up_to_where_nothing_is() {
        check("a b c d start stop", "10 40 62 84 116 164 164 / 200");
        check("a c d start stop", "10 40 - 62 94 142 142 / 178");
        check("c d start", "10 - - 40 72 120 - / 156");
        check("a b c start stop", "10 40 62 84 - 116 116 / 152");
        check("a b c d", "10 40 62 84 116 - - / 160");
    }

    #[test]
    fn a_tag_that_comes_with_a_change_gets_its_row_back() {
        let mut scene = faceplate(PART);
        let plant = tags("a b c d start stop");
        let whole = look(&mut scene, &plant);
        let mut smaller = tags("a c d start stop");
        smaller.keep_values(&plant);
        let before = scene.arrangement();
        assert_ne!(look(&mut scene, &smaller), whole);
        assert!(scene.arrangement() > before);
        let mut again = tags("a b c d start stop");
        again.keep_values(&smaller);
        assert_eq!(look(&mut scene, &again), whole);
    }

    #[test]
    fn a_faceplate_can_keep_its_places() {
        let kept = PART.replace("size: [320, 200]", "size: [320, 200], close_gaps: false");
        assert_eq!(look(&mut faceplate(&kept), &tags("a")).0, "10 40 - - - - -");
        let with_pipe = format!("{PART}pipe([[10, 190], [300, 190]]);\n");
        assert!(look(&mut faceplate(&with_pipe), &tags("a start")).0.starts_with("10 40 - - - 164 -"));
    }
}
