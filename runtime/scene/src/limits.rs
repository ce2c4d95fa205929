//! Every limit of a scene, with its reason. At each of them the screen shows an error.

/// Objects of one screen. FACTS: 10,000 painted objects take 7 ms a frame.
pub const OBJECTS: usize = 20_000;
/// Lines of one trend: more can't be told apart.
pub const TREND_PENS: usize = 6;
/// Longest time of a small live trend, in ms: one day.
pub const TREND_SPAN_MS: u64 = 86_400_000;
/// Corners of one pipe.
pub const PIPE_POINTS: usize = 200;
/// Largest width and height of a screen, and largest coordinate, in its own units.
pub const EXTENT: f32 = 20_000.0;
/// Longest text that an object shows, in bytes; the rest is cut off.
pub const SHOWN_BYTES: usize = 4_096;
/// Requests of one event: a press is one act, not a program.
pub const EVENT_ACTIONS: usize = 16;
/// Choices of one switch.
pub const CHOICES: usize = 32;
/// Closures that are re-evaluated in one update; what is left over is due in the next one.
pub const CLOSURES_A_FRAME: usize = 2_000;
/// How often a closure is run again at once because it read tags that weren't known here yet.
pub const DISCOVERY_ROUNDS: usize = 8;
/// Columns of a table, the one with the names not counted.
pub const TABLE_COLUMNS: usize = 24;
/// Rows of a table: scripts' lists end there too.
pub const TABLE_ROWS: usize = 2_000;
/// Cells of all tables of a screen: each is a tag that is subscribed.
pub const TABLE_CELLS: usize = 20_000;
/// Tabs of one set: more don't fit beside each other.
pub const TABS: usize = 12;
/// How deep tabs and pop-ups lie in each other.
pub const LAYERS: usize = 4;
/// Tags that an alarm banner watches besides what its screen shows.
pub const BANNER_TAGS: usize = 500;
/// Largest picture, in bytes.
pub const PICTURE_BYTES: usize = 512 << 10;
/// All pictures of a project as text, in bytes: they travel with the screens in one message.
pub const PICTURES_BYTES: usize = 8 << 20;
/// Elements that a picture draws, each `<use>` counted as often as it is used.
pub const PICTURE_ELEMENTS: usize = 5_000;
/// How deep a picture's elements are nested.
pub const PICTURE_DEPTH: usize = 32;
/// Letters in the outline of one of a picture's elements.
pub const PICTURE_POINTS: usize = 64 << 10;
/// Longest side of a picture of pixels: 4 MB each at 1,024 x 1,024.
pub const PICTURE_SIDE: u32 = 2_048;
