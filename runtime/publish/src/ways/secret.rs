//! Secrets and certificates from files, read anew for each delivery: what was mended works with the next attempt.

use std::io::Read as _;

use super::{Failure, FailureKind};

/// Longest secret, in bytes.
const SECRET_BYTES: u64 = 4_096;
/// Longest file of certificates, in bytes.
const CERTIFICATE_BYTES: u64 = 4 << 20;

/// A password or token: the file's first line.
pub(super) fn secret(path: &str, what: &str) -> Result<String, Failure> {
    let text = read(path, SECRET_BYTES).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| std::io::Error::new(std::io::ErrorKind::InvalidData, "it is no text"))
    });
    let text = text.map_err(|error| {
        Failure::new(FailureKind::Outside, format!("the {what} can't be read ({error}); it belongs alone into this file: {path}"))
    })?;
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(Failure::new(FailureKind::Outside, format!("there is no {what} in this file: {path}"))),
    }
}

/// Certificates in PEM.
pub(super) fn certificates(path: &str) -> Result<Vec<u8>, Failure> {
    read(path, CERTIFICATE_BYTES)
        .map_err(|error| Failure::new(FailureKind::Outside, format!("the certificates can't be read ({error}): {path}")))
}

fn read(path: &str, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, format!("it is longer than {most} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_first_line_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mail");
        let at = path.to_str().unwrap();
        for (text, expected) in [
            ("secret\n", Ok("secret")),
            ("  two words \r\nmore", Ok("two words")),
            ("\n", Err("there is no password in this file")),
            ("", Err("there is no password in this file")),
        ] {
            std::fs::write(&path, text).unwrap();
            match (secret(at, "password"), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(failure), Err(expected)) => assert!(failure.why.starts_with(expected), "{failure}"),
                other => panic!("{text:?}: {other:?}"),
            }
        }
        std::fs::write(&path, "x".repeat(5_000)).unwrap();
        assert!(secret(at, "password").unwrap_err().why.contains("longer than 4096 bytes"));
        std::fs::remove_file(&path).unwrap();
        assert!(secret(at, "password").unwrap_err().why.contains("can't be read"));
    }
}
