//! Who may import whom, and which crate owns which heavy dependency.

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// Our crates, and of our crates what each may import (runtime/ARCHITECTURE.md, "The house").
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("store", &["model"]),
    ("wire", &["model"]),
    ("script", &["model"]),
    ("tags", &["model", "script"]),
    ("alarms", &["model", "script"]),
    ("access", &["model", "store"]),
    ("historian", &["model", "store"]),
    ("project", &["model", "script", "tags", "access", "archive"]),
    ("scene", &["model", "script", "wire"]),
    ("fieldbus", &["model", "project"]),
    ("simulator", &["model", "project"]),
    ("host", &["model", "project", "archive"]),
    ("publish", &["model", "store", "script", "project"]),
    ("server", &["model", "wire", "tags", "access", "project", "historian"]),
    ("hmi", &["model", "wire", "scene"]),
    (
        "station",
        &[
            "model",
            "store",
            "wire",
            "script",
            "tags",
            "alarms",
            "access",
            "historian",
            "project",
            "scene",
            "fieldbus",
            "host",
            "publish",
            "server",
            "archive",
        ],
    ),
    (
        "plantroom",
        &[
            "model",
            "access",
            "historian",
            "project",
            "scene",
            "fieldbus",
            "simulator",
            "host",
            "station",
            "hmi",
            "pack",
            "archive",
            "testkit",
        ],
    ),
    ("sdk", &["sdk-macros"]),
    ("sdk-macros", &[]),
    ("archive", &[]),
    ("pack", &["archive"]),
    ("testkit", &["sdk", "host", "model", "project"]),
];

/// A heavy dependency has one owner; two where it has a client's and a server's side.
const OWNERS: &[(&str, &[&str])] = &[
    ("wasmtime", &["host"]),
    ("eframe", &["hmi"]),
    ("egui", &["hmi"]),
    ("ewebsock", &["hmi"]),
    ("resvg", &["hmi"]),
    ("roxmltree", &["scene"]),
    ("tokio-modbus", &["simulator", "bench"]),
    ("tokio-serial", &["fieldbus"]),
    ("rhai", &["script", "scene"]),
    ("axum", &["server"]),
    ("argon2", &["access"]),
    ("parquet", &["historian"]),
    ("mail-send", &["publish"]),
    ("wit-component", &["pack"]),
    ("ed25519-compact", &["archive"]),
    ("tar", &["archive"]),
];

/// Every import that the house forbids.
///
/// # Panics
/// When cargo can't say what the workspace is.
pub fn breaches() -> Vec<String> {
    let metadata = MetadataCommand::new().current_dir(crate::root()).exec().expect("cargo metadata must answer");
    let members = metadata.workspace_packages();
    let mut found = Vec::new();
    for (name, _) in MAY_IMPORT {
        if !members.iter().any(|package| short(package) == *name) {
            found.push(format!("the crate `{name}` of the import table is not in the workspace"));
        }
    }
    for package in &members {
        found.extend(of_package(package));
    }
    found
}

fn of_package(package: &Package) -> Vec<String> {
    let mut found = Vec::new();
    let who = short(package);
    let allowed = MAY_IMPORT.iter().find(|(name, _)| *name == who).map(|(_, allowed)| *allowed);
    let folder = package.manifest_path.as_str().replace('\\', "/");
    if allowed.is_none() && ["/runtime/", "/sdk/"].iter().any(|top| folder.contains(top)) {
        found.push(format!("`{who}` is not in the table of who may import whom"));
    }
    for dependency in package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal) {
        let name = dependency.name.as_str();
        if let Some(ours) = name.strip_prefix("plantroom-")
            && let Some(allowed) = allowed
            && !allowed.contains(&ours)
        {
            found.push(format!("`{who}` imports `{ours}`, but may import only {allowed:?} (runtime/ARCHITECTURE.md)"));
        }
        if who.starts_with("plugin-") && name.starts_with("plantroom-") && name != "plantroom-sdk" {
            found.push(format!("the plugin `{who}` imports `{name}`; plugins import the SDK only"));
        }
        if let Some((_, owners)) = OWNERS.iter().find(|(owned, _)| *owned == name)
            && !owners.contains(&who.as_str())
        {
            found.push(format!("`{who}` imports `{name}`, which belongs to {owners:?}"));
        }
    }
    found
}

fn short(package: &Package) -> String {
    package.name.as_str().trim_start_matches("plantroom-").to_owned()
}
