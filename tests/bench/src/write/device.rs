//! A Modbus device on plain sockets, which notes when the bytes of a write have arrived.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Result;

/// Registers of the device.
const REGISTERS: usize = 400;
/// Writes that nobody has asked for yet.
const ARRIVALS: usize = 1_024;

/// The device; its threads end with their connections.
pub struct Device {
    address: SocketAddr,
    registers: Arc<Mutex<[u16; REGISTERS]>>,
}

impl Device {
    /// Starts it; what is written to it comes out of the receiver, with the time at which its bytes had arrived.
    ///
    /// # Errors
    /// When it can't listen.
    pub fn start() -> Result<(Self, Receiver<(Instant, u16)>)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (sender, receiver) = sync_channel(ARRIVALS);
        let registers = Arc::new(Mutex::new([0_u16; REGISTERS]));
        let shown = Arc::clone(&registers);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (registers, sender) = (Arc::clone(&registers), sender.clone());
                // A connection that ends is no fault.
                std::thread::spawn(move || drop(serve(stream, &registers, &sender)));
            }
        });
        Ok((Self { address, registers: shown }, receiver))
    }

    /// Changes a register, as the device's own program would.
    pub fn set(&self, register: usize, value: u16) {
        if let Some(place) = self.registers.lock().unwrap_or_else(PoisonError::into_inner).get_mut(register) {
            *place = value;
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn serve(
    mut stream: TcpStream,
    registers: &Mutex<[u16; REGISTERS]>,
    arrivals: &SyncSender<(Instant, u16)>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = [0; 7];
    let mut body = [0; 260];
    loop {
        stream.read_exact(&mut head)?;
        let length = usize::from(word(&head, 4)).saturating_sub(1).min(body.len());
        stream.read_exact(&mut body[..length])?;
        let at = Instant::now();
        let answer = answer(&body[..length], registers, |value| {
            // When nobody fetches them any more, they need not be kept.
            let _ = arrivals.try_send((at, value));
        });
        let mut frame = head.to_vec();
        frame[4..6].copy_from_slice(&(answer.len() as u16 + 1).to_be_bytes());
        frame.extend(answer);
        stream.write_all(&frame)?;
    }
}

fn answer(request: &[u8], registers: &Mutex<[u16; REGISTERS]>, arrived: impl FnOnce(u16)) -> Vec<u8> {
    let function = request.first().copied().unwrap_or(0);
    let (from, count) = (usize::from(word(request, 1)), usize::from(word(request, 3)));
    let mut registers = registers.lock().unwrap_or_else(PoisonError::into_inner);
    match function {
        3 | 4 if from + count <= REGISTERS && count <= 125 => {
            let mut answer = vec![function, 2 * count as u8];
            answer.extend(registers[from..from + count].iter().flat_map(|word| word.to_be_bytes()));
            answer
        }
        6 if from < REGISTERS => {
            arrived(word(request, 3));
            registers[from] = word(request, 3);
            request.to_vec()
        }
        16 if from < REGISTERS && count == 1 => {
            arrived(word(request, 6));
            registers[from] = word(request, 6);
            request[..5].to_vec()
        }
        // Illegal address.
        _ => vec![function | 0x80, 2],
    }
}

fn word(bytes: &[u8], at: usize) -> u16 {
    let byte = |at: usize| u16::from(bytes.get(at).copied().unwrap_or(0));
    byte(at) << 8 | byte(at + 1)
}
