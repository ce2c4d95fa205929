//! Ways: from the overview to every screen, by tabs and by what is pressed.

use std::collections::{HashMap, VecDeque};

use super::Findings;
use crate::{Place, ScreenEntry, Screens};

/// Actions from the overview to a detail, at most.
const ACTIONS: usize = 3;

pub(super) fn look(screens: &Screens, home: &str, links: &[(String, String)], found: &mut Findings) {
    let list = screens.list();
    for entry in list {
        level(list, entry, found);
    }
    let start = list.iter().find(|entry| entry.name == home).or_else(|| list.iter().find(|entry| entry.level == 1));
    let Some(start) = start else { return };
    if start.level != 1 && list.len() > 1 {
        let message = format!("the first screen `{}` is of level {}", start.name, start.level);
        found.add("level", &place_of(start), message, "begin with an overview: `level: 1`, or set `home` in plant.toml");
    }
    let actions = distances(list, &start.name, links);
    for entry in list {
        match actions.get(entry.name.as_str()) {
            None => {
                let message = format!("no tab and no symbol leads from `{}` to this screen", start.name);
                found.add(
                    "unreachable",
                    &place_of(entry),
                    message,
                    "give it a `parent`, or open it from a symbol: `open: \"...\"`",
                );
            }
            Some(steps) if entry.level <= 3 && *steps > ACTIONS => {
                let message = format!("this screen is {steps} actions away from `{}`", start.name);
                let help = "open it from a symbol on a screen nearer to the overview, or give it a parent there";
                found.add("too-far", &place_of(entry), message, help);
            }
            Some(_) => {}
        }
    }
}

fn place_of(entry: &ScreenEntry) -> Place {
    entry.place.clone()
}

fn level(list: &[ScreenEntry], entry: &ScreenEntry, found: &mut Findings) {
    match &entry.parent {
        None if entry.level > 1 => {
            let message = format!("this screen of level {} has no parent", entry.level);
            found.add(
                "level",
                &place_of(entry),
                message,
                "write `parent: \"...\"`: the screen one level up, to which a tab leads back",
            );
        }
        None => {}
        Some(parent) => {
            let Some(above) = list.iter().find(|other| other.name == *parent) else { return };
            if above.level >= entry.level {
                let message =
                    format!("this screen of level {} lies below `{parent}`, which is of level {}", entry.level, above.level);
                found.add(
                    "level",
                    &place_of(entry),
                    message,
                    "a parent is of a lower level: 1 overview, 2 unit, 3 detail, 4 support",
                );
            }
        }
    }
}

/// How many actions each screen is away.
fn distances<'a>(list: &'a [ScreenEntry], start: &'a str, links: &'a [(String, String)]) -> HashMap<&'a str, usize> {
    let mut away = HashMap::from([(start, 0)]);
    let mut queue = VecDeque::from([start]);
    while let Some(here) = queue.pop_front() {
        let steps = away.get(here).copied().unwrap_or(0) + 1;
        let Some(entry) = list.iter().find(|entry| entry.name == here) else { continue };
        let by_tab = list.iter().filter(|other| {
            let is_parent = entry.parent.as_deref() == Some(&other.name);
            let is_child = other.parent.as_deref() == Some(&entry.name);
            let is_sibling = other.parent == entry.parent && other.level == entry.level;
            is_parent || is_child || is_sibling
        });
        let pressed = links.iter().filter(|(from, _)| from == here).map(|(_, to)| to.as_str());
        for next in by_tab.map(|other| other.name.as_str()).chain(pressed) {
            if !away.contains_key(next) {
                away.insert(next, steps);
                queue.push_back(next);
            }
        }
    }
    away
}
