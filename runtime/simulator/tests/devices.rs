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

const LINE: &str = r#"
    seed = 3
    control = "127.0.0.1:0"
    value = [{ name = "a", initial = 7.0 }]
    [[device]]
    name = "line"
    listen = "127.0.0.1:0"
    rtu = true
    [[device.unit]]
    unit = 3
    registers = [{ at = "holding 0 u16", of = "a" }]
    [[device.unit]]
    unit = 4
    registers = [{ at = "holding 0 u16", of = "a" }]
"#;

async fn line() -> Running {
    let options = StartOptions { speed: 0.0, free_ports: true, address: None };
    Simulator::from_text(LINE).unwrap().start_with(options).await.unwrap()
}

/// One answer of a unit on the line: its word, or how it went wrong.
async fn word(field: &Running, unit: u8) -> String {
    let stream = tokio::net::TcpStream::connect(field.address("line").unwrap()).await.unwrap();
    let mut client = tokio_modbus::client::rtu::attach_slave(stream, Slave(unit));
    match tokio::time::timeout(Duration::from_millis(300), client.call(Request::ReadHoldingRegisters(0, 1))).await {
        Ok(Ok(Ok(Response::ReadHoldingRegisters(words)))) => format!("{words:?}"),
        Ok(Ok(Ok(other))) => format!("{other:?}"),
        Ok(Ok(Err(exception))) => format!("exception {}", u8::from(exception)),
        Ok(Err(_)) => "broken".into(),
        Err(_) => "nothing".into(),
    }
}

#[tokio::test]
async fn a_line_answers_in_rtu_frames_and_one_unit_off_it_leaves_the_others() {
    let field = line().await;
    assert_eq!((word(&field, 3).await, word(&field, 4).await), ("[7]".into(), "[7]".into()));
    assert_eq!(word(&field, 9).await, "nothing", "nobody speaks for a unit that isn't there");
    field.fail("line/4", "offline").unwrap();
    assert_eq!((word(&field, 3).await, word(&field, 4).await), ("[7]".into(), "nothing".into()));
    field.fail("line/4", "ok").unwrap();
    assert_eq!(word(&field, 4).await, "[7]");
}

#[tokio::test]
async fn noise_on_a_line_breaks_answers_and_never_makes_a_value() {
    let field = line().await;
    field.fail("line", "noise").unwrap();
    let mut answers = Vec::new();
    for _ in 0..24 {
        answers.push(word(&field, 3).await);
    }
    let good = answers.iter().filter(|answer| *answer == "[7]").count();
    assert!((10..24).contains(&good), "{answers:?}");
    assert!(answers.iter().all(|answer| !answer.starts_with('[') || answer == "[7]"), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_asked_for_over_the_control_port() {
    let field = line().await;
    let at = field.control().unwrap();
    let ask = |request: &'static str| tokio::task::spawn_blocking(move || plantroom_simulator::ask(at, request).unwrap());
    assert_eq!(ask("list").await.unwrap(), Ok("0".to_owned()));
    assert_eq!(ask("fail line/3 offline").await.unwrap(), Ok("`line/3` fails: offline".to_owned()));
    assert_eq!(word(&field, 3).await, "nothing");
    assert!(ask("list").await.unwrap().unwrap().starts_with("1\nline/3=offline: "));
    assert!(ask("fail line/5 offline").await.unwrap().unwrap_err().contains("line/"));
    assert!(ask("fail line trip").await.unwrap().unwrap_err().contains("noise"));
    assert!(ask("stop").await.unwrap().is_err());
    assert_eq!(ask("fail line/3 ok").await.unwrap(), Ok("`line/3` is as it should be".to_owned()));
    assert_eq!(word(&field, 3).await, "[7]");
    let text = LINE.replace("127.0.0.1:0\"\n    value", "0.0.0.0:5020\"\n    value");
    assert!(Simulator::from_text(&text).err().unwrap().to_string().contains("this machine"));
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
