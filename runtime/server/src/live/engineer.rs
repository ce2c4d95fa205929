//! What engineers ask over a console's WebSocket beside values, and what they want done beside writes.
//!
//! Answers are made on threads that may wait: a driver, the disk and the scan may be asked. The console's own task goes
//! on with values and heartbeats meanwhile.

use std::sync::Arc;

use plantroom_access::Session;
use plantroom_model::{ConnectionId, Door, Origin, Outcome, OutcomeKind, Role, TagId, limits as model_limits};
use plantroom_project::Plant;
use plantroom_wire::{
    Ask, AutomationNow, ChangeNow, Deed, JournalLine, OverrideNow, ProjectNow, ProjectState, RegisterNow, Reply, ToConsole,
    WhyNow, WhyStep,
};

use super::{Console, Gone};
use crate::control::{self, AutomationEntry, Override};
use crate::{ChangeDone, ChangeError, ChangeInfo, ProjectDoor, ProjectWord, Station, limits};

impl Console {
    /// Asks the station why a tag is as it is; its driver may take a quarter of a second.
    pub(super) async fn why(&mut self, request: u64, tag: String) -> Result<(), Gone> {
        let found = self.plant.tag_ids.get(tag.as_str()).copied();
        if let Some(why) = self.too_many() {
            let told = WhyNow { text: why.to_owned(), ..WhyNow::default() };
            return self.send(&ToConsole::Why { request, tag, why: Some(Box::new(told)) }).await;
        }
        let station = self.app.station.clone();
        self.answer(move || {
            let why = found.map(|id| Box::new(why_now(&*station, id)));
            ToConsole::Why { request, tag, why }
        });
        Ok(())
    }

    /// Answers a question, or says why not.
    pub(super) async fn ask(&mut self, request: u64, ask: Ask) -> Result<(), Gone> {
        let Some((_, role)) = self.login else { return Ok(()) };
        if let Some(why) = self.refusal(&ask, role) {
            return self.send(&ToConsole::Reply { request, reply: Box::new(Reply::Refused(why)) }).await;
        }
        if matches!(ask, Ask::Registers { .. }) {
            self.registers_at = Some(self.app.station.now().mono);
        }
        let (station, plant) = (self.app.station.clone(), Arc::clone(&self.plant));
        self.answer(move || ToConsole::Reply { request, reply: Box::new(reply(&*station, &plant, ask, role)) });
        Ok(())
    }

    fn too_many(&self) -> Option<&'static str> {
        (self.open_asks >= limits::OPEN_ASKS).then_some("Too many of your questions are still being answered; ask again.")
    }

    fn refusal(&self, ask: &Ask, role: Role) -> Option<String> {
        let engineers = matches!(ask, Ask::Registers { .. } | Ask::Changes | Ask::Change { .. });
        if engineers && role < Role::Engineer {
            return Some(format!("This takes the role engineer; yours is {}.", role.word()));
        }
        let now = self.app.station.now().mono;
        let soon = self.registers_at.is_some_and(|at| now.since(at) < limits::REGISTERS_MS * 1_000_000);
        if matches!(ask, Ask::Registers { .. }) && soon {
            return Some("Registers are shown at most once a second.".to_owned());
        }
        self.too_many().map(str::to_owned)
    }

    fn answer(&mut self, work: impl FnOnce() -> ToConsole + Send + 'static) {
        let (answers, login) = (self.answers.0.clone(), self.logins);
        self.open_asks += 1;
        tokio::spawn(async move {
            if let Ok(answer) = tokio::task::spawn_blocking(work).await {
                let _ = answers.send((login, answer)).await;
            }
        });
    }

    /// Hands a wish to the station, and stays with the console while it is carried out.
    pub(super) async fn carry_out(&mut self, session: Session, request: u64, deed: Deed) -> Result<(), Gone> {
        let comment = match &deed {
            Deed::Automation { reason: comment, .. }
            | Deed::Alarms { comment, .. }
            | Deed::ApplyProject { comment }
            | Deed::RollBack { comment, .. } => comment,
        };
        let refusal = if self.open_writes >= limits::OPEN_WRITES {
            Some("Too many of your commands are still under way; wait for their outcome.".to_owned())
        } else if comment.len() > model_limits::COMMENT_BYTES {
            Some(format!("The comment is too long; at most {} bytes.", model_limits::COMMENT_BYTES))
        } else {
            None
        };
        if let Some(message) = refusal {
            let outcome = Outcome { kind: OutcomeKind::Refused, message, audit: 0 };
            return self.send(&ToConsole::Outcome { request, outcome }).await;
        }
        let (station, outcomes) = (self.app.station.clone(), self.outcomes.0.clone());
        self.open_writes += 1;
        // A task of its own: a console that goes away must not leave a change half followed.
        tokio::spawn(async move {
            let outcome = done(station, session, deed).await;
            let _ = outcomes.send((request, outcome)).await;
        });
        Ok(())
    }
}

async fn done(station: Arc<dyn Station>, session: Session, deed: Deed) -> Outcome {
    let change: Box<dyn FnOnce(&dyn ProjectDoor) -> Result<ChangeDone, ChangeError> + Send> = match deed {
        Deed::Automation { name, verb, reason } => return station.steer(session, Door::Console, name, verb, reason).await,
        Deed::Alarms { wishes, comment } => return super::alarms::act(station, session, wishes, comment).await,
        Deed::ApplyProject { comment } => Box::new(move |project| project.apply((&session, Door::Console), &comment)),
        Deed::RollBack { before, comment } => {
            Box::new(move |project| project.roll_back((&session, Door::Console), Some(before), &comment))
        }
    };
    let project = station.project();
    let (kind, message) = match tokio::task::spawn_blocking(move || change(&*project)).await {
        Ok(Ok(done)) => (OutcomeKind::Done, done_words(&done)),
        Ok(Err(error)) => (OutcomeKind::Refused, error_words(&error)),
        Err(_) => (OutcomeKind::Unknown, "The station is stopping; look at the project after it has started.".to_owned()),
    };
    Outcome { kind, message, audit: 0 }
}

fn done_words(done: &ChangeDone) -> String {
    let kept = match done.kept.as_slice() {
        [] => String::new(),
        kept => format!(" Files that somebody had edited meanwhile are kept beside: {}.", kept.join(", ")),
    };
    format!("Change {}: {}{kept}", done.number, done.message)
}

fn error_words(error: &ChangeError) -> String {
    match error {
        ChangeError::Denied(refusal) => refusal.to_string(),
        ChangeError::NotFound(message) | ChangeError::NotNow(message) | ChangeError::Mistakes { message, .. } => message.clone(),
        ChangeError::Audit(error) => format!("It can't be recorded, so it was not done: {error}."),
    }
}

fn reply(station: &dyn Station, plant: &Plant, ask: Ask, role: Role) -> Reply {
    match ask {
        Ask::Overrides => {
            let all = station.overrides();
            let more = all.len().saturating_sub(limits::OVERRIDES) as u32;
            let list = all.into_iter().take(limits::OVERRIDES).map(override_now).collect();
            Reply::Overrides { list, more }
        }
        Ask::Registers { connection } => registers(station, plant, &connection),
        Ask::Automations { journal_of } => Reply::Automations {
            list: station.automations().into_iter().map(automation_now).collect(),
            journal: station.automation_log(journal_of.as_deref(), limits::JOURNAL).into_iter().map(journal_line).collect(),
        },
        Ask::Project => Reply::Project(project_now(station.project().now())),
        Ask::Changes => {
            let all = station.project().list().into_iter().take(limits::CHANGES);
            Reply::Changes(all.map(|change| change_now(ChangeInfo { diff: String::new(), ..change })).collect())
        }
        Ask::Change { number } => Reply::Change(station.project().change(number).map(change_now)),
        Ask::AlarmJournal(ask) => match station.alarms().journal(&ask) {
            Ok((rows, next)) => Reply::AlarmJournal { rows: rows.into_iter().map(|(_, row)| row).collect(), next },
            Err(why) => Reply::Refused(why),
        },
        Ask::AlarmFigures { from, to, position } => match station.alarms().figures((from, to), &position) {
            Ok(figures) => Reply::AlarmFigures(Box::new(figures)),
            Err(why) => Reply::Refused(why),
        },
        Ask::AlarmsOf { place } => super::alarms::of_place(station, plant, &place, role),
    }
}

fn registers(station: &dyn Station, plant: &Plant, wanted: &str) -> Reply {
    let named = || plant.connections.iter().enumerate().filter(|(_, link)| !link.name.is_empty());
    let connections: Vec<String> = named().map(|(_, link)| link.name.to_string()).collect();
    let found = named().find(|(_, link)| *link.name == *wanted).or_else(|| named().next().filter(|_| wanted.is_empty()));
    let Some((place, link)) = found else {
        let why = if connections.is_empty() { "This plant has no connections." } else { "This plant has no such connection." };
        return Reply::Refused(why.to_owned());
    };
    let id = ConnectionId(place as _);
    let rows: Vec<RegisterNow> = station.registers(id, limits::REGISTERS).into_iter().map(register_now).collect();
    let of_link = |origin: &Origin| matches!(origin, Origin::Driver { connection, .. } if *connection == id);
    let all = plant.tags.iter().filter(|spec| of_link(&spec.origin)).count();
    let state = plant.tag(&format!("system/connections/{}/state", link.name)).and_then(|(tag, spec)| {
        let number = station.snapshots().borrow().get(tag)?.value.as_f64()?;
        spec.states.iter().find(|(state, _)| *state as f64 == number).map(|(_, word)| word.clone())
    });
    Reply::Registers {
        connections,
        connection: link.name.to_string(),
        link: link.link.to_string(),
        state: state.unwrap_or_else(|| "not known yet".to_owned()),
        more: all.saturating_sub(rows.len()) as u32,
        rows,
    }
}

fn why_now(station: &dyn Station, tag: TagId) -> WhyNow {
    let control::Why { tag: name, value, reason, steps, text, .. } = station.why(tag);
    let step = |control::WhyStep { depth, what, text, quality }| WhyStep { depth, what, text, quality };
    let over = station.overrides().into_iter().find(|over| over.tag == name).map(override_now);
    WhyNow { value, reason, steps: steps.into_iter().map(step).collect(), over, text }
}

fn override_now(over: Override) -> OverrideNow {
    let Override { tag, mode, shown, reason, user, since, .. } = over;
    OverrideNow { tag, mode, value: shown, reason, user, since: since.0 }
}

fn register_now(row: control::RegisterNow) -> RegisterNow {
    let control::RegisterNow { tag, device, address, place, words, read_at, note, value, quality, reason, .. } = row;
    RegisterNow { tag, device, address, place, words, read: read_at.0, note, value, quality, reason }
}

fn automation_now(now: control::AutomationNow) -> AutomationNow {
    let control::AutomationNow { name, description, does, user, write, state, last_run, last_action, last_error, by_person } =
        now;
    AutomationNow { name, description, does, user, write, state, by_person, last_run, last_action, last_error }
}

fn journal_line(entry: AutomationEntry) -> JournalLine {
    let good = match entry.what.as_str() {
        "request" => matches!(entry.outcome.as_str(), "confirmed" | "done"),
        what => what == "line",
    };
    let words = match entry.what.as_str() {
        "request" => {
            let audit = if entry.audit > 0 { format!(" [audit {}]", entry.audit) } else { String::new() };
            let outcome = entry.outcome.replace('-', " ");
            format!("{} = {}: {outcome}. {}{audit}", entry.tag, entry.value, entry.message)
        }
        "held" => format!("held back: {}", entry.message),
        "error" => format!("stopped: {}", entry.message),
        _ => entry.message,
    };
    JournalLine { at: entry.at.0, automation: entry.automation, cause: entry.cause, words, why: entry.why, good }
}

fn project_now(now: crate::ProjectNow) -> ProjectNow {
    let crate::ProjectNow { state, message, change, preview, details, diagnostics, on_save } = now;
    let state = match state {
        ProjectWord::Current => ProjectState::Current,
        ProjectWord::Waiting => ProjectState::Waiting,
        ProjectWord::Refused => ProjectState::Refused,
    };
    ProjectNow { state, message, change, preview, details, diagnostics, on_save }
}

fn change_now(change: ChangeInfo) -> ChangeNow {
    let ChangeInfo { number, kind, of, at, user, comment, preview, files, diff } = change;
    ChangeNow { number, kind: kind.to_owned(), of, at: at.0, user, comment, preview, files, diff }
}
