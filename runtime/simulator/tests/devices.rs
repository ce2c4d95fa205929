//! Simulated devices over real sockets: they answer, write, and misbehave when asked to.

use std::time::Duration;

use plantroom_simulator::{Device, Fault, Running, Simulator, StartOptions};
use tokio_modbus::client::{Client, Context, tcp};
use tokio_modbus::{ExceptionCode, Request, Response, Slave};

const FIELD: &str = r#"
    value = [{ name = "setpoint", initial = 4.5 }, { name = "count", initial = 7.0 }]
    [[device]]
    name = "plc"
    listen = "127.0.0.1:0"
    [[device.unit]]
    unit = 3
    registers = [
        { at = "holding 0 f32", of = "setpoint", write = true },
        { at = "holding 2 u16", of = "count" },
    ]
"#;

async fn field() -> Running {
    let options = StartOptions { speed: 0.0, free_ports: true, address: None };
    Simulator::from_text(FIELD).unwrap().start_with(options).await.unwrap()
}

async fn client(field: &Running) -> Context {
    tcp::connect_slave(field.address("plc").unwrap(), Slave(3)).await.unwrap()
}

fn device(field: &Running) -> std::sync::Arc<Device> {
    field.device("plc").unwrap()
}

/// How a read of everything ends: with words, an exception, a protocol or transport error, or not at all.
async fn read(client: &mut Context) -> String {
    let call = client.call(Request::ReadHoldingRegisters(0, 3));
    match tokio::time::timeout(Duration::from_millis(300), call).await {
        Err(_) => "nothing".into(),
        Ok(Err(tokio_modbus::Error::Protocol(_))) => "protocol".into(),
        Ok(Err(tokio_modbus::Error::Transport(_))) => "transport".into(),
        Ok(Ok(Err(exception))) => format!("exception {}", u8::from(exception)),
        Ok(Ok(Ok(Response::ReadHoldingRegisters(words)))) => format!("{words:04x?}"),
        Ok(Ok(Ok(other))) => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_device_answers_and_takes_writes() {
    let field = field().await;
    let mut client = client(&field).await;
    assert_eq!(read(&mut client).await, "[4090, 0000, 0007]");
    let bits = 5.25_f32.to_bits();
    let write = Request::WriteMultipleRegisters(0, vec![(bits >> 16) as u16, bits as u16].into());
    assert_eq!(client.call(write).await.unwrap(), Ok(Response::WriteMultipleRegisters(0, 2)));
    assert_eq!(field.process().value("setpoint"), Some(5.25));
    assert_eq!(client.call(Request::WriteSingleRegister(2, 1)).await.unwrap(), Err(ExceptionCode::IllegalDataAddress));
    let mut stranger = tcp::connect_slave(field.address("plc").unwrap(), Slave(9)).await.unwrap();
    assert_eq!(read(&mut stranger).await, "exception 11");
}

#[tokio::test]
async fn a_device_misbehaves_as_it_is_told() {
    let table = [
        (Fault::Silent, "nothing"),
        (Fault::Late(600), "nothing"),
        (Fault::Late(20), "[4090, 0000, 0007]"),
        (Fault::WrongUnit, "protocol"),
        (Fault::Garbage, "nothing"),
        (Fault::Truncated, "transport"),
        (Fault::Trickled(1), "[4090, 0000, 0007]"),
        (Fault::Trickled(60), "nothing"),
        (Fault::Exception(6), "exception 6"),
        (Fault::NaN, "[7fc0, 0000, 0007]"),
        (Fault::None, "[4090, 0000, 0007]"),
    ];
    let field = field().await;
    for (fault, expected) in table {
        device(&field).set_fault(fault);
        assert_eq!(read(&mut client(&field).await).await, expected, "{fault:?}");
    }
}

#[tokio::test]
async fn a_doubled_answer_is_sent_twice() {
    let field = field().await;
    device(&field).set_fault(Fault::Doubled);
    let mut client = client(&field).await;
    assert_eq!(read(&mut client).await, "[4090, 0000, 0007]");
}

#[tokio::test]
async fn a_device_that_refuses_cuts_what_stands_and_comes_back() {
    let field = field().await;
    let mut standing = client(&field).await;
    assert_eq!(read(&mut standing).await, "[4090, 0000, 0007]");
    device(&field).set_fault(Fault::Refuse);
    assert_eq!(read(&mut standing).await, "transport");
    if let Ok(mut new) = tcp::connect_slave(field.address("plc").unwrap(), Slave(3)).await {
        assert_eq!(read(&mut new).await, "transport");
    }
    device(&field).set_fault(Fault::None);
    assert_eq!(read(&mut client(&field).await).await, "[4090, 0000, 0007]");
}

#[tokio::test]
async fn a_port_in_use_is_said_in_a_sentence() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = FIELD.replace("127.0.0.1:0", &taken.local_addr().unwrap().to_string());
    let error = Simulator::from_text(&text).unwrap().start(1.0).await.err().unwrap().to_string();
    assert!(error.contains("`plc`") && error.contains("another simulation"), "{error}");
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let text = r#"
[[tank]]
name = "well"
area_m2 = 0
height_m = 3
level_m = 1

[[pump]]
name = "p1"
from = "wel"
to = "well"
shutoff_head_m = 30
runout_m3h = 500
rated_rpm = 1480
rated_kw = 30
rated_a = 55
ramp_s = 5
valve = "v1"

[[sensor]]
name = "level"
of = "well.level_cm"

[[device]]
name = "plc"
listen = "nowhere"
[[device.unit]]
unit = 1
order = "abdc"
registers = [
    { at = "holdng 0 f32", of = "level" },
    { at = "input 0 f32", of = "level" },
    { at = "input 1 u16", of = "well.level_pct" },
    { at = "discrete 0", of = "p1.runing", write = true },
    { at = "input 9 text 8", of = "level" },
]
"#;
    let error = Simulator::from_text(text).err().unwrap();
    let told: Vec<(u32, u32)> = error.problems.iter().map(|p| (p.line, p.column)).collect();
    let expected = [(4, 11), (10, 8), (18, 9), (22, 6), (26, 10), (29, 9), (31, 12), (33, 12), (34, 12), (34, 31), (35, 12)];
    assert_eq!(told, expected, "{error}");
    let text = error.to_string();
    for words in ["did you mean `well`?", "did you mean `p1.running`?", "did you mean `holding`?", "simulation.toml:10:8: error:"]
    {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    let unknown = Simulator::from_text("[[tank]]\nname = \"a\"\nlenght = 3\n").err().unwrap();
    assert_eq!((unknown.problems[0].line, unknown.problems[0].column), (3, 1), "{unknown}");
}
