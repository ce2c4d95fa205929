//! The driver on a bench, against a controller in a few lines: values, joined reads, bad blocks, writes, trouble.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use plantroom_plugin_s7::S7Driver;
use plantroom_testkit::{Bench, Peer, Runner, Say, SettleCode, Spec, Status, Value, conformance};
use serde_json::json;

/// Memories by area and block.
#[derive(Default)]
struct Memory {
    areas: BTreeMap<(u8, u16), Vec<u8>>,
    pdu_bytes: u16,
    /// Every item that was read: area, block, start, count.
    read: Vec<(u8, u16, u32, u16)>,
    /// Answers bear a wrong number.
    confused: bool,
}

type Plc = Arc<Mutex<Memory>>;

fn plc() -> (Plc, Peer) {
    let mut memory = Memory { pdu_bytes: 240, ..Memory::default() };
    memory.areas.insert((0x84, 10), (0..100).collect());
    memory.areas.insert((0x83, 0), vec![0; 32]);
    memory.areas.insert((0x1D, 0), vec![0x01, 0x27, 0x29, 0x99]);
    let plc = Arc::new(Mutex::new(memory));
    let inside = plc.clone();
    let peer = Peer::new(move |heard| {
        let mut said = Vec::new();
        while heard.len() >= 4 {
            let length = usize::from(u16::from_be_bytes([heard[2], heard[3]]));
            if heard.len() < length {
                break;
            }
            let frame: Vec<u8> = heard.drain(..length).collect();
            said.push(Say::After(2, inside.lock().unwrap().answer(&frame[4..])));
        }
        said
    });
    (plc, peer)
}

fn tpkt(payload: &[u8]) -> Vec<u8> {
    [&[3, 0], &((payload.len() + 4) as u16).to_be_bytes()[..], payload].concat()
}

impl Memory {
    fn answer(&mut self, payload: &[u8]) -> Vec<u8> {
        if payload[1] == 0xE0 {
            assert_eq!(payload[13..15], [2, 1], "an operator panel, rack 0, slot 1");
            return tpkt(&[6, 0xD0, 0, 1, 0, 1, 0]);
        }
        let number = u16::from_be_bytes([payload[7], payload[8]]).wrapping_add(u16::from(self.confused));
        let (parameters, data) = payload[13..].split_at(usize::from(u16::from_be_bytes([payload[9], payload[10]])));
        let (parameters, data) = match parameters[0] {
            0xF0 => ([&[0xF0, 0, 0, 1, 0, 1][..], &self.pdu_bytes.to_be_bytes()[..]].concat(), Vec::new()),
            4 => (vec![4, parameters[1]], self.read_items(&parameters[2..])),
            _ => (vec![5, 1], vec![self.write_item(&parameters[2..], data)]),
        };
        let mut answer = vec![2, 0xF0, 0x80, 0x32, 3, 0, 0];
        for field in [number, parameters.len() as u16, data.len() as u16, 0] {
            answer.extend(field.to_be_bytes());
        }
        answer.extend(parameters);
        answer.extend(data);
        assert!(answer.len() - 3 <= usize::from(self.pdu_bytes), "the answer is longer than a PDU");
        tpkt(&answer)
    }

    fn item(item: &[u8]) -> (u8, u8, u16, u16, u32) {
        let two = |at: usize| u16::from_be_bytes([item[at], item[at + 1]]);
        (item[8], item[3], two(6), two(4), u32::from_be_bytes([0, item[9], item[10], item[11]]))
    }

    fn read_items(&mut self, items: &[u8]) -> Vec<u8> {
        let mut data = Vec::new();
        for item in items.chunks_exact(12) {
            let (area, _, block, count, address) = Self::item(item);
            let (start, bytes) = if area == 0x1D { (address * 2, count * 2) } else { (address >> 3, count) };
            self.read.push((area, block, start, bytes));
            if data.len() % 2 == 1 {
                data.push(0);
            }
            let found = self.areas.get(&(area, block)).map(|all| all.get(start as usize..start as usize + usize::from(bytes)));
            match found {
                None => data.extend([0x0A, 0, 0, 0]),
                Some(None) => data.extend([0x05, 0, 0, 0]),
                Some(Some(found)) => {
                    data.extend([0xFF, 4]);
                    data.extend((bytes * 8).to_be_bytes());
                    data.extend(found);
                }
            }
        }
        data
    }

    fn write_item(&mut self, item: &[u8], data: &[u8]) -> u8 {
        let (area, transport, block, count, address) = Self::item(item);
        let Some(memory) = self.areas.get_mut(&(area, block)) else { return 0x0A };
        let start = (address >> 3) as usize;
        if transport == 1 {
            let mask = 1 << (address & 7);
            memory[start] = if data[4] == 1 { memory[start] | mask } else { memory[start] & !mask };
            return 0xFF;
        }
        let Some(room) = memory.get_mut(start..start + usize::from(count)) else { return 0x05 };
        room.copy_from_slice(&data[4..]);
        0xFF
    }
}

fn spec(peer: &Peer) -> Spec {
    Spec::new()
        .config(json!({ "groups": { "slow": 10_000 } }))
        .stream("press", json!({ "timeout_ms": 400 }), peer)
        .tag("press/word", "uint", "DB10.DBW2", "")
        .tag("press/bit", "bool", "DB10.DBX5.2", "")
        .writable()
        .tag("press/level", "float", "DB10.DBD8 real", "")
        .writable()
        .tag("press/recipe", "text", "DB10.DBB40 string 10", "slow")
        .writable()
        .tag("press/timer", "uint", "T1", "")
        .tag("press/merker", "int", "MW4 int", "")
        .writable()
}

fn start(runner: &Runner, spec: &Spec) -> Bench {
    Bench::start(runner, spec).unwrap_or_else(|error| panic!("{error}"))
}

fn native() -> Runner {
    Runner::native::<S7Driver>()
}

fn last(bench: &Bench, tag: &str) -> (Value, Status) {
    bench.last(tag).unwrap_or_else(|| panic!("`{tag}` was never published: {:#?}", bench.transcript()))
}

fn healthy(bench: &Bench) {
    assert_eq!(bench.faults(), Vec::<String>::new());
}

#[test]
fn values_are_read_in_few_items() {
    let (plc, peer) = plc();
    plc.lock().unwrap().areas.get_mut(&(0x84, 10)).unwrap()[40..44].copy_from_slice(&[10, 2, b'o', b'k']);
    let mut bench = start(&native(), &spec(&peer));
    bench.run_for(100);
    assert_eq!(last(&bench, "press/word"), (Value::Uint(0x0203), Status::GOOD));
    assert_eq!(last(&bench, "press/bit").0, Value::Bool(true));
    assert_eq!(last(&bench, "press/level").0, Value::Float(f64::from(f32::from_be_bytes([8, 9, 10, 11]))));
    assert_eq!(last(&bench, "press/recipe").0, Value::Text("ok".into()));
    assert_eq!(last(&bench, "press/timer").0, Value::Uint(999_000));
    let mut read = std::mem::take(&mut plc.lock().unwrap().read);
    read.sort_unstable();
    assert_eq!(read, [(0x1D, 0, 2, 2), (0x83, 0, 4, 2), (0x84, 10, 2, 10), (0x84, 10, 40, 12)]);
    bench.run_for(3_000);
    assert_eq!(bench.samples("press/word").len(), 4);
    assert_eq!(bench.samples("press/recipe").len(), 1);
    let told = bench.explain("press/level").expect("it knows its tag");
    assert_eq!(
        (told.place.as_str(), told.words.as_slice()),
        ("DB10.DBD8 real of `press` (rack 0, slot 1)", &[0x0809, 0x0A0B][..])
    );
    healthy(&bench);
}

#[test]
fn writes_reach_their_place_and_nothing_beside_it() {
    let (plc, peer) = plc();
    let mut bench = start(&native(), &spec(&peer));
    bench.run_for(100);
    let before = plc.lock().unwrap().areas[&(0x84, 10)].clone();
    for (tag, value, at, bytes) in [
        ("press/level", Value::Float(12.5), 8, &[0x41, 0x48, 0, 0][..]),
        ("press/bit", Value::Bool(false), 5, &[0b0000_0001]),
        ("press/recipe", Value::Text("B7".into()), 41, &[2, b'B', b'7']),
    ] {
        let order = bench.order(tag, value.clone());
        bench.run_for(50);
        assert_eq!(bench.outcome(order), Some((SettleCode::Done, String::new())), "{tag}");
        let after = plc.lock().unwrap().areas[&(0x84, 10)].clone();
        assert_eq!(after[at..at + bytes.len()], *bytes, "{tag}");
        let mut expected = before.clone();
        expected[at..at + bytes.len()].copy_from_slice(bytes);
        assert_eq!(after, expected, "{tag}: nothing else has changed");
        plc.lock().unwrap().areas.insert((0x84, 10), before.clone());
        assert_eq!(last(&bench, tag).0, value, "it is read back at once");
    }
    let order = bench.order("press/merker", Value::Int(40_000));
    bench.run_for(50);
    let (code, detail) = bench.outcome(order).expect("it ends");
    assert_eq!(code, SettleCode::Refused, "{detail}");
    assert!(detail.contains("holds -32768 to 32767"), "{detail}");
    healthy(&bench);
}

#[test]
fn a_bad_address_spoils_only_itself() {
    let (_plc, peer) = plc();
    let spec = spec(&peer).tag("press/beyond", "uint", "DB10.DBW99", "").tag("press/missing", "uint", "DB11.DBW0", "");
    let spec = spec.tag("press/near", "uint", "DB10.DBB97", "");
    let mut bench = start(&native(), &spec);
    bench.run_for(1_500);
    assert_eq!(last(&bench, "press/near"), (Value::Uint(97), Status::GOOD));
    for (tag, words) in [("press/beyond", "the block is shorter"), ("press/missing", "no such block")] {
        assert_eq!(last(&bench, tag).1, Status::BAD_CONFIGURATION);
        let note = bench.explain(tag).expect("it knows its tag").note;
        assert!(note.contains(words), "{note}");
        assert_eq!(bench.lines().iter().filter(|line| line.contains(tag)).count(), 1, "told once: {:?}", bench.lines());
    }
    healthy(&bench);
}

#[test]
fn a_controller_that_falls_silent_is_missed_and_comes_back() {
    let (_plc, peer) = plc();
    let mut bench = start(&native(), &spec(&peer));
    bench.run_for(500);
    peer.set_deaf(true);
    let order = bench.order("press/level", Value::Float(1.0));
    bench.run_for(5_000);
    assert_eq!(bench.outcome(order).map(|(code, _)| code), Some(SettleCode::Unknown));
    assert!(bench.missed("press/word").len() >= 3);
    peer.set_deaf(false);
    bench.take_events();
    bench.run_for(10_000);
    assert_eq!(last(&bench, "press/word").1, Status::GOOD);
    let lines = bench.lines();
    assert!(lines.iter().any(|line| line.contains("is read again")), "{lines:?}");
    healthy(&bench);
}

#[test]
fn answers_in_pieces_and_to_other_questions() {
    let (plc, peer) = plc();
    peer.set_piece_bytes(1);
    let mut bench = start(&native(), &spec(&peer));
    bench.run_for(100);
    assert_eq!(last(&bench, "press/word").0, Value::Uint(0x0203));
    plc.lock().unwrap().confused = true;
    bench.take_events();
    bench.run_for(3_000);
    assert!(bench.samples("press/word").is_empty() && !bench.missed("press/word").is_empty());
    plc.lock().unwrap().confused = false;
    bench.run_for(10_000);
    assert_eq!(last(&bench, "press/word").1, Status::GOOD);
    healthy(&bench);
}

#[test]
fn mistakes_of_the_project_are_told_at_the_start() {
    let (_plc, peer) = plc();
    let spec = Spec::new()
        .stream("press", json!({ "slot": 99 }), &peer)
        .tag("a", "float", "holding 0 f32", "")
        .tag("b", "text", "DB1.DBW2", "")
        .tag("c", "uint", "T5", "fast")
        .writable();
    let error = Bench::start(&native(), &spec).err().expect("it is refused").to_string();
    for part in ["`slot` is 99", "no address of an S7", "declare the tag as uint", "polling group `fast`", "controller's program"]
    {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn the_sandbox_changes_nothing() {
    let story = |runner: &Runner| {
        let (_plc, peer) = plc();
        let mut bench = start(runner, &spec(&peer));
        bench.run_for(2_500);
        bench.order("press/level", Value::Float(7.25));
        bench.run_for(1_000);
        peer.hang_up();
        bench.run_for(3_000);
        bench.stop();
        healthy(&bench);
        bench.transcript()
    };
    let component = Runner::built_component("s7").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(story(&native()), story(&component));
}

#[test]
fn it_keeps_the_contract() {
    let (_plc, peer) = plc();
    let spec = spec(&peer);
    let found = conformance(&native(), &spec);
    assert_eq!(found, Vec::<String>::new());
}
