//! `screen`, `faceplate`, `part`, `place`, `instances`, `panel`, `text`, `navigation`.

use std::sync::Arc;

use plantroom_model::nearest;
use plantroom_script::rhai::{Array, Dynamic, Engine, EvalAltResult, Map};
use plantroom_script::{Closure, Program, ScriptError};

use super::arguments::{Call, offer};
use super::{Done, Kind, Mention, with};
use crate::event::{Does, Event};
use crate::scene::Header;
use crate::{Action, Align, NavEntry, Navigation, Panel, Params, Point, Rect, Symbol, Text, TextRole, limits};

/// What stops a script after `screen(...)` when only its title is wanted.
pub(crate) const HEADER_SEEN: &str = "header seen";

/// A screen's own units if it says nothing: what is left of 1600 x 900 between the console's rows.
pub(crate) const SCREEN_SIZE: (f32, f32) = (1600.0, 730.0);
const FACEPLATE_SIZE: (f32, f32) = (320.0, 380.0);

pub(super) fn register(engine: &mut Engine) {
    offer(engine, "screen", screen);
    offer(engine, "faceplate", faceplate);
    offer(engine, "part", part);
    offer(engine, "place", place);
    offer(engine, "instances", instances);
    offer(engine, "panel", panel);
    offer(engine, "text", text);
    offer(engine, "navigation", navigation);
}

fn size(call: &Call, value: Option<Dynamic>, otherwise: (f32, f32)) -> Done<(f32, f32)> {
    let Some(value) = value else { return Ok(otherwise) };
    let pair = value.into_array().unwrap_or_default();
    let [w, h] = pair.as_slice() else { return call.wrong("needs two numbers as `size`: [1600, 730]") };
    match (call.length(w, "width")?, call.length(h, "height")?) {
        (w, h) if w >= 50.0 && h >= 50.0 => Ok((w, h)),
        (w, h) => call.refuse(format!("can't be {w} x {h} units; at least 50 x 50")),
    }
}

/// `[1256, 236]`.
fn corner_of(call: &Call, value: Dynamic) -> Done<Point> {
    let pair = value.into_array().unwrap_or_default();
    let [x, y] = pair.as_slice() else { return call.wrong("needs two numbers as `faceplates`: [1256, 236]") };
    Ok(Point { x: call.length(x, "x")?, y: call.length(y, "y")? })
}

fn screen(call: &mut Call) -> Done<Dynamic> {
    let title = call.text(0, "a title")?;
    let mut options = call.options(1)?;
    let level = options.real(call, "level")?.unwrap_or(2.0);
    if !(1.0..=4.0).contains(&level) {
        return call.refuse(format!("can't be of level {level}; levels are 1 overview, 2 unit, 3 detail, 4 support (ISA-101)"));
    }
    let parent = options.text(call, "parent")?;
    let subtitle = options.text(call, "subtitle")?.unwrap_or_default();
    let size = size(call, options.take("size"), SCREEN_SIZE)?;
    let faceplates = options.take("faceplates").map(|corner| corner_of(call, corner)).transpose()?;
    let only = with("screen", |build| {
        if build.kind == Kind::Faceplate {
            return call.refuse("is for files in screens/; a faceplate in parts/ calls faceplate(title)");
        }
        if let Some(parent) = &parent {
            build.mention(Mention::Screen(parent.clone()), &call.place);
        }
        let (name, place) = (build.name.clone(), call.place.clone());
        let header = Header { name, title, subtitle, level: level as u8, parent, size, faceplates, place };
        set_header(build, header, call)?;
        Ok(build.kind == Kind::HeaderOnly)
    })?;
    if only { Err(ScriptError::raise(HEADER_SEEN)) } else { Ok(Dynamic::UNIT) }
}

fn faceplate(call: &mut Call) -> Done<Dynamic> {
    let title = call.text(0, "a title")?;
    let mut options = call.options(1)?;
    let subtitle = options.text(call, "subtitle")?.unwrap_or_default();
    let size = size(call, options.take("size"), FACEPLATE_SIZE)?;
    let close_gaps = options.bool(call, "close_gaps", true)?;
    with("faceplate", |build| {
        if build.kind != Kind::Faceplate {
            return call.refuse("is for files in parts/ that open as a window; a screen calls screen(title)");
        }
        let (name, place) = (build.name.clone(), call.place.clone());
        let header = Header { name, title, subtitle, level: 0, parent: None, size, faceplates: None, place };
        build.close_gaps = close_gaps;
        set_header(build, header, call)
    })?;
    Ok(Dynamic::UNIT)
}

fn set_header(build: &mut super::Build, header: Header, call: &Call) -> Done<()> {
    if !build.objects.is_empty() || build.header.is_some() {
        return call.refuse("comes first, and once");
    }
    build.header = Some(header);
    Ok(())
}

fn part(call: &mut Call) -> Done<Dynamic> {
    let name = call.text(0, "a name")?;
    let value = call.take(1, "a closure")?;
    let Some(closure) = call.closure(&value)? else { return call.wrong("needs a closure |params| { ... }") };
    with("part", |build| {
        build.mention(Mention::Declared(name.clone()), &call.place);
        Ok(build.parts.insert(name, closure))
    })?;
    Ok(Dynamic::UNIT)
}

enum Found {
    Inline(Closure),
    File(Arc<Program>),
}

fn place(call: &mut Call) -> Done<Dynamic> {
    let name = call.text(0, "a part's name")?;
    let (x, y) = (call.number(1, "x")?, call.number(2, "y")?);
    let params = match call.has_map(3) {
        true => call.take(3, "params")?.try_cast::<Map>().unwrap_or_default(),
        false if call.has(3) => return call.wrong("needs its parameters as #{ ... }"),
        false => Map::new(),
    };
    // A closure among the parameters belongs to this file, and the part to another: it travels with its file.
    let mut given = Map::new();
    for (key, value) in params {
        let value = call.closure(&value)?.map_or(value, Closure::into_dynamic);
        given.insert(key, value);
    }
    let found = with("place", |build| {
        build.mention(Mention::Part(name.clone()), &call.place);
        let found = match build.parts.get(&name) {
            Some(closure) => Found::Inline(closure.clone()),
            None => match build.catalogue.part(&name) {
                Some(Ok(program)) => Found::File(program.clone()),
                Some(Err(error)) => return Err(error.clone().carried(plantroom_script::rhai::Position::NONE)),
                None => return call.refuse(missing_part(&name, build)),
            },
        };
        let origin = build.origin();
        build.origins.push((Point { x: origin.x + x, y: origin.y + y }, call.place.clone()));
        Ok(found)
    })?;
    let result = match found {
        Found::Inline(closure) => plantroom_script::Sandbox::call_inside(call.context, &closure, (given,)),
        Found::File(program) => {
            plantroom_script::Sandbox::run_inside(call.context, &program, vec![("params", Dynamic::from_map(given))])
        }
    };
    with("place", |build| Ok(build.origins.pop()))?;
    result.map_err(|error| at_caller(call, &name, error)).map(|_| Dynamic::UNIT)
}

/// What goes wrong in a part of the library is told where it was placed: nobody can mend the library's file.
fn at_caller(call: &Call, name: &str, error: Box<EvalAltResult>) -> Box<EvalAltResult> {
    let EvalAltResult::ErrorRuntime(value, _) = &*error else { return error };
    let Some(inner) = value.read_lock::<ScriptError>().filter(|inner| inner.file.starts_with("library/")) else {
        return error;
    };
    let message = crate::check::in_library(name, &inner.message, inner.line);
    let place = &call.place;
    ScriptError::new(&place.file, (place.line, place.column), message).carried(plantroom_script::rhai::Position::NONE)
}

fn missing_part(name: &str, build: &super::Build) -> String {
    let known = build.parts.keys().map(String::as_str).chain(build.catalogue.part_names());
    match nearest(name, known) {
        Some(near) => format!("finds no part `{name}`; did you mean `{near}`?"),
        None => format!("finds no part `{name}`; it would be the file screens/parts/{name}.rhai"),
    }
}

fn instances(call: &mut Call) -> Done<Dynamic> {
    let kind = call.text(0, "a type's name")?;
    let pattern = if call.has(1) { call.text(1, "a pattern of names")? } else { "**".to_owned() };
    instances_of(call, &kind, &pattern).map(Dynamic::from_array)
}

/// The names of a type's instances.
pub(super) fn instances_of(call: &Call, kind: &str, pattern: &str) -> Done<Array> {
    with(call.function, |build| {
        build.mention(Mention::Type(kind.to_owned()), &call.place);
        let all = build.catalogue.instances.iter();
        let names = all.filter(|(of, name)| of == kind && plantroom_script::fits(pattern, name));
        Ok(names.map(|(_, name)| Dynamic::from(name.clone())).collect())
    })
}

fn panel(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let mut options = call.options(2)?;
    let rect = options.boxed(call, at, (300.0, 200.0))?;
    let label = options.words(call, "label", "")?;
    options.finish(call, rect, Symbol::Panel(Panel { label }), "", None)
}

fn text(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let value = call.take(2, "words")?;
    let mut options = call.options(3)?;
    let text = call.words(value, "words")?;
    let roles = [
        ("title", TextRole::Title),
        ("heading", TextRole::Heading),
        ("body", TextRole::Body),
        ("dim", TextRole::Dim),
        ("state", TextRole::State),
    ];
    let role = options.word(call, "role", &roles, TextRole::Body)?;
    let aligns = [("left", Align::Left), ("centre", Align::Centre), ("right", Align::Right)];
    let align = options.word(call, "align", &aligns, Align::Left)?;
    let height = match role {
        TextRole::Title => 26.0,
        TextRole::Heading => 19.0,
        TextRole::Body | TextRole::Dim | TextRole::State => 18.0,
    };
    // About how wide it gets; only the check and screen readers go by it.
    let w = (text.now.chars().count() as f32 * height * 0.42).round();
    let x = match align {
        Align::Left => at.x,
        Align::Centre => at.x - (w / 2.0).round(),
        Align::Right => at.x - w,
    };
    let rect = Rect { x, y: at.y, w, h: height };
    options.finish(call, rect, Symbol::Text(Text { text, role, align }), "", None)
}

fn navigation(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let mut options = call.options(2)?;
    let rect = options.boxed(call, at, (800.0, 30.0))?;
    let entries = with("navigation", |build| {
        let (catalogue, name) = (build.catalogue.clone(), build.name.clone());
        Ok(entries(build, &catalogue.relatives(&name), call))
    })?;
    options.finish(call, rect, Symbol::Navigation(Navigation { entries }), "navigation", None)
}

/// Tabs with an event each.
fn entries(build: &mut super::Build, relatives: &[(String, String, crate::Relation)], call: &Call) -> Vec<NavEntry> {
    relatives
        .iter()
        .map(|(screen, title, relation)| {
            let does = Does::Actions(vec![Action::Open { screen: screen.clone(), params: Params::new() }]);
            let event = build.add_event(Event { place: call.place.clone(), label: title.clone(), does });
            NavEntry { screen: screen.clone(), title: title.clone(), relation: *relation, event }
        })
        .take(limits::CHOICES)
        .collect()
}
