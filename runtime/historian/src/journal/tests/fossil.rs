//! Files of version 1, made once, that must always be readable. Nothing in `tests/old` is ever made anew.

use std::path::PathBuf;
use std::sync::Arc;

use plantroom_model::AlarmEventKind;
use plantroom_store::RealDisk;

use super::world::{World, all, events, now, restored_standings, small, standing_after};
use crate::{Journal, JournalReader};

const SEED: u64 = 1;
const FRAMES: usize = 100;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/old/alarm-journal-1")
}

fn world() -> World {
    let mut world = World::new(SEED);
    for _ in 0..FRAMES {
        world.frame(5);
    }
    world
}

#[test]
fn a_journal_of_version_1_is_read_to_the_last_row() {
    let reader = JournalReader::open(Arc::new(RealDisk), &folder()).unwrap();
    let rows = all(&reader);
    assert_eq!(events(&rows), world().events);
    let report = reader.verify().unwrap();
    assert_eq!((report.problems.clone(), report.files > 3), (Vec::new(), true), "{report:?}");
    assert_eq!(rows.iter().filter(|row| row.kind == AlarmEventKind::Acknowledged).count() > 20, true);
}

#[test]
fn a_journal_of_version_1_is_written_on() {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let mut world = world();
    let (journal, restored) = Journal::open(Arc::new(RealDisk), copy.path(), small(), now(world.at)).unwrap();
    assert_eq!(restored_standings(&restored), standing_after(&world.events));
    let rows = world.frame(5);
    journal.note(1, &rows, &world.catalog);
    assert!(journal.wait_for(1, 10_000));
    assert_eq!(events(&all(&journal.reader())), world.events);
}

/// Makes the files; by hand, once for a version: `cargo test -p plantroom-historian -- --ignored fossil`.
#[test]
#[ignore = "makes files that are never made anew"]
fn make_the_fossil() {
    std::fs::create_dir_all(folder()).unwrap();
    let setup = crate::JournalSetup { segment_bytes: 6_000, ..small() };
    let (journal, _) = Journal::open(Arc::new(RealDisk), &folder(), setup, now(super::world::START)).unwrap();
    let mut world = World::new(SEED);
    for _ in 0..FRAMES {
        let rows = world.frame(5);
        journal.note(world.frame, &rows, &world.catalog);
        journal.flush();
    }
    journal.close(now(world.at));
}
