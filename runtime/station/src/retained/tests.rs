use super::*;
use plantroom_model::{Now, PluginId, Sample, Status, ValueKind};

fn specs() -> Arc<[TagSpec]> {
    let new = |name| TagSpec::new(name, ValueKind::Int, Origin::Memory { initial: Value::Int(0) });
    let memory = |name| new(name).with(|tag| tag.retain = true);
    vec![memory("a"), memory("b")].into()
}

#[tokio::test]
async fn what_was_confirmed_is_there_after_a_restart_without_a_good_bye() {
    let folder = tempfile::tempdir().unwrap();
    let (retained, kept) = Retained::open(folder.path(), &specs()).unwrap();
    assert!(kept.is_empty());
    for value in 1..=5 {
        retained.keep(TagId(1), Value::Int(value), Utc(value)).await.unwrap();
    }
    std::mem::forget(retained);
    let (_, kept) = Retained::open(folder.path(), &specs()).unwrap();
    assert_eq!(kept, [(TagId(1), Value::Int(5), Utc(5))]);
}

#[tokio::test]
async fn a_log_that_was_compacted_keeps_the_newest_values() {
    let folder = tempfile::tempdir().unwrap();
    let (retained, _) = Retained::open(folder.path(), &specs()).unwrap();
    retained.stop();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let path = folder.path().join("retained.log");
    let (log, _) = AppendLog::open(&disk, &path, LogOptions::default(), |_, _| {}).unwrap();
    let newest = HashMap::from([
        ("a".to_owned(), Entry::of(Value::Int(3), Utc(1))),
        ("gone".to_owned(), Entry::of(Value::Int(4), Utc(2))),
    ]);
    let mut keeper = Keeper { disk, path, log, newest, names: names(&specs()), trouble: Arc::default() };
    keeper.compact().unwrap();
    keeper.write(&HashMap::from([(TagId(1), Entry::of(Value::Int(9), Utc(3)))])).unwrap();
    drop(keeper);
    let (_, kept) = Retained::open(folder.path(), &specs()).unwrap();
    assert_eq!(kept, [(TagId(0), Value::Int(3), Utc(1)), (TagId(1), Value::Int(9), Utc(3))]);
}

#[test]
fn a_total_is_kept_with_what_its_source_showed_and_old_records_still_count() {
    use plantroom_model::{Changes, TotalSpec, Totalise};
    let folder = tempfile::tempdir().unwrap();
    let source = TagSpec::new("count", ValueKind::Uint, Origin::Analytics { plugin: PluginId(0) });
    let how = Totalise::Counter { wraps_at: None, factor: 1.0 };
    let total = TagSpec::new("sum", ValueKind::Float, Origin::Total(TotalSpec { source: TagId(0), how }.into()));
    let specs: Arc<[TagSpec]> = vec![source, total].into();
    let (retained, _) = Retained::open(folder.path(), &specs).unwrap();
    for count in 1..=3_u32 {
        let mut changes = Changes::default();
        let last = Some(f64::from(count) + 100.0);
        changes.push_total(KeptTotal { tag: TagId(1), sum: f64::from(count), last });
        retained.note(&Frame { number: u64::from(count), now: Now::default(), changes, ..Frame::default() });
    }
    retained.stop();
    let (retained, kept) = Retained::open(folder.path(), &specs).unwrap();
    assert_eq!(retained.totals(), [KeptTotal { tag: TagId(1), sum: 3.0, last: Some(103.0) }]);
    assert!(kept.is_empty(), "a total goes its own way");
    let old: Record = serde_json::from_str(r#"{"tag":"a","value":{"Int":3},"time":5}"#).unwrap();
    assert_eq!((old.value, old.last), (Value::Int(3), None));
}

#[test]
fn what_a_full_disk_refuses_is_kept_when_there_is_room_again_and_what_was_refused_is_not() {
    let disk = plantroom_store::FaultyDisk::new(1);
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let path = PathBuf::from("retained.log");
    let options = LogOptions { reserve_bytes: 256, grow_bytes: 0 };
    let (log, _) = AppendLog::open(&shared, &path, options, |_, _| {}).unwrap();
    let trouble = Arc::<Mutex<String>>::default();
    let (names, newest) = (names(&specs()), HashMap::new());
    let keeper = Keeper { disk: Arc::clone(&shared), path: path.clone(), log, newest, names, trouble: Arc::clone(&trouble) };
    let (sender, receiver) = sync_channel(WAITING);
    let thread = std::thread::spawn(move || keeper.run(&receiver));
    disk.set_capacity(Some(disk.used()));
    let durable = |value: i64| {
        let (done, mut told) = tokio::sync::oneshot::channel();
        let (tag, value) = (TagId(0), Value::Int(value));
        sender.send(Message::Durable { tag, value, time: Utc(1), done }).unwrap();
        loop {
            if let Ok(told) = told.try_recv() {
                return told;
            }
            std::thread::yield_now();
        }
    };
    let mut value = 0;
    let refused = loop {
        value += 1;
        if let Err(refused) = durable(value) {
            break refused;
        }
        assert!(value < 20, "a reserve of 256 bytes is used up");
    };
    assert!(refused.contains("full") && value > 1, "{refused} at {value}");
    sender.send(Message::Field(vec![(TagId(1), Entry::of(Value::Int(77), Utc(2)))], Utc(2))).unwrap();
    assert!(durable(100).is_err());
    assert!(trouble.lock().contains("free some space"), "{}", trouble.lock());
    disk.heal();
    drop(sender);
    thread.join().unwrap();
    assert_eq!(*trouble.lock(), "");
    let mut kept = HashMap::new();
    AppendLog::open(&shared, &path, options, |_, bytes| {
        let record: Record = serde_json::from_slice(bytes).unwrap();
        kept.insert(record.tag, record.value);
    })
    .unwrap();
    let expected = [("a".to_owned(), Value::Int(value - 1)), ("b".to_owned(), Value::Int(77))];
    assert_eq!(kept, HashMap::from(expected), "what was refused is not kept, what the field said is");
}

#[test]
fn a_value_that_never_rests_is_still_written_every_second() {
    let folder = tempfile::tempdir().unwrap();
    let computed = TagSpec::new("fast", ValueKind::Int, Origin::Analytics { plugin: PluginId(0) });
    let computed = computed.with(|tag| tag.retain = true);
    let specs: Arc<[TagSpec]> = vec![computed].into();
    let (retained, _) = Retained::open(folder.path(), &specs).unwrap();
    for step in 0..100 {
        let time = Utc(1_000_000_000_000 + step * 100_000_000);
        let sample = Sample { value: Value::Int(step), status: Status::GOOD, source_time: time, server_time: time };
        let changes = vec![Change { tag: TagId(0), sample }].into();
        retained.note(&Frame { number: 1, now: Now::default(), changes, ..Frame::default() });
    }
    // Ten seconds of station time have passed in a moment: all but the last second must get to the disk by itself.
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    let kept = || {
        let mut newest = 0;
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let reader = plantroom_store::LogReader::open(&*disk, &folder.path().join("retained.log")).unwrap();
        for item in reader.flatten() {
            let plantroom_store::LogItem::Record { payload, .. } = item else { continue };
            let record: Record = serde_json::from_slice(&payload).unwrap();
            newest = record.value.as_f64().unwrap() as i64;
        }
        newest
    };
    while kept() < 85 {
        assert!(std::time::Instant::now() < deadline, "only {} was kept", kept());
        std::thread::yield_now();
    }
    std::mem::forget(retained);
}
