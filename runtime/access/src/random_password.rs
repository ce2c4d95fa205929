//! Passwords that nobody chose.

use crate::AccessError;

/// Letters and digits that can't be mistaken for one another when copied from a screen by hand.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Letters in a password: five bits each, 100 in all.
const LENGTH: usize = 20;

/// A random password for a first user, in groups of four letters; it is shown once and should be changed.
///
/// # Errors
/// When the machine has no randomness.
pub fn random_password() -> Result<String, AccessError> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(|error| AccessError::Secrets(error.to_string()))?;
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect();
    Ok(letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_passwords_differ_and_can_be_typed() {
        let (one, other) = (super::random_password().unwrap(), super::random_password().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 24);
        assert!(one.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'));
    }
}
