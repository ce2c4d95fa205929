//! Screens that the station brings with it: what it does by itself, and why.

use std::fmt::Write as _;

use plantroom_project::{AutomationSpec, AutomationWork, Plant};

/// Automations that one screen shows; more go on to the next.
const ROWS: usize = 10;
/// Letters of what an automation last did that fit a line.
const LETTERS: usize = 190;

/// The screens: path and text. A screen of the project with the same name takes its place.
pub fn screens(plant: &Plant) -> Vec<(String, String)> {
    let pages = plant.automations.chunks(ROWS).count();
    let page = |(page, automations): (usize, &[AutomationSpec])| {
        let name = if page == 0 { "automations.rhai".to_owned() } else { format!("automations_{}.rhai", page + 1) };
        (name, automations_screen(automations, page + 1, pages))
    };
    let is_free = |(name, _): &(String, String)| !plant.screens.iter().any(|screen| screen.path == *name);
    plant.automations.chunks(ROWS).enumerate().map(page).filter(is_free).collect()
}

/// State, last run, last action with its reason, and the error of each. Names are checked by the project: nothing in
/// them needs escaping; descriptions are.
fn automations_screen(automations: &[AutomationSpec], page: usize, pages: usize) -> String {
    let more = if pages > 1 { format!(" {page} of {pages}") } else { String::new() };
    let mut text = format!("// Made by the station.\nscreen(\"Automations{more}\", #{{ level: 4 }});\n");
    let _ = writeln!(text, "text(24, 10, \"Automations{more}\", #{{ role: \"title\" }});");
    for (row, spec) in automations.iter().enumerate() {
        let (y, name) = (56 + row * 82, &spec.name);
        let does = match &spec.work {
            AutomationWork::Script(work) => work.file.to_string(),
            AutomationWork::Copies { plugin, .. } => format!("plugin {plugin}"),
        };
        let about = if spec.description.is_empty() { String::new() } else { format!(" - {}", escaped(&spec.description)) };
        let user = escaped(&spec.user);
        let tag = |last: &str| format!("system/automations/{name}/{last}");
        let _ = writeln!(text, "text(24, {y}, \"{name}{about}\");");
        let _ = writeln!(text, "text(700, {y}, \"{does} for {user}\", #{{ role: \"dim\" }});");
        let _ = writeln!(text, "text(1200, {y}, || state(\"{}\"));", tag("state"));
        let _ = writeln!(text, "text(1320, {y}, || tag(\"{}\"), #{{ role: \"dim\" }});", tag("last_run"));
        let _ = writeln!(text, "text(40, {}, || tag(\"{}\").sub_string(0, {LETTERS}));", y + 24, tag("last_action"));
        let _ = writeln!(text, "text(40, {}, || tag(\"{}\").sub_string(0, {LETTERS}));", y + 48, tag("last_error"));
    }
    text
}

/// A text inside quotes of a script.
fn escaped(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).flat_map(|c| if matches!(c, '"' | '\\') { vec!['\\', c] } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_project::{Place, ScriptWork};

    #[test]
    fn every_automation_is_on_a_screen_that_builds() {
        let mut plant = (*crate::scan::small_plant()).clone();
        let spec = |n: usize| AutomationSpec {
            name: format!("a{n}").into(),
            description: "says \"hello\" \\ and more".to_owned(),
            user: "robot".into(),
            write: Vec::new(),
            requests_per_min: 60,
            work: AutomationWork::Script(ScriptWork {
                file: "automations/a.rhai".into(),
                text: "".into(),
                on: Vec::new(),
                every_ms: Some(1_000),
                at: Vec::new(),
                days: [true; 7],
                pause_ms: 100,
            }),
            place: Place::default(),
        };
        plant.automations = (0..ROWS + 1).map(spec).collect();
        let made = screens(&plant);
        let names: Vec<&str> = made.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["automations.rhai", "automations_2.rhai"]);
        let system = |name: &str, kind| plantroom_model::TagSpec::new(name, kind, plantroom_model::Origin::System);
        let mut tags = plant.tags.to_vec();
        for n in 0..=ROWS {
            let path = |last: &str| format!("system/automations/a{n}/{last}");
            tags.push(system(&path("state"), plantroom_model::ValueKind::Uint));
            let texts = ["last_run", "last_action", "last_error"];
            tags.extend(texts.map(|last| system(&path(last), plantroom_model::ValueKind::Text)));
        }
        let errors = plantroom_scene::check(&made, &[], &tags);
        let errors: Vec<_> = errors.iter().filter(|found| found.severity == plantroom_model::Severity::Error).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}
