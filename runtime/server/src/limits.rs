//! The limits of the network door, each with its reason.

/// Longest body of a request, in bytes; the longest is a write with a comment. A longer one gets 413.
pub const BODY_BYTES: usize = 64 << 10;
/// How long a body may take to arrive, in ms. Then 408.
pub const BODY_MS: u64 = 10_000;
/// Longest head of a request, in bytes. A longer one gets 431.
pub const HEAD_BYTES: usize = 32 << 10;
/// Most headers of a request. More get 431.
pub const HEADERS: usize = 64;
/// How long a head may take to arrive, also on a connection that waits for its next request, in ms. Then it is closed.
pub const HEAD_MS: u64 = 15_000;
/// Connections at once, consoles included. The next one gets 503.
pub const CONNECTIONS: usize = 512;
/// Connections at once from one address: one machine can't use up all. The next one gets 503.
pub const CONNECTIONS_PER_SOURCE: usize = 256;
/// Bytes that the system may hold unsent per connection: what is behind them is not built before they are gone,
/// so that a slow console gets the newest value.
pub const UNSENT_BYTES: u32 = 32 << 10;
/// How long connections may take to end when the station stops, in ms. Then they are cut.
pub const CLOSE_MS: u64 = 2_000;

/// Tags in one answer where nobody says, and the most.
pub const TAGS_DEFAULT: usize = 1_000;
/// The most tags in one answer. A higher limit is lowered to this.
pub const TAGS: usize = 10_000;

/// Alarms of one act with one comment. More are refused with a sentence; `plantroom alarm` sends them in several.
pub const ALARM_ACTS: usize = 500;

/// How often a console is looked after where no scan calls for it, in ms.
pub const LIVE_MS: u64 = 100;
/// Shortest time between two messages of changed values, in ms: as often as a scan decides. The first change after a pause
/// is told at once; where telling takes long, the pause is ten times that, up to [`LIVE_MS`].
pub const LIVE_PAUSE_MS: u64 = 10;
/// How long one message to a console may take, in ms: a network that hangs for some seconds is got over. Then the
/// console is cut off; it will come back.
pub const SEND_MS: u64 = 10_000;
/// How long a console may stay connected without a login, in ms: somebody is typing a password.
pub const BEFORE_LOGIN_MS: u64 = 300_000;
/// Tags that one console may subscribe to. More are refused with a sentence.
pub const SUBSCRIBED_TAGS: usize = 20_000;
/// Largest message from a console, in bytes: a subscription to all those tags. A larger one ends the connection.
pub const CONSOLE_MESSAGE_BYTES: usize = 4 << 20;
/// Messages a console may send in a second, on the average. More end the connection.
pub const CONSOLE_MESSAGES_PER_S: u32 = 100;
/// Messages a console may send at once: those of 3 s, which is as long as a station may be too busy to read them.
pub const CONSOLE_BURST: u32 = 300;
/// Writes of one console that are under way. The next one is refused with a sentence.
pub const OPEN_WRITES: usize = 16;
/// Rows of one message with values; more come in several.
pub const VALUES_ROWS: usize = 2_000;
/// Text of one message with values, in bytes; more comes in several.
pub const VALUES_TEXT_BYTES: usize = 256 << 10;
/// Questions of one console that are being answered. The next one is refused with a sentence.
pub const OPEN_ASKS: usize = 8;
/// Shortest pause between two looks of one console at raw registers, in ms: each asks a driver. A sooner one is refused.
pub const REGISTERS_MS: u64 = 900;
/// Tags of one answer with raw registers. What is beyond is counted.
pub const REGISTERS: usize = 1_000;
/// Tags of one answer that were taken over. What is beyond is counted.
pub const OVERRIDES: usize = 1_000;
/// Lines of the automations' journal in one answer to a console.
pub const JOURNAL: usize = 300;
/// Changes of the project in one answer to a console, the newest.
pub const CHANGES: usize = 200;
