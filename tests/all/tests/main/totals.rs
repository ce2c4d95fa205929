//! Totals through kills: what was counted stays counted, and nothing is counted twice.

use plantroom_tests::{Project, Pymodbus, Station, wait_until};

/// The counter's register, and its scale: 0.5 units a pulse.
const COUNTER: u16 = 40;
const FACTOR: f64 = 0.5;
/// How long a total may wait for the disk, in s, on a busy machine.
const KEPT_WITHIN_S: f64 = 5.0;

fn plant(port: u16) -> Project {
    let project = Project::new();
    project.connection("plc", port, 1_000, "").modbus(&["plc"], "fast = 50", "flow/*");
    project.tag("flow/pulses", "uint", "plc", "holding 40 u16", "group = \"fast\"");
    let total = "kind = \"float\"\ntotal = { of = \"flow/pulses\", counter_wraps_at = 65536, factor = 0.5 }";
    project.add("tags/tags.toml", &format!("[[tag]]\nname = \"flow/volume\"\n{total}\n"));
    project
}

#[test]
fn a_counters_total_is_right_after_every_kill_and_every_turn_of_the_counter() {
    let mut device = Pymodbus::start();
    let project = plant(device.port);
    let mut random = fastrand::Rng::with_seed(7);
    let mut counter: u32 = 65_000;
    device.set(COUNTER, &[counter as u16]);
    let begin = counter;
    for round in 0..5 {
        let mut station = Station::start(&project);
        let api = station.api();
        let volume = || api.tag("flow/volume");
        for turn in 0..4 {
            let expected = f64::from(counter - begin) * FACTOR;
            let seen = wait_until(&format!("round {round}, turn {turn}: the volume"), 10.0, volume, |tag| {
                tag.is_good() && (tag.number() - expected).abs() < 1e-9
            });
            assert!(seen.is_good());
            if round == 0 && turn == 0 {
                // What was never kept can't be gone on from: the very first of it must be on the disk.
                std::thread::sleep(std::time::Duration::from_secs_f64(KEPT_WITHIN_S / 2.0));
            }
            // It turns over now and then, also while the station is down.
            counter += random.u32(1..2_000);
            device.set(COUNTER, &[counter as u16]);
        }
        // The last one may be seen or not, kept or not, when it is killed.
        std::thread::sleep(std::time::Duration::from_millis(random.u64(0..700)));
        station.kill();
        counter += random.u32(1..2_000);
        device.set(COUNTER, &[counter as u16]);
    }
    let station = Station::start(&project);
    let expected = f64::from(counter - begin) * FACTOR;
    let api = station.api();
    wait_until("the volume after the last kill", 10.0, || api.tag("flow/volume").number(), |now| (now - expected).abs() < 1e-9);
}

#[test]
fn hours_run_and_starts_are_there_after_a_kill() {
    let project = Project::new();
    project.memory("pump/running", "bool", "false", "write = true");
    for (name, how) in [("hours", "hours = true"), ("starts", "starts = true")] {
        let total = format!("kind = \"float\"\ntotal = {{ of = \"pump/running\", {how} }}");
        project.add("tags/tags.toml", &format!("[[tag]]\nname = \"pump/{name}\"\n{total}\n"));
    }
    let mut starts = 0.0;
    let mut hours = 0.0;
    for _ in 0..3 {
        let mut station = Station::start(&project);
        let api = station.api();
        assert_eq!(api.tag("pump/starts").number(), starts, "each start counts once");
        let now = api.tag("pump/hours").number();
        assert!(now >= hours, "{now} h after {hours} h");
        for _ in 0..2 {
            assert_eq!(api.write("pump/running", true).kind(), "confirmed");
            starts += 1.0;
            wait_until("it is counted", 5.0, || api.tag("pump/starts").number(), |now| *now == starts);
            assert_eq!(api.write("pump/running", false).kind(), "confirmed");
        }
        assert_eq!(api.write("pump/running", true).kind(), "confirmed");
        starts += 1.0;
        wait_until("it is counted", 5.0, || api.tag("pump/starts").number(), |now| *now == starts);
        let before = api.tag("pump/hours").number();
        wait_until("hours grow", 5.0, || api.tag("pump/hours").number(), |now| *now > before);
        std::thread::sleep(std::time::Duration::from_secs_f64(KEPT_WITHIN_S / 2.0));
        hours = before;
        station.kill();
    }
}
