//! Where notifications become letters, and letters are tried until they are out or given up.

mod settle;
pub use settle::End;
mod take;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use plantroom_model::{Mono, Now, Priority, Utc};
use plantroom_project::{OutletKind, OutletSpec, People, Reached};
use plantroom_store::{Disk, StoreError};

use crate::deliveries::{Deliveries, Delivery, DeliveryQuery, DeliveryReader, DeliveryState};
use crate::item::{Asked, Item, Letter, cut};
use crate::outlet::{Outlet, OutletNow};
use crate::queue::{Queue, Record};
use crate::{limits, local_time};

/// Of the project, what letters need.
#[derive(Clone, Debug)]
pub struct Around {
    /// The plant's name.
    pub plant: String,
    /// Its time zone.
    pub zone: TimeZone,
    /// The outlets.
    pub outlets: Vec<Arc<OutletSpec>>,
    /// Who can be told.
    pub people: People,
}

/// What is remembered of alarms with what they led to, in one write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Up to this occurrence every alarm was looked at.
    pub seen: u64,
    /// Alarms that wait for nobody any more.
    pub closed: Vec<String>,
    /// Steps that were told: alarm, occurrence, minutes.
    pub steps: Vec<(String, u64, u32)>,
}

/// A letter to deliver now, and how.
#[derive(Clone, Debug)]
pub struct Job {
    /// The letter.
    pub letter: Letter,
    /// The way.
    pub outlet: Arc<OutletSpec>,
    /// The plant's name.
    pub plant: String,
}

/// How long an address is left in peace about one thing, and how often that happened meanwhile.
#[derive(Clone, Copy, Debug)]
struct Quiet {
    until: Mono,
    times: u32,
}

/// When a letter is tried again, and how long it has been on its way.
#[derive(Clone, Copy, Debug)]
struct Again {
    due: Mono,
    /// Since when in this run of the station.
    begun: Mono,
    /// How long before that, in ms: the time that the station was down counts too.
    before_ms: u64,
}

impl Again {
    fn spent_ms(&self, now: Mono) -> u64 {
        self.before_ms.saturating_add(now.since(self.begun) / 1_000_000)
    }
}

/// Letters and notifications of all outlets.
#[derive(Debug)]
pub struct Desk {
    queue: Queue,
    deliveries: Deliveries,
    around: Around,
    outlets: Vec<Outlet>,
    /// By outlet, address, alarm and what happened.
    quiet: HashMap<(String, String, String, &'static str), Quiet>,
    /// Letters that are on their way, by number.
    again: BTreeMap<u64, Again>,
    /// Letters that never got out, by outlet and address, until the next one says so.
    lost: BTreeMap<(String, String), u32>,
    /// Since when notifications wait, where that is in this run of the station.
    since: BTreeMap<u64, Mono>,
    /// Calls of horns that the journal wasn't told yet, with the last subject.
    calls: BTreeMap<String, (u32, String)>,
    calls_told: Mono,
}

impl Desk {
    /// Opens what was kept in a folder, which must exist, for a project. Letters of before are tried at once.
    ///
    /// # Errors
    /// When the disk can't be read or written.
    pub fn open(disk: Arc<dyn Disk>, folder: &Path, around: Around, now: Now) -> Result<Self, StoreError> {
        let queue = Queue::open(Arc::clone(&disk), folder)?;
        let deliveries = Deliveries::open(disk, folder)?;
        let hour_ago = Utc(now.utc.0.saturating_sub(3_600_000_000_000));
        let last_hour = DeliveryQuery { from: Some(hour_ago), limit: 100_000, ..DeliveryQuery::default() };
        let rows = deliveries.reader().rows(&last_hour)?;
        let used = |spec: &OutletSpec| rows.iter().filter(|row| row.outlet == spec.name && row.attempt > 0).count() as u32;
        let outlets = around.outlets.iter().map(|spec| Outlet::new(Arc::clone(spec), used(spec), now.mono)).collect();
        let mut desk = Self {
            queue,
            deliveries,
            around: around.clone(),
            outlets,
            quiet: HashMap::new(),
            again: BTreeMap::new(),
            lost: BTreeMap::new(),
            since: BTreeMap::new(),
            calls: BTreeMap::new(),
            calls_told: now.mono,
        };
        let before_ms = |made_at: Utc| u64::try_from(now.utc.0.saturating_sub(made_at.0)).unwrap_or(0) / 1_000_000;
        let letters = desk.queue.waiting().letters.values();
        let again = |made_at| Again { due: now.mono, begun: now.mono, before_ms: before_ms(made_at) };
        desk.again = letters.map(|letter| (letter.number, again(letter.made_at))).collect();
        desk.change(around, now);
        Ok(desk)
    }

    /// Takes a changed project. What waits for an outlet that is gone is given up.
    pub fn change(&mut self, around: Around, now: Now) {
        let used = |_: &OutletSpec| 0;
        let mut before: Vec<Outlet> = std::mem::take(&mut self.outlets);
        for spec in &around.outlets {
            let known = before.iter().position(|outlet| outlet.spec.name == spec.name).map(|place| before.swap_remove(place));
            let outlet = match known {
                Some(mut outlet) => {
                    outlet.change(spec, now.mono);
                    outlet
                }
                None => Outlet::new(Arc::clone(spec), used(spec), now.mono),
            };
            self.outlets.push(outlet);
        }
        self.around = around;
        self.drop_gone(now);
    }

    fn drop_gone(&mut self, now: Now) {
        let is_there = |name: &str| self.outlets.iter().any(|outlet| outlet.spec.name == name);
        let (mut records, mut rows) = (Vec::new(), Vec::new());
        let why = "the project has no such outlet any more";
        for letter in self.queue.waiting().letters.values().filter(|letter| !is_there(&letter.outlet)) {
            records.push(Record::Ended { number: letter.number });
            rows.push(row_of(letter, DeliveryState::GivenUp, now.utc, why));
        }
        let of: Vec<u64> =
            self.queue.waiting().items.values().filter(|item| !is_there(&item.outlet)).map(|item| item.number).collect();
        let gone = self.queue.waiting().items.values().filter(|item| !is_there(&item.outlet));
        rows.extend(gone.map(|item| dropped_row(item, 1, now.utc, why)));
        if !of.is_empty() {
            records.push(Record::Dropped { of });
        }
        if !records.is_empty() {
            self.queue.write(records);
            self.deliveries.note(&rows);
            self.forget_gone();
        }
    }

    /// Of what waits no more nothing is remembered.
    fn forget_gone(&mut self) {
        let waiting = self.queue.waiting();
        self.since.retain(|number, _| waiting.items.contains_key(number));
        self.again.retain(|number, _| waiting.letters.contains_key(number));
    }

    /// Takes in what rules ask for, with what is to be remembered of the alarms. On the disk when this returns.
    pub fn ask(&mut self, all: Vec<Asked>, marks: Marks, now: Now) {
        let (mut records, mut rows) = (Vec::new(), Vec::new());
        let mut next = self.queue.waiting().next;
        let (_, week) = local_time(now.utc, &self.around.zone);
        for asked in all {
            let Some(outlet) = self.outlets.iter_mut().find(|outlet| outlet.spec.name == asked.outlet) else {
                tracing::error!(outlet = asked.outlet, alarm = asked.alarm, "a rule names an outlet that the project hasn't");
                continue;
            };
            if outlet.spec.kind == OutletKind::Horn {
                outlet.sent += 1;
                let call = self.calls.entry(asked.outlet.clone()).or_default();
                *call = (call.0 + 1, asked.subject);
                continue;
            }
            // That this outlet fails can't be told through it.
            if asked.alarm == format!("system/outlets/{}", asked.outlet) {
                continue;
            }
            let addresses = addresses(outlet, &self.around.people.reach(&outlet.spec, &asked.to, week), &asked, now, &mut rows);
            for to in addresses {
                let Some(times) = hush(&mut self.quiet, &outlet.spec, &to, &asked, now.mono) else { continue };
                records.push(Record::Asked { item: item(next, to, &asked, times) });
                self.since.insert(next, now.mono);
                next += 1;
            }
        }
        let waiting = self.queue.waiting();
        if marks.seen > waiting.seen && !records.is_empty() {
            records.push(Record::Seen { occurrence: marks.seen });
        }
        let closed = marks.closed.into_iter().filter(|alarm| waiting.steps.contains_key(alarm));
        records.extend(closed.map(|alarm| Record::Closed { alarm }));
        let steps = marks.steps.into_iter();
        records.extend(steps.map(|(alarm, occurrence, minutes)| Record::Step { alarm, occurrence, minutes }));
        if !records.is_empty() {
            self.queue.write(records);
            self.make_room(now, &mut rows);
        }
        self.deliveries.note(&rows);
    }

    /// A trial message to one address, sent at once and once only: its number, by which its end is known.
    ///
    /// # Errors
    /// In a sentence: no such outlet, or nobody to send to.
    pub fn try_out(&mut self, outlet: &str, to: &str, (subject, text): (&str, &str), now: Now) -> Result<u64, String> {
        let found = self.outlets.iter().find(|known| known.spec.name == outlet);
        let spec = found.map(|found| Arc::clone(&found.spec)).ok_or_else(|| {
            let names: Vec<&str> = self.outlets.iter().map(|outlet| outlet.spec.name.as_str()).collect();
            format!("There is no outlet {outlet}; there are: {}.", names.join(", "))
        })?;
        if spec.kind == OutletKind::Horn {
            return Err("A horn sounds at the consoles when a rule asks for it; there is nothing to send.".to_owned());
        }
        let to: Vec<String> = Some(to.trim().to_owned()).filter(|to| !to.is_empty()).into_iter().collect();
        let (_, week) = local_time(now.utc, &self.around.zone);
        let Reached { addresses, missed } = self.around.people.reach(&spec, &to, week);
        let address = match (addresses.first(), missed.first()) {
            (Some(address), _) => address.clone(),
            (None, Some(why)) => return Err(format!("Nobody can be reached: {why}.")),
            (None, None) if spec.is_mail() => return Err("Say to whom: a person, a group, or an e-mail address.".to_owned()),
            (None, None) => String::new(),
        };
        let number = self.queue.waiting().next;
        let trial = Item {
            number,
            outlet: outlet.to_owned(),
            to: address,
            alarm: String::new(),
            priority: Priority::Low,
            subject: subject.to_owned(),
            text: text.to_owned(),
            at: now.utc,
            times: 1,
            trial: true,
        };
        self.since.insert(number, now.mono);
        self.queue.write(vec![Record::Asked { item: trial }]);
        Ok(number)
    }

    /// Everything that an alarm was hushed for may be told again: somebody has acknowledged it.
    pub fn unhush(&mut self, alarm: &str) {
        self.quiet.retain(|(_, _, of, _), _| of != alarm);
    }

    /// Over the limit the least urgent go, of these the oldest.
    fn make_room(&mut self, now: Now, rows: &mut Vec<Delivery>) {
        let items = &self.queue.waiting().items;
        if items.len() <= limits::WAITING {
            return;
        }
        // A tenth more, so that not every further one has to look for a place.
        let over = items.len() - limits::WAITING + limits::WAITING / 10;
        let mut order: Vec<(Priority, u64)> =
            items.values().filter(|item| !item.trial).map(|item| (item.priority, item.number)).collect();
        order.sort_unstable();
        let of: Vec<u64> = order.into_iter().take(over).map(|(_, number)| number).collect();
        let mut counts: BTreeMap<(String, String), (u32, &Item)> = BTreeMap::new();
        for item in of.iter().filter_map(|number| items.get(number)) {
            counts.entry((item.outlet.clone(), item.to.clone())).or_insert((0, item)).0 += 1;
        }
        let why = format!("more than {} notifications wait", limits::WAITING);
        rows.extend(counts.values().map(|(count, item)| dropped_row(item, *count, now.utc, &why)));
        let mut records = vec![Record::Dropped { of }];
        let missing = counts.into_iter();
        records.extend(missing.map(|((outlet, to), (count, _))| Record::Missing { outlet, to, count }));
        self.queue.write(records);
        self.forget_gone();
    }

    /// The step that was last told of an alarm: occurrence, minutes.
    pub fn step(&self, alarm: &str) -> Option<(u64, u32)> {
        self.queue.waiting().steps.get(alarm).copied()
    }

    /// Up to which occurrence every alarm was looked at; `None` where nothing was kept yet.
    pub fn seen(&self) -> Option<u64> {
        (!self.queue.is_new()).then_some(self.queue.waiting().seen)
    }

    /// Remembers it, also where nothing else is to be written.
    pub fn note_seen(&mut self, occurrence: u64) {
        if occurrence > self.queue.waiting().seen {
            self.queue.write(vec![Record::Seen { occurrence }]);
        }
    }

    /// How all outlets are.
    pub fn now(&self) -> Vec<OutletNow> {
        let waiting = self.queue.waiting();
        let of = |name: &str| {
            let items = waiting.items.values().filter(|item| item.outlet == name).count() as u64;
            let letters = waiting.letters.values().filter(|letter| letter.outlet == name);
            items + letters.map(|letter| u64::from(letter.count)).sum::<u64>()
        };
        self.outlets.iter().map(|outlet| outlet.now(of(&outlet.spec.name))).collect()
    }

    /// The names of the outlets that deliver something.
    pub fn delivering(&self) -> BTreeSet<String> {
        let names = self.outlets.iter().filter(|outlet| outlet.spec.kind != OutletKind::Horn);
        names.map(|outlet| outlet.spec.name.clone()).collect()
    }

    /// Where the journal of deliveries can be read.
    pub fn reader(&self) -> DeliveryReader {
        self.deliveries.reader()
    }

    /// What the disk doesn't take; `None` while it takes everything.
    pub fn disk_trouble(&self) -> Option<&str> {
        self.queue.trouble()
    }
}

/// Addresses of those who are reached; who isn't is told.
fn addresses(outlet: &mut Outlet, reached: &Reached, asked: &Asked, now: Now, rows: &mut Vec<Delivery>) -> Vec<String> {
    for why in &reached.missed {
        outlet.trouble("", why, now.mono);
        outlet.last_error.clone_from(why);
        rows.push(Delivery {
            at: now.utc,
            outlet: asked.outlet.clone(),
            to: asked.to.join(", "),
            state: DeliveryState::Unreached,
            id: String::new(),
            alarm: asked.alarm.clone(),
            subject: asked.subject.clone(),
            count: 1,
            attempt: 0,
            took_ms: 0,
            why: why.clone(),
        });
    }
    if reached.missed.is_empty() {
        outlet.well("");
    }
    // Mail to nobody can't be sent; any other way needs nobody.
    let needs_nobody = asked.to.is_empty() && !outlet.spec.is_mail();
    if needs_nobody { vec![String::new()] } else { reached.addresses.clone() }
}

/// How often it happened since the address was last told; `None` where it isn't to be told again yet.
fn hush(
    quiet: &mut HashMap<(String, String, String, &'static str), Quiet>,
    spec: &OutletSpec,
    to: &str,
    asked: &Asked,
    now: Mono,
) -> Option<u32> {
    // Steps of an escalation are few, and each is another.
    if spec.quiet_s == 0 || asked.minutes > 0 {
        return Some(1);
    }
    if quiet.len() >= limits::QUIET {
        quiet.retain(|_, quiet| quiet.until > now);
        if quiet.len() >= limits::QUIET {
            quiet.clear();
        }
    }
    let until = now.plus_ms(u64::from(spec.quiet_s) * 1_000);
    let place = (spec.name.clone(), to.to_owned(), asked.alarm.clone(), asked.moment);
    match quiet.get_mut(&place) {
        Some(held) if held.until > now => {
            held.times += 1;
            None
        }
        Some(held) => {
            let times = held.times + 1;
            *held = Quiet { until, times: 0 };
            Some(times)
        }
        None => {
            quiet.insert(place, Quiet { until, times: 0 });
            Some(1)
        }
    }
}

fn item(number: u64, to: String, asked: &Asked, times: u32) -> Item {
    Item {
        number,
        outlet: asked.outlet.clone(),
        to,
        alarm: asked.alarm.clone(),
        priority: asked.priority,
        subject: asked.subject.clone(),
        text: asked.text.clone(),
        at: asked.at,
        times,
        trial: false,
    }
}

fn row_of(letter: &Letter, state: DeliveryState, at: Utc, why: &str) -> Delivery {
    Delivery {
        at,
        outlet: letter.outlet.clone(),
        to: letter.to.clone(),
        state,
        id: letter.id.clone(),
        alarm: letter.alarm.clone(),
        subject: letter.subject.clone(),
        count: letter.count,
        attempt: letter.attempts,
        took_ms: 0,
        why: cut(why, limits::ANSWER_BYTES).to_owned(),
    }
}

fn dropped_row(item: &Item, count: u32, at: Utc, why: &str) -> Delivery {
    Delivery {
        at,
        outlet: item.outlet.clone(),
        to: item.to.clone(),
        state: DeliveryState::Dropped,
        id: String::new(),
        alarm: item.alarm.clone(),
        subject: item.subject.clone(),
        count,
        attempt: 0,
        took_ms: 0,
        why: why.to_owned(),
    }
}
