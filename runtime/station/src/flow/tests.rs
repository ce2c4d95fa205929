mod replay;

use parking_lot::Mutex;
use plantroom_model::{Columns, PluginId, Status, Utc};
use plantroom_tags::TagEngine;

use super::*;
use crate::clock::MachineClock;
use crate::inbox::inbox;
use crate::scan::{no_alarms, small_plant};

/// What one scan received: its number, time, lost tags and inputs.
type Received = (u64, Now, Vec<TagId>, Vec<Input>);

#[derive(Clone, Default)]
struct Recording(Arc<Mutex<Vec<Received>>>);

impl Tape for Recording {
    fn scan(&mut self, number: u64, now: Now, lost_tags: &[TagId], inputs: &[Input]) {
        self.0.lock().push((number, now, lost_tags.to_vec(), inputs.to_vec()));
    }
}

#[derive(Default)]
struct Frames(Mutex<Vec<Frame>>);

impl FrameReader for Frames {
    fn frame(&self, frame: &Arc<Frame>) {
        self.0.lock().push(Frame::clone(frame));
    }
}

#[test]
fn a_recorded_station_gives_the_same_frames_again() {
    let folder = tempfile::tempdir().unwrap();
    let plant = small_plant();
    let clock: Arc<dyn Clock> = Arc::new(MachineClock::start());
    let engine = |now| TagEngine::new(Arc::clone(&plant.tags), &[], now);
    let (inbox, outlet) = inbox();
    let (inbox, start) = (Arc::new(inbox), clock.now());
    let (recording, frames) = (Recording::default(), Arc::new(Frames::default()));
    let (retained, _) = Retained::open(folder.path(), &plant.tags).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let (snapshots, mut seen) = watch::channel(Arc::new(Snapshot::waiting(plant.tags.len())));
    let journal = crate::alarms::open_journal(folder.path(), &plant, start).unwrap();
    let flow = Flow {
        scan: Scan::new(&plant, engine(start), no_alarms(&plant, start)),
        pace: ScanSpec { min_ms: 1, max_ms: 5 },
        clock: Arc::clone(&clock),
        inbox: Arc::clone(&inbox),
        outlet,
        snapshots,
        alarms: AlarmOutlet::new(journal.journal, Arc::clone(&plant.alarms), Arc::clone(&plant.tags)),
        retained: Arc::new(retained),
        readers: vec![Arc::clone(&frames) as Arc<dyn FrameReader>],
        system: SystemTags::of(&plant),
        keeping: Box::new(Keeping::default),
        taken: watch::Sender::new(0),
        tape: Some(Box::new(recording.clone())),
        stop: Arc::clone(&stop),
    };
    let thread = flow.start().unwrap();
    let level = plant.tag_ids["t/level"];
    for step in 0..200 {
        let mut columns = Columns::default();
        columns.push(level.0, &Value::Float(f64::from(step)), Status::GOOD, Utc(0));
        assert!(inbox.put(clock.now(), What::Samples { plugin: PluginId(0), columns }));
        if step % 10 == 0 {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    let is_last = |snapshot: &Arc<Snapshot>| snapshot.get(level).is_some_and(|sample| sample.value == Value::Float(199.0));
    futures_block_on(seen.wait_for(is_last));
    stop.store(true, Ordering::Relaxed);
    thread.join().unwrap();

    let mut replayed = Scan::new(&plant, engine(start), no_alarms(&plant, start));
    let again = recording.0.lock().iter().map(|(_, now, lost, inputs)| replayed.run(inputs, lost, *now)).collect::<Vec<_>>();
    let again: Vec<Frame> = again.into_iter().filter(|frame| !frame.changes.is_empty()).collect();
    let live = frames.0.lock();
    assert!(live.iter().map(|frame| frame.changes.len()).sum::<usize>() >= 200);
    assert_eq!(*live, again);
}

fn futures_block_on<'a>(wait: impl Future<Output = Result<watch::Ref<'a, Arc<Snapshot>>, watch::error::RecvError>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let waited = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), wait).await.map(|seen| seen.is_ok()) });
    assert_eq!(waited, Ok(true), "the last sample never reached the snapshot");
}
