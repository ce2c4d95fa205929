//! The list of users, as it is kept.

use std::path::{Path, PathBuf};

use plantroom_model::{Role, Utc};
use plantroom_store::{Disk, read_file, replace_file};
use serde::{Deserialize, Serialize};

use crate::session::TokenHash;
use crate::{AccessError, limits};

/// Largest file: all users with all tokens.
const FILE_BYTES: u64 = 32 << 20;

/// A user, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInfo {
    /// Unique, also when case is ignored.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// When they were made.
    pub created: Utc,
    /// When password or role last changed.
    pub changed: Utc,
    /// Their API tokens.
    pub tokens: Vec<TokenInfo>,
}

/// An API token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// Names it for revoking.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// The most it may do; never more than its user.
    pub role: Role,
    /// When it was made.
    pub created: Utc,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserList {
    version: u32,
    pub(crate) users: Vec<User>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) password: String,
    pub(crate) created: Utc,
    pub(crate) changed: Utc,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tokens: Vec<ApiToken>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiToken {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) role: Role,
    #[serde(with = "hex")]
    pub(crate) hash: TokenHash,
    pub(crate) created: Utc,
}

impl Default for UserList {
    fn default() -> Self {
        Self { version: 1, users: Vec::new() }
    }
}

impl UserList {
    pub(crate) fn load(disk: &dyn Disk, folder: &Path) -> Result<Self, AccessError> {
        let path = file(folder);
        let Some(bytes) = read_file(disk, &path, FILE_BYTES)? else { return Ok(Self::default()) };
        let damaged = |reason: String| AccessError::UsersDamaged { path: path.clone(), reason };
        let list: Self = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if list.version != 1 {
            return Err(damaged(format!("it has version {}, from a newer Plantroom", list.version)));
        }
        Ok(list)
    }

    pub(crate) fn save(&self, disk: &dyn Disk, folder: &Path) -> Result<(), AccessError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|error| AccessError::Rule(error.to_string()))?;
        bytes.push(b'\n');
        Ok(replace_file(disk, &file(folder), &bytes)?)
    }

    /// The user of that name; upper and lower case are the same person.
    pub(crate) fn find(&self, name: &str) -> Option<&User> {
        if let Some(user) = self.users.iter().find(|user| user.name == name) {
            return Some(user);
        }
        let key = key(name);
        self.users.iter().find(|user| self::key(&user.name) == key)
    }

    pub(crate) fn find_mut(&mut self, name: &str) -> Option<&mut User> {
        let key = key(name);
        self.users.iter_mut().find(|user| self::key(&user.name) == key)
    }

    pub(crate) fn by_token(&self, hash: &TokenHash) -> Option<(&User, &ApiToken)> {
        self.users.iter().find_map(|user| user.tokens.iter().find(|token| token.hash == *hash).map(|token| (user, token)))
    }

    pub(crate) fn infos(&self) -> Vec<UserInfo> {
        let mut infos: Vec<_> = self.users.iter().map(User::info).collect();
        infos.sort_by(|a, b| a.name.cmp(&b.name));
        infos
    }

    /// Whether somebody else could still change users.
    pub(crate) fn has_engineer_besides(&self, name: &str) -> bool {
        self.users.iter().any(|user| user.role == Role::Engineer && key(&user.name) != key(name))
    }
}

impl User {
    fn info(&self) -> UserInfo {
        let tokens = self.tokens.iter();
        UserInfo {
            name: self.name.clone(),
            role: self.role,
            created: self.created,
            changed: self.changed,
            tokens: tokens
                .map(|token| TokenInfo {
                    id: token.id.clone(),
                    label: token.label.clone(),
                    role: token.role.min(self.role),
                    created: token.created,
                })
                .collect(),
        }
    }
}

/// The same for all ways of writing one name.
pub(crate) fn key(name: &str) -> String {
    name.to_lowercase()
}

/// Names are for people, logs and URLs.
pub(crate) fn check_name(name: &str) -> Result<(), AccessError> {
    let fits = !name.is_empty()
        && name.len() <= limits::USER_NAME_BYTES
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'))
        && name.starts_with(char::is_alphanumeric);
    if fits {
        return Ok(());
    }
    Err(AccessError::Rule(format!(
        "`{}` can't be a user name; take 1 to {} letters, digits, `.`, `-`, `_` or `@`, starting with a letter or digit",
        name.chars().take(80).collect::<String>().escape_debug(),
        limits::USER_NAME_BYTES
    )))
}

fn file(folder: &Path) -> PathBuf {
    folder.join("users.json")
}
