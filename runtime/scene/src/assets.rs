//! What consoles get of a project beside its scripts: languages, the theme, fonts and pictures. Checked here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plantroom_model::Diagnostic;

use crate::theme::Tokens;
use crate::{Texts, language_of, picture_files};

/// Fonts of a project together, in bytes, at most: they travel in one message with everything else.
const FONT_BYTES: usize = 6 << 20;

/// A project's assets as consoles get them beside the screens' files: path and text; the bytes of fonts and PNGs as
/// base64. What is too large is sent by name alone, so that the console can tell.
pub fn asset_files<'a>(assets: impl Iterator<Item = (&'a str, &'a [u8])> + Clone) -> Vec<(String, String)> {
    let mut files = picture_files(assets.clone());
    let mut fonts = 0;
    for (path, bytes) in assets {
        if path == "theme.toml" || language_of(path).is_some() {
            files.push((path.to_owned(), String::from_utf8_lossy(bytes).into_owned()));
        } else if path.starts_with("fonts/") {
            fonts += bytes.len();
            files.push((path.to_owned(), if fonts <= FONT_BYTES { STANDARD.encode(bytes) } else { String::new() }));
        }
    }
    files
}

/// The bytes of a font, if it is one.
///
/// # Errors
/// Why it can't be used.
pub fn asset_bytes(text: &str) -> Result<Vec<u8>, String> {
    if text.is_empty() {
        return Err(format!("all fonts together have at most {} MB; leave out scripts that no screen uses", FONT_BYTES >> 20));
    }
    let bytes = STANDARD.decode(text).map_err(|_| "this file did not arrive whole".to_owned())?;
    usable_font(&bytes)?;
    Ok(bytes)
}

/// Whether letters can be taken from it: its tables can be read, and it says which letters it has.
fn usable_font(bytes: &[u8]) -> Result<(), String> {
    use skrifa::MetadataProvider as _;
    let font = skrifa::FontRef::from_index(bytes, 0).map_err(|error| format!("this is no font that can be used ({error})"))?;
    let letters = font.charmap().mappings().take(1).count();
    if letters == 0 {
        return Err("this font names no letters, so nothing can be written with it".to_owned());
    }
    Ok(())
}

/// What is wrong with the theme, the languages and the fonts.
pub(crate) fn check(files: &[(String, String)]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (path, text) in files {
        if path == "theme.toml" {
            for wrong in Tokens::with(text).1 {
                let help = "runtime/scene/theme.toml and screens/STYLE.md list the tokens and their contrasts";
                found.push(Diagnostic::error(path, (wrong.line as u32, u32::from(wrong.line > 0)), wrong.message, help));
            }
        } else if language_of(path).is_some() {
            for (line, message) in Texts::read(text).1 {
                let help = "a language is a list of \"text in the project\" = \"text in the language\"";
                found.push(Diagnostic::error(path, (line as u32, u32::from(line > 0)), message, help));
            }
        } else if path.starts_with("fonts/")
            && let Err(why) = asset_bytes(text)
        {
            let help = "consoles leave it out and write with their own letters; replace the file, or remove it";
            found.push(Diagnostic::warning(path, (0, 0), why, help));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_consoles_can_not_use_is_told() {
        #[track_caller]
        fn check_one(path: &str, bytes: &[u8], wanted: &str) {
            let files = asset_files(std::iter::once((path, bytes)));
            let told = check(&files);
            match wanted {
                "" => assert!(told.is_empty(), "{told:?}"),
                part => assert!(told.len() == 1 && told[0].message.contains(part), "{told:?}"),
            }
        }
        check_one("theme.toml", b"[light]\n", "");
        check_one("theme.toml", b"[sizes]\nfoo = 1.0\n", "no `foo`");
        check_one("languages/de.toml", "\"A\" = \"Ä\"".as_bytes(), "");
        check_one("languages/de.toml", b"\"A\" = 1", "must be a text");
        check_one("fonts/none.ttf", &[0, 1, 0, 0, 0, 0, 0, 0, 0, 0], "no font");
        check_one("fonts/large.ttf", &vec![0; FONT_BYTES + 1], "at most");
        let font = include_bytes!("../../hmi/fonts/DejaVuSans.ttf");
        check_one("fonts/DejaVuSans.ttf", font, "");
    }
}
