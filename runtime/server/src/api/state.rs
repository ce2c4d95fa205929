//! How the station, its connections and its plugins are.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use plantroom_access::AuditHealth;
use plantroom_model::Value;

use super::json;
use crate::Station;
use crate::door::Call;
use crate::error::ApiError;
use crate::views::{ConnectionView, ConnectionsView, HealthView, PluginView, PluginsView, ScreenView, ScreensView, value_json};

pub(crate) async fn health(call: Call) -> Result<Response, ApiError> {
    let health = call.app.station.health();
    let status = if health.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let view = HealthView {
        ok: health.ok,
        scan_age_ms: health.scan_age_ms,
        audit_ok: health.audit_ok,
        plugins_running: health.plugins_running,
        plugins: health.plugins,
        connections_up: health.connections_up,
        connections: health.connections,
    };
    Ok((status, Json(view)).into_response())
}

pub(crate) async fn metrics(call: Call) -> Result<Response, ApiError> {
    let audit = audit_figures(&call.app.station.access().audit().health());
    let text = [call.app.station.metrics(), call.app.figures.text(), audit].concat();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

fn audit_figures(health: &AuditHealth) -> String {
    let lines = [
        ("state", "gauge", "0 written, 1 on its reserve (disk full), 2 failing.", health.state as u64),
        ("records_total", "counter", "Records since the trail began.", health.records),
        ("reserve_bytes", "gauge", "Bytes that can still be written on a full disk.", health.reserve_left_bytes),
        ("late", "gauge", "Records in memory that wait for the disk.", health.late as u64),
        ("lost_total", "counter", "Records of essential acts that were lost.", health.lost),
        ("skipped_total", "counter", "Refusals and logins that were counted instead of recorded.", health.skipped),
    ];
    let lines = lines.map(|(name, kind, words, value)| {
        format!("# HELP plantroom_audit_{name} {words}\n# TYPE plantroom_audit_{name} {kind}\nplantroom_audit_{name} {value}\n")
    });
    lines.concat()
}

pub(crate) async fn screens(call: Call) -> Result<Response, ApiError> {
    let set = call.app.station.screens().borrow().clone();
    let files = set.files.iter().map(|(path, text)| ScreenView { path: path.clone(), text: text.clone() }).collect();
    json(ScreensView { revision: set.revision, home: call.app.station.plant().home_screen.clone(), files })
}

/// In the order of the numbers that `system/connections/NAME/state` holds.
const CONNECTION_STATES: [&str; 4] = ["connecting", "up", "silent", "down"];
/// In the order of the numbers that `system/plugins/NAME/state` holds.
const PLUGIN_STATES: [&str; 5] = ["starting", "running", "restarting", "quarantined", "stopped"];

pub(crate) async fn connections(call: Call) -> Result<Response, ApiError> {
    let (station, plant) = (&*call.app.station, call.app.station.plant());
    let views = plant.connections.iter().filter(|spec| !spec.is_gone()).map(|spec| ConnectionView {
        name: spec.name.to_string(),
        driver: plant.plugins.get(spec.driver.0 as usize).map(|plugin| plugin.name.to_string()).unwrap_or_default(),
        address: spec.link.to_string(),
        state: word(&held(station, &format!("system/connections/{}/state", spec.name)), &CONNECTION_STATES),
    });
    json(ConnectionsView { connections: views.collect() })
}

pub(crate) async fn plugins(call: Call) -> Result<Response, ApiError> {
    let (station, plant) = (&*call.app.station, call.app.station.plant());
    let views = plant.plugins.iter().filter(|spec| !spec.is_gone()).map(|spec| {
        let of = |what: &str| held(station, &format!("system/plugins/{}/{what}", spec.name));
        PluginView {
            name: spec.name.to_string(),
            component: spec.component.clone(),
            state: word(&of("state"), &PLUGIN_STATES),
            faults: value_json(&of("faults")),
            last_fault: value_json(&of("last_fault")),
            origin: value_json(&of("origin")),
        }
    });
    json(PluginsView { plugins: views.collect() })
}

/// What a system tag holds.
fn held(station: &dyn Station, name: &str) -> Value {
    let plant = station.plant();
    let id = plant.tag_ids.get(name).copied();
    id.and_then(|id| station.snapshots().borrow().get(id).map(|sample| sample.value.clone())).unwrap_or_default()
}

fn word(value: &Value, words: &[&str]) -> Option<String> {
    let index = value.as_f64()?;
    words.get(index as usize).map(|word| (*word).to_owned())
}
