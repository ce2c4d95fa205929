use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use plantroom_access::By;
use plantroom_model::{Columns, Role, Status, Value};
use plantroom_wire::{Ask, ContentHash, Contents, Deed, Reply, ToConsole, ToStation, decode, encode};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::fake::{BULK, FIRST_BULK, Fake, PASSWORD, Served, serve};
use crate::{ScreenSet, Station};

struct Console(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Console {
    async fn open(served: &Served) -> Self {
        Self(connect_async(format!("ws://127.0.0.1:{}/api/v1/live", served.port)).await.unwrap().0)
    }

    async fn logged_in(served: &Served, user: &str) -> Self {
        let mut console = Self::open(served).await;
        console.say(&ToStation::Login { user: user.to_owned(), password: PASSWORD.to_owned() }).await;
        let welcome = console.heard(|message| matches!(message, ToConsole::Welcome { .. } | ToConsole::Denied { .. })).await;
        assert!(matches!(welcome, ToConsole::Welcome { .. }), "{welcome:?}");
        console
    }

    async fn say(&mut self, message: &ToStation) {
        self.0.send(Message::binary(encode(message))).await.unwrap();
    }

    async fn next(&mut self) -> Option<ToConsole> {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(10), self.0.next()).await.expect("the station is silent");
            match next? {
                Ok(Message::Binary(bytes)) => return Some(decode(&bytes).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next message that is asked for; others are skipped.
    async fn heard(&mut self, wanted: impl Fn(&ToConsole) -> bool) -> ToConsole {
        loop {
            let message = self.next().await.expect("the station has closed the connection");
            if wanted(&message) {
                return message;
            }
        }
    }

    async fn values(&mut self) -> Columns {
        match self.heard(|message| matches!(message, ToConsole::Values { .. })).await {
            ToConsole::Values { columns, .. } => columns,
            other => panic!("{other:?}"),
        }
    }

    async fn subscribe(&mut self, names: &[&str]) -> ToConsole {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.say(&ToStation::Subscribe { generation: 1, names }).await;
        self.heard(|message| matches!(message, ToConsole::Tags { .. })).await
    }
}

fn rows(columns: &Columns) -> Vec<(u32, Value)> {
    columns.rows().map(|row| (row.handle, row.value)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_sees_what_it_shows_and_nothing_else() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    fake.set(&[(0, Value::Float(1.0), Status::GOOD), (1, Value::Float(2.0), Status::GOOD)]);
    let mut console = Console::logged_in(&served, "vera").await;
    let ToConsole::Screens { files, home, instances, .. } = console.heard(|m| matches!(m, ToConsole::Screens { .. })).await
    else {
        panic!("no screens");
    };
    assert_eq!((files.len(), home.as_str(), instances.len()), (1, "1_overview", 1));
    let ToConsole::Tags { infos, generation } = console.subscribe(&["intake/p1/speed", "no/such", "intake/level"]).await else {
        panic!("no tags");
    };
    assert_eq!((generation, infos.len(), infos[1].is_none()), (1, 3, true));
    assert!(infos[0].as_ref().unwrap().write.is_none(), "vera may not write");
    assert_eq!(rows(&console.values().await), [(0, Value::Float(2.0)), (2, Value::Float(1.0))]);
    fake.set(&[(0, Value::Float(1.4), Status::GOOD), (2, Value::Text("x".into()), Status::GOOD)]);
    fake.set(&[(0, Value::Float(1.6), Status::GOOD)]);
    assert_eq!(rows(&console.values().await), [(2, Value::Float(1.6))], "within the deadband nothing, beyond it all");
    fake.set(&[(0, Value::Float(1.6), Status::UNCERTAIN_LAST_USABLE)]);
    let columns = console.values().await;
    assert_eq!(columns.statuses, [Status::UNCERTAIN_LAST_USABLE.0]);
    console.heard(|message| matches!(message, ToConsole::Heartbeat { .. })).await;
    fake.screens.send_replace(Arc::new(ScreenSet { revision: 2, ..ScreenSet::default() }));
    console.heard(|message| matches!(message, ToConsole::Screens { revision: 2, .. })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn assets_come_by_what_they_hold_and_only_when_they_are_asked_for() {
    let served = serve(&Fake::new()).await;
    let mut console = Console::logged_in(&served, "vera").await;
    let ToConsole::Screens { assets, files, .. } = console.heard(|m| matches!(m, ToConsole::Screens { .. })).await else {
        panic!("no screens");
    };
    assert_eq!(files.len(), 1, "assets don't come with the scripts");
    let named: Vec<(String, ContentHash)> = assets.iter().map(|asset| (asset.path.clone(), asset.hash)).collect();
    let held: Vec<(String, ContentHash)> =
        super::fake::assets().into_iter().map(|(path, text)| (path, ContentHash::of(&text))).collect();
    assert_eq!(named, held);
    let asked = vec![named[1].1, ContentHash::of("of another plant")];
    console.say(&ToStation::Fetch { hashes: asked }).await;
    let ToConsole::Contents(answer) = console.heard(|m| matches!(m, ToConsole::Contents(_))).await else { panic!("no answer") };
    assert_eq!(answer, Contents { texts: vec![(named[1].1, "<svg/>".to_owned())], is_last: true });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_login_there_is_nothing() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let write = || ToStation::Write {
        request: 1,
        tag: "intake/p1/speed".into(),
        value: Value::Float(1.0),
        comment: String::new(),
        confirmed: false,
    };
    for first in [ToStation::Subscribe { generation: 1, names: vec!["intake/level".into()] }, write(), ToStation::Logout] {
        let mut console = Console::open(&served).await;
        console.say(&first).await;
        let answer = console.next().await;
        assert!(matches!(answer, Some(ToConsole::Denied { .. })), "{first:?}: {answer:?}");
    }
    let mut console = Console::open(&served).await;
    for attempt in [
        ToStation::Login { user: "otto".into(), password: "wrong password".into() },
        ToStation::Login { user: "nobody".into(), password: "wrong password".into() },
        ToStation::Resume { token: String::new() },
        ToStation::Resume { token: "prs_x".into() },
    ] {
        console.say(&attempt).await;
        assert!(matches!(console.next().await, Some(ToConsole::Denied { .. })));
    }
    console.say(&ToStation::Login { user: "otto".into(), password: PASSWORD.into() }).await;
    assert!(matches!(console.next().await, Some(ToConsole::Welcome { .. })), "a person may try again");
    assert!(fake.writes.lock().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_from_elsewhere_gets_no_socket() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    for (header, value) in [("origin", "http://evil.example"), ("origin", "null"), ("host", "evil.example")] {
        let mut request = format!("ws://127.0.0.1:{}/api/v1/live", served.port).into_client_request().unwrap();
        request.headers_mut().insert(header, value.parse().unwrap());
        let refused = connect_async(request).await.unwrap_err().to_string();
        assert!(refused.contains("403"), "{header}: {refused}");
    }
    let plain = served.ask("GET", "/api/v1/live", &[], "").await;
    assert_eq!(plain.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_come_back_with_their_outcome_or_a_refusal() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let write = |request, tag: &str| ToStation::Write {
        request,
        tag: tag.into(),
        value: Value::Float(7.0),
        comment: "go".into(),
        confirmed: false,
    };
    for (user, tag, kind, written) in [
        ("otto", "intake/p1/speed", "Confirmed", 1),
        ("vera", "intake/p1/speed", "Refused", 0),
        ("otto", "no/such", "Refused", 0),
    ] {
        fake.writes.lock().clear();
        let mut console = Console::logged_in(&served, user).await;
        console.say(&write(9, tag)).await;
        let ToConsole::Outcome { request, outcome } = console.heard(|m| matches!(m, ToConsole::Outcome { .. })).await else {
            panic!("no outcome");
        };
        assert_eq!((request, format!("{:?}", outcome.kind).as_str()), (9, kind), "{user} {tag}: {outcome:?}");
        assert_eq!(fake.writes.lock().len(), written, "{user} {tag}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_is_removed_demoted_or_logged_out_is_cut_off() {
    type Case = (&'static str, fn(&Fake));
    let cases: [Case; 3] = [
        ("demoted", |fake| fake.access.set_role(By::Machine, "otto", Role::View, fake.now()).unwrap()),
        ("removed", |fake| fake.access.remove_user(By::Machine, "otto", fake.now()).unwrap()),
        ("password", |fake| fake.access.set_password(By::Machine, "otto", "another password", fake.now()).unwrap()),
    ];
    for (what, change) in cases {
        let fake = Fake::new();
        let served = serve(&fake).await;
        let mut console = Console::logged_in(&served, "otto").await;
        console.subscribe(&["intake/level"]).await;
        change(&fake);
        console
            .say(&ToStation::Write {
                request: 1,
                tag: "intake/p1/speed".into(),
                value: Value::Float(1.0),
                comment: String::new(),
                confirmed: false,
            })
            .await;
        console.heard(|message| matches!(message, ToConsole::Denied { .. })).await;
        assert!(fake.writes.lock().is_empty(), "{what}");
        fake.set(&[(0, Value::Float(99.0), Status::GOOD)]);
        let later =
            tokio::time::timeout(Duration::from_millis(1_200), console.heard(|m| matches!(m, ToConsole::Values { .. }))).await;
        assert!(later.is_err(), "{what}: still sees values");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_doing_anything_a_demoted_user_is_cut_off_within_a_second_or_so() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let mut console = Console::logged_in(&served, "otto").await;
    fake.access.remove_user(By::Machine, "otto", fake.now()).unwrap();
    let denied = console.heard(|message| matches!(message, ToConsole::Denied { .. }));
    tokio::time::timeout(Duration::from_millis(1_500), denied).await.expect("not cut off in time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promoted_user_learns_what_may_be_written_now() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let mut console = Console::logged_in(&served, "vera").await;
    console.subscribe(&["intake/p1/speed"]).await;
    fake.access.set_role(By::Machine, "vera", Role::Operate, fake.now()).unwrap();
    console.heard(|message| matches!(message, ToConsole::Welcome { role: Role::Operate, .. })).await;
    let tags = console.heard(|message| matches!(message, ToConsole::Tags { .. })).await;
    let ToConsole::Tags { infos, .. } = tags else { panic!("no tags") };
    assert_eq!(infos[0].as_ref().unwrap().write.as_ref().unwrap().range, Some((0.0, 100.0)));
}

/// Updates of 100 texts of 4 kB each, 20 times faster than a console is served, to one that doesn't read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_console_gets_the_newest_value_and_no_backlog() {
    const UPDATES: usize = 300;
    let fake = Fake::new();
    let served = serve(&fake).await;
    let mut slow = Console::logged_in(&served, "vera").await;
    let MaybeTlsStream::Plain(stream) = slow.0.get_ref() else { panic!("not plain") };
    socket2::SockRef::from(stream).set_recv_buffer_size(64 << 10).unwrap();
    let bulk: Vec<_> = (0..BULK).map(|n| format!("bulk/{n}")).collect();
    slow.subscribe(&bulk.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut quick = Console::logged_in(&served, "otto").await;
    quick.subscribe(&["intake/level"]).await;
    for n in 0..UPDATES {
        let text: Value = Value::Text(format!("{n:04}{}", "x".repeat(4_000)).into());
        let mut changes: Vec<_> = (0..BULK).map(|tag| (FIRST_BULK + tag, text.clone(), Status::GOOD)).collect();
        changes.push((0, Value::Float(n as f64), Status::GOOD));
        fake.set(&changes);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let last = Value::Float((UPDATES - 1) as f64);
    while rows(&quick.values().await).last().map(|(_, value)| value.clone()) != Some(last.clone()) {}
    let mut seen = std::collections::BTreeSet::new();
    let newest = format!("{:04}", UPDATES - 1);
    let mut bytes = 0;
    while !seen.contains(&newest) {
        let columns = slow.values().await;
        bytes += columns.text.len();
        seen.extend(rows(&columns).iter().filter_map(|(_, value)| value.as_text().map(|text| text[..4].to_owned())));
    }
    assert!(seen.len() <= 5, "{} of {UPDATES} states wait in line ({bytes} bytes): {seen:?}", seen.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_speak_the_protocol_is_cut_off() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let messages: [fn() -> Vec<Message>; 4] = [
        || vec![Message::text("hello")],
        || vec![Message::binary(vec![200, 1, 2, 3])],
        || vec![Message::binary(vec![1, 255, 255, 255, 255])],
        || (0..2_000).map(|_| Message::binary(encode(&ToStation::Logout))).collect(),
    ];
    for (index, make) in messages.iter().enumerate() {
        let mut console = Console::open(&served).await;
        for message in make() {
            if console.0.send(message).await.is_err() {
                break;
            }
        }
        while console.next().await.is_some() {}
        assert_eq!(served.ask("GET", "/healthz", &[], "").await.status, 200, "case {index}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_a_welcome_resumes() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let mut console = Console::open(&served).await;
    console.say(&ToStation::Login { user: "otto".into(), password: PASSWORD.into() }).await;
    let Some(ToConsole::Welcome { token, role, plant, .. }) = console.next().await else { panic!("no welcome") };
    assert_eq!((role, plant.as_str()), (Role::Operate, "Testing works"));
    drop(console);
    let mut again = Console::open(&served).await;
    again.say(&ToStation::Resume { token }).await;
    assert!(matches!(again.next().await, Some(ToConsole::Welcome { .. })));
    again.say(&ToStation::Logout).await;
    again.heard(|message| matches!(message, ToConsole::Denied { .. })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_and_deeds_are_answered_by_their_number_and_by_role() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let ask = |request, ask| ToStation::Ask { request, ask };
    let mut viewer = Console::logged_in(&served, "vera").await;
    viewer.say(&ask(1, Ask::Overrides)).await;
    viewer.say(&ask(2, Ask::Registers { connection: String::new() })).await;
    viewer.say(&ask(3, Ask::Changes)).await;
    // What takes work may be answered after what is refused at once.
    for _ in 0..3 {
        let answer = viewer.heard(|message| matches!(message, ToConsole::Reply { .. })).await;
        let ToConsole::Reply { request, reply } = answer else { panic!("no reply") };
        assert_eq!(matches!(*reply, Reply::Refused(_)), request != 1, "{request}: {reply:?}");
    }
    let mut engineer = Console::logged_in(&served, "eve").await;
    engineer.say(&ask(4, Ask::Registers { connection: "no such".to_owned() })).await;
    engineer.say(&ask(5, Ask::Registers { connection: "no such".to_owned() })).await;
    let mut said = Vec::new();
    for _ in 0..2 {
        let answer = engineer.heard(|message| matches!(message, ToConsole::Reply { .. })).await;
        let ToConsole::Reply { request, reply } = answer else { panic!("no reply") };
        let Reply::Refused(why) = *reply else { panic!("{reply:?}") };
        said.push((request, why));
    }
    said.sort();
    assert!(said[0].1.contains("no such connection") || said[0].1.contains("no connections"), "{said:?}");
    assert!(said[1].1.contains("at most once a second"), "{said:?}");
    let verb = plantroom_model::AutomationVerb::Restart;
    let deed = Deed::Automation { name: "refill".to_owned(), verb, reason: String::new() };
    engineer.say(&ToStation::Do { request: 6, deed }).await;
    let ToConsole::Outcome { request, outcome } = engineer.heard(|m| matches!(m, ToConsole::Outcome { .. })).await else {
        panic!("no outcome")
    };
    assert_eq!((request, outcome.message.as_str()), (6, "restart refill"));
    engineer.say(&ToStation::Why { request: 7, tag: "no/such".to_owned() }).await;
    let told = engineer.heard(|message| matches!(message, ToConsole::Why { .. })).await;
    assert!(matches!(told, ToConsole::Why { request: 7, why: None, .. }), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_hears_of_a_change_with_its_scan_and_not_at_the_next_look() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    fake.set(&[(0, Value::Float(0.0), Status::GOOD)]);
    let mut console = Console::logged_in(&served, "vera").await;
    console.subscribe(&["intake/level"]).await;
    assert_eq!(rows(&console.values().await), [(0, Value::Float(0.0))]);
    // Each is set when the one before was heard: told at the next look, they would take a tenth of a second each.
    let changes = 40_u32;
    let begin = std::time::Instant::now();
    for number in 1..=changes {
        fake.set(&[(0, Value::Float(f64::from(number)), Status::GOOD)]);
        assert_eq!(rows(&console.values().await), [(0, Value::Float(f64::from(number)))]);
    }
    let by_looks = Duration::from_millis(crate::limits::LIVE_MS) * (changes - 1);
    assert!(begin.elapsed() < by_looks * 3 / 4, "{changes} changes took {:?}", begin.elapsed());
}
