//! What an object follows, and what that costs: for the author of a screen.

use std::sync::Arc;

use crate::slot::Slot;
use crate::{ObjectId, Place, Scene, Source};

/// A clock that only this measures with, in ns from any start.
pub type Stopwatch = Arc<dyn Fn() -> u64 + Send + Sync>;

/// One property that follows the plant.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    /// A tag as it is.
    Tag(Arc<str>),
    /// A closure.
    Closure(ClosureCost),
}

/// What a closure reads and costs.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosureCost {
    /// Where it was handed over.
    pub place: Place,
    /// The tags that it has read so far.
    pub reads: Vec<Arc<str>>,
    /// How often it has run.
    pub runs: u64,
    /// How long all of that took, in ns; 0 where nobody measures.
    pub spent_ns: u64,
    /// Steps of the sandbox that the last run took: the same on every machine.
    pub steps: u64,
}

impl ClosureCost {
    /// One run, in µs; `None` before the first one, or where nobody measures.
    pub fn run_us(&self) -> Option<f64> {
        (self.runs > 0 && self.spent_ns > 0).then(|| self.spent_ns as f64 / self.runs as f64 / 1_000.0)
    }
}

impl Scene {
    /// Measures closures with this clock from now on.
    pub fn measure(&mut self, stopwatch: &Stopwatch) {
        self.stopwatch.get_or_insert_with(|| stopwatch.clone());
    }

    /// What an object's properties follow; each tag and each closure once.
    pub fn bindings(&self, id: ObjectId) -> Vec<Binding> {
        let Some(object) = self.object(id) else { return Vec::new() };
        let mut all: Vec<Binding> = Vec::new();
        object.clone().each_slot(&mut |slot: Slot<'_>| {
            let source = match &slot {
                Slot::Reading(reading) => reading.source.clone(),
                Slot::Text(prop) => prop.source.clone(),
                Slot::Flag(prop, _) => prop.source.clone(),
            };
            let binding = match source {
                Source::Constant => return,
                // What the plant doesn't have, and need not have, isn't followed.
                Source::Tag(name) if self.facts(&name).is_none() && is_optional(&slot) => return,
                Source::Tag(name) => Binding::Tag(name),
                Source::Closure(id) => match self.cost(id.0 as usize) {
                    Some(cost) => Binding::Closure(cost),
                    None => return,
                },
            };
            if !all.contains(&binding) {
                all.push(binding);
            }
        });
        all
    }

    fn cost(&self, at: usize) -> Option<ClosureCost> {
        let computed = self.closures.get(at)?;
        let (line, column) = computed.closure.place();
        Some(ClosureCost {
            place: Place { file: computed.closure.file().clone(), line, column },
            reads: computed.reads.clone(),
            runs: computed.runs,
            spent_ns: computed.spent_ns,
            steps: computed.steps,
        })
    }
}

fn is_optional(slot: &Slot<'_>) -> bool {
    matches!(slot, Slot::Reading(reading) if reading.optional)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use plantroom_model::{Origin, TagSpec, Utc, ValueKind};

    use super::*;
    use crate::{Fill, Params, SampleTags, Screens};

    #[test]
    fn an_object_tells_what_it_follows_and_what_that_costs() {
        let script =
            "screen(\"S\");\nvalue(5, 5, \"a/x\");\ntext(5, 50, || fixed(tag(\"a/x\") + tag(\"a/y\"), 1));\nlamp(5, 90, true);\n";
        let screens = Screens::new(&[("s.rhai".to_owned(), script.to_owned())], &[]);
        let mut scene = screens.open("s", &Params::new()).unwrap();
        let now = Arc::new(AtomicU64::new(0));
        let clock: Stopwatch = Arc::new(move || now.fetch_add(5_000, Ordering::Relaxed));
        scene.measure(&clock);
        let mut tags = SampleTags::new(&["a/x", "a/y"].map(|name| TagSpec::new(name, ValueKind::Float, Origin::System)));
        tags.fill(Fill::Low, Utc(1));
        scene.update(&tags);
        assert_eq!(scene.bindings(ObjectId(0)), [Binding::Tag("a/x".into())]);
        let found = scene.bindings(ObjectId(1));
        let [Binding::Closure(cost)] = found.as_slice() else { panic!("no closure") };
        assert_eq!((cost.place.line, cost.reads.len()), (3, 2));
        assert!(cost.steps > 2 && cost.runs > 0, "{cost:?}");
        assert_eq!(cost.run_us(), Some(5.0));
        assert!(scene.bindings(ObjectId(2)).is_empty());
    }
}
