//! The project that runs, and changes of it.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use plantroom_access::Session;
use plantroom_model::{Door, limits as model_limits};
use serde::de::DeserializeOwned;

use super::json;
use crate::door::Call;
use crate::error::ApiError;
use crate::views::{
    ChangeBody, ChangeDoneView, ChangeView, ChangesView, MessageView, ProjectFileView, ProjectFilesView, ProjectView,
    RollbackBody,
};
use crate::{ChangeError, ProjectDoor};

pub(crate) async fn now(call: Call) -> Result<Response, ApiError> {
    let plant = call.app.station.plant().name.clone();
    let now = blocking(&call, |project| project.now()).await?;
    json(ProjectView::new(plant, now))
}

pub(crate) async fn files(call: Call) -> Result<Response, ApiError> {
    let files = blocking(&call, |project| project.files()).await?;
    let files = files.map_err(|reason| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, reason, "look into the station's log"))?;
    json(ProjectFilesView { files: files.into_iter().map(ProjectFileView::from).collect() })
}

pub(crate) async fn list(call: Call) -> Result<Response, ApiError> {
    let changes = blocking(&call, |project| project.list()).await?;
    json(ChangesView { changes: changes.into_iter().map(|change| ChangeView::new(change, false)).collect() })
}

pub(crate) async fn show(call: Call) -> Result<Response, ApiError> {
    let number = call.path("number").parse::<u64>().map_err(|_| no_change(call.path("number")))?;
    let change = blocking(&call, move |project| project.change(number)).await?;
    json(ChangeView::new(change.ok_or_else(|| no_change(&number.to_string()))?, true))
}

pub(crate) async fn apply(call: Call) -> Result<Response, ApiError> {
    let ChangeBody { comment } = body(&call)?;
    check(&comment)?;
    let done = change(&call, move |project, session| project.apply((session, Door::Api), &comment)).await?;
    json(ChangeDoneView::from(done))
}

pub(crate) async fn roll_back(call: Call) -> Result<Response, ApiError> {
    let RollbackBody { before, comment } = body(&call)?;
    check(&comment)?;
    let done = change(&call, move |project, session| project.roll_back((session, Door::Api), before, &comment)).await?;
    json(ChangeDoneView::from(done))
}

pub(crate) async fn release(call: Call) -> Result<Response, ApiError> {
    let ChangeBody { comment } = body(&call)?;
    check(&comment)?;
    let plugin = call.path("name").to_owned();
    let message = change(&call, move |project, session| project.release((session, Door::Api), &plugin, &comment)).await?;
    json(MessageView { message })
}

/// A body may be left out.
fn body<T: DeserializeOwned + Default>(call: &Call) -> Result<T, ApiError> {
    if call.has_body() { call.json() } else { Ok(T::default()) }
}

fn check(comment: &str) -> Result<(), ApiError> {
    if comment.len() > model_limits::COMMENT_BYTES {
        return Err(ApiError::bad_request("the comment is too long", format!("at most {} bytes", model_limits::COMMENT_BYTES)));
    }
    Ok(())
}

fn no_change(number: &str) -> ApiError {
    let number: String = number.chars().take(20).collect();
    ApiError::not_found(
        format!("there is no change {}", number.escape_debug()),
        "GET /api/v1/project/changes lists those that are kept",
    )
}

/// Changes may take as long as plugins and disks do; a client that hangs up doesn't stop one half-way.
async fn change<T: Send + 'static>(
    call: &Call,
    work: impl FnOnce(&dyn ProjectDoor, &Session) -> Result<T, ChangeError> + Send + 'static,
) -> Result<T, ApiError> {
    let session = call.session()?.clone();
    Ok(blocking(call, move |project| work(project, &session)).await??)
}

async fn blocking<T: Send + 'static>(
    call: &Call,
    work: impl FnOnce(&dyn ProjectDoor) -> T + Send + 'static,
) -> Result<T, ApiError> {
    let project: Arc<dyn ProjectDoor> = call.app.station.project();
    tokio::task::spawn_blocking(move || work(&*project)).await.map_err(|_| ApiError::stopping())
}
