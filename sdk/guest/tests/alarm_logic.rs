//! Alarm logic against a scripted world: what is said, what is heard, and what a setup may get wrong.

mod field;

use field::Field;
use plantroom_sdk::native;
use plantroom_sdk::prelude::*;

/// Tells in one alarm of its own how many others hold, and suppresses them when told so.
#[derive(AlarmLogic)]
struct Count {
    many: Condition,
    left: Alarm,
    #[setup(default = None)]
    right: Option<Alarm>,
    most: u64,
    #[setup(default = Duration::from_secs(10))]
    period: Duration,
    holding: Cell<u64>,
}

impl AlarmLogic for Count {
    const READS_TAGS: bool = false;

    async fn begin(&self, io: &Io) -> Result<()> {
        assert_eq!(io.stand(&self.left), Standing::default());
        io.clear(&self.many, 0_u64);
        Ok(())
    }

    async fn events(&self, io: &Io, events: &AlarmEvents) -> Result<()> {
        for event in events.of(&self.left) {
            assert_eq!((event.utc_ns(), event.decided_ns, event.to.occurrence), (40, 50, 7));
        }
        let held = events.iter().filter(|event| event.kind == AlarmEventKind::Occurred && event.to.state.is_holding());
        self.holding.set(self.holding.get() + held.count() as u64);
        if self.holding.get() > self.most {
            io.raise_as(&self.many, self.holding.get(), 9, &"ä".repeat(300));
            for alarm in [Some(&self.left), self.right.as_ref()].into_iter().flatten() {
                io.suppress(alarm, "too many");
                io.group(alarm, "too many", false);
            }
        }
        Ok(())
    }

    async fn tick(&self, io: &Io) -> Result<()> {
        io.mark_first(&self.left, false);
        Ok(())
    }
}

const SETUP: &str = r#"{"plugin": {"most": 1}, "positions": [{"name": "north", "areas": ["a"]}], "alarms": [
    {"name": "a/many", "access": ["raise", "read"]},
    {"name": "a/left", "area": "a", "priority": "high", "link": "plc", "new": 1, "access": ["read", "suppress", "mark"]},
    {"name": "a/right", "access": ["read", "suppress", "mark"]}]}"#;

#[test]
fn what_is_heard_becomes_words_in_the_same_step() {
    let field = Field::install();
    native::init::<Count>(SETUP).unwrap();
    assert!(field.words().is_empty(), "init runs in `plantroom check` too");
    field.step(0);
    let plain = |alarm, verb, value| (alarm, verb, value, String::new());
    assert_eq!(field.words(), [plain(0, 2, Value::Uint(0)), plain(1, 7, Value::Null)]);
    field.alarm(1, 1, 1);
    field.step(1);
    assert!(field.words().is_empty());
    field.alarm(2, 1, 1);
    field.alarm(2, 2, 3);
    field.step(2);
    let told = field.words();
    assert_eq!((told[0].0, told[0].1, &told[0].2), (0, 1, &Value::Uint(2)));
    assert_eq!(told[0].3, "ä".repeat(256), "cut at a character");
    let many = |alarm, verb| (alarm, verb, Value::Null, "too many".to_owned());
    assert_eq!(told[1..], [many(1, 4), many(1, 8), many(2, 4), many(2, 8)]);
}

#[test]
fn a_setup_says_everything_that_is_wrong_with_it() {
    let _field = Field::install();
    let wrong = SETUP
        .replace("a/left", "a/lfet")
        .replace("\"most\": 1", "\"mots\": 1")
        .replace(r#"{"name": "a/right","#, r#"{"name": "a/some", "access": ["raise"]}, {"name": "a/right","#);
    let told: Vec<String> = native::init::<Count>(&wrong).unwrap_err().into_iter().map(|problem| problem.message).collect();
    assert_eq!(told.len(), 4, "{told:#?}");
    assert!(told[0].contains("has the key `mots`"), "{told:#?}");
    assert!(told[1].contains("alarm `a/some`: this plugin raises nothing of that name; it raises `many`"), "{told:#?}");
    assert!(told[2].contains("ends in `left`") && told[2].contains("`alarms.read`"), "{told:#?}");
    assert!(told[3].contains("needs `most`"), "{told:#?}");
}

#[test]
fn patterns_and_names_find_alarms() {
    let setup = Setup::parse(SETUP).unwrap();
    let named = |pattern: &str| setup.alarms_like(pattern).map(|alarm| alarm.handle).collect::<Vec<_>>();
    assert_eq!(
        (named("a/*"), named("a/{left,right}"), named("a/left"), named("left")),
        (vec![0, 1, 2], vec![1, 2], vec![1], vec![])
    );
    let left = setup.alarm("a/left").unwrap();
    assert_eq!((left.priority, left.link.as_str(), left.read, left.raise), (Priority::High, "plc", true, false));
    assert!(left.to_raise().is_err() && setup.alarm("a/none").is_err());
    assert_eq!(setup.positions[0].areas, ["a"]);
    assert!(Setup::parse("{}").unwrap().alarms.is_empty());
}

#[test]
fn numbers_of_a_newer_host_are_no_fault() {
    assert_eq!(AlarmEventKind::from_u8(200), AlarmEventKind::Other(200));
    assert_eq!(AlarmState::from_u8(200), AlarmState::Normal);
    assert_eq!(Priority::from_word("dreadful"), Priority::Low);
}
