//! Whatever text a plugin.toml or a key is: no panic, and what is told can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plantroom_archive::{Ask, Day, Manifest, PublicKey, SecretKey};

fuzz_target!(|bytes: &[u8]| {
    match Manifest::parse(bytes) {
        Ok(manifest) => {
            let name = manifest.file_name();
            assert!(!name.contains('/') && !name.starts_with('.') && name.is_ascii());
            assert!(Ask::default().differences(&manifest.ask).len() >= manifest.ask.imports.len());
            let _ = (manifest.ask.sentences(), manifest.ask.accepts_line());
        }
        Err(reason) => assert!(!reason.is_empty()),
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(key) = text.parse::<PublicKey>() {
            assert_eq!(key.to_string(), text);
        }
        if let Ok(day) = text.parse::<Day>() {
            assert_eq!(day.to_string(), text);
        }
        let _ = SecretKey::from_file(text);
    }
});
