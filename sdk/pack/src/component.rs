//! From a core module to a component.

use anyhow::{Context, Result, bail};
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use crate::inspect::inspect_bytes;

/// The custom section of a component that holds its `plugin.toml`.
pub const SECTION: &str = "plantroom:plugin.toml";

/// What every import of a plugin starts with.
pub(crate) const CONTRACT: &str = "plantroom:plugin/";

/// Makes a component of a core module and puts the text of its `plugin.toml` into it.
///
/// # Errors
/// Names imports that aren't the contract's, and what usually brings them.
pub fn componentize(module: &[u8], manifest_text: &str) -> Result<Vec<u8>> {
    check_imports(module)?;
    let module = without_debug(module)?;
    let mut encoder = ComponentEncoder::default();
    let encoded = encoder.validate(true).module(&module).and_then(|encoder| encoder.encode());
    let not_one = "what cargo built isn't a plugin; export one with `#[derive(Driver)]` or `export_driver!` from plantroom-sdk";
    let mut component = encoded.context(not_one)?;
    inspect_bytes(&component).context(not_one)?;
    push_manifest(&mut component, manifest_text);
    Ok(component)
}

/// Puts a `plugin.toml` into a component.
pub(crate) fn push_manifest(component: &mut Vec<u8>, manifest_text: &str) {
    push_custom_section(component, SECTION, manifest_text.as_bytes());
}

fn check_imports(module: &[u8]) -> Result<()> {
    let mut foreign: Vec<String> = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(section) = payload.context("what cargo built isn't a WebAssembly module")? {
            for import in section.into_imports() {
                let import = import.context("what cargo built has a broken import section")?;
                if !import.module.starts_with(CONTRACT) {
                    foreign.push(format!("{}.{}", import.module, import.name));
                }
            }
        }
    }
    if foreign.is_empty() {
        return Ok(());
    }
    let brings = if foreign.iter().any(|name| name.starts_with("wasi")) {
        "something was built for WASI; build for wasm32-unknown-unknown"
    } else if foreign.iter().any(|name| name.starts_with("__wbindgen")) {
        "a dependency expects a browser; switch off its `js`, `wasm-bindgen` or `wasmbind` feature"
    } else {
        "usually C code or a missing library; leave out the dependency that needs it"
    };
    let more = if foreign.len() > 5 { format!(" and {} more", foreign.len() - 5) } else { String::new() };
    foreign.truncate(5);
    bail!("a plugin may import nothing but {CONTRACT}*, and this one imports {}{more}: {brings}", foreign.join(", "))
}

/// The module without DWARF: half of a plugin's size, and it holds the paths of the machine that built it.
/// Function names stay, for the backtraces of fault records.
fn without_debug(module: &[u8]) -> Result<Vec<u8>> {
    let mut kept = Vec::with_capacity(module.len());
    kept.extend_from_slice(module.get(..8).context("what cargo built isn't a WebAssembly module")?);
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if matches!(&payload, Payload::CustomSection(section) if section.name().starts_with(".debug")) {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            let body =
                module.get(range.start as usize..range.end as usize).context("what cargo built has a section outside itself")?;
            kept.push(id);
            push_leb(&mut kept, body.len());
            kept.extend_from_slice(body);
        }
    }
    Ok(kept)
}

fn push_custom_section(binary: &mut Vec<u8>, name: &str, data: &[u8]) {
    let mut body = Vec::with_capacity(name.len() + data.len() + 5);
    push_leb(&mut body, name.len());
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(data);
    binary.push(0);
    push_leb(binary, body.len());
    binary.extend_from_slice(&body);
}

/// Unsigned LEB128 (WebAssembly core specification, 5.2.2).
fn push_leb(binary: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        binary.push(number as u8 & 0x7F | 0x80);
        number >>= 7;
    }
    binary.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with one import of a function without parameters.
    fn importing(module: &str, name: &str) -> Vec<u8> {
        let mut binary = b"\0asm\x01\0\0\0".to_vec();
        binary.extend_from_slice(&[1, 4, 1, 0x60, 0, 0]);
        let mut import = vec![1];
        for text in [module, name] {
            push_leb(&mut import, text.len());
            import.extend_from_slice(text.as_bytes());
        }
        import.extend_from_slice(&[0, 0]);
        binary.push(2);
        push_leb(&mut binary, import.len());
        binary.extend_from_slice(&import);
        binary
    }

    #[test]
    fn a_foreign_import_is_named_with_what_brings_it() {
        for (module, sentence) in [
            ("wasi_snapshot_preview1", "built for WASI"),
            ("__wbindgen_placeholder__", "expects a browser"),
            ("env", "C code"),
            ("plantroom:pluginx/log", "C code"),
        ] {
            let error = componentize(&importing(module, "f"), "").unwrap_err().to_string();
            assert!(error.contains(sentence) && error.contains(&format!("{module}.f")), "{error}");
        }
    }

    #[test]
    fn what_is_no_plugin_is_told_so() {
        assert!(componentize(b"hello", "").is_err());
        let error = componentize(b"\0asm\x01\0\0\0", "").unwrap_err().to_string();
        assert!(error.contains("isn't a plugin"), "{error}");
    }

    #[test]
    fn debug_sections_go_and_everything_else_stays() {
        let mut module = importing("plantroom:plugin/log@0.1.0", "write");
        push_custom_section(&mut module, "name", b"n");
        let clean = module.clone();
        push_custom_section(&mut module, ".debug_info", &[0; 200]);
        assert_eq!(without_debug(&module).unwrap(), clean);
    }
}
