//! Single alarms: of patterns, of all limits of a tag, and with tags in the places of expressions.

use std::sync::Arc;

use globset::GlobBuilder;
use plantroom_model::{Detail, LimitKind, LimitSet, Priority, Role, ValueKind, limits};

use crate::alarms::Alarms;
use crate::alarms::condition::usual_priority;
use crate::alarms::decl::{AlarmDecl, ConditionDecl, DetailDecl, EachLimit, LIMIT_KINDS, LimitDecl, Said, limit_word};
use crate::alarms::read::SHELVE_MAX_S;
use crate::names::Names;
use crate::report::{Report, Spot};
use crate::shared::Kept;
use crate::tag::{SourceDecl, TagDecl};
use crate::tree::{Item, Raw};

/// A tag that an expression of an alarm becomes.
pub(crate) type OwnTag = (String, TagDecl);

/// What is known of tags before their references are followed.
pub(crate) struct TagsSoFar<'a> {
    pub names: &'a Names,
    pub tags: &'a [TagDecl],
    pub kept: &'a mut Kept,
}

/// All limits of a tag, with nothing said of them.
pub(super) fn of_tag(name: &str, instance: Option<&str>, spot: Spot, all: &mut Alarms) -> AlarmDecl {
    let texts = &mut all.kept.texts;
    let tag = Said { text: texts.add(name), spot };
    let mut detail = plain_detail();
    detail.instance = texts.add(instance.unwrap_or_default());
    let detail = all.kept.details.one(detail);
    let mut each: [EachLimit; 4] = Default::default();
    for ((kind, _), one) in LIMIT_KINDS.into_iter().zip(&mut each) {
        one.detail = Some(all.changed(&detail, |detail| detail.priority = usual_priority(kind)));
    }
    let condition = ConditionDecl::Limits { tag, each: Arc::new(each), hysteresis: None };
    AlarmDecl { name: None, spot, message: None, detail, has_area: false, is_generated: true, condition }
}

/// An alarm of which nothing is said.
pub(super) fn plain_detail() -> DetailDecl {
    DetailDecl {
        priority: Priority::Low,
        area: 0,
        consequence: 0,
        action: 0,
        respond_s: 0,
        screen: 0,
        instance: 0,
        on_delay_ms: 0,
        off_delay_ms: 0,
        latching: false,
        acknowledge: true,
        realarm_s: 0,
        shelve_max_s: SHELVE_MAX_S,
        shelve_role: Role::Operate,
        first_out: 0,
    }
}

impl Alarms {
    /// Makes single alarms of all that was read; gives the tags that their expressions become.
    pub fn expand(&mut self, so_far: &mut TagsSoFar<'_>, report: &mut Report) -> Vec<OwnTag> {
        let mut own = Vec::new();
        let decls = std::mem::take(&mut self.decls);
        self.named_itself = decls.iter().filter(|decl| !decl.is_made()).filter_map(|decl| decl.name).collect();
        for decl in decls {
            match &decl.condition {
                ConditionDecl::Limits { tag, each, hysteresis } => {
                    let (tag, each, hysteresis) = (*tag, Arc::clone(each), *hysteresis);
                    for (id, name) in self.matching(tag, &decl, so_far, report) {
                        let set = so_far.tags.get(id as usize).map(|tag| tag.detail.limits).unwrap_or_default();
                        self.expand_limits(&decl, (&name, tag.spot), set, &each, hysteresis, report, &mut own, so_far);
                    }
                }
                ConditionDecl::BadQuality { tag } if is_pattern(self.kept.texts.get(tag.text)) => {
                    for (_, name) in self.matching(*tag, &decl, so_far, report) {
                        let tag = Said { text: self.kept.texts.add(&name), spot: tag.spot };
                        let name = Some(self.kept.texts.add(&format!("{name}/quality")));
                        let one =
                            AlarmDecl { name, is_generated: true, condition: ConditionDecl::BadQuality { tag }, ..decl.clone() };
                        self.put(one, so_far, &mut own, report);
                    }
                }
                _ => {
                    let one = self.named(decl, so_far);
                    self.put(one, so_far, &mut own, report);
                }
            }
        }
        own
    }

    /// The tags that a name or pattern means; told where there is none.
    fn matching(&mut self, tag: Said, decl: &AlarmDecl, so_far: &TagsSoFar<'_>, report: &mut Report) -> Vec<(u32, String)> {
        let wanted = self.kept.texts.get(tag.text).to_owned();
        if !is_pattern(&wanted) {
            let instance = self.kept.texts.get(decl.detail.instance);
            let found = find(&wanted, instance, so_far.names, tag.spot, report);
            return found.map(|id| (id, so_far.names.name(id).to_owned())).into_iter().collect();
        }
        if decl.name.is_some() {
            let help = "leave the name out: each alarm is named like its tag, with /high and the like behind it";
            report.error(decl.spot, format!("several tags match `{wanted}`, but they can't have one name"), help);
            return Vec::new();
        }
        let glob = match GlobBuilder::new(&wanted).literal_separator(true).build() {
            Ok(glob) => glob.compile_matcher(),
            Err(error) => {
                let help = "* stands for any text without /, ** for any text, {a,b} for either";
                report.error(tag.spot, format!("`{wanted}` is not a pattern for tags: {}", error.kind()), help);
                return Vec::new();
            }
        };
        let wants_limits = matches!(decl.condition, ConditionDecl::Limits { .. });
        let has_limits = |id: u32| so_far.tags.get(id as usize).is_some_and(|tag| tag.detail.limits != LimitSet::default());
        let all = (0..).zip(so_far.names.all()).filter(|(_, name)| glob.is_match(name));
        let found: Vec<(u32, String)> =
            all.filter(|(id, _)| !wants_limits || has_limits(*id)).map(|(id, name)| (id, name.to_owned())).collect();
        if found.is_empty() && so_far.names.is_complete() {
            let what = if wants_limits { "no tag with limits matches" } else { "no tag matches" };
            let help = "* stands for any text without /, ** for any text; plantroom tag list shows the names";
            report.warning(tag.spot, format!("{what} `{wanted}`"), help);
        }
        found
    }

    #[expect(clippy::too_many_arguments, reason = "all that one alarm's limits need, taken apart once")]
    fn expand_limits(
        &mut self,
        decl: &AlarmDecl,
        (name, spot): (&str, Spot),
        set: LimitSet,
        each: &[EachLimit; 4],
        hysteresis: Option<(f64, Spot)>,
        report: &mut Report,
        own: &mut Vec<OwnTag>,
        so_far: &mut TagsSoFar<'_>,
    ) {
        let base = decl.name.map_or_else(|| name.to_owned(), |name| self.kept.texts.get(name).to_owned());
        let tag = Said { text: self.kept.texts.add(name), spot };
        let mut count = 0;
        for ((kind, word), one) in LIMIT_KINDS.into_iter().zip(each).filter(|(_, one)| !one.is_off) {
            let at = match (one.at, limit_of(&set, kind)) {
                (Some(at), _) => at,
                (None, Some(_)) => LimitDecl::Own(spot),
                (None, None) if one.is_named => {
                    let message = format!("the tag `{name}` has no limit `{word}`");
                    report.error(spot, message, format!("give the tag one, or say where it is: {word} = {{ at = ... }}"));
                    continue;
                }
                (None, None) => continue,
            };
            count += 1;
            let text = self.kept.texts.add(&format!("{base}/{word}"));
            let message = one.message.or(decl.message.map(|message| {
                let message = format!("{}: {}", self.kept.texts.get(message), super::message::limit_words(kind));
                self.kept.texts.add(&message)
            }));
            let condition = ConditionDecl::Limit { tag, kind, at, hysteresis };
            let detail = one.detail.clone().unwrap_or_else(|| Arc::clone(&decl.detail));
            let one = AlarmDecl { name: Some(text), message, detail, is_generated: true, condition, ..decl.clone() };
            self.put(one, so_far, own, report);
        }
        if count == 0 && !report.has_errors() {
            let help = "give the tag limits = { high = ..., low = ... }, or remove the alarm";
            report.error(spot, format!("the tag `{name}` has no limits, so this gives no alarm"), help);
        }
    }

    /// An alarm with the name that its tag gives it, where it has none of its own.
    fn named(&mut self, decl: AlarmDecl, so_far: &TagsSoFar<'_>) -> AlarmDecl {
        if decl.name.is_some() {
            return decl;
        }
        let (tag, word) = match &decl.condition {
            ConditionDecl::Limit { tag, kind, .. } => (*tag, limit_word(*kind)),
            ConditionDecl::Deviation { tag, .. } => (*tag, "deviation"),
            ConditionDecl::Rate { tag, .. } => (*tag, "rate"),
            ConditionDecl::State { tag, .. } => (*tag, "state"),
            ConditionDecl::Change { tag } => (*tag, "change"),
            ConditionDecl::Follows { tag, .. } => (*tag, "follows"),
            ConditionDecl::BadQuality { tag } => (*tag, "quality"),
            _ => return decl,
        };
        let (wanted, instance) = (self.kept.texts.get(tag.text), self.kept.texts.get(decl.detail.instance));
        let within = format!("{instance}/{wanted}");
        let full = if so_far.names.id(&within).is_some() { format!("{within}/{word}") } else { format!("{wanted}/{word}") };
        AlarmDecl { name: Some(self.kept.texts.add(&full)), ..decl }
    }

    /// Gives an alarm its id, and its expressions a tag each.
    fn put(&mut self, mut decl: AlarmDecl, so_far: &mut TagsSoFar<'_>, own: &mut Vec<OwnTag>, report: &mut Report) {
        let name = self.kept.texts.get(decl.name.unwrap_or_default()).to_owned();
        // A table in alarms/ that names the alarm goes before what a type, a pattern or limits would make of it.
        if decl.is_made() && decl.name.is_some_and(|name| self.named_itself.contains(&name)) {
            return;
        }
        if self.list.len() >= limits::ALARMS {
            self.tell_full(decl.spot, report);
            return;
        }
        if self.names.add(&name, decl.spot, report).is_none() {
            return;
        }
        if !decl.has_area {
            let area = name.split_once('/').map_or("plant", |(area, _)| area);
            let area = self.kept.texts.add(area);
            decl.detail = self.kept.details.changed(&decl.detail, |detail| detail.area = area);
        }
        self.put_expressions(&mut decl, &name, so_far, own);
        self.list.push(decl);
    }

    fn put_expressions(&mut self, decl: &mut AlarmDecl, name: &str, so_far: &mut TagsSoFar<'_>, own: &mut Vec<OwnTag>) {
        let spot = decl.spot;
        let mut tag = |all: &mut Self, said: Said, last: &str, kind: ValueKind, expression: Option<String>| {
            let full = format!("{name}/{last}");
            let text = expression.unwrap_or_else(|| all.kept.texts.get(said.text).to_owned());
            let words = if last == "when" { "whether the alarm" } else { "the limit of the alarm" };
            let watched = tag_of(&decl.condition).map(|tag| all.kept.texts.get(tag.text).to_owned());
            let like = watched.and_then(|name| so_far.tags.get(so_far.names.id(&name)? as usize)).map(|tag| &*tag.detail);
            let mut detail = Detail::new(kind);
            if let Some(like) = like.filter(|_| kind == ValueKind::Float) {
                detail.unit.clone_from(&like.unit);
                detail.decimals = like.decimals;
            }
            let decl = TagDecl {
                description: so_far.kept.texts.add(&format!("{words} {name}{}", if last == "when" { " is due" } else { "" })),
                detail: so_far.kept.details.one(detail),
                instance: None,
                spot,
                source: SourceDecl::Derived { expression: text.into(), spot: said.spot },
                write: None,
                stale_after_ms: None,
                has_alarms: false,
            };
            own.push((full.clone(), decl));
            Said { text: all.kept.texts.add(&full), spot: said.spot }
        };
        let replacement = match &decl.condition {
            ConditionDecl::When { expression } => {
                let tag = tag(self, *expression, "when", ValueKind::Bool, None);
                let is = Item { raw: Raw::Flag(true), at: expression.spot.at };
                Some(ConditionDecl::State { tag, is: Arc::from([is]) })
            }
            ConditionDecl::Limit { at: LimitDecl::Expression(said), tag: watched, kind, hysteresis } => {
                let at = LimitDecl::Tag(tag(self, *said, "limit", ValueKind::Float, None));
                Some(ConditionDecl::Limit { tag: *watched, kind: *kind, at, hysteresis: *hysteresis })
            }
            ConditionDecl::Deviation { tag: watched, setpoint, by: LimitDecl::Expression(said), hysteresis } => {
                let by = LimitDecl::Tag(tag(self, *said, "limit", ValueKind::Float, None));
                Some(ConditionDecl::Deviation { tag: *watched, setpoint: *setpoint, by, hysteresis: *hysteresis })
            }
            ConditionDecl::Rate { tag: watched, limit, per_s, window_ms, hysteresis } => {
                let (said, inner) = match limit {
                    LimitDecl::Expression(said) => (*said, self.kept.texts.get(said.text).to_owned()),
                    // A limit an hour in another tag becomes one a second.
                    LimitDecl::Tag(said) if *per_s != 1.0 => (*said, format!("tag(\"{}\")", self.kept.texts.get(said.text))),
                    _ => return,
                };
                let text = if *per_s == 1.0 { inner } else { format!("({inner}) / {per_s:.1}") };
                let limit = LimitDecl::Tag(tag(self, said, "limit", ValueKind::Float, Some(text)));
                let (window_ms, hysteresis) = (*window_ms, *hysteresis);
                Some(ConditionDecl::Rate { tag: *watched, limit, per_s: 1.0, window_ms, hysteresis })
            }
            _ => None,
        };
        if let Some(replacement) = replacement {
            decl.condition = replacement;
        }
    }
}

/// The tag that a condition looks at.
pub(super) fn tag_of(condition: &ConditionDecl) -> Option<Said> {
    match condition {
        ConditionDecl::Limit { tag, .. }
        | ConditionDecl::Limits { tag, .. }
        | ConditionDecl::Deviation { tag, .. }
        | ConditionDecl::Rate { tag, .. }
        | ConditionDecl::State { tag, .. }
        | ConditionDecl::Change { tag }
        | ConditionDecl::Follows { tag, .. }
        | ConditionDecl::BadQuality { tag } => Some(*tag),
        _ => None,
    }
}

/// A tag by its name within the instance, or else by its full one.
pub(super) fn find(wanted: &str, instance: &str, names: &Names, spot: Spot, report: &mut Report) -> Option<u32> {
    let within = if instance.is_empty() { None } else { names.id(&format!("{instance}/{wanted}")) };
    within.or_else(|| names.find(wanted, spot, report))
}

/// Whether a name stands for several.
pub(super) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '[', '{'])
}

/// One limit of a tag's four.
pub(super) fn limit_of(set: &LimitSet, kind: LimitKind) -> Option<f64> {
    match kind {
        LimitKind::HighHigh => set.high_high,
        LimitKind::High => set.high,
        LimitKind::Low => set.low,
        LimitKind::LowLow => set.low_low,
    }
}
