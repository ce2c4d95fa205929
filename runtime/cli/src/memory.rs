//! How the C library's allocator treats memory that is free again: a station gives it back, a console keeps it.
//!
//! Figures and what else was tried: runtime/DECISIONS.md, "The C library's allocator, told what for". Where there is no
//! glibc nothing is told, and everything works the same.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod told {
    /// Larger pieces come from the system one by one, and go back when they are free: the 19 MiB of a password's hash.
    const STATION_PIECE_BYTES: i32 = 8 << 20;
    /// More than this free at the end of an arena goes back.
    const STATION_FREE_BYTES: i32 = 512 << 10;
    /// Arenas; without a limit it is eight a core, each with holes of its own.
    const STATION_ARENAS: i32 = 4;

    /// The largest that can be told: a frame's triangles are made anew sixty times a second, and each time from pages that
    /// the system has emptied, where they aren't kept.
    const CONSOLE_PIECE_BYTES: i32 = 32 << 20;
    /// Two such frames.
    const CONSOLE_FREE_BYTES: i32 = 256 << 20;
    /// By how much more than is needed the heap grows.
    const CONSOLE_MORE_BYTES: i32 = 16 << 20;

    pub fn for_a_station() {
        tell(&[
            (libc::M_MMAP_THRESHOLD, STATION_PIECE_BYTES),
            (libc::M_TRIM_THRESHOLD, STATION_FREE_BYTES),
            (libc::M_ARENA_MAX, STATION_ARENAS),
        ]);
    }

    pub fn for_a_console() {
        tell(&[
            (libc::M_MMAP_THRESHOLD, CONSOLE_PIECE_BYTES),
            (libc::M_TRIM_THRESHOLD, CONSOLE_FREE_BYTES),
            (libc::M_TOP_PAD, CONSOLE_MORE_BYTES),
        ]);
    }

    fn tell(settings: &[(i32, i32)]) {
        for (setting, value) in settings {
            // SAFETY: `mallopt` takes two numbers and a lock of its own; what it can't use it refuses, and nothing is lost.
            let _ = unsafe { libc::mallopt(*setting, *value) };
        }
    }

    pub fn give_back() {
        // SAFETY: `malloc_trim` takes the allocator's own locks, and touches only what is free.
        let _ = unsafe { libc::malloc_trim(0) };
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod told {
    pub fn for_a_station() {}
    pub fn for_a_console() {}
    pub fn give_back() {}
}

/// For a process that runs for years beside others: little is kept of what is free. Before the first thread.
pub fn for_a_station() {
    told::for_a_station();
}

/// For a process that paints: what one frame has freed the next one needs. Before the first thread.
pub fn for_a_console() {
    told::for_a_console();
}

/// Gives back what lies free between what is used. All that is free is looked at, and nobody gets memory meanwhile: 90 to
/// 420 ms with 300 MB in pieces, so it is for a moment in which nothing runs yet.
pub fn give_back() {
    told::give_back();
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    /// What this process has of its own, in KiB.
    fn resident_kib() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    #[test]
    fn holes_between_what_is_used_are_given_back() {
        // 64 MiB in pieces of a page, of which every hundredth stays: without being told to the library keeps it all.
        let mut pieces: Vec<Option<Vec<u8>>> = (0..16_384).map(|_| Some(vec![1; 4_096])).collect();
        let full = resident_kib();
        pieces.iter_mut().enumerate().filter(|(place, _)| place % 100 != 0).for_each(|(_, piece)| *piece = None);
        super::give_back();
        let left = resident_kib();
        assert!(left + 40_000 < full, "{full} KiB before, {left} KiB after");
        assert_eq!(pieces.iter().flatten().count(), 164);
    }
}
