//! A UTC clock that can be set, for one station: libfaketime between the program and the machine's clock.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::wait::eventually;

/// Where Debian, Ubuntu, Fedora and Arch put the library.
const PLACES: [&str; 5] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
];

/// The clock. Its monotonic sister goes on as it always does.
pub struct Clock {
    folder: TempDir,
    library: &'static str,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// A clock that is right.
    ///
    /// # Panics
    /// When libfaketime is missing, with what to type.
    #[track_caller]
    pub fn new() -> Self {
        let library = PLACES.into_iter().find(|place| Path::new(place).is_file());
        let library = library.unwrap_or_else(|| panic!("libfaketime is missing; type: apt-get install libfaketime"));
        let clock = Self { folder: TempDir::with_prefix("plantroom-clock-").expect("a temporary folder"), library };
        clock.set(0);
        clock
    }

    /// Sets it so many seconds away from the machine's.
    ///
    /// # Panics
    /// When the disk refuses.
    pub fn set(&self, off_s: i64) {
        let beside = self.folder.path().join("next");
        std::fs::write(&beside, format!("{off_s:+}\n")).expect("a file can be written");
        std::fs::rename(beside, self.file()).expect("a file can be renamed");
    }

    /// What a process needs in its environment to have this clock.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", self.library.to_owned()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            // Files keep the times that they have.
            ("NO_FAKE_STAT", "1".to_owned()),
        ]
    }

    /// Waits until somebody who has this clock shows a time (ms UTC) that is so many seconds away from the machine's, to 2 s.
    ///
    /// # Panics
    /// When it doesn't within 10 s.
    #[track_caller]
    pub fn wait_until_shown(&self, off_s: i64, time_ms: impl Fn() -> f64) {
        eventually(&format!("the clock is off by {off_s} s"), 10.0, || {
            let machine_ms = jiff::Timestamp::now().as_millisecond() as f64;
            ((time_ms() - machine_ms) / 1e3 - off_s as f64).abs().lt(&2.0).then_some(())
        });
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("time")
    }
}
