//! The types that come with Plantroom: `type = "lib/sunspec_inverter"` means `screens/types/sunspec_inverter.toml`.

include!(concat!(env!("OUT_DIR"), "/library.rs"));

/// Name and text of each type that comes with Plantroom, by name; a project writes `type = "lib/NAME"`.
pub fn library() -> &'static [(&'static str, &'static str)] {
    TYPES
}
