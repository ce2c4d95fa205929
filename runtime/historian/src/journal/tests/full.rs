//! Disks without room, and more rows than can wait.

use plantroom_model::{AlarmEvent, AlarmEventKind, Hidden};
use plantroom_store::FaultyDisk;

use super::world::{World, all, events, open, restored_standings, small, standing_after};
use crate::{GapReason, JournalSetup, Order, Query, limits};

#[test]
fn on_a_full_disk_alarms_go_on_and_everything_is_written_when_there_is_room() {
    let disk = FaultyDisk::new(3);
    let mut world = World::new(3);
    let (journal, _) = open(&disk, small(), world.at);
    let rows = world.frame(5);
    journal.note(world.frame, &rows, &world.catalog);
    assert!(journal.wait_for(world.frame, 10_000));
    disk.set_capacity(Some(disk.used()));
    for _ in 0..60 {
        let rows = world.frame(10);
        journal.note(world.frame, &rows, &world.catalog);
        journal.flush();
    }
    let health = journal.health();
    let trouble = health.trouble.clone().expect("operators are told");
    assert!(trouble.contains("disk is full") && trouble.contains("data/journal"), "{trouble}");
    assert!(health.progress.recorded < world.frame && health.progress.waiting > 0, "{health:?}");
    assert!(!journal.wait_for(world.frame, 1), "nobody is told that it is recorded");
    // What is there can be read meanwhile.
    let found = events(&all(&journal.reader()));
    assert_eq!(found[..], world.events[..found.len()]);
    disk.heal();
    assert!(journal.wait_for(world.frame, 10_000));
    assert_eq!(journal.health().progress.lost, 0);
    assert_eq!(events(&all(&journal.reader())), world.events);
    drop(journal);
    let (journal, restored) = open(&disk.after_crash(), small(), world.at);
    assert_eq!(restored_standings(&restored), standing_after(&world.events));
    assert_eq!(journal.reader().verify().unwrap().problems, Vec::<String>::new());
}

#[test]
fn rows_that_find_no_room_are_counted_and_where_their_alarms_stand_is_right() {
    for seed in 0..20 {
        let disk = FaultyDisk::new(seed);
        let mut world = World::new(seed);
        let setup = JournalSetup { waiting_rows: 40, reserve_bytes: 500, ..small() };
        let (journal, _) = open(&disk, setup, world.at);
        let rows = world.frame(20);
        journal.note(world.frame, &rows, &world.catalog);
        assert!(journal.wait_for(world.frame, 10_000));
        disk.set_capacity(Some(disk.used()));
        for _ in 0..60 {
            let rows = world.frame(10);
            journal.note(world.frame, &rows, &world.catalog);
        }
        let lost = journal.progress().lost;
        assert!(lost > 100, "seed {seed}: {lost}");
        disk.heal();
        assert!(journal.wait_for(world.frame, 10_000));
        // Afterwards nothing is lost any more.
        let rows = world.frame(10);
        journal.note(world.frame, &rows, &world.catalog);
        assert!(journal.wait_for(world.frame, 10_000));
        assert_eq!(journal.progress().lost, lost);
        let rows = all(&journal.reader());
        let people = |kind: AlarmEventKind| {
            let count = |by: Option<&str>, what: AlarmEventKind| usize::from(by.is_some() && what == kind);
            let found: usize = rows.iter().map(|row| count(row.by.as_deref(), row.kind)).sum();
            let noted: usize = world.events.iter().map(|event| count(event.by.as_deref(), event.kind)).sum();
            (found, noted)
        };
        for kind in [AlarmEventKind::Acknowledged, AlarmEventKind::Shelved, AlarmEventKind::Remarked] {
            let (found, noted) = people(kind);
            assert_eq!(found, noted, "what people did is all there");
        }
        let page =
            journal.reader().page(&Query { kinds: vec![AlarmEventKind::Standing], limit: 500, ..Query::default() }).unwrap();
        let gaps: Vec<_> = page.gaps.iter().filter(|gap| gap.reason == GapReason::Disk).collect();
        assert_eq!(gaps.iter().filter_map(|gap| gap.rows).sum::<u64>(), lost);
        assert!(!page.rows.is_empty());
        let told = rows.iter().filter(|row| row.kind != AlarmEventKind::Standing).count() as u64;
        assert_eq!(told + lost, world.events.len() as u64, "seed {seed}: every row is there or counted");
        drop(journal);
        let (journal, restored) = open(&disk.after_crash(), small(), world.at);
        assert_eq!(restored_standings(&restored), standing_after(&world.events), "seed {seed}");
        for kept in restored.alarms.iter().filter(|kept| kept.row.standing.hidden.has(Hidden::SHELVED)) {
            assert!(kept.row.shelved_until.is_some(), "seed {seed}: a shelf has its end");
        }
        assert_eq!(journal.reader().verify().unwrap().problems, Vec::<String>::new(), "seed {seed}");
    }
}

#[test]
fn a_gap_is_told_once_also_where_a_file_ended_before_it_was_written() {
    let disk = FaultyDisk::new(7);
    let mut world = World::new(7);
    let setup = JournalSetup { waiting_rows: 40, reserve_bytes: 500, ..small() };
    let (journal, _) = open(&disk, setup, world.at);
    let rows = world.frame(20);
    journal.note(world.frame, &rows, &world.catalog);
    assert!(journal.wait_for(world.frame, 10_000));
    disk.set_capacity(Some(disk.used()));
    for _ in 0..20 {
        let rows = world.frame(10);
        journal.note(world.frame, &rows, &world.catalog);
    }
    let lost = journal.progress().lost;
    assert!(lost > 0);
    // More than one commit takes, by people: it is kept, and behind it stands what is missing before it.
    let one = world.events.last().cloned().unwrap();
    let remark = AlarmEvent { kind: AlarmEventKind::Remarked, from: one.to, by: Some("anna".into()), until: None, ..one };
    world.frame += 1;
    journal.note(world.frame, &vec![remark; limits::COMMIT_ROWS + 500], &world.catalog);
    disk.heal();
    assert!(journal.wait_for(world.frame, 20_000));
    let all = journal.reader().page(&Query { limit: 1, ..Query::default() }).unwrap();
    assert!(all.next.is_some());
    for (order, limit) in [(Order::OldestFirst, 50), (Order::OldestFirst, 5_000), (Order::NewestFirst, 5_000)] {
        let mut query = Query { order, limit, ..Query::default() };
        let mut told = Vec::new();
        loop {
            let page = journal.reader().page(&query).unwrap();
            told.extend(page.gaps.into_iter().filter(|gap| gap.reason == GapReason::Disk));
            query.after = page.next;
            if query.after.is_none() || (limit == 50 && !told.is_empty()) {
                break;
            }
        }
        let missing: u64 = told.iter().filter_map(|gap| gap.rows).sum();
        let is_told = if limit == 50 { missing > 0 } else { missing == journal.progress().lost };
        assert!(is_told, "{order:?}, {limit} a page: {told:?}");
    }
}
