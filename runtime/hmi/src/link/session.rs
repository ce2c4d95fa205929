//! What was said with the station so far: connecting, logging in, live, lost, and back again.
//!
//! Pure: events and times go in, acts come out. Nothing here knows a socket or a screen.

use plantroom_model::limits::HEARTBEAT_LOST_MS;
use plantroom_model::{Mono, Role, Utc};
use plantroom_wire::{ToConsole, ToStation};

use super::LinkEvent;

/// First pause before a connection is opened again, in ms; doubles up to [`BACKOFF_MOST_MS`].
const BACKOFF_MS: u64 = 250;
/// Longest pause before a connection is opened again, in ms.
const BACKOFF_MOST_MS: u64 = 5_000;
/// How long opening may take, in ms.
const OPEN_MS: u64 = 5_000;
/// How long an answer to a login may take, in ms: argon2id is slow on purpose, and the station may be busy.
const LOGIN_MS: u64 = 15_000;
/// Silence after which a connection that looks open is given up, in ms: it may be half-open.
const GIVE_UP_MS: u64 = 5_000;

/// Who is at the console.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Name and password.
    Password {
        /// User name.
        user: String,
        /// Password.
        password: String,
    },
    /// A token of an earlier login, or an API token.
    Token(String),
}

/// What the link must do now.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Open a connection.
    Open,
    /// Close it.
    Close,
    /// Send a message.
    Send(ToStation),
}

/// How the console stands with the station.
#[derive(Clone, Debug, PartialEq)]
pub enum Contact {
    /// Not yet in contact; why the last try failed.
    Connecting(Option<String>),
    /// A person must log in; why the last try failed.
    AskLogin(Option<String>),
    /// Waiting for the station's answer to a login.
    LoggingIn,
    /// Values are live, commands are possible.
    Live,
    /// There was contact, and there is none now.
    Lost {
        /// The station's time when it was last heard.
        since: Option<Utc>,
        /// Why, in a sentence's end.
        why: String,
    },
}

/// Who is logged in, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Welcome {
    /// The plant's name.
    pub plant: String,
    /// The user's name.
    pub user: String,
    /// What the user may do.
    pub role: Role,
    /// The plant's time zone, IANA name.
    pub time_zone: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Closed { retry_at: Mono },
    Opening { give_up_at: Mono },
    Open,
    LoggingIn { give_up_at: Mono },
    Live,
}

/// The state machine.
pub struct Session {
    phase: Phase,
    backoff_ms: u64,
    start: Option<Credentials>,
    typed: Option<Credentials>,
    resume: Option<String>,
    welcome: Option<Welcome>,
    heard: Option<(Mono, Utc)>,
    welcomed_at: Mono,
    why: Option<String>,
    refused: Option<String>,
}

impl Session {
    /// A session that opens its connection at once; with credentials it logs in by itself.
    pub fn new(start: Option<Credentials>) -> Self {
        Self {
            phase: Phase::Closed { retry_at: Mono(0) },
            backoff_ms: BACKOFF_MS,
            start,
            typed: None,
            resume: None,
            welcome: None,
            heard: None,
            welcomed_at: Mono(0),
            why: None,
            refused: None,
        }
    }

    /// Takes in what the link told.
    pub fn heard(&mut self, at: Mono, event: &LinkEvent) -> Vec<Act> {
        match event {
            LinkEvent::Opened => {
                self.phase = Phase::Open;
                if self.welcome.is_none() {
                    self.why = None;
                }
                self.log_in(at)
            }
            LinkEvent::Closed(why) => {
                self.closed(at, why);
                Vec::new()
            }
            LinkEvent::Message(ToConsole::Welcome { plant, user, role, token, time_zone }) => {
                self.phase = Phase::Live;
                self.backoff_ms = BACKOFF_MS;
                self.resume = Some(token.clone());
                self.typed = None;
                self.refused = None;
                self.why = None;
                self.welcomed_at = at;
                self.welcome =
                    Some(Welcome { plant: plant.clone(), user: user.clone(), role: *role, time_zone: time_zone.clone() });
                Vec::new()
            }
            LinkEvent::Message(ToConsole::Denied { reason }) => self.denied(at, reason),
            LinkEvent::Message(ToConsole::Heartbeat { utc }) => {
                self.heard = Some((at, Utc(*utc)));
                Vec::new()
            }
            LinkEvent::Message(_) => Vec::new(),
        }
    }

    /// What is due at this time.
    pub fn tick(&mut self, now: Mono) -> Vec<Act> {
        match self.phase {
            Phase::Closed { retry_at } if now >= retry_at => {
                self.phase = Phase::Opening { give_up_at: now.plus_ms(OPEN_MS) };
                vec![Act::Open]
            }
            Phase::Opening { give_up_at } | Phase::LoggingIn { give_up_at } if now >= give_up_at => {
                self.closed(now, "no answer in time");
                vec![Act::Close]
            }
            Phase::Live if self.silence_ms(now) >= GIVE_UP_MS => {
                self.closed(now, "the station has gone silent");
                vec![Act::Close]
            }
            _ => Vec::new(),
        }
    }

    /// A person logs in.
    pub fn log_in_as(&mut self, now: Mono, user: &str, password: &str) -> Vec<Act> {
        self.typed = Some(Credentials::Password { user: user.to_owned(), password: password.to_owned() });
        self.refused = None;
        if self.phase == Phase::Open { self.log_in(now) } else { Vec::new() }
    }

    /// The person leaves: the session ends here and at the station.
    pub fn log_out(&mut self, now: Mono) -> Vec<Act> {
        let told = self.phase == Phase::Live;
        (self.start, self.typed, self.resume, self.welcome, self.heard) = (None, None, None, None, None);
        self.why = None;
        self.phase = Phase::Closed { retry_at: now.plus_ms(BACKOFF_MS) };
        let mut acts = if told { vec![Act::Send(ToStation::Logout)] } else { Vec::new() };
        acts.push(Act::Close);
        acts
    }

    /// How the console stands with the station.
    pub fn contact(&self, now: Mono) -> Contact {
        let live = self.phase == Phase::Live && self.silence_ms(now) < HEARTBEAT_LOST_MS;
        if live {
            return Contact::Live;
        }
        if self.credentials().is_none() {
            let unreachable = || self.why.as_ref().map(|why| format!("The station can't be reached: {why}."));
            return Contact::AskLogin(self.refused.clone().or_else(unreachable));
        }
        if self.welcome.is_some() {
            let why = self.why.clone().unwrap_or_else(|| "the station has gone silent".into());
            return Contact::Lost { since: self.heard.map(|(_, utc)| utc), why };
        }
        match self.phase {
            Phase::LoggingIn { .. } => Contact::LoggingIn,
            _ => Contact::Connecting(self.why.clone()),
        }
    }

    /// Who is logged in, once there was a login.
    pub fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }

    /// The token of this login, as long as it lasts.
    pub fn token(&self) -> Option<&str> {
        self.resume.as_deref().filter(|_| self.welcome.is_some())
    }

    /// Whether messages about tags may be sent.
    pub fn is_logged_in(&self) -> bool {
        self.phase == Phase::Live
    }

    /// The station's time, going on since its last heartbeat.
    pub fn station_time(&self, now: Mono) -> Option<Utc> {
        self.heard.map(|(at, utc)| Utc(utc.0.saturating_add(i64::try_from(now.since(at)).unwrap_or(i64::MAX))))
    }

    /// The station's time in its last heartbeat.
    pub fn heard_at(&self) -> Option<Utc> {
        self.heard.map(|(_, utc)| utc)
    }

    /// How long nothing was heard, in ms.
    pub fn silence_ms(&self, now: Mono) -> u64 {
        let last = self.heard.map_or(self.welcomed_at, |(at, _)| at.max(self.welcomed_at));
        now.since(last) / 1_000_000
    }

    fn credentials(&self) -> Option<Credentials> {
        self.typed.clone().or_else(|| self.resume.clone().map(Credentials::Token)).or_else(|| self.start.clone())
    }

    fn log_in(&mut self, now: Mono) -> Vec<Act> {
        let message = match self.credentials() {
            None => return Vec::new(),
            Some(Credentials::Password { user, password }) => ToStation::Login { user, password },
            Some(Credentials::Token(token)) => ToStation::Resume { token },
        };
        self.phase = Phase::LoggingIn { give_up_at: now.plus_ms(LOGIN_MS) };
        vec![Act::Send(message)]
    }

    /// A refusal is never tried again with the same credentials: that would lock the user out.
    fn denied(&mut self, now: Mono, reason: &str) -> Vec<Act> {
        if self.typed.take().is_none() && self.resume.take().is_none() {
            self.start = None;
        }
        self.refused = Some(reason.to_owned());
        self.phase = Phase::Open;
        self.log_in(now)
    }

    fn closed(&mut self, now: Mono, why: &str) {
        self.why = Some(why.to_owned());
        self.phase = Phase::Closed { retry_at: now.plus_ms(self.backoff_ms) };
        self.backoff_ms = (self.backoff_ms * 2).min(BACKOFF_MOST_MS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Mono {
        Mono(0).plus_ms(ms)
    }

    fn welcome() -> LinkEvent {
        LinkEvent::Message(ToConsole::Welcome {
            plant: "Works".into(),
            user: "ada".into(),
            role: Role::Operate,
            token: "t1".into(),
            time_zone: "UTC".into(),
        })
    }

    fn beat(utc: i64) -> LinkEvent {
        LinkEvent::Message(ToConsole::Heartbeat { utc })
    }

    fn resume(token: &str) -> Vec<Act> {
        vec![Act::Send(ToStation::Resume { token: token.into() })]
    }

    fn live() -> Session {
        let mut session = Session::new(Some(Credentials::Token("api".into())));
        assert_eq!(session.tick(ms(0)), [Act::Open]);
        assert_eq!(session.heard(ms(1), &LinkEvent::Opened), resume("api"));
        assert_eq!(session.contact(ms(1)), Contact::LoggingIn);
        session.heard(ms(2), &welcome());
        session.heard(ms(3), &beat(1_000));
        assert_eq!(session.contact(ms(3)), Contact::Live);
        session
    }

    #[test]
    fn without_credentials_a_person_is_asked_and_can_try_again() {
        let mut session = Session::new(None);
        session.tick(ms(0));
        assert_eq!(session.heard(ms(1), &LinkEvent::Opened), []);
        assert_eq!(session.contact(ms(1)), Contact::AskLogin(None));
        let login = |password: &str| vec![Act::Send(ToStation::Login { user: "ada".into(), password: password.into() })];
        assert_eq!(session.log_in_as(ms(2), "ada", "no"), login("no"));
        assert_eq!(session.heard(ms(3), &LinkEvent::Message(ToConsole::Denied { reason: "wrong".into() })), []);
        assert_eq!(session.contact(ms(3)), Contact::AskLogin(Some("wrong".into())));
        assert_eq!(session.log_in_as(ms(4), "ada", "yes"), login("yes"));
        session.heard(ms(5), &welcome());
        assert_eq!(session.contact(ms(5)), Contact::Live);
    }

    #[test]
    fn silence_is_told_with_the_last_time_and_ends_with_the_next_heartbeat() {
        let mut session = live();
        assert_eq!(session.contact(ms(2_002)), Contact::Live);
        let Contact::Lost { since, .. } = session.contact(ms(2_003)) else { panic!("still live") };
        assert_eq!(since, Some(Utc(1_000)));
        session.heard(ms(2_500), &beat(2_000));
        assert_eq!(session.contact(ms(2_500)), Contact::Live);
        assert_eq!(session.tick(ms(2_501)), []);
    }

    #[test]
    fn a_half_open_connection_is_given_up_and_resumed_with_the_token_of_the_login() {
        let mut session = live();
        assert_eq!(session.tick(ms(5_003)), [Act::Close]);
        assert_eq!(session.tick(ms(5_100)), []);
        assert_eq!(session.tick(ms(5_253)), [Act::Open]);
        assert_eq!(session.heard(ms(5_260), &LinkEvent::Opened), resume("t1"));
        assert!(matches!(session.contact(ms(5_260)), Contact::Lost { .. }));
        session.heard(ms(5_270), &welcome());
        assert_eq!(session.contact(ms(5_271)), Contact::Live);
    }

    #[test]
    fn tries_come_with_growing_pauses_up_to_five_seconds() {
        let mut session = Session::new(None);
        let mut now = 0;
        let mut pauses = Vec::new();
        for _ in 0..7 {
            assert_eq!(session.tick(ms(now)), [Act::Open]);
            session.heard(ms(now), &LinkEvent::Closed("refused".into()));
            let start = now;
            while session.tick(ms(now)).is_empty() {
                now += 50;
            }
            session.heard(ms(now), &LinkEvent::Opened);
            session.phase = Phase::Closed { retry_at: ms(now) };
            pauses.push(now - start);
        }
        assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    }

    #[test]
    fn a_refused_token_falls_back_to_the_start_and_then_to_a_person() {
        let mut session = live();
        session.heard(ms(10), &LinkEvent::Closed("cut".into()));
        session.tick(ms(300));
        assert_eq!(session.heard(ms(301), &LinkEvent::Opened), resume("t1"));
        let denied = LinkEvent::Message(ToConsole::Denied { reason: "the session has ended".into() });
        assert_eq!(session.heard(ms(302), &denied), resume("api"));
        assert_eq!(session.heard(ms(303), &denied), []);
        assert_eq!(session.contact(ms(303)), Contact::AskLogin(Some("the session has ended".into())));
    }

    #[test]
    fn after_a_logout_nobody_is_logged_in_by_itself() {
        let mut session = live();
        assert_eq!(session.log_out(ms(10)), [Act::Send(ToStation::Logout), Act::Close]);
        session.tick(ms(300));
        assert_eq!(session.heard(ms(301), &LinkEvent::Opened), []);
        assert_eq!(session.contact(ms(301)), Contact::AskLogin(None));
        assert_eq!(session.welcome(), None);
    }
}
