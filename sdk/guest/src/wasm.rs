//! The contract's imports and exports in the sandbox. Everything generated stays in this file.

pub use wit_bindgen;

#[expect(missing_docs, reason = "the contract's own documentation is in wit/plugin-0.1")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/plugin-0.1",
        inline: "package plantroom:sdk;
            world plugin {
                include plantroom:plugin/driver@0.1.4;
                include plantroom:plugin/analytics@0.1.4;
                include plantroom:plugin/alarm-logic@0.1.4;
                export plantroom:plugin/diagnose@0.1.4;
            }",
        world: "plantroom:sdk/plugin",
        with: {
            "plantroom:plugin/types@0.1.4/columns": crate::raw::Columns,
            "plantroom:plugin/orders@0.1.4/batch": crate::raw::OrderBatch,
            "plantroom:plugin/modbus@0.1.4/request": crate::raw::ModbusRequest,
            "plantroom:plugin/modbus@0.1.4/completion": crate::raw::ModbusCompletion,
            "plantroom:plugin/modbus@0.1.4/packed": crate::raw::ModbusAnswers,
            "plantroom:plugin/samples@0.1.4/runs": crate::raw::SampleRuns,
            "plantroom:plugin/stream@0.1.4/arrivals": crate::raw::StreamArrivals,
            "plantroom:plugin/conditions@0.1.4/words": crate::raw::AlarmWords,
            "plantroom:plugin/conditions@0.1.4/events": crate::raw::AlarmEventColumns,
            "plantroom:plugin/conditions@0.1.4/standings": crate::raw::StandingColumns,
            "plantroom:plugin/guest@0.1.4/problem": crate::raw::Problem,
            "plantroom:plugin/diagnose@0.1.4/explanation": crate::raw::Explanation,
        },
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_contract",
        default_bindings_module: "plantroom_sdk::wasm",
        runtime_path: "plantroom_sdk::wasm::wit_bindgen::rt",
    });
}

pub use crate::raw::{Explanation, Problem};
pub use bindings::exports::plantroom::plugin::diagnose::Guest as Diagnose;
pub use bindings::exports::plantroom::plugin::guest::Guest;
pub use bindings::plantroom::plugin::types::Instant;
pub use bindings::{export_contract as export, exports};

/// `guest.init`, with panics told in the log before they become traps.
///
/// # Errors
/// All problems with the setup.
pub fn init<P: crate::Exported>(document: &str) -> Result<(), Vec<Problem>> {
    std::panic::set_hook(Box::new(|panic| port::log(crate::log::Level::Error as u8, &panic.to_string())));
    crate::life::init::<P>(document)
}

/// `guest.step`.
pub fn step(now: Instant) -> u64 {
    crate::life::step(crate::Instant { mono_ns: now.mono, utc_ns: now.utc })
}

pub(crate) mod port {
    use super::bindings::plantroom::plugin as contract;
    use crate::raw::{
        AlarmEventColumns, AlarmWords, Columns, ModbusAnswers, ModbusReads, ModbusRequest, OrderBatch, SampleRuns,
        StandingColumns, StreamArrivals, StreamSent,
    };
    use crate::{Outcome, Status};

    pub(crate) fn publish(batch: &Columns) {
        contract::samples::publish(batch);
    }

    pub(crate) fn fix_set(handles: &[u32], kinds: &[u8]) -> u32 {
        contract::samples::fix_set(handles, kinds)
    }

    pub(crate) fn publish_runs(batch: &SampleRuns) {
        contract::samples::publish_runs(batch);
    }

    pub(crate) fn missed(tags: &[u32], reason: Status) {
        contract::samples::missed(tags, reason.0);
    }

    pub(crate) fn take_orders(max: u32) -> OrderBatch {
        contract::orders::take(max)
    }

    pub(crate) fn settle(order: u64, outcome: &Outcome) {
        contract::orders::settle(order, outcome.code(), outcome.detail());
    }

    pub(crate) fn submit(request: &ModbusRequest) -> u64 {
        contract::modbus::submit(request)
    }

    pub(crate) fn submit_reads(batch: &ModbusReads) -> u64 {
        contract::modbus::submit_packed(&batch.packed)
    }

    pub(crate) fn collect_answers(max: u32) -> ModbusAnswers {
        contract::modbus::collect_packed(max)
    }

    pub(crate) fn stream_collect(max_bytes: u32) -> StreamArrivals {
        contract::stream::collect(max_bytes)
    }

    pub(crate) fn stream_send(connection: u32, session: u64, order: u64, bytes: &[u8]) -> StreamSent {
        StreamSent::from_number(contract::stream::send(connection, session, order, bytes))
    }

    pub(crate) fn stream_close(connection: u32, session: u64, reason: &str) {
        contract::stream::close(connection, session, reason);
    }

    pub(crate) fn changes() -> Columns {
        contract::tags::changes()
    }

    pub(crate) fn lost() -> u64 {
        contract::tags::lost()
    }

    pub(crate) fn read_tags(tags: &[u32]) -> Columns {
        contract::tags::read(tags)
    }

    pub(crate) fn say(words: &AlarmWords) {
        contract::conditions::say(words);
    }

    pub(crate) fn alarm_events() -> AlarmEventColumns {
        contract::conditions::take_events()
    }

    pub(crate) fn alarm_events_lost() -> u64 {
        contract::conditions::lost()
    }

    pub(crate) fn alarms_stand(alarms: &[u32]) -> StandingColumns {
        contract::conditions::stand(alarms)
    }

    pub(crate) fn get(key: &str) -> Option<Vec<u8>> {
        contract::memory::get(key)
    }

    pub(crate) fn set(key: &str, value: &[u8]) -> bool {
        contract::memory::set(key, value)
    }

    pub(crate) fn remove(key: &str) {
        contract::memory::remove(key);
    }

    pub(crate) fn log(level: u8, line: &str) {
        contract::log::write(level, line);
    }
}
