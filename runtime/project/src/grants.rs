//! Grants: patterns become lists of tags, and every tag is covered by the grant of the plugin that carries it.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use plantroom_model::{ConnectionId, Origin, PluginId, TagId, TagSpec};

use crate::names::Names;
use crate::plugins::{Patterns, PluginDecl};
use crate::report::{Report, Spot, suggestion};
use crate::resolve::Everything;
use crate::{Grant, LinkSpec, Place, PluginSpec};

/// Memory of a plugin that has connections, in MiB: drivers hold one image of their registers.
const DRIVER_MIB: u64 = 32;
/// Memory of a plugin without, in MiB: analytics hold windows of history.
const ANALYTICS_MIB: u64 = 128;

/// Every plugin with its grant; what isn't granted to whom needs it is told.
pub(crate) fn resolve(all: &Everything<'_>, tags: &[TagSpec], spots: &[Spot], report: &mut Report) -> Vec<PluginSpec> {
    for (connection, driver) in all.connections.iter().zip(all.drivers) {
        let Some((plugin, (_, spot))) = driver.and_then(|id| all.plugins.get(id.0 as usize)).zip(connection.driver.as_ref())
        else {
            continue;
        };
        if !plugin.connections.iter().any(|(granted, _)| *granted == connection.name) {
            let message = format!("the plugin `{}` drives `{}`, but isn't granted this connection", plugin.name, connection.name);
            let help =
                format!("add \"{}\" to connections of its grant ({})", connection.name, report.place_words(plugin.grant_spot));
            report.error(*spot, message, help);
        }
    }
    let plugins = (0..).zip(all.plugins).map(|(id, plugin)| {
        let id = PluginId(id);
        let connections = granted_connections(plugin, id, all, report);
        let carries_bytes = |id: &&ConnectionId| {
            all.connections.get(id.0 as usize).is_some_and(|connection| matches!(connection.link, LinkSpec::Stream(_)))
        };
        let grant = Grant {
            streams: connections.iter().filter(carries_bytes).copied().collect(),
            publish: matching(&plugin.publish, plugin, id, tags, spots, all.tag_names, report),
            read: matching(&plugin.read, plugin, id, tags, spots, all.tag_names, report),
            write: matching(&plugin.write, plugin, id, tags, spots, all.tag_names, report),
            orders: plugin.orders,
            store_bytes: plugin.store_bytes,
            memory_bytes: plugin.memory_mib.unwrap_or(if connections.is_empty() { ANALYTICS_MIB } else { DRIVER_MIB }) << 20,
            cpu_pct: plugin.cpu_pct,
            soft_ms: plugin.soft_ms,
            hard_ms: plugin.hard_ms,
            samples_per_s: plugin.samples_per_s,
            log_lines_per_s: plugin.log_lines_per_s,
            // Alarms are resolved after tags: [`crate::alarm_grants`].
            alarms: crate::AlarmGrant::default(),
            connections,
        };
        let (file, place) = report.place(plugin.spot);
        PluginSpec {
            name: plugin.name.as_str().into(),
            component: plugin.component.clone(),
            accepts: plugin.accepts.clone(),
            config: plugin.config.clone(),
            grant,
            place: Place { file, place },
        }
    });
    plugins.collect()
}

fn granted_connections(plugin: &PluginDecl, id: PluginId, all: &Everything<'_>, report: &mut Report) -> Vec<ConnectionId> {
    let mut connections = Vec::new();
    for (name, spot) in &plugin.connections {
        let Some(found) = all.connection_names.find(name, *spot, report) else { continue };
        let driver = all.drivers.get(found as usize).copied().flatten();
        if driver.is_some_and(|driver| driver != id) {
            let message = format!("the connection `{name}` is driven by another plugin");
            report.error(*spot, message, "a connection is granted to its driver only; remove it here, or change its driver");
        } else if connections.contains(&ConnectionId(found)) {
            report.error(*spot, format!("the connection `{name}` is granted twice"), "keep one of the two");
        } else {
            connections.push(ConnectionId(found));
        }
    }
    connections
}

/// What a tag must be for a right to make sense, and whether the plugin can't do its work without the right.
fn concerns(right: &str, tag: &TagSpec, id: PluginId) -> bool {
    let own = match tag.origin {
        Origin::Driver { plugin, .. } | Origin::Analytics { plugin } => plugin == id,
        Origin::Memory { .. } | Origin::System | Origin::Derived(_) | Origin::Total(_) | Origin::Gone => false,
    };
    match right {
        "publish" => own,
        "write" => own && tag.write.is_some(),
        _ => true,
    }
}

fn matching(
    patterns: &Patterns,
    plugin: &PluginDecl,
    id: PluginId,
    tags: &[TagSpec],
    spots: &[Spot],
    names: &Names,
    report: &mut Report,
) -> Vec<TagId> {
    let Some(set) = compile(patterns, report) else { return Vec::new() };
    let mut hits = vec![(false, false); patterns.each.len()];
    let mut granted = Vec::new();
    let mut uncovered = Vec::new();
    for (index, tag) in tags.iter().enumerate() {
        let concerned = concerns(patterns.right, tag, id);
        let matches = set.matches(&*tag.name);
        for hit in &matches {
            hits[*hit].0 = true;
            hits[*hit].1 |= concerned;
        }
        match (concerned, matches.is_empty()) {
            (true, false) => granted.push(TagId(index as u32)),
            (true, true) if patterns.right != "read" => uncovered.push(index),
            _ => {}
        }
    }
    if names.is_complete() {
        warn_unused(patterns, &hits, names, report);
    }
    if let Some(first) = uncovered.first() {
        tell_uncovered(patterns, plugin, &uncovered, &tags[*first], spots.get(*first).copied(), report);
    }
    granted
}

/// One set of all patterns; `None` where one is wrong, which is told.
pub(crate) fn compile(patterns: &Patterns, report: &mut Report) -> Option<GlobSet> {
    let mut builder = GlobSetBuilder::new();
    let mut good = true;
    for (pattern, spot) in &patterns.each {
        match GlobBuilder::new(pattern).literal_separator(true).build() {
            Ok(glob) => {
                builder.add(glob);
            }
            Err(error) => {
                let help = "* stands for any text without /, ** for any text, {a,b} for either";
                report.error(*spot, format!("`{pattern}` is not a pattern for {}: {}", patterns.of, error.kind()), help);
                good = false;
            }
        }
    }
    builder.build().ok().filter(|_| good)
}

fn warn_unused(patterns: &Patterns, hits: &[(bool, bool)], names: &Names, report: &mut Report) {
    for ((pattern, spot), (hit, useful)) in patterns.each.iter().zip(hits) {
        if !hit {
            let all = names.all();
            let otherwise = "* stands for any text without /, ** for any text; plantroom tag list shows the names";
            let help =
                if pattern.contains(['*', '?', '[', '{']) { otherwise.to_owned() } else { suggestion(pattern, all, otherwise) };
            report.warning(*spot, format!("no tag matches `{pattern}`"), help);
        } else if !useful {
            let message = format!("`{pattern}` matches tags, but none that this plugin can {}", patterns.right);
            report.warning(*spot, message, "remove it; a plugin publishes and writes its own tags only");
        }
    }
}

fn tell_uncovered(
    patterns: &Patterns,
    plugin: &PluginDecl,
    uncovered: &[usize],
    tag: &TagSpec,
    spot: Option<Spot>,
    report: &mut Report,
) {
    let place = spot.map(|spot| format!(" ({})", report.place_words(spot))).unwrap_or_default();
    let first = format!("`{}`{place}", tag.name);
    let which = match uncovered.len() - 1 {
        0 => first,
        1 => format!("{first} and one more tag"),
        more => format!("{first} and {more} more tags"),
    };
    let what = if patterns.right == "write" { "take write orders for" } else { "publish" };
    let message = format!("the plugin `{}` must {what} {which}, but isn't granted it", plugin.name);
    let parent = tag.name.rsplit_once('/').map_or("*".to_owned(), |(parent, _)| format!("{parent}/*"));
    let help =
        format!("add a pattern to {} that covers it, for example \"{parent}\"; * doesn't reach over /, ** does", patterns.right);
    report.error(patterns.spot, message, help);
}
