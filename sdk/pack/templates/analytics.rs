//! NAME: computes a tag from tags.
//!
//! Change what `look` computes; what each field is bound to is decided by its type and its name (sdk/guest/README.md of
//! Plantroom).

use plantroom_sdk::prelude::*;

/// What flows in and doesn't come out.
#[derive(Analytics)]
pub struct TypeName {
    inflow: Input<f64>,  // the tag whose name ends in /inflow
    outflow: Input<f64>, // likewise
    loss: Tag<f64>,      // the tag whose name ends in /loss, which it publishes
    factor: f64,         // from the plugin's configuration
}

impl Analytics for TypeName {
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
        let (inflow, outflow) = (io.read(&self.inflow), io.read(&self.outflow));
        match (inflow.usable(), outflow.usable()) {
            (Some(inflow), Some(outflow)) => io.publish(&self.loss, (inflow - outflow) * self.factor),
            _ => io.publish_bad(&self.loss, inflow.status.worse(outflow.status)),
        }
    }
}
