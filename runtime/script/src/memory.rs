//! How much a value holds, what closures captured included; and the charge for touching it.

use rhai::{Dynamic, Engine, EvalAltResult, FnPtr};

use crate::{ScriptError, limits, run};

/// Why a value is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooMuch {
    /// Arrays, maps and closures hold one another too deep, or in a circle.
    Nested,
    /// More bytes than there were left.
    Large,
}

/// Bytes of a value's own place.
const PLACE_BYTES: u64 = 16;
/// Bytes that a text, array, map entry or closure takes beside what is in it.
const HEAP_BYTES: u64 = 48;

/// About how many bytes a value holds, at most `most`.
pub(crate) fn size(value: &Dynamic, most: u64) -> Result<u64, TooMuch> {
    let mut left = most;
    measure(value, limits::NESTING, &mut left)?;
    Ok(most - left)
}

fn measure(value: &Dynamic, levels: usize, left: &mut u64) -> Result<(), TooMuch> {
    let levels = levels.checked_sub(1).ok_or(TooMuch::Nested)?;
    *left = left.checked_sub(PLACE_BYTES).ok_or(TooMuch::Large)?;
    if value.is_shared() {
        // A value that is being changed at this moment can't be read; it is charged when it is next touched.
        return match value.read_lock::<Dynamic>() {
            Some(inner) if !inner.is_shared() => measure(&inner, levels, left),
            _ => Ok(()),
        };
    }
    if value.is_int() || value.is_float() || value.is_bool() || value.is_unit() {
        return Ok(());
    }
    *left = left.checked_sub(HEAP_BYTES).ok_or(TooMuch::Large)?;
    if let Ok(text) = value.as_immutable_string_ref() {
        *left = left.checked_sub(text.len() as u64).ok_or(TooMuch::Large)?;
    } else if let Ok(array) = value.as_array_ref() {
        array.iter().try_for_each(|element| measure(element, levels, left))?;
    } else if let Ok(map) = value.as_map_ref() {
        for (key, element) in map.iter() {
            *left = left.checked_sub(HEAP_BYTES + key.len() as u64).ok_or(TooMuch::Large)?;
            measure(element, levels, left)?;
        }
    } else if let Some(closure) = value.read_lock::<FnPtr>() {
        closure.iter_curry().try_for_each(|captured| measure(captured, levels, left))?;
    }
    Ok(())
}

/// A value on its own: nothing in it is shared with a variable of the script any more.
/// That is what makes `for p in pumps { text(0, 0, || p) }` show each pump and not the last one.
pub(crate) fn detached(value: Dynamic, levels: usize) -> Result<Dynamic, TooMuch> {
    let levels = levels.checked_sub(1).ok_or(TooMuch::Nested)?;
    let value = value.flatten();
    if let Some(closure) = value.read_lock::<FnPtr>().map(|closure| closure.clone()) {
        let mut closure = closure;
        for captured in closure.iter_curry_mut() {
            *captured = detached(captured.flatten_clone(), levels)?;
        }
        return Ok(Dynamic::from(closure));
    }
    if value.is_array() {
        let array = value.into_array().unwrap_or_default();
        let array: Result<rhai::Array, _> = array.into_iter().map(|element| detached(element, levels)).collect();
        return array.map(Dynamic::from_array);
    }
    if value.is_map() {
        let map = value.try_cast::<rhai::Map>().unwrap_or_default();
        let map: Result<rhai::Map, _> = map.into_iter().map(|(key, element)| Ok((key, detached(element, levels)?))).collect();
        return map.map(Dynamic::from_map);
    }
    Ok(value)
}

pub(crate) fn refusal(why: TooMuch) -> Box<EvalAltResult> {
    ScriptError::fatal(match why {
        TooMuch::Nested => {
            format!("arrays, maps or closures hold one another more than {} deep, or in a circle", limits::NESTING)
        }
        TooMuch::Large => "the script uses too much memory; large arrays or maps are copied too often".to_owned(),
    })
}

/// Charges each touched variable that holds more than a single value.
#[expect(deprecated, reason = "Rhai marks on_var as volatile, not as going away; its version is pinned in Cargo.lock")]
pub(crate) fn register(engine: &mut Engine) {
    engine.on_var(|name, _, context| {
        let Some(value) = context.scope().get(name) else { return Ok(None) };
        if value.is_int() || value.is_float() || value.is_bool() || value.is_unit() {
            return Ok(None);
        }
        run::charge_value(value).map_err(refusal)?;
        Ok(None)
    });
}
