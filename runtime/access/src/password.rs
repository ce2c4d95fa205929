//! Passwords, hashed one at a time.

use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use parking_lot::Mutex;
use subtle::ConstantTimeEq;

use crate::{AccessError, limits};

/// Of no password: unknown users cost as much as known ones. Same parameters as [`Argon2::default`]
/// (argon2id, 19 MiB, 2 passes, 1 lane: the first choice of OWASP's password storage sheet).
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGF0IGFsbC4uLg$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// Only one password is hashed at a time, so that logins can't take the machine's memory and cores.
#[derive(Debug, Default)]
pub(crate) struct Hashing {
    turn: Mutex<()>,
    waiting: AtomicUsize,
}

/// Too many are waiting.
#[derive(Debug)]
pub(crate) struct Busy;

impl Hashing {
    /// Whether the password is the one behind the hash; with no hash never, after the same work.
    pub(crate) fn matches(&self, password: &str, hash: Option<&str>) -> Result<bool, Busy> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= limits::WAITING_LOGINS {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Busy);
        }
        let turn = self.turn.lock();
        let password = if password.len() > limits::PASSWORD_BYTES { "" } else { password };
        let matched = verify(password, hash.unwrap_or(NOBODY)) == Some(true) && hash.is_some();
        drop(turn);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Ok(matched)
    }

    /// A new password's hash (PHC string), if the password keeps the rules.
    pub(crate) fn hash(&self, user: &str, password: &str) -> Result<String, AccessError> {
        check_rules(user, password)?;
        let _turn = self.turn.lock();
        let hash = Argon2::default().hash_password(password.as_bytes());
        hash.map(|hash: PasswordHash| hash.to_string()).map_err(|error| AccessError::Secrets(error.to_string()))
    }
}

/// Whether the password is the one behind a PHC string; `None` for a string that isn't argon2id's. Its 19 MiB are given
/// back at once: the program's allocator is told to keep nothing of that size.
fn verify(password: &str, hash: &str) -> Option<bool> {
    let hash = PasswordHash::new(hash).ok()?;
    let params = Params::try_from(&hash).ok()?;
    let mut memory = vec![Block::default(); params.block_count()];
    let (salt, expected) = (hash.salt?, hash.hash?);
    let mut computed = vec![0; expected.as_ref().len()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password.as_bytes(), salt.as_ref(), &mut computed, &mut memory).ok()?;
    Some(computed.ct_eq(expected.as_ref()).into())
}

fn check_rules(user: &str, password: &str) -> Result<(), AccessError> {
    let rule = |text: String| Err(AccessError::Rule(text));
    if password.chars().count() < limits::PASSWORD_CHARS {
        return rule(format!("the password is too short; take at least {} characters", limits::PASSWORD_CHARS));
    }
    if password.len() > limits::PASSWORD_BYTES {
        return rule(format!("the password is too long; take at most {} bytes", limits::PASSWORD_BYTES));
    }
    let mut chars = password.chars();
    let first = chars.next();
    if chars.all(|other| Some(other) == first) {
        return rule("the password is one character repeated; take several words".to_owned());
    }
    if password.to_lowercase().contains(&user.to_lowercase()) && password.len() < user.len() + limits::PASSWORD_CHARS / 2 {
        return rule("the password is little more than the user name; take several words".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_the_parameters_of_everybody() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let real = PasswordHash::new(&Hashing::default().hash("anna", "a long password").unwrap()).unwrap();
        assert_eq!((nobody.algorithm, nobody.version, nobody.params), (real.algorithm, real.version, real.params));
        assert_eq!(nobody.salt.map(|salt| salt.len()), real.salt.map(|salt| salt.len()));
        assert!(!Hashing::default().matches("nobody at all...", None).unwrap());
    }

    #[test]
    fn weak_passwords_are_refused() {
        let refused = |password: &str| assert!(check_rules("anna.smith", password).is_err(), "{password}");
        refused("");
        refused("123456789");
        refused("aaaaaaaaaaaaaaa");
        refused("Anna.Smith1");
        refused(&"long".repeat(1_000));
        assert!(check_rules("anna.smith", "ten chars!").is_ok());
        assert!(check_rules("anna.smith", "zehn Öchs!").is_ok());
    }
}
