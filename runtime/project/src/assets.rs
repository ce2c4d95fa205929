//! Files that consoles use as they are: languages, the theme, fonts, images.

use std::sync::Arc;

/// A file that consoles use as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Asset {
    /// Relative to the project folder, with `/`: `languages/el.toml`, `fonts/site.ttf`, `images/pump.svg`.
    pub path: Arc<str>,
    /// What it is.
    pub kind: AssetKind,
    /// Its bytes, at most [`AssetKind::most_bytes`].
    pub bytes: Arc<[u8]>,
}

impl std::fmt::Debug for Asset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Asset({} {:?}, {} bytes)", self.path, self.kind, self.bytes.len())
    }
}

/// What an asset is: by its folder and the end of its name, and its first bytes agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AssetKind {
    /// `languages/*.toml`: texts of one language by key. UTF-8.
    Language,
    /// `theme.toml`: colours and sizes by token. UTF-8.
    Theme,
    /// `fonts/*.ttf`, `*.otf`.
    Font,
    /// `images/*.png`.
    Png,
    /// `images/*.jpg`, `*.jpeg`.
    Jpeg,
    /// `images/*.svg`. UTF-8; nothing inside was looked at.
    Svg,
}

/// What to do about an asset that can't be used.
pub(crate) const ASSET_HELP: &str = "save it again with a program that writes this kind of file, or remove it";

impl AssetKind {
    /// Largest file of this kind, in bytes; a larger one is refused. A font with all of CJK has 20 MB.
    pub fn most_bytes(self) -> u64 {
        match self {
            Self::Language | Self::Theme | Self::Svg => 2 << 20,
            Self::Font => 32 << 20,
            Self::Png | Self::Jpeg => 8 << 20,
        }
    }

    pub(crate) fn of_image(extension: &str) -> Self {
        match extension {
            "png" => Self::Png,
            "svg" => Self::Svg,
            _ => Self::Jpeg,
        }
    }

    /// Whether the bytes can be of this kind.
    pub(crate) fn check(self, bytes: &[u8]) -> Result<(), String> {
        let starts = |beginnings: &[&[u8]]| beginnings.iter().any(|beginning| bytes.starts_with(beginning));
        let good = match self {
            Self::Font => starts(&[&[0, 1, 0, 0], b"OTTO", b"true"]),
            Self::Png => starts(&[b"\x89PNG\r\n\x1a\n"]),
            Self::Jpeg => starts(&[&[0xff, 0xd8, 0xff]]),
            Self::Svg => std::str::from_utf8(bytes).is_ok_and(|text| text.contains("<svg")),
            Self::Language | Self::Theme => std::str::from_utf8(bytes).is_ok(),
        };
        let what = match self {
            Self::Font => "a TrueType or OpenType font",
            Self::Png => "a PNG image",
            Self::Jpeg => "a JPEG image",
            Self::Svg => "an SVG image",
            Self::Language | Self::Theme => "UTF-8 text",
        };
        if good { Ok(()) } else { Err(format!("this file is named like {what}, but is none")) }
    }
}
