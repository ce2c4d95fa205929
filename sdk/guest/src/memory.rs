//! The plugin's small persistent key-value store. The project must grant it (`store_kib`).
//!
//! Changes are durable within a second of the end of the step that made them. Not to be used in `create`: `init`
//! runs in `plantroom check` too.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, Result, port};

/// The value of a key, if it is there. Keys have at most 256 bytes.
pub fn get(key: &str) -> Option<Vec<u8>> {
    port::get(key)
}

/// Sets a key.
///
/// # Errors
/// The quota would be passed; nothing has changed.
pub fn set(key: &str, value: &[u8]) -> Result<()> {
    if port::set(key, value) {
        Ok(())
    } else {
        Err(Error::other(format!("`{key}` can't be kept: the plugin's store is full; raise its grant.store_kib")))
    }
}

/// Removes a key; nothing happens if it isn't there.
pub fn remove(key: &str) {
    port::remove(key);
}

/// A value that [`save`] kept. What can't be read any more counts as not there.
pub fn load<T: DeserializeOwned>(key: &str) -> Option<T> {
    serde_json::from_slice(&get(key)?).ok()
}

/// Keeps a value, as JSON.
///
/// # Errors
/// It isn't representable, or the quota would be passed; nothing has changed.
pub fn save<T: Serialize>(key: &str, value: &T) -> Result<()> {
    let bytes = serde_json::to_vec(value).map_err(|error| Error::other(format!("`{key}` can't be kept: {error}")))?;
    set(key, &bytes)
}
