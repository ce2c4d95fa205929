//! The one network door: HTTP API, live WebSocket, health and metrics.
//!
//! In:  requests from consoles and programs, and what the station lets them see through [`Station`].
//! Out: answers; writes go to [`Station::write`], which is the command path.
//! Start at [`serve`]; the table of routes is `routes.rs`, the checks that all of them pass are `door.rs`.
//!
//! Invariant: every route declares the role it needs, and one piece of code checks it.
//! Invariant: decides nothing about the plant; it asks the station.
//! Invariant: a slow or dead client costs its own connection, and nobody else anything.
//! Invariant: sets no cookie and reads none, so that no other web page can use somebody's login.
//!
//! # Who gets in
//!
//! - Programs send `Authorization: Bearer TOKEN`; a token comes from `POST /api/v1/login`, or is an API token.
//! - Consoles open `/api/v1/live` and log in by their first message (`plantroom-wire`).
//! - A request with an `Origin` header is answered only when the page comes from the station itself or from an
//!   origin in `plant.toml`, `[listen] origins`.
//! - A request over loopback is answered only when its `Host` is a loopback name, or the host of such an origin:
//!   a foreign name that resolves to 127.0.0.1 (DNS rebinding) gets nothing.
//! - `/metrics` needs a token of the role view, except over loopback without any forwarding header; a proxy in
//!   front of the station must set `X-Forwarded-For` or `Forwarded`, as they all do.
//! - `/`, `/healthz` and the OpenAPI document are for everybody.

mod alarms;
mod api;
mod control;
mod door;
mod error;
pub mod limits;
mod listen;
mod live;
pub mod offline;
mod openapi;
mod outlets;
mod project;
mod routes;
mod station;
mod views;

pub use alarms::{AlarmDoor, condition_words, watched};
pub use control::{AutomationEntry, AutomationNow, Override, RegisterNow, Why, WhyStep, time_text};
pub use listen::serve;
pub use outlets::{DeliveryAsk, DeliveryLine, OutletDoor, OutletStatus};
pub use project::{ChangeDone, ChangeError, ChangeInfo, ProjectDoor, ProjectNow, ProjectWord};
pub use station::{Health, ScreenSet, Station};

#[cfg(test)]
mod tests;
