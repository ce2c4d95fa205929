//! Archives that strangers send: each is read as what was packed, or refused with a sentence.

use std::collections::BTreeMap;

use plantroom_archive::{Archive, ArchiveError, SecretKey, Signer, Trust, TrustedKey, limits, write};

const TOML: &str = "name = \"meter\"\nversion = \"1.2.0\"\ndescription = \"x\"\nlicence = \"MIT\"\nworld = \"driver\"\n";

fn files() -> BTreeMap<String, Vec<u8>> {
    let files = [
        ("plugin.toml", TOML.as_bytes()),
        ("plugin.wasm", b"\0asm component".as_slice()),
        ("core.wasm", b"\0asm core"),
        ("LICENSE-MIT", b"do what you like"),
        ("wit/plugin.wit", b"package plantroom:plugin;"),
    ];
    files.into_iter().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect()
}

fn packed() -> Vec<u8> {
    write(&files()).unwrap()
}

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32]).unwrap()
}

fn signed(bytes: Vec<u8>, signer: Signer, day: &str, seed: u8) -> Vec<u8> {
    Archive::read(bytes).unwrap().signed(signer, day.parse().unwrap(), &secret(seed)).unwrap()
}

/// A tar file of anybody's making, in the archive's own style unless `change` says otherwise.
fn tape(entries: &[(&str, &[u8])], change: impl Fn(usize, &mut tar::Header)) -> Vec<u8> {
    let mut tape = Vec::new();
    for (at, (path, bytes)) in entries.iter().enumerate() {
        let mut header = tar::Header::new_ustar();
        // Written as it stands: `set_path` would refuse `../`.
        header.as_ustar_mut().unwrap().name[..path.len().min(100)].copy_from_slice(&path.as_bytes()[..path.len().min(100)]);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(bytes.len() as u64);
        change(at, &mut header);
        header.set_cksum();
        tape.extend_from_slice(header.as_bytes());
        tape.extend_from_slice(bytes);
        tape.resize(tape.len().next_multiple_of(512), 0);
    }
    tape.resize(tape.len() + 1_024, 0);
    tape
}

/// The packed archive's files, to be put together anew.
fn entries(archive: &Archive) -> Vec<(String, Vec<u8>)> {
    let list = archive.files().fold("# Plantroom plugin archive, format 1\n".to_owned(), |list, (path, bytes)| {
        format!("{list}{}  {path}\n", plantroom_archive::digest_of(bytes).trim_start_matches("sha256:"))
    });
    let files = archive.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec()));
    std::iter::once(("SHA256SUMS".to_owned(), list.into_bytes())).chain(files).collect()
}

fn refused(bytes: Vec<u8>) -> String {
    Archive::read(bytes).expect_err("it must be refused").to_string()
}

#[test]
fn what_is_packed_is_read_and_the_same_files_give_the_same_bytes() {
    let bytes = packed();
    assert_eq!(bytes, packed());
    assert!(Archive::is_one(&bytes));
    let archive = Archive::read(bytes.clone()).unwrap();
    assert_eq!(archive.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect::<BTreeMap<_, _>>(), files());
    assert_eq!(archive.file_name(), "meter-1.2.0.plantroom");
    assert_eq!(archive.component(), b"\0asm component");
    assert!(archive.signatures().is_empty());
    let one = signed(bytes.clone(), Signer::Publisher, "2026-11-23", 1);
    let both = signed(one.clone(), Signer::Site, "2026-11-24", 2);
    let other_way = signed(signed(bytes.clone(), Signer::Site, "2026-11-24", 2), Signer::Publisher, "2026-11-23", 1);
    assert_eq!(both, other_way);
    let read = Archive::read(both).unwrap();
    assert_eq!((read.signatures().len(), read.digest(), read.unsigned()), (2, archive.digest(), bytes));
}

#[test]
fn any_tar_program_reads_it() {
    let bytes = signed(packed(), Signer::Publisher, "2026-11-23", 1);
    let mut tar = tar::Archive::new(bytes.as_slice());
    let names: Vec<_> = tar.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect();
    let expected = ["SHA256SUMS", "LICENSE-MIT", "core.wasm", "plugin.toml", "plugin.wasm", "wit/plugin.wit", "SIGNATURES"];
    assert_eq!(names, expected);
}

#[test]
fn no_bit_can_be_flipped() {
    let bytes = signed(packed(), Signer::Publisher, "2026-11-23", 1);
    assert!(bytes.len() < 10_000, "small enough to try every bit: {}", bytes.len());
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            let said = refused(flipped);
            assert!(said.len() > 20 && !said.contains('\u{fffd}') && !said.contains('\0'), "byte {at}, bit {bit}: {said}");
        }
    }
}

#[test]
fn no_byte_can_be_missing_or_too_many() {
    let bytes = signed(packed(), Signer::Publisher, "2026-11-23", 1);
    for length in 0..bytes.len() {
        refused(bytes[..length].to_vec());
    }
    for more in [1, 511, 512, 1_024] {
        assert!(refused([bytes.clone(), vec![0; more]].concat()).contains("behind its end"), "{more}");
    }
    assert!(refused([bytes.clone(), bytes].concat()).contains("behind its end"));
}

#[test]
fn strange_archives_are_refused_with_a_sentence() {
    let good = entries(&Archive::read(packed()).unwrap());
    let with = |path: &str, bytes: &[u8]| [good.clone(), vec![(path.to_owned(), bytes.to_vec())]].concat();
    let without = |path: &str| good.iter().filter(|(name, _)| name != path).cloned().collect::<Vec<_>>();
    let swapped = |a: usize, b: usize| {
        let mut other = good.clone();
        other.swap(a, b);
        other
    };
    let put = |path: &str, bytes: &[u8]| {
        let mut other = good.clone();
        other.iter_mut().filter(|(name, _)| name == path).for_each(|(_, old)| *old = bytes.to_vec());
        other
    };
    let long = "x".repeat(100);
    for (what, entries, sentence) in [
        ("upwards", with("../../etc/passwd", b"x"), "leads out of the archive"),
        ("upwards inside", with("wit/../../x.wit", b"x"), "leads out of the archive"),
        ("absolute", with("/etc/passwd", b"x"), "leads out of the archive"),
        ("of another system", with("C:x", b"x"), "leads out of the archive"),
        ("backslashes", with("..\\x", b"x"), "leads out of the archive"),
        ("hidden", with("wit/.x.wit", b"x"), "plain name"),
        ("control letters", with("wit/\u{7}.wit", b"x"), "plain name"),
        ("doubled slash", with("wit//x.wit", b"x"), "plain name"),
        ("a folder's name", with("wit/", b""), "plain name"),
        ("a name that fills the header", with(&long, b"x"), "doesn't belong"),
        ("something else", with("setup.exe", b"x"), "doesn't belong"),
        ("twice", with("plugin.wasm", b"other"), "twice"),
        ("not listed", with("wit/world.wit", b"x"), "not in its list of hashes"),
        ("listed, not there", without("LICENSE-MIT"), "which isn't in it"),
        ("no list", without("SHA256SUMS"), "doesn't begin with a list of hashes"),
        ("list elsewhere", swapped(0, 1), "doesn't begin with a list of hashes"),
        ("another order", swapped(1, 2), "aren't in order"),
        ("another component", put("plugin.wasm", b"\0asm COMPONENT"), "`plugin.wasm` in it isn't what its list"),
        ("a newer format", put("SHA256SUMS", b"# Plantroom plugin archive, format 2\n"), "install a newer Plantroom"),
        ("no format", put("SHA256SUMS", b"hello\n"), "list of hashes is damaged"),
        ("signatures that are none", with("SIGNATURES", b"hello"), "signatures is damaged"),
        ("an empty list of signatures", with("SIGNATURES", b"# Signatures over SHA256SUMS, format 1\n"), "0 signatures"),
    ] {
        let entries: Vec<(&str, &[u8])> = entries.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        let said = refused(tape(&entries, |_, _| {}));
        assert!(said.contains(sentence), "{what}: {said}");
    }
}

#[test]
fn marks_that_archives_dont_have_are_refused() {
    let good = entries(&Archive::read(packed()).unwrap());
    let entries: Vec<(&str, &[u8])> = good.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    let check = |what: &str, sentence: &str, change: fn(&mut tar::Header)| {
        let said = refused(tape(&entries, |at, header| {
            if at == 2 {
                change(header)
            }
        }));
        assert!(said.contains(sentence), "{what}: {said}");
    };
    assert!(Archive::read(tape(&entries, |_, _| {})).is_ok(), "unchanged it is one");
    check("a symbolic link", "is a link", |header| header.set_entry_type(tar::EntryType::Symlink));
    check("a hard link", "is a link", |header| header.set_entry_type(tar::EntryType::Link));
    check("a device", "no plain file", |header| header.set_entry_type(tar::EntryType::Char));
    check("a folder", "no plain file", |header| header.set_entry_type(tar::EntryType::Directory));
    check("a long name's extension", "no plain file", |header| header.set_entry_type(tar::EntryType::GNULongName));
    check("a pax header", "no plain file", |header| header.set_entry_type(tar::EntryType::XHeader));
    check("a time", "a time, an owner", |header| header.set_mtime(1));
    check("an owner", "a time, an owner", |header| header.set_uid(1_000));
    check("a right", "a time, an owner", |header| header.set_mode(0o4755));
    check("an owner's name", "a time, an owner", |header| header.set_username("root").unwrap());
    check("a size that is none", "isn't a number", |header| header.as_ustar_mut().unwrap().size = *b"zzzzzzzzzzz\0");
    check("a huge size", "at most", |header| header.set_size(limits::WASM_BYTES + 1));
    check("a size of all there is", "at most", |header| header.as_ustar_mut().unwrap().size = [0xff; 12]);
    check("a size beyond the end", "end is missing", |header| header.set_size(limits::WASM_BYTES));
}

#[test]
fn huge_archives_are_refused_before_they_are_looked_at() {
    let said = refused(vec![0; limits::ARCHIVE_BYTES as usize + 1]);
    assert!(said.contains("at most"), "{said}");
    assert!(refused(Vec::new()).contains("end is missing"));
    assert!(refused(vec![0; 1_024]).contains("isn't a plugin archive"));
    assert!(refused(b"\0asm".repeat(1_000)).contains("isn't a plugin archive"));
}

#[test]
fn packing_says_what_is_missing_or_too_much() {
    for (what, change, sentence) in [
        (
            "no component",
            &(|files: &mut BTreeMap<_, _>| _ = files.remove("plugin.wasm")) as &dyn Fn(&mut BTreeMap<String, Vec<u8>>),
            "component",
        ),
        ("no manifest", &|files| _ = files.remove("plugin.toml"), "plugin.toml is missing"),
        ("no licence", &|files| _ = files.remove("LICENSE-MIT"), "the licence is missing"),
        ("no contract", &|files| _ = files.remove("wit/plugin.wit"), "the contract (wit/) is missing"),
        ("a strange file", &|files| _ = files.insert("x.sh".into(), Vec::new()), "doesn't belong"),
        ("a path upwards", &|files| _ = files.insert("../x".into(), Vec::new()), "leads out"),
        ("a list", &|files| _ = files.insert("SHA256SUMS".into(), Vec::new()), "made by packing"),
        ("a bad manifest", &|files| _ = files.insert("plugin.toml".into(), b"x".to_vec()), "plugin.toml can't be used"),
        ("a long text", &|files| _ = files.insert("README.md".into(), vec![b'x'; (1 << 20) + 1]), "at most 1048576"),
        ("many files", &|files| (0..70).for_each(|n| _ = files.insert(format!("wit/{n}.wit"), Vec::new())), "more than 64"),
    ] {
        let mut files = files();
        change(&mut files);
        let said = write(&files).expect_err(what).to_string();
        assert!(said.contains(sentence), "{what}: {said}");
    }
}

#[test]
fn a_signature_over_another_archive_is_refused() {
    let mut other_files = files();
    other_files.insert("plugin.wasm".into(), b"\0asm another".to_vec());
    let other = signed(write(&other_files).unwrap(), Signer::Publisher, "2026-11-23", 1);
    let signatures = tar_entry(&other, "SIGNATURES");
    let mut entries = entries(&Archive::read(packed()).unwrap());
    entries.push(("SIGNATURES".to_owned(), signatures));
    let views: Vec<(&str, &[u8])> = entries.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    let said = Archive::read(tape(&views, |_, _| {})).unwrap_err();
    assert!(matches!(&said, ArchiveError::Signature(sentence) if sentence.contains("isn't over this archive")), "{said}");
}

fn tar_entry(bytes: &[u8], name: &str) -> Vec<u8> {
    use std::io::Read as _;
    let mut tar = tar::Archive::new(bytes);
    let mut entry = tar.entries().unwrap().map(Result::unwrap).find(|e| e.path().unwrap().ends_with(name)).unwrap();
    let mut found = Vec::new();
    entry.read_to_end(&mut found).unwrap();
    found
}

fn trusted(name: &str, seed: u8) -> TrustedKey {
    TrustedKey { name: name.to_owned(), key: secret(seed).public(), plugins: Vec::new(), until: None, revoked: None }
}

#[test]
fn a_site_takes_what_it_trusts_and_says_why_not() {
    let meters = || trusted("Meters Inc.", 1);
    let site = || trusted("Waterworks North", 2);
    let by = |signers: &[(Signer, u8)]| {
        let sign = |bytes, (signer, seed): &(Signer, u8)| signed(bytes, *signer, "2026-11-23", *seed);
        Archive::read(signers.iter().fold(packed(), sign)).unwrap()
    };
    let (none, publisher) = (by(&[]), by(&[(Signer::Publisher, 1)]));
    let (sites, both) = (by(&[(Signer::Site, 2)]), by(&[(Signer::Publisher, 1), (Signer::Site, 2)]));
    let trust = |publishers: Vec<TrustedKey>, sites: Vec<TrustedKey>| Trust { publishers, sites, ..Trust::default() };
    let check = |what: &str, trust: &Trust, archive: &Archive, wanted: Result<&str, &str>| match (trust.standing(archive), wanted)
    {
        (Ok(standing), Ok(words)) => assert_eq!(standing.to_string(), words, "{what}"),
        (Err(said), Err(part)) => assert!(said.contains(part), "{what}: {said}"),
        (got, wanted) => panic!("{what}: {got:?} instead of {wanted:?}"),
    };
    let all = trust(vec![meters()], vec![site()]);
    check("trusted", &all, &publisher, Ok("signed by Meters Inc."));
    check("both", &all, &both, Ok("signed by Meters Inc., counter-signed by Waterworks North"));
    check("site alone", &all, &sites, Ok("signed by Waterworks North (the site)"));
    check("unsigned", &all, &none, Err("carries no signature"));
    check("an unknown key", &trust(vec![], vec![site()]), &publisher, Err("isn't in trust.toml"));
    check("a site's key as a publisher", &trust(vec![site()], vec![]), &sites, Err("isn't in trust.toml"));
    let lax = Trust { allow_unsigned: true, ..Trust::default() };
    check("allowed", &lax, &none, Ok("unsigned: it carries no signature"));
    assert!(lax.standing(&publisher).unwrap().is_unsigned(), "a signature of somebody unknown is none");
    assert!(lax.of_bare_component().unwrap().is_unsigned() && all.of_bare_component().is_err());
    let strict = Trust { counter_signed: true, ..all.clone() };
    check("counter-signed", &strict, &both, Ok("signed by Meters Inc., counter-signed by Waterworks North"));
    check("not counter-signed", &strict, &publisher, Err("asks for both"));
    check("the site is enough", &strict, &sites, Ok("signed by Waterworks North (the site)"));
    let revoked = TrustedKey { revoked: Some("the key was stolen".to_owned()), ..meters() };
    for allow_unsigned in [false, true] {
        let trust = Trust { allow_unsigned, ..trust(vec![revoked.clone()], vec![site()]) };
        check("revoked", &trust, &both, Err("revoked (the key was stolen)"));
    }
    let until = |day: &str| trust(vec![TrustedKey { until: Some(day.parse().unwrap()), ..meters() }], vec![]);
    check("in time", &until("2026-11-23"), &publisher, Ok("signed by Meters Inc."));
    check("too late", &until("2026-11-22"), &publisher, Err("trusted for signatures until 2026-11-22"));
    let only = |name: &str| trust(vec![TrustedKey { plugins: vec![name.to_owned()], ..meters() }], vec![]);
    check("for this plugin", &only("met*"), &publisher, Ok("signed by Meters Inc."));
    check("for this name", &only("meter"), &publisher, Ok("signed by Meters Inc."));
    check("for others", &only("mete"), &publisher, Err("for other plugins"));
    assert!(Trust::default().standing(&none).is_err(), "who trusts nobody takes nothing");
}

#[test]
fn noise_is_never_an_archive_and_never_a_panic() {
    fastrand::seed(4);
    let good = signed(packed(), Signer::Publisher, "2026-11-23", 1);
    for _ in 0..2_000 {
        let mut bytes = good.clone();
        for _ in 0..fastrand::usize(1..20) {
            match fastrand::u8(0..4) {
                0 => bytes.truncate(fastrand::usize(0..=bytes.len())),
                1 => {
                    let at = fastrand::usize(0..=bytes.len());
                    bytes.splice(at..at, std::iter::repeat_with(|| fastrand::u8(..)).take(fastrand::usize(0..600)));
                }
                2 if bytes.len() > 1_024 => {
                    let (from, to) = (fastrand::usize(0..bytes.len() / 512) * 512, fastrand::usize(0..bytes.len() / 512) * 512);
                    let block: Vec<u8> = bytes[from..from + 512].to_vec();
                    bytes[to..to + 512].copy_from_slice(&block);
                }
                _ if !bytes.is_empty() => {
                    let at = fastrand::usize(0..bytes.len());
                    bytes[at] = fastrand::u8(..);
                }
                _ => {}
            }
        }
        if let Ok(archive) = Archive::read(bytes.clone()) {
            assert_eq!(archive.bytes(), good, "only the very archive is one");
        }
    }
}

/// tests/old: what was written once is read for ever, and written again as the same bytes.
#[test]
fn an_archive_of_format_1_is_read_and_written_as_it_was() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/old/archive-1/average-0.1.0.plantroom");
    let bytes = std::fs::read(path).unwrap();
    let archive = Archive::read(bytes.clone()).unwrap();
    assert_eq!(archive.digest(), "sha256:0eac6dadb01996c1abfd88c0abe6add0d3ba08e806801df6066739521f3a7f84");
    assert_eq!(archive.signatures()[0].key, secret(1).public());
    let files = archive.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect();
    assert_eq!(signed(write(&files).unwrap(), Signer::Publisher, "2026-11-23", 1), bytes);
}
