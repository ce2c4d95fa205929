//! What can be pressed.

use super::{Function, Group, PLAIN};

const BASE: Function = Function { group: Group::Controls, ..PLAIN };

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "button",
        arguments: "(x, y, words, #{ tag: .., value: ..})",
        usage: "button(20, 300, \"Start\", #{ tag: \"high_lift/p1/start\", value: true }) or button(20, 300, \"Change over\", \
            |op| op.request(\"high_lift/duty\", tag(\"high_lift/standby\")))",
        what: "Writes a value; with a closure `|op| ..` before the options it does what that says; with `open` or `faceplate` \
            instead of `tag` it navigates, in one step.",
        options: &[
            ("tag", "what it writes"),
            ("value", "what it writes to it"),
            ("ask", "the question of the second step"),
            ("enabled", "can be pressed: true, false, a tag or a closure"),
            ("chosen", "this is how things are now"),
            ("optional", "true: not shown where the plant has no such tag"),
            ("w", "width (92)"),
            ("h", "height (32)"),
        ],
        press: "A click, or Tab and Enter or Space, asks; a second step confirms; Esc lets go.",
        example: "button(24, 24, \"Start\", #{ tag: \"x/set\", value: 1.0 });\nbutton(136, 24, \"Off now\", #{ tag: \
            \"x/set\", value: 1.0, enabled: false });\nbutton(248, 24, \"Chosen\", #{ tag: \"x/set\", value: 1.0, chosen: \
            true });\nbutton(360, 24, \"Not yours\", #{ tag: \"x/good\", value: 1.0 });",
        picture: (640.0, 80.0),
        ..BASE
    },
    Function {
        name: "setpoint",
        arguments: "(x, y, tag, #{..})",
        usage: "setpoint(20, 300, \"high_lift/pic601/sp\", #{ label: \"setpoint\" })",
        what: "A value to be entered, within the tag's write range.",
        options: &[
            ("label", "words above it"),
            ("enabled", "can be used: true, false, a tag or a closure"),
            ("on_enter", "|op, value| .. in the place of writing the tag"),
            ("w", "width (120)"),
            ("h", "height (26)"),
        ],
        facts: true,
        press: "A click, or Tab and Enter, opens the entry; a second step confirms; Esc lets go.",
        example: "setpoint(24, 32, \"x/set\", #{ label: \"setpoint\" });\nsetpoint(180, 32, \"x/set\", #{ label: \"off now\", \
            enabled: false });\nsetpoint(336, 32, \"x/bad\", #{ label: \"bad\" });",
        picture: (640.0, 80.0),
        ..BASE
    },
    Function {
        name: "selector",
        arguments: "(x, y, tag, #{..})",
        usage: "selector(20, 300, \"high_lift/p1/auto\", #{ label: \"mode\" })",
        what: "A choice; the words are the tag's states.",
        options: &[
            ("choices", "[\"manual\", \"auto\"], or [[1, \"pump 1\"], [2, \"pump 2\"]]"),
            ("target", "the tag that it writes, if another"),
            ("optional", "true: not shown where the plant has no such tag"),
            ("label", "words above it"),
            ("enabled", "can be used: true, false, a tag or a closure"),
            ("on_enter", "|op, value| .. in the place of writing the tag"),
            ("w", "width (180)"),
            ("h", "height (26)"),
        ],
        press: "A click on a word, or Tab and Enter, asks; a second step confirms; Esc lets go.",
        example: "selector(24, 32, \"x/mode\", #{ label: \"mode\" });\nselector(240, 32, \"x/bad_on\", #{ label: \"bad\" \
            });\nselector(456, 32, \"x/mode\", #{ label: \"off now\", enabled: false, w: 160 });",
        picture: (640.0, 80.0),
        ..BASE
    },
];
