//! Maths that gives the same bits on every machine: `libm` instead of the platform's own.

use rhai::{Engine, FLOAT, INT};

type One = fn(FLOAT) -> FLOAT;
type Two = fn(FLOAT, FLOAT) -> FLOAT;

const ONE: &[(&str, One)] = &[
    ("sin", libm::sin),
    ("cos", libm::cos),
    ("tan", libm::tan),
    ("asin", libm::asin),
    ("acos", libm::acos),
    ("atan", libm::atan),
    ("sinh", libm::sinh),
    ("cosh", libm::cosh),
    ("tanh", libm::tanh),
    ("asinh", libm::asinh),
    ("acosh", libm::acosh),
    ("atanh", libm::atanh),
    ("sqrt", libm::sqrt),
    ("exp", libm::exp),
    ("ln", libm::log),
    ("log", libm::log10),
    ("log10", libm::log10),
    ("floor", libm::floor),
    ("ceiling", libm::ceil),
    ("round", libm::round),
    ("to_float", |x| x),
];

const TWO: &[(&str, Two)] = &[
    ("pow", libm::pow),
    ("atan2", libm::atan2),
    ("atan", libm::atan2),
    ("hypot", libm::hypot),
    ("log", |x, base| libm::log(x) / libm::log(base)),
    ("min", |a, b| if b < a { b } else { a }),
    ("max", |a, b| if b > a { b } else { a }),
];

/// Each function takes whole numbers as well as numbers.
pub(crate) fn register(engine: &mut Engine) {
    for &(name, function) in ONE {
        engine.register_fn(name, move |x: FLOAT| function(x));
        engine.register_fn(name, move |x: INT| function(x as FLOAT));
    }
    for &(name, function) in TWO {
        engine.register_fn(name, move |a: FLOAT, b: FLOAT| function(a, b));
        engine.register_fn(name, move |a: INT, b: FLOAT| function(a as FLOAT, b));
        engine.register_fn(name, move |a: FLOAT, b: INT| function(a, b as FLOAT));
        if name != "min" && name != "max" {
            engine.register_fn(name, move |a: INT, b: INT| function(a as FLOAT, b as FLOAT));
        }
    }
    engine.register_fn("min", |a: INT, b: INT| a.min(b));
    engine.register_fn("max", |a: INT, b: INT| a.max(b));
    engine.register_fn("clamp", |x: FLOAT, low: FLOAT, high: FLOAT| {
        if x < low {
            low
        } else if x > high {
            high
        } else {
            x
        }
    });
    engine.register_fn("clamp", |x: INT, low: INT, high: INT| {
        if x < low {
            low
        } else if x > high {
            high
        } else {
            x
        }
    });
}
