//! What must be so before a tag may be written, and whether it is.

use crate::TagView;

/// A plant condition of a write, judged by what the console knows. The station judges again, and has the last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The tag that is looked at.
    pub tag: String,
    /// What must be so, or what is wrong when it isn't: as the project says it.
    pub message: String,
    /// Whether it holds; `None` where its tag has no good value, and then the station refuses too.
    pub holds: Option<bool>,
}

impl Condition {
    /// Whether it stands in the way of a write.
    pub fn is_in_the_way(&self) -> bool {
        self.holds != Some(true)
    }

    /// Why it stands in the way, for operators.
    pub fn words(&self) -> String {
        match self.holds {
            Some(_) => self.message.clone(),
            None => format!("{} can't be judged: {} has no good value", self.message.trim_end_matches('.'), self.tag),
        }
    }
}

/// The conditions of writing a tag, in the project's order; none where the tag has none, or isn't known yet.
pub fn conditions(view: &dyn TagView, tag: &str) -> Vec<Condition> {
    let all = view.info(tag).map(|info| info.permissives.as_slice()).unwrap_or_default();
    let judged = all.iter().map(|permissive| {
        let sample = view.sample(&permissive.tag).filter(|sample| sample.status.is_good());
        let holds = sample.and_then(|sample| sample.usable_f64()).map(|number| permissive.test.holds(number));
        Condition { tag: permissive.tag.clone(), message: permissive.message.clone(), holds }
    });
    judged.collect()
}
