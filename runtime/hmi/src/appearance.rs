//! What decides how the console looks: what the person chose, what the project brings, what the machine prefers.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::Context;
use plantroom_scene::theme::{Shade, Tokens};
use plantroom_scene::{Texts, asset_bytes, language_of};

use crate::fonts;
use crate::look::{LANGUAGES, Look};
use crate::theme::Theme;

/// Smallest and largest UI scale.
pub const SCALES: (f32, f32) = (0.5, 3.0);

/// What a person chose; what they didn't choose follows the machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    /// Code of a language; `en` for the project's own words.
    pub language: Option<String>,
    /// Light or dark.
    pub shade: Option<Shade>,
    /// Fingers instead of a mouse.
    pub touch: bool,
    /// UI scale, [`SCALES`]; 1 if not said.
    pub scale: Option<f32>,
    /// The horn is seen and not heard.
    pub mute: bool,
}

/// What decides how the console looks.
#[derive(Default)]
pub struct Appearance {
    choices: Choices,
    tokens: Tokens,
    languages: BTreeMap<String, Arc<Texts>>,
    fonts: Vec<(String, Vec<u8>)>,
    problem: Option<String>,
    /// The shade that is worn; nothing before the first dressing, and after a change.
    worn: Option<Shade>,
    new_fonts: bool,
}

impl Appearance {
    /// Begins with these choices.
    pub fn new(choices: Choices) -> Self {
        Self { choices, new_fonts: true, ..Self::default() }
    }

    /// What was chosen.
    pub fn choices(&self) -> &Choices {
        &self.choices
    }

    /// Chooses.
    pub fn choose(&mut self, choices: Choices) {
        if choices != self.choices {
            self.choices = choices;
            self.worn = None;
        }
    }

    /// Takes in the project's theme, languages and fonts; what can't be used is left out and told.
    pub fn take_files(&mut self, files: &[(String, String)]) {
        self.problem = None;
        let theme = files.iter().find(|(path, _)| path == "theme.toml");
        self.tokens = theme.map_or_else(Tokens::default, |(_, text)| Tokens::with(text).0);
        let read = |(path, text): &(String, String)| Some((language_of(path)?.to_owned(), Arc::new(Texts::read(text).0)));
        self.languages = files.iter().filter_map(read).collect();
        let mut fonts = Vec::new();
        for (path, text) in files.iter().filter(|(path, _)| path.starts_with("fonts/")) {
            match asset_bytes(text) {
                Ok(bytes) => fonts.push((path.clone(), bytes)),
                Err(why) => self.problem = Some(format!("{path}: {why}")),
            }
        }
        self.new_fonts |= fonts != self.fonts;
        self.fonts = fonts;
        self.worn = None;
    }

    /// What of the project can't be used here.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Codes of the languages that can be chosen; `en` is the project's own words.
    pub fn languages(&self) -> Vec<String> {
        let mut all: Vec<String> = vec!["en".to_owned()];
        let more = LANGUAGES.iter().map(|(code, _)| (*code).to_owned()).chain(self.languages.keys().cloned());
        for code in more {
            if !all.contains(&code) {
                all.push(code);
            }
        }
        all
    }

    /// The language that counts: the chosen one, or that of the machine where it can be spoken.
    pub fn language(&self) -> String {
        let chosen = self.choices.language.clone().or_else(machine_language).unwrap_or_default();
        let short = chosen.split(['-', '_']).next().unwrap_or_default();
        let known = self.languages();
        let found = [chosen.as_str(), short].into_iter().find(|code| known.iter().any(|one| one == code));
        found.unwrap_or("en").to_owned()
    }

    /// The texts of screens in the language: the project's, and behind them those of the console for what its own library says.
    pub fn texts(&self) -> Arc<Texts> {
        let language = self.language();
        let own = Look::own_texts(&language);
        Arc::new(self.languages.get(&language).map_or(own.clone(), |texts| own.over(texts)))
    }

    /// Dresses a context where something has changed; true when it did.
    pub fn dress(&mut self, ctx: &Context) -> bool {
        let machine = ctx.system_theme().map(|theme| if theme == egui::Theme::Dark { Shade::Dark } else { Shade::Light });
        let shade = self.choices.shade.or(machine).unwrap_or_default();
        if std::mem::take(&mut self.new_fonts) {
            fonts::install(ctx, &self.fonts);
            self.worn = None;
        }
        if self.worn == Some(shade) {
            return false;
        }
        self.worn = Some(shade);
        let texts = (*self.texts()).clone();
        let theme = Theme::new(&self.tokens, shade);
        ctx.set_zoom_factor(self.choices.scale.unwrap_or(1.0).clamp(SCALES.0, SCALES.1));
        Look { theme, texts, touch: self.choices.touch, revision: 0 }.wear(ctx);
        true
    }
}

/// The machine's language, as its environment says: `de_DE.UTF-8` is `de_DE`.
fn machine_language() -> Option<String> {
    let said = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
    let said = said.into_iter().find(|value| !value.is_empty())?;
    Some(said.split('.').next().unwrap_or_default().to_owned()).filter(|code| code != "C" && code != "POSIX")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(language: &str) -> Appearance {
        Appearance::new(Choices { language: Some(language.to_owned()), ..Choices::default() })
    }

    #[test]
    fn a_language_that_nobody_brings_is_english() {
        let cases = [("de", "de"), ("de-AT", "de"), ("de_DE", "de"), ("en", "en"), ("xx", "en"), ("el", "el")];
        for (wanted, spoken) in cases {
            let mut appearance = chosen(wanted);
            appearance.take_files(&[("languages/el.toml".to_owned(), "\"Level\" = \"Στάθμη\"".to_owned())]);
            assert_eq!(appearance.language(), spoken, "{wanted}");
        }
    }

    #[test]
    fn a_font_that_is_none_is_left_out_and_told() {
        let mut appearance = chosen("en");
        appearance.take_files(&[("fonts/site.ttf".to_owned(), "AAAA".to_owned())]);
        assert!(appearance.problem().is_some_and(|why| why.contains("fonts/site.ttf")), "{:?}", appearance.problem());
        let ctx = Context::default();
        assert!(appearance.dress(&ctx) && !appearance.dress(&ctx));
    }

    #[test]
    fn a_projects_theme_is_worn_in_both_shades() {
        let files = [("theme.toml".to_owned(), "[light]\npanel = \"#CCD0D4\"\n[dark]\npanel = \"#282E34\"\n".to_owned())];
        for (shade, wanted) in [(Shade::Light, 0xCC), (Shade::Dark, 0x28)] {
            let mut appearance = Appearance::new(Choices { shade: Some(shade), ..Choices::default() });
            appearance.take_files(&files);
            let ctx = Context::default();
            appearance.dress(&ctx);
            assert_eq!(Look::of(&ctx).theme.panel.r(), wanted);
        }
    }
}
