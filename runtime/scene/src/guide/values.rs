//! Numbers and states.

use super::{Function, Group, PLAIN};

const BASE: Function = Function { group: Group::Values, ..PLAIN };

/// A call for each of the qualities and limits.
macro_rules! qualities {
    ($call:literal) => {
        concat!(
            "for (s, i) in [\"good\", \"high\", \"too_high\", \"uncertain\", \"bad\", \"override\"] {\n    let word = \
                [\"Good\", \"High\", \"Too high\", \"Uncertain\", \"Bad\", \"Substituted\"][i];\n    ",
            $call,
            "\n}"
        )
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "value",
        arguments: "(x, y, reading, #{..})",
        usage: "value(320, 520, \"high_lift/p1/speed\", #{ label: \"speed\" })",
        what: "A box with number, unit, quality letter and limit mark.",
        options: &[("label", "words above it"), ("w", "width (92)"), ("h", "height (24)")],
        facts: true,
        example: qualities!("value(40 + (i % 3) * 208, 32 + i / 3 * 64, \"x/\" + s, #{ label: word });"),
        picture: (640.0, 136.0),
        ..BASE
    },
    Function {
        name: "row",
        arguments: "(x, y, label, reading, #{..})",
        usage: "row(16, 60, \"Speed\", \"high_lift/p1/speed\")",
        what: "One line of a list: words, then the value.",
        options: &[("w", "width (280)"), ("h", "height (20)"), ("label_w", "where the value starts (120)")],
        facts: true,
        example: qualities!("row(24 + i / 3 * 304, 16 + i % 3 * 24, word, \"x/\" + s);"),
        picture: (640.0, 104.0),
        ..BASE
    },
    Function {
        name: "bar",
        arguments: "(x, y, reading, #{..})",
        usage: "bar(900, 480, \"high_lift/pressure\", #{ w: 18, h: 150, setpoint: \"high_lift/pic601/sp\" })",
        what: "A bar in its range with its limits.",
        options: &[
            ("setpoint", "a reading; the triangle at its side"),
            ("normal", "[low, high]: where it normally is"),
            ("label", "words above it"),
            ("number", "false: no number under it"),
            ("lying", "true: lies instead of standing"),
            ("w", "width (18, lying 150)"),
            ("h", "height (150, lying 18)"),
        ],
        facts: true,
        example: qualities!(
            "bar(40 + i * 104, 40, \"x/\" + s, #{ h: 104, label: word, normal: [30, 60], setpoint: \"x/half\" });"
        ),
        picture: (640.0, 216.0),
        ..BASE
    },
    Function {
        name: "gauge",
        arguments: "(x, y, reading, #{..})",
        usage: "gauge(900, 480, \"high_lift/pressure\", #{ size: 120, label: \"pressure\" })",
        what: "A dial over three quarters of a circle, with its limits at the rim and the number in its middle. A bar says \
            the same in less room.",
        options: &[
            ("setpoint", "a reading; the triangle at the rim"),
            ("normal", "[low, high]: where it normally is"),
            ("label", "words below the number"),
            ("size", "width and height (112)"),
        ],
        facts: true,
        example: "for (s, i) in [\"good\", \"high\", \"low\", \"uncertain\", \"bad\"] {\n    let word = [\"Good\", \"High\", \
            \"Low\", \"Uncertain\", \"Bad\"][i];\n    gauge(16 + i * 125, 24, \"x/\" + s, #{ size: 104, label: word, normal: \
            [30, 60], setpoint: \"x/half\" });\n}",
        picture: (640.0, 152.0),
        ..BASE
    },
    Function {
        name: "instrument",
        arguments: "(x, y, tag, #{..})",
        usage: "instrument(300, 200, \"high_lift/pic601/pv\", #{ location: \"shared\" })",
        what: "An instrument bubble (ISA-5.1) around x, y: letters and loop number come from the tag's name (`pic601`), the \
            value stands below.",
        options: &[
            ("location", "\"field\" (without it), \"panel\", \"behind\" (a panel), \"shared\" (a shared display)"),
            ("letters", "where the tag's name has none: \"PIC\""),
            ("number", "where the tag's name has none: \"601\""),
            ("value", "false: no value below it"),
            ("size", "width and height (40)"),
        ],
        facts: true,
        example: "for (place, i) in [\"field\", \"panel\", \"behind\", \"shared\"] {\n    instrument(48 + i * 104, 40, \
            \"ex/pic601\", #{ location: place });\n    text(48 + i * 104, 96, place, #{ role: \"dim\", align: \"centre\" \
            });\n}\ninstrument(480, 40, \"x/high\", #{ letters: \"TI\", number: \"12\" });\ninstrument(584, 40, \"x/bad\", #{ \
            letters: \"FT\", number: \"7\" });",
        picture: (640.0, 128.0),
        ..BASE
    },
    Function {
        name: "lamp",
        arguments: "(x, y, reading, #{..})",
        usage: "lamp(60, 80, \"intake/auto\", #{ label: \"automatic\", abnormal: false })",
        what: "A state with its word.",
        options: &[
            ("abnormal", "true or false: which state is abnormal; without it neither is"),
            ("label", "words before the state"),
            ("size", "(18)"),
        ],
        facts: true,
        example: "lamp(24, 24, \"x/on\", #{ label: \"mixer\" });\nlamp(24, 56, \"x/off\", #{ label: \"mixer\" });\nlamp(240, \
            24, \"x/on\", #{ label: \"bypass\", abnormal: true });\nlamp(240, 56, \"x/off\", #{ label: \"automatic\", \
            abnormal: false });\nlamp(456, 24, \"x/bad_on\", #{ label: \"mixer\" });",
        picture: (640.0, 96.0),
        ..BASE
    },
    Function {
        name: "trend",
        arguments: "(x, y, #{ pens: [..], ..})",
        usage: "trend(980, 180, #{ w: 560, h: 300, pens: [\"clear_well/level\"], span: \"1h\" })",
        what: "A live trend. Pens of one unit share a scale.",
        options: &[
            ("pens", "up to 6 readings, or #{ tag: .., label: .., range: .. }"),
            ("span", "\"30s\", \"10m\" (without it), \"1h\", up to \"1d\""),
            ("label", "words above it"),
            ("w", "width (560)"),
            ("h", "height (300)"),
        ],
        example: "trend(16, 12, #{ w: 608, h: 216, span: \"5m\", label: \"Discharge\", pens: [#{ tag: \"x/wave\", label: \
            \"flow\" }, #{ tag: \"x/wave2\", label: \"pressure\" }] });",
        picture: (640.0, 240.0),
        ..BASE
    },
    Function {
        name: "sparkline",
        arguments: "(x, y, tag, #{..})",
        usage: "sparkline(320, 520, \"high_lift/flow\", #{ span: \"1h\" })",
        what: "The last minutes of a tag as one small line, with a dot where it is now and its limits where they are near: \
            how it has been going, beside the number. No axes: where the scale matters, use `trend`.",
        options: &[
            ("span", "\"30s\", \"10m\" (without it), \"1h\", up to \"1d\""),
            ("w", "width (120)"),
            ("h", "height (24)"),
            ("range", "[low, high] of its scale; without it, what was seen"),
        ],
        example: "value(24, 24, \"x/wave\");\nsparkline(160, 24, \"x/wave\", #{ w: 160, span: \"5m\" });\nvalue(352, 24, \
            \"x/wave2\");\nsparkline(464, 24, \"x/wave2\", #{ w: 160, span: \"5m\" });\nvalue(24, 72, \
            \"x/bad\");\nsparkline(160, 72, \"x/bad\", #{ w: 160, span: \"5m\" });",
        picture: (640.0, 112.0),
        ..BASE
    },
    Function {
        name: "table",
        arguments: "(x, y, #{ rows: [..], columns: [..], ..})",
        usage: "table(20, 80, #{ w: 600, h: 300, rows: instances(\"pump\", \"**\"), columns: [#{ title: \"Speed\", tag: \
            \"speed\" }] })",
        what: "Rows of tags: each row is a prefix, each column what follows it. Only rows in sight are painted. At most 2,000 \
            rows and 24 columns. A column has `title`, `tag` (what follows the row's prefix and a slash; without it the row's \
            own name), `show` (`\"value\"`, `\"quality\"`, `\"age\"`, `\"description\"`), `w` (its share of the width, 1) and \
            facts.",
        options: &[
            ("rows", "prefixes: a list, or instances(..)"),
            ("columns", "a list of columns"),
            ("names", "what stands above the first column, or #{ title: .., w: .. }"),
            ("labels", "what the rows are called: a list as long as the rows; otherwise their prefixes"),
            ("sort", "title of the column by which it is sorted at first; with a - before it the greatest first"),
            ("row_h", "height of a row (24)"),
            ("label", "words above it"),
            ("w", "width (600)"),
            ("h", "height (300)"),
        ],
        press: "A click on a title sorts, another one turns it round. The wheel, the arrow keys, Page Up, Page Down, Home and \
            End go through the rows; a click on a row or Enter does what `faceplate`, `open` or `on_click` say, with `name` \
            as the row's prefix.",
        example: "table(16, 16, #{ w: 608, h: 176, rows: [\"ex/run\", \"ex/stop\", \"ex/trip\", \"ex/hand\", \"ex/lost\"], \
            labels: [\"Pump 1\", \"Pump 2\", \"Pump 3\", \"Pump 10\", \"Pump 11\"], names: \"Pump\",\n    columns: [#{ title: \
            \"State\", tag: \"state\" }, #{ title: \"dp\", tag: \"dp\" }, #{ title: \"Temperature\", tag: \"temperature\" }, \
            #{ title: \"Quality\", tag: \"running\", show: \"quality\", w: 1.4 }] });",
        picture: (640.0, 208.0),
        ..BASE
    },
    Function {
        name: "permissives",
        arguments: "(x, y, tag, #{..})",
        usage: "permissives(16, 46, \"high_lift/p1/start\", #{ label: \"Start\" })",
        what: "Whether a tag may be written now, by its plant conditions (`permissives` of its `write` in the project): possible, \
            or no with what stands in the way, one line each. The station has the last word.",
        options: &[
            ("label", "words before it: what would be done"),
            ("label_w", "where the answer begins (120)"),
            ("state", "why not, for reasons that the screen knows; empty text for none"),
            ("value", "the value that would be written: conditions of other values (`for` in the project) don't count"),
            ("optional", "leave it out where the plant has no such tag"),
            ("w", "width (280)"),
            ("h", "height (20): one line each 20"),
        ],
        example: "permissives(16, 24, \"x/guarded\", #{ label: \"Start\", w: 400, h: 40 });\n\
            permissives(16, 76, \"x/set\", #{ label: \"Set\", w: 400 });\n\
            permissives(16, 108, \"x/set\", #{ label: \"Set\", w: 400, state: \"no: set it to manual first\" });",
        picture: (440.0, 144.0),
        ..BASE
    },
];
