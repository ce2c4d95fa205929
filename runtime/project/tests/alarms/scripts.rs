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

#[test]
fn people_and_rosters_are_checked_and_found() {
    let mail = "[[outlet]]\nname = \"mail\"\nsmtp = { server = \"m\", from = \"a@x\" }\n[[outlet]]\nname = \"pager\"\n\
                webhook = { url = \"https://h.x/y\", body = { to = \"{to}\", n = [1, \"{text}\"] } }\n";
    for (text, expected) in [
        ("[[person]]\nname = \"a\"\nat = { mial = \"a@x\" }", "outlets.toml:9:8 there is no outlet `mial`"),
        ("[[person]]\nname = \"a\"\nat = { mail = \"a\" }", "outlets.toml:9:8 `a` is not an e-mail address"),
        ("[[group]]\nname = \"g\"\nmembers = [\"nobody\"]", "outlets.toml:9:12 `nobody` is neither a person nor a group"),
        ("[[group]]\nname = \"g\"", "outlets.toml:7:1 the group `g` has nobody in it"),
        ("[[group]]\nname = \"g\"\nmembers = [\"g\"]", "outlets.toml:8:8 the group `g` contains itself"),
        (
            "[[group]]\nname = \"g\"\n[[group.duty]]\nmembers = [\"a@x\"]\nfrom = \"25:00\"",
            "outlets.toml:11:8 `25:00` is not a time of day",
        ),
        (
            "[[group]]\nname = \"g\"\n[[group.duty]]\nmembers = [\"a@x\"]\ndays = [\"mon\"]",
            "outlets.toml:8:8 nobody of `g` is on duty at tue 00:00",
        ),
    ] {
        let told = told(&[("outlets.toml", &format!("{mail}{text}"))]);
        assert!(told.len() == 1 && told[0].starts_with(expected), "{text}\n{told:#?}\n{expected}");
    }
    let bad_body = mail.replace("{text}", "{txet}");
    let said = told(&[("outlets.toml", &bad_body)]);
    assert!(said.len() == 1 && said[0].starts_with("outlets.toml:6:43 nothing is known as `{txet}`"), "{said:#?}");
    let people =
        "[[person]]\nname = \"anna\"\nat = { mail = \"anna@x\" }\n[[group]]\nname = \"all\"\nmembers = [\"anna\", \"b@x\"]\n";
    for (to, expected) in [
        ("\"anna\"", ""),
        ("[\"all\", \"c@x\"]", ""),
        ("\"ana\"", "`ana` is neither a person, a group, nor an e-mail address"),
        ("[]", "nothing says to whom `mail` sends"),
    ] {
        let rule = format!("fn occurred(alarm) {{ notify(\"mail\", {to}); }}");
        let told = told(&[("outlets.toml", &format!("{mail}{people}")), ("alarms/notify/x.rhai", &rule)]);
        let wanted = if expected.is_empty() { Vec::new() } else { vec![format!("alarms/notify/x.rhai:1:22 {expected}")] };
        assert!(
            told.len() == wanted.len() && told.iter().zip(&wanted).all(|(told, wanted)| told.starts_with(wanted)),
            "{to}: {told:#?}"
        );
    }
    let plant = plant(&[("outlets.toml", &format!("{mail}{people}"))]);
    let to = ["all".to_owned(), "anna".to_owned()];
    let reached = plant.people.reach(&plant.outlets[0], &to, plantroom_project::WeekMinute(0));
    assert_eq!((reached.addresses, reached.missed.len()), (vec!["anna@x".to_owned(), "b@x".to_owned()], 0));
    let reached = plant.people.reach(&plant.outlets[1], &to, plantroom_project::WeekMinute(0));
    assert_eq!((reached.addresses, reached.missed[0].as_str()), (vec!["b@x".to_owned()], "anna has no address at pager"));
    assert!(plant.tag("system/outlets/mail/ok").is_some());
}
