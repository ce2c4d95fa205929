//! Lines in the station's log: at most 1,024 bytes each and, unless granted otherwise, 20 a second.
//!
//! `log_error!`, `log_warn!`, `log_info!` and `log_debug!` take what `format!` takes.

use crate::port;

/// How much a line matters, with its number in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Something doesn't work.
    Error = 0,
    /// Something may soon not work.
    Warning = 1,
    /// Worth knowing.
    Information = 2,
    /// For the plugin's author.
    Debug = 3,
}

/// Writes a line.
pub fn write(level: Level, line: &str) {
    port::log(level as u8, line);
}

/// Writes an error line.
#[macro_export]
macro_rules! log_error { ($($line:tt)*) => { $crate::log::write($crate::log::Level::Error, &::std::format!($($line)*)) } }

/// Writes a warning line.
#[macro_export]
macro_rules! log_warn { ($($line:tt)*) => { $crate::log::write($crate::log::Level::Warning, &::std::format!($($line)*)) } }

/// Writes an information line.
#[macro_export]
macro_rules! log_info { ($($line:tt)*) => { $crate::log::write($crate::log::Level::Information, &::std::format!($($line)*)) } }

/// Writes a debug line.
#[macro_export]
macro_rules! log_debug { ($($line:tt)*) => { $crate::log::write($crate::log::Level::Debug, &::std::format!($($line)*)) } }
