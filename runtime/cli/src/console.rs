//! `plantroom console`: the operator's window.

use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use plantroom_hmi::{Choices, ConsoleOptions, NextWindow, OpenWindow, SCALES};
use plantroom_scene::theme::Shade;

use crate::exit::Failure;
use crate::{init_log, memory};

/// Opens an operator's console on a running station. Without a token it asks who you are.
#[derive(Args)]
pub struct Console {
    /// Address of the station.
    #[arg(long, env = "PLANTROOM_URL", default_value = "http://127.0.0.1:8600")]
    url: String,
    /// Token to log in with, instead of a name and password.
    #[arg(long, env = "PLANTROOM_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Screen to open first, by its file name without `.rhai`.
    #[arg(long)]
    screen: Option<String>,
    /// Width and height of the window: 1600x900.
    #[arg(long, value_parser = size)]
    size: Option<(f32, f32)>,
    /// Uses the whole screen, without a frame.
    #[arg(long)]
    fullscreen: bool,
    /// Language, by its code: de; en for the project's own words. Otherwise what was chosen the last time, or the machine's.
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// light or dark. Otherwise what was chosen the last time, or as the machine.
    #[arg(long, value_parser = shade)]
    theme: Option<Shade>,
    /// Fingers instead of a mouse: buttons and menus are larger.
    #[arg(long)]
    touch: bool,
    /// How large everything is: 1 is as usual.
    #[arg(long, value_parser = ui_scale)]
    scale: Option<f32>,
    /// Opens all windows of this station that were open the last time, each where it was.
    #[arg(long)]
    windows: bool,
    /// Which of this station's windows it is.
    #[arg(long, hide = true)]
    window: Option<u32>,
}

impl Console {
    pub fn run(self) -> Result<()> {
        memory::for_a_console();
        init_log::start("warn");
        let open = opener(&self);
        let options = ConsoleOptions {
            url: live_address(&self.url)?,
            token: self.token,
            screen: self.screen,
            fullscreen: self.fullscreen,
            size: self.size,
            choices: Choices { language: self.language, shade: self.theme, touch: self.touch, scale: self.scale, mute: false },
            open: Some(open),
            window: self.window,
            windows: self.windows,
            ..ConsoleOptions::default()
        };
        plantroom_hmi::run_native(options)
            .map_err(|error| Failure::problems(format!("The console window could not be opened: {error}")).into())
    }
}

/// Starts another process for another window. The session goes over in its environment: arguments are seen by everybody.
fn opener(first: &Console) -> OpenWindow {
    let mut arguments = vec!["console".to_owned(), "--url".to_owned(), first.url.clone()];
    for (name, value) in [
        ("--language", first.language.clone()),
        ("--theme", first.theme.map(|shade| shade.word().to_owned())),
        ("--scale", first.scale.map(|scale| scale.to_string())),
    ] {
        arguments.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
    }
    arguments.extend(first.touch.then(|| "--touch".to_owned()));
    let start = move |next: &NextWindow| -> std::io::Result<()> {
        let mut process = std::process::Command::new(std::env::current_exe()?);
        process.args(&arguments).env_remove("PLANTROOM_TOKEN").stdin(std::process::Stdio::null());
        if let Some(screen) = &next.screen {
            process.args(["--screen", screen]);
        }
        if let Some(number) = next.number {
            process.args(["--window", &number.to_string()]);
        }
        if let Some(token) = &next.token {
            process.env("PLANTROOM_TOKEN", token);
        }
        let mut child = process.spawn()?;
        // Somebody must take note of its end, or it stays in the system's table for as long as this window is open.
        std::thread::Builder::new().name("window".to_owned()).spawn(move || child.wait()).map(|_| ())
    };
    Arc::new(move |next: &NextWindow| {
        start(next).map_err(|error| format!("The operating system didn't start another window: {error}."))
    })
}

/// `http://host:port` to the address of the live WebSocket.
pub fn live_address(url: &str) -> Result<String> {
    let url = url.trim_end_matches('/');
    let live = if let Some(rest) = url.strip_prefix("http://") {
        format!("ws://{rest}/api/v1/live")
    } else if let Some(rest) = url.strip_prefix("https://") {
        format!("wss://{rest}/api/v1/live")
    } else {
        return Err(
            Failure::usage(format!("`{url}` is not an address of a station; it looks like http://127.0.0.1:8600.")).into()
        );
    };
    Ok(live)
}

/// `1600x900`.
pub fn size(text: &str) -> Result<(f32, f32), String> {
    let parsed = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    parsed.ok_or_else(|| format!("`{text}` is not a size; it looks like 1600x900"))
}

/// `light` or `dark`.
pub fn shade(text: &str) -> Result<Shade, String> {
    let found = Shade::ALL.into_iter().find(|shade| shade.word() == text);
    found.ok_or_else(|| format!("`{text}` is no theme; there are light and dark"))
}

fn ui_scale(text: &str) -> Result<f32, String> {
    let (low, high) = SCALES;
    let scale = text.parse().ok().filter(|scale| (low..=high).contains(scale));
    scale.ok_or_else(|| format!("`{text}` is no scale; it is a number from {low} to {high}"))
}
