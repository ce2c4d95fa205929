//! Tags that a person has taken over: off scan, with a substitute, or simulated.
//!
//! Who may: to substitute is an operator's business (a sensor has failed at night, and the plant must go on); to take a
//! tag off scan or to simulate it is an engineer's. Each takes a reason, is audited before it counts, is kept in
//! `modes.json`, and is there again after a restart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use plantroom_access::{Act, Category};
use plantroom_model::{ModeRequest, Origin, Outcome, OutcomeKind, Role, TagId, TagMode, TagSpec, Utc, Value, limits};
use plantroom_project::Plant;
use plantroom_store::{RealDisk, StoreError, read_file, replace_file};
use serde::{Deserialize, Serialize};

use crate::command::{CommandPath, Who, refused, stopping};
use crate::inbox::What;
use crate::{readback, target};

/// Largest file that is read back, in bytes.
const FILE_BYTES: u64 = 64 << 20;
/// Tags that may be taken over at once. The next one is refused: a plant of which so much isn't real isn't running.
const OVERRIDES: usize = 10_000;
/// How long the scan may take to show a new mode, in ms, beyond its longest pause.
const SEEN_MS: u64 = 1_000;

/// A tag that a person has taken over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Override {
    /// Never normal.
    pub mode: TagMode,
    /// What stands in for the source's value; `None` off scan.
    pub value: Option<Value>,
    /// Why.
    pub reason: String,
    /// Who.
    pub user: String,
    /// Since when.
    pub since: Utc,
}

/// All tags that are not normal, by name: a name outlives changes of the project.
#[derive(Debug)]
pub struct Modes {
    path: PathBuf,
    now: RwLock<BTreeMap<Arc<str>, Override>>,
    /// Held over a whole change, so that disk and scan get changes in the same order.
    changing: tokio::sync::Mutex<()>,
    saving: Arc<Mutex<()>>,
}

impl Modes {
    /// Opens what was kept in a data folder.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("modes.json");
        let bytes = read_file(&RealDisk, &path, FILE_BYTES)?;
        let kept = bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose();
        let now = kept.unwrap_or_else(|error| {
            tracing::error!(
                "tags that were taken over are not known any more and follow their sources: {error}: {}",
                path.display()
            );
            None
        });
        Ok(Self {
            path,
            now: RwLock::new(now.unwrap_or_default()),
            changing: tokio::sync::Mutex::default(),
            saving: Arc::default(),
        })
    }

    /// A tag's mode.
    pub fn mode(&self, name: &str) -> TagMode {
        self.now.read().get(name).map_or(TagMode::Normal, |over| over.mode)
    }

    /// Who has taken a tag over, and why.
    pub fn of(&self, name: &str) -> Option<Override> {
        self.now.read().get(name).cloned()
    }

    /// Every tag that is not normal, by name.
    pub fn all(&self) -> Vec<(Arc<str>, Override)> {
        self.now.read().iter().map(|(name, over)| (Arc::clone(name), over.clone())).collect()
    }

    /// Tells the scan what was kept from before its start. Tags that the project no longer has are passed over, and
    /// stay kept in case they come back.
    pub fn restore(&self, plant: &Plant, tell: impl Fn(TagId, TagMode, Option<Value>)) {
        for (name, over) in self.all() {
            match plant.tag(&name) {
                Some((tag, _)) => tell(tag, over.mode, over.value),
                None => tracing::warn!(tag = &*name, mode = over.mode.word(), "a tag that was taken over is not in the project"),
            }
        }
    }

    /// Says how many there are, by the station's own tag.
    pub fn count(&self, plant: &Plant, tell: impl Fn(TagId, Value)) {
        if let Some((tag, _)) = plant.tag("system/overrides") {
            tell(tag, Value::Uint(self.now.read().len() as u64));
        }
    }

    /// Gives a simulated tag another value.
    pub(crate) async fn simulate(&self, path: &CommandPath, tag: TagId, name: &str, value: Value) -> Result<(), String> {
        let _turn = self.changing.lock().await;
        let Some(mut over) = self.of(name).filter(|over| over.mode == TagMode::Simulated) else {
            return Err(format!("{name} is not simulated any more; nothing was written."));
        };
        over.value = Some(value);
        self.keep(name, Some(over.clone())).await?;
        self.tell(path, tag, over.mode, over.value).await
    }

    /// On the disk first, then in force.
    async fn keep(&self, name: &str, over: Option<Override>) -> Result<(), String> {
        let mut next = self.now.read().clone();
        match over {
            Some(over) => next.insert(name.into(), over),
            None => next.remove(name),
        };
        let (path, saving) = (self.path.clone(), Arc::clone(&self.saving));
        let saved = {
            let next = next.clone();
            tokio::task::spawn_blocking(move || {
                let _turn = saving.lock();
                let mut bytes = serde_json::to_vec_pretty(&next).unwrap_or_default();
                bytes.push(b'\n');
                replace_file(&RealDisk, &path, &bytes)
            })
        };
        match saved.await {
            Ok(Ok(())) => {
                *self.now.write() = next;
                Ok(())
            }
            Ok(Err(error)) => Err(format!("The station's disk does not take it: {error}.")),
            Err(_) => Err("The station is stopping; nothing was changed.".to_owned()),
        }
    }

    /// Tells the scan, and waits until it shows.
    async fn tell(&self, path: &CommandPath, tag: TagId, mode: TagMode, value: Option<Value>) -> Result<(), String> {
        let mut snapshots = path.snapshots.clone();
        let before = snapshots.borrow().number();
        let unseen = "The change was kept, but was not seen to take effect; look at the tag.";
        if !path.inbox.put(path.clock.now(), What::Mode { tag, mode, value }) {
            return Err(unseen.to_owned());
        }
        self.count(&path.plant(), |tag, value| {
            path.inbox.put(path.clock.now(), What::Set { tag, value });
        });
        let limit = Duration::from_millis(u64::from(path.plant().scan.max_ms) + SEEN_MS);
        if readback::scanned(&mut snapshots, before, limit).await { Ok(()) } else { Err(unseen.to_owned()) }
    }
}

/// The lowest role that may bring a tag into a mode, or out of it.
pub fn needed(mode: TagMode) -> Role {
    match mode {
        TagMode::Substituted | TagMode::Normal => Role::Operate,
        TagMode::OffScan | TagMode::Simulated => Role::Engineer,
    }
}

impl CommandPath {
    /// Changes a tag's mode, or says why not: authorised, audited, kept, then in force.
    pub async fn set_mode(self: Arc<Self>, who: Who, request: ModeRequest) -> Outcome {
        let now = self.clock.now();
        let plant = self.plant();
        let spec = plant.tags.get(request.tag.0 as usize).filter(|spec| spec.origin != Origin::Gone);
        let name = spec.map_or_else(|| Arc::from("(no such tag)"), |spec| Arc::from(&spec.name));
        // Who may put a tag back is who may take it over in that way.
        let role = needed(request.mode).max(needed(self.modes.mode(&name)));
        let what = match request.mode {
            TagMode::Normal => "restore tag",
            TagMode::OffScan => "take tag off scan",
            TagMode::Substituted => "substitute tag",
            TagMode::Simulated => "simulate tag",
        };
        let user = Arc::clone(who.user());
        let permit = match self.authorise(who, role, Act::new(Category::Request, what, &name), now).await {
            Some(Ok(permit)) => permit,
            Some(Err(refusal)) => return refused(&refusal),
            None => return stopping(),
        };
        let _turn = self.modes.changing.lock().await;
        let present = self.snapshots.borrow().get(request.tag).map(|sample| sample.value.clone());
        let over = match spec.ok_or_else(|| "There is no such tag in this plant.".to_owned()).and_then(|spec| {
            self.judge_mode(spec, &request, present.clone())?;
            Ok(mode_value(spec, &request, present.clone())?.map(|value| (spec, value)))
        }) {
            Ok(found) => found.map(|(spec, value)| (spec, value)),
            Err(reason) => {
                let note = format!("refused: {reason}");
                self.blocking(move |access| access.audit().note(permit, &note, now)).await;
                return refused(&reason);
            }
        };
        let value = over.as_ref().map(|(_, value)| value.clone());
        let old = self.modes.of(&name).map_or(TagMode::Normal, |over| over.mode);
        let values = (Some(old.word().into()), Some(told_value(request.mode, value.as_ref())));
        let comment = request.reason.clone();
        let begun = match self.blocking(move |access| access.audit().begin(permit, values, &comment, now)).await {
            Some(Ok(begun)) => begun,
            Some(Err(error)) => return refused(&error),
            None => return stopping(),
        };
        let audit = begun.number();
        let mode = request.mode;
        let kept = (mode != TagMode::Normal).then(|| Override {
            mode,
            value: value.clone(),
            reason: request.reason.clone(),
            user: user.to_string(),
            since: now.utc,
        });
        let done = match self.modes.keep(&name, kept).await {
            Ok(()) => self.modes.tell(&self, request.tag, mode, value.clone()).await.map_err(|why| (OutcomeKind::Unknown, why)),
            Err(why) => Err((OutcomeKind::Refused, why)),
        };
        let (kind, message) = match done {
            Ok(()) => (OutcomeKind::Done, mode_words(&name, mode, over.as_ref().map(|(spec, value)| target::shown(spec, value)))),
            Err(failed) => failed,
        };
        let (result, at) = (if kind == OutcomeKind::Done { "done".to_owned() } else { message.clone() }, self.clock.now());
        self.blocking(move |access| access.audit().finish(begun, &result, at)).await;
        Outcome { kind, message, audit }
    }

    /// Whether a request for a mode makes sense.
    fn judge_mode(&self, spec: &TagSpec, request: &ModeRequest, present: Option<Value>) -> Result<(), String> {
        let name = &spec.name;
        let is_normal = self.modes.mode(name) == TagMode::Normal;
        if request.reason.trim().is_empty() {
            return Err("Say why: a reason is kept with it, and shown to everybody who looks at the tag.".to_owned());
        }
        if request.reason.len() > limits::COMMENT_BYTES {
            return Err(format!("The reason is too long; at most {} bytes.", limits::COMMENT_BYTES));
        }
        if spec.origin == Origin::System {
            return Err(format!("{name} is said by the station itself; it can't be taken over."));
        }
        if request.mode == TagMode::Normal && is_normal {
            return Err(format!("{name} follows its source already; there is nothing to restore."));
        }
        if is_normal && request.mode != TagMode::Normal && self.modes.now.read().len() >= OVERRIDES {
            return Err(format!("{OVERRIDES} tags are taken over already; restore some of them first."));
        }
        let no_value = request.value.is_none() && matches!(present, None | Some(Value::Null));
        if no_value && matches!(request.mode, TagMode::Substituted | TagMode::Simulated) {
            return Err(format!("{name} has no value yet that could stand; name one."));
        }
        Ok(())
    }
}

/// The value that a mode needs, as the tag's kind.
fn mode_value(spec: &TagSpec, request: &ModeRequest, present: Option<Value>) -> Result<Option<Value>, String> {
    if matches!(request.mode, TagMode::Normal | TagMode::OffScan) {
        return match request.value {
            Some(_) => Err(format!("A tag that is {} takes no value.", request.mode.word())),
            None => Ok(None),
        };
    }
    let Some(asked) = request.value.clone().or(present) else { return Ok(None) };
    let wrong = || format!("{} can't hold {asked}: it is a tag of kind {}.", spec.name, spec.kind.word());
    let value = asked.converted(spec.kind).filter(|value| value.as_f64().is_none_or(f64::is_finite)).ok_or_else(wrong)?;
    if let Value::Text(text) = &value
        && text.len() > limits::TEXT_BYTES
    {
        return Err(wrong());
    }
    if let (Some((low, high)), Some(number), false) = (spec.range, value.as_f64(), matches!(value, Value::Bool(_)))
        && !(low..=high).contains(&number)
    {
        return Err(format!("{} goes from {low} to {high}; {number} is outside.", spec.name));
    }
    Ok(Some(value))
}

fn told_value(mode: TagMode, value: Option<&Value>) -> serde_json::Value {
    match value {
        Some(value) => format!("{} at {value}", mode.word()).into(),
        None => mode.word().into(),
    }
}

fn mode_words(name: &str, mode: TagMode, value: Option<String>) -> String {
    let value = value.unwrap_or_default();
    match mode {
        TagMode::Normal => format!("{name} follows its source again."),
        TagMode::OffScan => format!("{name} is off scan; its last value stands, and counts as bad."),
        TagMode::Substituted => format!("{name} is substituted: {value} stands in for what its source says."),
        TagMode::Simulated => format!("{name} is simulated at {value}; writes to it reach no device."),
    }
}
