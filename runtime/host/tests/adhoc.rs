#[path = "sandbox/guest.rs"] mod guest;
#[path = "sandbox/world.rs"] mod world;
use world::*;
#[test]
fn real() {
    let bytes = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins/modbus.wasm")).unwrap();
    let plant = plant(|g| { g.memory_bytes = 32 << 20; g.read.clear(); g.hard_ms = 250; });
    let t = std::time::Instant::now();
    let loaded = load_into(&plant, &bytes).map_err(|e| e.to_string());
    println!("load {:?} in {:?}", loaded.as_ref().map(|l| l.manifest().cloned()), t.elapsed());
    let loaded = loaded.unwrap();
    println!("init {:?}", loaded.try_init());
    let world = std::sync::Arc::new(World::default());
    let mut p = loaded.by_hand(world.clone());
    for _ in 0..4 { println!("{:?}", p.turn()); println!("{:?}", world.events()); 
      let n = world.open.lock().len(); for _ in 0..n { world.answer(0, &[16256,0,16256,0]); } }
    println!("{:?} {:?}", p.figures(), p.last_fault());
}
