//! The driver: starts a poller for each group of each device, and carries out write orders.

use std::cell::RefCell;
use std::rc::Rc;

use plantroom_sdk::{
    Create, Driver, Explanation, Io, ModbusError, Order, Outcome, Problems, Registers, Result, Setup, Value, now, spawn,
};

use crate::address::{DataType, order_word};
use crate::command::{Command, command, masked};
use crate::decode::decode;
use crate::encode::encode;
use crate::poller::{Point, Poller};
use crate::setup::{Plan, Station, Target, plan};
use crate::unit::Unit;
use crate::words::written;

/// The Modbus driver.
#[derive(Debug)]
pub struct ModbusDriver {
    plan: Plan,
    /// By device, then by group; filled when the driver starts.
    pollers: RefCell<Vec<Vec<Rc<Poller>>>>,
}

impl Create for ModbusDriver {
    fn create(setup: &Setup) -> Result<Self, Problems> {
        Ok(Self { plan: plan(setup)?, pollers: RefCell::default() })
    }
}

impl Driver for ModbusDriver {
    fn start(self: Rc<Self>, io: Io) {
        for station in &self.plan.stations {
            let mut of_station = Vec::new();
            for (place, group) in self.plan.groups.iter().enumerate() {
                let points: Vec<Rc<Point>> = station.points(place).collect();
                let poller = Rc::new(Poller::new(station.unit.clone(), io.clone(), group, &points));
                if !points.is_empty() {
                    spawn(poller.clone().run());
                }
                of_station.push(poller);
            }
            self.pollers.borrow_mut().push(of_station);
        }
        if self.plan.writes {
            io.take_orders();
        }
    }

    async fn write(&self, _io: &Io, order: &Order) -> Result<Outcome> {
        let Some((at, station, target)) = self.find(order.tag()) else {
            return Ok(Outcome::NotSent("this driver doesn't have the tag; nothing was written".to_owned()));
        };
        let command = match command(&target.address, order.value(), target.order, &station.unit.device) {
            Ok(command) => command,
            Err(sentence) => return Ok(Outcome::Refused(sentence)),
        };
        let outcome = station.unit.carry_out(order, target.address.start, &command).await;
        if matches!(outcome, Outcome::Done | Outcome::Unknown(_))
            && let Some((point, group)) = &target.read
            && let Some(poller) = self.poller(at, *group)
        {
            spawn(poller.follow(point.clone(), expected(target, order.value())));
        }
        Ok(outcome)
    }

    fn explain(&self, tag: u32) -> Option<Explanation> {
        let (at, station, target) = self.find(tag)?;
        let mut told = match &target.read {
            Some((point, group)) => self.poller(at, *group)?.explain(point),
            None => Explanation { note: "it is only written, never read".to_owned(), ..Explanation::default() },
        };
        let unit = &station.unit;
        let order = match target.address.data.cells() {
            1 => String::new(),
            _ if target.address.order.is_some() => String::new(),
            _ => format!(" {}", order_word(target.order)),
        };
        told.place = format!(
            "{}{order} (wire address {}; traditionally {}), unit {} of `{}`",
            target.address,
            target.address.start,
            target.address.traditional(),
            unit.device.unit,
            unit.name
        );
        Some(told)
    }
}

impl ModbusDriver {
    fn find(&self, tag: u32) -> Option<(usize, &Station, &Target)> {
        self.plan.stations.iter().enumerate().find_map(|(at, station)| Some((at, station, station.targets.get(&tag)?)))
    }

    fn poller(&self, station: usize, group: usize) -> Option<Rc<Poller>> {
        self.pollers.borrow().get(station)?.get(group).cloned()
    }
}

/// What the tag reads once the device has taken the value: rounded and cut as the registers are.
fn expected(target: &Target, value: &Value) -> Option<Value> {
    let data = match target.address.data {
        DataType::Bit(_) => DataType::Bool,
        data => data,
    };
    decode(&Registers(encode(value, data, target.order).ok()?), 0, data, target.order).ok()
}

impl Station {
    fn points(&self, group: usize) -> impl Iterator<Item = Rc<Point>> {
        let points = self.targets.values().filter_map(|target| target.read.as_ref());
        points.filter(move |(_, of)| *of == group).map(|(point, _)| point.clone())
    }
}

impl Unit {
    /// An operator's write is tried even where the device is silent; what comes of it is news of the device too.
    async fn carry_out(&self, order: &Order, start: u16, command: &Command) -> Outcome {
        let (modbus, unit, sent_ns) = (&self.modbus, self.device.unit, now().mono_ns);
        let ended = match command {
            Command::Coil(on) => modbus.write_coil(order, unit, start, *on).await,
            Command::Coils(coils) => modbus.write_coils(order, unit, start, coils).await,
            Command::Register(word) => modbus.write_register(order, unit, start, *word).await,
            Command::Registers(words) => modbus.write_registers(order, unit, start, words).await,
            Command::Mask { and, or } => modbus.mask_write(order, unit, start, *and, *or).await,
            Command::ReadChangeWrite { and, or } => {
                let old = match modbus.read_holding(unit, start..=start).await {
                    Ok(registers) => registers.first().copied().unwrap_or_default(),
                    Err(error) => return unread(error),
                };
                if order.expired() {
                    return Outcome::NotSent("its time was over before the register was read; nothing was written".to_owned());
                }
                let word = masked(old, *and, *or);
                if self.device.single_writes_by_16 {
                    modbus.write_registers(order, unit, start, &[word]).await
                } else {
                    modbus.write_register(order, unit, start, word).await
                }
            }
        };
        match ended {
            Ok(()) => {
                self.contact.answered();
                Outcome::Done
            }
            Err(error) => {
                if error == ModbusError::Timeout {
                    self.contact.unanswered(error, sent_ns, now().mono_ns);
                }
                written(error)
            }
        }
    }
}

/// A bit can't be changed in a register that can't be read; whatever the reason, nothing was written.
fn unread(error: ModbusError) -> Outcome {
    let sentence = format!("the register must be read before one of its bits is changed, and {error}; nothing was written");
    match error {
        ModbusError::Exception(_) => Outcome::Refused(sentence),
        _ => Outcome::NotSent(sentence),
    }
}
