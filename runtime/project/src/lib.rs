//! Turns a project folder into a checked, typed plant.
//!
//! In:  the files of a folder (DESIGN: "a plant is a folder of text").
//! Out: a [`Plant`], or every mistake in the folder, each with its place.
//! Start at [`load`].
//!
//! Invariant: never stops at the first mistake.
//! Invariant: one mistake is told once: what follows from a mistake (a name that couldn't be read) is not told again.
//! Invariant: reads nothing outside of the folder.
//! Invariant: does not run plugins or connections, and of scripts only what alarm scripts declare, in their sandbox; what
//! the others have to say is added by the station's check.

mod alarm_grants;
mod alarm_plant;
mod alarms;
mod assets;
mod automations;
mod connections;
mod csv_columns;
mod csv_decode;
mod csv_tags;
mod csv_text;
mod csv_words;
mod derive;
mod difference;
mod export;
mod fields;
mod folder;
mod grants;
mod import;
mod instances;
mod keys;
mod library;
mod load;
mod names;
mod new;
mod onto;
mod outlets;
mod overrides;
mod parse;
mod people;
mod placeholders;
mod plant;
mod plant_file;
mod plugins;
mod pool;
mod reach;
mod report;
mod resolve;
mod schema;
mod shape;
mod shared;
mod source;
mod sources;
mod system_tags;
mod tag;
mod tag_ids;
mod tag_places;
mod take_out;
mod tree;
mod trust;
mod types;
mod write;

pub use alarm_plant::{AlarmSettings, PositionSpec, ScriptFile, ScriptedAlarm};
pub use alarms::{SYSTEM_ALARMS, export_alarms, plan_alarm_import};
pub use assets::{Asset, AssetKind};
pub use automations::{AutomationSpec, AutomationWork, CopySpec, ScriptWork};
pub use csv_columns::tag_columns;
pub use difference::{Changed, Differences, Preview, difference};
pub use export::{CsvStyle, export_tags};
pub use import::{Import, plan_import};
pub use library::library;
pub use load::{Loaded, load, read_screens};
pub use new::{NewError, NewOptions, Template, new_project};
pub use onto::load_onto;
pub use outlets::{OutletKind, OutletSpec, PLACEHOLDERS, Tls};
pub use people::{DutySpec, GroupSpec, People, PersonSpec, Reached, WeekMinute};
pub use plant::{
    AlarmGrant, ApplyWhen, ChangeSpec, ConnectionSpec, DeviceSpec, Grant, LinkSpec, ListenSpec, Parity, Place, Plant, PluginSpec,
    ScanSpec, ScreenFile, SerialSpec, StreamSpec, TcpAddress,
};
pub use reach::{Reach, ReachItem, reach};
pub use schema::schemas;
pub use tag_ids::{AlarmIds, TagIds};
pub use tag_places::TagPlaces;
