//! The driver: a loop for each polling group of each controller, and write orders.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use plantroom_sdk::{
    Create, Driver, Either, Explanation, Io, Order, Outcome, Problems, Result, Setup, Signal, Status, Value, first, interval,
    log_info, log_warn, now, spawn,
};

use crate::address::Address;
use crate::data::{DataType, decode, encode};
use crate::frame::{self, DATA_HEAD_BYTES, GOOD, Item, ItemAnswer, REQUEST_BYTES, Write};
use crate::join::{Block, blocks, requests};
use crate::link::{Link, Trouble};
use crate::setup::{Group, Plan, Station, Target, plan};
use crate::words::item_words;

/// The S7 driver.
#[derive(Debug)]
pub struct S7Driver {
    plan: Plan,
    /// One for each connection; filled when the driver starts.
    lines: RefCell<Vec<Rc<Line>>>,
}

/// A controller and its polling groups.
#[derive(Debug)]
struct Line {
    link: Link,
    pollers: Vec<Rc<Poller>>,
}

/// The tags of one group of one controller.
#[derive(Debug)]
struct Poller {
    group: Group,
    targets: Vec<Target>,
    addresses: Vec<Address>,
    /// Bytes that each had last, and when they came, ns UTC.
    last: RefCell<Vec<(Vec<u8>, i64)>>,
    /// What is asked, for PDUs of this size.
    asked: RefCell<(u16, Vec<Vec<Block>>)>,
    /// Places of targets that are asked alone, because a block that they were in was refused.
    alone: RefCell<BTreeSet<usize>>,
    /// Why each was refused last, if it was.
    refused: RefCell<Vec<Option<String>>>,
    /// One of them was written.
    written: Signal,
    was_silent: Cell<bool>,
}

impl Create for S7Driver {
    fn create(setup: &Setup) -> Result<Self, Problems> {
        Ok(Self { plan: plan(setup)?, lines: RefCell::default() })
    }
}

impl Driver for S7Driver {
    fn start(self: Rc<Self>, io: Io) {
        let lines: Vec<Rc<Line>> =
            self.plan.stations.iter().map(|station| Rc::new(Line::new(station, &self.plan.groups))).collect();
        for line in &lines {
            for poller in line.pollers.iter().filter(|poller| !poller.targets.is_empty()) {
                spawn(poll_for_ever(line.clone(), poller.clone(), io.clone()));
            }
        }
        self.lines.replace(lines);
        if self.plan.writes {
            io.take_orders();
        }
    }

    async fn write(&self, _io: &Io, order: &Order) -> Result<Outcome> {
        let Some((line, target)) = self.find(order.tag()) else {
            return Ok(Outcome::NotSent("this driver doesn't have the tag; nothing was written".to_owned()));
        };
        let write = match placed(&target.address, order.value()) {
            Ok(write) => write,
            Err(sentence) => return Ok(Outcome::Refused(sentence)),
        };
        let outcome = line.link.carry_out(order, &write).await;
        if let Some((_, group)) = target.read
            && let Some(poller) = line.pollers.get(group)
        {
            poller.written.raise();
        }
        Ok(outcome)
    }

    fn explain(&self, tag: u32) -> Option<Explanation> {
        let (line, target) = self.find(tag)?;
        let controller = line.link.controller();
        let place = format!("{} of `{}` (rack {}, slot {})", target.address, line.link.name(), controller.rack, controller.slot);
        let Some((_, group)) = target.read else {
            return Some(Explanation { place, note: "it is only written, never read".to_owned(), ..Explanation::default() });
        };
        let poller = line.pollers.get(group)?;
        let at = poller.targets.iter().position(|other| other.handle == tag)?;
        let (bytes, at_ns) = poller.last.borrow().get(at).cloned().unwrap_or_default();
        let mut note = format!("it is read every {} ms (group `{}`).", poller.group.period.as_millis(), poller.group.name);
        if let Some(reason) = poller.refused.borrow().get(at).and_then(Option::as_ref) {
            note.push_str(&format!(" Last answer: {reason}."));
        }
        // The last byte of an odd number stands alone in its word.
        let words = bytes.chunks(2).map(|two| two.iter().fold(0, |word, byte| word << 8 | u16::from(*byte))).collect();
        Some(Explanation { place, words, at: at_ns, note })
    }
}

impl Line {
    fn new(station: &Station, groups: &[Group]) -> Self {
        let pollers = groups.iter().enumerate().map(|(place, group)| {
            let of_group = |target: &&Target| target.read.as_ref().is_some_and(|(_, of)| *of == place);
            Rc::new(Poller::new(group.clone(), station.targets.iter().filter(of_group).cloned().collect()))
        });
        Self { link: Link::new(station.connection.stream(), station.controller.clone()), pollers: pollers.collect() }
    }
}

impl S7Driver {
    fn find(&self, tag: u32) -> Option<(Rc<Line>, Target)> {
        self.plan.stations.iter().zip(self.lines.borrow().iter()).find_map(|(station, line)| {
            let target = station.targets.iter().find(|target| target.handle == tag)?;
            Some((line.clone(), target.clone()))
        })
    }
}

/// What is written for a value. Of a text only its length and its letters: the room that it has is the block's business.
fn placed(address: &Address, value: &Value) -> Result<Write, String> {
    let Address { area, start, bit, data } = *address;
    let bytes = encode(value, data)?;
    let (skip, bytes) = match data {
        DataType::Bool => return Ok(Write::Bit { area, start, bit, on: bytes == [1] }),
        DataType::Text(_) => (1, bytes[1..2 + usize::from(bytes[1])].to_vec()),
        DataType::WideText(_) => {
            let units = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
            (2, bytes[2..4 + 2 * units].to_vec())
        }
        _ => (0, bytes),
    };
    Ok(Write::Bytes(Item { area, start: start + skip, count: bytes.len() as u16 }, bytes))
}

impl Link {
    async fn carry_out(&self, order: &Order, write: &Write) -> Outcome {
        if let Write::Bytes(item, _) = write {
            let needed = REQUEST_BYTES + 12 + DATA_HEAD_BYTES + usize::from(item.count);
            match self.pdu_bytes().await {
                Err(trouble) => return Outcome::NotSent(trouble.to_string()),
                Ok(pdu_bytes) if needed > usize::from(pdu_bytes) => {
                    return Outcome::Refused(format!("it is too long: one request to this controller carries {pdu_bytes} bytes"));
                }
                Ok(_) => {}
            }
        }
        let answer = self.ask(Some(order), |number| frame::write(number, write)).await;
        match answer.map(|answer| answer.items(1)) {
            Ok(Ok(items)) => match items.first().map(|item| item.code) {
                Some(GOOD) => Outcome::Done,
                Some(code) => Outcome::Refused(item_words(code)),
                None => Outcome::Unknown("the controller's answer says nothing of the write".to_owned()),
            },
            Ok(Err(sentence)) | Err(Trouble::Lost(sentence)) => Outcome::Unknown(sentence),
            Err(Trouble::Refused(sentence)) => Outcome::Refused(sentence),
            Err(trouble @ (Trouble::Away(_) | Trouble::Expired)) => Outcome::NotSent(trouble.to_string()),
        }
    }
}

async fn poll_for_ever(line: Rc<Line>, poller: Rc<Poller>, io: Io) {
    let mut ticks = interval(poller.group.period);
    loop {
        if let Either::Right(()) = first(ticks.tick(), poller.written.wait()).await {
            // What was written is read at once; the beat goes on.
        }
        let told = poller.poll(&line.link, &io).await;
        poller.tell(&line.link, told);
    }
}

impl Poller {
    fn new(group: Group, targets: Vec<Target>) -> Self {
        let addresses: Vec<Address> = targets.iter().map(|target| target.address).collect();
        let count = targets.len();
        Self {
            group,
            targets,
            addresses,
            last: RefCell::new(vec![(Vec::new(), 0); count]),
            asked: RefCell::default(),
            alone: RefCell::default(),
            refused: RefCell::new(vec![None; count]),
            written: Signal::new(),
            was_silent: Cell::new(false),
        }
    }

    /// Reads everything once. Where the controller is lost half-way, the rest is missed.
    async fn poll(&self, link: &Link, io: &Io) -> Result<(), Trouble> {
        let mut unread: BTreeSet<usize> = (0..self.targets.len()).collect();
        let read = self.read(link, io, &mut unread).await;
        if let Err(trouble) = &read {
            io.missed(unread.into_iter().map(|place| self.targets[place].handle), trouble.status());
        }
        read
    }

    async fn read(&self, link: &Link, io: &Io, unread: &mut BTreeSet<usize>) -> Result<(), Trouble> {
        let pdu_bytes = link.pdu_bytes().await?;
        for request in self.requests(link, pdu_bytes) {
            let items: Vec<Item> = request.iter().map(|block| block.item).collect();
            let answer = link.ask(None, |number| frame::read(number, &items)).await?;
            let answers = answer.items(items.len()).map_err(Trouble::Lost)?;
            for (block, answer) in request.iter().zip(answers) {
                self.take(io, block, &answer);
                unread.retain(|place| !block.members.contains(place));
            }
        }
        Ok(())
    }

    fn requests(&self, link: &Link, pdu_bytes: u16) -> Vec<Vec<Block>> {
        let mut asked = self.asked.borrow_mut();
        if asked.0 != pdu_bytes {
            let alone = self.alone.borrow();
            let joined: Vec<usize> = (0..self.addresses.len()).filter(|place| !alone.contains(place)).collect();
            let addresses: Vec<Address> = joined.iter().map(|place| self.addresses[*place]).collect();
            let mut all = blocks(&addresses, link.controller().gap, pdu_bytes);
            for block in &mut all {
                block.members.iter_mut().for_each(|member| *member = joined[*member]);
            }
            for place in alone.iter() {
                let single = blocks(&self.addresses[*place..=*place], 0, pdu_bytes);
                all.extend(single.into_iter().map(|block| Block { members: vec![*place], ..block }));
            }
            *asked = (pdu_bytes, requests(all, pdu_bytes));
        }
        asked.1.clone()
    }

    /// Publishes what a block brought.
    fn take(&self, io: &Io, block: &Block, answer: &ItemAnswer) {
        let at_ns = now().utc_ns;
        if answer.code != GOOD {
            if block.members.len() > 1 {
                // One of them is the reason; from now on each is asked alone, so that the others live.
                self.alone.borrow_mut().extend(block.members.iter().copied());
                self.asked.borrow_mut().0 = 0;
            }
            for place in &block.members {
                self.refuse(io, *place, item_words(answer.code));
            }
            return;
        }
        let unit = if block.item.area.is_counted() { 2 } else { 1 };
        for place in &block.members {
            let address = &self.addresses[*place];
            let from = (address.start - block.item.start) as usize * unit;
            let bytes = answer.data.get(from..from + address.data.bytes() as usize).unwrap_or_default();
            let Some((tag, _)) = &self.targets[*place].read else { continue };
            match decode(bytes, address.bit, address.data) {
                Ok(value) => {
                    io.publish_as(tag, value, Status::GOOD, at_ns);
                    self.refused.borrow_mut()[*place] = None;
                }
                Err(error) => {
                    io.publish_bad(tag, Status::BAD_DECODING);
                    self.refused.borrow_mut()[*place] = Some(error.to_string());
                }
            }
            self.last.borrow_mut()[*place] = (bytes.to_vec(), at_ns);
        }
    }

    fn refuse(&self, io: &Io, place: usize, reason: String) {
        let target = &self.targets[place];
        if let Some((tag, _)) = &target.read {
            io.publish_bad(tag, Status::BAD_CONFIGURATION);
            let before = self.refused.borrow_mut()[place].replace(reason.clone());
            if before.as_ref() != Some(&reason) {
                log_warn!("{} ({}): {reason}", tag.name(), target.address);
            }
        }
    }

    /// Says once in the log that the controller went, and once that it came back.
    fn tell(&self, link: &Link, polled: Result<(), Trouble>) {
        let was_silent = self.was_silent.replace(polled.is_err());
        match polled {
            Err(trouble) if !was_silent => log_warn!("`{}`, group `{}`: {trouble}", link.name(), self.group.name),
            Ok(()) if was_silent => log_info!("`{}`, group `{}` is read again", link.name(), self.group.name),
            _ => {}
        }
    }
}
