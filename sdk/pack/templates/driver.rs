//! NAME: a driver for one kind of device.
//!
//! Change what `poll` reads and what `write` sends; what each field is bound to is decided by its type and its name
//! (sdk/guest/README.md of Plantroom).

use plantroom_sdk::prelude::*;

/// One device: made once for each connection that names this plugin as its driver.
#[derive(Driver)]
pub struct TypeName {
    device: Modbus,       // the connection
    unit: u8,             // from the connection's device settings
    period: Duration,     // likewise: `period_ms`
    power: Tag<f64>,      // the tag with address = "power"
    limit: Setpoint<f64>, // the tag with address = "limit", which operators may write
}

impl Driver for TypeName {
    async fn poll(&self, io: &Io) -> Result<()> {
        let registers = self.device.read_holding(self.unit, 0..4).await?;
        io.publish(&self.power, f64::from(registers.f32_be(0)?) / 1000.0); // W to kW
        io.publish(&self.limit, f64::from(registers.u16(3)?) / 10.0); // tenths of a kW
        Ok(())
    }

    async fn write(&self, _io: &Io, order: &Order) -> Result<Outcome> {
        let tenths = fit::<u16>(order.f64()? * 10.0)?; // refuses what doesn't fit
        self.device.write_register(order, self.unit, 3, tenths).await?;
        Ok(Outcome::Done)
    }
}
