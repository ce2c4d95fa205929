use plantroom_sdk::prelude::*;

/// Reads a heat meter, and sets the limit of its power.
#[derive(Driver)]
pub struct HeatMeter {
    meter: Modbus,        // the connection
    unit: u8,             // from the connection's device settings
    period: Duration,     // likewise: `period_ms`
    power: Tag<f64>,      // the tag with address = "power"
    limit: Setpoint<f64>, // the tag with address = "limit", which operators may write
}

impl Driver for HeatMeter {
    async fn poll(&self, io: &Io) -> Result<()> {
        let r = self.meter.read_holding(self.unit, 0..4).await?;
        io.publish(&self.power, f64::from(r.f32_be(0)?) / 1000.0); // W to kW
        io.publish(&self.limit, f64::from(r.u16(3)?) / 10.0); // tenths of a kW
        Ok(())
    }

    async fn write(&self, _io: &Io, order: &Order) -> Result<Outcome> {
        let tenths = fit::<u16>(order.f64()? * 10.0)?; // refuses what doesn't fit
        self.meter.write_register(order, self.unit, 3, tenths).await?;
        Ok(Outcome::Done)
    }
}
