//! Grants of alarms: patterns become lists of alarms, and every alarm of a plugin is covered by that plugin's grant.

use plantroom_model::{AlarmId, AlarmSpec, Condition, PluginId};

use crate::grants::compile;
use crate::plugins::{Patterns, PluginDecl};
use crate::report::{Report, Spot, suggestion};
use crate::{AlarmGrant, PluginSpec};

/// The alarms of a project, as grants look at them.
pub(crate) struct Alarms<'a> {
    /// All of them; an id is a place in this list.
    pub all: &'a [AlarmSpec],
    /// Where each stands, as far as that is known.
    pub spots: &'a [Spot],
    /// No alarm was left out because of a mistake of its own.
    pub is_complete: bool,
}

/// Gives every plugin what its grant says of alarms; what isn't granted to whom needs it is told.
pub(crate) fn resolve(plugins: &mut [PluginSpec], decls: &[PluginDecl], alarms: &Alarms<'_>, report: &mut Report) {
    for ((id, plugin), decl) in (0..).zip(plugins).zip(decls) {
        let id = PluginId(id);
        let [raise, suppress, mark, read] = decl.alarms.each_ref().map(|patterns| matching(patterns, decl, id, alarms, report));
        plugin.grant.alarms = AlarmGrant { raise, suppress, mark, read, words_per_s: decl.alarm_words_per_s };
    }
}

fn is_own(alarm: &AlarmSpec, id: PluginId) -> bool {
    matches!(alarm.condition, Condition::Plugin { plugin } if plugin == id)
}

fn matching(patterns: &Patterns, decl: &PluginDecl, id: PluginId, alarms: &Alarms<'_>, report: &mut Report) -> Vec<AlarmId> {
    let Some(set) = compile(patterns, report) else { return Vec::new() };
    let raises = patterns.right == "raise";
    let mut hits = vec![(false, false); patterns.each.len()];
    let (mut granted, mut uncovered) = (Vec::new(), Vec::new());
    for (index, alarm) in alarms.all.iter().enumerate() {
        // What is the project's no more, and what nobody could mean.
        if alarm.condition == Condition::Gone || (!raises && patterns.each.is_empty()) {
            continue;
        }
        let concerned = !raises || is_own(alarm, id);
        let matches = set.matches(&*alarm.name);
        for hit in &matches {
            hits[*hit].0 = true;
            hits[*hit].1 |= concerned;
        }
        match (concerned, matches.is_empty()) {
            (true, false) => granted.push(AlarmId(index as u32)),
            (true, true) if raises => uncovered.push(index),
            _ => {}
        }
    }
    if alarms.is_complete {
        warn_unused(patterns, &hits, alarms, report);
    }
    if let Some(first) = uncovered.first() {
        tell_uncovered(patterns, decl, &uncovered, (&alarms.all[*first], alarms.spots.get(*first).copied()), report);
    }
    granted
}

fn warn_unused(patterns: &Patterns, hits: &[(bool, bool)], alarms: &Alarms<'_>, report: &mut Report) {
    for ((pattern, spot), (hit, useful)) in patterns.each.iter().zip(hits) {
        if !hit {
            let otherwise = "* stands for any text without /, ** for any text; plantroom alarm list shows the names";
            let names = alarms.all.iter().map(|alarm| &*alarm.name);
            let help =
                if pattern.contains(['*', '?', '[', '{']) { otherwise.to_owned() } else { suggestion(pattern, names, otherwise) };
            report.warning(*spot, format!("no alarm matches `{pattern}`"), help);
        } else if !useful {
            let message = format!("`{pattern}` matches alarms, but none that this plugin can raise");
            report.warning(*spot, message, "remove it; a plugin raises its own alarms only, those with plugin = its name");
        }
    }
}

fn tell_uncovered(
    patterns: &Patterns,
    decl: &PluginDecl,
    uncovered: &[usize],
    (alarm, spot): (&AlarmSpec, Option<Spot>),
    report: &mut Report,
) {
    let place = spot.map(|spot| format!(" ({})", report.place_words(spot))).unwrap_or_default();
    let which = match uncovered.len() - 1 {
        0 => format!("`{}`{place}", alarm.name),
        1 => format!("`{}`{place} and one more alarm", alarm.name),
        more => format!("`{}`{place} and {more} more alarms", alarm.name),
    };
    let message = format!("the plugin `{}` says when {which} holds, but isn't granted it", decl.name);
    let help = format!("add a pattern to raise of its grant that covers it: alarms = {{ raise = [\"{}\"] }}", alarm.name);
    report.error(patterns.spot, message, help);
}
