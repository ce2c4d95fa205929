//! What somebody wants to do, and the proof that they may.

use std::sync::Arc;

use plantroom_model::{Door, Role, TagId};
use serde::{Deserialize, Serialize};

/// What an audit record is about (the categories of IEC 62443-4-2, CR 2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Logins, logouts, refusals, users and tokens.
    Access,
    /// Writes to the plant.
    Request,
    /// Changes of the project and its plugins.
    Configuration,
    /// Backup and restore.
    Backup,
    /// The audit trail itself.
    Audit,
    /// The station's own life.
    Station,
}

/// What somebody wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub(crate) category: Category,
    pub(crate) what: &'static str,
    pub(crate) target: Arc<str>,
    pub(crate) tag: Option<TagId>,
}

impl Act {
    /// To write a tag, by its name and id.
    pub fn write(name: &Arc<str>, tag: TagId) -> Self {
        Self { category: Category::Request, what: "write tag", target: name.clone(), tag: Some(tag) }
    }

    /// Anything else: `what` in two or three words ("create user"), and on what.
    pub fn new(category: Category, what: &'static str, target: &str) -> Self {
        Self { category, what, target: target.into(), tag: None }
    }

    /// In words: `write tag intake/p1/run`.
    pub fn words(&self) -> String {
        if self.target.is_empty() { self.what.to_owned() } else { format!("{} {}", self.what, self.target) }
    }
}

/// Proof that a user may do one act, once. Only [`crate::Access::authorise`] makes it.
///
/// ```compile_fail
/// // Nobody can make one.
/// let permit = plantroom_access::Permit { user: "me".into() };
/// ```
/// ```compile_fail
/// // Nobody can use one twice.
/// fn twice(permit: plantroom_access::Permit) { drop(permit.clone()); drop(permit); }
/// ```
#[derive(Debug)]
#[must_use = "a permit that isn't used permits nothing"]
pub struct Permit {
    pub(crate) act: Act,
    pub(crate) user: Arc<str>,
    pub(crate) source: Arc<str>,
    pub(crate) door: Door,
}

impl Permit {
    /// Who may.
    pub fn user(&self) -> &Arc<str> {
        &self.user
    }

    /// What.
    pub fn act(&self) -> &Act {
        &self.act
    }
}

/// Why somebody may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The session is over: logged out, idle too long, or the user was changed.
    #[error("your session has ended; log in again")]
    Ended,
    /// The technical user that an automation acts for isn't there.
    #[error(
        "there is no user {user}, whom {automation} acts for; an engineer can make one: plantroom user add {user} --role operate"
    )]
    NoUser {
        /// Whom.
        user: Arc<str>,
        /// What acts.
        automation: Arc<str>,
    },
    /// The role is too low.
    #[error("this needs the role {}, and {user} has the role {}; an engineer can change that", .needed.word(), .has.word())]
    Role {
        /// Who.
        user: Arc<str>,
        /// What they may.
        has: Role,
        /// What it takes.
        needed: Role,
    },
}
