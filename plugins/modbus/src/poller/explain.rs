//! What the poller knows of one of its tags, in words: for `plantroom tag why` and for commissioning.

use plantroom_sdk::{Explanation, ModbusError, now};

use super::{Answer, Point, Poller, own_words};
use crate::unit::SILENT_AFTER;

impl Poller {
    /// How this tag came to its value; its place is the caller's to say.
    pub fn explain(&self, point: &Point) -> Explanation {
        let Ok(place) = self.plan.borrow().spans().binary_search(&point.span()) else { return Explanation::default() };
        let mut told = Explanation::default();
        let answers = self.answers.borrow();
        let covers = |answer: &&Answer| own_words(&point.span(), &answer.span, &answer.words).is_some();
        if let Some(answer) = answers.values().filter(covers).max_by_key(|answer| answer.utc_ns) {
            told.words = own_words(&point.span(), &answer.span, &answer.words).unwrap_or_default().to_vec();
            told.at = answer.utc_ns;
        }
        told.note = self.note(place);
        told
    }

    fn note(&self, place: usize) -> String {
        let plan = self.plan.borrow();
        let now_ns = now().mono_ns;
        let in_s = |at_ns: u64| at_ns.saturating_sub(now_ns).div_ceil(1_000_000_000);
        let mut note = Vec::new();
        if let Some(block) = plan.block_of(place) {
            let group = &self.group;
            let function = block.span.table.read_function();
            note.push(format!(
                "read with {} by function {function}, every {} ms (group `{}`)",
                block.span.words(),
                group.period_ms,
                group.name
            ));
            if let Some(error) = self.refused.borrow().get(&block.members.start) {
                note.push(error.to_string());
            }
            if let Some(at_ns) = self.quiet.borrow().asked_again(&block) {
                note.push(format!("it isn't answered, though the device answers the rest; asked again in {} s", in_s(at_ns)));
            }
        }
        if let Some((error, at_ns)) = plan.missing_of(place) {
            let span = plan.spans().get(place).map(|span| span.words()).unwrap_or_default();
            note.push(format!("at {span} {error}; check the address; asked again in {} s", in_s(at_ns)));
        }
        if let Some((at_ns, _)) = self.unit.contact.pause() {
            note.push(format!(
                "{SILENT_AFTER} requests or more in a row had no answer ({}); asked again in {} s, so that the others on its \
                 line keep their pace",
                self.unit.contact.error(),
                in_s(at_ns)
            ));
        } else if self.was_silent.get() {
            note.push(self.last_trouble().to_string());
        }
        note.join("; ")
    }

    fn last_trouble(&self) -> ModbusError {
        self.silent.get().unwrap_or_else(|| self.unit.contact.error())
    }
}
