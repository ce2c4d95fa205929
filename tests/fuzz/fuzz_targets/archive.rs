//! Whatever bytes come: no panic, and what is read as an archive is written as the same bytes.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use plantroom_archive::{Archive, write};

fuzz_target!(|bytes: &[u8]| {
    let Ok(archive) = Archive::read(bytes.to_vec()) else { return };
    let files: BTreeMap<String, Vec<u8>> = archive.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect();
    assert!(files.keys().all(|path| !path.contains("..") && !path.starts_with('/')));
    let again = write(&files).expect("what was read can be written");
    assert_eq!(again, archive.unsigned());
    if archive.signatures().is_empty() {
        assert_eq!(again, bytes, "one spelling only");
    }
});
