//! `plugin.toml`, as its author is held to it: no key that says nothing, nothing missing, nothing asked for that isn't used.

use anyhow::{Result, bail};
pub use plantroom_archive::{Ask, Manifest, World};
use toml::de::{DeTable, DeValue};

/// Keys of the file.
const KEYS: [&str; 6] = ["name", "version", "description", "licence", "world", "ask"];

/// Reads a `plugin.toml` for packing.
///
/// # Errors
/// Everything that is wrong in it, each with its line.
pub fn read_manifest(text: &str) -> Result<Manifest> {
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => bail!("line {}: {}", error.span().map_or(1, |span| line_of(text, span.start)), error.message()),
    };
    let mut wrong = Vec::new();
    let mut of_ask: Vec<&str> = Ask::number_keys().collect();
    of_ask.push("imports");
    check_keys(text, &table, "", &KEYS, &mut wrong);
    let ask = table.iter().find(|(key, _)| key.get_ref() == "ask").map(|(_, value)| value);
    if let Some(DeValue::Table(ask)) = ask.map(|value| value.get_ref()) {
        check_keys(text, ask, "[ask] ", &of_ask, &mut wrong);
    }
    for key in KEYS.iter().filter(|key| !table.keys().any(|known| known.get_ref() == **key)) {
        wrong.push((usize::MAX, format!("`{key}` is missing")));
    }
    let manifest = match (wrong.is_empty(), Manifest::parse(text.as_bytes())) {
        (true, Ok(manifest)) => manifest,
        (true, Err(reason)) => bail!("{reason}"),
        (false, _) => bail!("{}", in_lines(wrong)),
    };
    let at = |key: &str| table.keys().find(|known| known.get_ref() == key).map_or(0, |known| line_of(text, known.span().start));
    if manifest.version.is_empty() {
        bail!("line {}: the version is empty; write it as in 0.1.0", at("version"));
    }
    let Some(world) = World::named(&manifest.world) else {
        let words = World::ALL.map(World::word).join(", ");
        bail!("line {}: there is no world `{}`; the worlds are {words}", at("world"), manifest.world);
    };
    let known = world.imports();
    let foreign: Vec<&str> = manifest.ask.imports.iter().map(String::as_str).filter(|import| !known.contains(import)).collect();
    if !foreign.is_empty() {
        let (foreign, word) = (foreign.join(", "), world.word());
        bail!(
            "line {}: ask.imports has {foreign}, which the world `{word}` doesn't have; it has {}",
            at("ask"),
            known.join(", ")
        );
    }
    Ok(manifest)
}

fn check_keys(text: &str, table: &DeTable<'_>, before: &str, known: &[&str], wrong: &mut Vec<(usize, String)>) {
    for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
        let sentence = format!("{before}has no key `{}`; its keys are {}", key.get_ref(), known.join(", "));
        wrong.push((line_of(text, key.span().start), sentence));
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn in_lines(mut wrong: Vec<(usize, String)>) -> String {
    wrong.sort();
    let each = wrong.into_iter().map(|(line, sentence)| match line {
        usize::MAX => sentence,
        line => format!("line {line}: {sentence}"),
    });
    each.collect::<Vec<_>>().join("\n")
}

/// Whether a component that imports these interfaces asks for them.
///
/// # Errors
/// Names what it uses without asking, or asks for without using.
pub fn check_imports(manifest: &Manifest, used: &[&str]) -> Result<()> {
    let asked: Vec<&str> = manifest.ask.imports.iter().map(String::as_str).collect();
    let missing: Vec<&str> = used.iter().copied().filter(|import| !asked.contains(import)).collect();
    if !missing.is_empty() {
        bail!("it uses {} without asking; add that to ask.imports in its plugin.toml", missing.join(", "));
    }
    let unused: Vec<&str> = asked.into_iter().filter(|import| !used.contains(import)).collect();
    if !unused.is_empty() {
        bail!("it asks for {} and never uses it; take that from ask.imports in its plugin.toml", unused.join(", "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name = \"average\"\nversion = \"0.1.0\"\ndescription = \"x\"\nlicence = \"MIT\"\nworld = \"analytics\"\n\
        [ask]\nimports = [\"samples\", \"tags\"]\nmemory_mib = 8\n";

    #[test]
    fn a_manifest_says_what_is_wrong_with_it_and_where() {
        assert!(read_manifest(GOOD).is_ok());
        let says = |from: &str, to: &str, sentence: &str| {
            let error = read_manifest(&GOOD.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(sentence), "{error}");
        };
        says("\"average\"", "\"../etc\"", "file name");
        says("\"tags\"", "\"modbus\"", "line 6: ask.imports has modbus, which the world `analytics` doesn't have");
        says("licence", "license", "line 4: has no key `license`");
        says("licence", "license", "`licence` is missing");
        says("analytics", "alarms", "line 5: there is no world `alarms`");
        says("memory_mib", "memory_kib", "line 8: [ask] has no key `memory_kib`");
        says("\"0.1.0\"", "", "line 2: ");
        says("\"0.1.0\"", "\"\"", "line 2: the version is empty");
        says("8", "-8", "invalid value");
    }

    #[test]
    fn what_is_used_is_asked_for_and_nothing_else() {
        let manifest = read_manifest(GOOD).unwrap();
        assert!(check_imports(&manifest, &["samples", "tags"]).is_ok());
        assert!(check_imports(&manifest, &["samples", "tags", "log"]).unwrap_err().to_string().contains("uses log"));
        assert!(check_imports(&manifest, &["samples"]).unwrap_err().to_string().contains("asks for tags"));
    }
}
