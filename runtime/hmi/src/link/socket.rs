//! A WebSocket, natively and in browsers.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use ewebsock::{Options, WsEvent, WsMessage, WsSender};
use plantroom_model::Mono;
use plantroom_wire::{MESSAGE_BYTES, ToStation, decode, encode};

use super::{Link, LinkEvent};
use crate::PaintClock;

/// Messages that wait for the next frame. At the limit reading pauses, so that the station conflates for us;
/// in a browser, where nothing can pause, the connection is closed and opened again.
const WAITING: usize = 1_024;

/// A link over a WebSocket.
pub struct SocketLink {
    url: String,
    clock: PaintClock,
    open: Option<(WsSender, Receiver<(Mono, LinkEvent)>)>,
    failed: Option<String>,
}

impl SocketLink {
    /// A link to a station's live address, such as `ws://127.0.0.1:8600/api/v1/live`; not opened yet.
    pub fn new(url: &str, clock: PaintClock) -> Self {
        Self { url: url.to_owned(), clock, open: None, failed: None }
    }
}

impl Link for SocketLink {
    fn open(&mut self, wake: Box<dyn Fn() + Send + Sync>) {
        self.close();
        let (tx, rx) = sync_channel(WAITING);
        let clock = self.clock.clone();
        let on_event = Box::new(move |event| {
            let Some(event) = translate(event) else { return ControlFlow::Continue(()) };
            let flow = pass(&tx, (clock.now(), event));
            wake();
            flow
        });
        let options = Options { max_incoming_frame_size: MESSAGE_BYTES, ..Options::default() };
        match ewebsock::ws_connect(self.url.clone(), options, on_event) {
            Ok(sender) => self.open = Some((sender, rx)),
            Err(why) => self.failed = Some(why),
        }
    }

    fn close(&mut self) {
        self.open = None;
        self.failed = None;
    }

    fn send(&mut self, message: &ToStation) {
        if let Some((sender, _)) = &mut self.open {
            sender.send(WsMessage::Binary(encode(message)));
        }
    }

    fn poll(&mut self) -> Option<(Mono, LinkEvent)> {
        if let Some(why) = self.failed.take() {
            return Some((self.clock.now(), LinkEvent::Closed(why)));
        }
        let (_, rx) = self.open.as_ref()?;
        rx.try_recv().ok()
    }

    fn address(&self) -> &str {
        &self.url
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn pass(tx: &SyncSender<(Mono, LinkEvent)>, event: (Mono, LinkEvent)) -> ControlFlow<()> {
    // Waiting here stops the socket's own thread from reading, and nothing else.
    match tx.try_send(event) {
        Ok(()) => ControlFlow::Continue(()),
        Err(TrySendError::Full(event)) => tx.send(event).map_or(ControlFlow::Break(()), |()| ControlFlow::Continue(())),
        Err(TrySendError::Disconnected(_)) => ControlFlow::Break(()),
    }
}

#[cfg(target_arch = "wasm32")]
fn pass(tx: &SyncSender<(Mono, LinkEvent)>, event: (Mono, LinkEvent)) -> ControlFlow<()> {
    match tx.try_send(event) {
        Ok(()) => ControlFlow::Continue(()),
        Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => ControlFlow::Break(()),
    }
}

fn translate(event: WsEvent) -> Option<LinkEvent> {
    Some(match event {
        WsEvent::Opened => LinkEvent::Opened,
        WsEvent::Closed => LinkEvent::Closed("the station closed the connection".into()),
        WsEvent::Error(why) => LinkEvent::Closed(plain(&why)),
        WsEvent::Message(WsMessage::Binary(bytes)) => match decode(&bytes) {
            Ok(message) => LinkEvent::Message(message),
            Err(error) => LinkEvent::Closed(error.to_string()),
        },
        WsEvent::Message(_) => return None,
    })
}

/// The part of a library's error that an operator can use.
fn plain(error: &str) -> String {
    let known = [
        ("refused", "nothing listens there"),
        ("Unable to connect", "nothing answers there"),
        ("timed out", "no answer in time"),
        ("unreachable", "the network has no way there"),
        ("Name or service not known", "there is no such name"),
        ("lookup", "there is no such name"),
        ("403", "the station refuses consoles from here"),
        ("404", "there is no Plantroom station at this address"),
        ("reset", "the connection was cut"),
        ("without closing handshake", "the connection was cut"),
    ];
    known.iter().find(|(mark, _)| error.contains(mark)).map_or_else(|| error.to_owned(), |(_, words)| (*words).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_become_words() {
        assert_eq!(plain("Connect: IO error: Connection refused (os error 111)"), "nothing listens there");
        assert_eq!(plain("Connect: URL error: Unable to connect to ws://127.0.0.1:8690/api"), "nothing answers there");
        assert_eq!(plain("something new"), "something new");
    }

    #[test]
    fn a_message_of_another_version_closes_the_link() {
        let event = translate(WsEvent::Message(WsMessage::Binary(vec![200, 1, 2])));
        assert!(matches!(event, Some(LinkEvent::Closed(why)) if why.contains("different versions")));
    }
}
