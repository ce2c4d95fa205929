//! What closures cost, in steps of the sandbox: the same on every machine.

use super::{Findings, acts::closure_place};
use crate::Scene;
use crate::computed::Outcome;

/// Steps above which a closure is costly: a tenth of what it may take at most (about 0.3 ms).
const STEPS: u64 = 2_000;
/// Tags above which a closure runs too often: one of them always changes.
const READS: usize = 25;

pub(super) fn look(scene: &Scene, found: &mut Findings) {
    for (at, computed) in scene.closures.iter().enumerate() {
        let Some(place) = closure_place(scene, at) else { continue };
        if computed.steps > STEPS {
            let message =
                format!("this closure takes {} steps each time one of its {} tags changes", computed.steps, computed.reads.len());
            let help = "let the station compute it: a derived tag (`derive = \"...\"`) is computed once for all consoles";
            found.add("costly-closure", &place, message, help);
        } else if computed.reads.len() > READS {
            let message = format!("this closure reads {} tags, and runs whenever one of them changes", computed.reads.len());
            found.add("costly-closure", &place, message, "make a derived tag of it (`derive = \"...\"` in tags/)");
        }
        if computed.reads.is_empty() && matches!(computed.outcome, Outcome::Value(_)) {
            let message = "this closure reads no tag, so it never changes".to_owned();
            found.add("closure-without-tags", &place, message, "write the value itself, or read a tag in it: `tag(\"...\")`");
        }
    }
}
