//! Triangles to pixels on the CPU, as egui's own painter does it on a graphics card.
//!
//! Colours are premultiplied and are blended and interpolated in gamma space, textures are filtered linearly and clamped
//! at their edges, and edges belong to the upper left triangle, so that neighbours neither overlap nor leave a crack.
//! Smooth edges come from egui's feathering. Corners are snapped to 1/256 pixel, and all decisions about which pixel
//! belongs to which triangle are made in whole numbers: the same triangles give the same picture on every machine.

use std::collections::HashMap;

use egui::epaint::textures::{TextureFilter, TexturesDelta};
use egui::epaint::{ClippedPrimitive, ImageData, ImageDelta, Mesh, Primitive, TextureId, Vertex};

use super::Picture;
use crate::paint::Pretended;

/// Steps of a pixel to which corners are snapped.
const STEPS: i64 = 256;
/// Largest coordinate in pixels; what lies further out is clamped, so that no product overflows.
const FARTHEST: f32 = 100_000.0;

/// The textures that a picture needs: the fonts, and images.
#[derive(Default)]
pub struct Textures {
    all: HashMap<TextureId, Texture>,
}

struct Texture {
    width: usize,
    height: usize,
    texels: Vec<[u8; 4]>,
    nearest: bool,
}

impl Textures {
    /// Takes in what a frame changed.
    pub fn apply(&mut self, mut delta: TexturesDelta) {
        for (id, patches) in delta.set.drain() {
            for patch in &patches {
                self.patch(id, patch);
            }
        }
        for id in delta.free.drain() {
            self.all.remove(&id);
        }
    }

    fn patch(&mut self, id: TextureId, delta: &ImageDelta) {
        let ImageData::Color(image) = &delta.image;
        let [width, height] = image.size;
        let texels = image.pixels.iter().map(|pixel| pixel.to_array());
        let Some([left, top]) = delta.pos else {
            let nearest = delta.options.magnification == TextureFilter::Nearest;
            self.all.insert(id, Texture { width, height, texels: texels.collect(), nearest });
            return;
        };
        let Some(texture) = self.all.get_mut(&id) else { return };
        for (index, texel) in texels.enumerate() {
            let (x, y) = (left + index % width, top + index / width);
            if x < texture.width && y < texture.height {
                texture.texels[y * texture.width + x] = texel;
            }
        }
    }
}

impl Texture {
    fn at(&self, x: i64, y: i64) -> [f32; 4] {
        let x = x.clamp(0, self.width as i64 - 1) as usize;
        let y = y.clamp(0, self.height as i64 - 1) as usize;
        self.texels[y * self.width + x].map(f32::from)
    }

    /// A colour, 0 to 255, premultiplied.
    fn sample(&self, u: f32, v: f32) -> [f32; 4] {
        if self.texels.is_empty() {
            return [255.0; 4];
        }
        let (x, y) = (u * self.width as f32 - 0.5, v * self.height as f32 - 0.5);
        if self.nearest {
            return self.at(x.round() as i64, y.round() as i64);
        }
        let (left, top) = (x.floor(), y.floor());
        let (right_share, bottom_share) = (x - left, y - top);
        let (left, top) = (left as i64, top as i64);
        let mut mixed = self.at(left, top);
        if right_share != 0.0 || bottom_share != 0.0 {
            let others = [self.at(left + 1, top), self.at(left, top + 1), self.at(left + 1, top + 1)];
            for channel in 0..4 {
                let upper = mixed[channel] + (others[0][channel] - mixed[channel]) * right_share;
                let lower = others[1][channel] + (others[2][channel] - others[1][channel]) * right_share;
                mixed[channel] = upper + (lower - upper) * bottom_share;
            }
        }
        mixed
    }
}

/// Paints a frame's triangles into a picture.
pub fn paint(picture: &mut Picture, primitives: &[ClippedPrimitive], textures: &Textures, pixels_per_point: f32) {
    for primitive in primitives {
        let clip = Clip::of(primitive.clip_rect, pixels_per_point, picture);
        if clip.left >= clip.right || clip.top >= clip.bottom {
            continue;
        }
        let mut paint = |mesh: &Mesh| {
            if let Some(texture) = textures.all.get(&mesh.texture_id) {
                paint_mesh(picture, mesh, texture, clip, pixels_per_point);
            }
        };
        match &primitive.primitive {
            Primitive::Mesh(mesh) => paint(mesh),
            Primitive::Callback(callback) => {
                if let Some(plates) = callback.callback.downcast_ref::<Pretended>() {
                    plates.paint(paint);
                }
            }
        }
    }
}

/// Pixels that may be touched: the right and bottom ends lie outside.
#[derive(Clone, Copy)]
struct Clip {
    left: i64,
    top: i64,
    right: i64,
    bottom: i64,
}

impl Clip {
    fn of(rect: egui::Rect, scale: f32, picture: &Picture) -> Self {
        let within = |at: f32, most: u32| (at * scale).round().clamp(0.0, most as f32) as i64;
        Self {
            left: within(rect.left(), picture.width),
            top: within(rect.top(), picture.height),
            right: within(rect.right(), picture.width),
            bottom: within(rect.bottom(), picture.height),
        }
    }
}

fn paint_mesh(picture: &mut Picture, mesh: &Mesh, texture: &Texture, clip: Clip, scale: f32) {
    for corners in mesh.indices.chunks_exact(3) {
        let corner = |index: u32| mesh.vertices.get(index as usize);
        if let (Some(a), Some(b), Some(c)) = (corner(corners[0]), corner(corners[1]), corner(corners[2])) {
            paint_triangle(picture, [*a, *b, *c], texture, clip, scale);
        }
    }
}

/// One side of a triangle, as the half of the plane to the right of it.
struct Side {
    dx: i64,
    dy: i64,
    at: (i64, i64),
    bias: i64,
}

impl Side {
    fn new(from: (i64, i64), to: (i64, i64)) -> Self {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let owns_its_edge = dy < 0 || (dy == 0 && dx > 0);
        Self { dx, dy, at: from, bias: i64::from(!owns_its_edge) }
    }

    /// Narrows a row of pixel columns to those whose middles lie inside.
    fn narrow(&self, y: i64, (left, right): (i64, i64)) -> (i64, i64) {
        let rest = self.dx * (y - self.at.1) + self.dy * self.at.0 - self.bias;
        match self.dy {
            0 if rest >= 0 => (left, right),
            0 => (left, left),
            dy if dy > 0 => {
                let last = (rest.div_euclid(dy) - STEPS / 2).div_euclid(STEPS);
                (left, right.min(last + 1))
            }
            dy => {
                let first = -(rest.div_euclid(-dy));
                let first = (first - STEPS / 2 + STEPS - 1).div_euclid(STEPS);
                (left.max(first), right)
            }
        }
    }
}

/// A number that changes evenly over a triangle.
#[derive(Clone, Copy)]
struct Slope {
    start: f32,
    over_x: f32,
    over_y: f32,
}

impl Slope {
    fn at(self, x: f32, y: f32) -> f32 {
        self.start + self.over_x * x + self.over_y * y
    }
}

fn paint_triangle(picture: &mut Picture, mut corners: [Vertex; 3], texture: &Texture, clip: Clip, scale: f32) {
    let snapped = |vertex: &Vertex| {
        let snap = |at: f32| ((at * scale).clamp(-FARTHEST, FARTHEST) * STEPS as f32).round() as i64;
        (snap(vertex.pos.x), snap(vertex.pos.y))
    };
    let mut at = [snapped(&corners[0]), snapped(&corners[1]), snapped(&corners[2])];
    let turn = |at: &[(i64, i64); 3]| (at[1].0 - at[0].0) * (at[2].1 - at[0].1) - (at[1].1 - at[0].1) * (at[2].0 - at[0].0);
    let mut area = turn(&at);
    if area < 0 {
        at.swap(1, 2);
        corners.swap(1, 2);
        area = -area;
    }
    if area == 0 {
        return;
    }
    let sides = [Side::new(at[0], at[1]), Side::new(at[1], at[2]), Side::new(at[2], at[0])];
    let lowest = |pick: fn(&(i64, i64)) -> i64| at.iter().map(pick).min().unwrap_or(0).div_euclid(STEPS);
    let highest = |pick: fn(&(i64, i64)) -> i64| at.iter().map(pick).max().unwrap_or(0).div_euclid(STEPS) + 1;
    let (left, right) = (clip.left.max(lowest(|p| p.0)), clip.right.min(highest(|p| p.0)));
    let (top, bottom) = (clip.top.max(lowest(|p| p.1)), clip.bottom.min(highest(|p| p.1)));
    let brush = Brush::new(&corners, &at, area, texture);
    for row in top..bottom {
        let y = row * STEPS + STEPS / 2;
        let (from, to) = sides.iter().fold((left, right), |columns, side| side.narrow(y, columns));
        if from < to {
            let start = (row as usize * picture.width as usize + from as usize) * 4;
            let pixels = &mut picture.rgba[start..start + (to - from) as usize * 4];
            brush.row(pixels, from as f32 + 0.5, row as f32 + 0.5);
        }
    }
}

/// What a triangle is filled with.
struct Brush<'a> {
    texture: &'a Texture,
    /// One colour all over, 0 to 255.
    even: Option<[f32; 4]>,
    colour: [Slope; 4],
    uv: [Slope; 2],
}

impl<'a> Brush<'a> {
    fn new(corners: &[Vertex; 3], at: &[(i64, i64); 3], area: i64, texture: &'a Texture) -> Self {
        let [a, b, c] = at.map(|(x, y)| (x as f32 / STEPS as f32, y as f32 / STEPS as f32));
        let area = area as f32 / (STEPS * STEPS) as f32;
        let slope = |values: [f32; 3]| {
            let (db, dc) = (values[1] - values[0], values[2] - values[0]);
            let over_x = (db * (c.1 - a.1) - dc * (b.1 - a.1)) / area;
            let over_y = (dc * (b.0 - a.0) - db * (c.0 - a.0)) / area;
            Slope { start: values[0] - over_x * a.0 - over_y * a.1, over_x, over_y }
        };
        let each = |pick: &dyn Fn(&Vertex) -> f32| slope([pick(&corners[0]), pick(&corners[1]), pick(&corners[2])]);
        let colour = [0, 1, 2, 3].map(|channel| each(&|vertex| f32::from(vertex.color.to_array()[channel])));
        let uv = [each(&|vertex| vertex.uv.x), each(&|vertex| vertex.uv.y)];
        let same_colour = corners.iter().all(|corner| corner.color == corners[0].color);
        let same_place = corners.iter().all(|corner| corner.uv == corners[0].uv);
        let even = (same_colour && same_place).then(|| {
            let texel = texture.sample(corners[0].uv.x, corners[0].uv.y);
            let colour = corners[0].color.to_array();
            [0, 1, 2, 3].map(|channel| f32::from(colour[channel]) * texel[channel] / 255.0)
        });
        Self { texture, even, colour, uv }
    }

    fn row(&self, pixels: &mut [u8], x: f32, y: f32) {
        if let Some(colour) = self.even {
            if colour[3] >= 255.0 {
                let solid = colour.map(|channel| channel.round() as u8);
                pixels.chunks_exact_mut(4).for_each(|pixel| pixel.copy_from_slice(&solid));
            } else {
                pixels.chunks_exact_mut(4).for_each(|pixel| blend(pixel, colour));
            }
            return;
        }
        for (step, pixel) in pixels.chunks_exact_mut(4).enumerate() {
            let x = x + step as f32;
            let texel = self.texture.sample(self.uv[0].at(x, y), self.uv[1].at(x, y));
            // Snapping may carry a corner's colour a hair beyond its range.
            let colour = [0, 1, 2, 3].map(|channel| self.colour[channel].at(x, y).clamp(0.0, 255.0) * texel[channel] / 255.0);
            blend(pixel, colour);
        }
    }
}

/// Premultiplied source over what is there.
fn blend(pixel: &mut [u8], colour: [f32; 4]) {
    let rest = 1.0 - colour[3] / 255.0;
    for (channel, value) in pixel.iter_mut().zip(colour) {
        *channel = (value + f32::from(*channel) * rest + 0.5).clamp(0.0, 255.0) as u8;
    }
}

#[cfg(test)]
mod tests {
    use egui::epaint::ColorImage;
    use egui::{Color32, Rect, pos2, vec2};

    use super::*;

    fn white() -> Textures {
        let mut textures = Textures::default();
        let image = ColorImage::filled([1, 1], Color32::WHITE);
        textures.patch(TextureId::default(), &ImageDelta::full(image, Default::default()));
        textures
    }

    fn painted(size: (u32, u32), meshes: &[(Rect, Mesh)]) -> Picture {
        let mut picture = Picture::filled(size, Color32::BLACK);
        let primitives: Vec<_> = meshes
            .iter()
            .map(|(clip_rect, mesh)| ClippedPrimitive { clip_rect: *clip_rect, primitive: Primitive::Mesh(mesh.clone()) })
            .collect();
        paint(&mut picture, &primitives, &white(), 1.0);
        picture
    }

    fn triangle(points: [(f32, f32); 3], colour: Color32) -> Mesh {
        let mut mesh = Mesh::default();
        for (x, y) in points {
            mesh.colored_vertex(pos2(x, y), colour);
        }
        mesh.add_triangle(0, 1, 2);
        mesh
    }

    fn rows(picture: &Picture) -> Vec<String> {
        let row = |y| (0..picture.width).map(|x| if picture.pixel(x, y)[0] > 127 { '#' } else { '.' }).collect();
        (0..picture.height).map(row).collect()
    }

    const ALL: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(100.0, 100.0) };

    #[test]
    fn a_pixel_belongs_to_the_triangle_that_holds_its_middle() {
        let mesh = triangle([(0.0, 0.0), (4.0, 0.0), (0.0, 4.0)], Color32::WHITE);
        assert_eq!(rows(&painted((4, 4), &[(ALL, mesh)])), ["###.", "##..", "#...", "...."]);
    }

    #[test]
    fn neighbours_share_no_pixel_and_leave_none_out_whichever_way_they_turn() {
        let half = Color32::from_white_alpha(128);
        let corners = [(0.3, 0.1), (7.7, 0.9), (7.2, 7.6), (0.8, 7.1)];
        for split in [[0, 1, 2, 0, 2, 3], [2, 1, 0, 0, 2, 3], [0, 1, 3, 1, 2, 3], [3, 1, 0, 3, 2, 1]] {
            let meshes: Vec<_> =
                split.chunks(3).map(|c| (ALL, triangle([corners[c[0]], corners[c[1]], corners[c[2]]], half))).collect();
            let picture = painted((8, 8), &meshes);
            let shades: std::collections::BTreeSet<u8> =
                (1..7).flat_map(|y| (1..7).map(move |x| (x, y))).map(|(x, y)| picture.pixel(x, y)[0]).collect();
            assert_eq!(shades.into_iter().collect::<Vec<_>>(), [128], "{split:?}");
        }
    }

    #[test]
    fn nothing_is_painted_outside_of_the_clip() {
        let clip = Rect::from_min_size(pos2(1.0, 1.0), vec2(2.0, 1.0));
        let mut mesh = Mesh::default();
        mesh.add_colored_rect(Rect::EVERYTHING.intersect(Rect::from_min_size(pos2(-1e7, -1e7), vec2(2e7, 2e7))), Color32::WHITE);
        assert_eq!(rows(&painted((4, 3), &[(clip, mesh)])), ["....", ".##.", "...."]);
    }

    #[test]
    fn colours_run_evenly_and_blend_in_gamma_space() {
        let mut mesh = Mesh::default();
        for (x, y, shade) in [(0.0, 0.0, 0), (256.0, 0.0, 255), (256.0, 2.0, 255), (0.0, 2.0, 0)] {
            mesh.colored_vertex(pos2(x, y), Color32::from_gray(shade));
        }
        mesh.add_triangle(0, 1, 2);
        mesh.add_triangle(0, 2, 3);
        let picture = painted((256, 2), &[(Rect::from_min_size(pos2(0.0, 0.0), vec2(256.0, 2.0)), mesh)]);
        for x in 0..256 {
            let (shade, wanted) = (picture.pixel(x, 1)[0], x as f32 * 255.0 / 256.0);
            assert!((f32::from(shade) - wanted).abs() <= 1.0, "{x}: {shade}");
        }
    }

    #[test]
    fn a_texture_is_mixed_between_its_texels_and_clamped_at_its_edges() {
        let mut textures = Textures::default();
        let image = ColorImage { size: [2, 1], pixels: vec![Color32::BLACK, Color32::WHITE], ..ColorImage::default() };
        textures.patch(TextureId::default(), &ImageDelta::full(image, egui::TextureOptions::LINEAR));
        let texture = &textures.all[&TextureId::default()];
        let shade = |u: f32| texture.sample(u, 0.5)[0];
        assert_eq!([shade(-1.0), shade(0.25), shade(0.5), shade(0.75), shade(2.0)], [0.0, 0.0, 127.5, 255.0, 255.0]);
    }
}
