//! A console without a window: speaks the wire protocol over the station's WebSocket and remembers all it was told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use plantroom_model::{AlarmState, Outcome, Quality, Role, Status, Value};
use plantroom_wire::{AlarmNow, TagInfo, ToConsole, ToStation, decode, encode};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::bit_field::utc_ns;
use crate::wait::eventually;

/// Messages that wait to be sent.
const OUTGOING: usize = 64;
/// How long an answer may take on a busy machine, in s.
const ANSWER_S: f64 = 20.0;

/// One value that the station told.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Name of the tag.
    pub tag: String,
    /// Its value; kept, but not to be used, where the status is bad.
    pub value: Value,
    /// How good it is.
    pub status: Status,
    /// Source time, ns UTC.
    pub time: i64,
    /// When it was heard.
    pub heard: Instant,
}

impl Row {
    /// Good, uncertain or bad.
    pub fn quality(&self) -> Quality {
        self.status.quality()
    }

    /// The value as a number; NaN where it is none.
    pub fn number(&self) -> f64 {
        self.value.as_f64().unwrap_or(f64::NAN)
    }
}

/// Something that the station told of an alarm.
#[derive(Clone, Debug)]
pub struct AlarmHeard {
    /// When it was heard, ns UTC.
    pub heard: i64,
    /// Where the alarm stood.
    pub alarm: AlarmNow,
}

/// An open WebSocket.
pub struct Console {
    shared: Arc<Mutex<Told>>,
    outgoing: Option<mpsc::Sender<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
    requests: Mutex<u64>,
}

/// All that was heard.
#[derive(Default)]
struct Told {
    names: Vec<String>,
    generation: u32,
    rows: Vec<Row>,
    infos: Vec<Option<TagInfo>>,
    outcomes: HashMap<u64, Outcome>,
    welcome: Option<(String, Role, String)>,
    denied: Option<String>,
    screens: Vec<(String, String)>,
    screen_revision: u64,
    beats: Vec<Instant>,
    alarm_names: HashMap<u32, String>,
    alarms: HashMap<u32, AlarmNow>,
    alarms_heard: Vec<AlarmHeard>,
    recorded: u64,
    ended: Option<String>,
}

impl Console {
    /// Opens the WebSocket; nobody is logged in yet.
    ///
    /// # Panics
    /// When the station refuses the WebSocket.
    #[track_caller]
    pub fn open(url: &str) -> Self {
        Self::try_open(url, &[]).unwrap_or_else(|error| panic!("no WebSocket at {url}: {error}"))
    }

    /// Opens the WebSocket with more headers (`Origin`).
    ///
    /// # Errors
    /// Why it was refused: `HTTP 403` and the like.
    ///
    /// # Panics
    /// When the machine gives no thread.
    pub fn try_open(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, String> {
        let address = format!("{}/api/v1/live", url.replacen("http", "ws", 1));
        let mut request = address.into_client_request().map_err(|error| error.to_string())?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header's value"));
        }
        let shared = Arc::new(Mutex::new(Told::default()));
        let (outgoing, to_send) = mpsc::channel(OUTGOING);
        let (opened, is_open) = std::sync::mpsc::channel();
        let told = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                match connect_async(request).await {
                    Ok((socket, _)) => {
                        let _ = opened.send(Ok(()));
                        let reason = converse(socket, to_send, &told).await;
                        lock(&told).ended = Some(reason);
                    }
                    Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => {
                        let _ = opened.send(Err(format!("HTTP {}", answer.status().as_u16())));
                    }
                    Err(error) => drop(opened.send(Err(error.to_string()))),
                }
            });
        });
        is_open.recv_timeout(Duration::from_secs_f64(ANSWER_S)).map_err(|error| error.to_string())??;
        Ok(Self { shared, outgoing: Some(outgoing), thread: Some(thread), requests: Mutex::new(0) })
    }

    /// Logs in, and returns the role and the token for later.
    ///
    /// # Panics
    /// When it is denied.
    #[track_caller]
    pub fn login(&self, user: &str, password: &str) -> (Role, String) {
        self.forget_answer();
        self.send(&ToStation::Login { user: user.to_owned(), password: password.to_owned() });
        self.welcomed().unwrap_or_else(|reason| panic!("{user} is denied: {reason}"))
    }

    /// Comes back with a token.
    ///
    /// # Errors
    /// The station's reason.
    #[track_caller]
    pub fn resume(&self, token: &str) -> Result<(Role, String), String> {
        self.forget_answer();
        self.send(&ToStation::Resume { token: token.to_owned() });
        self.welcomed()
    }

    /// What an earlier login came to must not pass for the next one's answer.
    fn forget_answer(&self) {
        let mut told = lock(&self.shared);
        (told.welcome, told.denied) = (None, None);
    }

    #[track_caller]
    fn welcomed(&self) -> Result<(Role, String), String> {
        eventually("the station answers the login", ANSWER_S, || {
            let told = lock(&self.shared);
            let welcome = told.welcome.as_ref().map(|(_, role, token)| Ok((*role, token.clone())));
            welcome.or_else(|| told.denied.clone().map(Err)).or_else(|| told.ended.clone().map(Err))
        })
    }

    /// Watches these tags from now on, and waits until each that exists was told once.
    ///
    /// # Panics
    /// When the station doesn't answer.
    #[track_caller]
    pub fn subscribe(&self, tags: &[&str]) {
        let names: Vec<String> = tags.iter().map(|&name| name.to_owned()).collect();
        let (generation, before) = {
            let mut told = lock(&self.shared);
            told.generation += 1;
            told.names.clone_from(&names);
            told.infos.clear();
            (told.generation, told.rows.len())
        };
        self.send(&ToStation::Subscribe { generation, names });
        eventually("the station tells the subscribed tags", ANSWER_S, || {
            let told = lock(&self.shared);
            let known = |name: &String| told.rows[before..].iter().any(|row| row.tag == *name);
            let infos = told.infos.len() == tags.len();
            let all = told.names.iter().zip(&told.infos).all(|(name, info)| info.is_none() || known(name));
            (infos && all).then_some(())
        });
    }

    /// Asks for a tag to be written and waits for the outcome.
    ///
    /// # Panics
    /// When none comes.
    #[track_caller]
    pub fn write(&self, tag: &str, value: Value) -> Outcome {
        let request = self.ask_write(tag, value);
        eventually("the outcome of a write", 60.0, || self.outcome(request))
    }

    /// Asks for a tag to be written; [`Console::outcome`] tells later what came of it.
    pub fn ask_write(&self, tag: &str, value: Value) -> u64 {
        let request = {
            let mut requests = lock(&self.requests);
            *requests += 1;
            *requests
        };
        self.send(&ToStation::Write { request, tag: tag.to_owned(), value, comment: "a test".to_owned(), confirmed: false });
        request
    }

    /// How a write ended, if it has.
    pub fn outcome(&self, request: u64) -> Option<Outcome> {
        lock(&self.shared).outcomes.get(&request).cloned()
    }

    /// Sends one message.
    pub fn send(&self, message: &ToStation) {
        if let Some(outgoing) = &self.outgoing {
            // Nobody receives once the socket has ended; `ended` tells.
            let _ = outgoing.blocking_send(encode(message));
        }
    }

    /// Sends bytes that may be no message at all.
    pub fn send_bytes(&self, bytes: Vec<u8>) {
        if let Some(outgoing) = &self.outgoing {
            let _ = outgoing.blocking_send(bytes);
        }
    }

    /// The newest of a tag.
    ///
    /// # Panics
    /// When nothing was ever told of it.
    #[track_caller]
    pub fn latest(&self, tag: &str) -> Row {
        let told = lock(&self.shared);
        let row = told.rows.iter().rev().find(|row| row.tag == tag).cloned();
        drop(told);
        row.unwrap_or_else(|| panic!("the station told nothing of {tag}"))
    }

    /// Everything ever told of a tag, oldest first.
    pub fn rows(&self, tag: &str) -> Vec<Row> {
        lock(&self.shared).rows.iter().filter(|row| row.tag == tag).cloned().collect()
    }

    /// What the station says of a subscribed tag.
    pub fn info(&self, tag: &str) -> Option<TagInfo> {
        lock(&self.shared).infos.iter().flatten().find(|info| info.name == tag).cloned()
    }

    /// Path and text of every screen, and how often they have changed.
    pub fn screens(&self) -> (u64, Vec<(String, String)>) {
        let told = lock(&self.shared);
        (told.screen_revision, told.screens.clone())
    }

    /// Why the station denied the last message, if it did.
    pub fn denied(&self) -> Option<String> {
        lock(&self.shared).denied.clone()
    }

    /// Where an alarm stands, as far as this console was told; `None` where it never was.
    pub fn alarm(&self, name: &str) -> Option<AlarmNow> {
        let told = lock(&self.shared);
        let (id, _) = told.alarm_names.iter().find(|(_, known)| *known == name)?;
        told.alarms.get(id).cloned()
    }

    /// Names of the alarms that were told, by number.
    pub fn alarm_names(&self) -> HashMap<u32, String> {
        lock(&self.shared).alarm_names.clone()
    }

    /// Everything ever told of alarms, oldest first.
    pub fn alarms_heard(&self) -> Vec<AlarmHeard> {
        lock(&self.shared).alarms_heard.clone()
    }

    /// How many alarms are shown in this state now, hidden or not.
    pub fn alarms_in(&self, state: AlarmState) -> usize {
        lock(&self.shared).alarms.values().filter(|alarm| alarm.state == state as u8).count()
    }

    /// Up to this frame everything is in the journal, as far as this console was told.
    pub fn recorded(&self) -> u64 {
        lock(&self.shared).recorded
    }

    /// When each heartbeat was heard.
    pub fn beats(&self) -> Vec<Instant> {
        lock(&self.shared).beats.clone()
    }

    /// Why the connection has ended, if it has.
    pub fn ended(&self) -> Option<String> {
        lock(&self.shared).ended.clone()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.outgoing = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Sends and hears until one side ends it; returns why.
async fn converse(mut socket: Socket, mut to_send: mpsc::Receiver<Vec<u8>>, told: &Mutex<Told>) -> String {
    loop {
        tokio::select! {
            bytes = to_send.recv() => match bytes {
                Some(bytes) => if let Err(error) = socket.send(Message::Binary(bytes.into())).await {
                    return error.to_string();
                },
                None => {
                    let _ = tokio::time::timeout(Duration::from_secs(1), socket.close(None)).await;
                    return "the console has left".to_owned();
                }
            },
            message = socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => match decode::<ToConsole>(&bytes) {
                    Ok(message) => lock(told).hear(message),
                    Err(error) => return format!("the station sent {error}"),
                },
                Some(Ok(Message::Close(_))) | None => return "the station has closed the connection".to_owned(),
                Some(Ok(_)) => {}
                Some(Err(error)) => return error.to_string(),
            },
        }
    }
}

impl Told {
    fn hear(&mut self, message: ToConsole) {
        match message {
            ToConsole::Welcome { user, role, token, .. } => {
                self.denied = None;
                self.welcome = Some((user, role, token));
            }
            ToConsole::Denied { reason } => {
                self.welcome = None;
                self.denied = Some(reason);
            }
            ToConsole::Screens { revision, files, .. } => (self.screen_revision, self.screens) = (revision, files),
            ToConsole::Tags { generation, infos } if generation == self.generation => self.infos = infos,
            ToConsole::Values { generation, columns } if generation == self.generation => {
                let heard = Instant::now();
                for row in columns.rows() {
                    let Some(tag) = self.names.get(row.handle as usize).cloned() else { continue };
                    self.rows.push(Row { tag, value: row.value, status: row.status, time: row.time.0, heard });
                }
            }
            ToConsole::Tags { .. } | ToConsole::Values { .. } | ToConsole::Why { .. } => {}
            ToConsole::Reply { .. } | ToConsole::Contents(_) => {}
            ToConsole::Alarms(batch) => {
                if batch.whole {
                    self.alarm_names.clear();
                    self.alarms.clear();
                }
                let heard = utc_ns();
                self.recorded = batch.recorded;
                self.alarms_heard.extend(batch.rows.iter().map(|row| AlarmHeard { heard, alarm: row.clone() }));
                self.alarm_names.extend(batch.infos.into_iter().map(|info| (info.id, info.name)));
                self.alarms.extend(batch.rows.into_iter().map(|row| (row.id, row)));
            }
            ToConsole::Heartbeat { .. } => self.beats.push(Instant::now()),
            ToConsole::Outcome { request, outcome } => drop(self.outcomes.insert(request, outcome)),
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
