//! The demo plant's field: lives by itself for a day, and answers to its operators within seconds.

use std::path::{Path, PathBuf};

use plantroom_simulator::{Process, Simulator};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../screens/waterworks")
}

fn waterworks() -> Simulator {
    Simulator::load(&folder()).unwrap_or_else(|error| panic!("{error}"))
}

fn get(process: &Process, name: &str) -> f64 {
    process.value(name).unwrap_or_else(|| panic!("there is no quantity {name}"))
}

fn run(process: &mut Process, seconds: f64) {
    let end = process.time_s() + seconds;
    while process.time_s() < end {
        process.step();
    }
}

/// Steps until a condition holds; fails when it doesn't within so many seconds.
fn until(process: &mut Process, seconds: f64, what: &str, condition: impl Fn(&Process) -> bool) {
    let end = process.time_s() + seconds;
    while !condition(process) {
        assert!(process.time_s() < end, "not within {seconds} s: {what}");
        process.step();
    }
}

#[test]
fn a_day_in_automatic_stays_within_its_limits() {
    let simulator = waterworks();
    let mut process = simulator.process();
    let mut lows_and_highs: Vec<(&str, f64, f64, f64, f64)> = [
        ("clear_well.level_pct", 40.0, 90.0),
        ("network.pressure_bar", 4.2, 5.3),
        ("sump.level_pct", 50.0, 95.0),
        ("town.flow_m3h", 90.0, 450.0),
        ("outlet_chlorine", 0.25, 0.65),
        ("filtered_turbidity", 0.03, 0.2),
        ("acidity", 7.4, 8.0),
        ("high_lift/p1.temperature_c", 20.0, 100.0),
        ("clear_well.overflowing", 0.0, 0.0),
        ("high_lift/pic601.running_count", 1.0, 3.0),
    ]
    .map(|(name, low, high)| (name, low, high, f64::INFINITY, f64::NEG_INFINITY))
    .into();
    run(&mut process, 30.0);
    for minute in 0..24 * 60 {
        run(&mut process, 60.0);
        for (name, _, _, low, high) in &mut lows_and_highs {
            let value = get(&process, name);
            (*low, *high) = (low.min(value), high.max(value));
        }
        if std::env::var_os("TRACE").is_some() && minute % 10 == 0 {
            trace(&process);
        }
    }
    for (name, lowest, highest, low, high) in lows_and_highs {
        println!("{name}: {low:.3} to {high:.3}");
        assert!(low >= lowest && high <= highest, "{name} went from {low} to {high}");
    }
    for pump in ["intake/p1", "intake/p2", "high_lift/p1", "high_lift/p2", "high_lift/p3"] {
        assert_eq!(get(&process, &format!("{pump}.tripped")), 0.0, "{pump} tripped");
        let starts = get(&process, &format!("{pump}.starts_today"));
        assert!(starts < 40.0, "{pump} started {starts} times");
    }
}

fn trace(process: &Process) {
    let names = [
        "clear_well.level_pct",
        "clear_well.inflow_m3h",
        "clear_well.outflow_m3h",
        "town.flow_m3h",
        "network.pressure_bar",
        "high_lift/pic601.out",
        "high_lift/pic601.running_count",
        "high_lift/p1.current_a",
        "intake/p1.current_a",
        "intake/p1.flow_m3h",
        "clear_chlorine",
        "station_power",
        "sump.level_pct",
        "far_pressure",
    ];
    let values: Vec<String> = names.iter().map(|name| format!("{:.2}", get(process, name))).collect();
    println!("{:.2} h {}", process.time_s() / 3600.0, values.join(" "));
}

#[test]
fn starting_a_river_pump_shows_within_seconds() {
    let simulator = waterworks();
    let mut process = simulator.process();
    run(&mut process, 20.0);
    let (inflow, level) = (get(&process, "clear_well.inflow_m3h"), get(&process, "clear_well.level_pct"));
    process.set("intake/p2.start", 1.0);
    run(&mut process, 10.0);
    assert_eq!(get(&process, "intake/p2.running"), 1.0);
    assert!(get(&process, "clear_well.inflow_m3h") > inflow + 100.0, "{inflow}");
    run(&mut process, 60.0);
    assert!(get(&process, "clear_well.level_pct") > level + 1.0, "{level}");
    process.set("intake/p2.stop", 1.0);
    until(&mut process, 10.0, "the pump stands still", |p| get(p, "intake/p2.stopped") == 1.0);
}

#[test]
fn a_tripped_pump_is_replaced_and_can_be_reset() {
    let simulator = waterworks();
    let mut process = simulator.process();
    run(&mut process, 20.0);
    process.set("high_lift/p2.tripped", 1.0);
    process.set("high_lift/p2.fault", 1.0);
    until(&mut process, 20.0, "pump 3 takes over", |p| get(p, "high_lift/p3.running") == 1.0);
    assert_eq!(get(&process, "high_lift/p2.state"), 4.0);
    run(&mut process, 60.0);
    assert!((get(&process, "network.pressure_bar") - 4.8).abs() < 0.3, "{}", get(&process, "network.pressure_bar"));
    process.set("high_lift/p2.reset", 1.0);
    until(&mut process, 5.0, "ready again", |p| get(p, "high_lift/p2.ready") == 1.0);
    assert_eq!(get(&process, "high_lift/p2.fault"), 0.0);
}

#[test]
fn another_pump_on_duty_runs_before_the_old_one_stops() {
    let simulator = waterworks();
    let mut process = simulator.process();
    run(&mut process, 20.0);
    process.set("high_lift/pic601.duty", 3.0);
    let mut least = f64::INFINITY;
    for _ in 0..600 {
        process.step();
        least = least.min(get(&process, "network.pressure_bar"));
    }
    assert_eq!(get(&process, "high_lift/p3.running"), 1.0);
    assert_eq!(get(&process, "high_lift/pic601.running_count"), 2.0);
    assert!(least > 4.3, "the pressure fell to {least}");
}

#[test]
fn the_pressure_follows_its_setpoint() {
    let simulator = waterworks();
    let mut process = simulator.process();
    run(&mut process, 60.0);
    process.set("high_lift/pic601.sp", 5.2);
    run(&mut process, 150.0);
    let pressure = get(&process, "network.pressure_bar");
    assert!((pressure - 5.2).abs() < 0.15, "{pressure}");
}

#[test]
fn a_full_clear_well_holds_the_river_pumps_in_manual_too() {
    let simulator = waterworks();
    let mut process = simulator.process();
    process.set("intake/p1.auto", 0.0);
    process.set("intake/p2.start", 1.0);
    until(&mut process, 7200.0, "held at the high level", |p| get(p, "intake/auto.full") == 1.0);
    run(&mut process, 30.0);
    assert_eq!((get(&process, "intake/p1.stopped"), get(&process, "intake/p2.stopped")), (1.0, 1.0));
    assert_eq!(get(&process, "clear_well.overflowing"), 0.0);
}

#[test]
fn an_empty_clear_well_trips_the_high_lift_pumps() {
    let simulator = waterworks();
    let mut process = simulator.process();
    process.set("intake/auto.enabled", 0.0);
    until(&mut process, 7200.0, "tripped on suction", |p| get(p, "high_lift/p1.fault") == 2.0);
    run(&mut process, 20.0);
    assert_eq!(get(&process, "high_lift/pic601.running_count"), 0.0);
    assert!(get(&process, "clear_well.level_pct") > 5.0);
}

#[test]
fn a_closed_valve_stops_the_water_and_takes_its_time() {
    let simulator = waterworks();
    let mut process = simulator.process();
    run(&mut process, 20.0);
    process.set("filters/inlet.command_pct", 0.0);
    run(&mut process, 15.0);
    let half = get(&process, "filters/inlet.position_pct");
    assert!((half - 50.0).abs() < 1.0, "{half}");
    run(&mut process, 20.0);
    assert_eq!((get(&process, "filters/inlet.closed"), get(&process, "filters/inlet.moving")), (1.0, 0.0));
    assert!(get(&process, "clear_well.inflow_m3h") < 1.0);
}

#[test]
fn the_same_seed_and_the_same_writes_give_the_same_plant() {
    let journey = || {
        let simulator = waterworks();
        let mut process = simulator.process();
        run(&mut process, 100.0);
        process.set("intake/p2.start", 1.0);
        run(&mut process, 200.0);
        let mut all: Vec<(String, u64)> = process.quantities().map(|(name, value)| (name.to_owned(), value.to_bits())).collect();
        all.sort();
        all
    };
    assert_eq!(journey(), journey());
}
