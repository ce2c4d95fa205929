//! One question at a time, for commissioning.

use std::sync::Arc;

use plantroom_fieldbus::direct::{Direct, Question, Said};
use plantroom_project::{LinkSpec, TcpAddress};

use crate::bench::{Act, fake, frame, good, runtime, truth, word};

fn question(address: u16) -> Question {
    let [high, low] = address.to_be_bytes();
    Question { unit: 1, pdu: vec![3, high, low, 0, 1], answer_bytes: Some(3) }
}

fn right(address: u16) -> Said {
    let [high, low] = truth(1, address).to_be_bytes();
    Said::Data(vec![2, high, low])
}

#[test]
fn a_question_gets_its_own_answer_whatever_came_before() {
    let runtime = runtime();
    let habit = |_: u32, request: &[u8]| match word(request, 8) {
        1 => vec![],
        2 => vec![Act::Pause(90), Act::Send(good(request))],
        3 => vec![Act::Send(frame(word(request, 0), 1, &[0x83, 2]))],
        4 => vec![Act::Send(frame(word(request, 0), 2, &good(request)[7..]))],
        5 => vec![Act::Send(frame(word(request, 0), 1, &[3, 4, 0, 1, 0, 2]))],
        6 => vec![Act::Send(b"HTTP/1.1 400 Bad Request\r\n".to_vec())],
        7 => vec![Act::Send(good(request)[..9].to_vec())],
        8 => vec![Act::Send([good(request), good(request)].concat())],
        _ => vec![Act::Send(good(request))],
    };
    let port = fake(&runtime, Arc::new(habit));
    let link = LinkSpec::Tcp(TcpAddress { host: "127.0.0.1".into(), port });
    runtime.block_on(async {
        let mut line = Direct::open(&link, 80).await.unwrap();
        for round in 0..3 {
            for address in 1..9 {
                let said = line.ask(&question(address)).await.unwrap();
                match address {
                    1 | 2 | 7 => assert_eq!(said, Said::Nothing, "{address}"),
                    3 => assert_eq!(said, Said::Exception(2)),
                    4..=6 => assert!(matches!(said, Said::Noise(_)), "{address}: {said:?}"),
                    _ => assert_eq!(said, right(address)),
                }
                assert_eq!(line.ask(&question(100 + address)).await, Ok(right(100 + address)), "after {address}, round {round}");
            }
        }
        assert!(Direct::open(&LinkSpec::Tcp(TcpAddress { host: "127.0.0.1".into(), port: 1 }), 80).await.is_err());
    });
}
