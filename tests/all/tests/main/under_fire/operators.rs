//! Operators who acknowledge whatever they see, until the station is gone or nobody wants them any more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use plantroom_tests::Api;
use serde_json::json;

/// An acknowledgement that was confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    pub alarm: String,
    pub occurrence: u64,
    pub by: String,
}

/// One operator.
pub struct Operator {
    confirmed: Arc<Mutex<Vec<Confirmed>>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Operator {
    /// Acknowledges what is unacknowledged, the most urgent first, each as it was seen. `share` of `shares` divides the work.
    pub fn start(api: Api, name: &str, (share, shares): (usize, usize), confirmed: &Arc<Mutex<Vec<Confirmed>>>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (told, stopped, by) = (Arc::clone(confirmed), Arc::clone(&stop), name.to_owned());
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let Ok(page) = api.try_call("GET", "/api/v1/alarms?state=unacknowledged&limit=40", None, &[]) else { return };
                let seen = page.json["alarms"].as_array().cloned().unwrap_or_default();
                for alarm in seen.iter().skip(share).step_by(shares) {
                    let (name, occurrence) = (alarm["name"].as_str().unwrap_or_default(), &alarm["occurrence"]);
                    let Ok(answer) = api.try_act(name, "acknowledge", json!({ "occurrence": occurrence })) else { return };
                    assert_eq!(answer.status, 200, "{name}: {}", answer.text);
                    if answer.kind() == "done" {
                        let occurrence = occurrence.as_u64().unwrap_or_default();
                        told.lock().unwrap().push(Confirmed { alarm: name.to_owned(), occurrence, by: by.clone() });
                    } else {
                        // It has come again, or somebody was quicker.
                        assert_eq!(answer.kind(), "refused", "{name}: {}", answer.text);
                    }
                }
            }
        });
        Self { confirmed: Arc::clone(confirmed), stop, thread }
    }

    /// How many acknowledgements were confirmed, of all operators with the same list.
    pub fn confirmed(&self) -> usize {
        self.confirmed.lock().unwrap().len()
    }

    /// Ends it; every answer must have been in order.
    #[track_caller]
    pub fn finish(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("every answer of the station was in order");
    }
}
