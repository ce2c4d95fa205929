//! `theme.toml`, read over other tokens.

use plantroom_model::nearest;

use super::{PENS, Rgba, SIGNS, Shade, Shape, Tokens};

/// Smallest and largest size, in units.
const SIZES: (f32, f32) = (0.5, 60.0);

/// Something wrong in a theme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Line from 1; 0 where it belongs to none.
    pub line: usize,
    /// What, and what to do.
    pub message: String,
}

impl Wrong {
    fn new(text: &str, name: &str, section: &str, message: String) -> Self {
        Self { line: line_of(text, section, name), message }
    }
}

/// The line on which a section names a token; of the section itself where the name is empty.
pub fn line_of(text: &str, section: &str, name: &str) -> usize {
    let mut inside = false;
    for (place, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(head) = line.strip_prefix('[') {
            inside = head.split(']').next().is_some_and(|head| head.trim() == section);
            if inside && name.is_empty() {
                return place + 1;
            }
        } else if inside && line.split('=').next().is_some_and(|key| key.trim().trim_matches('"') == name) {
            return place + 1;
        }
    }
    0
}

/// Takes in a text; `anything` lets it name what isn't known yet.
pub fn over(mut tokens: Tokens, text: &str, anything: bool) -> (Tokens, Vec<Wrong>) {
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            let error: toml::de::Error = error;
            let at = error.span().map_or(0, |span| text.get(..span.start).unwrap_or(text).matches('\n').count() + 1);
            return (tokens, vec![Wrong { line: at, message: error.message().to_owned() }]);
        }
    };
    let mut wrong = Vec::new();
    for (section, inside) in &table {
        let shade = Shade::ALL.into_iter().find(|shade| shade.word() == section);
        let is_known = shade.is_some() || section == "sizes" || section == "shapes";
        let Some(inside) = inside.as_table().filter(|_| is_known) else {
            let message = format!(
                "a theme has [light], [dark], [sizes] and [shapes], and no `{section}`; put its tokens into one of these"
            );
            wrong.push(Wrong::new(text, "", section, message));
            continue;
        };
        for (name, value) in inside {
            let result = match shade {
                Some(shade) if name == "pens" => pens(&mut tokens, shade, value),
                Some(shade) => colour(&mut tokens, shade, name, value, anything),
                None if section == "shapes" => shape(&mut tokens, name, value),
                None => size(&mut tokens, name, value, anything),
            };
            if let Err(message) = result {
                wrong.push(Wrong::new(text, name, section, message));
            }
        }
    }
    let twice = |place: usize| tokens.shapes[..place].contains(&tokens.shapes[place]);
    if let Some(place) = (0..SIGNS.len()).find(|place| twice(*place)) {
        let message = format!("alarms of two priorities have the same shape; give `{}` another one", SIGNS[place]);
        wrong.push(Wrong::new(text, SIGNS[place], "shapes", message));
    }
    (tokens, wrong)
}

fn shape(tokens: &mut Tokens, name: &str, value: &toml::Value) -> Result<(), String> {
    let Some(place) = SIGNS.iter().position(|known| *known == name) else {
        return Err(unknown(name, SIGNS.into_iter()));
    };
    let found = Shape::ALL.into_iter().find(|(_, word)| value.as_str() == Some(word));
    let Some((shape, _)) = found else {
        let all = Shape::ALL.map(|(_, word)| word).join(", ");
        return Err(format!("{value} is no shape of a sign; there are {all}"));
    };
    tokens.shapes[place] = shape;
    Ok(())
}

fn colour(tokens: &mut Tokens, shade: Shade, name: &str, value: &toml::Value, anything: bool) -> Result<(), String> {
    let colours = match shade {
        Shade::Light => &mut tokens.light,
        Shade::Dark => &mut tokens.dark,
    };
    if !anything && !colours.contains_key(name) {
        return Err(unknown(name, colours.keys().map(String::as_str)));
    }
    let rgba = hex(value)?;
    colours.insert(name.to_owned(), rgba);
    Ok(())
}

fn size(tokens: &mut Tokens, name: &str, value: &toml::Value, anything: bool) -> Result<(), String> {
    if !anything && !tokens.sizes.contains_key(name) {
        return Err(unknown(name, tokens.sizes.keys().map(String::as_str)));
    }
    let number = value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
    let (low, high) = SIZES;
    let fits = number.map(|number| number as f32).filter(|number| (low..=high).contains(number));
    let Some(fits) = fits else { return Err(format!("`{name}` is a size between {low} and {high}")) };
    tokens.sizes.insert(name.to_owned(), fits);
    Ok(())
}

fn pens(tokens: &mut Tokens, shade: Shade, value: &toml::Value) -> Result<(), String> {
    let list = value.as_array().filter(|list| list.len() == PENS);
    let list = list.ok_or_else(|| format!("`pens` is a list of {PENS} colours"))?;
    for (place, colour) in list.iter().enumerate() {
        tokens.pens[usize::from(shade == Shade::Dark)][place] = hex(colour)?;
    }
    Ok(())
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    match nearest(name, known) {
        Some(near) => format!("a theme has no `{name}`; did you mean `{near}`?"),
        None => format!("a theme has no `{name}`; the tokens are listed in screens/STYLE.md"),
    }
}

/// `#RRGGBB` or `#RRGGBBAA`.
fn hex(value: &toml::Value) -> Result<Rgba, String> {
    let parsed = value.as_str().and_then(|text| text.strip_prefix('#')).and_then(|digits| {
        let number = u32::from_str_radix(digits, 16).ok()?;
        match digits.len() {
            6 => Some((number << 8) | 0xFF),
            8 => Some(number),
            _ => None,
        }
    });
    parsed.map(u32::to_be_bytes).ok_or_else(|| format!("{value} is no colour; it looks like \"#D3D6D9\""))
}
