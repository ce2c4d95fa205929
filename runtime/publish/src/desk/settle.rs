//! What came of a letter.

use plantroom_model::{Mono, Now};

use super::{Desk, row_of};
use crate::deliveries::{Delivery, DeliveryState};
use crate::item::{Letter, cut};
use crate::limits;
use crate::pace::pause_ms;
use crate::queue::Record;
use crate::ways::{Failure, FailureKind};

/// How a letter ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The other side has taken it.
    Sent,
    /// It is tried again.
    Again,
    /// It never gets out: it was in vain for too long, or for good.
    GivenUp,
}

impl Desk {
    /// Notes what came of the letter that [`Desk::take`] gave; `took_ms` is how long that took. Says how it ended.
    pub fn settle(&mut self, outlet: &str, number: u64, took_ms: u64, result: &Result<String, Failure>, now: Now) -> End {
        if let Some(of) = self.outlets.iter_mut().find(|known| known.spec.name == outlet)
            && of.on_its_way == Some(number)
        {
            of.on_its_way = None;
        }
        // The outlet may have been taken away meanwhile, and the letter with it.
        let Some(mut letter) = self.queue.waiting().letters.get(&number).cloned() else { return End::GivenUp };
        letter.attempts += 1;
        let spent_ms = self.again.get(&number).map_or(0, |again| again.spent_ms(now.mono));
        match result {
            Ok(answer) => self.sent(&letter, took_ms, answer, now),
            Err(failure) => self.failed(&letter, (took_ms, spent_ms), failure, now),
        }
    }

    fn sent(&mut self, letter: &Letter, took_ms: u64, answer: &str, now: Now) -> End {
        self.again.remove(&letter.number);
        if let Some(of) = self.outlets.iter_mut().find(|known| known.spec.name == letter.outlet) {
            of.sent += 1;
            of.last_sent = Some(now.utc);
            of.well(&letter.to);
        }
        self.queue.write(vec![Record::Ended { number: letter.number }]);
        self.note(letter, DeliveryState::Sent, took_ms, answer, now);
        End::Sent
    }

    fn failed(&mut self, letter: &Letter, (took_ms, spent_ms): (u64, u64), failure: &Failure, now: Now) -> End {
        let why = failure.to_string();
        let Some(of) = self.outlets.iter_mut().find(|known| known.spec.name == letter.outlet) else { return End::GivenUp };
        of.last_error = cut(&why, limits::ANSWER_BYTES).to_owned();
        let is_over = spent_ms >= u64::from(of.spec.retry_for_s) * 1_000;
        let gives_up = letter.trial || failure.kind == FailureKind::ForGood || is_over;
        let is_trouble = match failure.kind {
            FailureKind::ForGood => true,
            FailureKind::Outside => letter.attempts >= 2,
            FailureKind::Later => spent_ms >= limits::LATER_MS,
        };
        if !letter.trial && (is_trouble || gives_up) {
            of.trouble(&letter.to, &why, now.mono);
        }
        if gives_up {
            if !letter.trial {
                of.given_up += 1;
                *self.lost.entry((letter.outlet.clone(), letter.to.clone())).or_default() += 1;
            }
            self.again.remove(&letter.number);
            self.queue.write(vec![Record::Ended { number: letter.number }]);
            let words = if is_over && failure.kind != FailureKind::ForGood && !letter.trial {
                format!("given up after {} attempts: {why}", letter.attempts)
            } else {
                why
            };
            self.note(letter, DeliveryState::GivenUp, took_ms, &words, now);
            return End::GivenUp;
        }
        if let Some(again) = self.again.get_mut(&letter.number) {
            again.due = now.mono.plus_ms(pause_ms(letter.attempts));
        }
        self.queue.write(vec![Record::Tried { number: letter.number, attempts: letter.attempts }]);
        self.note(letter, DeliveryState::Failed, took_ms, &why, now);
        End::Again
    }

    fn note(&mut self, letter: &Letter, state: DeliveryState, took_ms: u64, why: &str, now: Now) {
        let row = Delivery { took_ms, ..row_of(letter, state, now.utc, why) };
        self.deliveries.note(&[row]);
    }

    /// What is due by time alone: the journal's rows of horns, troubles that are long over. Call it about once a second.
    pub fn tick(&mut self, now: Now) {
        for outlet in &mut self.outlets {
            outlet.forget(now.mono);
        }
        if self.calls.is_empty() || self.calls_told.plus_ms(1_000) > now.mono {
            return;
        }
        self.calls_told = now.mono;
        let calls = std::mem::take(&mut self.calls).into_iter();
        let rows: Vec<Delivery> = calls.map(|(outlet, (count, subject))| call_row(outlet, count, subject, now)).collect();
        self.deliveries.note(&rows);
        for row in rows {
            if let Some(of) = self.outlets.iter_mut().find(|known| known.spec.name == row.outlet) {
                of.last_sent = Some(now.utc);
            }
        }
    }

    /// When [`Desk::tick`] has something to do; `None` where only time goes by.
    pub fn tick_due(&self) -> Option<Mono> {
        (!self.calls.is_empty()).then(|| self.calls_told.plus_ms(1_000))
    }
}

fn call_row(outlet: String, count: u32, subject: String, now: Now) -> Delivery {
    Delivery {
        at: now.utc,
        outlet,
        to: String::new(),
        state: DeliveryState::Sent,
        id: String::new(),
        alarm: String::new(),
        subject,
        count,
        attempt: 1,
        took_ms: 0,
        why: "to the consoles".to_owned(),
    }
}
