//! Every limit of the sandbox, with its reason and what happens at it. What a project may choose is in its grant.

/// One tick of the deadline clock, in ms: by at most so much the hard limit is passed. Ticks of 10 ms cost an idle station
/// 0.3 % of a core.
pub const TICK_MS: u64 = 25;
/// How long making an instance and its `init` may take together, in ms: a guest reads a document of many tags. Then: fault.
pub const INIT_MS: u64 = 5_000;
/// What one host call may bring out of a guest, in bytes: a full batch with its text, twice. More traps.
pub const HOSTCALL_BYTES: usize = 8 << 20;
/// Elements of all tables together: function tables of a large runtime (Python) have some 20,000. More is refused.
pub const TABLE_ELEMENTS: usize = 100_000;
/// Core instances, memories and tables of one plugin: an adapted WASI component has about 6. More does not instantiate.
pub const INSTANCES: usize = 64;
/// Orders waiting for or open on one plugin. At the limit the next is refused.
pub const ORDERS: usize = 256;
/// How long after its expiry an order may stay unsettled, in ms: longer than any time-out of a device. Then: fault.
pub const SETTLE_MS: u64 = 60_000;
/// Frames waiting for a plugin. At the limit the oldest goes, and its changes are counted as lost.
pub const FRAMES: usize = 256;
/// Changes waiting for a plugin. At the limit the oldest go and are counted as lost.
pub const CHANGES: usize = 65_536;
/// Answers of refused transactions that a plugin hasn't collected. More traps.
pub const REFUSALS: usize = 1_024;
/// Words of one transaction: 1,968 coils are the most that the protocol can write. More ends as `BAD_REQUEST`.
pub const REQUEST_WORDS: usize = 2_048;
/// Rows of all fixed sets of one plugin together, as the contract says: 32 MiB of a driver hold fewer tags. More traps.
pub const SET_ROWS: usize = 1 << 20;
/// Fixed sets of one plugin: one for each polling group of 10,000 devices. More traps.
pub const SETS: usize = 65_536;
/// Text that counts as one more sample of the granted rate, in bytes: so that text is bounded too.
pub const TEXT_BYTES_A_SAMPLE: usize = 256;
/// Rows of streams without bytes that a plugin hasn't collected: connections come and go at most five times a second. More is a fault.
pub const STREAM_ROWS: usize = 4_096;
/// Bytes kept of a reason why a session was ended.
pub const CLOSE_REASON_BYTES: usize = 240;
/// Bytes kept of a settled order's sentence.
pub const DETAIL_BYTES: usize = 512;
/// Bytes kept of a log line.
pub const LOG_LINE_BYTES: usize = 1_024;
/// Log lines of a void step that its fault record keeps.
pub const LAST_WORDS: usize = 8;
/// Bytes kept of a problem's sentence, and of a fault's.
pub const MESSAGE_BYTES: usize = 2_048;
/// Problems of one `init` that are kept.
pub const PROBLEMS: usize = 1_000;
/// Words kept of an explanation: what the largest request reads in bits.
pub const EXPLAINED_WORDS: usize = 2_000;
/// Bytes kept of an explanation's place.
pub const PLACE_BYTES: usize = 256;
/// Tags that one question may be about. The rest is not explained.
pub const EXPLAINED_TAGS: usize = 256;
/// Questions waiting for a plugin. At the limit the next is not answered.
pub const QUESTIONS: usize = 16;
/// How long whoever asks waits for a plugin that is busy, in ms: its hard limit is 250 ms, unless granted otherwise.
pub const QUESTION_MS: u64 = 1_000;
/// Words about alarms that one step may say: a batch. More traps.
pub const WORDS_A_STEP: usize = 65_536;
/// Bytes kept of what a word says beside it: a line in a list.
pub const ALARM_DETAIL_BYTES: usize = 512;
/// Alarms that one call may ask about. More traps.
pub const ALARMS_ASKED: usize = 65_536;
/// Events of alarms waiting for a plugin: four times the flood of record. At the limit the oldest go and are counted
/// as lost; where alarms stand stays true.
pub const ALARM_EVENTS: usize = 65_536;
/// Longest key of the persistent store, in bytes. A longer one traps.
pub const KEY_BYTES: usize = 256;
/// What a key costs of the store's quota besides its own bytes and its value's, so that empty entries are bounded.
pub const ENTRY_BYTES: u64 = 16;
/// Shortest time between two saves of the persistent store, in ms.
pub const SAVE_MS: u64 = 500;
/// Shortest time between two steps when nothing has arrived, in ms: a guest can't ask for a busy loop.
pub const IDLE_STEP_MS: u64 = 1;
/// Longest time between two steps, in ms: a guest that asks for never is still called.
pub const LONGEST_SLEEP_MS: u64 = 60_000;
/// Steps a second when things keep arriving: a guest can't keep itself busy with what is answered at once. 16 connections
/// without a pause need about 30,000. Over it the next step waits [`STEP_PAUSE_US`], and finds more to do at once.
pub const STEPS_PER_S: f64 = 50_000.0;
/// Steps above that rate that may follow each other.
pub const STEP_BURST: f64 = 5_000.0;
/// How long the answers of many transactions are gathered before the next step, in us. A line has more reads queued than
/// it can answer in this time, so nothing is slower; a step costs as much as several answers, so it is shared.
pub const GATHER_US: u64 = 100;
/// Over how long a granted share of a core is averaged, in ms: one long step is nobody's harm, many are.
pub const SHARE_MS: u64 = 1_000;
/// How long a step waits that comes too early, in us.
pub const STEP_PAUSE_US: u64 = 50;
/// How long a replacement waits for orders that the running instance has taken, in ms. Then their outcome is unknown.
pub const HAND_OVER_MS: u64 = 1_000;
/// First pause before a restart, in ms; it doubles from fault to fault.
pub const RESTART_MIN_MS: u64 = 200;
/// Longest pause before a restart, in ms.
pub const RESTART_MAX_MS: u64 = 60_000;
/// Faults within [`FAULT_WINDOW_MS`] that quarantine a plugin.
pub const FAULTS_UNTIL_QUARANTINE: usize = 5;
/// How long a fault counts, in ms.
pub const FAULT_WINDOW_MS: u64 = 600_000;
/// How long compiling one component may take, in s. Then the child is ended. (A Python guest of 18 MB: 12 s.)
pub const COMPILE_S: u64 = 120;
/// Address space of the compiling child, in bytes.
pub const COMPILE_BYTES: u64 = 6 << 30;
/// Compiled components kept in the cache. At the limit the least recently written goes.
pub const CACHE_ENTRIES: usize = 64;
/// Largest compiled component, in bytes. A larger one does not load.
pub const COMPILED_BYTES: u64 = 512 << 20;
/// Stack of a plugin's thread, in bytes: the guest's [`WASM_STACK_BYTES`] and the host's calls on top of it.
pub const THREAD_STACK_BYTES: usize = 4 << 20;
/// Stack of a guest, in bytes. At the end of it: trap.
pub const WASM_STACK_BYTES: usize = 1 << 20;
