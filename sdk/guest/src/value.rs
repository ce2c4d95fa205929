//! What a tag holds, and Rust's types for it.

use std::fmt;

use crate::{Error, Result};

/// The kinds of value, with their numbers in the contract's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ValueKind {
    /// No value.
    Null = 0,
    /// True or false.
    Bool = 1,
    /// Signed 64-bit integer.
    Int = 2,
    /// Unsigned 64-bit integer.
    Uint = 3,
    /// IEEE 754 binary64.
    Float = 4,
    /// UTF-8 text, at most 4,096 bytes.
    Text = 5,
}

impl ValueKind {
    /// The kind with this number.
    pub fn from_u8(number: u8) -> Option<Self> {
        [Self::Null, Self::Bool, Self::Int, Self::Uint, Self::Float, Self::Text].into_iter().find(|kind| *kind as u8 == number)
    }

    /// The kind with this word in tag files and in the init document.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Null, Self::Bool, Self::Int, Self::Uint, Self::Float, Self::Text].into_iter().find(|kind| kind.word() == word)
    }

    /// The word in tag files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Float => "float",
            Self::Text => "text",
        }
    }
}

/// A typed value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// Signed integer.
    Int(i64),
    /// Unsigned integer.
    Uint(u64),
    /// Floating point.
    Float(f64),
    /// Text, at most 4,096 bytes.
    Text(String),
}

impl Value {
    /// As a number; booleans count as 0 and 1, text and no value aren't one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Bool(v) => Some(f64::from(u8::from(*v))),
            Self::Int(v) => Some(*v as f64),
            Self::Uint(v) => Some(*v as f64),
            Self::Float(v) => Some(*v),
            Self::Null | Self::Text(_) => None,
        }
    }

    /// As a whole number, if it is one (5.0 is).
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Bool(v) => Some(i64::from(*v)),
            Self::Int(v) => Some(*v),
            Self::Uint(v) => i64::try_from(*v).ok(),
            // 2^63 is exact in binary64.
            Self::Float(v) if v.fract() == 0.0 && (-9.223_372_036_854_776e18..9.223_372_036_854_776e18).contains(v) => {
                Some(*v as i64)
            }
            _ => None,
        }
    }

    /// As a whole number that isn't negative, if it is one.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Uint(v) => Some(*v),
            // 2^64 is exact in binary64.
            Self::Float(v) if v.fract() == 0.0 && (0.0..1.844_674_407_370_955_2e19).contains(v) => Some(*v as u64),
            other => other.as_i64().and_then(|v| u64::try_from(v).ok()),
        }
    }

    /// As true or false: booleans as they are, numbers when not 0; NaN, text and no value are neither.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(v) => Some(*v),
            Self::Float(v) if v.is_nan() => None,
            other => other.as_f64().map(|v| v != 0.0),
        }
    }

    /// As text, where it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("no value"),
            Self::Bool(v) => v.fmt(f),
            Self::Int(v) => v.fmt(f),
            Self::Uint(v) => v.fmt(f),
            Self::Float(v) => v.fmt(f),
            Self::Text(v) => v.fmt(f),
        }
    }
}

/// A Rust type that a tag can hold.
pub trait TagValue: Into<Value> + Sized + 'static {
    /// The kind it is published as; `None` for [`Value`], which can be any.
    const KIND: Option<ValueKind>;

    /// This type from a value, when nothing is lost.
    fn from_value(value: &Value) -> Option<Self>;

    /// Whether a tag of this kind takes what this type publishes.
    fn fits(kind: ValueKind) -> bool {
        use ValueKind::{Bool, Float, Int, Text, Uint};
        match Self::KIND {
            None => true,
            Some(own) => {
                own == kind
                    || matches!((own, kind), (_, Text) | (Bool, Int | Uint | Float) | (Int, Uint | Float) | (Uint, Int | Float))
            }
        }
    }

    /// Whether what a tag of this kind holds can be this type at all.
    fn reads(kind: ValueKind) -> bool {
        match Self::KIND {
            None => true,
            Some(ValueKind::Text) => kind == ValueKind::Text,
            Some(_) => !matches!(kind, ValueKind::Text | ValueKind::Null),
        }
    }
}

macro_rules! tag_values {
    ($($type:ty => $kind:ident, $from:expr;)*) => {
        $(
            impl From<$type> for Value {
                fn from(value: $type) -> Self {
                    Self::$kind(value.into())
                }
            }
            impl TagValue for $type {
                const KIND: Option<ValueKind> = Some(ValueKind::$kind);
                fn from_value(value: &Value) -> Option<Self> {
                    let from: fn(&Value) -> Option<Self> = $from;
                    from(value)
                }
            }
        )*
    };
}

tag_values! {
    bool => Bool, Value::as_bool;
    i8 => Int, |v| v.as_i64()?.try_into().ok();
    i16 => Int, |v| v.as_i64()?.try_into().ok();
    i32 => Int, |v| v.as_i64()?.try_into().ok();
    i64 => Int, Value::as_i64;
    u8 => Uint, |v| v.as_u64()?.try_into().ok();
    u16 => Uint, |v| v.as_u64()?.try_into().ok();
    u32 => Uint, |v| v.as_u64()?.try_into().ok();
    u64 => Uint, Value::as_u64;
    f32 => Float, |v| v.as_f64().map(|v| v as f32);
    f64 => Float, Value::as_f64;
    String => Text, |v| v.as_text().map(str::to_owned);
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl TagValue for Value {
    const KIND: Option<ValueKind> = None;

    fn from_value(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

/// Rounds a number to the nearest whole one of an integer type: `fit::<u16>(order.f64()? * 10.0)?`.
///
/// # Errors
/// Refuses, with a sentence, what doesn't fit: Rust's `as` would write the nearest limit, and 0 for NaN.
pub fn fit<T: TryFrom<i64>>(number: f64) -> Result<T> {
    let rounded = number.round();
    // Beyond 2^53 neighbouring whole numbers look alike.
    let exact = rounded.abs() <= 9_007_199_254_740_992.0;
    let whole = if exact { T::try_from(rounded as i64).ok() } else { None };
    whole.ok_or_else(|| Error::refused(format!("{number} doesn't fit into the device's number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_does_not_fit_is_refused() {
        assert_eq!(fit::<u16>(12.5).ok(), Some(13));
        for number in [-0.6, 65_535.6, f64::NAN, f64::INFINITY, 1e300] {
            assert!(fit::<u16>(number).is_err(), "{number}");
        }
        assert_eq!(fit::<i16>(-32_768.0).ok(), Some(-32_768));
    }

    #[test]
    fn a_type_comes_back_only_when_nothing_is_lost() {
        assert_eq!(u8::from_value(&Value::Int(255)), Some(255));
        assert_eq!(u8::from_value(&Value::Int(256)), None);
        assert_eq!(i64::from_value(&Value::Float(1.5)), None);
        assert_eq!(bool::from_value(&Value::Float(f64::NAN)), None);
        assert_eq!(f64::from_value(&Value::Uint(7)), Some(7.0));
        assert_eq!(u64::from_value(&Value::Float(1.844_674_407_370_955_2e19)), None);
    }

    #[test]
    fn floats_do_not_fit_into_whole_tags() {
        assert!(!f64::fits(ValueKind::Int));
        assert!(u16::fits(ValueKind::Float));
        assert!(Value::fits(ValueKind::Bool));
        assert!(!String::fits(ValueKind::Float));
    }
}
