//! The keys of alarms, in alarms/*.toml, in types and in plant.toml.

use crate::shape::{Key, Keys, Shape, needed, optional};

/// alarms/*.toml.
pub(crate) static ALARMS: Keys = Keys {
    what: "an alarm file",
    doc: "Alarms: what asks the operator for an action.",
    open: false,
    keys: &[optional("alarm", Shape::Tables(&ALARM), "[]", "an alarm")],
};

/// The keys of which one says when an alarm is active.
pub(crate) const CONDITIONS: [&str; 15] = [
    "high_high",
    "high",
    "low",
    "low_low",
    "limits",
    "deviation",
    "rate",
    "is",
    "change",
    "follows",
    "bad_quality",
    "communication",
    "when",
    "script",
    "plugin",
];
/// Those of them that look at the alarm's tag.
pub(crate) const OF_TAG: [&str; 11] =
    ["high_high", "high", "low", "low_low", "limits", "deviation", "rate", "is", "change", "follows", "bad_quality"];

/// Half a minute is nothing for a plant, a year for no alarm: longest delay and longest time on the shelf, in ms.
const DAY: u64 = 86_400_000;

const LIMIT: Shape = Shape::OneOf(&[Shape::Flag, Shape::Number, Shape::Text]);
const BY: Shape = Shape::OneOf(&[Shape::Number, Shape::Text]);
const PRIORITY: Shape = Shape::Word(&["event", "low", "medium", "high", "critical"]);
const ROLE: Shape = Shape::Word(&["operate", "engineer"]);

/// `[[alarm]]`.
pub(crate) static ALARM: Keys = Keys {
    what: "an alarm",
    doc: "What asks the operator for an action. One key says when it is active.",
    open: false,
    keys: &ALARM_KEYS,
};

static ALARM_KEYS: [Key; 36] = [
    optional("name", Shape::Text, "", "path with /, unique among the alarms: high_lift/p1/tripped"),
    optional("tag", Shape::Text, "", "the tag it looks at; with limits and bad_quality also a pattern: \"filters/**\""),
    optional("message", Shape::Text, "", "what has happened, in a few words; by default made of the tag's description"),
    optional(
        "priority",
        PRIORITY,
        "\"low\"",
        "how urgent: by the consequence and the time to respond; about 80/15/5 % low/medium/high",
    ),
    optional("area", Shape::Text, "", "the part of the plant; by default the first part of the name"),
    optional("consequence", Shape::Text, "\"\"", "what happens if nobody does anything"),
    optional("action", Shape::Text, "\"\"", "what the operator is to do"),
    optional("respond", Shape::Duration(0, 30 * DAY), "\"\"", "how long there is to do it: \"5 min\""),
    optional("screen", Shape::Text, "\"\"", "the screen that shows where it is: file name without .rhai"),
    // When it is active.
    optional(
        "high_high",
        LIMIT,
        "",
        "at or above this: a number, \"tag:other/tag\", an expression, or true for the tag's own limit",
    ),
    optional("high", LIMIT, "", "at or above this"),
    optional("low", LIMIT, "", "at or below this"),
    optional("low_low", LIMIT, "", "at or below this"),
    optional("hysteresis", Shape::Number, "", "how far the value must come back; by default the tag's own"),
    optional(
        "limits",
        Shape::OneOf(&[Shape::Flag, Shape::Table(&EACH_LIMIT)]),
        "",
        "an alarm for each limit of the tag; what is different for one: { high_high = { priority = \"high\" } }",
    ),
    optional("deviation", Shape::Table(&DEVIATION), "", "the tag is too far from a setpoint, on either side"),
    optional("rate", Shape::Table(&RATE), "", "the tag moves too fast, in either direction"),
    optional(
        "is",
        Shape::OneOf(&[Shape::Scalar, Shape::Scalars]),
        "",
        "the tag is in this state, or in one of several: \"tripped\", true, [2, 3]",
    ),
    optional("change", Shape::Flag, "", "the tag changes its state"),
    optional("follows", Shape::Table(&FOLLOWS), "", "the tag doesn't follow a command in time"),
    optional("bad_quality", Shape::Flag, "", "the tag has no usable value"),
    optional("communication", Shape::Table(&COMMUNICATION), "", "a device doesn't answer"),
    optional("when", Shape::Text, "", "a Rhai expression over tags that is true: tag(\"a\") > 3 && tag(\"b\")"),
    optional("script", Shape::Text, "", "a script of this folder says when: \"alarms/clogs.rhai\""),
    optional("on", Shape::Text, "", "for a script: what it is about; by default the instance that the alarm belongs to"),
    optional("parameters", Shape::Values, "{}", "for a script: its parameters"),
    optional("plugin", Shape::Text, "", "an alarm-logic plugin says when"),
    // How it behaves.
    optional("on_delay", Shape::Duration(0, DAY), "0", "how long the condition must hold without a break before it is active"),
    optional("off_delay", Shape::Duration(0, DAY), "0", "how long the condition must be gone without a break before it returns"),
    optional("latching", Shape::Flag, "false", "it stays active until somebody resets it"),
    optional("acknowledge", Shape::Flag, "true", "an operator has to acknowledge it; an event never has to be"),
    optional(
        "realarm",
        Shape::Duration(0, 30 * DAY),
        "0",
        "announced anew when it is still active so long after it was acknowledged",
    ),
    optional(
        "shelve_max",
        Shape::Duration(0, 30 * DAY),
        "\"8 h\"",
        "longest time on the shelf; 0: never; critical alarms 0 by default",
    ),
    optional("shelve_role", ROLE, "\"operate\"", "lowest role that may shelve it"),
    optional("first_out", Shape::Text, "\"\"", "a group of which the first is marked: \"compressor trip\""),
    optional("remove", Shape::Flag, "false", "takes away an alarm that the station or the type has"),
];

static LIMIT_WORDS: Shape = Shape::OneOf(&[Shape::Flag, Shape::Number, Shape::Table(&ONE_LIMIT)]);

static EACH_LIMIT: Keys = Keys {
    what: "limits",
    doc: "What is different for one of the limits; false for one that is no alarm.",
    open: false,
    keys: &[
        optional("high_high", LIMIT_WORDS, "true", "too high: act now"),
        optional("high", LIMIT_WORDS, "true", "too high"),
        optional("low", LIMIT_WORDS, "true", "too low"),
        optional("low_low", LIMIT_WORDS, "true", "too low: act now"),
    ],
};

/// What may be said of one limit.
pub(crate) static ONE_LIMIT: Keys = Keys {
    what: "a limit",
    doc: "What is different for this limit.",
    open: false,
    keys: &[
        optional("at", BY, "", "where it is; by default the tag's own limit"),
        optional("message", Shape::Text, "", "what has happened"),
        optional("priority", PRIORITY, "", "how urgent"),
        optional("consequence", Shape::Text, "", "what happens if nobody does anything"),
        optional("action", Shape::Text, "", "what the operator is to do"),
        optional("respond", Shape::Duration(0, 30 * DAY), "", "how long there is to do it"),
        optional("on_delay", Shape::Duration(0, DAY), "", "how long it must hold without a break"),
        optional("off_delay", Shape::Duration(0, DAY), "", "how long it must be gone without a break"),
        optional("latching", Shape::Flag, "", "it stays active until somebody resets it"),
    ],
};

static DEVIATION: Keys = Keys {
    what: "deviation",
    doc: "The tag is too far from a setpoint.",
    open: false,
    keys: &[
        needed("setpoint", Shape::Text, "the tag that says where it should be"),
        needed("by", BY, "how far it may be off: a number, \"tag:...\" or an expression"),
    ],
};

static RATE: Keys = Keys {
    what: "rate",
    doc: "The tag moves too fast: one of per_s, per_min, per_h.",
    open: false,
    keys: &[
        optional("per_s", BY, "", "most change a second: a number, \"tag:...\" or an expression"),
        optional("per_min", BY, "", "most change a minute"),
        optional("per_h", BY, "", "most change an hour"),
        optional("window", Shape::Duration(100, 3_600_000), "\"10 s\"", "over how long it is measured"),
    ],
};

static FOLLOWS: Keys = Keys {
    what: "follows",
    doc: "The tag shows whether a command is followed.",
    open: false,
    keys: &[
        needed("command", Shape::Text, "the tag that commands"),
        optional("within", Shape::Duration(0, 3_600_000), "\"10 s\"", "how long it may take"),
    ],
};

static COMMUNICATION: Keys = Keys {
    what: "communication",
    doc: "A device doesn't answer.",
    open: false,
    keys: &[
        needed("connection", Shape::Text, "the connection"),
        optional("device", Shape::Text, "", "which of its devices; by default all of them"),
    ],
};

/// `[alarms]` of plant.toml.
pub(crate) static ALARM_SETTINGS: Keys = Keys {
    what: "[alarms]",
    doc: "What holds for all alarms.",
    open: false,
    keys: &[
        optional("communication", Shape::Flag, "true", "each device has an alarm that it doesn't answer"),
        optional("station", Shape::Flag, "true", "the station has alarms of its own: disk, audit trail, plugins, automations"),
        optional("advice", Shape::Flag, "true", "`plantroom check` says what a rationalisation would ask"),
        optional("keep_days", Shape::Whole(0, 36_500), "0", "how long the journal is kept, in days; 0 for ever"),
        optional("keep_mib", Shape::Whole(0, 1 << 24), "0", "largest journal, in MiB; 0 for no limit"),
        optional("position", Shape::Tables(&POSITION), "[]", "an operator's position: the figures are counted for each"),
    ],
};

static POSITION: Keys = Keys {
    what: "a position",
    doc: "An operator's position, and the areas that are looked after from there.",
    open: false,
    keys: &[
        needed("name", Shape::Text, "what it is called"),
        needed("areas", Shape::Texts, "the areas; * for all that no other position has"),
    ],
};
