//! The master alarm database: alarms as a spreadsheet, out of a project and into it again.

use plantroom_model::Priority;
use plantroom_project::{CsvStyle, difference, export_alarms, export_tags, load, plan_alarm_import};

use crate::{BASE, alarm, plant, words, write};

/// A plant with an alarm of every kind.
const EVERY_KIND: &str = "[[alarm]]\ntag = \"well/level\"\nlimits = true\nrespond = \"5 min\"\n\
    [[alarm]]\nname = \"w/limit\"\ntag = \"well/level\"\nhigh = 'tag(\"well/sp\") + 3.5'\nhysteresis = 0\nlatching = true\nfirst_out = \"g\"\n\
    [[alarm]]\nname = \"w/dev\"\ntag = \"well/level\"\ndeviation = { setpoint = \"well/sp\", by = \"tag:well/sp\" }\n\
    [[alarm]]\nname = \"w/rate\"\ntag = \"well/level\"\nrate = { per_h = 36, window = \"1 min\" }\n\
    [[alarm]]\nname = \"w/state\"\ntag = \"pump/state\"\nis = [\"tripped\", 2]\nacknowledge = false\n\
    [[alarm]]\nname = \"w/change\"\ntag = \"pump/state\"\nchange = true\npriority = \"event\"\n\
    [[alarm]]\nname = \"w/follow\"\ntag = \"pump/running\"\nfollows = { command = \"pump/start\" }\nshelve_max = 0\n\
    [[alarm]]\nname = \"w/bad\"\ntag = \"pump/running\"\nbad_quality = true\nrealarm = \"1 h\"\n\
    [[alarm]]\nname = \"w/link\"\ncommunication = { connection = \"line\", device = \"b\" }\nmessage = \"b, \\\"lost\\\"\"\n\
    [[alarm]]\nname = \"w/when\"\nwhen = 'tag(\"well/level\") > 3 && tag(\"pump/running\")'\nmessage = \"=odd\"\naction = \"a; b\"\n\
    [[alarm]]\nname = \"w/script\"\nscript = \"alarms/s.rhai\"\nmessage = \"s\"\nparameters = { x = 1, y = \"a\" }\n";
const SCRIPT: (&str, &str) = ("alarms/s.rhai", "fn active(a) { tag(\"well/level\") > a.x }");

#[test]
fn a_spreadsheet_holds_all_that_is_said_of_alarms() {
    let old = plant(&[("alarms/a.toml", EVERY_KIND), SCRIPT]);
    for style in [CsvStyle::Plain, CsvStyle::ExcelEurope] {
        let csv = export_alarms(&old, |_| true, false, style);
        assert_eq!(csv.lines().count(), 15, "{csv}");
        let new = plant(&[("alarms/a.csv", &csv), SCRIPT]);
        assert_eq!(difference(&old, &new).to_string(), "nothing changes", "{csv}\n{:#?}", difference(&old, &new).lines());
    }
}

#[test]
fn an_import_changes_what_it_says_and_leaves_the_rest() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &BASE);
    write(root.path(), &[("alarms/a.toml", EVERY_KIND), SCRIPT]);
    let plan = |csv: &str| plan_alarm_import(root.path(), "db.csv", csv.as_bytes(), "alarms/db.csv");
    let same = plan(&export_alarms(&load(root.path()).plant.unwrap(), |_| true, false, CsvStyle::Plain)).unwrap();
    assert_eq!((same.unchanged, same.files.len()), (14, 0));
    // One of a pattern's, one that is written itself, a new one, one of the station.
    let csv = "Name;Priority;High;Respond;Tag;Action\nwell/level/high;high;4,75;120 s;well/level;Close\nw/rate;medium;;;well/level;\n\
               w/new;low;2,5;;well/level;\nsystem/disk;critical;;;system/disk/ok;Call\n";
    let planned = plan(csv).unwrap_or_else(|told| panic!("{told:#?}"));
    assert_eq!(planned.preview.to_string(), "1 alarm is new, 3 alarms change");
    let paths: Vec<&str> = planned.files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["alarms/db.csv", "alarms/a.toml"]);
    planned.apply(root.path(), "b").unwrap();
    let plant = load(root.path()).plant.unwrap();
    let high = alarm(&plant, "well/level/high");
    assert_eq!(
        (words(&plant, &high.condition), high.priority, high.respond_s),
        ("well/level High 4.75 -0.1".to_owned(), Priority::High, 120)
    );
    assert_eq!(alarm(&plant, "well/level/low").respond_s, 300, "the others of the pattern stay");
    assert_eq!((alarm(&plant, "system/disk").priority, &*alarm(&plant, "system/disk").action), (Priority::Critical, "Call"));
    let again = plan(csv).unwrap();
    assert_eq!((again.unchanged, again.files.len()), (4, 0));
    let told = plan("name,tag,high,priority\nw/x,well/levl,3,low\nw/y,well/level,3,lw\n").unwrap_err();
    let told: Vec<String> = told.iter().map(|d| format!("{}:{} {}", d.file, d.line, d.message)).collect();
    assert_eq!(told, ["db.csv:2 there is no tag `well/levl`", "db.csv:3 `priority` can't be `lw`"]);
    let told = plan("name,tag,hihg\nw/x,well/level,3\n").unwrap_err();
    assert_eq!(told[0].message, "there is no column `hihg`");
}

#[test]
fn tags_that_alarms_made_are_no_tags_of_the_project() {
    let with = plant(&[("alarms/a.toml", EVERY_KIND), SCRIPT]);
    assert!(with.tag("w/when/when").is_some() && with.tag("w/limit/limit").is_some());
    let exported = export_tags(&with, |_| true, CsvStyle::Plain);
    assert!(!exported.contains("w/when/when") && exported.contains("well/level"));
    assert!(!difference(&plant(&[]), &with).to_string().contains("tag"), "{}", difference(&plant(&[]), &with));
}
