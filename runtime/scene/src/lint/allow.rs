//! `// allow(lint-id): reason`: silences one lint at one place.

use plantroom_model::Diagnostic;

use super::{Finding, LINTS};
use crate::edit::comments;

struct Allow {
    file: String,
    place: (u32, u32),
    id: String,
    /// The line for which it is meant.
    line: u32,
    has_reason: bool,
    used: bool,
}

/// The findings that nobody has silenced, and what is wrong with the silencing.
pub(super) fn silenced(files: &[(String, String)], findings: Vec<Finding>) -> Vec<Finding> {
    let mut allows: Vec<Allow> = files.iter().flat_map(|(file, text)| allows_of(file, text)).collect();
    let mut left: Vec<Finding> = Vec::new();
    for finding in findings {
        let meant = allows.iter_mut().find(|allow| {
            let here = &finding.diagnostic;
            allow.has_reason && allow.id == finding.lint && allow.line == here.line && allow.file == here.file
        });
        match meant {
            Some(allow) => allow.used = true,
            None => left.push(finding),
        }
    }
    left.extend(allows.iter().filter_map(complaint));
    left
}

fn complaint(allow: &Allow) -> Option<Finding> {
    let (message, help) = if !LINTS.iter().any(|lint| lint.id == allow.id) {
        let near = plantroom_model::nearest(&allow.id, LINTS.iter().map(|lint| lint.id));
        let help = near
            .map_or_else(|| "`plantroom screen check --lints` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
        (format!("there is no lint `{}`", allow.id), help)
    } else if !allow.has_reason {
        (
            format!("this doesn't say why `{}` is allowed, so it isn't", allow.id),
            format!("write // allow({}): the reason", allow.id),
        )
    } else if !allow.used {
        (format!("`{}` finds nothing here", allow.id), "take the comment away".to_owned())
    } else {
        return None;
    };
    Some(Finding { lint: "allow", diagnostic: Diagnostic::warning(&allow.file, allow.place, message, help) })
}

fn allows_of(file: &str, text: &str) -> Vec<Allow> {
    let mut all = Vec::new();
    if !file.ends_with(".rhai") {
        return all;
    }
    for (place, comment) in comments(text) {
        let words = comment.trim_start_matches('/').trim_start();
        let Some((ids, rest)) = words.strip_prefix("allow(").and_then(|words| words.split_once(')')) else { continue };
        let reason = rest.trim_start().strip_prefix(':').unwrap_or_default().trim();
        let before = text.lines().nth(place.0 as usize - 1).unwrap_or_default();
        let alone = before.trim_start().starts_with("//");
        // Alone on its line it is meant for the next line that isn't a comment.
        let following = text.lines().enumerate().skip(place.0 as usize);
        let next = following
            .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with("//"))
            .map(|(at, _)| at as u32 + 1);
        let line = if alone { next.min().unwrap_or(place.0) } else { place.0 };
        for id in ids.split(',') {
            let (file, id) = (format!("screens/{file}"), id.trim().to_owned());
            all.push(Allow { file, place, id, line, has_reason: !reason.is_empty(), used: false });
        }
    }
    all
}
