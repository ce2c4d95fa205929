//! Checks a project's screens without a station: builds every screen and faceplate over the declared tags.

use std::collections::BTreeSet;
use std::sync::Arc;

use plantroom_model::{Diagnostic, TagSpec, Utc, Value, ValueKind, nearest};

use crate::build::{Kind, Mention};
use crate::event::{Does, named};
use crate::{Action, EventId, Fill, Object, Params, Place, Rect, SampleTags, Scene, Screens, ScriptError, Symbol, TagView};

/// Every mistake that can be found in a project's screens: scripts that fail, tags, screens and parts that don't exist,
/// buttons that write what can't be written, objects outside of their screen.
///
/// `files` are paths below `screens/` and texts, `instances` type and name, `tags` all of the plant's tags.
/// Closures are tried over two sets of made-up values, so a mistake in a branch that neither takes is not found.
pub fn check(files: &[(String, String)], instances: &[(String, String)], tags: &[TagSpec]) -> Vec<Diagnostic> {
    look(files, instances, tags, true)
}

/// The same for a project of which not everything could be read: whether a tag exists, what it holds, and which instances
/// there are, isn't judged.
pub fn check_partial(files: &[(String, String)], instances: &[(String, String)], tags: &[TagSpec]) -> Vec<Diagnostic> {
    look(files, instances, tags, false)
}

fn look(files: &[(String, String)], instances: &[(String, String)], tags: &[TagSpec], is_whole: bool) -> Vec<Diagnostic> {
    let screens = Screens::new(files, instances);
    let mut check = Check {
        tags: SampleTags::new(tags),
        screens: &screens,
        found: crate::assets::check(files),
        faceplates: Vec::new(),
        seen: BTreeSet::new(),
        opened: None,
        is_whole,
    };
    for name in screens.screen_names() {
        match screens.screen_program(name) {
            Some(Ok(program)) => check.scene(screens.built(Kind::Screen, name, program, &Params::new())),
            Some(Err(error)) => check.script(error),
            None => {}
        }
    }
    check.faceplates_of_types(files);
    while let Some(faceplate) = check.faceplates.pop() {
        check.faceplate(faceplate);
    }
    check.opened = None;
    for (_, program) in screens.part_programs() {
        if let Err(error) = program {
            check.script(error);
        }
    }
    check.found
}

struct Check<'a> {
    tags: SampleTags,
    screens: &'a Screens,
    found: Vec<Diagnostic>,
    /// Faceplates still to be built.
    faceplates: Vec<Faceplate>,
    /// Faceplates that were queued once: part, and type of the instance.
    seen: BTreeSet<(String, String)>,
    /// The faceplate that is being looked at, if one is.
    opened: Option<Faceplate>,
    /// All tags and instances of the plant are known.
    is_whole: bool,
}

/// A faceplate for an instance.
#[derive(Clone, Debug)]
struct Faceplate {
    part: String,
    instance: String,
    /// Who opens it: the symbol's call in a screen.
    by: Option<Place>,
}

impl Check<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        if !self.found.contains(&diagnostic) {
            self.found.push(diagnostic);
        }
    }

    fn script(&mut self, error: &ScriptError) {
        let by =
            self.opened.as_ref().filter(|_| is_library(&error.file)).and_then(|opened| Some((opened.by.clone()?, &opened.part)));
        if let Some((by, part)) = by {
            let message = in_library(part, &error.message, error.line);
            return self.report(at(&by, message, String::new()));
        }
        let place = (error.line, error.column);
        self.report(Diagnostic::error(&path(&error.file), place, error.message.clone(), ""));
    }

    /// The faceplate that the project has for a type, for the type's first instance. A faceplate of the library only
    /// counts where something opens it: a type may be called as one by chance.
    fn faceplates_of_types(&mut self, files: &[(String, String)]) {
        for (kind, name) in self.screens.instances() {
            if files.iter().any(|(file, _)| file.strip_prefix("parts/").and_then(|file| file.strip_suffix(".rhai")) == Some(kind))
            {
                self.queue(kind, name, None);
            }
        }
    }

    /// One instance of each type stands for all.
    fn queue(&mut self, part: &str, instance: &str, by: Option<&Place>) {
        let kind = self.screens.instances().iter().find(|(_, known)| known == instance).map_or("", |(kind, _)| kind);
        if self.seen.insert((part.to_owned(), kind.to_owned())) {
            // What opens a faceplate from within the library is the business of whoever has opened that.
            let by = by.filter(|by| !is_library(&by.file)).cloned();
            let by = by.or_else(|| self.opened.as_ref().and_then(|opened| opened.by.clone()));
            self.faceplates.push(Faceplate { part: part.to_owned(), instance: instance.to_owned(), by });
        }
    }

    fn faceplate(&mut self, faceplate: Faceplate) {
        let Faceplate { part, instance, .. } = &faceplate;
        let program = self.screens.part_programs().find(|(name, _)| *name == part).map(|(_, program)| program.clone());
        let built = match &program {
            Some(Ok(program)) => Some(self.screens.built(Kind::Faceplate, part, program, &named(instance))),
            _ => None,
        };
        self.opened = Some(faceplate);
        match program {
            Some(Ok(_)) => built.into_iter().for_each(|built| self.scene(built)),
            Some(Err(error)) => self.script(&error),
            None => {}
        }
    }

    fn scene(&mut self, built: Result<crate::screens::Built, ScriptError>) {
        let (mut scene, mentions) = match built {
            Ok(built) => built,
            Err(error) => return self.script(&error),
        };
        self.mentions(&mentions);
        for high in [false, true] {
            self.tags.fill(if high { Fill::High } else { Fill::Low }, Utc(1));
            scene.update(&self.tags);
            let errors: Vec<ScriptError> = scene.errors().map(|(_, error)| error.clone()).collect();
            for error in errors.iter().filter(|error| !error.message.starts_with("this can't be computed")) {
                self.script(error);
            }
        }
        self.tags_of(&mut scene);
        self.extents(&scene);
        for event in 0..scene.events.len() as u32 {
            self.event(&mut scene, EventId(event));
        }
    }

    fn mentions(&mut self, mentions: &[(Mention, Place)]) {
        for (mention, place) in mentions {
            match mention {
                Mention::Screen(name) if !self.screens.screen_names().any(|known| known == name) => {
                    let help = suggestion(name, self.screens.screen_names(), &format!("it would be screens/{name}.rhai"));
                    self.report(at(place, format!("there is no screen `{name}`"), help));
                }
                Mention::Part(name) if !self.screens.parts().any(|known| known == name) => {
                    // A part that is declared in the file itself is known to `place`, which has failed already otherwise.
                    if !mentions.iter().any(|(other, _)| matches!(other, Mention::Declared(part) if part == name)) {
                        let help = suggestion(name, self.screens.parts(), &format!("it would be screens/parts/{name}.rhai"));
                        self.report(at(place, format!("there is no part `{name}`"), help));
                    }
                }
                Mention::Type(name) if self.is_whole && !self.screens.instances().iter().any(|(kind, _)| kind == name) => {
                    let kinds = self.screens.instances().iter().map(|(kind, _)| kind.as_str());
                    let help = suggestion(name, kinds, "the list is empty");
                    self.report(Diagnostic::warning(
                        &path(&place.file),
                        (place.line, place.column),
                        format!("the plant has no instances of a type `{name}`"),
                        help,
                    ));
                }
                Mention::Screen(_) | Mention::Part(_) | Mention::Type(_) | Mention::Declared(_) => {}
            }
        }
    }

    /// Unknown tags: of bindings at their object's call, of closures at the call that they were given to.
    fn tags_of(&mut self, scene: &mut Scene) {
        let mut unknown: Vec<(Arc<str>, Place)> = Vec::new();
        for object in &mut scene.objects {
            let place = self.caller(object);
            object.each_slot(&mut |slot| {
                let optional = matches!(&slot, crate::slot::Slot::Reading(reading) if reading.optional);
                if let (Some(name), false) = (slot.tag(), optional) {
                    unknown.push((name.clone(), place.clone()));
                }
            });
        }
        for computed in &scene.closures {
            let (line, column) = computed.closure.place();
            let file = computed.closure.file();
            let placed_by = scene.objects.get(computed.object.0 as usize).and_then(|object| object.placed_by.clone());
            let place = match placed_by.filter(|_| is_library(file)) {
                Some(placed_by) => placed_by,
                None => Place { file: file.clone(), line, column },
            };
            let asked = &computed.asked;
            unknown.extend(computed.reads.iter().filter(|name| !asked.contains(name)).map(|name| (name.clone(), place.clone())));
        }
        for (name, place) in unknown {
            self.known(&name, &place);
        }
    }

    /// Where an object is to be mended: where its part was placed, if that is one of the library.
    fn caller(&self, object: &Object) -> Place {
        match &object.placed_by {
            Some(placed_by) if is_library(&object.place.file) => placed_by.clone(),
            _ => object.place.clone(),
        }
    }

    fn known(&mut self, name: &str, place: &Place) -> bool {
        if self.tags.info(name).is_some() {
            return true;
        }
        if !self.is_whole {
            return false;
        }
        let opened = self.opened.as_ref().filter(|_| is_library(&place.file));
        if let Some((part, by)) = opened.and_then(|opened| Some((opened.part.clone(), opened.by.clone()?))) {
            let message = format!("this opens the library's faceplate `{part}`, which needs the tag `{name}`, and there is none");
            let help = format!(
                "{}, or take another faceplate with `faceplate: \"NAME\"` or none with `faceplate: false`; one of your own is \
                 screens/parts/NAME.rhai",
                self.to_add(name)
            );
            self.report(at(&by, message, help));
            return false;
        }
        let add = self.to_add(name);
        let help = match nearest(name, self.tags.names().map(AsRef::as_ref)) {
            Some(near) if self.instance_of(name).is_some() => format!("did you mean `{near}`? Otherwise {add}"),
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{add}, or correct the name"),
        };
        self.report(at(place, format!("there is no tag `{name}`"), help));
        false
    }

    /// The instance that a tag's name would belong to, with its type and the rest of the name.
    fn instance_of<'b>(&self, name: &'b str) -> Option<(String, String, &'b str)> {
        let within = self.screens.instances().iter().filter_map(|(kind, instance)| {
            let rest = name.strip_prefix(instance.as_str())?.strip_prefix('/')?;
            Some((kind.clone(), instance.clone(), rest))
        });
        within.min_by_key(|(_, _, rest)| rest.len())
    }

    /// What to do about a tag that doesn't exist.
    fn to_add(&self, name: &str) -> String {
        match self.instance_of(name) {
            Some((kind, instance, rest)) if kind.starts_with("lib/") => {
                format!("add the tag `{rest}` to `{instance}` (its type `{kind}` comes with Plantroom and has none)")
            }
            Some((kind, instance, rest)) => format!("add the tag `{rest}` to the type `{kind}`, of which `{instance}` is one"),
            None => "declare it in tags/".to_owned(),
        }
    }

    fn extents(&mut self, scene: &Scene) {
        let size = scene.header.size;
        for object in scene.objects.iter().filter(|object| !object.is_left_out()) {
            // The width of words is only estimated: they count from where they start.
            let rect = match &object.symbol {
                Symbol::Text(_) => Rect { w: 0.0, h: 0.0, ..object.rect },
                _ => object.rect,
            };
            if !rect.fits(size) {
                let message = format!(
                    "this {} lies outside of its screen: {}, {} to {}, {} in {} x {}",
                    object.symbol.word(),
                    rect.x,
                    rect.y,
                    rect.x + rect.w,
                    rect.y + rect.h,
                    size.0,
                    size.1
                );
                let place = &object.place;
                let help = "move it, or give the screen another `size`";
                self.report(Diagnostic::warning(&path(&place.file), (place.line, place.column), message, help));
            }
        }
    }

    /// Fires an event over made-up values, and looks at what it asks for.
    fn event(&mut self, scene: &mut Scene, event: EventId) {
        let Some(known) = scene.events.get(event.0 as usize).cloned() else { return };
        if self.is_left_out(scene, event) {
            return;
        }
        let input = match &known.does {
            Does::Write(tag) => {
                let place = self.caller_of(scene, event).unwrap_or_else(|| known.place.clone());
                self.writable(tag, None, &place);
                return;
            }
            Does::Closure(_) => self.input(scene, event),
            Does::Actions(_) => None,
        };
        let place = self.caller_of(scene, event).unwrap_or_else(|| known.place.clone());
        match scene.fire(event, input, &self.tags) {
            Ok(actions) => {
                for action in actions {
                    self.action(&action, &place);
                }
            }
            // What the script itself refuses with `throw` is meant for the operator.
            Err(error) if error.thrown => {}
            Err(error) => self.script(&error),
        }
    }

    /// Where the part was placed whose object fires an event, if that is one of the library.
    fn caller_of(&self, scene: &Scene, event: EventId) -> Option<Place> {
        let fires = |object: &&Object| {
            let own = match &object.symbol {
                Symbol::Button(button) => Some(button.event),
                Symbol::Setpoint(setpoint) => Some(setpoint.event),
                Symbol::Switch(switch) => Some(switch.event),
                _ => None,
            };
            own == Some(event) || object.click == Some(event)
        };
        let object = scene.objects.iter().find(fires)?;
        object.placed_by.clone().filter(|_| is_library(&object.place.file))
    }

    /// Whether it belongs to a control that is not shown in this plant, because its tag is optional and doesn't exist.
    fn is_left_out(&self, scene: &Scene, event: EventId) -> bool {
        let missing =
            |reading: &crate::Reading| reading.optional && reading.tag().is_some_and(|tag| self.tags.info(tag).is_none());
        scene.objects.iter().any(|object| match &object.symbol {
            Symbol::Button(button) => button.event == event && missing(&button.target),
            Symbol::Setpoint(setpoint) => setpoint.event == event && missing(&setpoint.reading),
            Symbol::Switch(switch) => switch.event == event && missing(&switch.target),
            _ => false,
        })
    }

    /// What would be entered: setpoints and selectors give their closures a number.
    fn input(&self, scene: &Scene, event: EventId) -> Option<Value> {
        scene.objects.iter().find_map(|object| match &object.symbol {
            Symbol::Setpoint(setpoint) if setpoint.event == event => Some(Value::Float(1.0)),
            Symbol::Switch(switch) if switch.event == event => Some(Value::Int(1)),
            _ => None,
        })
    }

    fn action(&mut self, action: &Action, place: &Place) {
        match action {
            Action::Request { tag, value, .. } => self.writable(tag, Some(value), place),
            Action::Open { screen, .. } => self.mentions(&[(Mention::Screen(screen.clone()), place.clone())]),
            Action::Faceplate { part, params } => {
                self.mentions(&[(Mention::Part(part.clone()), place.clone())]);
                self.queue(part, params.get("name").and_then(Value::as_text).unwrap_or_default(), Some(place));
            }
            Action::Close => {}
        }
    }

    fn writable(&mut self, tag: &str, value: Option<&Value>, place: &Place) {
        if !self.known(tag, place) {
            return;
        }
        let Some(info) = self.tags.info(tag) else { return };
        if !self.is_whole {
            return;
        }
        if info.write.is_none() {
            let help = "give the tag `write = true` in tags/, or take the control away";
            self.report(at(place, format!("`{tag}` can't be written"), help.to_owned()));
            return;
        }
        let kind = ValueKind::from_u8(info.kind).unwrap_or(ValueKind::Null);
        if let Some(value) = value
            && value.converted(kind).is_none()
        {
            let message = format!("`{tag}` holds a {}, and this writes {value}", kind.word());
            self.report(at(place, message, format!("write a {}", kind.word())));
        }
    }
}

fn at(place: &Place, message: String, help: String) -> Diagnostic {
    Diagnostic::error(&path(&place.file), (place.line, place.column), message, help)
}

/// Whether a script comes with Plantroom.
fn is_library(file: &str) -> bool {
    file.starts_with("library/")
}

/// A mistake that shows in a part of the library, for whoever uses it.
pub(crate) fn in_library(part: &str, message: &str, line: u32) -> String {
    format!(
        "the library's part `{part}` can't be used like this: {message} (line {line} of it; \
         `plantroom screen symbols --part {part}` prints it, and its first lines say what it needs)"
    )
}

fn path(file: &str) -> String {
    format!("screens/{file}")
}

fn suggestion<'a>(word: &str, known: impl Iterator<Item = &'a str>, otherwise: &str) -> String {
    nearest(word, known).map_or_else(|| otherwise.to_owned(), |near| format!("did you mean `{near}`?"))
}
