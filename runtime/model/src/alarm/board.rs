//! The picture of all alarms that a scan leaves behind: what lists, banners and symbols show.

use std::sync::Arc;

use crate::{AlarmEvent, AlarmEventKind, AlarmId, AlarmState, Hidden, Marks, Priority, Standing, Status, Utc, Value};

/// What is to be shown of one alarm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmRow {
    /// Where it stands.
    pub standing: Standing,
    /// When it last came.
    pub came: Utc,
    /// The source time of what made it come; 0 where no sample did.
    pub source_time: Utc,
    /// When something last happened to it.
    pub changed: Utc,
    /// The tag's value when it last came.
    pub value: Value,
    /// The tag's quality then.
    pub status: Status,
    /// The limit that was passed, in engineering units.
    pub limit: Option<f64>,
    /// Who acknowledged this occurrence, and when.
    pub acknowledged: Option<(Utc, Arc<str>)>,
    /// When the shelf ends.
    pub shelved_until: Option<Utc>,
    /// Who or what hides it, and why.
    pub hidden_by: Option<(Arc<str>, Arc<str>)>,
    /// What was last said of it: an operator's remark, a plugin's detail.
    pub comment: Option<Arc<str>>,
    /// The likely cause that it was grouped under.
    pub cause: Option<Arc<str>>,
    /// The frame in which something last happened to it; in the journal once that frame is.
    pub frame: u64,
}

impl AlarmRow {
    /// Whether it belongs into the list of alarms: active or unacknowledged, and not hidden.
    pub fn is_listed(&self) -> bool {
        (self.standing.state.is_active() || self.standing.state.is_unacknowledged()) && !self.standing.hidden.any()
    }

    /// Whether there is anything to show of it, in any list.
    pub fn is_shown(&self) -> bool {
        self.standing.state != AlarmState::Normal || self.standing.hidden.any()
    }

    /// Where it stood when the station started; of such an event the source time is when the alarm came.
    fn stood(&mut self, event: &AlarmEvent, is_new: bool, by: (Arc<str>, Arc<str>)) {
        self.shelved_until = event.until;
        if !is_new {
            return;
        }
        (self.came, self.source_time) = (event.source_time, Utc(0));
        let is_acknowledged = matches!(event.to.state, AlarmState::Acknowledged | AlarmState::LatchedAcknowledged);
        match (is_acknowledged, event.by.is_some()) {
            (true, true) => self.acknowledged = Some((event.at.utc, by.0)),
            (false, true) => self.hidden_by = Some(by),
            (_, false) => self.comment.clone_from(&event.comment),
        }
    }

    fn take(&mut self, event: &AlarmEvent, frame: u64) {
        use AlarmEventKind as Kind;
        let came_anew = event.to.occurrence != self.standing.occurrence;
        self.standing = event.to;
        (self.changed, self.frame) = (event.at.utc, frame);
        if came_anew {
            *self = Self {
                standing: self.standing,
                changed: self.changed,
                frame,
                shelved_until: self.shelved_until,
                hidden_by: self.hidden_by.take(),
                ..Self::default()
            };
            (self.came, self.source_time) = (event.at.utc, event.source_time);
            (self.value, self.status, self.limit) = (event.value.clone(), event.status, event.limit);
        }
        let by = || (event.by.clone().unwrap_or_default(), event.comment.clone().unwrap_or_default());
        match event.kind {
            Kind::Acknowledged => self.acknowledged = Some((event.at.utc, by().0)),
            Kind::ReAlarmed => self.acknowledged = None,
            Kind::Shelved => (self.shelved_until, self.hidden_by) = (event.until, Some(by())),
            Kind::Suppressed | Kind::OutOfService => self.hidden_by = Some(by()),
            Kind::Grouped => self.cause = event.comment.clone(),
            Kind::Standing => self.stood(event, came_anew, by()),
            _ => {}
        }
        if !event.to.hidden.has(Hidden::SHELVED) {
            self.shelved_until = None;
        }
        if !event.to.hidden.any() {
            self.hidden_by = None;
        }
        if matches!(event.kind, Kind::Occurred | Kind::Remarked | Kind::Acknowledged) && event.comment.is_some() {
            self.comment = event.comment.clone();
        }
    }
}

/// How many alarms stand how, by priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlarmCounts {
    /// Active or not, unacknowledged and not hidden; by [`Priority`].
    pub unacknowledged: [u32; Priority::ALL.len()],
    /// In the list, acknowledged or not; by [`Priority`].
    pub listed: [u32; Priority::ALL.len()],
    /// Not hidden and not normal; by [`Priority`], then by [`AlarmState`].
    pub states: [[u32; AlarmState::ALL.len()]; Priority::ALL.len()],
    /// Shelved by operators.
    pub shelved: u32,
    /// Suppressed by design.
    pub suppressed: u32,
    /// Out of service.
    pub out_of_service: u32,
    /// Of which nobody can tell whether their condition holds; only those to which anything ever happened.
    pub unknown: u32,
    /// Not hidden, and coming and going too often.
    pub chattering: u32,
    /// Not hidden, and active for more than 24 h.
    pub standing: u32,
}

impl AlarmCounts {
    fn add(&mut self, row: &AlarmRow, priority: Priority, by: i32) {
        let count = |number: &mut u32, counts: bool| {
            if counts {
                *number = number.saturating_add_signed(by);
            }
        };
        let at = priority as usize;
        count(&mut self.listed[at], row.is_listed());
        count(&mut self.unacknowledged[at], row.is_listed() && row.standing.state.is_unacknowledged());
        let (standing, seen) = (row.standing, !row.standing.hidden.any());
        count(&mut self.states[at][standing.state as usize], seen && standing.state != AlarmState::Normal);
        count(&mut self.unknown, standing.marks.has(Marks::UNKNOWN));
        count(&mut self.chattering, seen && standing.marks.has(Marks::CHATTERING));
        count(&mut self.standing, seen && standing.marks.has(Marks::STANDING));
        count(&mut self.shelved, row.standing.hidden.has(Hidden::SHELVED));
        count(&mut self.suppressed, row.standing.hidden.has(Hidden::SUPPRESSED));
        count(&mut self.out_of_service, row.standing.hidden.has(Hidden::OUT_OF_SERVICE));
    }
}

/// All alarms as one scan left them. Cheap to clone: neighbours are shared with the next board until they change.
#[derive(Clone, Debug, Default)]
pub struct AlarmBoard {
    frame: u64,
    chunks: Vec<Arc<Chunk>>,
    counts: AlarmCounts,
}

#[derive(Clone, Debug, Default)]
struct Chunk {
    /// The newest frame of its rows.
    frame: u64,
    rows: Vec<Option<Box<(AlarmRow, Priority)>>>,
}

impl AlarmBoard {
    /// Alarms a chunk holds.
    pub const CHUNK: usize = 128;

    /// The frame of the last event that it has taken in.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// How many stand how.
    pub fn counts(&self) -> &AlarmCounts {
        &self.counts
    }

    /// An alarm's row; `None` where nothing ever happened to it.
    pub fn get(&self, alarm: AlarmId) -> Option<&AlarmRow> {
        let index = alarm.0 as usize;
        self.chunks.get(index / Self::CHUNK)?.rows.get(index % Self::CHUNK)?.as_deref().map(|(row, _)| row)
    }

    /// Rows to which something happened after a frame, in the order of their ids; after 0: all that there are.
    pub fn changed_since(&self, frame: u64) -> impl Iterator<Item = (AlarmId, &AlarmRow)> {
        let chunks = self.chunks.iter().enumerate().filter(move |(_, chunk)| chunk.frame > frame);
        let rows = chunks.flat_map(|(place, chunk)| {
            let rows = chunk.rows.iter().enumerate();
            rows.filter_map(move |(slot, row)| Some((AlarmId((place * Self::CHUNK + slot) as u32), &row.as_deref()?.0)))
        });
        rows.filter(move |(_, row)| row.frame > frame)
    }

    /// Takes the events of a frame in, in order; `priority` says how urgent an alarm is now. Events (priority 0) are no
    /// alarms and are not listed.
    pub fn apply(&mut self, frame: u64, events: &[AlarmEvent], priority: impl Fn(AlarmId) -> Priority) {
        if !events.is_empty() {
            self.frame = frame;
        }
        for event in events {
            let priority = priority(event.alarm);
            if priority == Priority::Event {
                continue;
            }
            let (place, slot) = (event.alarm.0 as usize / Self::CHUNK, event.alarm.0 as usize % Self::CHUNK);
            if self.chunks.len() <= place {
                self.chunks.resize_with(place + 1, Arc::default);
            }
            let chunk = Arc::make_mut(&mut self.chunks[place]);
            chunk.frame = frame;
            if chunk.rows.len() <= slot {
                chunk.rows.resize_with(slot + 1, || None);
            }
            let held = chunk.rows[slot].get_or_insert_with(|| Box::new((AlarmRow::default(), priority)));
            self.counts.add(&held.0, held.1, -1);
            held.1 = priority;
            held.0.take(event, frame);
            if event.kind == AlarmEventKind::Removed {
                held.0 = AlarmRow { frame, ..AlarmRow::default() };
            }
            self.counts.add(&held.0, held.1, 1);
        }
    }

    /// Puts what a journal kept of an alarm in its place, as it was before a restart.
    pub fn restore(&mut self, alarm: AlarmId, row: AlarmRow, priority: Priority) {
        let (place, slot) = (alarm.0 as usize / Self::CHUNK, alarm.0 as usize % Self::CHUNK);
        if self.chunks.len() <= place {
            self.chunks.resize_with(place + 1, Arc::default);
        }
        let chunk = Arc::make_mut(&mut self.chunks[place]);
        chunk.frame = chunk.frame.max(row.frame);
        self.frame = self.frame.max(row.frame);
        if chunk.rows.len() <= slot {
            chunk.rows.resize_with(slot + 1, || None);
        }
        if let Some(held) = &chunk.rows[slot] {
            self.counts.add(&held.0, held.1, -1);
        }
        self.counts.add(&row, priority, 1);
        chunk.rows[slot] = Some(Box::new((row, priority)));
    }

    /// Takes in where alarms stand that had no event ([`crate::AlarmFrame::quiet`]), after the frame's events.
    pub fn apply_quiet(&mut self, frame: u64, quiet: &[(AlarmId, Standing)]) {
        for (alarm, standing) in quiet {
            let (place, slot) = (alarm.0 as usize / Self::CHUNK, alarm.0 as usize % Self::CHUNK);
            let is_there = self.chunks.get(place).is_some_and(|chunk| chunk.rows.get(slot).is_some_and(Option::is_some));
            if !is_there {
                continue;
            }
            let chunk = Arc::make_mut(&mut self.chunks[place]);
            (chunk.frame, self.frame) = (frame, frame);
            if let Some(held) = &mut chunk.rows[slot] {
                self.counts.add(&held.0, held.1, -1);
                (held.0.standing, held.0.frame) = (*standing, frame);
                self.counts.add(&held.0, held.1, 1);
            }
        }
    }

    /// The most urgent unacknowledged alarms, the newest of one priority first; at most so many.
    pub fn most_urgent(&self, most: usize) -> Vec<(AlarmId, &AlarmRow)> {
        let listed = self.chunks.iter().enumerate().flat_map(|(place, chunk)| {
            chunk.rows.iter().enumerate().filter_map(move |(slot, row)| {
                let (row, priority) = row.as_deref()?;
                let urgent = row.is_listed() && row.standing.state.is_unacknowledged();
                urgent.then_some((*priority, AlarmId((place * Self::CHUNK + slot) as u32), row))
            })
        });
        let mut all: Vec<_> = listed.collect();
        all.sort_by_key(|(priority, alarm, row)| (std::cmp::Reverse(*priority), std::cmp::Reverse(row.came), *alarm));
        all.truncate(most);
        all.into_iter().map(|(_, alarm, row)| (alarm, row)).collect()
    }
}

impl AlarmRow {
    /// Whether the journal on the disk doesn't have its last event yet, given the last frame that it has.
    pub fn is_unrecorded(&self, recorded: u64) -> bool {
        self.frame > recorded || self.standing.marks.has(Marks::UNRECORDED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mono, Now, Occurrence};

    fn event(alarm: u32, kind: AlarmEventKind, state: AlarmState, occurrence: u64, ns: i64) -> AlarmEvent {
        let to = Standing { occurrence: Occurrence(occurrence), state, ..Standing::default() };
        AlarmEvent {
            alarm: AlarmId(alarm),
            occurrence: Occurrence(occurrence),
            at: Now { mono: Mono(ns as u64), utc: Utc(ns) },
            source_time: Utc(ns),
            kind,
            from: Standing::default(),
            to,
            value: Value::Float(1.0),
            status: Status::GOOD,
            limit: None,
            until: None,
            by: None,
            comment: None,
        }
    }

    #[test]
    fn a_board_tells_what_is_new_and_counts_what_stands() {
        use AlarmEventKind::{Acknowledged, Occurred, Returned};
        let mut board = AlarmBoard::default();
        let priority = |alarm: AlarmId| if alarm.0 == 300 { Priority::High } else { Priority::Low };
        board.apply(1, &[event(2, Occurred, AlarmState::Unacknowledged, 1, 10)], priority);
        let old = board.clone();
        board.apply(2, &[event(300, Occurred, AlarmState::Unacknowledged, 2, 20)], priority);
        assert_eq!(board.changed_since(1).map(|(alarm, _)| alarm).collect::<Vec<_>>(), [AlarmId(300)]);
        assert_eq!(board.changed_since(0).count(), 2);
        assert_eq!((board.counts().listed[1], board.counts().unacknowledged[3]), (1, 1));
        assert_eq!(board.most_urgent(9).iter().map(|(alarm, _)| alarm.0).collect::<Vec<_>>(), [300, 2]);
        board.apply(3, &[event(2, Acknowledged, AlarmState::Acknowledged, 1, 30)], priority);
        assert_eq!((board.counts().listed[1], board.counts().unacknowledged[1]), (1, 0));
        assert_eq!((board.counts().states[1], board.counts().states[3]), ([0, 0, 1, 0, 0, 0], [0, 1, 0, 0, 0, 0]));
        assert_eq!(board.get(AlarmId(2)).map(|row| (row.came, row.acknowledged.is_some())), Some((Utc(10), true)));
        board.apply(4, &[event(2, Returned, AlarmState::Normal, 1, 40)], priority);
        assert_eq!((board.counts().listed[1], board.get(AlarmId(2)).map(AlarmRow::is_shown)), (0, Some(false)));
        assert!(old.get(AlarmId(300)).is_none(), "an old board stays as it was");
        assert!(board.get(AlarmId(2)).is_some_and(|row| row.is_unrecorded(3) && !row.is_unrecorded(4)));
    }

    #[test]
    fn a_restored_board_counts_as_the_one_that_was_kept() {
        let mut board = AlarmBoard::default();
        let low = |_: AlarmId| Priority::Low;
        board.apply(1, &[event(2, AlarmEventKind::Occurred, AlarmState::Unacknowledged, 1, 10)], low);
        let mut restored = AlarmBoard::default();
        for (alarm, row) in board.changed_since(0) {
            // Twice is as good as once.
            restored.restore(alarm, row.clone(), Priority::Low);
            restored.restore(alarm, row.clone(), Priority::Low);
        }
        assert_eq!((restored.counts(), restored.get(AlarmId(2))), (board.counts(), board.get(AlarmId(2))));
        assert_eq!(restored.changed_since(0).count(), 1);
    }

    #[test]
    fn after_a_restart_an_alarm_is_as_old_as_it_was_and_acknowledged_by_whom_it_was() {
        let mut board = AlarmBoard::default();
        let mut stood = event(0, AlarmEventKind::Standing, AlarmState::Acknowledged, 9, 50);
        (stood.source_time, stood.by) = (Utc(7), Some("anna".into()));
        board.apply(1, &[stood], |_| Priority::Low);
        let row = board.get(AlarmId(0)).cloned().unwrap_or_default();
        assert_eq!((row.came, row.source_time), (Utc(7), Utc(0)));
        assert_eq!(row.acknowledged.map(|(_, by)| by), Some("anna".into()));
    }

    #[test]
    fn a_new_occurrence_forgets_the_acknowledgement_but_not_the_shelf() {
        let mut board = AlarmBoard::default();
        let low = |_: AlarmId| Priority::Low;
        let mut shelved = event(0, AlarmEventKind::Shelved, AlarmState::Normal, 0, 5);
        (shelved.to.hidden, shelved.until, shelved.by) = (Hidden::SHELVED, Some(Utc(99)), Some("anna".into()));
        let mut came = event(0, AlarmEventKind::Occurred, AlarmState::Unacknowledged, 1, 6);
        came.to.hidden = Hidden::SHELVED;
        board.apply(1, &[shelved, came.clone()], low);
        let row = board.get(AlarmId(0)).cloned().unwrap_or_default();
        assert_eq!((row.shelved_until, row.is_listed(), board.counts().shelved), (Some(Utc(99)), false, 1));
        came.kind = AlarmEventKind::ShelfEnded;
        came.to.hidden = Hidden::default();
        board.apply(2, &[came], low);
        let row = board.get(AlarmId(0)).cloned().unwrap_or_default();
        assert_eq!((row.shelved_until, row.hidden_by, row.came), (None, None, Utc(6)));
        assert_eq!((board.counts().shelved, board.counts().listed[1]), (0, 1));
    }

    #[test]
    fn a_mark_without_an_event_is_shown_where_there_is_a_row() {
        let mut board = AlarmBoard::default();
        board.apply(1, &[event(2, AlarmEventKind::Occurred, AlarmState::Unacknowledged, 1, 10)], |_| Priority::Low);
        let standing = board.get(AlarmId(2)).map(|row| row.standing).unwrap_or_default();
        let marked = Standing { marks: Marks::STANDING, ..standing };
        board.apply_quiet(2, &[(AlarmId(2), marked), (AlarmId(9_000), marked)]);
        assert_eq!(board.changed_since(1).map(|(alarm, row)| (alarm.0, row.standing)).collect::<Vec<_>>(), [(2, marked)]);
        assert_eq!((board.counts().listed[1], board.get(AlarmId(9_000))), (1, None));
    }
}
