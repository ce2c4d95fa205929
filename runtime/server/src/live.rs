//! The live WebSocket: values to a console, commands from it.
//!
//! One task serves one console. What is built for it is built when the last message has gone out, from the newest
//! snapshot: a slow console gets fewer and newer values, never a backlog, and nobody else waits for it.

mod alarms;
mod credit;
mod engineer;
mod subscription;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use plantroom_access::Session;
use plantroom_model::{
    AlarmBoard, Door, ModeRequest, Mono, Origin, Outcome, OutcomeKind, Role, Snapshot, TagMode, Value, WriteRequest,
    limits as model_limits,
};
use plantroom_project::Plant;
use plantroom_wire::{ContentHash, Contents, ToConsole, ToStation, decode, encode};
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::door::{Call, Peer};
use crate::error::ApiError;
use crate::listen::App;
use crate::{ScreenSet, limits};
use credit::Credit;
use subscription::Subscription;

/// Turns a request into a console's connection.
pub(crate) async fn open(call: Call) -> Result<Response, ApiError> {
    let Call { app, peer, mut parts, .. } = call;
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
    let upgrade = upgrade.map_err(|_| {
        ApiError::bad_request("this is a WebSocket, and the request does not ask for one", "open it with a WebSocket client")
    })?;
    let sized = upgrade.max_message_size(limits::CONSOLE_MESSAGE_BYTES).max_frame_size(limits::CONSOLE_MESSAGE_BYTES);
    Ok(sized.on_upgrade(move |socket| async move {
        app.figures.console_came();
        let figures = app.figures.clone();
        let ended = Console::new(app, peer, socket).run().await;
        figures.console_went(matches!(ended, Err(Gone::CutOff)));
    }))
}

/// Why a console is served no longer.
enum Gone {
    /// It left, or its connection broke.
    Left,
    /// It was too slow, too fast, or didn't speak the protocol.
    CutOff,
}

struct Console {
    app: Arc<App>,
    peer: Peer,
    socket: WebSocket,
    login: Option<(Session, Role)>,
    plant: Arc<Plant>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    screens: watch::Receiver<Arc<ScreenSet>>,
    board: watch::Receiver<Arc<AlarmBoard>>,
    recorded: watch::Receiver<u64>,
    told: alarms::Told,
    subscription: Option<Subscription>,
    outcomes: (mpsc::Sender<(u64, Outcome)>, mpsc::Receiver<(u64, Outcome)>),
    open_writes: usize,
    /// Answers to questions, each with the login that it belongs to.
    answers: (mpsc::Sender<(u64, ToConsole)>, mpsc::Receiver<(u64, ToConsole)>),
    open_asks: usize,
    /// Counts logins: an answer must not reach whoever logs in next.
    logins: u64,
    /// When this console last looked at raw registers.
    registers_at: Option<Mono>,
    credit: Credit,
    beats: u64,
}

enum Event {
    Message(Option<Result<Message, axum::Error>>),
    Outcome(Option<(u64, Outcome)>),
    Answer(Option<(u64, ToConsole)>),
    Screens,
    Values,
    PauseOver,
    Beat,
    Close,
}

impl Console {
    fn new(app: Arc<App>, peer: Peer, socket: WebSocket) -> Self {
        let station = &app.station;
        let (plant, snapshots, screens) = (station.plant(), station.snapshots(), station.screens());
        let (board, recorded) = (station.alarms().board(), station.alarms().recorded());
        let outcomes = mpsc::channel(limits::OPEN_WRITES);
        let answers = mpsc::channel(limits::OPEN_ASKS);
        let (login, subscription, app_now) = (None, None, station.now().mono);
        Self {
            app,
            peer,
            socket,
            login,
            plant,
            snapshots,
            screens,
            board,
            recorded,
            told: alarms::Told::default(),
            subscription,
            outcomes,
            open_writes: 0,
            answers,
            open_asks: 0,
            logins: 0,
            registers_at: None,
            credit: Credit::full(app_now),
            beats: 0,
        }
    }

    async fn run(mut self) -> Result<(), Gone> {
        let mut values = interval(Duration::from_millis(limits::LIVE_MS));
        let mut beat = interval(Duration::from_millis(model_limits::HEARTBEAT_MS));
        // After values were told, the next ones wait for a moment; after a pause they don't.
        let mut pause = pin!(sleep(Duration::ZERO));
        let mut paused = false;
        values.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut closing = self.app.closing.clone();
        loop {
            let live = self.login.is_some();
            let event = tokio::select! {
                message = self.socket.recv() => Event::Message(message),
                outcome = self.outcomes.1.recv() => Event::Outcome(outcome),
                answer = self.answers.1.recv() => Event::Answer(answer),
                Ok(()) = self.screens.changed(), if live => Event::Screens,
                () = pause.as_mut(), if paused => Event::PauseOver,
                Ok(()) = self.snapshots.changed(), if live && !paused => Event::Values,
                Ok(()) = self.board.changed(), if live && !paused => Event::Values,
                Ok(()) = self.recorded.changed(), if live && !paused => Event::Values,
                _ = values.tick(), if live && !paused => Event::Values,
                _ = beat.tick() => Event::Beat,
                _ = closing.wait_for(|closing| *closing) => Event::Close,
            };
            match event {
                Event::Message(Some(Ok(message))) => self.heard(message).await?,
                Event::Message(_) => return Err(Gone::Left),
                Event::Outcome(Some((request, outcome))) => {
                    self.open_writes = self.open_writes.saturating_sub(1);
                    if self.login.is_some() {
                        self.send(&ToConsole::Outcome { request, outcome }).await?;
                    }
                }
                Event::Answer(Some((login, answer))) => {
                    self.open_asks = self.open_asks.saturating_sub(1);
                    if self.login.is_some() && login == self.logins {
                        self.send(&answer).await?;
                    }
                }
                Event::Outcome(None) | Event::Answer(None) => {}
                Event::Screens => self.send_screens().await?,
                Event::PauseOver => paused = false,
                Event::Values => {
                    let begin = self.app.station.now().mono;
                    paused = self.send_values().await?;
                    pause.set(sleep(pause_after(self.app.station.now().mono.since(begin))));
                }
                Event::Beat => self.beat().await?,
                Event::Close => {
                    let _ = timeout(Duration::from_millis(limits::LIVE_MS), self.socket.send(Message::Close(None))).await;
                    return Ok(());
                }
            }
        }
    }

    async fn heard(&mut self, message: Message) -> Result<(), Gone> {
        if !self.credit.take(self.app.station.now().mono) {
            return Err(Gone::CutOff);
        }
        let bytes = match message {
            Message::Binary(bytes) => bytes,
            Message::Close(_) => return Err(Gone::Left),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Text(_) => return self.unreadable("messages are binary".to_owned()).await,
        };
        let message = match decode::<ToStation>(&bytes) {
            Ok(message) => message,
            Err(error) => return self.unreadable(error.to_string()).await,
        };
        let logged_in = self.still_logged_in().await?;
        match (message, logged_in) {
            (ToStation::Login { user, password }, None) => self.log_in(user, password).await,
            (ToStation::Resume { token }, None) => self.resume(&token).await,
            (ToStation::Login { .. } | ToStation::Resume { .. }, Some(_)) => {
                self.unreadable("somebody is logged in already; log out first".to_owned()).await
            }
            (_, None) => self.deny("log in first".to_owned()).await,
            (ToStation::Logout, Some(session)) => {
                let source = self.peer.source();
                self.app.station.access().logout(session.token(), Door::Console, &source, self.app.station.now());
                self.deny("logged out".to_owned()).await
            }
            (ToStation::Subscribe { generation, names }, Some(session)) => {
                self.touch(&session);
                self.subscribe(generation, names).await
            }
            (ToStation::Write { request, tag, value, comment, confirmed }, Some(session)) => {
                self.touch(&session);
                self.write(session, (request, &tag), value, (comment, confirmed)).await
            }
            (ToStation::Fetch { hashes }, Some(_)) => self.send_contents(&hashes).await,
            (ToStation::Why { request, tag }, Some(_)) => self.why(request, tag).await,
            (ToStation::Ask { request, ask }, Some(_)) => self.ask(request, ask).await,
            (ToStation::Do { request, deed }, Some(session)) => {
                self.touch(&session);
                self.carry_out(session, request, deed).await
            }
            (ToStation::SetMode { request, tag, mode, value, reason }, Some(session)) => {
                self.touch(&session);
                self.set_mode(session, (request, &tag), mode, (value, reason)).await
            }
        }
    }

    async fn log_in(&mut self, user: String, password: String) -> Result<(), Gone> {
        let (access, source, now) = (self.app.station.access(), self.peer.source(), self.app.station.now());
        let tried = tokio::task::spawn_blocking(move || access.login(&user, &password, Door::Console, &source, now)).await;
        match tried {
            Ok(Ok(session)) => self.welcome(session).await,
            Ok(Err(denied)) => self.deny(denied.message).await,
            Err(_) => Err(Gone::Left),
        }
    }

    async fn resume(&mut self, token: &str) -> Result<(), Gone> {
        let now = self.app.station.now();
        match self.app.station.access().resume(token, Door::Console, &self.peer.source(), now) {
            Ok(session) => self.welcome(session).await,
            Err(denied) => self.deny(denied.message).await,
        }
    }

    async fn welcome(&mut self, session: Session) -> Result<(), Gone> {
        let now = self.app.station.now();
        let Some(role) = self.app.station.access().current_role(&session, now) else {
            return self.deny("the session has ended; log in again".to_owned()).await;
        };
        let welcome = ToConsole::Welcome {
            plant: self.plant.name.clone(),
            user: session.user.to_string(),
            role,
            token: session.token().to_owned(),
            time_zone: self.plant.time_zone.clone(),
        };
        self.login = Some((session, role));
        self.send(&welcome).await?;
        self.send(&ToConsole::Heartbeat { utc: now.utc.0 }).await?;
        self.told = alarms::Told::default();
        self.send_screens().await?;
        self.send_alarms().await.map(drop)
    }

    /// Tells the console that nobody is logged in any more, and forgets what it was shown.
    async fn deny(&mut self, reason: String) -> Result<(), Gone> {
        self.login = None;
        self.logins += 1;
        self.subscription = None;
        self.beats = 0;
        self.send(&ToConsole::Denied { reason }).await
    }

    async fn unreadable(&mut self, reason: String) -> Result<(), Gone> {
        let _ = self.send(&ToConsole::Denied { reason }).await;
        Err(Gone::CutOff)
    }

    /// The session, if its user may still look. A session that has ended is cut off here.
    async fn still_logged_in(&mut self) -> Result<Option<Session>, Gone> {
        let Some((session, role)) = self.login.clone() else { return Ok(None) };
        match self.app.station.access().current_role(&session, self.app.station.now()) {
            Some(now) if now == role => Ok(Some(session)),
            Some(_) => {
                // Rights have changed: the console learns what it may write now.
                self.welcome(session.clone()).await?;
                self.send_tags().await?;
                Ok(Some(session))
            }
            None => {
                self.deny("your session has ended; log in again".to_owned()).await?;
                Ok(None)
            }
        }
    }

    fn touch(&self, session: &Session) {
        self.app.station.access().touch(session, self.app.station.now());
    }

    async fn subscribe(&mut self, generation: u32, names: Vec<String>) -> Result<(), Gone> {
        if names.len() > limits::SUBSCRIBED_TAGS {
            return self.unreadable(format!("a console can show at most {} tags at once", limits::SUBSCRIBED_TAGS)).await;
        }
        self.subscription = Some(Subscription::new(generation, names, &self.plant));
        self.send_tags().await?;
        self.send_values().await.map(drop)
    }

    async fn send_tags(&mut self) -> Result<(), Gone> {
        let Some((_, role)) = self.login else { return Ok(()) };
        let Some(subscription) = &self.subscription else { return Ok(()) };
        let message = ToConsole::Tags { generation: subscription.generation(), infos: subscription.infos(&self.plant, role) };
        self.send(&message).await
    }

    /// Tells what has changed; whether anything had.
    async fn send_values(&mut self) -> Result<bool, Gone> {
        self.follow_plant().await?;
        let alarms = self.send_alarms().await?;
        let Some(subscription) = &mut self.subscription else { return Ok(alarms) };
        let generation = subscription.generation();
        let snapshot = self.snapshots.borrow().clone();
        let changes = subscription.changes(&snapshot);
        let any = alarms || !changes.is_empty();
        for columns in changes {
            self.send(&ToConsole::Values { generation, columns }).await?;
        }
        Ok(any)
    }

    /// Tells what has changed of the alarms; whether anything had.
    async fn send_alarms(&mut self) -> Result<bool, Gone> {
        let Some((_, role)) = self.login else { return Ok(false) };
        let (board, recorded) = (self.board.borrow_and_update().clone(), *self.recorded.borrow_and_update());
        let Some(mut telling) = self.told.begin(board, recorded) else { return Ok(false) };
        loop {
            let batch = self.told.batch(&mut telling, &self.plant, role);
            let more = batch.more;
            self.send(&ToConsole::Alarms(Box::new(batch))).await?;
            if !more {
                return Ok(true);
            }
            tokio::task::yield_now().await;
        }
    }

    /// The project was changed: the same names may be other tags now.
    async fn follow_plant(&mut self) -> Result<(), Gone> {
        let plant = self.app.station.plant();
        if Arc::ptr_eq(&plant, &self.plant) {
            return Ok(());
        }
        self.plant = plant;
        self.told = alarms::Told::default();
        if let Some(subscription) = &mut self.subscription {
            subscription.resolve(&self.plant);
        }
        self.send_tags().await
    }

    async fn send_screens(&mut self) -> Result<(), Gone> {
        // Scripts and the plant that they belong to come together.
        self.follow_plant().await?;
        let set = self.screens.borrow_and_update().clone();
        let system = self.plant.tags.iter().filter(|spec| spec.origin == Origin::System);
        let message = ToConsole::Screens {
            revision: set.revision,
            files: set.files.clone(),
            assets: set.assets.clone(),
            home: self.plant.home_screen.clone(),
            instances: self.plant.instances.clone(),
            system_tags: system.map(|spec| spec.name.to_string()).collect(),
        };
        self.send(&message).await
    }

    /// What assets hold, of those that the project has now: a console that asks for older ones is told of the change anyway.
    async fn send_contents(&mut self, hashes: &[ContentHash]) -> Result<(), Gone> {
        let set = self.screens.borrow().clone();
        for answer in Contents::answers(|hash| set.contents.get(hash).map(String::as_str), hashes) {
            self.send(&ToConsole::Contents(answer)).await?;
        }
        Ok(())
    }

    async fn beat(&mut self) -> Result<(), Gone> {
        self.beats += 1;
        if self.still_logged_in().await?.is_some() {
            let utc = self.app.station.now().utc.0;
            return self.send(&ToConsole::Heartbeat { utc }).await;
        }
        if self.beats * model_limits::HEARTBEAT_MS > limits::BEFORE_LOGIN_MS { Err(Gone::Left) } else { Ok(()) }
    }

    /// Hands a write to the command path, and stays with the console while it is carried out.
    async fn write(
        &mut self,
        session: Session,
        (request, tag): (u64, &str),
        value: Value,
        (comment, confirmed): (String, bool),
    ) -> Result<(), Gone> {
        let refusal = if self.open_writes >= limits::OPEN_WRITES {
            Some("Too many of your commands are still under way; wait for their outcome.".to_owned())
        } else if comment.len() > model_limits::COMMENT_BYTES {
            Some(format!("The comment is too long; at most {} bytes.", model_limits::COMMENT_BYTES))
        } else {
            None
        };
        let found = self.plant.tag_ids.get(tag).copied();
        let (Some(tag), None) = (found, &refusal) else {
            let message = refusal.unwrap_or_else(|| "There is no such tag.".to_owned());
            let outcome = Outcome { kind: OutcomeKind::Refused, message, audit: 0 };
            return self.send(&ToConsole::Outcome { request, outcome }).await;
        };
        let asked = WriteRequest { tag, value, comment, confirmed };
        let writing = self.app.station.write(session, Door::Console, self.peer.source(), asked);
        let outcomes = self.outcomes.0.clone();
        self.open_writes += 1;
        // A task of its own: a console that goes away must not leave a write half followed.
        tokio::spawn(async move {
            let outcome = writing.await;
            let _ = outcomes.send((request, outcome)).await;
        });
        Ok(())
    }

    /// Hands a wish to take a tag over to the station, and stays with the console while it is carried out.
    async fn set_mode(
        &mut self,
        session: Session,
        (request, tag): (u64, &str),
        mode: TagMode,
        (value, reason): (Option<Value>, String),
    ) -> Result<(), Gone> {
        let refusal = if self.open_writes >= limits::OPEN_WRITES {
            Some("Too many of your commands are still under way; wait for their outcome.")
        } else {
            None
        };
        let (Some(tag), None) = (self.plant.tag_ids.get(tag).copied(), refusal) else {
            let message = refusal.unwrap_or("There is no such tag.").to_owned();
            let outcome = Outcome { kind: OutcomeKind::Refused, message, audit: 0 };
            return self.send(&ToConsole::Outcome { request, outcome }).await;
        };
        let changing = self.app.station.set_mode(session, Door::Console, ModeRequest { tag, mode, value, reason });
        let outcomes = self.outcomes.0.clone();
        self.open_writes += 1;
        tokio::spawn(async move {
            let outcome = changing.await;
            let _ = outcomes.send((request, outcome)).await;
        });
        Ok(())
    }

    async fn send(&mut self, message: &ToConsole) -> Result<(), Gone> {
        let sending = self.socket.send(Message::Binary(encode(message).into()));
        match timeout(Duration::from_millis(limits::SEND_MS), sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Gone::Left),
            Err(_) => Err(Gone::CutOff),
        }
    }
}

/// How long the next values wait when it took so long, in ns, to tell the last ones: nobody sees more than the scan's own
/// pace, and one console takes at most a tenth of a core.
fn pause_after(took_ns: u64) -> Duration {
    let (shortest, longest) = (Duration::from_millis(limits::LIVE_PAUSE_MS), Duration::from_millis(limits::LIVE_MS));
    Duration::from_nanos(took_ns.saturating_mul(10)).clamp(shortest, longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_that_costs_more_is_told_less_often() {
        let check = |took_us: u64, pause_ms: u64| assert_eq!(pause_after(took_us * 1_000), Duration::from_millis(pause_ms));
        check(0, 10);
        check(1_000, 10);
        check(2_500, 25);
        check(30_000, 100);
        assert_eq!(pause_after(u64::MAX), Duration::from_millis(limits::LIVE_MS));
    }
}
