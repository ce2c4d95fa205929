//! A driver that imports every interface a driver can have, so that any grant can be the missing one.
//!
//! In:  a connection, and tags of it with the addresses `reading` and `setting`.
//! Out: the first holding register, as the tag `reading`; `setting` is written to the second one.
//! Start at [`Greedy`].
//!
//! Invariant: given all its grants it is a well-behaved driver.

use plantroom_sdk::prelude::*;

/// The driver.
#[derive(Driver)]
pub struct Greedy {
    device: Modbus,
    #[setup(default = 1)]
    unit: u8,
    reading: Tag<u16>,
    setting: Setpoint<u16>,
}

impl Driver for Greedy {
    async fn poll(&self, io: &Io) -> Result<()> {
        let registers = self.device.read_holding(self.unit, 0..2).await?;
        io.publish(&self.reading, registers.u16(0)?);
        io.publish(&self.setting, registers.u16(1)?);
        let polls = memory::load::<u64>("polls").unwrap_or(0);
        memory::save("polls", &(polls + 1))
    }

    async fn write(&self, _: &Io, order: &Order) -> Result<Outcome> {
        self.device.write_register(order, self.unit, 1, fit(order.f64()?)?).await?;
        Ok(Outcome::Done)
    }
}
