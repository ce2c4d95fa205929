//! A plugin on its own thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;
use plantroom_model::{Frame, TagId};

use crate::post::Post;
use crate::supervise::words_of;
use crate::{Explanation, Loaded, PluginFigures, PluginOrder, Supervised, Turn, limits};

/// A running plugin. Dropping it stops it.
#[derive(Debug)]
pub struct PluginRun {
    post: Arc<Post>,
    figures: Arc<Mutex<PluginFigures>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl PluginRun {
    pub(crate) fn start(plugin: Supervised) -> std::io::Result<Self> {
        let (post, figures) = (plugin.post(), plugin.shared_figures());
        let thread = thread::Builder::new()
            .name(format!("plugin {}", plugin.name()))
            .stack_size(limits::THREAD_STACK_BYTES)
            .spawn(move || live(plugin))?;
        Ok(Self { post, figures, thread: Mutex::new(Some(thread)) })
    }

    /// Hands over a write order. False, and nothing will be told of it, when the plugin isn't running, has too many open
    /// ([`limits::ORDERS`]), or wasn't granted the tag.
    pub fn deliver_order(&self, order: PluginOrder) -> bool {
        self.post.order(order)
    }

    /// Hands over what a scan decided, of tags and of alarms. The first frame after the start should carry every tag's current
    /// value, and where every alarm stands (`alarms.quiet`).
    pub fn deliver_changes(&self, frame: Arc<Frame>) {
        self.post.frame(frame);
    }

    /// Takes it down in good order and waits for its thread: at most the hard limit and a little. Hold no lock that
    /// [`crate::Outside`] needs. Called on the plugin's own thread it doesn't wait.
    pub fn stop(&self) {
        self.post.stop();
        let thread = self.thread.lock().take();
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id())
            && let Err(panic) = thread.join()
        {
            tracing::error!(panic = words_of(&*panic), "a plugin's thread did not end in good order");
        }
    }

    /// Starts it again out of quarantine, with a clean slate; nothing happens in any other state.
    pub fn release(&self) {
        self.post.release();
    }

    /// Puts a changed one in the place of what runs, between two steps on the plugin's own thread: what it has taken
    /// is finished first (at most [`limits::HAND_OVER_MS`]), its tags keep their quality, its persistent store goes over.
    /// A plugin that is down or in quarantine starts again with a clean slate. `current` gives every tag's current
    /// value and where every alarm stands; it must not wait for anything.
    pub fn replace(&self, loaded: Loaded, current: impl FnOnce() -> Arc<Frame>) {
        self.post.replace(loaded, current);
    }

    /// Asks for a turn now: for those who move the clock by hand.
    pub fn nudge(&self) {
        self.post.nudge();
    }

    /// How these tags came to their values, in the plugin's own words, one for each in the order asked. `None` where it knows
    /// nothing of the tag, isn't running, doesn't answer within [`limits::QUESTION_MS`], or beyond the first
    /// [`limits::EXPLAINED_TAGS`]. It is asked on its own thread between two steps. Don't call it on the scan.
    pub fn explain_all(&self, tags: &[TagId]) -> Vec<Option<Explanation>> {
        let (reply, answer) = mpsc::sync_channel(1);
        let mut told = match self.post.ask(tags, reply) {
            true => answer.recv_timeout(Duration::from_millis(limits::QUESTION_MS)).unwrap_or_default(),
            false => Vec::new(),
        };
        told.resize(tags.len(), None);
        told
    }

    /// As [`PluginRun::explain_all`], for one tag.
    pub fn explain(&self, tag: TagId) -> Option<Explanation> {
        self.explain_all(&[tag]).pop().flatten()
    }

    /// What it costs.
    pub fn figures(&self) -> PluginFigures {
        *self.figures.lock()
    }
}

impl Drop for PluginRun {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The thread: turns, and sleep between them. A panic that even [`Supervised::turn`] could not contain ends this thread only.
fn live(mut plugin: Supervised) {
    let post = plugin.post();
    let lived = catch_unwind(AssertUnwindSafe(|| {
        while let Turn::WaitUntil(until) = plugin.turn() {
            post.wait(until, plugin.now().mono);
        }
    }));
    if let Err(panic) = lived {
        let lost = post.close();
        tracing::error!(
            plugin = plugin.name(),
            panic = words_of(&*panic),
            lost_orders = lost.len(),
            "a plugin's thread has ended"
        );
    }
}
