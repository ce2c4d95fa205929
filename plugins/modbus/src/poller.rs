//! Reads one polling group of one device, beat for beat.

mod explain;
mod search;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::{Future, poll_fn};
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use plantroom_sdk::{
    Io, ModbusError, ReadWords, Registers, Rows, Status, Tag, Value, ValueKind, WordOrder, Words, log_info, log_warn, now, sleep,
};

use crate::address::Address;
use crate::blocks::{Block, Plan, Span};
use crate::decode::decode;
use crate::lanes::Lanes;
use crate::quiet::Quiet;
use crate::settings::Group;
use crate::unit::{Entry, Unit};
use crate::words::news;

/// When the block of a written tag is read again, in ms after the first time, while it doesn't show the new value.
const FOLLOW_MS: [u64; 4] = [100, 250, 500, 1_000];

/// A tag that is read.
#[derive(Debug)]
pub struct Point {
    /// Where it is published.
    pub tag: Tag<Value>,
    /// Where it lies.
    pub address: Address,
    /// The order of its bytes: its own or the device's.
    pub order: WordOrder,
    /// What it read last; only kept once it was written.
    last: RefCell<Value>,
    /// Counts the writes to it, so that only the latest is followed.
    writes: Cell<u64>,
}

impl Point {
    /// A point that was never read.
    pub fn new(tag: Tag<Value>, address: Address, order: WordOrder) -> Self {
        Self { tag, address, order, last: RefCell::default(), writes: Cell::new(0) }
    }

    fn span(&self) -> Span {
        Span { table: self.address.table, start: self.address.start, cells: self.address.cells() }
    }
}

/// The last answer to a request.
#[derive(Debug)]
struct Answer {
    span: Span,
    words: Vec<u16>,
    utc_ns: i64,
}

/// A read on its way.
#[derive(Debug)]
struct Asked {
    block: Block,
    sent_ns: u64,
    answer: ReadWords,
}

/// Takes out the first of these that is answered. Not a task or a future each: with each answer all of them are looked at.
async fn first_answered(open: &mut Vec<Asked>) -> (Asked, Result<Words, ModbusError>) {
    poll_fn(|context| {
        for place in 0..open.len() {
            if let Poll::Ready(answer) = Pin::new(&mut open[place].answer).poll(context) {
                return Poll::Ready((open.remove(place), answer));
            }
        }
        Poll::Pending
    })
    .await
}

/// Reads the tags of one group of one device.
#[derive(Debug)]
pub struct Poller {
    unit: Rc<Unit>,
    io: Io,
    group: Group,
    plan: RefCell<Plan>,
    /// In the order of the plan's spans.
    lanes: Lanes,
    /// Where the lanes of a span begin, and at last where they end.
    first_lanes: Vec<usize>,
    /// Lanes that were written once, so that what they read is kept in their points.
    followed: RefCell<BTreeSet<usize>>,
    /// Last answers, by the first member of what was asked.
    answers: RefCell<BTreeMap<usize, Answer>>,
    quiet: RefCell<Quiet>,
    lost: RefCell<Vec<(usize, ModbusError)>>,
    found: RefCell<Vec<usize>>,
    silent: Cell<Option<ModbusError>>,
    was_silent: Cell<bool>,
    refused: RefCell<BTreeMap<usize, ModbusError>>,
}

impl Poller {
    /// Plans the reads of these points.
    pub fn new(unit: Rc<Unit>, io: Io, group: &Group, points: &[Rc<Point>]) -> Self {
        let plan = Plan::new(points.iter().map(|point| point.span()).collect(), unit.device.read);
        let mut by_span: Vec<Vec<Rc<Point>>> = plan.spans().iter().map(|_| Vec::new()).collect();
        for point in points {
            if let Ok(place) = plan.spans().binary_search(&point.span()) {
                by_span[place].push(point.clone());
            }
        }
        let ends = by_span.iter().scan(0, |end, lanes| {
            *end += lanes.len();
            Some(*end)
        });
        let first_lanes = std::iter::once(0).chain(ends).collect();
        Self {
            unit,
            io,
            group: group.clone(),
            plan: RefCell::new(plan),
            lanes: Lanes::new(by_span.into_iter().flatten().collect()),
            first_lanes,
            followed: RefCell::default(),
            answers: RefCell::default(),
            quiet: RefCell::default(),
            lost: RefCell::default(),
            found: RefCell::default(),
            silent: Cell::new(None),
            was_silent: Cell::new(false),
            refused: RefCell::default(),
        }
    }

    /// Polls for ever. Beats that a slow device has no time for are left out; the others stay in phase.
    pub async fn run(self: Rc<Self>) {
        let start_ns = now().mono_ns;
        let period_ns = self.period().as_nanos() as u64;
        let mut beat = 0_u64;
        loop {
            self.poll().await;
            let elapsed_ns = now().mono_ns.saturating_sub(start_ns);
            beat = (beat + 1).max(elapsed_ns.div_ceil(period_ns));
            sleep(Duration::from_nanos((beat * period_ns).saturating_sub(elapsed_ns))).await;
        }
    }

    fn period(&self) -> Duration {
        Duration::from_millis(self.group.period_ms)
    }

    /// One beat: everything once; what the device lacks or doesn't answer, rarely; a device that is silent on a line with
    /// others, rarely too.
    async fn poll(&self) {
        if let Some(block) = self.only_block() {
            self.read(block).await;
            return self.tell();
        }
        let now_ns = now().mono_ns;
        let mut asked = self.due(now_ns);
        let contact = &self.unit.contact;
        match contact.enter(now_ns).await {
            Entry::Probe => {
                if let Some(block) = asked.pop_front() {
                    self.read(block).await;
                }
                contact.probed();
            }
            Entry::Open | Entry::Closed => {}
        }
        let left = self.read_all(asked).await;
        if !left.is_empty() {
            self.silent.set(self.silent.get().or(Some(contact.error())));
            left.into_iter().for_each(|block| self.miss(&block, contact.error().status()));
        }
        self.tell();
    }

    /// Reads these, some at once, for as long as the device may be asked; returns what was never asked.
    async fn read_all(&self, mut waiting: VecDeque<Block>) -> VecDeque<Block> {
        let mut open: Vec<Asked> = Vec::with_capacity(waiting.len().min(self.unit.open_reads));
        loop {
            while open.len() < self.unit.open_reads && self.unit.contact.is_open() {
                let Some(block) = waiting.pop_front() else { break };
                let answer = self.fetch(&block.span);
                open.push(Asked { block, sent_ns: now().mono_ns, answer });
            }
            if open.is_empty() {
                return waiting;
            }
            let (Asked { block, sent_ns, .. }, answer) = first_answered(&mut open).await;
            self.look_at(block, sent_ns, answer).await;
        }
    }

    /// What a beat asks of most devices: one block of a device that answers and lacks nothing. Thousands of them a second are
    /// worth a way of their own.
    fn only_block(&self) -> Option<Block> {
        let plan = self.plan.borrow();
        let [block] = plan.blocks() else { return None };
        let is_whole = self.unit.contact.is_open() && plan.lacks_nothing() && self.quiet.borrow().knows_nothing();
        is_whole.then(|| block.clone())
    }

    /// What this beat asks; of the rest it says why it has no value.
    fn due(&self, now_ns: u64) -> VecDeque<Block> {
        let plan = self.plan.borrow();
        let quiet = self.quiet.borrow();
        if plan.lacks_nothing() && quiet.knows_nothing() {
            return plan.blocks().iter().cloned().collect();
        }
        let (lacking, due) = plan.missing(now_ns);
        lacking.into_iter().for_each(|place| self.publish_bad(place..place + 1, Status::BAD_CONFIGURATION));
        let (asked, resting) = quiet.sort(plan.blocks().iter().cloned().chain(due), now_ns);
        resting.iter().for_each(|block| self.miss(block, Status::BAD_TIMEOUT));
        asked.into()
    }

    /// Reads a tag's block early after it was written, and again until it shows the value or the next beat is near.
    pub async fn follow(self: Rc<Self>, point: Rc<Point>, expected: Option<Value>) {
        let Ok(place) = self.plan.borrow().spans().binary_search(&point.span()) else { return };
        let lanes = self.lanes_of(place..place + 1);
        self.followed.borrow_mut().extend(lanes.filter(|lane| Rc::ptr_eq(&self.lanes.points(*lane..*lane + 1)[0], &point)));
        let write = point.writes.get() + 1;
        point.writes.set(write);
        let mut after = Duration::ZERO;
        for next in FOLLOW_MS.map(Duration::from_millis) {
            let Some(block) = self.plan.borrow().block_of(place) else { return };
            // A failure is for the next beat to judge: it must not count as one more missed poll.
            let Ok(words) = self.fetch(&block.span).await else { return };
            self.publish(&block, words);
            let shown = expected.as_ref().is_none_or(|expected| *expected == *point.last.borrow());
            if shown || next >= self.period() {
                return;
            }
            sleep(next.saturating_sub(after)).await;
            after = next;
            let shown = expected.as_ref().is_some_and(|expected| *expected == *point.last.borrow());
            if shown || point.writes.get() != write {
                return;
            }
        }
    }

    fn fetch(&self, span: &Span) -> ReadWords {
        let cells = span.start..=span.start.saturating_add(span.cells.saturating_sub(1));
        self.unit.modbus.read_words(span.table.read_function(), self.unit.device.unit, cells)
    }

    fn lanes_of(&self, places: Range<usize>) -> Range<usize> {
        self.first_lanes[places.start]..self.first_lanes[places.end]
    }

    /// The hottest part of the driver: everything of a block leaves as columns, and what is remembered of trouble or of
    /// writes is only looked at while there is any.
    fn publish(&self, block: &Block, words: Words) {
        let lanes = self.lanes_of(block.members.clone());
        let published = match self.lanes.has_text() {
            false => self.publish_run(lanes.clone(), block, &words),
            true => self.lanes.pieces(lanes.clone()).into_iter().all(|(piece, is_text)| match is_text {
                true => self.publish_text(piece.start, block, &words),
                false => self.publish_run(piece, block, &words),
            }),
        };
        if !published {
            self.publish_bad(block.members.clone(), Status::BAD_DECODING);
        }
        if !self.followed.borrow().is_empty() {
            self.note_followed(lanes, block, &words);
        }
        if !self.refused.borrow().is_empty() || !self.plan.borrow().lacks_nothing() {
            block.members.clone().for_each(|place| self.note_present(place));
        }
        self.keep(block, &words);
    }

    /// Copied into the room of the answer before: [`Words`] would keep all answers of its step.
    fn keep(&self, block: &Block, words: &Words) {
        let mut answers = self.answers.borrow_mut();
        let new = || Answer { span: block.span, words: Vec::with_capacity(words.len()), utc_ns: 0 };
        let answer = answers.entry(block.members.start).or_insert_with(new);
        answer.words.clear();
        answer.words.extend_from_slice(words);
        (answer.span, answer.utc_ns) = (block.span, words.utc_ns);
    }

    /// False where the answer is too short.
    fn publish_run(&self, lanes: Range<usize>, block: &Block, words: &Words) -> bool {
        let first = lanes.start;
        let decode = |bits: &mut Vec<u64>| self.lanes.decode(lanes, block.span.start, words, bits);
        self.io.publish_run(self.lanes.rows(), first, Status::GOOD, words.utc_ns, decode)
    }

    /// Text that can't be read is bad by itself.
    fn publish_text(&self, lane: usize, block: &Block, words: &Words) -> bool {
        let point = &self.lanes.points(lane..lane + 1)[0];
        match value_of(point, &block.span, words) {
            Some(value) => self.io.publish_as(&point.tag, value, Status::GOOD, words.utc_ns),
            None => self.io.publish_bad(&point.tag, Status::BAD_DECODING),
        }
        true
    }

    fn note_followed(&self, lanes: Range<usize>, block: &Block, words: &Words) {
        for lane in self.followed.borrow().range(lanes) {
            let point = &self.lanes.points(*lane..*lane + 1)[0];
            point.last.replace(value_of(point, &block.span, words).unwrap_or_default());
        }
    }

    fn note_present(&self, place: usize) {
        self.refused.borrow_mut().remove(&place);
        if self.plan.borrow().is_missing(place) {
            self.plan.borrow_mut().learn_present(place);
            self.found.borrow_mut().push(place);
        }
    }

    fn miss(&self, block: &Block, reason: Status) {
        self.io.missed(self.lanes.handles(self.lanes_of(block.members.clone())).iter().copied(), reason);
    }

    fn publish_bad(&self, places: Range<usize>, status: Status) {
        let lanes = self.lanes_of(places);
        let (kinds, values) = (vec![ValueKind::Null as u8; lanes.len()], vec![0; lanes.len()]);
        for lane in self.followed.borrow().range(lanes.clone()) {
            self.lanes.points(*lane..*lane + 1)[0].last.replace(Value::Null);
        }
        let handles = self.lanes.handles(lanes);
        self.io.publish_rows(&Rows { handles, kinds: &kinds, values: &values, status, utc_ns: 0 });
    }

    /// Tells the log what has changed since the last beat, once.
    fn tell(&self) {
        let silent = self.silent.get().is_some();
        if silent == self.was_silent.get() && self.lost.borrow().is_empty() && self.found.borrow().is_empty() {
            self.silent.set(None);
            return;
        }
        let (device, group) = (&self.unit.name, &self.group.name);
        let spans = |places: &mut dyn Iterator<Item = usize>| {
            let plan = self.plan.borrow();
            news(places.filter_map(|place| plan.spans().get(place)))
        };
        let lost = self.lost.take();
        let errors: BTreeSet<String> = lost.iter().map(|(_, error)| error.to_string()).collect();
        for error in errors {
            let mut places = lost.iter().filter(|(_, of)| of.to_string() == error).map(|(place, _)| *place);
            if let Some(lost) = spans(&mut places) {
                log_warn!(
                    "{device}: {lost} can't be read: {error}; the tags there are bad, check their addresses; asked again up to \
                     every 5 minutes"
                );
            }
        }
        if let Some(found) = spans(&mut self.found.take().into_iter()) {
            log_info!("{device}: the device has {found} now");
        }
        let silent = self.silent.take();
        if silent.is_some() != self.was_silent.replace(silent.is_some()) {
            match silent {
                Some(error) => log_warn!("{device}, group {group}: {error}"),
                None => log_info!("{device}, group {group}: the device answers again"),
            }
        }
    }
}

/// A point's value out of an answer; `None` where it can't be one.
fn value_of(point: &Point, span: &Span, words: &[u16]) -> Option<Value> {
    let own = own_words(&point.span(), span, words)?;
    decode(&Registers(own.to_vec()), 0, point.address.data, point.order).ok()
}

/// The cells of a span out of an answer that covers it.
fn own_words<'a>(own: &Span, asked: &Span, words: &'a [u16]) -> Option<&'a [u16]> {
    let index = usize::from(own.start.checked_sub(asked.start)?);
    words.get(index..index + usize::from(own.cells)).filter(|_| own.table == asked.table)
}
