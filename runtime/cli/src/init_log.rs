//! Log lines on stderr, for the verbs that run for long.

use std::io::IsTerminal as _;

/// Starts the log; `PLANTROOM_LOG` chooses what is shown (`info`, `debug`, `plantroom_host=debug` ...).
pub fn start(default: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("PLANTROOM_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    // A second start (a verb that runs another verb's work) keeps the first.
    // Colours are for eyes; in a file or a journal they would be noise.
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).try_init();
}
