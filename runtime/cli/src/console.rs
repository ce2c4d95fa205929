//! `plantroom console`: the operator's window.

use anyhow::Result;
use clap::Args;
use plantroom_hmi::{Choices, ConsoleOptions, SCALES};
use plantroom_scene::theme::Shade;

use crate::exit::Failure;
use crate::init_log;

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
}

impl Console {
    pub fn run(self) -> Result<()> {
        init_log::start("warn");
        let options = ConsoleOptions {
            url: live_address(&self.url)?,
            token: self.token,
            screen: self.screen,
            fullscreen: self.fullscreen,
            size: self.size,
            choices: Choices { language: self.language, shade: self.theme, touch: self.touch, scale: self.scale },
            ..ConsoleOptions::default()
        };
        plantroom_hmi::run_native(options)
            .map_err(|error| Failure::problems(format!("The console window could not be opened: {error}")).into())
    }
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
