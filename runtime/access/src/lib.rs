//! Who may, and who did.
//!
//! In:  names, passwords, tokens, and what somebody wants to do.
//! Out: sessions, permits, write orders, and an audit trail that can't be changed unseen.
//! Start at [`Access::authorise`], then [`Audit::open`].
//!
//! Invariant: there is no way from a request to a [`WriteOrder`] but over [`Permit`] and [`Recorded`].
//! Invariant: nothing here is a default user, a default password or a secret in the clear on the disk.
//! Invariant: an unknown user and a wrong password get the same answer after the same work.
//! Invariant: asks no clock; times come in as arguments.
//!
//! Every call may block for a disk's `fsync` (well under a millisecond to some), [`Access::login`] and the calls
//! that set a password also for argon2id (some 20 ms and 19 MiB): call them through `spawn_blocking`, never from
//! the scan.
//!
//! # What is on the disk
//!
//! | file | what |
//! |---|---|
//! | `users.json` | users, roles, argon2id hashes of passwords, SHA-256 of API tokens; replaced as a whole, 0600 |
//! | `audit-000001.log` and so on | the trail, in segments of [`limits::SEGMENT_BYTES`]; format of `plantroom-store` |
//! | `lock` | held while a station or a command has the folder open |
//!
//! Each record of the trail is one line of JSON, an [`AuditRecord`]. Its `prev` is the SHA-256 of the whole
//! record before it, so that a changed, removed or inserted record breaks the chain at the next one
//! ([`verify`]). The chain can't show that its newest end was cut off: keep copies elsewhere
//! (the newest hash is in [`AuditReport::head`]).

mod access;
mod act;
mod audit;
mod error;
pub mod limits;
mod lockout;
mod order;
mod password;
mod random_password;
mod session;
mod users;

pub use access::{Access, By, NewToken};
pub use act::{Act, Category, Permit, Refusal};
pub use audit::{
    Audit, AuditBreak, AuditFilter, AuditHealth, AuditRecord, AuditReport, AuditState, Entry, list, read_forward, verify,
};
pub use error::{AccessError, AuditError};
pub use order::{Begun, Recorded, WriteEntry, WriteOrder};
pub use plantroom_store::StoreError;
pub use random_password::random_password;
pub use session::{Denied, DeniedKind, Session};
pub use users::{TokenInfo, UserInfo};
