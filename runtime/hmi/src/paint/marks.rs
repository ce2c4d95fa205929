//! Marks that several symbols share: attention signs and frames, quality letters with age, the manual mark.
//!
//! Every sign is colour + shape + letter, so that it survives a greyscale picture and a colour-blind eye.

use egui::{Align2, Color32, Pos2, Rect, Stroke, StrokeKind, pos2, vec2};
use plantroom_model::{Quality, Status, Utc};
use plantroom_scene::{LimitMark, Reading};

use super::{Canvas, Font};
use crate::look::Look;
use crate::theme::Theme;
use crate::words::age_text;

/// What deserves attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A machine has failed.
    Fault,
    /// An indicator is in its abnormal state.
    Abnormal,
    /// A limit is passed.
    Limit(LimitMark),
    /// The value can't be trusted, or only with care.
    Doubt(Quality),
}

impl Sign {
    /// What deserves attention about a reading, if anything does. Doubt comes first.
    pub fn of(reading: &Reading) -> Option<Self> {
        if !reading.is_present() {
            return None;
        }
        match reading.status.quality() {
            Quality::Good => reading.limit_mark().map(Self::Limit),
            doubt => Some(Self::Doubt(doubt)),
        }
    }

    /// The letters in it.
    pub fn letters(self) -> &'static str {
        match self {
            Self::Fault => "F",
            Self::Abnormal => "!",
            Self::Limit(mark) => mark.letters(),
            Self::Doubt(quality) => quality.letter(),
        }
    }

    /// Its colour.
    pub fn colour(self, theme: &Theme) -> Color32 {
        match self {
            Self::Fault => theme.urgent,
            Self::Limit(mark) if mark.is_urgent() => theme.urgent,
            Self::Abnormal | Self::Limit(_) => theme.warning,
            Self::Doubt(_) => theme.doubt,
        }
    }

    /// How urgent, for sorting: the most urgent is 0.
    pub fn rank(self) -> u8 {
        match self {
            Self::Fault => 0,
            Self::Limit(mark) if mark.is_urgent() => 1,
            Self::Abnormal | Self::Limit(_) => 2,
            Self::Doubt(Quality::Bad) => 3,
            Self::Doubt(_) => 4,
        }
    }
}

/// Draws a sign: a square (act now), a triangle (warning) or a diamond (doubt) with its letters. `size` in units.
pub fn sign(c: &Canvas<'_>, centre: Pos2, size: f32, sign: Sign) {
    shape(c, centre, size, sign);
    let down = if matches!(sign, Sign::Abnormal | Sign::Limit(LimitMark::High | LimitMark::Low)) { size / 8.0 } else { 0.0 };
    let ink = match sign.colour(c.theme()) {
        colour if colour == c.theme().urgent => c.theme().on_urgent,
        colour if colour == c.theme().warning => c.theme().on_warning,
        _ => c.theme().on_doubt,
    };
    let font = Font::SMALL_BOLD.at_most(if sign.letters().len() > 1 { size * 0.55 } else { size * 0.68 });
    c.text(pos2(centre.x, centre.y + c.len(down)), Align2::CENTER_CENTER, sign.letters(), font, ink);
}

/// Draws a sign's shape without its letters.
pub fn shape(c: &Canvas<'_>, centre: Pos2, size: f32, sign: Sign) {
    let half = c.len(size) / 2.0;
    let (x, y) = (centre.x, centre.y);
    let none = Stroke::NONE;
    let colour = sign.colour(c.theme());
    match sign {
        Sign::Abnormal | Sign::Limit(LimitMark::High | LimitMark::Low) => {
            let wide = half * 1.15;
            // Amber is nearly as light as the background: a dark edge keeps its shape in a greyscale picture.
            let edge = c.stroke(1.0, c.theme().on_warning);
            c.polygon(vec![pos2(x, y - half * 1.1), pos2(x + wide, y + half), pos2(x - wide, y + half)], colour, edge);
        }
        Sign::Doubt(_) => {
            let wide = half * 1.2;
            c.polygon(vec![pos2(x, y - wide), pos2(x + wide, y), pos2(x, y + wide), pos2(x - wide, y)], colour, none);
        }
        Sign::Fault | Sign::Limit(_) => {
            let wide = if sign.letters().len() > 1 { half * 1.2 } else { half };
            c.filled(Rect::from_center_size(centre, vec2(wide * 2.0, half * 2.0)), colour);
        }
    }
}

/// Draws the frame around a symbol that needs attention. Doubt gets none: its symbol is dashed already, and with a lost
/// station a screen full of frames would say nothing.
pub fn frame(c: &Canvas<'_>, body: Rect, what: Sign) {
    if !matches!(what, Sign::Doubt(_)) {
        let stroke = c.stroke(c.theme().line_attention, what.colour(c.theme()));
        if what.colour(c.theme()) == c.theme().warning {
            let edge = c.stroke(c.theme().line_attention + 1.8, c.theme().on_warning);
            c.add(egui::Shape::rect_stroke(body.expand(c.len(6.0)), c.corner(), edge, StrokeKind::Middle));
        }
        c.add(egui::Shape::rect_stroke(body.expand(c.len(6.0)), c.corner(), stroke, StrokeKind::Middle));
    }
}

/// What stands beside a value that isn't good: `B 42 s`; or `override` beside one that an operator put there.
pub fn tail_text(look: &Look, status: Status, source_time: Utc, now: Option<Utc>) -> String {
    if status.is_override() {
        let word = match status {
            Status::GOOD_SUBSTITUTED => "substitute",
            Status::GOOD_SIMULATED => "simulated",
            _ => "override",
        };
        return look.say(word).to_owned();
    }
    let letter = status.quality().letter();
    if letter.is_empty() {
        return String::new();
    }
    match age_text(source_time, now) {
        Some(age) => format!("{letter} {age}"),
        None => letter.to_owned(),
    }
}

/// Draws the quality letter and age of a reading to the right of `at`.
pub fn tail(c: &Canvas<'_>, at: Pos2, anchor: Align2, reading: &Reading, now: Option<Utc>) {
    let words = tail_text(c.look(), reading.status, reading.source_time, now);
    c.text(at, anchor, &words, Font::SMALL_BOLD, c.theme().text);
}

/// Draws the mark of a machine that is not in automatic.
pub fn manual(c: &Canvas<'_>, centre: Pos2) {
    let rect = Rect::from_center_size(centre, vec2(c.len(18.0), c.len(16.0)));
    c.boxed(rect, c.theme().sheet, c.stroke(1.2, c.theme().text));
    c.text(centre, Align2::CENTER_CENTER, "M", Font::SMALL_BOLD, c.theme().text);
}

/// Colour of a value's words: quieter where it isn't good.
pub fn ink(c: &Canvas<'_>, reading: &Reading) -> Color32 {
    if reading.status.is_bad() { c.theme().text_quiet } else { c.theme().value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_values_tell_letter_and_age() {
        let now = Some(Utc(100_000_000_000));
        assert_eq!(tail_text(&Look::default(), Status::BAD_NO_COMMUNICATION, Utc(58_000_000_000), now), "B 42 s");
        assert_eq!(tail_text(&Look::default(), Status::UNCERTAIN_LAST_USABLE, Utc(0), now), "U");
        assert_eq!(tail_text(&Look::default(), Status::GOOD, Utc(1), now), "");
        assert_eq!(tail_text(&Look::default(), Status::GOOD_LOCAL_OVERRIDE, Utc(1), now), "override");
    }
}
