//! One outlet while the station runs: its pace, what is on its way, what goes wrong with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use plantroom_model::{Mono, Utc};
use plantroom_project::{OutletKind, OutletSpec};

use crate::limits;
use crate::pace::Pace;

/// How an outlet is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutletNow {
    /// Its name.
    pub name: String,
    /// smtp, webhook, command or horn.
    pub kind: &'static str,
    /// Where it leads, without secrets.
    pub target: String,
    /// Whether what it is given gets out.
    pub ok: bool,
    /// Why not, and what to do; empty while it does.
    pub trouble: String,
    /// Notifications that haven't got out yet.
    pub waiting: u64,
    /// Messages since the start that got out; of a horn its calls.
    pub sent: u64,
    /// Messages since the start that never got out.
    pub given_up: u64,
    /// When a message last got out; `None` where none has since the start.
    pub last_sent: Option<Utc>,
    /// Why a message last failed; empty where none has since the start.
    pub last_error: String,
}

/// What goes wrong with one address.
#[derive(Clone, Debug)]
struct Trouble {
    why: String,
    seen: Mono,
}

/// An outlet's state.
#[derive(Debug)]
pub(crate) struct Outlet {
    pub spec: Arc<OutletSpec>,
    pub pace: Pace,
    pub persons: BTreeMap<String, Pace>,
    /// The letter that is being delivered.
    pub on_its_way: Option<u64>,
    pub sent: u64,
    pub given_up: u64,
    pub last_sent: Option<Utc>,
    pub last_error: String,
    troubles: BTreeMap<String, Trouble>,
}

impl Outlet {
    pub fn new(spec: Arc<OutletSpec>, used: u32, now: Mono) -> Self {
        let pace = Pace::new(spec.per_hour, used, now);
        Self {
            spec,
            pace,
            persons: BTreeMap::new(),
            on_its_way: None,
            sent: 0,
            given_up: 0,
            last_sent: None,
            last_error: String::new(),
            troubles: BTreeMap::new(),
        }
    }

    /// The project says otherwise now; what went wrong may be mended by it.
    pub fn change(&mut self, spec: &Arc<OutletSpec>, now: Mono) {
        if *self.spec == **spec {
            return;
        }
        if (self.spec.per_hour, self.spec.per_person) != (spec.per_hour, spec.per_person) {
            self.pace = Pace::new(spec.per_hour, 0, now);
            self.persons.clear();
        }
        self.spec = Arc::clone(spec);
        self.troubles.clear();
    }

    /// Whether the outlet and this address may be used now.
    pub fn allows(&self, to: &str, now: Mono) -> bool {
        self.pace.allows(now) && (to.is_empty() || self.persons.get(to).is_none_or(|pace| pace.allows(now)))
    }

    /// When they may be used.
    pub fn next(&self, to: &str, now: Mono) -> Mono {
        let person = self.persons.get(to).map_or(now, |pace| pace.next(now));
        self.pace.next(now).max(person)
    }

    /// Counts a delivery.
    pub fn take(&mut self, to: &str, now: Mono) {
        self.pace.take(now);
        if !to.is_empty() {
            self.persons.retain(|_, pace| !pace.is_full(now));
            let per_person = self.spec.per_person;
            self.persons.entry(to.to_owned()).or_insert_with(|| Pace::new(per_person, 0, now)).take(now);
        }
    }

    /// Something goes wrong with an address, or with what a rule names.
    pub fn trouble(&mut self, of: &str, why: &str, now: Mono) {
        self.troubles.insert(of.to_owned(), Trouble { why: why.to_owned(), seen: now });
    }

    /// It works again.
    pub fn well(&mut self, of: &str) {
        self.troubles.remove(of);
    }

    /// Forgets what wasn't seen for long.
    pub fn forget(&mut self, now: Mono) {
        self.troubles.retain(|_, trouble| trouble.seen.plus_ms(limits::TROUBLE_MS) > now);
    }

    /// What goes wrong, in a sentence; empty while nothing does.
    pub fn words(&self) -> String {
        // The newest first: it tells what is wrong now.
        let Some((of, newest)) = self.troubles.iter().max_by_key(|(_, trouble)| trouble.seen) else { return String::new() };
        let whom = if of.is_empty() { String::new() } else { format!("{of}: ") };
        let more = match self.troubles.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        format!("{whom}{}{more}", newest.why)
    }

    /// How it is.
    pub fn now(&self, waiting: u64) -> OutletNow {
        let (kind, target) = where_to(&self.spec);
        let trouble = self.words();
        OutletNow {
            name: self.spec.name.clone(),
            kind,
            target,
            ok: trouble.is_empty(),
            trouble,
            waiting,
            sent: self.sent,
            given_up: self.given_up,
            last_sent: self.last_sent,
            last_error: self.last_error.clone(),
        }
    }
}

fn where_to(spec: &OutletSpec) -> (&'static str, String) {
    match &spec.kind {
        OutletKind::Smtp { server, port, .. } => ("smtp", format!("{server}:{port}")),
        // What stands behind the host may be a secret, as in hooks of chat services.
        OutletKind::Webhook { url, .. } => {
            let host = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
            ("webhook", host.rsplit_once('@').map_or(host.clone(), |(_, host)| host.to_owned()))
        }
        OutletKind::Command { program, .. } => ("command", program.clone()),
        OutletKind::Horn => ("horn", "the consoles".to_owned()),
    }
}
