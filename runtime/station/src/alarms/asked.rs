//! Acts that wait for the scan's decision.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use plantroom_model::Frame;
use tokio::sync::oneshot;

use crate::flow::FrameReader;

/// A decision: the frame that it was made in, and what it is.
pub type Decision = (u64, Result<(), Arc<str>>);

/// Acts that wait. Each is forgotten when whoever asked has waited too long.
#[derive(Debug, Default)]
pub struct Asked {
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Decision>>>,
}

impl Asked {
    /// A number for an act, and where its decision comes.
    pub fn ask(&self) -> (u64, oneshot::Receiver<Decision>) {
        let request = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().insert(request, sender);
        (request, receiver)
    }

    /// Nobody waits for this one any more.
    pub fn forget(&self, request: u64) {
        self.waiting.lock().remove(&request);
    }
}

impl FrameReader for Asked {
    fn frame(&self, frame: &Arc<Frame>) {
        if frame.alarms.replies.is_empty() {
            return;
        }
        let mut waiting = self.waiting.lock();
        for reply in &frame.alarms.replies {
            if let Some(sender) = waiting.remove(&reply.request) {
                // Whoever asked may be gone; the decision stands all the same.
                let _ = sender.send((frame.number, reply.done.clone()));
            }
        }
    }
}
