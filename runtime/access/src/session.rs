//! Who is there.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plantroom_model::{Mono, Role};
use sha2::{Digest, Sha256};

use crate::{AccessError, limits};

/// SHA-256 of a token. Tokens are 256 random bits, so that nothing slower is needed.
pub(crate) type TokenHash = [u8; 32];

/// Proof that somebody has logged in. What it is worth is looked up at every use, never remembered.
#[derive(Clone)]
pub struct Session {
    /// Who.
    pub user: Arc<str>,
    /// What they might do when this was made; ask [`crate::Access::current_role`] for what they may now.
    pub role: Role,
    /// The address they came from, without a port.
    pub source: Arc<str>,
    token: Arc<str>,
    pub(crate) hash: TokenHash,
}

impl Session {
    pub(crate) fn new(user: &str, role: Role, source: &str, token: &str) -> Self {
        Self { user: user.into(), role, source: source.into(), token: token.into(), hash: hash_token(token) }
    }

    /// The secret that stands for it.
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({} as {} from {})", self.user, self.role.word(), self.source)
    }
}

/// Why a login isn't good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Denied {
    /// For programs.
    pub kind: DeniedKind,
    /// For people.
    pub message: String,
}

/// Why a login isn't good, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeniedKind {
    /// No such user, or not this password; deliberately not told apart.
    Wrong,
    /// Too many wrong passwords for this user from this source: wait so long.
    Locked {
        /// In ms.
        retry_after_ms: u64,
    },
    /// Too many logins at once.
    Busy,
    /// The token is unknown, or its session has ended.
    Ended,
    /// The machine can't make secrets.
    Broken,
}

impl Denied {
    pub(crate) fn wrong() -> Self {
        Self { kind: DeniedKind::Wrong, message: "the user name or the password is not right".to_owned() }
    }

    pub(crate) fn locked(retry_after_ms: u64) -> Self {
        let seconds = retry_after_ms.div_ceil(1_000);
        let message = format!("too many wrong passwords for this user from here; try again in {seconds} s");
        Self { kind: DeniedKind::Locked { retry_after_ms }, message }
    }

    pub(crate) fn busy() -> Self {
        Self { kind: DeniedKind::Busy, message: "too many people are logging in at once; try again in a moment".to_owned() }
    }

    pub(crate) fn ended() -> Self {
        Self { kind: DeniedKind::Ended, message: "the session has ended or the token was revoked; log in again".to_owned() }
    }

    pub(crate) fn broken(error: &AccessError) -> Self {
        Self { kind: DeniedKind::Broken, message: error.to_string() }
    }
}

/// A new secret with a prefix that tells what it is when it turns up in the wrong place.
pub(crate) fn new_token(prefix: &str) -> Result<String, AccessError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| AccessError::Secrets(error.to_string()))?;
    Ok(format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

pub(crate) fn hash_token(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

/// The sessions that are open now. They don't outlive the process.
#[derive(Debug, Default)]
pub(crate) struct Sessions(HashMap<TokenHash, Live>);

#[derive(Debug)]
struct Live {
    user: Arc<str>,
    last_act: Mono,
}

impl Sessions {
    pub(crate) fn add(&mut self, hash: TokenHash, user: &str, now: Mono) {
        self.0.retain(|_, live| now.since(live.last_act) < limits::IDLE_MS * 1_000_000);
        let of_user = self.0.iter().filter(|(_, live)| &*live.user == user);
        if of_user.clone().count() >= limits::SESSIONS_PER_USER
            && let Some(idle) = of_user.min_by_key(|(_, live)| live.last_act).map(|(hash, _)| *hash)
        {
            self.0.remove(&idle);
        }
        self.0.insert(hash, Live { user: user.into(), last_act: now });
    }

    /// Whose session it is, while it lasts.
    pub(crate) fn user(&self, hash: &TokenHash, now: Mono) -> Option<&Arc<str>> {
        let live = self.0.get(hash)?;
        (now.since(live.last_act) < limits::IDLE_MS * 1_000_000).then_some(&live.user)
    }

    /// The user has done something.
    pub(crate) fn touch(&mut self, hash: &TokenHash, now: Mono) {
        if let Some(live) = self.0.get_mut(hash) {
            live.last_act = live.last_act.max(now);
        }
    }

    pub(crate) fn end(&mut self, hash: &TokenHash) -> Option<Arc<str>> {
        self.0.remove(hash).map(|live| live.user)
    }

    pub(crate) fn end_all_of(&mut self, user: &str) {
        self.0.retain(|_, live| &*live.user != user);
    }
}
