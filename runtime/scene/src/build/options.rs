//! The options `#{ ... }` of a screen function.

use plantroom_model::LimitSet;
use plantroom_script::rhai::{Dynamic, Map};

use super::{Call, Done, Mention, with};
use crate::computed::type_word;
use crate::event::{Does, Event, named, params_of};
use crate::{Action, Direction, EventId, Object, Params, Point, Prop, Reading, Rect, Source, Symbol, limits};

pub(crate) struct Options {
    map: Map,
}

/// What a symbol of an instance opens when it is clicked.
pub(crate) struct Instance<'a> {
    /// The faceplate.
    pub part: &'a str,
    pub name: &'a str,
    /// What it is called on the screen; may be empty.
    pub label: String,
}

impl Instance<'_> {
    fn params(self) -> Params {
        let mut params = named(self.name);
        if !self.label.is_empty() {
            params.insert("label".to_owned(), plantroom_model::Value::Text(self.label.into()));
        }
        params
    }
}

impl Options {
    pub fn new(map: Map) -> Self {
        Self { map }
    }

    /// An option that was given and isn't `()`.
    pub fn take(&mut self, key: &str) -> Option<Dynamic> {
        self.map.remove(key).map(Dynamic::flatten).filter(|value| !value.is_unit())
    }

    pub fn number(&mut self, call: &Call, key: &str, otherwise: f32) -> Done<f32> {
        self.take(key).map_or(Ok(otherwise), |value| call.length(&value, key))
    }

    /// A width, height or thickness: above 0.
    pub fn extent(&mut self, call: &Call, key: &str, otherwise: f32) -> Done<f32> {
        match self.number(call, key, otherwise)? {
            number if number > 0.0 => Ok(number),
            number => call.refuse(format!("can't be {number} units in `{key}`; it must be above 0")),
        }
    }

    /// As [`Self::extent`], where it was given.
    pub fn maybe_extent(&mut self, call: &Call, key: &str) -> Done<Option<f32>> {
        if self.map.contains_key(key) { self.extent(call, key, 1.0).map(Some) } else { Ok(None) }
    }

    /// Some of the options, to be used more than once.
    pub fn copy_of(&self, keys: &[&str]) -> Self {
        let chosen = self.map.iter().filter(|(key, _)| keys.contains(&key.as_str()));
        Self { map: chosen.map(|(key, value)| (key.clone(), value.clone())).collect() }
    }

    pub fn real(&mut self, call: &Call, key: &str) -> Done<Option<f64>> {
        self.take(key).map(|value| real(call, &value, key)).transpose()
    }

    pub fn bool(&mut self, call: &Call, key: &str, otherwise: bool) -> Done<bool> {
        self.maybe_bool(call, key).map(|given| given.unwrap_or(otherwise))
    }

    pub fn maybe_bool(&mut self, call: &Call, key: &str) -> Done<Option<bool>> {
        match self.take(key).map(|value| (value.as_bool(), value)) {
            None => Ok(None),
            Some((Ok(flag), _)) => Ok(Some(flag)),
            Some((Err(_), value)) => call.refuse(format!("needs true or false as `{key}`, and got a {}", type_word(&value))),
        }
    }

    pub fn text(&mut self, call: &Call, key: &str) -> Done<Option<String>> {
        match self.take(key).map(Dynamic::into_string) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(found)) => call.refuse(format!("needs a text as `{key}`, and got a {found}")),
        }
    }

    /// One of some words.
    pub fn word<T: Copy>(&mut self, call: &Call, key: &str, words: &[(&str, T)], otherwise: T) -> Done<T> {
        let Some(given) = self.text(call, key)? else { return Ok(otherwise) };
        match words.iter().find(|(word, _)| *word == given) {
            Some((_, meaning)) => Ok(*meaning),
            None => {
                let all: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                call.refuse(format!("doesn't know \"{given}\" as `{key}`; it may be {}", all.join(", ")))
            }
        }
    }

    pub fn direction(&mut self, call: &Call) -> Done<Direction> {
        let words = [("right", Direction::Right), ("left", Direction::Left), ("up", Direction::Up), ("down", Direction::Down)];
        self.word(call, "facing", &words, Direction::Right)
    }

    pub fn words(&mut self, call: &Call, key: &str, otherwise: &str) -> Done<Prop<String>> {
        match self.take(key) {
            Some(value) => call.words(value, key),
            None => Ok(Prop::constant(otherwise.to_owned())),
        }
    }

    pub fn flag(&mut self, call: &Call, key: &str, otherwise: bool, neutral: bool) -> Done<Prop<bool>> {
        match self.take(key) {
            Some(value) => call.flag(value, key, neutral),
            None => Ok(Prop::constant(otherwise)),
        }
    }

    /// A reading from an option; not present where it wasn't given.
    pub fn reading(&mut self, call: &Call, key: &str) -> Done<Reading> {
        match self.take(key) {
            Some(value) => call.reading(value, key),
            None => Ok(Reading::absent()),
        }
    }

    /// A reading from an option, or else of this tag if the plant has it. `false` switches it off.
    pub fn reading_or(&mut self, call: &Call, key: &str, tag: &str) -> Done<Reading> {
        match self.take(key) {
            Some(value) if value.as_bool() == Ok(false) => Ok(Reading::absent()),
            Some(value) => call.reading(value, key),
            None => Ok(Reading { optional: true, ..call.tag(tag, key)? }),
        }
    }

    /// What the script says of a reading in the place of its tag's own facts.
    pub fn facts(&mut self, call: &Call, reading: &mut Reading) -> Done<()> {
        reading.optional |= self.bool(call, "optional", false)?;
        reading.overrides.unit = self.text(call, "unit")?;
        reading.overrides.decimals = self.real(call, "decimals")?.map(|digits| digits.clamp(0.0, 15.0) as u8);
        reading.overrides.range = self.range(call, "range")?;
        reading.overrides.states = self.states(call, "states")?;
        if let Some(value) = self.take("limits") {
            reading.overrides.limits = Some(limit_set(call, value)?);
        }
        if reading.source == Source::Constant {
            reading.facts = reading.overrides.over(&reading.facts);
        }
        Ok(())
    }

    /// Two numbers, the lower one first.
    pub fn range(&mut self, call: &Call, key: &str) -> Done<Option<(f64, f64)>> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let pair: Vec<_> = value.into_array().unwrap_or_default();
        match pair.as_slice() {
            [low, high] => match (real(call, low, key)?, real(call, high, key)?) {
                (low, high) if low < high => Ok(Some((low, high))),
                (low, high) => call.refuse(format!("can't use [{low}, {high}] as `{key}`: the lower number comes first")),
            },
            _ => call.refuse(format!("needs two numbers as `{key}`: [0, 100]")),
        }
    }

    /// Words for numbers: `["stopped", "running"]`, counted from 0.
    pub fn states(&mut self, call: &Call, key: &str) -> Done<Option<Vec<(i64, String)>>> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let array = value.into_array().unwrap_or_default();
        if array.is_empty() || array.len() > limits::CHOICES {
            return call.refuse(format!("needs up to {} words as `{key}`: [\"off\", \"on\"]", limits::CHOICES));
        }
        let words = array.into_iter().enumerate().map(|(number, word)| match word.into_string() {
            Ok(word) => Ok((number as i64, word)),
            Err(_) => call.refuse(format!("needs words in quotes as `{key}`")),
        });
        words.collect::<Done<_>>().map(Some)
    }

    /// A map of parameters for a screen or faceplate.
    pub fn params(&mut self, call: &Call) -> Done<Params> {
        match self.take("params") {
            None => Ok(Params::new()),
            Some(value) => match value.try_cast_result::<Map>() {
                Ok(map) => params_of(&map),
                Err(other) => call.refuse(format!("needs a map as `params`, and got a {}", type_word(&other))),
            },
        }
    }

    /// What a click does: an own closure, another screen, or a faceplate (by default `faceplate`, for instance `name`).
    /// `given` are parameters that come along in any case.
    pub fn click(&mut self, call: &Call, label: &str, default: Option<Instance>, given: Params) -> Done<Option<EventId>> {
        let mut params = given;
        params.extend(self.params(call)?);
        let does = if let Some(value) = self.take("on_click") {
            match call.closure(&value)? {
                Some(closure) => Does::Closure(closure),
                None => return call.refuse("needs a closure as `on_click`: |op| op.request(...)"),
            }
        } else if let Some(screen) = self.text(call, "open")? {
            with(call.function, |build| {
                build.mention(Mention::Screen(screen.clone()), &call.place);
                Ok(())
            })?;
            Does::Actions(vec![Action::Open { screen, params }])
        } else {
            let given = self.take("faceplate");
            if given.as_ref().is_some_and(|value| value.as_bool() == Ok(false)) {
                return Ok(None);
            }
            let part = match (given.map(Dynamic::into_string), &default) {
                (Some(Ok(part)), _) => part,
                (Some(Err(_)), _) => return call.refuse("needs a part's name in quotes, or false, as `faceplate`"),
                (None, Some(instance)) => instance.part.to_owned(),
                (None, None) => return Ok(None),
            };
            let mut given = default.map(Instance::params).unwrap_or_default();
            given.extend(params);
            with(call.function, |build| {
                build.mention(Mention::Part(part.clone()), &call.place);
                Ok(())
            })?;
            Does::Actions(vec![Action::Faceplate { part, params: given }])
        };
        let event = Event { place: call.place.clone(), label: label.to_owned(), does };
        with(call.function, |build| Ok(Some(build.add_event(event))))
    }

    /// Adds the object with the options that all of them have. `instance`: the faceplate and instance of a click.
    pub fn finish(mut self, call: &Call, rect: Rect, symbol: Symbol, tip: &str, instance: Option<Instance>) -> Done<Dynamic> {
        let visible = self.flag(call, "visible", true, true)?;
        let tip = self.text(call, "tip")?.unwrap_or_else(|| tip.to_owned());
        let click = self.click(call, &tip, instance, Params::new())?;
        with(call.function, |build| {
            let (id, placed_by) = (build.next_object(), build.origins.first().map(|(_, place)| place.clone()));
            let layer = build.layers.last().copied();
            let place = call.place.clone();
            build.add_object(Object { id, place, placed_by, rect, symbol, layer, visible, click, tip, error: None })
        })?;
        Ok(Dynamic::UNIT)
    }

    /// For objects that carry an event of their own: a second one can't be given.
    pub fn without_click(self, call: &Call) -> Done<Self> {
        match ["on_click", "open", "faceplate", "params"].into_iter().find(|key| self.map.contains_key(*key)) {
            Some(key) => call.refuse(format!("does something of its own when it is pressed, so it can't have `{key}` as well")),
            None => Ok(self),
        }
    }

    /// A box whose top left corner is given.
    pub fn boxed(&mut self, call: &Call, at: Point, (w, h): (f32, f32)) -> Done<Rect> {
        Ok(Rect { x: at.x, y: at.y, w: self.extent(call, "w", w)?, h: self.extent(call, "h", h)? })
    }
}

fn real(call: &Call, value: &Dynamic, key: &str) -> Done<f64> {
    match value.as_float().or_else(|_| value.as_int().map(|number| number as f64)) {
        Ok(number) if number.is_finite() => Ok(number),
        _ => call.refuse(format!("needs a number as `{key}`, and got a {}", type_word(value))),
    }
}

/// `#{ high: 90, low: 10 }`.
fn limit_set(call: &Call, value: Dynamic) -> Done<LimitSet> {
    let Some(map) = value.try_cast::<Map>() else {
        return call.refuse("needs a map as `limits`: #{ high: 90, low: 10 }");
    };
    let mut set = LimitSet::default();
    for (key, limit) in &map {
        let place = match key.as_str() {
            "high_high" => &mut set.high_high,
            "high" => &mut set.high,
            "low" => &mut set.low,
            "low_low" => &mut set.low_low,
            other => return call.refuse(format!("has no limit `{other}`; limits are high_high, high, low and low_low")),
        };
        *place = Some(real(call, limit, key)?);
    }
    Ok(set)
}
