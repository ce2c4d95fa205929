//! What a program gets when something can't be done.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use plantroom_access::{AccessError, Denied, DeniedKind, Refusal, StoreError};

use crate::ChangeError;
use crate::views::ErrorView;

/// A refusal: status, what is wrong, what to do.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    error: String,
    help: String,
    retry_after_s: Option<u64>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>, help: impl Into<String>) -> Self {
        Self { status, error: error.into(), help: help.into(), retry_after_s: None }
    }

    pub(crate) fn bad_request(error: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, help)
    }

    pub(crate) fn not_found(error: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, error, help)
    }

    pub(crate) fn forbidden(error: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, error, help)
    }

    /// What is wrong and what to do, for a program without a network.
    pub(crate) fn sentence(self) -> String {
        if self.help.is_empty() { self.error } else { format!("{}; {}", self.error, self.help) }
    }

    pub(crate) fn login_needed() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "this needs a login",
            "get a token with POST /api/v1/login and send it as `Authorization: Bearer TOKEN`",
        )
    }

    pub(crate) fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the station is stopping", "try again when it is back")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(ErrorView { error: self.error, help: self.help })).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        let message = denied.message;
        match denied.kind {
            DeniedKind::Wrong => Self::new(StatusCode::UNAUTHORIZED, message, "check both; an engineer can set a new password"),
            DeniedKind::Ended => Self::new(StatusCode::UNAUTHORIZED, message, "get a new token with POST /api/v1/login"),
            DeniedKind::Locked { retry_after_ms } => Self {
                retry_after_s: Some(retry_after_ms.div_ceil(1_000)),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, message, "the user can still log in from elsewhere")
            },
            DeniedKind::Busy => {
                Self { retry_after_s: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message, String::new()) }
            }
            DeniedKind::Broken => Self::new(StatusCode::INTERNAL_SERVER_ERROR, message, "look into the station's log"),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Ended => Self::new(StatusCode::UNAUTHORIZED, refusal.to_string(), ""),
            Refusal::Role { .. } | Refusal::NoUser { .. } => Self::forbidden(refusal.to_string(), ""),
        }
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        let status = match &error {
            AccessError::Refused(refusal) => return refusal.clone().into(),
            AccessError::NotFound { .. } => StatusCode::NOT_FOUND,
            AccessError::Exists(_) => StatusCode::CONFLICT,
            AccessError::Rule(_) => StatusCode::UNPROCESSABLE_ENTITY,
            AccessError::WrongPassword => StatusCode::FORBIDDEN,
            AccessError::Audit(_) | AccessError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            AccessError::InUse(_) | AccessError::UsersDamaged { .. } | AccessError::Secrets(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        Self::new(status, error.to_string(), "")
    }
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Denied(refusal) => refusal.into(),
            ChangeError::NotFound(message) => Self::not_found(message, ""),
            ChangeError::Mistakes { message, diagnostics } => {
                let all: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, message, all.join("\n"))
            }
            ChangeError::NotNow(message) => Self::new(StatusCode::CONFLICT, message, ""),
            ChangeError::Audit(error) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string(), "it can't be recorded, so it was not done")
            }
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string(), "look into the station's log")
    }
}
