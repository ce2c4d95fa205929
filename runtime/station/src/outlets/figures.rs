//! Figures of outlets in the Prometheus text format.

use std::fmt::Write as _;

use plantroom_publish::OutletNow;

use super::Outlets;

/// Name, kind and meaning of a figure, and how to read it.
type Figure = (&'static str, &'static str, &'static str, fn(&OutletNow) -> u64);

const FIGURES: &[Figure] = &[
    ("outlet_ok", "gauge", "1 while messages get out.", |now| u64::from(now.ok)),
    ("outlet_sent_total", "counter", "Messages that got out; of a horn its calls.", |now| now.sent),
    ("outlet_given_up_total", "counter", "Messages that never got out.", |now| now.given_up),
    ("outlet_waiting", "gauge", "Notifications that have not got out yet.", |now| now.waiting),
];

/// One figure after another, each for every outlet.
pub(crate) fn text(outlets: &Outlets) -> String {
    let (all, mut text) = (outlets.now(), String::new());
    for (name, kind, help, read) in FIGURES.iter().filter(|_| !all.is_empty()) {
        let _ = writeln!(text, "# HELP plantroom_{name} {help}\n# TYPE plantroom_{name} {kind}");
        for outlet in &all {
            // Names are checked by the project: nothing in them needs escaping.
            let _ = writeln!(text, "plantroom_{name}{{outlet=\"{}\"}} {}", outlet.name, read(outlet));
        }
    }
    text
}
