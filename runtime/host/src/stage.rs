//! What one instance sees, and what its running step has staged.

use std::collections::BTreeMap;
use std::sync::Arc;

use plantroom_model::{AlarmId, Columns, ConditionWord, ConnectionId, ModbusRequest, Now, OrderId, SettleCode, Status, TagId};

use crate::grant::Rights;
use crate::image::Image;
use crate::imports::{Orders, Sets, StreamAct, Streams, Transactions};
use crate::limiter::Limiter;
use crate::limits;
use crate::news::News;
use crate::readings::Readings;

/// The data of one wasmtime store: it lives and dies with the instance.
#[derive(Debug)]
pub(crate) struct StepState {
    /// What it may do.
    pub rights: Arc<Rights>,
    /// What it takes.
    pub limiter: Limiter,
    /// The time of the running step.
    pub now: Now,
    /// Orders waiting and open.
    pub orders: Orders,
    /// Transactions open and answered.
    pub transactions: Transactions,
    /// Connections that carry bytes.
    pub streams: Streams,
    /// Rows that it has fixed.
    pub sets: Sets,
    /// Changes and current values.
    pub readings: Readings,
    /// What happened to alarms and where they stand.
    pub news: News,
    /// The persistent store as the last committed step left it.
    pub image: Arc<Image>,
    /// What the running step has done so far.
    pub staged: Staged,
    /// Samples that the running step may still publish.
    pub sample_budget: u64,
    /// Log lines that the running step may still write.
    pub line_budget: u64,
}

/// What a step did; it counts when the step returns.
#[derive(Debug, Default)]
pub(crate) struct Staged {
    /// Batches and misses, in order.
    pub outputs: Vec<Output>,
    /// Words about alarms, in order.
    pub words: Vec<(AlarmId, ConditionWord)>,
    /// Transactions, in order.
    pub submits: Vec<Submit>,
    /// What it did with streams, in order.
    pub streams: Vec<StreamAct>,
    /// Orders that it ended.
    pub settles: Vec<(OrderId, SettleCode, String)>,
    /// Log lines.
    pub lines: Vec<(u8, String)>,
    /// Log lines over the rate.
    pub dropped_lines: u64,
    /// Samples over the rate.
    pub dropped_samples: u64,
    /// Tags of those samples, each once.
    pub over_rate: Marked,
    /// Keys that it set (`Some`) or removed (`None`).
    pub memory: BTreeMap<String, Option<Vec<u8>>>,
    /// What the store will cost when they count; `None` where nothing was touched.
    pub memory_used: Option<u64>,
    /// What it spent of its sample budget.
    pub spent_samples: u64,
}

/// Something for the scan.
#[derive(Debug)]
pub(crate) enum Output {
    /// A batch; its handles are tag ids.
    Samples(Columns),
    /// Polls that got no usable answer.
    Missed(Vec<TagId>, Status),
}

/// A transaction on its way.
#[derive(Debug)]
pub(crate) struct Submit {
    /// Its name.
    pub id: u64,
    /// On which connection.
    pub connection: ConnectionId,
    /// What is asked.
    pub request: ModbusRequest,
    /// The order it serves; 0 for a read.
    pub order: u64,
}

/// A set of tags that remembers each once.
#[derive(Debug, Default)]
pub(crate) struct Marked {
    seen: std::collections::HashSet<u32>,
    tags: Vec<TagId>,
}

impl Marked {
    /// Adds tags.
    pub fn add(&mut self, tags: impl Iterator<Item = u32>) {
        for tag in tags {
            if self.seen.insert(tag) {
                self.tags.push(TagId(tag));
            }
        }
    }

    /// All of them, in the order of their first appearance.
    pub fn take(&mut self) -> Vec<TagId> {
        self.seen.clear();
        std::mem::take(&mut self.tags)
    }
}

/// Why a call traps: the guest broke the contract.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Breach(pub String);

/// A trap that says what was wrong.
pub(crate) fn breach<T>(message: impl Into<String>) -> wasmtime::Result<T> {
    Err(wasmtime::Error::new(Breach(message.into())))
}

impl StepState {
    /// The state of a fresh instance.
    pub fn new(rights: Arc<Rights>, image: Arc<Image>, readings: Readings, news: News) -> Self {
        let places = rights.grant.connections.len();
        Self {
            limiter: Limiter::new(rights.grant.memory_bytes),
            now: Now::default(),
            orders: Orders::default(),
            transactions: Transactions::new(places),
            streams: Streams::default(),
            sets: Sets::default(),
            readings,
            news,
            image,
            staged: Staged::default(),
            sample_budget: 0,
            line_budget: 0,
            rights,
        }
    }

    /// Takes from the sample budget, or says that it is spent. Text costs too.
    pub fn spend(&mut self, rows: usize, text: usize) -> bool {
        let cost = (rows + text / limits::TEXT_BYTES_A_SAMPLE) as u64;
        if cost > self.sample_budget {
            return false;
        }
        self.sample_budget -= cost;
        self.staged.spent_samples += cost;
        true
    }
}

/// At most so many bytes of a text, cut at a character, without control characters: it goes into logs and onto screens.
pub(crate) fn one_line(text: &str, bytes: usize) -> String {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_a_character_and_stays_one_line() {
        assert_eq!(one_line("aäb", 2), "a");
        assert_eq!(one_line("a\nERROR forged\u{1b}[2J", 100), "a ERROR forged [2J");
    }

    #[test]
    fn a_tag_is_marked_once() {
        let mut marked = Marked::default();
        marked.add([3, 1, 3].into_iter());
        marked.add([1].into_iter());
        assert_eq!(marked.take(), [TagId(3), TagId(1)]);
        assert_eq!(marked.take(), []);
    }
}
