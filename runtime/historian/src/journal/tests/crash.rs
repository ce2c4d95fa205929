//! Power cuts at any write.

use plantroom_store::{FaultyDisk, Trouble};
use proptest::prelude::*;

use super::world::{World, all, events, open, reader, restored_standings, small, standing_after};
use crate::GapReason;

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn what_was_confirmed_is_there_after_a_crash_at_any_write(seed: u64, step in 0u64..140, short: bool) {
        let disk = FaultyDisk::new(seed);
        disk.set_short_writes(short);
        let mut world = World::new(seed);
        let (journal, _) = open(&disk, small(), world.at);
        disk.trouble_at(step, Trouble::Crash);
        let mut confirmed = 0;
        for _ in 0..25 {
            let rows = world.frame(4);
            journal.note(world.frame, &rows, &world.catalog);
            journal.flush();
            if journal.progress().recorded == world.frame {
                confirmed = world.events.len();
            }
        }
        drop(journal);
        let after = disk.after_crash();
        let (journal, restored) = open(&after, small(), world.at + 5);
        let found = events(&all(&journal.reader()));
        prop_assert!(found.len() >= confirmed, "{} of {confirmed} are left", found.len());
        prop_assert_eq!(&found[..], &world.events[..found.len()]);
        // Where the alarms stand is what the rows lead to.
        prop_assert_eq!(restored_standings(&restored), standing_after(&found));
        prop_assert!(restored.next_occurrence > world.events[..found.len()].iter().map(|e| e.to.occurrence.0).max().unwrap_or(0));
        journal.flush();
        let report = journal.reader().verify().unwrap();
        prop_assert_eq!(report.problems, Vec::<String>::new());
        prop_assert_eq!(report.rows, found.len() as u64);
        // It goes on as if nothing had been.
        let rows = world.frame(3);
        journal.note(1, &rows, &world.catalog);
        journal.close(super::world::now(world.at));
        let again = all(&reader(&after));
        prop_assert_eq!(again.len(), found.len() + 3);
        prop_assert!(again.iter().zip(1..).all(|(row, number)| row.row == number), "rows are numbered without holes");
    }

    #[test]
    fn a_failed_write_costs_nothing(seed: u64, step in 0u64..120, short: bool) {
        let disk = FaultyDisk::new(seed);
        disk.set_short_writes(short);
        let mut world = World::new(seed);
        let (journal, _) = open(&disk, small(), world.at);
        disk.trouble_at(step, Trouble::Error);
        for _ in 0..20 {
            let rows = world.frame(4);
            journal.note(world.frame, &rows, &world.catalog);
            journal.flush();
        }
        prop_assert!(journal.wait_for(world.frame, 10_000), "it tries again until it is written");
        // Room that could not be kept aside is kept at the next try.
        let pause = || std::thread::sleep(std::time::Duration::from_millis(1));
        let is_well = (0..5_000).any(|_| journal.health().trouble.is_none() || {
            pause();
            false
        });
        prop_assert!(is_well, "{:?}", journal.health());
        prop_assert_eq!(&events(&all(&journal.reader())), &world.events);
        journal.close(super::world::now(world.at));
        let (journal, restored) = open(&disk.after_crash(), small(), world.at);
        prop_assert!(restored.was_closed);
        prop_assert_eq!(&events(&all(&journal.reader())), &world.events);
        prop_assert_eq!(restored_standings(&restored), standing_after(&world.events));
    }
}

#[test]
fn a_frame_without_rows_is_recorded_with_what_came_before_it() {
    let disk = FaultyDisk::new(1);
    let mut world = World::new(1);
    let (journal, _) = open(&disk, small(), world.at);
    let told = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let seen = told.clone();
    journal.on_progress(move |progress| seen.store(progress.recorded, std::sync::atomic::Ordering::SeqCst));
    journal.note(5, &[], &world.catalog);
    let rows = world.frame(3);
    journal.note(6, &rows, &world.catalog);
    journal.note(7, &[], &world.catalog);
    assert!(journal.wait_for(7, 10_000));
    journal.note(8, &[], &world.catalog);
    assert!(journal.wait_for(8, 0));
    journal.flush();
    assert_eq!(told.load(std::sync::atomic::Ordering::SeqCst), 8);
}

#[test]
fn how_the_last_run_ended_is_told() {
    let disk = FaultyDisk::new(7);
    let mut world = World::new(7);
    let (journal, restored) = open(&disk, small(), world.at);
    assert!((restored.was_closed, restored.next_occurrence) == (true, 1) && restored.alarms.is_empty());
    let rows = world.frame(6);
    journal.note(1, &rows, &world.catalog);
    assert!(journal.wait_for(1, 10_000));
    let cut = disk.after_crash();
    journal.close(super::world::now(world.at + 9));
    let check = |disk: &FaultyDisk, closed: bool, reason: GapReason, from: i64, rows: Option<u64>| {
        let (journal, restored) = open(disk, small(), world.at + 100);
        assert_eq!(restored.was_closed, closed);
        let skipped = if closed { 0 } else { crate::limits::OCCURRENCES_SKIPPED };
        assert_eq!(restored.next_occurrence, world.occurrence + 1 + skipped);
        journal.close(super::world::now(world.at + 200));
        let gaps = reader(disk).verify().unwrap().gaps;
        let [gap] = gaps.as_slice() else { panic!("{gaps:?}") };
        assert_eq!((gap.reason, gap.rows, gap.before_row), (reason, rows, 7));
        assert_eq!((gap.from.0, gap.to.0), (from, world.at + 100));
    };
    check(&cut, false, GapReason::Killed, world.at, None);
    check(&disk, true, GapReason::Stopped, world.at + 9, Some(0));
}
