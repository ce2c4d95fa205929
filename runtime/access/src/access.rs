//! Users, sessions, permits: everything that asks "who, and may they?".

mod change;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use plantroom_model::{Door, Mono, Now, Role, Utc};
use plantroom_store::{Disk, RealDisk, StoreError};

pub use change::{By, NewToken};

use crate::audit::cut;
use crate::lockout::Lockout;
use crate::password::{Busy, Hashing};
use crate::session::{Sessions, TokenHash, hash_token, new_token};
use crate::users::{self, UserInfo, UserList};
use crate::{AccessError, Act, Audit, Category, Denied, Permit, Refusal, Session, limits};

/// Who may, and who did, of one data folder. Shared as an `Arc`; every method takes `&self`.
#[derive(Debug)]
pub struct Access {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    state: Mutex<State>,
    /// Held over a whole change, so that changes happen one after the other.
    changing: Mutex<()>,
    hashing: Hashing,
    audit: Audit,
    _lock: Option<File>,
}

#[derive(Debug, Default)]
struct State {
    users: UserList,
    sessions: Sessions,
    lockout: Lockout,
}

impl Access {
    /// Opens a data folder, and makes it when it isn't there.
    ///
    /// # Errors
    /// When another process has it open, it can't be written, or what is in it can't be read.
    pub fn open(folder: &Path, now: Utc) -> Result<Self, AccessError> {
        let lock = lock_folder(folder)?;
        Self::open_on(Arc::new(RealDisk), folder, Some(lock), now)
    }

    pub(crate) fn open_on(disk: Arc<dyn Disk>, folder: &Path, lock: Option<File>, now: Utc) -> Result<Self, AccessError> {
        let users = UserList::load(&*disk, folder)?;
        let audit = Audit::start(disk.clone(), folder, now)?;
        let state = Mutex::new(State { users, ..State::default() });
        let (changing, hashing) = (Mutex::default(), Hashing::default());
        Ok(Self { disk, folder: folder.to_owned(), state, changing, hashing, audit, _lock: lock })
    }

    /// Whether anybody can log in.
    pub fn has_users(&self) -> bool {
        !self.state.lock().users.users.is_empty()
    }

    /// All users, by name.
    pub fn users(&self) -> Vec<UserInfo> {
        self.state.lock().users.infos()
    }

    /// The audit trail.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Logs a user in from an address (without a port). Takes some 20 ms, whatever the answer.
    ///
    /// # Errors
    /// When name or password aren't right, or there were too many tries for this user from this address.
    pub fn login(&self, user: &str, password: &str, door: Door, source: &str, now: Now) -> Result<Session, Denied> {
        let name = cut(user, limits::USER_NAME_BYTES);
        let key = users::key(&name);
        let hash = {
            let mut state = self.state.lock();
            if let Err(left_ms) = state.lockout.begin(&key, source, now.mono) {
                drop(state);
                let denied = Denied::locked(left_ms);
                self.note_login(&name, door, source, &denied.message, now);
                return Err(denied);
            }
            state.users.find(&name).map(|user| user.password.clone())
        };
        let matched = match self.hashing.matches(password, hash.as_deref()) {
            Ok(matched) => matched,
            Err(Busy) => {
                self.state.lock().lockout.withdraw(&key, source, now.mono);
                return Err(Denied::busy());
            }
        };
        let token = new_token("prs").map_err(|error| Denied::broken(&error))?;
        let session = if matched { self.admit(&name, hash.as_deref(), source, &token, now.mono) } else { None };
        let Some(session) = session else {
            self.note_login(&name, door, source, "refused: the user name or the password is not right", now);
            return Err(Denied::wrong());
        };
        self.note_login(&session.user, door, source, "done", now);
        Ok(session)
    }

    /// The session of a token from an earlier login, or of an API token.
    ///
    /// # Errors
    /// When the token is unknown, revoked, or its session has ended.
    pub fn resume(&self, token: &str, door: Door, source: &str, now: Now) -> Result<Session, Denied> {
        let hash = hash_token(token);
        let found = self.state.lock().look_up(&hash, now.mono);
        match found {
            Some((user, role)) => Ok(Session::new(&user, role, source, token)),
            None => {
                let permit = permit("", door, source, Act::new(Category::Access, "use token", ""));
                self.audit.note(permit, "refused: unknown, revoked or ended", now);
                Err(Denied::ended())
            }
        }
    }

    /// Ends the session of a token. An API token is not ended by this; it must be revoked.
    pub fn logout(&self, token: &str, door: Door, source: &str, now: Now) {
        let ended = self.state.lock().sessions.end(&hash_token(token));
        if let Some(user) = ended {
            self.audit.note(permit(&user, door, source, Act::new(Category::Access, "log out", &user)), "done", now);
        }
    }

    /// What the user of a session may do now; `None` once it has ended. Quick: meant for every request.
    pub fn current_role(&self, session: &Session, now: Now) -> Option<Role> {
        self.state.lock().look_up(&session.hash, now.mono).map(|(_, role)| role)
    }

    /// The user has done something by hand, so that the session isn't idle.
    pub fn touch(&self, session: &Session, now: Now) {
        self.state.lock().sessions.touch(&session.hash, now.mono);
    }

    /// Whether a session may do something now. Refusals are recorded.
    ///
    /// # Errors
    /// When the session has ended, or its user's role is too low.
    pub fn authorise(&self, session: &Session, door: Door, needed: Role, act: Act, now: Now) -> Result<Permit, Refusal> {
        let permit = permit(&session.user, door, &session.source, act);
        let refusal = match self.current_role(session, now) {
            Some(role) if role >= needed => return Ok(permit),
            Some(has) => Refusal::Role { user: session.user.clone(), has, needed },
            None => Refusal::Ended,
        };
        self.audit.refusal(permit, &refusal, now);
        Err(refusal)
    }

    /// Whether an automation of the project may do something now, on behalf of its technical user. Nobody logs in for
    /// that: only the station, which has read the project, calls this. Refusals are recorded.
    ///
    /// # Errors
    /// When there is no such user, or their role is too low.
    pub fn authorise_automation(
        &self,
        (user, automation): (&str, &Arc<str>),
        needed: Role,
        act: Act,
        now: Now,
    ) -> Result<Permit, Refusal> {
        let source = format!("automation {automation}");
        let found = self.state.lock().users.find(user).map(|user| (Arc::from(user.name.as_str()), user.role));
        let (name, role): (Arc<str>, _) = found.map_or_else(|| (Arc::from(user), None), |(name, role)| (name, Some(role)));
        let permit = permit(&name, Door::Script, &source, act);
        let refusal = match role {
            Some(role) if role >= needed => return Ok(permit),
            Some(has) => Refusal::Role { user: name, has, needed },
            None => Refusal::NoUser { user: name, automation: automation.clone() },
        };
        self.audit.refusal(permit, &refusal, now);
        Err(refusal)
    }

    /// What a user may do, where there is one of this name.
    pub fn role_of(&self, user: &str) -> Option<Role> {
        self.state.lock().users.find(user).map(|user| user.role)
    }

    /// Makes the session, unless the user was changed while the password was hashed.
    fn admit(&self, name: &str, hash: Option<&str>, source: &str, token: &str, now: Mono) -> Option<Session> {
        let mut state = self.state.lock();
        let user = state.users.find(name).filter(|user| Some(&*user.password) == hash)?;
        let session = Session::new(&user.name, user.role, source, token);
        state.lockout.succeeded(&users::key(name), source);
        state.sessions.add(session.hash, &session.user, now);
        Some(session)
    }

    fn note_login(&self, user: &str, door: Door, source: &str, result: &str, now: Now) {
        self.audit.note(permit(user, door, source, Act::new(Category::Access, "log in", user)), result, now);
    }
}

impl State {
    /// Whose token it is, and what they may do now.
    fn look_up(&self, hash: &TokenHash, now: Mono) -> Option<(Arc<str>, Role)> {
        if let Some(name) = self.sessions.user(hash, now) {
            return self.users.find(name).map(|user| (name.clone(), user.role));
        }
        self.users.by_token(hash).map(|(user, token)| (user.name.as_str().into(), token.role.min(user.role)))
    }
}

fn permit(user: &str, door: Door, source: &str, act: Act) -> Permit {
    Permit { act, user: user.into(), source: source.into(), door }
}

fn lock_folder(folder: &Path) -> Result<File, AccessError> {
    let failed = |path: &Path, source: std::io::Error| match source.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            AccessError::Store(StoreError::Denied { act: "use the data folder", path: path.to_owned() })
        }
        _ => AccessError::Store(StoreError::Io { act: "use the data folder", path: path.to_owned(), source }),
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let path = folder.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(|error| failed(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(AccessError::InUse(folder.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(failed(&path, error)),
    }
}

#[cfg(test)]
mod tests;
