//! Every endpoint that the API document names, asked by everybody.

use plantroom_tests::{Answer, Api, Station};
use serde_json::{Value as Json, json};

use super::{plant, raw};

/// What strangers get: it says nothing about the plant.
const PUBLIC: [&str; 5] = ["get /", "get /healthz", "get /metrics", "get /api/v1/openapi.json", "get /api/v1/live"];
/// The door itself.
const LOGIN: &str = "post /api/v1/login";
/// What ends the very session that asks.
const ENDS_SESSION: &str = "post /api/v1/logout";

struct Endpoint {
    method: String,
    path: String,
    role: Option<String>,
}

impl Endpoint {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn ask(&self, api: &Api, body: Option<Json>) -> Answer {
        let path = self.path.replace("{name}", "line%2Fpump").replace("{id}", "nobody");
        let body = body.filter(|_| self.method != "get" && self.method != "delete");
        api.call(&self.method.to_uppercase(), &path, body)
    }
}

fn endpoints(station: &Station) -> Vec<Endpoint> {
    let document = Api::anonymous(&station.url).get("/api/v1/openapi.json");
    let paths = document["paths"].as_object().expect("an OpenAPI document has paths");
    let mut found = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("a path has methods") {
            let role = operation["security"][0]["token"][0].as_str().map(str::to_owned);
            found.push(Endpoint { method: method.clone(), path: path.clone(), role });
        }
    }
    assert!(found.len() >= 25, "only {} endpoints", found.len());
    found
}

#[test]
fn strangers_get_nothing_but_the_door() {
    let (_project, station) = plant();
    let mut nonsense = Api::anonymous(&station.url);
    nonsense.token = "prs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned();
    for endpoint in endpoints(&station) {
        let name = endpoint.name();
        let is_public = PUBLIC.contains(&name.as_str()) || name == LOGIN;
        assert_eq!(endpoint.role.is_none() || name == "get /metrics", is_public, "{name}: the document says who may");
        for api in [&Api::anonymous(&station.url), &nonsense] {
            for body in [None, Some(json!({})), Some(json!("{not what is asked for"))] {
                let answer = endpoint.ask(api, body);
                let expected = if is_public { answer.status != 401 && answer.status < 500 } else { answer.status == 401 };
                assert!(expected, "{name}: {} {}", answer.status, answer.text);
                let told = answer.text.contains("line/pump") && name != "get /api/v1/openapi.json";
                assert!(!told, "{name} tells strangers of the plant: {}", answer.text);
            }
        }
    }
}

#[test]
fn tags_that_are_there_and_not_there_look_the_same_to_strangers() {
    let (_project, station) = plant();
    let stranger = Api::anonymous(&station.url);
    let there = stranger.call("GET", "/api/v1/tags/line%2Fpump", None);
    let not_there = stranger.call("GET", "/api/v1/tags/line%2Fpomp", None);
    assert_eq!((there.status, there.text), (not_there.status, not_there.text));
}

#[test]
fn figures_are_for_this_machine_only() {
    let (_project, station) = plant();
    let stranger = Api::anonymous(&station.url);
    assert_eq!(stranger.call("GET", "/metrics", None).status, 200);
    for header in ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"] {
        let answer = stranger.call_with("GET", "/metrics", None, &[(header, "10.0.0.7")]);
        assert_eq!(answer.status, 401, "{header}: {}", answer.text);
    }
}

#[test]
fn each_role_reaches_what_the_document_says_and_no_more() {
    let (_project, station) = plant();
    let engineer = station.api();
    let roles = ["view", "operate", "engineer"];
    let rank = |role: &str| roles.iter().position(|known| *known == role).expect("a role");
    for role in ["view", "operate"] {
        let api = engineer.new_user(&format!("a_{role}"), role);
        for endpoint in endpoints(&station).iter().filter(|endpoint| endpoint.name() != ENDS_SESSION) {
            let Some(needed) = &endpoint.role else { continue };
            let answer = endpoint.ask(&api, Some(json!({})));
            let refused = rank(needed) > rank(role);
            assert_eq!(answer.status == 403, refused, "{role} at {}: {} {}", endpoint.name(), answer.status, answer.text);
            assert!(answer.status != 401 && answer.status < 500, "{role} at {}: {}", endpoint.name(), answer.text);
            if refused {
                assert!(answer.message().contains(needed.as_str()), "it says which role is needed: {}", answer.text);
            }
        }
        let ended = api.call("POST", "/api/v1/logout", None);
        assert_eq!(ended.status, 200, "{}", ended.text);
        assert_eq!(api.call("GET", "/api/v1/session", None).status, 401, "a logout ends the session");
    }
}

#[test]
fn a_tag_can_ask_for_a_higher_role_than_its_endpoint() {
    let (_project, station) = plant();
    let operator = station.api().new_user("operator", "operate");
    let (may, may_not) = (operator.write(super::PUMP, 1), operator.write(super::LIMIT, 1));
    assert_eq!(may.kind(), "confirmed", "{}", may.text);
    assert_eq!(may_not.kind(), "refused", "{}", may_not.text);
    assert!(may_not.message().contains("engineer"), "{}", may_not.text);
    assert_eq!(station.api().tag(super::LIMIT).value, 0);
}

#[test]
fn only_one_scheme_of_authorization_counts() {
    let (_project, station) = plant();
    let token = station.api().token;
    let ask = |value: &str| {
        raw::request(&station.url, "GET /api/v1/session", &["host: {host}", &format!("authorization: {value}")], "").0
    };
    assert_eq!(ask(&format!("Bearer {token}")), 200);
    for wrong in [
        format!("Basic {token}"),
        token.clone(),
        format!("Bearer {token}x"),
        format!("Bearer {}", &token[1..]),
        "Bearer ".to_owned(),
    ] {
        assert_eq!(ask(&wrong), 401, "{wrong}");
    }
    let in_url =
        raw::request(&station.url, &format!("GET /api/v1/session?token={token}&access_token={token}"), &["host: {host}"], "");
    assert_eq!(in_url.0, 401, "a token in a URL ends up in logs: {}", in_url.1);
    let cookie = raw::request(&station.url, "GET /api/v1/session", &["host: {host}", &format!("cookie: token={token}")], "");
    assert_eq!(cookie.0, 401, "a cookie would let pages from elsewhere in: {}", cookie.1);
}

#[test]
fn who_is_refused_can_ask_again_on_the_same_connection() {
    let (_project, station) = plant();
    let host = station.url.trim_start_matches("http://").to_owned();
    let next = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n");
    for (first_line, more, status) in [
        ("PUT /api/v1/tags/line%2Fpump/value", "", 401),
        ("POST /api/v1/users", "authorization: Bearer nonsense\r\n", 401),
        ("POST /healthz", "", 405),
        ("POST /nothing", "", 404),
        ("POST /api/v1/login", "origin: http://evil.example\r\n", 403),
    ] {
        let head = format!("{first_line} HTTP/1.1\r\nhost: {host}\r\n{more}content-length: 12\r\n\r\n");
        assert_eq!(raw::in_parts(&station.url, &head, "{\"value\": 1}", &next), (status, 200), "{first_line}");
    }
}

#[test]
fn no_path_leads_out_of_the_api() {
    let (project, station) = plant();
    project.write("secret.txt", "the secret of the plant");
    let token = format!("authorization: Bearer {}", station.api().token);
    let users = std::fs::read_to_string(project.data().join("users.json")).expect("the list of users");
    for path in [
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/api/v1/tags/..%2F..%2F..%2Fetc%2Fpasswd",
        "/api/v1/tags/%2Fetc%2Fpasswd",
        "/api/v1/tags/..%5C..%5Csecret.txt",
        "/api/v1/tags/line%2Fpump%00.txt",
        "/api/v1/tags/%ff%fe",
        "/api/v1/screens/../../secret.txt",
        "/api/v1/screens/..%2F..%2Fsecret.txt",
        "/api/v1/screens?path=../secret.txt",
        "/screens/../secret.txt",
        "/data/users.json",
        "/api/v1/../../data/users.json",
        "/api/v1/users/..%2F..%2Fusers.json",
        "file:///etc/passwd",
        "http://evil.example/api/v1/users",
    ] {
        for method in ["GET", "PUT", "POST", "DELETE"] {
            let (status, answer) = raw::request(&station.url, &format!("{method} {path}"), &["host: {host}", &token], "{}");
            let leaks = answer.contains("root:") || answer.contains("the secret") || answer.contains("argon2");
            assert!(!leaks, "{method} {path}: {answer}");
            // An absolute URL names a resource of this server; its host isn't looked up.
            let is_ours = path.starts_with("http://") || path.contains("/api/v1/screens?");
            assert!((400..500).contains(&status) || (is_ours && status == 200), "{method} {path}: {answer}");
        }
    }
    assert_eq!(std::fs::read_to_string(project.data().join("users.json")).unwrap(), users, "nothing was changed");
}

#[test]
fn nonsense_on_the_wire_is_answered_and_costs_nobody() {
    let (_project, station) = plant();
    let token = station.api().token;
    let host = station.url.trim_start_matches("http://").to_owned();
    let long = "x".repeat(200_000);
    let put = format!("PUT /api/v1/tags/line%2Fpump/value HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n");
    let cases: [(&str, String, &[u16]); 9] = [
        ("no HTTP", "\u{1}\u{2}\u{3}garbage\r\n\r\n".to_owned(), &[400, 0]),
        ("no host", "GET /healthz HTTP/1.1\r\n\r\n".to_owned(), &[400]),
        ("two hosts", format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\nhost: evil.example\r\n\r\n"), &[400]),
        ("a long header", format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\nx: {long}\r\n\r\n"), &[431]),
        ("many headers", format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n{}\r\n", "x: y\r\n".repeat(500)), &[431]),
        ("a long body", format!("{put}content-length: {}\r\n\r\n{long}", long.len()), &[413]),
        ("a body of two lengths", format!("{put}content-length: 2\r\ncontent-length: 3\r\n\r\n{{}}"), &[400]),
        ("a length and chunks", format!("{put}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"), &[400]),
        ("deep JSON", format!("{put}content-length: 60000\r\n\r\n{}", "[".repeat(60_000)), &[400]),
    ];
    for (what, bytes, expected) in cases {
        let (status, answer) = raw::send(&station.url, bytes.as_bytes());
        assert!(expected.contains(&status), "{what}: {status} {}", answer.chars().take(300).collect::<String>());
    }
    assert_eq!(Api::anonymous(&station.url).call("GET", "/healthz", None).status, 200);
    assert_eq!(station.api().tag(super::PUMP).value, 0);
}
