//! Another process of a test: a simulated field, a console's window, a display.

use std::io::Read;
use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// A process that ends with the test.
pub struct Companion {
    child: Child,
    told: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Companion {
    /// Starts it, and listens to all it says.
    ///
    /// # Panics
    /// When it can't be started, with `missing`: what to type.
    #[track_caller]
    pub fn start(command: &mut Command, missing: &str) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{:?} does not start ({error}). {missing}", command.get_program()));
        let told = Arc::new(Mutex::new(String::new()));
        let out = child.stdout.take().map(|stream| listen(stream, Arc::clone(&told)));
        let err = child.stderr.take().map(|stream| listen(stream, Arc::clone(&told)));
        Self { child, told, readers: out.into_iter().chain(err).collect() }
    }

    /// Everything that it has said, on stdout and stderr.
    pub fn told(&self) -> String {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        self.kill();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

/// A TCP port that nobody has at the moment.
///
/// # Panics
/// When the system gives none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn listen(mut stream: impl Read + Send + 'static, told: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut block = [0_u8; 4096];
        while let Ok(count @ 1..) = stream.read(&mut block) {
            told.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(&block[..count]));
        }
    })
}
