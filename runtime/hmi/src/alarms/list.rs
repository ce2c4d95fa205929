//! What a list of alarms shows, in which order: filtered, sorted, grouped by cause, and held while somebody works in it.
//!
//! Pure, and kept up to date by what has changed: a row that changes costs one pass over the order, never a new sort.

use std::collections::{HashMap, HashSet};

use plantroom_model::{Hidden, Priority};
use plantroom_scene::AlarmsOf;
use plantroom_wire::AlarmInfo;

use super::table::{Alarm, ById, Table};

/// Which alarms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    /// Active or unacknowledged, and not hidden.
    #[default]
    Active,
    /// By an operator, for a time.
    Shelved,
    /// By design.
    Suppressed,
    /// By maintenance.
    OutOfService,
}

impl Tab {
    /// All of them, with what they are called.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Active, "Active"),
        (Self::Shelved, "Shelved"),
        (Self::Suppressed, "Suppressed"),
        (Self::OutOfService, "Out of service"),
    ];

    fn has(self, alarm: &Alarm<'_>) -> bool {
        match self {
            Self::Active => alarm.is_listed() && alarm.info.priority != Priority::Event as u8,
            Self::Shelved => alarm.hidden().has(Hidden::SHELVED),
            Self::Suppressed => alarm.hidden().has(Hidden::SUPPRESSED),
            Self::OutOfService => alarm.hidden().has(Hidden::OUT_OF_SERVICE),
        }
    }
}

/// What a list leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Only this part of the plant; empty for all.
    pub area: String,
    /// Priorities that are shown, by number.
    pub priorities: [bool; 5],
    /// Only those that wait for an acknowledgement.
    pub waiting: bool,
    /// Only with this in name, message, area or tag; letters' case doesn't matter.
    pub text: String,
    /// Only of this machine, screen or area: what a small list on a screen shows.
    pub of: AlarmsOf,
}

impl Default for Filter {
    fn default() -> Self {
        let (area, text) = (String::new(), String::new());
        Self { area, priorities: [true; 5], waiting: false, text, of: AlarmsOf::default() }
    }
}

impl Filter {
    fn lets(&self, alarm: &Alarm<'_>) -> bool {
        let info = alarm.info;
        let area = self.area.is_empty() || info.area == self.area;
        let priority = self.priorities.get(usize::from(info.priority)).copied().unwrap_or(true);
        let state = !self.waiting || alarm.state().is_unacknowledged();
        area && priority && state && is_of(info, &self.of) && (self.text.is_empty() || self.finds(alarm))
    }

    fn finds(&self, alarm: &Alarm<'_>) -> bool {
        let wanted = self.text.trim().to_lowercase();
        let info = alarm.info;
        let places = [&info.name, &info.message, &info.area, &info.tag, &alarm.now.comment];
        places.into_iter().any(|text| text.to_lowercase().contains(&wanted))
    }

    /// Whether anything is left out.
    pub fn is_on(&self) -> bool {
        *self != Self::default()
    }
}

/// Whether an alarm belongs to a part of the plant.
pub fn is_of(info: &AlarmInfo, of: &AlarmsOf) -> bool {
    let below = |name: &str| {
        let rest = name.strip_prefix(of.instance.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    (of.area.is_empty() || info.area == of.area)
        && (of.screen.is_empty() || info.screen == of.screen)
        && (of.instance.is_empty() || below(&info.instance) || below(&info.tag) || info.name == of.instance)
}

/// By what a list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Unacknowledged first, then by priority, then the newest first.
    #[default]
    Urgency,
    /// When it came.
    Time,
    /// Priority.
    Priority,
    /// State.
    State,
    /// Part of the plant.
    Area,
    /// Name.
    Name,
    /// Message.
    Message,
}

/// What a row is sorted by; numbers first, then words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    numbers: (i64, i64, i64),
    words: Box<str>,
    id: u32,
    /// It has a likely cause, which its group is found by.
    grouped: bool,
}

impl Key {
    fn of(sort: Sort, alarm: &Alarm<'_>) -> Self {
        let (info, now) = (alarm.info, alarm.now);
        let (urgency, newest) = (-i64::from(info.priority), now.came.saturating_neg());
        let waits = i64::from(!alarm.state().is_unacknowledged());
        let (numbers, words) = match sort {
            Sort::Urgency => ((waits, urgency, newest), ""),
            Sort::Time => ((newest, urgency, 0), ""),
            Sort::Priority => ((urgency, newest, 0), ""),
            Sort::State => ((waits, i64::from(now.state), newest), ""),
            Sort::Area => ((0, 0, 0), info.area.as_str()),
            Sort::Name => ((0, 0, 0), info.name.as_str()),
            Sort::Message => ((0, 0, 0), info.message.as_str()),
        };
        Self { numbers, words: words.into(), id: info.id, grouped: !now.cause.is_empty() }
    }
}

/// One line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which alarm.
    pub id: u32,
    /// It stands for its group: so many more have the same cause and are folded away, or shown below.
    pub more: u32,
    /// It is one of those below.
    pub below: bool,
}

/// The list.
#[derive(Default)]
pub struct List {
    tab: Tab,
    filter: Filter,
    sort: Sort,
    backwards: bool,
    /// In order.
    keys: Vec<Key>,
    inside: HashSet<u32, ById>,
    /// What is shown.
    lines: Vec<Line>,
    ids: Vec<u32>,
    open: HashSet<String>,
    stamp: u64,
    built: bool,
    /// What has changed since it is held.
    waiting: HashSet<u32, ById>,
    fresh: usize,
}

impl List {
    /// Shows another tab.
    pub fn show(&mut self, tab: Tab) {
        if self.tab != tab {
            (self.tab, self.built) = (tab, false);
        }
    }

    /// Which tab is shown.
    pub fn tab(&self) -> Tab {
        self.tab
    }

    /// What is left out.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Leaves other alarms out.
    pub fn set_filter(&mut self, filter: Filter) {
        if self.filter != filter {
            (self.filter, self.built) = (filter, false);
        }
    }

    /// Sorts by a column; the same one again turns the order round.
    pub fn sort_by(&mut self, sort: Sort) {
        self.backwards = self.sort == sort && !self.backwards;
        (self.sort, self.built) = (sort, false);
    }

    /// By what it is sorted, and whether the other way round.
    pub fn sorted(&self) -> (Sort, bool) {
        (self.sort, self.backwards)
    }

    /// Shows or folds away those with the same cause.
    pub fn unfold(&mut self, cause: &str, table: &Table) {
        if !self.open.remove(cause) {
            self.open.insert(cause.to_owned());
        }
        self.lay_out(table);
    }

    /// Whether those of a cause are shown.
    pub fn is_open(&self, cause: &str) -> bool {
        self.open.contains(cause)
    }

    /// Brings it up to date. While it is held nothing comes, goes or moves; what would come is counted.
    pub fn update(&mut self, table: &Table, held: bool) {
        if !self.built {
            return self.build(table);
        }
        if self.stamp != table.stamp() {
            match table.changed_since(self.stamp) {
                None => return self.build(table),
                Some(changed) => self.waiting.extend(changed),
            }
            self.stamp = table.stamp();
            if held {
                let comes = |id: &&u32| !self.inside.contains(*id) && self.fits(table, **id);
                self.fresh = self.waiting.iter().filter(comes).count();
            }
        }
        if !held && !self.waiting.is_empty() {
            self.merge(table);
        }
    }

    fn fits(&self, table: &Table, id: u32) -> bool {
        table.get(id).is_some_and(|alarm| self.tab.has(&alarm) && self.filter.lets(&alarm))
    }

    fn build(&mut self, table: &Table) {
        let fitting = table.all().filter(|alarm| self.tab.has(alarm) && self.filter.lets(alarm));
        self.keys = fitting.map(|alarm| Key::of(self.sort, &alarm)).collect();
        self.order();
        self.inside = self.keys.iter().map(|key| key.id).collect();
        self.waiting.clear();
        (self.fresh, self.stamp, self.built) = (0, table.stamp(), true);
        self.lay_out(table);
    }

    fn order(&mut self) {
        self.keys.sort_unstable();
        if self.backwards {
            self.keys.reverse();
        }
    }

    /// Takes the changed ones out and puts them in again where they belong.
    fn merge(&mut self, table: &Table) {
        let waiting = std::mem::take(&mut self.waiting);
        let mut keys = std::mem::take(&mut self.keys);
        keys.retain(|key| !waiting.contains(&key.id));
        let fitting = waiting.iter().filter_map(|id| table.get(*id));
        let fitting = fitting.filter(|alarm| self.tab.has(alarm) && self.filter.lets(alarm));
        let mut coming: Vec<Key> = fitting.map(|alarm| Key::of(self.sort, &alarm)).collect();
        coming.sort_unstable();
        if self.backwards {
            coming.reverse();
        }
        for id in &waiting {
            self.inside.remove(id);
        }
        self.inside.extend(coming.iter().map(|key| key.id));
        self.keys = Vec::with_capacity(keys.len() + coming.len());
        let (mut old, mut new) = (keys.into_iter().peekable(), coming.into_iter().peekable());
        while let (Some(a), Some(b)) = (old.peek(), new.peek()) {
            let next = if (a < b) != self.backwards { old.next() } else { new.next() };
            self.keys.extend(next);
        }
        self.keys.extend(old);
        self.keys.extend(new);
        self.fresh = 0;
        self.lay_out(table);
    }

    /// Groups by cause: the first of a cause stands where the group's first
    /// row stands, the others below it or folded away.
    fn lay_out(&mut self, table: &Table) {
        let mut groups: HashMap<&str, Vec<u32>> = HashMap::new();
        for key in self.keys.iter().filter(|key| key.grouped) {
            let cause = table.get(key.id).map_or("", |alarm| alarm.now.cause.as_str());
            if !cause.is_empty() {
                groups.entry(cause).or_default().push(key.id);
            }
        }
        self.lines.clear();
        for key in &self.keys {
            let cause = if key.grouped { table.get(key.id).map_or("", |alarm| alarm.now.cause.as_str()) } else { "" };
            if cause.is_empty() {
                self.lines.push(Line { id: key.id, more: 0, below: false });
                continue;
            }
            // Where a group's first row stands, all of it does; its other rows find nothing left.
            let Some(members) = groups.remove(cause) else { continue };
            let came = |id: u32| table.get(id).map(|alarm| (alarm.now.came, alarm.now.occurrence));
            let first = table.first_of(cause).filter(|id| members.contains(id));
            let Some(top) = first.or_else(|| members.iter().copied().min_by_key(|id| came(*id))) else { continue };
            self.lines.push(Line { id: top, more: members.len() as u32 - 1, below: false });
            if self.open.contains(cause) {
                let rest = members.into_iter().filter(|id| *id != top);
                self.lines.extend(rest.map(|id| Line { id, more: 0, below: true }));
            }
        }
        self.ids = self.lines.iter().map(|line| line.id).collect();
    }

    /// What is shown, in order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The alarms of the lines.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// The first so many in order, folded ones too.
    pub fn first(&self, rows: usize) -> impl Iterator<Item = u32> + '_ {
        self.keys.iter().take(rows).map(|key| key.id)
    }

    /// How many there are, folded ones too.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many have come since it is held.
    pub fn fresh(&self) -> usize {
        self.fresh
    }

    /// Whether a row has left the list and is only there because it is held.
    pub fn is_gone(&self, table: &Table, id: u32) -> bool {
        !self.waiting.is_empty() && self.waiting.contains(&id) && !self.fits(table, id)
    }

    /// All alarms that are grouped under the same cause as this one, itself too.
    pub fn group_of(&self, table: &Table, id: u32) -> Vec<u32> {
        let cause = |id: u32| table.get(id).map_or("", |alarm| alarm.now.cause.as_str());
        let wanted = cause(id);
        if wanted.is_empty() {
            return vec![id];
        }
        self.keys.iter().map(|key| key.id).filter(|id| cause(*id) == wanted).collect()
    }
}
