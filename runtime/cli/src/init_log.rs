//! Log lines on stderr, for the verbs that run for long.
//!
//! They are written by a thread of their own: a terminal that is held (Ctrl-S), a pager that isn't read, or a full disk
//! behind `2> file` must hold up nobody who runs a plant. Lines that find no room are counted, and the count is written.

use std::io::{self, IsTerminal as _, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Lines that wait for stderr. More are counted and left out.
const WAITING: usize = 4_096;
/// How long the end of the program waits for the last lines, in ms.
const LAST_MS: u64 = 1_000;

static QUEUE: OnceLock<Queue> = OnceLock::new();
static LOST: AtomicU64 = AtomicU64::new(0);

enum Job {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

struct Queue(SyncSender<Job>);

/// One line on its way; `tracing` makes one a line.
struct Line(Vec<u8>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let line = std::mem::take(&mut self.0);
        let sent = QUEUE.get().is_some_and(|queue| queue.0.try_send(Job::Line(line)).is_ok());
        LOST.fetch_add(u64::from(!sent), Ordering::Relaxed);
    }
}

/// Starts the log; `PLANTROOM_LOG` chooses what is shown (`info`, `debug`, `plantroom_host=debug` ...).
pub fn start(default: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("PLANTROOM_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    // Colours are for eyes; in a file or a journal they would be noise.
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let (sender, receiver) = sync_channel(WAITING);
    let thread = std::thread::Builder::new().name("log".to_owned()).spawn(move || write_all(&receiver));
    // A second start (a verb that runs another verb's work) keeps the first.
    if thread.is_err() || QUEUE.set(Queue(sender)).is_err() {
        return;
    }
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours);
    // What can't be written has no other place to go: telling it on stderr would end the program.
    let _ = log.log_internal_errors(false).with_writer(|| Line(Vec::new())).try_init();
    // The lines before a panic are those that explain it.
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        finish();
        told(panic);
    }));
}

/// Waits, for a moment at most, until the last lines are written: before the program ends.
pub fn finish() {
    let Some(queue) = QUEUE.get() else { return };
    let (done, written) = sync_channel(1);
    if queue.0.try_send(Job::Flush(done)).is_ok() {
        let _ = written.recv_timeout(Duration::from_millis(LAST_MS));
    }
}

fn write_all(jobs: &Receiver<Job>) {
    for job in jobs {
        match job {
            Job::Line(line) => {
                let lost = LOST.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    write(format!("{lost} lines of the log were left out: nobody took them in time\n").as_bytes());
                }
                write(&line);
            }
            Job::Flush(done) => drop(done.send(())),
        }
    }
}

/// A stderr that is closed or on a full disk takes nothing, and there is nobody else to tell.
fn write(bytes: &[u8]) {
    let _ = io::stderr().lock().write_all(bytes);
}
