//! What the process flows through, and what drives it.

use super::{Function, Group, PLAIN};

const BASE: Function = Function { group: Group::Equipment, ..PLAIN };

/// A call for each of the five states: running, stopped, tripped, in manual, without contact.
macro_rules! states {
    ($x:literal, $dx:literal, $y:literal, $call:literal, $more:literal) => {
        concat!(
            "let states = [\"run\", \"stop\", \"trip\", \"hand\", \"lost\"];\nfor (s, i) in states {\n    ",
            $call,
            "(",
            $x,
            " + i * ",
            $dx,
            ", ",
            $y,
            ", \"ex/\" + s, #{ label: [\"Running\", \"Stopped\", \"Tripped\", \"By hand\", \"No contact\"][i]",
            $more,
            " });\n}"
        )
    };
}

const OPENS: &str = "A click, or Tab and Enter, opens its faceplate; `faceplate: false` switches that off. Esc closes it.";

const MACHINE: &[(&str, &str)] = &[
    ("label", "its name, below it"),
    ("facing", "\"right\", \"left\", \"up\", \"down\""),
    ("running", "another reading than prefix/running"),
    ("state", "another reading than prefix/state; false: none"),
    ("fault", "another reading than prefix/tripped; false: none"),
    ("manual", "true or on: in manual; false: none"),
    ("auto", "another reading than prefix/auto, whose false means manual"),
    ("value", "a number below the words, with its limits"),
    ("size", "width and height (48)"),
];

/// As `MACHINE`, for what isn't round.
const WIDE: &[(&str, &str)] = &[
    ("label", "its name, below it"),
    ("facing", "\"right\", \"left\", \"up\", \"down\""),
    ("running", "another reading than prefix/running"),
    ("state", "another reading than prefix/state; false: none"),
    ("fault", "another reading than prefix/tripped; false: none"),
    ("manual", "true or on: in manual; false: none"),
    ("auto", "another reading than prefix/auto, whose false means manual"),
    ("value", "a number below the words, with its limits"),
    ("w", "width"),
    ("h", "height"),
];

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "tank",
        arguments: "(x, y, #{ tag: .., ..})",
        usage: "tank(80, 220, #{ tag: \"clear_well/level\", w: 140, h: 260 })",
        what: "A tank or basin filled to its level, with its limits at the right. `tag` is needed.",
        options: &[("tag", "its level"), ("w", "width (140)"), ("h", "height (260)"), ("label", "its name, above it")],
        facts: true,
        example: "for (s, i) in [\"good\", \"low\", \"too_high\", \"uncertain\", \"bad\"] {\n    tank(28 + i * 124, 48, #{ w: \
            48, h: 112, tag: \"x/\" + s, label: [\"Good\", \"Low\", \"Too high\", \"Uncertain\", \"Bad\"][i] });\n}",
        picture: (640.0, 184.0),
        ..BASE
    },
    Function {
        name: "vessel",
        arguments: "(x, y, #{..})",
        usage: "vessel(80, 220, #{ tag: \"reactor/level\", w: 80, h: 200 })",
        what: "A pressure vessel with dished ends; with its level where `tag` is given. An `agitator` stands well in it.",
        options: &[
            ("tag", "its level"),
            ("w", "width (96)"),
            ("h", "height (200)"),
            ("label", "its name, above it"),
            ("lying", "true: a lying drum"),
        ],
        facts: true,
        example: "vessel(28, 48, #{ w: 52, h: 120, tag: \"x/good\", label: \"Good\" });\nvessel(148, 48, #{ w: 52, h: 120, \
            tag: \"x/high\", label: \"High\" });\nvessel(268, 48, #{ w: 52, h: 120, tag: \"x/bad\", label: \"Bad\" \
            });\nvessel(388, 48, #{ w: 52, h: 120, label: \"No level\" });\nvessel(472, 80, #{ w: 104, h: 56, tag: \
            \"x/good\", label: \"Drum\", lying: true });",
        picture: (640.0, 192.0),
        ..BASE
    },
    Function {
        name: "pump",
        arguments: "(x, y, prefix, #{..})",
        usage: "pump(300, 440, \"high_lift/p1\", #{ label: \"Pump 1\" }): x, y and a tag prefix",
        what: "Follows `prefix/running`, and where the plant has them `prefix/state` (the word below), `prefix/tripped` \
            (attention), `prefix/auto` (false shows M for manual).",
        options: MACHINE,
        press: OPENS,
        example: states!("64", "128", "48", "pump", ""),
        ..BASE
    },
    Function {
        name: "motor",
        arguments: "(x, y, prefix, #{..})",
        usage: "motor(300, 440, \"intake/mixer\", #{ label: \"Mixer\" }): x, y and a tag prefix",
        what: "As `pump`, for motors, mixers, blowers.",
        options: MACHINE,
        press: OPENS,
        example: states!("64", "128", "48", "motor", ""),
        ..BASE
    },
    Function {
        name: "fan",
        arguments: "(x, y, prefix, #{..})",
        usage: "fan(300, 440, \"aeration/f1\", #{ label: \"Fan 1\" }): x, y and a tag prefix",
        what: "As `pump`, for fans and ventilators; the faceplate is `motor`.",
        options: MACHINE,
        press: OPENS,
        example: states!("64", "128", "48", "fan", ""),
        ..BASE
    },
    Function {
        name: "compressor",
        arguments: "(x, y, prefix, #{..})",
        usage: "compressor(300, 440, \"air/c1\", #{ label: \"Compressor 1\" }): x, y and a tag prefix",
        what: "As `pump`, for compressors and blowers: it narrows along the flow; the faceplate is `motor`.",
        options: MACHINE,
        press: OPENS,
        example: states!("64", "128", "48", "compressor", ""),
        ..BASE
    },
    Function {
        name: "agitator",
        arguments: "(x, y, prefix, #{..})",
        usage: "agitator(300, 440, \"reactor/mixer\", #{ h: 160 }): x, y and a tag prefix",
        what: "As `pump`: a drive above, a shaft and blades; x, y is the middle of all of it. Its words stand beside the \
            drive. The faceplate is `motor`.",
        options: WIDE,
        press: OPENS,
        example: states!("40", "120", "84", "agitator", ", w: 56"),
        picture: (640.0, 168.0),
        ..BASE
    },
    Function {
        name: "conveyor",
        arguments: "(x, y, prefix, #{..})",
        usage: "conveyor(300, 440, \"sludge/belt\", #{ label: \"Belt\", w: 240 }): x, y and a tag prefix",
        what: "As `pump`: a belt over two rollers, with an arrow along which it runs; the faceplate is `motor`.",
        options: WIDE,
        press: OPENS,
        example: states!("64", "128", "48", "conveyor", ", w: 96"),
        ..BASE
    },
    Function {
        name: "boiler",
        arguments: "(x, y, prefix, #{..})",
        usage: "boiler(300, 440, \"heating/b1\", #{ label: \"Boiler 1\" }): x, y and a tag prefix",
        what: "As `pump`: a drum with a burner, which is filled while it fires (`prefix/running`); `prefix/temperature` \
            stands below it where the plant has it. The faceplate is `motor`.",
        options: WIDE,
        press: OPENS,
        example: states!("64", "128", "68", "boiler", ", w: 72, h: 88"),
        picture: (640.0, 192.0),
        ..BASE
    },
    Function {
        name: "heat_exchanger",
        arguments: "(x, y, prefix, #{..})",
        usage: "heat_exchanger(300, 440, \"heating/hx1\", #{ label: \"HX 1\", value: \"heating/hx1/outlet\" }): x, y and a \
            tag prefix",
        what: "A circle with a coil through it; where the plant has `prefix/running` it shows whether it is in service, and \
            `prefix/outlet` stands below it. The faceplate is `apparatus`.",
        options: WIDE,
        press: OPENS,
        example: states!("64", "128", "52", "heat_exchanger", ""),
        picture: (640.0, 160.0),
        ..BASE
    },
    Function {
        name: "filter",
        arguments: "(x, y, prefix, #{..})",
        usage: "filter(300, 440, \"filters/f1\", #{ label: \"Filter 1\" }): x, y and a tag prefix",
        what: "A box with a screen across; `prefix/dp`, its differential pressure, stands below it with its limits, and \
            `prefix/running` shows whether it is in service, where the plant has them. The faceplate is `apparatus`.",
        options: WIDE,
        press: OPENS,
        example: states!("64", "128", "52", "filter", ""),
        picture: (640.0, 176.0),
        ..BASE
    },
    Function {
        name: "breaker",
        arguments: "(x, y, prefix, #{..})",
        usage: "breaker(300, 440, \"mv/q1\", #{ label: \"Q1\", facing: \"up\" }): x, y and a tag prefix",
        what: "Follows `prefix/closed`, and `prefix/state`, `prefix/tripped`, `prefix/auto` where the plant has them. Closed: \
            filled white, the contact lies along its line; open: dark, the contact lies across.",
        options: &[
            ("label", "its name, beside it"),
            ("facing", "along which way its line runs: \"right\" and \"left\" lie, \"up\" and \"down\" stand"),
            ("running", "another reading than prefix/closed"),
            ("state", "another reading than prefix/state; false: none"),
            ("fault", "another reading than prefix/tripped; false: none"),
            ("manual", "true or on: in local; false: none"),
            ("auto", "another reading than prefix/auto, whose false means local"),
            ("value", "a number below the words, with its limits"),
            ("size", "width and height (32)"),
        ],
        press: OPENS,
        example: states!("64", "128", "40", "breaker", ", state: false"),
        picture: (640.0, 128.0),
        ..BASE
    },
    Function {
        name: "bus_bar",
        arguments: "([[x, y], ..], #{..})",
        usage: "bus_bar([[100, 80], [900, 80]], #{ live: \"mv/bus_a/voltage\", label: \"10 kV A\" })",
        what: "A bus bar: solid while it is live, hollow while it is dead, dashed while that isn't known.",
        options: &[
            ("live", "true or false, or a number such as its voltage"),
            ("live_above", "smallest number that counts as live (0.5)"),
            ("width", "thickness (8)"),
            ("label", "its name, above its start"),
        ],
        example: "bus_bar([[24, 48], [204, 48]], #{ live: \"x/on\", label: \"10 kV A, live\" });\nbus_bar([[232, 48], [412, \
            48]], #{ live: \"x/off\", label: \"10 kV B, dead\" });\nbus_bar([[440, 48], [620, 48]], #{ live: \"x/bad_on\", \
            label: \"10 kV C, not known\" });",
        picture: (640.0, 72.0),
        ..BASE
    },
    Function {
        name: "valve",
        arguments: "(x, y, prefix, #{..})",
        usage: "valve(400, 440, \"high_lift/v1\", #{ label: \"Valve 1\" }): x, y and a tag prefix",
        what: "Follows `prefix/position` (percent, or true for open), and where the plant has them `prefix/fault` and \
            `prefix/manual`. White when open, dark when closed, half and half in between.",
        options: &[
            ("label", "its name, below it"),
            ("facing", "along which way the pipe runs: \"right\" and \"left\" lie, \"up\" and \"down\" stand"),
            ("position", "another reading than prefix/position"),
            ("fault", "another reading than prefix/fault; false: none"),
            ("manual", "another reading than prefix/manual; false: none"),
            ("size", "length along the pipe (30)"),
        ],
        press: OPENS,
        example: states!("64", "128", "40", "valve", ""),
        picture: (640.0, 112.0),
        ..BASE
    },
    Function {
        name: "pipe",
        arguments: "([[x, y], ..], #{..})",
        usage: "pipe([[220, 440], [300, 440]], #{ flow: \"clear_well/outflow\", arrow: true })",
        what: "From source to sink. The arrow in it is white while something flows, dark while nothing does, dashed while \
            that isn't known.",
        options: &[
            ("flow", "a reading"),
            ("flowing_above", "smallest flow that counts (0.5)"),
            ("arrow", "true: an arrowhead at its end"),
            ("width", "(6)"),
            ("label", "words at its end"),
        ],
        example: "pipe([[24, 32], [120, 32], [120, 80], [200, 80]], #{ flow: \"x/good\", arrow: true, label: \"flows\" \
            });\npipe([[280, 80], [400, 80]], #{ flow: \"x/off\" });\npipe([[460, 80], [600, 80]], #{ flow: \"x/bad\" \
            });\ntext(340, 96, \"stands\", #{ role: \"dim\", align: \"centre\" });\ntext(530, 96, \"not known\", #{ role: \
            \"dim\", align: \"centre\" });",
        picture: (640.0, 128.0),
        ..BASE
    },
];
