//! A station that only pretends, and raw clients.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use plantroom_access::{Access, Act, By, Session, WriteEntry, WriteOrder};
use plantroom_model::{
    Change, Deadband, Door, Frame, ModeRequest, Mono, Now, Origin, Outcome, OutcomeKind, Role, Sample, Snapshot, Status, TagId,
    TagSpec, Utc, Value, ValueKind, WriteRequest, WriteSpec,
};
use plantroom_project::{ListenSpec, Plant, ScanSpec, TagIds};
use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

use crate::{Health, ScreenSet, Station};

pub(super) const PASSWORD: &str = "correct horse battery";

/// Text tags for filling a line, `bulk/0` and so on, and the id of the first.
pub(super) const BULK: u32 = 100;
pub(super) const FIRST_BULK: u32 = 3;

/// A station without a plant behind it.
pub(super) struct Fake {
    pub(super) plant: Arc<Plant>,
    pub(super) access: Arc<Access>,
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(super) screens: watch::Sender<Arc<ScreenSet>>,
    pub(super) writes: Mutex<Vec<(String, TagId, Value)>>,
    pub(super) is_well: AtomicBool,
    pub(super) alarms: Arc<super::fake_alarms::FakeAlarms>,
    now_ms: AtomicU64,
    _data: tempfile::TempDir,
}

/// A language and a picture.
pub(super) fn assets() -> Vec<(String, String)> {
    let asset = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    vec![asset("languages/de.toml", "\"Well\" = \"Brunnen\"\n"), asset("images/site.svg", "<svg/>")]
}

fn write_spec() -> WriteSpec {
    WriteSpec {
        role: Role::Operate,
        range: Some((0.0, 100.0)),
        permissives: Vec::new(),
        feedback: None,
        no_feedback: false,
        follow_ms: 1_000,
        tolerance: 0.0,
        expires_ms: 1_000,
        ..WriteSpec::new(plantroom_model::Role::Operate)
    }
}

fn plant(origins: &[&str]) -> Plant {
    let memory = || Origin::Memory { initial: Value::Null };
    let mut level = TagSpec::new("intake/level", ValueKind::Float, memory());
    level.unit = "m".to_owned();
    level.deadband = Deadband { console: 0.5, history: 0.0 };
    let mut speed = TagSpec::new("intake/p1/speed", ValueKind::Float, memory());
    speed.write = Some(write_spec().into());
    let name = TagSpec::new("intake/name", ValueKind::Text, memory());
    let mut tags = vec![level, speed, name];
    tags.extend((0..BULK).map(|n| TagSpec::new(&format!("bulk/{n}"), ValueKind::Text, memory())));
    let tags: Arc<[TagSpec]> = tags.into();
    Plant {
        root: PathBuf::new(),
        name: "Testing works".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        home_screen: "1_overview".to_owned(),
        scan: ScanSpec { min_ms: 10, max_ms: 100 },
        listen: ListenSpec {
            address: [127, 0, 0, 1].into(),
            port: 0,
            origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
        },
        connections: Vec::new(),
        plugins: Vec::new(),
        tag_places: tags.iter().map(|_| Default::default()).collect(),
        tag_ids: TagIds::of(&tags),
        tags,
        automations: Vec::new(),
        instances: vec![("pump".to_owned(), "intake/p1".to_owned())],
        screens: Vec::new(),
        ..Plant::default()
    }
}

impl Fake {
    /// With users `vera` (view), `otto` (operate) and `eve` (engineer).
    pub(super) fn new() -> Arc<Self> {
        Self::with_origins(&[])
    }

    pub(super) fn with_origins(origins: &[&str]) -> Arc<Self> {
        let data = tempfile::tempdir().unwrap();
        let access = Arc::new(Access::open(data.path(), Utc(1)).unwrap());
        let fake = Self {
            plant: Arc::new(plant(origins)),
            access,
            snapshots: watch::channel(Arc::new(Snapshot::waiting((FIRST_BULK + BULK) as usize))).0,
            screens: watch::channel(Arc::new(ScreenSet::new(1, vec![("1_overview.rhai".into(), "x".into())], assets()))).0,
            writes: Mutex::default(),
            is_well: AtomicBool::new(true),
            alarms: Arc::default(),
            now_ms: AtomicU64::new(1_000),
            _data: data,
        };
        for (name, role) in [("eve", Role::Engineer), ("otto", Role::Operate), ("vera", Role::View)] {
            fake.access.create_user(By::Machine, name, PASSWORD, role, fake.now()).unwrap();
        }
        Arc::new(fake)
    }

    pub(super) fn token(&self, user: &str) -> String {
        self.access.login(user, PASSWORD, Door::Api, "127.0.0.1", self.now()).unwrap().token().to_owned()
    }

    /// What a scan would leave.
    pub(super) fn set(&self, changes: &[(u32, Value, Status)]) {
        self.snapshots.send_modify(|snapshot| {
            let mut next = (**snapshot).clone();
            let at = Utc(1_700_000_000_000_000_000);
            let changes = changes.iter().map(|(tag, value, status)| Change {
                tag: TagId(*tag),
                sample: Sample { value: value.clone(), status: *status, source_time: at, server_time: at },
            });
            next.apply(&Frame { number: next.number() + 1, now: Now::default(), changes: changes.collect(), ..Frame::default() });
            *snapshot = Arc::new(next);
        });
    }
}

impl Station for Fake {
    fn plant(&self) -> Arc<Plant> {
        self.plant.clone()
    }

    fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.subscribe()
    }

    fn screens(&self) -> watch::Receiver<Arc<ScreenSet>> {
        self.screens.subscribe()
    }

    fn write(
        &self,
        session: Session,
        door: Door,
        _source: String,
        request: WriteRequest,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let now = self.now();
        let name: Arc<str> = Arc::from(&*self.plant.tags[request.tag.0 as usize].name);
        let permit = match self.access.authorise(&session, door, Role::Operate, Act::write(&name, request.tag), now) {
            Ok(permit) => permit,
            Err(refusal) => {
                let outcome = Outcome { kind: OutcomeKind::Refused, message: refusal.to_string(), audit: 0 };
                return Box::pin(async move { outcome });
            }
        };
        let entry = WriteEntry { old: None, new: request.value.clone(), comment: request.comment, essential: false, rest: None };
        let recorded = self.access.audit().open(permit, entry, now).unwrap();
        let order = WriteOrder::new(recorded, now.mono.plus_ms(1_000));
        self.writes.lock().push((session.user.to_string(), order.tag(), order.value().clone()));
        let outcome = Outcome { kind: OutcomeKind::Confirmed, message: "It is so.".to_owned(), audit: order.recorded().number() };
        self.access.audit().close(order.recorded(), &outcome, now).unwrap();
        Box::pin(async move { outcome })
    }

    fn set_mode(&self, _: Session, _: Door, request: ModeRequest) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let message = format!("It is {} now: {}", request.mode.word(), request.reason);
        Box::pin(async move { Outcome { kind: OutcomeKind::Done, message, audit: 7 } })
    }

    fn overrides(&self) -> Vec<crate::Override> {
        Vec::new()
    }

    fn why(&self, tag: TagId) -> crate::Why {
        crate::Why { tag: self.plant.tags[tag.0 as usize].name.to_string(), ..crate::Why::default() }
    }

    fn registers(&self, _: plantroom_model::ConnectionId, _: usize) -> Vec<crate::RegisterNow> {
        Vec::new()
    }

    fn automations(&self) -> Vec<crate::AutomationNow> {
        Vec::new()
    }

    fn steer(
        &self,
        _: Session,
        _: Door,
        name: String,
        verb: plantroom_model::AutomationVerb,
        _: String,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let message = format!("{} {name}", verb.word());
        Box::pin(async move { Outcome { kind: plantroom_model::OutcomeKind::Done, message, audit: 1 } })
    }

    fn automation_log(&self, _: Option<&str>, _: usize) -> Vec<crate::AutomationEntry> {
        Vec::new()
    }

    fn access(&self) -> Arc<Access> {
        self.access.clone()
    }

    fn outlets(&self) -> Arc<dyn crate::OutletDoor> {
        self.alarms.clone()
    }

    fn alarms(&self) -> Arc<dyn crate::AlarmDoor> {
        self.alarms.clone()
    }

    fn project(&self) -> Arc<dyn crate::ProjectDoor> {
        Arc::new(super::project::FakeProject)
    }

    fn now(&self) -> Now {
        let ms = self.now_ms.load(Ordering::Relaxed);
        Now { mono: Mono(0).plus_ms(ms), utc: Utc(1_700_000_000_000_000_000 + ms as i64 * 1_000_000) }
    }

    fn health(&self) -> Health {
        let ok = self.is_well.load(Ordering::Relaxed);
        Health { ok, scan_age_ms: 3, audit_ok: ok, plugins_running: 0, plugins: 0, connections_up: 0, connections: 0 }
    }

    fn metrics(&self) -> String {
        "plantroom_scans_total 7\n".to_owned()
    }
}

/// A served station; stops when dropped.
pub(super) struct Served {
    pub(super) port: u16,
    _stop: oneshot::Sender<()>,
}

pub(super) async fn serve(fake: &Arc<Fake>) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stop, stopped) = oneshot::channel::<()>();
    let station: Arc<dyn Station> = fake.clone();
    tokio::spawn(crate::serve(listener, station, async {
        let _ = stopped.await;
    }));
    Served { port, _stop: stop }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Served {
    /// A request as bytes, so that nothing is added or mended on the way.
    pub(super) async fn raw(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let _ = stream.write_all(request.as_bytes()).await;
        if !request.contains(" HTTP/1.1") {
            // Nothing more will come: the door needn't wait for it.
            let _ = stream.shutdown().await;
        }
        let mut bytes = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await.expect("no answer");
        let all = String::from_utf8_lossy(&bytes).into_owned();
        let (head, text) = all.split_once("\r\n\r\n").unwrap_or((&all, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_lowercase(), text: text.to_owned() }
    }

    pub(super) async fn ask(&self, verb: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = format!("{verb} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request.push_str(&format!("host: 127.0.0.1:{}\r\n", self.port));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        self.raw(&format!("{request}\r\n{body}")).await
    }

    /// With a token.
    pub(super) async fn call(&self, token: &str, verb: &str, path: &str, body: &str) -> Answer {
        self.ask(verb, path, &[("authorization", &format!("Bearer {token}"))], body).await
    }
}
