//! How many files and connections the system lets this program open at once, and whether a project fits.
//!
//! A connection that can't be opened is a device that isn't polled, and a file that can't be opened may be the audit
//! trail's next one: so a project that doesn't fit is refused with a sentence, before anything of it runs.

use plantroom_project::Plant;

/// Files, sockets and wake-ups of the station itself: 21 were counted with one plugin, and a change reads the folder beside.
const OWN: u64 = 64;
/// With fewer even the project can't be looked at.
const TO_BEGIN: u64 = 48;
/// Memory images and stores of one plugin.
const A_PLUGIN: u64 = 4;
/// Consoles, programs and browsers that there must be room for, whatever the system allows.
const AT_THE_DOOR: u64 = 16;

/// Lifts this process's own limit as far as the system allows; shells and services often begin with 1,024 of a million.
pub fn lift() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        // Where the system refuses, the limit stays, and whatever doesn't fit is refused below.
        if current != maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_err() {
            tracing::debug!("the limit of open files could not be lifted");
        }
    }
}

/// What the system allows; `None` where it sets no limit.
fn allowed() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    None
}

/// What a plant needs, without anybody at the door.
fn needed(plant: &Plant) -> u64 {
    let connections = plant.connections.iter().filter(|connection| !connection.name.is_empty()).count() as u64;
    let plugins = plant.plugins.iter().filter(|plugin| !plugin.name.is_empty()).count() as u64;
    connections + A_PLUGIN * plugins + OWN
}

/// Whether a station can be started at all, so far that its project can be read and the plant looked at.
///
/// # Errors
/// With a sentence that says what is missing, and what to do.
pub fn enough_to_begin() -> Result<(), String> {
    begins(allowed())
}

fn begins(allowed: Option<u64>) -> Result<(), String> {
    let Some(allowed) = allowed.filter(|allowed| *allowed < TO_BEGIN) else { return Ok(()) };
    let least = OWN + AT_THE_DOOR;
    Err(format!(
        "The system lets this program open {allowed} files and connections at once; a station needs {least}, and one more for \
         each device. Raise the limit: `ulimit -n 1024` in the shell that starts it, or LimitNOFILE=1024 in the service's unit."
    ))
}

/// Whether this plant can run within the system's limit.
///
/// # Errors
/// With a sentence that says how much is missing, and what to do.
pub fn enough(plant: &Plant) -> Result<(), String> {
    fits(needed(plant), allowed())
}

fn fits(needed: u64, allowed: Option<u64>) -> Result<(), String> {
    let Some(allowed) = allowed else { return Ok(()) };
    let wanted = needed + AT_THE_DOOR;
    if wanted <= allowed {
        return Ok(());
    }
    Err(format!(
        "The system lets this program open {allowed} files and connections at once, and this project needs {wanted}: one for \
         each device, {AT_THE_DOOR} for consoles, the rest for its own files. Raise the limit: `ulimit -n {wanted}` in the \
         shell that starts it, or LimitNOFILE={wanted} in the service's unit."
    ))
}

/// How many may be at the network door at once, so that devices and files still find room.
pub fn at_the_door(plant: &Plant) -> usize {
    let left = allowed().map_or(u64::MAX, |allowed| allowed.saturating_sub(needed(plant)).max(AT_THE_DOOR));
    usize::try_from(left).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::small_plant;

    #[test]
    fn a_plant_that_does_not_fit_is_told_how_much_is_missing() {
        let check = |needed, allowed, fits_in| assert_eq!(fits(needed, allowed).is_ok(), fits_in, "{needed} of {allowed:?}");
        check(100, None, true);
        check(48, Some(64), true);
        check(49, Some(64), false);
        check(1_000, Some(1_024), true);
        assert!(begins(None).is_ok() && begins(Some(TO_BEGIN)).is_ok());
        assert!(begins(Some(12)).unwrap_err().contains("ulimit -n"));
        let told = fits(168, Some(64)).unwrap_err();
        for word in ["64 files", "needs 184", "ulimit -n 184", "LimitNOFILE=184"] {
            assert!(told.contains(word), "{told}");
        }
    }

    #[test]
    fn every_device_and_plugin_counts() {
        // One connection, one plugin.
        assert_eq!(needed(&small_plant()), OWN + A_PLUGIN + 1);
        assert!(at_the_door(&small_plant()) >= AT_THE_DOOR as usize);
    }
}
