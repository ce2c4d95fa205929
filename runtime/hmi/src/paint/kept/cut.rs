//! Cuts some objects into triangles in one go, and finds again where each one's begin and end.
//!
//! Start at [`Cutter::cut`]. A vertex that belongs to no triangle stands behind each object: egui puts what it makes of shapes
//! in their order, so it tells them apart, and one mesh for many costs less than a mesh for each.

use std::sync::Arc;

use egui::epaint::{ClippedShape, Primitive, Vertex};
use egui::{Color32, Context, Id, LayerId, Mesh, Order, Painter, Pos2, Rect, Shape, TextureId, layers::ShapeIdx, pos2};

/// The place in the letters' texture that marks an end; there is nothing so far beside it.
const END: Pos2 = pos2(-4_096.0, -4_096.0);

/// Where objects are drawn only to be cut into triangles.
pub struct Cutter {
    painter: Painter,
    end: Arc<Mesh>,
}

/// Triangles of some objects.
pub struct Cut {
    mesh: Mesh,
    /// Where the vertices and the indices of each object end.
    ends: Vec<(usize, usize)>,
}

/// Triangles of one object: its indices count from `first`.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    /// Corners.
    pub vertices: &'a [Vertex],
    /// Three for each triangle.
    pub indices: &'a [u32],
    /// What the first corner's index is.
    pub first: u32,
}

impl Cutter {
    /// One for what is seen within `clip`.
    pub fn new(ctx: &Context, clip: Rect) -> Self {
        let vertex = Vertex { pos: clip.center(), uv: END, color: Color32::TRANSPARENT };
        let end = Arc::new(Mesh { vertices: vec![vertex], ..Mesh::default() });
        Self { painter: Painter::new(ctx.clone(), layer(), clip), end }
    }

    /// What objects are drawn on.
    pub fn painter(&self) -> &Painter {
        &self.painter
    }

    /// Says that an object is drawn, also one of which nothing is seen.
    pub fn end(&self) {
        self.painter.add(Shape::Mesh(Arc::clone(&self.end)));
    }

    /// The triangles of what was drawn since the last cut.
    pub fn cut(&self) -> Cut {
        let ctx = self.painter.ctx();
        let shapes = ctx.graphics_mut(|graphics| {
            let mut drawn = std::mem::take(graphics.entry(layer()));
            let mut shapes = Vec::with_capacity(drawn.next_idx().0);
            for at in 0..drawn.next_idx().0 {
                drawn.mutate_shape(ShapeIdx(at), |drawn| {
                    let shape = std::mem::replace(&mut drawn.shape, Shape::Noop);
                    shapes.push(ClippedShape { shape, ..drawn.clone() });
                });
            }
            shapes
        });
        // Objects of which a part is clipped come in several meshes.
        let mut whole = Mesh::default();
        for primitive in ctx.tessellate(shapes, ctx.pixels_per_point()) {
            match primitive.primitive {
                Primitive::Mesh(mesh) if mesh.texture_id == TextureId::default() => whole.append(mesh),
                Primitive::Mesh(_) | Primitive::Callback(_) => {}
            }
        }
        Cut::of(whole)
    }
}

fn layer() -> LayerId {
    LayerId::new(Order::Background, Id::unique("kept"))
}

impl Cut {
    fn of(mesh: Mesh) -> Self {
        let (mut ends, mut index) = (Vec::new(), 0);
        for (at, vertex) in mesh.vertices.iter().enumerate() {
            if vertex.uv == END {
                let rest = mesh.indices.get(index..).unwrap_or_default();
                index += rest.iter().take_while(|index| (**index as usize) < at).count();
                ends.push((at, index));
            }
        }
        Self { mesh, ends }
    }

    /// The objects' triangles, in the order in which they were drawn.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut start = (0, 0);
        self.ends.iter().map(move |end| {
            let (vertex, index) = std::mem::replace(&mut start, (end.0 + 1, end.1));
            Piece {
                vertices: self.mesh.vertices.get(vertex..end.0).unwrap_or_default(),
                indices: self.mesh.indices.get(index..end.1).unwrap_or_default(),
                first: vertex as u32,
            }
        })
    }
}

#[cfg(test)]
impl<'a> From<&'a Mesh> for Piece<'a> {
    fn from(mesh: &'a Mesh) -> Self {
        Self { vertices: &mesh.vertices, indices: &mesh.indices, first: 0 }
    }
}

#[cfg(test)]
mod tests {
    use egui::{RawInput, Stroke, vec2};

    use super::*;

    #[test]
    fn each_object_gets_its_own_triangles_and_one_that_draws_nothing_gets_none() {
        let ctx = Context::default();
        let area = |at: usize| Rect::from_min_size(pos2(20.0 * at as f32, 10.0), vec2(12.0, 12.0));
        let mut output = ctx.run_ui(RawInput::default(), |ui| {
            let clip = Rect::from_min_size(Pos2::ZERO, vec2(400.0, 300.0));
            let cutter = Cutter::new(ui.ctx(), clip);
            for turn in 0..2 {
                for at in 0..6 {
                    match at % 3 {
                        0 => drop(cutter.painter().rect_filled(area(at), 0.0, Color32::RED)),
                        // Part of it is clipped: its triangles come apart from the others.
                        1 => drop(cutter.painter().with_clip_rect(area(at).shrink(3.0)).circle(
                            area(at).center(),
                            6.0,
                            Color32::RED,
                            Stroke::new(1.0, Color32::GREEN),
                        )),
                        _ => {}
                    }
                    cutter.end();
                }
                let cut = cutter.cut();
                let pieces: Vec<Piece<'_>> = cut.pieces().collect();
                assert_eq!(pieces.len(), 6, "turn {turn}");
                for (at, piece) in pieces.iter().enumerate() {
                    assert_eq!(piece.vertices.is_empty(), at % 3 == 2, "{at}");
                    assert_eq!(piece.indices.is_empty(), at % 3 == 2, "{at}");
                    let own = piece.first..piece.first + piece.vertices.len() as u32;
                    assert!(piece.indices.iter().all(|index| own.contains(index)), "{at} uses the vertices of another");
                    assert!(piece.vertices.iter().all(|vertex| area(at).expand(2.0).contains(vertex.pos)), "{at}");
                }
            }
        });
        output.textures_delta.clear();
    }
}
