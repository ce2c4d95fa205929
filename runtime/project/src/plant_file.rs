//! plant.toml.

use std::net::{IpAddr, Ipv4Addr};

use plantroom_model::nearest;

use crate::alarms;
use crate::fields::Fields;
use crate::report::{Report, Spot};
use crate::{AlarmSettings, ApplyWhen, ChangeSpec, ListenSpec, ScanSpec};

/// What plant.toml says.
#[derive(Debug)]
pub(crate) struct PlantFile {
    pub name: String,
    pub time_zone: String,
    /// Home screen and its place.
    pub home_screen: Option<(String, Spot)>,
    pub scan: ScanSpec,
    pub listen: ListenSpec,
    pub change: ChangeSpec,
    pub alarms: AlarmSettings,
    /// Plugins that nobody trusted has signed are taken.
    pub allow_unsigned: bool,
    /// The site's own signature is needed.
    pub counter_signed: bool,
}

impl Default for PlantFile {
    fn default() -> Self {
        Self {
            name: String::new(),
            time_zone: "UTC".to_owned(),
            home_screen: None,
            scan: ScanSpec { min_ms: 10, max_ms: 100 },
            listen: ListenSpec { address: IpAddr::V4(Ipv4Addr::LOCALHOST), port: 8600, origins: Vec::new() },
            change: ChangeSpec::default(),
            alarms: AlarmSettings::default(),
            allow_unsigned: false,
            counter_signed: false,
        }
    }
}

/// Reads it.
pub(crate) fn read(fields: Fields<'_>, report: &mut Report) -> PlantFile {
    let mut file = PlantFile::default();
    if let Some(name) = fields.text("name") {
        if name.trim().is_empty() {
            report.error(
                fields.at("name"),
                "the plant has an empty name",
                "write what people call it: name = \"Waterworks North\"",
            );
        }
        file.name = name.to_owned();
    }
    if let Some(zone) = fields.text("time_zone") {
        check_zone(zone, fields.at("time_zone"), report);
        file.time_zone = zone.to_owned();
    }
    file.home_screen = fields.text("home_screen").map(|screen| (screen.to_owned(), fields.at("home_screen")));
    if let Some(scan) = fields.table("scan") {
        file.scan = ScanSpec { min_ms: scan.whole_or("min_ms", 10), max_ms: scan.whole_or("max_ms", 100) };
        if file.scan.min_ms > file.scan.max_ms {
            let message = format!("min_ms ({}) is longer than max_ms ({})", file.scan.min_ms, file.scan.max_ms);
            let at = if scan.has("min_ms") { scan.at("min_ms") } else { scan.at("max_ms") };
            report.error(at, message, "the scan runs at most every min_ms and at least every max_ms; defaults 10 and 100");
        }
    }
    if let Some(change) = fields.table("change") {
        let on_save = change.word("apply") == Some("on_save");
        file.change.apply = if on_save { ApplyWhen::OnSave } else { ApplyWhen::OnRequest };
    }
    if let Some(settings) = fields.table("alarms") {
        file.alarms = alarms::read_settings(settings, report);
    }
    if let Some(rules) = fields.table("plugins") {
        file.allow_unsigned = rules.flag("allow_unsigned").unwrap_or(false);
        file.counter_signed = rules.flag("counter_signed").unwrap_or(false);
    }
    if let Some(listen) = fields.table("listen") {
        read_listen(listen, &mut file.listen, report);
    }
    file
}

fn read_listen(listen: Fields<'_>, spec: &mut ListenSpec, report: &mut Report) {
    if let Some(address) = listen.text("address") {
        match address.parse() {
            Ok(address) => spec.address = address,
            Err(_) => {
                let help = "write 127.0.0.1 for this machine only, 0.0.0.0 for every network, or the number of one network card";
                report.error(listen.at("address"), format!("`{address}` is not an IP address"), help);
            }
        }
    }
    spec.port = listen.whole_or("port", 8600);
    for (origin, spot) in listen.texts("origins") {
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        if rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', ' ', '*', '?', '#', '@'])) {
            spec.origins.push(origin.to_owned());
        } else {
            let help = "write scheme, host and port only, as in https://portal.example:8443";
            report.error(spot, format!("`{origin}` is not a web origin"), help);
        }
    }
}

/// Whether the zone exists; where the machine has no time zone database, only its shape is looked at.
fn check_zone(zone: &str, spot: Spot, report: &mut Report) {
    let database = jiff::tz::db();
    if database.get(zone).is_ok() {
        return;
    }
    if database.is_definitively_empty() {
        if !zone.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+')) || zone.is_empty() {
            report.error(spot, format!("`{zone}` can't be a time zone"), "write an IANA name, as in Europe/Berlin");
        }
        return;
    }
    let known: Vec<String> = database.available().map(|name| name.to_string()).collect();
    let by_city = known.iter().find(|name| name.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(zone)));
    let near = by_city.map(String::as_str).or_else(|| nearest(zone, known.iter().map(String::as_str)));
    let help = near.map_or("write an IANA name, as in Europe/Berlin".to_owned(), |near| format!("did you mean `{near}`?"));
    report.error(spot, format!("there is no time zone `{zone}`"), help);
}
