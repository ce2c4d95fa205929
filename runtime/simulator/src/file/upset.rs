//! Upsets: what goes wrong in a plant one after the other, told once and played on demand.

use serde::Deserialize;
use toml::Spanned;

/// A course of failures and changes. Times count from its begin, in simulated time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpsetFile {
    pub name: Spanned<String>,
    /// What happens, in a line.
    pub words: String,
    pub steps: Vec<Spanned<StepFile>>,
}

/// One step: something fails (`fail`, `as`), or a quantity is set (`set`, `to`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepFile {
    /// In s after the begin.
    pub at_s: f64,
    /// What fails, as `plantroom simulate --list-failures` names it.
    pub fail: Option<Spanned<OneOrMore>>,
    /// How it fails; `ok` mends it.
    #[serde(rename = "as")]
    pub kind: Option<Spanned<String>>,
    /// Quantities that are set.
    pub set: Option<Spanned<OneOrMore>>,
    /// To this value.
    pub to: Option<f64>,
    /// From this value on, evenly over `over_s`.
    pub from: Option<f64>,
    /// How long the way from `from` to `to` takes, in s.
    pub over_s: Option<f64>,
    /// Again each so many seconds, `times` times in all.
    pub every_s: Option<f64>,
    pub times: Option<u32>,
}

/// A name, or a list of names.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// All names of a step, each with the place of the whole list.
pub(crate) fn all_of(names: Option<&Spanned<OneOrMore>>) -> Vec<Spanned<String>> {
    let Some(names) = names else { return Vec::new() };
    let all = match names.get_ref() {
        OneOrMore::One(name) => std::slice::from_ref(name),
        OneOrMore::More(all) => all,
    };
    all.iter().map(|name| Spanned::new(names.span(), name.clone())).collect()
}
