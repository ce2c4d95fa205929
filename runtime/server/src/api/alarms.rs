//! Alarms: how they stand, what is done to them, the journal, the figures.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use globset::GlobMatcher;
use plantroom_model::{
    AlarmId, AlarmRow, AlarmSpec, AlarmState, AlarmVerb, Door, Hidden, Occurrence, Priority, Role, limits as model_limits,
};
use plantroom_wire::{AlarmWish, JournalAsk};
use serde::Deserialize;

use super::json;
use crate::alarms;
use crate::door::Call;
use crate::error::ApiError;
use crate::limits;
use crate::views::{
    AlarmActBody, AlarmActOn, AlarmActsBody, AlarmJournalView, AlarmLineView, AlarmOutcomeView, AlarmOutcomesView, AlarmView,
    AlarmsView, OutcomeView, state_word,
};

/// Alarms or rows of one answer where nobody says, and the most.
const ROWS: (usize, usize) = (100, 10_000);

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    filter: Option<String>,
    area: Option<String>,
    priority: Option<Priority>,
    state: Option<String>,
    text: Option<String>,
    instance: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

/// Which alarms a list is about.
fn fits(query: &ListQuery, names: Option<&GlobMatcher>, spec: &AlarmSpec, row: &AlarmRow) -> bool {
    let state = match query.state.as_deref() {
        None => row.is_listed(),
        Some("all") => true,
        Some("active") => row.standing.state.is_active() && !row.standing.hidden.any(),
        Some("unacknowledged") => row.is_listed() && row.standing.state.is_unacknowledged(),
        Some("shelved") => row.standing.hidden.has(Hidden::SHELVED),
        Some("suppressed") => row.standing.hidden.has(Hidden::SUPPRESSED),
        Some("out-of-service") => row.standing.hidden.has(Hidden::OUT_OF_SERVICE),
        Some(word) => AlarmState::ALL.into_iter().any(|state| state_word(state) == word && state == row.standing.state),
    };
    let lower = |text: &str| text.to_lowercase();
    let has = |text: &String| lower(&spec.name).contains(&lower(text)) || lower(&spec.message).contains(&lower(text));
    state
        && names.is_none_or(|names| names.is_match(&*spec.name))
        && query.area.as_ref().is_none_or(|area| *spec.area == **area || spec.area.starts_with(&format!("{area}/")))
        && query.priority.is_none_or(|priority| spec.priority == priority)
        && query.instance.as_ref().is_none_or(|instance| *spec.instance == **instance)
        && query.text.as_ref().is_none_or(has)
}

/// Words for `state` beside those of the states themselves.
const STATE_WORDS: [&str; 6] = ["all", "active", "unacknowledged", "shelved", "suppressed", "out-of-service"];

/// A word that nobody knows would find nothing, and look like a quiet plant.
fn known_state(word: &str) -> Result<(), ApiError> {
    let of_states = || AlarmState::ALL.into_iter().map(state_word);
    if STATE_WORDS.into_iter().chain(of_states()).any(|known| known == word) {
        return Ok(());
    }
    let known: Vec<&str> = STATE_WORDS.into_iter().chain(of_states()).collect();
    Err(ApiError::bad_request(format!("there is no state `{word}` of alarms"), known.join(", ")))
}

pub(crate) async fn list(call: Call) -> Result<Response, ApiError> {
    let query: ListQuery = call.query()?;
    query.state.as_deref().map(known_state).transpose()?;
    let (plant, door, role) = (call.app.station.plant(), call.app.station.alarms(), call.role().unwrap_or(Role::View));
    let (board, recorded) = (door.board().borrow().clone(), *door.recorded().borrow());
    let rest = AlarmRow::default();
    let named = (0..).map(AlarmId).zip(plant.alarms.iter()).filter(|(_, spec)| !spec.name.is_empty());
    let mut all: Vec<_> = named.map(|(id, spec)| (id, spec, board.get(id).unwrap_or(&rest))).collect();
    let names = query.filter.as_deref().map(super::tags::pattern).transpose()?;
    all.retain(|(_, spec, row)| fits(&query, names.as_ref(), spec, row));
    all.sort_by_key(|(id, spec, row)| {
        let urgent = row.is_listed() && row.standing.state.is_unacknowledged();
        (!urgent, std::cmp::Reverse(spec.priority), std::cmp::Reverse(row.came), *id)
    });
    let total = all.len();
    let page = all.into_iter().skip(query.offset.unwrap_or(0)).take(query.limit.unwrap_or(ROWS.0).min(ROWS.1));
    let view = |(id, spec, row): (AlarmId, &AlarmSpec, &AlarmRow)| {
        AlarmView::new(alarms::info(&plant, id, spec, role), alarms::now(id, row), recorded)
    };
    json(AlarmsView { alarms: page.map(view).collect(), total })
}

pub(crate) async fn read(call: Call) -> Result<Response, ApiError> {
    let (plant, door, role) = (call.app.station.plant(), call.app.station.alarms(), call.role().unwrap_or(Role::View));
    let (id, spec) = plant.alarm(call.path("name")).ok_or_else(|| none(call.path("name")))?;
    let (board, recorded) = (door.board().borrow().clone(), *door.recorded().borrow());
    let row = board.get(id).cloned().unwrap_or_default();
    json(AlarmView::new(alarms::info(&plant, id, spec, role), alarms::now(id, &row), recorded))
}

pub(crate) async fn act(call: Call) -> Result<Response, ApiError> {
    let body: AlarmActBody = if call.has_body() { call.json()? } else { AlarmActBody::default() };
    let (alarm, word) = (call.path("name").to_owned(), call.path("verb").to_owned());
    let verb = verb(&word, body.occurrence, body.for_s, body.one_shot)?;
    fits_comment(&body.comment)?;
    let session = call.session()?.clone();
    let acting = call.app.station.alarms().act((session, Door::Api), vec![AlarmWish { alarm, verb }], body.comment);
    let outcomes = tokio::spawn(acting).await.map_err(|_| ApiError::stopping())?;
    let outcome = outcomes.into_iter().next().ok_or_else(ApiError::stopping)?;
    json(OutcomeView::from(outcome))
}

/// Many alarms with one comment, each with an outcome of its own.
pub(crate) async fn act_on_many(call: Call) -> Result<Response, ApiError> {
    let body: AlarmActsBody = call.json()?;
    fits_comment(&body.comment)?;
    if body.alarms.is_empty() || body.alarms.len() > limits::ALARM_ACTS {
        let count = body.alarms.len();
        let help = format!("1 to {} of them; `alarms` has {count}", limits::ALARM_ACTS);
        return Err(ApiError::bad_request("an act is for some alarms, and not for more than it can be answered for", help));
    }
    let wish = |one: &AlarmActOn| {
        let verb = verb(&body.verb, one.occurrence, body.for_s, body.one_shot)?;
        Ok(AlarmWish { alarm: one.name.clone(), verb })
    };
    let wishes = body.alarms.iter().map(wish).collect::<Result<Vec<_>, ApiError>>()?;
    let session = call.session()?.clone();
    let acting = call.app.station.alarms().act((session, Door::Api), wishes, body.comment);
    let outcomes = tokio::spawn(acting).await.map_err(|_| ApiError::stopping())?;
    let told = body.alarms.into_iter().zip(outcomes);
    let outcomes = told.map(|(one, outcome)| AlarmOutcomeView { name: one.name, outcome: OutcomeView::from(outcome) }).collect();
    json(AlarmOutcomesView { outcomes })
}

fn fits_comment(comment: &str) -> Result<(), ApiError> {
    if comment.len() <= model_limits::COMMENT_BYTES {
        return Ok(());
    }
    Err(ApiError::bad_request("the comment is too long", format!("at most {} bytes", model_limits::COMMENT_BYTES)))
}

fn verb(word: &str, occurrence: Option<u64>, for_s: Option<u32>, one_shot: bool) -> Result<AlarmVerb, ApiError> {
    Ok(match word {
        "acknowledge" => {
            let seen = occurrence.ok_or_else(|| {
                ApiError::bad_request(
                    "an acknowledgement names the occurrence that was seen",
                    "give `occurrence` as GET /api/v1/alarms tells it",
                )
            })?;
            AlarmVerb::Acknowledge { occurrence: Occurrence(seen) }
        }
        "reset" => AlarmVerb::Reset,
        "shelve" => {
            let for_s = for_s.ok_or_else(|| ApiError::bad_request("shelving takes a time", "give `for_s` in seconds"))?;
            AlarmVerb::Shelve { for_s, one_shot }
        }
        "unshelve" => AlarmVerb::Unshelve,
        "suppress" => AlarmVerb::Suppress,
        "unsuppress" => AlarmVerb::Unsuppress,
        "out-of-service" => AlarmVerb::OutOfService,
        "in-service" => AlarmVerb::InService,
        "remark" => AlarmVerb::Remark,
        _ => {
            return Err(ApiError::not_found(
                "there is no such act on alarms",
                "acknowledge, reset, shelve, unshelve, suppress, unsuppress, out-of-service, in-service or remark",
            ));
        }
    })
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JournalQuery {
    since: Option<String>,
    until: Option<String>,
    area: Option<String>,
    alarm: Option<String>,
    priority: Option<Priority>,
    user: Option<String>,
    text: Option<String>,
    #[serde(default)]
    oldest_first: bool,
    cursor: Option<String>,
    limit: Option<usize>,
    pub(crate) format: Option<String>,
}

impl JournalQuery {
    pub(crate) fn ask(&self) -> Result<JournalAsk, ApiError> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Ok(JournalAsk {
            from: self.since.as_deref().map(moment).transpose()?,
            to: self.until.as_deref().map(moment).transpose()?,
            area: text(&self.area),
            alarm: text(&self.alarm),
            priorities: self.priority.map(|priority| 1 << priority as u8),
            user: text(&self.user),
            text: text(&self.text),
            oldest_first: self.oldest_first,
            cursor: self.cursor.clone(),
            limit: self.limit.unwrap_or(ROWS.0).min(ROWS.1) as u32,
        })
    }
}

pub(crate) async fn journal(call: Call) -> Result<Response, ApiError> {
    let ask = call.query::<JournalQuery>()?.ask()?;
    let door = call.app.station.alarms();
    let (rows, next) = waiting(move || door.journal(&ask)).await?;
    json(AlarmJournalView { rows: rows.into_iter().map(AlarmLineView::from).collect(), next })
}

pub(crate) async fn export(call: Call) -> Result<Response, ApiError> {
    let query: JournalQuery = call.query()?;
    let (ask, format) = (query.ask()?, query.format.unwrap_or_else(|| "csv".to_owned()));
    let (door, wanted) = (call.app.station.alarms(), format.clone());
    let file = waiting(move || door.export(&ask, &wanted)).await?;
    let kind = if format == "csv" { "text/csv; charset=utf-8" } else { "application/vnd.apache.parquet" };
    Ok(([(header::CONTENT_TYPE, kind)], file).into_response())
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeQuery {
    since: Option<String>,
    until: Option<String>,
}

impl TimeQuery {
    pub(crate) fn time(&self) -> Result<(Option<i64>, Option<i64>), ApiError> {
        Ok((self.since.as_deref().map(moment).transpose()?, self.until.as_deref().map(moment).transpose()?))
    }
}

pub(crate) async fn kpi(call: Call) -> Result<Response, ApiError> {
    let (door, time) = (call.app.station.alarms(), time_of(&call)?);
    json(waiting(move || door.kpi(time)).await?)
}

pub(crate) async fn report(call: Call) -> Result<Response, ApiError> {
    let (door, time) = (call.app.station.alarms(), time_of(&call)?);
    let page = waiting(move || door.report(time)).await?;
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
}

fn time_of(call: &Call) -> Result<(Option<i64>, Option<i64>), ApiError> {
    call.query::<TimeQuery>()?.time()
}

/// What reads the disk, away from the network's threads.
async fn waiting<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| ApiError::stopping())?;
    done.map_err(|why| ApiError::bad_request(why, ""))
}

fn moment(text: &str) -> Result<i64, ApiError> {
    super::audit::time(text).map(|utc| utc.0)
}

fn none(name: &str) -> ApiError {
    let shown: String = name.chars().take(model_limits::TAG_NAME_BYTES).collect();
    ApiError::not_found(format!("there is no alarm `{shown}`"), "GET /api/v1/alarms?state=all lists them all")
}
