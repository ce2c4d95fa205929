//! Alarms reach people who aren't at a console: through mail servers and web addresses that nobody here wrote, each with a
//! habit, and through programs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use plantroom_tests::{Companion, Project, Station, eventually, free_port, plantroom, python, wait_until};
use serde_json::{Value as Json, json};

/// A message takes this long on a busy machine, with one more attempt after 5 s, in s.
const ARRIVES_S: f64 = 150.0;

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

fn peer(file: &str) -> String {
    peers().join(file).to_str().expect("the workspace has a plain name").to_owned()
}

/// The mail servers and web addresses of `peers/post.py`.
struct Post {
    process: Companion,
    ports: Json,
}

impl Post {
    fn start(plain: Option<u16>) -> Self {
        let mut command = Command::new(python());
        command.args(["post.py", "localhost.pem", "localhost.key"].map(peer)).args(plain.map(|port| port.to_string()));
        let process = Companion::start(&mut command, "Type: cargo xtask peers");
        let post = Self { process, ports: Json::Null };
        let ports = eventually("the servers listen", 20.0, || post.told("listening").pop());
        Self { ports, ..post }
    }

    fn port(&self, name: &str) -> u64 {
        self.ports[name].as_u64().expect("a port")
    }

    /// What was sent to them, of this kind.
    fn told(&self, event: &str) -> Vec<Json> {
        let told = self.process.told();
        let lines = told.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
        lines.filter(|line| line["event"] == event).collect()
    }

    fn mail(&self, server: &str, to: &str) -> Vec<Json> {
        self.told("mail").into_iter().filter(|mail| mail["server"] == server && mail["to"] == to).collect()
    }
}

fn plant(outlets: &str, rules: &str) -> Project {
    let project = Project::new();
    project.memory("p/level", "float", "0.0", "unit = \"m\"\ndecimals = 2\nretain = true\nwrite = true");
    let alarm = "[[alarm]]\nname = \"p/high\"\ntag = \"p/level\"\nhigh = 4.0\nmessage = \"Tank nearly full\"\npriority = \"high\"\n\
                 action = \"Open the drain\"\nconsequence = \"Overflow\"\n";
    project.add("alarms/alarms.toml", alarm);
    project.write("outlets.toml", outlets);
    project.write("alarms/notify/rules.rhai", rules);
    project
}

fn deliveries(station: &Station, query: &str) -> Vec<Json> {
    station.api().get(&format!("/api/v1/deliveries?{query}"))["deliveries"].as_array().cloned().unwrap_or_default()
}

fn outlet(station: &Station, name: &str) -> Json {
    let all = station.api().get("/api/v1/outlets");
    let found = all["outlets"].as_array().into_iter().flatten().find(|outlet| outlet["name"] == name).cloned();
    found.unwrap_or_default()
}

/// Mail through a server of a habit.
fn mail(post: &Post, name: &str, more: &str) -> String {
    let (server, tls) = match name {
        "starttls" | "wrong" | "strange" => ("starttls", "starttls"),
        "tls" => ("tls", "tls"),
        other => (other, "none"),
    };
    let port = post.port(server);
    format!(
        "[[outlet]]\nname = \"{name}\"\nbundle = 0\n\
         smtp = {{ server = \"localhost\", port = {port}, tls = \"{tls}\", from = \"plant@works.example\", {more} }}\n"
    )
}

/// Every way, each to a server of its own habit.
fn every_way(post: &Post, secret: &impl Fn(&str, &str) -> String, kept: &str) -> String {
    let (good, bad, token) = (secret("good", "secret\n"), secret("bad", "guess\n"), secret("token", "hush\n"));
    let ca = peer("localhost.pem");
    let login = |file: &str| format!("user = \"plant\", password_file = \"{file}\", ca_file = \"{ca}\"");
    let mut outlets = "allow_commands = true\n".to_owned();
    for (name, more) in [
        ("plain", String::new()),
        ("refuse", String::new()),
        ("grey", String::new()),
        ("cut", String::new()),
        ("slow", "timeout = \"1 s\"".to_owned()),
        ("starttls", login(&good)),
        ("wrong", login(&bad)),
        ("strange", format!("user = \"plant\", password_file = \"{good}\"")),
        ("tls", format!("ca_file = \"{ca}\"")),
    ] {
        outlets.push_str(&mail(post, name, &more));
    }
    let (http, https) = (post.port("http"), post.port("https"));
    let body = "body = { say = \"{subject}: {count}\", to = [\"{to}\"] }";
    for (name, way) in [
        ("hook", format!("webhook = {{ url = \"http://127.0.0.1:{http}/ok\" }}")),
        ("busy", format!("webhook = {{ url = \"http://127.0.0.1:{http}/busy\" }}")),
        ("no", format!("webhook = {{ url = \"http://127.0.0.1:{http}/refuse\" }}")),
        ("moved", format!("webhook = {{ url = \"http://127.0.0.1:{http}/elsewhere\" }}")),
        (
            "safe",
            format!(
                "webhook = {{ url = \"https://localhost:{https}/token\", token_file = \"{token}\", ca_file = \"{ca}\", {body} }}"
            ),
        ),
        ("keeps", format!("command = {{ program = \"/bin/sh\", args = [\"-c\", \"cat > {kept}\"] }}")),
        ("fails", "command = { program = \"/bin/sh\", args = [\"-c\", \"echo out of paper >&2; exit 3\"] }".to_owned()),
        (
            "hangs",
            "command = { program = \"/bin/sh\", args = [\"-c\", \"sleep 600 & sleep 601\"], timeout = \"300 ms\" }".to_owned(),
        ),
    ] {
        outlets.push_str(&format!("[[outlet]]\nname = \"{name}\"\nbundle = 0\n{way}\n"));
    }
    outlets
        .push_str("[[outlet]]\nname = \"horn\"\nhorn = true\n[[person]]\nname = \"anna\"\nat = { plain = \"anna@x.example\" }\n");
    outlets
}

#[test]
#[ignore = "alone it passes; beside many others a webhook was twice not called within its time: to be found out"]
fn messages_get_out_by_every_way_and_what_fails_says_what_to_do() {
    let post = Post::start(None);
    let secrets = tempfile::tempdir().expect("a temporary folder");
    let secret = |name: &str, text: &str| {
        let path = secrets.path().join(name);
        std::fs::write(&path, text).expect("a file can be written");
        path.to_str().expect("a plain name").to_owned()
    };
    let kept = secret("kept", "");
    let outlets = every_way(&post, &secret, &kept);
    let rules = "fn occurred(alarm) {\n\
                 if alarm.area != \"p\" { return; }\n\
                 for mail in [\"refuse\", \"grey\", \"cut\", \"slow\", \"starttls\", \"wrong\", \"strange\", \"tls\"] { notify(mail, \"ben@x.example\"); }\n\
                 notify(\"plain\", [\"anna\", \"carl@x.example\"], `${alarm.message} at ${alarm.value}, limit ${alarm.limit}`);\n\
                 for way in [\"hook\", \"busy\", \"no\", \"moved\", \"keeps\", \"fails\", \"hangs\", \"horn\"] { notify(way); }\n\
                 notify(\"safe\", \"+49 170\", \"Come\");\n}\n";
    let project = plant(&outlets, rules);
    let station = Station::start(&project);
    assert_eq!(station.api().write("p/level", 4.5).kind(), "confirmed");

    mails_arrive(&post);
    webhooks_and_programs_have_it(&post, &kept);
    fails_as_it_says(&station);
    assert_eq!(outlet(&station, "horn")["sent"], 1);
    assert_eq!(outlet(&station, "grey")["ok"], true, "greylisting is no trouble");
    let mails: BTreeMap<String, usize> = ["plain", "grey", "cut", "starttls", "tls"]
        .into_iter()
        .map(|server| (server.to_owned(), post.told("mail").iter().filter(|mail| mail["server"] == server).count()))
        .collect();
    assert!(mails.iter().all(|(server, count)| *count == if server == "plain" { 2 } else { 1 }), "once each: {mails:?}");
}

/// Each mail server got its message, as its habit allows.
fn mails_arrive(post: &Post) {
    let one = |server: &str, to: &str| {
        wait_until(&format!("{server} has mail"), ARRIVES_S, || post.mail(server, to), |mail| !mail.is_empty()).remove(0)
    };
    let plain = one("plain", "anna@x.example");
    assert_eq!(plain["subject"], "Test plant: Tank nearly full at 4.50 m, limit 4.00 m");
    assert_eq!((&plain["sender"], &plain["auto"]), (&json!("plant@works.example"), &json!("auto-generated")));
    one("plain", "carl@x.example");
    let safe = one("starttls", "ben@x.example");
    assert_eq!((&safe["tls"], &safe["user"]), (&json!(true), &json!("plant")));
    assert!(safe["body"].as_str().unwrap_or_default().contains("What to do: Open the drain"), "{safe}");
    assert_eq!(one("tls", "ben@x.example")["tls"], true);
    one("grey", "ben@x.example");
    one("cut", "ben@x.example");
    let slow = wait_until("slow has it twice", ARRIVES_S, || post.mail("slow", "ben@x.example"), |mail| mail.len() == 2);
    assert_eq!(slow[0]["id"], slow[1]["id"], "the same message, by its name");
}

fn webhooks_and_programs_have_it(post: &Post, kept: &str) {
    let posts = |path: &str, status: u16| -> Vec<Json> {
        post.told("post").into_iter().filter(|post| post["path"] == path && post["status"] == status).collect()
    };
    let hook = wait_until("the hook is called", ARRIVES_S, || posts("/ok", 200), |posts| posts.len() == 1).remove(0);
    assert_eq!(
        (&hook["body"]["alarm"], &hook["body"]["priority"], &hook["body"]["plant"]),
        (&json!("p/high"), &json!("high"), &json!("Test plant"))
    );
    assert_eq!(hook["headers"]["idempotency-key"], hook["body"]["id"]);
    let safe = wait_until("the safe one is called", ARRIVES_S, || posts("/token", 200), |posts| posts.len() == 1).remove(0);
    assert_eq!(safe["body"], json!({ "say": "Test plant: Come: 1", "to": ["+49 170"] }));
    wait_until("the busy one is called again", ARRIVES_S, || posts("/busy", 200), |posts| posts.len() == 1);
    let written = eventually("the program has it", ARRIVES_S, || {
        serde_json::from_str::<Json>(&std::fs::read_to_string(kept).unwrap_or_default()).ok()
    });
    assert_eq!((&written["urgency"], &written["outlet"]), (&json!(3), &json!("keeps")));
}

/// Each failure's sentence, its alarm, and its record.
fn fails_as_it_says(station: &Station) {
    for (name, state, words) in [
        ("refuse", "given-up", "localhost refuses the message"),
        ("refuse", "given-up", "no such user here"),
        ("grey", "failed", "greylisted, come back later"),
        ("cut", "failed", "doesn't answer as a mail server should"),
        ("slow", "failed", "doesn't answer as a mail server should"),
        ("wrong", "failed", "refuses user or password"),
        ("strange", "failed", "ca_file"),
        ("busy", "failed", "asks to try later: 503"),
        ("no", "given-up", "refuses the message: 400 so be it"),
        ("moved", "failed", "leads elsewhere"),
        ("fails", "failed", "ended with 3, saying: out of paper"),
        ("hangs", "failed", "took longer than 300 ms"),
    ] {
        let rows = || deliveries(station, &format!("outlet={name}&state={state}"));
        let says = |rows: &Vec<Json>| rows.iter().any(|row| row["why"].as_str().unwrap_or_default().contains(words));
        wait_until(&format!("{name} says {words}"), ARRIVES_S, rows, says);
    }
    let api = station.api();
    for (name, words) in [("wrong", "check user and password_file"), ("refuse", "no such user here"), ("fails", "out of paper")] {
        let alarm = || api.get(&format!("/api/v1/alarms/system%2Foutlets%2F{name}"));
        let raised =
            |alarm: &Json| alarm["state"] == "unacknowledged" && alarm["comment"].as_str().unwrap_or_default().contains(words);
        wait_until(&format!("an alarm tells that {name} fails"), ARRIVES_S, alarm, raised);
        let ok = wait_until("its tag too", ARRIVES_S, || api.tag(&format!("system/outlets/{name}/ok")), |tag| tag.value == false);
        assert!(ok.is_good());
    }
    let given_up = api.audit("refuse");
    assert!(given_up.iter().any(|record| record["act"] == "give up notification"), "{given_up:#?}");
    assert_eq!(api.tag("system/outlets/plain/ok").value, true);
    let metrics = api.call("GET", "/metrics", None).text;
    assert!(metrics.contains("plantroom_outlet_sent_total{outlet=\"plain\"} 2"), "{metrics}");
}

#[test]
fn a_kill_loses_no_message_and_an_escalation_goes_on_where_it_was() {
    let port = free_port();
    let outlets = format!(
        "[[outlet]]\nname = \"mail\"\nbundle = 0\nquiet = 0\n\
         smtp = {{ server = \"127.0.0.1\", port = {port}, tls = \"none\", from = \"plant@works.example\" }}\n\
         [[group]]\nname = \"on_call\"\nmembers = [\"anna@x.example\"]\n"
    );
    let rules = "escalate([1]);\nfn occurred(alarm) { notify(\"mail\", \"on_call\"); }\n\
                 fn unacknowledged(alarm, minutes) { notify(\"mail\", \"on_call\"); }\n\
                 fn acknowledged(alarm) { notify(\"mail\", \"on_call\"); }\n";
    let project = plant(&outlets, rules);
    let mut station = Station::start(&project);
    station.api().write("p/level", 4.5);
    // Nobody listens yet.
    wait_until("an attempt has failed", ARRIVES_S, || deliveries(&station, "state=failed"), |rows| !rows.is_empty());
    station.kill();
    let post = Post::start(Some(port));
    let mut station = Station::start(&project);
    let first = wait_until("it arrives", ARRIVES_S, || post.mail("plain", "anna@x.example"), |mail| !mail.is_empty()).remove(0);
    assert!(first["subject"].as_str().unwrap_or_default().starts_with("Test plant: Tank nearly full"), "{first}");
    let subjects = || -> Vec<String> {
        let mails = post.mail("plain", "anna@x.example");
        mails.iter().map(|mail| mail["subject"].as_str().unwrap_or_default().to_owned()).collect()
    };
    wait_until("its minute is over", 90.0, subjects, |subjects| {
        subjects.iter().any(|subject| subject.contains("Unacknowledged for 1 min: Tank nearly full"))
    });
    station.kill();
    let station = Station::start(&project);
    let api = station.api();
    let occurrence = api.get("/api/v1/alarms/p%2Fhigh")["occurrence"].clone();
    let acknowledged = api.call("POST", "/api/v1/alarms/p%2Fhigh/acknowledge", Some(json!({ "occurrence": occurrence })));
    assert_eq!(acknowledged.kind(), "done", "{}", acknowledged.text);
    let told = format!("Test plant: Acknowledged by {}: Tank nearly full", station.engineer.0);
    wait_until("it is told who has it", ARRIVES_S, subjects, |subjects| {
        subjects.iter().any(|subject| subject.starts_with(&told))
    });
    // At least once, under one name: no message is told anew after a restart.
    let ids: Vec<Json> = post.mail("plain", "anna@x.example").iter().map(|mail| mail["id"].clone()).collect();
    let mut single = ids.clone();
    single.dedup();
    assert_eq!(single.len(), 3, "{:?} {ids:?}", subjects());
}

#[test]
fn a_flood_is_one_message_and_rules_that_fail_are_an_alarm_that_clears() {
    let post = Post::start(None);
    let (port, count) = (post.port("plain"), 60);
    let outlets = format!(
        "[[outlet]]\nname = \"mail\"\nbundle = \"3 s\"\n\
         smtp = {{ server = \"127.0.0.1\", port = {port}, tls = \"none\", from = \"plant@works.example\" }}\n"
    );
    let rules = "fn occurred(alarm) { if alarm.area == \"f\" { notify(\"mail\", tag(\"p/on_call\")); } }\n\
                 fn returned(alarm) { if tag(\"p/bad\") { alarm.no_such_thing(); } }\n";
    let project = plant(&outlets, rules);
    project.memory("p/on_call", "text", "\"dora@x.example\"", "write = true");
    project.memory("p/bad", "bool", "true", "write = true");
    project.memory("p/trip", "bool", "false", "write = true");
    for number in 0..count {
        project.add(
            "alarms/flood.toml",
            &format!("[[alarm]]\nname = \"f/{number}\"\ntag = \"p/trip\"\nis = [true]\nmessage = \"Trip {number}\"\n"),
        );
    }
    let station = Station::start(&project);
    let api = station.api();
    api.write("p/trip", true);
    let mails = wait_until("the flood is told", ARRIVES_S, || post.mail("plain", "dora@x.example"), |mails| !mails.is_empty());
    let subject = mails[0]["subject"].as_str().unwrap_or_default().to_owned();
    assert!(subject.starts_with(&format!("Test plant: flood: {count} notifications in 1 s, first: Trip 0")), "{subject}");
    api.write("p/trip", false);
    let scripts = |state: &'static str| {
        let alarm = || api.get("/api/v1/alarms/system%2Falarms%2Fscripts");
        wait_until(&format!("rules are {state}"), ARRIVES_S, alarm, |alarm| alarm["state"] == state)
    };
    let failing = scripts("unacknowledged");
    assert!(failing["comment"].as_str().unwrap_or_default().contains("alarms/notify/rules.rhai:2:"), "{failing}");
    api.write("p/bad", false);
    api.write("p/trip", true);
    api.write("p/trip", false);
    scripts("returned");
    assert_eq!(post.mail("plain", "dora@x.example").len(), 1, "what chatters is told once");
}

#[test]
fn an_outlet_is_tried_from_the_command_line_and_only_by_engineers() {
    let post = Post::start(None);
    let port = post.port("plain");
    let outlets = format!(
        "[[outlet]]\nname = \"mail\"\nsmtp = {{ server = \"127.0.0.1\", port = {port}, tls = \"none\", from = \"plant@works.example\" }}\n\
         [[outlet]]\nname = \"dead\"\nsmtp = {{ server = \"127.0.0.1\", port = {}, tls = \"none\", from = \"plant@works.example\" }}\n\
         [[person]]\nname = \"anna\"\nat = {{ mail = \"anna@x.example\" }}\n",
        free_port()
    );
    let project = plant(&outlets, "fn occurred(alarm) { notify(\"mail\", \"anna\"); }");
    let station = Station::start(&project);
    let (user, password) = station.engineer.clone();
    let environment = [("PLANTROOM_URL", station.url.as_str()), ("PLANTROOM_USER", &user), ("PLANTROOM_PASSWORD", &password)];
    for (arguments, code, expected) in [
        (vec!["try-outlet", "mail", "--to", "anna"], 0, "The message is out: 250"),
        (vec!["try-outlet", "mail"], 3, "Say to whom"),
        (vec!["try-outlet", "mail", "--to", "bert"], 3, "`bert` is neither a person"),
        (vec!["try-outlet", "dead", "--to", "x@y"], 3, "doesn't answer as a mail server should"),
        (vec!["try-outlet", "none"], 3, "there are: mail, dead"),
        (vec!["outlets"], 0, "mail              smtp     ok     1 sent, 0 waiting"),
        (vec!["deliveries", "--outlet", "mail"], 0, "sent       mail to anna@x.example  Test plant: trial message: 250"),
        (vec!["deliveries", "--state", "lost"], 1, "the states are sent"),
    ] {
        let run = plantroom(&[vec!["alarm"], arguments.clone()].concat(), &environment);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(run.code == code || (code != 0 && run.code != 0), "{arguments:?}: {} {said}", run.code);
    }
    assert_eq!(post.mail("plain", "anna@x.example").len(), 1);
    let operator = station.api().new_user("olga", "operate");
    assert_eq!(operator.call("POST", "/api/v1/outlets/mail/try", Some(json!({ "to": "anna" }))).status, 403);
    assert_eq!(operator.call("GET", "/api/v1/deliveries", None).status, 200);
    let viewer = station.api().new_user("vera", "view");
    assert_eq!(viewer.call("GET", "/api/v1/deliveries", None).status, 403, "addresses are not for everybody");
    assert_eq!(viewer.call("GET", "/api/v1/outlets", None).status, 200);
    assert!(station.api().audit("mail").iter().any(|record| record["act"] == "try outlet"));
}
