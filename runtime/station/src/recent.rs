//! What came of the last requests, tag by tag, for `tag why`. The audit trail has everything; this is what is at hand.

use std::collections::HashMap;

use parking_lot::Mutex;
use plantroom_model::{Outcome, OutcomeKind, TagId, Utc};

/// Tags whose last requests are remembered. At the limit the one that was written longest ago is forgotten.
const TAGS: usize = 10_000;

/// One request and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// When it ended.
    pub at: Utc,
    /// Who asked.
    pub user: String,
    /// What was asked for, in words with unit.
    pub value: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// A tag's last requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Last {
    /// The last one that was not refused.
    pub outcome: Option<Told>,
    /// The last one that was.
    pub refusal: Option<Told>,
}

/// The last requests of every tag since the station's start.
#[derive(Debug, Default)]
pub struct Recent {
    tags: Mutex<HashMap<TagId, Last>>,
}

impl Recent {
    /// Takes an outcome down.
    pub fn note(&self, tag: TagId, user: &str, value: &str, outcome: &Outcome, at: Utc) {
        let told = Told { at, user: user.to_owned(), value: value.to_owned(), outcome: outcome.clone() };
        let mut tags = self.tags.lock();
        if tags.len() >= TAGS && !tags.contains_key(&tag) {
            let newest = |last: &Last| last.outcome.as_ref().map(|told| told.at).max(last.refusal.as_ref().map(|told| told.at));
            if let Some(oldest) = tags.iter().min_by_key(|(_, last)| newest(last)).map(|(tag, _)| *tag) {
                tags.remove(&oldest);
            }
        }
        let last = tags.entry(tag).or_default();
        if outcome.kind == OutcomeKind::Refused { last.refusal = Some(told) } else { last.outcome = Some(told) }
    }

    /// A tag's last requests.
    pub fn of(&self, tag: TagId) -> Last {
        self.tags.lock().get(&tag).cloned().unwrap_or_default()
    }
}
