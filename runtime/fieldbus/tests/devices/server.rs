//! A tokio-modbus server with 200 of everything.

use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};

use plantroom_model::ModbusRequest;
use tokio::net::TcpListener;
use tokio_modbus::server::Service;
use tokio_modbus::server::tcp::{Server, accept_tcp_connection};
use tokio_modbus::{ExceptionCode, Request, Response};

use crate::bench::{Bench, runtime};

struct Device(Mutex<(Vec<bool>, Vec<u16>)>);

impl Service for Device {
    type Request = Request<'static>;
    type Response = Response;
    type Exception = ExceptionCode;
    type Future = Ready<Result<Response, ExceptionCode>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        ready(self.answer(request).ok_or(ExceptionCode::IllegalDataAddress))
    }
}

impl Device {
    fn answer(&self, request: Request<'static>) -> Option<Response> {
        let (coils, words) = &mut *self.0.lock().unwrap();
        let span = |a: u16, n: usize| usize::from(a)..usize::from(a) + n;
        Some(match request {
            Request::ReadCoils(a, n) => Response::ReadCoils(coils.get(span(a, n.into()))?.to_vec()),
            Request::ReadDiscreteInputs(a, n) => Response::ReadDiscreteInputs(coils.get(span(a, n.into()))?.to_vec()),
            Request::ReadHoldingRegisters(a, n) => Response::ReadHoldingRegisters(words.get(span(a, n.into()))?.to_vec()),
            Request::ReadInputRegisters(a, n) => Response::ReadInputRegisters(words.get(span(a, n.into()))?.to_vec()),
            Request::WriteSingleCoil(a, v) => {
                *coils.get_mut(usize::from(a))? = v;
                Response::WriteSingleCoil(a, v)
            }
            Request::WriteSingleRegister(a, v) => {
                *words.get_mut(usize::from(a))? = v;
                Response::WriteSingleRegister(a, v)
            }
            Request::WriteMultipleCoils(a, v) => {
                coils.get_mut(span(a, v.len()))?.copy_from_slice(&v);
                Response::WriteMultipleCoils(a, v.len() as u16)
            }
            Request::WriteMultipleRegisters(a, v) => {
                words.get_mut(span(a, v.len()))?.copy_from_slice(&v);
                Response::WriteMultipleRegisters(a, v.len() as u16)
            }
            Request::MaskWriteRegister(a, and, or) => {
                let word = words.get_mut(usize::from(a))?;
                *word = (*word & and) | (or & !and);
                Response::MaskWriteRegister(a, and, or)
            }
            Request::ReadWriteMultipleRegisters(a, n, to, v) => {
                words.get_mut(span(to, v.len()))?.copy_from_slice(&v);
                Response::ReadWriteMultipleRegisters(words.get(span(a, n.into()))?.to_vec())
            }
            _ => return None,
        })
    }
}

#[test]
fn every_function_works_against_a_server() {
    let runtime = runtime();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let device = Arc::new(Device(Mutex::new((vec![false; 200], (0..200).collect()))));
    runtime.spawn(async move {
        let accept = |stream, address| {
            let device = Arc::clone(&device);
            async move { accept_tcp_connection(stream, address, |_| Ok(Some(Arc::clone(&device)))) }
        };
        Server::new(listener).serve(&accept, |_| {}).await
    });
    let bench = Bench::on(runtime, "localhost", port, 5_000);
    let ask = |function, address, count, data: &[u16]| {
        let request = ModbusRequest {
            unit: 17,
            function,
            address,
            count,
            data: data.to_vec(),
            timeout_ms: 0,
            valid_until: plantroom_model::Mono(0),
        };
        let completion = bench.ask(request);
        (completion.error, completion.data)
    };
    assert_eq!(ask(3, 10, 3, &[]), (0, vec![10, 11, 12]));
    assert_eq!(ask(4, 0, 125, &[]), (0, (0..125).collect()));
    assert_eq!(ask(5, 3, 0, &[1]), (0, vec![]));
    assert_eq!(ask(15, 5, 0, &[1, 0, 1]), (0, vec![]));
    assert_eq!(ask(1, 2, 7, &[]), (0, vec![0, 1, 0, 1, 0, 1, 0]));
    assert_eq!(ask(2, 3, 1, &[]), (0, vec![1]));
    assert_eq!(ask(6, 7, 0, &[0xABCD]), (0, vec![]));
    assert_eq!(ask(16, 8, 0, &[1, 2, 3]), (0, vec![]));
    assert_eq!(ask(22, 8, 0, &[0xFFFE, 0x0010]), (0, vec![]));
    assert_eq!(ask(23, 7, 5, &[11, 99]), (0, vec![0xABCD, 0, 2, 3, 99]));
    assert_eq!(ask(3, 190, 20, &[]), (2, vec![]));
    assert_eq!(bench.figures().reconnects, 0);
}
