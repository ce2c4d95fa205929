//! What is open: one screen, faceplates over it, and the way back.
//!
//! Invariant: a script that fails leaves what is open as it was.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use plantroom_scene::{Header, NavEntry, Params, Scene, Screens, ScriptError, TagView, Texts};

use crate::concerns::Watch;
use crate::lens::Lens;
use crate::menu::Goal;
use crate::paint::Kept;

/// Faceplates that are open at most; the oldest one is closed for a new one.
const FACEPLATES: usize = 8;
/// Screens that the way back remembers.
const BACK: usize = 32;

/// An open screen or faceplate.
pub struct Sheet {
    /// Names it as long as it is open.
    pub serial: u64,
    /// File name without `.rhai`.
    pub name: String,
    /// What it was opened with.
    pub params: Params,
    /// What it shows.
    pub scene: Scene,
    /// What was painted of it the last time.
    pub kept: RefCell<Kept>,
    /// What of it deserves attention.
    pub watch: RefCell<Watch>,
    /// Which part of it is seen.
    pub lens: Cell<Lens>,
}

/// Everything that is open.
#[derive(Default)]
pub struct Desk {
    screens: Option<Screens>,
    revision: Option<u64>,
    main: Option<Sheet>,
    faceplates: Vec<Sheet>,
    back: Vec<(String, Params)>,
    error: Option<ScriptError>,
    /// What should be open where nothing is yet, because its script fails.
    wanted: Option<(String, Params)>,
    serial: u64,
}

impl Desk {
    /// Takes in the screens' files, and opens again what is open: that is hot reload.
    pub fn take_files(&mut self, revision: u64, screens: Screens, first: &str) {
        if self.revision == Some(revision) {
            return;
        }
        self.revision = Some(revision);
        self.screens = Some(screens);
        self.error = None;
        let (name, params) = match (&self.main, &self.wanted) {
            (_, Some(wanted)) => wanted.clone(),
            (Some(main), None) => (main.name.clone(), main.params.clone()),
            (None, None) => (first.to_owned(), Params::new()),
        };
        self.open(&name, params);
        let open = std::mem::take(&mut self.faceplates);
        for old in open {
            match self.build_part(&old.name, &old.params) {
                Ok(scene) => self.faceplates.push(Sheet { scene, kept: RefCell::default(), watch: RefCell::default(), ..old }),
                Err(error) => {
                    self.error.get_or_insert(error);
                    self.faceplates.push(old);
                }
            }
        }
    }

    /// Opens everything again in a language.
    pub fn speak(&mut self, texts: std::sync::Arc<Texts>) {
        let Some(screens) = self.screens.take() else { return };
        self.screens = Some(screens.in_language(texts));
        self.reopen();
        for place in 0..self.faceplates.len() {
            let again = self.faceplates.get(place).map(|sheet| self.build_part(&sheet.name, &sheet.params));
            if let (Some(Ok(scene)), Some(sheet)) = (again, self.faceplates.get_mut(place)) {
                (sheet.scene, sheet.kept, sheet.watch) = (scene, RefCell::default(), RefCell::default());
            }
        }
    }

    /// Goes to a screen; where its script fails, what is open stays, and the error is shown.
    pub fn go(&mut self, name: &str, params: Params) {
        let before = self.main.as_ref().map(|main| (main.name.clone(), main.params.clone()));
        if self.open(name, params)
            && let Some(before) = before.filter(|(before, _)| before != name)
        {
            self.faceplates.clear();
            if self.back.len() == BACK {
                self.back.remove(0);
            }
            self.back.push(before);
        }
    }

    /// Goes to the screen that was open before.
    pub fn go_back(&mut self) {
        if let Some((name, params)) = self.back.pop() {
            self.faceplates.clear();
            self.open(&name, params);
        }
    }

    /// Opens the current screen and its faceplates again from their scripts.
    pub fn reopen(&mut self) {
        if let Some((name, params)) = self.main.as_ref().map(|main| (main.name.clone(), main.params.clone())) {
            self.open(&name, params);
        }
    }

    /// Opens a faceplate, or brings it to the front.
    pub fn open_faceplate(&mut self, part: &str, params: Params) {
        if let Some(place) = self.faceplates.iter().position(|sheet| sheet.name == part && sheet.params == params) {
            let sheet = self.faceplates.remove(place);
            self.faceplates.push(sheet);
            return;
        }
        match self.build_part(part, &params) {
            Ok(scene) => {
                if self.faceplates.len() == FACEPLATES {
                    self.faceplates.remove(0);
                }
                self.serial += 1;
                self.faceplates.push(Sheet {
                    serial: self.serial,
                    name: part.to_owned(),
                    params,
                    scene,
                    kept: RefCell::default(),
                    watch: RefCell::default(),
                    lens: Cell::default(),
                });
            }
            Err(error) => self.error = Some(error),
        }
    }

    /// Every screen, and every tag with the first screen that shows it.
    pub fn goals(&self) -> Vec<Goal> {
        let Some(screens) = &self.screens else { return Vec::new() };
        let mut goals = Vec::new();
        let mut seen = BTreeSet::new();
        for (name, title) in screens.titles() {
            goals.push(Goal { name: title.to_owned(), on: String::new(), screen: name.to_owned() });
            let Ok(scene) = screens.open(name, &Params::new()) else { continue };
            for tag in scene.tags().iter().filter(|tag| seen.insert((*tag).clone())) {
                goals.push(Goal { name: tag.to_string(), on: title.to_owned(), screen: name.to_owned() });
            }
        }
        goals
    }

    /// The screen above another one.
    pub fn parent(&self, screen: &str) -> Option<&str> {
        let list = self.screens.as_ref()?.list();
        list.iter().find(|entry| entry.name == screen)?.parent.as_deref()
    }

    /// Changes with the project's screens.
    pub fn revision(&self) -> u64 {
        self.revision.map_or(0, |revision| revision + 1)
    }

    /// Closes a faceplate.
    pub fn close(&mut self, serial: u64) {
        self.faceplates.retain(|sheet| sheet.serial != serial);
    }

    /// Closes the newest faceplate; false where none is open.
    pub fn close_newest(&mut self) -> bool {
        self.faceplates.pop().is_some()
    }

    /// Brings every open scene up to date.
    pub fn update(&mut self, view: &dyn TagView) {
        for sheet in self.main.iter_mut().chain(&mut self.faceplates) {
            sheet.scene.update(view);
        }
    }

    /// Does something with every open scene.
    pub fn each(&mut self, mut act: impl FnMut(&mut Scene)) {
        self.main.iter_mut().chain(&mut self.faceplates).for_each(|sheet| act(&mut sheet.scene));
    }

    /// Every tag that is shown.
    pub fn tags(&self) -> BTreeSet<String> {
        let sheets = self.main.iter().chain(&self.faceplates);
        sheets.flat_map(|sheet| sheet.scene.tags()).map(|tag| tag.to_string()).collect()
    }

    /// An open scene.
    pub fn sheet(&mut self, serial: u64) -> Option<&mut Sheet> {
        self.main.iter_mut().chain(&mut self.faceplates).find(|sheet| sheet.serial == serial)
    }

    /// The open screen.
    pub fn main(&self) -> Option<&Sheet> {
        self.main.as_ref()
    }

    /// The open faceplates, oldest first.
    pub fn faceplates(&self) -> &[Sheet] {
        &self.faceplates
    }

    /// What the open screen says of itself.
    pub fn header(&self) -> Option<&Header> {
        self.main.as_ref().map(|main| main.scene.header())
    }

    /// The tabs of the open screen.
    pub fn tabs(&self) -> &[NavEntry] {
        self.main.as_ref().map_or(&[], |main| main.scene.relatives())
    }

    /// The error of the script that was to be opened last.
    pub fn error(&self) -> Option<&ScriptError> {
        self.error.as_ref()
    }

    /// Takes the error off the screen.
    pub fn hide_error(&mut self) {
        self.error = None;
    }

    /// Forgets everything, as after a logout.
    pub fn clear(&mut self) {
        *self = Self { serial: self.serial, ..Self::default() };
    }

    fn open(&mut self, name: &str, params: Params) -> bool {
        let Some(screens) = &self.screens else {
            self.wanted = Some((name.to_owned(), params));
            return false;
        };
        match screens.open(name, &params) {
            Ok(scene) => {
                self.error = None;
                self.wanted = None;
                self.serial += 1;
                self.main = Some(Sheet {
                    serial: self.serial,
                    name: name.to_owned(),
                    params,
                    scene,
                    kept: RefCell::default(),
                    watch: RefCell::default(),
                    lens: Cell::default(),
                });
                true
            }
            Err(error) => {
                self.error = Some(error);
                self.wanted = self.main.is_none().then(|| (name.to_owned(), params));
                false
            }
        }
    }

    fn build_part(&self, part: &str, params: &Params) -> Result<Scene, ScriptError> {
        match &self.screens {
            Some(screens) => screens.faceplate(part, params),
            None => Err(ScriptError::new(&part.into(), (0, 0), "the station has not sent its screens yet")),
        }
    }
}
