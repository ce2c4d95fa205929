//! Changes of users and tokens: recorded before they happen, on the disk before they count.

use plantroom_model::{Door, Now, Role};
use serde_json::{Value as Json, json};

use super::{Access, permit};
use crate::session::{hash_token, new_token};
use crate::users::{ApiToken, User, UserList, check_name, key};
use crate::{AccessError, Act, Category, Permit, Session, limits};

/// On whose behalf users are changed.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// A logged-in engineer.
    User(&'a Session, Door),
    /// Whoever has a shell on the station's machine with the right to change its data folder: the command line.
    Machine,
}

/// A new API token. Its secret is shown once and kept by nobody here.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Names it for revoking.
    pub id: String,
    /// What the program that uses it must present.
    pub secret: String,
}

/// What the trail says of a change, and whose sessions end by it.
struct Trace {
    old: Option<Json>,
    new: Option<Json>,
    ends: Option<String>,
}

impl Access {
    /// Makes a user.
    ///
    /// # Errors
    /// When the name or the password break a rule, the name is taken, or the change can't be recorded or kept.
    pub fn create_user(&self, by: By<'_>, name: &str, password: &str, role: Role, now: Now) -> Result<(), AccessError> {
        let permit = self.may_change(by, "create user", name, now)?;
        check_name(name)?;
        let password = self.hashing.hash(name, password)?;
        self.change(permit, now, |list| {
            if let Some(user) = list.find(name) {
                return Err(AccessError::Exists(user.name.clone()));
            }
            if list.users.len() >= limits::USERS {
                return rule(format!("there are already {} users; remove one first", limits::USERS));
            }
            let (created, changed) = (now.utc, now.utc);
            list.users.push(User { name: name.to_owned(), role, password, created, changed, tokens: Vec::new() });
            Ok(Trace { old: None, new: Some(role.word().into()), ends: None })
        })
    }

    /// Removes a user; sessions and tokens end at once.
    ///
    /// # Errors
    /// When there is no such user, it is the last engineer, or the change can't be recorded or kept.
    pub fn remove_user(&self, by: By<'_>, name: &str, now: Now) -> Result<(), AccessError> {
        let permit = self.may_change(by, "remove user", name, now)?;
        self.change(permit, now, |list| {
            let user = list.find(name).cloned().ok_or_else(|| no_user(name))?;
            if user.role == Role::Engineer && !list.has_engineer_besides(name) {
                return last_engineer(&user.name);
            }
            list.users.retain(|other| key(&other.name) != key(name));
            Ok(Trace { old: Some(user.role.word().into()), new: None, ends: Some(user.name) })
        })
    }

    /// Gives a user another password; their sessions end.
    ///
    /// # Errors
    /// When there is no such user, the password breaks a rule, or the change can't be recorded or kept.
    pub fn set_password(&self, by: By<'_>, name: &str, password: &str, now: Now) -> Result<(), AccessError> {
        let permit = self.may_change(by, "set password", name, now)?;
        self.store_password(permit, name, password, now)
    }

    /// Gives the user of a session another password, who must know the old one. All their sessions end.
    ///
    /// # Errors
    /// When the old password isn't right, the new one breaks a rule, or the change can't be recorded or kept.
    pub fn change_own_password(
        &self,
        (session, door): (&Session, Door),
        old: &str,
        password: &str,
        now: Now,
    ) -> Result<(), AccessError> {
        let act = Act::new(Category::Access, "set own password", &session.user);
        let permit = self.authorise(session, door, Role::View, act, now)?;
        let checked = self.login(&session.user, old, door, &session.source, now);
        let checked = checked.map_err(|_| AccessError::WrongPassword)?;
        self.state.lock().sessions.end(&checked.hash);
        self.store_password(permit, &session.user, password, now)
    }

    /// Gives a user another role. When it is a lower one, their sessions end.
    ///
    /// # Errors
    /// When there is no such user, it is the last engineer, or the change can't be recorded or kept.
    pub fn set_role(&self, by: By<'_>, name: &str, role: Role, now: Now) -> Result<(), AccessError> {
        let permit = self.may_change(by, "set role", name, now)?;
        self.change(permit, now, |list| {
            let others = list.has_engineer_besides(name);
            let user = list.find_mut(name).ok_or_else(|| no_user(name))?;
            if user.role == Role::Engineer && role < Role::Engineer && !others {
                return last_engineer(&user.name);
            }
            let old = std::mem::replace(&mut user.role, role);
            user.changed = now.utc;
            let ends = (role < old).then(|| user.name.clone());
            Ok(Trace { old: Some(old.word().into()), new: Some(role.word().into()), ends })
        })
    }

    /// Makes an API token for a user: it may do what the user may, but at most `role`, until it is revoked.
    ///
    /// # Errors
    /// When there is no such user, they have too many tokens, or the change can't be recorded or kept.
    pub fn create_token(&self, by: By<'_>, user: &str, label: &str, role: Role, now: Now) -> Result<NewToken, AccessError> {
        let permit = self.may_change(by, "create token", user, now)?;
        if label.trim().is_empty() || label.len() > limits::LABEL_BYTES || label.chars().any(char::is_control) {
            return rule(format!("say in 1 to {} characters what the token is for", limits::LABEL_BYTES));
        }
        let secret = new_token("prt")?;
        let hash = hash_token(&secret);
        let id = hex::encode(&hash[..6]);
        let token = ApiToken { id: id.clone(), label: label.to_owned(), role, hash, created: now.utc };
        self.change(permit, now, |list| {
            let user = list.find_mut(user).ok_or_else(|| no_user(user))?;
            if user.tokens.len() >= limits::TOKENS_PER_USER {
                return rule(format!("`{}` already has {} tokens; revoke one first", user.name, limits::TOKENS_PER_USER));
            }
            let new = json!({ "id": token.id, "label": token.label, "role": role.word() });
            user.tokens.push(token);
            Ok(Trace { old: None, new: Some(new), ends: None })
        })?;
        Ok(NewToken { id, secret })
    }

    /// Revokes an API token by its id; it is void at once.
    ///
    /// # Errors
    /// When there is no such token, or the change can't be recorded or kept.
    pub fn revoke_token(&self, by: By<'_>, id: &str, now: Now) -> Result<(), AccessError> {
        let permit = self.may_change(by, "revoke token", id, now)?;
        self.change(permit, now, |list| {
            let found = list.users.iter_mut().find_map(|user| {
                let at = user.tokens.iter().position(|token| token.id == id)?;
                Some((user.name.clone(), user.tokens.remove(at)))
            });
            let (user, token) = found.ok_or_else(|| AccessError::NotFound { what: "token", name: id.to_owned() })?;
            Ok(Trace { old: Some(json!({ "user": user, "label": token.label })), new: None, ends: None })
        })
    }

    fn store_password(&self, permit: Permit, name: &str, password: &str, now: Now) -> Result<(), AccessError> {
        let password = self.hashing.hash(name, password)?;
        self.change(permit, now, |list| {
            let user = list.find_mut(name).ok_or_else(|| no_user(name))?;
            (user.password, user.changed) = (password, now.utc);
            Ok(Trace { old: None, new: None, ends: Some(user.name.clone()) })
        })
    }

    fn may_change(&self, by: By<'_>, what: &'static str, target: &str, now: Now) -> Result<Permit, AccessError> {
        let act = Act::new(Category::Access, what, target);
        match by {
            By::User(session, door) => Ok(self.authorise(session, door, Role::Engineer, act, now)?),
            By::Machine => Ok(permit("machine", Door::Cli, "local", act)),
        }
    }

    /// Checked, then recorded, then kept, then in force.
    fn change(
        &self,
        permit: Permit,
        now: Now,
        edit: impl FnOnce(&mut UserList) -> Result<Trace, AccessError>,
    ) -> Result<(), AccessError> {
        let _one_at_a_time = self.changing.lock();
        let mut list = self.state.lock().users.clone();
        let trace = edit(&mut list)?;
        let begun = self.audit.begin(permit, (trace.old, trace.new), "", now)?;
        if let Err(error) = list.save(&*self.disk, &self.folder) {
            self.audit.finish(begun, &format!("failed: {error}"), now)?;
            return Err(error);
        }
        {
            let mut state = self.state.lock();
            state.users = list;
            if let Some(name) = trace.ends {
                state.sessions.end_all_of(&name);
            }
        }
        Ok(self.audit.finish(begun, "done", now)?)
    }
}

fn rule<T>(text: String) -> Result<T, AccessError> {
    Err(AccessError::Rule(text))
}

fn no_user(name: &str) -> AccessError {
    AccessError::NotFound { what: "user", name: name.to_owned() }
}

fn last_engineer<T>(name: &str) -> Result<T, AccessError> {
    rule(format!("`{name}` is the last engineer; make another one first, or nobody could change users any more"))
}
