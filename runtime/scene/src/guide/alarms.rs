//! What operators have to answer.

use super::{Function, Group, PLAIN};

const BASE: Function = Function { group: Group::Values, ..PLAIN };

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "alarm_banner",
        arguments: "(x, y, #{..})",
        usage: "alarm_banner(20, 20, #{ w: 800, h: 78, area: \"intake\" })",
        what: "The most urgent alarms that wait for an acknowledgement, of the whole plant or of what its options say; how many \
            more wait stands at its end. Without alarms in the project: limits passed, faults and doubtful values of this \
            screen and of `tags`, which is no alarm list, and says so.",
        options: &[
            ("area", "only alarms of this part of the plant"),
            ("instance", "only alarms of this instance, or of tags below this name"),
            ("screen", "only alarms whose screen this is"),
            ("tags", "without alarms: up to 500 tags that it watches besides what the screen shows"),
            ("label", "words above it"),
            ("w", "width (800)"),
            ("h", "height (78): one line each 22"),
        ],
        press: "A click on an alarm, or Tab and Enter, goes to its screen; a double click opens everything about it.",
        example: "alarm_banner(16, 16, #{ w: 608, h: 92 });",
        picture: (640.0, 124.0),
        ..BASE
    },
    Function {
        name: "alarms",
        arguments: "(x, y, #{..})",
        usage: "alarms(16, 80, #{ w: 400, h: 110, instance: \"high_lift/p1\" })",
        what: "A small list of the alarms that stand, acknowledged ones too, the most urgent first: of the whole plant, of an \
            area, of one machine. Says how many more there are. Faceplates list those of their machine so.",
        options: &[
            ("area", "only alarms of this part of the plant"),
            ("instance", "only alarms of this instance, or of tags below this name"),
            ("screen", "only alarms whose screen this is"),
            ("label", "words above it"),
            ("w", "width (400)"),
            ("h", "height (110): one line each 22"),
        ],
        press: "A click on an alarm, or Tab and Enter, opens everything about it: what to do, its trend, its keys. What stands \
            below the lines opens the list of all of them; with `instance` also those that are normal or shelved.",
        example: "alarms(16, 24, #{ w: 608, h: 112, label: \"intake\", area: \"intake\" });",
        picture: (640.0, 152.0),
        ..BASE
    },
];
