//! NAME: says whether a condition holds that takes more than a limit.
//!
//! The station owns the alarm: delays, acknowledgement, shelving. Change what `look` decides; what each field is bound to is
//! decided by its type and its name (sdk/guest/README.md of Plantroom).

use plantroom_sdk::prelude::*;

/// A pump that runs without flow: it is dry, or its valve is shut.
#[derive(AlarmLogic)]
pub struct TypeName {
    running: Input<bool>, // the tag whose name ends in /running
    flow: Input<f64>,     // likewise
    least: f64,           // from the plugin's configuration
    dry: Condition,       // the alarm whose name ends in /dry, which the project gives to this plugin
}

impl AlarmLogic for TypeName {
    async fn begin(&self, io: &Io) -> Result<()> {
        self.look(io);
        Ok(())
    }

    async fn update(&self, io: &Io, _changes: &Changes) -> Result<()> {
        self.look(io);
        Ok(())
    }
}

impl TypeName {
    fn look(&self, io: &Io) {
        let (running, flow) = (io.read(&self.running), io.read(&self.flow));
        match (running.usable(), flow.usable()) {
            (Some(true), Some(flow)) if *flow < self.least => io.raise(&self.dry, *flow),
            (Some(_), Some(flow)) => io.clear(&self.dry, *flow),
            _ => io.unknown(&self.dry, running.status.worse(flow.status)),
        }
    }
}
