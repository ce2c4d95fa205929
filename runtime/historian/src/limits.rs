//! Every limit of the historian, with its reason and what happens at it.

/// Rows that wait for the disk: a disk that stands still for 4 s at 50,000 rows a second. At the limit rows of the plant are
/// counted instead of kept, and told as a gap with where their alarms stand.
pub const WAITING_ROWS: usize = 200_000;
/// Room beyond [`WAITING_ROWS`] for what people did: 20 operators who acknowledge 1,000 alarms each.
pub const WAITING_ACTS: usize = 20_000;
/// Rows of one commit: 2 MB at most usual sizes, written within a few ms. More take the next one.
pub const COMMIT_ROWS: usize = 16_384;
/// How long rows of the plant wait for others before they are written, in ms. What people did doesn't wait.
pub const GATHER_MS: u64 = 4;
/// How long until a disk that failed is tried again, in ms.
pub const RETRY_MS: u64 = 1_000;
/// Rows of one block of a sealed file: what is read and decoded at once.
pub const BLOCK_ROWS: usize = 8_192;
/// Bytes of texts and columns after which a block of the newest file is closed, so that it fits a record of the log.
pub const BLOCK_BYTES: usize = 512 << 10;
/// Length of the newest file after which the next one begins, in bytes: half a second to open.
pub const SEGMENT_BYTES: u64 = 32 << 20;
/// Age of the newest file after which the next one begins, in days, so that old rows can go by their age.
pub const SEGMENT_DAYS: i64 = 7;
/// Room that the newest file keeps on the disk for when it is full, in bytes: 30,000 rows.
pub const RESERVE_BYTES: u64 = 1 << 20;
/// One mark in the newest file for so many bytes: where reading can start.
pub const MARK_BYTES: u64 = 64 << 10;
/// Rows that one question looks at before it answers with what it has and where to go on.
pub const LOOKED_AT_ROWS: u64 = 2_000_000;
/// Rows of one page.
pub const PAGE_ROWS: usize = 10_000;
/// Files whose names of alarms are kept in memory for reading.
pub const CACHED_FILES: usize = 8;
/// Longest text of an alarm (name, message, area, unit), in bytes; the rest is left out.
pub const TEXT_BYTES: usize = 4_096;
/// Rows of one group of a Parquet file.
pub const PARQUET_GROUP_ROWS: usize = 65_536;
/// How far the numbers of occurrences go on after a station that wasn't stopped properly: what was shown and not yet
/// recorded keeps its numbers to itself.
pub const OCCURRENCES_SKIPPED: u64 = (WAITING_ROWS + WAITING_ACTS) as u64;
/// Names of alarms in one file, renamed ones included. A larger number is damage.
pub const NAMES: usize = 16 << 20;
