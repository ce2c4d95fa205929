//! Scenes over a board of tags that a test sets.

mod bad_scripts;
mod building;
mod closures;
mod diagnostics;
mod events;
mod library;
mod symbols;
mod waterworks;

use std::collections::HashMap;

use plantroom_model::{LimitSet, Sample, Status, Utc, Value};
use plantroom_wire::{TagInfo, WriteInfo};

use crate::{Params, Scene, Screens, ScriptError, TagView};

/// Tags as a test sets them.
#[derive(Default)]
pub(super) struct Board {
    samples: HashMap<String, Sample>,
    infos: HashMap<String, TagInfo>,
    revision: u64,
}

impl Board {
    /// A board with these values, all good.
    pub fn of(values: &[(&str, Value)]) -> Self {
        let mut board = Self::default();
        for (name, value) in values {
            board.set(name, value.clone());
        }
        board
    }

    pub fn set(&mut self, name: &str, value: Value) {
        self.set_with(name, value, Status::GOOD, 1);
    }

    pub fn set_with(&mut self, name: &str, value: Value, status: Status, time: i64) {
        if !self.infos.contains_key(name) {
            self.infos.insert(name.to_owned(), info(name, &value));
            self.revision += 1;
        }
        let sample = Sample { value, status, source_time: Utc(time), server_time: Utc(time) };
        self.samples.insert(name.to_owned(), sample);
    }

    pub fn change_info(&mut self, name: &str, change: impl FnOnce(&mut TagInfo)) {
        change(self.infos.entry(name.to_owned()).or_insert_with(|| info(name, &Value::Float(0.0))));
        self.revision += 1;
    }
}

fn info(name: &str, value: &Value) -> TagInfo {
    TagInfo {
        name: name.to_owned(),
        kind: value.kind() as u8,
        unit: String::new(),
        description: String::new(),
        decimals: 1,
        range: Some((0.0, 100.0)),
        limits: LimitSet::default(),
        states: Vec::new(),
        write: Some(WriteInfo { range: None, confirmation: None }),
        permissives: Vec::new(),
    }
}

impl TagView for Board {
    fn sample(&self, tag: &str) -> Option<Sample> {
        self.samples.get(tag).cloned()
    }

    fn info(&self, tag: &str) -> Option<&TagInfo> {
        self.infos.get(tag)
    }

    fn info_revision(&self) -> u64 {
        self.revision
    }
}

pub(super) fn files(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// Opens a screen whose body this is, after an ordinary header.
pub(super) fn open(body: &str) -> Result<Scene, ScriptError> {
    let text = format!("screen(\"Test\", #{{ size: [1000, 700] }});\n{body}");
    let instances =
        [("pump", "a/p1"), ("pump", "a/p2"), ("valve", "a/v1"), ("pump", "b/p1")].map(|(k, n)| (k.to_owned(), n.to_owned()));
    Screens::new(&files(&[("test.rhai", &text)]), &instances).open("test", &Params::new())
}

/// Opens and updates once.
pub(super) fn shown(body: &str, board: &Board) -> Scene {
    let mut scene = open(body).unwrap_or_else(|error| panic!("{error}"));
    scene.update(board);
    scene
}

/// The objects of a scene as text, without the header.
pub(super) fn lines(scene: &Scene) -> Vec<String> {
    scene.to_text().lines().skip(1).map(str::to_owned).collect()
}
