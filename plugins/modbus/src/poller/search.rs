//! What follows when a device refuses or doesn't answer: the search for what it lacks, and what is remembered.

use std::future::Future;
use std::pin::Pin;

use plantroom_sdk::{ModbusError, Status, Words, log_warn, now};

use super::Poller;
use crate::blocks::Block;
use crate::unit::{PAUSE_LAST_MS, SILENT_AFTER};
use crate::words::{Reading, reading};

/// How the search for what a device lacks ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    /// All of it was read.
    Fine,
    /// Some of it can't be read, and that is known now.
    Learned,
    /// The device failed (exception 4) wherever it was asked: that may be the device's trouble and not the addresses'.
    Fails(ModbusError),
    /// The device fell silent or refused for another reason.
    Unclear,
}

impl Poller {
    /// Reads a block and publishes what comes of it.
    pub(super) async fn read(&self, block: Block) {
        let sent_ns = now().mono_ns;
        let answer = self.fetch(&block.span).await;
        self.look_at(block, sent_ns, answer).await;
    }

    /// Publishes what came of a read that was sent then, and looks into what went wrong.
    pub(super) async fn look_at(&self, block: Block, sent_ns: u64, answer: Result<Words, ModbusError>) {
        let Err(error) = self.take_answer(&block, sent_ns, answer) else { return };
        let known = self.refused.borrow().get(&block.members.start) == Some(&error);
        match reading(error) {
            Reading::NotThere => drop(self.search(block, error).await),
            Reading::Fails if block.members.len() > 1 && !known => {
                if let Probe::Fails(error) = self.search(block.clone(), error).await {
                    self.refuse(&block, error);
                }
            }
            Reading::Fails | Reading::Bad(_) => self.refuse(&block, error),
            Reading::Missed(reason) => self.miss_unanswered(&block, error, reason),
        }
    }

    /// Publishes what a block asked for then was answered, and keeps book of who answers.
    fn take_answer(&self, block: &Block, sent_ns: u64, answer: Result<Words, ModbusError>) -> Result<(), ModbusError> {
        let error = match answer {
            Ok(words) => {
                self.quiet.borrow_mut().answered(block);
                self.unit.contact.answered();
                self.publish(block, words);
                return Ok(());
            }
            Err(error) => error,
        };
        let contact = &self.unit.contact;
        contact.failed(error);
        match error {
            ModbusError::Timeout | ModbusError::Exception(10 | 11) => {
                if contact.unanswered(error, sent_ns, now().mono_ns) {
                    log_warn!(
                        "{}: {SILENT_AFTER} requests in a row without an answer; asked again up to every {} s, so that the others \
                         on its line keep their pace",
                        self.unit.name,
                        PAUSE_LAST_MS / 1_000
                    );
                }
            }
            ModbusError::Exception(_) => contact.answered(),
            _ => {}
        }
        match error {
            ModbusError::Exception(_) => self.quiet.borrow_mut().answered(block),
            ModbusError::Timeout | ModbusError::BadAnswer => self.note_unanswered(block, error),
            _ => {}
        }
        Err(error)
    }

    /// Halves a block that the device refuses, until it is known what it lacks. Boxed, because it calls itself.
    fn search(&self, block: Block, error: ModbusError) -> Pin<Box<dyn Future<Output = Probe> + '_>> {
        Box::pin(async move {
            let halves = self.plan.borrow().halves(&block);
            let Some((left, right)) = halves else {
                if reading(error) == Reading::Fails {
                    return Probe::Fails(error);
                }
                self.lack(&block, error);
                return Probe::Learned;
            };
            match (self.probe(&left).await, self.probe(&right).await) {
                (Probe::Fails(error), Probe::Fails(_)) => Probe::Fails(error),
                (Probe::Fails(error), Probe::Unclear) => self.unclear(&left, error),
                (Probe::Unclear, Probe::Fails(error)) => self.unclear(&right, error),
                (Probe::Unclear, _) | (_, Probe::Unclear) => Probe::Unclear,
                (Probe::Fails(error), _) => self.lack(&left, error),
                (_, Probe::Fails(error)) => self.lack(&right, error),
                (Probe::Fine, Probe::Fine) => {
                    self.plan.borrow_mut().learn_wall(right.members.start);
                    Probe::Learned
                }
                _ => Probe::Learned,
            }
        })
    }

    async fn probe(&self, half: &Block) -> Probe {
        let sent_ns = now().mono_ns;
        let answer = self.fetch(&half.span).await;
        let Err(error) = self.take_answer(half, sent_ns, answer) else { return Probe::Fine };
        match reading(error) {
            Reading::NotThere | Reading::Fails => self.search(half.clone(), error).await,
            Reading::Bad(_) => self.unclear(half, error),
            Reading::Missed(reason) => {
                self.miss_unanswered(half, error, reason);
                Probe::Unclear
            }
        }
    }

    fn unclear(&self, block: &Block, error: ModbusError) -> Probe {
        self.refuse(block, error);
        Probe::Unclear
    }

    /// The device lacks all of this, though it has what lies beside it.
    fn lack(&self, block: &Block, error: ModbusError) -> Probe {
        for place in block.members.clone() {
            if !self.plan.borrow().is_missing(place) {
                self.lost.borrow_mut().push((place, error));
            }
            self.plan.borrow_mut().learn_missing(place, error, now().mono_ns);
        }
        self.publish_bad(block.members.clone(), Status::BAD_CONFIGURATION);
        Probe::Learned
    }

    /// The device has answered, and these tags have no value.
    fn refuse(&self, block: &Block, error: ModbusError) {
        if self.refused.borrow_mut().insert(block.members.start, error) != Some(error) {
            log_warn!("{}: {}: {error}", self.unit.name, block.span.words());
        }
        self.publish_bad(block.members.clone(), error.status());
    }

    fn miss_unanswered(&self, block: &Block, error: ModbusError, reason: Status) {
        if !self.quiet.borrow().is_alone(block) {
            self.silent.set(self.silent.get().or(Some(error)));
        }
        self.miss(block, reason);
    }

    fn note_unanswered(&self, block: &Block, error: ModbusError) {
        if self.quiet.borrow_mut().unanswered(block, now().mono_ns) {
            let span = block.span.words();
            log_warn!("{}: {span}: {error}, though it answers the rest; asked again up to every 60 s", self.unit.name);
        }
    }
}
