//! connections.toml.

use crate::TcpAddress;
use crate::fields::Fields;
use crate::names::{Names, check_word};
use crate::report::{Report, Spot};

/// A connection whose driver is only a name yet.
#[derive(Debug)]
pub(crate) struct ConnectionDecl {
    pub name: String,
    pub driver: Option<(String, Spot)>,
    pub tcp: TcpAddress,
    pub timeout_ms: u32,
    pub device: serde_json::Value,
}

/// Reads every connection; their places in the list are their ids.
pub(crate) fn read(fields: Fields<'_>, names: &mut Names, report: &mut Report) -> Vec<ConnectionDecl> {
    let mut connections = Vec::new();
    for table in fields.tables("connection") {
        let tcp = table.text("tcp").and_then(|text| tcp_address(text, table.at("tcp"), report));
        let Some(name) = table.text("name") else {
            names.note_nameless(table.spot, report);
            continue;
        };
        let spot = table.at("name");
        check_word("name of a connection", name, spot, report);
        if names.add(name, spot, report).is_none() {
            continue;
        }
        connections.push(ConnectionDecl {
            name: name.to_owned(),
            driver: table.text("driver").map(|driver| (driver.to_owned(), table.at("driver"))),
            tcp: tcp.unwrap_or(TcpAddress { host: String::new(), port: 0 }),
            timeout_ms: table.whole_or("timeout_ms", 1000),
            device: table.json("device"),
        });
    }
    connections
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
