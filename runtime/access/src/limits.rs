//! The limits of access, each with its reason.

/// Shortest password, in characters (NIST SP 800-63B asks for 8; a plant gets a little more).
pub const PASSWORD_CHARS: usize = 10;
/// Longest password, in bytes: hashing must not become a way to keep the station busy.
pub const PASSWORD_BYTES: usize = 1_024;
/// Longest user name, in bytes.
pub const USER_NAME_BYTES: usize = 64;
/// Longest label of an API token, in bytes.
pub const LABEL_BYTES: usize = 64;
/// Most users. The next one is refused.
pub const USERS: usize = 1_000;
/// Most API tokens of one user. The next one is refused.
pub const TOKENS_PER_USER: usize = 32;
/// Most sessions of one user; the one that was idle longest ends for the next.
pub const SESSIONS_PER_USER: usize = 64;
/// A session without any act of its user ends after this long, in ms. API tokens don't end by themselves.
pub const IDLE_MS: u64 = 12 * 3_600_000;
/// Wrong passwords for one user from one source that cost nothing: people mistype.
pub const FREE_FAILURES: u32 = 5;
/// Longest pause between two tries of one user from one source, in ms.
pub const LOCKOUT_MS: u64 = 15 * 60_000;
/// Wrong passwords are forgotten after this long, in ms.
pub const FORGET_FAILURES_MS: u64 = 3_600_000;
/// Pairs of user and source that are remembered; at the limit the one whose pause ends first is forgotten.
pub const FAILURE_ENTRIES: usize = 10_000;
/// Logins that wait for the one that is being hashed; more are told to try again.
pub const WAITING_LOGINS: usize = 16;
/// A new file of the audit trail is begun behind this many bytes: what a start has to read.
pub const SEGMENT_BYTES: u64 = 16 << 20;
/// Room of the audit trail that a full disk can't take away, in bytes: over 1,000 writes.
pub const RESERVE_BYTES: u64 = 1 << 20;
/// Audit records that wait for one `fsync`, and are written by it together.
pub const COMMIT_RECORDS: usize = 256;
/// Records of essential acts that are kept in memory while the trail can't be written. More are counted as lost.
pub const LATE_RECORDS: usize = 1_000;
/// Refusals and failed logins that are recorded in a burst; beyond, they are counted, and the count is recorded.
pub const NOTE_BURST: u64 = 200;
/// Refusals and failed logins that are recorded per second in the long run.
pub const NOTES_PER_S: u64 = 5;
/// Longest text of one field of an audit record, in bytes; the rest is cut off, marked by an ellipsis.
pub const FIELD_BYTES: usize = 4_096;
