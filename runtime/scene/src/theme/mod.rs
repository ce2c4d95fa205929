//! The tokens with which consoles paint: colours by name for light and dark, and sizes. No toolkit is known here.
//!
//! Start at [`Tokens::with`]. The built-in ones are in `runtime/scene/theme.toml`; a project's `theme.toml` changes some.

mod contrast;
mod read;

use std::collections::BTreeMap;

pub use contrast::{Rule, needs_edge, ratio, rules};
pub use read::Wrong;

/// Red, green, blue and opacity, 0 to 255, sRGB.
pub type Rgba = [u8; 4];

/// Which of the two sets of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shade {
    /// Dark on light, for lit control rooms.
    #[default]
    Light,
    /// Light on dark, for dim ones.
    Dark,
}

impl Shade {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// `light` or `dark`, as in theme.toml.
    pub fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Every colour and size, by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    light: BTreeMap<String, Rgba>,
    dark: BTreeMap<String, Rgba>,
    pens: [[Rgba; PENS]; 2],
    sizes: BTreeMap<String, f32>,
    shapes: [Shape; SIGNS.len()],
}

/// A sign's outline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Stands on its side.
    Square,
    /// Its point is up.
    Triangle,
    /// Its point is down.
    TriangleDown,
    /// A square on its corner.
    Diamond,
    /// Round.
    #[default]
    Circle,
    /// Six corners.
    Hexagon,
}

impl Shape {
    /// All of them, with their words in theme.toml.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Square, "square"),
        (Self::Triangle, "triangle"),
        (Self::TriangleDown, "triangle_down"),
        (Self::Diamond, "diamond"),
        (Self::Circle, "circle"),
        (Self::Hexagon, "hexagon"),
    ];
}

/// Priorities of alarms that have a sign, the most urgent first, as theme.toml calls them.
pub const SIGNS: [&str; 4] = ["critical", "high", "medium", "low"];

/// Pens of a trend.
pub const PENS: usize = 6;
/// What no theme names: magenta, so that it is seen at once.
const MISSING: Rgba = [255, 0, 255, 255];
/// The built-in tokens.
const BUILT_IN: &str = include_str!("../../theme.toml");

impl Default for Tokens {
    fn default() -> Self {
        let (light, dark, sizes) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let nothing = Self { light, dark, pens: [[MISSING; PENS]; 2], sizes, shapes: [Shape::Circle; SIGNS.len()] };
        read::over(nothing, BUILT_IN, true).0
    }
}

impl Tokens {
    /// The built-in tokens with those of a `theme.toml` in their place, and what is wrong with it. What is wrong is left out.
    pub fn with(text: &str) -> (Self, Vec<Wrong>) {
        let (tokens, mut wrong) = read::over(Self::default(), text, false);
        wrong.extend(contrast::wrongs(&tokens, text));
        (tokens, wrong)
    }

    /// A colour; magenta where there is no such name.
    pub fn colour(&self, shade: Shade, name: &str) -> Rgba {
        self.colours(shade).get(name).copied().unwrap_or(MISSING)
    }

    /// The pens of a trend, in order.
    pub fn pens(&self, shade: Shade) -> [Rgba; PENS] {
        self.pens[usize::from(shade == Shade::Dark)]
    }

    /// A size, in units of an unscaled screen; 1 where there is no such name.
    pub fn size(&self, name: &str) -> f32 {
        self.sizes.get(name).copied().unwrap_or(1.0)
    }

    /// The outline of an alarm's sign; `place` counts in [`SIGNS`].
    pub fn shape(&self, place: usize) -> Shape {
        self.shapes.get(place).copied().unwrap_or_default()
    }

    fn colours(&self, shade: Shade) -> &BTreeMap<String, Rgba> {
        match shade {
            Shade::Light => &self.light,
            Shade::Dark => &self.dark,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_tokens_are_whole_and_can_be_told_apart() {
        let tokens = Tokens::default();
        assert_eq!(contrast::wrongs(&tokens, ""), []);
        assert_eq!(tokens.light.keys().collect::<Vec<_>>(), tokens.dark.keys().collect::<Vec<_>>());
        for shade in Shade::ALL {
            assert!(tokens.pens(shade).iter().all(|pen| *pen != MISSING));
        }
        let (_, wrong) = read::over(Tokens::default(), BUILT_IN, true);
        assert_eq!(wrong, []);
        // In a greyscale picture only shapes and numbers are left.
        for (place, shape) in tokens.shapes.iter().enumerate() {
            assert!(!tokens.shapes[..place].contains(shape), "{shape:?} stands for two priorities");
        }
    }

    #[test]
    fn a_project_changes_some_tokens_and_what_is_wrong_is_told_by_line() {
        #[track_caller]
        fn check(text: &str, wanted: &[(usize, &str)]) {
            let (_, wrong) = Tokens::with(text);
            let told: Vec<_> = wrong.iter().map(|one| (one.line, one.message.as_str())).collect();
            assert_eq!(told.len(), wanted.len(), "{told:?}");
            for ((line, message), (at, part)) in told.iter().zip(wanted) {
                assert!(line == at && message.contains(part), "{line}: {message}");
            }
        }
        check("[light]\nbackground = \"#D0D4D8\"\n", &[]);
        check("[light]\nbakground = \"#D0D4D8\"\n", &[(2, "`background`")]);
        check("[light]\ntext = \"grey\"\n", &[(2, "is no colour")]);
        check("[dim]\n", &[(1, "[light], [dark], [sizes] and [shapes]")]);
        check("[sizes]\ntext = 400.0\n", &[(2, "between 0.5 and 60")]);
        check("[dark]\ntext = \"#30363C\"\n", &[(2, "can't be told apart")]);
        check("[shapes]\nlow = \"diamond\"\n", &[]);
        check("[shapes]\nlow = \"square\"\n", &[(2, "the same shape")]);
        check("[shapes]\nlow = \"star\"\n", &[(2, "hexagon")]);
        check("[shapes]\nlowest = \"circle\"\n", &[(2, "no `lowest`")]);
        check("[light]\nalarm_medium = \"#C0C4C8\"\non_alarm_medium = \"#202020\"\n", &[]);
        check("[light]\nalarm_medium = \"#C0C4C8\"\non_alarm_medium = \"#FFFFFF\"\n", &[(3, "can't be told apart"), (2, "sign")]);
        check("[light\n", &[(1, "")]);
        assert_eq!(
            Tokens::with("[light]\nbackground = \"#D0D4D8\"\n").0.colour(Shade::Light, "background"),
            [0xD0, 0xD4, 0xD8, 255]
        );
    }
}
