//! Analytics against a scripted world, and the pieces that every plugin may use.

mod field;

use field::Field;
use plantroom_sdk::native;
use plantroom_sdk::prelude::*;

/// In ns.
const SECOND: u64 = 1_000_000_000;

/// The larger of two levels, and how often it was computed.
#[derive(Analytics)]
struct Larger {
    left: Input<f64>,
    right: Input<f64>,
    larger: Tag<f64>,
    #[setup(name = "larger/count", default = None)]
    count: Option<Tag<u64>>,
    period: Duration,
    seen: Cell<u64>,
}

impl Larger {
    fn publish(&self, io: &Io) {
        let samples = io.read_all(&[self.left.clone(), self.right.clone()]);
        self.seen.set(self.seen.get() + 1);
        match (samples[0].usable(), samples[1].usable()) {
            (Some(left), Some(right)) => io.publish(&self.larger, left.max(*right)),
            _ => io.publish_bad(&self.larger, Status::BAD_WAITING_FOR_INITIAL_DATA),
        }
        if let Some(count) = &self.count {
            io.publish(count, self.seen.get());
        }
    }
}

impl Analytics for Larger {
    async fn begin(&self, io: &Io) -> Result<()> {
        self.seen.set(memory::load("seen").unwrap_or(0));
        self.publish(io);
        Ok(())
    }

    async fn update(&self, io: &Io, changes: &Changes) -> Result<()> {
        assert!(!changes.is_empty());
        self.publish(io);
        Ok(())
    }

    async fn tick(&self, _: &Io) -> Result<()> {
        memory::save("seen", &self.seen.get())
    }
}

const LEVELS: &str = r#"{"plugin": {"period_ms": 1000}, "tags": [
    {"name": "a/left", "kind": "float", "access": ["read"]}, {"name": "a/right", "kind": "int", "access": ["read"]},
    {"name": "a/larger", "kind": "float", "access": ["publish"]}, {"name": "a/larger/count", "kind": "uint", "access": ["publish"]},
    {"name": "a/other", "kind": "text", "access": ["read"]}]}"#;

#[test]
fn changes_become_samples_in_the_same_step() {
    let field = Field::install();
    native::init::<Larger>(LEVELS).unwrap();
    assert!(field.samples().is_empty(), "init runs in `plantroom check` too");
    assert_eq!(field.step(0), SECOND);
    assert_eq!(field.samples_with_status()[0].2, Status::BAD_WAITING_FOR_INITIAL_DATA.0);
    field.change(0, &Value::Float(1.5), Status::GOOD);
    field.change(1, &Value::Int(3), Status::GOOD);
    field.step(5);
    assert_eq!(field.samples(), [(2, Value::Float(3.0)), (3, Value::Uint(2))]);
    field.step(6);
    assert!(field.samples().is_empty());
}

#[test]
fn what_was_kept_is_there_after_a_restart() {
    let field = Field::install();
    native::init::<Larger>(LEVELS).unwrap();
    field.step(0);
    field.step(SECOND);
    native::stop();
    native::init::<Larger>(LEVELS).unwrap();
    field.samples();
    field.step(2 * SECOND);
    assert_eq!(field.samples()[1], (3, Value::Uint(2)));
}

#[test]
fn an_input_of_the_wrong_kind_is_told() {
    let _field = Field::install();
    let document =
        LEVELS.replace(r#""a/left", "kind": "float""#, r#""a/left", "kind": "text""#).replace("a/larger/count", "a/cuont");
    let told = native::init::<Larger>(&document).unwrap_err();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].message.contains("nothing in this plugin is called `cuont`") && told[0].tag == Some(3));
    assert!(told[1].message.contains("`a/left` is declared as text") && told[1].tag == Some(0));
}

thread_local! {
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn tell(line: impl Into<String>) {
    TOLD.with(|told| told.borrow_mut().push(line.into()));
}

/// Tries what tasks can do; what happened is told in order.
#[derive(Analytics)]
struct Tasks {}

impl Analytics for Tasks {
    fn start(self: Rc<Self>, _: Io) {
        let signal = Rc::new(Signal::new());
        let raised = signal.clone();
        spawn(async move {
            let both = join_all([Duration::from_millis(20), Duration::from_millis(10)].map(|time| async move {
                sleep(time).await;
                now().mono_ns / 1_000_000
            }));
            tell(format!("joined {:?}", both.await));
            raised.raise();
        });
        spawn(async move {
            signal.wait().await;
            tell("signalled");
            let late = timeout(Duration::from_millis(5), std::future::pending::<()>()).await;
            tell(format!("{late:?}"));
            let quick = first(sleep(Duration::from_millis(50)), sleep(Duration::from_millis(1))).await;
            tell(format!("{quick:?}"));
        });
    }
}

#[test]
fn tasks_wait_on_virtual_time_alone() {
    let field = Field::install();
    native::init::<Tasks>("{}").unwrap();
    let mut wakes = Vec::new();
    let mut now_ns = 0;
    while now_ns != u64::MAX {
        wakes.push(now_ns / 1_000_000);
        now_ns = field.step(now_ns);
    }
    // A pause that lost a race is gone: nothing wakes at 76 ms.
    assert_eq!(wakes, [0, 10, 20, 25, 26]);
    let told = TOLD.with(RefCell::take);
    assert_eq!(told, ["joined [20, 10]", "signalled", "Err(TimedOut)", "Right(())"]);
}
