//! Screens, faceplates, parts, words.

use super::{Function, Group, PLAIN};

const NOT_SEEN: Function = Function { group: Group::Screen, object: false, ..PLAIN };

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "screen",
        arguments: "(title, #{..})",
        usage: "screen(\"High-lift pumps\", #{ level: 2, parent: \"1_overview\" })",
        what: "Comes first, once.",
        options: &[
            ("level", "1 overview, 2 unit (without it), 3 detail, 4 support"),
            ("parent", "file name of the screen one level up"),
            ("size", "[1600, 730] without it"),
            ("subtitle", "smaller words beside the title"),
            ("faceplates", "the corner [x, y] at which faceplates open: leave room there; otherwise at the upper right"),
        ],
        ..NOT_SEEN
    },
    Function {
        name: "faceplate",
        arguments: "(title, #{..})",
        usage: "faceplate(\"Pump 2\", #{ size: [320, 380] })",
        what: "The same for a window in `parts/`.",
        options: &[
            ("size", "[320, 380] without it"),
            ("subtitle", "smaller words beside the title"),
            ("close_gaps", "false: rows stay where they are also below optional ones whose tags the plant doesn't have"),
        ],
        ..NOT_SEEN
    },
    Function {
        name: "instances",
        arguments: "(type, pattern)",
        usage: "instances(\"pump\", \"high_lift/*\")",
        what: "The names of a type's instances; `*` stays between slashes, `**` crosses them. `for (p, i) in \
            instances(\"pump\", \"intake/*\")`.",
        ..NOT_SEEN
    },
    Function {
        name: "repeat",
        arguments: "(type, pattern, #{..}, |name, i| { .. })",
        usage: "repeat(\"pump\", \"high_lift/*\", #{ x: 80, y: 120, dx: 160 }, |p, i| { pump(0, 0, p); }) or repeat([\"a\", \
            \"b\"], #{ .. }, |p, i| { .. })",
        what: "Draws the block once for each instance of a type, or for each entry of a list, on a grid: (0, 0) of the block \
            is its cell's corner. The name and its number, from 0, come in.",
        options: &[
            ("x", "left edge of the grid (0)"),
            ("y", "upper edge of the grid (0)"),
            ("dx", "from one cell to the next on its right (160)"),
            ("dy", "from one row of cells to the next (160)"),
            ("across", "cells in a row; without it all are in one row, with 1 below each other"),
            ("at_most", "cells; what is left over is told in words where the next one would stand"),
        ],
        example: "repeat([\"ex/run\", \"ex/stop\", \"ex/trip\", \"ex/hand\"], #{ x: 70, y: 60, dx: 150 }, |p, i| \
            {\n    pipe([[-50, 0], [70, 0]]);\n    pump(0, 0, p, #{ label: `Pump ${i + 1}` });\n});",
        ..NOT_SEEN
    },
    Function {
        name: "part",
        arguments: "(name, |params| { .. })",
        usage: "part(\"pump_train\", |params| { ... })",
        what: "A part of this file.",
        ..NOT_SEEN
    },
    Function {
        name: "place",
        arguments: "(name, x, y, #{..})",
        usage: "place(\"pump_train\", 300, 200, #{ name: \"high_lift/p1\" })",
        what: "Draws a part with its (0, 0) at x, y; the map is its `params`.",
        ..NOT_SEEN
    },
    Function {
        name: "panel",
        arguments: "(x, y, #{..})",
        usage: "panel(20, 600, #{ w: 400, h: 80, label: \"Today\" })",
        what: "A group box; draw what is in it after it.",
        options: &[("w", "width (300)"), ("h", "height (200)"), ("label", "its title")],
        example: "panel(16, 16, #{ w: 288, h: 112, label: \"Today\" });\nrow(32, 56, \"Pumped\", 7214, #{ unit: \"m³\", \
            label_w: 96 });\nrow(32, 80, \"Energy\", 2886, #{ unit: \"kWh\", label_w: 96 });\npanel(336, 16, #{ w: 288, h: \
            112 });",
        group: Group::Screen,
        ..PLAIN
    },
    Function {
        name: "text",
        arguments: "(x, y, words, #{..})",
        usage: "text(20, 20, \"words\") or text(20, 20, || `computed`)",
        what: "Words, or a closure that gives them. Made from bad values they are dashed and carry the letter.",
        options: &[
            ("role", "\"title\", \"heading\", \"body\", \"dim\" (secondary), \"state\" (a live value in words)"),
            ("align", "\"left\", \"centre\", \"right\""),
        ],
        example: "text(24, 12, \"High-lift pumps\", #{ role: \"title\" });\ntext(24, 48, \"Duty\", #{ role: \"heading\" \
            });\ntext(24, 76, \"two of three pumps run\");\ntext(24, 100, \"since 06:00\", #{ role: \"dim\" });\ntext(320, \
            48, || `lasts for ${fixed(tag(\"x/good\") / 10.0, 1)} h`, #{ role: \"state\" });\ntext(320, 76, || `lasts for \
            ${fixed(tag(\"x/bad\") / 10.0, 1)} h`, #{ role: \"state\" });",
        group: Group::Screen,
        ..PLAIN
    },
    Function {
        name: "navigation",
        arguments: "(x, y, #{..})",
        usage: "navigation(20, 20)",
        what: "Tabs to the parent, the neighbours and the children. The console has its own row of tabs, so few screens need \
            it.",
        options: &[("w", "width (800)"), ("h", "height (30)")],
        press: "A click on a tab, or Tab and Enter, goes there.",
        group: Group::Screen,
        ..PLAIN
    },
    Function {
        name: "link",
        arguments: "(x, y, words, screen, #{..})",
        usage: "link(20, 300, \"Intake\", \"2_intake\")",
        what: "Goes to a screen, in one step.",
        options: &[("w", "width (120)"), ("h", "height (28)"), ("enabled", "can be pressed: true, false, a tag or a closure")],
        press: "A click, or Tab and Enter, goes there.",
        group: Group::Screen,
        ..PLAIN
    },
];
