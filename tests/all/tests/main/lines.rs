//! Several devices behind one connection, and what a device's registers are like, against a line that nobody here wrote.

use plantroom_tests::{Project, Pymodbus, Station, holds_for, wait_until};
use serde_json::{Value as Json, json};

/// A line of units 1 to 3 with 8 registers each, all of them tags, polled ten times a second.
fn line() -> (Pymodbus, Project) {
    let unit = |unit: u16| json!({ "h": { "0": (0..8).map(|at| 100 * unit + at).collect::<Vec<u16>>() } });
    let device = Pymodbus::units(&json!({ "1": unit(1), "2": unit(2), "3": unit(3) }));
    let project = Project::new();
    let mut connection =
        format!("[[connection]]\nname = \"line\"\ndriver = \"modbus\"\ntcp = \"127.0.0.1:{}\"\ntimeout_ms = 300\n", device.port);
    connection += "[connection.device]\nbit_writes = \"mask\"\n";
    let mut tags = String::new();
    for unit in 1..=3 {
        connection += &format!("[[connection.devices]]\nname = \"m{unit}\"\nunit = {unit}\n");
        for at in 0..8 {
            tags += &format!("[[tag]]\nname = \"m{unit}/r{at}\"\nkind = \"uint\"\nconnection = \"line\"\ndevice = \"m{unit}\"\n");
            tags += &format!("address = \"holding {at}\"\ngroup = \"fast\"\n");
        }
        tags += &format!("[[tag]]\nname = \"m{unit}/bit\"\nkind = \"bool\"\nconnection = \"line\"\ndevice = \"m{unit}\"\n");
        tags += "address = \"holding 7.3\"\ngroup = \"fast\"\nwrite = true\n";
    }
    project.add("connections.toml", &connection);
    project.add("tags/line.toml", &tags);
    project.modbus(&["line"], "fast = 100", "**");
    (device, project)
}

fn asked(device: &Pymodbus, unit: u64) -> Vec<Json> {
    device.events("asked").into_iter().filter(|event| event["unit"] == unit).collect()
}

#[test]
fn a_dead_unit_is_left_alone_and_the_others_of_its_line_go_on() {
    let (mut device, project) = line();
    let station = Station::start(&project);
    let api = station.api();
    for unit in 1..=3 {
        let name = format!("m{unit}/r5");
        let read = wait_until(&format!("{name} is read"), 10.0, || api.tag(&name), |tag| tag.is_good());
        assert_eq!(read.value, json!(100 * unit + 5), "{name}");
    }
    device.command(json!({ "dead": [2] }));
    wait_until("the dead unit's tags are bad", 10.0, || api.tag("m2/r0"), |tag| tag.is_bad());
    let (before, dead_before) = (asked(&device, 3).len(), asked(&device, 2).len());
    holds_for(
        "the others of the line are good",
        5.0,
        || [api.tag("m1/r0"), api.tag("m3/r7")],
        |tags| tags.iter().all(|tag| tag.is_good()),
    );
    let (healthy, dead) = (asked(&device, 3).len() - before, asked(&device, 2).len() - dead_before);
    assert!(dead <= 3, "the dead unit was asked {dead} times in 5 s");
    assert!(healthy >= 25, "a healthy one was asked {healthy} times in 5 s, at ten a second");
    device.command(json!({ "dead": [] }));
    wait_until("the unit is back", 30.0, || api.tag("m2/r0"), |tag| tag.is_good());
}

#[test]
fn a_register_that_the_device_fails_at_costs_only_its_own_tag() {
    for exception in [2, 3, 4] {
        let (mut device, project) = line();
        device.command(json!({ "bad": { "1": [[5, 5], exception] } }));
        let station = Station::start(&project);
        let api = station.api();
        for at in [0, 4, 6] {
            wait_until("its neighbours are read", 10.0, || api.tag(&format!("m1/r{at}")), |tag| tag.is_good());
        }
        assert!(api.tag("m1/r5").is_bad(), "exception {exception}");
        let count = |address: u64| asked(&device, 1).iter().filter(|event| event["address"] == address).count();
        let before = count(5);
        holds_for(
            "the others stay good",
            2.0,
            || [api.tag("m1/r4"), api.tag("m1/r6")],
            |tags| tags.iter().all(|tag| tag.is_good()),
        );
        assert!(count(5) <= before + 1, "exception {exception}: what can't be read is asked for again rarely");
        assert!(station.log().contains(&format!("(Modbus exception {exception})")), "{}", station.log());
    }
}

#[test]
fn a_bit_is_changed_by_the_device_itself() {
    let (device, project) = line();
    let station = Station::start(&project);
    let api = station.api();
    wait_until("the bit is read", 10.0, || api.tag("m3/bit"), |tag| tag.is_good());
    let before = api.tag("m3/r7").value.as_u64().expect("a number");
    let answer = api.write("m3/bit", before & 8 == 0);
    assert_eq!(answer.kind(), "confirmed", "{}", answer.text);
    assert_eq!(api.tag("m3/r7").value, json!(before ^ 8), "the other bits are as they were");
    let writes: Vec<u64> = asked(&device, 3).iter().filter_map(|event| event["function"].as_u64()).filter(|f| *f > 4).collect();
    assert!(!writes.is_empty() && writes.iter().all(|function| *function == 22), "{writes:?}");
    assert!(asked(&device, 1).iter().all(|event| event["function"] == 3), "no other unit was written");
}

#[test]
fn what_a_line_says_wrongly_is_told_by_check() {
    let tag = |name: &str, rest: &str| format!("[[tag]]\nname = \"{name}\"\nkind = \"uint\"\nconnection = \"line\"\n{rest}\n");
    let cases = [
        // The project knows that there are several devices; only the driver knows their notations.
        ("x/nowhere", "address = \"holding 0\"", "the connection `line` has 3 devices"),
        ("x/mixed", "device = \"m1\"\naddress = \"40003\"", "write all of a device in one notation"),
    ];
    for (name, rest, expected) in cases {
        let (_device, project) = line();
        project.add("tags/wrong.toml", &tag(name, rest));
        let run = plantroom_tests::plantroom(&["check", project.text()], &[]);
        assert_eq!(run.code, 1, "{name}: {}{}", run.stdout, run.stderr);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(told.contains(expected) && told.contains("tags/wrong.toml"), "{name}: {told}");
    }
}
