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
