//! What follows from a plugin's fault.

use std::collections::VecDeque;
use std::sync::Arc;

use plantroom_model::{Mono, Now};

use crate::{FaultKind, FaultRecord, limits};

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
