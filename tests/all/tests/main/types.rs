//! Every data type and byte order, read from and written to a device that nobody here wrote.

use plantroom_tests::{Project, Pymodbus, Station, wait_until};
use serde_json::{Value as Json, json};

/// A place in the device: its address and kind as a project says them, a value, and the value's bytes, most
/// significant first.
struct Place {
    data: &'static str,
    kind: &'static str,
    value: Json,
    bytes: Vec<u8>,
}

fn places() -> Vec<Place> {
    let place = |data, kind, value: Json, bytes: &[u8]| Place { data, kind, value, bytes: bytes.to_vec() };
    vec![
        place("i16", "int", json!(-12_345), &(-12_345_i16).to_be_bytes()),
        place("u16", "uint", json!(54_321), &54_321_u16.to_be_bytes()),
        place("i32", "int", json!(-123_456_789), &(-123_456_789_i32).to_be_bytes()),
        place("u32", "uint", json!(4_000_000_007_u32), &4_000_000_007_u32.to_be_bytes()),
        place("i64", "int", json!(-1_234_567_890_123_456_789_i64), &(-1_234_567_890_123_456_789_i64).to_be_bytes()),
        place("u64", "uint", json!(18_446_744_073_709_551_557_u64), &18_446_744_073_709_551_557_u64.to_be_bytes()),
        place("f32", "float", json!(-12.375), &(-12.375_f32).to_be_bytes()),
        place("f64", "float", json!(std::f64::consts::PI), &std::f64::consts::PI.to_be_bytes()),
    ]
}

/// Most significant byte first, as the registers of a device that has this order.
fn registers(bytes: &[u8], order: &str) -> Vec<u16> {
    let (swap_bytes, swap_words) = (matches!(order, "badc" | "dcba"), matches!(order, "cdab" | "dcba"));
    let mut words: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    if bytes.len() > 2 {
        if swap_words {
            words.reverse();
        }
        if swap_bytes {
            words.iter_mut().for_each(|word| *word = word.swap_bytes());
        }
    }
    words
}

#[test]
fn every_type_and_order_is_read_and_written_as_the_device_has_it() {
    let mut device = Pymodbus::start();
    let project = Project::new();
    project.connection("plc", device.port, 1_000, "").modbus(&["plc"], "fast = 100", "all/*");
    let (mut address, mut all) = (10_u16, Vec::new());
    for place in places() {
        let orders: &[&str] = if place.bytes.len() == 2 { &["abcd"] } else { &["abcd", "cdab", "badc", "dcba"] };
        for order in orders {
            let (tag, written) = (format!("all/{}_{order}", place.data), format!("all/{}_{order}_w", place.data));
            let words = registers(&place.bytes, order);
            device.set(address, &words);
            let order = if place.bytes.len() == 2 { "" } else { order };
            project.tag(&tag, place.kind, "plc", &format!("holding {address} {} {order}", place.data), "group = \"fast\"");
            let target = address + 100;
            let more = "group = \"fast\"\nwrite = true";
            project.tag(&written, place.kind, "plc", &format!("holding {target} {} {order}", place.data), more);
            all.push((tag, written, place.value.clone(), target, words.clone()));
            address += words.len() as u16;
        }
    }
    let station = Station::start(&project);
    let api = station.api();
    for (tag, written, value, target, words) in all {
        let read = wait_until(&format!("{tag} is read"), 10.0, || api.tag(&tag), |tag| tag.is_good());
        assert_eq!(read.value, value, "{tag}");
        let answer = api.write(&written, value.clone());
        assert_eq!(answer.kind(), "confirmed", "{written}: {}", answer.text);
        assert_eq!(api.tag(&written).value, value, "{written}");
        let last = device.writes().pop().expect("a write");
        let wanted: Vec<u64> = words.iter().map(|word| u64::from(*word)).collect();
        assert_eq!((last.address, last.values), (u64::from(target), wanted), "{written}");
    }
}

#[test]
fn bits_text_and_the_four_tables_are_told_apart() {
    let mut device = Pymodbus::start();
    device.set(20, &[0b1000_0000_0000_0100, 0x506C, 0x616E, 0x7420, 0x3700]);
    device.command(json!({ "coils": [3, [true, false, true]] }));
    let project = Project::new();
    // One device, twice: the notations of addresses are never mixed within one.
    project
        .connection("plc", device.port, 1_000, "bit_writes = \"read-modify-write\"")
        .connection("manual", device.port, 1_000, "addresses = \"traditional\"")
        .modbus(&["plc", "manual"], "fast = 100", "bits/*");
    let expected = [
        ("bits/two", "bool", "holding 20.2", json!(true)),
        ("bits/three", "bool", "holding 20.3", json!(false)),
        ("bits/fifteen", "bool", "40021.15", json!(true)),
        ("bits/name", "text", "holding 21 text 8", json!("Plant 7")),
        ("bits/input", "uint", "30021 u16", json!(0x8004)),
        ("bits/coil", "bool", "coil 3", json!(true)),
        ("bits/coil_off", "bool", "00005", json!(false)),
        ("bits/discrete", "bool", "discrete 5", json!(true)),
        ("bits/discrete_off", "bool", "10005", json!(false)),
    ];
    for (tag, kind, address, _) in &expected {
        let write = if address.starts_with("holding") || address.starts_with("coil") { "\nwrite = true" } else { "" };
        let connection = if address.starts_with(|c: char| c.is_ascii_digit()) { "manual" } else { "plc" };
        project.tag(tag, kind, connection, address, &format!("group = \"fast\"{write}"));
    }
    let station = Station::start(&project);
    let api = station.api();
    for (tag, _, _, value) in &expected {
        let read = wait_until(&format!("{tag} is read"), 10.0, || api.tag(tag), |tag| tag.is_good());
        assert_eq!(read.value, *value, "{tag}");
    }
    for (tag, value) in
        [("bits/three", json!(true)), ("bits/two", json!(false)), ("bits/name", json!("Nr. 12")), ("bits/coil", json!(false))]
    {
        let answer = api.write(tag, value.clone());
        assert_eq!(answer.kind(), "confirmed", "{tag}: {}", answer.text);
        assert_eq!(api.tag(tag).value, value, "{tag}");
    }
    let written: Vec<(u64, u64, Vec<u64>)> =
        device.writes().into_iter().map(|write| (write.function, write.address, write.values)).collect();
    let expected = [(6, 20, vec![0x800C]), (6, 20, vec![0x8008]), (16, 21, vec![0x4E72, 0x2E20, 0x3132, 0]), (5, 3, vec![0])];
    assert_eq!(written, expected);
}
