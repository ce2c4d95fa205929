//! All alarms of a station, and the rules by which they change.

use std::sync::Arc;

use plantroom_model::{
    AlarmAct, AlarmFrame, AlarmId, AlarmSpec, Changes, ConditionSource, Conditions, ConnectionId, Mono, Now, RestoredAlarm,
    Sample, Standing, TagId, TagSpec,
};

/// All alarms of a station. The scan owns it.
#[derive(Debug)]
pub struct AlarmEngine {
    specs: Arc<[AlarmSpec]>,
    out: AlarmFrame,
}

impl AlarmEngine {
    /// Alarms of a station that has just started, with what the journal knew of them; the next one that comes has this
    /// occurrence (at least 1). The first frame says where each restored one stands.
    pub fn new(specs: Arc<[AlarmSpec]>, _tags: &[TagSpec], _restored: &[RestoredAlarm], _next_occurrence: u64, _now: Now) -> Self {
        Self { specs, out: AlarmFrame::default() }
    }

    /// Every accepted sample of a scan, in order.
    pub fn apply(&mut self, _changes: &Changes, _now: Now) {}

    /// An operator's act; its answer is in the next frame.
    pub fn act(&mut self, _act: &AlarmAct, _now: Now) {}

    /// What a script, a plugin or the station says of conditions.
    pub fn conditions(&mut self, _from: ConditionSource, _words: &Conditions, _now: Now) {}

    /// Whether a connection (`device`: `None`), or one of the devices behind it, answers.
    pub fn link(&mut self, _connection: ConnectionId, _device: Option<u32>, _up: bool, _now: Now) {}

    /// A script or a plugin is dead.
    pub fn source_down(&mut self, _source: ConditionSource, _now: Now) {}

    /// A script or a plugin runs (again).
    pub fn source_up(&mut self, _source: ConditionSource, _now: Now) {}

    /// Lets time pass.
    pub fn tick(&mut self, _now: Now) {}

    /// When [`AlarmEngine::tick`] has something to do; `None` while nothing waits for time.
    pub fn next_due(&self) -> Option<Mono> {
        None
    }

    /// Takes over other definitions; `current` says what tags hold now.
    pub fn change(&mut self, specs: Arc<[AlarmSpec]>, _tags: &[TagSpec], _current: &dyn Fn(TagId) -> Option<Sample>, _now: Now) {
        self.specs = specs;
    }

    /// What happened since the last call.
    pub fn take(&mut self) -> AlarmFrame {
        std::mem::take(&mut self.out)
    }

    /// Where an alarm stands.
    pub fn standing(&self, _alarm: AlarmId) -> Standing {
        Standing::default()
    }
}
