//! What an instance says otherwise of its type's alarms: `[instance.alarms.tripped]`.

use std::borrow::Cow;

use crate::alarms::keys::{ALARM, CONDITIONS};
use crate::fields::Fields;
use crate::instances::Piece;
use crate::report::{Report, Spot, suggestion};
use crate::tree::{Entries, Entry, Item, Raw};

/// The alarms of an instance, as it wants them: changed, added and removed.
pub(crate) fn apply(
    mut pieces: Vec<Piece>,
    instance: Fields<'_>,
    name: &str,
    of_type: &str,
    made_by: u32,
    report: &mut Report,
) -> Vec<Piece> {
    for entry in instance.entries("alarms").into_iter().flatten() {
        let full = format!("{name}/{}", entry.key);
        let spot = Spot { at: entry.at, made_by };
        let found = pieces.iter().position(|piece| piece.name == full);
        let own = entry.item.entries();
        let is_removed = entry.item.flag() == Some(false) || own.is_some_and(|own| says_remove(own));
        match (own, found) {
            (_, Some(place)) if is_removed => drop(pieces.remove(place)),
            (Some(own), Some(place)) => {
                if let Some(Raw::Table(inherited)) = pieces.get_mut(place).map(|piece| &mut piece.item.raw) {
                    change(inherited, own, made_by, report);
                }
            }
            (Some(own), None) if own.iter().any(|entry| CONDITIONS.contains(&&*entry.key)) => {
                let mut added = own.clone();
                let text = Item { raw: Raw::Loose(entry.key.to_string()), at: entry.at };
                added.push(Entry { key: Cow::Borrowed("name"), at: entry.at, item: text });
                pieces.push(Piece { name: full, item: Item { raw: Raw::Table(added), at: entry.item.at }, made_by });
            }
            (_, None) if own.is_some() || is_removed => {
                let prefix = name.len() + 1;
                let names = pieces.iter().filter_map(|piece| piece.name.get(prefix..));
                let message = format!("the type `{of_type}` has no alarm `{}`", entry.key);
                let help = suggestion(&entry.key, names, "its alarms are in the type's file");
                report.error(spot, message, format!("{help}; an alarm that this instance adds needs a condition"));
            }
            _ => {
                let message = format!("`{}` must be a table of keys, or false, but is {}", entry.key, entry.item.words());
                let help =
                    format!("write {0} = {{ priority = \"high\" }} to change the alarm, {0} = false to leave it out", entry.key);
                report.error(spot, message, help);
            }
        }
    }
    pieces
}

fn says_remove(own: &Entries) -> bool {
    own.iter().any(|entry| entry.key == "remove" && entry.item.flag() == Some(true))
}

/// Puts an instance's keys over the inherited ones. Another condition replaces the inherited one.
fn change(inherited: &mut Entries, own: &Entries, made_by: u32, report: &mut Report) {
    if let Some(condition) = own.iter().map(|entry| &*entry.key).find(|key| CONDITIONS.contains(key)) {
        inherited.retain(|entry| entry.key == condition || !CONDITIONS.contains(&&*entry.key));
    }
    for entry in own {
        let spot = Spot { at: entry.at, made_by };
        if ALARM.key(&entry.key).is_none() {
            let names = ALARM.keys.iter().map(|key| key.name);
            report.error(spot, format!("an alarm has no key `{}`", entry.key), suggestion(&entry.key, names, "remove it"));
        } else if entry.key == "name" {
            let help = "add an alarm of that name with a condition of its own, and leave this one out: name = false";
            report.error(spot, "an instance can't give an alarm of its type another name", help);
        } else {
            crate::overrides::merge(inherited, entry);
        }
    }
}
