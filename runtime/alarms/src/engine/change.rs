//! The start, and online changes: other definitions, while everything else goes on.

use std::collections::BTreeMap;
use std::sync::Arc;

use plantroom_model::{
    AlarmEventKind, AlarmId, AlarmSpec, AlarmState, Condition, Hidden, Label, Marks, Mono, Now, Occurrence, RestoredAlarm,
    Sample, Standing, Status, TagId, TagSpec, Utc,
};

use super::AlarmEngine;
use super::apply::reading_of;
use super::first_out::{Entry, Group};
use super::hide::{Shelf, Suppressor, Who};
use crate::counts::{AreaCounts, Counts};
use crate::field::Field;
use crate::hot::{CHATTER_WAITS, Hot, RAW, WATCHED};
use crate::index::{BLIND, CUT_OFF, FRESH, HOLDS, Index, What, inputs};
use crate::rules::Rules;
use crate::timers::Due;
use crate::watch::Watch;

impl AlarmEngine {
    /// Takes over other definitions. An alarm keeps its place, its standing, its shelf; a delay goes on where the condition
    /// is the same. Where it is another one it is judged at once by what tags hold (`current`). One that is gone stands
    /// nowhere any more.
    pub fn change(&mut self, specs: Arc<[AlarmSpec]>, tags: &[TagSpec], current: &dyn Fn(TagId) -> Option<Sample>, now: Now) {
        self.tick(now);
        let before = Arc::clone(&self.specs);
        for (alarm, old) in (0_u32..).zip(before.iter()) {
            let stays = specs.get(alarm as usize).is_some_and(|spec| spec.condition != Condition::Gone);
            if !stays && old.condition != Condition::Gone {
                self.remove(alarm, now);
            }
        }
        let is_same: Vec<bool> = before.iter().zip(specs.iter()).map(|(old, new)| old.condition == new.condition).collect();
        for (alarm, _) in (0_u32..).zip(&is_same).filter(|(_, same)| !**same) {
            self.drop_delay(alarm);
            self.forget_look(alarm);
        }
        self.install(specs, tags, &is_same, now);
        self.judge_fresh(&is_same, current, now);
        self.settle_groups(now);
    }

    /// The first installation, with what the journal knew.
    pub(super) fn restore(&mut self, specs: Arc<[AlarmSpec]>, tags: &[TagSpec], restored: &[RestoredAlarm], now: Now) {
        self.install(specs, tags, &[], now);
        let mut sorted: Vec<&RestoredAlarm> = restored.iter().collect();
        sorted.sort_by_key(|one| one.alarm);
        sorted.dedup_by_key(|one| one.alarm);
        for one in sorted {
            let spec = self.specs.get(one.alarm.0 as usize);
            if spec.is_some_and(|spec| spec.condition != Condition::Gone) {
                self.restore_one(one, now);
            }
        }
        for trigger in &mut self.index.triggers {
            trigger.set_flag(FRESH, false);
        }
        for alarm in 0..self.hot.len() as u32 {
            self.rest_group(alarm);
        }
    }

    fn restore_one(&mut self, one: &RestoredAlarm, now: Now) {
        let alarm = one.alarm.0;
        let from = self.hot[alarm as usize].standing();
        let mut to = one.standing;
        to.marks = to.marks.with(Marks::UNKNOWN).without(Marks::UNRECORDED);
        self.next_occurrence = self.next_occurrence.max(to.occurrence.0 + 1);
        if to.hidden.has(Hidden::SHELVED) {
            self.restore_shelf(alarm, &mut to, one.until, now);
        }
        self.put(alarm, to);
        self.restore_times(alarm, to, one.came, now);
        if to.hidden.has(Hidden::SUPPRESSED) {
            self.restore_suppressors(alarm, to, now);
        }
        if let Some(by) = &one.acknowledged_by {
            self.acknowledged_by.insert(alarm, Arc::clone(by));
        }
        let first = Marks::FIRST_OUT.with(Marks::ORDER_UNDETERMINED);
        if to.marks.has(first)
            && let Some(group) = self.groups.get_mut(self.rules.all[self.hot[alarm as usize].rule as usize].group as usize)
        {
            group.first.push(Entry { alarm, clock: None, source_time: Utc(0), began: Mono(0), is_reset: false });
        }
        let until = self.shelves.get(&alarm).map(|shelf| shelf.until);
        if !to.is_at_rest() {
            let event = self.event(alarm, AlarmEventKind::Standing, from, now);
            (event.source_time, event.until) = (one.came, until);
            event.by = one.acknowledged_by.clone().or_else(|| one.hidden_by.clone());
            event.comment.clone_from(&one.comment);
        }
    }

    fn restore_shelf(&mut self, alarm: u32, to: &mut Standing, until: Option<Utc>, now: Now) {
        let most_ns = u64::from(self.rule(alarm).shelve_max_s) * 1_000_000_000;
        let until = until.unwrap_or(Utc(0));
        let left_ns = u64::try_from(until.0.saturating_sub(now.utc.0)).unwrap_or(0).min(most_ns);
        // What has ended while the station was down ends with the first tick, and is told.
        let ends = Mono(now.mono.0.saturating_add(left_ns));
        self.shelves.insert(alarm, Shelf { ends, until: Utc(now.utc.0.saturating_add_unsigned(left_ns)) });
        self.timers.set(alarm, Due::Shelf, ends);
        to.hidden = to.hidden.with(Hidden::SHELVED);
    }

    fn restore_times(&mut self, alarm: u32, to: Standing, came: Utc, now: Now) {
        let hot = &mut self.hot[alarm as usize];
        hot.set(RAW, to.state.is_holding());
        let hot = &mut self.hot[alarm as usize];
        match (hot.place, hot.has(WATCHED)) {
            (Hot::NOWHERE, _) => {}
            (place, true) => self.watches[place as usize].set_holds(to.state.is_holding()),
            (place, false) => self.index.triggers[place as usize].set_flag(HOLDS, to.state.is_holding()),
        }
        if to.state.is_active() && !to.marks.has(Marks::STANDING) {
            let left_ms = Self::STANDING_MS.saturating_sub(Self::active_for_ms(came, now));
            self.wait(alarm, Due::Standing, now.mono.plus_ms(left_ms));
        }
        let realarm_s = self.rule(alarm).realarm_s;
        if to.state == AlarmState::Acknowledged && realarm_s > 0 {
            self.wait(alarm, Due::ReAlarm, now.mono.plus_ms(u64::from(realarm_s) * 1_000));
        }
        if to.marks.has(Marks::CHATTERING) {
            let hot = &mut self.hot[alarm as usize];
            hot.came[1] = now.mono;
            hot.set(CHATTER_WAITS, true);
            self.timers.set(alarm, Due::Chatter, now.mono.plus_ms(Self::CHATTER_MS));
        }
    }

    /// Logic has to say again what it suppresses; an engineer's hand doesn't.
    fn restore_suppressors(&mut self, alarm: u32, to: Standing, now: Now) {
        let by_hand = to.hidden.has(Hidden::BY_HAND);
        let mut all = vec![Suppressor { who: Who::Before, dead_since: Some(now.mono) }];
        if by_hand {
            all.insert(0, Suppressor { who: Who::Hand, dead_since: None });
        }
        self.suppressors.insert(alarm, all);
        self.timers.set(alarm, Due::Suppressor, now.mono.plus_ms(Self::SUPPRESSOR_GRACE_MS));
    }

    /// Everything that follows from definitions. Standings are left as they are; of conditions that aren't the same nothing
    /// is known afterwards.
    fn install(&mut self, specs: Arc<[AlarmSpec]>, tags: &[TagSpec], is_same: &[bool], now: Now) {
        let old_groups = self.named_groups();
        self.rules = Rules::of(&specs);
        self.specs = specs;
        let specs = Arc::clone(&self.specs);
        let places = std::mem::take(&mut self.rules.places);
        self.hot.truncate(specs.len());
        self.hot.reserve_exact(specs.len() - self.hot.len());
        for (alarm, (spec, rule)) in specs.iter().zip(places).enumerate() {
            match self.hot.get_mut(alarm) {
                Some(hot) => hot.rule = rule,
                None => self.hot.push(Hot::waiting(rule)),
            }
            if spec.condition == Condition::Gone {
                self.hot[alarm].marks = Marks::default();
            }
        }
        self.field = Field::of(&specs, tags, std::mem::take(&mut self.field.answers));
        self.by_source = self.sources();
        self.install_triggers(&specs, tags.len(), is_same);
        self.recount();
        self.install_groups(&old_groups, tags);
        for place in 0..self.index.starts.len().saturating_sub(1) {
            self.cut_off_fresh(TagId(place as u32), now);
        }
    }

    fn install_triggers(&mut self, specs: &[AlarmSpec], tags: usize, is_same: &[bool]) {
        let old_index = std::mem::take(&mut self.index);
        let mut old_watches: Vec<Option<Watch>> = std::mem::take(&mut self.watches).into_iter().map(Some).collect();
        let same = |alarm: u32| is_same.get(alarm as usize).copied().unwrap_or(false);
        let mut places = vec![Hot::NOWHERE; specs.len()];
        self.index = Index::of(specs, tags, |alarm, at| places[alarm as usize] = at);
        for (alarm, spec) in (0_u32..).zip(specs) {
            let hot = &mut self.hot[alarm as usize];
            let (old_place, was_watched) = (hot.place, hot.has(WATCHED));
            let holds = hot.state.is_holding();
            let links = inputs(&spec.condition)[0].is_some_and(|tag| self.field.has_alarm(tag));
            if let Some(fresh) = Watch::of(spec, holds, links) {
                let kept = if same(alarm) && was_watched {
                    old_watches.get_mut(old_place as usize).and_then(Option::take)
                } else {
                    None
                };
                let mut watch = kept.unwrap_or(fresh);
                watch.set_links(links);
                hot.set(WATCHED, true);
                hot.place = self.watches.len() as u32;
                self.watches.push(watch);
                continue;
            }
            hot.set(WATCHED, false);
            hot.place = places[alarm as usize];
            if hot.place == Hot::NOWHERE {
                continue;
            }
            let old = old_index.triggers.get(old_place as usize).filter(|_| same(alarm) && !was_watched);
            let trigger = &mut self.index.triggers[hot.place as usize];
            trigger.flags = old.map_or(BLIND | if holds { HOLDS } else { 0 }, |old| old.flags);
        }
        for trigger in &mut self.index.triggers {
            let is_new = !same(trigger.alarm);
            trigger.set_flag(FRESH, is_new);
        }
    }

    /// New triggers on tags of a device that doesn't answer.
    fn cut_off_fresh(&mut self, tag: TagId, now: Now) {
        if self.field.answers.is_empty() {
            return;
        }
        let is_cut_off = self.field.device_of(tag).is_some_and(|place| self.field.is_cut_off(place));
        for place in self.index.of_tag(tag) {
            let trigger = &self.index.triggers[place];
            let was = match trigger.what {
                What::Watch => self.watches[self.hot[trigger.alarm as usize].place as usize].is_cut_off(trigger.input),
                What::High | What::Low => trigger.flags & CUT_OFF != 0,
            };
            if is_cut_off != was {
                self.cut_off_trigger(place, is_cut_off, now);
            } else {
                self.index.triggers[place].set_flag(CUT_OFF, was);
            }
        }
    }

    fn recount(&mut self) {
        self.tallies = vec![Counts::default(); self.rules.areas.len().max(1) * AreaCounts::PRIORITIES];
        for hot in &self.hot {
            let tally = self.rules.all[hot.rule as usize].tally;
            self.tallies[tally as usize].count(hot.standing(), 1);
        }
    }

    fn named_groups(&mut self) -> BTreeMap<Label, Group> {
        self.rules.groups.iter().cloned().zip(std::mem::take(&mut self.groups)).collect()
    }

    fn install_groups(&mut self, old: &BTreeMap<Label, Group>, tags: &[TagSpec]) {
        let names = &self.rules.groups;
        self.groups = names.iter().map(|name| old.get(name).map_or_else(Group::default, Group::goes_on)).collect();
        for (alarm, (hot, spec)) in self.hot.iter().zip(self.specs.iter()).enumerate() {
            let place = self.rules.all[hot.rule as usize].group;
            let Some(group) = self.groups.get_mut(place as usize) else { continue };
            group.up += u32::from(hot.state != AlarmState::Normal);
            let watched = inputs(&spec.condition).into_iter().flatten().filter_map(|tag| tags.get(tag.0 as usize));
            let silence_ms = watched.map(|tag| u64::from(tag.stale_after_ms)).max().unwrap_or(0);
            group.blur_ms = group.blur_ms.max(if silence_ms == 0 { Self::BLUR_MS } else { silence_ms });
            debug_assert!(alarm < self.hot.len(), "hot and specs go together");
        }
        for (place, group) in (0_u32..).zip(&mut self.groups) {
            let (hot, rules) = (&self.hot, &self.rules.all);
            group.first.retain(|one| hot.get(one.alarm as usize).is_some_and(|hot| rules[hot.rule as usize].group == place));
        }
    }

    /// Judges conditions that are new by what their tags hold.
    fn judge_fresh(&mut self, is_same: &[bool], current: &dyn Fn(TagId) -> Option<Sample>, now: Now) {
        for tag in (0..self.index.starts.len().saturating_sub(1)).map(|tag| TagId(tag as u32)) {
            let fresh: Vec<usize> =
                self.index.of_tag(tag).filter(|place| self.index.triggers[*place].flags & FRESH != 0).collect();
            if fresh.is_empty() {
                continue;
            }
            let sample = current(tag).unwrap_or_default();
            for place in fresh {
                self.index.triggers[place].set_flag(FRESH, false);
                if self.index.triggers[place].flags & CUT_OFF == 0 {
                    let (reading, cause) = reading_of(&sample);
                    self.read(place, reading, cause, now);
                }
            }
        }
        let specs = Arc::clone(&self.specs);
        for (alarm, spec) in (0_u32..).zip(specs.iter()) {
            if is_same.get(alarm as usize).copied().unwrap_or(false) {
                continue;
            }
            match spec.condition {
                Condition::Script { .. } | Condition::Plugin { .. } | Condition::System => {
                    self.lose(alarm, Status::BAD_WAITING_FOR_INITIAL_DATA, now);
                }
                Condition::Link { connection, .. } => self.judge_links(connection, now),
                _ => {}
            }
        }
    }

    /// The project has an alarm no more.
    fn remove(&mut self, alarm: u32, now: Now) {
        self.drop_delay(alarm);
        self.forget_look(alarm);
        self.cancel(alarm, Due::ReAlarm);
        self.cancel(alarm, Due::Standing);
        if let Some(shelf) = self.shelves.remove(&alarm) {
            self.timers.remove(alarm, Due::Shelf, shelf.ends);
        }
        self.suppressors.remove(&alarm);
        self.acknowledged_by.remove(&alarm);
        self.causes.remove(&alarm);
        self.details.remove(&alarm);
        let from = self.hot[alarm as usize].standing();
        self.put(alarm, Standing { occurrence: from.occurrence, ..Standing::default() });
        if from.occurrence != Occurrence(0) || !from.is_at_rest() {
            self.event(alarm, AlarmEventKind::Removed, from, now);
        }
        self.rest_group(alarm);
        debug_assert_eq!(self.standing(AlarmId(alarm)).state, AlarmState::Normal, "nothing stands of what is gone");
    }

    fn forget_look(&mut self, alarm: u32) {
        let hot = &self.hot[alarm as usize];
        if hot.has(WATCHED)
            && let Some(watch) = self.watches.get_mut(hot.place as usize)
        {
            let at = std::mem::replace(&mut watch.looks_at, crate::timers::Timers::NEVER);
            self.timers.remove(alarm, Due::Look, at);
        }
    }
}
