//! Bytes that are still there after a power cut.
//!
//! In:  records and whole files, as bytes.
//! Out: the same bytes, or a report of what is damaged; never bytes that nobody wrote.
//! Start at [`AppendLog`] for records, at [`replace_file`] for small files that change as a whole.
//!
//! Invariant: what [`AppendLog::append`] and [`replace_file`] have confirmed survives a crash at any later write.
//! Invariant: knows nothing of what the bytes mean.
//! Invariant: every access to a disk passes through [`Disk`], so that tests can fail it at any byte.
//!
//! # FORMAT of an append log, version 1
//!
//! All numbers are little-endian. The file starts with 16 bytes:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `PLANTLOG` |
//! | 8 | 4 | version, 1 |
//! | 12 | 4 | CRC-32 (IEEE) of the 12 bytes before |
//!
//! Records follow without gaps:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | length of the payload, 1 to [`RECORD_BYTES`] |
//! | 4 | 4 | CRC of the record before; for the first one the CRC of the file header |
//! | 8 | 8 | file offset up to which everything was on the disk when this record was written |
//! | 16 | 4 | CRC-32 of the 16 bytes before and the payload |
//! | 20 | length | payload |
//!
//! Behind the last record the file is filled with zeros, written out beforehand: the **reserve**. A full disk
//! can't take it away, and a record that goes into it changes no metadata, so its `fsync` is quick.
//! (File systems that copy on write, btrfs and ZFS, need free space even for overwriting: give them a quota.)
//!
//! # Why a crash can't deceive
//!
//! The records of one [`AppendLog::append`] are written at once, then synced, then confirmed. After a crash the
//! unconfirmed ones may be whole, torn, or missing in any combination; none of them says that bytes behind its
//! own start were on the disk. So at the first record that can't be read: when a later record says that this
//! place was already on the disk, the disk has damaged it, and the range is reported; otherwise it is the torn
//! tail, which is copied into a file beside the log, cut off, and reported. The CRC of the record before ties
//! records together, so that the left-over of a failed write never passes for a successor.

mod disk;
mod error;
mod faults;
mod log;
mod reader;
mod replace;
mod space;

pub use disk::{Disk, DiskFile, OpenMode, RealDisk};
pub use error::StoreError;
pub use faults::{FaultyDisk, Trouble};
pub use log::{AppendLog, LogOptions, Recovery};
pub use reader::{LogEnd, LogItem, LogReader};
pub use replace::{read_file, replace_file};
pub use space::free_bytes;

/// Longest payload of one record, in bytes. A longer one is refused.
pub const RECORD_BYTES: usize = 1 << 20;
