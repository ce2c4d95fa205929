//! Several files: sealed, kept for so long, damaged, left half done.

use std::path::Path;

use plantroom_model::{AlarmEventKind, Priority};
use plantroom_store::{Disk, FaultyDisk};

use super::world::{
    SECOND, World, all, catalog_of, events, newest_tail, now, open, reader, restored_standings, small, spec, specs,
    standing_after,
};
use crate::{Journal, JournalSetup, Query, Retention};

fn run(journal: &Journal, world: &mut World, frames: usize) {
    for _ in 0..frames {
        let rows = world.frame(5);
        journal.note(world.frame, &rows, &world.catalog);
        journal.flush();
    }
}

fn count(disk: &FaultyDisk, ending: &str) -> usize {
    let paths = disk.list(Path::new("data/journal")).unwrap();
    paths.iter().filter(|path| path.extension().is_some_and(|found| found == ending)).count()
}

#[test]
fn full_files_are_sealed_and_hold_the_same() {
    let disk = FaultyDisk::new(1);
    let mut world = World::new(1);
    let (journal, _) = open(&disk, small(), world.at);
    run(&journal, &mut world, 100);
    let before = all(&journal.reader());
    journal.close(now(world.at));
    assert_eq!(count(&disk, "tail"), 1, "all but the newest are sealed");
    assert!(count(&disk, "sealed") >= 3);
    assert_eq!(all(&reader(&disk)), before);
    assert_eq!(events(&before), world.events);
    let report = reader(&disk).verify().unwrap();
    assert_eq!((report.problems, report.rows), (Vec::new(), 500));
}

#[test]
fn a_file_begins_with_where_every_alarm_stands_so_older_ones_can_go() {
    let disk = FaultyDisk::new(2);
    let mut world = World::new(2);
    let (journal, _) = open(&disk, small(), world.at);
    run(&journal, &mut world, 60);
    journal.close(now(world.at));
    let newest = newest_tail(&disk);
    for path in disk.list(Path::new("data/journal")).unwrap() {
        if path != newest {
            disk.remove(&path).unwrap();
        }
    }
    let (_journal, restored) = open(&disk, small(), world.at);
    assert_eq!(restored_standings(&restored), standing_after(&world.events));
    assert_eq!(restored.next_occurrence, world.occurrence + 1);
    let acknowledged = restored.alarms.iter().filter(|kept| kept.row.acknowledged.is_some()).count();
    assert!(acknowledged > 0, "who acknowledged is kept");
}

#[test]
fn a_weeks_rows_go_into_a_file_of_their_own() {
    let disk = FaultyDisk::new(4);
    let mut world = World::new(4);
    let setup = JournalSetup { segment_bytes: 1 << 20, ..small() };
    let (journal, _) = open(&disk, setup, world.at);
    for _ in 0..4 {
        run(&journal, &mut world, 3);
        world.at += 8 * 86_400 * SECOND;
    }
    journal.close(now(world.at));
    assert_eq!(count(&disk, "sealed"), 3);
}

#[test]
fn what_is_too_old_or_too_much_goes_and_the_rest_stays_whole() {
    let by_size = Retention { max_age_days: None, max_bytes: Some(8_000) };
    let by_age = Retention { max_age_days: Some(0), max_bytes: None };
    for (retention, seed) in [(by_size, 5), (by_age, 6)] {
        let disk = FaultyDisk::new(seed);
        let mut world = World::new(seed);
        let (journal, _) = open(&disk, JournalSetup { retention, ..small() }, world.at);
        run(&journal, &mut world, 120);
        journal.close(now(world.at));
        let rows = all(&reader(&disk));
        assert!(rows.len() < 600 && rows.last().map(|row| row.row) == Some(600), "{}", rows.len());
        assert_eq!(events(&rows)[..], world.events[600 - rows.len()..]);
        assert_eq!(reader(&disk).verify().unwrap().problems, Vec::<String>::new());
        let (_journal, restored) = open(&disk, small(), world.at);
        assert_eq!(restored_standings(&restored), standing_after(&world.events));
    }
}

#[test]
fn damage_is_told_and_costs_only_what_is_damaged() {
    let disk = FaultyDisk::new(8);
    let mut world = World::new(8);
    let (journal, _) = open(&disk, small(), world.at);
    run(&journal, &mut world, 80);
    journal.close(now(world.at));
    let whole = all(&reader(&disk));
    let mut told = 0;
    let paths: Vec<_> = disk.list(Path::new("data/journal")).unwrap();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "sealed")).take(2) {
        let size = disk.open(path, plantroom_store::OpenMode::Read).unwrap().size().unwrap();
        for offset in (16..size).step_by(97) {
            disk.damage(path, offset, 0x55);
            let reader = reader(&disk);
            let rows = all(&reader);
            // Nothing is made up: what is there is as it was, save names that are damaged.
            for row in &rows {
                let known = &whole[row.row as usize - 1];
                assert!(row == known || row.alarm.name.starts_with("unreadable/"), "offset {offset}: {row:?}");
            }
            told += usize::from(!reader.verify().unwrap().is_whole());
            disk.damage(path, offset, 0x55);
        }
    }
    assert!(told > 10, "damage is told {told} times");
    assert_eq!(all(&reader(&disk)), whole);
}

#[test]
fn a_damaged_newest_file_is_no_reason_not_to_start() {
    for offset in (0..4_000).step_by(211) {
        let disk = FaultyDisk::new(12);
        let mut world = World::new(12);
        let (journal, _) = open(&disk, JournalSetup { segment_bytes: 1 << 20, ..small() }, world.at);
        run(&journal, &mut world, 30);
        journal.close(now(world.at));
        disk.damage(&newest_tail(&disk), offset, 0xFF);
        let (journal, restored) = open(&disk, small(), world.at);
        assert!(!restored.notes.is_empty(), "offset {offset}");
        let mut known = all(&journal.reader());
        known.retain(|row| !row.alarm.name.starts_with("unreadable/"));
        let found = events(&known);
        assert!(found.iter().all(|event| world.events.contains(event)), "offset {offset}: nothing is made up");
        let rows = world.frame(1);
        journal.note(1, &rows, &world.catalog);
        assert!(journal.wait_for(1, 10_000), "offset {offset}");
        assert!(!journal.reader().verify().unwrap().gaps.is_empty(), "offset {offset}: what is missing is told");
    }
}

#[test]
fn rows_keep_what_their_alarm_was_called() {
    let disk = FaultyDisk::new(13);
    let mut world = World::new(13);
    let (journal, _) = open(&disk, small(), world.at);
    let rows = world.frame(40);
    journal.note(1, &rows, &world.catalog);
    let mut renamed = specs();
    for spec in &mut renamed {
        spec.message = "Anders".into();
    }
    let rows = world.frame(40);
    journal.note(2, &rows, &catalog_of(renamed));
    journal.flush();
    let rows = all(&journal.reader());
    assert!(rows[..40].iter().all(|row| row.alarm.message.starts_with("Überlauf") && &*row.alarm.unit == "m"));
    assert!(rows[40..].iter().all(|row| &*row.alarm.message == "Anders"));
}

#[test]
fn an_alarm_that_the_project_has_no_more_is_told_as_removed_and_forgotten() {
    let disk = FaultyDisk::new(14);
    let mut world = World::new(14);
    let (journal, _) = open(&disk, small(), world.at);
    run(&journal, &mut world, 10);
    journal.close(now(world.at));
    let standing = standing_after(&world.events);
    let (journal, _) = open(&disk, small(), world.at);
    let other = catalog_of(vec![spec("other/alarm", "Neu", Priority::Low)]);
    let mut event = world.frame(1).remove(0);
    event.alarm = plantroom_model::AlarmId(0);
    (event.kind, event.to) = (AlarmEventKind::Returned, Default::default());
    journal.note(1, &[event], &other);
    journal.flush();
    let removed = journal.reader().page(&Query { kinds: vec![AlarmEventKind::Removed], ..Query::default() }).unwrap();
    let mut names: Vec<String> = removed.rows.iter().map(|row| row.alarm.name.to_string()).collect();
    names.sort();
    assert_eq!(names, standing.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    journal.close(now(world.at));
    assert!(open(&disk, small(), world.at).1.alarms.is_empty());
}

#[test]
fn a_newer_format_is_refused_in_words() {
    let disk = FaultyDisk::new(15);
    let path = Path::new("data/journal/00000001.sealed");
    let mut header = super::super::sealed::header().to_vec();
    header[8] = 9;
    let crc = crc32fast::hash(&header[..12]).to_le_bytes();
    header[12..].copy_from_slice(&crc);
    disk.open(path, plantroom_store::OpenMode::Create).unwrap().write_all_at(&header, 0).unwrap();
    let error = Journal::open(std::sync::Arc::new(disk), Path::new("data/journal"), small(), now(0)).unwrap_err();
    assert!(error.to_string().contains("version 9") && error.to_string().contains("update"), "{error}");
}
