//! A plugin's fault, as it is recorded, and what follows from it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use plantroom_model::{Mono, Now};
use serde::Serialize;

use crate::limits;

/// What kind of fault it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The guest trapped: a panic, a failed check, a stack overflow.
    Trap,
    /// A call took longer than the hard limit.
    Deadline,
    /// It wanted more memory or table elements than granted, and failed for the lack of it.
    Memory,
    /// It broke the contract: a foreign handle, a write without an order, a malformed batch.
    Contract,
    /// It can't work with its configuration. Starting it again would not help.
    Configuration,
    /// No instance could be made of it.
    Start,
    /// The station's own code failed while it served this plugin: a bug in Plantroom.
    Host,
}

impl FaultKind {
    /// What happened, in an operator's words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Trap => "the plugin failed",
            Self::Deadline => "the plugin took too long",
            Self::Memory => "the plugin wanted more memory than granted",
            Self::Contract => "the plugin broke its contract",
            Self::Configuration => "the plugin can't work with its configuration",
            Self::Start => "the plugin could not be started",
            Self::Host => "the station failed while serving the plugin",
        }
    }
}

/// Everything worth knowing about one fault.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaultRecord {
    /// When it was noticed, UTC ns.
    pub utc_ns: i64,
    /// What kind.
    pub kind: FaultKind,
    /// What happened, in one sentence.
    pub message: String,
    /// The guest's call stack, innermost first; empty where there is none.
    pub backtrace: Vec<String>,
    /// The step it happened in: counts from 1 in this instance, 0 is `init`.
    pub step: u64,
    /// The last log lines of the void step (a panic's message is among them), oldest first.
    pub last_words: Vec<String>,
}

impl fmt::Display for FaultRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.words(), self.message)
    }
}

/// What follows from a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Start again after this pause.
    Restart {
        /// The pause.
        in_ms: u64,
    },
    /// Stay down.
    Quarantine,
}

/// Decides between restart and quarantine.
#[derive(Debug, Default)]
pub(crate) struct FaultHistory {
    recent: VecDeque<Mono>,
    pause_ms: u64,
    last: Option<Arc<FaultRecord>>,
}

impl FaultHistory {
    /// Takes a fault in. The pause doubles from fault to fault and starts over after a quiet [`limits::FAULT_WINDOW_MS`].
    pub fn add(&mut self, record: Arc<FaultRecord>, now: Now) -> Verdict {
        while self.recent.front().is_some_and(|first| now.mono.since(*first) > limits::FAULT_WINDOW_MS * 1_000_000) {
            self.recent.pop_front();
        }
        let hopeless = record.kind == FaultKind::Configuration;
        if self.recent.is_empty() {
            self.pause_ms = 0;
        }
        self.recent.push_back(now.mono);
        self.last = Some(record);
        if hopeless || self.recent.len() >= limits::FAULTS_UNTIL_QUARANTINE {
            return Verdict::Quarantine;
        }
        self.pause_ms = (self.pause_ms * 2).clamp(limits::RESTART_MIN_MS, limits::RESTART_MAX_MS);
        Verdict::Restart { in_ms: self.pause_ms }
    }

    /// The newest fault.
    pub fn last(&self) -> Option<&Arc<FaultRecord>> {
        self.last.as_ref()
    }

    /// Forgets the past: someone has acted.
    pub fn clear(&mut self) {
        self.recent.clear();
        self.pause_ms = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_model::Utc;

    fn verdicts(kind: FaultKind, times_ms: &[u64]) -> Vec<Verdict> {
        let mut history = FaultHistory::default();
        let record = FaultRecord { utc_ns: 0, kind, message: String::new(), backtrace: vec![], step: 1, last_words: vec![] };
        let record = Arc::new(record);
        times_ms.iter().map(|ms| history.add(record.clone(), Now { mono: Mono(0).plus_ms(*ms), utc: Utc(0) })).collect()
    }

    #[test]
    fn pauses_double_and_the_fifth_fault_in_ten_minutes_quarantines() {
        let restart = |in_ms| Verdict::Restart { in_ms };
        let wanted = [restart(200), restart(400), restart(800), restart(1600), Verdict::Quarantine];
        assert_eq!(verdicts(FaultKind::Trap, &[0, 1000, 2000, 3000, 599_000]), wanted);
    }

    #[test]
    fn rare_faults_never_quarantine_and_the_pause_has_an_end() {
        let rare: Vec<u64> = (0..20).map(|n| n * 200_000).collect();
        let all = verdicts(FaultKind::Trap, &rare);
        assert!(!all.contains(&Verdict::Quarantine));
        assert_eq!(all.last(), Some(&Verdict::Restart { in_ms: 60_000 }));
        let quiet = verdicts(FaultKind::Trap, &[0, 1, 700_000]);
        assert_eq!(quiet.last(), Some(&Verdict::Restart { in_ms: 200 }));
    }

    #[test]
    fn a_wrong_configuration_quarantines_at_once() {
        assert_eq!(verdicts(FaultKind::Configuration, &[0]), [Verdict::Quarantine]);
    }
}
