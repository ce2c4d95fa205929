//! Keys, and how they are written.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_compact::{KeyPair, PublicKey as Point, Seed, Signature as Bytes};
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
        // Strict: weak keys and other spellings of the same signature are refused.
        Point::new(self.0).verify(message, &Bytes::new(*signature)).is_ok()
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
        Point::new(bytes).validate().map_err(|_| KeyError::Weak)?;
        Ok(Self(bytes))
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A key that signs. It is never printed but by [`SecretKey::to_file`].
pub struct SecretKey(KeyPair);

impl SecretKey {
    /// From 32 bytes that nobody else knows.
    ///
    /// # Errors
    /// When they are all zero, as they are where nobody has filled them in.
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, KeyError> {
        KeyPair::try_from_seed(Seed::new(seed)).map(Self).map_err(|_| KeyError::NoSecret)
    }

    /// The key that its signatures are checked with.
    pub fn public(&self) -> PublicKey {
        PublicKey(*self.0.pk)
    }

    /// What the key's file holds.
    pub fn to_file(&self) -> String {
        format!(
            "# A secret key. Whoever has this file signs plugins in your name: keep it off the network, and never in a project.\n\
             # Its public key, for others: {}\n{SECRET}{}\n",
            self.public(),
            STANDARD.encode(*self.0.sk.seed())
        )
    }

    /// Reads what [`Self::to_file`] wrote.
    ///
    /// # Errors
    /// When there is no such key in it.
    pub fn from_file(text: &str) -> Result<Self, KeyError> {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(SECRET)).ok_or(KeyError::NoSecret)?;
        let seed: [u8; 32] = STANDARD.decode(line).ok().and_then(|seed| seed.try_into().ok()).ok_or(KeyError::NoSecret)?;
        Self::from_seed(seed)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        *self.0.sk.sign(message, None)
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
        assert!(SecretKey::from_seed([0; 32]).is_err());
        let secret = SecretKey::from_seed([7; 32]).unwrap();
        let again = SecretKey::from_file(&secret.to_file()).unwrap();
        assert_eq!(again.public(), secret.public());
        let text = secret.public().to_string();
        assert_eq!(text.parse::<PublicKey>().unwrap(), secret.public());
        assert!(!format!("{secret:?}").contains(&STANDARD.encode([7; 32])), "a secret key is never printed");
        assert!(SecretKey::from_file("nothing").is_err());
    }

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let seed = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let secret = SecretKey::from_seed(seed.try_into().unwrap()).unwrap();
        let public = bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        assert_eq!(secret.public(), PublicKey(public.try_into().unwrap()));
        let signature = bytes(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        );
        assert_eq!(secret.sign(&[0x72]).to_vec(), signature);
        assert!(secret.public().verifies(&[0x72], &signature.try_into().unwrap()));
    }

    #[test]
    fn what_is_no_key_is_told_so() {
        let good = SecretKey::from_seed([7; 32]).unwrap().public().to_string();
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
