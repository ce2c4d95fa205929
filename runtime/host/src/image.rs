//! A plugin's persistent store, and its bytes as they are kept.
//!
//! Image: `PRM1`, then for each entry, by key: length of the key and of the value (u32, little-endian), key, value.

use std::collections::BTreeMap;

use crate::limits;

const MAGIC: &[u8; 4] = b"PRM1";

/// Keys and values, and what they cost of the quota.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Image {
    entries: BTreeMap<String, Vec<u8>>,
    used: u64,
}

/// What one entry costs.
pub(crate) fn cost(key: &str, value: &[u8]) -> u64 {
    (key.len() + value.len()) as u64 + limits::ENTRY_BYTES
}

impl Image {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Vec<u8>> {
        self.entries.get(key)
    }

    /// What all entries cost.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Sets a key, or removes it.
    pub fn put(&mut self, key: String, value: Option<Vec<u8>>) {
        if let Some(old) = self.entries.get(&key) {
            self.used -= cost(&key, old);
        }
        match value {
            Some(value) => {
                self.used += cost(&key, &value);
                self.entries.insert(key, value);
            }
            None => {
                self.entries.remove(&key);
            }
        }
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + self.used as usize);
        bytes.extend_from_slice(MAGIC);
        for (key, value) in &self.entries {
            bytes.extend_from_slice(&(key.len() as u32).to_le_bytes());
            bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
            bytes.extend_from_slice(key.as_bytes());
            bytes.extend_from_slice(value);
        }
        bytes
    }

    /// From its bytes; none at all are an empty store. `None` when they aren't an image.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut image = Self::default();
        if bytes.is_empty() {
            return Some(image);
        }
        let mut rest = bytes.strip_prefix(MAGIC)?;
        while !rest.is_empty() {
            let key_len = u32::from_le_bytes(*rest.first_chunk()?) as usize;
            let value_len = u32::from_le_bytes(*rest.get(4..)?.first_chunk()?) as usize;
            let key = rest.get(8..8usize.checked_add(key_len)?)?;
            let end = 8usize.checked_add(key_len)?.checked_add(value_len)?;
            let value = rest.get(8 + key_len..end)?;
            image.put(std::str::from_utf8(key).ok()?.to_owned(), Some(value.to_vec()));
            rest = &rest[end..];
        }
        Some(image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_survives_and_a_torn_one_is_noticed() {
        let mut image = Image::default();
        image.put("total".into(), Some(vec![1, 2, 3]));
        image.put("gone".into(), Some(vec![0; 100]));
        image.put("gone".into(), None);
        image.put(String::new(), Some(Vec::new()));
        assert_eq!(image.used(), 2 * limits::ENTRY_BYTES + 8);
        let bytes = image.encode();
        assert_eq!(Image::decode(&bytes), Some(image));
        assert_eq!(Image::decode(&[]), Some(Image::default()));
        assert_eq!(Image::decode(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Image::decode(b"something else"), None);
    }
}
