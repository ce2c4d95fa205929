//! Pages, pop-ups, pictures.

use super::{Function, Group, PLAIN};

const BASE: Function = Function { group: Group::Layers, ..PLAIN };

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "tabs",
        arguments: "(x, y, [[words, || { .. }], ..], #{..})",
        usage: "tabs(20, 80, [[\"Pumps\", || { pump(60, 60, \"high_lift/p1\"); }], [\"Valves\", || { .. }]], #{ w: 600, h: \
            300 })",
        what: "Pages of which one is shown, the first at first; (0, 0) of a page is the corner below the tabs. What deserves \
            attention on a page that is not shown marks its tab.",
        options: &[("w", "width (600)"), ("h", "height with the tabs (300)"), ("tab_h", "height of the tabs (32)")],
        press: "A click, or the left and right arrows while a tab has the focus, changes the page.",
        example: "tabs(16, 16, [\n    [\"Pumps\", || { for (p, i) in [\"ex/run\", \"ex/stop\", \"ex/hand\"] { pump(80 + i * \
            140, 48, p, #{ label: `Pump ${i + 1}` }); } }],\n    [\"Levels\", || { value(24, 40, \"x/low\"); \
            }],\n    [\"Energy\", || { value(24, 40, \"x/good\"); }],\n], #{ w: 608, h: 160 });",
        picture: (640.0, 192.0),
        ..BASE
    },
    Function {
        name: "popup",
        arguments: "(x, y, words, #{..}, || { .. })",
        usage: "popup(20, 80, \"Details\", #{ size: [240, 160] }, || { row(16, 16, \"Speed\", \"high_lift/p1/speed\"); })",
        what: "A button that shows more over the screen, below itself: what is looked at seldom. (0, 0) of the block is the \
            corner of what opens. A sign on the button tells of what deserves attention inside.",
        options: &[
            ("size", "[w, h] of what opens ([280, 200])"),
            ("w", "width of the button (120)"),
            ("h", "height of the button (32)"),
            ("open_at", "[x, y]: the corner at which it opens; otherwise below the button"),
        ],
        press: "A click, or Tab and Enter, opens and closes it; Esc or a click beside it closes it.",
        example: "popup(24, 16, \"Details\", #{ size: [280, 104] }, || {\n    row(16, 12, \"Level\", \
            \"x/good\");\n    row(16, 36, \"Temperature\", \"x/high\");\n    row(16, 60, \"Chlorine\", \"x/bad\");\n});",
        picture: (640.0, 168.0),
        ..BASE
    },
    Function {
        name: "image",
        arguments: "(x, y, file, #{..})",
        usage: "image(20, 80, \"site.svg\", #{ w: 400 })",
        what: "A picture from the project's `images/`: SVG (shapes and paths; no letters, no scripts, nothing loaded from \
            elsewhere) or PNG, at most 512 kB. Backgrounds such as a site plan; equipment is better drawn with symbols, which \
            know their states. A file that can't be shown is a marked box with the reason.",
        options: &[("w", "width; without it from the height, or the picture's own"), ("h", "height, likewise")],
        example: "image(24, 16, \"site.svg\", #{ h: 120 });\nimage(336, 16, \"missing.svg\", #{ w: 240, h: 120 });",
        ..BASE
    },
];
