//! The fieldbus's own thread, on which the tasks of all connections take turns.

use std::io;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// The thread. Dropping it ends it, with all tasks that are still on it.
pub(crate) struct FieldThread {
    handle: Handle,
    /// Dropped with the value, which is the sign to end.
    _end: oneshot::Sender<()>,
}

impl FieldThread {
    /// Starts it.
    ///
    /// # Errors
    /// When the system gives no thread, or no sockets.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (_end, ended) = oneshot::channel();
        thread::Builder::new().name("fieldbus".into()).spawn(move || {
            // An error is the sign itself: nothing is ever sent.
            let _ = runtime.block_on(ended);
            // A name look-up that hangs must not hold up the end.
            runtime.shutdown_background();
        })?;
        Ok(Self { handle, _end })
    }

    /// Where its tasks are started.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}
