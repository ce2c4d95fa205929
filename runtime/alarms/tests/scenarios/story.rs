//! A scenario's text: tags, alarms, and what happens when.

use std::collections::BTreeMap;
use std::sync::Arc;

use plantroom_model::{
    AlarmDetail, AlarmSpec, Condition, ConnectionId, Label, LimitKind, LimitSource, Origin, PluginId, Priority, Role, TagId,
    TagSpec, ValueKind, duration_ms,
};

/// What a file says.
pub struct Story {
    pub plant: Plant,
    pub steps: Vec<Step>,
    text: String,
}

/// What there is.
#[derive(Clone, Default)]
pub struct Plant {
    pub tags: Vec<TagSpec>,
    pub alarms: Vec<AlarmSpec>,
    /// Connections by name.
    pub connections: BTreeMap<String, u32>,
}

/// One line of what happens, and the lines that follow from it.
pub struct Step {
    pub at_ms: u64,
    pub input: String,
    pub expected: Vec<String>,
    pub line: usize,
}

impl Story {
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut plant, mut steps) = (Plant::default(), Vec::<Step>::new());
        for (number, line) in (1..).zip(text.lines()) {
            let said = line.trim();
            let wrong = |why: &str| format!("line {number}: {why}: {said}");
            if said.is_empty() || said.starts_with('#') {
            } else if let Some(expected) = said.strip_prefix('|') {
                let step = steps.last_mut().ok_or_else(|| wrong("nothing has happened yet"))?;
                step.expected.push(expected.trim().to_owned());
            } else if let Some(tag) = said.strip_prefix("tag ") {
                plant.tag(tag).map_err(|why| wrong(&why))?;
            } else if said.starts_with("alarm ") && steps.is_empty() {
                plant.alarm(said).map_err(|why| wrong(&why))?;
            } else {
                let (time, input) = said.split_once("  ").ok_or_else(|| wrong("two spaces between time and what happens"))?;
                let at_ms = duration_ms(time).ok_or_else(|| wrong("a time first"))?;
                steps.push(Step { at_ms, input: input.trim().to_owned(), expected: Vec::new(), line: number });
            }
        }
        if steps.is_empty() {
            return Err("nothing happens".to_owned());
        }
        Ok(Self { plant, steps, text: text.to_owned() })
    }

    /// The same text with these lines as what follows from each step.
    pub fn with_transcript(&self, told: &[Vec<String>]) -> String {
        let mut out = String::new();
        for (number, line) in (1..).zip(self.text.lines()) {
            if line.trim().starts_with('|') {
                continue;
            }
            out += line;
            out.push('\n');
            if let Some(step) = self.steps.iter().position(|step| step.line == number) {
                for line in &told[step] {
                    out += &format!("           | {line}\n");
                }
            }
        }
        out
    }
}

impl Plant {
    /// `NAME [on CONNECTION[/DEVICE]] [polled every TIME]`
    fn tag(&mut self, said: &str) -> Result<(), String> {
        let words: Vec<&str> = said.split_whitespace().collect();
        let (name, mut rest) = words.split_first().ok_or("a name")?;
        let mut spec = TagSpec::new(name, ValueKind::Float, Origin::Memory { initial: plantroom_model::Value::Null });
        while let [key, value, tail @ ..] = rest {
            match *key {
                "on" => {
                    let (connection, device) = self.place(value);
                    let address = Label::default();
                    spec.origin = Origin::Driver { plugin: PluginId(0), connection, device, address };
                }
                "silent-after" => {
                    let ms = duration_ms(value).ok_or("a time without a space, like 2s")?;
                    spec = spec.with(|tag| tag.stale_after_ms = ms as u32);
                }
                _ => return Err(format!("{key} is not known")),
            }
            rest = tail;
        }
        self.tags.push(spec);
        Ok(())
    }

    /// A connection, or `CONNECTION/DEVICE`.
    pub fn place(&mut self, said: &str) -> (ConnectionId, Option<u32>) {
        let (name, device) = said.split_once('/').map_or((said, None), |(name, device)| (name, device.parse().ok()));
        let next = self.connections.len() as u32;
        (ConnectionId(*self.connections.entry(name.to_owned()).or_insert(next)), device)
    }

    /// `alarm NAME: CONDITION; OPTION; OPTION`: a new one, or another definition of one that is there.
    pub fn alarm(&mut self, said: &str) -> Result<(), String> {
        let said = said.strip_prefix("alarm ").unwrap_or(said);
        let (name, rest) = said.split_once(':').ok_or("alarm NAME: CONDITION")?;
        let mut parts = rest.split(';').map(str::trim);
        let mut detail = AlarmDetail {
            priority: Priority::High,
            area: name.split('/').next().unwrap_or_default().into(),
            consequence: Label::default(),
            action: Label::default(),
            respond_s: 0,
            screen: Label::default(),
            instance: Label::default(),
            on_delay_ms: 0,
            off_delay_ms: 0,
            latching: false,
            acknowledge: true,
            realarm_s: 0,
            shelve_max_s: 8 * 3_600,
            shelve_role: Role::Operate,
            first_out: Label::default(),
        };
        let mut condition = self.condition(parts.next().unwrap_or_default())?;
        for part in parts {
            option(&mut detail, &mut condition, part)?;
        }
        let spec = AlarmSpec { name: name.into(), message: name.into(), condition, detail: Arc::new(detail) };
        match self.alarms.iter_mut().find(|alarm| &*alarm.name == name) {
            Some(old) => *old = spec,
            None => self.alarms.push(spec),
        }
        Ok(())
    }

    fn condition(&mut self, said: &str) -> Result<Condition, String> {
        let words: Vec<&str> = said.split_whitespace().collect();
        let tag = |name: &str| self.tag_id(name).ok_or(format!("there is no tag {name}"));
        let source = |said: &str| match said.parse() {
            Ok(number) => Ok(LimitSource::Constant(number)),
            Err(_) => tag(said).map(LimitSource::Tag),
        };
        let number = |said: &str| said.parse::<u32>().map_err(|_| format!("{said} is no number"));
        Ok(match &words[..] {
            [side @ ("high" | "high-high" | "low" | "low-low"), at, "of", of] => {
                let kind = match *side {
                    "high-high" => LimitKind::HighHigh,
                    "high" => LimitKind::High,
                    "low" => LimitKind::Low,
                    _ => LimitKind::LowLow,
                };
                Condition::Limit { tag: tag(of)?, kind, at: source(at)?, hysteresis: 0.0 }
            }
            ["deviation", by, "of", of, "from", setpoint] => {
                Condition::Deviation { tag: tag(of)?, setpoint: tag(setpoint)?, by: source(by)?, hysteresis: 0.0 }
            }
            ["rate", per_s, "per", "s", "over", window, unit, "of", of] => {
                let window_ms = duration_ms(&format!("{window} {unit}")).ok_or("a window")? as u32;
                Condition::Rate { tag: tag(of)?, per_s: source(per_s)?, window_ms, hysteresis: 0.0 }
            }
            ["state", states @ .., "of", of] => {
                let is = states.iter().map(|state| state.parse::<i64>().map_err(|_| format!("{state} is no state")));
                Condition::State { tag: tag(of)?, is: is.collect::<Result<_, _>>()? }
            }
            ["change", "of", of] => Condition::Change { tag: tag(of)? },
            ["disagreement", "of", command, "and", feedback, "within", time, unit] => {
                let follow_ms = duration_ms(&format!("{time} {unit}")).ok_or("a time")? as u32;
                Condition::Disagree { command: tag(command)?, feedback: tag(feedback)?, follow_ms }
            }
            ["bad", "quality", "of", of] => Condition::BadQuality { tag: tag(of)? },
            ["silence", "of", place] => {
                let (connection, device) = self.place(place);
                Condition::Link { connection, device }
            }
            ["script", script] => Condition::Script { script: number(script)? },
            ["plugin", plugin] => Condition::Plugin { plugin: PluginId(number(plugin)?) },
            ["station"] => Condition::System,
            ["gone"] => Condition::Gone,
            _ => return Err(format!("{said:?} is no condition")),
        })
    }

    pub fn tag_id(&self, name: &str) -> Option<TagId> {
        self.tags.iter().position(|tag| &*tag.name == name).map(|place| TagId(place as u32))
    }
}

fn option(detail: &mut AlarmDetail, condition: &mut Condition, said: &str) -> Result<(), String> {
    let (key, value) = said.split_once(' ').unwrap_or((said, ""));
    let time =
        || duration_ms(value.trim_start_matches("after ").trim_start_matches("at most ")).ok_or(format!("{said}: no time"));
    match key {
        "hysteresis" => {
            let size: f64 = value.parse().map_err(|_| format!("{said}: no number"))?;
            match condition {
                Condition::Limit { hysteresis, .. }
                | Condition::Deviation { hysteresis, .. }
                | Condition::Rate { hysteresis, .. } => {
                    *hysteresis = size;
                }
                _ => return Err("this condition has no hysteresis".to_owned()),
            }
        }
        "on-delay" => detail.on_delay_ms = time()? as u32,
        "off-delay" => detail.off_delay_ms = time()? as u32,
        "latching" => detail.latching = true,
        "no" => detail.acknowledge = false,
        "re-alarm" => detail.realarm_s = (time()? / 1_000) as u32,
        "shelve" => detail.shelve_max_s = (time()? / 1_000) as u32,
        "first-out" => detail.first_out = value.into(),
        "event" => detail.priority = Priority::Event,
        _ => return Err(format!("{said:?} is no option")),
    }
    Ok(())
}
