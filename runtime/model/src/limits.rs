//! Every limit that more than one crate needs, with its reason and what happens at it.

/// Longest text value, in bytes. A register string has at most 250; longer text is bad (could not be decoded).
pub const TEXT_BYTES: usize = 4_096;
/// Longest tag name, in bytes. Names stand on screens and in URLs; `check` refuses a longer one.
pub const TAG_NAME_BYTES: usize = 200;
/// Most tags of a project: one handle column of 4 MiB. `check` refuses more.
pub const TAGS: usize = 1_000_000;
/// Most alarms of a project, those of the station included: 64 MB of states and delays. `check` refuses more.
pub const ALARMS: usize = 1_000_000;
/// Longest comment of a request, in bytes. A longer one is refused.
pub const COMMENT_BYTES: usize = 1_024;
/// Rows of one published batch: bounds a step's staging area. A larger batch traps.
pub const BATCH_ROWS: usize = 65_536;
/// Text of one published batch, in bytes. More traps.
pub const BATCH_TEXT_BYTES: usize = 1 << 20;
/// Transactions open on one connection. The next ones end as `QUEUE_FULL`.
pub const OPEN_TRANSACTIONS: usize = 1_024;
/// Inputs waiting for the scan. At the limit the newest is dropped, counted, and its tags turn uncertain.
pub const INBOX_INPUTS: usize = 65_536;
/// Missed polls in a row after which a tag is bad (FIELD.md, fault 1).
pub const MISSES_UNTIL_BAD: u8 = 3;
/// Largest project file, in bytes. `check` refuses a larger one.
pub const PROJECT_FILE_BYTES: u64 = 64 << 20;
/// Largest plugin component, in bytes: a Python guest has 18 MB. A larger one does not load.
pub const COMPONENT_BYTES: u64 = 64 << 20;
/// How far ahead of the station a source time may be before it is replaced, in ms.
pub const SOURCE_AHEAD_MS: i64 = 60_000;
/// How far behind the station a source time may be before it is replaced, in ms: an unchanged value of an
/// OPC UA server keeps the time of its last change, so this only catches a clock with a flat battery.
pub const SOURCE_BEHIND_MS: i64 = 10 * 365 * 86_400_000;
/// Silence after which a console marks everything bad and disables commands, in ms.
pub const HEARTBEAT_LOST_MS: u64 = 2_000;
/// How often the server sends a heartbeat, in ms: four chances before it counts as lost.
pub const HEARTBEAT_MS: u64 = 500;
/// Longest an operator's second step (confirm) stays open, in ms.
pub const CONFIRM_MS: u64 = 10_000;
