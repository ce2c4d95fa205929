//! A station that is fed again from its recorded inbox gives the same journal of alarms, the same list and the same
//! answers: with a clock that jumps, acts, dying plugins, changes of the project and a restart, whoever was in a hurry.

use std::collections::BTreeMap;
use std::path::Path;

use plantroom_historian::{Journal, JournalReader, Order, Query};
use plantroom_model::{
    AlarmAct, AlarmBoard, AlarmEventKind, AlarmId, AlarmState, AlarmVerb, Condition, ConditionSource, ConditionWord, Conditions,
    ConnectionId, LinkState, Mono, Occurrence, Priority, Standing,
};
use plantroom_project::Plant;

use super::*;
use crate::alarms::{OpenJournal, open_journal};
use crate::inbox::{PluginWord, ScanPlant};

/// Inputs that each of the three threads gives in one run.
const INPUTS: u32 = 400;
/// Seeds that are always tried; one more is drawn each time.
const SEEDS: [u64; 3] = [1, 2, 3];
const TAGS: &str = "
[[tag]]
name = \"t/level\"
kind = \"float\"
connection = \"plc\"
address = \"holding 0\"
limits = { high_high = 9, high = 8, low = 2, low_low = 1, hysteresis = 0.5, alarm = true }
[[tag]]
name = \"t/setpoint\"
kind = \"float\"
connection = \"plc\"
address = \"holding 2\"
[[tag]]
name = \"t/run\"
kind = \"bool\"
connection = \"plc\"
address = \"coil 0\"
[[tag]]
name = \"m/start\"
kind = \"bool\"
memory = false
";
const ALARMS: &str = "
[[alarm]]
name = \"a/delayed\"
tag = \"t/level\"
high = 6
on_delay = \"40 ms\"
off_delay = \"60 ms\"
first_out = \"g\"
message = \"m\"
[[alarm]]
name = \"a/latched\"
tag = \"t/level\"
low = 3
latching = true
realarm = \"1 s\"
first_out = \"g\"
message = \"m\"
[[alarm]]
name = \"a/from_tag\"
tag = \"t/level\"
high = \"tag:t/setpoint\"
message = \"m\"
[[alarm]]
name = \"a/deviation\"
tag = \"t/level\"
deviation = { setpoint = \"t/setpoint\", by = 3 }
message = \"m\"
[[alarm]]
name = \"a/rate\"
tag = \"t/level\"
rate = { per_s = 20, window = \"200 ms\" }
message = \"m\"
[[alarm]]
name = \"a/runs\"
tag = \"t/run\"
is = [true]
acknowledge = false
message = \"m\"
[[alarm]]
name = \"a/changes\"
tag = \"t/run\"
change = true
priority = \"event\"
message = \"m\"
[[alarm]]
name = \"a/follows\"
tag = \"t/run\"
follows = { command = \"m/start\", within = \"100 ms\" }
message = \"m\"
[[alarm]]
name = \"a/expression\"
when = 'tag(\"t/level\") > 5 && tag(\"t/run\")'
message = \"m\"
[[alarm]]
name = \"a/bad\"
tag = \"t/setpoint\"
bad_quality = true
message = \"m\"
[[alarm]]
name = \"a/plugged\"
plugin = \"logic\"
message = \"m\"
";

/// The plant of these tests, as the station loads it.
fn plant() -> Arc<Plant> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("plant.toml", "name = \"Test\"\ntime_zone = \"UTC\"\nhome_screen = \"1\"\n");
    write("connections.toml", "[[connection]]\nname = \"plc\"\ndriver = \"d\"\ntcp = \"127.0.0.1:502\"\n");
    let driver = "[[plugin]]\nname = \"d\"\ncomponent = \"d\"\n[plugin.grant]\nconnections = [\"plc\"]\npublish = [\"t/*\"]\n";
    let logic = "[[plugin]]\nname = \"logic\"\ncomponent = \"l\"\n[plugin.grant]\n\
                 alarms = { raise = [\"a/plugged\"], suppress = [\"a/*\"], mark = [\"a/*\"] }\n";
    write("plugins.toml", &format!("{driver}{logic}"));
    write("tags/t.toml", TAGS);
    write("alarms/a.toml", ALARMS);
    write("screens/1.rhai", "screen(\"One\", #{ level: 1 });\n");
    let loaded = plantroom_project::load(folder.path());
    loaded.plant.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

/// Each look moves it on by up to 15 ms; now and then UTC is set by up to two hours, either way.
struct JumpyClock(Mutex<(Now, fastrand::Rng)>);

impl JumpyClock {
    fn new(seed: u64, at: Now) -> Arc<Self> {
        Arc::new(Self(Mutex::new((at, fastrand::Rng::with_seed(seed)))))
    }
}

impl Clock for JumpyClock {
    fn now(&self) -> Now {
        let mut held = self.0.lock();
        let (now, random) = &mut *held;
        let step_ns = random.u64(..15_000_000);
        let jump_s = if random.u32(..300) == 0 { random.i64(-7_200..7_200) } else { 0 };
        *now = Now { mono: Mono(now.mono.0 + step_ns), utc: Utc(now.utc.0 + step_ns as i64 + jump_s * 1_000_000_000) };
        *now
    }
}

/// Everything that can come from outside, at random.
fn any_input(random: &mut fastrand::Rng, plant: &Plant, board: &AlarmBoard, number: u64) -> What {
    match random.u32(..100) {
        0..55 => samples(random, plant),
        55..60 => What::Set { tag: plant.tag_ids["m/start"], value: Value::Bool(random.bool()) },
        60..75 => act(random, plant, board, number),
        75..90 => words(random, plant),
        90..93 => {
            let (plugin, states) =
                (PluginId(random.u32(..2)), [PluginWord::Running, PluginWord::Restarting, PluginWord::Running]);
            What::Plugin { plugin, state: states[random.usize(..3)], fault: String::new() }
        }
        93..97 => {
            let states = [LinkState::Up, LinkState::Silent, LinkState::Down, LinkState::Up];
            What::Link { connection: ConnectionId(0), state: states[random.usize(..4)] }
        }
        _ => What::Missed { plugin: PluginId(0), tags: vec![plant.tag_ids["t/level"]], reason: Status::BAD_TIMEOUT },
    }
}

fn samples(random: &mut fastrand::Rng, plant: &Plant) -> What {
    let mut columns = Columns::default();
    for _ in 0..random.u32(1..4) {
        let status = if random.u32(..12) == 0 { Status::BAD_SENSOR_FAILURE } else { Status::GOOD };
        let number = if random.u32(..40) == 0 { f64::NAN } else { random.f64() * 11.0 };
        let (name, value) = match random.u32(..8) {
            0..5 => ("t/level", Value::Float(number)),
            5 => ("t/setpoint", Value::Float(number)),
            // Another type than the tag's.
            6 => ("t/level", Value::Text("full".into())),
            _ => ("t/run", Value::Bool(random.bool())),
        };
        columns.push(plant.tag_ids[name].0, &value, status, Utc(random.i64(..2_000_000_000_000_000_000)));
    }
    What::Samples { plugin: PluginId(0), columns }
}

fn act(random: &mut fastrand::Rng, plant: &Plant, board: &AlarmBoard, request: u64) -> What {
    let alarm = AlarmId(random.u32(..plant.alarms.len() as u32));
    let occurrence = board.get(alarm).map_or(1, |row| row.standing.occurrence.0);
    let verb = match random.u32(..12) {
        0..5 => AlarmVerb::Acknowledge { occurrence: Occurrence(occurrence.saturating_sub(random.u64(..2))) },
        5..7 => AlarmVerb::Reset,
        7 => AlarmVerb::Shelve { for_s: random.u32(1..4), one_shot: random.bool() },
        8 => [AlarmVerb::Unshelve, AlarmVerb::Unsuppress][random.usize(..2)],
        9 => [AlarmVerb::OutOfService, AlarmVerb::Suppress][random.usize(..2)],
        10 => AlarmVerb::InService,
        _ => AlarmVerb::Remark,
    };
    What::Alarm(AlarmAct { request, alarm, verb, by: "anna".into(), comment: "seen".into() })
}

fn words(random: &mut fastrand::Rng, plant: &Plant) -> What {
    let plugged = plant.alarm("a/plugged").map_or(AlarmId(0), |(id, _)| id);
    let any = AlarmId(random.u32(..plant.alarms.len() as u32));
    let row = match random.u32(..7) {
        0..2 => (plugged, ConditionWord::Raise { value: Value::Int(1), source_time: Utc(0), detail: "why".into() }),
        2 => (plugged, ConditionWord::Clear { value: Value::Int(0) }),
        3 => (plugged, ConditionWord::Unknown(Status::BAD)),
        4 => (any, ConditionWord::Suppress { reason: "standing still".into() }),
        5 => (any, ConditionWord::Unsuppress),
        _ => (any, ConditionWord::Group { cause: "a dip".into(), first: random.bool() }),
    };
    What::Conditions { from: ConditionSource::Plugin(PluginId(1)), words: Conditions { rows: vec![row] } }
}

/// The plant with another limit, and without one alarm; ids stay.
fn changed(plant: &Plant) -> What {
    let mut alarms = plant.alarms.to_vec();
    for alarm in &mut alarms {
        match (&*alarm.name == "a/rate", &mut alarm.condition) {
            (true, condition) => {
                *condition = Condition::Gone;
                alarm.name = "".into();
            }
            (_, Condition::Limit { hysteresis, .. }) => *hysteresis += 0.25,
            _ => {}
        }
    }
    let (tags, scan_ms) = (Arc::clone(&plant.tags), (1, 2));
    let connections = plant.connections.iter().map(|connection| Arc::clone(&connection.name)).collect();
    let plugins = plant.plugins.iter().map(|plugin| Arc::clone(&plugin.name)).collect();
    What::Plant(Arc::new(ScanPlant { number: 1, tags, alarms: alarms.into(), connections, plugins, scan_ms, kept: Vec::new() }))
}

/// What a run leaves.
struct Left {
    frames: Vec<Frame>,
    board: Arc<AlarmBoard>,
    tape: Vec<Received>,
    ended: Now,
}

fn engines(plant: &Plant, opened: &OpenJournal, start: Now) -> Scan {
    let alarms = plantroom_alarms::AlarmEngine::new(
        Arc::clone(&plant.alarms),
        &plant.tags,
        &opened.restored,
        opened.next_occurrence,
        start,
    );
    Scan::new(plant, TagEngine::new(Arc::clone(&plant.tags), &[], start), alarms)
}

/// The real flow, fed by three threads in whatever order they get their turns.
fn run_live(plant: &Arc<Plant>, data: &Path, (seed, start): (u64, Now)) -> Left {
    let clock = JumpyClock::new(seed, start);
    let opened = open_journal(data, plant, start).unwrap();
    let (inbox, outlet) = inbox();
    let inbox = Arc::new(inbox);
    let (recording, frames) = (Recording::default(), Arc::new(Frames::default()));
    let (retained, _) = Retained::open(data, &plant.tags).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let alarms = AlarmOutlet::new(Arc::clone(&opened.journal), Arc::clone(&plant.alarms), Arc::clone(&plant.tags));
    let board = alarms.board();
    let flow = Flow {
        scan: engines(plant, &opened, start),
        pace: ScanSpec { min_ms: 0, max_ms: 2 },
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        inbox: Arc::clone(&inbox),
        outlet,
        snapshots: watch::channel(Arc::new(Snapshot::waiting(plant.tags.len()))).0,
        alarms,
        retained: Arc::new(retained),
        readers: vec![Arc::clone(&frames) as Arc<dyn FrameReader>],
        system: SystemTags::of(plant),
        keeping: Box::new(Keeping::default),
        taken: watch::Sender::new(0),
        tape: Some(Box::new(recording.clone())),
        stop: Arc::clone(&stop),
    };
    let thread = flow.start().unwrap();
    std::thread::scope(|threads| {
        for part in 0..3_u64 {
            let (inbox, clock, board, mut random) = (&inbox, &clock, &board, fastrand::Rng::with_seed(seed << 2 | part));
            threads.spawn(move || {
                for number in 0..INPUTS {
                    let what = any_input(&mut random, plant, &board.borrow().clone(), part << 32 | u64::from(number));
                    assert!(inbox.put(clock.now(), what));
                    if part == 0 && number == INPUTS / 2 {
                        assert!(inbox.put(clock.now(), changed(plant)));
                    }
                    if random.u32(..8) == 0 {
                        std::thread::sleep(Duration::from_micros(random.u64(..800)));
                    }
                }
            });
        }
    });
    stop_when_all_is_taken(&recording, &stop, plant.tag_ids["m/start"]);
    thread.join().unwrap();
    let ended = clock.now();
    close(opened.journal, ended);
    let frames = std::mem::take(&mut *frames.0.lock());
    let tape = std::mem::take(&mut *recording.0.lock());
    Left { frames, board: board.borrow().clone(), tape, ended }
}

/// Stops the scan once it has taken what the threads gave; the station's own figures come beside that.
fn stop_when_all_is_taken(recording: &Recording, stop: &AtomicBool, start: TagId) {
    let given = 3 * INPUTS as usize + 1;
    let is_given = |input: &&Input| !matches!(input.what, What::Set { tag, .. } if tag != start);
    let limit = std::time::Instant::now() + Duration::from_secs(60);
    loop {
        let taken = recording.0.lock().iter().flat_map(|(.., inputs)| inputs).filter(is_given).count();
        if taken >= given {
            break;
        }
        assert!(std::time::Instant::now() < limit, "{taken} of {given} inputs reached the scan");
        std::thread::sleep(Duration::from_millis(2));
    }
    stop.store(true, Ordering::Relaxed);
}

fn close(journal: Arc<Journal>, at: Now) {
    Arc::into_inner(journal).expect("nobody else has the journal").close(at);
}

/// The same scans again, from the tape alone.
fn run_again(plant: &Arc<Plant>, data: &Path, start: Now, left: &Left) -> Left {
    let opened = open_journal(data, plant, start).unwrap();
    let mut alarms = AlarmOutlet::new(Arc::clone(&opened.journal), Arc::clone(&plant.alarms), Arc::clone(&plant.tags));
    let board = alarms.board();
    let mut scan = engines(plant, &opened, start);
    let mut frames = Vec::new();
    for (number, now, lost, inputs) in &left.tape {
        let frame = scan.run(inputs, lost, *now);
        assert_eq!(frame.number, *number);
        for input in inputs {
            if let What::Plant(plant) = &input.what {
                alarms.change_plant(plant);
            }
        }
        alarms.frame(&frame);
        if !frame.changes.is_empty() || !frame.alarms.is_empty() {
            frames.push(frame);
        }
    }
    drop(alarms);
    close(opened.journal, left.ended);
    let board = board.borrow().clone();
    Left { frames, board, tape: Vec::new(), ended: left.ended }
}

/// All rows and gaps of a journal, as words: there not a number is itself.
fn rows(data: &Path) -> Vec<String> {
    let reader = JournalReader::open(Arc::new(plantroom_store::RealDisk), &data.join("alarms")).unwrap();
    let mut query = Query { order: Order::OldestFirst, kinds: AlarmEventKind::ALL.to_vec(), limit: 5_000, ..Query::default() };
    let mut all = Vec::new();
    loop {
        let page = reader.page(&query).unwrap();
        assert_eq!(page.notes, Vec::<String>::new());
        all.extend(page.gaps.iter().map(|gap| format!("{gap:?}")));
        all.extend(page.rows.iter().map(|row| format!("{row:?}")));
        let Some(next) = page.next else { return all };
        query.after = Some(next);
    }
}

fn shown(board: &AlarmBoard) -> Vec<String> {
    board.changed_since(0).map(|row| format!("{row:?}")).collect()
}

#[track_caller]
fn same<T: std::fmt::Debug>(what: &str, live: &[T], again: &[T]) {
    for (place, (live, again)) in live.iter().zip(again).enumerate() {
        assert_eq!(format!("{live:?}"), format!("{again:?}"), "{what}, number {place}");
    }
    assert_eq!(live.len(), again.len(), "{what}: one has more");
}

/// What the journal would restore is what the list showed last.
fn journal_knows_what_stands(plant: &Plant, data: &Path, board: &AlarmBoard, at: Now) {
    let opened = open_journal(data, plant, at).unwrap();
    let is_alarm = |id: AlarmId| plant.alarms[id.0 as usize].priority != Priority::Event;
    let plain = |id: AlarmId, stands: Standing| (id, stands.state, stands.hidden, stands.occurrence);
    let is_there = |stands: Standing| stands.state != AlarmState::Normal || stands.hidden.any();
    let known = opened.restored.iter().filter(|kept| is_alarm(kept.alarm) && is_there(kept.standing));
    let restored: BTreeMap<u32, _> = known.map(|kept| (kept.alarm.0, plain(kept.alarm, kept.standing))).collect();
    let shown = board.changed_since(0).filter(|(_, row)| is_there(row.standing));
    let stands: BTreeMap<u32, _> = shown.map(|(id, row)| (id.0, plain(id, row.standing))).collect();
    assert_eq!(restored, stands);
    close(opened.journal, at);
}

fn check(seed: u64) {
    println!("seed {seed}");
    let plant = plant();
    let [live, again] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut start = Now { mono: Mono(1_000_000_000), utc: Utc(1_790_000_000_000_000_000) };
    let mut events = 0;
    // Twice: the second run begins with what the first one left in the journal.
    for turn in 0..2_u64 {
        let left = run_live(&plant, live.path(), (seed.wrapping_mul(2) + turn, start));
        let replayed = run_again(&plant, again.path(), start, &left);
        same("frames", &left.frames, &replayed.frames);
        same("the list", &shown(&left.board), &shown(&replayed.board));
        assert_eq!(left.board.counts(), replayed.board.counts());
        same("the journal", &rows(live.path()), &rows(again.path()));
        events += left.frames.iter().map(|frame| frame.alarms.events.len()).sum::<usize>();
        start = Now { mono: Mono(1_000_000_000), utc: Utc(left.ended.utc.0 + 60_000_000_000) };
        if turn == 1 {
            journal_knows_what_stands(&plant, live.path(), &left.board, start);
        }
    }
    assert!(rows(live.path()).len() >= events, "each of {events} events is a row");
    assert!(events > 500, "only {events} events: this proves little");
}

#[test]
fn a_station_fed_again_from_its_recorded_inbox_gives_the_same_journal() {
    SEEDS.into_iter().chain([fastrand::u64(..1 << 60)]).for_each(check);
}
