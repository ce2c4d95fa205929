//! How this console looks and in which language it speaks. It lies in egui's memory, beside egui's own style.
//!
//! Start at [`Look::of`].

use std::sync::Arc;

use egui::{Context, Id};
use plantroom_scene::{TOUCH_POINTS, Texts};

use crate::theme::Theme;

/// The console's own texts in other languages than English: code, and file.
pub const LANGUAGES: &[(&str, &str)] = &[("de", include_str!("../languages/de.toml"))];

/// How a console looks.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// Colours and sizes.
    pub theme: Theme,
    /// The console's own texts.
    pub texts: Texts,
    /// Fingers instead of a mouse: everything that is pressed is at least [`TOUCH_POINTS`] high.
    pub touch: bool,
    /// Grows with each change: what was painted with another number looks different.
    pub revision: u32,
}

impl Look {
    /// The look of a context.
    pub fn of(ctx: &Context) -> Arc<Self> {
        ctx.data_mut(|data| data.get_temp_mut_or_insert_with::<Arc<Self>>(Id::unique("look"), Arc::default).clone())
    }

    /// Makes it the look of a context.
    pub fn wear(mut self, ctx: &Context) {
        self.revision = Self::of(ctx).revision.wrapping_add(1);
        self.theme.apply(ctx);
        if self.touch {
            ctx.all_styles_mut(|style| {
                style.spacing.interact_size = egui::vec2(TOUCH_POINTS, TOUCH_POINTS);
                style.spacing.button_padding = egui::vec2(18.0, 13.0);
            });
        }
        ctx.data_mut(|data| data.insert_temp(Id::unique("look"), Arc::new(self)));
    }

    /// The console's own texts in a language; nothing for English and for languages that the console doesn't speak.
    pub fn own_texts(language: &str) -> Texts {
        let known = LANGUAGES.iter().find(|(code, _)| *code == language);
        known.map(|(_, text)| Texts::read(text).0).unwrap_or_default()
    }

    /// Every text of the console's own that a language can say.
    pub fn own_keys() -> Vec<String> {
        let all = LANGUAGES.iter().flat_map(|(_, text)| Texts::read(text).0.keys().map(str::to_owned).collect::<Vec<_>>());
        let mut keys: Vec<String> = all.collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// One of the console's own texts.
    pub fn say<'a>(&'a self, text: &'a str) -> &'a str {
        self.texts.say(text)
    }

    /// The same with what stands in the place of each `{}`, in order.
    pub fn fill(&self, template: &str, given: &[&str]) -> String {
        let mut parts = self.say(template).split("{}");
        let mut said = parts.next().unwrap_or_default().to_owned();
        let mut given = given.iter();
        for part in parts {
            said.push_str(given.next().copied().unwrap_or_default());
            said.push_str(part);
        }
        said
    }
}

/// What a language calls itself; its code where that isn't known here.
pub fn language_name(code: &str) -> &str {
    const NAMES: [(&str, &str); 24] = [
        ("en", "English"),
        ("de", "Deutsch"),
        ("fr", "Français"),
        ("es", "Español"),
        ("it", "Italiano"),
        ("pt", "Português"),
        ("nl", "Nederlands"),
        ("pl", "Polski"),
        ("cs", "Čeština"),
        ("sv", "Svenska"),
        ("da", "Dansk"),
        ("fi", "Suomi"),
        ("nb", "Norsk"),
        ("hu", "Magyar"),
        ("ro", "Română"),
        ("tr", "Türkçe"),
        ("el", "Ελληνικά"),
        ("bg", "Български"),
        ("uk", "Українська"),
        ("ru", "Русский"),
        ("sr", "Српски"),
        ("zh", "中文"),
        ("ja", "日本語"),
        ("ko", "한국어"),
    ];
    NAMES.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_a_template_are_filled_in_order() {
        let look = Look { texts: Texts::read("\"expires in {} s\" = \"verfällt in {} s\"").0, ..Look::default() };
        assert_eq!(look.fill("expires in {} s", &["12"]), "verfällt in 12 s");
        assert_eq!(look.fill("{} of {}", &["1", "2"]), "1 of 2");
        assert_eq!(look.fill("{} of {}", &["1"]), "1 of ");
    }

    #[test]
    fn each_language_fills_the_same_places_in_the_same_number() {
        for (code, text) in LANGUAGES {
            let (texts, wrong) = Texts::read(text);
            assert_eq!(wrong, [], "{code}");
            for key in texts.keys() {
                let places = |text: &str| text.matches("{}").count();
                assert_eq!(places(key), places(texts.say(key)), "{code}: {key}");
            }
        }
    }
}
