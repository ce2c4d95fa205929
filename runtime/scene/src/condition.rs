//! What must be so before a tag may be written, and whether it is.

use plantroom_model::{Value, ValueKind};

use crate::{Facts, TagView, Texts};

/// A plant condition of a write, judged by what the console knows. The station judges again, and has the last word.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The tag that is looked at.
    pub tag: String,
    /// What must be so, or what is wrong when it isn't: as the project says it.
    pub message: String,
    /// Whether it holds; `None` where its tag has no good value, and then the station refuses too.
    pub holds: Option<bool>,
    /// Needed only where this value is written; `None`: whatever is written.
    pub only_for: Option<f64>,
    /// That value in the written tag's words; empty where every value needs it.
    pub only_words: String,
}

impl Condition {
    /// Whether it stands in the way of a write.
    pub fn is_in_the_way(&self) -> bool {
        self.holds != Some(true)
    }

    /// Whether writing this value needs it; with `None`, whether any does.
    pub fn concerns(&self, value: Option<&Value>) -> bool {
        plantroom_model::concerns(self.only_for, value)
    }

    /// Why it stands in the way, for operators: in their language, with the plant's words.
    pub fn words(&self, texts: &Texts) -> String {
        let message = texts.translated(&self.message);
        match self.holds {
            Some(_) => message.into_owned(),
            None => {
                let said = texts.say("{} can't be judged: {} has no good value");
                said.replacen("{}", message.trim_end_matches('.'), 1).replacen("{}", &self.tag, 1)
            }
        }
    }
}

/// The conditions of writing a tag, in the project's order; none where the tag has none, or isn't known yet.
pub fn conditions(view: &dyn TagView, tag: &str) -> Vec<Condition> {
    let Some(info) = view.info(tag) else { return Vec::new() };
    let (facts, kind) = (Facts::of(info), ValueKind::from_u8(info.kind).unwrap_or(ValueKind::Float));
    let all = &info.permissives;
    let judged = all.iter().map(|permissive| {
        let sample = view.sample(&permissive.tag).filter(|sample| sample.status.is_good());
        let holds = sample.and_then(|sample| sample.usable_f64()).map(|number| permissive.test.holds(number));
        let only_words = permissive.only_for.map_or_else(String::new, |only| {
            let value = Value::Float(only).converted(kind).unwrap_or(Value::Float(only));
            facts.words(&value)
        });
        let (tag, message) = (permissive.tag.clone(), permissive.message.clone());
        Condition { tag, message, holds, only_for: permissive.only_for, only_words }
    });
    judged.collect()
}
