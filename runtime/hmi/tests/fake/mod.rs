//! A station that isn't there: answers a console over a link without a socket.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plantroom_hmi::{Link, LinkEvent, PaintClock};
use plantroom_model::{Columns, LimitSet, Mono, Outcome, OutcomeKind, Role, Status, Utc, Value, ValueKind};
use plantroom_wire::{Ask, Contents, Reply, TagInfo, ToConsole, ToStation, WhyNow, WriteInfo};

/// 2026-11-22 14:02:44 in Berlin.
pub const START_UTC: i64 = 1_795_352_564_000_000_000;

/// What the station knows, and what was said.
#[derive(Default)]
pub struct Inner {
    queue: VecDeque<(Mono, LinkEvent)>,
    /// Everything that the console sent.
    pub sent: Vec<ToStation>,
    /// The link is up.
    pub open: bool,
    /// The station doesn't listen.
    pub away: bool,
    /// The role of who logs in.
    pub role: Option<Role>,
    /// Screen files.
    pub files: Vec<(String, String)>,
    /// Instances: type, name.
    pub instances: Vec<(String, String)>,
    /// The first screen.
    pub home: String,
    /// Tags with their values.
    pub tags: BTreeMap<String, (TagInfo, Value, Status, i64)>,
    /// What it tells of tags.
    pub whys: BTreeMap<String, WhyNow>,
    /// What it answers to questions.
    pub replies: Vec<(Ask, Reply)>,
    /// How requests end; without one they aren't answered.
    pub outcome: Option<OutcomeKind>,
    subscription: (u32, Vec<String>),
    revision: u64,
}

/// Holds the station; its link goes to a console.
#[derive(Clone)]
pub struct Station {
    inner: Arc<Mutex<Inner>>,
    clock: PaintClock,
}

impl Station {
    pub fn new(clock: PaintClock) -> Self {
        let inner = Inner { role: Some(Role::Operate), home: "1_overview".into(), revision: 1, ..Inner::default() };
        Self { inner: Arc::new(Mutex::new(inner)), clock }
    }

    pub fn link(&self) -> Box<dyn Link> {
        Box::new(FakeLink(self.clone()))
    }

    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn utc(&self) -> i64 {
        START_UTC + i64::try_from(self.clock.now().0).unwrap_or(0)
    }

    pub fn say(&self, message: ToConsole) {
        let at = self.clock.now();
        self.inner().queue.push_back((at, LinkEvent::Message(message)));
    }

    /// The station lives.
    pub fn beat(&self) {
        if self.inner().open && !self.inner().away {
            self.say(ToConsole::Heartbeat { utc: self.utc() });
        }
    }

    /// Adds a tag.
    pub fn tag(&self, name: &str, value: Value, facts: Facts) {
        let info = TagInfo {
            name: name.to_owned(),
            kind: if value == Value::Null { ValueKind::Float as u8 } else { value.kind() as u8 },
            unit: facts.unit.to_owned(),
            description: name.replace(['/', '_'], " "),
            decimals: facts.decimals,
            range: facts.range,
            limits: facts.limits,
            states: facts.states.iter().map(|(number, word)| (*number, (*word).to_owned())).collect(),
            write: facts.write.map(|range| WriteInfo { range, confirmation: None }),
            permissives: Vec::new(),
        };
        let utc = self.utc();
        self.inner().tags.insert(name.to_owned(), (info, value, Status::GOOD, utc));
    }

    /// Changes a value.
    pub fn set(&self, name: &str, value: Value, status: Status) {
        let utc = self.utc();
        self.put(name, value, status, utc);
    }

    /// Changes a value, with its source time.
    pub fn put(&self, name: &str, value: Value, status: Status, utc: i64) {
        let columns = {
            let mut inner = self.inner();
            if let Some(tag) = inner.tags.get_mut(name) {
                (tag.1, tag.2, tag.3) = (value.clone(), status, utc);
            }
            let handle = inner.subscription.1.iter().position(|other| other == name);
            handle.filter(|_| inner.open && !inner.away).map(|handle| {
                let mut columns = Columns::default();
                columns.push(handle as u32, &value, status, Utc(utc));
                (inner.subscription.0, columns)
            })
        };
        if let Some((generation, columns)) = columns {
            self.say(ToConsole::Values { generation, columns });
        }
    }

    /// New screen files arrive.
    pub fn reload(&self, files: &[(&str, &str)]) {
        {
            let mut inner = self.inner();
            inner.files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
            inner.revision += 1;
            if !inner.open {
                return;
            }
        }
        self.send_screens();
    }

    /// The connection breaks.
    pub fn cut(&self) {
        let at = self.clock.now();
        let mut inner = self.inner();
        inner.open = false;
        inner.queue.push_back((at, LinkEvent::Closed("the connection was cut".into())));
    }

    /// How a request ends.
    pub fn answer(&self, request: u64, kind: OutcomeKind, message: &str) {
        self.say(ToConsole::Outcome { request, outcome: Outcome { kind, message: message.into(), audit: 1 } });
    }

    fn send_screens(&self) {
        let inner = self.inner();
        let message = ToConsole::Screens {
            revision: inner.revision,
            files: inner.files.clone(),
            assets: Vec::new(),
            home: inner.home.clone(),
            instances: inner.instances.clone(),
            system_tags: inner.tags.keys().filter(|name| name.starts_with("system/")).cloned().collect(),
        };
        drop(inner);
        self.say(message);
    }

    fn logged_in(&self, user: &str) {
        let role = self.inner().role.unwrap_or(Role::View);
        self.say(ToConsole::Welcome {
            plant: "Plantroom waterworks".into(),
            user: user.into(),
            role,
            token: "token".into(),
            time_zone: "Europe/Berlin".into(),
        });
        self.send_screens();
        self.beat();
    }

    fn subscribed(&self, generation: u32, names: Vec<String>) {
        let (infos, columns) = {
            let mut inner = self.inner();
            inner.subscription = (generation, names.clone());
            let mut columns = Columns::default();
            let infos = names.iter().enumerate().map(|(handle, name)| {
                let (info, value, status, utc) = inner.tags.get(name)?;
                columns.push(handle as u32, value, *status, Utc(*utc));
                Some(info.clone())
            });
            (infos.collect::<Vec<_>>(), columns)
        };
        self.say(ToConsole::Tags { generation, infos });
        self.say(ToConsole::Values { generation, columns });
    }

    fn take(&self, message: ToStation) {
        self.inner().sent.push(message.clone());
        match message {
            ToStation::Login { user, password } if password == "right" => self.logged_in(&user),
            ToStation::Login { .. } => self.say(ToConsole::Denied { reason: "Name or password is not right.".into() }),
            ToStation::Resume { .. } => self.logged_in("ada"),
            ToStation::Subscribe { generation, names } => self.subscribed(generation, names),
            ToStation::Write { request, tag, value, .. } => {
                let outcome = self.inner().outcome;
                if let Some(kind) = outcome {
                    if kind == OutcomeKind::Confirmed {
                        self.set(&tag, value, Status::GOOD);
                    }
                    self.answer(request, kind, "as the station says");
                }
            }
            ToStation::SetMode { request, .. } | ToStation::Do { request, .. } => {
                let outcome = self.inner().outcome;
                if let Some(kind) = outcome {
                    self.answer(request, kind, "as the station says");
                }
            }
            // Its screens come with everything that they need.
            ToStation::Fetch { hashes } => {
                Contents::answers(|_| None, &hashes).into_iter().for_each(|answer| self.say(ToConsole::Contents(answer)));
            }
            ToStation::Why { request, tag } => {
                let why = self.inner().whys.get(&tag).cloned().map(Box::new);
                self.say(ToConsole::Why { request, tag, why });
            }
            ToStation::Ask { request, ask } => {
                let reply = self.inner().replies.iter().find(|(wanted, _)| *wanted == ask).map(|(_, reply)| reply.clone());
                if let Some(reply) = reply {
                    self.say(ToConsole::Reply { request, reply: Box::new(reply) });
                }
            }
            ToStation::Logout => {}
        }
    }
}

/// What a tag of the fake station is.
#[derive(Clone, Copy, Default)]
pub struct Facts {
    pub unit: &'static str,
    pub decimals: u8,
    pub range: Option<(f64, f64)>,
    pub limits: LimitSet,
    pub states: &'static [(i64, &'static str)],
    pub write: Option<Option<(f64, f64)>>,
}

struct FakeLink(Station);

impl Link for FakeLink {
    fn open(&mut self, wake: Box<dyn Fn() + Send + Sync>) {
        let at = self.0.clock.now();
        let mut inner = self.0.inner();
        inner.queue.clear();
        inner.open = !inner.away;
        let event = if inner.open { LinkEvent::Opened } else { LinkEvent::Closed("nothing listens there".into()) };
        inner.queue.push_back((at, event));
        wake();
    }

    fn close(&mut self) {
        let mut inner = self.0.inner();
        inner.open = false;
        inner.queue.clear();
    }

    fn send(&mut self, message: &ToStation) {
        let open = self.0.inner().open;
        if open {
            self.0.take(message.clone());
        }
    }

    fn poll(&mut self) -> Option<(Mono, LinkEvent)> {
        self.0.inner().queue.pop_front()
    }

    fn address(&self) -> &str {
        "ws://fake"
    }
}
