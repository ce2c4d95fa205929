//! One controller: a session is opened when it is needed, one question is asked at a time, and writes go first.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::Duration;

use plantroom_sdk::{Order, Session, Status, Stream, StreamError, timeout};

use crate::frame::{self, Answer, TPKT_BYTES};
use crate::setup::Controller;
use crate::words::error_words;

/// Why a question got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There is no connection; nothing was asked.
    Away(String),
    /// It was asked, and then: silence, an end, or nonsense.
    Lost(String),
    /// The controller refuses.
    Refused(String),
    /// The order's time was over; nothing was asked.
    Expired,
}

impl Trouble {
    /// What it tells about a polled tag.
    pub fn status(&self) -> Status {
        match self {
            Self::Away(_) => Status::BAD_NOT_CONNECTED,
            Self::Lost(_) | Self::Expired => Status::BAD_NO_COMMUNICATION,
            Self::Refused(_) => Status::BAD_CONFIGURATION,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(sentence) | Self::Lost(sentence) | Self::Refused(sentence) => f.write_str(sentence),
            Self::Expired => f.write_str("the order's time was over, so nothing was written"),
        }
    }
}

/// A connection to one controller.
#[derive(Debug)]
pub struct Link {
    stream: Stream,
    controller: Controller,
    /// Kept from question to question.
    open: RefCell<Option<Open>>,
    number: Cell<u16>,
    turns: Turns,
}

#[derive(Debug)]
struct Open {
    session: Session,
    pdu_bytes: u16,
}

/// The right to ask: one at a time, those in a hurry first.
#[derive(Debug, Default)]
struct Turns {
    busy: Cell<bool>,
    urgent: RefCell<VecDeque<Waker>>,
    others: RefCell<VecDeque<Waker>>,
}

struct Turn<'a>(&'a Turns);

impl Turns {
    async fn take(&self, is_urgent: bool) -> Turn<'_> {
        poll_fn(|context| {
            if !self.busy.replace(true) {
                return Poll::Ready(Turn(self));
            }
            let line = if is_urgent { &self.urgent } else { &self.others };
            line.borrow_mut().push_back(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.busy.set(false);
        // All are woken, in order: who has given up meanwhile must not keep the others waiting.
        let mut wakers: Vec<Waker> = self.0.urgent.borrow_mut().drain(..).collect();
        wakers.extend(self.0.others.borrow_mut().drain(..));
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Link {
    /// A connection that nobody has used.
    pub fn new(stream: Stream, controller: Controller) -> Self {
        Self { stream, controller, open: RefCell::default(), number: Cell::new(0), turns: Turns::default() }
    }

    /// How the controller is asked.
    pub fn controller(&self) -> &Controller {
        &self.controller
    }

    /// The connection's name in the project.
    pub fn name(&self) -> &str {
        self.stream.name()
    }

    /// The size of the controller's PDUs; connects where there is no session.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn pdu_bytes(&self) -> Result<u16, Trouble> {
        let _turn = self.turns.take(false).await;
        let open = self.open().await?;
        let pdu_bytes = open.pdu_bytes;
        self.open.replace(Some(open));
        Ok(pdu_bytes)
    }

    /// Asks, and waits for the answer. A write goes before reads that wait.
    ///
    /// # Errors
    /// Why there is no good answer.
    pub async fn ask(&self, order: Option<&Order>, question: impl FnOnce(u16) -> Vec<u8>) -> Result<Answer, Trouble> {
        let _turn = self.turns.take(order.is_some()).await;
        let mut open = self.open().await?;
        let number = self.next_number();
        match self.exchange(&mut open.session, order, number, &question(number)).await {
            Ok(answer) => {
                self.open.replace(Some(open));
                match answer.error {
                    0 => Ok(answer),
                    error => Err(Trouble::Refused(error_words(error))),
                }
            }
            Err(trouble) => {
                // A late answer must not be taken for that of the next question.
                open.session.close(trouble.to_string());
                Err(trouble)
            }
        }
    }

    fn next_number(&self) -> u16 {
        self.number.set(self.number.get().wrapping_add(1));
        self.number.get()
    }

    fn longest(&self) -> Duration {
        Duration::from_millis(self.controller.timeout_ms)
    }

    /// The session that stands, or a new one with the protocol's two hand-shakes behind it.
    async fn open(&self) -> Result<Open, Trouble> {
        if let Some(open) = self.open.take().filter(|open| open.session.is_open()) {
            return Ok(open);
        }
        let Ok(mut session) = timeout(self.longest(), self.stream.session()).await else {
            let reason = self.stream.last_reason();
            return Err(Trouble::Away(if reason.is_empty() {
                "there is no connection to the controller".to_owned()
            } else {
                reason
            }));
        };
        match self.shake_hands(&mut session).await {
            Ok(pdu_bytes) => Ok(Open { session, pdu_bytes }),
            Err(trouble) => {
                session.close(trouble.to_string());
                Err(Trouble::Away(trouble.to_string()))
            }
        }
    }

    async fn shake_hands(&self, session: &mut Session) -> Result<u16, Trouble> {
        let Controller { local_tsap, pdu_bytes, .. } = self.controller;
        session.send(&frame::connect(local_tsap, self.controller.remote())).await.map_err(lost)?;
        frame::confirmed(&self.payload(session).await?).map_err(Trouble::Refused)?;
        let number = self.next_number();
        let answer = self.exchange(session, None, number, &frame::setup(number, pdu_bytes)).await?;
        if answer.error != 0 {
            return Err(Trouble::Refused(error_words(answer.error)));
        }
        answer.pdu_bytes().map(|offered| offered.min(pdu_bytes)).map_err(Trouble::Lost)
    }

    async fn exchange(
        &self,
        session: &mut Session,
        order: Option<&Order>,
        number: u16,
        question: &[u8],
    ) -> Result<Answer, Trouble> {
        match order {
            Some(order) => session.send_for(order, question).await,
            None => session.send(question).await,
        }
        .map_err(lost)?;
        let answer = frame::answer(&self.payload(session).await?).map_err(Trouble::Lost)?;
        if answer.number == number {
            return Ok(answer);
        }
        Err(Trouble::Lost(format!("the controller answered question {} instead of {number}", answer.number)))
    }

    /// The payload of the next frame.
    async fn payload(&self, session: &mut Session) -> Result<Vec<u8>, Trouble> {
        let frame = timeout(self.longest(), async {
            let head = session.read_exact(TPKT_BYTES).await.map_err(lost)?;
            let bytes = frame::frame_bytes(&head).map_err(Trouble::Lost)?;
            session.read_exact(bytes - TPKT_BYTES).await.map_err(lost)
        });
        let silent = || Trouble::Lost(format!("the controller didn't answer within {} ms", self.controller.timeout_ms));
        frame.await.unwrap_or_else(|_| Err(silent()))
    }
}

fn lost(error: StreamError) -> Trouble {
    match error {
        StreamError::Expired => Trouble::Expired,
        other => Trouble::Lost(other.to_string()),
    }
}
