//! Where the devices are: an address, or a serial port with its settings.

use anyhow::Result;
use clap::{Args, ValueEnum};
use plantroom_project::{LinkSpec, Parity, SerialSpec, StreamSpec, TcpAddress};

use crate::exit::Failure;

/// Modbus's own TCP port.
const PORT: u16 = 502;
/// How long an answer may take over TCP and on a line, in ms.
const TIMEOUTS_MS: (u32, u32) = (500, 200);

#[derive(Args)]
pub struct Target {
    /// HOST, HOST:PORT, or a serial port such as /dev/ttyUSB0 or COM3.
    target: String,
    /// The address is that of a serial server that passes serial frames (RTU over TCP).
    #[arg(long)]
    rtu_over_tcp: bool,
    /// Bits a second of a serial line; several are tried in turn.
    #[arg(long, value_delimiter = ',', default_value = "19200,9600")]
    baud: Vec<u32>,
    /// Parity of a serial line; several are tried in turn.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "even,none")]
    parity: Vec<ParityWord>,
    /// Stop bits of a serial line.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    stop_bits: u8,
    /// How long a unit may take to answer, in ms [default: 500, on a serial line 200].
    #[arg(long)]
    timeout_ms: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ParityWord {
    None,
    Even,
    Odd,
}

impl Target {
    /// Every way to try, one for TCP, some for a serial line.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn links(&self) -> Result<Vec<LinkSpec>> {
        if self.is_serial() {
            if self.rtu_over_tcp {
                return Err(Failure::usage("--rtu-over-tcp goes with HOST:PORT, not with a serial port.").into());
            }
            let settings = self.parity.iter().flat_map(|parity| self.baud.iter().map(move |baud| (*parity, *baud)));
            return Ok(settings.map(|(parity, baud)| self.serial(parity, baud)).collect());
        }
        let (host, port) = address(&self.target)?;
        let at = TcpAddress { host, port };
        Ok(vec![if self.rtu_over_tcp { LinkSpec::RtuOverTcp(at) } else { LinkSpec::Tcp(at) }])
    }

    fn serial(&self, parity: ParityWord, baud: u32) -> LinkSpec {
        let parity = match parity {
            ParityWord::None => Parity::None,
            ParityWord::Even => Parity::Even,
            ParityWord::Odd => Parity::Odd,
        };
        LinkSpec::Serial(SerialSpec { port: self.target.clone(), baud, data_bits: 8, parity, stop_bits: self.stop_bits })
    }

    /// How long a unit may take, in ms.
    pub fn timeout_ms(&self) -> u32 {
        let usual = if self.is_serial() || self.rtu_over_tcp { TIMEOUTS_MS.1 } else { TIMEOUTS_MS.0 };
        self.timeout_ms.unwrap_or(usual).clamp(10, 60_000)
    }

    fn is_serial(&self) -> bool {
        self.target.starts_with('/') || self.target.to_ascii_uppercase().strip_prefix("COM").is_some_and(is_number)
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn address(text: &str) -> Result<(String, u16)> {
    let wrong = || Failure::usage(format!("This is not HOST, HOST:PORT or a serial port such as /dev/ttyUSB0: {text:?}."));
    let is_bare_v6 = text.matches(':').count() > 1 && !text.starts_with('[');
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !is_bare_v6 && !text.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
        _ => (text, PORT),
    };
    if host.is_empty() || host.contains(char::is_whitespace) || port == 0 {
        return Err(wrong().into());
    }
    Ok((host.to_owned(), port))
}

/// The line that connections.toml wants for a link.
pub fn toml_line(link: &LinkSpec) -> String {
    match link {
        LinkSpec::Tcp(at) => format!("tcp = \"{}:{}\"", at.host, at.port),
        LinkSpec::RtuOverTcp(at) => format!("rtu_over_tcp = \"{}:{}\"", at.host, at.port),
        LinkSpec::Serial(line) => serial_line(line),
        LinkSpec::Stream(StreamSpec::Tcp(at)) => format!("stream = {{ tcp = \"{}:{}\" }}", at.host, at.port),
        LinkSpec::Stream(StreamSpec::Udp(at)) => format!("stream = {{ udp = \"{}:{}\" }}", at.host, at.port),
        LinkSpec::Stream(StreamSpec::Serial(line)) => format!("stream = {{ {} }}", serial_line(line)),
    }
}

fn serial_line(line: &SerialSpec) -> String {
    let parity = match line.parity {
        Parity::None => "none",
        Parity::Even => "even",
        Parity::Odd => "odd",
    };
    let SerialSpec { port, baud, stop_bits, .. } = line;
    format!("serial = {{ port = \"{port}\", baud = {baud}, parity = \"{parity}\", stop_bits = {stop_bits} }}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_with_or_without_a_port() {
        for (text, expected) in [
            ("plc", Some(("plc", 502))),
            ("192.168.1.10:1502", Some(("192.168.1.10", 1502))),
            ("[fe80::1]:1502", Some(("[fe80::1]", 1502))),
            ("[fe80::1]", Some(("[fe80::1]", 502))),
            ("fe80::1", Some(("fe80::1", 502))),
            ("plc:port", None),
            ("plc:0", None),
            ("plc:70000", None),
            (":502", None),
            ("a b", None),
        ] {
            let found = address(text).ok();
            assert_eq!(found, expected.map(|(host, port)| (host.to_owned(), port)), "{text}");
        }
    }
}
