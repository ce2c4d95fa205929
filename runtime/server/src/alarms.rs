//! What the server needs of a station's alarms, and how alarms are told to people.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use plantroom_access::Session;
use plantroom_model::{AlarmBoard, AlarmId, AlarmRow, AlarmSpec, Condition, Door, LimitKind, LimitSource, Outcome, Role, TagId};
use plantroom_project::Plant;
use plantroom_wire::{AlarmFiguresNow, AlarmInfo, AlarmLine, AlarmNow, AlarmTotals, AlarmWish, JournalAsk};
use tokio::sync::watch;

/// The alarms of a station, as the network sees them.
pub trait AlarmDoor: Send + Sync {
    /// All alarms; changes with every scan that changed one.
    fn board(&self) -> watch::Receiver<Arc<AlarmBoard>>;

    /// The last frame of which everything is in the journal on the disk.
    fn recorded(&self) -> watch::Receiver<u64>;

    /// Acts on alarms, each authorised, audited, decided by the scan, and in the journal before this answers. One outcome
    /// each, in order.
    fn act(
        &self,
        who: (Session, Door),
        wishes: Vec<AlarmWish>,
        comment: String,
    ) -> Pin<Box<dyn Future<Output = Vec<Outcome>> + Send>>;

    /// A page of the journal, each row with its number, and where the next page starts. A row's number is also a cursor:
    /// what is behind it comes after it. Reads the disk.
    ///
    /// # Errors
    /// In a sentence: what can't be asked so, or what the disk refuses.
    fn journal(&self, ask: &JournalAsk) -> Result<(Vec<(u64, AlarmLine)>, Option<String>), String>;

    /// The key figures of a time, in ns UTC; without one the last 24 hours. May read the disk.
    ///
    /// # Errors
    /// In a sentence: no such position, a time without an end, or what the disk refuses.
    fn figures(&self, time: (Option<i64>, Option<i64>), position: &str) -> Result<AlarmFiguresNow, String>;

    /// The same as a page for printing, in HTML.
    ///
    /// # Errors
    /// As [`AlarmDoor::figures`].
    fn report(&self, time: (Option<i64>, Option<i64>)) -> Result<String, String>;

    /// All figures of all positions, as JSON.
    ///
    /// # Errors
    /// As [`AlarmDoor::figures`].
    fn kpi(&self, time: (Option<i64>, Option<i64>)) -> Result<serde_json::Value, String>;

    /// Rows of the journal as a file: `csv` or `parquet`.
    ///
    /// # Errors
    /// In a sentence: another format, more than fits into one answer, or what the disk refuses.
    fn export(&self, ask: &JournalAsk, format: &str) -> Result<Vec<u8>, String>;
}

/// What doesn't change of an alarm, for a user of this role.
pub(crate) fn info(plant: &Plant, id: AlarmId, spec: &AlarmSpec, role: Role) -> AlarmInfo {
    let tag = tag_of(plant, spec);
    AlarmInfo {
        id: id.0,
        name: spec.name.to_string(),
        message: spec.message.to_string(),
        priority: spec.priority as u8,
        area: spec.area.to_string(),
        tag: tag.map(|tag| tag.name.to_string()).unwrap_or_default(),
        unit: tag.map(|tag| tag.unit.clone()).unwrap_or_default(),
        decimals: tag.map_or(0, |tag| tag.decimals),
        states: tag.map(|tag| tag.states.clone()).unwrap_or_default(),
        condition: condition_words(plant, spec),
        consequence: spec.consequence.to_string(),
        action: spec.action.to_string(),
        respond_s: spec.respond_s,
        screen: spec.screen.to_string(),
        instance: spec.instance.to_string(),
        first_out: spec.first_out.to_string(),
        latching: spec.latching,
        shelve_max_s: if role >= spec.shelve_role { spec.shelve_max_s } else { 0 },
        may_operate: role >= Role::Operate,
        may_maintain: role >= Role::Engineer,
    }
}

/// The tag that an alarm watches.
pub(crate) fn tag_of<'p>(plant: &'p Plant, spec: &AlarmSpec) -> Option<&'p plantroom_model::TagSpec> {
    watched(&spec.condition).and_then(|tag| plant.tags.get(tag.0 as usize))
}

/// Where an alarm stands, as consoles are told.
pub(crate) fn now(id: AlarmId, row: &AlarmRow) -> AlarmNow {
    let pair = |(who, why): &(Arc<str>, Arc<str>)| (who.to_string(), why.to_string());
    AlarmNow {
        id: id.0,
        occurrence: row.standing.occurrence.0,
        state: row.standing.state as u8,
        hidden: row.standing.hidden.0,
        marks: row.standing.marks.0,
        came: row.came.0,
        changed: row.changed.0,
        source_time: row.source_time.0,
        value: row.value.clone(),
        limit: row.limit,
        acknowledged: row.acknowledged.as_ref().map(|(at, by)| (at.0, by.to_string())),
        shelved_until: row.shelved_until.map(|until| until.0),
        hidden_by: row.hidden_by.as_ref().map(pair),
        comment: row.comment.as_deref().unwrap_or_default().to_owned(),
        cause: row.cause.as_deref().unwrap_or_default().to_owned(),
        frame: row.frame,
    }
}

/// How many stand how, as consoles are told.
pub(crate) fn totals(board: &AlarmBoard) -> AlarmTotals {
    let counts = board.counts();
    AlarmTotals {
        unacknowledged: counts.unacknowledged,
        listed: counts.listed,
        shelved: counts.shelved,
        suppressed: counts.suppressed,
        out_of_service: counts.out_of_service,
    }
}

/// The tag that an alarm watches: the one whose value stands beside it.
pub fn watched(condition: &Condition) -> Option<TagId> {
    match condition {
        Condition::Limit { tag, .. }
        | Condition::Deviation { tag, .. }
        | Condition::Rate { tag, .. }
        | Condition::State { tag, .. }
        | Condition::Change { tag }
        | Condition::BadQuality { tag } => Some(*tag),
        Condition::Disagree { feedback, .. } => Some(*feedback),
        Condition::Link { .. } | Condition::Script { .. } | Condition::Plugin { .. } | Condition::System | Condition::Gone => {
            None
        }
    }
}

/// When an alarm is active, in words.
pub fn condition_words(plant: &Plant, spec: &AlarmSpec) -> String {
    let name = |tag: TagId| plant.tags.get(tag.0 as usize).map_or("a tag that is gone", |spec| &spec.name);
    let unit = |tag: TagId| plant.tags.get(tag.0 as usize).map(|spec| spec.unit.as_str()).filter(|unit| !unit.is_empty());
    let limit = |source: &LimitSource, of: TagId, per: &str| match source {
        LimitSource::Constant(number) => format!("{number}{}{per}", unit(of).map(|unit| format!(" {unit}")).unwrap_or_default()),
        LimitSource::Tag(tag) => format!("{}{per}", name(*tag)),
    };
    let words = match &spec.condition {
        Condition::Limit { tag, kind, at, .. } => {
            let side = match kind {
                LimitKind::HighHigh | LimitKind::High => "at or above",
                LimitKind::Low | LimitKind::LowLow => "at or below",
            };
            format!("{side} {}", limit(at, *tag, ""))
        }
        Condition::Deviation { tag, setpoint, by, .. } => {
            format!("more than {} away from {}", limit(by, *tag, ""), name(*setpoint))
        }
        Condition::Rate { tag, per_s, .. } => format!("changes by more than {}", limit(per_s, *tag, " a second")),
        Condition::State { tag, is } => {
            let states = plant.tags.get(tag.0 as usize).map(|spec| spec.states.as_slice()).unwrap_or_default();
            let word = |number: &i64| {
                states.iter().find(|(state, _)| state == number).map_or_else(|| number.to_string(), |(_, word)| word.clone())
            };
            format!("is {}", is.iter().map(word).collect::<Vec<_>>().join(" or "))
        }
        Condition::Change { .. } => "changes its state".to_owned(),
        Condition::Disagree { command, follow_ms, .. } => {
            format!("does not follow {} within {}", name(*command), seconds(*follow_ms))
        }
        Condition::BadQuality { .. } => "its quality is bad".to_owned(),
        Condition::Link { connection, device } => {
            let link = plant.connections.get(connection.0 as usize);
            let device = device.and_then(|device| link?.devices.get(device as usize)).map(|device| format!(" ({})", device.name));
            format!("no answer over {}{}", link.map_or("", |link| &link.name), device.unwrap_or_default())
        }
        Condition::Script { .. } => "when its script says so".to_owned(),
        Condition::Plugin { plugin } => format!("when the plugin {} says so", plant.plugin_name(*plugin)),
        Condition::System => "when the station says so".to_owned(),
        Condition::Gone => "never: the project has it no more".to_owned(),
    };
    if spec.on_delay_ms == 0 { words } else { format!("{words}, for {}", seconds(spec.on_delay_ms)) }
}

fn seconds(ms: u32) -> String {
    format!("{} s", f64::from(ms) / 1e3)
}
