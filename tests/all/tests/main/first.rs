//! The thinnest whole thing: a register of a pymodbus device is a tag, and takes a write.

use plantroom_tests::{Project, Pymodbus, Station, wait_until};

#[test]
fn a_register_becomes_a_tag_and_takes_a_write() {
    let mut device = Pymodbus::start();
    device.set(10, &[1234]);
    let project = Project::new();
    project.connection("plc", device.port, 500, "").modbus(&["plc"], "fast = 100", "line/*");
    project.tag("line/count", "uint", "plc", "holding 0 u16", "group = \"fast\"");
    project.tag("line/setpoint", "uint", "plc", "holding 10 u16", "group = \"fast\"\nwrite = true");
    let station = Station::start(&project);
    let console = station.console(&["line/count", "line/setpoint"]);
    wait_until("the setpoint is read", 10.0, || console.latest("line/setpoint"), |row| row.number() == 1234.0);
    let outcome = station.api().write("line/setpoint", 4321);
    assert_eq!(outcome.kind(), "confirmed", "{}", outcome.text);
    wait_until("the console sees it", 5.0, || console.latest("line/setpoint"), |row| row.number() == 4321.0);
    let written: Vec<_> = device.writes().into_iter().map(|write| (write.address, write.values)).collect();
    assert_eq!(written, [(10, vec![4321])]);
}
