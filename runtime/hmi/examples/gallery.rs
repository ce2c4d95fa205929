//! All symbols in all states, over a station that isn't there, to look at: `cargo run -p plantroom-hmi --example gallery`.
//!
//! Arguments: `unit` (a plant-like screen), `symbols` (every symbol in every state), `lost`, `error`, `ask`, `login`.

#[path = "../tests/fake/mod.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod fake;

use std::time::Duration;

use fake::{Facts, Station};
use plantroom_hmi::{Console, ConsoleOptions, PaintClock};
use plantroom_model::{LimitSet, OutcomeKind, Status, Value};

const RUN: &[(i64, &str)] = &[(0, "stopped"), (1, "running")];

fn main() -> eframe::Result {
    let scene = std::env::args().nth(1).unwrap_or_else(|| "unit".into());
    let clock = PaintClock::machine();
    let station = Station::new(clock.clone());
    fill(&station);
    let home = if scene == "symbols" { "2_symbols" } else { "2_high_lift" };
    station.inner().home = home.into();
    station.inner().outcome = Some(OutcomeKind::Confirmed);
    live(station.clone(), scene.clone());
    let token = (scene != "login").then(|| "t".to_owned());
    let options = ConsoleOptions { url: "ws://fake".into(), token, ..ConsoleOptions::default() };
    let viewport = egui::ViewportBuilder::default().with_inner_size([1600.0, 900.0]).with_decorations(false);
    let native = eframe::NativeOptions { viewport, ..Default::default() };
    let create = move |_: &eframe::CreationContext<'_>| {
        Ok(Box::new(Console::new(station.link(), clock, &options)) as Box<dyn eframe::App>)
    };
    eframe::run_native("gallery", native, Box::new(create))
}

fn analog(unit: &'static str, decimals: u8, range: (f64, f64), limits: [Option<f64>; 4]) -> Facts {
    let [high_high, high, low, low_low] = limits;
    Facts { unit, decimals, range: Some(range), limits: LimitSet { high_high, high, low, low_low }, ..Facts::default() }
}

fn fill(station: &Station) {
    let text = include_str!("gallery/high_lift.rhai");
    let symbols = include_str!("gallery/symbols.rhai");
    let overview = "screen(\"Overview\", #{ level: 1 });";
    let intake = "screen(\"Intake\", #{ level: 2, parent: \"1_overview\" });";
    let detail = "screen(\"Pump details\", #{ level: 3, parent: \"2_high_lift\" });";
    let faceplate = include_str!("gallery/pump.rhai");
    station.inner().files = [
        ("1_overview.rhai", overview),
        ("2_intake.rhai", intake),
        ("2_high_lift.rhai", text),
        ("2_symbols.rhai", symbols),
        ("3_pumps.rhai", detail),
        ("parts/pump.rhai", faceplate),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .to_vec();
    let none = [None; 4];
    let level = analog("%", 1, (0.0, 100.0), [Some(95.0), Some(90.0), Some(25.0), Some(10.0)]);
    station.tag("clear_well/level", Value::Float(22.4), level);
    station.tag("clear_well/volume", Value::Float(1_344.0), analog("m³", 0, (0.0, 6_000.0), none));
    station.tag("clear_well/outflow", Value::Float(412.0), analog("m³/h", 0, (0.0, 800.0), none));
    station.tag("high_lift/flow", Value::Float(412.0), analog("m³/h", 0, (0.0, 600.0), none));
    station.tag("high_lift/pressure", Value::Float(4.62), analog("bar", 2, (0.0, 8.0), [None, Some(6.0), Some(3.0), None]));
    station.tag("high_lift/chlorine", Value::Float(0.48), analog("mg/l", 2, (0.0, 2.0), none));
    let setpoint = Facts { write: Some(Some((2.0, 6.0))), ..analog("bar", 2, (0.0, 8.0), none) };
    station.tag("high_lift/sp", Value::Float(4.8), setpoint);
    station.tag("high_lift/out", Value::Float(83.1), analog("%", 1, (0.0, 100.0), none));
    let mode = Facts { states: &[(0, "MAN"), (1, "AUTO"), (2, "CASC")], write: Some(None), ..Facts::default() };
    station.tag("high_lift/mode", Value::Int(1), mode);
    for (pump, running) in [(1, true), (2, false), (3, true)] {
        let name = |what: &str| format!("high_lift/p{pump}/{what}");
        station.tag(&name("running"), Value::Bool(running), Facts { states: RUN, ..Facts::default() });
        station.tag(&name("tripped"), Value::Bool(pump == 2), Facts::default());
        station.tag(&name("auto"), Value::Bool(pump != 3), Facts::default());
        station.tag(&name("speed"), Value::Float(if running { 1_452.0 } else { 0.0 }), analog("rpm", 0, (0.0, 1_500.0), none));
        let current = analog("A", 1, (0.0, 160.0), [Some(140.0), Some(120.0), None, None]);
        station.tag(&name("current"), Value::Float(if running { 71.8 } else { 0.0 }), current);
        station.tag(&name("valve/position"), Value::Float(if running { 100.0 } else { 0.0 }), analog("%", 0, (0.0, 100.0), none));
        station.tag(&name("hours"), Value::Uint(8_412), Facts { unit: "h", ..Facts::default() });
        station.tag(&name("start"), Value::Bool(false), Facts { write: Some(None), ..Facts::default() });
        station.inner().instances.push(("pump".into(), format!("high_lift/p{pump}")));
    }
    for (name, value) in
        [("good", 42.0), ("uncertain", 42.0), ("bad", 42.0), ("high", 93.0), ("too_high", 97.0), ("low", 20.0), ("half", 50.0)]
    {
        station.tag(&format!("x/{name}"), Value::Float(value), level);
    }
    for (name, value) in [("on", true), ("off", false), ("bad_on", true)] {
        station.tag(&format!("x/{name}"), Value::Bool(value), Facts { states: RUN, write: Some(None), ..Facts::default() });
    }
    station.tag("x/sp", Value::Float(42.0), Facts { write: Some(Some((0.0, 100.0))), ..level });
    station.tag("system/audit/ok", Value::Bool(true), Facts::default());
    station.tag("system/scan/last_ms", Value::Float(0.4), Facts::default());
    for plc in ["plc_intake", "plc_high_lift"] {
        station.tag(&format!("system/connections/{plc}/state"), Value::Uint(1), Facts::default());
    }
    for plugin in ["modbus", "average"] {
        station.tag(&format!("system/plugins/{plugin}/state"), Value::Uint(1), Facts::default());
        station.tag(&format!("system/plugins/{plugin}/faults"), Value::Uint(0), Facts::default());
    }
}

/// Lets values move.
fn live(station: Station, scene: String) {
    std::thread::spawn(move || {
        for step in 0..u64::MAX {
            std::thread::sleep(Duration::from_millis(250));
            let t = step as f64 / 4.0;
            if scene == "lost" && step > 24 {
                continue;
            }
            station.beat();
            let noise = |speed: f64, size: f64| (t * speed).sin() * size + (t * speed * 3.7).sin() * size * 0.3;
            station.set("high_lift/flow", Value::Float(412.0 + noise(0.7, 18.0)), Status::GOOD);
            let gap = (40..64).contains(&step);
            let quality = if gap { Status::BAD_NO_COMMUNICATION } else { Status::GOOD };
            station.set("high_lift/pressure", Value::Float(4.62 + noise(0.4, 0.15)), quality);
            station.set("high_lift/p1/current", Value::Float(71.8 + noise(1.1, 1.0)), Status::GOOD);
            station.set("clear_well/level", Value::Float(22.4 + noise(0.05, 0.4)), Status::GOOD);
            if step == 4 {
                let then = station.utc() - 42_000_000_000;
                station.put("high_lift/chlorine", Value::Float(0.48), Status::BAD_SENSOR_FAILURE, then);
                station.put("x/bad", Value::Float(42.0), Status::BAD_NO_COMMUNICATION, then);
                station.put("x/bad_on", Value::Bool(true), Status::BAD_NO_COMMUNICATION, then);
                station.put("x/uncertain", Value::Float(42.0), Status::UNCERTAIN_LAST_USABLE, station.utc() - 1_000_000_000);
            }
            if scene == "error" && step == 12 {
                let broken = "screen(\"High-lift pumps\", #{ level: 2 });\nlet x = 1;\nvalu(10, 10, \"x/good\");";
                station.reload(&[("2_high_lift.rhai", broken)]);
            }
        }
    });
}
