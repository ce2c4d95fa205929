//! The arguments of a screen function, taken one by one with errors that say what is missing.

use std::any::TypeId;
use std::sync::Arc;

use plantroom_model::{Value, nearest};
use plantroom_script::rhai::{Dynamic, Engine, Map, NativeCallContext};
use plantroom_script::{Closure, Sandbox, ScriptError};

use super::{Done, options::Options, place_of, with};
use crate::computed::{type_word, value_of};
use crate::guide::{self, Function};
use crate::{Place, Point, Prop, Reading, Source, limits};

/// One call of a screen function.
pub(crate) struct Call<'a, 'c> {
    pub function: &'static str,
    /// What the guide says of it: how it is called, and which options it has.
    guide: &'static Function,
    pub context: &'a NativeCallContext<'c>,
    arguments: Vec<Dynamic>,
    pub place: Place,
}

/// Most arguments that any function takes.
const ARGUMENTS: usize = 5;

/// Every function registered in this process, for the test of the guide.
#[cfg(test)]
pub(crate) static OFFERED: std::sync::Mutex<Vec<&str>> = std::sync::Mutex::new(Vec::new());

/// Registers a function of the guide for any number and any types of arguments, so that a wrong call gets our message, not
/// the engine's.
pub(crate) fn offer(engine: &mut Engine, function: &'static str, make: fn(&mut Call) -> Done<Dynamic>) {
    let Some(guide) = guide::function(function) else {
        debug_assert!(false, "{function} isn't in the guide");
        return;
    };
    #[cfg(test)]
    OFFERED.lock().unwrap().push(function);
    for count in 0..=ARGUMENTS {
        engine.register_raw_fn(function, vec![TypeId::of::<Dynamic>(); count], move |context, arguments| {
            let arguments = arguments.iter_mut().map(|argument| argument.flatten_clone()).collect();
            let place = place_of(Sandbox::place(&context));
            make(&mut Call { function, guide, context: &context, arguments, place })
        });
    }
}

impl Call<'_, '_> {
    /// An error about this call, with how it should be called.
    pub fn wrong<T>(&self, what: impl AsRef<str>) -> Done<T> {
        Err(ScriptError::raise(format!("{}() {}; it is called {}", self.function, what.as_ref(), self.guide.usage)))
    }

    /// An error about this call.
    pub fn refuse<T>(&self, what: impl AsRef<str>) -> Done<T> {
        Err(ScriptError::raise(format!("{}() {}", self.function, what.as_ref())))
    }

    /// The argument at a place.
    pub fn take(&mut self, at: usize, name: &str) -> Done<Dynamic> {
        match self.arguments.get_mut(at).map(std::mem::take) {
            Some(value) if !value.is_unit() => Ok(value),
            _ => self.wrong(format!("needs {name}")),
        }
    }

    /// Whether there is an argument that isn't the options at this place.
    pub fn has(&self, at: usize) -> bool {
        self.arguments.get(at).is_some_and(|value| !value.is_map() && !value.is_unit())
    }

    /// Whether there is a map at this place.
    pub fn has_map(&self, at: usize) -> bool {
        self.arguments.get(at).is_some_and(Dynamic::is_map)
    }

    /// Whether there is a text at this place.
    pub fn is_text(&self, at: usize) -> bool {
        self.arguments.get(at).is_some_and(Dynamic::is_string)
    }

    /// The list at a place, if one is there.
    pub fn list(&mut self, at: usize) -> Option<Vec<Dynamic>> {
        self.arguments.get_mut(at).filter(|value| value.is_array()).map(std::mem::take)?.into_array().ok()
    }

    /// The options of a function whose last argument is a block, which was taken before.
    pub fn options_before(&mut self, at: usize) -> Done<Options> {
        self.arguments.truncate(at + 1);
        self.options(at)
    }

    /// No options at all.
    pub fn no_options(&self) -> Options {
        Options::new(Map::new())
    }

    /// A finite number of the screen's units.
    pub fn number(&mut self, at: usize, name: &str) -> Done<f32> {
        let value = self.take(at, name)?;
        self.length(&value, name)
    }

    /// As a finite number of the screen's units.
    pub fn length(&self, value: &Dynamic, name: &str) -> Done<f32> {
        let number = value.as_float().or_else(|_| value.as_int().map(|number| number as f64));
        match number {
            Ok(number) if number.is_finite() && number.abs() <= f64::from(limits::EXTENT) => Ok(number as f32),
            Ok(number) => self.refuse(format!("can't use {number} as {name}; it must lie within {} units", limits::EXTENT)),
            Err(_) => self.wrong(format!("needs a number as {name}, and got a {}", type_word(value))),
        }
    }

    /// A text that isn't empty.
    pub fn text(&mut self, at: usize, name: &str) -> Done<String> {
        let value = self.take(at, name)?;
        match value.into_string() {
            Ok(text) if !text.is_empty() => Ok(text),
            Ok(_) => self.wrong(format!("needs {name}, and got an empty text")),
            Err(_) => self.wrong(format!("needs {name} in quotes")),
        }
    }

    /// The first two arguments: x and y, within the part's own origin.
    pub fn xy(&mut self) -> Done<Point> {
        let (x, y) = (self.number(0, "x")?, self.number(1, "y")?);
        let origin = with(self.function, |build| Ok(build.origin()))?;
        Ok(Point { x: x + origin.x, y: y + origin.y })
    }

    /// The options `#{ ... }` at a place, or none; only those that the guide knows.
    pub fn options(&mut self, at: usize) -> Done<Options> {
        if self.arguments.len() > at + 1 {
            return self.wrong(format!("takes at most {} arguments", at + 1));
        }
        let map = match self.arguments.get_mut(at).map(std::mem::take) {
            None => Map::new(),
            Some(value) if value.is_unit() => Map::new(),
            Some(value) => match value.try_cast_result::<Map>() {
                Ok(map) => map,
                Err(other) => {
                    return self.wrong(format!("needs its options as #{{ ... }}, and got a {}", type_word(&other)));
                }
            },
        };
        for key in map.keys() {
            self.knows(key, &self.guide.option_names().collect::<Vec<_>>(), "")?;
        }
        Ok(Options::new(map))
    }

    /// Refuses an option that isn't among these.
    pub fn knows(&self, key: &str, all: &[&str], whose: &str) -> Done<()> {
        if all.contains(&key) {
            return Ok(());
        }
        let hint = match nearest(key, all.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if all.is_empty() => "it has none".to_owned(),
            None => format!("it has: {}", all.join(", ")),
        };
        self.refuse(format!("has no option `{key}`{whose}; {hint}"))
    }

    /// A block at a place: a closure that is run while the screen is built.
    pub fn block(&mut self, at: usize, name: &str) -> Done<Closure> {
        let value = self.take(at, name)?;
        match self.closure(&value)? {
            Some(closure) => Ok(closure),
            None => self.wrong(format!("needs {name}, and got a {}", type_word(&value))),
        }
    }

    /// A closure, if the value is one.
    pub fn closure(&self, value: &Dynamic) -> Done<Option<Closure>> {
        Sandbox::closure(self.context, value)
    }

    /// A reading: a tag's name, a closure, a constant, or `#{ tag: .., unit: .. }`.
    pub fn reading(&self, value: Dynamic, name: &str) -> Done<Reading> {
        if let Some(closure) = self.closure(&value)? {
            let id = with(self.function, |build| Ok(build.add_closure(closure)))?;
            return Ok(Reading::new(Source::Closure(id)));
        }
        if value.is_string() {
            return self.tag(value.into_string().unwrap_or_default().as_str(), name);
        }
        match value_of(&value) {
            Some(Value::Null) | None => {
                self.wrong(format!("needs a tag's name, a closure or a number as {name}, and got a {}", type_word(&value)))
            }
            Some(constant) => Ok(Reading::constant(constant)),
        }
    }

    /// A reading that follows a tag.
    pub fn tag(&self, tag: &str, name: &str) -> Done<Reading> {
        if tag.is_empty() || tag.len() > plantroom_model::limits::TAG_NAME_BYTES {
            return self.wrong(format!("needs a tag's name as {name}"));
        }
        Ok(Reading::new(Source::Tag(Arc::from(tag))))
    }

    /// Words: a text, a number or a closure.
    pub fn words(&self, value: Dynamic, name: &str) -> Done<Prop<String>> {
        if let Some(closure) = self.closure(&value)? {
            let id = with(self.function, |build| Ok(build.add_closure(closure)))?;
            return Ok(Prop { source: Source::Closure(id), ..Prop::default() });
        }
        match value_of(&value) {
            Some(Value::Text(text)) => Ok(Prop::constant(text.to_string())),
            Some(Value::Float(number)) => Ok(Prop::constant(plantroom_script::tidy(number))),
            Some(Value::Null) | None => {
                self.wrong(format!("needs a text or a closure as {name}, and got a {}", type_word(&value)))
            }
            Some(other) => Ok(Prop::constant(other.to_string())),
        }
    }

    /// True or false: a constant, a tag's name or a closure.
    pub fn flag(&self, value: Dynamic, name: &str, neutral: bool) -> Done<Prop<bool>> {
        if let Some(closure) = self.closure(&value)? {
            let id = with(self.function, |build| Ok(build.add_closure(closure)))?;
            return Ok(Prop { now: neutral, source: Source::Closure(id), status: None });
        }
        if let Ok(flag) = value.as_bool() {
            return Ok(Prop::constant(flag));
        }
        match value.into_string() {
            Ok(tag) if !tag.is_empty() => Ok(Prop { now: neutral, source: Source::Tag(tag.into()), status: None }),
            _ => self.wrong(format!("needs true, false, a tag's name or a closure as {name}")),
        }
    }
}
