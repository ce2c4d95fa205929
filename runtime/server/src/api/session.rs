//! Logins.

use axum::response::Response;
use plantroom_access::Session;
use plantroom_model::{Door, Role};

use super::{done, json};
use crate::Station;
use crate::door::Call;
use crate::error::ApiError;
use crate::views::{LoginBody, OwnPasswordBody, SessionView};

pub(crate) async fn login(call: Call) -> Result<Response, ApiError> {
    let body: LoginBody = call.json()?;
    let (source, now) = (call.peer.source(), call.app.station.now());
    let session = call.blocking(move |access| access.login(&body.user, &body.password, Door::Api, &source, now)).await??;
    let token = session.token().to_owned();
    json(view(&*call.app.station, &session, session.role, Some(token)))
}

pub(crate) async fn logout(call: Call) -> Result<Response, ApiError> {
    let (station, source) = (call.app.station.clone(), call.peer.source());
    let session = call.session()?;
    station.access().logout(session.token(), Door::Api, &source, station.now());
    done()
}

pub(crate) async fn who(call: Call) -> Result<Response, ApiError> {
    let role = call.role().ok_or_else(ApiError::login_needed)?;
    json(view(&*call.app.station, call.session()?, role, None))
}

pub(crate) async fn password(call: Call) -> Result<Response, ApiError> {
    let body: OwnPasswordBody = call.json()?;
    let (session, now) = (call.session()?.clone(), call.app.station.now());
    call.blocking(move |access| access.change_own_password((&session, Door::Api), &body.current, &body.password, now)).await??;
    done()
}

fn view(station: &dyn Station, session: &Session, role: Role, token: Option<String>) -> SessionView {
    let plant = station.plant();
    SessionView {
        user: session.user.to_string(),
        role: role.into(),
        token,
        plant: plant.name.clone(),
        time_zone: plant.time_zone.clone(),
    }
}
