//! A project's tags leave as a spreadsheet, are changed in an office, and come back.

use plantroom_tests::{Project, plantroom};

fn new_project() -> Project {
    let project = Project::empty();
    let made = plantroom(&["new", project.text(), "--name", "My plant"], &[]);
    assert_eq!(made.code, 0, "{}{}", made.stdout, made.stderr);
    project
}

#[test]
fn a_list_goes_out_is_changed_and_comes_back() {
    let project = new_project();
    let list = project.path().join("list.csv");
    let list = list.to_str().expect("a path is text");
    let exported =
        plantroom(&["tag", "export", project.text(), "--filter", "device/*", "--for", "excel-europe", "-o", list], &[]);
    assert_eq!(exported.code, 0, "{}{}", exported.stdout, exported.stderr);
    let text = project.read("list.csv");
    assert!(text.starts_with("\u{feff}name;kind;") && text.contains("device/level;float;m;"), "{text}");
    // Nothing was changed, so nothing is imported.
    let same = plantroom(&["tag", "import", project.text(), list], &[]);
    assert!(same.code == 0 && same.stdout.contains("Nothing to import."), "{}{}", same.stdout, same.stderr);
    // As Excel in Germany saves it: Latin-1, semicolons, a decimal comma.
    std::fs::write(list, b"name;description;high\ndevice/level;F\xfcllstand;4,1\n").expect("the list can be written");
    let shown = plantroom(&["tag", "import", project.text(), list, "--dry-run"], &[]);
    assert!(shown.stdout.contains("~ tag device/level: description, limits"), "{}{}", shown.stdout, shown.stderr);
    assert!(project.read("tags/device.toml").contains("Level of the tank"));
    let imported = plantroom(&["tag", "import", project.text(), list, "--into", "tags/site.csv"], &[]);
    assert!(imported.code == 0 && imported.stdout.contains("semicolons, decimal commas, Windows-1252"), "{}", imported.stdout);
    assert!(project.read("tags/site.csv").contains("device/level,float,m,Füllstand"), "{}", project.read("tags/site.csv"));
    assert!(!project.read("tags/device.toml").contains("Level of the tank"));
    let checked = plantroom(&["check", project.text(), "--without-plugins"], &[]);
    assert_eq!(checked.code, 0, "{}", checked.stdout);
}

#[test]
fn a_mistake_in_a_list_imports_nothing() {
    let project = new_project();
    let list = project.path().join("list.csv");
    std::fs::write(&list, "name,kind,connection,address\ndevice/new,float,devise,holding 90\n").expect("the list can be written");
    let before = project.read("tags/device.toml");
    let refused = plantroom(&["tag", "import", project.text(), list.to_str().expect("a path is text")], &[]);
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(refused.stdout.contains("list.csv:2:18: error: there is no connection `devise`"), "{}", refused.stdout);
    assert!(refused.stdout.contains("did you mean `device`?") && refused.stderr.contains("Nothing was imported."));
    assert!(!project.path().join("tags/imported.csv").exists() && project.read("tags/device.toml") == before);
}
