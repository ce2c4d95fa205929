//! Users and API tokens, for engineers.

use axum::response::Response;
use plantroom_access::{Access, AccessError, By};
use plantroom_model::{Door, Now, Role};

use super::{done, json};
use crate::door::Call;
use crate::error::ApiError;
use crate::views::{NewTokenBody, NewTokenView, NewUserBody, PasswordBody, RoleBody, UserView, UsersView};

pub(crate) async fn list(call: Call) -> Result<Response, ApiError> {
    let users = call.app.station.access().users();
    json(UsersView { users: users.into_iter().map(UserView::from).collect() })
}

pub(crate) async fn create(call: Call) -> Result<Response, ApiError> {
    let body: NewUserBody = call.json()?;
    change(&call, move |access, by, now| access.create_user(by, &body.name, &body.password, body.role.into(), now)).await?;
    done()
}

pub(crate) async fn remove(call: Call) -> Result<Response, ApiError> {
    let name = call.path("name").to_owned();
    change(&call, move |access, by, now| access.remove_user(by, &name, now)).await?;
    done()
}

pub(crate) async fn password(call: Call) -> Result<Response, ApiError> {
    let (name, body) = (call.path("name").to_owned(), call.json::<PasswordBody>()?);
    change(&call, move |access, by, now| access.set_password(by, &name, &body.password, now)).await?;
    done()
}

pub(crate) async fn role(call: Call) -> Result<Response, ApiError> {
    let (name, body) = (call.path("name").to_owned(), call.json::<RoleBody>()?);
    change(&call, move |access, by, now| access.set_role(by, &name, body.role.into(), now)).await?;
    done()
}

pub(crate) async fn create_token(call: Call) -> Result<Response, ApiError> {
    let body: NewTokenBody = call.json()?;
    let role = body.role.map_or(Role::Engineer, Role::from);
    let made = change(&call, move |access, by, now| access.create_token(by, &body.user, &body.label, role, now)).await?;
    json(NewTokenView { id: made.id, token: made.secret })
}

pub(crate) async fn revoke_token(call: Call) -> Result<Response, ApiError> {
    let id = call.path("id").to_owned();
    change(&call, move |access, by, now| access.revoke_token(by, &id, now)).await?;
    done()
}

async fn change<T: Send + 'static>(
    call: &Call,
    work: impl FnOnce(&Access, By<'_>, Now) -> Result<T, AccessError> + Send + 'static,
) -> Result<T, ApiError> {
    let (session, now) = (call.session()?.clone(), call.app.station.now());
    Ok(call.blocking(move |access| work(access, By::User(&session, Door::Api), now)).await??)
}
