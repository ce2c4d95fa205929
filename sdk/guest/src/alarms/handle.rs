//! Handles to alarms: what a plugin holds on to after its setup.

use std::rc::Rc;

use super::AlarmInfo;
use crate::{Field, Problems, Scope, Source};

/// An alarm of the plugin's own: it says when it holds. Get one from [`AlarmInfo::to_raise`] or by deriving.
#[derive(Clone, Debug)]
pub struct Condition {
    handle: u32,
    name: Rc<str>,
}

/// An alarm that the plugin hears of, suppresses or marks. Get one from [`AlarmInfo::to_watch`] or by deriving.
#[derive(Clone, Debug)]
pub struct Alarm {
    handle: u32,
    name: Rc<str>,
}

macro_rules! handle {
    ($($type:ident),*) => {
        $(
            impl $type {
                pub(crate) fn new(info: &AlarmInfo) -> Self {
                    Self { handle: info.handle, name: info.name.as_str().into() }
                }

                /// Its handle in the contract.
                pub fn handle(&self) -> u32 {
                    self.handle
                }

                /// Its name in the project.
                pub fn name(&self) -> &str {
                    &self.name
                }
            }
        )*
    };
}

handle!(Condition, Alarm);

impl Condition {
    /// The same alarm, to ask where it stands and to mark it.
    pub fn alarm(&self) -> Alarm {
        Alarm { handle: self.handle, name: self.name.clone() }
    }
}

impl<'a> Scope<'a> {
    /// Alarms of the plugin's own that no field is for; deriving calls it with the names of all fields that are conditions.
    pub fn check_conditions(&self, fields: &[&str]) -> Problems {
        let mut problems = Problems::new();
        let known: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
        for alarm in self.setup.alarms.iter().filter(|alarm| alarm.raise && !fields.iter().any(|field| names(alarm, field))) {
            let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
            problems
                .add_alarm(alarm, format!("this plugin raises nothing of that name; it raises {known}: end the name in that"));
        }
        problems
    }

    fn alarm(&self, field: &str, may: fn(&AlarmInfo) -> bool) -> Result<Option<&'a AlarmInfo>, Problems> {
        let mut found = self.setup.alarms.iter().filter(|alarm| may(alarm) && names(alarm, field));
        match (found.next(), found.next()) {
            (Some(one), Some(other)) => Err(Problems::one(format!(
                "the alarms `{}` and `{}` are both this plugin's `{field}`; keep one",
                one.name, other.name
            ))),
            (found, _) => Ok(found),
        }
    }

    fn needed_alarm(&self, field: &str, right: &str, may: fn(&AlarmInfo) -> bool) -> Result<&'a AlarmInfo, Problems> {
        self.alarm(field, may)?.ok_or_else(|| {
            Problems::one(format!(
                "no alarm whose name ends in `{field}` is granted to this plugin for `alarms.{right}`; add one"
            ))
        })
    }
}

/// An alarm is a field's by the end of its name.
fn names(alarm: &AlarmInfo, field: &str) -> bool {
    alarm.name.strip_suffix(field).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

impl Field for Condition {
    const SOURCE: Source = Source::Condition;

    fn is_given(scope: &Scope<'_>, field: &str) -> bool {
        !matches!(scope.alarm(field, |alarm| alarm.raise), Ok(None))
    }

    fn find(scope: &Scope<'_>, field: &str) -> Result<Self, Problems> {
        scope.needed_alarm(field, "raise", |alarm| alarm.raise)?.to_raise()
    }
}

impl Field for Alarm {
    const SOURCE: Source = Source::Alarm;

    fn is_given(scope: &Scope<'_>, field: &str) -> bool {
        !matches!(scope.alarm(field, |alarm| !alarm.raise), Ok(None))
    }

    fn find(scope: &Scope<'_>, field: &str) -> Result<Self, Problems> {
        Ok(scope.needed_alarm(field, "read", |alarm| !alarm.raise)?.to_watch())
    }
}
