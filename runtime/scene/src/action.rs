//! What a click asks of the console.

use std::collections::BTreeMap;
use std::sync::Arc;

use plantroom_model::Value;

/// What a screen, a part or a faceplate is opened with: `#{ name: "high_lift/p1" }`.
pub type Params = BTreeMap<String, Value>;

/// What came of an event. The console carries it out; a scene by itself changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Asks the station to write a tag. The console asks the operator to confirm first (two steps).
    Request {
        /// Tag name.
        tag: Arc<str>,
        /// What to write, in engineering units.
        value: Value,
        /// The question for the operator: `Reset pump 2?`.
        prompt: String,
    },
    /// Goes to another screen.
    Open {
        /// File name without `.rhai`.
        screen: String,
        /// What it is opened with.
        params: Params,
    },
    /// Opens a faceplate window beside the screen.
    Faceplate {
        /// File name in `parts/`, without `.rhai`.
        part: String,
        /// What it is opened with; `name` is the instance.
        params: Params,
    },
    /// Closes the faceplate that the event came from.
    Close,
}
