//! What every request passes, whatever it asks for: host, origin, login, role, size.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, Query, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use plantroom_access::{Access, Act, Category, Permit, Session};
use plantroom_model::{Door, Role};
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::limits;
use crate::listen::{App, Slot};
use crate::routes::Route;

/// What it takes to use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing: it tells nobody anything about the plant.
    Nothing,
    /// A login or API token with at least this role.
    Role(Role),
    /// The same, unless the request comes over loopback and no proxy has forwarded it.
    RoleUnlessLocal(Role),
    /// The socket does nothing before its first message has logged somebody in.
    FirstMessage,
}

/// The two ends of a connection. Holds its place among the connections for as long as anything holds it.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    pub(crate) local: SocketAddr,
    pub(crate) _slot: Arc<Slot>,
}

impl Peer {
    pub(crate) fn source(&self) -> String {
        self.address.to_canonical().to_string()
    }
}

/// A request that has passed the door.
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) peer: Peer,
    pub(crate) parts: Parts,
    login: Option<(Session, Permit)>,
    path: Vec<(String, String)>,
    body: Bytes,
}

impl Call {
    /// Who asks; only routes that need a role have one.
    pub(crate) fn session(&self) -> Result<&Session, ApiError> {
        self.login.as_ref().map(|(session, _)| session).ok_or_else(ApiError::login_needed)
    }

    /// Who asks, and the proof that they may.
    pub(crate) fn into_login(self) -> Result<(Session, Permit), ApiError> {
        self.login.ok_or_else(ApiError::login_needed)
    }

    pub(crate) fn role(&self) -> Option<Role> {
        let (session, _) = self.login.as_ref()?;
        self.app.station.access().current_role(session, self.app.station.now())
    }

    pub(crate) fn path(&self, name: &str) -> &str {
        self.path.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Whether the request came with a body.
    pub(crate) fn has_body(&self) -> bool {
        !self.body.is_empty()
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            ApiError::bad_request(
                format!("the body is not the JSON that is asked for: {error}"),
                "the API document at /api/v1/openapi.json says what is",
            )
        })
    }

    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let query = Query::try_from_uri(&self.parts.uri);
        query.map(|Query(query)| query).map_err(|error| {
            ApiError::bad_request(error.to_string(), "the API document at /api/v1/openapi.json says what is possible")
        })
    }

    /// Runs what may wait for a disk or for argon2id where it keeps nobody else waiting.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Access) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let access = self.app.station.access();
        tokio::task::spawn_blocking(move || work(&access)).await.map_err(|_| ApiError::stopping())
    }
}

/// Lets a request in, or answers why not. Without a route: 404, or 405 where the path exists.
pub(crate) async fn enter(app: Arc<App>, route: Result<&'static Route, StatusCode>, request: Request) -> Response {
    app.figures.request();
    let plant = app.station.plant();
    let allowed = check_host(&request, &plant.listen.origins)
        .and_then(|()| check_origin(request.headers(), &plant.listen.origins).map(|origin| origin.cloned()));
    let (mut response, origin) = match allowed {
        Err(error) => (refuse(error, request).await.into_response(), None),
        Ok(Some(_)) if request.method() == Method::OPTIONS => (preflight(), request.headers().get(header::ORIGIN).cloned()),
        Ok(origin) => {
            let answer = pass(app.clone(), route, request).await;
            (answer.unwrap_or_else(IntoResponse::into_response), origin)
        }
    };
    if matches!(response.status().as_u16(), 401 | 403 | 429) {
        app.figures.refused();
    }
    let headers = response.headers_mut();
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

/// Takes the body in all the same: cut off in the middle of it, the client would lose the answer, or its next request.
async fn refuse(error: ApiError, request: Request) -> ApiError {
    let _ = read(request.into_body()).await;
    error
}

async fn pass(app: Arc<App>, route: Result<&'static Route, StatusCode>, request: Request) -> Result<Response, ApiError> {
    let route = match route {
        Ok(route) => route,
        Err(status) => return Err(refuse(no_route(status, &request), request).await),
    };
    let peer = request.extensions().get::<Peer>().cloned().ok_or_else(ApiError::stopping)?;
    let login = match check_login(&app, route, &peer, request.headers()) {
        Ok(login) => login,
        Err(error) => return Err(refuse(error, request).await),
    };
    let (mut parts, body) = request.into_parts();
    let body = if route.needs == Needs::FirstMessage { Bytes::new() } else { read(body).await? };
    let path = RawPathParams::from_request_parts(&mut parts, &()).await;
    let path =
        path.map_err(|error| ApiError::bad_request(error.to_string(), "write a tag's name percent-encoded, as one segment"))?;
    let path = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    (route.run)(Call { app, peer, parts, login, path, body }).await
}

fn no_route(status: StatusCode, request: &Request) -> ApiError {
    let path = request.uri().path().chars().take(200).collect::<String>();
    let error = match status {
        StatusCode::METHOD_NOT_ALLOWED => format!("{path} exists, but not with the method {}", request.method()),
        _ => format!("there is nothing at {path}"),
    };
    ApiError::new(status, error, "the API document is at /api/v1/openapi.json")
}

fn check_login(app: &App, route: &Route, peer: &Peer, headers: &HeaderMap) -> Result<Option<(Session, Permit)>, ApiError> {
    let needed = match route.needs {
        Needs::Nothing | Needs::FirstMessage => return Ok(None),
        Needs::RoleUnlessLocal(_) if is_local(peer, headers) => return Ok(None),
        Needs::RoleUnlessLocal(role) | Needs::Role(role) => role,
    };
    let token = bearer(headers).ok_or_else(ApiError::login_needed)?;
    let (access, now) = (app.station.access(), app.station.now());
    let session = access.resume(token, Door::Api, &peer.source(), now)?;
    let act = Act::new(Category::Access, "use API", route.path);
    let permit = access.authorise(&session, Door::Api, needed, act, now)?;
    access.touch(&session, now);
    Ok(Some((session, permit)))
}

fn is_local(peer: &Peer, headers: &HeaderMap) -> bool {
    let forwarded = headers.contains_key(header::FORWARDED)
        || headers.contains_key(header::VIA)
        || headers.keys().any(|name| name.as_str().starts_with("x-forwarded") || name.as_str() == "x-real-ip");
    peer.address.to_canonical().is_loopback() && !forwarded
}

pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Over loopback, only loopback's own names and those of the project's origins are answered.
fn check_host(request: &Request, origins: &[String]) -> Result<(), ApiError> {
    let over_loopback = request.extensions().get::<Peer>().is_some_and(|peer| peer.local.ip().to_canonical().is_loopback());
    let hosts: Vec<_> = request.headers().get_all(header::HOST).iter().collect();
    let [host] = hosts.as_slice() else {
        return Err(ApiError::bad_request("a request must have exactly one Host header", ""));
    };
    let host = host.to_str().unwrap_or_default().to_ascii_lowercase();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => &host,
    };
    let name_only = name.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = name_only == "localhost" || name_only.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    let is_listed = || origins.iter().any(|origin| authority(origin).is_some_and(|listed| listed == host));
    if !over_loopback || is_loopback || is_listed() {
        return Ok(());
    }
    Err(ApiError::forbidden(
        format!("this station is not `{}`", host.chars().take(100).collect::<String>().escape_debug()),
        "open it as http://127.0.0.1 or http://localhost, or add the name to `[listen] origins` in plant.toml",
    ))
}

/// `None` without an origin or from our own; the origin itself when it is a listed other one.
fn check_origin<'a>(headers: &'a HeaderMap, origins: &[String]) -> Result<Option<&'a HeaderValue>, ApiError> {
    let mut given = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = given.next() else { return Ok(None) };
    let text = origin.to_str().unwrap_or_default().to_ascii_lowercase();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let is_only = given.next().is_none();
    if is_only && authority(&text).is_some_and(|own| !host.is_empty() && own == host) {
        return Ok(None);
    }
    if is_only && origins.iter().any(|listed| listed.trim_end_matches('/').eq_ignore_ascii_case(&text)) {
        return Ok(Some(origin));
    }
    Err(ApiError::forbidden(
        "a web page from elsewhere may not use this station",
        "to allow it, add its origin (https://host:port) to `[listen] origins` in plant.toml",
    ))
}

/// `http://Host:8600/` to `host:8600`.
fn authority(origin: &str) -> Option<String> {
    let origin = origin.to_ascii_lowercase();
    let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))?;
    Some(rest.trim_end_matches('/').to_owned())
}

/// The answer to a browser that asks on behalf of a listed origin whether it may ask.
fn preflight() -> Response {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, allowed).into_response()
}

async fn read(body: Body) -> Result<Bytes, ApiError> {
    let reading = tokio::time::timeout(Duration::from_millis(limits::BODY_MS), to_bytes(body, limits::BODY_BYTES));
    match reading.await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is broken, or longer than {} bytes", limits::BODY_BYTES),
            "",
        )),
        Err(_) => Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive", "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_stations_own_pages_and_listed_ones_pass() {
        let check = |origin: &str, host: &str, expected: Option<bool>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
            headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
            let result = check_origin(&headers, &["https://hmi.example".to_owned()]).ok().map(|other| other.is_some());
            assert_eq!(result, expected, "{origin} at {host}");
        };
        check("http://127.0.0.1:8600", "127.0.0.1:8600", Some(false));
        check("https://plant.local", "plant.local", Some(false));
        check("https://hmi.example", "127.0.0.1:8600", Some(true));
        check("https://HMI.example", "127.0.0.1:8600", Some(true));
        check("http://127.0.0.1:8601", "127.0.0.1:8600", None);
        check("http://evil.example", "127.0.0.1:8600", None);
        check("https://hmi.example.evil", "127.0.0.1:8600", None);
        check("null", "127.0.0.1:8600", None);
        check("", "127.0.0.1:8600", None);
        check("file://", "127.0.0.1:8600", None);
    }

    #[test]
    fn only_bearer_tokens_count() {
        let check = |value: &str, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            assert_eq!(bearer(&headers), expected, "{value}");
        };
        check("Bearer abc", Some("abc"));
        check("bearer  abc ", Some("abc"));
        check("Basic abc", None);
        check("abc", None);
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
