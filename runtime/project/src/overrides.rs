//! What an instance says otherwise than its type: `[instance.tags.speed]`.

use std::borrow::Cow;

use crate::fields::Fields;
use crate::instances::Piece;
use crate::keys::TAG;
use crate::report::{Report, Spot, suggestion};
use crate::source::{OF_CONNECTION, SOURCES};
use crate::tree::{Entries, Entry, Item, Raw};

/// The key that takes inherited keys away.
pub(crate) const WITHOUT: &str = "without";

/// Between which places an instance's own words about its tags and alarms stand; nowhere where it has none.
pub(crate) fn extent(instance: Fields<'_>) -> (u32, u32) {
    let mut extent = (u32::MAX, 0);
    for entry in ["tags", "alarms"].into_iter().filter_map(|key| instance.entries(key)).flatten() {
        extent = (extent.0.min(entry.at), extent.1);
        widen(&entry.item, &mut extent);
    }
    if extent.0 > extent.1 { (u32::MAX, u32::MAX) } else { extent }
}

fn widen(item: &Item, extent: &mut (u32, u32)) {
    *extent = (extent.0.min(item.at), extent.1.max(item.at));
    for entry in item.entries().into_iter().flatten() {
        *extent = (extent.0.min(entry.at), extent.1.max(entry.at));
        widen(&entry.item, extent);
    }
    item.list().into_iter().flatten().for_each(|item| widen(item, extent));
}

/// The tags of an instance, as it wants them: changed, added and removed.
pub(crate) fn apply(
    mut pieces: Vec<Piece>,
    instance: Fields<'_>,
    name: &str,
    of_type: &str,
    made_by: u32,
    report: &mut Report,
) -> Vec<Piece> {
    for entry in instance.entries("tags").into_iter().flatten() {
        let full = format!("{name}/{}", entry.key);
        let spot = Spot { at: entry.at, made_by };
        let found = pieces.iter().position(|piece| piece.name == full);
        match (&entry.item.raw, found) {
            (Raw::Table(entries), Some(place)) => {
                if let Some(Raw::Table(inherited)) = pieces.get_mut(place).map(|piece| &mut piece.item.raw) {
                    change(inherited, entries, made_by, report);
                }
            }
            (Raw::Table(entries), None) if entries.iter().any(|entry| entry.key == "kind") => {
                let mut own = entries.clone();
                own.retain(|entry| entry.key != WITHOUT);
                let text = Item { raw: Raw::Loose(entry.key.to_string()), at: entry.at };
                own.push(Entry { key: Cow::Borrowed("name"), at: entry.at, item: text });
                let item = Item { raw: Raw::Table(own), at: entry.item.at };
                pieces.push(Piece { name: full, item, made_by });
            }
            (Raw::Flag(false), Some(place)) => drop(pieces.remove(place)),
            (Raw::Flag(false) | Raw::Table(_), None) => {
                let prefix = name.len() + 1;
                let names = pieces.iter().filter_map(|piece| piece.name.get(prefix..));
                let message = format!("the type `{of_type}` has no tag `{}`", entry.key);
                let help = suggestion(&entry.key, names, "its tags are in the type's file");
                report.error(spot, message, format!("{help}; a tag that this instance adds needs at least a kind"));
            }
            _ => {
                let message = format!("`{}` must be a table of keys, or false, but is {}", entry.key, entry.item.words());
                let help = format!("write {0} = {{ unit = \"m\" }} to change the tag, {0} = false to leave it out", entry.key);
                report.error(spot, message, help);
            }
        }
    }
    pieces
}

/// Puts an instance's keys over the inherited ones. Tables (`limits`, `write`) are merged key by key.
fn change(inherited: &mut Entries, own: &Entries, made_by: u32, report: &mut Report) {
    if let Some(without) = own.iter().find(|entry| entry.key == WITHOUT) {
        take_away(inherited, &without.item, made_by, report);
    }
    // Another source replaces the inherited one with everything that belongs to it.
    if let Some(source) = own.iter().map(|entry| &*entry.key).find(|key| SOURCES.contains(key)) {
        let is_other = |key: &str| SOURCES.contains(&key) && key != source;
        inherited.retain(|entry| !is_other(&entry.key) && (source == "connection" || !OF_CONNECTION.contains(&&*entry.key)));
        if source == "connection" && own.iter().all(|entry| entry.key != "device") {
            inherited.retain(|entry| entry.key != "device");
        }
    }
    for entry in own.iter().filter(|entry| entry.key != WITHOUT) {
        let spot = Spot { at: entry.at, made_by };
        if TAG.key(&entry.key).is_none() {
            let names = TAG.keys.iter().map(|key| key.name).chain([WITHOUT]);
            report.error(spot, format!("a tag has no key `{}`", entry.key), suggestion(&entry.key, names, "remove it"));
        } else if entry.key == "name" {
            let help = "add a tag of that name with a kind of its own, and leave this one out: name = false";
            report.error(spot, "an instance can't give a tag of its type another name", help);
        } else {
            merge(inherited, entry);
        }
    }
}

/// Puts one key over the inherited ones; tables are merged key by key.
pub(crate) fn merge(inherited: &mut Entries, own: &Entry) {
    match inherited.iter_mut().find(|entry| entry.key == own.key) {
        Some(before) => match (&mut before.item.raw, &own.item.raw) {
            (Raw::Table(before), Raw::Table(own)) if !matches!(own.as_slice(), []) => {
                own.iter().for_each(|entry| merge(before, entry));
            }
            _ => *before = own.clone(),
        },
        None => inherited.push(own.clone()),
    }
}

fn take_away(inherited: &mut Entries, without: &Item, made_by: u32, report: &mut Report) {
    let Some(items) = without.list() else {
        let message = format!("`{WITHOUT}` must be a list of keys, but is {}", without.words());
        report.error(Spot { at: without.at, made_by }, message, "write for example without = [\"limits\", \"write\"]");
        return;
    };
    for item in items {
        let spot = Spot { at: item.at, made_by };
        match item.text() {
            Some(key) if inherited.iter().any(|entry| entry.key == key) => inherited.retain(|entry| entry.key != key),
            Some(key) => {
                let names: Vec<String> = inherited.iter().map(|entry| entry.key.to_string()).collect();
                let help = suggestion(key, names.iter().map(String::as_str), "remove it");
                report.error(spot, format!("the type's tag has no `{key}` to leave out"), help);
            }
            None => report.error(spot, format!("`{WITHOUT}` names keys, but this is {}", item.words()), "write \"limits\""),
        }
    }
}
