//! Commands in two steps, and what came of them.
//!
//! Pure: presses, answers and times go in; messages and what to show come out. Nothing ends in silence: a question
//! that isn't confirmed in time, a request without an answer and a connection lost on the way are all told.

use plantroom_model::limits::CONFIRM_MS;
use plantroom_model::{Mono, Outcome, OutcomeKind, TagMode, Value};
use plantroom_wire::{Deed, ToStation};

use crate::train::Train;

/// A request without an answer for this long is told as unknown, in ms.
const ANSWER_MS: u64 = 15_000;
/// How long a good outcome, and a question that was let go, is shown, in ms. A bad one stays until somebody dismisses it.
const SHOWN_MS: u64 = 10_000;
/// A confirmation sooner than this after the question is the tail of a double press, not a decision; in ms.
const GUARD_MS: u64 = 350;
/// Outcomes that are shown at most; the oldest goes first.
const SHOWN: usize = 6;

/// One write that a question is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// Tag name.
    pub tag: String,
    /// What it is now, in words with unit.
    pub old: String,
    /// What it will be, in words with unit.
    pub new: String,
    /// What will be written.
    pub value: Value,
    /// What the operator must say yes to besides, as the project says it.
    pub confirmation: Option<String>,
    /// Plant conditions that stand in the way, as the console sees them when it asks; the station has the last word.
    pub unmet: Vec<String>,
}

/// What is wanted besides writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// A tag is to be taken over or put back.
    Mode {
        /// Tag name.
        tag: String,
        /// What it is to be.
        mode: TagMode,
        /// What stands in; without one the present value.
        value: Option<Value>,
        /// Why.
        reason: String,
    },
    /// A word to an automation, a change of the project.
    Deed(Deed),
}

impl Wish {
    /// For the station, under this number.
    pub fn message(self, request: u64) -> ToStation {
        match self {
            Self::Mode { tag, mode, value, reason } => ToStation::SetMode { request, tag, mode, value, reason },
            Self::Deed(deed) => ToStation::Do { request, deed },
        }
    }
}

/// The first step: pressed, not confirmed.
#[derive(Clone, Debug)]
pub struct Question {
    /// `Reset pump 2?`
    pub prompt: String,
    /// What will be written.
    pub writes: Vec<Write>,
    /// What will be, line by line, where it isn't a write.
    pub notes: Vec<String>,
    /// What is wanted besides writes, one after the other, and what its outcome calls it.
    pub wish: Option<(String, Vec<Wish>)>,
    /// Where it was pressed.
    pub beside: egui::Rect,
    /// The operator said yes to every write's own question.
    pub agreed: bool,
    asked: Mono,
}

/// A request on its way, or what came of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Names it for dismissing.
    pub request: u64,
    /// `high_lift/p1/start: on`
    pub what: String,
    /// How it ended; `None` while it is on its way.
    pub kind: Option<OutcomeKind>,
    /// Nothing failed: the operator let it go. Told quietly.
    pub let_go: bool,
    /// A sentence.
    pub message: String,
    since: Mono,
}

/// The state.
#[derive(Default)]
pub struct Commands {
    question: Option<Question>,
    told: Vec<Told>,
    last_request: u64,
    /// What is done in several parts.
    trains: Vec<Train>,
}

impl Commands {
    /// The first step. A question that is still open is dropped for the new one.
    pub fn ask(&mut self, now: Mono, prompt: &str, writes: Vec<Write>, beside: egui::Rect) {
        let (prompt, notes) = (prompt.to_owned(), Vec::new());
        self.question = Some(Question { prompt, writes, notes, wish: None, beside, agreed: false, asked: now });
    }

    /// The first step of something that isn't a write: the question, what will be, what the outcome calls it.
    pub fn ask_wish(&mut self, now: Mono, prompt: String, notes: Vec<String>, wish: (String, Vec<Wish>), beside: egui::Rect) {
        let (writes, wish) = (Vec::new(), Some(wish));
        self.question = Some(Question { prompt, writes, notes, wish, beside, agreed: false, asked: now });
    }

    /// The open question, and how long it stays open, in ms.
    pub fn question(&self, now: Mono) -> Option<(&Question, u64)> {
        let question = self.question.as_ref()?;
        Some((question, CONFIRM_MS.saturating_sub(now.since(question.asked) / 1_000_000)))
    }

    /// Whether a confirmation counts already.
    pub fn can_confirm(&self, now: Mono) -> bool {
        let ready = |question: &Question| question.agreed || question.writes.iter().all(|write| write.confirmation.is_none());
        self.question.as_ref().is_some_and(|question| ready(question) && now.since(question.asked) >= GUARD_MS * 1_000_000)
    }

    /// The operator says yes, or no longer, to the questions that the writes bring with them.
    pub fn agree(&mut self, agreed: bool) {
        if let Some(question) = &mut self.question {
            question.agreed = agreed;
        }
    }

    /// The second step: what the station must be asked.
    pub fn confirm(&mut self, now: Mono) -> Vec<ToStation> {
        if !self.can_confirm(now) {
            return Vec::new();
        }
        let Some(question) = self.question.take() else { return Vec::new() };
        let mut messages = Vec::new();
        for write in question.writes {
            self.last_request += 1;
            let what = format!("{}: {}", write.tag, write.new);
            let message = "on its way".into();
            self.tell(Told { request: self.last_request, what, kind: None, let_go: false, message, since: now });
            let (request, tag, value, confirmed) = (self.last_request, write.tag, write.value, write.confirmation.is_some());
            messages.push(ToStation::Write { request, tag, value, comment: String::new(), confirmed });
        }
        if let Some((what, wishes)) = question.wish {
            messages.extend(self.at_once(now, what, wishes));
        }
        messages
    }

    /// What needs no second step: it can be asked again, and hides nothing. Of several parts the first; each of the others
    /// follows the answer to the one before ([`Self::answered`]), so that no number of them fills the station's inbox.
    pub fn at_once(&mut self, now: Mono, what: String, wishes: Vec<Wish>) -> Option<ToStation> {
        self.last_request += 1;
        let request = self.last_request;
        let (message, since) = ("on its way".into(), now);
        let mut train = Train::new(request, wishes);
        let first = train.next(request)?;
        self.tell(Told { request, what, kind: None, let_go: false, message, since });
        if train.is_long() {
            self.trains.push(train);
        }
        Some(first)
    }

    /// The operator thought better of it.
    pub fn cancel(&mut self) {
        self.question = None;
    }

    /// The station's answer, and what it is to be asked next. A late one is shown too.
    pub fn answered(&mut self, now: Mono, request: u64, outcome: &Outcome) -> Option<ToStation> {
        if let Some(place) = self.trains.iter().position(|train| train.waits_for(request)) {
            return self.part_answered(now, place, outcome);
        }
        if self.trains.iter().any(|train| train.first == request) {
            return None;
        }
        match self.told.iter_mut().find(|told| told.request == request) {
            Some(told) => {
                told.kind = Some(outcome.kind);
                told.message.clone_from(&outcome.message);
                told.since = now;
            }
            None if request <= self.last_request => {
                let (what, message) = ("an earlier request".to_owned(), outcome.message.clone());
                self.tell(Told { request, what, kind: Some(outcome.kind), let_go: false, message, since: now });
            }
            None => {}
        }
        None
    }

    /// One part of a train is answered: the next one, or the end of it.
    fn part_answered(&mut self, now: Mono, place: usize, outcome: &Outcome) -> Option<ToStation> {
        let (next, train) = (self.last_request + 1, self.trains.get_mut(place)?);
        let (message, follows) = train.heard(outcome, next);
        let told = self.told.iter_mut().find(|told| told.request == train.first);
        if let Some(told) = told {
            (told.message, told.since) = (message, now);
            told.kind = follows.is_none().then_some(outcome.kind);
        }
        match follows {
            Some(_) => self.last_request = next,
            None => drop(self.trains.remove(place)),
        }
        follows
    }

    /// What can't even be asked is told like an outcome.
    pub fn refuse(&mut self, now: Mono, what: &str, message: &str) {
        self.not_sent(now, what, message, false);
    }

    /// The connection is gone: nobody will answer any more.
    pub fn lost(&mut self, now: Mono) {
        self.withdraw(now, "nothing was sent: contact with the station was lost before it was confirmed", false);
        self.trains.clear();
        for told in self.told.iter_mut().filter(|told| told.kind.is_none()) {
            told.kind = Some(OutcomeKind::Unknown);
            told.message = "contact with the station was lost; it may or may not have happened".into();
            told.since = now;
        }
    }

    /// What is due at this time.
    pub fn tick(&mut self, now: Mono) {
        if self.question(now).is_some_and(|(_, left_ms)| left_ms == 0) {
            self.withdraw(now, "It wasn't confirmed within 10 s, so nothing was sent.", true);
        }
        for told in self.told.iter_mut().filter(|told| told.kind.is_none()) {
            if now.since(told.since) >= ANSWER_MS * 1_000_000 {
                told.kind = Some(OutcomeKind::Unknown);
                told.message = "no answer from the station; it may or may not have happened: look before trying again".into();
                told.since = now;
                self.trains.retain(|train| train.first != told.request);
            }
        }
        self.told.retain(|told| {
            let calm = told.let_go || matches!(told.kind, Some(OutcomeKind::Confirmed | OutcomeKind::Done));
            !calm || now.since(told.since) < SHOWN_MS * 1_000_000
        });
    }

    /// Takes an outcome off the screen; one that is still on its way stays.
    pub fn dismiss(&mut self, request: u64) {
        self.told.retain(|told| told.request != request || told.kind.is_none());
    }

    /// What is on its way and what came of it, oldest first.
    pub fn told(&self) -> &[Told] {
        &self.told
    }

    fn withdraw(&mut self, now: Mono, why: &str, let_go: bool) {
        if let Some(question) = self.question.take() {
            self.not_sent(now, question.prompt.trim_end_matches('?'), why, let_go);
        }
    }

    fn not_sent(&mut self, now: Mono, what: &str, message: &str, let_go: bool) {
        self.last_request += 1;
        let (request, kind) = (self.last_request, Some(OutcomeKind::NotSent));
        self.tell(Told { request, what: what.to_owned(), kind, let_go, message: message.to_owned(), since: now });
    }

    fn tell(&mut self, told: Told) {
        if self.told.len() >= SHOWN
            && let Some(place) = self.told.iter().position(|told| told.kind.is_some())
        {
            self.told.remove(place);
        }
        self.told.push(told);
    }
}

/// A number that an operator typed, if it can be asked for. Both points and commas are understood.
///
/// # Errors
/// A sentence that says what to type instead.
pub fn entered(text: &str, range: Option<(f64, f64)>, unit: &str) -> Result<f64, String> {
    let plain: String = text.trim().chars().filter(|c| !c.is_whitespace() && *c != '\u{202F}').collect();
    let plain = plain.replace(',', ".").replace('\u{2212}', "-");
    if plain.is_empty() {
        return Err("Type a number.".into());
    }
    let number: f64 = plain.parse().map_err(|_| format!("\u{201C}{}\u{201D} is not a number.", text.trim()))?;
    if !number.is_finite() {
        return Err("Type an ordinary number.".into());
    }
    match range {
        Some((low, high)) if number < low || number > high => {
            Err(format!("Outside of what may be set: {} to {}.", low, crate::words::with_unit(&high.to_string(), unit)))
        }
        _ => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Mono {
        Mono(0).plus_ms(ms)
    }

    fn asked() -> Commands {
        let mut commands = Commands::default();
        let write = Write {
            tag: "p1/start".into(),
            old: "off".into(),
            new: "on".into(),
            value: Value::Bool(true),
            confirmation: None,
            unmet: Vec::new(),
        };
        commands.ask(ms(0), "Start pump 1?", vec![write], egui::Rect::ZERO);
        commands
    }

    fn kinds(commands: &Commands) -> Vec<Option<OutcomeKind>> {
        commands.told().iter().map(|told| told.kind).collect()
    }

    #[test]
    fn nothing_is_sent_before_the_second_step_and_then_once() {
        let mut commands = asked();
        assert_eq!(commands.confirm(ms(100)), []);
        let sent = commands.confirm(ms(1_000));
        let expected = ToStation::Write {
            request: 1,
            tag: "p1/start".into(),
            value: Value::Bool(true),
            comment: String::new(),
            confirmed: false,
        };
        assert_eq!(sent, [expected]);
        assert_eq!(commands.confirm(ms(1_001)), []);
        assert_eq!(kinds(&commands), [None]);
    }

    #[test]
    fn a_write_with_a_question_of_its_own_waits_for_a_yes_and_says_that_it_was_given() {
        let mut commands = Commands::default();
        let value = Value::Bool(true);
        let (tag, confirmation) = ("p1/start".to_owned(), Some("Nobody is at the pump.".to_owned()));
        let write = Write { tag, old: "off".into(), new: "on".into(), value, confirmation, unmet: Vec::new() };
        commands.ask(ms(0), "Start pump 1?", vec![write], egui::Rect::ZERO);
        assert!(!commands.can_confirm(ms(1_000)));
        assert_eq!(commands.confirm(ms(1_000)), []);
        commands.agree(true);
        let sent = commands.confirm(ms(1_000));
        assert!(matches!(sent.as_slice(), [ToStation::Write { confirmed: true, .. }]), "{sent:?}");
    }

    #[test]
    fn a_wish_that_is_no_write_takes_the_same_two_steps_and_its_outcome_is_told() {
        let mut commands = Commands::default();
        let deed = Deed::ApplyProject { comment: "new limits".into() };
        let wish = ("the change".to_owned(), vec![Wish::Deed(deed.clone())]);
        commands.ask_wish(ms(0), "Apply?".into(), vec!["1 tag".into()], wish, egui::Rect::ZERO);
        assert_eq!(commands.confirm(ms(100)), [], "the tail of a double press");
        assert_eq!(commands.confirm(ms(1_000)), [ToStation::Do { request: 1, deed }]);
        assert_eq!(commands.told()[0].what, "the change");
        commands.answered(ms(1_100), 1, &Outcome { kind: OutcomeKind::Refused, message: "no".into(), audit: 0 });
        assert_eq!(kinds(&commands), [Some(OutcomeKind::Refused)]);
    }

    #[test]
    fn a_question_expires_and_says_so_without_alarm() {
        let mut commands = asked();
        commands.tick(ms(9_999));
        assert!(commands.question(ms(9_999)).is_some());
        commands.tick(ms(10_000));
        assert!(commands.question(ms(10_000)).is_none());
        assert_eq!(kinds(&commands), [Some(OutcomeKind::NotSent)]);
        assert!(commands.told()[0].let_go);
        commands.tick(ms(20_000));
        assert!(commands.told().is_empty());
        assert_eq!(commands.confirm(ms(10_001)), []);
    }

    #[test]
    fn a_good_outcome_goes_by_itself_and_a_bad_one_stays() {
        for (kind, stays) in [(OutcomeKind::Confirmed, false), (OutcomeKind::Refused, true), (OutcomeKind::Mismatch, true)] {
            let mut commands = asked();
            commands.confirm(ms(500));
            commands.answered(ms(1_000), 1, &Outcome { kind, message: "so".into(), audit: 1 });
            commands.tick(ms(10_999));
            assert_eq!(kinds(&commands), [Some(kind)]);
            commands.tick(ms(11_000));
            assert_eq!(commands.told().is_empty(), !stays, "{kind:?}");
            commands.dismiss(1);
            assert!(commands.told().is_empty());
        }
    }

    #[test]
    fn silence_and_a_lost_connection_are_unknown() {
        let mut commands = asked();
        commands.confirm(ms(500));
        commands.tick(ms(15_499));
        assert_eq!(kinds(&commands), [None]);
        commands.tick(ms(15_500));
        assert_eq!(kinds(&commands), [Some(OutcomeKind::Unknown)]);
        let mut commands = asked();
        commands.confirm(ms(500));
        commands.lost(ms(600));
        assert_eq!(kinds(&commands), [Some(OutcomeKind::Unknown)]);
        commands.answered(ms(700), 1, &Outcome { kind: OutcomeKind::Done, message: String::new(), audit: 1 });
        assert_eq!(kinds(&commands), [Some(OutcomeKind::Done)]);
    }

    #[test]
    fn losing_contact_withdraws_the_question() {
        let mut commands = asked();
        commands.lost(ms(500));
        assert!(commands.question(ms(500)).is_none());
        assert_eq!(kinds(&commands), [Some(OutcomeKind::NotSent)]);
        assert!(!commands.told()[0].let_go);
    }

    #[test]
    fn a_typed_number_is_checked_before_anything_is_asked() {
        let cases = [
            ("4,8", Ok(4.8)),
            (" 1 200.5 ", Err("Outside of what may be set: 0 to 1000 bar.".to_owned())),
            ("-1", Err("Outside of what may be set: 0 to 1000 bar.".to_owned())),
            ("abc", Err("\u{201C}abc\u{201D} is not a number.".to_owned())),
            ("", Err("Type a number.".to_owned())),
            ("inf", Err("Type an ordinary number.".to_owned())),
        ];
        for (text, result) in cases {
            assert_eq!(entered(text, Some((0.0, 1_000.0)), "bar"), result, "{text}");
        }
        assert_eq!(entered("1e3", None, ""), Ok(1_000.0));
    }
}
