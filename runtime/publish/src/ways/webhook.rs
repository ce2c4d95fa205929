//! Webhooks: an HTTP POST of JSON.

use std::time::Duration;

use plantroom_project::OutletKind;
use serde_json::Value as Json;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use super::secret::{certificates, secret};
use super::{Failure, FailureKind, as_json};
use crate::desk::Job;
use crate::item::cut;
use crate::limits;

/// Delivers a letter to a web address.
pub(super) fn deliver(job: &Job) -> Result<String, Failure> {
    let OutletKind::Webhook { url, headers, token_file, ca_file, body, timeout_ms } = &job.outlet.kind else {
        return Err(Failure::new(FailureKind::ForGood, "this outlet is no web address"));
    };
    let known = as_json(job);
    let body = body.as_ref().map_or_else(|| known.clone(), |template| filled(template, &known));
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        // What redirects would get the token too.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(Duration::from_millis(u64::from(*timeout_ms))))
        .user_agent("plantroom")
        .tls_config(TlsConfig::builder().root_certs(roots(ca_file.as_deref())?).build());
    let mut request = ureq::Agent::new_with_config(config.build())
        .post(url.as_str())
        .header("Content-Type", "application/json")
        .header("Idempotency-Key", job.letter.id.as_str());
    for (name, value) in headers {
        request = request.header(name.as_str(), value.as_str());
    }
    if let Some(file) = token_file {
        request = request.header("Authorization", format!("Bearer {}", secret(file, "token of the web address")?));
    }
    let mut answer = request.send(body.to_string()).map_err(|error| failure(&error))?;
    let said = answer.body_mut().with_config().limit(limits::ANSWER_BYTES as u64).read_to_string().unwrap_or_default();
    let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    judge(answer.status().as_u16(), cut(said.trim(), limits::ANSWER_BYTES))
}

/// What the status of an answer means.
fn judge(status: u16, said: &str) -> Result<String, Failure> {
    let words = format!("{status} {said}").trim().to_owned();
    match status {
        200..=299 => Ok(words),
        408 | 425 | 429 | 500..=599 => {
            Err(Failure::new(FailureKind::Later, format!("the web address asks to try later: {words}")))
        }
        401 | 403 | 407 => {
            Err(Failure::new(FailureKind::Outside, format!("the web address refuses the token ({words}): check token_file")))
        }
        300..=399 => {
            let why = format!("the web address leads elsewhere ({words}): write its new address into url");
            Err(Failure::new(FailureKind::Outside, why))
        }
        _ => Err(Failure::new(FailureKind::ForGood, format!("the web address refuses the message: {words}"))),
    }
}

fn failure(error: &ureq::Error) -> Failure {
    let words = error.to_string();
    let words = cut(&words, limits::ANSWER_BYTES);
    if words.contains("ertificate") {
        let help = "check the name in url, or put the certificate of the works' own authority into ca_file";
        return Failure::new(FailureKind::Outside, format!("the web address can't prove who it is ({words}): {help}"));
    }
    match error {
        ureq::Error::Http(_) | ureq::Error::BadUri(_) => {
            Failure::new(FailureKind::ForGood, format!("this can't be sent: {words}; check url and headers"))
        }
        _ => Failure::new(FailureKind::Outside, format!("the web address doesn't answer: {words}")),
    }
}

/// The machine's trusted certificates, and those of a file.
fn roots(ca_file: Option<&str>) -> Result<RootCerts, Failure> {
    let machine = rustls_native_certs::load_native_certs();
    let mut all: Vec<Certificate<'static>> =
        machine.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    if let Some(path) = ca_file {
        let before = all.len();
        let pem = certificates(path)?;
        all.extend(parse_pem(&pem).filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate.to_owned()),
            _ => None,
        }));
        if all.len() == before {
            return Err(Failure::new(FailureKind::Outside, format!("these are no certificates in PEM: {path}")));
        }
    }
    Ok(RootCerts::new_with_certs(&all))
}

/// A template with its braces filled in.
fn filled(template: &Json, known: &Json) -> Json {
    match template {
        Json::String(text) => Json::String(fill(text, known)),
        Json::Array(parts) => parts.iter().map(|part| filled(part, known)).collect(),
        Json::Object(parts) => parts.iter().map(|(key, part)| (key.clone(), filled(part, known))).collect(),
        other => other.clone(),
    }
}

/// Once over the text: what is filled in isn't looked at again.
fn fill(text: &str, known: &Json) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = behind.split_once('}') else {
            filled.push('{');
            rest = behind;
            continue;
        };
        match known.get(name) {
            Some(Json::String(text)) => filled.push_str(text),
            Some(other) => filled.push_str(&other.to_string()),
            None => filled.push_str(&format!("{{{name}}}")),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn templates_are_filled_once_and_only_in_texts() {
        let known = json!({ "subject": "Level {high} \"x\"", "count": 3, "to": "+49" });
        for (template, expected) in [
            (json!({ "text": "{subject} ({count})" }), json!({ "text": "Level {high} \"x\" (3)" })),
            (
                json!({ "to": ["{to}", 1, true], "a": { "b": "{to}{to}" } }),
                json!({ "to": ["+49", 1, true], "a": { "b": "+49+49" } }),
            ),
            (json!("{nothing} { }"), json!("{nothing} { }")),
            (json!("open {"), json!("open {")),
        ] {
            assert_eq!(filled(&template, &known), expected);
        }
    }

    #[test]
    fn what_an_answer_means_is_one_table() {
        for (status, expected) in [
            (200, None),
            (204, None),
            (301, Some(FailureKind::Outside)),
            (400, Some(FailureKind::ForGood)),
            (401, Some(FailureKind::Outside)),
            (404, Some(FailureKind::ForGood)),
            (429, Some(FailureKind::Later)),
            (503, Some(FailureKind::Later)),
        ] {
            assert_eq!(judge(status, "said").err().map(|failure| failure.kind), expected, "{status}");
        }
    }
}
