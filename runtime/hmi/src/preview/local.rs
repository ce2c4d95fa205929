//! A link to a real station whose screens are taken from the files here: values from the plant, scripts from the editor.

use std::sync::{Arc, Mutex, PoisonError};

use plantroom_model::Mono;
use plantroom_wire::{ToConsole, ToStation};

use crate::{Link, LinkEvent, PaintClock};

/// Files that take the place of the station's own.
#[derive(Clone, Default)]
pub struct LocalFiles(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    files: Vec<(String, String)>,
    changes: u64,
    /// The last message of the station about its screens.
    heard: Option<ToConsole>,
    news: bool,
}

impl LocalFiles {
    /// Takes in what was saved.
    pub fn set(&self, files: Vec<(String, String)>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.files = files;
        inner.changes += 1;
        inner.news = inner.heard.is_some();
    }

    /// The station's message with these files in it.
    fn put_in(&self, message: ToConsole) -> ToConsole {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.heard = Some(message);
        inner.replaced()
    }

    fn news(&self) -> Option<ToConsole> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut inner.news).then(|| inner.replaced())
    }
}

impl Inner {
    fn replaced(&self) -> ToConsole {
        match self.heard.clone() {
            Some(ToConsole::Screens { revision, home, instances, system_tags, .. }) => ToConsole::Screens {
                // Ours count in the lower half, so that neither hides the other's changes.
                revision: (revision << 32) + self.changes,
                files: self.files.clone(),
                assets: Vec::new(),
                home,
                instances,
                system_tags,
            },
            other => other.unwrap_or(ToConsole::Denied { reason: "nothing was heard".to_owned() }),
        }
    }
}

/// Another link with these files.
pub struct LocalLink {
    inner: Box<dyn Link>,
    files: LocalFiles,
    clock: PaintClock,
}

impl LocalLink {
    /// Over another link.
    pub fn new(inner: Box<dyn Link>, files: LocalFiles, clock: PaintClock) -> Self {
        Self { inner, files, clock }
    }
}

impl Link for LocalLink {
    fn open(&mut self, wake: Box<dyn Fn() + Send + Sync>) {
        self.inner.open(wake);
    }

    fn close(&mut self) {
        self.inner.close();
    }

    fn send(&mut self, message: &ToStation) {
        self.inner.send(message);
    }

    fn poll(&mut self) -> Option<(Mono, LinkEvent)> {
        match self.inner.poll() {
            Some((at, LinkEvent::Message(message @ ToConsole::Screens { .. }))) => {
                Some((at, LinkEvent::Message(self.files.put_in(message))))
            }
            None => self.files.news().map(|screens| (self.clock.now(), LinkEvent::Message(screens))),
            other => other,
        }
    }

    fn address(&self) -> &str {
        self.inner.address()
    }
}
