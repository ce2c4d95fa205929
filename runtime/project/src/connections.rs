//! connections.toml.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::fields::Fields;
use crate::names::{Names, check_path, check_word};
use crate::report::{Report, Spot};
use crate::{DeviceSpec, LinkSpec, Parity, SerialSpec, StreamSpec, TcpAddress};

/// Most devices behind one link: a Modbus line has 247 addresses. More are refused.
const DEVICES: usize = 247;

/// A connection whose driver is only a name yet.
#[derive(Debug)]
pub(crate) struct ConnectionDecl {
    pub name: String,
    pub driver: Option<(String, Spot)>,
    pub link: LinkSpec,
    pub timeout_ms: u32,
    pub pipeline: u8,
    pub quiet_ms: u32,
    pub device: Json,
    pub devices: Vec<DeviceSpec>,
    /// Names of the devices; their ids are places in `devices`.
    pub device_names: Names,
}

/// Reads every connection; their places in the list are their ids.
pub(crate) fn read(fields: Fields<'_>, names: &mut Names, report: &mut Report) -> Vec<ConnectionDecl> {
    let mut connections = Vec::new();
    for table in fields.tables("connection") {
        let link = read_link(table, report);
        let Some(name) = table.text("name") else {
            names.note_nameless(table.spot, report);
            continue;
        };
        let spot = table.at("name");
        check_word("name of a connection", name, spot, report);
        if names.add(name, spot, report).is_none() {
            continue;
        }
        let pipeline = table.whole_or("pipeline", 1);
        check_pace(table, &link, report);
        let mut decl = ConnectionDecl {
            name: name.to_owned(),
            driver: table.text("driver").map(|driver| (driver.to_owned(), table.at("driver"))),
            link,
            timeout_ms: table.whole_or("timeout_ms", 1000),
            pipeline,
            quiet_ms: table.whole_or("quiet_ms", 0),
            device: table.json("device"),
            devices: Vec::new(),
            device_names: Names::new("device"),
        };
        for device in table.tables("devices") {
            match device.text("name") {
                Some(name) => decl.add_device(name, device.other_json(), device.at("name"), report),
                None => decl.device_names.note_nameless(device.spot, report),
            }
        }
        connections.push(decl);
    }
    connections
}

impl ConnectionDecl {
    /// One more device behind this link; what the connection says of all of them goes below its own settings.
    pub fn add_device(&mut self, name: &str, settings: Map<String, Json>, spot: Spot, report: &mut Report) {
        check_path("name of a device", name, spot, report);
        let mut all = self.device.as_object().cloned().unwrap_or_default();
        all.extend(settings);
        let settings = Json::Object(all);
        // Several instances may stand for parts of one device.
        let is_made = spot.made_by != Spot::NOBODY;
        if is_made && self.devices.iter().any(|device| &*device.name == name && device.settings == settings) {
            return;
        }
        if self.devices.len() >= DEVICES {
            let message = format!("the connection `{}` has more than {DEVICES} devices", self.name);
            report.error(spot, message, "a Modbus line has 247 addresses; use a second connection");
        } else if self.device_names.add(name, spot, report).is_some() {
            self.devices.push(DeviceSpec { name: Arc::from(name), settings });
        }
    }
}

/// Settings that make no sense on this kind of link.
fn check_pace(table: Fields<'_>, link: &LinkSpec, report: &mut Report) {
    let is_stream = matches!(link, LinkSpec::Stream(_));
    if table.whole_or("pipeline", 1_u8) > 1 && !matches!(link, LinkSpec::Tcp(_)) {
        let message = match is_stream {
            true => "what is on the way over a stream is its driver's business, so it has no `pipeline`",
            false => "a serial line carries one transaction at a time, so it has no `pipeline`",
        };
        report.error(table.at("pipeline"), message, "remove it; only Modbus TCP tells several answers apart");
    }
    if table.has("quiet_ms") && (is_stream || matches!(link, LinkSpec::Tcp(_))) {
        let message = match is_stream {
            true => "pauses on a stream are its driver's business, so it has no `quiet_ms`",
            false => "Modbus TCP knows where a message ends without a pause, so it has no `quiet_ms`",
        };
        report.error(table.at("quiet_ms"), message, "remove it; it is for serial lines and serial frames over TCP");
    }
}

/// The one of `tcp`, `rtu_over_tcp`, `serial` and `stream` that is given.
fn read_link(table: Fields<'_>, report: &mut Report) -> LinkSpec {
    let help = "write one of tcp = \"192.168.0.10:502\", rtu_over_tcp = \"192.168.0.10:4001\", \
                serial = { port = \"/dev/ttyUSB0\" }, stream = { tcp = \"192.168.0.10:102\" }";
    match the_one(table, &["tcp", "rtu_over_tcp", "serial", "stream"], help, report) {
        Some("serial") => match table.table("serial") {
            Some(line) => LinkSpec::Serial(read_serial(line, report)),
            None => LinkSpec::Tcp(nowhere()),
        },
        Some("stream") => match table.table("stream") {
            Some(stream) => LinkSpec::Stream(read_stream(stream, report)),
            None => LinkSpec::Tcp(nowhere()),
        },
        Some("rtu_over_tcp") => LinkSpec::RtuOverTcp(read_address(table, "rtu_over_tcp", report)),
        Some(_) => LinkSpec::Tcp(read_address(table, "tcp", report)),
        None => LinkSpec::Tcp(nowhere()),
    }
}

/// The one of `tcp`, `udp` and `serial` that is given.
fn read_stream(table: Fields<'_>, report: &mut Report) -> StreamSpec {
    let help = "write one of tcp = \"192.168.0.10:102\", udp = \"192.168.0.10:161\", serial = { port = \"/dev/ttyUSB0\" }";
    match the_one(table, &["tcp", "udp", "serial"], help, report) {
        Some("serial") => match table.table("serial") {
            Some(line) => StreamSpec::Serial(read_serial(line, report)),
            None => StreamSpec::Tcp(nowhere()),
        },
        Some("udp") => StreamSpec::Udp(read_address(table, "udp", report)),
        Some(_) => StreamSpec::Tcp(read_address(table, "tcp", report)),
        None => StreamSpec::Tcp(nowhere()),
    }
}

/// The first of these keys that is given; none and several are told.
fn the_one(table: Fields<'_>, keys: &[&'static str], help: &str, report: &mut Report) -> Option<&'static str> {
    let given: Vec<&str> = keys.iter().copied().filter(|key| table.has(key)).collect();
    if given.is_empty() {
        report.error(table.spot, "nothing says how this connection's device is reached", help);
    }
    if let Some(second) = given.get(1) {
        let message = format!("a connection goes one way, but `{}` are given", given.join("` and `"));
        report.error(table.key_at(second), message, "keep one of them");
    }
    keys.iter().copied().find(|key| given.contains(key))
}

fn nowhere() -> TcpAddress {
    TcpAddress { host: String::new(), port: 0 }
}

fn read_address(table: Fields<'_>, key: &str, report: &mut Report) -> TcpAddress {
    table.text(key).and_then(|text| tcp_address(text, table.at(key), report)).unwrap_or_else(nowhere)
}

fn read_serial(line: Fields<'_>, report: &mut Report) -> SerialSpec {
    let port = line.text("port").unwrap_or_default().trim().to_owned();
    if line.has("port") && (port.is_empty() || port.chars().any(char::is_control)) {
        report.error(line.at("port"), "this is not a serial port", "write its device file: port = \"/dev/ttyUSB0\"");
    }
    let parity = match line.word("parity") {
        Some("none") => Parity::None,
        Some("odd") => Parity::Odd,
        _ => Parity::Even,
    };
    SerialSpec {
        port,
        baud: line.whole_or("baud", 19_200),
        data_bits: line.whole_or("data_bits", 8),
        parity,
        stop_bits: line.whole_or("stop_bits", 1),
    }
}

/// `host:port`, with `[::1]:502` for IPv6.
fn tcp_address(text: &str, spot: Spot, report: &mut Report) -> Option<TcpAddress> {
    let help = "write host:port, as in 192.168.0.10:502";
    let Some((host, port)) = text.rsplit_once(':') else {
        let help = format!("write {}:502 for Modbus's usual port", if text.is_empty() { "192.168.0.10" } else { text });
        report.error(spot, format!("`{text}` has no port"), help);
        return None;
    };
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_ok = match bracketed {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')),
    };
    if !host_ok {
        report.error(spot, format!("`{host}` is not a host name or IP address"), format!("{help}, or [fd00::10]:502"));
        return None;
    }
    match port.parse::<u16>() {
        Ok(port) if port > 0 => Some(TcpAddress { host: bracketed.unwrap_or(host).to_owned(), port }),
        _ => {
            report.error(spot, format!("`{port}` is not a TCP port"), "a port is a whole number from 1 to 65535");
            None
        }
    }
}
