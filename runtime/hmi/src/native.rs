//! The console in a window of the operating system.

use crate::{Console, ConsoleOptions, PaintClock, SocketLink};

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The operating system gave none.
    #[error("no window could be opened: {0}; the console needs a display and OpenGL 2.1 or later")]
    Window(String),
}

/// Runs the console until its window is closed. Must be called on the main thread.
///
/// # Errors
/// When no window can be opened.
pub fn run_native(options: ConsoleOptions) -> Result<(), ConsoleError> {
    let (width, height) = options.size.unwrap_or((1_600.0, 900.0));
    let viewport = egui::ViewportBuilder::default()
        .with_title("Plantroom")
        .with_app_id("plantroom")
        .with_inner_size([width, height])
        .with_min_inner_size([800.0, 480.0])
        .with_fullscreen(options.fullscreen);
    let native = eframe::NativeOptions { viewport, centered: true, ..Default::default() };
    let create = move |_: &eframe::CreationContext<'_>| {
        let clock = PaintClock::machine();
        let link = SocketLink::new(&options.url, clock.clone());
        Ok(Box::new(Console::new(Box::new(link), clock, &options)) as Box<dyn eframe::App>)
    };
    eframe::run_native("Plantroom", native, Box::new(create)).map_err(|error| ConsoleError::Window(error.to_string()))
}
