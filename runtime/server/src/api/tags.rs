//! Tags: read, and ask to be written.

use axum::response::Response;
use globset::{GlobBuilder, GlobMatcher};
use plantroom_model::{Door, Origin, Sample, Snapshot, TagId, TagSpec, WriteRequest, limits as model_limits, nearest};
use plantroom_project::Plant;
use serde::Deserialize;

use super::json;
use crate::door::Call;
use crate::error::ApiError;
use crate::limits;
use crate::views::{OutcomeView, TagView, TagsView, WriteBody, value_from_json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    filter: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

/// A pattern of names; `*` stands for anything.
pub(crate) fn pattern(filter: &str) -> Result<GlobMatcher, ApiError> {
    let unusable = |why: String| ApiError::bad_request(format!("the filter can't be used: {why}"), "for example `high_lift/*`");
    if filter.len() > model_limits::TAG_NAME_BYTES {
        return Err(unusable("it is too long".to_owned()));
    }
    Ok(GlobBuilder::new(filter).build().map_err(|error| unusable(error.kind().to_string()))?.compile_matcher())
}

pub(crate) async fn list(call: Call) -> Result<Response, ApiError> {
    let query: ListQuery = call.query()?;
    let filter = query.filter.unwrap_or_else(|| "*".to_owned());
    let glob = pattern(&filter)?;
    let offset = query.offset.unwrap_or(0);
    let limit = query.limit.unwrap_or(limits::TAGS_DEFAULT).min(limits::TAGS);
    let (plant, role) = (call.app.station.plant(), call.role());
    let snapshot = call.app.station.snapshots().borrow().clone();
    let (mut total, mut tags) = (0, Vec::new());
    for (index, spec) in plant.tags.iter().enumerate().filter(|(_, spec)| spec.origin != Origin::Gone) {
        if filter != "*" && !glob.is_match(&*spec.name) {
            continue;
        }
        if total >= offset && tags.len() < limit {
            tags.push(TagView::new(spec, &sample(&snapshot, index), role));
        }
        total += 1;
    }
    json(TagsView { total, offset, tags })
}

pub(crate) async fn read(call: Call) -> Result<Response, ApiError> {
    let plant = call.app.station.plant();
    let (id, spec) = find(&plant, call.path("name"))?;
    let snapshot = call.app.station.snapshots().borrow().clone();
    json(TagView::new(spec, &sample(&snapshot, id.0 as usize), call.role()))
}

pub(crate) async fn write(call: Call) -> Result<Response, ApiError> {
    let body: WriteBody = call.json()?;
    let plant = call.app.station.plant();
    let (tag, spec) = find(&plant, call.path("name"))?;
    let value = value_from_json(&body.value, spec.kind)
        .map_err(|fits| ApiError::bad_request(format!("the value doesn't fit `{}` ({})", spec.name, spec.kind.word()), fits))?;
    if body.comment.len() > model_limits::COMMENT_BYTES {
        return Err(ApiError::bad_request("the comment is too long", format!("at most {} bytes", model_limits::COMMENT_BYTES)));
    }
    let (session, source) = (call.session()?.clone(), call.peer.source());
    let asked = WriteRequest { tag, value, comment: body.comment, confirmed: body.confirmed };
    let writing = call.app.station.write(session, Door::Api, source, asked);
    // A task of its own: a client that hangs up must not leave a write half followed.
    let outcome = tokio::spawn(writing).await.map_err(|_| ApiError::stopping())?;
    json(OutcomeView::from(outcome))
}

pub(crate) fn find<'a>(plant: &'a Plant, name: &str) -> Result<(TagId, &'a TagSpec), ApiError> {
    let found = plant.tag_ids.get(name).and_then(|id| Some((*id, plant.tags.get(id.0 as usize)?)));
    found.ok_or_else(|| {
        let shown = name.chars().take(model_limits::TAG_NAME_BYTES).collect::<String>();
        let near = nearest(&shown, plant.tag_ids.keys().map(|name| &**name));
        let help = near.map_or_else(|| "GET /api/v1/tags lists them all".to_owned(), |near| format!("did you mean `{near}`?"));
        ApiError::not_found(format!("there is no tag `{shown}`"), help)
    })
}

fn sample(snapshot: &Snapshot, index: usize) -> Sample {
    snapshot.get(TagId(index as u32)).cloned().unwrap_or_default()
}
