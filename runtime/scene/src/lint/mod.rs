//! Looks at screens with the eyes of ISA-101 (high-performance HMI), over values that are normal.
//!
//! Start at [`lint`]. Each lint is an entry of [`LINTS`] with its reason; the sentences are ours, the ideas are the
//! standard's and those of the books around it. `// allow(id): reason` on the line of a call, or alone on the line above,
//! silences one lint there.
//!
//! Invariant: everything here is advice; what can't work is an error of [`crate::check`].

mod acts;
mod allow;
mod colour;
mod cost;
mod layout;
mod look;
mod touch;
mod ways;
mod words;

use std::collections::BTreeSet;

use plantroom_model::{AlarmSpec, Diagnostic, TagSpec, Utc, Value};

use crate::event::{Does, named};
use crate::{Action, Fill, Object, Params, Place, SampleTags, Scene, Screens, TagView};

pub use colour::{Palette, Rgb, contrast};

/// One thing that is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Lint {
    /// Its name, for `// allow(id): reason`.
    pub id: &'static str,
    /// Why it matters, in a sentence.
    pub why: &'static str,
}

/// Everything that is looked for.
pub const LINTS: &[Lint] = &[
    Lint {
        id: "alarm-colour",
        why: "A colour that is also shown while all is well is no alarm any more: operators stop seeing it.",
    },
    Lint { id: "colour", why: "Grey is normal. Colour is kept for what is abnormal, so that it is found at a glance." },
    Lint { id: "too-many-pens", why: "More than four lines in one trend can't be told apart by eye." },
    Lint { id: "value-without-unit", why: "A number without its unit is read in the unit that the reader expects." },
    Lint { id: "range-missing", why: "An analog is understood by its place in its range, not by its digits." },
    Lint { id: "low-contrast", why: "Words need a contrast of at least 4.5:1 (WCAG 2.1, 1.4.3) to be read from a control desk." },
    Lint { id: "small-text", why: "What can't be read from the operator's chair isn't there." },
    Lint {
        id: "small-target",
        why: "What is pressed in a hurry, or with a glove, must be at least 24 points high and wide (WCAG 2.2, 2.5.8).",
    },
    Lint {
        id: "touch-room",
        why: "A fingertip covers 9 mm, 44 points: of two targets nearer than that the wrong one is pressed (WCAG 2.2, 2.5.5).",
    },
    Lint { id: "overlap", why: "Of two things in one place the lower one can't be read or pressed." },
    Lint { id: "words-missing", why: "A shape or a lamp without a word makes every operator learn it by heart." },
    Lint {
        id: "level",
        why: "Levels lead from the overview down to the detail; a screen outside of that order is found by luck.",
    },
    Lint { id: "too-far", why: "From the overview to any detail it should take at most three actions." },
    Lint { id: "unreachable", why: "A screen to which no tab and no symbol leads will not be used." },
    Lint {
        id: "blinking",
        why: "Only an unacknowledged alarm blinks; anything else that changes by itself draws the eye for nothing.",
    },
    Lint { id: "unclear-question", why: "A command's second step must say what will happen to what, or it is confirmed unread." },
    Lint { id: "dead-tag", why: "A value that nothing ever changes looks like a live one." },
    Lint { id: "no-alarms", why: "A list of alarms that can have none is always empty, and reads as: all is well." },
    Lint {
        id: "closure-without-tags",
        why: "A closure runs when a tag that it reads changes; without any it runs once and stays.",
    },
    Lint {
        id: "costly-closure",
        why: "Each change of a tag runs the closures that read it; a console shows hundreds of changes a second.",
    },
    Lint {
        id: "untranslated",
        why: "A screen in two languages makes its reader translate in a hurry; only projects with language files are looked at.",
    },
    Lint { id: "allow", why: "A silenced lint says why, so that the next engineer can judge it." },
];

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which lint, by [`Lint::id`].
    pub lint: &'static str,
    /// Where, what and what to do.
    pub diagnostic: Diagnostic,
}

/// What is looked at.
pub struct Subject<'a> {
    /// Path below `screens/`, and text.
    pub files: &'a [(String, String)],
    /// Type and name.
    pub instances: &'a [(String, String)],
    /// All tags of the plant.
    pub tags: &'a [TagSpec],
    /// All alarms of the plant.
    pub alarms: &'a [AlarmSpec],
    /// Texts of types with their parameters still in them.
    pub templates: &'a [String],
    /// The screen that consoles open first.
    pub home: &'a str,
    /// The colours and sizes with which a console paints.
    pub palette: &'a Palette,
}

/// Looks at every screen, and at one faceplate of each kind. Screens that can't be built are left to [`crate::check`].
pub fn lint(subject: &Subject<'_>) -> Vec<Finding> {
    let screens = Screens::new(subject.files, subject.instances);
    let mut tags = SampleTags::new(subject.tags);
    tags.fill(Fill::Normal, Utc(1));
    let mut found = Findings::default();
    let mut faceplates = faceplates_of_types(&screens);
    let mut links = Vec::new();
    for entry in screens.list() {
        let Ok(mut scene) = screens.open(&entry.name, &Params::new()) else { continue };
        settle(&mut scene, &tags);
        look_at(&scene, subject, &mut found);
        for action in actions(&scene) {
            match action {
                Action::Open { screen, .. } => links.push((entry.name.clone(), screen.clone())),
                Action::Faceplate { part, params } => {
                    let name = params.get("name").and_then(Value::as_text).unwrap_or_default();
                    faceplates.insert((part.clone(), kind_of(&screens, name), name.to_owned()));
                }
                Action::Request { .. } | Action::Close => {}
            }
        }
    }
    let mut seen = BTreeSet::new();
    for (part, kind, name) in faceplates {
        if !seen.insert((part.clone(), kind)) {
            continue;
        }
        let Ok(mut scene) = screens.faceplate(&part, &named(&name)) else { continue };
        settle(&mut scene, &tags);
        look_at(&scene, subject, &mut found);
    }
    ways::look(&screens, subject.home, &links, &mut found);
    colour::pictures(subject, &mut found);
    let mut all = allow::silenced(subject.files, found.all);
    let Subject { files, tags, alarms, templates, .. } = subject;
    all.extend(crate::untranslated::look(&crate::TextsIn { screens: &screens, files, tags, alarms, templates }));
    let key = |finding: &Finding| {
        let diagnostic = &finding.diagnostic;
        (diagnostic.file.clone(), diagnostic.line, diagnostic.column, finding.lint)
    };
    all.sort_by_key(key);
    all
}

fn look_at(scene: &Scene, subject: &Subject<'_>, found: &mut Findings) {
    look::look(scene, subject.palette, found);
    colour::look(scene, found);
    layout::look(scene, subject.palette, found);
    touch::look(scene, found);
    words::look(scene, found);
    acts::look(scene, (subject.tags, subject.instances), found);
    cost::look(scene, found);
}

/// Lets closures read what they need.
fn settle(scene: &mut Scene, tags: &dyn TagView) {
    for _ in 0..4 {
        if !scene.update(tags).tags_grew {
            return;
        }
    }
}

fn actions(scene: &Scene) -> impl Iterator<Item = &Action> {
    scene.events.iter().flat_map(|event| match &event.does {
        Does::Actions(actions) => actions.as_slice(),
        Does::Write(_) | Does::Closure(_) => &[],
    })
}

fn kind_of(screens: &Screens, instance: &str) -> String {
    let known = screens.instances().iter().find(|(_, name)| name == instance);
    known.map_or_else(String::new, |(kind, _)| kind.clone())
}

/// Part, type and instance: the faceplate of each type that has one.
fn faceplates_of_types(screens: &Screens) -> BTreeSet<(String, String, String)> {
    let has_part = |kind: &str| screens.parts().any(|part| part == kind);
    let instances = screens.instances().iter().filter(|(kind, _)| has_part(kind));
    instances.map(|(kind, name)| (kind.clone(), kind.clone(), name.clone())).collect()
}

/// What was found so far.
#[derive(Default)]
struct Findings {
    all: Vec<Finding>,
}

impl Findings {
    /// At an object: at its call, or where its part was placed if that lies in the library.
    fn at(&mut self, lint: &'static str, object: &Object, message: String, help: impl Into<String>) {
        let place = match &object.placed_by {
            Some(placed) if object.place.file.starts_with("library/") => placed,
            _ => &object.place,
        };
        self.add(lint, place, message, help);
    }

    /// At a place. What lies in the library is not the integrator's to mend.
    fn add(&mut self, lint: &'static str, place: &Place, message: String, help: impl Into<String>) {
        debug_assert!(LINTS.iter().any(|known| known.id == lint), "{lint}");
        if place.file.starts_with("library/") {
            return;
        }
        let path = format!("screens/{}", place.file);
        let diagnostic = Diagnostic::warning(&path, (place.line, place.column), message, help);
        let finding = Finding { lint, diagnostic };
        if !self.all.contains(&finding) {
            self.all.push(finding);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
