//! A device: answers requests from its map, over TCP.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_modbus::server::Service;
use tokio_modbus::server::{rtu_over_tcp, tcp};
use tokio_modbus::{ExceptionCode, Request, Response, SlaveRequest};

use crate::field::faults::{BentStream, Fault};
use crate::field::map::{Refused, Table, UnitMap};
use crate::process::{Process, Values};

/// A device before it listens.
#[derive(Debug)]
pub(crate) struct DeviceMap {
    pub name: String,
    pub listen: SocketAddr,
    /// RTU frames over TCP.
    pub rtu: bool,
    pub units: Vec<(u8, UnitMap)>,
}

/// A simulated device.
pub struct Device {
    map: Arc<DeviceMap>,
    process: Arc<Mutex<Process>>,
    fault: watch::Sender<Fault>,
    /// Units that don't answer.
    offline: Mutex<Vec<u8>>,
    chance: Mutex<fastrand::Rng>,
}

impl Device {
    pub(crate) fn new(map: Arc<DeviceMap>, process: Arc<Mutex<Process>>, seed: u64) -> Self {
        let chance = Mutex::new(fastrand::Rng::with_seed(seed));
        Self { map, process, fault: watch::Sender::new(Fault::None), offline: Mutex::default(), chance }
    }

    /// Its name in the file.
    pub fn name(&self) -> &str {
        &self.map.name
    }

    /// Has the device misbehave from now on.
    pub fn set_fault(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// How it misbehaves now.
    pub fn fault(&self) -> Fault {
        *self.fault.borrow()
    }

    /// Takes one unit off its line, or puts it back.
    pub fn set_unit_offline(&self, unit: u8, is_offline: bool) {
        let mut offline = self.offline.lock().unwrap_or_else(PoisonError::into_inner);
        offline.retain(|other| *other != unit);
        if is_offline {
            offline.push(unit);
        }
    }

    /// Whether it speaks RTU over TCP.
    pub fn is_rtu(&self) -> bool {
        self.map.rtu
    }

    /// The numbers of its units.
    pub(crate) fn units(&self) -> Vec<u8> {
        self.map.units.iter().map(|(unit, _)| *unit).collect()
    }

    pub(crate) fn is_offline(&self, unit: u8) -> bool {
        self.offline.lock().unwrap_or_else(PoisonError::into_inner).contains(&unit)
    }

    /// A bit that noise flips in one of four answers of so many bytes.
    pub(crate) fn flipped_bit(&self, length: usize) -> Option<(usize, u8)> {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        (length > 0 && chance.u8(..4) == 0).then(|| (chance.usize(..length), 1 << chance.u8(..8)))
    }

    /// Returns when the device cuts its connections.
    pub(crate) async fn refuses(&self) {
        let mut faults = self.fault.subscribe();
        if faults.wait_for(|fault| *fault == Fault::Refuse).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Serves connections until it is dropped.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener) {
        let accept = |stream: TcpStream, _| {
            let device = Arc::clone(&self);
            async move {
                // Nobody hears of a connection that can't be set up; the client tries again.
                let ready = stream.set_nodelay(true).is_ok() && device.fault() != Fault::Refuse;
                Ok(ready.then(|| (Answering(Arc::clone(&device)), BentStream::new(stream, device))))
            }
        };
        // Serving only ends when no connection can be accepted, for example because no file handles are left.
        if self.map.rtu {
            let server = rtu_over_tcp::Server::new(listener);
            loop {
                self.rest(server.serve(&accept, |_| {}).await).await;
            }
        }
        let server = tcp::Server::new(listener);
        loop {
            self.rest(server.serve(&accept, |_| {}).await).await;
        }
    }

    async fn rest(&self, ended: std::io::Result<()>) {
        if let Err(error) = ended {
            tracing::warn!("device {}: {error}", self.map.name);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Nobody answers for a unit that isn't on the line; a gateway says so, a line is silent.
    fn is_absent(&self, unit: u8) -> bool {
        self.is_offline(unit) || !self.map.units.iter().any(|(number, _)| *number == unit)
    }

    fn answer(&self, unit: u8, request: &Request<'_>) -> Result<Response, ExceptionCode> {
        let found = self.map.units.iter().find(|(number, _)| *number == unit && !self.is_offline(unit));
        let Some((_, map)) = found else {
            return Err(ExceptionCode::GatewayTargetDevice);
        };
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let broken = self.fault() == Fault::NaN;
        respond(map, request, process.values(), broken).map_err(|refused| ExceptionCode::new(refused as u8))
    }
}

/// Answers the requests of one connection.
struct Answering(Arc<Device>);

impl Service for Answering {
    type Request = SlaveRequest<'static>;
    type Response = Option<Response>;
    type Exception = ExceptionCode;
    type Future = Pin<Box<dyn Future<Output = Result<Option<Response>, ExceptionCode>> + Send>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        let fault = self.0.fault();
        let answer = match fault {
            Fault::Exception(code) => Err(ExceptionCode::new(code)),
            _ => self.0.answer(request.slave, &request.request),
        };
        let is_silent = self.0.map.rtu && self.0.is_absent(request.slave);
        Box::pin(async move {
            match fault {
                _ if is_silent => return Ok(None),
                Fault::Silent => return Ok(None),
                Fault::Late(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                _ => {}
            }
            answer.map(Some)
        })
    }
}

/// Carries one request out.
fn respond(map: &UnitMap, request: &Request<'_>, values: &mut Values, broken: bool) -> Result<Response, Refused> {
    let bits_as_words = |bits: &[bool]| bits.iter().map(|bit| u16::from(*bit)).collect::<Vec<u16>>();
    Ok(match request {
        Request::ReadCoils(address, count) => Response::ReadCoils(map.read_bits(Table::Coil, *address, *count, values)?),
        Request::ReadDiscreteInputs(address, count) => {
            Response::ReadDiscreteInputs(map.read_bits(Table::Discrete, *address, *count, values)?)
        }
        Request::ReadHoldingRegisters(address, count) => {
            Response::ReadHoldingRegisters(map.read_words(Table::Holding, *address, *count, values, broken)?)
        }
        Request::ReadInputRegisters(address, count) => {
            Response::ReadInputRegisters(map.read_words(Table::Input, *address, *count, values, broken)?)
        }
        Request::WriteSingleCoil(address, bit) => {
            map.write(Table::Coil, *address, &[u16::from(*bit)], values)?;
            Response::WriteSingleCoil(*address, *bit)
        }
        Request::WriteMultipleCoils(address, bits) => {
            map.write(Table::Coil, *address, &bits_as_words(bits), values)?;
            Response::WriteMultipleCoils(*address, bits.len() as u16)
        }
        Request::WriteSingleRegister(address, word) => {
            map.write(Table::Holding, *address, &[*word], values)?;
            Response::WriteSingleRegister(*address, *word)
        }
        Request::WriteMultipleRegisters(address, words) => {
            map.write(Table::Holding, *address, words, values)?;
            Response::WriteMultipleRegisters(*address, words.len() as u16)
        }
        Request::MaskWriteRegister(address, and_mask, or_mask) => {
            let before = map.read_words(Table::Holding, *address, 1, values, false)?;
            let word = (before[0] & and_mask) | (or_mask & !and_mask);
            map.write(Table::Holding, *address, &[word], values)?;
            Response::MaskWriteRegister(*address, *and_mask, *or_mask)
        }
        Request::ReadWriteMultipleRegisters(address, count, to, words) => {
            map.read_words(Table::Holding, *address, *count, values, broken)?;
            map.write(Table::Holding, *to, words, values)?;
            Response::ReadWriteMultipleRegisters(map.read_words(Table::Holding, *address, *count, values, broken)?)
        }
        _ => return Err(Refused::Function),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;

    const UNIT: &str = r#"
        value = [{ name = "a", initial = 1.5 }, { name = "b", initial = 50.0 }, { name = "c", initial = 1.0 }, { name = "d", initial = 0.0 }]
        [[device]]
        name = "plc"
        listen = "127.0.0.1:0"
        [[device.unit]]
        unit = 1
        order = "cdab"
        max_registers = 8
        registers = [
            { at = "holding 0 f32", of = "a", write = true },
            { at = "holding 2 u16", of = "b", raw = [4000, 20000], eng = [0, 100], current_loop = true, write = true, range = [0, 100] },
            { at = "holding 3.0", of = "c", write = true },
            { at = "holding 3.4", of = "d", write = true },
            { at = "holding 4 text 4", text = "abc" },
            { at = "input 9 i32", of = "b", order = "abcd" },
            { at = "coil 7", of = "c", write = true },
            { at = "discrete 7", of = "d" },
        ]
    "#;

    fn check(requests: &[(Request<'static>, Result<Response, u8>)]) {
        let load::Loaded { mut process, devices, .. } = load::parse(UNIT).unwrap();
        for (request, expected) in requests {
            let answer = respond(&devices[0].units[0].1, request, process.values(), false).map_err(|refused| refused as u8);
            assert_eq!(&answer, expected, "{request:?}");
        }
    }

    #[test]
    fn values_stand_in_registers_as_the_file_says() {
        let a = 1.5_f32.to_bits();
        check(&[
            (
                Request::ReadHoldingRegisters(0, 6),
                Ok(Response::ReadHoldingRegisters(vec![a as u16, (a >> 16) as u16, 12000, 0b1, 0x6162, 0x6300])),
            ),
            (Request::ReadInputRegisters(9, 2), Ok(Response::ReadInputRegisters(vec![0, 50]))),
            (Request::ReadCoils(7, 1), Ok(Response::ReadCoils(vec![true]))),
            (Request::ReadDiscreteInputs(7, 1), Ok(Response::ReadDiscreteInputs(vec![false]))),
        ]);
    }

    #[test]
    fn what_is_not_there_is_an_illegal_address() {
        check(&[
            (Request::ReadHoldingRegisters(6, 1), Err(2)),
            (Request::ReadHoldingRegisters(5, 2), Err(2)),
            (Request::ReadHoldingRegisters(0, 9), Err(3)),
            (Request::ReadHoldingRegisters(0, 0), Err(3)),
            (Request::ReadInputRegisters(0, 1), Err(2)),
            (Request::ReadInputRegisters(65535, 2), Err(2)),
            (Request::WriteSingleRegister(4, 1), Err(2)),
            (Request::WriteSingleCoil(8, true), Err(2)),
            (Request::ReportServerId, Err(1)),
        ]);
    }

    #[test]
    fn writes_reach_the_quantities_and_refused_ones_change_nothing() {
        let b = 2.5_f32.to_bits();
        check(&[
            (
                Request::WriteMultipleRegisters(0, vec![b as u16, (b >> 16) as u16, 4000].into()),
                Ok(Response::WriteMultipleRegisters(0, 3)),
            ),
            (Request::ReadHoldingRegisters(1, 2), Ok(Response::ReadHoldingRegisters(vec![(b >> 16) as u16, 4000]))),
            (Request::WriteMultipleRegisters(1, vec![0, 65000].into()), Err(3)),
            (Request::ReadHoldingRegisters(1, 2), Ok(Response::ReadHoldingRegisters(vec![(b >> 16) as u16, 4000]))),
            (Request::MaskWriteRegister(3, 0xFFEF, 0x0010), Ok(Response::MaskWriteRegister(3, 0xFFEF, 0x0010))),
            (Request::ReadDiscreteInputs(7, 1), Ok(Response::ReadDiscreteInputs(vec![true]))),
            (Request::WriteSingleCoil(7, false), Ok(Response::WriteSingleCoil(7, false))),
            (Request::ReadHoldingRegisters(3, 1), Ok(Response::ReadHoldingRegisters(vec![0b1_0000]))),
            (
                Request::ReadWriteMultipleRegisters(2, 1, 2, vec![20000].into()),
                Ok(Response::ReadWriteMultipleRegisters(vec![20000])),
            ),
        ]);
    }
}
