//! What consoles keep of a project beside its scripts: pictures, fonts, languages, the theme. Each is told of by what it holds,
//! so that a console asks only for what it hasn't.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Contents in one message, in bytes, at most; one asset alone may be larger.
const CONTENTS_BYTES: usize = 4 << 20;

/// Assets that may be asked for at once.
pub const FETCHED_ASSETS: usize = 4_096;

/// Names what a text holds: its SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// Of a text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

impl std::fmt::Display for ContentHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// A picture, a font, a language or the theme, without what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// Path in the project folder, without `screens/`.
    pub path: String,
    /// What it holds.
    pub hash: ContentHash,
}

/// What assets hold, each under the hash by which it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Texts; the bytes of fonts and PNGs as base64.
    pub texts: Vec<(ContentHash, String)>,
    /// There is no more: what was asked for and hasn't come isn't part of the project any more.
    pub is_last: bool,
}

impl Contents {
    /// The answers to a question, in messages that aren't too large; at least one.
    pub fn answers<'a>(known: impl Fn(&ContentHash) -> Option<&'a str>, asked: &[ContentHash]) -> Vec<Self> {
        let mut answers = vec![Self::default()];
        let mut bytes = 0;
        for hash in asked.iter().take(FETCHED_ASSETS) {
            let Some(text) = known(hash) else { continue };
            if bytes > 0 && bytes + text.len() > CONTENTS_BYTES {
                answers.push(Self::default());
                bytes = 0;
            }
            bytes += text.len();
            if let Some(last) = answers.last_mut() {
                last.texts.push((*hash, text.to_owned()));
            }
        }
        if let Some(last) = answers.last_mut() {
            last.is_last = true;
        }
        answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_hold_what_was_asked_for_once_each_and_stay_small() {
        let texts: Vec<String> = (0..7).map(|at| at.to_string().repeat(1_500_000)).collect();
        let hashes: Vec<ContentHash> = texts.iter().map(|text| ContentHash::of(text)).collect();
        let known = |hash: &ContentHash| hashes.iter().position(|own| own == hash).map(|at| texts[at].as_str());
        let mut asked = hashes.clone();
        asked.insert(3, ContentHash::of("not of this project"));
        let answers = Contents::answers(known, &asked);
        assert_eq!(answers.iter().map(|answer| answer.texts.len()).collect::<Vec<_>>(), [2, 2, 2, 1]);
        assert_eq!(answers.iter().map(|answer| answer.is_last).collect::<Vec<_>>(), [false, false, false, true]);
        let got: Vec<_> = answers.into_iter().flat_map(|answer| answer.texts).collect();
        assert_eq!(got.iter().map(|(hash, _)| *hash).collect::<Vec<_>>(), hashes);
        assert!(got.iter().all(|(hash, text)| ContentHash::of(text) == *hash));
        assert_eq!(Contents::answers(known, &[]), [Contents { texts: Vec::new(), is_last: true }]);
    }

    #[test]
    fn a_hash_is_told_as_everybody_tells_it() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(ContentHash::of("abc").to_string(), known);
    }
}
