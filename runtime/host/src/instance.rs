//! One instance: made, initialised, stepped, and thrown away after any trap.

use plantroom_model::{Mono, Now};
use wasmtime::{Engine, Store, Trap, WasmBacktrace};

use crate::bindings::{Explaining, ExplainingIndices, Sandboxed, SandboxedPre, types::Instant};
use crate::engine::ticks;

use crate::stage::{Breach, Staged, StepState, one_line};
use crate::{Explanation, FaultKind, limits};

/// Frames kept of a backtrace.
const BACKTRACE_FRAMES: usize = 20;

/// A running instance and everything that it may touch.
pub(crate) struct Instance {
    store: Store<StepState>,
    guest: Sandboxed,
    /// Where it says how its tags came to their values, if it does.
    explaining: Option<Explaining>,
    /// Steps begun.
    pub steps: u64,
}

/// What went wrong in a guest.
#[derive(Debug, PartialEq)]
pub(crate) struct Failure {
    /// What kind.
    pub kind: FaultKind,
    /// In one sentence.
    pub message: String,
    /// Innermost frame first.
    pub backtrace: Vec<String>,
}

/// What a guest can't work with: the handle it is about, and a sentence.
pub(crate) type Problems = Vec<(Option<u32>, String)>;

impl Instance {
    /// Makes an instance. Where that fails, its state comes back with the reason.
    pub fn create(
        engine: &Engine,
        linked: &SandboxedPre<StepState>,
        state: StepState,
    ) -> Result<Self, (Failure, Box<StepState>)> {
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(limits::HOSTCALL_BYTES);
        store.epoch_deadline_trap();
        store.set_epoch_deadline(ticks(limits::INIT_MS));
        match make(linked, &mut store) {
            Ok((guest, explaining)) => Ok(Self { store, guest, explaining, steps: 0 }),
            Err(error) => {
                let mut failure = failure(&error, &mut store, limits::INIT_MS);
                if failure.kind == FaultKind::Trap {
                    failure.kind = FaultKind::Start;
                }
                Err((failure, Box::new(store.into_data())))
            }
        }
    }

    /// Calls `init` with the document.
    pub fn init(&mut self, now: Now, document: &str) -> Result<Result<(), Problems>, Failure> {
        self.store.data_mut().now = now;
        self.store.set_epoch_deadline(ticks(limits::INIT_MS));
        match self.guest.plantroom_plugin_guest().call_init(&mut self.store, document) {
            Ok(Ok(())) => Ok(Ok(())),
            Ok(Err(problems)) => Ok(Err(problems
                .into_iter()
                .take(limits::PROBLEMS)
                .map(|problem| (problem.tag, one_line(&problem.message, limits::MESSAGE_BYTES)))
                .collect())),
            Err(error) => Err(failure(&error, &mut self.store, limits::INIT_MS)),
        }
    }

    /// Calls one step; returns when the guest wants the next one.
    pub fn step(&mut self, now: Now) -> Result<Mono, Failure> {
        let hard_ms = u64::from(self.store.data().rights.grant.hard_ms);
        self.steps += 1;
        self.store.data_mut().now = now;
        self.store.set_epoch_deadline(ticks(hard_ms));
        let instant = Instant { mono: now.mono.0, utc: now.utc.0 };
        match self.guest.plantroom_plugin_guest().call_step(&mut self.store, instant) {
            Ok(wake) => Ok(Mono(wake)),
            Err(error) => Err(failure(&error, &mut self.store, hard_ms)),
        }
    }

    /// Asks the guest about one of its tags; `None` where it has nothing to say. It only looks: whatever it does has no effect.
    pub fn explain(&mut self, handle: u32, now: Now) -> Result<Option<Explanation>, Failure> {
        let Some(explaining) = &self.explaining else { return Ok(None) };
        let hard_ms = u64::from(self.store.data().rights.grant.hard_ms);
        self.store.data_mut().now = now;
        self.store.set_epoch_deadline(ticks(hard_ms));
        let told = explaining.plantroom_plugin_diagnose().call_explain(&mut self.store, handle);
        self.store.data_mut().staged = Staged::default();
        told.map(|told| told.map(Explanation::from)).map_err(|error| failure(&error, &mut self.store, hard_ms))
    }

    /// Calls `stop`.
    pub fn stop(&mut self, now: Now) -> Result<(), Failure> {
        let hard_ms = u64::from(self.store.data().rights.grant.hard_ms);
        self.store.data_mut().now = now;
        self.store.set_epoch_deadline(ticks(hard_ms));
        let stopped = self.guest.plantroom_plugin_guest().call_stop(&mut self.store);
        stopped.map_err(|error| failure(&error, &mut self.store, hard_ms))
    }

    /// What the guest may touch.
    pub fn state(&self) -> &StepState {
        self.store.data()
    }

    /// What the guest may touch.
    pub fn state_mut(&mut self) -> &mut StepState {
        self.store.data_mut()
    }

    /// Throws the instance away; its state stays.
    pub fn into_state(self) -> StepState {
        self.store.into_data()
    }
}

fn make(linked: &SandboxedPre<StepState>, store: &mut Store<StepState>) -> wasmtime::Result<(Sandboxed, Option<Explaining>)> {
    let instance = linked.instance_pre().instantiate(&mut *store)?;
    let guest = Sandboxed::new(&mut *store, &instance)?;
    // Components of 0.1.0 don't have it, and others needn't.
    let explaining = match ExplainingIndices::new(linked.instance_pre()) {
        Ok(indices) => Some(indices.load(&mut *store, &instance)?),
        Err(_) => None,
    };
    Ok((guest, explaining))
}

/// Reads a fault out of wasmtime's error.
fn failure(error: &wasmtime::Error, store: &mut Store<StepState>, limit_ms: u64) -> Failure {
    let backtrace = error.downcast_ref::<WasmBacktrace>().map(frames).unwrap_or_default();
    let state = store.data_mut();
    let refused = state.limiter.take_refused();
    let trap = error.downcast_ref::<Trap>();
    let (kind, message) = if let Some(Breach(message)) = error.downcast_ref::<Breach>() {
        (FaultKind::Contract, message.clone())
    } else if trap == Some(&Trap::Interrupt) {
        (FaultKind::Deadline, format!("it did not return within {limit_ms} ms"))
    } else if let Some(refused) = refused {
        (FaultKind::Memory, refused)
    } else if let Some(trap) = trap {
        let panic = state.staged.lines.iter().rev().find(|(level, _)| *level == 0).map(|(_, line)| line.clone());
        (FaultKind::Trap, panic.unwrap_or_else(|| trap.to_string()))
    } else {
        (FaultKind::Trap, error.root_cause().to_string())
    };
    Failure { kind, message: one_line(&message, limits::MESSAGE_BYTES), backtrace }
}

fn frames(trace: &WasmBacktrace) -> Vec<String> {
    let frames = trace.frames().iter().take(BACKTRACE_FRAMES);
    frames
        .map(|frame| {
            let symbol = frame.symbols().first().and_then(|symbol| symbol.name());
            let name = symbol.or(frame.func_name()).unwrap_or("?");
            let place = frame.module_offset().map(|offset| format!(" at {offset:#x}")).unwrap_or_default();
            one_line(&format!("{name}{place}"), limits::LOG_LINE_BYTES)
        })
        .collect()
}
