//! The way from a permit to an order that a driver may carry out.

use std::sync::Arc;

use plantroom_model::{Mono, TagId, Value};

/// What is recorded of a write before it happens; tag and user come from the permit.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteEntry {
    /// The tag's value before, where one is known.
    pub old: Option<Value>,
    /// What is to be written, in engineering units.
    pub new: Value,
    /// Why, in the user's words.
    pub comment: String,
    /// Passes even when the trail can't be written ([`plantroom_model::TagSpec::write`], `essential`).
    pub essential: bool,
    /// What is written after the value was held for a while, where the write is a pulse: one record covers both.
    pub rest: Option<Value>,
}

/// Proof that a write was recorded before it happens. Only [`crate::Audit::open`] makes it.
///
/// ```compile_fail
/// let recorded = plantroom_access::Recorded { number: 1 };
/// ```
#[derive(Debug)]
#[must_use = "a recorded write must be ordered or closed"]
pub struct Recorded {
    pub(crate) number: u64,
    pub(crate) durable: bool,
    pub(crate) user: Arc<str>,
    pub(crate) tag: TagId,
    pub(crate) value: Value,
    pub(crate) rest: Option<Value>,
}

impl Recorded {
    /// The number of its record; 0 where it isn't on the disk (an essential write while the trail can't be written).
    pub fn number(&self) -> u64 {
        if self.durable { self.number } else { 0 }
    }

    /// Whether the record is on the disk. Where it isn't, it follows as soon as the disk takes it.
    pub fn durable(&self) -> bool {
        self.durable
    }

    /// Who.
    pub fn user(&self) -> &Arc<str> {
        &self.user
    }

    /// Which tag.
    pub fn tag(&self) -> TagId {
        self.tag
    }
}

/// Something other than a write that was recorded before it happens (a change of users, of the project).
/// Only [`crate::Audit::begin`] makes it.
#[derive(Debug)]
#[must_use = "what was begun must be finished"]
pub struct Begun {
    pub(crate) number: u64,
    pub(crate) user: Arc<str>,
}

impl Begun {
    /// The number of its record.
    pub fn number(&self) -> u64 {
        self.number
    }
}

/// A write that may be carried out: exactly what was recorded, and only until it expires.
///
/// ```compile_fail
/// // Without a record there is no order.
/// fn skip(permit: plantroom_access::Permit) -> plantroom_access::WriteOrder {
///     plantroom_access::WriteOrder::new(permit, plantroom_model::Mono(0))
/// }
/// ```
/// ```compile_fail
/// // One record, one order.
/// fn twice(recorded: plantroom_access::Recorded) {
///     let _ = plantroom_access::WriteOrder::new(recorded, plantroom_model::Mono(0));
///     let _ = plantroom_access::WriteOrder::new(recorded, plantroom_model::Mono(0));
/// }
/// ```
/// ```
/// fn once(recorded: plantroom_access::Recorded) -> plantroom_access::WriteOrder {
///     plantroom_access::WriteOrder::new(recorded, plantroom_model::Mono(0))
/// }
/// ```
#[derive(Debug)]
#[must_use = "an order that isn't carried out must be closed"]
pub struct WriteOrder {
    recorded: Recorded,
    valid_until: Mono,
}

impl WriteOrder {
    /// The order for a recorded write, valid until a moment.
    pub fn new(recorded: Recorded, valid_until: Mono) -> Self {
        Self { recorded, valid_until }
    }

    /// Which tag.
    pub fn tag(&self) -> TagId {
        self.recorded.tag
    }

    /// What to write, in engineering units.
    pub fn value(&self) -> &Value {
        &self.recorded.value
    }

    /// Makes it the order that ends its pulse: exactly the rest that was recorded, once, until it expires. False, and
    /// nothing is changed, where the record names no rest or it was ordered already.
    pub fn turn_to_rest(&mut self, valid_until: Mono) -> bool {
        let Some(rest) = self.recorded.rest.take() else { return false };
        (self.recorded.value, self.valid_until) = (rest, valid_until);
        true
    }

    /// From then on it must not be carried out any more.
    pub fn valid_until(&self) -> Mono {
        self.valid_until
    }

    /// Its record, for closing it.
    pub fn recorded(&self) -> &Recorded {
        &self.recorded
    }
}
