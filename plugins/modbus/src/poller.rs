//! Reads one polling group of one device, beat for beat.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use plantroom_sdk::{
    Io, Modbus, ModbusError, Registers, Status, Tag, Value, WordOrder, join_all, log_info, log_warn, now, sleep,
};

use crate::address::{Address, DataType, Table};
use crate::blocks::{Block, Plan, ReadLimits, Span};
use crate::decode::decode;
use crate::quiet::Quiet;
use crate::words::{Reading, news, reading};

/// Reads of one group that may wait in the connection's queue: enough that the line never idles between two of
/// them, few enough that a write never waits behind many.
const OPEN_READS: usize = 4;
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

/// What publishing a point takes, side by side with its neighbours: a poll walks over thousands, and reaching for each
/// point would cost more than decoding it.
#[derive(Debug)]
struct Lane {
    tag: Tag<Value>,
    start: u16,
    data: DataType,
    order: WordOrder,
    /// It was written once, so what it reads is kept in the point.
    followed: Cell<bool>,
    point: Rc<Point>,
}

impl Lane {
    fn new(point: &Rc<Point>) -> Self {
        let Point { tag, address, order, .. } = &**point;
        let (tag, start, data, order) = (tag.clone(), address.start, address.data, *order);
        Self { tag, start, data, order, followed: Cell::new(false), point: point.clone() }
    }
}

/// How the search for what a device lacks ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    /// All of it was read.
    Fine,
    /// Some of it can't be read, and that is known now.
    Learned,
    /// The device fell silent or refused for another reason.
    Unclear,
}

/// Reads the tags of one group on one connection.
#[derive(Debug)]
pub struct Poller {
    modbus: Modbus,
    unit: u8,
    io: Io,
    group: String,
    period: Duration,
    plan: RefCell<Plan>,
    /// In the order of the plan's spans.
    lanes: Vec<Lane>,
    /// Where the lanes of a span begin, and at last where they end.
    first_lanes: Vec<usize>,
    quiet: RefCell<Quiet>,
    lost: RefCell<Vec<usize>>,
    found: RefCell<Vec<usize>>,
    silent: Cell<Option<ModbusError>>,
    was_silent: Cell<bool>,
    refused: RefCell<BTreeMap<usize, ModbusError>>,
}

impl Poller {
    /// Plans the reads of these points.
    pub fn new(modbus: Modbus, unit: u8, io: Io, group: &str, period_ms: u64, limits: ReadLimits, points: &[Rc<Point>]) -> Self {
        let plan = Plan::new(points.iter().map(|point| point.span()).collect(), limits);
        let mut by_span: Vec<Vec<Lane>> = plan.spans().iter().map(|_| Vec::new()).collect();
        for point in points {
            if let Ok(place) = plan.spans().binary_search(&point.span()) {
                by_span[place].push(Lane::new(point));
            }
        }
        let ends = by_span.iter().scan(0, |end, lanes| {
            *end += lanes.len();
            Some(*end)
        });
        let first_lanes = std::iter::once(0).chain(ends).collect();
        let lanes = by_span.into_iter().flatten().collect();
        Self {
            modbus,
            unit,
            io,
            group: group.to_owned(),
            period: Duration::from_millis(period_ms),
            plan: RefCell::new(plan),
            lanes,
            first_lanes,
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
        let period_ns = self.period.as_nanos() as u64;
        let mut beat = 0_u64;
        loop {
            self.poll().await;
            let elapsed_ns = now().mono_ns.saturating_sub(start_ns);
            beat = (beat + 1).max(elapsed_ns.div_ceil(period_ns));
            sleep(Duration::from_nanos((beat * period_ns).saturating_sub(elapsed_ns))).await;
        }
    }

    /// One beat: everything once; what the device lacks or doesn't answer, rarely.
    async fn poll(&self) {
        let now_ns = now().mono_ns;
        let (lacking, due) = self.plan.borrow().missing(now_ns);
        lacking.into_iter().for_each(|place| self.publish_bad(place, Status::BAD_CONFIGURATION));
        let blocks: Vec<Block> = self.plan.borrow().blocks().iter().cloned().chain(due).collect();
        let (asked, resting) = self.quiet.borrow().sort(blocks.into_iter(), now_ns);
        resting.into_iter().for_each(|block| self.miss(block, Status::BAD_TIMEOUT));
        let lanes = asked.len().min(OPEN_READS);
        let waiting = RefCell::new(VecDeque::from(asked));
        join_all((0..lanes).map(|_| async {
            loop {
                let Some(block) = waiting.borrow_mut().pop_front() else { break };
                self.read(block).await;
            }
        }))
        .await;
        self.tell();
    }

    /// Reads a tag's block early after it was written, and again until it shows the value or the next beat is near.
    pub async fn follow(self: Rc<Self>, point: Rc<Point>, expected: Option<Value>) {
        let Ok(place) = self.plan.borrow().spans().binary_search(&point.span()) else { return };
        for lane in self.lanes(place..place + 1) {
            lane.followed.set(lane.followed.get() || Rc::ptr_eq(&lane.point, &point));
        }
        let write = point.writes.get() + 1;
        point.writes.set(write);
        let mut after = Duration::ZERO;
        for next in FOLLOW_MS.map(Duration::from_millis) {
            let Some(block) = self.plan.borrow().block_of(place) else { return };
            // A failure is for the next beat to judge: it must not count as one more missed poll.
            let Ok(registers) = self.fetch(&block.span).await else { return };
            self.publish(&block, &registers);
            let shown = expected.as_ref().is_none_or(|expected| *expected == *point.last.borrow());
            if shown || next >= self.period {
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

    async fn read(&self, block: Block) -> Probe {
        let error = match self.fetch(&block.span).await {
            Ok(registers) => {
                self.quiet.borrow_mut().answered(&block);
                self.publish(&block, &registers);
                return Probe::Fine;
            }
            Err(error) => error,
        };
        match error {
            ModbusError::Exception(_) => self.quiet.borrow_mut().answered(&block),
            ModbusError::Timeout | ModbusError::BadAnswer => self.note_unanswered(&block, error),
            _ => {}
        }
        match reading(error) {
            Reading::NotThere => return self.search(block).await,
            Reading::Missed(reason) => {
                if !self.quiet.borrow().is_alone(&block) {
                    self.silent.set(self.silent.get().or(Some(error)));
                }
                self.miss(block, reason);
            }
            Reading::Bad(reason) => {
                self.note_refusal(block.members.start, error, &block.span);
                block.members.for_each(|place| self.publish_bad(place, reason));
            }
        }
        Probe::Unclear
    }

    /// Halves a block that the device refuses, until it is known what it lacks. Boxed, because it calls itself.
    fn search(&self, block: Block) -> Pin<Box<dyn Future<Output = Probe> + '_>> {
        Box::pin(async move {
            let halves = self.plan.borrow().halves(&block);
            let Some((left, right)) = halves else {
                let place = block.members.start;
                if !self.plan.borrow().is_missing(place) {
                    self.lost.borrow_mut().push(place);
                }
                self.plan.borrow_mut().learn_missing(place, now().mono_ns);
                self.publish_bad(place, Status::BAD_CONFIGURATION);
                return Probe::Learned;
            };
            let between = right.members.start;
            match (self.read(left).await, self.read(right).await) {
                (Probe::Unclear, _) | (_, Probe::Unclear) => Probe::Unclear,
                (Probe::Fine, Probe::Fine) => {
                    self.plan.borrow_mut().learn_wall(between);
                    Probe::Learned
                }
                _ => Probe::Learned,
            }
        })
    }

    async fn fetch(&self, span: &Span) -> Result<Registers, ModbusError> {
        let cells = span.start..=span.start.saturating_add(span.cells.saturating_sub(1));
        let bits = |bits: Vec<bool>| Registers(bits.into_iter().map(u16::from).collect());
        match span.table {
            Table::Coil => self.modbus.read_coils(self.unit, cells).await.map(bits),
            Table::Discrete => self.modbus.read_discrete(self.unit, cells).await.map(bits),
            Table::Holding => self.modbus.read_holding(self.unit, cells).await,
            Table::Input => self.modbus.read_input(self.unit, cells).await,
        }
    }

    fn lanes(&self, places: Range<usize>) -> &[Lane] {
        &self.lanes[self.first_lanes[places.start]..self.first_lanes[places.end]]
    }

    fn publish(&self, block: &Block, registers: &Registers) {
        // The hottest loop of the driver: what is remembered of trouble is only looked at while there is any.
        let all_well = self.refused.borrow().is_empty() && self.plan.borrow().lacks_nothing();
        for place in block.members.clone() {
            for lane in self.lanes(place..place + 1) {
                let index = usize::from(lane.start - block.span.start);
                match decode(registers, index, lane.data, lane.order) {
                    Ok(value) => {
                        if lane.followed.get() {
                            lane.point.last.replace(value.clone());
                        }
                        self.io.publish(&lane.tag, value);
                    }
                    Err(_) => {
                        self.io.publish_bad(&lane.tag, Status::BAD_DECODING);
                        lane.point.last.replace(Value::Null);
                    }
                }
            }
            if !all_well {
                self.note_present(place);
            }
        }
    }

    fn note_present(&self, place: usize) {
        self.refused.borrow_mut().remove(&place);
        if self.plan.borrow().is_missing(place) {
            self.plan.borrow_mut().learn_present(place);
            self.found.borrow_mut().push(place);
        }
    }

    fn miss(&self, block: Block, reason: Status) {
        self.io.missed(self.lanes(block.members).iter().map(|lane| lane.tag.handle()), reason);
    }

    fn publish_bad(&self, place: usize, reason: Status) {
        for lane in self.lanes(place..place + 1) {
            self.io.publish_bad(&lane.tag, reason);
            lane.point.last.replace(Value::Null);
        }
    }

    fn note_unanswered(&self, block: &Block, error: ModbusError) {
        if self.quiet.borrow_mut().unanswered(block, now().mono_ns) {
            let span = block.span.words();
            log_warn!("{}: {span}: {error}, though it answers the rest; asked again up to every 60 s", self.modbus.name());
        }
    }

    fn note_refusal(&self, place: usize, error: ModbusError, span: &Span) {
        if self.refused.borrow_mut().insert(place, error) != Some(error) {
            log_warn!("{}: {}: {error}", self.modbus.name(), span.words());
        }
    }

    /// Tells the log what has changed since the last beat, once.
    fn tell(&self) {
        let (device, group) = (self.modbus.name(), &self.group);
        let spans = |places: Vec<usize>| {
            let plan = self.plan.borrow();
            news(places.iter().filter_map(|place| plan.spans().get(*place)))
        };
        if let Some(lost) = spans(self.lost.take()) {
            log_warn!(
                "{device}: the device has nothing at {lost}; the tags there are bad, check their addresses; asked again up to every 60 s"
            );
        }
        if let Some(found) = spans(self.found.take()) {
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
