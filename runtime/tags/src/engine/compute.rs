//! Derived tags and totals: computed in the scan in which what they read has moved.
//!
//! The samples of one batch are one picture of the plant: what is computed from several of them is computed once, from
//! all of them, so that no difference of two flows is ever shown between one new and one old. When a batch holds a second
//! sample of a tag, what reads it is computed before the second one is taken in: every accepted sample is seen, in order.
//! Nothing is computed where no input has another value or status, for nothing could come out differently.

use plantroom_model::{KeptTotal, Now, Sample, Status, TagId, Utc, Value};

use super::TagEngine;
use crate::accept::{fit_kind, judge};
use crate::graph::Computation;
use crate::hot::{COMPUTED, FEEDS, UNSEEN};

/// How often a total that grows with time alone is told, in ms.
const TOTAL_MS: u64 = 1_000;

impl TagEngine {
    /// Lets what is computed from moved tags see them.
    pub(super) fn compute(&mut self, at: Now) {
        if self.unseen.is_empty() {
            return;
        }
        self.spread();
        self.compute_due(at);
    }

    /// Computes everything, as at the start.
    pub(super) fn compute_all(&mut self, at: Now) {
        self.spread();
        for place in 0..self.graph.nodes.len() as u32 {
            self.graph.make_due(place);
        }
        self.compute_due(at);
    }

    /// Sets the flags of tags that are computed, and of those that others are computed from.
    pub(super) fn mark_feeds(&mut self) {
        for hot in &mut self.hot {
            hot.flags &= !(FEEDS | COMPUTED);
        }
        for source in self.graph.sources() {
            if let Some(hot) = self.hot.get_mut(source as usize) {
                hot.flags |= FEEDS;
            }
        }
        for node in &self.graph.nodes {
            self.hot[node.tag as usize].flags |= COMPUTED;
        }
    }

    /// Rates and hours go on while nothing is heard of their source: it holds.
    pub(super) fn pass_time(&mut self, now: Now) {
        if now.mono.since(self.totals_told) < TOTAL_MS * 1_000_000 {
            return;
        }
        self.totals_told = now.mono;
        for place in 0..self.graph.nodes.len() {
            if let Computation::Total(total) = &mut self.graph.nodes[place].what
                && total.grows_with_time()
            {
                total.pass(now.mono);
                self.tell_total(place, now);
            }
        }
    }

    /// A total goes on from a number that an operator has set.
    pub(super) fn set_total(&mut self, tag: TagId, value: &Value, at: Now) {
        let number = value.as_f64().filter(|number| number.is_finite());
        let (Some(number), Some(place)) = (number, self.graph.node_of(tag.0)) else { return };
        if let Computation::Total(total) = &mut self.graph.nodes[place as usize].what {
            total.pass(at.mono);
            total.set(number);
            self.tell_total(place as usize, at);
        }
    }

    fn spread(&mut self) {
        for tag in self.unseen.drain(..) {
            self.hot[tag as usize].flags &= !UNSEEN;
            self.graph.touch(tag);
        }
    }

    /// Ends, because every node comes after all that it reads: none is due twice.
    fn compute_due(&mut self, at: Now) {
        while let Some(place) = self.graph.next_due() {
            match &self.graph.nodes[place as usize].what {
                Computation::Derived(_) => self.derive(place as usize, at),
                Computation::Total(_) => self.total(place as usize, at),
                Computation::Broken(why) => {
                    let (why, tag) = (why.clone(), self.graph.nodes[place as usize].tag);
                    self.put(tag, None, Status::BAD_CONFIGURATION, Utc(0), Some(&why), at);
                }
            }
            self.spread();
        }
    }

    fn derive(&mut self, place: usize, at: Now) {
        let mut samples = std::mem::take(&mut self.scratch);
        samples.clear();
        let node = &self.graph.nodes[place];
        let Computation::Derived(derived) = &node.what else { return };
        let (expression, inputs) = (&derived.0, &derived.1);
        samples.extend(inputs.iter().map(|input| self.sample(&self.hot[*input as usize])));
        let computed = expression.eval(&samples);
        let tag = node.tag;
        self.scratch = samples;
        if computed.value == Value::Null {
            return self.put(tag, None, computed.status, computed.source_time, computed.reason.as_deref(), at);
        }
        let params = &self.params[self.hot[tag as usize].params as usize];
        let kind = params.kind;
        let (value, status) = judge(params, computed.value.clone(), computed.status);
        let misfit = format!("the result is {}, which does not fit a tag of kind {}", computed.value, kind.word());
        let reason = value.is_none().then_some(misfit.as_str());
        self.put(tag, value, status, computed.source_time, reason, at);
    }

    fn total(&mut self, place: usize, at: Now) {
        let node = &mut self.graph.nodes[place];
        let Computation::Total(total) = &mut node.what else { return };
        let source = &self.hot[total.source as usize];
        let value = Value::from_bits(source.kind, source.bits);
        // Made up values are no water, and no hours.
        let usable = !source.status.is_bad() && source.status != Status::GOOD_SIMULATED;
        total.follow(value.as_f64().filter(|number| usable && number.is_finite()), at.mono);
        self.tell_total(place, at);
    }

    /// Shows what a total has come to, and what of it must be kept.
    fn tell_total(&mut self, place: usize, at: Now) {
        let node = &self.graph.nodes[place];
        let Computation::Total(total) = &node.what else { return };
        let (tag, sum, last) = (node.tag, total.sum(), total.base());
        let doubt = total.doubt().map(str::to_owned);
        let source = self.hot[total.source as usize].status;
        let is_whole = source.is_good() && source != Status::GOOD_SIMULATED && doubt.is_none();
        let status = if is_whole { Status::GOOD } else { Status::UNCERTAIN_SUB_NORMAL };
        let kind = self.params[self.hot[tag as usize].params as usize].kind;
        let value = fit_kind(Value::Float(sum), kind, true);
        let status = if value.is_some() { status } else { Status::BAD_OUT_OF_RANGE };
        self.changes.push_total(KeptTotal { tag: TagId(tag), sum, last });
        self.put(tag, value, status, at.utc, doubt.as_deref(), at);
    }

    /// What was computed: told when it is something else than before. Without a value the last one stays.
    fn put(&mut self, tag: u32, value: Option<Value>, status: Status, source_time: Utc, reason: Option<&str>, at: Now) {
        self.note(tag, reason);
        let index = tag as usize;
        let before = match self.overrides.get(&tag) {
            Some(put) => put.aside.clone(),
            None => self.sample(&self.hot[index]),
        };
        let value = value.unwrap_or_else(|| before.value.clone());
        if before.status == status && before.value.same(&value) {
            return;
        }
        let source_time = if source_time.0 == 0 { at.utc } else { source_time };
        self.show(index, Sample { value, status, source_time, server_time: at.utc });
    }
}
