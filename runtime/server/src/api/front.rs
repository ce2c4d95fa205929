//! The front page and the API's document.

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

use crate::door::Call;
use crate::error::ApiError;

pub(crate) async fn page(_call: Call) -> Result<Response, ApiError> {
    let mut response = Html(include_str!("front.html")).into_response();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}

pub(crate) async fn openapi(call: Call) -> Result<Response, ApiError> {
    Ok(([(header::CONTENT_TYPE, "application/json")], call.app.openapi.clone()).into_response())
}
