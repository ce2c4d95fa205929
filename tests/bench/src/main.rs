//! Measures what Plantroom costs, each figure beside its peer or the bare loop in the same run.
//!
//! In:  names of benchmarks. Out: a table on stdout (JSON with `--json`), what is being done on stderr.
//! Start at [`Bench`]; `README.md` beside this crate has the figures.
//!
//! Invariant: ours and the peer take turns, round by round, and the ratio is of the same round: what a busy machine
//! does to one it does to the other.
//! Invariant: nothing passes or fails by time; what isn't met is told in the table.

mod alarm_list;
mod alarms;
mod boundary;
mod definitions;
mod driver;
mod figures;
mod flood;
mod journal;
mod live;
mod memory;
mod modbus;
mod paint;
mod points;
mod station;
mod tags;
mod workplace;
mod write;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

use crate::figures::Row;
use crate::workplace::Workplace;

/// Measures what Plantroom costs, each figure beside its peer or the bare loop in the same run.
#[derive(Parser)]
#[command(
    max_term_width = 110,
    after_help = "Without a name all of them run, in about 12 minutes. Build the program beside it first, in the same profile:\n\n    \
                  cargo build --release -p plantroom -p plantroom-bench\n    \
                  cargo run --release -p plantroom-bench -- boundary tags\n\n\
                  A figure is the median of several rounds, with the lowest and the highest behind it. Ours and the peer take \
                  turns, and a ratio is made within a round, so trust the ratios more than the figures. Nothing fails by time: \
                  what misses its target is told as such, and the exit code is 0. It is 1 when something can't be measured."
)]
struct Arguments {
    /// Which benchmarks.
    names: Vec<Bench>,
    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Folder of packed components to use, instead of building them: for comparing builds.
    #[arg(long, value_name = "FOLDER")]
    components: Option<PathBuf>,
    /// Rounds of each benchmark.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    #[command(subcommand)]
    part: Option<Part>,
}

/// A benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Bench {
    /// 1,000 samples into a sandboxed guest, filtered, and back; against the same filter natively.
    Boundary,
    /// Modbus transactions a second through plugin, host and fieldbus at 16 and 100 connections; against a bare
    /// tokio-modbus loop and libmodbus.
    Modbus,
    /// Steps of the Modbus driver in the sandbox, with 1, 16 and 100 answers; against the same driver natively.
    Driver,
    /// From a write request over HTTP to the bytes at the device, audited; against fdatasync and loopback alone.
    Write,
    /// From a register that changes to a console that hears of it over its WebSocket; against the poll period.
    Live,
    /// A station at 100,000 points a second from 100 devices: its CPU and memory.
    Points,
    /// How far polls of healthy devices are off their beat while others are dead; against the same without dead ones.
    Jitter,
    /// Memory of the demo's station, and from its start to the first good field sample; against a bare client's first answer.
    Memory,
    /// CPU of a console's frame with 10,000 objects; against painting everything anew. Idle screens, and opening one.
    Paint,
    /// CPU of a console's frame with 100,000 alarms known and 15,000 in its open list; opening a list of 100,000.
    AlarmList,
    /// Samples a second through the tag engine; against a bare struct-of-arrays loop and EPICS.
    Tags,
    /// The alarm journal: 50,000 rows a second on the disk, key figures and questions over 10 million; against SQLite.
    Journal,
    /// Alarms: a sample held against a limit, against a bare loop; floods; memory of a million.
    Alarms,
    /// 15,000 alarms in 5 s, and 50,000 transitions a second, from a device through the whole station to a console and the
    /// journal's disk; nothing may be lost.
    Flood,
    /// Time to load 100,000 alarm definitions: lines, tables, a pattern, a type; against the same tags without alarms.
    Definitions,
    /// Memory of a project of a million tags, loaded, with engine and snapshot; and the time to load it.
    Million,
}

impl Bench {
    fn needs_station(&self) -> bool {
        matches!(self, Self::Write | Self::Live | Self::Memory | Self::Points | Self::Jitter | Self::Flood)
    }
}

/// What the benchmarks start as processes of their own.
#[derive(Subcommand)]
enum Part {
    /// A Modbus TCP device; says its port.
    #[command(hide = true)]
    ServeModbus,
    /// A hundred Modbus TCP devices; says their port.
    #[command(hide = true)]
    ServePoints {
        /// So many are dead.
        #[arg(long)]
        dead: usize,
    },
    /// Loads a million tags and makes their tables, and says what memory they take.
    #[command(hide = true)]
    TagTable,
    /// Makes a million alarms, and says what memory they take.
    #[command(hide = true)]
    AlarmTable,
    /// Asks a Modbus device for one register, and ends.
    #[command(hide = true)]
    FirstRead {
        /// The device.
        device: SocketAddr,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.part {
        Some(Part::ServeModbus) => modbus::device::serve(),
        Some(Part::ServePoints { dead }) => points::device::serve(*dead),
        Some(Part::FirstRead { device }) => memory::first_read(*device),
        Some(Part::TagTable) => tags::table::table(),
        Some(Part::AlarmTable) => alarms::table::table(),
        None => measure(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<()> {
    let wanted: &[Bench] = if arguments.names.is_empty() { Bench::value_variants() } else { &arguments.names };
    let workplace = Workplace::prepare(wanted, arguments.components.clone())?;
    let rounds = arguments.rounds as usize;
    let mut rows: Vec<Row> = Vec::new();
    for bench in wanted {
        rows.extend(match bench {
            Bench::Boundary => boundary::measure(&workplace, rounds)?,
            Bench::Modbus => modbus::measure(&workplace, rounds)?,
            Bench::Driver => driver::measure(&workplace, rounds)?,
            Bench::Write => write::measure(&workplace)?,
            Bench::Live => live::measure(&workplace)?,
            Bench::Points => points::measure(&workplace, rounds)?,
            Bench::Jitter => points::jitter(&workplace, rounds)?,
            Bench::Memory => memory::measure(&workplace)?,
            Bench::Paint => paint::measure(rounds)?,
            Bench::AlarmList => alarm_list::measure(rounds)?,
            Bench::Tags => tags::measure(rounds)?,
            Bench::Journal => journal::measure(rounds)?,
            Bench::Alarms => alarms::measure(rounds)?,
            Bench::Flood => flood::measure(&workplace, rounds)?,
            Bench::Definitions => definitions::measure(rounds)?,
            Bench::Million => tags::table::measure()?,
        });
    }
    figures::print(&rows, arguments.json)
}
