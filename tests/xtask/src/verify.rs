//! `cargo xtask test`.

use anyhow::Result;

use crate::demo::{self, build_plugins};
use crate::stage::{self, Stages, cargo};
use crate::{install, peers};

/// Plugins that only tests load: hostile ones.
const TEST_GUESTS: &[&str] = &["tests/guests/hostile", "tests/guests/greedy", "tests/guests/unruly"];

/// What a window needs on a machine without a screen: a virtual one, software OpenGL, and something to look and click with.
const WINDOW_PACKAGES: &[&str] = &[
    "xvfb",
    "libgl1-mesa-dri",
    "libgl1",
    "libegl1",
    "libxkbcommon-x11-0",
    "libxcursor1",
    "libxi6",
    "libxrandr2",
    "imagemagick",
    "xdotool",
];

/// Runs every stage, or those whose names contain a word.
///
/// # Errors
/// The first stage that failed.
pub fn run(only: Option<&str>) -> Result<()> {
    let mut stages = Stages::only(only);
    let outcome = run_stages(&mut stages);
    outcome.and(stages.summary())
}

fn run_stages(stages: &mut Stages) -> Result<()> {
    stages.run("peers", || peers::python().map(drop))?;
    stages.run("clock that can be set", || install::program("faketime", &["faketime"]))?;
    stages.run("virtual screen", || {
        let programs = ["Xvfb", "import", "xdotool"];
        programs.iter().try_for_each(|program| install::program(program, WINDOW_PACKAGES))
    })?;
    stages.run("format", || stage::run(&mut cargo(&["fmt", "--all", "--check"])))?;
    stages.run("build", || stage::run(&mut cargo(&["build", "--workspace", "--all-targets"])))?;
    let guests: Vec<&str> = demo::DEMO_PLUGINS.iter().chain(TEST_GUESTS).copied().collect();
    stages.run("plugins", || build_plugins(&guests))?;
    let root = stage::root();
    let python = root.join("target/peers/bin/python");
    stages.run("tests", || {
        let mut command = cargo(&["test", "--workspace", "--all-targets"]);
        command.env("PLANTROOM_COMPONENTS", root.join("target/debug/plugins")).env("PLANTROOM_PEERS_PYTHON", &python);
        stage::run(&mut command)
    })?;
    stages.run("documentation tests", || stage::run(&mut cargo(&["test", "--workspace", "--doc"])))?;
    stages.run("browser build", || {
        let packages = ["-p", "plantroom-model", "-p", "plantroom-wire", "-p", "plantroom-scene", "-p", "plantroom-hmi"];
        let mut arguments = vec!["check", "--target", "wasm32-unknown-unknown"];
        arguments.extend(packages);
        stage::run(&mut cargo(&arguments))
    })
}
