//! The demo plant's project and its field fit together: every tag has its register.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use plantroom_model::{Origin, Severity};
use plantroom_project::{LinkSpec, Plant, TcpAddress, load};
use plantroom_simulator::{Running, Simulator, StartOptions};
use tokio_modbus::client::{Client, rtu, tcp};
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
    assert!(process_tags >= 500, "{process_tags}");
    let devices: HashSet<String> = plant.connections.iter().map(|c| c.link.to_string()).collect();
    assert!(devices.len() >= 6, "{devices:?}");
    for tag in plant.tags.iter().filter(|tag| tag.origin != Origin::System) {
        assert!(!tag.description.is_empty(), "{} has no description", tag.name);
        let is_plain = tag.kind != plantroom_model::ValueKind::Float || tag.name.contains("power_factor");
        assert!(is_plain || !tag.unit.is_empty(), "{} has no unit", tag.name);
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

async fn ask((address, is_rtu): (SocketAddr, bool), unit: u8, request: Request<'static>) -> Result<Response, String> {
    let stream = tokio::net::TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let mut client = if is_rtu { rtu::attach_slave(stream, Slave(unit)) } else { tcp::attach_slave(stream, Slave(unit)) };
    let answer = client.call(request).await;
    answer.map_err(|error| error.to_string())?.map_err(|exception| exception.to_string())
}

/// Where a connection's device listens (the field takes free ports; the file says which device belongs to which), and
/// whether it speaks RTU.
fn address(field: &Running, link: &LinkSpec) -> (SocketAddr, bool) {
    let (TcpAddress { port, .. }, rtu) = match link {
        LinkSpec::Tcp(at) => (at, false),
        LinkSpec::RtuOverTcp(at) => (at, true),
        LinkSpec::Serial(_) | LinkSpec::Stream(_) => panic!("{link:?} is no TCP link to Modbus devices"),
    };
    let devices = ["plc_intake", "plc_high_lift", "gateway", "plc_filters", "dosing_line", "outstations"];
    let name = devices.get(usize::from(*port) - 5021).unwrap_or_else(|| panic!("no device is simulated at port {port}"));
    (field.address(name).unwrap(), rtu)
}

#[tokio::test]
async fn every_polled_tag_has_its_register() {
    let plant = plant();
    let options = StartOptions { speed: 0.0, free_ports: true, address: None };
    let field = Simulator::load(&folder()).unwrap().start_with(options).await.unwrap();
    let mut polled = 0;
    for tag in plant.tags.iter() {
        let Origin::Driver { connection, device, address: at, .. } = &tag.origin else { continue };
        let spec = &plant.connections[connection.0 as usize];
        let settings = device.map_or(&spec.device, |device| &spec.devices[device as usize].settings);
        let unit = settings["unit"].as_u64().unwrap_or(1) as u8;
        let (function, start, count) = cells(at);
        let request = match function {
            1 => Request::ReadCoils(start, count),
            2 => Request::ReadDiscreteInputs(start, count),
            3 => Request::ReadHoldingRegisters(start, count),
            _ => Request::ReadInputRegisters(start, count),
        };
        let answer = ask(address(&field, &spec.link), unit, request).await;
        assert!(answer.is_ok(), "{} at {at}: {answer:?}", tag.name);
        polled += 1;
    }
    assert!(polled >= 450, "{polled}");
}
