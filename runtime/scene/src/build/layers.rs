//! `tabs`, `popup`, `repeat`, `image`.

use plantroom_model::nearest;
use plantroom_script::rhai::{Dynamic, Engine, FuncArgs};
use plantroom_script::{Closure, Sandbox};

use super::arguments::{Call, offer};
use super::layout::instances_of;
use super::{Done, with};
use crate::{Image, Layer, Point, Popup, Rect, Symbol, Tabs, Text, TextRole, limits};

pub(super) fn register(engine: &mut Engine) {
    offer(engine, "tabs", tabs);
    offer(engine, "popup", popup);
    offer(engine, "repeat", repeat);
    offer(engine, "image", image);
}

/// Runs a block whose (0, 0) lies at a place, on a layer if one is given.
fn inside(call: &Call, block: &Closure, at: Point, layer: Option<Layer>, arguments: impl FuncArgs) -> Done<()> {
    with(call.function, |build| {
        if let Some(layer) = layer {
            if build.layers.len() >= limits::LAYERS {
                return call.refuse(format!("lies more than {} deep in other tabs and pop-ups", limits::LAYERS));
            }
            build.layers.push(layer);
        }
        build.origins.push((at, call.place.clone()));
        Ok(())
    })?;
    let result = Sandbox::call_inside(call.context, block, arguments);
    with(call.function, |build| {
        build.origins.pop();
        if layer.is_some() {
            build.layers.pop();
        }
        Ok(())
    })?;
    result.map(|_| ())
}

fn tabs(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let given = call.take(2, "its pages")?.into_array().unwrap_or_default();
    if given.is_empty() || given.len() > limits::TABS {
        return call.wrong(format!("needs 1 to {} pages", limits::TABS));
    }
    let mut options = call.options(3)?;
    let rect = options.boxed(call, at, (600.0, 300.0))?;
    let tab_h = options.extent(call, "tab_h", 32.0)?;
    let (mut labels, mut blocks) = (Vec::new(), Vec::new());
    for page in given {
        let pair = page.into_array().unwrap_or_default();
        let [words, block] = pair.as_slice() else {
            return call.wrong("needs each page as [words, || { .. }]");
        };
        labels.push(call.words(words.clone(), "a tab's words")?);
        match call.closure(block)? {
            Some(block) => blocks.push(block),
            None => return call.wrong("needs a block || { .. } as each page"),
        }
    }
    let options = options.without_click(call)?;
    let of = with("tabs", |build| Ok(build.next_object()))?;
    let _done = options.finish(call, rect, Symbol::Tabs(Tabs { labels, tab_h }), "tabs", None)?;
    for (page, block) in blocks.iter().enumerate() {
        inside(call, block, Point { x: at.x, y: at.y + tab_h }, Some(Layer { of, page: page as u32 }), ())?;
    }
    Ok(Dynamic::UNIT)
}

fn popup(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let label = call.take(2, "what it says")?;
    let label = call.words(label, "what it says")?;
    let at_block = if call.has_map(3) { 4 } else { 3 };
    let block = call.block(at_block, "a block || { .. }")?;
    let mut options = if at_block == 4 { call.options_before(3)? } else { call.no_options() };
    let rect = options.boxed(call, at, (120.0, 32.0))?;
    let pair = |value: Option<Dynamic>, key: &str, otherwise: (f32, f32)| match value.map(Dynamic::into_array) {
        None => Ok(otherwise),
        Some(Ok(pair)) if pair.len() == 2 => Ok((call.length(&pair[0], key)?, call.length(&pair[1], key)?)),
        Some(_) => call.refuse(format!("needs two numbers as `{key}`: [280, 200]")),
    };
    let size = pair(options.take("size"), "size", (280.0, 200.0))?;
    if size.0 < 1.0 || size.1 < 1.0 {
        return call.refuse(format!("can't be {} x {} units in `size`; both must be above 0", size.0, size.1));
    }
    let origin = with("popup", |build| Ok(build.origin()))?;
    let corner = match options.take("open_at") {
        Some(value) => {
            let (x, y) = pair(Some(value), "open_at", (0.0, 0.0))?;
            Point { x: x + origin.x, y: y + origin.y }
        }
        None => Point { x: rect.x, y: rect.y + rect.h + 8.0 },
    };
    let options = options.without_click(call)?;
    let of = with("popup", |build| Ok(build.next_object()))?;
    let _done = options.finish(call, rect, Symbol::Popup(Popup { label, size, corner }), "", None)?;
    inside(call, &block, corner, Some(Layer { of, page: 0 }), ())?;
    Ok(Dynamic::UNIT)
}

/// `repeat("pump", "high_lift/*", #{ .. }, |p, i| { .. })`, without the options, or with a list in the place of the type.
fn repeat(call: &mut Call) -> Done<Dynamic> {
    let (names, next) = match call.list(0) {
        Some(list) => (list.into_iter().map(|entry| entry.flatten()).collect::<Vec<_>>(), 1),
        None => {
            let kind = call.text(0, "a type's name or a list")?;
            let (pattern, next) = if call.is_text(1) { (call.text(1, "a pattern of names")?, 2) } else { ("**".to_owned(), 1) };
            (instances_of(call, &kind, &pattern)?, next)
        }
    };
    let (at_options, at_block) = if call.has_map(next) { (Some(next), next + 1) } else { (None, next) };
    let block = call.block(at_block, "a block |name, i| { .. }")?;
    let mut options = match at_options {
        Some(at) => call.options_before(at)?,
        None => call.no_options(),
    };
    let (x, y) = (options.number(call, "x", 0.0)?, options.number(call, "y", 0.0)?);
    let (dx, dy) = (options.number(call, "dx", 160.0)?, options.number(call, "dy", 160.0)?);
    let count = |value: Option<f64>, key: &str| match value {
        None => Ok(usize::MAX),
        Some(number) if number >= 1.0 && number.fract() == 0.0 => Ok(number as usize),
        Some(number) => call.refuse(format!("can't use {number} as `{key}`; it must be a whole number from 1")),
    };
    let across = count(options.real(call, "across")?, "across")?;
    let at_most = count(options.real(call, "at_most")?, "at_most")?;
    let origin = with("repeat", |build| Ok(build.origin()))?;
    let cell = |i: usize| Point { x: origin.x + x + (i % across) as f32 * dx, y: origin.y + y + (i / across) as f32 * dy };
    for (i, name) in names.iter().take(at_most).enumerate() {
        inside(call, &block, cell(i), None, (name.clone(), i as i64))?;
    }
    if names.len() > at_most {
        let words = format!("and {} more that don't fit here", names.len() - at_most);
        let at = cell(at_most);
        let rect = Rect { x: at.x, y: at.y, w: 200.0, h: 18.0 };
        let text = Text { text: crate::Prop::constant(words), role: TextRole::Dim, align: crate::Align::Left };
        return call.no_options().finish(call, rect, Symbol::Text(text), "", None);
    }
    Ok(Dynamic::UNIT)
}

fn image(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let file = call.text(2, "a file below images/")?;
    let mut options = call.options(3)?;
    let picture = with("image", |build| {
        let known = &build.catalogue.pictures;
        Ok(known.get(&file).cloned().unwrap_or_else(|| {
            let help = match nearest(&file, known.keys().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it would be the file images/{file}"),
            };
            Err(format!("there is no picture `{file}`; {help}"))
        }))
    })?;
    let own = picture.as_ref().map_or((160.0, 120.0), |picture| picture.size());
    let (w, h) = (options.maybe_extent(call, "w")?, options.maybe_extent(call, "h")?);
    let (w, h) = match (w, h) {
        (Some(w), Some(h)) => (w, h),
        (Some(w), None) => (w, w * own.1 / own.0),
        (None, Some(h)) => (h * own.0 / own.1, h),
        (None, None) => own,
    };
    let rect = Rect { x: at.x, y: at.y, w, h };
    let tip = file.clone();
    options.finish(call, rect, Symbol::Image(Image { file, picture }), &tip, None)
}
