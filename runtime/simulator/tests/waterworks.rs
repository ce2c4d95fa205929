//! The demo plant's field: lives by itself for a day, and answers to its operators within seconds.

use std::path::{Path, PathBuf};

use plantroom_simulator::{Process, Simulator, StartOptions};

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
        ("clear_well.level_pct", 38.0, 90.0),
        ("network.pressure_bar", 4.2, 5.3),
        ("sump.level_pct", 50.0, 95.0),
        ("town.flow_m3h", 50.0, 300.0),
        ("reservoir.level_pct", 50.0, 92.0),
        ("dosing/residual", 0.4, 0.88),
        ("outlet_chlorine", 0.3, 0.75),
        ("harbour_main.value", 0.1, 0.7),
        ("filtered_turbidity", 0.02, 0.3),
        ("filters/f1.loss_mbar", 0.0, 450.0),
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
    for filter in ["filters/f1", "filters/f2", "filters/f3", "filters/f4"] {
        assert!(get(&process, &format!("{filter}.washes")) >= 1.0, "{filter} was never washed");
        assert_eq!(get(&process, &format!("{filter}.tripped")), 0.0, "{filter} failed its wash");
    }
    for pump in ["intake/p1", "intake/p2", "high_lift/p1", "high_lift/p2", "high_lift/p3", "filters/wash_pump"] {
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
        "harbour_main.value",
        "station_power",
        "sump.level_pct",
        "harbour_pressure",
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
    process.set("intake/p1.start", 1.0);
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
    process.set("filters/f2.auto", 0.0);
    process.set("filters/f2/inlet.command_pct", 0.0);
    run(&mut process, 10.0);
    let half = get(&process, "filters/f2/inlet.position_pct");
    assert!((half - 50.0).abs() < 1.0, "{half}");
    run(&mut process, 20.0);
    assert_eq!((get(&process, "filters/f2/inlet.closed"), get(&process, "filters/f2/inlet.moving")), (1.0, 0.0));
    assert!(get(&process, "filters/f2.flow_m3h") < 1.0);
    assert!(get(&process, "filters/f1.flow_m3h") > 100.0, "the others carry its water");
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

/// Everything that flowed in, less what flowed out and what is stored, is nothing.
#[test]
fn no_water_comes_from_nowhere() {
    let simulator = waterworks();
    let mut process = simulator.process();
    run(&mut process, 60.0);
    let stored = |p: &Process| get(p, "clear_well.volume_m3") + get(p, "reservoir.volume_m3");
    let before = stored(&process);
    let (mut into, mut out, dt_h) = (0.0, 0.0, process.step_s() / 3600.0);
    process.set("filters/f3.request", 1.0);
    let end = process.time_s() + 3.0 * 3600.0;
    while process.time_s() < end {
        process.step();
        let sum = |names: &[&str]| names.iter().map(|name| get(&process, name)).sum::<f64>();
        into += dt_h * sum(&["filters/f1.flow_m3h", "filters/f2.flow_m3h", "filters/f3.flow_m3h", "filters/f4.flow_m3h"]);
        out += dt_h * sum(&["town.flow_m3h", "harbour.flow_m3h", "hill.flow_m3h", "filters/wash_pump.flow_m3h"]);
    }
    assert_eq!(get(&process, "filters/f3.washes"), 1.0, "a wash is part of the balance");
    let missing = into - out - (stored(&process) - before);
    // The elastic mains hold a little: 0.15 m³ a metre of head.
    assert!(into > 1_000.0 && missing.abs() < 2.0, "{missing:.2} m³ of {into:.0} m³ are missing");
}

#[test]
fn a_wash_goes_through_its_steps_one_filter_at_a_time_and_clears_the_bed() {
    let simulator = waterworks();
    let mut process = simulator.process();
    run(&mut process, 30.0);
    let dirty = get(&process, "filters/f1.clogged_mbar");
    process.set("filters/f1.request", 1.0);
    process.set("filters/f2.request", 1.0);
    let mut seen = Vec::new();
    until(&mut process, 1_500.0, "both are washed", |p| {
        let state = |filter: &str| get(p, &format!("filters/{filter}.state"));
        let washing = [state("f1"), state("f2"), state("f3"), state("f4")].iter().filter(|s| (3.0..=6.0).contains(*s)).count();
        assert!(washing <= 1, "two filters are washed at once");
        get(p, "filters/f1.washes") + get(p, "filters/f2.washes") == 2.0
    });
    let other = waterworks();
    let mut second = other.process();
    run(&mut second, 30.0);
    second.set("filters/f1.request", 1.0);
    let end = second.time_s() + 700.0;
    while second.time_s() < end && get(&second, "filters/f1.washes") < 1.0 {
        second.step();
        let state = get(&second, "filters/f1.state");
        if seen.last() != Some(&state) {
            seen.push(state);
        }
    }
    assert_eq!(seen, [2.0, 3.0, 4.0, 5.0, 6.0, 1.0]);
    let clean = get(&second, "filters/f1.clogged_mbar");
    assert!(clean < 15.0 && clean < dirty, "{dirty} to {clean}");
}

#[test]
fn a_wash_without_water_or_with_a_stuck_valve_ends_in_a_fault() {
    for (what, kind, fault) in
        [("filters/wash_pump", "trip", 2.0), ("filters/f1/backwash", "stuck", 1.0), ("filters/f1/inlet", "stuck", 1.0)]
    {
        let simulator = waterworks();
        let mut process = simulator.process();
        run(&mut process, 30.0);
        process.fail(what, kind).unwrap();
        process.set("filters/f1.request", 1.0);
        until(&mut process, 600.0, what, |p| get(p, "filters/f1.state") == 7.0);
        assert_eq!(get(&process, "filters/f1.fault"), fault, "{what}");
        process.fail(what, "ok").unwrap();
        process.set("filters/wash_pump.reset", 1.0);
        process.set("filters/f1.reset", 1.0);
        until(&mut process, 60.0, "it filters again", |p| get(p, "filters/f1.state") == 1.0);
    }
}

#[test]
fn chlorine_decays_on_its_way_to_the_far_end() {
    let simulator = waterworks();
    let mut process = simulator.process();
    run(&mut process, 2.0 * 3600.0);
    let way = ["dosing/residual", "outlet_chlorine", "town_main.value", "harbour_main.value"].map(|name| get(&process, name));
    assert!(way.windows(2).all(|pair| pair[0] > pair[1]) && way[3] > 0.1, "{way:?}");
    assert!(get(&process, "harbour_main.age_h") > get(&process, "town_main.age_h"));
    process.set("dosing/chlorine.dose_setpoint", 1.2);
    run(&mut process, 300.0);
    assert!(get(&process, "dosing/residual") > way[0] + 0.2, "the residual follows the dose within minutes");
    assert!((get(&process, "harbour_main.value") - way[3]).abs() < 0.05, "the far end only after hours");
}

/// How each failure shows, within so many seconds, in a quantity that people see.
#[test]
fn everything_fails_as_it_says_and_is_mended() {
    type Shows = fn(&Process) -> bool;
    let table: &[(&str, &str, f64, Shows)] = &[
        ("high_lift/p1", "trip", 1.0, |p| get(p, "high_lift/p1.state") == 4.0),
        ("high_lift/p1", "jam", 20.0, |p| get(p, "high_lift/p1.fault") == 1.0),
        ("high_lift/p1", "worn", 60.0, |p| get(p, "high_lift/p1.flow_m3h") < 0.8 * get(p, "high_lift_flow")),
        ("dosing/mixer", "jam", 20.0, |p| get(p, "dosing/mixer.tripped") == 1.0),
        ("clear_well/level", "freeze", 400.0, |p| (get(p, "clear_well/level") - get(p, "clear_well.level_pct")).abs() > 0.3),
        ("clear_well/level", "drift", 300.0, |p| get(p, "clear_well/level") > get(p, "clear_well.level_pct") + 2.0),
        ("clear_well/level", "noise", 60.0, |p| (get(p, "clear_well/level") - get(p, "clear_well.level_pct")).abs() > 2.0),
        ("high_lift/pressure", "broken", 1.0, |p| get(p, "high_lift/pressure").is_nan()),
        ("filters/f2", "clogged", 900.0, |p| get(p, "filters/f2.clogged_mbar") > 150.0),
        ("filters/f2", "breakthrough", 300.0, |p| get(p, "filters/f2/outlet_turbidity") > 0.3),
        ("dosing/chlorine", "airlock", 60.0, |p| get(p, "dosing/chlorine.fault") == 2.0),
        ("dosing/chlorine", "leak", 1_200.0, |p| get(p, "dosing/chlorine.tank_pct") < 60.0),
        ("harbour", "burst", 60.0, |p| get(p, "harbour.flow_m3h") > 110.0),
        ("raw_turbidity", "surge", 60.0, |p| get(p, "raw_turbidity") > 20.0),
        ("distribution/town/inlet", "stuck", 1.0, |_| true),
    ];
    for (name, kind, within_s, shows) in table {
        let simulator = waterworks();
        let mut process = simulator.process();
        run(&mut process, 60.0);
        process.fail(name, kind).unwrap_or_else(|error| panic!("{error}"));
        until(&mut process, *within_s, &format!("{name} = {kind}"), shows);
        let failing = process.failures().into_iter().find(|point| point.name == *name).and_then(|point| point.now);
        assert_eq!(failing, (*kind != "trip").then_some(*kind), "{name}");
        process.fail(name, "ok").unwrap();
        assert!(process.failures().iter().all(|point| point.now.is_none()), "{name}");
    }
}

#[test]
fn what_can_not_fail_is_refused_with_advice() {
    let simulator = waterworks();
    let mut process = simulator.process();
    let told = process.fail("high_lift/p9", "trip").unwrap_err().to_string();
    assert!(told.contains("did you mean `high_lift/p"), "{told}");
    let told = process.fail("high_lift/p1", "freeze").unwrap_err().to_string();
    assert!(told.contains("trip, undervoltage, jam, no_start, worn, ok"), "{told}");
    drop(process);
    let kinds: usize = simulator.failures().iter().map(|point| point.kinds.len()).sum();
    assert!(kinds > 100, "{kinds}");
}

#[test]
fn each_upset_is_found_and_a_wrong_name_tells_which_there_are() {
    let simulator = waterworks();
    let names: Vec<&str> = simulator.upsets().iter().map(|upset| upset.name.as_str()).collect();
    assert_eq!(names, ["power-dip", "pump-trip", "chlorine-leak", "sensor-drift", "chattering-level-switch"]);
    let switch = simulator.upsets().iter().find(|upset| upset.name == "chattering-level-switch").expect("it is there");
    assert_eq!(switch.course().count(), 180, "the float switch comes and goes 90 times");
}

#[tokio::test]
async fn a_power_dip_says_so_first_and_ok_mends_what_it_broke() {
    let options = StartOptions { speed: 0.0, address: None, free_ports: true };
    let running = waterworks().start_with(options).await.unwrap_or_else(|error| panic!("{error}"));
    let after = |seconds: f64| {
        let end = running.process().time_s() + seconds;
        while running.process().time_s() < end {
            running.step();
        }
    };
    let told = running.upset("power-dipp").expect_err("there is no such upset");
    assert!(told.contains("power-dip, pump-trip"), "{told}");
    running.upset("power-dip").expect("it is told in the file");
    after(1.0);
    let look = |name: &str| get(&running.process(), name);
    assert_eq!((look("main_bus_undervoltage"), look("high_lift/p1.tripped")), (1.0, 0.0), "the relay is first");
    assert!(look("main_meter.u") < 160.0);
    after(2.0);
    assert_eq!((look("high_lift/p1.fault"), look("dosing/chlorine.fault")), (4.0, 4.0));
    assert_eq!(look("filters/f1/inlet.available"), 0.0);
    assert!(look("clear_well/level").is_nan());
    after(75.0);
    assert_eq!((look("high_lift/p1.state"), look("high_lift/p2.state")), (2.0, 0.0), "pump 2 doesn't come back by itself");
    running.upset("ok").expect("this ends any");
    after(1.0);
    assert!(running.failures().iter().all(|point| point.now.is_none()), "nothing fails any more");
    assert_eq!((look("main_bus_undervoltage"), look("sample_flow")), (0.0, 1.0));
}

#[test]
fn what_an_upset_cannot_do_is_told_with_its_place() {
    let told = |step: &str| {
        let text = format!("[[value]]\nname = \"a\"\ninitial = 0\n[[upset]]\nname = \"u\"\nwords = \"w\"\nsteps = [{step}]\n");
        Simulator::from_text(&text).err().map_or_else(String::new, |error| error.to_string())
    };
    assert_eq!(told("{ at_s = 0, set = \"a\", to = 1 }"), "");
    assert!(told("{ at_s = 0, set = \"b\", to = 1 }").contains("there is no quantity `b`"));
    assert!(told("{ at_s = 0, fail = \"p\", as = \"trip\" }").contains("`p`"));
    assert!(told("{ at_s = 0, set = \"a\" }").contains("half of this step is missing"));
    assert!(told("{ at_s = 0, set = \"a\", to = 1, over_s = 3 }").contains("a way needs its begin"));
}
