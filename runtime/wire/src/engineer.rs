//! What engineers ask beside the values of tags: why a tag is as it is, registers, tags that were taken over,
//! automations, and changes of the project. Lists are cut off at limits of the station; they say how much is left out.

use plantroom_model::{AutomationVerb, Diagnostic, TagMode};
use serde::{Deserialize, Serialize};

use crate::{AlarmFiguresNow, AlarmInfo, AlarmLine, AlarmNow, AlarmWish, JournalAsk};

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// Every tag that a person has taken over. Answered by [`Reply::Overrides`].
    Overrides,
    /// The tags of a connection with their raw words; for engineers, at most once a second. Answered by
    /// [`Reply::Registers`].
    Registers {
        /// Name of the connection; empty for the first one.
        connection: String,
    },
    /// What the station does by itself. Answered by [`Reply::Automations`].
    Automations {
        /// Whose journal; `None` for that of all.
        journal_of: Option<String>,
    },
    /// How the project folder stands to what runs. Answered by [`Reply::Project`].
    Project,
    /// Changes of the project that are kept, newest first; for engineers. Answered by [`Reply::Changes`].
    Changes,
    /// One of them with its difference; for engineers. Answered by [`Reply::Change`].
    Change {
        /// Its number.
        number: u64,
    },
    /// Rows of the alarm journal. Answered by [`Reply::AlarmJournal`].
    AlarmJournal(JournalAsk),
    /// The key figures of a time. Answered by [`Reply::AlarmFigures`].
    AlarmFigures {
        /// From, ns UTC; `None`: the last 24 hours.
        from: Option<i64>,
        /// To, ns UTC; `None`: until now.
        to: Option<i64>,
        /// Whose; empty for the whole plant.
        position: String,
    },
    /// All alarms of an instance, of a tag and of what lies below these names, or the alarm of this name; also those that stand
    /// as normal. Answered by [`Reply::Alarms`].
    AlarmsOf {
        /// The instance, the tag or the alarm: `high_lift/p1`.
        place: String,
    },
}

/// What is to be done. Authorised and audited by the station.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deed {
    /// A word to an automation.
    Automation {
        /// Its name.
        name: String,
        /// What.
        verb: AutomationVerb,
        /// Why; never empty for a stop.
        reason: String,
    },
    /// Applies what the project folder holds.
    ApplyProject {
        /// Why; may be empty.
        comment: String,
    },
    /// Acts on alarms: acknowledge, shelve and so on. The outcome tells of all of them in one sentence.
    Alarms {
        /// At most [`crate::ALARM_ACTS`].
        wishes: Vec<AlarmWish>,
        /// Why; may be empty where the act doesn't take a reason.
        comment: String,
    },
    /// Puts the project back as it was before a change.
    RollBack {
        /// The change to go back before.
        before: u64,
        /// Why; may be empty.
        comment: String,
    },
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// Every tag that a person has taken over, by name.
    Overrides {
        /// The first of them.
        list: Vec<OverrideNow>,
        /// How many more there are.
        more: u32,
    },
    /// The tags of a connection with their raw words.
    Registers {
        /// Names of all connections of the plant.
        connections: Vec<String>,
        /// Which of them.
        connection: String,
        /// Where it leads, in words.
        link: String,
        /// How it is, in a word.
        state: String,
        /// The tags, in the order of the project.
        rows: Vec<RegisterNow>,
        /// How many more tags it has.
        more: u32,
    },
    /// What the station does by itself.
    Automations {
        /// All automations.
        list: Vec<AutomationNow>,
        /// What they did and why, newest first.
        journal: Vec<JournalLine>,
    },
    /// How the project folder stands to what runs.
    Project(ProjectNow),
    /// Changes that are kept, newest first, without their differences.
    Changes(Vec<ChangeNow>),
    /// One change with its difference; `None` where there is none of that number.
    Change(Option<ChangeNow>),
    /// A page of the alarm journal.
    AlarmJournal {
        /// In the order asked.
        rows: Vec<AlarmLine>,
        /// Where the next page starts; `None` where there is none.
        next: Option<String>,
    },
    /// The key figures of a time.
    AlarmFigures(Box<AlarmFiguresNow>),
    /// All alarms of an instance.
    Alarms {
        /// What they are.
        infos: Vec<AlarmInfo>,
        /// How they stand, in the same order.
        rows: Vec<AlarmNow>,
    },
    /// Not answered; why, in a sentence.
    Refused(String),
}

/// Why a tag holds what it holds: from the device to the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyNow {
    /// What it holds, in words with unit.
    pub value: String,
    /// The status in words.
    pub reason: String,
    /// From the source to the value, then who was refused what.
    pub steps: Vec<WhyStep>,
    /// Who has taken it over, if anybody has.
    pub over: Option<OverrideNow>,
    /// All of it as lines for people, to be copied.
    pub text: String,
}

/// One step of a [`WhyNow`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyStep {
    /// 0 for the tag itself; 1 and more for what it is computed from.
    pub depth: u8,
    /// What is told: source, connection, device, raw, scaling, ...
    pub what: String,
    /// In a sentence, or a figure with its unit.
    pub text: String,
    /// good, uncertain or bad; empty where the step has no quality.
    pub quality: String,
}

/// A tag that a person has taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverrideNow {
    /// Its name.
    pub tag: String,
    /// Never normal.
    pub mode: TagMode,
    /// What stands in for the source's value, in words with unit; empty off scan.
    pub value: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub user: String,
    /// Since when, ns UTC.
    pub since: i64,
}

/// A tag of a connection as its driver reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterNow {
    /// The tag's name.
    pub tag: String,
    /// The device behind the connection, where there are several.
    pub device: String,
    /// Where the project says it is, in the driver's notation.
    pub address: String,
    /// Where the driver reads it, in the words of the device's manual; empty where it doesn't say.
    pub place: String,
    /// The words from which it was decoded last, as they stood on the wire.
    pub words: Vec<u16>,
    /// When those words were read, ns UTC; 0 for never.
    pub read: i64,
    /// What else the driver knows: an exception, a missing answer.
    pub note: String,
    /// What the tag holds, in words with unit.
    pub value: String,
    /// good, uncertain or bad.
    pub quality: String,
    /// The status in words.
    pub reason: String,
}

/// What the project lets the station do by itself, and how it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutomationNow {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The script, or the plugin whose outputs are written.
    pub does: String,
    /// The technical user whose rights count.
    pub user: String,
    /// The tags that it may write.
    pub write: Vec<String>,
    /// waiting, running or stopped; empty while not known.
    pub state: String,
    /// A person has stopped it, and may start it again.
    pub by_person: bool,
    /// When it last ran, in the plant's time.
    pub last_run: String,
    /// What it last did, and why.
    pub last_action: String,
    /// Why it has stopped; empty while it hasn't.
    pub last_error: String,
}

/// One thing that an automation did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalLine {
    /// When, ns UTC.
    pub at: i64,
    /// Which automation.
    pub automation: String,
    /// What made it run.
    pub cause: String,
    /// What it did, in a sentence.
    pub words: String,
    /// Why, in its author's words; may be empty.
    pub why: String,
    /// It went as it was meant to.
    pub good: bool,
}

/// How the project folder stands to what runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProjectState {
    /// What the folder holds runs.
    #[default]
    Current,
    /// The folder holds a change that waits until somebody applies it.
    Waiting,
    /// The folder has mistakes; the project from before runs on.
    Refused,
}

/// What is known of the project folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectNow {
    /// In a word.
    pub state: ProjectState,
    /// In a sentence.
    pub message: String,
    /// Number of the newest change; 0 before the first.
    pub change: u64,
    /// What applying would do; empty where nothing waits.
    pub preview: String,
    /// The same by name, one line each.
    pub details: Vec<String>,
    /// What is wrong with the folder, or probably not meant.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether what is saved is applied at once.
    pub on_save: bool,
}

/// One change that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeNow {
    /// Counts from 1.
    pub number: u64,
    /// apply, rollback or while-stopped.
    pub kind: String,
    /// The change that a rollback went back before.
    pub of: Option<u64>,
    /// When, ns UTC.
    pub at: i64,
    /// Who.
    pub user: String,
    /// Why.
    pub comment: String,
    /// What it did, in a sentence.
    pub preview: String,
    /// Files that it changed.
    pub files: Vec<String>,
    /// The difference of the texts, as `diff -u` shows it; empty in lists.
    pub diff: String,
}
