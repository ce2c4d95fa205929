//! The operator's real window, on a virtual screen: it shows the plant, says when the station is gone, and comes back.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use plantroom_tests::{Companion, Project, Pymodbus, Station, command, eventually, free_port, holds_for, wait_until, workspace};
use serde_json::json;

const MISSING: &str = "On Debian or Ubuntu type: apt-get install xvfb xdotool imagemagick libgl1-mesa-dri libgl1 libegl1 \
                       libxkbcommon-x11-0 libxcursor1 libxi6 libxrandr2";
const WIDTH: usize = 1280;
const HEIGHT: usize = 800;
/// A picture with text, grey shapes and some colour has far more; a blank one has one or two.
const COLOURS: usize = 60;
/// The same of a screen with hardly anything on it.
const FEW_COLOURS: usize = 20;
/// How soon operators must see that the station is gone, in s.
const LOST_WITHIN_S: f64 = 4.0;
/// Two pictures of a plant that lives differ in less, in percent of their pixels.
const SAME_PCT: f64 = 4.0;

/// A virtual screen of its own.
pub(crate) struct Screen {
    server: Companion,
    name: String,
}

/// What is on it: three bytes a pixel.
struct Picture(Vec<u8>);

impl Screen {
    #[track_caller]
    pub(crate) fn start() -> Self {
        let size = format!("{WIDTH}x{HEIGHT}x24");
        let mut start = Command::new("Xvfb");
        start.args(["-displayfd", "1", "-screen", "0", &size, "-nolisten", "tcp", "-noreset"]);
        let server = Companion::start(&mut start, MISSING);
        let number = eventually("the virtual screen is there", 20.0, || {
            // Among words on other displays that are taken.
            server.told().split_inclusive('\n').find_map(|line| line.strip_suffix('\n')?.parse::<u32>().ok())
        });
        Self { server, name: format!(":{number}") }
    }

    #[track_caller]
    fn picture(&self) -> Picture {
        let taken = Command::new("import").args(["-display", &self.name, "-window", "root", "-depth", "8", "rgb:-"]).output();
        let taken = taken.unwrap_or_else(|error| panic!("`import` does not start ({error}). {MISSING}"));
        assert_eq!(taken.stdout.len(), WIDTH * HEIGHT * 3, "{}{}", String::from_utf8_lossy(&taken.stderr), self.server.told());
        Picture(taken.stdout)
    }

    /// Keeps what is on the screen for people, in `target/screens`.
    pub(crate) fn keep(&self, name: &str) {
        let folder: PathBuf = workspace().join("target/screens");
        std::fs::create_dir_all(&folder).unwrap();
        let saved = Command::new("import").args(["-display", &self.name, "-window", "root"]).arg(folder.join(name)).status();
        assert!(saved.is_ok_and(|status| status.success()), "{name} can't be saved");
    }

    /// The operator's hand, by xdotool.
    #[track_caller]
    pub(crate) fn act(&self, words: &[&str]) {
        let acted = Command::new("xdotool").args(words).env("DISPLAY", &self.name).output();
        let acted = acted.unwrap_or_else(|error| panic!("`xdotool` does not start ({error}). {MISSING}"));
        assert!(acted.status.success(), "{words:?}: {}", String::from_utf8_lossy(&acted.stderr));
    }

    fn window(&self, url: &str, token: &str) -> Companion {
        let mut window = command();
        window.args(["console", "--url", url, "--size", &format!("{WIDTH}x{HEIGHT}"), "--fullscreen"]);
        window.env("PLANTROOM_TOKEN", token);
        self.show(window)
    }

    /// A program with a window, on this screen.
    pub(crate) fn show(&self, mut window: Command) -> Companion {
        window.env("DISPLAY", &self.name).env("LIBGL_ALWAYS_SOFTWARE", "1");
        window.env_remove("WAYLAND_DISPLAY").env_remove("XAUTHORITY");
        Companion::start(&mut window, "")
    }

    /// How many colours are on it: a blank screen has one or two.
    pub(crate) fn colours(&self) -> usize {
        self.picture().colours()
    }
}

impl Picture {
    fn pixels(&self) -> impl Iterator<Item = &[u8]> {
        self.0.chunks_exact(3)
    }

    fn colours(&self) -> usize {
        self.pixels().collect::<std::collections::HashSet<_>>().len()
    }

    /// How many of its pixels differ from another's, in percent.
    fn difference_pct(&self, other: &Self) -> f64 {
        let differ = self.pixels().zip(other.pixels()).filter(|(a, b)| a != b).count();
        differ as f64 * 100.0 / (WIDTH * HEIGHT) as f64
    }
}

/// The demo plant, its field behind ports of its own.
fn field() -> (Project, Companion) {
    let project = Project::waterworks();
    project.move_field();
    let field = Companion::start(command().args(["simulate", project.text()]), "");
    eventually("the field is there", 20.0, || (field.told().matches("answers as a Modbus").count() >= 6).then_some(()));
    (project, field)
}

#[test]
fn the_window_says_when_the_station_is_gone_and_comes_back_by_itself() {
    let screen = Screen::start();
    let (project, _field) = field();
    let port = free_port().to_string();
    let mut station = Station::start_with(&project, &["--port", &port], &[]);
    let made =
        station.api().call("POST", "/api/v1/tokens", Some(json!({ "user": "engineer", "label": "window", "role": "operate" })));
    let token = made.json["token"].as_str().expect("a token").to_owned();
    let mut window = screen.window(&station.url, &token);

    let live = wait_until("the plant is on the screen", 25.0, || Shown::of(&screen, &window), |shown| shown.colours > COLOURS);
    std::thread::sleep(Duration::from_millis(1_500));
    let live = live.again(&screen);
    screen.keep("console_live.png");

    station.kill();
    let killed = Instant::now();
    let lost = wait_until("the picture says so", LOST_WITHIN_S, || live.compare(&screen), |(_, pct)| *pct > SAME_PCT);
    println!("{:.1} % of the picture changed {:?} after the station was killed", lost.1, killed.elapsed());
    screen.keep("console_lost.png");
    assert!(window.ended().is_none(), "the console must not end with the station: {}", window.told());

    let station = Station::start_with(&project, &["--port", &port], &[]);
    wait_until("the picture comes back by itself", 20.0, || live.compare(&screen), |(_, pct)| *pct < SAME_PCT);
    screen.keep("console_back.png");

    let home = project.read("screens/1_overview.rhai");
    project.write("screens/1_overview.rhai", "screen(\"Overview\", #{ level: 1 });\nloop { }\n");
    let bad = wait_until("a screen that never ends says so", 10.0, || live.compare(&screen), |(_, pct)| *pct > SAME_PCT);
    println!("{:.1} % of the picture changed with a bad screen", bad.1);
    screen.keep("console_bad_screen.png");
    project.write("screens/1_overview.rhai", &home);
    wait_until("the mended screen is there at once", 10.0, || live.compare(&screen), |(_, pct)| *pct < SAME_PCT);

    let other = station.console(&["system/audit/ok"]);
    wait_until("two consoles are open", 5.0, || consoles(&station), |open| *open == 2);
    let log = station.log().len();
    let beats = other.beats().len();
    window.kill();
    wait_until("the station sees that one has gone", 5.0, || consoles(&station), |open| *open == 1);
    eventually("the other console's heart goes on", 5.0, || (other.beats().len() >= beats + 5).then_some(()));
    let gap = other.beats()[beats - 1..].windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(gap < Duration::from_millis(1_900), "heartbeats were {gap:?} apart");
    let said = station.log()[log..].to_owned();
    assert!(!said.contains("ERROR") && !said.contains("WARN") && !said.contains("panicked"), "{said}");
}

#[test]
fn an_operator_starts_a_pump_in_two_steps() {
    let screen = Screen::start();
    let device = Pymodbus::start();
    let project = Project::new();
    project.connection("plc", device.port, 2_000, "").modbus(&["plc"], "fast = 100", "line/*");
    project.tag("line/run", "bool", "plc", "coil 3", "group = \"fast\"\nwrite = true");
    let pump = "screen(\"Pump\", #{ level: 1, size: [1000, 560] });\n\
                lamp(60, 60, \"line/run\", #{ label: \"running\" });\n\
                button(50, 150, \"Start\", #{ tag: \"line/run\", value: true, w: 900, h: 100 });\n";
    project.write("screens/1_home.rhai", pump);
    let station = Station::start(&project);
    let operator = station.api().new_user("operator", "operate");
    let console = station.console(&["line/run"]);
    wait_until("the device is polled", 15.0, || console.latest("line/run"), |row| row.status.is_good());
    let window = screen.window(&station.url, &operator.token);
    wait_until("the screen is there", 25.0, || Shown::of(&screen, &window), |shown| shown.colours > FEW_COLOURS);
    wait_until("the window is a console", 5.0, || consoles(&station), |open| *open == 2);

    screen.act(&["mousemove", "640", "300"]);
    let before = Shown::of(&screen, &window);
    screen.act(&["click", "1"]);
    wait_until("it asks", 5.0, || before.compare(&screen), |(_, pct)| *pct > 1.0);
    screen.keep("console_asks.png");
    holds_for("nothing is sent with the first step", 1.5, || device.writes().len(), |count| *count == 0);
    screen.act(&["key", "Return"]);
    wait_until("the device gets it", 5.0, || device.writes(), |writes| !writes.is_empty());
    let written: Vec<_> = device.writes().into_iter().map(|write| (write.function, write.address, write.values)).collect();
    assert_eq!(written, [(5, 3, vec![1])]);
    wait_until("the pump runs", 5.0, || console.latest("line/run").value, |value| value.as_bool() == Some(true));
    let record = eventually("it is on record", 5.0, || {
        station.api().audit("line/run").into_iter().find(|record| record["entry"] == "open")
    });
    assert_eq!(
        (&record["user"], &record["door"], &record["new"]),
        (&json!("operator"), &json!("console"), &json!(true)),
        "{record}"
    );
    std::thread::sleep(Duration::from_millis(300));
    screen.keep("console_confirmed.png");
}

#[test]
fn without_a_display_the_console_says_so() {
    let started = Instant::now();
    for display in [None, Some(":9999")] {
        let mut window = command();
        window.args(["console", "--url", "http://127.0.0.1:1"]).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        if let Some(display) = display {
            window.env("DISPLAY", display);
        }
        let output = window.output().expect("the program starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("console window could not be opened"), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    assert!(started.elapsed() < Duration::from_secs(10));
}

/// Consoles that the station counts.
fn consoles(station: &Station) -> u32 {
    let figures = station.api().call("GET", "/metrics", None).text;
    let line = figures.lines().find_map(|line| line.strip_prefix("plantroom_consoles ").map(str::to_owned));
    line.and_then(|count| count.parse().ok()).expect("a figure of consoles")
}

/// A picture with what is told of it when a test fails.
struct Shown {
    picture: Picture,
    colours: usize,
    window_says: String,
}

impl Shown {
    fn of(screen: &Screen, window: &Companion) -> Self {
        let picture = screen.picture();
        let colours = picture.colours();
        Self { picture, colours, window_says: window.told() }
    }

    fn again(self, screen: &Screen) -> Self {
        Self { picture: screen.picture(), ..self }
    }

    /// How much of the screen differs from this picture now, in percent.
    fn compare(&self, screen: &Screen) -> (usize, f64) {
        let now = screen.picture();
        (now.colours(), self.picture.difference_pct(&now))
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} colours; the window said: {}", self.colours, self.window_says)
    }
}
