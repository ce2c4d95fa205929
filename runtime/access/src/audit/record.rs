//! One record of the trail: a line of JSON. This is the only place that knows its shape on the disk.

use plantroom_model::{Door, Outcome, OutcomeKind, Utc, Value};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Category, Permit, limits};

/// What kind of record it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Entry {
    /// Something is about to happen.
    Open,
    /// How it ended; `of` names the record that opened it.
    Close,
    /// Something that happened or was refused.
    Note,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Counts from 1, without gaps.
    pub number: u64,
    /// When, ns UTC.
    pub at: Utc,
    /// SHA-256 of the record before, in hex; 64 zeros in the first.
    pub prev: String,
    /// What kind.
    pub entry: Entry,
    /// The record that this one closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// The way it came in.
    pub door: Door,
    /// The address it came from.
    pub source: String,
    /// Who.
    pub user: String,
    /// What it is about.
    pub category: Category,
    /// What was done, in two or three words.
    pub act: String,
    /// On what: a tag, a user.
    pub target: String,
    /// What it was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<serde_json::Value>,
    /// What it is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<serde_json::Value>,
    /// Why, in the user's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// How it ended; empty in a record that opens.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub result: String,
}

impl AuditRecord {
    pub(super) fn of_permit(permit: &Permit, entry: Entry, at: Utc) -> Self {
        Self {
            number: 0,
            at,
            prev: String::new(),
            entry,
            of: None,
            door: permit.door,
            source: permit.source.to_string(),
            user: permit.user.to_string(),
            category: permit.act.category,
            act: permit.act.what.to_owned(),
            target: cut(&permit.act.target, limits::FIELD_BYTES),
            old: None,
            new: None,
            comment: String::new(),
            result: String::new(),
        }
    }

    pub(super) fn closing(of: u64, user: &str, result: String, at: Utc) -> Self {
        Self {
            number: 0,
            at,
            prev: String::new(),
            entry: Entry::Close,
            of: Some(of),
            door: Door::Station,
            source: "local".to_owned(),
            user: user.to_owned(),
            category: Category::Audit,
            act: "close".to_owned(),
            target: String::new(),
            old: None,
            new: None,
            comment: String::new(),
            result,
        }
    }

    /// Its bytes in the chain, and their hash.
    pub(super) fn seal(&mut self, number: u64, prev: &Hash) -> Result<(Vec<u8>, Hash), serde_json::Error> {
        self.number = number;
        self.prev = hex::encode(prev);
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        let hash = hash(&bytes);
        Ok((bytes, hash))
    }
}

pub(super) type Hash = [u8; 32];

pub(super) fn hash(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// A value as people write it in JSON; numbers that JSON doesn't have become their names.
pub(super) fn value_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(v) => (*v).into(),
        Value::Int(v) => (*v).into(),
        Value::Uint(v) => (*v).into(),
        Value::Float(v) => serde_json::Number::from_f64(*v).map_or_else(|| v.to_string().into(), serde_json::Value::Number),
        Value::Text(v) => cut(v, limits::FIELD_BYTES).into(),
    }
}

pub(super) fn outcome_text(outcome: &Outcome) -> String {
    let kind = match outcome.kind {
        OutcomeKind::Confirmed => "confirmed",
        OutcomeKind::Done => "done",
        OutcomeKind::Mismatch => "mismatch",
        OutcomeKind::Unknown => "unknown",
        OutcomeKind::Refused => "refused",
        OutcomeKind::NotSent => "not sent",
    };
    cut(&format!("{kind}: {}", outcome.message), limits::FIELD_BYTES)
}

/// At most so many bytes of a text, at a character's end.
pub(crate) fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = (0..=bytes.saturating_sub(3)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..end])
}
