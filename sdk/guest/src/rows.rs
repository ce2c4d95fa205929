//! Rows that a driver publishes again and again, poll by poll.

use std::cell::OnceCell;

use crate::{ValueKind, port};

/// Which tags a poll gives values to, and how these are read: told to the host once, so that afterwards only values, quality
/// and time cross the sandbox. For [`Io::publish_run`](crate::Io::publish_run). It lives as long as the plugin.
#[derive(Debug)]
pub struct RowSet {
    handles: Vec<u32>,
    kinds: Vec<u8>,
    /// What the host calls it, once it was published from.
    name: OnceCell<u32>,
}

impl RowSet {
    /// A set of these rows: tags by [`Tag::handle`](crate::Tag::handle), each with the kind of its values. Text can't be
    /// published by runs; its rows may be there, to be left out.
    pub fn new(rows: impl IntoIterator<Item = (u32, ValueKind)>) -> Self {
        let number = |kind| match kind {
            ValueKind::Text => ValueKind::Null as u8,
            kind => kind as u8,
        };
        let (handles, kinds) = rows.into_iter().map(|(handle, kind)| (handle, number(kind))).unzip();
        Self { handles, kinds, name: OnceCell::new() }
    }

    /// The handles of all rows.
    pub fn handles(&self) -> &[u32] {
        &self.handles
    }

    pub(crate) fn name(&self) -> u32 {
        *self.name.get_or_init(|| port::fix_set(&self.handles, &self.kinds))
    }
}
