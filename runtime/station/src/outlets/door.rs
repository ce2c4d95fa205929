//! Outlets as the network sees them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use plantroom_access::{Act, Category, Session};
use plantroom_model::{Door, Outcome, OutcomeKind, Role, Utc, limits};
use plantroom_publish::{Delivery, DeliveryQuery, OutletNow};
use plantroom_server::{DeliveryAsk, DeliveryLine, OutletDoor, OutletStatus, time_text};
use tokio::sync::oneshot;

use super::Outlets;
use crate::command::{CommandPath, Who, refused, sentence, stopping};

/// How long somebody who tries an outlet waits for its answer, in ms.
const TRIAL_MS: u64 = 60_000;

impl Outlets {
    /// How all outlets are.
    pub(crate) fn now(&self) -> Vec<OutletNow> {
        self.shared.desk.lock().now()
    }
}

impl OutletDoor for Outlets {
    fn outlets(&self) -> Vec<OutletStatus> {
        self.now().into_iter().map(status).collect()
    }

    fn deliveries(&self, ask: &DeliveryAsk) -> Result<Vec<DeliveryLine>, String> {
        let state = ask.state.as_ref().map(|word| serde_json::from_value(serde_json::Value::String(word.clone())));
        let query = DeliveryQuery {
            outlet: ask.outlet.clone(),
            state: state.transpose().map_err(|_| "the states are sent, failed, given-up, dropped, unreached".to_owned())?,
            text: ask.text.clone(),
            from: ask.since,
            until: ask.until,
            limit: ask.limit,
        };
        let reader = self.shared.desk.lock().reader();
        let rows = reader.rows(&query).map_err(|error| error.to_string())?;
        Ok(rows.into_iter().map(line).collect())
    }

    fn try_out(
        &self,
        (session, door): (Session, Door),
        outlet: String,
        to: String,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let (commands, shared) = (Arc::clone(&self.commands), Arc::clone(&self.shared));
        let ask = move |outlet: &str, to: &str, user: &str| {
            let mut desk = shared.desk.lock();
            let text = format!("{user} tries whether messages through {outlet} get out. They do.");
            let number = desk.try_out(outlet, to, ("trial message", &text), shared.clock.now())?;
            let (sender, receiver) = oneshot::channel();
            shared.trials.lock().insert(number, sender);
            drop(desk);
            shared.letters.notify_all();
            Ok::<_, String>(receiver)
        };
        Box::pin(try_out(commands, (session, door), (outlet, to), ask))
    }
}

/// Authorised and audited like every request; sent once.
async fn try_out(
    path: Arc<CommandPath>,
    (session, door): (Session, Door),
    (outlet, to): (String, String),
    ask: impl FnOnce(&str, &str, &str) -> Result<oneshot::Receiver<Result<String, String>>, String> + Send + 'static,
) -> Outcome {
    let now = path.clock.now();
    let name: String = outlet.chars().take(limits::TAG_NAME_BYTES).collect();
    let who = Who::Person(session, door);
    let user = Arc::clone(who.user());
    let permit = match path.authorise(who, Role::Engineer, Act::new(Category::Request, "try outlet", &name), now).await {
        Some(Ok(permit)) => permit,
        Some(Err(refusal)) => return refused(&refusal),
        None => return stopping(),
    };
    let values = (None, Some(serde_json::Value::from(to.clone())));
    let begun = match path.blocking(move |access| access.audit().begin(permit, values, "", now)).await {
        Some(Ok(begun)) => begun,
        Some(Err(error)) => return refused(&error),
        None => return stopping(),
    };
    let audit = begun.number();
    let asked = tokio::task::spawn_blocking(move || ask(&outlet, &to, &user)).await;
    let (kind, message) = match asked {
        Ok(Ok(receiver)) => match tokio::time::timeout(Duration::from_millis(TRIAL_MS), receiver).await {
            Ok(Ok(Ok(answer))) => (OutcomeKind::Done, format!("The message is out: {answer}")),
            Ok(Ok(Err(why))) => (OutcomeKind::Refused, sentence(&why)),
            _ => (OutcomeKind::Unknown, "No answer came within a minute; look at the list of deliveries.".to_owned()),
        },
        Ok(Err(why)) => (OutcomeKind::Refused, why),
        Err(_) => return stopping(),
    };
    let (result, at) = (message.clone(), path.clock.now());
    path.blocking(move |access| access.audit().finish(begun, &result, at)).await;
    Outcome { kind, message, audit }
}

fn status(now: OutletNow) -> OutletStatus {
    OutletStatus {
        name: now.name,
        kind: now.kind.to_owned(),
        target: now.target,
        ok: now.ok,
        trouble: now.trouble,
        waiting: now.waiting,
        sent: now.sent,
        given_up: now.given_up,
        last_sent: now.last_sent.map(time_text).unwrap_or_default(),
        last_error: now.last_error,
    }
}

fn line(row: Delivery) -> DeliveryLine {
    let Utc(at) = row.at;
    DeliveryLine {
        time: time_text(Utc(at)),
        outlet: row.outlet,
        to: row.to,
        state: row.state.word().to_owned(),
        id: row.id,
        alarm: row.alarm,
        subject: row.subject,
        notifications: row.count,
        attempt: row.attempt,
        took_ms: row.took_ms,
        why: row.why,
    }
}
