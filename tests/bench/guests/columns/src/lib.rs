//! Smooths tags, column by column: what the boundary's benchmark sends through the sandbox, and runs natively beside it.
//!
//! In:  changes of readable tags, as columns.
//! Out: each one smoothed (exponentially), or with `pass = true` in the configuration as it came, on the tag that lies as
//! far from the first output as it does from the first input.
//! Start at [`Smoothing::apply`].
//!
//! Invariant: the sandboxed and the native benchmark run this same function.

/// How much of a new value counts.
const WEIGHT: f64 = 0.1;
/// `kinds` of a float, in the contract.
const FLOAT: u8 = 4;

/// The filter: one state an input.
#[derive(Debug, Default)]
pub struct Smoothing {
    pass: bool,
    inputs_from: u32,
    outputs_from: u32,
    state: Vec<f64>,
}

impl Smoothing {
    /// Finds inputs and outputs in the document that `init` receives. Both lie in one row, in the same order.
    ///
    /// # Errors
    /// What is missing, in a sentence.
    pub fn from_document(document: &str) -> Result<Self, String> {
        let document: serde_json::Value = serde_json::from_str(document).map_err(|error| error.to_string())?;
        let tags = document["tags"].as_array().ok_or("the document has no tags")?;
        let may = |right: &str| {
            let has = move |tag: &&serde_json::Value| tag["access"].as_array().is_some_and(|all| all.iter().any(|a| a == right));
            (tags.iter().position(move |tag| has(&tag)), tags.iter().filter(has).count())
        };
        let ((Some(inputs_from), inputs), (Some(outputs_from), outputs)) = (may("read"), may("publish")) else {
            return Err("grant it tags to read and tags to publish".to_owned());
        };
        if inputs != outputs {
            return Err(format!("it reads {inputs} tags and publishes {outputs}; grant it as many of one as of the other"));
        }
        Ok(Self {
            pass: document["plugin"]["pass"] == true,
            inputs_from: inputs_from as u32,
            outputs_from: outputs_from as u32,
            state: vec![f64::NAN; inputs],
        })
    }

    /// Smooths every float in place, and moves its handle from the input to the output.
    pub fn apply(&mut self, handles: &mut [u32], kinds: &[u8], values: &mut [u64]) {
        let Self { pass, inputs_from, outputs_from, state } = self;
        if !*pass {
            for ((handle, kind), bits) in handles.iter().zip(kinds).zip(values) {
                if *kind == FLOAT
                    && let Some(state) = state.get_mut(handle.wrapping_sub(*inputs_from) as usize)
                {
                    let value = f64::from_bits(*bits);
                    let smoothed = if state.is_nan() { value } else { *state + WEIGHT * (value - *state) };
                    *state = smoothed;
                    *bits = smoothed.to_bits();
                }
            }
        }
        let moved = outputs_from.wrapping_sub(*inputs_from);
        handles.iter_mut().for_each(|handle| *handle = handle.wrapping_add(moved));
    }
}

#[cfg(target_arch = "wasm32")]
mod sandboxed {
    use std::cell::RefCell;

    use super::Smoothing;

    wit_bindgen::generate!({ path: "../../../../wit/plugin-0.1", world: "plantroom:plugin/analytics", generate_all });

    use exports::plantroom::plugin::guest::{Guest, Problem};
    use plantroom::plugin::types::Instant;
    use plantroom::plugin::{samples, tags};

    thread_local! {
        static FILTER: RefCell<Smoothing> = RefCell::default();
    }

    struct Columns;

    impl Guest for Columns {
        fn init(document: String) -> Result<(), Vec<Problem>> {
            let filter = Smoothing::from_document(&document).map_err(|message| vec![Problem { tag: None, message }])?;
            FILTER.set(filter);
            Ok(())
        }

        fn step(_: Instant) -> u64 {
            let mut batch = tags::changes();
            if !batch.handles.is_empty() {
                FILTER.with_borrow_mut(|filter| filter.apply(&mut batch.handles, &batch.kinds, &mut batch.values));
                samples::publish(&batch);
            }
            u64::MAX
        }

        fn stop() {}
    }

    export!(Columns);
}
