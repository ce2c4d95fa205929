//! Keys, and how they are written.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature as Bytes, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer};

const PUBLIC: &str = "ed25519:";
const SECRET: &str = "plantroom-secret-ed25519:";

/// Why text isn't a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It isn't written as one.
    #[error("a key is written ed25519: and 44 letters, as `plantroom plugin keygen` prints it")]
    Form,
    /// It is written as one, and no signature could be checked with it.
    #[error("this key can't be used: part of it is missing or wrong; copy it again from its owner")]
    Weak,
    /// There is no secret key in this text.
    #[error("this isn't a secret key as `plantroom plugin keygen` makes it")]
    NoSecret,
}

/// A key that signatures are checked with (Ed25519, RFC 8032). Written `ed25519:` and its 32 bytes in base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Whether this signature is the key owner's, over this message.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let Ok(key) = VerifyingKey::from_bytes(&self.0) else { return false };
        // Strict: one message has one signature, and keys that fit any message are refused.
        key.verify_strict(message, &Bytes::from_bytes(signature)).is_ok()
    }

    /// Its beginning, for lists where the whole key is too long.
    pub fn short(&self) -> String {
        self.to_string().chars().take(PUBLIC.len() + 8).collect()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC}{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bytes = STANDARD.decode(text.strip_prefix(PUBLIC).ok_or(KeyError::Form)?).map_err(|_| KeyError::Form)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| KeyError::Form)?;
        match VerifyingKey::from_bytes(&bytes) {
            Ok(key) if !key.is_weak() => Ok(Self(bytes)),
            _ => Err(KeyError::Weak),
        }
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A key that signs. It is never printed but by [`SecretKey::to_file`].
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// From 32 bytes that nobody else knows.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// The key that its signatures are checked with.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// What the key's file holds.
    pub fn to_file(&self) -> String {
        format!(
            "# A secret key. Whoever has this file signs plugins in your name: keep it off the network, and never in a project.\n\
             # Its public key, for others: {}\n{SECRET}{}\n",
            self.public(),
            STANDARD.encode(self.0.to_bytes())
        )
    }

    /// Reads what [`Self::to_file`] wrote.
    ///
    /// # Errors
    /// When there is no such key in it.
    pub fn from_file(text: &str) -> Result<Self, KeyError> {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(SECRET)).ok_or(KeyError::NoSecret)?;
        let seed: [u8; 32] = STANDARD.decode(line).ok().and_then(|seed| seed.try_into().ok()).ok_or(KeyError::NoSecret)?;
        Ok(Self::from_seed(seed))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey of {}", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        let secret = SecretKey::from_seed([7; 32]);
        let again = SecretKey::from_file(&secret.to_file()).unwrap();
        assert_eq!(again.public(), secret.public());
        let text = secret.public().to_string();
        assert_eq!(text.parse::<PublicKey>().unwrap(), secret.public());
        assert!(!format!("{secret:?}").contains(&STANDARD.encode([7; 32])), "a secret key is never printed");
        assert!(SecretKey::from_file("nothing").is_err());
    }

    #[test]
    fn what_is_no_key_is_told_so() {
        let good = SecretKey::from_seed([7; 32]).public().to_string();
        for (text, error) in [
            (good.replace("ed25519:", "rsa:"), KeyError::Form),
            (good[..good.len() - 1].to_owned(), KeyError::Form),
            (format!("{good}="), KeyError::Form),
            (format!("ed25519:{}", STANDARD.encode([0; 31])), KeyError::Form),
            // The neutral element: every signature would fit it.
            (
                format!(
                    "ed25519:{}",
                    STANDARD.encode({
                        let mut one = [0; 32];
                        one[0] = 1;
                        one
                    })
                ),
                KeyError::Weak,
            ),
            (format!("ed25519:{}", STANDARD.encode([0; 32])), KeyError::Weak),
        ] {
            assert_eq!(text.parse::<PublicKey>(), Err(error), "{text}");
        }
    }
}
