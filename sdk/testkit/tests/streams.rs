//! A driver that speaks in bytes, on a bench: sessions, pieces, silence, room, orders.

use plantroom_sdk::prelude::*;
use plantroom_testkit::{Bench, Peer, Runner, Say, SettleCode, Spec, Value as Told};
use serde_json::json;

/// Speaks lines: `? NAME` asks for a value, which the device answers with `NAME VALUE`; `! NAME VALUE` sets one, which it
/// answers with `ok` or a reason.
#[derive(Driver)]
struct Lines {
    device: Stream,
    period: Duration,
    level: Tag<f64>,
    limit: Setpoint<f64>,
    session: RefCell<Option<Session>>,
}

impl Lines {
    /// Asks in the session that stands, or in a new one, after a greeting.
    async fn ask(&self, order: Option<&Order>, line: &str) -> Result<String> {
        let mut session = match self.session.take().filter(Session::is_open) {
            Some(session) => session,
            None => {
                let greeted = timeout(Duration::from_millis(500), self.greet()).await;
                greeted.map_err(|_| Error::refused("the device isn't there, so nothing was sent"))??
            }
        };
        match order {
            Some(order) => session.send_for(order, line.as_bytes()).await?,
            None => session.send(line.as_bytes()).await?,
        }
        match timeout(Duration::from_millis(300), session.read_until(b'\n', 100)).await {
            Ok(answer) => {
                let answer = String::from_utf8_lossy(&answer?).trim().to_owned();
                self.session.replace(Some(session));
                Ok(answer)
            }
            // A late answer must not be taken for that of the next question.
            Err(error) => {
                session.close("it didn't answer within 300 ms");
                Err(error)
            }
        }
    }

    async fn greet(&self) -> Result<Session> {
        let session = self.device.session().await;
        session.send(b"hello\n").await?;
        Ok(session)
    }
}

impl Driver for Lines {
    async fn poll(&self, io: &Io) -> Result<()> {
        let answer = self.ask(None, "? level\n").await?;
        let number = answer.strip_prefix("level ").and_then(|number| number.parse::<f64>().ok());
        io.publish(&self.level, number.ok_or_else(|| Error::other(format!("it answered `{answer}`")))?);
        Ok(())
    }

    async fn write(&self, io: &Io, order: &Order) -> Result<Outcome> {
        let value = order.f64()?;
        match self.ask(Some(order), &format!("! limit {value}\n")).await?.as_str() {
            "ok" => {
                io.publish(&self.limit, value);
                Ok(Outcome::Done)
            }
            reason => Ok(Outcome::Refused(reason.to_owned())),
        }
    }
}

/// A device that answers each line.
fn device() -> Peer {
    let mut level = 0;
    Peer::new(move |heard| {
        let mut said = Vec::new();
        while let Some(end) = heard.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = heard.drain(..=end).collect();
            match line.as_slice() {
                b"? level\n" => {
                    level += 1;
                    said.push(Say::After(5, format!("level {level}\n").into_bytes()));
                }
                b"! limit 7\n" => said.push(Say::Bytes(b"ok\n".to_vec())),
                line if line.starts_with(b"! ") => said.push(Say::Bytes(b"too much\n".to_vec())),
                b"hello\n" => {}
                line => panic!("{}", String::from_utf8_lossy(line)),
            }
        }
        said
    })
}

fn bench(peer: &Peer) -> Bench {
    let spec = Spec::new()
        .stream("meter", json!({ "period_ms": 1_000 }), peer)
        .tag("level", "float", "level", "")
        .tag("limit", "float", "limit", "")
        .writable();
    Bench::start(&Runner::native::<Lines>(), &spec).unwrap_or_else(|error| panic!("{error}"))
}

fn levels(bench: &Bench) -> Vec<f64> {
    let number = |(_, value, _)| if let Told::Float(number) = value { number } else { panic!("{value:?}") };
    bench.samples("level").into_iter().map(number).collect()
}

fn healthy(bench: &Bench) {
    assert_eq!(bench.faults(), Vec::<String>::new());
}

#[test]
fn a_driver_of_ones_own_protocol_polls_and_writes() {
    let peer = device();
    let mut bench = bench(&peer);
    bench.run_for(3_500);
    assert_eq!(levels(&bench), [1.0, 2.0, 3.0, 4.0]);
    let (done, refused) = (bench.order("limit", Told::Float(7.0)), bench.order("limit", Told::Float(900.0)));
    bench.run_for(1_000);
    assert_eq!(bench.outcome(done).map(|(code, _)| code), Some(SettleCode::Done));
    assert_eq!(bench.outcome(refused), Some((SettleCode::Refused, "too much".to_owned())));
    let greetings = peer.heard().iter().filter(|(_, bytes)| bytes == b"hello\n").count();
    assert_eq!(greetings, 1, "one session for all");
    bench.stop();
    healthy(&bench);
}

#[test]
fn answers_in_pieces_are_put_together() {
    let peer = device();
    peer.set_piece_bytes(1);
    let mut bench = bench(&peer);
    bench.run_for(2_500);
    assert_eq!(levels(&bench), [1.0, 2.0, 3.0]);
    healthy(&bench);
}

#[test]
fn a_device_that_hangs_up_is_greeted_again() {
    let peer = device();
    let mut bench = bench(&peer);
    bench.run_for(1_500);
    peer.hang_up();
    bench.run_for(2_000);
    assert_eq!(levels(&bench), [1.0, 2.0, 3.0, 4.0]);
    let greetings: Vec<u64> = peer.heard().into_iter().filter(|(_, bytes)| bytes == b"hello\n").map(|(at, _)| at).collect();
    assert_eq!(greetings.len(), 2, "{greetings:?}");
    healthy(&bench);
}

#[test]
fn a_device_that_is_away_costs_its_tags_their_quality_until_it_is_back() {
    let peer = device();
    peer.set_refuses(true);
    let mut bench = bench(&peer);
    bench.run_for(4_000);
    assert!(levels(&bench).is_empty() && bench.missed("level").len() >= 3, "{:?}", bench.transcript());
    peer.set_refuses(false);
    bench.run_for(8_000);
    assert!(levels(&bench).len() >= 3, "{:?}", bench.transcript());
    healthy(&bench);
}

#[test]
fn silence_ends_the_session_so_that_no_late_answer_is_taken_for_another() {
    let peer = device();
    let mut bench = bench(&peer);
    bench.run_for(500);
    peer.set_deaf(true);
    let order = bench.order("limit", Told::Float(7.0));
    bench.run_for(3_000);
    let (code, detail) = bench.outcome(order).expect("it ends");
    assert_eq!(code, SettleCode::Unknown, "{detail}");
    assert!(bench.transcript().iter().any(|line| line.contains("ended: it didn't answer")), "{:?}", bench.transcript());
    peer.set_deaf(false);
    bench.run_for(8_000);
    assert!(levels(&bench).len() > 2);
    healthy(&bench);
}

#[test]
fn an_order_whose_time_is_over_does_not_leave() {
    let peer = device();
    peer.set_refuses(true);
    let mut bench = bench(&peer);
    bench.run_for(100);
    let order = bench.order_for("limit", Told::Float(7.0), 200);
    peer.set_refuses(false);
    bench.run_for(6_000);
    assert_eq!(bench.outcome(order).map(|(code, _)| code), Some(SettleCode::NotSent));
    assert!(peer.heard().iter().all(|(_, bytes)| !bytes.starts_with(b"!")), "{:?}", peer.heard());
    healthy(&bench);
}

#[test]
fn a_connection_that_carries_something_else_is_told_at_the_start() {
    let spec = Spec::new()
        .connection("plc", json!({ "period_ms": 1_000 }), &plantroom_testkit::Device::new())
        .tag("level", "float", "level", "")
        .tag("limit", "float", "limit", "");
    let error = Bench::start(&Runner::native::<Lines>(), &spec).err().expect("it is refused").to_string();
    assert!(error.contains("`plc` carries Modbus") && error.contains("stream = {"), "{error}");
}
