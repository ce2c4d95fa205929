//! What the routes do, once the door has let somebody in.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error::ApiError;
use crate::views::DoneView;

pub(crate) mod alarms;
pub(crate) mod audit;
pub(crate) mod control;
pub(crate) mod front;
pub(crate) mod outlets;
pub(crate) mod project;
pub(crate) mod session;
pub(crate) mod state;
pub(crate) mod tags;
pub(crate) mod users;

fn json(view: impl Serialize) -> Result<Response, ApiError> {
    Ok(Json(view).into_response())
}

fn done() -> Result<Response, ApiError> {
    json(DoneView { done: true })
}
