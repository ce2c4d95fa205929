//! Alarms to a console: the whole picture once, then what has changed with each scan; and its operator's acts.

use std::sync::Arc;

use plantroom_access::Session;
use plantroom_model::{AlarmBoard, AlarmId, Door, Outcome, OutcomeKind, Role};
use plantroom_project::Plant;
use plantroom_wire::{ALARM_ACTS, ALARM_ROWS, AlarmBatch, AlarmWish, Reply};

use crate::{Station, alarms};

/// What one console has been told of the alarms.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The frame of the newest row; `None` before the whole picture.
    frame: Option<u64>,
    /// The last frame that it knows to be in the journal.
    recorded: u64,
    /// A bit for each alarm whose texts it has.
    infos: Vec<u64>,
}

/// Rows that are made at once: some ms of one thread, after which others have their turn.
const ROWS: usize = if ALARM_ROWS < 1_024 { ALARM_ROWS } else { 1_024 };

/// What a console is being told, batch by batch: a whole picture may be long, and nobody else waits for it.
pub(super) struct Telling {
    board: Arc<AlarmBoard>,
    recorded: u64,
    /// Rows of later frames are news; 0 for a whole picture.
    since: u64,
    whole: bool,
    /// Where the next batch begins.
    next: AlarmId,
}

impl Told {
    /// Begins to bring a console up to date; `None` when there is nothing new.
    pub(super) fn begin(&mut self, board: Arc<AlarmBoard>, recorded: u64) -> Option<Telling> {
        let whole = self.frame.is_none();
        if !whole && self.frame == Some(board.frame()) && self.recorded == recorded {
            return None;
        }
        if whole {
            self.infos.clear();
        }
        let since = self.frame.unwrap_or(0);
        (self.frame, self.recorded) = (Some(board.frame()), recorded);
        Some(Telling { board, recorded, since, whole, next: AlarmId(0) })
    }

    /// The next batch; the last one says that no more come.
    pub(super) fn batch(&mut self, telling: &mut Telling, plant: &Plant, role: Role) -> AlarmBatch {
        let Telling { board, recorded, since, whole, next } = telling;
        let news = board.changed_since(*since).skip_while(|(id, _)| id.0 < next.0);
        let mut rows = news.filter(|(_, row)| !*whole || row.is_shown());
        let part: Vec<_> = rows.by_ref().take(ROWS).collect();
        let new = part.iter().filter(|(id, _)| self.is_new(*id));
        let known = new.filter_map(|(id, _)| Some((*id, plant.alarms.get(id.0 as usize)?)));
        let infos = known.map(|(id, spec)| alarms::info(plant, id, spec, role)).collect();
        let batch = AlarmBatch {
            whole: *whole && next.0 == 0,
            more: rows.next().is_some(),
            infos,
            rows: part.iter().map(|(id, row)| alarms::now(*id, row)).collect(),
            recorded: *recorded,
            counts: alarms::totals(board),
        };
        for (id, _) in &part {
            self.has(*id);
        }
        *next = AlarmId(part.last().map_or(next.0, |(id, _)| id.0) + 1);
        batch
    }

    fn is_new(&self, id: AlarmId) -> bool {
        self.infos.get(id.0 as usize / 64).is_none_or(|bits| bits >> (id.0 % 64) & 1 == 0)
    }

    fn has(&mut self, id: AlarmId) {
        let place = id.0 as usize / 64;
        if self.infos.len() <= place {
            self.infos.resize(place + 1, 0);
        }
        self.infos[place] |= 1 << (id.0 % 64);
    }
}

/// All alarms of an instance of a type, of a tag or of what lies below it, or the one of this name; also those that stand as
/// normal.
pub(super) fn of_place(station: &dyn Station, plant: &Plant, place: &str, role: Role) -> Reply {
    let board = station.alarms().board().borrow().clone();
    let below = |name: &str| name.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let of_it = (0..).map(AlarmId).zip(plant.alarms.iter()).filter(|(_, spec)| {
        !place.is_empty()
            && (below(&spec.instance) || below(&spec.name) || alarms::tag_of(plant, spec).is_some_and(|tag| below(&tag.name)))
    });
    let each = of_it.take(ALARM_ROWS).map(|(id, spec)| {
        let row = board.get(id).cloned().unwrap_or_default();
        (alarms::info(plant, id, spec, role), alarms::now(id, &row))
    });
    let (infos, rows) = each.unzip();
    Reply::Alarms { infos, rows }
}

/// Carries acts out; one outcome for all of them, as the operator reads it.
pub(super) async fn act(station: Arc<dyn Station>, session: Session, wishes: Vec<AlarmWish>, comment: String) -> Outcome {
    if wishes.is_empty() || wishes.len() > ALARM_ACTS {
        let message = format!("Between 1 and {ALARM_ACTS} alarms can be acted on at once; select fewer.");
        return Outcome { kind: OutcomeKind::Refused, message, audit: 0 };
    }
    let names: Vec<String> = wishes.iter().map(|wish| wish.alarm.clone()).collect();
    let outcomes = station.alarms().act((session, Door::Console), wishes, comment).await;
    sum_up(&names, outcomes)
}

/// One sentence for many outcomes: what was done, and of what wasn't the first with its reason.
fn sum_up(names: &[String], mut outcomes: Vec<Outcome>) -> Outcome {
    if outcomes.len() == 1 {
        return outcomes.remove(0);
    }
    let is_done = |outcome: &Outcome| matches!(outcome.kind, OutcomeKind::Done | OutcomeKind::Confirmed);
    let (done, all) = (outcomes.iter().filter(|outcome| is_done(outcome)).count(), outcomes.len());
    let first = names.iter().zip(&outcomes).find(|(_, outcome)| !is_done(outcome));
    let audit = outcomes.first().map_or(0, |outcome| outcome.audit);
    match first {
        None => Outcome { kind: OutcomeKind::Done, message: format!("Done for all {all} alarms."), audit },
        Some((name, outcome)) => Outcome {
            kind: if done == 0 { outcome.kind } else { OutcomeKind::Done },
            message: format!("Done for {done} of {all} alarms. {name}: {}", outcome.message),
            audit,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(kind: OutcomeKind, message: &str) -> Outcome {
        Outcome { kind, message: message.to_owned(), audit: 7 }
    }

    #[test]
    fn many_outcomes_are_one_sentence() {
        let names = ["a".to_owned(), "b".to_owned()];
        let done = || outcome(OutcomeKind::Done, "Acknowledged.");
        let refused = || outcome(OutcomeKind::Refused, "Acknowledged by anna already.");
        for (outcomes, kind, message) in [
            (vec![done()], OutcomeKind::Done, "Acknowledged."),
            (vec![done(), done()], OutcomeKind::Done, "Done for all 2 alarms."),
            (vec![done(), refused()], OutcomeKind::Done, "Done for 1 of 2 alarms. b: Acknowledged by anna already."),
            (vec![refused(), refused()], OutcomeKind::Refused, "Done for 0 of 2 alarms. a: Acknowledged by anna already."),
        ] {
            assert_eq!(sum_up(&names, outcomes), outcome(kind, message));
        }
    }
}
