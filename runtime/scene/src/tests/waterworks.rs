//! The demo plant's screens: no mistakes, and what they show.

use std::path::Path;

use plantroom_model::{Sample, Status, TagSpec, Utc, Value};

use crate::{Params, Screens, TagView, check};

fn plant() -> std::sync::Arc<plantroom_project::Plant> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../screens/waterworks");
    let loaded = plantroom_project::load(&root);
    let problems: Vec<_> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    loaded.plant.unwrap_or_else(|| panic!("{problems:#?}"))
}

fn files(plant: &plantroom_project::Plant) -> Vec<(String, String)> {
    plant.screens.iter().map(|file| (file.path.clone(), file.text.clone())).collect()
}

#[test]
fn the_demo_has_no_mistakes() {
    let plant = plant();
    let found: Vec<_> = check(&files(&plant), &plant.instances, &plant.tags).iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Every tag in the middle of its range, all good.
struct Middle(super::Board);

impl Middle {
    fn of(tags: &[TagSpec]) -> Self {
        let mut board = super::Board::default();
        for tag in tags {
            let (low, high) = tag.range.unwrap_or((0.0, 10.0));
            let value = Value::Float(((low + high) / 2.0).floor()).converted(tag.kind);
            let value =
                value.unwrap_or(if tag.kind == plantroom_model::ValueKind::Bool { Value::Bool(true) } else { Value::Null });
            board.set_with(&tag.name, value, Status::GOOD, 1);
            board.change_info(&tag.name, |info| {
                info.kind = tag.kind as u8;
                info.unit.clone_from(&tag.unit);
                info.decimals = tag.decimals;
                info.range = tag.range;
                info.limits = tag.limits;
                info.states.clone_from(&tag.states);
            });
        }
        Self(board)
    }
}

impl TagView for Middle {
    fn sample(&self, tag: &str) -> Option<Sample> {
        self.0.sample(tag).map(|sample| Sample { source_time: Utc(1), ..sample })
    }
    fn info(&self, tag: &str) -> Option<&plantroom_wire::TagInfo> {
        self.0.info(tag)
    }
    fn info_revision(&self) -> u64 {
        self.0.info_revision()
    }
}

#[test]
fn the_high_lift_screen_reads_as_drawn() {
    let plant = plant();
    let screens = Screens::new(&files(&plant), &plant.instances);
    let mut scene = screens.open("2d_high_lift", &Params::new()).unwrap_or_else(|error| panic!("{error}"));
    scene.update(&Middle::of(&plant.tags));
    insta::assert_snapshot!(scene.to_text());
}

#[test]
fn one_faceplate_serves_every_pump() {
    let plant = plant();
    let screens = Screens::new(&files(&plant), &plant.instances);
    let view = Middle::of(&plant.tags);
    let pumps: Vec<_> = plant.instances.iter().filter(|(kind, _)| kind == "pump").collect();
    assert_eq!(pumps.len(), 6);
    for (_, name) in pumps {
        let mut scene = screens.faceplate("pump", &crate::event::named(name)).unwrap();
        scene.update(&view);
        assert!(scene.errors().next().is_none(), "{}", scene.to_text());
        assert!(!scene.to_text().contains("no such tag"), "{}", scene.to_text());
        assert!(scene.tags().iter().all(|tag| tag.starts_with(name.as_str())), "{:?}", scene.tags());
    }
}

#[test]
fn the_examples_of_the_style_guide_and_the_readme_are_screens() {
    let plant = plant();
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../screens/STYLE.md")).unwrap();
    let front = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let guide = format!("{guide}{front}");
    let examples: Vec<&str> = guide.split("```rhai\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 3);
    let mut all = files(&plant);
    for (number, example) in examples.iter().enumerate() {
        let folder = if example.contains("faceplate(") && !example.contains("screen(") { "parts/" } else { "" };
        all.push((format!("{folder}example_{number}.rhai"), (*example).to_owned()));
    }
    let found: Vec<_> = check(&all, &plant.instances, &plant.tags).iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let screens = Screens::new(&all, &plant.instances);
    for (number, example) in examples.iter().enumerate() {
        let opened = match example.contains("screen(") {
            true => screens.open(&format!("example_{number}"), &Params::new()),
            false => screens.faceplate(&format!("example_{number}"), &crate::event::named("high_lift/p1")),
        };
        assert!(opened.unwrap_or_else(|error| panic!("{error}")).objects().len() > 2);
    }
}

#[test]
fn the_style_guide_documents_every_function() {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../screens/STYLE.md")).unwrap();
    for function in crate::build::names() {
        assert!(guide.contains(&format!("`{function}(")), "screens/STYLE.md doesn't document {function}()");
    }
}

fn new_project(screen: Option<&str>) -> std::sync::Arc<plantroom_project::Plant> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("new");
    let options = plantroom_project::NewOptions { name: "New".to_owned(), ..Default::default() };
    plantroom_project::new_project(&root, &options).unwrap();
    if let Some(screen) = screen {
        std::fs::write(root.join("screens/2_pumps.rhai"), screen).unwrap();
    }
    plantroom_project::load(&root).plant.unwrap()
}

fn assets_of(plant: &plantroom_project::Plant) -> Vec<(String, String)> {
    crate::asset_files(plant.assets.iter().map(|asset| (&*asset.path, &*asset.bytes)))
}

fn advice(plant: &plantroom_project::Plant) -> Vec<String> {
    let palette = crate::lint::tests::palette();
    let assets = assets_of(plant);
    let (files, home) = (files(plant).into_iter().chain(assets).collect::<Vec<_>>(), &plant.home_screen);
    let (instances, tags, alarms, templates) = (&plant.instances, &plant.tags, &plant.alarms, &plant.templates);
    let subject = crate::lint::Subject { files: &files, instances, tags, alarms, templates, home, palette: &palette };
    let findings = crate::lint::lint(&subject);
    findings.iter().map(|finding| format!("{} [{}]", finding.diagnostic, finding.lint).replace("\n    ", " ")).collect()
}

#[test]
fn a_new_project_gets_no_advice_and_its_pumps_have_faceplates() {
    let plant = new_project(None);
    let found: Vec<_> = check(&files(&plant), &plant.instances, &plant.tags).iter().map(ToString::to_string).collect();
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(advice(&plant), Vec::<String>::new());
    let screens = Screens::new(&files(&plant), &plant.instances);
    let scene = screens.faceplate("pump", &crate::event::named("pump1")).unwrap();
    assert!(scene.objects().len() > 10);
}

#[test]
fn the_readmes_loop_over_pumps_works_in_a_new_project() {
    let screen = "screen(\"Pumps\", #{ level: 2, parent: \"1_overview\" });\n\
        for (p, i) in instances(\"pump\") {\n    let y = 170 + i * 160;\n    pipe([[300, y], [640, y]], #{ flow: \"device/flow\" });\n    \
        pump(400, y, p, #{ label: `Pump ${i + 1}` });\n}\n";
    let plant = new_project(Some(screen));
    let found: Vec<_> = check(&files(&plant), &plant.instances, &plant.tags).iter().map(ToString::to_string).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn there_is_no_advice_for_the_demo_and_its_language_is_whole() {
    let found = advice(&plant());
    assert!(found.is_empty(), "{}", found.join("\n"));
}
