//! Lines for the station's log, within the granted rate.

use crate::bindings::log;
use crate::limits;
use crate::stage::{StepState, one_line};

/// The quietest level.
const DEBUG: u8 = 3;

impl log::Host for StepState {
    fn write(&mut self, level: u8, message: String) -> wasmtime::Result<()> {
        if self.line_budget == 0 {
            self.staged.dropped_lines += 1;
            return Ok(());
        }
        self.line_budget -= 1;
        self.staged.lines.push((level.min(DEBUG), one_line(&message, limits::LOG_LINE_BYTES)));
        Ok(())
    }
}
