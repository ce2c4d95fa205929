//! Smooths tags, sample by sample: the filter of the boundary's benchmark as an author writes it with the SDK.
//!
//! In:  changes of readable tags.
//! Out: each one smoothed, on the published tag at the same place.
//! Start at [`Smoothing::update`].
//!
//! Invariant: gives the same numbers as the guest that works on columns.

use plantroom_sdk::prelude::*;

/// How much of a new value counts.
const WEIGHT: f64 = 0.1;

/// The filter.
pub struct Smoothing {
    /// By handle of the input: the output's tag, and what it holds.
    lanes: RefCell<Vec<Option<(Tag<f64>, f64)>>>,
}

impl Create for Smoothing {
    fn create(setup: &Setup) -> Result<Self, Problems> {
        let mut lanes: Vec<Option<(Tag<f64>, f64)>> = setup.tags.iter().map(|_| None).collect();
        let inputs = setup.tags.iter().filter(|tag| tag.read);
        for (input, output) in inputs.zip(setup.tags.iter().filter(|tag| tag.publish)) {
            lanes[input.handle as usize] = Some((output.to_publish()?, f64::NAN));
        }
        Ok(Self { lanes: RefCell::new(lanes) })
    }
}

impl Analytics for Smoothing {
    async fn update(&self, io: &Io, changes: &Changes) -> Result<()> {
        let mut lanes = self.lanes.borrow_mut();
        for change in changes.iter() {
            let Some(Some((output, state))) = lanes.get_mut(change.tag as usize) else { continue };
            let Value::Float(value) = change.value else { continue };
            *state = if state.is_nan() { value } else { *state + WEIGHT * (value - *state) };
            io.publish_as(output, *state, change.status, change.utc_ns);
        }
        Ok(())
    }
}

plantroom_sdk::export_analytics!(Smoothing);
