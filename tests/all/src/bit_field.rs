//! A Modbus TCP device of many discrete inputs that remembers what it told: each change that somebody who polls it can
//! have seen, so that nothing can be lost on the way without anybody noticing.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// The device; its threads end with it.
pub struct BitField {
    shared: Arc<Shared>,
    /// Its TCP port.
    pub port: u16,
}

/// How often an input was told to change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// From false to true.
    pub rises: u32,
    /// From true to false.
    pub falls: u32,
    /// What was told last.
    pub is: bool,
}

struct Shared {
    bits: Mutex<Bits>,
    ended: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

struct Bits {
    is: Vec<bool>,
    told: Vec<Told>,
    /// When each was last set, ns UTC.
    set_at: Vec<i64>,
}

impl BitField {
    /// A device with so many inputs (at most 65,536), all of them false.
    ///
    /// # Panics
    /// When the system gives no port.
    pub fn start(inputs: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let bits = Bits { is: vec![false; inputs], told: vec![Told::default(); inputs], set_at: vec![0; inputs] };
        let shared = Arc::new(Shared { bits: Mutex::new(bits), ended: AtomicBool::new(false), open: Mutex::default() });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if serving.ended.load(Ordering::Relaxed) {
                    return;
                }
                lock(&serving.open).extend(stream.try_clone());
                let shared = Arc::clone(&serving);
                // A connection that ends is no fault.
                std::thread::spawn(move || drop(serve(stream, &shared)));
            }
        });
        Self { shared, port }
    }

    /// Sets inputs; one that is so already isn't set anew.
    pub fn set(&self, inputs: impl IntoIterator<Item = usize>, to: bool) {
        let now = utc_ns();
        let mut bits = lock(&self.shared.bits);
        for input in inputs {
            if bits.is[input] != to {
                (bits.is[input], bits.set_at[input]) = (to, now);
            }
        }
    }

    /// Turns inputs round.
    pub fn toggle(&self, inputs: impl IntoIterator<Item = usize>) {
        let now = utc_ns();
        let mut bits = lock(&self.shared.bits);
        for input in inputs {
            (bits.is[input], bits.set_at[input]) = (!bits.is[input], now);
        }
    }

    /// What was told of each input.
    pub fn told(&self) -> Vec<Told> {
        lock(&self.shared.bits).told.clone()
    }

    /// When each was last set, ns UTC; 0 for never.
    pub fn set_at(&self) -> Vec<i64> {
        lock(&self.shared.bits).set_at.clone()
    }

    /// Whether everything has been told as it is.
    pub fn is_all_told(&self) -> bool {
        let bits = lock(&self.shared.bits);
        bits.is.iter().zip(&bits.told).all(|(is, told)| *is == told.is)
    }
}

impl Drop for BitField {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        for stream in lock(&self.shared.open).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Whoever waits for the next connection gets one, and ends.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = [0; 12];
    loop {
        stream.read_exact(&mut request)?;
        let word = |at: usize| usize::from(request[at]) << 8 | usize::from(request[at + 1]);
        let (function, from, count) = (request[7], word(8), word(10));
        let answer = if function == 2 { tell(shared, from, count) } else { None };
        // Illegal address.
        let body = answer.unwrap_or_else(|| vec![function | 0x80, 2]);
        let mut frame = request[..7].to_vec();
        frame[4..6].copy_from_slice(&(body.len() as u16 + 1).to_be_bytes());
        frame.extend(body);
        stream.write_all(&frame)?;
    }
}

/// Function 2; what is answered counts as told.
fn tell(shared: &Shared, from: usize, count: usize) -> Option<Vec<u8>> {
    let mut bits = lock(&shared.bits);
    let Bits { is, told, .. } = &mut *bits;
    let (is, told) = (is.get(from..from + count)?, told.get_mut(from..from + count)?);
    let mut answer = vec![2, count.div_ceil(8) as u8];
    answer.resize(2 + count.div_ceil(8), 0);
    for (place, (is, told)) in is.iter().zip(told).enumerate() {
        told.rises += u32::from(*is && !told.is);
        told.falls += u32::from(!*is && told.is);
        told.is = *is;
        answer[2 + place / 8] |= u8::from(*is) << (place % 8);
    }
    Some(answer)
}

/// The machine's clock, ns UTC.
pub fn utc_ns() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64)
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
