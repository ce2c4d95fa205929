//! The model and the list, without a window.
use plantroom_model::{AlarmState, Hidden, Marks, Priority, Utc, Value};
use plantroom_wire::{AlarmBatch, AlarmInfo, AlarmNow, AlarmTotals};

use super::acts::{Act, Plan};
use super::list::{Filter, List, Sort, Tab};
use super::selection::Selection;
use super::table::Table;

const S: i64 = 1_000_000_000;

fn info(id: u32, priority: Priority) -> AlarmInfo {
    AlarmInfo {
        id,
        name: format!("a/{id}"),
        message: format!("Alarm {id}"),
        priority: priority as u8,
        area: if id.is_multiple_of(2) { "even".into() } else { "odd".into() },
        tag: format!("tag/{id}"),
        screen: "2_unit".into(),
        may_operate: true,
        shelve_max_s: 3_600,
        ..AlarmInfo::default()
    }
}

fn row(id: u32, state: AlarmState, came_s: i64) -> AlarmNow {
    AlarmNow {
        id,
        occurrence: came_s as u64,
        state: state as u8,
        came: came_s * S,
        value: Value::Float(1.0),
        ..AlarmNow::default()
    }
}

fn part(whole: bool, infos: Vec<AlarmInfo>, rows: Vec<AlarmNow>) -> AlarmBatch {
    AlarmBatch { whole, infos, rows, recorded: 100, counts: AlarmTotals::default(), more: false }
}

/// Alarms 1 to 4 of rising priority, all unacknowledged, that came one after the other.
fn four() -> Table {
    let mut table = Table::default();
    let infos = (1..=4).map(|id| info(id, Priority::ALL[id as usize])).collect();
    let rows = (1..=4).map(|id| row(id, AlarmState::Unacknowledged, i64::from(id))).collect();
    table.take(part(true, infos, rows), Some(Utc(10 * S)));
    table
}

fn tell(table: &mut Table, rows: Vec<AlarmNow>) {
    table.take(part(false, Vec::new(), rows), Some(Utc(20 * S)));
}

fn urgent(table: &Table) -> Vec<u32> {
    table.urgent().map(|alarm| alarm.info.id).collect()
}

#[test]
fn the_most_urgent_come_first_and_of_one_priority_the_newest() {
    let mut table = four();
    assert_eq!(urgent(&table), [4, 3, 2, 1]);
    table.take(part(false, vec![info(9, Priority::High)], vec![row(9, AlarmState::Unacknowledged, 9)]), None);
    assert_eq!(urgent(&table), [4, 9, 3, 2, 1]);
    tell(&mut table, vec![row(4, AlarmState::Acknowledged, 4), row(9, AlarmState::Normal, 9)]);
    assert_eq!(urgent(&table), [3, 2, 1]);
}

#[test]
fn the_horn_sounds_for_what_is_new_and_not_for_what_stood_there() {
    let mut table = four();
    assert!(!table.horn().sounds(), "the first picture");
    tell(&mut table, vec![row(1, AlarmState::Unacknowledged, 11)]);
    assert!(table.horn().sounds());
    table.silence();
    tell(&mut table, vec![row(1, AlarmState::Returned, 11)]);
    assert!(!table.horn().sounds(), "nothing new");
    tell(&mut table, vec![row(2, AlarmState::Unacknowledged, 12)]);
    assert!(table.horn().sounds(), "the next one sounds again");
    tell(&mut table, (1..=4).map(|id| row(id, AlarmState::Normal, 12)).collect());
    assert!(!table.horn().sounds(), "nothing waits any more");
    let hidden = AlarmNow { hidden: Hidden::SHELVED.0, ..row(3, AlarmState::Unacknowledged, 13) };
    tell(&mut table, vec![hidden.clone()]);
    assert!(!table.horn().sounds(), "a shelved one is quiet");
    tell(&mut table, vec![AlarmNow { hidden: 0, ..hidden }]);
    assert!(table.horn().sounds(), "it comes off the shelf");
}

#[test]
fn a_first_picture_in_several_batches_is_one_picture() {
    let mut table = Table::default();
    for id in 1..=40 {
        let infos = vec![info(id, Priority::High)];
        let rows = vec![row(id, AlarmState::Unacknowledged, i64::from(id))];
        table.take(AlarmBatch { more: id < 40, ..part(id == 1, infos, rows) }, Some(Utc(3_600 * S)));
        assert!(!table.horn().sounds(), "batch {id}");
    }
    assert_eq!(table.is_flood(Utc(3_600 * S)), None, "they came long ago");
    tell(&mut table, vec![row(7, AlarmState::Unacknowledged, 41)]);
    assert!(table.horn().sounds());
}

#[test]
fn after_a_lost_connection_only_what_came_meanwhile_sounds() {
    let mut table = four();
    let infos: Vec<_> = (1..=4).map(|id| info(id, Priority::ALL[id as usize])).collect();
    let rows: Vec<_> = (1..=4).map(|id| row(id, AlarmState::Unacknowledged, i64::from(id))).collect();
    table.take(part(true, infos.clone(), rows.clone()), None);
    assert!(!table.horn().sounds());
    let later = vec![row(2, AlarmState::Unacknowledged, 30)];
    table.take(part(true, infos, later), None);
    assert!(table.horn().sounds());
    assert_eq!(urgent(&table), [2], "a whole picture replaces the one before");
}

#[test]
fn a_flood_begins_with_more_than_ten_and_ends_below_five() {
    let mut table = Table::default();
    table.take(part(true, (1..=11).map(|id| info(id, Priority::Low)).collect(), Vec::new()), None);
    for id in 1..=10 {
        tell(&mut table, vec![row(id, AlarmState::Unacknowledged, i64::from(id) * 20)]);
    }
    assert_eq!(table.is_flood(Utc(205 * S)), None);
    tell(&mut table, vec![row(11, AlarmState::Unacknowledged, 220)]);
    assert_eq!(table.is_flood(Utc(221 * S)), Some(11));
    assert_eq!(table.is_flood(Utc(700 * S)), Some(6), "it goes on below ten");
    assert_eq!(table.is_flood(Utc(760 * S)), None);
}

#[test]
fn places_know_their_worst_alarm() {
    let mut table = four();
    let worst = |table: &Table| table.screens().find(|(name, _)| *name == "2_unit").and_then(|(_, tally)| tally.worst());
    assert_eq!(worst(&table), Some((Priority::Critical, true, 4)));
    tell(&mut table, vec![row(4, AlarmState::Acknowledged, 4)]);
    assert_eq!(worst(&table), Some((Priority::Critical, false, 4)), "a lesser one doesn't hide it");
    tell(&mut table, vec![row(4, AlarmState::Normal, 4)]);
    assert_eq!(worst(&table), Some((Priority::High, true, 3)));
    assert!(table.of_tag("tag/4").is_none());
    assert_eq!(table.of_tag("tag/1").and_then(|tally| tally.worst()), Some((Priority::Low, true, 1)));
}

#[test]
fn what_is_not_on_the_disk_yet_is_marked() {
    let mut table = four();
    tell(&mut table, vec![AlarmNow { frame: 101, ..row(1, AlarmState::Unacknowledged, 1) }]);
    assert!(table.get(1).is_some_and(|alarm| alarm.unrecorded));
    table.take(AlarmBatch { recorded: 101, ..AlarmBatch::default() }, None);
    assert!(table.get(1).is_some_and(|alarm| !alarm.unrecorded));
}

#[test]
fn a_list_changed_row_by_row_is_the_list_made_anew() {
    for (sort, turns) in [(Sort::Urgency, 0), (Sort::Time, 1), (Sort::Name, 1), (Sort::State, 2), (Sort::Priority, 1)] {
        let mut table = Table::default();
        table.take(part(true, (0..60).map(|id| info(id, Priority::ALL[1 + id as usize % 4])).collect(), Vec::new()), None);
        let mut list = List::default();
        (0..turns).for_each(|_| list.sort_by(sort));
        list.update(&table, false);
        let mut seed = 7_u32;
        for step in 0..300 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let state = AlarmState::ALL[(seed >> 8) as usize % 6];
            tell(&mut table, vec![row(seed >> 16 & 63, state, i64::from(step))].into_iter().filter(|row| row.id < 60).collect());
            list.update(&table, false);
        }
        let mut anew = List::default();
        (0..turns).for_each(|_| anew.sort_by(sort));
        anew.update(&table, false);
        assert!(anew.len() > 10);
        assert_eq!(list.ids(), anew.ids(), "{sort:?}");
    }
}

#[test]
fn a_list_that_is_held_does_not_move_and_counts_what_is_new() {
    let mut table = four();
    let mut list = List::default();
    list.update(&table, false);
    assert_eq!(list.ids(), [4, 3, 2, 1]);
    table.take(part(false, vec![info(9, Priority::Critical)], vec![row(9, AlarmState::Unacknowledged, 9)]), None);
    tell(&mut table, vec![row(4, AlarmState::Normal, 4)]);
    list.update(&table, true);
    assert_eq!((list.ids(), list.fresh()), ([4, 3, 2, 1].as_slice(), 1));
    assert!(list.is_gone(&table, 4) && !list.is_gone(&table, 3));
    list.update(&table, false);
    assert_eq!((list.ids(), list.fresh()), ([9, 3, 2, 1].as_slice(), 0));
}

#[test]
fn filters_and_tabs_leave_out_what_they_say() {
    fn check(change: impl Fn(&mut Filter), tab: Tab, wanted: &[u32]) {
        let mut table = four();
        let shelved = AlarmNow { hidden: Hidden::SHELVED.0, ..row(2, AlarmState::Unacknowledged, 2) };
        tell(&mut table, vec![shelved, row(3, AlarmState::Acknowledged, 3)]);
        let (mut list, mut filter) = (List::default(), Filter::default());
        change(&mut filter);
        list.set_filter(filter);
        list.show(tab);
        list.update(&table, false);
        assert_eq!(list.ids(), wanted);
    }
    check(|_| {}, Tab::Active, &[4, 1, 3]);
    check(|_| {}, Tab::Shelved, &[2]);
    check(|_| {}, Tab::Suppressed, &[]);
    check(|filter| filter.waiting = true, Tab::Active, &[4, 1]);
    check(|filter| filter.area = "odd".into(), Tab::Active, &[1, 3]);
    check(|filter| filter.text = "ALARM 4".into(), Tab::Active, &[4]);
    check(|filter| filter.priorities = [true, true, false, false, false], Tab::Active, &[1]);
}

#[test]
fn a_group_is_folded_under_its_first() {
    let mut table = four();
    let with_cause = |id: u32| AlarmNow { cause: "power dip".into(), ..row(id, AlarmState::Unacknowledged, i64::from(id)) };
    tell(&mut table, vec![with_cause(4), with_cause(2), with_cause(1)]);
    let mut list = List::default();
    list.update(&table, false);
    assert_eq!(list.ids(), [4, 3], "nobody has marked one: the most urgent");
    assert_eq!((list.lines()[0].more, list.len()), (2, 4));
    list.unfold("power dip", &table);
    assert_eq!(list.ids(), [4, 2, 1, 3]);
    assert_eq!(list.group_of(&table, 1), [4, 2, 1]);
    let marked = AlarmNow { marks: Marks::FIRST_OUT.0, ..with_cause(2) };
    tell(&mut table, vec![marked]);
    list.update(&table, false);
    assert_eq!(list.ids()[0], 2, "who is marked as the first is");
}

#[test]
fn the_first_of_the_largest_cause_is_told_until_all_of_it_is_acknowledged() {
    let mut table = four();
    assert!(table.cause().is_none());
    let with = |id: u32, cause: &str, state| AlarmNow { cause: cause.into(), ..row(id, state, i64::from(id)) };
    let waits = AlarmState::Unacknowledged;
    tell(&mut table, vec![with(4, "dip", waits), with(2, "dip", waits)]);
    assert!(table.cause().is_none(), "two are no flood");
    tell(&mut table, vec![with(1, "dip", waits)]);
    let first = |table: &Table| table.cause().map(|(alarm, members)| (alarm.info.id, members));
    assert_eq!(first(&table), Some((4, 3)), "nobody has marked one: the most urgent");
    let marked = AlarmNow { marks: Marks::FIRST_OUT.0, ..with(2, "dip", AlarmState::Acknowledged) };
    tell(&mut table, vec![marked.clone()]);
    assert_eq!(first(&table), Some((2, 3)), "what is marked as the first, also when it is acknowledged itself");
    let late = AlarmNow { marks: Marks::FIRST_OUT.0, ..with(4, "dip", waits) };
    tell(&mut table, vec![late, AlarmNow { marks: 0, ..marked.clone() }]);
    assert_eq!(first(&table), Some((2, 3)), "another group's first, that came later, doesn't take its place");
    tell(&mut table, vec![with(4, "dip", AlarmState::Acknowledged), with(1, "dip", AlarmState::Acknowledged)]);
    assert_eq!(first(&table), None);
    tell(&mut table, vec![with(4, "dip", waits), AlarmNow { hidden: Hidden::SHELVED.0, ..marked }]);
    assert_eq!(first(&table), None, "two of it are left in the list");
}

#[test]
fn what_came_before_the_marked_one_and_is_more_urgent_is_the_first() {
    let mut table = Table::default();
    let infos = [(1, Priority::Low), (2, Priority::High), (3, Priority::Medium), (4, Priority::Critical)];
    let infos = infos.into_iter().map(|(id, priority)| info(id, priority)).collect();
    let with = |id: u32, marks| AlarmNow { cause: "dip".into(), marks, ..row(id, AlarmState::Unacknowledged, i64::from(id)) };
    let rows = vec![with(3, Marks::FIRST_OUT.0), with(4, 0), with(1, 0), with(2, 0)];
    table.take(part(true, infos, rows), None);
    let first = table.cause().map(|(alarm, members)| (alarm.info.id, members));
    assert_eq!(first, Some((2, 4)), "not the low one before it, nor the critical one that followed");
}

#[test]
fn a_small_list_shows_its_part_of_the_plant_and_keeps_up() {
    use plantroom_scene::AlarmsOf;
    let mut table = four();
    let of = |area: &str, instance: &str| AlarmsOf { area: area.into(), instance: instance.into(), ..AlarmsOf::default() };
    let top = |table: &Table, of: &AlarmsOf, waiting| {
        let top = table.top(of, waiting, 2);
        (top.ids.to_vec(), top.all)
    };
    assert_eq!(top(&table, &AlarmsOf::default(), false), (vec![4, 3], 4));
    assert_eq!(top(&table, &of("odd", ""), false), (vec![3, 1], 2));
    assert_eq!(top(&table, &of("", "tag/3"), false), (vec![3], 1));
    assert_eq!(top(&table, &of("", "ta"), false), (vec![], 0), "a name ends at a slash");
    assert_eq!(top(&table, &of("", "tag"), false), (vec![4, 3], 4));
    tell(&mut table, vec![row(3, AlarmState::Acknowledged, 3)]);
    assert_eq!(top(&table, &of("odd", ""), false), (vec![1, 3], 2));
    assert_eq!(top(&table, &of("odd", ""), true), (vec![1], 1));
    (0..200).for_each(|_| table.tidy());
    assert_eq!(top(&table, &of("odd", ""), true), (vec![1], 1), "one that was forgotten is made again");
}

#[test]
fn a_way_to_a_screen_knows_what_is_behind_it() {
    use super::behind::Behind;
    let mut table = four();
    let mut behind = Behind::default();
    let worst = |behind: &Behind, screen: &str| behind.of(screen).and_then(|tally| tally.worst());
    let parent = |screen: &str| match screen {
        "2_unit" => Some("1_overview"),
        "1_overview" => Some("2_unit"),
        _ => None,
    };
    behind.refresh(&table, 1, parent);
    assert_eq!(worst(&behind, "2_unit").map(|(priority, ..)| priority), Some(Priority::Critical));
    assert_eq!(worst(&behind, "3_other"), None);
    behind.refresh(&table, 2, |screen| (screen == "2_unit").then_some("1_overview"));
    assert_eq!(worst(&behind, "1_overview"), Some((Priority::Critical, true, 4)));
    tell(&mut table, vec![row(4, AlarmState::Normal, 4)]);
    behind.refresh(&table, 2, |screen| (screen == "2_unit").then_some("1_overview"));
    assert_eq!(worst(&behind, "1_overview"), Some((Priority::High, true, 3)));
}

#[test]
fn what_an_alarm_says_is_said_in_the_language_and_found_in_it() {
    use plantroom_scene::Texts;
    let german = "\"Alarm {n}\" = \"Meldung {n}\"\n\"Look at it\" = \"Nachsehen\"\n";
    let texts = std::sync::Arc::new(Texts::read(german).0);
    let mut table = four();
    let said = |table: &Table, id| table.get(id).map(|alarm| (alarm.info.message.clone(), alarm.info.action.clone()));
    table.speak(texts);
    assert_eq!(said(&table, 3), Some(("Meldung 3".into(), String::new())));
    let later = AlarmInfo { action: "Look at it".into(), ..info(9, Priority::Low) };
    table.take(part(false, vec![later], vec![row(9, AlarmState::Unacknowledged, 9)]), None);
    assert_eq!(said(&table, 9), Some(("Meldung 9".into(), "Nachsehen".into())));
    let mut list = List::default();
    list.set_filter(Filter { text: "meldung 9".into(), ..Filter::default() });
    list.update(&table, false);
    assert_eq!(list.ids(), [9]);
    table.speak(std::sync::Arc::default());
    assert_eq!(said(&table, 9), Some(("Alarm 9".into(), "Look at it".into())), "as the project writes it");
}

#[test]
fn symbols_over_plain_tags_find_their_alarms_too() {
    let mut table = Table::default();
    let plain = AlarmInfo { tag: "well/p1/tripped".into(), ..info(1, Priority::High) };
    let typed = AlarmInfo { tag: "well/p2/tripped".into(), instance: "well/p2".into(), ..info(2, Priority::Low) };
    let rows = vec![row(1, AlarmState::Unacknowledged, 1), row(2, AlarmState::Unacknowledged, 2)];
    table.take(part(true, vec![plain, typed], rows), None);
    let worst = |name: &str| table.of_place(name).and_then(|tally| tally.worst()).map(|(priority, ..)| priority);
    assert_eq!(worst("well/p1"), Some(Priority::High));
    assert_eq!(worst("well/p2"), Some(Priority::Low));
    assert_eq!(worst("well/p1/tripped"), Some(Priority::High));
    assert_eq!(worst("well"), None);
}

#[test]
fn the_horn_knows_the_worst_that_it_sounds_for() {
    let mut table = four();
    tell(&mut table, vec![row(1, AlarmState::Unacknowledged, 11)]);
    assert_eq!(table.horn().worst(), Some(Priority::Low));
    tell(&mut table, vec![row(4, AlarmState::Unacknowledged, 12), row(2, AlarmState::Unacknowledged, 13)]);
    assert_eq!(table.horn().worst(), Some(Priority::Critical));
    table.silence();
    assert_eq!(table.horn().worst(), None);
    tell(&mut table, vec![row(2, AlarmState::Unacknowledged, 14)]);
    assert_eq!(table.horn().worst(), Some(Priority::Medium), "what was silenced counts no more");
}

#[test]
fn rows_are_selected_as_in_every_list() {
    let order = [1, 2, 3, 4, 5];
    let mut selection = Selection::default();
    let ids = |selection: &Selection| selection.ids().collect::<Vec<_>>();
    selection.press(2, (false, false), &order);
    selection.press(4, (true, false), &order);
    assert_eq!(ids(&selection), [2, 3, 4]);
    selection.press(3, (false, true), &order);
    assert_eq!(ids(&selection), [2, 4]);
    selection.press(5, (false, false), &order);
    assert_eq!(ids(&selection), [5]);
    assert_eq!(selection.step(-1, true, &order), Some(3));
    assert_eq!(ids(&selection), [4, 5]);
}

#[test]
fn an_act_names_the_occurrence_that_was_seen_and_leaves_out_what_would_be_refused() {
    use plantroom_model::{AlarmVerb, Occurrence};
    use plantroom_wire::{AlarmWish, Deed};
    let mut table = four();
    tell(&mut table, vec![row(1, AlarmState::Acknowledged, 1)]);
    let plan = Plan::of(Act::Acknowledge, [1, 3].into_iter().filter_map(|id| table.get(id)), " seen ");
    let verb = AlarmVerb::Acknowledge { occurrence: Occurrence(3) };
    let wishes = vec![AlarmWish { alarm: "a/3".into(), verb }];
    let deed = crate::commands::Wish::Deed(Deed::Alarms { wishes, comment: "seen".into() });
    assert_eq!((plan.wishes, plan.left_out), (vec![deed], 1));
    let long = Plan::of(Act::Shelve { for_s: 7_200, one_shot: false }, table.get(1).into_iter(), "");
    assert_eq!((long.alarms, long.why), (0, Some("It can't be shelved for so long.")));
}

#[test]
fn a_list_of_a_hundred_thousand_takes_a_row_in_one_pass() {
    // 100,000 rows are the same list as a few: what changes lands in its place, and nothing else moves.
    let mut table = Table::default();
    let infos = (0..100_000).map(|id| info(id, Priority::ALL[1 + id as usize % 4])).collect();
    let rows = (0..100_000).map(|id| row(id, AlarmState::Unacknowledged, i64::from(id))).collect();
    table.take(part(true, infos, rows), None);
    let mut list = List::default();
    list.update(&table, false);
    let before = list.ids().to_vec();
    assert_eq!(before.len(), 100_000);
    tell(&mut table, vec![row(before[5_000], AlarmState::Acknowledged, 1)]);
    list.update(&table, false);
    let mut wanted = before.clone();
    let moved = wanted.remove(5_000);
    wanted.retain(|id| *id != moved);
    assert_eq!(list.ids()[..99_999], wanted[..]);
    assert_eq!(list.ids()[99_999], moved);
}
