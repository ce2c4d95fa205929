//! A driver that does what a plugin must not: one misdeed per `mode` of its configuration.
//!
//! In:  `mode` (see [`Mode`]), `period_ms` (50), `after_steps` (20); for writing, a connection and a writable tag.
//! Out: a counter on every tag that it may publish, until the misdeed.
//! Start at [`Hostile::misdeed`].
//!
//! Invariant: until its misdeed it is a well-behaved driver, so a test sees what changes.

use plantroom_sdk::prelude::*;
use serde::Deserialize;

mod misdeeds;

/// What it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing bad: publishes a counter.
    #[default]
    Good,
    /// Traps in the first step.
    Trap,
    /// Loops for ever in the first step.
    Loop,
    /// Traps in `init`.
    TrapInInit,
    /// Loops for ever in `init`, so in `plantroom check` too.
    LoopInInit,
    /// Takes memory until there is none, 1 MiB at a time.
    EatMemory,
    /// Recurses until the stack is spent.
    EatStack,
    /// Publishes 65,536 samples every step.
    FloodSamples,
    /// Publishes one row more than a batch may have.
    HugeBatch,
    /// Writes 10,000 log lines every step.
    FloodLog,
    /// Writes a log line of 4 MiB.
    HugeLog,
    /// Submits 2,000 transactions every step.
    FloodModbus,
    /// Publishes a tag that it wasn't given.
    ForeignHandle,
    /// Uses a connection that it wasn't given.
    ForeignConnection,
    /// Publishes columns of different lengths.
    BrokenColumns,
    /// Writes to the device without an order.
    WriteWithoutOrder,
    /// Settles an order that it wasn't given.
    SettleForeignOrder,
    /// Traps in the step after it has submitted the write of an order.
    TrapInWrite,
    /// Works for `after_steps` polls, then traps.
    TrapAfter,
    /// Works for `after_steps` polls, then loops for ever.
    LoopAfter,
    /// Publishes a sample and then traps, in every step: none of them may count.
    PublishAndTrap,
    /// Asks to be called again at once, always.
    NeverSleeps,
    /// Publishes NaN, infinities, and an integer above 2^53 by turns.
    StrangeNumbers,
    /// Takes orders and never settles one.
    NeverSettles,
    /// Uses the CPU for about the soft limit in every step.
    Slow,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostileConfig {
    #[serde(default)]
    mode: Mode,
    #[serde(default = "default_period_ms")]
    period_ms: u64,
    #[serde(default = "default_after_steps")]
    after_steps: u64,
}

fn default_period_ms() -> u64 {
    50
}

fn default_after_steps() -> u64 {
    20
}

/// The driver.
pub struct Hostile {
    mode: Mode,
    period: Duration,
    after_steps: u64,
    counters: Vec<Tag<Value>>,
    connection: Option<Modbus>,
    polls: Cell<u64>,
}

impl Create for Hostile {
    fn create(setup: &Setup) -> Result<Self, Problems> {
        let HostileConfig { mode, period_ms, after_steps } = setup.config()?;
        match mode {
            Mode::TrapInInit => misdeeds::trap(),
            Mode::LoopInInit => misdeeds::spin(),
            _ => {}
        }
        let mut problems = Problems::new();
        let tags = setup.tags.iter().filter(|tag| tag.publish);
        let counters = tags.filter_map(|tag| problems.keep(tag.to_publish())).collect();
        let connection = setup.connections.first().map(ConnectionInfo::modbus);
        let period = Duration::from_millis(period_ms);
        problems.result(Some(Self { mode, period, after_steps, counters, connection, polls: Cell::new(0) }))
    }
}

impl Driver for Hostile {
    fn period(&self) -> Duration {
        self.period
    }

    fn start(self: Rc<Self>, io: Io) {
        io.take_orders();
        if self.mode == Mode::NeverSleeps {
            spawn(misdeeds::never_sleep());
        }
        spawn(async move {
            let mut ticks = interval(self.period);
            loop {
                ticks.tick().await;
                self.polls.set(self.polls.get() + 1);
                self.misdeed();
                self.publish(&io);
                if self.mode == Mode::PublishAndTrap {
                    misdeeds::publish_then_trap();
                }
            }
        });
    }

    async fn write(&self, io: &Io, order: &Order) -> Result<Outcome> {
        if self.mode == Mode::NeverSettles {
            return std::future::pending().await;
        }
        if let Some(connection) = &self.connection {
            let word = fit::<u16>(order.f64()?)?;
            if self.mode == Mode::TrapInWrite {
                // The trap is in a later step than the submit: this one counts, and the write goes out.
                spawn(async {
                    sleep(Duration::from_millis(1)).await;
                    misdeeds::trap();
                });
            }
            connection.write_register(order, 1, 0, word).await?;
        } else if self.mode == Mode::TrapInWrite {
            misdeeds::trap();
        }
        if let Some(tag) = self.counters.iter().find(|tag| order.is(tag)) {
            io.publish(tag, order.value().clone());
        }
        Ok(Outcome::Done)
    }
}

impl Hostile {
    fn misdeed(&self) {
        let late = self.polls.get() > self.after_steps;
        match self.mode {
            Mode::Trap => misdeeds::trap(),
            Mode::Loop => misdeeds::spin(),
            Mode::TrapAfter if late => misdeeds::trap(),
            Mode::LoopAfter if late => misdeeds::spin(),
            Mode::EatMemory => misdeeds::eat_memory(),
            Mode::EatStack => misdeeds::eat_stack(),
            Mode::FloodSamples => misdeeds::flood_samples(self.handle(), 65_536),
            Mode::HugeBatch => misdeeds::flood_samples(self.handle(), 65_537),
            Mode::FloodLog => misdeeds::flood_log(),
            Mode::HugeLog => misdeeds::huge_log(),
            Mode::FloodModbus => misdeeds::flood_modbus(),
            Mode::ForeignHandle => misdeeds::foreign_handle(),
            Mode::ForeignConnection => misdeeds::foreign_connection(),
            Mode::BrokenColumns => misdeeds::broken_columns(self.handle()),
            Mode::WriteWithoutOrder => misdeeds::write_without_order(),
            Mode::SettleForeignOrder => misdeeds::settle_foreign_order(),
            Mode::Slow => misdeeds::burn(),
            Mode::Good
            | Mode::TrapInInit
            | Mode::LoopInInit
            | Mode::TrapInWrite
            | Mode::TrapAfter
            | Mode::LoopAfter
            | Mode::PublishAndTrap
            | Mode::NeverSleeps
            | Mode::StrangeNumbers
            | Mode::NeverSettles => {}
        }
    }

    fn publish(&self, io: &Io) {
        let count = self.polls.get();
        let strange =
            [Value::Float(f64::NAN), Value::Float(f64::INFINITY), Value::Float(f64::NEG_INFINITY), Value::Uint((1 << 53) + 1)];
        for tag in &self.counters {
            let value = match self.mode {
                Mode::StrangeNumbers => strange[(count % 4) as usize].clone(),
                _ => Value::Uint(count),
            };
            io.publish(tag, value);
        }
    }

    fn handle(&self) -> u32 {
        self.counters.first().map_or(0, Tag::handle)
    }
}

plantroom_sdk::export_driver!(Hostile);
