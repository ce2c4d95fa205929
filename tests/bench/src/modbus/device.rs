//! The devices: a tokio-modbus server, in a process of its own so that it shares nothing but the machine.

use std::future;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;
use tokio_modbus::server::Service;
use tokio_modbus::server::tcp::{Server, accept_tcp_connection};
use tokio_modbus::{ExceptionCode, Request, Response};

/// The process.
pub struct DeviceProcess {
    child: Child,
    address: SocketAddr,
}

impl DeviceProcess {
    /// Starts it.
    ///
    /// # Errors
    /// When it doesn't come up.
    pub fn start() -> Result<Self> {
        let this = std::env::current_exe().context("this program's own file can't be found")?;
        let mut child = Command::new(this).arg("serve-modbus").stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        let port = line.trim().parse().context("the device said no port")?;
        Ok(Self { child, address: (Ipv4Addr::LOCALHOST, port).into() })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for DeviceProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Registers;

impl Service for Registers {
    type Request = Request<'static>;
    type Response = Response;
    type Exception = ExceptionCode;
    type Future = future::Ready<Result<Response, ExceptionCode>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        future::ready(match request {
            // Pairs of registers are floats: 100.0 and a little more, so that no value is odd.
            Request::ReadHoldingRegisters(address, count) => {
                let word = |at: u16| if at.is_multiple_of(2) { 0x42C8 } else { at };
                Ok(Response::ReadHoldingRegisters((0..count).map(|at| word(address.wrapping_add(at))).collect()))
            }
            _ => Err(ExceptionCode::IllegalFunction),
        })
    }
}

/// Serves until it is killed; says its port first.
///
/// # Errors
/// When it can't listen.
pub fn serve() -> Result<()> {
    // One thread: devices don't take more than one of the two cores.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?.port());
        std::io::stdout().flush()?;
        let on_connected = |stream: tokio::net::TcpStream, from| async move {
            stream.set_nodelay(true)?;
            accept_tcp_connection(stream, from, |_| Ok(Some(Registers)))
        };
        Server::new(listener).serve(&on_connected, |_| {}).await?;
        Ok(())
    })
}
