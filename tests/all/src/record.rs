//! Recording a tag's samples, and how punctual the machine and the device were meanwhile.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::api::Api;

/// One sample as the station holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its value; NaN where it is no number.
    pub number: f64,
    /// good, uncertain or bad.
    pub quality: String,
    /// Source time in ms UTC.
    pub source_ms: f64,
    /// Server time in ms UTC.
    pub server_ms: f64,
}

/// Reads one tag over and over, and keeps every sample once.
pub struct Recorder {
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Begins to record; `every` should be a small part of the tag's poll period.
    pub fn start(api: &Api, tag: &str, every: Duration) -> Self {
        let (seen, stop) = (Arc::new(Mutex::new(Vec::<Seen>::new())), Arc::new(AtomicBool::new(false)));
        let (api, tag, told, stopped) = (api.clone(), tag.to_owned(), Arc::clone(&seen), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let now = api.tag(&tag);
                let (source_ms, server_ms) = (ms(&now.source_time), ms(&now.server_time));
                let sample = Seen { number: now.number(), quality: now.quality, source_ms, server_ms };
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                if told.last().is_none_or(|last| last.server_ms != sample.server_ms) {
                    told.push(sample);
                }
                drop(told);
                std::thread::sleep(every);
            }
        });
        Self { seen, stop, thread: Some(thread) }
    }

    /// How many samples were recorded.
    pub fn len(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All samples until now, oldest first.
    pub fn samples(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the recording.
    ///
    /// # Panics
    /// When the station stopped to answer meanwhile.
    #[track_caller]
    pub fn finish(mut self) -> Vec<Seen> {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("a recorder is finished once");
        assert!(thread.join().is_ok(), "the station did not answer while its samples were recorded");
        self.samples()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Polls a Modbus device at a beat with nothing but a socket, and remembers the widest gap between two answers: what
/// the machine and the device could do meanwhile, for whoever is held against it.
pub struct BarePoller {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Option<Duration>>,
}

impl BarePoller {
    /// Begins to poll one holding register.
    pub fn start(port: u16, register: u16, period: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
            stream.set_nodelay(true).ok()?;
            let (mut widest, mut due, mut answered) = (Duration::ZERO, Instant::now(), None::<Instant>);
            while !stopped.load(Ordering::Relaxed) {
                let [high, low] = register.to_be_bytes();
                stream.write_all(&[0, 1, 0, 0, 0, 6, 1, 3, high, low, 0, 1]).ok()?;
                stream.read_exact(&mut [0; 11]).ok()?;
                let now = Instant::now();
                widest = widest.max(answered.map_or(Duration::ZERO, |before| now - before));
                answered = Some(now);
                while due <= now {
                    due += period;
                }
                std::thread::sleep(due - now);
            }
            Some(widest)
        });
        Self { stop, thread }
    }

    /// Ends it: the widest gap.
    ///
    /// # Panics
    /// When the device stopped to answer.
    #[track_caller]
    pub fn finish(self) -> Duration {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().ok().flatten().expect("the device answers the bare poller to the end")
    }
}

/// RFC 3339 as ms UTC; NaN where there is none.
fn ms(time: &str) -> f64 {
    time.parse::<jiff::Timestamp>().map_or(f64::NAN, |time| time.as_nanosecond() as f64 / 1e6)
}
