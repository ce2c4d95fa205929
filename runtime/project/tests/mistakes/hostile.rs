//! Folders that are far too wrong, or changed under the reader's hands.

use plantroom_project::load;

use super::{CONNECTION, PLANT, PLUGIN, check, load_files, write};

#[test]
fn two_thousand_mistakes_are_all_told() {
    let mut text = String::new();
    for n in 0..2_000 {
        text.push_str(&match n % 4 {
            0 => format!("[[tag]]\nname = \"t{n}\"\nkind = \"flaot\"\nmemory = 1\n"),
            1 => format!("[[tag]]\nname = \"t{n}\"\nkind = \"float\"\nmemory = 1\nlimits = {{ high = 1, low = 2 }}\n"),
            2 => format!("[[tag]]\nname = \"t{n}\"\nkind = \"bool\"\nconnection = \"no{n}\"\naddress = \"x\"\n"),
            _ => format!("[[tag]]\nname = \"<b>{n}\"\nkind = \"bool\"\nmemory = true\n"),
        });
    }
    let loaded = load_files(&[PLANT, CONNECTION, PLUGIN, ("tags/a.toml", &text)]);
    let of_tags = loaded.diagnostics.iter().filter(|d| d.file == "tags/a.toml").count();
    assert_eq!(of_tags, 2_000);
    let many: String = (0..6_000).map(|n| format!("[[tag]]\nname = \"t{n}\"\nkind = \"x\"\nmemory = 1\n")).collect();
    let loaded = load_files(&[PLANT, CONNECTION, PLUGIN, ("tags/a.toml", &many)]);
    let last = loaded.diagnostics.last().unwrap();
    assert_eq!((loaded.diagnostics.len(), last.message.contains("more problems than can be listed")), (5_001, true), "{last}");
}

#[test]
fn two_thousand_wrong_names_among_twenty_thousand_are_told_soon() {
    let mut csv = "name,kind,memory,write,feedback\n".to_owned();
    (0..20_000).for_each(|n| {
        csv.push_str(&format!(
            "area{}/tag_number_{n},bool,true,true,{}\n",
            n % 50,
            if n % 10 == 0 { format!("area/tag_numbr_{n}") } else { String::new() }
        ))
    });
    let started = std::time::Instant::now();
    let loaded = load_files(&[PLANT, ("tags/a.csv", &csv)]);
    assert_eq!(loaded.diagnostics.iter().filter(|d| d.message.starts_with("there is no tag")).count(), 2_000);
    assert!(loaded.diagnostics[0].help.starts_with("did you mean `area"), "{}", loaded.diagnostics[0]);
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn a_message_never_tells_a_terminal_what_to_do() {
    let key = "x".repeat(10_000);
    let text = format!("[[tag]]\nname = \"a\"\nkind = \"\\u001b[2Jfloat\"\nmemory = 1\n\"\\u001b]0;x\\u0007\" = 1\n{key} = 1\n");
    let loaded = load_files(&[PLANT, ("tags/a.toml", &text)]);
    assert_eq!(loaded.diagnostics.len(), 3, "{:?}", loaded.diagnostics);
    for told in &loaded.diagnostics {
        assert!(!told.message.contains('\u{1b}') && told.message.len() < 700, "{told:?}");
    }
}

#[test]
fn a_name_is_a_name_whatever_is_written() {
    for name in ["<script>alert(1)</script>", "a\\u0007b", "../up", "a/../b", "/a", "a/", "\\u202Eabc", "n\\u0000ull"] {
        let text = format!(
            "[[tag]]\nname = \"{name}\"\nkind = \"bool\"\nmemory = false\n[[instance]]\ntype = \"t\"\nname = \"{name}\"\n"
        );
        let of_type = ("types/t.toml", "name = \"t\"\n[[tag]]\nname = \"x\"\nkind = \"bool\"\nmemory = true\n");
        let loaded = load_files(&[PLANT, of_type, ("tags/a.toml", &text)]);
        let told: Vec<(u32, bool)> =
            loaded.diagnostics.iter().map(|d| (d.line, d.message.chars().any(char::is_control))).collect();
        assert_eq!(told, [(2, false), (7, false)], "{name}: {:?}", loaded.diagnostics);
    }
    let long = "a".repeat(10_000);
    let text = format!("[[tag]]\nname = \"{long}\"\nkind = \"bool\"\nmemory = false\n");
    let told = load_files(&[PLANT, ("tags/a.toml", &text)]).diagnostics;
    assert!(told.len() == 1 && told[0].message.len() < 200, "{told:?}");
}

#[test]
fn a_folder_that_changes_while_it_is_read_is_read_as_it_was_at_one_time_or_refused() {
    let root = tempfile::tempdir().unwrap();
    // Two files that belong together: a type and a tag that names what only this version of the type has.
    let write_version = |version: u32| {
        let of_type = format!("name = \"t\"\n[[tag]]\nname = \"v{version}\"\nkind = \"bool\"\nmemory = true\n");
        let tag = format!(
            "[[instance]]\ntype = \"t\"\nname = \"i\"\n[[tag]]\nname = \"d\"\nkind = \"bool\"\nderive = 'tag(\"i/v{version}\")'\n{}",
            "#".repeat(version as usize)
        );
        for (path, text) in [("types/t.toml", of_type), ("tags/a.toml", tag)] {
            let half = root.path().join(format!(".half_{version}"));
            std::fs::write(&half, text).unwrap();
            std::fs::rename(&half, root.path().join(path)).unwrap();
        }
    };
    write(root.path(), &[("plant.toml", b"name = \"x\""), ("types/a", b""), ("tags/a", b"")]);
    write_version(0);
    let is_done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for version in 1..300 {
                write_version(version);
                std::thread::yield_now();
            }
            is_done.store(true, std::sync::atomic::Ordering::SeqCst);
        });
        let (mut whole, mut refused) = (0, 0);
        while !is_done.load(std::sync::atomic::Ordering::SeqCst) {
            let loaded = load(root.path());
            let was_changing = loaded.diagnostics.iter().any(|d| d.message == "this file changed while the project was read");
            // Between two renames the versions differ for anybody who looks; that is a mistake like any other.
            let between = loaded.diagnostics.iter().any(|d| d.message.contains("there is no tag `i/v"));
            assert!(loaded.plant.is_some() || was_changing || between, "{:?}", loaded.diagnostics);
            whole += u32::from(loaded.plant.is_some());
            refused += u32::from(was_changing || between);
        }
        assert!(whole + refused > 0);
    });
    assert!(load(root.path()).plant.is_some());
}

#[test]
fn files_that_cant_be_read_are_told_and_nothing_else() {
    check(&[], &["plant.toml:0:0 there is no plant.toml in this folder"]);
    check(
        &[PLANT, ("conections.toml", ""), ("tag/a.toml", "")],
        &["~conections.toml:0:0 `conections.toml` is not read by Plantroom", "~tag:0:0 `tag` is not read by Plantroom"],
    );
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &[("plant.toml", b"name = \"x\""), ("tags/a.toml", b"# \xC3\xBC\nb\xFF"), ("screens/a.rhai", b"\xFF")]);
    let wants = "[[tag]]\nname = \"b\"\nkind = \"bool\"\nmemory = true\nwrite = { feedback = \"may_be_in_a\" }\n";
    write(root.path(), &[("tags/b.toml", wants.as_bytes())]);
    let told: Vec<String> = load(root.path()).diagnostics.iter().map(ToString::to_string).collect();
    let help = "save it as UTF-8 in the editor";
    assert_eq!(
        told,
        [
            format!("screens/a.rhai:1:1: error: this file is not UTF-8 text\n    {help}"),
            format!("tags/a.toml:2:2: error: this file is not UTF-8 text\n    {help}"),
        ]
    );
    assert!(load(&root.path().join("nowhere")).has_errors());
    assert!(load(&root.path().join("plant.toml")).has_errors());
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_are_refused() {
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), &[("secret.toml", b"[[tag]]\n"), ("deep/x.rhai", b"")]);
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &[("plant.toml", b"name = \"x\""), ("tags/in.toml", b""), ("big", b"")]);
    std::os::unix::fs::symlink(outside.path().join("secret.toml"), root.path().join("tags/a.toml")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("deep"), root.path().join("screens")).unwrap();
    std::os::unix::fs::symlink(root.path().join("tags/in.toml"), root.path().join("tags/b.toml")).unwrap();
    std::os::unix::fs::symlink(root.path().join("gone"), root.path().join("tags/c.toml")).unwrap();
    std::fs::File::create(root.path().join("tags/large.csv")).unwrap().set_len((64 << 20) + 1).unwrap();
    let told: Vec<String> = load(root.path()).diagnostics.iter().map(|d| format!("{} {}", d.file, d.message)).collect();
    assert_eq!(
        told,
        [
            "screens a link to a folder is not followed",
            "tags/a.toml this link leads out of the project folder",
            "tags/c.toml this file can't be read: it does not exist",
            "tags/large.csv this file is larger than 64 MiB",
        ]
    );
}
