//! The misdeeds themselves. They reach past the SDK, as a hostile author would.

use std::hint::black_box;
use std::time::Duration;

use plantroom_sdk::raw::{Columns, ModbusRequest};
use plantroom_sdk::{Status, Value, unguarded};

/// A handle, a connection and an order that nobody was ever given.
const FOREIGN: u32 = 4_000_000;

pub fn trap() -> ! {
    panic!("the hostile guest traps, as its mode says");
}

pub fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

pub fn eat_memory() {
    loop {
        let mut block = vec![0_u8; 1 << 20];
        // Touched and leaked, so that it can't be optimised away.
        block.iter_mut().step_by(4_096).for_each(|byte| *byte = 1);
        black_box(block.leak());
    }
}

pub fn eat_stack() {
    fn deeper(depth: u64) -> u64 {
        let frame = black_box([depth; 64]);
        if depth == u64::MAX { 0 } else { deeper(depth + 1) + frame[(depth % 64) as usize] }
    }
    black_box(deeper(0));
}

pub fn flood_samples(handle: u32, rows: u64) {
    let mut batch = Columns::default();
    for row in 0..rows {
        batch.push(handle, &Value::Uint(row), Status::GOOD, 0);
    }
    unguarded::publish(&batch);
}

pub fn publish_then_trap() -> ! {
    // The SDK publishes at the end of a step, which this one never reaches; so do it at once.
    flood_samples(0, 1);
    trap();
}

pub fn broken_columns(handle: u32) {
    let mut batch = Columns::default();
    batch.push(handle, &Value::Uint(1), Status::GOOD, 0);
    batch.times.clear();
    unguarded::publish(&batch);
}

pub fn foreign_handle() {
    flood_samples(FOREIGN, 1);
}

pub fn flood_log() {
    for line in 0..10_000 {
        plantroom_sdk::log_info!("line {line} of a flood");
    }
}

pub fn huge_log() {
    plantroom_sdk::log_info!("{}", "x".repeat(4 << 20));
}

pub fn flood_modbus() {
    let request = ModbusRequest { unit: 1, function: 3, count: 1, ..ModbusRequest::default() };
    for _ in 0..2_000 {
        unguarded::submit(&request);
    }
}

pub fn foreign_connection() {
    unguarded::submit(&ModbusRequest { connection: FOREIGN, unit: 1, function: 3, count: 1, ..ModbusRequest::default() });
}

pub fn write_without_order() {
    unguarded::submit(&ModbusRequest { unit: 1, function: 6, data: vec![1], ..ModbusRequest::default() });
}

pub fn settle_foreign_order() {
    unguarded::settle(u64::from(FOREIGN), &plantroom_sdk::Outcome::Done);
}

pub async fn never_sleep() {
    loop {
        plantroom_sdk::sleep(Duration::from_nanos(1)).await;
    }
}

/// Some tens of milliseconds of work: over the soft limit, below the hard one, on most machines.
pub fn burn() {
    let mut turns = 0_u64;
    while turns < 100_000_000 {
        turns = black_box(turns + 1);
    }
}
