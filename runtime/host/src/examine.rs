//! Looks at a component before anything of it is compiled: is it whole, for which contract, and what does it want?

use std::collections::BTreeSet;

use plantroom_project::Grant;
use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};

use crate::{LoadError, Manifest, SECTION};

/// The contract that this station speaks.
const PACKAGE: &str = "plantroom:plugin/";
const CONTRACT: (u64, u64) = (0, 1);

/// One capability of the contract: its import, what it is, and what must be granted for it.
struct Capability {
    import: &'static str,
    what: &'static str,
    grant: &'static str,
    granted: fn(&Grant) -> bool,
}

const CAPABILITIES: &[Capability] = &[
    Capability {
        import: "samples",
        what: "to publish values",
        grant: "no `publish` tags",
        granted: |grant| !grant.publish.is_empty(),
    },
    Capability {
        import: "orders",
        what: "for write orders",
        grant: "no `write` (an empty list is enough for a plant that only looks)",
        granted: |grant| grant.orders,
    },
    Capability {
        import: "modbus",
        what: "for Modbus connections",
        grant: "no `connections` that carry Modbus",
        granted: Grant::has_modbus,
    },
    Capability {
        import: "stream",
        what: "for connections that carry bytes",
        grant: "no `connections` with `stream` (for example stream = { tcp = \"192.168.0.10:102\" } in connections.toml)",
        granted: |grant| !grant.streams.is_empty(),
    },
    Capability { import: "tags", what: "to read tags", grant: "no `read` tags", granted: |grant| !grant.read.is_empty() },
    Capability {
        import: "conditions",
        what: "to speak of alarms",
        grant: "no `alarms` (for example alarms = { raise = [\"area/*\"] })",
        granted: |grant| grant.alarms.any(),
    },
    Capability {
        import: "memory",
        what: "for a persistent store",
        grant: "no `store_kib`",
        granted: |grant| grant.store_bytes > 0,
    },
    Capability { import: "log", what: "to write log lines", grant: "", granted: |_| true },
    Capability { import: "types", what: "", grant: "", granted: |_| true },
];

/// What a component is, as far as it can be told without running it.
#[derive(Clone, Debug)]
pub(crate) struct Examined {
    /// Interfaces of the contract that it imports, without package and version.
    pub imports: BTreeSet<String>,
    /// What it says of itself.
    pub manifest: Option<Manifest>,
    /// The same as it is written.
    pub manifest_text: Option<Vec<u8>>,
}

/// Reads a component's outside.
pub(crate) fn examine(plugin: &str, bytes: &[u8]) -> Result<Examined, LoadError> {
    let malformed = |reason: String| LoadError::Malformed { plugin: plugin.to_owned(), reason };
    if !Parser::is_component(bytes) {
        return Err(malformed(match bytes {
            [] => "it is empty".to_owned(),
            _ if Parser::is_core_wasm(bytes) => "it is a core module that was not packed into a component".to_owned(),
            _ => "it does not begin as one".to_owned(),
        }));
    }
    Validator::new_with_features(WasmFeatures::default())
        .validate_all(bytes)
        .map_err(|error| malformed(format!("{} (at byte {})", error.message(), error.offset())))?;
    let (mut imports, mut exports, mut manifest, mut manifest_text) = (Vec::new(), Vec::new(), None, None);
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(|error| malformed(error.to_string()))? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import.map_err(|error| malformed(error.to_string()))?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.push(export.map_err(|error| malformed(error.to_string()))?.name.name.to_owned());
                }
            }
            Payload::CustomSection(section) if depth == 0 && section.name() == SECTION => {
                let unusable = |reason| malformed(format!("its plugin.toml can't be read: {reason}"));
                manifest = Some(Manifest::parse(section.data()).map_err(unusable)?);
                manifest_text = Some(section.data().to_vec());
            }
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return Err(malformed("it is a core module that was not packed into a component".to_owned()));
            }
            _ => {}
        }
    }
    Ok(Examined { imports: of_this_contract(plugin, &imports, &exports)?, manifest, manifest_text })
}

/// Checks names and versions of imports and exports; keeps the interfaces' names.
fn of_this_contract(plugin: &str, imports: &[String], exports: &[String]) -> Result<BTreeSet<String>, LoadError> {
    let contract = |reason: String| LoadError::Contract { plugin: plugin.to_owned(), reason };
    let (major, minor) = CONTRACT;
    for name in imports.iter().chain(exports) {
        let Some((_, version)) = name.strip_prefix(PACKAGE).and_then(|rest| rest.split_once('@')) else { continue };
        if track(version) != Some(CONTRACT) {
            return Err(contract(format!(
                "was built for version {version} of the plugin contract, and this station speaks {major}.{minor}; \
                 build it again with this station's SDK, or install the station that it was built for"
            )));
        }
    }
    if !exports.iter().any(|name| name.starts_with("plantroom:plugin/guest@")) {
        return Err(contract(
            "exports no plantroom:plugin/guest, so it is not a plugin; build it with `plantroom plugin build`".into(),
        ));
    }
    let mut known = BTreeSet::new();
    for name in imports {
        let interface = name.strip_prefix(PACKAGE).and_then(|rest| rest.split('@').next());
        match interface {
            Some(interface) if CAPABILITIES.iter().any(|capability| capability.import == interface) => {
                known.insert(interface.to_owned());
            }
            Some(interface) => {
                return Err(contract(format!(
                    "asks for {PACKAGE}{interface}, which this station does not have yet; install a newer station"
                )));
            }
            None => {
                return Err(contract(format!(
                    "imports {name}, which no plugin gets: plugins reach nothing but plantroom:plugin; build it for \
                     wasm32-unknown-unknown with `plantroom plugin build`"
                )));
            }
        }
    }
    Ok(known)
}

/// Versions within which additions break nobody: before 1.0 the minor number, after it the major.
fn track(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.split('.').map(|number| number.parse::<u64>().ok());
    let (major, minor, _patch) = (numbers.next()??, numbers.next()??, numbers.next()??);
    numbers.next().is_none().then_some(if major == 0 { (0, minor) } else { (major, 0) })
}

/// Holds what a component wants against what it says it wants, and what it is granted.
pub(crate) fn hold_against(plugin: &str, examined: &Examined, grant: &Grant) -> Result<(), LoadError> {
    let mut reasons = Vec::new();
    for capability in CAPABILITIES.iter().filter(|capability| examined.imports.contains(capability.import)) {
        let Capability { import, what, grant: missing, granted } = capability;
        if !granted(grant) {
            reasons
                .push(format!("plugin `{plugin}` asks {what} (import {PACKAGE}{import}), but plugins.toml grants it {missing}"));
        }
        if let Some(manifest) = &examined.manifest
            && !["types", "log"].contains(import)
            && !manifest.ask.imports.contains(*import)
        {
            reasons.push(format!(
                "plugin `{plugin}` uses {PACKAGE}{import} without asking for it; its author must add `{import}` to \
                 `[ask] imports` in its plugin.toml"
            ));
        }
    }
    if let Some(manifest) = &examined.manifest {
        let numbers = numbers(manifest, grant).into_iter().filter(|(_, asked, granted, _)| asked > granted);
        reasons.extend(numbers.map(|(what, asked, granted, key)| {
            format!(
                "plugin `{plugin}` asks for {}, but plugins.toml grants it {granted} (`{key}`)",
                what.replace("{}", &asked.to_string())
            )
        }));
    }
    if reasons.is_empty() { Ok(()) } else { Err(LoadError::Grant { reasons }) }
}

/// What is asked for in numbers, what is granted, and the grant's key.
fn numbers(manifest: &Manifest, grant: &Grant) -> [(&'static str, u64, u64, &'static str); 6] {
    let ask = &manifest.ask;
    [
        ("{} MiB of memory", ask.memory_mib.into(), grant.memory_bytes >> 20, "memory_mib"),
        ("a store of {} KiB", ask.store_kib.into(), grant.store_bytes >> 10, "store_kib"),
        ("{} % of a core", ask.cpu_pct.into(), grant.cpu_pct.into(), "cpu_pct"),
        ("{} samples a second", ask.samples_per_s.into(), grant.samples_per_s.into(), "samples_per_s"),
        ("{} log lines a second", ask.log_lines_per_s.into(), grant.log_lines_per_s.into(), "log_lines_per_s"),
        ("{} words about alarms a second", ask.alarm_words_per_s.into(), grant.alarms.words_per_s.into(), "alarms.words_per_s"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(imports: &[&str], exports: &[&str], wanted: Result<&[&str], &str>) {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        match (of_this_contract("p", &own(imports), &own(exports)), wanted) {
            (Ok(found), Ok(wanted)) => assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), wanted),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, wanted) => panic!("{found:?} instead of {wanted:?}"),
        }
    }

    #[test]
    fn the_contract_is_told_from_the_names() {
        let guest = &["plantroom:plugin/guest@0.1.0"][..];
        check(&["plantroom:plugin/log@0.1.0", "plantroom:plugin/types@0.1.7"], guest, Ok(&["log", "types"]));
        check(&["plantroom:plugin/log@0.2.0"], guest, Err("version 0.2.0 of the plugin contract, and this station speaks 0.1"));
        check(&[], &["plantroom:plugin/guest@1.0.0"], Err("version 1.0.0"));
        check(&[], &["plantroom:plugin/guest@0.1.0-rc1"], Err("version 0.1.0-rc1"));
        check(&[], &["run"], Err("it is not a plugin"));
        check(&["plantroom:plugin/teleport@0.1.0"], guest, Err("does not have yet"));
        check(&["wasi:sockets/tcp@0.2.0"], guest, Err("which no plugin gets"));
    }
}
