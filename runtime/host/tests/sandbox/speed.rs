//! What the boundary costs. Not a test: `cargo test -p plantroom-host --test sandbox -- --ignored --nocapture speed`.

use std::sync::Arc;
use std::time::Instant;

use plantroom_host::{Outside, PluginState};
use plantroom_model::*;

use crate::guest::Guest;
use crate::world::{load_into, plant};

/// A thousand samples come in as changes, and go out as they came.
const STEP: &str = "
    (call $changes (i32.const 2048))
    (call $publish
        (i32.load (i32.const 2048)) (i32.load (i32.const 2052)) (i32.load (i32.const 2056)) (i32.load (i32.const 2060))
        (i32.load (i32.const 2064)) (i32.load (i32.const 2068)) (i32.load (i32.const 2072)) (i32.load (i32.const 2076))
        (i32.load (i32.const 2080)) (i32.load (i32.const 2084)) (i32.load (i32.const 2088)) (i32.load (i32.const 2092)))";

struct Sink(Instant);

impl Outside for Sink {
    fn now(&self) -> Now {
        Now { mono: Mono(self.0.elapsed().as_nanos() as u64), utc: Utc(1) }
    }
    fn samples(&self, _: PluginId, columns: Columns, _: Now) {
        assert_eq!(columns.len(), 1_000);
    }
    fn missed(&self, _: PluginId, _: Vec<TagId>, _: Status, _: Now) {}
    fn transact(&self, _: ConnectionId, _: ModbusRequest, _: Box<dyn FnOnce(ModbusCompletion) + Send>) {}
    fn settled(&self, _: OrderId, _: SettleCode, _: String) {}
    fn state(&self, _: PluginId, state: PluginState) {
        assert!(state.fault().is_none(), "{state:?}");
    }
    fn log(&self, _: PluginId, _: u8, _: String) {}
    fn store_load(&self, _: PluginId) -> Vec<u8> {
        Vec::new()
    }
    fn store_save(&self, _: PluginId, _: Vec<u8>) {}
}

#[test]
#[ignore = "a measurement"]
fn speed() {
    let mut plant = plant(|grant| {
        (grant.publish, grant.read) = ((0..1_000).map(TagId).collect(), (0..1_000).map(TagId).collect());
        (grant.samples_per_s, grant.hard_ms) = (u32::MAX, 250);
    });
    let origin = Origin::Analytics { plugin: PluginId(0) };
    plant.tags = (0..1_000).map(|n| TagSpec::new(&format!("t{n}"), ValueKind::Float, origin.clone())).collect();
    let guest = Guest { imports: &["publish", "changes"], step: STEP, ..Guest::default() };
    let sink = Arc::new(Sink(Instant::now()));
    let mut plugin = load_into(&plant, &guest.component()).unwrap().by_hand(sink);
    let sample = Sample { value: Value::Float(1.5), status: Status::GOOD, ..Sample::waiting() };
    let changes = (0..1_000).map(|tag| Change { tag: TagId(tag), sample: sample.clone() }).collect();
    let frame = Arc::new(Frame { number: 1, now: Now::default(), changes });
    plugin.turn();
    plugin.deliver_changes(frame.clone());
    plugin.turn();
    let (mut turns, mut steps) = (Vec::new(), Vec::new());
    while turns.len() < 3_000 {
        plugin.deliver_changes(frame.clone());
        let before = (Instant::now(), plugin.figures().steps);
        plugin.turn();
        if plugin.figures().steps > before.1 {
            turns.push(before.0.elapsed().as_nanos());
            steps.push(plugin.figures().step_last_ns);
        }
    }
    turns.sort_unstable();
    steps.sort_unstable();
    println!("1,000 samples in and out: step {} ns, whole turn {} ns (medians)", steps[1_500], turns[1_500]);
}
