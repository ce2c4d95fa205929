//! Links between the documents.

use std::path::Path;

use walkdir::WalkDir;

/// Every relative link in a document that leads nowhere, as a sentence.
///
/// # Panics
/// When a document can't be read, or there are none.
pub fn broken() -> Vec<String> {
    let root = crate::root();
    let mut breaches = Vec::new();
    let mut looked_at = 0;
    let entries =
        WalkDir::new(&root).into_iter().filter_entry(|entry| entry.file_name() != "target" && entry.file_name() != ".git");
    for entry in entries {
        let entry = entry.expect("the workspace must be readable");
        if entry.path().extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).expect("a document must be readable");
        let folder = entry.path().parent().unwrap_or(Path::new(""));
        for target in targets(&text) {
            looked_at += 1;
            if !folder.join(&target).exists() {
                let shown = entry.path().strip_prefix(&root).unwrap_or(entry.path()).display().to_string();
                breaches.push(format!("{shown}: nothing is at `{target}`"));
            }
        }
    }
    assert!(looked_at > 10, "only {looked_at} links were found");
    breaches
}

/// The files that a document links to, without anchors; links to the web and anchors of its own are left out.
pub fn targets(text: &str) -> Vec<String> {
    let mut fenced = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    });
    let is_file =
        |target: &str| !target.is_empty() && !target.starts_with('#') && !target.contains("://") && !target.contains(' ');
    lines
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.split('#').next().unwrap_or_default().to_owned())
        .filter(|target| is_file(target))
        .collect()
}
