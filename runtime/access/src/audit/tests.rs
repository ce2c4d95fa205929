use std::time::Instant;

use plantroom_model::{OutcomeKind, TagId, Value};
use plantroom_store::{FaultyDisk, RealDisk, Trouble};
use proptest::prelude::*;

use super::*;
use crate::Category;

fn at(ms: u64) -> Now {
    Now { mono: Mono(0).plus_ms(ms), utc: Utc(1_700_000_000_000_000_000 + ms as i64 * 1_000_000) }
}

fn start(disk: &FaultyDisk) -> Audit {
    Audit::start(Arc::new(disk.clone()), Path::new("data"), Utc(1)).unwrap()
}

/// Files so short that every few records begin a new one.
fn start_short(disk: &FaultyDisk) -> Result<Audit, StoreError> {
    Audit::start_in_segments(Arc::new(disk.clone()), Path::new("data"), 1_500, Utc(1))
}

fn permit() -> Permit {
    let act = Act::write(&"intake/p1/run".into(), TagId(3));
    Permit { act, user: "otto".into(), source: "10.0.0.1".into(), door: Door::Console }
}

fn entry(value: f64, essential: bool) -> WriteEntry {
    WriteEntry { old: Some(Value::Float(1.5)), new: Value::Float(value), comment: "läuft".to_owned(), essential, rest: None }
}

fn open(audit: &Audit, value: f64) -> Result<Recorded, AuditError> {
    audit.open(permit(), entry(value, false), at(0))
}

fn confirmed() -> Outcome {
    Outcome { kind: OutcomeKind::Confirmed, message: "runs".to_owned(), audit: 0 }
}

#[test]
fn a_write_is_opened_and_closed_in_the_chain() {
    let disk = FaultyDisk::new(1);
    let audit = start(&disk);
    let recorded = open(&audit, f64::NAN).unwrap();
    assert!(recorded.durable());
    audit.close(&recorded, &confirmed(), at(5)).unwrap();
    let records = audit.list(&AuditFilter::default()).unwrap();
    let [closed, opened, _start] = &*records else { panic!("{records:#?}") };
    assert_eq!((closed.entry, closed.of, &*closed.result), (Entry::Close, Some(opened.number), "confirmed: runs"));
    assert_eq!((opened.number, &*opened.user, &*opened.target), (recorded.number(), "otto", "intake/p1/run"));
    assert_eq!((&opened.old, &opened.new), (&Some(1.5.into()), &Some("NaN".into())));
    let report = audit.verify().unwrap();
    assert!(report.intact() && report.open.is_empty(), "{report:?}");
    assert_eq!((report.records, report.last), (3, 3));
}

#[test]
fn an_outcome_that_a_crash_took_is_told_as_unknown() {
    let disk = FaultyDisk::new(1);
    let audit = start(&disk);
    let recorded = open(&audit, 2.0).unwrap();
    let after = disk.after_crash();
    let audit = start(&after);
    let records = audit.list(&AuditFilter::default()).unwrap();
    let closed = records.iter().find(|record| record.of == Some(recorded.number())).expect("closed");
    assert!(closed.result.starts_with("unknown"), "{closed:?}");
    assert!(audit.verify().unwrap().intact());
}

#[test]
fn a_full_disk_uses_the_reserve_then_lets_only_essential_writes_pass() {
    let disk = FaultyDisk::new(1);
    let audit = start(&disk);
    disk.set_capacity(Some(disk.used()));
    let mut passed = 0;
    let error = loop {
        match open(&audit, 1.0) {
            Ok(_) => passed += 1,
            Err(error) => break error,
        }
        if passed == 2_000 {
            assert_eq!(audit.health().state, AuditState::OnReserve);
        }
    };
    assert!(passed > 1_000, "the reserve held only {passed} writes");
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(audit.health().state, AuditState::Failing);
    let essential = audit.open(permit(), entry(0.0, true), at(9)).unwrap();
    assert!(!essential.durable() && essential.number() == 0);
    audit.close(&essential, &confirmed(), at(10)).unwrap();
    assert_eq!(audit.health().late, 2);
    disk.heal();
    let after = open(&audit, 3.0).unwrap();
    assert!(after.durable());
    assert_eq!((audit.health().state, audit.health().late), (AuditState::Ok, 0));
    let report = audit.verify().unwrap();
    assert!(report.intact(), "{report:?}");
    let records = audit.list(&AuditFilter { limit: 3, ..AuditFilter::default() }).unwrap();
    let values: Vec<_> = records.iter().map(|record| record.new.clone()).collect();
    assert_eq!(values, [Some(3.0.into()), None, Some(0.0.into())], "what was late stands where it belongs");
}

#[test]
fn a_disk_that_is_gone_keeps_essential_writes_and_counts_what_it_loses() {
    let disk = FaultyDisk::new(1);
    let audit = start(&disk);
    disk.trouble_at(0, Trouble::Crash);
    assert!(open(&audit, 1.0).is_err());
    for _ in 0..limits::LATE_RECORDS + 20 {
        assert!(!audit.open(permit(), entry(0.0, true), at(9)).unwrap().durable());
    }
    let health = audit.health();
    assert_eq!((health.state, health.lost), (AuditState::Failing, 20));
    assert!(health.late <= limits::LATE_RECORDS);
}

#[test]
fn strangers_cannot_fill_the_trail() {
    let disk = FaultyDisk::new(1);
    let audit = start(&disk);
    let stranger = || Permit { act: Act::new(Category::Access, "log in", "x"), ..permit() };
    (0..10 * limits::NOTE_BURST).for_each(|_| audit.note(stranger(), "refused", at(1)));
    audit.flush();
    assert!(audit.health().records <= limits::NOTE_BURST + 1);
    audit.note(stranger(), "refused", at(1_000));
    audit.flush();
    let newest = audit.list(&AuditFilter { limit: 1, ..AuditFilter::default() }).unwrap();
    assert!(newest[0].comment.starts_with(&(9 * limits::NOTE_BURST).to_string()), "{newest:?}");
}

#[test]
fn a_changed_record_breaks_the_chain_where_it_is() {
    // A forger with a shell writes a whole new log with right checksums and a changed record.
    let disk = FaultyDisk::new(1);
    let audit = start(&disk);
    (0..5).for_each(|n| drop(open(&audit, f64::from(n)).unwrap()));
    drop(audit);
    let path = Path::new("data/audit-000001.log");
    let mut payloads = Vec::new();
    for item in plantroom_store::LogReader::open(&disk, path).unwrap() {
        if let plantroom_store::LogItem::Record { payload, .. } = item.unwrap() {
            payloads.push(String::from_utf8(payload).unwrap());
        }
    }
    type Forgery = (&'static str, fn(&mut Vec<String>), Option<u64>);
    let forgeries: [Forgery; 5] = [
        ("nothing", |_| {}, None),
        ("a value", |lines| lines[2] = lines[2].replace("1.0", "9.0"), Some(4)),
        ("the user", |lines| lines[3] = lines[3].replace("otto", "anna"), Some(5)),
        ("removed", |lines| drop(lines.remove(3)), Some(5)),
        ("swapped", |lines| lines.swap(2, 3), Some(4)),
    ];
    for (what, forge, broken) in forgeries {
        let forged = FaultyDisk::new(1);
        let shared: Arc<dyn Disk> = Arc::new(forged.clone());
        let mut lines = payloads.clone();
        forge(&mut lines);
        let (mut log, _) = plantroom_store::AppendLog::open(&shared, path, Default::default(), |_, _| {}).unwrap();
        lines.iter().for_each(|line| log.append(&[line.as_bytes()]).unwrap());
        let report = trail::verify_on(&forged, Path::new("data")).unwrap();
        assert_eq!(report.broken.as_ref().map(|broken| broken.number), broken, "{what}: {report:?}");
    }
}

#[test]
fn the_trail_goes_on_over_files_and_restarts() {
    let disk = FaultyDisk::new(1);
    for restart in 0_u32..3 {
        let audit = start_short(&disk).unwrap();
        (0..20).for_each(|n| drop(open(&audit, f64::from(restart * 20 + n)).unwrap()));
    }
    let audit = start_short(&disk).unwrap();
    let report = audit.verify().unwrap();
    assert!(report.intact() && report.segments > 10, "{report:?}");
    let filter = AuditFilter { category: Some(Category::Request), limit: 1_000, ..AuditFilter::default() };
    let values: Vec<_> = audit.list(&filter).unwrap().into_iter().map(|record| record.new).collect();
    assert_eq!(values, (0..60).rev().map(|n| Some(f64::from(n).into())).collect::<Vec<_>>());
    drop(audit);
    disk.remove(Path::new("data/audit-000005.log")).unwrap();
    assert!(!trail::verify_on(&disk, Path::new("data")).unwrap().intact(), "a missing file goes unseen");
}

#[test]
fn a_filter_finds_what_it_names() {
    let audit = start(&FaultyDisk::new(1));
    (0..10).for_each(|n| drop(open(&audit, f64::from(n)).unwrap()));
    let count = |filter: AuditFilter| audit.list(&filter).unwrap().len();
    let all = AuditFilter::default;
    assert_eq!(count(all()), 11);
    assert_eq!(count(AuditFilter { user: Some("OTTO".to_owned()), ..all() }), 10);
    assert_eq!(count(AuditFilter { target: Some("intake/*".to_owned()), ..all() }), 10);
    assert_eq!(count(AuditFilter { target: Some("intake".to_owned()), ..all() }), 0);
    assert_eq!(count(AuditFilter { before: Some(4), category: Some(Category::Request), ..all() }), 2);
    assert_eq!(count(AuditFilter { limit: 3, ..all() }), 3);
    assert_eq!(count(AuditFilter { since: Some(at(1).utc), ..all() }), 0);
}

#[test]
fn many_at_once_share_their_syncs() {
    let folder = tempfile::tempdir().unwrap();
    let audit = Audit::start(Arc::new(RealDisk), folder.path(), Utc(1)).unwrap();
    let times: Mutex<Vec<u128>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for n in 0..50 {
                    let start = Instant::now();
                    drop(open(&audit, f64::from(n)).unwrap());
                    times.lock().push(start.elapsed().as_micros());
                }
            });
        }
    });
    let mut times = times.into_inner();
    times.sort_unstable();
    eprintln!("8 writers: p50 {} us, p99 {} us", times[200], times[396]);
    let report = verify(folder.path()).unwrap();
    assert_eq!((report.records, report.intact()), (401, true));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_was_recorded_is_there_after_a_crash_at_any_write(step in 0u64..60, seed in any::<u64>(), writes in 1u32..20) {
        let disk = FaultyDisk::new(seed);
        disk.trouble_at(step, Trouble::Crash);
        let mut recorded = Vec::new();
        if let Ok(audit) = start_short(&disk) {
            for n in 0..writes {
                if let Ok(record) = open(&audit, f64::from(n)) {
                    recorded.push((record.number(), f64::from(n)));
                }
            }
        }
        let audit = start_short(&disk.after_crash()).unwrap();
        let report = audit.verify().unwrap();
        prop_assert!(report.intact(), "{:?}", report);
        let found = audit.list(&AuditFilter { limit: 1_000, ..AuditFilter::default() }).unwrap();
        for (number, value) in recorded {
            let there = found.iter().any(|record| record.number == number && record.new == Some(value.into()));
            prop_assert!(there, "record {} is lost", number);
        }
    }
}
