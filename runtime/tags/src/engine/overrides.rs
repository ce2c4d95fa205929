//! Tags off scan, substituted or simulated.

use plantroom_model::{Now, Sample, Status, TagId, TagMode, Value};

use super::TagEngine;
use crate::accept::fit_kind;
use crate::hot::OVERRIDDEN;
use crate::modes::{Override, status_of};

impl TagEngine {
    /// Takes a tag off scan, puts a value in the place of what its source says, or gives it back to its source, of which
    /// the newest is then shown at once. `value` is in engineering units and for substituted and simulated tags; without
    /// it the present one stands. False, and nothing has changed, when there is no such tag or no value that fits it.
    pub fn set_mode(&mut self, tag: TagId, mode: TagMode, value: Option<Value>, at: Now) -> bool {
        let index = tag.0 as usize;
        let Some(hot) = self.hot.get(index) else { return false };
        let present = self.sample(hot);
        if mode == TagMode::Normal {
            self.hot[index].flags &= !OVERRIDDEN;
            if let Some(put) = self.overrides.remove(&tag.0) {
                self.store(index, &Sample { server_time: at.utc, ..put.aside });
            }
            self.compute(at);
            return true;
        }
        let is_put = matches!(mode, TagMode::Substituted | TagMode::Simulated);
        let value = match value.filter(|_| is_put) {
            Some(value) => match self.fitting(index, &value) {
                Some(value) => value,
                None => return false,
            },
            None if is_put && present.value == Value::Null => return false,
            None => present.value.clone(),
        };
        self.hot[index].flags |= OVERRIDDEN;
        let aside = self.overrides.remove(&tag.0).map_or_else(|| present.clone(), |put| put.aside);
        self.overrides.insert(tag.0, Override { mode, aside });
        let source_time = if is_put { at.utc } else { present.source_time };
        self.store(index, &Sample { value, status: status_of(mode), source_time, server_time: at.utc });
        self.compute(at);
        true
    }

    /// A tag's mode.
    pub fn mode(&self, tag: TagId) -> TagMode {
        self.overrides.get(&tag.0).map_or(TagMode::Normal, |put| put.mode)
    }

    /// Every tag that isn't in normal mode, with the value in its place; to be kept over a restart.
    pub fn modes(&self) -> Vec<(TagId, TagMode, Value)> {
        let shown = |tag: u32| self.hot.get(tag as usize).map_or(Value::Null, |hot| self.value(hot));
        self.overrides.iter().map(|(tag, put)| (TagId(*tag), put.mode, shown(*tag))).collect()
    }

    /// What a tag's source says, whatever is shown in its place.
    pub fn source(&self, tag: TagId) -> Option<Sample> {
        match self.overrides.get(&tag.0) {
            Some(put) => Some(put.aside.clone()),
            None => self.current(tag),
        }
    }

    /// Changes a simulated tag's value; false for other tags and for what doesn't fit.
    pub(super) fn simulate(&mut self, tag: TagId, value: &Value, at: Now) -> bool {
        if self.mode(tag) != TagMode::Simulated {
            return false;
        }
        let index = tag.0 as usize;
        if let Some(value) = self.fitting(index, value) {
            let status = Status::GOOD_SIMULATED;
            self.store(index, &Sample { value, status, source_time: at.utc, server_time: at.utc });
        }
        true
    }

    /// Whether the source has a usable last value, and its status.
    pub(super) fn source_of(&self, index: usize) -> Option<(bool, Status)> {
        let hot = self.hot.get(index)?;
        Some(match self.overrides.get(&(index as u32)).filter(|_| hot.has(OVERRIDDEN)) {
            Some(put) => (put.aside.value != Value::Null, put.aside.status),
            None => (hot.kind != plantroom_model::ValueKind::Null, hot.status),
        })
    }

    pub(super) fn source_value(&self, index: usize) -> Value {
        match self.overrides.get(&(index as u32)) {
            Some(put) => put.aside.value.clone(),
            None => self.value(&self.hot[index]),
        }
    }

    pub(super) fn mark_aside(&mut self, index: usize, status: Status, at: Now) {
        if let Some(put) = self.overrides.get_mut(&(index as u32))
            && put.aside.status != status
        {
            (put.aside.status, put.aside.server_time) = (status, at.utc);
        }
    }

    /// A value in engineering units as the tag's kind; `None` when it doesn't fit.
    fn fitting(&self, index: usize, value: &Value) -> Option<Value> {
        let params = &self.params[self.hot[index].params as usize];
        let is_finite = value.as_f64().is_none_or(f64::is_finite);
        fit_kind(value.clone(), params.kind, false).filter(|_| is_finite)
    }
}
