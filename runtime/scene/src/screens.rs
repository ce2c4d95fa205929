//! The compiled set of a project's screens and parts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use plantroom_script::rhai::{Dynamic, Map};
use plantroom_script::{Budget, Program, Sandbox, ScriptError};

use crate::arrange::Arrangement;
use crate::build::{self, Build, Kind, Mention};
use crate::computed::dynamic_of;
use crate::event::Does;
use crate::scene::{Header, Scene, TagUse};
use crate::{NavEntry, Params, Picture, Place, Relation, Texts, library};

/// A project's screens and parts, compiled. Cheap to clone.
#[derive(Clone)]
pub struct Screens {
    catalogue: Arc<Catalogue>,
    texts: Arc<Texts>,
}

/// One screen in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct ScreenEntry {
    /// File name without `.rhai`.
    pub name: String,
    /// Its title; its name where the script doesn't get as far as saying it.
    pub title: String,
    /// ISA-101 level, 1 to 4.
    pub level: u8,
    /// The screen one level up.
    pub parent: Option<String>,
    /// Where it says so: its call of `screen(...)`.
    pub place: Place,
    /// Why it can't be opened, if it can't be compiled.
    pub error: Option<ScriptError>,
}

/// What scripts can name.
pub(crate) struct Catalogue {
    sandbox: Arc<Sandbox>,
    pub instances: Vec<(String, String)>,
    pub list: Vec<ScreenEntry>,
    screens: BTreeMap<String, Result<Arc<Program>, ScriptError>>,
    parts: HashMap<String, Result<Arc<Program>, ScriptError>>,
    /// File below `images/`, and the picture or why it can't be shown.
    pub pictures: Arc<BTreeMap<String, Result<Arc<Picture>, String>>>,
}

impl Catalogue {
    pub fn part(&self, name: &str) -> Option<&Result<Arc<Program>, ScriptError>> {
        self.parts.get(name)
    }

    pub fn part_names(&self) -> impl Iterator<Item = &str> {
        self.parts.keys().map(String::as_str)
    }

    /// Name, title and relation: the parent, then this screen among its neighbours, then its children.
    pub fn relatives(&self, name: &str) -> Vec<(String, String, Relation)> {
        let Some(here) = self.list.iter().find(|entry| entry.name == name) else { return Vec::new() };
        let entry = |entry: &ScreenEntry, relation| (entry.name.clone(), entry.title.clone(), relation);
        let parent = self.list.iter().filter(|other| Some(&other.name) == here.parent.as_ref());
        let row = self.list.iter().filter(|other| other.parent == here.parent && other.level == here.level);
        let children = self.list.iter().filter(|other| other.parent.as_deref() == Some(name));
        let row = row.map(|other| entry(other, if other.name == name { Relation::Here } else { Relation::Sibling }));
        parent
            .map(|other| entry(other, Relation::Parent))
            .chain(row)
            .chain(children.map(|other| entry(other, Relation::Child)))
            .collect()
    }
}

impl Screens {
    /// Compiles a project's files: path below `screens/` and text, as they come over the wire. Never fails: a file with
    /// a mistake keeps its error, and shows it when it is opened. `instances` are type and name.
    ///
    /// A path that begins with `images/` is a picture: the text of an SVG, the bytes of a PNG as base64.
    pub fn new(files: &[(String, String)], instances: &[(String, String)]) -> Self {
        let sandbox = Arc::new(Sandbox::new(build::register));
        let compile = |path: &str, text: &str| sandbox.compile(path, text, &["params"]);
        let (mut screens, mut parts) = (BTreeMap::new(), HashMap::new());
        for (name, text) in library::PARTS {
            parts.insert((*name).to_owned(), compile(&format!("library/parts/{name}.rhai"), text));
        }
        let mut pictures = BTreeMap::new();
        for (path, text) in files {
            if let Some(file) = path.strip_prefix("images/") {
                pictures.insert(file.to_owned(), Picture::of(file, text).map(Arc::new));
            }
            let Some(stem) = path.strip_suffix(".rhai") else { continue };
            match stem.strip_prefix("parts/") {
                Some(part) => parts.insert(part.to_owned(), compile(path, text)),
                None => screens.insert(stem.to_owned(), compile(path, text)),
            };
        }
        let mut catalogue =
            Catalogue { sandbox, instances: instances.to_vec(), list: Vec::new(), screens, parts, pictures: Arc::new(pictures) };
        catalogue.list = headers(&catalogue);
        Self { catalogue: Arc::new(catalogue), texts: Arc::default() }
    }

    /// The same screens in a language; nothing is compiled again.
    pub fn in_language(self, texts: Arc<Texts>) -> Self {
        Self { texts, ..self }
    }

    /// Name and title of every screen, in the language.
    pub fn titles(&self) -> impl Iterator<Item = (&str, &str)> {
        self.catalogue.list.iter().map(|entry| (entry.name.as_str(), self.texts.say(&entry.title)))
    }

    /// Every screen, in the order of the file names.
    pub fn list(&self) -> &[ScreenEntry] {
        &self.catalogue.list
    }

    /// The plant's instances: type and name.
    pub fn instances(&self) -> &[(String, String)] {
        &self.catalogue.instances
    }

    /// Names of all parts, the library's included.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.catalogue.part_names()
    }

    /// Builds a screen. Its properties have no values before the first [`Scene::update`].
    ///
    /// # Errors
    /// When there is no such screen, or its script fails: show the error, and keep what was open.
    pub fn open(&self, name: &str, params: &Params) -> Result<Scene, ScriptError> {
        let Some(program) = self.catalogue.screens.get(name) else {
            let message = format!("there is no screen `{name}`; it would be the file screens/{name}.rhai");
            return Err(ScriptError::new(&format!("{name}.rhai").into(), (0, 0), message));
        };
        self.built(Kind::Screen, name, program.as_ref().map_err(Clone::clone)?, params).map(|(scene, _)| scene)
    }

    /// Builds a faceplate: a part that calls `faceplate(...)`. `params` tell it which instance it serves.
    ///
    /// # Errors
    /// When there is no such part, or its script fails.
    pub fn faceplate(&self, part: &str, params: &Params) -> Result<Scene, ScriptError> {
        let program = self.part_program(part)?;
        self.built(Kind::Faceplate, part, program, params).map(|(scene, _)| scene)
    }

    fn part_program(&self, part: &str) -> Result<&Arc<Program>, ScriptError> {
        match self.catalogue.part(part) {
            Some(program) => program.as_ref().map_err(Clone::clone),
            None => {
                let message = format!("there is no faceplate `{part}`; it would be the file screens/parts/{part}.rhai");
                Err(ScriptError::new(&format!("parts/{part}.rhai").into(), (0, 0), message))
            }
        }
    }

    pub(crate) fn built(&self, kind: Kind, name: &str, program: &Arc<Program>, params: &Params) -> Result<Built, ScriptError> {
        let (mut build, printed) = run(&self.catalogue, kind, name, program, params)?;
        let Some(header) = build.header.take() else {
            let function = if kind == Kind::Faceplate { "faceplate(title)" } else { "screen(title)" };
            return Err(ScriptError::new(program.file(), (1, 1), format!("this file doesn't call {function}")));
        };
        let mentions = std::mem::take(&mut build.mentions);
        let mut scene = self.scene(build, header, printed);
        scene.index();
        scene.translate(self.texts.clone());
        Ok((scene, mentions))
    }

    fn scene(&self, mut build: Build, header: Header, printed: Vec<String>) -> Scene {
        let mut relatives = Vec::new();
        if build.kind == Kind::Screen {
            for (screen, title, relation) in self.catalogue.relatives(&header.name) {
                let does = Does::Actions(vec![crate::Action::Open { screen: screen.clone(), params: Params::new() }]);
                let event = crate::event::Event { place: header.place.clone(), label: title.clone(), does };
                relatives.push(NavEntry { screen, title, relation, event: build.add_event(event) });
            }
        }
        let closes = build.kind == Kind::Faceplate && build.close_gaps;
        let arrangement = if closes { Arrangement::of(&build.objects, header.size.1) } else { Arrangement::default() };
        Scene {
            arrangement,
            sandbox: self.catalogue.sandbox.clone(),
            header,
            versions: vec![0; build.objects.len()],
            objects: build.objects,
            events: build.events,
            closures: build.closures,
            tags: HashMap::new(),
            uses: HashMap::new(),
            names: Vec::new(),
            due: Default::default(),
            info_revision: None,
            stamp: 0,
            pending: Default::default(),
            touched: Default::default(),
            printed,
            relatives,
            texts: Arc::default(),
            stopwatch: None,
        }
    }

    pub(crate) fn screen_names(&self) -> impl Iterator<Item = &str> {
        self.catalogue.screens.keys().map(String::as_str)
    }

    pub(crate) fn screen_program(&self, name: &str) -> Option<&Result<Arc<Program>, ScriptError>> {
        self.catalogue.screens.get(name)
    }

    pub(crate) fn part_programs(&self) -> impl Iterator<Item = (&String, &Result<Arc<Program>, ScriptError>)> {
        self.catalogue.parts.iter()
    }
}

/// A scene, and what its script named.
pub(crate) type Built = (Scene, Vec<(Mention, Place)>);

fn run(
    catalogue: &Arc<Catalogue>,
    kind: Kind,
    name: &str,
    program: &Arc<Program>,
    params: &Params,
) -> Result<(Build, Vec<String>), ScriptError> {
    let map: Map = params.iter().map(|(key, value)| (key.as_str().into(), dynamic_of(value))).collect();
    let build = Build::new(kind, name, catalogue.clone());
    let variables = vec![("params", Dynamic::from_map(map))];
    let (build, evaluation) = build::building(build, || catalogue.sandbox.run(program, variables, Budget::BUILD));
    match (build, evaluation.result) {
        (Some(build), Err(_)) if kind == Kind::HeaderOnly && build.header.is_some() => Ok((build, evaluation.printed)),
        (_, Err(error)) => Err(error),
        (Some(build), Ok(_)) => Ok((build, evaluation.printed)),
        (None, Ok(_)) => Err(ScriptError::new(program.file(), (0, 0), "the screen was lost while it was built")),
    }
}

/// Runs each screen as far as `screen(...)`.
fn headers(catalogue: &Catalogue) -> Vec<ScreenEntry> {
    let plain = Arc::new(Catalogue {
        sandbox: catalogue.sandbox.clone(),
        instances: catalogue.instances.clone(),
        list: Vec::new(),
        screens: BTreeMap::new(),
        parts: catalogue.parts.clone(),
        pictures: catalogue.pictures.clone(),
    });
    let entry = |(name, program): (&String, &Result<Arc<Program>, ScriptError>)| {
        let failed = |error: Option<ScriptError>| ScreenEntry {
            name: name.clone(),
            title: name.clone(),
            level: 2,
            parent: None,
            place: Place { file: format!("{name}.rhai").into(), line: 1, column: 1 },
            error,
        };
        let program = match program {
            Ok(program) => program,
            Err(error) => return failed(Some(error.clone())),
        };
        match run(&plain, Kind::HeaderOnly, name, program, &Params::new()).map(|(build, _)| build.header) {
            Ok(Some(header)) => {
                let Header { title, level, parent, place, .. } = header;
                ScreenEntry { name: name.clone(), title, level, parent, place, error: None }
            }
            Ok(None) => failed(None),
            Err(error) => failed(Some(error)),
        }
    };
    catalogue.screens.iter().map(entry).collect()
}

impl Scene {
    /// Notes which object and which closure needs which tag.
    fn index(&mut self) {
        let mut needs = Vec::new();
        for object in &mut self.objects {
            let id = object.id;
            object.each_slot(&mut |slot| {
                if let Some(name) = slot.tag() {
                    needs.push((name.clone(), id));
                }
            });
        }
        for (name, id) in needs {
            self.need(&name).objects.push(id);
        }
        // What presses will read is subscribed beforehand: a dry run over no values shows it.
        let mut reads = Vec::new();
        for event in &self.events {
            match &event.does {
                Does::Closure(_) => {
                    let input = plantroom_model::Value::Float(0.0);
                    let nothing = |_: &str| None;
                    for input in [None, Some(input)] {
                        reads.extend(event.run(&self.sandbox, &mut Default::default(), input, &nothing).1);
                    }
                }
                Does::Write(tag) => reads.push(tag.clone()),
                Does::Actions(_) => {}
            }
        }
        for name in reads {
            self.need(&name);
        }
    }

    fn need(&mut self, name: &Arc<str>) -> &mut TagUse {
        if !self.tags.contains_key(name) {
            self.names.push(name.clone());
            self.tags.insert(name.clone(), Default::default());
        }
        self.uses.entry(name.clone()).or_default()
    }
}
