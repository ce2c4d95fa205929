//! Pictures of the project: made into a texture once for each size, and a marked box where there is none.

use std::sync::Arc;

use egui::{Color32, ColorImage, Rect, TextureHandle, TextureOptions, Ui, pos2, vec2};
use plantroom_scene::{Image, Picture};
use resvg::{tiny_skia, usvg};

use super::{Canvas, Font};

/// Longest side of a texture, in pixels: what every graphics card can hold.
const SIDE: f32 = 2_048.0;

/// What was made of a picture the last time; made again when its size on the screen or the file has changed.
#[derive(Clone)]
struct Made {
    of: usize,
    size: (u32, u32),
    texture: Option<TextureHandle>,
}

/// Draws it.
pub fn paint(ui: &Ui, c: &Canvas<'_>, rect: Rect, id: egui::Id, image: &Image) {
    let Ok(picture) = &image.picture else { return missing(c, rect, &image.file, "no picture") };
    let pixels = rect.size() * ui.pixels_per_point();
    let shrink = (SIDE / pixels.x.max(pixels.y).max(1.0)).min(1.0);
    let size = ((pixels.x * shrink).round().max(1.0) as u32, (pixels.y * shrink).round().max(1.0) as u32);
    let of = Arc::as_ptr(picture) as usize;
    let known = ui.data(|data| data.get_temp::<Made>(id)).filter(|made| made.of == of && made.size == size);
    let made = known.unwrap_or_else(|| {
        let texture = pixels_of(picture, size)
            .map(|pixels| ui.ctx().load_texture(format!("image {}", image.file), pixels, TextureOptions::LINEAR));
        let made = Made { of, size, texture };
        ui.data_mut(|data| data.insert_temp(id, made.clone()));
        made
    });
    match made.texture {
        Some(texture) => {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            c.add(egui::Shape::image(texture.id(), rect, whole, Color32::WHITE));
        }
        None => missing(c, rect, &image.file, "can't be drawn"),
    }
}

/// A picture as pixels, in the box's own proportions.
fn pixels_of(picture: &Picture, (w, h): (u32, u32)) -> Option<ColorImage> {
    let mut pixmap = tiny_skia::Pixmap::new(w, h)?;
    match picture {
        Picture::Svg { text, .. } => {
            let tree = usvg::Tree::from_str(text, &usvg::Options::default()).ok()?;
            let size = tree.size();
            let fit = tiny_skia::Transform::from_scale(w as f32 / size.width(), h as f32 / size.height());
            resvg::render(&tree, fit, &mut pixmap.as_mut());
        }
        Picture::Png { bytes, .. } => {
            let image = tiny_skia::Pixmap::decode_png(bytes).ok()?;
            let fit = tiny_skia::Transform::from_scale(w as f32 / image.width() as f32, h as f32 / image.height() as f32);
            let paint = tiny_skia::PixmapPaint { quality: tiny_skia::FilterQuality::Bilinear, ..Default::default() };
            pixmap.draw_pixmap(0, 0, image.as_ref(), &paint, fit, None);
        }
    }
    Some(ColorImage::from_rgba_premultiplied([w as usize, h as usize], pixmap.data()))
}

/// A crossed box with the file's name.
fn missing(c: &Canvas<'_>, rect: Rect, file: &str, why: &str) {
    let line = c.stroke(1.0, c.theme().equipment);
    c.filled(rect, c.theme().panel);
    c.dashed_box(rect, line);
    c.line(rect.left_top(), rect.right_bottom(), c.stroke(1.0, c.theme().panel_line));
    c.line(rect.right_top(), rect.left_bottom(), c.stroke(1.0, c.theme().panel_line));
    let words = c.fitted(&format!("{file}: {}", c.say(why)), Font::SMALL_BOLD, rect.width() - c.len(8.0));
    let size = vec2(c.text_width(&words, Font::SMALL_BOLD) + c.len(8.0), c.len(18.0));
    c.filled(Rect::from_center_size(rect.center(), size), c.theme().panel);
    c.text(rect.center(), egui::Align2::CENTER_CENTER, &words, Font::SMALL_BOLD, c.theme().text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_fills_its_box_in_its_colours() {
        let text = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 2 1\">\
            <rect width=\"1\" height=\"1\" fill=\"#102030\"/><rect x=\"1\" width=\"1\" height=\"1\" fill=\"#ffffff\"/></svg>";
        let picture = Picture::of("x.svg", text).unwrap();
        let pixels = pixels_of(&picture, (20, 10)).unwrap();
        assert_eq!(pixels.size, [20, 10]);
        assert_eq!(pixels[(2, 5)], Color32::from_rgb(0x10, 0x20, 0x30));
        assert_eq!(pixels[(17, 5)], Color32::WHITE);
    }
}
