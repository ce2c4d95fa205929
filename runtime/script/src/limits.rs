//! Every limit of a script, with its reason. At each of them the script ends with an error; nothing else happens.
//!
//! Why memory is bounded: a single value can't pass the size limits below (Rhai checks them after each operation, nested
//! contents summed). Many large values are caught by the byte budget: each time a script touches a variable that holds
//! an array, a map or a closure, the whole of it is charged, what closures captured included ([`crate::memory`]). Values that
//! were made and never touched again are at most one a variable: 16 levels of 128 variables of some 130 kB. So the worst
//! script has about 400 MB for the second until it ends, and nothing after that. What a script ties into a circle (an array
//! that holds a closure that holds the array) is not given back; a run can lose at most its byte budget so.

/// Most functions in one file, closures included.
pub const FUNCTIONS: usize = 1_000;
/// Longest script file, in bytes. A screen of 2,000 objects has about 200 kB.
pub const FILE_BYTES: usize = 1 << 20;
/// Functions calling functions: recursion ends here. Small, since a browser's stack has 1 MiB.
pub const CALL_LEVELS: usize = 16;
/// Nesting of expressions in the text of a script.
pub const EXPRESSION_DEPTH: usize = 32;
/// Nesting of expressions inside a function.
pub const FUNCTION_EXPRESSION_DEPTH: usize = 24;
/// Variables alive in one scope.
pub const VARIABLES: usize = 128;
/// Longest text, in bytes; four times the longest text value of a tag.
pub const TEXT_BYTES: usize = 16 * 1024;
/// Most elements of an array, nested ones summed: one screen's list of instances.
pub const ARRAY_ELEMENTS: usize = 2_000;
/// Most entries of a map, nested ones summed.
pub const MAP_ENTRIES: usize = 1_000;
/// How deep arrays, maps and closures may hold one another: cloning and dropping go as deep on the stack.
pub const NESTING: usize = 32;
/// Lines of `print` and `debug` that are kept of one run; later ones are dropped.
pub const PRINTED_LINES: usize = 100;
/// Bytes kept of one printed line.
pub const PRINTED_BYTES: usize = 400;
/// Tags that one closure may read.
pub const CLOSURE_READS: usize = 200;
/// Tags that one expression of a derived tag may read: more is a sum that belongs into several tags.
pub const EXPRESSION_READS: usize = 64;
/// Longest expression of a derived tag, in bytes.
pub const EXPRESSION_BYTES: usize = 4_096;
/// Parts inside parts.
pub const PART_LEVELS: usize = 6;

/// Most alarms that one script file may declare, and most values of `for_each`.
pub const SCRIPT_ALARMS: usize = 20_000;
/// Most calls of `lasts`, `rises` and `wake` in one evaluation of an alarm.
pub const ALARM_TIMERS: usize = 64;
/// Most that an alarm may keep in `this`, in bytes.
pub const ALARM_STATE_BYTES: u64 = 64 * 1024;
/// Most notifications that one call of a script may ask for.
pub const NOTIFICATIONS: usize = 20;
/// Longest text of a notification, in bytes; the rest is cut.
pub const NOTIFICATION_BYTES: usize = 4_096;

/// What one run may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Steps (operations of the engine). About 5 million a second.
    pub steps: u64,
    /// Bytes of arrays, maps, texts and captured values touched.
    pub bytes: u64,
}

impl Budget {
    /// For a script that builds a whole screen: about a second at worst. The bytes let it push an array full, one by one.
    pub const BUILD: Self = Self { steps: 3_000_000, bytes: 160 << 20 };
    /// For one run of a station script, in a thread of its own: about a tenth of a second at worst.
    pub const AUTOMATION: Self = Self { steps: 500_000, bytes: 32 << 20 };
    /// For one evaluation of one alarm, on the thread of all alarm scripts: about 10 ms at worst.
    pub const ALARM: Self = Self { steps: 50_000, bytes: 8 << 20 };
    /// For one closure, of which hundreds may be due in one painted frame: about 4 ms at worst.
    pub const CLOSURE: Self = Self { steps: 20_000, bytes: 8 << 20 };
}
