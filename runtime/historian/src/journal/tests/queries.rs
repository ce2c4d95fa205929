//! Questions, against looking at every row.

use plantroom_model::{AlarmEventKind, Priority, Utc};
use plantroom_store::FaultyDisk;
use proptest::prelude::*;

use super::world::{SECOND, START, World, all, now, open, reader, small};
use crate::{JournalReader, JournalRow, JournalSetup, Order, Query, Steps};

/// A journal of several files, some sealed, one of them growing.
fn written(seed: u64) -> (FaultyDisk, World) {
    let disk = FaultyDisk::new(seed);
    let mut world = World::new(seed);
    let (journal, _) = open(&disk, JournalSetup { segment_bytes: 6_000, ..small() }, world.at);
    for _ in 0..120 {
        let rows = world.frame(4);
        journal.note(world.frame, &rows, &world.catalog);
        journal.flush();
    }
    journal.close(now(world.at));
    (disk, world)
}

fn pages(reader: &JournalReader, mut query: Query) -> Vec<JournalRow> {
    let mut rows = Vec::new();
    for _ in 0..10_000 {
        let page = reader.page(&query).unwrap();
        assert!(page.rows.len() <= query.limit.max(1));
        rows.extend(page.rows);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return rows,
        }
    }
    panic!("the pages have no end: {query:?}");
}

fn fits(query: &Query, row: &JournalRow) -> bool {
    let text = |text: &str| query.text.as_ref().is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()));
    let of = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
    let any_text = [row.alarm.name.to_string(), row.alarm.message.to_string(), of(&row.by), of(&row.comment)];
    query.from.is_none_or(|from| row.at >= from)
        && query.until.is_none_or(|until| row.at < until)
        && (query.areas.is_empty()
            || query.areas.iter().any(|area| *row.alarm.area == **area || row.alarm.area.starts_with(&format!("{area}/"))))
        && (query.alarms.is_empty() || query.alarms.iter().any(|name| super::super::query::fits(name, &row.alarm.name)))
        && (query.priorities.is_empty() || query.priorities.contains(&row.alarm.priority))
        && if query.kinds.is_empty() { row.kind != AlarmEventKind::Standing } else { query.kinds.contains(&row.kind) }
        && query.by.as_ref().is_none_or(|by| of(&row.by).to_lowercase() == by.to_lowercase())
        && (query.text.is_none() || any_text.iter().any(|found| text(found)))
}

fn queries() -> impl Strategy<Value = Query> {
    let some = |texts: &[&str]| {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        proptest::collection::vec(proptest::sample::select(texts), 0..3)
    };
    let times = (proptest::option::of(0i64..900), proptest::option::of(0i64..900));
    let lists = (some(&["intake", "high_lift", "wells", "nowhere"]), some(&["*", "intake/*", "*_1*", "wells/alarm_3"]));
    let kinds = proptest::collection::vec(proptest::sample::select(AlarmEventKind::ALL.to_vec()), 0..3);
    let priorities = proptest::collection::vec(proptest::sample::select(Priority::ALL.to_vec()), 0..3);
    let texts = (
        proptest::option::of(proptest::sample::select(vec!["anna", "ANNA MÜLLER", "nobody"])),
        proptest::option::of(proptest::sample::select(vec!["behälter 1", "war da, 3", "MÜLLER", "alarm_2", ""])),
    );
    let rest = (any::<bool>(), 1usize..40, proptest::option::of(1u64..600), proptest::sample::select(vec![1u64, 50, 1_000_000]));
    (times, lists, kinds, priorities, texts, rest).prop_map(|(times, lists, kinds, priorities, texts, rest)| Query {
        from: times.0.map(|s| Utc(START + s * SECOND)),
        until: times.1.map(|s| Utc(START + s * SECOND)),
        areas: lists.0,
        alarms: lists.1,
        kinds,
        priorities,
        by: texts.0.map(str::to_owned),
        text: texts.1.map(str::to_owned),
        order: if rest.0 { Order::NewestFirst } else { Order::OldestFirst },
        limit: rest.1,
        after: rest.2,
        look_at: rest.3,
    })
}

#[test]
fn answers_are_those_of_looking_at_every_row() {
    let (disk, world) = written(11);
    let reader = reader(&disk);
    let rows = all(&reader);
    assert_eq!(rows.len(), world.events.len());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 200, ..ProptestConfig::default() });
    let checked = runner.run(&queries(), |query| {
        let behind = |row: &JournalRow| {
            let newest_first = query.order == Order::NewestFirst;
            query.after.is_none_or(|after| if newest_first { row.row < after } else { row.row > after })
        };
        let mut expected: Vec<JournalRow> = rows.iter().filter(|row| fits(&query, row) && behind(row)).cloned().collect();
        if query.order == Order::NewestFirst {
            expected.reverse();
        }
        prop_assert_eq!(pages(&reader, query.clone()), expected);
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn a_selective_question_answers_in_time_and_says_where_to_go_on() {
    let (disk, _) = written(5);
    let page = reader(&disk).page(&Query { text: Some("no such text".into()), look_at: 30, ..Query::default() }).unwrap();
    assert!(page.rows.is_empty() && page.next.is_some() && page.looked_at < 480, "{page:?}");
}

#[test]
fn steps_are_all_rows_of_a_time_behind_where_alarms_stood() {
    for (seed, from_s, until_s) in [(1, 0, 10_000), (2, 200, 300), (3, 400, 401), (4, 9_000, 9_001), (5, -50, 100)] {
        let (disk, world) = written(seed);
        let (from, until) = (Utc(START + from_s * SECOND), Utc(START + until_s * SECOND));
        let reader = reader(&disk);
        let rows = all(&reader);
        let (mut names, mut stood, mut steps) = (Vec::new(), Vec::new(), Vec::new());
        let visit = |step: Steps<'_>| match step {
            Steps::Alarm(alarm, texts) => {
                assert_eq!(alarm.0 as usize, names.len());
                names.push(texts.name.to_string());
            }
            Steps::Stood(step) => stood.push((names[step.alarm.0 as usize].clone(), step.state, step.hidden)),
            Steps::Rows(rows) => steps
                .extend(rows.iter().map(|row| (names[row.alarm.0 as usize].clone(), row.at, row.kind, row.state, row.hidden))),
            Steps::Gap(_) => {}
        };
        reader.steps(from, until, visit).unwrap();
        let inside = rows.iter().filter(|row| row.at >= from && row.at < until);
        let expected: Vec<_> =
            inside.map(|row| (row.alarm.name.to_string(), row.at, row.kind, row.to.state, row.to.hidden)).collect();
        assert_eq!(steps, expected, "seed {seed}");
        let before: Vec<_> = world.events.iter().filter(|event| event.at.utc < from).cloned().collect();
        let mut expected: Vec<_> = super::world::standing_after(&before)
            .into_iter()
            .map(|(name, standing)| (name, standing.state, standing.hidden))
            .collect();
        stood.retain(|(_, state, hidden)| *state != plantroom_model::AlarmState::Normal || hidden.any());
        stood.sort_by(|a, b| a.0.cmp(&b.0));
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(stood, expected, "seed {seed}");
    }
}

#[test]
fn reading_goes_on_while_it_is_written_and_sealed() {
    let disk = FaultyDisk::new(9);
    let mut world = World::new(9);
    let (journal, _) = open(&disk, small(), world.at);
    let reading = journal.reader();
    let is_written = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let ends = is_written.clone();
    let looker = std::thread::spawn(move || {
        let mut longest = 0;
        while !ends.load(std::sync::atomic::Ordering::Relaxed) {
            let rows = all(&reading);
            assert!(rows.iter().zip(1..).all(|(row, number)| row.row == number), "no hole, nothing twice");
            assert!(rows.len() >= longest, "nothing goes away");
            longest = rows.len();
        }
        longest
    });
    for _ in 0..150 {
        let rows = world.frame(4);
        journal.note(world.frame, &rows, &world.catalog);
        journal.flush();
    }
    is_written.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(looker.join().unwrap() > 0);
}
