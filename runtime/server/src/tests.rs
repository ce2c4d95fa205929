//! The door, tried from outside: real sockets, a station that only pretends.

mod fake;
mod fake_alarms;
mod http;
mod live;
mod project;
