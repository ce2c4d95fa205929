//! Alarms of scripts, and the ways on which people are told of them.

use plantroom_model::{Condition, Priority};
use plantroom_project::OutletKind;

use crate::{alarm, plant, told};

const CLOGS: &str = "alarm(\"overheats\", #{ for_each: instances(\"motor\"), message: \"{description} overheats\", priority: \"medium\",\n\
                     \x20   parameters: #{ limit: 60.0 } }, |a| lasts(tag(a.on + \"/current\") > a.limit, \"10 min\"));\n";

#[test]
fn scripts_declare_alarms_and_tables_name_scripts() {
    let motors = "[[instance]]\ntype = \"motor\"\nname = \"m/1\"\ndescription = \"Motor 1\"\n[[instance]]\ntype = \"motor\"\nname = \"m/2\"\n";
    let table = "[[alarm]]\nname = \"well/odd\"\nmessage = \"Odd\"\nscript = \"alarms/odd.rhai\"\non = \"well\"\nparameters = { limit = 3 }\n";
    let plant = plant(&[
        ("tags/b.toml", motors),
        ("alarms/a.toml", table),
        ("alarms/clogs.rhai", CLOGS),
        ("alarms/odd.rhai", "fn active(a) { tag(a.on + \"/level\") > a.limit }"),
    ]);
    let (id, first) = plant.alarm("m/1/overheats").unwrap();
    assert_eq!((&*first.message, first.priority, &*first.instance), ("Motor 1 overheats", Priority::Medium, "m/1"));
    let paths: Vec<&str> = plant.alarm_scripts.iter().map(|script| script.path.as_str()).collect();
    assert_eq!((paths, &first.condition), (vec!["alarms/clogs.rhai", "alarms/odd.rhai"], &Condition::Script { script: 0 }));
    let of = |id| plant.scripted_alarms.iter().find(|one| one.alarm == id).unwrap();
    assert_eq!((of(id).call, &*of(id).on, of(id).parameters.len()), (Some(0), "m/1", 1));
    let odd = of(plant.alarm("well/odd").unwrap().0);
    assert_eq!((odd.call, &*odd.on, odd.script), (None, "well", 1));
    assert_eq!(alarm(&plant, "m/2/overheats").message, "m/2 overheats");
}

#[test]
fn mistakes_in_scripts_and_outlets_are_told_where_they_stand() {
    let mail = "smtp = { server = \"mail.x\", from = \"a@x\" }";
    for (file, text, expected) in [
        (
            "alarms/x.rhai",
            "alarm(\"a\", #{ message: \"m\", prioritty: \"low\" }, |a| true)",
            "alarms/x.rhai:1:1 an alarm has no key `prioritty`",
        ),
        ("alarms/x.rhai", "alarm(\"a\", #{ message: \"m\" }, |a| tag(", "alarms/x.rhai:1:"),
        (
            "alarms/x.rhai",
            "\n  alarm(\"a\", #{ for_each: instances(\"mtor\") }, |a| 1)",
            "alarms/x.rhai:2:27 instances(): no instance is of type",
        ),
        (
            "alarms/notify/x.rhai",
            "fn occurred(alarm) { notify(\"mial\", \"a@x\") }",
            "alarms/notify/x.rhai:1:22 there is no outlet `mial`",
        ),
        ("alarms/notify/x.rhai", "fn ocurred(alarm) { }", "alarms/notify/x.rhai:1:1 no function of this file is ever called"),
        ("outlets.toml", "[[outlet]]\nname = \"a\"", "outlets.toml:1:1 nothing says which way this outlet is"),
        (
            "outlets.toml",
            "[[outlet]]\nname = \"a\"\ncommand = { program = \"/bin/true\" }",
            "outlets.toml:3:1 this project doesn't allow programs",
        ),
        (
            "outlets.toml",
            "[[outlet]]\nname = \"a\"\nwebhook = { url = \"hooks.x\" }",
            "outlets.toml:3:19 `hooks.x` is not a web address",
        ),
        (
            "outlets.toml",
            "[[outlet]]\nname = \"a\"\nsmtp = { server = \"m\", from = \"x\" }",
            "outlets.toml:3:31 `x` is not an e-mail address",
        ),
        (
            "outlets.toml",
            "[[outlet]]\nname = \"a\"\nsmtp = { server = \"m\", from = \"a@x\", user = \"u\", password_file = \"secret\" }",
            "outlets.toml:3:66 `secret` would be in the project folder, and copied with it",
        ),
    ] {
        let outlets = if file == "outlets.toml" { text.to_owned() } else { format!("[[outlet]]\nname = \"mail\"\n{mail}\n") };
        let told = told(&[("outlets.toml", &outlets), (file, text)]);
        assert!(told.len() == 1 && told[0].starts_with(expected), "{text}\n{told:#?}\n{expected}");
    }
    let all = "allow_commands = true\n[[outlet]]\nname = \"mail\"\nsmtp = { server = \"m\", from = \"a@x\", tls = \"tls\" }\nper_hour = 10\n\
               [[outlet]]\nname = \"hook\"\nwebhook = { url = \"https://h.x/y\", headers = { X-Plant = \"north\" } }\nbundle = 0\n\
               [[outlet]]\nname = \"siren\"\ncommand = { program = \"/bin/siren\", args = [\"on\"] }\n[[outlet]]\nname = \"horn\"\nhorn = true\n";
    let plant =
        plant(&[("outlets.toml", all), ("alarms/notify/x.rhai", "fn occurred(alarm) { notify(\"mail\", tag(\"note\")) }")]);
    assert_eq!(plant.outlets.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["mail", "hook", "siren", "horn"]);
    assert!(matches!(plant.outlets[0].kind, OutletKind::Smtp { port: 465, .. }));
    assert_eq!((plant.outlets[0].per_hour, plant.outlets[1].bundle_ms, plant.notify_scripts.len()), (10, 0, 1));
    assert!(plant.alarm("system/outlets/mail").is_some());
}
