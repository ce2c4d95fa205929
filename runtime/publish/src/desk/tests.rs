//! A desk on a virtual clock: what is asked for, what goes out, and when.

use std::path::Path;

use plantroom_project::{DutySpec, GroupSpec, PersonSpec, Place, Tls};
use plantroom_store::FaultyDisk;

use super::*;
use crate::ways::{Failure, FailureKind};

fn spec(name: &str) -> OutletSpec {
    let kind = match name {
        "mail" => OutletKind::Smtp {
            server: "mail.x".into(),
            port: 25,
            tls: Tls::None,
            user: None,
            password_file: None,
            ca_file: None,
            from: "plant@x".into(),
            timeout_ms: 1_000,
        },
        "horn" => OutletKind::Horn,
        _ => OutletKind::Command { program: "/bin/true".into(), args: Vec::new(), timeout_ms: 1_000 },
    };
    OutletSpec {
        name: name.into(),
        kind,
        per_hour: 60,
        per_person: 20,
        quiet_s: 300,
        digest_over: 10,
        bundle_ms: 10_000,
        retry_for_s: 3_600,
        place: Place::default(),
    }
}

fn around(outlets: Vec<OutletSpec>) -> Around {
    let person = |name: &str, address: &str| PersonSpec { name: name.into(), at: vec![("mail".into(), address.into())] };
    let night = DutySpec { days: [true; 7], from: (18, 0), to: (6, 0), members: vec!["ben".into()] };
    let group = GroupSpec { name: "on_call".into(), members: Vec::new(), duty: vec![night], otherwise: vec!["anna".into()] };
    let empty = GroupSpec { name: "nobody".into(), members: Vec::new(), duty: Vec::new(), otherwise: Vec::new() };
    let people = People { persons: vec![person("anna", "anna@x"), person("ben", "ben@x")], groups: vec![group, empty] };
    Around { plant: "Works".into(), zone: TimeZone::UTC, outlets: outlets.into_iter().map(Arc::new).collect(), people }
}

/// A desk with its clock: 2023-11-14 12:00 UTC, a Tuesday.
struct Bench {
    disk: FaultyDisk,
    desk: Desk,
    now: Now,
    around: Around,
}

const NOON: i64 = 1_699_963_200_000_000_000;

impl Bench {
    fn new(outlets: Vec<OutletSpec>) -> Self {
        let (disk, around) = (FaultyDisk::new(7), around(outlets));
        let now = Now { mono: Mono(1_000_000_000), utc: Utc(NOON) };
        let desk = Desk::open(Arc::new(disk.clone()), Path::new("o"), around.clone(), now).unwrap();
        Self { disk, desk, now, around }
    }

    fn wait_s(&mut self, s: u64) {
        self.now.mono = self.now.mono.plus_ms(s * 1_000);
        self.now.utc.0 += s as i64 * 1_000_000_000;
    }

    fn restart(&mut self) {
        self.now.mono = Mono(1_000_000_000);
        self.disk = self.disk.after_crash();
        self.desk = Desk::open(Arc::new(self.disk.clone()), Path::new("o"), self.around.clone(), self.now).unwrap();
    }

    fn ask(&mut self, outlet: &str, to: &[&str], alarm: &str, priority: Priority) {
        let asked = Asked {
            outlet: outlet.into(),
            to: to.iter().map(|to| (*to).to_owned()).collect(),
            alarm: alarm.into(),
            moment: "occurred",
            minutes: 0,
            priority,
            subject: format!("{alarm} high"),
            text: format!("{alarm} high\nWhat to do: look"),
            at: self.now.utc,
        };
        self.desk.ask(vec![asked], Marks::default(), self.now);
    }

    /// What goes out now, and is taken: to whom and with which subject.
    fn sent(&mut self, outlet: &str) -> Vec<String> {
        let mut sent = Vec::new();
        while let Some(job) = self.desk.take(outlet, self.now) {
            sent.push(format!("{} {}", job.letter.to, job.letter.subject));
            assert_eq!(self.desk.settle(outlet, job.letter.number, 5, &Ok("250".into()), self.now), End::Sent);
        }
        sent
    }

    fn rows(&self) -> Vec<String> {
        let query = DeliveryQuery { limit: 1_000, ..DeliveryQuery::default() };
        let rows = self.desk.reader().rows(&query).unwrap();
        rows.iter().rev().map(|row| format!("{} {} {} {}", row.state.word(), row.to, row.count, row.why)).collect()
    }

    fn trouble(&self) -> String {
        self.desk.now()[0].trouble.clone()
    }
}

fn failure(kind: FailureKind) -> Result<String, Failure> {
    Err(Failure::new(kind, "it fails"))
}

#[test]
fn what_comes_close_together_is_one_letter_to_each_address() {
    let mut bench = Bench::new(vec![spec("mail")]);
    bench.ask("mail", &["anna", "x@y"], "a", Priority::Low);
    bench.wait_s(5);
    bench.ask("mail", &["anna"], "b", Priority::High);
    assert_eq!(bench.sent("mail"), [""; 0], "it is still gathered");
    assert_eq!(bench.desk.due("mail", bench.now), Some(bench.now.mono.plus_ms(5_000)));
    bench.wait_s(5);
    assert_eq!(bench.sent("mail"), ["anna@x Works: b high (and 1 more)", "x@y Works: a high"]);
    assert_eq!((bench.desk.due("mail", bench.now), bench.rows().len()), (None, 2));
    let now = &bench.desk.now()[0];
    assert_eq!((now.sent, now.waiting, now.ok, now.kind, now.target.as_str()), (2, 0, true, "smtp", "mail.x:25"));
}

#[test]
fn rosters_say_who_is_told_and_nobody_reached_is_trouble() {
    let mut bench = Bench::new(vec![spec("mail")]);
    for (hours, expected) in [(0, "anna@x"), (6, "ben@x"), (11, "ben@x"), (2, "anna@x")] {
        bench.wait_s(hours * 3_600);
        bench.ask("mail", &["on_call"], "a", Priority::Low);
        bench.wait_s(10);
        assert_eq!(bench.sent("mail"), [format!("{expected} Works: a high")], "{hours}");
    }
    bench.ask("mail", &["nobody"], "b", Priority::Low);
    assert_eq!(bench.trouble(), "nobody of nobody is on duty");
    assert_eq!(bench.rows().pop().unwrap(), "unreached nobody 1 nobody of nobody is on duty");
    bench.ask("mail", &["anna"], "c", Priority::Low);
    assert_eq!(bench.trouble(), "");
}

#[test]
fn a_flood_is_one_letter_and_a_chattering_alarm_is_told_once() {
    let mut bench = Bench::new(vec![spec("mail")]);
    for number in 0..80 {
        bench.ask("mail", &["anna"], &format!("f/{number}"), Priority::Low);
        bench.ask("mail", &["anna"], "chatters", Priority::Low);
    }
    bench.wait_s(10);
    assert_eq!(bench.sent("mail"), ["anna@x Works: flood: 81 notifications in 1 s, first: f/0 high"]);
    bench.wait_s(300);
    bench.ask("mail", &["anna"], "chatters", Priority::Low);
    bench.wait_s(10);
    let job = bench.desk.take("mail", bench.now).unwrap();
    assert!(job.letter.text.contains("happened 80 times"), "{}", job.letter.text);
    bench.desk.settle("mail", job.letter.number, 5, &Ok(String::new()), bench.now);
    bench.ask("mail", &["anna"], "chatters", Priority::Low);
    bench.desk.unhush("chatters");
    bench.ask("mail", &["anna"], "chatters", Priority::Low);
    bench.wait_s(10);
    assert_eq!(bench.sent("mail").len(), 1, "acknowledged, it is news again");
}

#[test]
fn an_hour_has_so_many_letters_and_the_urgent_go_first() {
    let paced = OutletSpec { per_hour: 6, per_person: 100, bundle_ms: 0, quiet_s: 0, ..spec("mail") };
    let mut bench = Bench::new(vec![paced]);
    for number in 0..20 {
        let priority = if number == 19 { Priority::Critical } else { Priority::Low };
        bench.ask("mail", &[&format!("p{number}@x")], "a", priority);
    }
    let at_once = bench.sent("mail");
    assert_eq!((at_once.len(), at_once[0].as_str()), (3, "p19@x Works: a high"), "{at_once:?}");
    let mut in_hour = at_once.len();
    for _ in 0..59 {
        bench.wait_s(60);
        in_hour += bench.sent("mail").len();
    }
    assert_eq!(in_hour, 6);
    bench.restart();
    assert_eq!(bench.sent("mail").len(), 0, "a restart gives no new budget");
    let each = OutletSpec { per_person: 2, bundle_ms: 0, quiet_s: 0, ..spec("mail") };
    let mut bench = Bench::new(vec![each]);
    for number in 0..5 {
        bench.ask("mail", &["anna"], &format!("a{number}"), Priority::Low);
        let expected = usize::from(number == 0);
        assert_eq!(bench.sent("mail").len(), expected, "{number}");
    }
    bench.ask("mail", &["ben"], "a", Priority::Low);
    assert_eq!(bench.sent("mail"), ["ben@x Works: a high"], "one person's limit is not another's");
    bench.wait_s(3_600);
    assert_eq!(bench.sent("mail"), ["anna@x Works: a1 high (and 3 more)"]);
}

#[test]
fn a_letter_is_tried_again_until_its_time_is_over_and_the_trouble_ends_with_the_next_good_one() {
    let short = OutletSpec { retry_for_s: 40, bundle_ms: 0, ..spec("mail") };
    let mut bench = Bench::new(vec![short]);
    bench.ask("mail", &["anna"], "a", Priority::Low);
    let mut ids = Vec::new();
    let mut attempts = Vec::new();
    for _ in 0..100 {
        if let Some(job) = bench.desk.take("mail", bench.now) {
            assert!(bench.desk.take("mail", bench.now).is_none(), "one at a time");
            let end = bench.desk.settle("mail", job.letter.number, 5, &failure(FailureKind::Outside), bench.now);
            attempts.push((bench.now.utc.0 - NOON) / 1_000_000_000);
            ids.push(job.letter.id);
            assert_eq!(bench.trouble().is_empty(), attempts.len() < 2, "{attempts:?}");
            if end == End::GivenUp {
                break;
            }
        }
        bench.wait_s(1);
    }
    assert_eq!(attempts, [0, 5, 15, 35, 75]);
    ids.dedup();
    assert_eq!(ids.len(), 1, "the same name every time");
    assert_eq!(bench.rows().pop().unwrap(), "given-up anna@x 1 given up after 5 attempts: it fails");
    assert_eq!((bench.trouble().as_str(), bench.desk.now()[0].given_up), ("anna@x: it fails", 1));
    bench.ask("mail", &["anna"], "b", Priority::Low);
    let job = bench.desk.take("mail", bench.now).unwrap();
    assert!(job.letter.text.contains("1 earlier message(s) to this address did not get out"), "{}", job.letter.text);
    bench.desk.settle("mail", job.letter.number, 5, &Ok("250".into()), bench.now);
    assert_eq!(bench.trouble(), "");
}

#[test]
fn greylisting_is_no_trouble_and_a_refusal_is_one_at_once() {
    let mut bench = Bench::new(vec![OutletSpec { bundle_ms: 0, ..spec("mail") }]);
    bench.ask("mail", &["anna"], "a", Priority::Low);
    for _ in 0..4 {
        let job = bench.desk.take("mail", bench.now).unwrap();
        assert_eq!(bench.desk.settle("mail", job.letter.number, 5, &failure(FailureKind::Later), bench.now), End::Again);
        assert_eq!(bench.trouble(), "");
        bench.wait_s(60);
    }
    assert_eq!(bench.sent("mail").len(), 1);
    bench.ask("mail", &["gone@x"], "b", Priority::Low);
    let job = bench.desk.take("mail", bench.now).unwrap();
    assert_eq!(bench.desk.settle("mail", job.letter.number, 5, &failure(FailureKind::ForGood), bench.now), End::GivenUp);
    assert_eq!(bench.trouble(), "gone@x: it fails");
    bench.wait_s(25 * 3_600);
    bench.desk.tick(bench.now);
    assert_eq!(bench.trouble(), "", "what wasn't seen for a day is forgotten");
}

#[test]
fn while_a_letter_fails_others_go_and_what_comes_for_it_is_gathered() {
    let mut bench = Bench::new(vec![OutletSpec { bundle_ms: 0, ..spec("mail") }]);
    bench.ask("mail", &["anna"], "a", Priority::Low);
    let job = bench.desk.take("mail", bench.now).unwrap();
    bench.desk.settle("mail", job.letter.number, 5, &failure(FailureKind::Outside), bench.now);
    bench.ask("mail", &["anna", "ben"], "b", Priority::High);
    bench.ask("mail", &["anna"], "c", Priority::High);
    assert_eq!(bench.sent("mail"), ["ben@x Works: b high"]);
    bench.wait_s(5);
    assert_eq!(bench.sent("mail"), ["anna@x Works: a high", "anna@x Works: b high (and 1 more)"]);
}

#[test]
fn a_kill_loses_nothing_and_the_name_stays() {
    let mut bench = Bench::new(vec![OutletSpec { bundle_ms: 0, ..spec("mail") }]);
    bench.ask("mail", &["anna"], "a", Priority::Low);
    bench.restart();
    let first = bench.desk.take("mail", bench.now).unwrap().letter;
    bench.restart();
    let second = bench.desk.take("mail", bench.now).unwrap().letter;
    assert_eq!((&first.id, first.text), (&second.id, second.text));
    bench.desk.settle("mail", second.number, 5, &failure(FailureKind::Outside), bench.now);
    bench.wait_s(4_000);
    bench.restart();
    let late = bench.desk.take("mail", bench.now).unwrap().letter;
    assert_eq!((late.attempts, late.id == first.id), (1, true));
    let end = bench.desk.settle("mail", late.number, 5, &failure(FailureKind::Outside), bench.now);
    assert_eq!(end, End::GivenUp, "the time that the station was down counts");
    assert_eq!(bench.sent("mail"), [""; 0]);
}

#[test]
fn too_many_drop_the_least_urgent_and_say_so() {
    let mut bench = Bench::new(vec![OutletSpec { quiet_s: 0, ..spec("mail") }]);
    let asked = |number: usize| Asked {
        outlet: "mail".into(),
        to: vec!["anna".into()],
        alarm: format!("a/{number}"),
        moment: "occurred",
        minutes: 0,
        priority: if number < 10 { Priority::Critical } else { Priority::Low },
        subject: format!("{number}"),
        text: format!("{number}"),
        at: Utc(NOON),
    };
    let count = limits::WAITING + 700;
    for chunk in (0..count).collect::<Vec<_>>().chunks(500) {
        bench.desk.ask(chunk.iter().map(|number| asked(*number)).collect(), Marks::default(), bench.now);
    }
    assert!(bench.desk.now()[0].waiting <= limits::WAITING as u64);
    bench.wait_s(10);
    let letter = bench.desk.take("mail", bench.now).unwrap().letter;
    assert_eq!((letter.count as usize, letter.priority), (count, Priority::Critical));
    assert!(letter.subject.ends_with("first: 0") && letter.text.contains("found no room"), "{}", letter.text);
    assert!(bench.rows().iter().any(|row| row.starts_with("dropped anna@x")), "{:?}", bench.rows());
}

#[test]
fn horns_are_counted_and_told_to_the_journal_once_a_second() {
    let mut bench = Bench::new(vec![spec("horn")]);
    for _ in 0..50 {
        bench.ask("horn", &[], "a", Priority::High);
    }
    assert_eq!(bench.desk.now()[0].sent, 50);
    bench.desk.tick(bench.now);
    assert_eq!(bench.rows(), [""; 0]);
    bench.wait_s(1);
    assert_eq!(bench.desk.tick_due(), Some(bench.now.mono));
    bench.desk.tick(bench.now);
    assert_eq!((bench.rows(), bench.desk.tick_due()), (vec!["sent  50 to the consoles".to_owned()], None));
    assert_eq!(bench.desk.delivering().len(), 0);
}

#[test]
fn a_trial_goes_at_once_and_never_again_and_an_outlet_that_goes_takes_its_letters() {
    let mut bench = Bench::new(vec![spec("mail"), spec("siren")]);
    bench.ask("mail", &["anna"], "a", Priority::Low);
    let number = bench.desk.try_out("mail", "anna", ("Trial", "It works"), bench.now).unwrap();
    let job = bench.desk.take("mail", bench.now).unwrap();
    assert_eq!((job.letter.number, job.letter.subject.as_str(), job.letter.trial), (number, "Works: Trial", true));
    assert_eq!(bench.desk.settle("mail", number, 5, &failure(FailureKind::Outside), bench.now), End::GivenUp);
    assert_eq!(bench.trouble(), "");
    for (outlet, to, expected) in [
        ("mial", "anna", "There is no outlet mial; there are: mail, siren."),
        ("mail", "", "Say to whom"),
        ("mail", "nobody", "Nobody can be reached: nobody of nobody is on duty."),
        ("mail", "carla", "Nobody can be reached: `carla` is neither"),
    ] {
        let error = bench.desk.try_out(outlet, to, ("T", "t"), bench.now).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
    bench.ask("siren", &[], "a", Priority::Low);
    bench.ask("siren", &[], "system/outlets/siren", Priority::Low);
    assert_eq!(bench.desk.now()[1].waiting, 1, "that it fails isn't told through itself");
    bench.around = around(vec![spec("siren")]);
    bench.desk.change(bench.around.clone(), bench.now);
    assert_eq!(bench.rows().pop().unwrap(), "dropped anna@x 1 the project has no such outlet any more");
    bench.restart();
    bench.wait_s(10);
    assert_eq!(bench.sent("siren"), [" Works: a high"]);
}

#[test]
fn what_is_remembered_of_alarms_survives_with_what_they_led_to() {
    let mut bench = Bench::new(vec![spec("mail")]);
    assert_eq!(bench.desk.seen(), None);
    let step = Asked {
        outlet: "mail".into(),
        to: vec!["anna".into()],
        alarm: "a".into(),
        moment: "unacknowledged",
        minutes: 5,
        priority: Priority::Low,
        subject: "s".into(),
        text: "t".into(),
        at: bench.now.utc,
    };
    let marks = |closed: &[&str]| Marks {
        seen: 17,
        closed: closed.iter().map(|alarm| (*alarm).to_owned()).collect(),
        steps: if closed.is_empty() { vec![("a".into(), 16, 5)] } else { Vec::new() },
    };
    bench.desk.ask(vec![step], marks(&[]), bench.now);
    bench.restart();
    assert_eq!((bench.desk.seen(), bench.desk.step("a")), (Some(17), Some((16, 5))));
    bench.desk.ask(Vec::new(), marks(&["a"]), bench.now);
    bench.desk.note_seen(20);
    bench.restart();
    assert_eq!((bench.desk.seen(), bench.desk.step("a")), (Some(20), None));
}
