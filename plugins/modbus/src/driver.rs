//! The driver: starts a poller for each group of each device, and carries out write orders.

use std::cell::RefCell;
use std::rc::Rc;

use plantroom_sdk::{Create, Driver, Io, ModbusError, Order, Outcome, Problems, Registers, Result, Setup, Value, spawn};

use crate::address::DataType;
use crate::command::{Command, command, masked};
use crate::decode::decode;
use crate::encode::encode;
use crate::poller::{Point, Poller};
use crate::setup::{Line, Plan, Target, plan};
use crate::words::written;

/// The Modbus driver.
#[derive(Debug)]
pub struct ModbusDriver {
    plan: Plan,
    /// By connection, then by group; filled when the driver starts.
    pollers: RefCell<Vec<Vec<Rc<Poller>>>>,
}

impl Create for ModbusDriver {
    fn create(setup: &Setup) -> Result<Self, Problems> {
        Ok(Self { plan: plan(setup)?, pollers: RefCell::default() })
    }
}

impl Driver for ModbusDriver {
    fn start(self: Rc<Self>, io: Io) {
        for line in &self.plan.lines {
            let mut of_line = Vec::new();
            for (place, group) in self.plan.groups.iter().enumerate() {
                let points: Vec<Rc<Point>> = line.points(place).collect();
                let (modbus, device) = (line.modbus.clone(), &line.device);
                let poller = Poller::new(modbus, device.unit, io.clone(), &group.name, group.period_ms, device.read, &points);
                let poller = Rc::new(poller);
                if !points.is_empty() {
                    spawn(poller.clone().run());
                }
                of_line.push(poller);
            }
            self.pollers.borrow_mut().push(of_line);
        }
        if self.plan.writes {
            io.take_orders();
        }
    }

    async fn write(&self, _io: &Io, order: &Order) -> Result<Outcome> {
        let found = self.plan.lines.iter().enumerate().find_map(|(at, line)| Some((at, line, line.targets.get(&order.tag())?)));
        let Some((at, line, target)) = found else {
            return Ok(Outcome::NotSent("this driver doesn't have the tag; nothing was written".to_owned()));
        };
        let command = match command(&target.address, order.value(), target.order, &line.device) {
            Ok(command) => command,
            Err(sentence) => return Ok(Outcome::Refused(sentence)),
        };
        let outcome = line.carry_out(order, target.address.start, &command).await;
        if matches!(outcome, Outcome::Done | Outcome::Unknown(_))
            && let Some((point, group)) = &target.read
            && let Some(poller) = self.pollers.borrow().get(at).and_then(|of_line| of_line.get(*group))
        {
            spawn(poller.clone().follow(point.clone(), expected(target, order.value())));
        }
        Ok(outcome)
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

impl Line {
    fn points(&self, group: usize) -> impl Iterator<Item = Rc<Point>> {
        let points = self.targets.values().filter_map(|target| target.read.as_ref());
        points.filter(move |(_, of)| *of == group).map(|(point, _)| point.clone())
    }

    async fn carry_out(&self, order: &Order, start: u16, command: &Command) -> Outcome {
        let (modbus, unit) = (&self.modbus, self.device.unit);
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
            Ok(()) => Outcome::Done,
            Err(error) => written(error),
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
