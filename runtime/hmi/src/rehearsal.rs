//! A station that isn't there: answers a console from a project's files and from values that somebody chose.
//!
//! For pictures without a display, and for the preview beside an editor. Writes change the chosen values and nothing else.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plantroom_model::{Columns, Mono, Outcome, OutcomeKind, Role, Sample, Status, Utc, Value, limits};
use plantroom_scene::{SampleTags, TagView};
use plantroom_wire::{AlarmBatch, ToConsole, ToStation};

use crate::{Link, LinkEvent, PaintClock};

/// What a console needs of a project.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The plant's name.
    pub plant: String,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// The first screen, by file name without `.rhai`.
    pub home: String,
    /// Path below `screens/`, and text.
    pub files: Vec<(String, String)>,
    /// Type and name.
    pub instances: Vec<(String, String)>,
    /// Tags that the station says of itself.
    pub system_tags: Vec<String>,
}

struct Stage {
    script: Script,
    revision: u64,
    tags: SampleTags,
    /// How its alarms stand, where it tells of any.
    alarms: Option<AlarmBatch>,
    queue: VecDeque<(Mono, LinkEvent)>,
    subscription: (u32, Vec<String>),
    /// What the console was told last, in the order of the subscription.
    told: Vec<Option<Sample>>,
    beat_at: Mono,
    start: Utc,
}

/// Holds the pretended station; its links go to consoles. Cheap to clone, all clones are one.
#[derive(Clone)]
pub struct Rehearsal {
    stage: Arc<Mutex<Stage>>,
    clock: PaintClock,
}

impl Rehearsal {
    /// A station with these files and tags; `start` is its time when the clock says 0.
    pub fn new(script: Script, tags: SampleTags, clock: PaintClock, start: Utc) -> Self {
        let stage = Stage {
            script,
            revision: 1,
            tags,
            alarms: None,
            queue: VecDeque::new(),
            subscription: (0, Vec::new()),
            told: Vec::new(),
            beat_at: Mono(0),
            start,
        };
        Self { stage: Arc::new(Mutex::new(stage)), clock }
    }

    /// A link for a console.
    pub fn link(&self) -> Box<dyn Link> {
        Box::new(RehearsalLink(self.clone()))
    }

    /// How its alarms stand: a whole picture, told to consoles that are there and to those that come.
    pub fn tell_alarms(&self, batch: AlarmBatch) {
        let at = self.clock.now();
        let mut stage = self.stage();
        stage.say(at, ToConsole::Alarms(Box::new(batch.clone())));
        stage.alarms = Some(batch);
    }

    /// Tells consoles that are there what has changed of its alarms; those that come later don't hear of it.
    pub fn change_alarms(&self, batch: AlarmBatch) {
        let at = self.clock.now();
        self.stage().say(at, ToConsole::Alarms(Box::new(batch)));
    }

    /// Looks at the chosen values.
    pub fn look<T>(&self, look: impl FnOnce(&SampleTags) -> T) -> T {
        look(&self.stage().tags)
    }

    /// Changes the chosen values; consoles are told of what differs.
    pub fn change<T>(&self, change: impl FnOnce(&mut SampleTags, Utc) -> T) -> T {
        let now = self.utc();
        let mut stage = self.stage();
        let result = change(&mut stage.tags, now);
        let at = self.clock.now();
        stage.tell_changes(at);
        result
    }

    /// Takes in a project that was saved: scripts, and tags where they are given. Chosen values stay.
    pub fn saved(&self, script: Script, tags: Option<SampleTags>) {
        let at = self.clock.now();
        let mut stage = self.stage();
        if let Some(mut tags) = tags {
            tags.keep_values(&stage.tags);
            stage.tags = tags;
            let (generation, names) = stage.subscription.clone();
            stage.subscribed(at, generation, names);
        }
        stage.script = script;
        stage.revision += 1;
        let message = stage.screens();
        stage.say(at, message);
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn utc(&self) -> Utc {
        let start = self.stage().start;
        Utc(start.0.saturating_add(i64::try_from(self.clock.now().0).unwrap_or(0)))
    }
}

impl Stage {
    fn say(&mut self, at: Mono, message: ToConsole) {
        self.queue.push_back((at, LinkEvent::Message(message)));
    }

    fn screens(&self) -> ToConsole {
        ToConsole::Screens {
            revision: self.revision,
            files: self.script.files.clone(),
            assets: Vec::new(),
            home: self.script.home.clone(),
            instances: self.script.instances.clone(),
            system_tags: self.script.system_tags.clone(),
        }
    }

    fn logged_in(&mut self, at: Mono) {
        let welcome = ToConsole::Welcome {
            plant: self.script.plant.clone(),
            user: "preview".into(),
            role: Role::Operate,
            token: String::new(),
            time_zone: self.script.time_zone.clone(),
        };
        self.say(at, welcome);
        let screens = self.screens();
        self.say(at, screens);
        self.beat(at);
        if let Some(batch) = self.alarms.clone() {
            self.say(at, ToConsole::Alarms(Box::new(batch)));
        }
    }

    fn beat(&mut self, at: Mono) {
        self.beat_at = at.plus_ms(limits::HEARTBEAT_MS);
        let utc = self.start.0.saturating_add(i64::try_from(at.0).unwrap_or(0));
        self.say(at, ToConsole::Heartbeat { utc });
    }

    fn subscribed(&mut self, at: Mono, generation: u32, names: Vec<String>) {
        let infos = names.iter().map(|name| self.tags.info(name).cloned()).collect();
        self.told = vec![None; names.len()];
        self.subscription = (generation, names);
        self.say(at, ToConsole::Tags { generation, infos });
        self.tell_changes(at);
    }

    fn tell_changes(&mut self, at: Mono) {
        let mut columns = Columns::default();
        for (handle, name) in self.subscription.1.iter().enumerate() {
            let Some(sample) = self.tags.sample(name) else { continue };
            if self.told.get(handle) != Some(&Some(sample.clone())) {
                columns.push(handle as u32, &sample.value, sample.status, sample.source_time);
                if let Some(told) = self.told.get_mut(handle) {
                    *told = Some(sample);
                }
            }
        }
        let generation = self.subscription.0;
        if generation > 0 {
            self.say(at, ToConsole::Values { generation, columns });
        }
    }

    fn written(&mut self, at: Mono, utc: Utc, request: u64, tag: &str, value: &Value) {
        let (kind, message) = match self.tags.set(tag, value, Status::GOOD, utc) {
            Ok(()) => (OutcomeKind::Confirmed, "set in the preview; no device was asked".to_owned()),
            Err(why) => (OutcomeKind::Refused, why),
        };
        self.say(at, ToConsole::Outcome { request, outcome: Outcome { kind, message, audit: 0 } });
        self.tell_changes(at);
    }
}

struct RehearsalLink(Rehearsal);

impl Link for RehearsalLink {
    fn open(&mut self, wake: Box<dyn Fn() + Send + Sync>) {
        let at = self.0.clock.now();
        let mut stage = self.0.stage();
        stage.queue.clear();
        stage.queue.push_back((at, LinkEvent::Opened));
        wake();
    }

    fn close(&mut self) {
        self.0.stage().queue.clear();
    }

    fn send(&mut self, message: &ToStation) {
        let (at, utc) = (self.0.clock.now(), self.0.utc());
        let mut stage = self.0.stage();
        match message {
            ToStation::Login { .. } | ToStation::Resume { .. } => stage.logged_in(at),
            ToStation::Subscribe { generation, names } => stage.subscribed(at, *generation, names.clone()),
            ToStation::Write { request, tag, value, .. } => stage.written(at, utc, *request, tag, value),
            _ => {}
        }
    }

    fn poll(&mut self) -> Option<(Mono, LinkEvent)> {
        let at = self.0.clock.now();
        let mut stage = self.0.stage();
        if at >= stage.beat_at {
            stage.beat(at);
        }
        stage.queue.pop_front()
    }

    fn address(&self) -> &str {
        "the preview"
    }
}
