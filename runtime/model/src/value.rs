//! What a tag holds.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The kinds of value, with the numbers they have in the contract's columns (wit/plugin-0.1, `types.columns`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum ValueKind {
    /// No value has been seen.
    Null = 0,
    /// True or false.
    Bool = 1,
    /// Signed 64-bit integer.
    Int = 2,
    /// Unsigned 64-bit integer.
    Uint = 3,
    /// IEEE 754 binary64.
    Float = 4,
    /// UTF-8 text.
    Text = 5,
}

impl ValueKind {
    /// The kind with this number, if there is one.
    pub fn from_u8(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Null,
            1 => Self::Bool,
            2 => Self::Int,
            3 => Self::Uint,
            4 => Self::Float,
            5 => Self::Text,
            _ => return None,
        })
    }

    /// The word integrators write in tag files.
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

/// A typed value; cheap to clone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
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
    /// Floating point; NaN and infinities can occur and never satisfy a condition.
    Float(f64),
    /// Text, at most [`crate::limits::TEXT_BYTES`].
    Text(Arc<str>),
}

impl Value {
    /// Which kind this is.
    pub fn kind(&self) -> ValueKind {
        match self {
            Self::Null => ValueKind::Null,
            Self::Bool(_) => ValueKind::Bool,
            Self::Int(_) => ValueKind::Int,
            Self::Uint(_) => ValueKind::Uint,
            Self::Float(_) => ValueKind::Float,
            Self::Text(_) => ValueKind::Text,
        }
    }

    /// The bits of a number or boolean, as in [`crate::Columns`]; `None` of text.
    #[inline]
    pub fn bits(&self) -> Option<u64> {
        match self {
            Self::Null => Some(0),
            Self::Bool(v) => Some(u64::from(*v)),
            Self::Int(v) => Some(*v as u64),
            Self::Uint(v) => Some(*v),
            Self::Float(v) => Some(v.to_bits()),
            Self::Text(_) => None,
        }
    }

    /// The value of these bits; `Null` for text, which has none.
    #[inline]
    pub fn from_bits(kind: ValueKind, bits: u64) -> Self {
        match kind {
            ValueKind::Null | ValueKind::Text => Self::Null,
            ValueKind::Bool => Self::Bool(bits != 0),
            ValueKind::Int => Self::Int(bits as i64),
            ValueKind::Uint => Self::Uint(bits),
            ValueKind::Float => Self::Float(f64::from_bits(bits)),
        }
    }

    /// As a number, where it is one; booleans count as 0 and 1. Integers above 2^53 lose their last digits.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Bool(v) => Some(f64::from(u8::from(*v))),
            Self::Int(v) => Some(*v as f64),
            Self::Uint(v) => Some(*v as f64),
            Self::Float(v) => Some(*v),
            Self::Null | Self::Text(_) => None,
        }
    }

    /// As true or false: booleans as they are, numbers when not 0. NaN, text and no value are neither.
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

    /// Whether both are the same value, with NaN equal to NaN (a reading that stays NaN hasn't changed).
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits() || a == b,
            (a, b) => a == b,
        }
    }

    /// This value as another kind, if nothing is lost: 1 to true, 5 to 5.0, 5.0 to 5; never a fraction to an integer.
    pub fn converted(&self, kind: ValueKind) -> Option<Self> {
        if self.kind() == kind {
            return Some(self.clone());
        }
        match (kind, self) {
            (ValueKind::Null, _) | (_, Self::Null) => None,
            (ValueKind::Text, other) => Some(Self::Text(other.to_string().into())),
            (_, Self::Text(_)) => None,
            (ValueKind::Bool, other) => match other.as_f64()? {
                0.0 => Some(Self::Bool(false)),
                1.0 => Some(Self::Bool(true)),
                _ => None,
            },
            (ValueKind::Float, other) => other.as_f64().map(Self::Float),
            (ValueKind::Int, Self::Uint(v)) => i64::try_from(*v).ok().map(Self::Int),
            (ValueKind::Uint, Self::Int(v)) => u64::try_from(*v).ok().map(Self::Uint),
            (ValueKind::Int, Self::Bool(v)) => Some(Self::Int(i64::from(*v))),
            (ValueKind::Uint, Self::Bool(v)) => Some(Self::Uint(u64::from(*v))),
            // 2^63 and 2^64 are exact in binary64, so these bounds are exact too.
            (ValueKind::Int, Self::Float(v))
                if v.fract() == 0.0 && *v >= -9.223_372_036_854_776e18 && *v < 9.223_372_036_854_776e18 =>
            {
                Some(Self::Int(*v as i64))
            }
            (ValueKind::Uint, Self::Float(v)) if v.fract() == 0.0 && *v >= 0.0 && *v < 1.844_674_407_370_955_2e19 => {
                Some(Self::Uint(*v as u64))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("no value"),
            Self::Bool(v) => write!(f, "{v}"),
            Self::Int(v) => write!(f, "{v}"),
            Self::Uint(v) => write!(f, "{v}"),
            Self::Float(v) => write!(f, "{v}"),
            Self::Text(v) => f.write_str(v),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_converted_only_when_nothing_is_lost() {
        assert_eq!(Value::Int(1).converted(ValueKind::Bool), Some(Value::Bool(true)));
        assert_eq!(Value::Int(2).converted(ValueKind::Bool), None);
        assert_eq!(Value::Float(1.5).converted(ValueKind::Int), None);
        assert_eq!(Value::Float(-1.0).converted(ValueKind::Uint), None);
        assert_eq!(Value::Int(-1).converted(ValueKind::Uint), None);
        assert_eq!(Value::Float(f64::NAN).converted(ValueKind::Int), None);
        assert_eq!(Value::Float(9.3e18).converted(ValueKind::Int), None);
        assert_eq!(Value::Uint(7).converted(ValueKind::Float), Some(Value::Float(7.0)));
    }

    #[test]
    fn nan_is_neither_true_nor_false_and_stays_the_same() {
        assert_eq!(Value::Float(f64::NAN).as_bool(), None);
        assert!(Value::Float(f64::NAN).same(&Value::Float(f64::NAN)));
    }
}
