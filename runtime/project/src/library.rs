//! The types that come with Plantroom: `type = "lib/sunspec_inverter"` means `screens/types/sunspec_inverter.toml`.

include!(concat!(env!("OUT_DIR"), "/library.rs"));
