//! A hundred devices at one address, told apart by their unit: each notes how far the polls of its first register are off
//! their beat. Some may be dead: they take connections, and never answer.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::figures::percentile;
use crate::points::{DEVICES, PERIOD_MS};

/// The process.
pub struct Devices {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    address: SocketAddr,
}

/// What the devices noted since they were asked last.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    /// Polls of a first register.
    pub polls: f64,
    /// How far the time between two of them was off the period, in ms.
    pub p50_ms: f64,
    /// The same, for the worst of a hundred.
    pub p99_ms: f64,
}

impl Devices {
    /// Starts them, so many of them dead.
    ///
    /// # Errors
    /// When they don't come up.
    pub fn start(dead: usize) -> Result<Self> {
        let this = std::env::current_exe().context("this program's own file can't be found")?;
        let mut command = Command::new(this);
        command.args(["serve-points", "--dead", &dead.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let stdin = child.stdin.take().context("no input")?;
        let mut stdout = BufReader::new(child.stdout.take().context("no output")?);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let port: u16 = line.trim().parse().context("the devices said no port")?;
        Ok(Self { child, stdin, stdout, address: (Ipv4Addr::LOCALHOST, port).into() })
    }

    /// Where they listen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What they noted since the last time.
    ///
    /// # Errors
    /// When they have ended.
    pub fn noted(&mut self) -> Result<Noted> {
        writeln!(self.stdin, "tell")?;
        self.stdin.flush()?;
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        let numbers: Vec<f64> = line.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect();
        match numbers[..] {
            [polls, p50_ms, p99_ms] => Ok(Noted { polls, p50_ms, p99_ms }),
            _ => anyhow::bail!("the devices said {line:?}"),
        }
    }
}

impl Drop for Devices {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Default)]
struct Notes {
    last: BTreeMap<u8, Instant>,
    off_ms: Vec<f64>,
}

type Shared = Arc<Mutex<Notes>>;

/// Serves until it is killed; says its port first, and what it noted whenever a line comes in.
///
/// # Errors
/// When it can't listen.
pub fn serve(dead: usize) -> Result<()> {
    let notes = Shared::default();
    let told = Arc::clone(&notes);
    std::thread::spawn(move || {
        for _ in std::io::stdin().lines().map_while(Result::ok) {
            let off_ms = std::mem::take(&mut told.lock().unwrap_or_else(PoisonError::into_inner).off_ms);
            println!("{} {:.4} {:.4}", off_ms.len(), percentile(&off_ms, 0.5), percentile(&off_ms, 0.99));
            let _ = std::io::stdout().flush();
        }
        // Nobody wants it any more.
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?.port());
        std::io::stdout().flush()?;
        loop {
            let (stream, _) = listener.accept().await?;
            let notes = Arc::clone(&notes);
            // A connection that ends is no fault.
            tokio::spawn(async move { drop(answer(stream, dead, &notes).await) });
        }
    })
}

async fn answer(mut stream: TcpStream, dead: usize, notes: &Mutex<Notes>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = [0; 12];
    loop {
        stream.read_exact(&mut request).await?;
        let at = Instant::now();
        let (unit, address, count) = (request[6], [request[8], request[9]], usize::from(request[11]));
        if usize::from(unit) > DEVICES - dead {
            continue;
        }
        if address == [0, 0] {
            let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(last) = notes.last.insert(unit, at) {
                let gap_ms = at.duration_since(last).as_secs_f64() * 1_000.0;
                notes.off_ms.push((gap_ms - f64::from(PERIOD_MS)).abs());
            }
        }
        // Floats near 100 that change with every poll.
        let mut frame = vec![request[0], request[1], 0, 0, 0, (3 + 2 * count) as u8, unit, request[7], (2 * count) as u8];
        let low = at.elapsed().as_nanos() as u8;
        frame.extend((0..count).flat_map(|place| if place % 2 == 0 { [0x42, 0xC8] } else { [request[1], low] }));
        stream.write_all(&frame).await?;
    }
}
