//! Signatures over an archive's list of hashes.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{ArchiveError, PublicKey, SecretKey, limits};

const HEADER: &str = "# Signatures over SHA256SUMS, format 1\n";

/// As what somebody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signer {
    /// Who made the plugin.
    Publisher,
    /// The site that runs it: it has looked at this very archive and takes it.
    Site,
}

impl Signer {
    fn word(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Site => "site",
        }
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A day of the calendar, written `2026-11-23`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Day {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_one = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
        if !is_one {
            return Err(());
        }
        let part = |range: std::ops::Range<usize>| text[range].parse::<u16>().map_err(|_| ());
        let (year, month, day) = (part(0..4)?, part(5..7)? as u8, part(8..10)? as u8);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if (1..=12).contains(&month) && (1..=days).contains(&day) { Ok(Self { year, month, day }) } else { Err(()) }
    }
}

/// Somebody's word for one archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// As what.
    pub signer: Signer,
    /// The day that the signer gave (UTC). Who has the key can write any day.
    pub day: Day,
    /// Whose.
    pub key: PublicKey,
    bytes: [u8; 64],
}

impl Signature {
    /// Signs a list of hashes. The same key, day and list give the same signature.
    pub(crate) fn over(sums: &[u8], signer: Signer, day: Day, key: &SecretKey) -> Self {
        Self { signer, day, key: key.public(), bytes: key.sign(&message(sums, signer, day)) }
    }

    fn order(&self) -> (Signer, PublicKey) {
        (self.signer, self.key)
    }
}

/// What is signed: what it is, as what, when, and the digest of the list of hashes; so that no signature can be taken for
/// another kind's.
fn message(sums: &[u8], signer: Signer, day: Day) -> Vec<u8> {
    format!("Plantroom plugin signature, format 1\n{signer}\n{day}\nsha256:{}\n", crate::read::hash(sums)).into_bytes()
}

/// The file of signatures. One key has one signature as one signer: the last counts.
pub(crate) fn render(signatures: &[Signature]) -> String {
    let mut sorted: Vec<&Signature> = Vec::new();
    for signature in signatures {
        sorted.retain(|other| other.order() != signature.order());
        sorted.push(signature);
    }
    sorted.sort_by_key(|signature| signature.order());
    let lines = sorted.into_iter().map(|signature| {
        let Signature { signer, day, key, bytes } = signature;
        format!("{signer} {day} {key} {}\n", STANDARD.encode(bytes))
    });
    HEADER.to_owned() + &lines.collect::<String>()
}

/// Reads the file of signatures, and checks each.
pub(crate) fn read(text: &[u8], sums: &[u8]) -> Result<Vec<Signature>, ArchiveError> {
    let damaged = || ArchiveError::signature("its file of signatures is damaged; get the archive anew");
    let text = std::str::from_utf8(text).map_err(|_| damaged())?;
    let lines = text.strip_prefix(HEADER).ok_or_else(damaged)?;
    let signatures = lines.lines().map(|line| parse(line).ok_or_else(damaged)).collect::<Result<Vec<_>, _>>()?;
    if signatures.is_empty() || signatures.len() > limits::SIGNATURES {
        let many = signatures.len();
        return Err(ArchiveError::signature(format!("it has {many} signatures; 1 to {} are possible", limits::SIGNATURES)));
    }
    if render(&signatures) != text {
        return Err(damaged());
    }
    for signature in &signatures {
        let Signature { signer, day, key, bytes } = signature;
        if !key.verifies(&message(sums, *signer, *day), bytes) {
            let sentence = format!(
                "the {signer}'s signature in it ({}) isn't over this archive: one of the two was changed; get the archive anew \
                 from its publisher",
                key.short()
            );
            return Err(ArchiveError::Signature(sentence));
        }
    }
    Ok(signatures)
}

fn parse(line: &str) -> Option<Signature> {
    let mut words = line.split(' ');
    let (signer, day, key, bytes) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let signer = [Signer::Publisher, Signer::Site].into_iter().find(|known| known.word() == signer)?;
    let bytes: [u8; 64] = STANDARD.decode(bytes).ok()?.try_into().ok()?;
    let signature = Signature { signer, day: day.parse().ok()?, key: key.parse().ok()?, bytes };
    words.next().is_none().then_some(signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_the_calendar() {
        for (text, good) in [
            ("2026-11-23", true),
            ("2028-02-29", true),
            ("2026-02-29", false),
            ("2100-02-29", false),
            ("2000-02-29", true),
            ("2026-13-01", false),
            ("2026-00-01", false),
            ("2026-04-31", false),
            ("2026-4-3", false),
            ("2026-11-2x", false),
            ("", false),
            ("2026-11-é", false),
        ] {
            assert_eq!(text.parse::<Day>().is_ok(), good, "{text}");
        }
        assert!("2026-11-23".parse::<Day>().unwrap() < "2026-12-01".parse::<Day>().unwrap());
        assert_eq!("0999-01-02".parse::<Day>().unwrap().to_string(), "0999-01-02");
    }

    #[test]
    fn a_signature_holds_for_its_list_its_day_and_its_signer_only() {
        let key = SecretKey::from_seed([3; 32]).unwrap();
        let day: Day = "2026-11-23".parse().unwrap();
        let text = render(&[Signature::over(b"sums", Signer::Publisher, day, &key)]);
        assert_eq!(read(text.as_bytes(), b"sums").unwrap().len(), 1);
        assert!(read(text.as_bytes(), b"Sums").is_err());
        for (from, to) in [("publisher", "site"), ("2026-11-23", "2026-11-22"), (" ed25519", "  ed25519")] {
            assert!(read(text.replace(from, to).as_bytes(), b"sums").is_err(), "{from} -> {to}");
        }
        assert!(read(format!("{text}\n").as_bytes(), b"sums").is_err());
        assert!(read(HEADER.as_bytes(), b"sums").is_err());
    }

    #[test]
    fn signing_again_replaces_and_the_order_of_signing_does_not_matter() {
        let (one, two) = (SecretKey::from_seed([1; 32]).unwrap(), SecretKey::from_seed([2; 32]).unwrap());
        let day: Day = "2026-11-23".parse().unwrap();
        let (a, b) = (Signature::over(b"s", Signer::Site, day, &one), Signature::over(b"s", Signer::Publisher, day, &two));
        assert_eq!(render(&[a.clone(), b.clone()]), render(&[b, a.clone(), a]));
    }
}
