//! What a rationalisation would ask (ISA-18.2, clause 9): told as warnings, one for each kind of gap and not one for each
//! alarm. `[alarms] advice = false` in plant.toml ends it.

use std::collections::HashMap;

use plantroom_model::Priority;

use crate::alarms::Alarms;
use crate::alarms::decl::AlarmDecl;
use crate::report::Report;

/// From so many alarms on the split of priorities means something.
const SPLIT_FROM: usize = 20;
/// Largest shares of medium and of high and critical alarms that are not spoken of, in percent: about 15 and 5 are usual.
const MEDIUM_PCT: usize = 25;
const HIGH_PCT: usize = 10;

impl Alarms {
    /// Tells what the project's own alarms lack.
    pub(super) fn advise(&self, list: &[AlarmDecl], report: &mut Report) {
        if !self.settings.advice {
            return;
        }
        let text = |number: u32| self.kept.texts.get(number);
        let is_own = |decl: &&AlarmDecl| !text(decl.name.unwrap_or_default()).starts_with("system/");
        let own: Vec<&AlarmDecl> = list.iter().filter(is_own).collect();
        let asking: Vec<&AlarmDecl> = own.iter().copied().filter(|decl| decl.detail.priority != Priority::Event).collect();
        let gaps: [(&str, fn(&AlarmDecl) -> bool, &str); 3] = [
            (
                "say nothing of what the operator is to do",
                |decl| decl.detail.action == 0,
                "add action = \"...\"; what asks for no action is an event: priority = \"event\"",
            ),
            (
                "say nothing of what happens if nobody does anything",
                |decl| decl.detail.consequence == 0,
                "add consequence = \"...\"; priority follows from it and from the time to respond",
            ),
            (
                "are urgent without a time to respond",
                |decl| decl.detail.respond_s == 0 && decl.detail.priority >= Priority::High,
                "add respond = \"5 min\"",
            ),
        ];
        for (words, lacks, help) in gaps {
            let lacking: Vec<&AlarmDecl> = asking.iter().copied().filter(|decl| lacks(decl)).collect();
            let Some(first) = lacking.first() else { continue };
            let name = text(first.name.unwrap_or_default());
            let message = match lacking.len() {
                1 => format!(
                    "of {} alarms one, `{name}`, {}",
                    asking.len(),
                    words.replacen("say ", "says ", 1).replacen("are ", "is ", 1)
                ),
                many => format!("{many} of {} alarms {words}; the first is `{name}`", asking.len()),
            };
            report.warning(first.spot, message, help);
        }
        self.advise_split(&asking, report);
        self.advise_groups(&own, report);
    }

    fn advise_split(&self, asking: &[&AlarmDecl], report: &mut Report) {
        let Some(first) = asking.first().filter(|_| asking.len() >= SPLIT_FROM) else { return };
        let count = |is: fn(Priority) -> bool| asking.iter().filter(|decl| is(decl.detail.priority)).count();
        let (low, medium) = (count(|p| p == Priority::Low), count(|p| p == Priority::Medium));
        let high = asking.len() - low - medium;
        let pct = |count: usize| (count * 100 + asking.len() / 2) / asking.len();
        if pct(medium) > MEDIUM_PCT || pct(high) > HIGH_PCT {
            let message = format!(
                "of {} alarms {} % are low, {} % medium and {} % high or critical",
                asking.len(),
                pct(low),
                pct(medium),
                pct(high)
            );
            let help = "about 80, 15 and 5 % are usual: where everything is urgent, nothing is";
            report.warning(first.spot, message, help);
        }
    }

    /// A first-out group of one can't tell which was first.
    fn advise_groups(&self, own: &[&AlarmDecl], report: &mut Report) {
        let mut groups: HashMap<u32, usize> = HashMap::new();
        for decl in own.iter().filter(|decl| decl.detail.first_out != 0) {
            *groups.entry(decl.detail.first_out).or_default() += 1;
        }
        for decl in own.iter().filter(|decl| groups.get(&decl.detail.first_out) == Some(&1)) {
            let group = self.kept.texts.get(decl.detail.first_out);
            let message = format!("`{group}` is a first-out group of one alarm only");
            report.warning(decl.spot, message, "give the other trips of this machine the same first_out, or remove it");
        }
    }
}
