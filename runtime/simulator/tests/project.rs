//! The demo plant's project and its field fit together: every tag has its register.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use plantroom_model::{Origin, Severity};
use plantroom_project::{LinkSpec, Plant, TcpAddress, load};
use plantroom_simulator::{Running, Simulator, StartOptions};
use tokio_modbus::client::{Client, tcp};
use tokio_modbus::{Request, Response, Slave};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../screens/waterworks")
}

fn plant() -> std::sync::Arc<Plant> {
    let loaded = load(&folder());
    let errors: Vec<String> =
        loaded.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(ToString::to_string).collect();
    loaded.plant.unwrap_or_else(|| panic!("{}", errors.join("\n")))
}

#[test]
fn the_demo_is_as_large_as_it_says() {
    let loaded = load(&folder());
    let told: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    let plant = plant();
    let process_tags = plant.tags.iter().filter(|tag| tag.origin != Origin::System).count();
    assert!(process_tags >= 60, "{process_tags}");
    let devices: HashSet<String> = plant.connections.iter().map(|c| c.link.to_string()).collect();
    assert!(devices.len() >= 2, "{devices:?}");
    for tag in plant.tags.iter().filter(|tag| tag.origin != Origin::System) {
        assert!(!tag.description.is_empty(), "{} has no description", tag.name);
    }
}

/// The cells of a tag's address: function, first address, how many.
fn cells(address: &str) -> (u8, u16, u16) {
    let words: Vec<&str> = address.split_whitespace().collect();
    let (function, start, rest) = match words[0] {
        "coil" => (1, words[1], &words[2..]),
        "discrete" => (2, words[1], &words[2..]),
        "holding" => (3, words[1], &words[2..]),
        "input" => (4, words[1], &words[2..]),
        digits => {
            let function = match digits.as_bytes()[0] {
                b'0' => 1,
                b'1' => 2,
                b'3' => 4,
                _ => 3,
            };
            return (function, digits[1..].parse::<u16>().unwrap() - 1, count(&words[1..]));
        }
    };
    (function, start.split('.').next().unwrap().parse().unwrap(), count(rest))
}

fn count(kind: &[&str]) -> u16 {
    match kind {
        ["text", bytes, ..] => bytes.parse::<u16>().unwrap().div_ceil(2),
        [kind, ..] if kind.ends_with("64") => 4,
        [kind, ..] if kind.ends_with("32") => 2,
        _ => 1,
    }
}

async fn ask(address: SocketAddr, unit: u8, request: Request<'static>) -> Result<Response, String> {
    let stream = tokio::net::TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let answer = tcp::attach_slave(stream, Slave(unit)).call(request).await;
    answer.map_err(|error| error.to_string())?.map_err(|exception| exception.to_string())
}

fn address(field: &Running, plant: &Plant, connection: usize) -> SocketAddr {
    let LinkSpec::Tcp(TcpAddress { port, .. }) = plant.connections[connection].link else { panic!("not a TCP link") };
    // The field listens on free ports; the file says which device belongs to which port.
    let name = match port {
        5021 => "plc_intake",
        5022 => "plc_high_lift",
        5023 => "gateway",
        other => panic!("no device is simulated at port {other}"),
    };
    field.address(name).unwrap()
}

#[tokio::test]
async fn every_polled_tag_has_its_register() {
    let plant = plant();
    let options = StartOptions { speed: 0.0, free_ports: true, address: None };
    let field = Simulator::load(&folder()).unwrap().start_with(options).await.unwrap();
    let mut polled = 0;
    for tag in plant.tags.iter() {
        let Origin::Driver { connection, address: at, .. } = &tag.origin else { continue };
        let spec = &plant.connections[connection.0 as usize];
        let unit = spec.device["unit"].as_u64().unwrap_or(1) as u8;
        let (function, start, count) = cells(at);
        let request = match function {
            1 => Request::ReadCoils(start, count),
            2 => Request::ReadDiscreteInputs(start, count),
            3 => Request::ReadHoldingRegisters(start, count),
            _ => Request::ReadInputRegisters(start, count),
        };
        let answer = ask(address(&field, &plant, connection.0 as usize), unit, request).await;
        assert!(answer.is_ok(), "{} at {at}: {answer:?}", tag.name);
        polled += 1;
    }
    assert!(polled >= 60, "{polled}");
}
