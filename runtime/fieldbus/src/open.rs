//! Opens sockets and serial ports, and says in an engineer's words why one can't be opened.

use std::time::Duration;

use plantroom_project::{Parity, SerialSpec, TcpAddress};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio_serial::{ClearBuffer, DataBits, SerialPort as _, SerialPortBuilderExt as _, SerialStream, StopBits};

use crate::limits::{CONNECT_SHORTEST_MS, KEEPALIVE_IDLE_S, KEEPALIVE_PAUSE_S, KEEPALIVE_PROBES};
use crate::words::io_words;

/// Opens a TCP connection.
///
/// # Errors
/// Why not, in a sentence.
pub(crate) async fn tcp(at: &TcpAddress, timeout_ms: u32) -> Result<TcpStream, String> {
    let TcpAddress { host, port } = at;
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let longest = Duration::from_millis(u64::from(timeout_ms).max(CONNECT_SHORTEST_MS));
    let stream = match tokio::time::timeout(longest, TcpStream::connect((name, *port))).await {
        Err(_) => return Err(format!("{host}:{port} doesn't answer: check power, cable and address")),
        Ok(Err(error)) => return Err(format!("{host}:{port}: {}", io_words(&error))),
        Ok(Ok(stream)) => stream,
    };
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(KEEPALIVE_IDLE_S))
        .with_interval(Duration::from_secs(KEEPALIVE_PAUSE_S))
        .with_retries(KEEPALIVE_PROBES);
    let options = stream.set_nodelay(true).and_then(|()| SockRef::from(&stream).set_tcp_keepalive(&keepalive));
    options.map_err(|error| format!("the connection can't be set up: {error}"))?;
    Ok(stream)
}

/// Opens a UDP socket that sends to one address and hears nothing else.
///
/// # Errors
/// Why not, in a sentence.
pub(crate) async fn udp(at: &TcpAddress, timeout_ms: u32) -> Result<UdpSocket, String> {
    let TcpAddress { host, port } = at;
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let longest = Duration::from_millis(u64::from(timeout_ms).max(CONNECT_SHORTEST_MS));
    let words = |error: std::io::Error| format!("{host}:{port}: {}", io_words(&error));
    let found = tokio::time::timeout(longest, lookup_host((name, *port))).await;
    let mut found =
        found.map_err(|_| format!("{host}: nobody says what address that is: check the name server"))?.map_err(words)?;
    let to = found.next().ok_or_else(|| format!("{host}: there is no such name"))?;
    let from = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(from).await.map_err(words)?;
    socket.connect(to).await.map_err(words)?;
    Ok(socket)
}

/// Opens a serial port for Modbus, for this program alone.
///
/// # Errors
/// Why not, in a sentence.
pub(crate) fn serial(spec: &SerialSpec) -> Result<SerialStream, String> {
    if spec.data_bits != 8 {
        let SerialSpec { port, data_bits, .. } = spec;
        return Err(format!("{port}: Modbus RTU needs 8 data bits, not {data_bits}: change data_bits in connections.toml"));
    }
    port(spec)
}

/// Opens a serial port, for this program alone.
///
/// # Errors
/// Why not, in a sentence.
pub(crate) fn port(spec: &SerialSpec) -> Result<SerialStream, String> {
    let port = &spec.port;
    let data_bits = if spec.data_bits == 7 { DataBits::Seven } else { DataBits::Eight };
    let parity = match spec.parity {
        Parity::None => tokio_serial::Parity::None,
        Parity::Even => tokio_serial::Parity::Even,
        Parity::Odd => tokio_serial::Parity::Odd,
    };
    let stop_bits = if spec.stop_bits == 2 { StopBits::Two } else { StopBits::One };
    let builder = tokio_serial::new(port, spec.baud).data_bits(data_bits).parity(parity).stop_bits(stop_bits);
    let stream = builder.open_native_async().map_err(|error| serial_words(port, &error))?;
    // What arrived before nobody has asked for.
    stream.clear(ClearBuffer::All).map_err(|error| serial_words(port, &error))?;
    Ok(stream)
}

fn serial_words(port: &str, error: &tokio_serial::Error) -> String {
    match error.kind() {
        tokio_serial::ErrorKind::NoDevice | tokio_serial::ErrorKind::Io(std::io::ErrorKind::NotFound) => {
            format!("{port}: there is no such port, or another program has it: check the adapter and its name")
        }
        tokio_serial::ErrorKind::Io(std::io::ErrorKind::PermissionDenied) => {
            format!("{port}: this user may not open it: add the user to the group `dialout`")
        }
        tokio_serial::ErrorKind::InvalidInput => {
            format!("{port}: the port doesn't take these settings ({}): check baud, parity and stop bits", error.description)
        }
        _ => format!("{port}: {}", error.description),
    }
}
