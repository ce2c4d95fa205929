//! A web page from elsewhere tries to operate the plant, in the browser of somebody who is near it.

use plantroom_tests::{Console, holds_for};

use super::{PUMP, plant, raw, value_of};

/// Where such a page may come from.
const ELSEWHERE: [&str; 6] =
    ["http://evil.example", "https://evil.example", "null", "file://", "http://localhost.evil.example", "http://127.0.0.1:1"];
/// What a browser sends without asking first.
const SIMPLE: [&str; 4] = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""];

#[test]
fn a_page_from_elsewhere_cannot_write() {
    let (_project, station) = plant();
    let engineer = station.api();
    // The worst case: the page has got hold of a token.
    let token = format!("authorization: Bearer {}", engineer.token);
    for origin in ELSEWHERE {
        for kind in SIMPLE {
            for method in ["POST", "PUT"] {
                let headers = ["host: {host}", &format!("origin: {origin}"), &format!("content-type: {kind}"), &token];
                let (status, answer) =
                    raw::request(&station.url, &format!("{method} {}", value_of(PUMP)), &headers, "{\"value\": 1}");
                assert_eq!(status, 403, "{method} from {origin} as {kind:?}: {answer}");
                assert!(!answer.to_lowercase().contains("access-control-allow"), "{answer}");
            }
        }
    }
    let headers = ["host: {host}", "origin: {host}", "origin: http://evil.example", &token];
    assert_eq!(raw::request(&station.url, &format!("PUT {}", value_of(PUMP)), &headers, "{\"value\": 1}").0, 403, "two origins");
    assert_eq!(engineer.tag(PUMP).value, 0);
    assert!(engineer.audit(PUMP).iter().all(|record| record["entry"] != "open"), "no such write was begun");
    let own = ["host: {host}", "origin: http://{host}", &token];
    let (status, answer) = raw::request(&station.url, &format!("PUT {}", value_of(PUMP)), &own, "{\"value\": 1}");
    assert_eq!(status, 200, "the station's own pages may: {answer}");
}

#[test]
fn a_page_from_elsewhere_cannot_read_log_in_or_ask() {
    let (_project, station) = plant();
    let (user, password) = station.engineer.clone();
    let token = format!("authorization: Bearer {}", station.api().token);
    let login = serde_json::json!({ "user": user, "password": password }).to_string();
    for origin in ELSEWHERE {
        let from = format!("origin: {origin}");
        for (first_line, body) in [
            ("GET /api/v1/tags", ""),
            ("GET /metrics", ""),
            ("GET /healthz", ""),
            ("POST /api/v1/login", login.as_str()),
            ("OPTIONS /api/v1/tags", ""),
            ("OPTIONS /api/v1/tags/line%2Fpump/value", ""),
        ] {
            let headers = ["host: {host}", &from, &token, "access-control-request-method: PUT"];
            let (status, answer) = raw::request(&station.url, first_line, &headers, body);
            assert_eq!(status, 403, "{first_line} from {origin}: {answer}");
            let tells = answer.contains("line/pump") || answer.to_lowercase().contains("access-control-allow");
            assert!(!tells, "{first_line} from {origin}: {answer}");
        }
    }
}

#[test]
fn a_name_that_was_bent_to_this_machine_is_not_served() {
    let (_project, station) = plant();
    let token = format!("authorization: Bearer {}", station.api().token);
    let port = station.url.rsplit(':').next().unwrap().to_owned();
    for host in
        ["evil.example".to_owned(), format!("evil.example:{port}"), format!("localhost.evil.example:{port}"), String::new()]
    {
        let own = format!("origin: http://{host}");
        for headers in [vec![format!("host: {host}"), token.clone()], vec![format!("host: {host}"), own, token.clone()]] {
            let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
            let (status, answer) = raw::request(&station.url, "GET /api/v1/tags", &headers, "");
            assert!(status == 403 || status == 400, "host {host:?}: {answer}");
            assert!(!answer.contains("line/pump"), "host {host:?}: {answer}");
        }
    }
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("LOCALHOST:{port}"), "[::1]".to_owned()] {
        let headers = [format!("host: {host}"), token.clone()];
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        assert_eq!(raw::request(&station.url, "GET /api/v1/tags", &headers, "").0, 200, "host {host}");
    }
}

#[test]
fn the_live_connection_asks_where_a_page_comes_from() {
    let (_project, station) = plant();
    let refused = |headers: &[(&'static str, &str)]| match Console::try_open(&station.url, headers) {
        Ok(_) => panic!("{headers:?} was let in"),
        Err(reason) => assert!(reason == "HTTP 403" || reason == "HTTP 400", "{headers:?}: {reason}"),
    };
    for origin in ELSEWHERE {
        refused(&[("origin", origin)]);
    }
    refused(&[("host", "evil.example")]);
    refused(&[("host", "evil.example"), ("origin", "http://evil.example")]);
    let own = station.url.clone();
    let console = Console::try_open(&station.url, &[("origin", &own)]).expect("the station's own page");
    console.login(&station.engineer.0, &station.engineer.1);
    holds_for("the console stays", 0.3, || console.ended(), Option::is_none);
}

#[test]
fn a_listed_page_may_and_only_that_one() {
    let (project, station) = plant();
    drop(station);
    let listed = "name = \"Test plant\"\nhome_screen = \"1_home\"\n[listen]\norigins = [\"https://portal.example\"]\n";
    project.write("plant.toml", listed);
    let station = plantroom_tests::Station::start(&project);
    let token = format!("authorization: Bearer {}", station.api().token);
    let ask = |origin: &str, line: &str| {
        raw::request(&station.url, line, &["host: {host}", &format!("origin: {origin}"), &token], "{\"value\": 3}")
    };
    let (status, answer) = ask("https://portal.example", &format!("PUT {}", value_of(PUMP)));
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("access-control-allow-origin: https://portal.example"), "{answer}");
    assert!(!answer.contains("allow-credentials"), "tokens are sent by hand, cookies never: {answer}");
    assert_eq!(ask("https://portal.example", "OPTIONS /api/v1/tags").0, 204);
    for other in ["http://portal.example", "https://portal.example.evil", "https://portal.example:8443", "https://evil.example"] {
        assert_eq!(ask(other, &format!("PUT {}", value_of(PUMP))).0, 403, "{other}");
    }
}
