//! A stranger makes a project, follows its README, and sees a device that nobody here wrote.

use std::process::Command;

use plantroom_tests::{Companion, Project, Station, eventually, free_port, plantroom, python, wait_until};

/// The README's device is at this port; tests take another one, so that they can run side by side.
const PORT_OF_README: &str = "5020";

/// `plantroom new`, with nothing edited but the device's port.
fn new_plant(port: u16) -> Project {
    let project = Project::empty();
    let made = plantroom(&["new", project.text(), "--name", "My plant"], &[]);
    assert_eq!((made.code, made.stderr.as_str()), (0, ""), "{}", made.stdout);
    assert!(made.stdout.contains("plantroom check") && made.stdout.contains("plantroom run"), "{}", made.stdout);
    for file in ["connections.toml", "simulation.toml"] {
        let text = project.read(file);
        assert!(text.contains(&format!("127.0.0.1:{PORT_OF_README}")), "{file}: {text}");
        project.write(file, &text.replace(PORT_OF_README, &port.to_string()));
    }
    project
}

/// The text of the README's block of this language.
fn block(readme: &str, language: &str) -> String {
    let after =
        readme.split_once(&format!("```{language}\n")).unwrap_or_else(|| panic!("the README has a block of {language}")).1;
    after.split_once("\n```").expect("a block ends").0.to_owned()
}

/// What a Modbus client that nobody here wrote reads from the device.
fn read_by_pymodbus(port: u16, what: &str) -> String {
    let script = format!(
        "from pymodbus.client import ModbusTcpClient\n\
         client = ModbusTcpClient('127.0.0.1', port={port})\nassert client.connect()\nprint(client.{what})"
    );
    let output = Command::new(python()).args(["-c", &script]).output().expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn a_new_project_shows_a_device_that_nobody_here_wrote() {
    let port = free_port();
    let project = new_plant(port);
    let script = block(&project.read("README.md"), "python").replace(PORT_OF_README, &port.to_string());
    project.write("device.py", &script);
    let device = Companion::start(Command::new(python()).arg(project.path().join("device.py")), "");
    let checked = plantroom(&["check", project.text()], &[]);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{}", checked.stdout);
    assert!(checked.stdout.contains("No problems.") && checked.stdout.contains("My plant"), "{}", checked.stdout);
    let station = Station::start(&project);
    let token = station.api().token;
    let tag = |arguments: &[&str]| plantroom(&[&["tag", "--url", &station.url, "--token", &token], arguments].concat(), &[]);
    wait_until("the level is good", 20.0, || station.api().tag("device/level"), |level| level.is_good() && level.number() == 2.5);
    let level = tag(&["read", "device/level"]);
    assert!(level.code == 0 && level.stdout.contains("2.50 ") && level.stdout.contains(" m"), "{}{}", level.stdout, level.stderr);
    for (name, value) in [("device/flow", 25.0), ("device/temperature", 11.5), ("pump1/speed_setpoint", 50.0)] {
        let now = wait_until(name, 5.0, || station.api().tag(name), |tag| tag.is_good());
        assert_eq!(now.number(), value, "{name}");
    }
    assert_eq!(station.api().tag("pump1/running").value, true);

    let written = tag(&["write", "pump1/speed_setpoint", "62.5", "--comment", "a first try"]);
    assert_eq!((written.code, written.stderr.as_str()), (0, ""), "{}", written.stdout);
    assert!(written.stdout.contains("confirmed by pump1/speed_setpoint"), "{}", written.stdout);
    assert_eq!(read_by_pymodbus(port, "read_holding_registers(10).registers"), "[6250]");
    let stopped = tag(&["write", "pump1/run", "false"]);
    assert_eq!(stopped.code, 0, "{}{}", stopped.stdout, stopped.stderr);
    assert_eq!(read_by_pymodbus(port, "read_coils(0).bits[0]"), "False");
    let too_fast = tag(&["write", "pump1/speed_setpoint", "150"]);
    assert_eq!(too_fast.code, 3, "{}{}", too_fast.stdout, too_fast.stderr);
    assert_eq!(read_by_pymodbus(port, "read_holding_registers(10).registers"), "[6250]");

    drop(device);
    let gone = wait_until("the device is missed", 15.0, || station.api().tag("device/level"), |level| level.is_bad());
    assert!(gone.reason.to_lowercase().contains("communication"), "the README's word for it: {gone:?}");
    let _again = Companion::start(Command::new(python()).arg(project.path().join("device.py")), "");
    wait_until("it comes back by itself", 15.0, || station.api().tag("device/level"), |level| level.is_good());
}

#[test]
fn a_new_project_runs_without_any_device() {
    let port = free_port();
    let project = new_plant(port);
    let simulated = block(&project.read("README.md"), "sh");
    assert!(
        simulated.contains("plantroom simulate .")
            && simulated.contains("plantroom run .")
            && simulated.contains("plantroom console")
    );
    let mut command = plantroom_tests::command();
    let field = Companion::start(command.args(["simulate", project.text()]), "");
    eventually("the field is there", 15.0, || field.told().contains(&format!("127.0.0.1:{port}")).then_some(()));
    let station = Station::start(&project);
    let console = station.console(&["device/level", "pump1/run", "pump1/running"]);
    let first = wait_until("the level is good", 15.0, || console.latest("device/level"), |row| row.status.is_good());
    wait_until("the level moves", 10.0, || console.latest("device/level"), |row| row.number() != first.number());
    let running = wait_until("the pump's state is good", 5.0, || console.latest("pump1/running"), |row| row.status.is_good());
    let wanted = !running.value.as_bool().unwrap();
    let outcome = station.api().write("pump1/run", wanted);
    assert_eq!(outcome.kind(), "confirmed", "{}", outcome.text);
    wait_until("the pump follows", 10.0, || console.latest("pump1/running"), |row| row.value.as_bool() == Some(wanted));
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let project = Project::empty();
    project.write("mine.txt", "mine");
    let refused = plantroom(&["new", project.text()], &[]);
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(refused.stderr.contains("empty folder") && refused.stderr.contains(project.text()), "{}", refused.stderr);
    assert_eq!(std::fs::read_dir(project.path()).unwrap().count(), 1);
}

#[test]
fn without_the_drivers_component_no_register_becomes_a_tag() {
    let project = new_plant(free_port());
    let empty = Project::empty();
    let elsewhere = project.path().join("program");
    std::fs::create_dir_all(&elsewhere).unwrap();
    let program = elsewhere.join("plantroom");
    std::fs::hard_link(plantroom_tests::command().get_program(), &program)
        .or_else(|_| std::fs::copy(plantroom_tests::command().get_program(), &program).map(|_| ()))
        .unwrap();
    for arguments in [&["run", project.text(), "--port", "0"][..], &["check", project.text()]] {
        let output = Command::new(&program).args(arguments).env("PLANTROOM_COMPONENTS", empty.text()).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("modbus"), "{arguments:?}: {said}");
    }
}
