//! The way to the station: a socket, and above it what was said on it so far.

mod session;
mod socket;

use plantroom_model::Mono;
use plantroom_wire::{ToConsole, ToStation};

pub use session::{Act, Contact, Credentials, Session};
pub use socket::SocketLink;

/// What a link tells.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkEvent {
    /// It is open: messages can be sent.
    Opened,
    /// The station said something.
    Message(ToConsole),
    /// It is closed, or didn't open; why, in a sentence's end ("connection refused").
    Closed(String),
}

/// One connection to a station; the console opens it again after it closed. No call blocks.
pub trait Link {
    /// Starts to open it; `wake` is called whenever there is something to [`Link::poll`].
    fn open(&mut self, wake: Box<dyn Fn() + Send + Sync>);
    /// Closes it; nothing of it is heard afterwards.
    fn close(&mut self);
    /// Sends a message, if it is open.
    fn send(&mut self, message: &ToStation);
    /// The next thing that happened, and when it was heard.
    fn poll(&mut self) -> Option<(Mono, LinkEvent)>;
    /// Where it leads, for people.
    fn address(&self) -> &str;
}
