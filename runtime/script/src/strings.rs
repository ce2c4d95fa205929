//! Functions whose results could be far larger than their inputs, with the limit looked at first; and formatting.

use rhai::{Array, Dynamic, Engine, EvalAltResult, FLOAT, INT, ImmutableString};

use crate::{ScriptError, fixed, limits, memory, run, tidy};

type Done<T> = Result<T, Box<EvalAltResult>>;

/// Rhai's own `replace` makes the whole result before its length is looked at: 16 kB in 16 kB would be 256 MB.
fn replaced(text: &str, find: &str, with: &str) -> Done<ImmutableString> {
    let hits = text.matches(find).count();
    let length = text.len().saturating_add(hits.saturating_mul(with.len()));
    if length > limits::TEXT_BYTES.saturating_add(hits.saturating_mul(find.len())) {
        return Err(ScriptError::raise(format!("replace() would make a text of more than {} bytes", limits::TEXT_BYTES)));
    }
    Ok(text.replace(find, with).into())
}

/// Formatting for values on screens.
pub(crate) fn register(engine: &mut Engine) {
    engine.register_fn("replace", |text: &mut ImmutableString, find: &str, with: &str| -> Done<()> {
        *text = replaced(text, find, with)?;
        Ok(())
    });
    engine.register_fn("replace", |text: &mut ImmutableString, find: &str, with: char| -> Done<()> {
        *text = replaced(text, find, with.encode_utf8(&mut [0; 4]))?;
        Ok(())
    });
    engine.register_fn("replace", |text: &mut ImmutableString, find: char, with: &str| -> Done<()> {
        *text = replaced(text, find.encode_utf8(&mut [0; 4]), with)?;
        Ok(())
    });
    engine.register_fn("replace", |text: &mut ImmutableString, find: char, with: char| -> Done<()> {
        *text = replaced(text, find.encode_utf8(&mut [0; 4]), with.encode_utf8(&mut [0; 4]))?;
        Ok(())
    });
    engine.register_fn("pad", |array: &mut Array, length: INT, item: Dynamic| padded(array, length, &item));
    engine.register_fn("fixed", |x: FLOAT, digits: INT| fixed(x, digits.clamp(0, 15) as u8));
    engine.register_fn("fixed", |x: INT, digits: INT| fixed(x as FLOAT, digits.clamp(0, 15) as u8));
    engine.register_fn("fixed", |x: Dynamic, _: INT| -> Done<String> {
        Err(ScriptError::raise(format!("fixed() needs a number and how many digits, and got a {}", word(&x))))
    });
    engine.register_fn("tidy", |x: FLOAT| tidy(x));
    engine.register_fn("tidy", |x: INT| tidy(x as FLOAT));
    engine.register_fn("duration", |seconds: FLOAT| duration(seconds));
    engine.register_fn("duration", |seconds: INT| duration(seconds as FLOAT));
}

/// Fills an array up, charged for what it makes: Rhai's own would multiply what nobody has touched.
fn padded(array: &mut Array, length: INT, item: &Dynamic) -> Done<()> {
    let length = usize::try_from(length).unwrap_or(0);
    if length > limits::ARRAY_ELEMENTS {
        return Err(ScriptError::raise(format!(
            "pad() would make the array too large; at most {} elements",
            limits::ARRAY_ELEMENTS
        )));
    }
    for _ in array.len()..length {
        run::charge_value(item).map_err(memory::refusal)?;
        array.push(item.clone());
    }
    Ok(())
}

/// What a value is, for messages.
pub(crate) fn word(value: &Dynamic) -> &str {
    crate::error::type_word(value.type_name())
}

/// Seconds as people say them: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`.
fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds.abs() > 1e12 {
        return "–".to_owned();
    }
    let sign = if seconds < 0.0 { "-" } else { "" };
    let whole = libm::round(seconds.abs()) as u64;
    match whole {
        0..60 => format!("{sign}{whole} s"),
        60..3_600 => format!("{sign}{} min", whole / 60),
        3_600..86_400 => format!("{sign}{} h {} min", whole / 3_600, whole % 3_600 / 60),
        _ => format!("{sign}{} d {} h", whole / 86_400, whole % 86_400 / 3_600),
    }
}
