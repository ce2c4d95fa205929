//! Pictures of a project: found out to be harmless before anything draws them.
//!
//! An SVG is a program of sorts: `<use>` can multiply a few lines into billions of shapes, entities into gigabytes, filters
//! into minutes. So it is parsed and counted here, as it would be drawn, and what has no place on a process screen is refused.

use std::collections::HashMap;

use base64::Engine as _;
use roxmltree::{Document, Node, ParsingOptions};

use crate::limits::{
    PICTURE_BYTES as BYTES, PICTURE_DEPTH as DEPTH, PICTURE_ELEMENTS as ELEMENTS, PICTURE_POINTS as POINTS, PICTURE_SIDE as SIDE,
    PICTURES_BYTES as ALL_BYTES,
};

/// A picture that can be drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// Lines and shapes; drawn as sharp as the screen is.
    Svg {
        /// The file's text.
        text: String,
        /// Width and height that it says of itself, in its own units.
        size: (f32, f32),
    },
    /// Pixels.
    Png {
        /// The file's bytes.
        bytes: Vec<u8>,
        /// Width and height, in pixels.
        size: (f32, f32),
    },
}

/// Elements that draw nothing that a process screen needs, or that cost more than they show.
const REFUSED: [(&str, &str); 11] = [
    ("script", "scripts never run in a picture"),
    ("foreignObject", "pages can't be embedded in a picture"),
    ("image", "a picture can't load another one"),
    ("filter", "filters cost too much time to draw; use plain shapes"),
    ("mask", "masks cost too much time to draw; use plain shapes"),
    ("pattern", "patterns cost too much time to draw; use plain shapes"),
    ("text", "letters need a font that consoles don't have; turn them into paths"),
    ("animate", "nothing moves on a screen"),
    ("animateTransform", "nothing moves on a screen"),
    ("animateMotion", "nothing moves on a screen"),
    ("set", "nothing moves on a screen"),
];

impl Picture {
    /// Looks into a file below `images/`; the bytes of a PNG come as base64.
    ///
    /// # Errors
    /// A sentence: why it can't be shown, and what to do.
    pub fn of(file: &str, text: &str) -> Result<Self, String> {
        if text.is_empty() {
            let (one, all) = (BYTES >> 10, ALL_BYTES >> 20);
            return Err(format!(
                "{file} is empty or too large: a picture has at most {one} kB, and all of a project {all} MB; simplify it"
            ));
        }
        match file.rsplit('.').next().map(str::to_ascii_lowercase).as_deref() {
            Some("svg") => svg(text),
            Some("png") => png(text),
            _ => Err(format!("{file} is neither .svg nor .png; pictures on screens are one of these")),
        }
    }

    /// Width and height: pixels of a PNG, units of an SVG.
    pub fn size(&self) -> (f32, f32) {
        match self {
            Self::Svg { size, .. } | Self::Png { size, .. } => *size,
        }
    }
}

/// Pictures as consoles get them beside the screens' files: path below the project and text, the bytes of a PNG as base64.
///
/// What isn't `images/*.svg` or `images/*.png` is left out. Of a file that is too large, or with which all of them would be,
/// only the name is sent: the screen says why it isn't shown.
pub fn picture_files<'a>(assets: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<(String, String)> {
    let mut total = 0;
    let mut files = Vec::new();
    for (path, bytes) in assets.filter(|(path, _)| path.starts_with("images/")) {
        let text = match path.rsplit('.').next().map(str::to_ascii_lowercase).as_deref() {
            Some("svg") => String::from_utf8_lossy(bytes).into_owned(),
            Some("png") => base64::engine::general_purpose::STANDARD.encode(bytes),
            _ => continue,
        };
        let fits = bytes.len() <= BYTES && total + text.len() <= ALL_BYTES;
        total += if fits { text.len() } else { 0 };
        files.push((path.to_owned(), if fits { text } else { String::new() }));
    }
    files
}

fn png(text: &str) -> Result<Picture, String> {
    let bytes =
        base64::engine::general_purpose::STANDARD.decode(text).map_err(|_| "this picture did not arrive whole".to_owned())?;
    if bytes.len() > BYTES {
        return Err(too_large(bytes.len()));
    }
    // Signature, then the header chunk: length, name, width, height (PNG, third edition, 5.2 and 11.2.1).
    let number = |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes);
    if !bytes.starts_with(b"\x89PNG\r\n\x1a\n") || bytes.get(12..16) != Some(b"IHDR") {
        return Err("this is not a PNG, whatever its name says; export it again as PNG or SVG".to_owned());
    }
    match (number(16), number(20)) {
        (Some(w), Some(h)) if (1..=SIDE).contains(&w) && (1..=SIDE).contains(&h) => {
            Ok(Picture::Png { bytes, size: (w as f32, h as f32) })
        }
        (Some(w), Some(h)) => Err(format!("it is {w} x {h} pixels; at most {SIDE} x {SIDE} can be shown: make it smaller")),
        _ => Err("this PNG ends within its first line; export it again".to_owned()),
    }
}

fn too_large(bytes: usize) -> String {
    format!("it has {} kB; at most {} kB can be shown: simplify it", bytes / 1024, BYTES / 1024)
}

fn svg(text: &str) -> Result<Picture, String> {
    if text.len() > BYTES {
        return Err(too_large(text.len()));
    }
    // The tree is only built once the nesting is known to be shallow: parsers go as deep as their text does.
    let depth = nesting(text);
    if depth > DEPTH {
        return Err(format!("its elements are nested {depth} deep; at most {DEPTH} can be drawn: ungroup them"));
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: ELEMENTS as u32 * 4, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => "it has a DOCTYPE, which can multiply text without end: save it as plain \
            SVG"
        .to_owned(),
        roxmltree::Error::NodesLimitReached => format!("it has more than {ELEMENTS} elements: simplify it"),
        other => format!("it isn't an SVG: {other}"),
    })?;
    let root = document.root_element();
    if root.tag_name().name() != "svg" {
        return Err(format!("it isn't an SVG: it begins with <{}>", root.tag_name().name()));
    }
    let ids: HashMap<&str, Node> = root.descendants().filter_map(|node| Some((node.attribute("id")?, node))).collect();
    for node in root.descendants().filter(Node::is_element) {
        allowed(&node)?;
    }
    let mut weights = Weights { ids: &ids, known: HashMap::new() };
    let drawn = weights.of(root, 0)?;
    if drawn > ELEMENTS as u64 {
        return Err(format!("it draws more than {ELEMENTS} shapes once its <use> are carried out: simplify it"));
    }
    size(&root).map(|size| Picture::Svg { text: text.to_owned(), size })
}

/// How deep elements are nested at most, without building anything; comments and quoted `<` can only make it seem deeper.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for piece in text.split('<').skip(1) {
        let tag = piece.split('>').next().unwrap_or("");
        match tag.as_bytes().first() {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b'?' | b'!') | None => {}
            _ if tag.ends_with('/') => deepest = deepest.max(depth + 1),
            _ => {
                depth += 1;
                deepest = deepest.max(depth);
            }
        }
    }
    deepest
}

fn allowed(node: &Node) -> Result<(), String> {
    let name = node.tag_name().name();
    let line = node.document().text_pos_at(node.range().start).row;
    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return Err(format!("<{name}> in its line {line}: {why}"));
    }
    let style = (name == "style").then(|| node.text().unwrap_or_default());
    for value in node.attributes().map(|attribute| attribute.value()).chain(style) {
        if value.contains("@import") || outside(value) {
            return Err(format!(
                "<{name}> in its line {line} refers to something outside of the file; nothing is loaded from there"
            ));
        }
    }
    let reference = node.attributes().find(|attribute| attribute.name() == "href");
    if reference.is_some_and(|reference| !reference.value().trim().starts_with('#') && name != "a") {
        return Err(format!(
            "<{name}> in its line {line} refers to something outside of the file; nothing is loaded from \
            there"
        ));
    }
    let points = node.attribute("d").or(node.attribute("points")).map_or(0, str::len);
    if points > POINTS {
        return Err(format!("<{name}> in its line {line} has {points} letters of outline; at most {POINTS}: simplify it"));
    }
    Ok(())
}

/// `url(...)` that isn't `url(#...)`.
fn outside(value: &str) -> bool {
    value.split("url(").skip(1).any(|rest| !rest.trim_start_matches([' ', '"', '\'']).starts_with('#'))
}

/// How many elements each element draws, its `<use>` carried out.
struct Weights<'a, 'd> {
    ids: &'a HashMap<&'a str, Node<'d, 'd>>,
    known: HashMap<roxmltree::NodeId, u64>,
}

impl<'d> Weights<'_, 'd> {
    fn of(&mut self, node: Node<'d, 'd>, depth: usize) -> Result<u64, String> {
        if let Some(known) = self.known.get(&node.id()) {
            return Ok(*known);
        }
        if depth > DEPTH * 2 {
            return Err("its <use> refer to each other in a circle, or too deep: ungroup it".to_owned());
        }
        let mut weight = 1_u64;
        for child in node.children().filter(Node::is_element) {
            weight = weight.saturating_add(self.of(child, depth + 1)?);
        }
        let references = node.attributes().filter_map(|attribute| match attribute.name() {
            "href" => attribute.value().trim().strip_prefix('#'),
            "clip-path" => attribute.value().trim().strip_prefix("url(#").and_then(|rest| rest.strip_suffix(')')),
            _ => None,
        });
        for reference in references.collect::<Vec<_>>() {
            if let Some(target) = self.ids.get(reference) {
                weight = weight.saturating_add(self.of(*target, depth + 1)?);
            }
        }
        self.known.insert(node.id(), weight);
        Ok(weight)
    }
}

/// Width and height: of the `viewBox`, or else as it says of itself; 100 x 100 where it doesn't.
fn size(root: &Node) -> Result<(f32, f32), String> {
    let numbers = |text: &str| -> Vec<f32> {
        text.split([' ', ',', '\n', '\t'])
            .filter_map(|number| number.parse().ok())
            .filter(|number: &f32| number.is_finite())
            .collect()
    };
    let side = |name: &str| {
        let text = root.attribute(name)?.trim();
        text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse::<f32>().ok().filter(|_| !text.ends_with('%'))
    };
    let given = match root.attribute("viewBox").map(numbers).as_deref() {
        Some([_, _, w, h]) => (*w, *h),
        _ => (side("width").unwrap_or(100.0), side("height").unwrap_or(100.0)),
    };
    match given {
        (w, h) if w > 0.0 && h > 0.0 && w <= 100_000.0 && h <= 100_000.0 => Ok(given),
        (w, h) => Err(format!("it says that it is {w} x {h} units; give it a `viewBox` with a width and a height above 0")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg_of(body: &str) -> String {
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 20 10\">{body}</svg>")
    }

    #[test]
    fn plain_drawings_are_taken() {
        for body in [
            "<path d=\"M0 0L10 10\"/>",
            "<defs><g id=\"a\"><path d=\"M0 0\"/></g></defs><use href=\"#a\"/><use xlink:href=\"#a\" \
                xmlns:xlink=\"http://www.w3.org/1999/xlink\"/>",
            "<linearGradient id=\"g\"/><rect fill=\"url(#g)\" width=\"3\" height=\"3\"/>",
            "<style>path { fill: grey }</style>",
        ] {
            assert_eq!(Picture::of("x.svg", &svg_of(body)).map(|picture| picture.size()), Ok((20.0, 10.0)), "{body}");
        }
    }

    #[test]
    fn whatever_could_hurt_is_refused_in_words() {
        let bomb: String =
            (0..30).map(|i| format!("<g id=\"g{}\"><use href=\"#g{i}\"/><use href=\"#g{i}\"/></g>", i + 1)).collect();
        let many = "<path/>".repeat(ELEMENTS + 1);
        let deep = format!("{}{}", "<g>".repeat(60_000), "</g>".repeat(60_000));
        let long = format!("<path d=\"{}\"/>", "L1 1".repeat(POINTS));
        for (body, words) in [
            (bomb.as_str(), "more than"),
            ("<g id=\"a\"><use href=\"#b\"/></g><g id=\"b\"><use href=\"#a\"/></g>", "circle"),
            (&many, "more than"),
            (&deep, "nested 60001 deep"),
            (&long, "letters of outline"),
            ("<script>alert(1)</script>", "scripts never run"),
            ("<image href=\"data:image/png;base64,AAAA\"/>", "can't load another"),
            ("<use href=\"http://example.com/x.svg#a\"/>", "outside of the file"),
            ("<rect fill=\"url(http://example.com/x)\"/>", "outside of the file"),
            ("<style>@import 'http://example.com/x.css';</style>", "outside of the file"),
            ("<filter id=\"f\"/>", "filters cost"),
            ("<text>words</text>", "turn them into paths"),
            ("<path", "isn't an SVG"),
        ] {
            let refused = Picture::of("x.svg", &svg_of(body)).expect_err("refused");
            assert!(refused.contains(words), "{words}: {refused}");
        }
        let entities = "<!DOCTYPE svg [<!ENTITY a \"aaaaaaaaaa\">]><svg>&a;</svg>";
        for (file, text, words) in [
            ("x.svg", entities, "DOCTYPE"),
            ("x.svg", "no picture at all", "isn't an SVG"),
            ("x.svg", "<html/>", "begins with <html>"),
            ("x.svg", "<svg width=\"0\" height=\"3\"/>", "viewBox"),
            ("x.bmp", "BM", "neither .svg nor .png"),
            ("x.png", "bm9uZQ==", "not a PNG"),
            ("x.png", "***", "did not arrive"),
        ] {
            let refused = Picture::of(file, text).expect_err("refused");
            assert!(refused.contains(words), "{words}: {refused}");
        }
    }

    #[test]
    fn pictures_travel_as_text_and_too_many_only_by_name() {
        let large = vec![b'x'; BYTES];
        let names: Vec<String> = (0..20).map(|i| format!("images/{i}.svg")).collect();
        let many = names.iter().map(|name| (name.as_str(), large.as_slice()));
        let others: [(&str, &[u8]); 3] = [("images/a.png", b"\x89"), ("fonts/x.ttf", b"x"), ("images/x.jpg", b"x")];
        let files = picture_files(others.into_iter().chain(many));
        assert_eq!(files[0], ("images/a.png".to_owned(), "iQ==".to_owned()));
        assert_eq!(files.len(), 21);
        assert!(files.iter().map(|(_, text)| text.len()).sum::<usize>() <= ALL_BYTES);
        assert!(files[20].1.is_empty() && Picture::of("19.svg", "").expect_err("not sent").contains("too large"));
    }

    #[test]
    fn a_png_tells_its_size_before_anything_is_unpacked() {
        let png = |w: u32, h: u32| {
            let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
            bytes.extend(w.to_be_bytes());
            bytes.extend(h.to_be_bytes());
            base64::engine::general_purpose::STANDARD.encode(bytes)
        };
        assert_eq!(Picture::of("x.png", &png(12, 7)).map(|picture| picture.size()), Ok((12.0, 7.0)));
        assert!(Picture::of("x.png", &png(100_000, 100_000)).expect_err("a bomb").contains("make it smaller"));
    }
}
