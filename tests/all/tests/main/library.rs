//! The device library, against devices whose registers were filled from the makers' public lists, here and nowhere else.

use plantroom_tests::{Project, Pymodbus, Station, wait_until};
use serde_json::{Map, Value as Json, json};

/// A device of the library and its register list: `tag address encoding value [weight]`. The raw value is value times weight;
/// numbers are most significant register first, `lo-` before the encoding turns registers round, `textN` has N bytes.
struct Listed {
    of_type: &'static str,
    table: &'static str,
    registers: &'static str,
}

/// Eastron SDM630-Modbus V2, protocol document, input registers.
const SDM630: &str = "
    voltage_l1 0x00 f32 230.5
    voltage_l2 0x02 f32 231.25
    voltage_l3 0x04 f32 229.75
    current_l1 0x06 f32 10.5
    current_l2 0x08 f32 11.25
    current_l3 0x0A f32 12.125
    power_l1 0x0C f32 2300.5
    power_l2 0x0E f32 -2400.5
    power_l3 0x10 f32 2500.5
    apparent_power_l1 0x12 f32 2350
    apparent_power_l2 0x14 f32 2450
    apparent_power_l3 0x16 f32 2550
    reactive_power_l1 0x18 f32 -101
    reactive_power_l2 0x1A f32 102
    reactive_power_l3 0x1C f32 103
    power_factor_l1 0x1E f32 0.875
    power_factor_l2 0x20 f32 -0.75
    power_factor_l3 0x22 f32 0.9375
    voltage 0x2A f32 230.125
    current 0x30 f32 33.875
    power 0x34 f32 7200.5
    apparent_power 0x38 f32 7300
    reactive_power 0x3C f32 310
    power_factor 0x3E f32 0.96875
    frequency 0x46 f32 49.96875
    energy_import 0x48 f32 123456.5
    energy_export 0x4A f32 12.5
    reactive_energy_import 0x4C f32 55.5
    reactive_energy_export 0x4E f32 66.5
    voltage_l1l2 0xC8 f32 399.5
    voltage_l2l3 0xCA f32 400.5
    voltage_l3l1 0xCC f32 401.5
    energy 0x156 f32 123469";

/// Siemens SENTRON PAC3200, manual, appendix Modbus: offsets.
const PAC3200: &str = "
    voltage_l1 1 f32 230.5
    voltage_l2 3 f32 231.5
    voltage_l3 5 f32 232.5
    voltage_l1l2 7 f32 399.5
    voltage_l2l3 9 f32 400.5
    voltage_l3l1 11 f32 401.5
    current_l1 13 f32 10.5
    current_l2 15 f32 11.5
    current_l3 17 f32 12.5
    apparent_power_l1 19 f32 2350
    apparent_power_l2 21 f32 2450
    apparent_power_l3 23 f32 2550
    power_l1 25 f32 2300
    power_l2 27 f32 2400
    power_l3 29 f32 -2500
    reactive_power_l1 31 f32 101
    reactive_power_l2 33 f32 -102
    reactive_power_l3 35 f32 103
    power_factor_l1 37 f32 0.875
    power_factor_l2 39 f32 0.75
    power_factor_l3 41 f32 0.625
    frequency 55 f32 50.03125
    voltage 57 f32 231.75
    voltage_lines 59 f32 400.25
    current 61 f32 11.75
    apparent_power 63 f32 7350
    power 65 f32 7200
    reactive_power 67 f32 306
    power_factor 69 f32 0.96875
    energy_import 801 f64 98765.4375 1000
    energy_import_2 805 f64 1.5 1000
    energy_export 809 f64 2.5 1000
    energy_export_2 813 f64 3.5 1000";

/// Janitza UMG 96RM, Modbus address list, frequently required readings.
const UMG96: &str = "
    voltage_l1 19000 f32 230.5
    voltage_l2 19002 f32 231.5
    voltage_l3 19004 f32 232.5
    voltage_l1l2 19006 f32 399.5
    voltage_l2l3 19008 f32 400.5
    voltage_l3l1 19010 f32 401.5
    current_l1 19012 f32 10.5
    current_l2 19014 f32 11.5
    current_l3 19016 f32 12.5
    current 19018 f32 34.5
    power_l1 19020 f32 2300
    power_l2 19022 f32 -2400
    power_l3 19024 f32 2500
    power 19026 f32 2400
    apparent_power_l1 19028 f32 2350
    apparent_power_l2 19030 f32 2450
    apparent_power_l3 19032 f32 2550
    apparent_power 19034 f32 7350
    reactive_power_l1 19036 f32 101
    reactive_power_l2 19038 f32 102
    reactive_power_l3 19040 f32 103
    reactive_power 19042 f32 306
    power_factor_l1 19044 f32 0.875
    power_factor_l2 19046 f32 0.75
    power_factor_l3 19048 f32 -0.625
    frequency 19050 f32 49.96875
    energy 19060 f32 123.5 1000
    energy_import 19068 f32 125.5 1000
    energy_export 19076 f32 2 1000";

/// Carlo Gavazzi EM330, EM340, EM341, serial communication protocol.
const EM340: &str = "
    voltage_l1 0x00 lo-i32 230.5 10
    voltage_l2 0x02 lo-i32 231.5 10
    voltage_l3 0x04 lo-i32 232.5 10
    voltage_l1l2 0x06 lo-i32 399.5 10
    voltage_l2l3 0x08 lo-i32 400.5 10
    voltage_l3l1 0x0A lo-i32 401.5 10
    current_l1 0x0C lo-i32 10.125 1000
    current_l2 0x0E lo-i32 11.125 1000
    current_l3 0x10 lo-i32 80.125 1000
    power_l1 0x12 lo-i32 2300.5 10
    power_l2 0x14 lo-i32 -2400.5 10
    power_l3 0x16 lo-i32 25000.5 10
    apparent_power_l1 0x18 lo-i32 2350.5 10
    apparent_power_l2 0x1A lo-i32 2450.5 10
    apparent_power_l3 0x1C lo-i32 2550.5 10
    reactive_power_l1 0x1E lo-i32 101.5 10
    reactive_power_l2 0x20 lo-i32 -102.5 10
    reactive_power_l3 0x22 lo-i32 103.5 10
    voltage 0x24 lo-i32 231.5 10
    voltage_lines 0x26 lo-i32 400.5 10
    power 0x28 lo-i32 24900.5 10
    apparent_power 0x2A lo-i32 7351.5 10
    reactive_power 0x2C lo-i32 102.5 10
    power_factor_l1 0x2E i16 0.875 1000
    power_factor_l2 0x2F i16 -0.75 1000
    power_factor_l3 0x30 i16 0.625 1000
    power_factor 0x31 i16 0.975 1000
    phase_sequence 0x32 i16 -1
    frequency 0x33 u16 50.5 10
    energy_import 0x34 lo-i32 123456.5 10
    reactive_energy_import 0x36 lo-i32 55.5 10
    energy_export 0x4E lo-i32 7.5 10";

/// Schneider Electric Altivar, communication parameters: logical addresses.
const ALTIVAR: &str = "
    status_word 3201 u16 1159
    frequency 3202 i16 -49.5 10
    frequency_reference 3203 i16 50 10
    current 3204 u16 12.5 10
    torque 3205 i16 -87.5 10
    mains_voltage 3207 u16 400.5 10
    motor_voltage 3208 u16 390
    drive_thermal 3209 u16 55
    power 3211 i16 -80
    state 3240 u16 4
    dc_bus_voltage 3243 u16 565.5 10
    last_fault 7121 u16 16
    command 8501 u16 15
    frequency_setpoint 8502 i16 50 10
    speed 8604 i16 -1480
    motor_thermal 9630 u16 66";

/// SunSpec models 1 and 103, at 40000: offsets of the information model reference.
const SUNSPEC: &str = "
    maker 40004 text32 Example
    model 40020 text32 Sun.10
    version 40044 text16 1.2.3
    serial_number 40052 text32 A-0042
    current 40072 u16 14.5 100
    current_l1 40073 u16 4.75 100
    current_l2 40074 u16 4.5 100
    current_l3 40075 u16 5.25 100
    raw/a_sf 40076 i16 -2
    voltage_l1 40080 u16 230.5 10
    voltage_l2 40081 u16 231.5 10
    voltage_l3 40082 u16 232.5 10
    raw/v_sf 40083 i16 -1
    power 40084 i16 10300 0.1
    raw/w_sf 40085 i16 1
    frequency 40086 u16 49.98 100
    raw/hz_sf 40087 i16 -2
    apparent_power 40088 i16 10400 0.1
    raw/va_sf 40089 i16 1
    reactive_power 40090 i16 -250 1
    raw/var_sf 40091 i16 0
    energy 40094 u32 123456700 0.01
    raw/wh_sf 40096 i16 2
    dc_current 40097 u16 15.25 100
    raw/dca_sf 40098 i16 -2
    dc_voltage 40099 u16 702.5 10
    raw/dcv_sf 40100 i16 -1
    dc_power 40101 i16 10700 0.1
    raw/dcw_sf 40102 i16 1
    temperature 40103 i16 -5.5 10
    raw/tmp_sf 40107 i16 -1
    state 40108 u16 4
    maker_state 40109 u16 77
    events 40110 u32 65537
    model_id 40070 u16 103";

/// SunSpec models 1 and 113, at 40000.
const SUNSPEC_FLOAT: &str = "
    maker 40004 text32 Example
    model 40020 text32 Sun.10
    version 40044 text16 1.2.3
    serial_number 40052 text32 A-0043
    model_id 40070 u16 113
    current 40072 f32 14.5
    current_l1 40074 f32 4.75
    current_l2 40076 f32 4.5
    current_l3 40078 f32 5.25
    voltage_l1 40086 f32 230.5
    voltage_l2 40088 f32 231.5
    voltage_l3 40090 f32 232.5
    power 40092 f32 10300
    frequency 40094 f32 49.96875
    apparent_power 40096 f32 10400
    reactive_power 40098 f32 -250
    power_factor 40100 f32 98.5
    energy 40102 f32 123456
    dc_current 40104 f32 15.25
    dc_voltage 40106 f32 702.5
    dc_power 40108 f32 10700
    temperature 40110 f32 41.5
    state 40118 u16 4
    maker_state 40119 u16 77
    events 40120 u32 65537";

const LIBRARY: [Listed; 7] = [
    Listed { of_type: "lib/eastron_sdm630", table: "i", registers: SDM630 },
    Listed { of_type: "lib/siemens_pac3200", table: "h", registers: PAC3200 },
    Listed { of_type: "lib/janitza_umg96", table: "h", registers: UMG96 },
    Listed { of_type: "lib/gavazzi_em340", table: "i", registers: EM340 },
    Listed { of_type: "lib/schneider_altivar", table: "h", registers: ALTIVAR },
    Listed { of_type: "lib/sunspec_inverter", table: "h", registers: SUNSPEC },
    Listed { of_type: "lib/sunspec_inverter_float", table: "h", registers: SUNSPEC_FLOAT },
];

/// One line of a register list.
struct Register {
    tag: &'static str,
    address: u16,
    words: Vec<u16>,
    /// What the station must show.
    shown: Json,
}

fn registers(list: &'static str) -> Vec<Register> {
    list.lines().map(str::trim).filter(|line| !line.is_empty()).map(register).collect()
}

fn register(line: &'static str) -> Register {
    let mut fields = line.split_ascii_whitespace();
    let (tag, address, encoding, value) = (fields.next(), fields.next(), fields.next(), fields.next());
    let (tag, address, encoding, value) = (tag.unwrap(), address.unwrap(), encoding.unwrap(), value.unwrap());
    let weight: f64 = fields.next().map_or(1.0, |weight| weight.parse().unwrap());
    let address = match address.strip_prefix("0x") {
        Some(hex) => u16::from_str_radix(hex, 16).unwrap(),
        None => address.parse().unwrap(),
    };
    if let Some(bytes) = encoding.strip_prefix("text") {
        let mut text = value.as_bytes().to_vec();
        text.resize(bytes.parse().unwrap(), 0);
        return Register { tag, address, words: words(&text), shown: json!(value) };
    }
    let value: f64 = value.parse().unwrap();
    let raw = value * weight;
    let big_endian = match encoding.trim_start_matches("lo-") {
        "f32" => (raw as f32).to_be_bytes().to_vec(),
        "f64" => raw.to_be_bytes().to_vec(),
        "i32" => (raw.round() as i32).to_be_bytes().to_vec(),
        "u32" => (raw.round() as u32).to_be_bytes().to_vec(),
        "i16" => (raw.round() as i16).to_be_bytes().to_vec(),
        "u16" => (raw.round() as u16).to_be_bytes().to_vec(),
        other => panic!("no encoding is called {other}"),
    };
    let mut words = words(&big_endian);
    if encoding.starts_with("lo-") {
        words.reverse();
    }
    Register { tag, address, words, shown: json!(value) }
}

fn words(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

/// What a device has: the listed registers and nothing else, as pymodbus takes them. Its neighbours join into one block, which
/// pymodbus wants in one piece.
fn memory(listed: &[Register]) -> Map<String, Json> {
    let mut cells: Vec<(u16, u16)> = Vec::new();
    for register in listed {
        cells.extend((register.address..).zip(register.words.iter().copied()));
    }
    cells.sort_unstable();
    let mut blocks: Vec<(u16, Vec<u16>)> = Vec::new();
    for (address, word) in cells {
        match blocks.last_mut() {
            Some((start, words)) if usize::from(*start) + words.len() == usize::from(address) => words.push(word),
            _ => blocks.push((address, vec![word])),
        }
    }
    blocks.into_iter().map(|(start, words)| (start.to_string(), json!(words))).collect()
}

fn same(found: &Json, wanted: &Json) -> bool {
    match (found.as_f64(), wanted.as_f64()) {
        (Some(found), Some(wanted)) => (found - wanted).abs() <= wanted.abs() * 1e-9,
        _ => found == wanted,
    }
}

#[test]
fn every_device_of_the_library_shows_what_its_makers_list_says() {
    let all: Vec<Vec<Register>> = LIBRARY.iter().map(|listed| registers(listed.registers)).collect();
    let mut units = Map::new();
    for (unit, (listed, registers)) in (1..).zip(LIBRARY.iter().zip(&all)) {
        units.insert(unit.to_string(), json!({ listed.table: memory(registers) }));
    }
    let device = Pymodbus::units(&Json::Object(units));
    let project = Project::new();
    project.add(
        "connections.toml",
        &format!(
            "[[connection]]\nname = \"line\"\ndriver = \"modbus\"\ntcp = \"127.0.0.1:{}\"\ntimeout_ms = 1000\n",
            device.port
        ),
    );
    for (unit, listed) in (1..).zip(&LIBRARY) {
        project.add(
            "tags/line.toml",
            &format!(
                "[[instance]]\ntype = \"{}\"\nname = \"d{unit}\"\ndescription = \"Device {unit}\"\n\
                 parameters = {{ connection = \"line\", unit = {unit} }}\n",
                listed.of_type
            ),
        );
    }
    project.modbus(&["line"], "normal = 500", "**");
    let station = Station::start(&project);
    let api = station.api();
    for (unit, (listed, registers)) in (1..).zip(LIBRARY.iter().zip(&all)) {
        for register in registers {
            let name = format!("d{unit}/{}", register.tag);
            let read = wait_until(&format!("{} ({name}) is read", listed.of_type), 20.0, || api.tag(&name), |tag| tag.is_good());
            assert!(same(&read.value, &register.shown), "{}, {name}: {} and not {}", listed.of_type, read.value, register.shown);
        }
        // A tag that the list above doesn't have would read registers that this device lacks.
        let lacking: Vec<String> =
            api.tags(&format!("d{unit}/**")).into_iter().filter(|(_, tag)| !tag.is_good()).map(|(name, _)| name).collect();
        assert_eq!(lacking, Vec::<String>::new(), "{}", listed.of_type);
    }
}
