//! A picture: rows of RGBA pixels, to be written as PNG or compared.

use egui::Color32;

/// Eight bits a channel, not premultiplied; rows from the top, pixels from the left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Four bytes a pixel.
    pub rgba: Vec<u8>,
}

/// Why bytes are not a picture, or a picture can't be written.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PictureError(String);

impl Picture {
    /// One colour all over.
    pub fn filled((width, height): (u32, u32), colour: Color32) -> Self {
        let rgba = colour.to_array().repeat(width as usize * height as usize);
        Self { width, height, rgba }
    }

    /// One pixel; black outside of the picture.
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 4] {
        let start = (y as usize * self.width as usize + x as usize) * 4;
        let inside = x < self.width && y < self.height;
        self.rgba
            .get(start..start + 4)
            .filter(|_| inside)
            .map_or([0, 0, 0, 255], |pixel| [pixel[0], pixel[1], pixel[2], pixel[3]])
    }

    /// The same without colours, by luminance (ITU-R BT.709 weights): what is told by colour alone disappears.
    pub fn greyscale(mut self) -> Self {
        for pixel in self.rgba.chunks_exact_mut(4) {
            let grey = 0.2126 * f32::from(pixel[0]) + 0.7152 * f32::from(pixel[1]) + 0.0722 * f32::from(pixel[2]);
            pixel[..3].fill(grey.round() as u8);
        }
        self
    }

    /// How many pixels differ from another picture by more than `tolerance` in a channel; all of them where sizes differ.
    pub fn differing(&self, other: &Self, tolerance: u8) -> usize {
        if (self.width, self.height) != (other.width, other.height) {
            return self.rgba.len().max(other.rgba.len()) / 4;
        }
        let differs = |(a, b): (&[u8], &[u8])| a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > tolerance);
        self.rgba.chunks_exact(4).zip(other.rgba.chunks_exact(4)).filter(|pair| differs(*pair)).count()
    }

    /// Its PNG; the same picture gives the same bytes.
    ///
    /// # Errors
    /// When it has no pixels.
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        let written = encoder.write_header().and_then(|mut writer| {
            writer.write_image_data(&self.rgba)?;
            writer.finish()
        });
        written.map_err(|error| PictureError(error.to_string()))?;
        Ok(bytes)
    }

    /// A picture from the PNG that [`Self::png`] writes.
    ///
    /// # Errors
    /// When the bytes aren't a PNG with eight bits a channel and an alpha channel.
    pub fn from_png(bytes: &[u8]) -> Result<Self, PictureError> {
        let wrong = |error: png::DecodingError| PictureError(error.to_string());
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().map_err(wrong)?;
        let size = reader.output_buffer_size().ok_or_else(|| PictureError("the picture is too large".to_owned()))?;
        let mut rgba = vec![0; size];
        let info = reader.next_frame(&mut rgba).map_err(wrong)?;
        if (info.color_type, info.bit_depth) != (png::ColorType::Rgba, png::BitDepth::Eight) {
            return Err(PictureError("the picture has other channels than RGBA of eight bits".to_owned()));
        }
        Ok(Self { width: info.width, height: info.height, rgba })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_survives_its_png() -> Result<(), PictureError> {
        let mut picture = Picture::filled((3, 2), Color32::from_rgb(10, 200, 30));
        picture.rgba[4..8].copy_from_slice(&[1, 2, 3, 255]);
        assert_eq!(Picture::from_png(&picture.png()?)?, picture);
        assert!(Picture::from_png(b"no picture").is_err());
        Ok(())
    }

    #[test]
    fn pictures_are_compared_pixel_by_pixel() {
        let grey = Picture::filled((4, 4), Color32::from_gray(100));
        let mut other = grey.clone();
        (other.rgba[0], other.rgba[9]) = (103, 110);
        assert_eq!([grey.differing(&other, 0), grey.differing(&other, 5), grey.differing(&other, 10)], [2, 1, 0]);
        assert_eq!(grey.differing(&Picture::filled((2, 2), Color32::BLACK), 255), 16);
    }

    #[test]
    fn red_and_green_of_one_luminance_become_one_grey() {
        let grey = |r, g, b| Picture::filled((1, 1), Color32::from_rgb(r, g, b)).greyscale().pixel(0, 0);
        assert_eq!(grey(255, 0, 0), [54, 54, 54, 255]);
        assert_eq!(grey(0, 255, 0), [182, 182, 182, 255]);
    }
}
