//! The station's figures in the Prometheus text format, version 0.0.4.

use std::fmt::Write as _;

use plantroom_fieldbus::{Fieldbus, LinkFigures};
use plantroom_host::PluginFigures;
use plantroom_model::ConnectionId;

use crate::command::CommandPath;

/// Name, kind and meaning of a figure, and how to read it.
type Figure<T> = (&'static str, &'static str, &'static str, fn(&T) -> f64);

const OF_PLUGINS: &[Figure<PluginFigures>] = &[
    ("plugin_state", "gauge", "0 starting, 1 running, 2 restarting, 3 quarantined, 4 stopped.", |f| f64::from(f.state)),
    ("plugin_steps_total", "counter", "Steps that returned.", |f| f.steps as f64),
    ("plugin_step_last_seconds", "gauge", "How long the last step took.", |f| f.step_last_ns as f64 / 1e9),
    ("plugin_step_max_seconds", "gauge", "The longest step since the start.", |f| f.step_max_ns as f64 / 1e9),
    ("plugin_soft_overruns_total", "counter", "Steps over the soft limit.", |f| f.soft_overruns as f64),
    ("plugin_waited_steps_total", "counter", "Steps that waited for the granted share of a core.", |f| f.waited_steps as f64),
    ("plugin_faults_total", "counter", "Faults since the start.", |f| f.faults as f64),
    ("plugin_restarts_total", "counter", "Starts after a fault.", |f| f.restarts as f64),
    ("plugin_samples_total", "counter", "Samples published.", |f| f.samples as f64),
    ("plugin_dropped_samples_total", "counter", "Samples over the granted rate.", |f| f.dropped_samples as f64),
    ("plugin_dropped_log_lines_total", "counter", "Log lines over the granted rate.", |f| f.dropped_log_lines as f64),
    ("plugin_lost_changes_total", "counter", "Changes that it did not fetch in time.", |f| f.lost_changes as f64),
    ("plugin_transactions_total", "counter", "Transactions submitted.", |f| f.transactions as f64),
    ("plugin_orders_total", "counter", "Write orders taken in.", |f| f.orders as f64),
    ("plugin_memory_bytes", "gauge", "Linear memory of the running instance.", |f| f.memory_bytes as f64),
];

const OF_CONNECTIONS: &[Figure<LinkFigures>] = &[
    ("connection_transactions_total", "counter", "Requests put on the wire.", |f| f.transactions as f64),
    ("connection_errors_total", "counter", "Requests without a good answer.", |f| f.errors as f64),
    ("connection_timeouts_total", "counter", "Requests without an answer in time.", |f| f.timeouts as f64),
    ("connection_bad_answers_total", "counter", "Answers that were not valid.", |f| f.bad_answers as f64),
    ("connection_exceptions_total", "counter", "Exceptions that the device answered.", |f| f.exceptions as f64),
    ("connection_reconnects_total", "counter", "Times the connection was made anew.", |f| f.reconnects as f64),
    ("connection_round_trip_seconds", "gauge", "The last round trip.", |f| f.round_trip_us as f64 / 1e6),
    ("connection_open_requests", "gauge", "Requests waiting or on the wire.", |f| f.open as f64),
];

/// All figures of a station.
pub fn text(commands: &CommandPath, fieldbus: &Fieldbus, inbox_lost: u64) -> String {
    let mut text = String::new();
    let running = commands.running.get();
    let plant = &running.plant;
    let scans = commands.snapshots.borrow().number() as f64;
    for (name, kind, help, value) in [
        ("scans_total", "counter", "Scans since the start.", scans),
        ("inbox_lost_total", "counter", "Inputs lost because the inbox was full.", inbox_lost as f64),
        ("tags", "gauge", "Tags of the project.", plant.tags.iter().filter(|tag| !tag.name.is_empty()).count() as f64),
    ] {
        head(&mut text, name, kind, help);
        let _ = writeln!(text, "plantroom_{name} {value}");
    }
    let plugins = plant.plugins.iter().zip(&running.plugins);
    let plugins = plugins.filter_map(|(spec, run)| Some((&*spec.name, run.as_ref()?.figures())));
    family(&mut text, "plugin", &plugins.collect::<Vec<_>>(), OF_PLUGINS);
    let connections = (0..).zip(&plant.connections).filter(|(_, spec)| !spec.name.is_empty());
    let connections = connections.filter_map(|(id, spec)| Some((&*spec.name, fieldbus.figures(ConnectionId(id))?)));
    family(&mut text, "connection", &connections.collect::<Vec<_>>(), OF_CONNECTIONS);
    text
}

/// One figure after another, each for every plugin or connection.
fn family<T>(text: &mut String, label: &str, rows: &[(&str, T)], figures: &[Figure<T>]) {
    for (name, kind, help, read) in figures {
        head(text, name, kind, help);
        for (of, row) in rows {
            // Names are checked by the project: nothing in them needs escaping.
            let _ = writeln!(text, "plantroom_{name}{{{label}=\"{of}\"}} {}", read(row));
        }
    }
}

/// A family's meaning and kind.
pub fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP plantroom_{name} {help}\n# TYPE plantroom_{name} {kind}");
}
