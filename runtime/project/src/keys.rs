//! The keys of every file of a project. The checks, the messages and the editors' schemas all come from here.

use crate::alarms::keys::{ALARM, ALARM_SETTINGS};
use crate::shape::{Key, Keys, Shape, needed, optional};

/// plant.toml.
pub(crate) static PLANT: Keys = Keys {
    what: "plant.toml",
    doc: "The plant as a whole: its name, its scan, where its server listens.",
    open: false,
    keys: &[
        needed("name", Shape::Text, "the plant's name, for titles"),
        optional("time_zone", Shape::Text, "\"UTC\"", "IANA name of the plant's time zone, as in \"Europe/Berlin\""),
        optional("home_screen", Shape::Text, "", "the screen that consoles open first: file name without .rhai"),
        optional("scan", Shape::Table(&SCAN), "", "how often the scan runs"),
        optional("listen", Shape::Table(&LISTEN), "", "where the server listens"),
        optional("change", Shape::Table(&CHANGE), "", "how a running station takes changes of this folder"),
        optional("alarms", Shape::Table(&ALARM_SETTINGS), "", "what holds for all alarms"),
        optional("plugins", Shape::Table(&PLUGIN_RULES), "", "which plugins are taken; whose, trust.toml says"),
    ],
};

static PLUGIN_RULES: Keys = Keys {
    what: "[plugins]",
    doc: "Which plugins are taken. Those that come with Plantroom always are; whose others, trust.toml says.",
    open: false,
    keys: &[
        optional(
            "allow_unsigned",
            Shape::Flag,
            "false",
            "plugins that nobody trusted has signed are taken too; every console shows it while one runs",
        ),
        optional(
            "counter_signed",
            Shape::Flag,
            "false",
            "a plugin must carry the site's own signature too (plantroom plugin sign --as site)",
        ),
    ],
};

static SCAN: Keys = Keys {
    what: "[scan]",
    doc: "How often the scan runs.",
    open: false,
    keys: &[
        optional("min_ms", Shape::Whole(1, 10_000), "10", "shortest time between two scans, in ms"),
        optional("max_ms", Shape::Whole(1, 10_000), "100", "longest time between two scans, in ms"),
    ],
};

static LISTEN: Keys = Keys {
    what: "[listen]",
    doc: "Where the server listens.",
    open: false,
    keys: &[
        optional("address", Shape::Text, "\"127.0.0.1\"", "IP address to bind; 127.0.0.1 is reached from this machine only"),
        optional("port", Shape::Whole(0, 65_535), "8600", "TCP port; 0 takes a free one"),
        optional("origins", Shape::Texts, "[]", "web origins whose pages may use the API, as in \"https://portal.example\""),
    ],
};

static CHANGE: Keys = Keys {
    what: "[change]",
    doc: "How a running station takes changes of its project folder.",
    open: false,
    keys: &[optional(
        "apply",
        Shape::Word(&["on_request", "on_save"]),
        "\"on_request\"",
        "whether saved files wait for `plantroom change apply`, or are applied at once; screens alone are always shown at once",
    )],
};

/// connections.toml.
pub(crate) static CONNECTIONS: Keys = Keys {
    what: "connections.toml",
    doc: "Named links to devices.",
    open: false,
    keys: &[optional("connection", Shape::Tables(&CONNECTION), "[]", "a link to a device")],
};

static CONNECTION: Keys = Keys {
    what: "a connection",
    doc: "A named link to a device.",
    open: false,
    keys: &[
        needed("name", Shape::Text, "its name, unique in the plant"),
        needed("driver", Shape::Text, "the plugin that drives it, as named in plugins.toml"),
        optional("tcp", Shape::Text, "", "where the device is: \"host:port\""),
        optional("rtu_over_tcp", Shape::Text, "", "where the serial server is whose line the devices are on: \"host:port\""),
        optional("serial", Shape::Table(&SERIAL), "", "the serial line that the devices are on"),
        optional("stream", Shape::Table(&STREAM), "", "for drivers of other protocols than Modbus: how bytes reach the device"),
        optional(
            "timeout_ms",
            Shape::Whole(10, 60_000),
            "1000",
            "how long one transaction may take, or the opening of a stream, in ms",
        ),
        optional("pipeline", Shape::Whole(1, 16), "1", "transactions that may be on the way at once; only over tcp"),
        optional(
            "quiet_ms",
            Shape::Whole(0, 1_000),
            "0",
            "how long a serial line stays quiet before each request, in ms, for devices that need more than 3.5 characters (0)",
        ),
        optional("device", Shape::Free, "{}", "settings of the device for its driver (unit, word order, block size ...)"),
        optional("devices", Shape::Tables(&DEVICE), "[]", "several devices behind this link; `device` holds what they share"),
    ],
};

/// Bytes.
static STREAM: Keys = Keys {
    what: "stream",
    doc: "How bytes reach a device whose protocol only its driver knows: one of tcp, udp, serial.",
    open: false,
    keys: &[
        optional("tcp", Shape::Text, "", "where the device is: \"host:port\"; the station opens the connection"),
        optional("udp", Shape::Text, "", "where the device is: \"host:port\"; datagrams from elsewhere are not let in"),
        optional("serial", Shape::Table(&SERIAL), "", "the serial line that the device is on"),
    ],
};

/// A serial line.
static SERIAL: Keys = Keys {
    what: "serial",
    doc: "A serial line.",
    open: false,
    keys: &[
        needed("port", Shape::Text, "the device file: \"/dev/ttyUSB0\", or better a path of /dev/serial/by-id"),
        optional("baud", Shape::Whole(50, 4_000_000), "19200", "bits a second"),
        optional("data_bits", Shape::Whole(7, 8), "8", "data bits; Modbus RTU needs 8"),
        optional("parity", Shape::Word(&["none", "even", "odd"]), "\"even\"", "parity; the Modbus standard asks for even"),
        optional("stop_bits", Shape::Whole(1, 2), "1", "stop bits; without parity the Modbus standard asks for 2"),
    ],
};

/// `[[connection.devices]]`.
static DEVICE: Keys = Keys {
    what: "a device",
    doc: "One of several devices behind a link; every other key is a setting for its driver.",
    open: true,
    keys: &[needed("name", Shape::Text, "its name, unique within the connection")],
};

/// plugins.toml.
pub(crate) static PLUGINS: Keys = Keys {
    what: "plugins.toml",
    doc: "Plugins, their configuration and what they may do.",
    open: false,
    keys: &[optional("plugin", Shape::Tables(&PLUGIN), "[]", "a plugin")],
};

static PLUGIN: Keys = Keys {
    what: "a plugin",
    doc: "A driver or an analytics component, and what it may do.",
    open: false,
    keys: &[
        needed("name", Shape::Text, "its name, unique in the plant"),
        needed(
            "component",
            Shape::Text,
            "the component's name (modbus), or a path in this folder that ends in .plantroom (an archive) or .wasm",
        ),
        optional(
            "accepts",
            Shape::Table(&ACCEPTS),
            "",
            "what the plugin asked for when its grant was written; needed with an archive",
        ),
        optional("config", Shape::Free, "{}", "the plugin's own configuration"),
        optional("grant", Shape::Table(&GRANT), "", "what it may do; nothing else is possible for it"),
    ],
};

static ACCEPTS: Keys = Keys {
    what: "accepts",
    doc: "What the plugin's plugin.toml asked for when its grant was written. A version that asks for something else waits for you.",
    open: false,
    keys: &[
        optional("imports", Shape::Texts, "[]", "interfaces of the contract"),
        optional("memory_mib", Shape::Whole(0, 4_096), "0", "memory, in MiB"),
        optional("store_kib", Shape::Whole(0, 65_536), "0", "size of its persistent store, in KiB"),
        optional("cpu_pct", Shape::Whole(0, 100), "0", "share of one core, in percent"),
        optional("samples_per_s", Shape::Whole(0, 100_000_000), "0", "samples in a second"),
        optional("log_lines_per_s", Shape::Whole(0, 10_000), "0", "log lines in a second"),
        optional("alarm_words_per_s", Shape::Whole(0, 1_000_000), "0", "words about alarms in a second"),
    ],
};

static GRANT: Keys = Keys {
    what: "a grant",
    doc: "What a plugin may do. Tags are named by patterns: * stands for any text without /, ** for any text.",
    open: false,
    keys: &[
        optional("connections", Shape::Texts, "[]", "connections it may use"),
        optional("publish", Shape::Texts, "[]", "tags it may publish"),
        optional("read", Shape::Texts, "[]", "tags it may read"),
        optional("write", Shape::Texts, "[]", "tags whose write orders it may take"),
        optional("store_kib", Shape::Whole(0, 65_536), "0", "size of its persistent store, in KiB"),
        optional(
            "memory_mib",
            Shape::Whole(1, 4_096),
            "",
            "all its memory together, in MiB; by default 32 with connections, else 128",
        ),
        optional(
            "cpu_pct",
            Shape::Whole(1, 100),
            "100",
            "share of one core that it may use in the long run, in percent; over it, its next step waits",
        ),
        optional("soft_ms", Shape::Whole(1, 60_000), "50", "a step that takes longer is counted and told, in ms"),
        optional("hard_ms", Shape::Whole(1, 60_000), "250", "a step that takes longer is ended, in ms"),
        optional("samples_per_s", Shape::Whole(1, 100_000_000), "100000", "samples it may publish in a second"),
        optional("log_lines_per_s", Shape::Whole(0, 10_000), "20", "log lines it may write in a second"),
        optional("alarms", Shape::Table(&ALARM_GRANT), "", "what an alarm-logic plugin may do about alarms"),
    ],
};

static ALARM_GRANT: Keys = Keys {
    what: "a grant of alarms",
    doc: "What an alarm-logic plugin may do about alarms. Alarms are named by patterns: * stands for any text without /, ** for any text.",
    open: false,
    keys: &[
        optional("raise", Shape::Texts, "[]", "its own alarms (those with plugin = its name): it says when they hold"),
        optional("suppress", Shape::Texts, "[]", "alarms it may suppress while they make no sense"),
        optional("mark", Shape::Texts, "[]", "alarms it may mark as the first of their group and give a likely cause"),
        optional("read", Shape::Texts, "[]", "alarms it hears of"),
        optional("words_per_s", Shape::Whole(1, 1_000_000), "10000", "words about alarms it may say in a second"),
    ],
};

/// tags/*.toml.
pub(crate) static TAGS: Keys = Keys {
    what: "a tag file",
    doc: "Tags, and instances of types.",
    open: false,
    keys: &[
        optional("tag", Shape::Tables(&TAG), "[]", "a tag"),
        optional("instance", Shape::Tables(&INSTANCE), "[]", "a set of tags made from a type"),
    ],
};

/// types/*.toml.
pub(crate) static TYPE: Keys = Keys {
    what: "a type file",
    doc: "A type of equipment: tags that every instance of it gets. {parameter}, {parameter+1} and {name} are filled in.",
    open: false,
    keys: &[
        needed("name", Shape::Text, "the type's name, unique in the plant"),
        optional("description", Shape::Text, "", "what it is, for people"),
        optional("parameters", Shape::Parameters, "{}", "its parameters with their defaults, or { required = true }"),
        optional("device", Shape::Table(&DEVICE_OF_TYPE), "", "the device that every instance adds to its connection"),
        optional("tag", Shape::Tables(&TAG), "[]", "a tag of every instance; its name comes after the instance's name and /"),
        optional(
            "alarm",
            Shape::Tables(&ALARM),
            "[]",
            "an alarm of every instance; its name comes after the instance's name and /",
        ),
        optional("instance", Shape::Tables(&INSTANCE), "[]", "an instance of another type in every instance of this one"),
    ],
};

/// `[device]` of a type.
pub(crate) static DEVICE_OF_TYPE: Keys = Keys {
    what: "the device of a type",
    doc: "The device that every instance adds to its connection; every other key is a setting for its driver.",
    open: true,
    keys: &[
        optional("name", Shape::Text, "\"{name}\"", "its name on the connection"),
        optional("connection", Shape::Text, "\"{connection}\"", "the connection that it is on"),
    ],
};

/// `[[instance]]`.
pub(crate) static INSTANCE: Keys = Keys {
    what: "an instance",
    doc: "A set of tags made from a type.",
    open: false,
    keys: &[
        needed("type", Shape::Text, "the type, as named in types/*.toml"),
        needed("name", Shape::Text, "its name; its tags are name/..."),
        optional("description", Shape::Text, "", "what it is, for people; fills in {description}"),
        optional("parameters", Shape::Values, "{}", "values for the type's parameters"),
        optional(
            "tags",
            Shape::Overrides,
            "{}",
            "what is different here: { speed = { limits = { high = 90 } } }, and false for a tag that this one doesn't have",
        ),
        optional(
            "alarms",
            Shape::AlarmOverrides,
            "{}",
            "what is different here: { overload = { high = 90 } }, and false for an alarm that this one doesn't have",
        ),
    ],
};

const KIND: Shape = Shape::Word(&["bool", "int", "uint", "float", "text"]);

static NUMBER_OR_DEADBAND: &[Shape] = &[Shape::Number, Shape::Table(&DEADBAND)];
static FLAG_OR_WRITE: &[Shape] = &[Shape::Flag, Shape::Table(&WRITE)];

/// `[[tag]]`.
pub(crate) static TAG: Keys = Keys {
    what: "a tag",
    doc: "A value of the plant, from a connection (with an address), a plugin, other tags (derive, total), or from memory.",
    open: false,
    keys: &TAG_KEYS,
};

static TAG_KEYS: [Key; 21] = [
    needed("name", Shape::Text, "path with /, unique in the plant: intake/level"),
    needed("kind", KIND, "what it holds"),
    optional("unit", Shape::Text, "\"\"", "engineering unit, as shown: m, bar, m\u{b3}/h"),
    optional("description", Shape::Text, "\"\"", "what it is, for people"),
    optional("decimals", Shape::Whole(0, 9), "1", "digits after the point on screens"),
    optional("range", Shape::Pair, "", "lowest and highest value; outside it a reading is clamped and marked uncertain"),
    optional("limits", Shape::Table(&LIMITS), "", "limits that screens draw"),
    optional("scaling", Shape::Table(&SCALING), "", "from the device's numbers to engineering units"),
    optional("deadband", Shape::OneOf(NUMBER_OR_DEADBAND), "0", "the smallest change worth telling"),
    optional("states", Shape::States, "{}", "words for numbers: { 0 = \"stopped\", 1 = \"running\" }"),
    optional("stale_after_ms", Shape::Whole(100, 86_400_000), "", "silence after which a poll counts as missed, in ms"),
    optional("retain", Shape::Flag, "false", "the last value is kept over a restart"),
    optional("connection", Shape::Text, "", "the connection it is polled over"),
    optional("address", Shape::Text, "", "where it is in the device, in the driver's notation: \"holding 0 f32\""),
    optional("group", Shape::Text, "", "the driver's polling group"),
    optional("device", Shape::Text, "", "which of the connection's devices, where it has several"),
    optional("plugin", Shape::Text, "", "the analytics plugin that computes it"),
    optional("derive", Shape::Text, "", "a Rhai expression that computes it from other tags: tag(\"a\") - tag(\"b\")"),
    optional("total", Shape::Table(&TOTAL), "", "it adds up another tag, also over a restart"),
    optional("memory", Shape::Scalar, "", "the station keeps it; this is its first value"),
    optional("write", Shape::OneOf(FLAG_OR_WRITE), "false", "whether and how it can be written"),
];

static LIMITS: Keys = Keys {
    what: "limits",
    doc: "Limits in engineering units; with alarm = true each of them is an alarm.",
    open: false,
    keys: &[
        optional("high_high", Shape::Number, "", "too high: act now"),
        optional("high", Shape::Number, "", "too high"),
        optional("low", Shape::Number, "", "too low"),
        optional("low_low", Shape::Number, "", "too low: act now"),
        optional("hysteresis", Shape::Number, "0", "how far a value must come back before a passed limit counts as left"),
        optional("alarm", Shape::Flag, "false", "each of these limits is an alarm; [[alarm]] with limits says more of them"),
    ],
};

/// `total = { ... }`.
static TOTAL: Keys = Keys {
    what: "total",
    doc: "What a totaliser adds up: one of rate_per, counter_wraps_at or factor, starts, hours.",
    open: false,
    keys: &[
        needed("of", Shape::Text, "the tag that it follows"),
        optional(
            "rate_per",
            Shape::Word(&["s", "min", "h"]),
            "",
            "the tag is a rate per second, minute or hour (l/s, m\u{b3}/h)",
        ),
        optional("counter_wraps_at", Shape::Number, "", "the tag is a counter that starts again at 0 after so many: 65536"),
        optional("factor", Shape::Number, "1", "what one count of the counter is worth"),
        optional("starts", Shape::Flag, "false", "counts how often the tag, a bool, became true"),
        optional("hours", Shape::Flag, "false", "adds up the hours that the tag, a bool, was true"),
    ],
};

/// `pulse = { ... }`.
static PULSE: Keys = Keys {
    what: "pulse",
    doc: "A write that ends by itself.",
    open: false,
    keys: &[
        needed("hold_ms", Shape::Whole(20, 60_000), "how long the value is held, in ms"),
        optional("rest", Shape::Scalar, "", "what is written afterwards; by default false, or 0"),
    ],
};

static SCALING: Keys = Keys {
    what: "scaling",
    doc: "A straight line from the device's numbers to engineering units.",
    open: false,
    keys: &[
        needed("raw", Shape::Pair, "the device's numbers"),
        needed("eng", Shape::Pair, "what they mean in engineering units"),
        optional("fault", Shape::Pair, "", "at or below the first, at or above the second raw number the sensor has failed"),
    ],
};

static DEADBAND: Keys = Keys {
    what: "a deadband",
    doc: "The smallest change worth telling, in engineering units.",
    open: false,
    keys: &[optional("console", Shape::Number, "0", "to consoles"), optional("history", Shape::Number, "0", "to the historian")],
};

static WRITE: Keys = Keys {
    what: "write",
    doc: "How a tag is written.",
    open: false,
    keys: &[
        optional("role", Shape::Word(&["operate", "engineer"]), "\"operate\"", "lowest role that may write it"),
        optional("range", Shape::Pair, "", "lowest and highest value that may be asked for; by default the tag's range"),
        optional("feedback", Shape::Text, "", "the tag that shows whether it happened; by default the tag itself"),
        optional("no_feedback", Shape::Flag, "false", "the device gives nothing back (a pulse, a command coil)"),
        optional("follow_ms", Shape::Whole(100, 3_600_000), "3000", "how long the feedback may take, in ms"),
        optional("tolerance", Shape::Number, "", "how far the feedback may be off; by default what the screen doesn't show"),
        optional("max_step", Shape::Number, "", "largest step that one write may make from the present value"),
        optional("min_interval_ms", Shape::Whole(0, 86_400_000), "0", "shortest time between two writes, in ms"),
        optional("pulse", Shape::Table(&PULSE), "", "the value is held only so long, and then put back"),
        optional("confirmation", Shape::Text, "", "what the operator must say yes to once more"),
        optional("expires_ms", Shape::Whole(100, 600_000), "5000", "how long an order stays valid, in ms"),
        optional("essential", Shape::Flag, "false", "may pass when the disk for the audit is full (a safe stop)"),
        optional("permissives", Shape::Tables(&PERMISSIVE), "[]", "plant conditions that must hold; not safety functions"),
    ],
};

static PERMISSIVE: Keys = Keys {
    what: "a permissive",
    doc: "A plant condition that a write needs: one of at_least, at_most, is.",
    open: false,
    keys: &[
        needed("tag", Shape::Text, "the tag it looks at"),
        optional("at_least", Shape::Number, "", "the tag must be at least this"),
        optional("at_most", Shape::Number, "", "the tag must be at most this"),
        optional("is", Shape::OneOf(&[Shape::Flag, Shape::Number]), "", "the tag must be exactly this"),
        optional(
            "for",
            Shape::OneOf(&[Shape::Flag, Shape::Number, Shape::Text]),
            "",
            "only where this value is written (a number, true or false, or its word), so that a stop needs nothing",
        ),
        optional("message", Shape::Text, "", "what the operator is told when it doesn't hold"),
    ],
};
