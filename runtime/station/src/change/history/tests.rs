use plantroom_store::{FaultyDisk, RealDisk, Trouble};

use super::*;

fn text(files: &[(&str, &str)]) -> ProjectText {
    ProjectText { files: files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect() }
}

fn change(number: u64, before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Change {
    Change {
        number,
        kind: Kind::Apply,
        of: None,
        at: Utc(7),
        user: "eve".to_owned(),
        comment: String::new(),
        preview: "1 tag is new".to_owned(),
        diff: "+1".to_owned(),
        before: before.clone(),
        after: after.clone(),
    }
}

/// One change as the station makes it; ends at the first trouble, as a kill does.
fn make(history: &History, number: u64, old: &ProjectText, new: &ProjectText) -> Result<(), StoreError> {
    let before = history.keep(old)?;
    let after = history.keep(new)?;
    history.record(&change(number, &before, &after))?;
    history.set_running(&Kept { change: number, files: after })
}

#[test]
fn a_change_can_be_shown_and_gone_back_before() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(Arc::new(RealDisk), folder.path()).unwrap();
    let (old, new) =
        (text(&[("plant.toml", "old"), ("tags/a.toml", "same")]), text(&[("plant.toml", "new"), ("tags/a.toml", "same")]));
    make(&history, 1, &old, &new).unwrap();
    let found = History::look(Arc::new(RealDisk), folder.path()).change(1).unwrap().unwrap();
    assert_eq!((found.user.as_str(), found.diff.as_str()), ("eve", "+1"));
    assert_eq!(history.text(&found.before).unwrap(), old);
    assert_eq!(history.text(&history.running().unwrap().unwrap().files).unwrap(), new);
    let kept = std::fs::read_dir(folder.path().join("changes/files")).unwrap().count();
    assert_eq!(kept, 3, "what is the same is kept once");
}

#[test]
fn a_content_that_was_damaged_is_never_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(Arc::new(RealDisk), folder.path()).unwrap();
    let names = history.keep(&text(&[("plant.toml", "old")])).unwrap();
    std::fs::write(folder.path().join("changes/files").join(&names["plant.toml"]), "odd").unwrap();
    assert!(history.text(&names).unwrap_err().to_string().contains("missing or damaged"));
}

#[test]
fn only_so_many_changes_are_kept_and_nothing_that_only_they_need() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(Arc::new(RealDisk), folder.path()).unwrap();
    let number_text = |number: u64| text(&[("plant.toml", &format!("name = {number}"))]);
    for number in 1..=CHANGES as u64 + 5 {
        make(&history, number, &number_text(number - 1), &number_text(number)).unwrap();
    }
    assert_eq!((history.numbers().len(), history.numbers()[0]), (CHANGES, 6));
    let kept = std::fs::read_dir(folder.path().join("changes/files")).unwrap().count();
    assert_eq!(kept, CHANGES + 1);
    let oldest = history.change(6).unwrap().unwrap();
    assert_eq!(history.text(&oldest.before).unwrap(), number_text(5));
}

#[test]
fn after_a_kill_at_any_step_what_ran_is_the_old_project_or_the_new_one_whole() {
    let (old, new) =
        (text(&[("plant.toml", "old"), ("tags/a.toml", "a")]), text(&[("plant.toml", "newer"), ("tags/b.toml", "b")]));
    let (mut olds, mut news) = (0, 0);
    for seed in 0..4 {
        for step in 0..60 {
            let folder = tempfile::tempdir().unwrap();
            let disk = FaultyDisk::new(seed);
            let history = History::open(Arc::new(disk.clone()), folder.path()).unwrap();
            let before = history.keep(&old).unwrap();
            history.set_running(&Kept { change: 0, files: before }).unwrap();
            disk.trouble_at(step, Trouble::Crash);
            let made = make(&history, 1, &old, &new);
            let after = History::look(Arc::new(disk.after_crash()), folder.path());
            let running = after.running().unwrap().expect("it was there before");
            let found = after.text(&running.files).unwrap_or_else(|error| panic!("step {step}: {error}"));
            assert!(found == old || found == new, "step {step}");
            assert!(made.is_err() || found == new, "step {step}: done is done");
            if let Some(change) = after.change(1).unwrap() {
                assert_eq!(
                    after.text(&change.before).unwrap(),
                    old,
                    "step {step}: a record that is there can be gone back before"
                );
            }
            *(if found == old { &mut olds } else { &mut news }) += 1;
        }
    }
    assert!(olds > 0 && news > 0, "both were seen: {olds}, {news}");
}
