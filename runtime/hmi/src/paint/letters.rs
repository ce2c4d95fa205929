//! Words that were laid out, kept for the frames to come: egui itself forgets what one frame doesn't show, and a number that
//! comes again is laid out again, which costs more than the rest of painting it.
//!
//! Start at [`Letters::laid_out`].
//!
//! Invariant: what is kept was laid out with the fonts, the scale and the texture of letters that are used now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use egui::{Color32, Context, FontFamily, FontId, Galley, Id, Painter};

/// Words that are kept as long as they are used; as many more may wait to be forgotten. About 1 KiB each.
const MOST: usize = 4_096;
/// Longer words, in bytes, are left to egui: they seldom change, and it keeps what each frame shows.
const LONGEST: usize = 48;

/// Laid-out words of a context.
#[derive(Clone, Default)]
pub struct Letters(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    key: Key,
    /// What was used since the younger ones were last full, and what was used before.
    young: Words,
    old: Words,
    count: usize,
}

/// By the font's size (its bits) and family, then by words: so that looking takes no copy of the words.
type Words = HashMap<Font, HashMap<Box<str>, Arc<Galley>>>;
type Font = (u32, FontFamily);

/// With another one all that is kept is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Key {
    look: u32,
    pixels_per_point: f32,
    /// How full the letters' texture is; less than before means that it was begun anew.
    fill: f32,
}

impl Letters {
    /// The words of a context, as of now.
    pub fn of(ctx: &Context, look: u32) -> Self {
        let letters = ctx.data_mut(|data| data.get_temp_mut_or_default::<Self>(Id::unique("letters")).clone());
        let key = Key { look, pixels_per_point: ctx.pixels_per_point(), fill: ctx.fonts(|fonts| fonts.font_atlas_fill_ratio()) };
        letters.0.lock().unwrap_or_else(PoisonError::into_inner).hold(key);
        letters
    }

    /// Words in a font, in one line; without a colour of their own.
    pub fn laid_out(&self, painter: &Painter, words: &str, font: FontId) -> Arc<Galley> {
        if words.len() > LONGEST {
            return painter.layout_no_wrap(words.to_owned(), font, Color32::PLACEHOLDER);
        }
        let key = (font.size.to_bits(), font.family.clone());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.known(words, &key) {
            return known;
        }
        let new = painter.layout_no_wrap(words.to_owned(), font, Color32::PLACEHOLDER);
        kept.keep(words.into(), key, &new);
        new
    }
}

impl Kept {
    fn hold(&mut self, now: Key) {
        if self.key != (Key { fill: self.key.fill, ..now }) || now.fill < self.key.fill {
            *self = Self::default();
        }
        self.key = now;
    }

    fn known(&mut self, words: &str, font: &Font) -> Option<Arc<Galley>> {
        if let Some(known) = self.young.get(font).and_then(|of| of.get(words)) {
            return Some(known.clone());
        }
        let (words, known) = self.old.get_mut(font)?.remove_entry(words)?;
        self.keep(words, font.clone(), &known);
        Some(known)
    }

    fn keep(&mut self, words: Box<str>, font: Font, galley: &Arc<Galley>) {
        if self.count >= MOST {
            self.old = std::mem::take(&mut self.young);
            self.count = 0;
        }
        self.count += 1;
        self.young.entry(font).or_default().insert(words, galley.clone());
    }
}

#[cfg(test)]
mod tests {
    use egui::RawInput;

    use super::*;

    fn size(letters: &Letters) -> usize {
        let kept = letters.0.lock().unwrap();
        kept.young.values().chain(kept.old.values()).map(HashMap::len).sum()
    }

    /// Lays out some words in one frame, with a look of this number.
    fn frame(ctx: &Context, look: u32, words: &[String]) -> (Letters, Vec<Arc<Galley>>) {
        let mut done = None;
        let mut output = ctx.run_ui(RawInput::default(), |ui| {
            let letters = Letters::of(ctx, look);
            let all = words.iter().map(|words| letters.laid_out(ui.painter(), words, FontId::proportional(12.0)));
            done = Some((letters.clone(), all.collect()));
        });
        output.textures_delta.clear();
        done.unwrap()
    }

    #[test]
    fn words_are_laid_out_once_and_look_like_egui_s_own() {
        let ctx = Context::default();
        let words = ["42.0 bar", "Füllstand", "42.0 bar"].map(str::to_owned);
        let (_, first) = frame(&ctx, 0, &words);
        frame(&ctx, 0, &[]);
        frame(&ctx, 0, &[]);
        let (_, later) = frame(&ctx, 0, &words);
        assert!(first.iter().zip(&later).all(|(first, later)| Arc::ptr_eq(first, later)));
        let mut output = ctx.run_ui(RawInput::default(), |ui| {
            let own = ui.painter().layout_no_wrap(words[0].clone(), FontId::proportional(12.0), Color32::PLACEHOLDER);
            assert_eq!((own.size(), own.num_vertices), (first[0].size(), first[0].num_vertices));
        });
        output.textures_delta.clear();
    }

    #[test]
    fn another_look_begins_anew() {
        let ctx = Context::default();
        let words = ["42.0".to_owned()];
        let (_, before) = frame(&ctx, 0, &words);
        let (letters, after) = frame(&ctx, 1, &words);
        assert!(!Arc::ptr_eq(&before[0], &after[0]) || size(&letters) == 1);
        assert_eq!(size(&letters), 1);
    }

    #[test]
    fn numbers_without_end_take_no_more_room_and_what_is_used_stays() {
        let ctx = Context::default();
        let (_, first) = frame(&ctx, 0, &["used".to_owned()]);
        for turn in 0..30 {
            let mut words: Vec<String> = (0..1_000).map(|at| format!("{turn}.{at}")).collect();
            words.push("used".to_owned());
            let (letters, all) = frame(&ctx, 0, &words);
            assert!(size(&letters) <= 2 * MOST, "{} are kept", size(&letters));
            assert!(Arc::ptr_eq(&all[1_000], &first[0]), "turn {turn}");
        }
        let long = ["x".repeat(LONGEST + 1)];
        let (letters, _) = frame(&ctx, 1, &long);
        assert_eq!(size(&letters), 0, "long words are egui's");
    }
}
