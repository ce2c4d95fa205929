//! One device on a line, and whether it is there: a silent one must not cost its neighbours their time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use plantroom_sdk::{Modbus, ModbusError, Signal};

use crate::settings::Device;

/// Requests in a row without an answer after which a device is asked rarely: by then its tags are bad.
pub const SILENT_AFTER: u32 = 3;
/// First pause of a silent device on a line with others, in ms.
pub const PAUSE_FIRST_MS: u64 = 2_000;
/// Longest such pause, in ms.
pub const PAUSE_LAST_MS: u64 = 60_000;
/// All silent devices of a line together may cost it one part in so many of its time.
const SHARE: u64 = 10;
/// Reads of one group that may wait in the queue of a device's own connection: enough that it never idles between two of
/// them, few enough that a write never waits behind many.
const OPEN_READS: usize = 4;
/// The same on a line with other devices, which have their own: each costs the line a time-out when the device goes silent.
const OPEN_READS_SHARED: usize = 2;

/// A device: where it is, what it can do, and whether it answers.
#[derive(Debug)]
pub struct Unit {
    /// For messages: the connection's name, and the device's where there are several.
    pub name: String,
    /// The way to it.
    pub modbus: Modbus,
    /// What it can do.
    pub device: Device,
    /// Whether it answers.
    pub contact: Contact,
    /// Reads of one polling group that may be open at once.
    pub open_reads: usize,
}

impl Unit {
    /// The only device of a connection.
    pub fn alone(name: &str, modbus: Modbus, device: Device, pipeline: u8) -> Self {
        let open_reads = OPEN_READS.max(2 * usize::from(pipeline));
        Self { name: name.to_owned(), modbus, device, contact: Contact::new(None), open_reads }
    }

    /// One of several devices of a line.
    pub fn shared(name: String, modbus: Modbus, device: Device, pipeline: u8, line: Rc<Line>) -> Self {
        let open_reads = OPEN_READS_SHARED.max(usize::from(pipeline));
        Self { name, modbus, device, contact: Contact::new(Some(line)), open_reads }
    }
}

/// What the devices of one line share: its time.
#[derive(Debug, Default)]
pub struct Line {
    /// Before this no silent device is asked, ns.
    free_at_ns: Cell<u64>,
}

/// How a beat may ask a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It answers: all at once.
    Open,
    /// Nobody knows: one request, and the others wait for what comes of it.
    Probe,
    /// It is left alone.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unknown,
    Answers,
    Silent,
}

/// Whether a device answers. Where it has its connection for itself, it is asked at every beat, whatever it does.
#[derive(Debug)]
pub struct Contact {
    line: Option<Rc<Line>>,
    state: Cell<State>,
    failures: Cell<u32>,
    pause_ms: Cell<u64>,
    ask_at_ns: Cell<u64>,
    error: Cell<ModbusError>,
    probing: Cell<bool>,
    waiting: RefCell<Vec<Rc<Signal>>>,
}

impl Contact {
    fn new(line: Option<Rc<Line>>) -> Self {
        Self {
            line,
            state: Cell::new(State::Unknown),
            failures: Cell::new(0),
            pause_ms: Cell::new(0),
            ask_at_ns: Cell::new(0),
            error: Cell::new(ModbusError::Timeout),
            probing: Cell::new(false),
            waiting: RefCell::default(),
        }
    }

    /// Whether it may be asked for anything right now.
    pub fn is_open(&self) -> bool {
        self.line.is_none() || self.state.get() == State::Answers
    }

    /// Why it can't be asked, or why its last request failed.
    pub fn error(&self) -> ModbusError {
        self.error.get()
    }

    /// When it is asked again, ns, and the pause that this ends, ms; `None` while it is asked at every beat.
    pub fn pause(&self) -> Option<(u64, u64)> {
        (!self.is_open() && self.pause_ms.get() > 0).then(|| (self.ask_at_ns.get(), self.pause_ms.get()))
    }

    /// How this beat may ask; waits where another group is just trying. A probe must end with [`Contact::probed`].
    pub async fn enter(&self, now_ns: u64) -> Entry {
        if self.is_open() {
            return Entry::Open;
        }
        if self.probing.get() {
            let signal = Rc::new(Signal::new());
            self.waiting.borrow_mut().push(signal.clone());
            signal.wait().await;
            return if self.is_open() { Entry::Open } else { Entry::Closed };
        }
        let line_is_free = self.line.as_ref().is_none_or(|line| line.free_at_ns.get() <= now_ns);
        let is_silent = self.failures.get() >= SILENT_AFTER;
        if self.ask_at_ns.get() > now_ns || (is_silent && !line_is_free) {
            return Entry::Closed;
        }
        self.probing.set(true);
        Entry::Probe
    }

    /// The probe has come to its end.
    pub fn probed(&self) {
        self.probing.set(false);
        self.waiting.take().iter().for_each(|signal| signal.raise());
    }

    /// It has answered; a refusal is an answer too.
    pub fn answered(&self) {
        if self.state.get() != State::Answers {
            self.state.set(State::Answers);
            (self.failures.set(0), self.pause_ms.set(0), self.ask_at_ns.set(0));
        }
    }

    /// A request that was sent then was not answered until now. True when this is the first time that it is left alone.
    pub fn unanswered(&self, error: ModbusError, sent_ns: u64, now_ns: u64) -> bool {
        self.error.set(error);
        let Some(line) = &self.line else { return false };
        // Others that were on their way when it fell silent tell nothing new.
        if self.state.get() == State::Silent && !self.probing.get() {
            return false;
        }
        self.state.set(State::Silent);
        self.failures.set(self.failures.get() + 1);
        if self.failures.get() < SILENT_AFTER {
            return false;
        }
        let before_ms = self.pause_ms.get();
        let pause_ms = (before_ms * 2).clamp(PAUSE_FIRST_MS, PAUSE_LAST_MS);
        self.pause_ms.set(pause_ms);
        self.ask_at_ns.set(now_ns.saturating_add(pause_ms * 1_000_000));
        line.free_at_ns.set(now_ns.saturating_add((SHARE - 1) * now_ns.saturating_sub(sent_ns)));
        before_ms == 0
    }

    /// A request failed, whatever that says of the device.
    pub fn failed(&self, error: ModbusError) {
        self.error.set(error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn enter(contact: &Contact, now_ns: u64) -> Entry {
        let mut entering = std::pin::pin!(contact.enter(now_ns));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::future::Future::poll(entering.as_mut(), &mut context) {
            std::task::Poll::Ready(entry) => entry,
            std::task::Poll::Pending => panic!("it waits for another group's probe"),
        }
    }

    /// One beat: asks if it may, and hears nothing for a second.
    fn silent_beat(contact: &Contact, now_ns: u64) -> bool {
        let asked = enter(contact, now_ns) == Entry::Probe;
        if asked {
            contact.unanswered(ModbusError::Timeout, now_ns, now_ns + S);
            contact.probed();
        }
        asked
    }

    #[test]
    fn a_device_with_its_own_connection_is_asked_at_every_beat() {
        let contact = Contact::new(None);
        for beat in 0..10 {
            assert_eq!(enter(&contact, beat * S), Entry::Open);
            assert!(!contact.unanswered(ModbusError::Timeout, beat * S, beat * S + S));
        }
        assert_eq!(contact.pause(), None);
    }

    #[test]
    fn a_silent_device_of_a_line_is_asked_rarely_and_comes_back_at_once() {
        let contact = Contact::new(Some(Rc::default()));
        let asked: Vec<u64> = (0..200).filter(|beat| silent_beat(&contact, beat * S)).collect();
        // Three at their beats; then nine times what each cost, and from 2 s doubling to 60 s.
        assert_eq!(asked, [0, 1, 2, 12, 22, 32, 49, 82, 143]);
        assert_eq!(enter(&contact, 204 * S), Entry::Probe);
        contact.answered();
        contact.probed();
        assert_eq!((enter(&contact, 204 * S), contact.pause()), (Entry::Open, None));
        assert!(!contact.unanswered(ModbusError::Timeout, 204 * S, 205 * S));
        assert_eq!(enter(&contact, 205 * S), Entry::Probe, "asked at the next beat again");
    }

    #[test]
    fn all_silent_devices_together_cost_a_line_a_tenth_of_its_time() {
        let line: Rc<Line> = Rc::default();
        let dead: Vec<Contact> = (0..20).map(|_| Contact::new(Some(line.clone()))).collect();
        dead.iter().for_each(|contact| (0..3).for_each(|_| _ = silent_beat(contact, 0)));
        let spent = (1..=1_000).map(|s| dead.iter().filter(|contact| silent_beat(contact, s * S)).count()).sum::<usize>();
        assert!((60..=100).contains(&spent), "{spent} s of 1000");
    }

    #[test]
    fn what_was_on_its_way_counts_once() {
        let contact = Contact::new(Some(Rc::default()));
        contact.answered();
        (0..5).for_each(|_| _ = contact.unanswered(ModbusError::Timeout, 0, S));
        assert_eq!(contact.pause(), None);
        assert_eq!(enter(&contact, S), Entry::Probe);
    }
}
