//! What alarms of one tag say of each other: limits in their order, inside the range, with room to clear.

use plantroom_model::{AlarmId, LimitKind, TagId, TagSpec};

use crate::alarms::Alarms;
use crate::alarms::decl::{AlarmDecl, ConditionDecl, LimitDecl, limit_word};
use crate::report::{Report, Spot};

/// A constant limit of an alarm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watched {
    pub tag: TagId,
    pub kind: LimitKind,
    pub limit: f64,
    pub hysteresis: f64,
    pub alarm: AlarmId,
}

/// Checks all constant limits, tag by tag.
pub(super) fn limits(all: &mut [Watched], list: &[AlarmDecl], alarms: &Alarms, tags: &[TagSpec], report: &mut Report) {
    // From the lowest limit to the highest, so that neighbours tell all that is wrong.
    let upwards = |a: &Watched, b: &Watched| {
        let by_kind = (a.tag, b.kind as u8).cmp(&(b.tag, a.kind as u8));
        by_kind.then(a.limit.total_cmp(&b.limit)).then(a.alarm.cmp(&b.alarm))
    };
    all.sort_by(upwards);
    for group in all.chunk_by(|a, b| a.tag == b.tag) {
        let Some(tag) = group.first().and_then(|one| tags.get(one.tag.0 as usize)) else { continue };
        // A tag's own limits were checked with the tag; only what alarms say themselves is looked at.
        if group.iter().all(|one| is_own(one, list)) {
            continue;
        }
        for one in group {
            check_one(one, group, tag, list, report);
        }
        check_order(group, list, alarms, report);
    }
}

fn is_own(one: &Watched, list: &[AlarmDecl]) -> bool {
    match list.get(one.alarm.0 as usize).map(|decl| &decl.condition) {
        Some(ConditionDecl::Limit { at, hysteresis, .. }) => matches!(at, LimitDecl::Own(_)) && hysteresis.is_none(),
        _ => true,
    }
}

fn spot_of(one: &Watched, list: &[AlarmDecl]) -> Spot {
    match list.get(one.alarm.0 as usize).map(|decl| (&decl.condition, decl.spot)) {
        Some((ConditionDecl::Limit { at, .. }, _)) => at.spot(),
        Some((_, spot)) => spot,
        None => Spot::NOWHERE,
    }
}

fn check_one(one: &Watched, group: &[Watched], tag: &TagSpec, list: &[AlarmDecl], report: &mut Report) {
    let is_high = matches!(one.kind, LimitKind::High | LimitKind::HighHigh);
    if let Some((low, high)) = tag.range.filter(|(low, high)| low < high && !(*low..=*high).contains(&one.limit)) {
        let message = format!("the limit {} is outside of the range of `{}`, {low} to {high}", one.limit, tag.name);
        report.error(spot_of(one, list), message, "a reading is clamped to the range, so this limit could never be passed");
        return;
    }
    if one.hysteresis <= 0.0 || is_own(one, list) {
        return;
    }
    let others = group.iter().filter(|other| matches!(other.kind, LimitKind::High | LimitKind::HighHigh) != is_high);
    let end = tag.range.map(|(low, high)| if is_high { low } else { high });
    let nearest = others.map(|other| other.limit).chain(end);
    let room = nearest.map(|other| (one.limit - other).abs()).fold(f64::INFINITY, f64::min);
    if one.hysteresis >= room {
        let message = format!(
            "with a hysteresis of {} the limit {} would never clear: there is only {room} beside it",
            one.hysteresis, one.limit
        );
        let spot = match list.get(one.alarm.0 as usize).map(|decl| &decl.condition) {
            Some(ConditionDecl::Limit { hysteresis: Some((_, spot)), .. }) => *spot,
            _ => spot_of(one, list),
        };
        let help = "a high limit clears below limit - hysteresis, a low one above limit + hysteresis; make it smaller";
        report.error(spot, message, help);
    }
}

/// `group` goes up: low-low, low, high, high-high.
fn check_order(group: &[Watched], list: &[AlarmDecl], alarms: &Alarms, report: &mut Report) {
    for pair in group.windows(2) {
        let [below, above] = pair else { continue };
        if below.kind == above.kind {
            if below.limit == above.limit {
                let message = format!("this alarm says the same as `{}`", name(below, list, alarms));
                report.warning(spot_of(above, list), message, "keep one of the two: operators would acknowledge each");
            }
            continue;
        }
        if below.limit >= above.limit {
            let (low, high) = (limit_word(below.kind), limit_word(above.kind));
            let message =
                format!("`{high}` ({}) must be above `{low}` ({}) of `{}`", above.limit, below.limit, name(below, list, alarms));
            let spot = if is_own(above, list) { spot_of(below, list) } else { spot_of(above, list) };
            report.error(spot, message, "limits go up in this order: low_low, low, high, high_high");
        }
    }
}

fn name<'a>(one: &Watched, list: &[AlarmDecl], alarms: &'a Alarms) -> &'a str {
    let name = list.get(one.alarm.0 as usize).and_then(|decl| decl.name).unwrap_or_default();
    alarms.kept.texts.get(name)
}
