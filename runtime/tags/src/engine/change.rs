//! An online change: other definitions, while everything else goes on.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use plantroom_model::{Now, Origin, Sample, Status, TagSpec, Totalise, Value, ValueKind};

use super::{TagEngine, by_plugin, is_computed};
use crate::graph::{Computation, Graph};
use crate::hot::{Hot, OVERRIDDEN};
use crate::params::interned;

impl TagEngine {
    /// Takes over other definitions. A tag keeps its place: those of before keep their ids, new ones follow. Values,
    /// quality, liveness, overrides and totals carry over; a tag that now has another source waits for it, and one that is
    /// gone has no value any more.
    pub fn change_plant(&mut self, specs: Arc<[TagSpec]>, now: Now) {
        let specs = &*specs;
        self.compute(now);
        let before = std::mem::replace(&mut self.graph, Graph::of(specs, &[], now.mono));
        self.carry_totals(before, now);
        let (params, places) = interned(specs);
        let known = self.hot.len();
        self.params = params;
        self.hot.truncate(specs.len());
        self.origins.truncate(specs.len());
        for (index, (spec, place)) in specs.iter().zip(places).enumerate() {
            let origin = origin_number(spec);
            if index >= known {
                self.hot.push(Hot::waiting(place, now.mono));
                self.origins.push(origin);
                self.begin_memory(index, spec, now);
                continue;
            }
            self.hot[index].params = place;
            let is_same = std::mem::replace(&mut self.origins[index], origin) == origin;
            self.carry(index, spec, is_same, now);
        }
        self.overrides.retain(|tag, _| (*tag as usize) < specs.len());
        self.by_plugin = by_plugin(specs);
        self.mark_feeds();
        self.compute_all(now);
    }

    /// One tag that was there before.
    fn carry(&mut self, index: usize, spec: &TagSpec, is_same: bool, now: Now) {
        let sample = self.sample(&self.hot[index]);
        if spec.origin == Origin::Gone {
            self.overrides.remove(&(index as u32));
            self.hot[index].flags &= !OVERRIDDEN;
            self.note(index as u32, None);
            if sample.value != Value::Null || sample.status != Status::BAD_OUT_OF_SERVICE {
                self.store(index, &Sample { status: Status::BAD_OUT_OF_SERVICE, server_time: now.utc, ..Sample::waiting() });
            }
            return;
        }
        // Computed tags are computed anew in any case, and memory holds what was written.
        let is_same = is_same || is_computed(spec) || matches!(spec.origin, Origin::Memory { .. });
        let fits = sample.value == Value::Null || sample.value.kind() == spec.kind;
        if !is_computed(spec) {
            self.note(index as u32, None);
        }
        if is_same && fits {
            return self.limit_anew(index, &sample);
        }
        let value = sample.value.converted(spec.kind).filter(|_| is_same);
        let status = if value.is_some() { sample.status } else { Status::BAD_WAITING_FOR_INITIAL_DATA };
        let next = Sample { value: value.unwrap_or_default(), status, server_time: now.utc, ..sample };
        self.hot[index].heard(now.mono);
        match self.overrides.get_mut(&(index as u32)) {
            Some(put) => put.aside = Sample { server_time: now.utc, ..Sample::waiting() },
            None => self.store(index, &next),
        }
        self.begin_memory(index, spec, now);
    }

    /// Other limits hold from now on.
    fn limit_anew(&mut self, index: usize, sample: &Sample) {
        let hot = &self.hot[index];
        let number = sample.value.as_f64().filter(|_| !sample.status.is_bad() && hot.kind != ValueKind::Bool);
        let params = &self.params[hot.params as usize];
        if let Some(number) = number
            && params.limit(hot.limit, number) != hot.limit
        {
            self.store(index, sample);
        }
    }

    fn carry_totals(&mut self, before: Graph, now: Now) {
        for node in before.nodes {
            let Computation::Total(mut old) = node.what else { continue };
            let Some(place) = self.graph.node_of(node.tag) else { continue };
            let Computation::Total(new) = &mut self.graph.nodes[place as usize].what else { continue };
            old.pass(now.mono);
            if new.is_like(&old) {
                *new = old;
            } else {
                // Another source or way: the sum stands, and what is added to it from now on comes from there.
                new.set(old.sum());
            }
        }
    }
}

/// What a tag's value comes from, in a number.
pub(super) fn origin_number(spec: &TagSpec) -> u64 {
    let mut hasher = DefaultHasher::new();
    std::mem::discriminant(&spec.origin).hash(&mut hasher);
    match &spec.origin {
        Origin::Driver { plugin, connection, device, address } => {
            (plugin, connection, device, address).hash(&mut hasher);
        }
        Origin::Analytics { plugin } => plugin.hash(&mut hasher),
        Origin::Derived(derived) => derived.expression.hash(&mut hasher),
        Origin::Total(total) => {
            let how = match total.how {
                Totalise::Rate { .. } => 0_u8,
                Totalise::Counter { .. } => 1,
                Totalise::Starts => 2,
                Totalise::Hours => 3,
            };
            (total.source, how).hash(&mut hasher);
        }
        Origin::Memory { .. } | Origin::System | Origin::Gone => {}
    }
    hasher.finish()
}
