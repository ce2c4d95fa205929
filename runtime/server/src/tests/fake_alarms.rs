//! Alarms that only pretend: what is asked is noted, and done.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use parking_lot::Mutex;
use plantroom_access::Session;
use plantroom_model::{AlarmBoard, Door, Outcome, OutcomeKind};
use plantroom_wire::{AlarmFiguresNow, AlarmLine, AlarmWish, JournalAsk};
use tokio::sync::watch;

use crate::{AlarmDoor, DeliveryAsk, DeliveryLine, OutletDoor, OutletStatus};

/// What was asked of the alarms: who, what, with which comment.
pub(super) type Asked = (String, AlarmWish, String);

pub(super) struct FakeAlarms {
    pub(super) board: watch::Sender<Arc<AlarmBoard>>,
    pub(super) recorded: watch::Sender<u64>,
    pub(super) asked: Mutex<Vec<Asked>>,
}

impl Default for FakeAlarms {
    fn default() -> Self {
        Self { board: watch::Sender::new(Arc::default()), recorded: watch::Sender::new(0), asked: Mutex::default() }
    }
}

impl AlarmDoor for FakeAlarms {
    fn board(&self) -> watch::Receiver<Arc<AlarmBoard>> {
        self.board.subscribe()
    }

    fn recorded(&self) -> watch::Receiver<u64> {
        self.recorded.subscribe()
    }

    fn act(
        &self,
        (session, _): (Session, Door),
        wishes: Vec<AlarmWish>,
        comment: String,
    ) -> Pin<Box<dyn Future<Output = Vec<Outcome>> + Send>> {
        let done = |_: &AlarmWish| Outcome { kind: OutcomeKind::Done, message: "Done.".to_owned(), audit: 1 };
        let outcomes = wishes.iter().map(done).collect();
        let asked = wishes.into_iter().map(|wish| (session.user.to_string(), wish, comment.clone()));
        self.asked.lock().extend(asked);
        Box::pin(std::future::ready(outcomes))
    }

    fn journal(&self, ask: &JournalAsk) -> Result<(Vec<(u64, AlarmLine)>, Option<String>), String> {
        let line = AlarmLine { alarm: ask.alarm.clone(), ..AlarmLine::default() };
        Ok((vec![(1, line)], None))
    }

    fn figures(&self, _: (Option<i64>, Option<i64>), position: &str) -> Result<AlarmFiguresNow, String> {
        match position {
            "" => Ok(AlarmFiguresNow::default()),
            other => Err(format!("There is no operator position {other}.")),
        }
    }

    fn report(&self, _: (Option<i64>, Option<i64>)) -> Result<String, String> {
        Ok("<!doctype html>".to_owned())
    }

    fn kpi(&self, _: (Option<i64>, Option<i64>)) -> Result<serde_json::Value, String> {
        Ok(serde_json::json!({ "positions": [] }))
    }

    fn export(&self, _: &JournalAsk, format: &str) -> Result<Vec<u8>, String> {
        Ok(format!("row as {format}").into_bytes())
    }
}

impl OutletDoor for FakeAlarms {
    fn outlets(&self) -> Vec<OutletStatus> {
        vec![OutletStatus { name: "mail".to_owned(), ok: true, ..OutletStatus::default() }]
    }

    fn deliveries(&self, ask: &DeliveryAsk) -> Result<Vec<DeliveryLine>, String> {
        let outlet = ask.outlet.clone().ok_or_else(|| "which outlet?".to_owned())?;
        Ok(vec![DeliveryLine { outlet, ..DeliveryLine::default() }])
    }

    fn try_out(&self, _: (Session, Door), outlet: String, to: String) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let message = format!("{outlet} to {to}");
        Box::pin(std::future::ready(Outcome { kind: OutcomeKind::Done, message, audit: 1 }))
    }
}
