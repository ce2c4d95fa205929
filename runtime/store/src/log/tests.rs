use proptest::prelude::*;

use super::*;
use crate::{FaultyDisk, RealDisk, Trouble};

const SMALL: LogOptions = LogOptions { reserve_bytes: 300, grow_bytes: 100 };

fn path() -> &'static Path {
    Path::new("data/audit.log")
}

fn open(disk: &FaultyDisk) -> Result<(AppendLog, Recovery, Vec<Vec<u8>>), StoreError> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let mut records = Vec::new();
    let (log, recovery) = AppendLog::open(&disk, path(), SMALL, |_, payload| records.push(payload.to_vec()))?;
    Ok((log, recovery, records))
}

/// Batches, and a step at which there is trouble.
fn runs() -> impl Strategy<Value = (Vec<Vec<Vec<u8>>>, u64, u64, bool)> {
    let payload = proptest::collection::vec(any::<u8>(), 1..80);
    let batch = proptest::collection::vec(payload, 1..4);
    (proptest::collection::vec(batch, 1..12), 0u64..40, any::<u64>(), any::<bool>())
}

fn append(log: &mut AppendLog, batch: &[Vec<u8>]) -> Result<(), StoreError> {
    log.append(&batch.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_was_confirmed_is_there_after_a_crash_at_any_write((batches, step, seed, short) in runs()) {
        let disk = FaultyDisk::new(seed);
        disk.set_short_writes(short);
        disk.trouble_at(step, Trouble::Crash);
        let (mut confirmed, mut tried) = (Vec::new(), Vec::new());
        if let Ok((mut log, ..)) = open(&disk) {
            for batch in &batches {
                tried = confirmed.clone();
                tried.extend(batch.iter().cloned());
                if append(&mut log, batch).is_err() {
                    break;
                }
                confirmed = tried.clone();
            }
        }
        let after = disk.after_crash();
        let (mut log, recovery, found) = open(&after).expect("a crash never makes a log unreadable");
        prop_assert!(recovery.damage.is_empty(), "a crash looks like damage: {recovery:?}");
        prop_assert!(found.len() >= confirmed.len(), "lost {} of {}", confirmed.len() - found.len(), confirmed.len());
        prop_assert!(tried.starts_with(&found), "something that was never written");
        append(&mut log, &[b"next".to_vec()]).unwrap();
        let (_, recovery, again) = open(&after).unwrap();
        prop_assert_eq!(recovery.torn_bytes, 0);
        prop_assert_eq!(&again[..found.len()], &found[..]);
        prop_assert_eq!(again[found.len()..].to_vec(), vec![b"next".to_vec()]);
    }

    #[test]
    fn a_failed_write_counts_for_nothing_and_the_next_goes_on((batches, step, seed, short) in runs()) {
        let disk = FaultyDisk::new(seed);
        let (mut log, ..) = open(&disk).unwrap();
        disk.set_short_writes(short);
        disk.trouble_at(step, Trouble::Error);
        let mut confirmed = Vec::new();
        for batch in &batches {
            if append(&mut log, batch).is_ok() {
                confirmed.extend(batch.iter().cloned());
            }
        }
        if append(&mut log, &[b"last".to_vec()]).is_ok() {
            confirmed.push(b"last".to_vec());
        }
        let (_, recovery, found) = open(&disk.after_crash()).unwrap();
        prop_assert!(recovery.damage.is_empty());
        prop_assert!(found.starts_with(&confirmed), "{} confirmed, {} found", confirmed.len(), found.len());
    }

    #[test]
    fn a_damaged_byte_is_told_and_never_served((batches, _, seed, _) in runs(), at in any::<prop::sample::Index>()) {
        let disk = FaultyDisk::new(seed);
        let (mut log, ..) = open(&disk).unwrap();
        let mut written = Vec::new();
        for batch in &batches {
            append(&mut log, batch).unwrap();
            written.extend(batch.iter().cloned());
        }
        let offset = FILE_HEADER_BYTES + at.index((log.end() - FILE_HEADER_BYTES) as usize) as u64;
        drop(log);
        disk.damage(path(), offset, 0x40);
        let (_, recovery, found) = open(&disk).unwrap();
        prop_assert!(found.len() < written.len(), "served as if nothing had happened");
        prop_assert!(found.iter().all(|record| written.contains(record)), "served what nobody wrote");
        prop_assert!(recovery.torn_bytes > 0 || !recovery.damage.is_empty(), "not told: {recovery:?}");
    }
}

#[test]
fn damage_in_the_middle_costs_only_what_it_hit() {
    let disk = FaultyDisk::new(3);
    let (mut log, ..) = open(&disk).unwrap();
    let mut offsets = Vec::new();
    for text in ["first", "second", "third"] {
        offsets.push(log.end());
        log.append(&[text.as_bytes()]).unwrap();
    }
    let end = log.end();
    disk.damage(path(), offsets[1] + 21, 1);
    let (log, recovery, found) = open(&disk).unwrap();
    assert_eq!(recovery.damage, [(offsets[1], offsets[2])]);
    assert_eq!(found, [b"first".to_vec(), b"third".to_vec()]);
    assert_eq!((log.end(), recovery.torn_bytes), (end, 0));
}

#[test]
fn a_torn_tail_is_kept_aside() {
    let disk = FaultyDisk::new(3);
    let (mut log, ..) = open(&disk).unwrap();
    log.append(&[b"first"]).unwrap();
    let end = log.end();
    log.append(&[b"second"]).unwrap();
    disk.damage(path(), end + 20, 1);
    let (log, recovery, found) = open(&disk).unwrap();
    assert_eq!((log.end(), found.len(), recovery.torn_bytes), (end, 1, 26));
    let kept = recovery.torn_kept_in.unwrap();
    assert_eq!(crate::read_file(&disk, &kept, 100).unwrap().unwrap().len(), 26);
}

#[test]
fn the_reserve_goes_on_when_the_disk_is_full_and_fills_up_again() {
    let disk = FaultyDisk::new(5);
    let (mut log, ..) = open(&disk).unwrap();
    disk.set_capacity(Some(disk.used()));
    let mut kept = 0;
    let error = loop {
        match log.append(&[&[7; 50]]) {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(error.is_full(), "{error}");
    assert!(kept >= SMALL.reserve_bytes / 70, "the reserve held only {kept} records");
    assert!(log.on_reserve() && !log.refill());
    disk.heal();
    assert!(log.refill());
    log.append(&[b"again"]).unwrap();
    assert_eq!(open(&disk).unwrap().2.len() as u64, kept + 1);
}

#[test]
fn a_reader_sees_a_log_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let (mut log, _) = AppendLog::open(&disk, &path, LogOptions::default(), |_, _| {}).unwrap();
    log.append(&[b"one", b"two"]).unwrap();
    let mut reader = LogReader::open(&RealDisk, &path).unwrap();
    assert_eq!(reader.by_ref().count(), 2);
    assert_eq!(reader.end().unwrap().torn_bytes, 0);
    assert!(log.append(&[b""]).is_err());
}

#[test]
fn what_is_not_a_log_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    std::fs::write(&path, "hello").unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let error = AppendLog::open(&disk, &path, LogOptions::default(), |_, _| {}).unwrap_err();
    assert!(matches!(error, StoreError::NotALog { .. }), "{error}");
}

#[test]
fn what_a_failed_write_left_never_passes_for_a_successor() {
    let (first, left, next) = ([1; 40], [2; 40], [3; 40]);
    for seed in 0..20_000 {
        let disk = FaultyDisk::new(seed);
        let (mut log, ..) = open(&disk).unwrap();
        // The file grows, it is written, and then the sync fails; then the power goes in the next one's sync.
        disk.trouble_at(2, Trouble::Error);
        log.append(&[&first, &left]).unwrap_err();
        disk.trouble_at(1, Trouble::Crash);
        log.append(&[&next]).unwrap_err();
        let (_, recovery, found) = open(&disk.after_crash()).unwrap();
        assert!(recovery.damage.is_empty(), "seed {seed}: {recovery:?}");
        let found: Vec<_> = found.iter().map(|record| record[0]).collect();
        assert!([&[][..], &[1], &[1, 2], &[3]].contains(&&*found), "seed {seed}: {found:?}");
    }
}

#[test]
fn reading_goes_on_at_any_record() {
    let disk = FaultyDisk::new(3);
    let (mut log, ..) = open(&disk).unwrap();
    let batch: Vec<Vec<u8>> = (1..9).map(|length| vec![7; length]).collect();
    append(&mut log, &batch).unwrap();
    let all: Vec<LogItem> = crate::LogReader::open(&disk, path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(all.len(), batch.len());
    for (place, item) in all.iter().enumerate() {
        let LogItem::Record { offset, .. } = item else { panic!("{item:?}") };
        let rest: Vec<LogItem> = crate::LogReader::resume(&disk, path(), *offset).unwrap().map(Result::unwrap).collect();
        assert_eq!(rest, all[place..]);
    }
}
