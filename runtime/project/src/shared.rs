//! Equal parts of tags, each once: a million tags of a hundred kinds have a hundred details.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use plantroom_model::{Detail, Instance, PermissiveTest, Value, WriteSpec};

use crate::pool::Pool;

/// What tags of a project share while they are read.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Descriptions, addresses, names of what tags refer to.
    pub texts: Pool,
    pub details: Shared<Detail>,
    pub writes: Shared<WriteSpec>,
    pub instances: Shared<Instance>,
}

/// Something of which equal ones are kept once. What is equal must feed the same to the hasher; numbers that are equal but
/// have other bits (0 and -0) may be kept twice.
pub(crate) trait Part: PartialEq {
    fn feed(&self, hasher: &mut impl Hasher);
}

/// Different parts.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    /// Each with its hash, so that growing looks at none of them.
    table: HashTable<(u64, Arc<T>)>,
    hasher: RandomState,
    /// The one that was asked for last: the lines of a table are often alike.
    last: Option<Arc<T>>,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self { table: HashTable::new(), hasher: RandomState::new(), last: None }
    }
}

impl<T: Part> Shared<T> {
    /// The one that is equal to this.
    pub fn one(&mut self, part: T) -> Arc<T> {
        if let Some(last) = self.last.as_ref().filter(|last| ***last == part) {
            return Arc::clone(last);
        }
        let mut hasher = self.hasher.build_hasher();
        part.feed(&mut hasher);
        let key = hasher.finish();
        let found = match self.table.find(key, |(hash, known)| *hash == key && **known == part) {
            Some((_, known)) => Arc::clone(known),
            None => {
                let new = Arc::new(part);
                self.table.insert_unique(key, (key, Arc::clone(&new)), |(hash, _)| *hash);
                new
            }
        };
        self.last = Some(Arc::clone(&found));
        found
    }

    /// The one that is equal to this with a change made to it; the same where the change makes no difference.
    pub fn changed(&mut self, part: &Arc<T>, change: impl FnOnce(&mut T)) -> Arc<T>
    where
        T: Clone,
    {
        let mut other = T::clone(part);
        change(&mut other);
        if other == **part { Arc::clone(part) } else { self.one(other) }
    }
}

fn feed_numbers<'a>(numbers: impl IntoIterator<Item = Option<&'a f64>>, hasher: &mut impl Hasher) {
    for number in numbers {
        number.map(|number| number.to_bits()).hash(hasher);
    }
}

fn feed_pair(pair: Option<&(f64, f64)>, hasher: &mut impl Hasher) {
    feed_numbers([pair.map(|pair| &pair.0), pair.map(|pair| &pair.1)], hasher);
}

impl Part for Detail {
    fn feed(&self, hasher: &mut impl Hasher) {
        let Self { kind, decimals, retain, stale_after_ms, unit, group, range, limits, hysteresis, scaling, deadband, states } =
            self;
        (*kind as u8, decimals, retain, stale_after_ms, unit, group, states).hash(hasher);
        feed_pair(range.as_ref(), hasher);
        let limits = [&limits.high_high, &limits.high, &limits.low, &limits.low_low];
        feed_numbers(limits.map(Option::as_ref), hasher);
        feed_numbers([Some(hysteresis), Some(&deadband.console), Some(&deadband.history)], hasher);
        if let Some(line) = scaling {
            feed_numbers([&line.raw_low, &line.raw_high, &line.eng_low, &line.eng_high].map(Some), hasher);
            let band = line.fault_band.map(|band| (band.below, band.above));
            feed_pair(band.as_ref(), hasher);
        }
    }
}

impl Part for WriteSpec {
    fn feed(&self, hasher: &mut impl Hasher) {
        let Self { role, range, permissives, feedback, no_feedback, follow_ms, .. } = self;
        (*role as u8, feedback, no_feedback, follow_ms, permissives.len()).hash(hasher);
        let Self { min_interval_ms, confirmation, expires_ms, essential, .. } = self;
        (min_interval_ms, confirmation, expires_ms, essential).hash(hasher);
        feed_pair(range.as_ref(), hasher);
        feed_numbers([Some(&self.tolerance), self.max_step.as_ref()], hasher);
        for permissive in permissives {
            let (way, value) = match &permissive.test {
                PermissiveTest::AtLeast(value) => (0_u8, value),
                PermissiveTest::AtMost(value) => (1, value),
                PermissiveTest::Is(value) => (2, value),
            };
            (permissive.tag, &permissive.message, way, permissive.only_for.map(f64::to_bits)).hash(hasher);
            feed_numbers([Some(value)], hasher);
        }
        if let Some(pulse) = &self.pulse {
            (pulse.hold_ms, pulse.rest.bits()).hash(hasher);
            if let Value::Text(text) = &pulse.rest {
                text.hash(hasher);
            }
        }
    }
}

impl Part for Instance {
    fn feed(&self, hasher: &mut impl Hasher) {
        self.hash(hasher);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_model::{LimitSet, Permissive, Role, Scaling, TagId, ValueKind};

    #[test]
    fn equal_parts_are_one_and_others_are_not() {
        let plain = Detail::new(ValueKind::Float);
        let line = Scaling { raw_low: 0.0, raw_high: 1.0, eng_low: 0.0, eng_high: 9.0, fault_band: None };
        let others = [
            Detail::new(ValueKind::Int),
            Detail { unit: "m".to_owned(), ..plain.clone() },
            Detail { group: "m".to_owned(), ..plain.clone() },
            Detail { range: Some((0.0, 1.0)), ..plain.clone() },
            Detail { limits: LimitSet { high: Some(1.0), ..LimitSet::default() }, ..plain.clone() },
            Detail { limits: LimitSet { low: Some(1.0), ..LimitSet::default() }, ..plain.clone() },
            Detail { scaling: Some(line), ..plain.clone() },
            Detail { states: vec![(0, "off".to_owned())], ..plain.clone() },
            plain.clone(),
        ];
        let mut shared = Shared::default();
        let first: Vec<Arc<Detail>> = others.iter().map(|detail| shared.one(detail.clone())).collect();
        for (n, detail) in others.iter().enumerate() {
            let again = shared.one(detail.clone());
            assert!(Arc::ptr_eq(&again, &first[n]));
            assert_eq!(first.iter().filter(|one| Arc::ptr_eq(one, &again)).count(), 1);
        }
        let same = shared.changed(&first[1], |detail| detail.unit = "m".to_owned());
        assert!(Arc::ptr_eq(&same, &first[1]));
        let back = shared.changed(&first[1], |detail| detail.unit.clear());
        assert!(Arc::ptr_eq(&back, &first[8]), "changed to one that is known");
    }

    #[test]
    fn writes_with_other_conditions_are_others() {
        let plain = WriteSpec::new(Role::Operate);
        let permissive = |tag, value| Permissive {
            tag: TagId(tag),
            test: PermissiveTest::AtLeast(value),
            message: "x".into(),
            only_for: None,
        };
        let with = |permissives: Vec<Permissive>| WriteSpec { permissives, ..plain.clone() };
        let all = [plain.clone(), with(vec![permissive(1, 2.0)]), with(vec![permissive(1, 3.0)]), with(vec![permissive(2, 2.0)])];
        let mut shared = Shared::default();
        let first: Vec<_> = all.iter().map(|write| shared.one(write.clone())).collect();
        let again: Vec<_> = all.iter().map(|write| shared.one(write.clone())).collect();
        assert!(first.iter().zip(&again).all(|(a, b)| Arc::ptr_eq(a, b)));
        assert_eq!(shared.table.len(), 4);
    }
}
