use std::sync::atomic::Ordering;

use plantroom_access::By;
use plantroom_model::{Role, Status, TagId, Value};
use serde_json::json;

use super::fake::{Fake, PASSWORD, serve};
use crate::Station;
use crate::door::Needs;
use crate::routes::{Answer as RouteAnswer, ROUTES, Route, Verb};

fn verb(route: &Route) -> &'static str {
    match route.verb {
        Verb::Get => "GET",
        Verb::Post => "POST",
        Verb::Put => "PUT",
        Verb::Delete => "DELETE",
    }
}

/// A path of this route, and a body that it would take.
fn example(route: &Route) -> (String, &'static str) {
    let path = route.path.replace("{name}", "intake%2Fp1%2Fspeed").replace("{id}", "abc");
    let body = match route.body {
        Some("LoginBody") => r#"{"user":"eve","password":"wrong password"}"#,
        Some("WriteBody") => r#"{"value":1}"#,
        Some("NewUserBody") => r#"{"name":"mallory","password":"a long password","role":"engineer"}"#,
        Some("PasswordBody") => r#"{"password":"a long password"}"#,
        Some("OwnPasswordBody") => r#"{"current":"wrong password","password":"a long password"}"#,
        Some("RoleBody") => r#"{"role":"engineer"}"#,
        Some("NewTokenBody") => r#"{"user":"eve","label":"x"}"#,
        Some("ModeBody") => r#"{"mode":"off-scan","reason":"x"}"#,
        Some("ReasonBody") => r#"{"reason":"x"}"#,
        Some("AlarmActsBody") => r#"{"verb":"reset","alarms":[{"name":"intake/high"}],"comment":"x"}"#,
        Some("AlarmActBody") => r#"{"comment":"x"}"#,
        Some("OutletTryBody") => r#"{"to":"x"}"#,
        Some("ChangeBody") => r#"{"comment":"x"}"#,
        Some("RollbackBody") => r#"{"comment":"x"}"#,
        Some(other) => panic!("no example of {other}"),
        None => "",
    };
    (path, body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_asks_for_its_role() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let mut asked = 0;
    for route in ROUTES {
        let needed = match route.needs {
            Needs::Role(role) => role,
            Needs::RoleUnlessLocal(_) | Needs::FirstMessage | Needs::Nothing => continue,
        };
        let (path, body) = example(route);
        let name = format!("{} {}", verb(route), route.path);
        assert_eq!(served.ask(verb(route), &path, &[], body).await.status, 401, "{name} without a login");
        for wrong in ["Bearer x", "Bearer ", "Basic ZXZlOng=", "Bearer null"] {
            let answer = served.ask(verb(route), &path, &[("authorization", wrong)], body).await;
            assert_eq!(answer.status, 401, "{name} with {wrong}");
        }
        for (user, role) in [("vera", Role::View), ("otto", Role::Operate)] {
            if role < needed {
                let answer = served.call(&fake.token(user), verb(route), &path, body).await;
                assert_eq!(answer.status, 403, "{name} as {user}: {}", answer.text);
                assert!(answer.json()["error"].as_str().unwrap().contains(needed.word()), "{}", answer.text);
            }
        }
        asked += 1;
    }
    assert!(asked >= 19, "only {asked} routes were tried");
    assert!(fake.writes.lock().is_empty());
    assert_eq!(fake.access.users().len(), 3);
}

#[test]
fn the_document_has_every_route_and_every_schema() {
    let document: serde_json::Value = serde_json::from_str(&crate::openapi::document()).unwrap();
    let mut ids = std::collections::HashSet::new();
    for route in ROUTES {
        let operation = &document["paths"][route.path][verb(route).to_lowercase()];
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{}", route.path);
        assert!(ids.insert(crate::openapi::operation_id(route)), "{}", route.path);
        let needs_login = matches!(route.needs, Needs::Role(_) | Needs::RoleUnlessLocal(_));
        assert_eq!(operation["security"].is_array(), needs_login, "{}", route.path);
        let schemas = &document["components"]["schemas"];
        for name in route.body.into_iter().chain(match route.answer {
            RouteAnswer::Json(name) => Some(name),
            _ => None,
        }) {
            assert!(schemas[name].is_object(), "{name} of {} has no schema", route.path);
        }
    }
    let references = document.to_string();
    for name in references.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document["components"]["schemas"][name].is_object(), "{name} is referred to, and missing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_from_elsewhere_get_nothing() {
    let fake = Fake::with_origins(&["https://hmi.example"]);
    let served = serve(&fake).await;
    let token = fake.token("eve");
    let own = format!("http://127.0.0.1:{}", served.port);
    let auth = format!("Bearer {token}");
    for (origin, status) in [
        (own.as_str(), 200),
        ("https://hmi.example", 200),
        ("http://evil.example", 403),
        ("null", 403),
        ("http://127.0.0.1:1", 403),
    ] {
        let headers = [("authorization", auth.as_str()), ("origin", origin)];
        let answer = served.ask("GET", "/api/v1/session", &headers, "").await;
        assert_eq!(answer.status, status, "{origin}");
        let allowed = answer.head.contains("access-control-allow-origin: https://hmi.example");
        assert_eq!(allowed, origin == "https://hmi.example", "{origin}: {}", answer.head);
        assert!(!answer.head.contains("access-control-allow-origin: *"));
        let login = served.ask("POST", "/api/v1/login", &[("origin", origin)], r#"{"user":"x","password":"y"}"#).await;
        assert_eq!(login.status == 403, status == 403, "{origin}");
        let preflight = served.ask("OPTIONS", "/api/v1/tags", &[("origin", origin)], "").await;
        assert_eq!(preflight.status == 204, origin == "https://hmi.example", "{origin}: {}", preflight.status);
    }
    for (host, status) in [
        ("localhost:8600", 200),
        ("[::1]:8600", 200),
        ("127.0.0.1", 200),
        ("hmi.example", 200),
        ("evil.example", 403),
        ("evil.example:8600", 403),
        ("127.0.0.1.evil.example", 403),
        ("", 403),
    ] {
        let answer = served.ask("GET", "/healthz", &[("host", host)], "").await;
        assert_eq!(answer.status, status, "host {host:?}");
    }
    let two = served.ask("GET", "/healthz", &[("host", "127.0.0.1"), ("host", "evil.example")], "").await;
    assert_eq!(two.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_reads_writes_and_leaves() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    fake.set(&[(0, Value::Float(2.5), Status::GOOD), (1, Value::Float(f64::NAN), Status::UNCERTAIN)]);
    let body = format!(r#"{{"user":"otto","password":"{PASSWORD}"}}"#);
    let session = served.ask("POST", "/api/v1/login", &[], &body).await.json();
    assert_eq!((&session["user"], &session["role"]), (&json!("otto"), &json!("operate")));
    let token = session["token"].as_str().unwrap().to_owned();
    let tag = served.call(&token, "GET", "/api/v1/tags/intake%2Flevel", "").await.json();
    assert_eq!(
        (&tag["value"], &tag["quality"], &tag["unit"], &tag["writable"]),
        (&json!(2.5), &json!("good"), &json!("m"), &json!(false))
    );
    assert_eq!(tag["source_time"], json!("2023-11-14T22:13:20Z"));
    let page = served.call(&token, "GET", "/api/v1/tags?filter=intake/p*&limit=1", "").await.json();
    assert_eq!(
        (&page["total"], &page["tags"][0]["value"], &page["tags"][0]["writable"]),
        (&json!(1), &json!("NaN"), &json!(true))
    );
    let speed = "/api/v1/tags/intake%2Fp1%2Fspeed/value";
    for verb in ["PUT", "POST"] {
        let outcome = served.call(&token, verb, speed, r#"{"value": 40, "comment": "more"}"#).await;
        assert_eq!((outcome.status, outcome.json()["kind"].clone()), (200, json!("confirmed")), "{}", outcome.text);
    }
    assert_eq!(*fake.writes.lock(), vec![("otto".to_owned(), TagId(1), Value::Float(40.0)); 2]);
    assert_eq!(served.call(&token, "POST", "/api/v1/logout", "").await.status, 200);
    assert_eq!(served.call(&token, "GET", "/api/v1/session", "").await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_is_said_in_a_sentence() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let token = fake.token("eve");
    let long = format!(r#"{{"value": 1, "comment": "{}"}}"#, "x".repeat(2_000));
    let huge = "x".repeat(crate::limits::BODY_BYTES + 1);
    let value = "/api/v1/tags/intake%2Fp1%2Fspeed/value";
    for (verb, path, body, status, says) in [
        ("GET", "/api/v1/nothing", "", 404, "nothing at"),
        ("GET", "/api/v1/tags/intake/level", "", 404, "nothing at"),
        ("DELETE", "/api/v1/tags", "", 405, "not with the method"),
        ("GET", "/api/v1/tags/intake%2Flevle", "", 404, "did you mean `intake/level`"),
        ("GET", "/api/v1/tags/%ff", "", 400, ""),
        ("GET", "/api/v1/tags?limit=x", "", 400, ""),
        ("GET", "/api/v1/tags?filter=%5Ba", "", 400, "filter"),
        ("PUT", value, "{", 400, "JSON"),
        ("PUT", value, r#"{"value": "fast"}"#, 400, "give a number"),
        ("PUT", value, r#"{"value": 1, "force": true}"#, 400, "force"),
        ("PUT", value, &long, 400, "comment"),
        ("PUT", value, &huge, 413, "65536"),
        ("POST", "/api/v1/users", r#"{"name":"a","password":"short","role":"view"}"#, 422, "10 characters"),
        ("POST", "/api/v1/users", r#"{"name":"otto","password":"a long password","role":"view"}"#, 409, "already"),
        ("DELETE", "/api/v1/users/nobody", "", 404, "nobody"),
        ("DELETE", "/api/v1/users/eve", "", 422, "last engineer"),
        ("DELETE", "/api/v1/tokens/abc", "", 404, "abc"),
        ("GET", "/api/v1/audit?since=yesterday", "", 400, "not a time"),
    ] {
        let answer = served.call(&token, verb, path, body).await;
        assert_eq!(answer.status, status, "{verb} {path}: {}", answer.text);
        let said = answer.json();
        let said = format!("{} {}", said["error"].as_str().unwrap(), said["help"].as_str().unwrap());
        assert!(said.contains(says), "{verb} {path}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engineer_keeps_users_tokens_and_the_trail() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let token = fake.token("eve");
    let new = r#"{"name":"nina","password":"a long password","role":"view"}"#;
    assert_eq!(served.call(&token, "POST", "/api/v1/users", new).await.status, 200);
    assert_eq!(served.call(&token, "PUT", "/api/v1/users/nina/role", r#"{"role":"operate"}"#).await.status, 200);
    let made = served.call(&token, "POST", "/api/v1/tokens", r#"{"user":"nina","label":"mes","role":"view"}"#).await.json();
    let api = made["token"].as_str().unwrap();
    assert_eq!(served.call(api, "GET", "/api/v1/session", "").await.json()["role"], json!("view"));
    let users = served.call(&token, "GET", "/api/v1/users", "").await;
    let nina = users.json()["users"].as_array().unwrap().iter().find(|user| user["name"] == "nina").cloned().unwrap();
    assert_eq!((&nina["role"], &nina["tokens"][0]["label"]), (&json!("operate"), &json!("mes")));
    assert!(!users.text.contains("argon2") && !users.text.contains(api), "{}", users.text);
    assert_eq!(served.call(&token, "DELETE", &format!("/api/v1/tokens/{}", made["id"].as_str().unwrap()), "").await.status, 200);
    assert_eq!(served.call(api, "GET", "/api/v1/session", "").await.status, 401);
    let trail = served.call(&token, "GET", "/api/v1/audit?target=nina", "").await.json();
    let acts: Vec<_> =
        trail["records"].as_array().unwrap().iter().map(|record| record["act"].as_str().unwrap().to_owned()).collect();
    assert_eq!(acts, ["create token", "set role", "create user"]);
    assert_eq!(served.call(&token, "GET", "/api/v1/audit/verify", "").await.json()["intact"], json!(true));
    let own = format!(r#"{{"current":"{PASSWORD}","password":"an even longer one"}}"#);
    assert_eq!(served.call(&token, "PUT", "/api/v1/session/password", &own).await.status, 200);
    assert_eq!(served.call(&token, "GET", "/api/v1/session", "").await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_is_slowed_down_with_a_sentence() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let mut last = None;
    for _ in 0..6 {
        last = Some(served.ask("POST", "/api/v1/login", &[], r#"{"user":"eve","password":"wrong password"}"#).await);
    }
    let last = last.unwrap();
    assert_eq!(last.status, 429);
    assert!(last.head.contains("retry-after: 1"), "{}", last.head);
    assert!(last.json()["error"].as_str().unwrap().contains("try again in 1 s"), "{}", last.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_figures_and_front_page_need_no_login_here() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    assert_eq!(served.ask("GET", "/healthz", &[], "").await.status, 200);
    fake.is_well.store(false, Ordering::Relaxed);
    assert_eq!(served.ask("GET", "/healthz", &[], "").await.status, 503);
    let figures = served.ask("GET", "/metrics", &[], "").await;
    assert!(figures.text.contains("plantroom_scans_total 7") && figures.text.contains("plantroom_http_requests_total"));
    assert!(figures.text.contains("\nplantroom_audit_state 0\n"), "{}", figures.text);
    let forwarded = served.ask("GET", "/metrics", &[("x-forwarded-for", "10.0.0.9")], "").await;
    assert_eq!(forwarded.status, 401, "a proxy on this machine is not this machine");
    let token = fake.access().create_token(By::Machine, "vera", "prometheus", Role::View, fake.now()).unwrap();
    let headers = [("x-forwarded-for", "10.0.0.9"), ("authorization", &*format!("Bearer {}", token.secret))];
    assert_eq!(served.ask("GET", "/metrics", &headers, "").await.status, 200);
    let page = served.ask("GET", "/", &[], "").await;
    assert!(page.text.contains("/api/v1/openapi.json") && page.head.contains("content-security-policy"), "{}", page.head);
    assert_eq!(served.ask("GET", "/api/v1/openapi.json", &[], "").await.json()["info"]["title"], json!("Plantroom"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_requests_are_answered_or_closed() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let many = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect::<String>();
    for request in [
        "\r\n\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nconnection: close\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n{many}\r\n"),
        format!("GET /{} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n", "x".repeat(100_000)),
        "\u{16}\u{3}\u{1}\u{2}".repeat(50),
    ] {
        let status = served.raw(&request).await.status;
        assert!(status == 0 || (400..500).contains(&status), "{status} for {:?}", &request[..request.len().min(60)]);
    }
    assert_eq!(served.ask("GET", "/healthz", &[], "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outlets_are_told_and_tried() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let token = fake.token("eve");
    for (verb, path, body, status, expected) in [
        ("GET", "/api/v1/outlets", "", 200, r#""name":"mail""#),
        ("GET", "/api/v1/deliveries?outlet=mail&limit=3", "", 200, r#""outlet":"mail""#),
        ("GET", "/api/v1/deliveries", "", 400, "which outlet?"),
        ("GET", "/api/v1/deliveries?since=yesterday", "", 400, "is not a time"),
        ("GET", "/api/v1/deliveries?sort=x", "", 400, "sort"),
        ("POST", "/api/v1/outlets/mail/try", r#"{"to":"anna"}"#, 200, "mail to anna"),
        ("POST", "/api/v1/outlets/mail/try", "", 200, "mail to "),
    ] {
        let answer = served.call(&token, verb, path, body).await;
        assert_eq!(answer.status, status, "{verb} {path}: {}", answer.text);
        assert!(answer.text.contains(expected), "{verb} {path}: {}", answer.text);
    }
}
