//! Lets a scenario happen.

use std::collections::BTreeMap;
use std::sync::Arc;

use plantroom_alarms::{AlarmEngine, Counts};
use plantroom_model::{
    AlarmAct, AlarmEvent, AlarmFrame, AlarmId, AlarmVerb, Changes, ConditionSource, ConditionWord, Conditions, LimitState, Marks,
    Mono, Now, Occurrence, PluginId, RestoredAlarm, Sample, Standing, Status, TagId, Utc, Value, duration_ms,
};

use crate::story::{Plant, Story};
use crate::transcript::lines;

/// 2026-03-28T12:00:00Z.
const BEGIN_UTC_NS: i64 = 1_774_699_200_000_000_000;
const BEGIN_MONO_NS: u64 = 1_000_000_000_000;

/// A plant on its way through a scenario.
pub struct Run {
    plant: Plant,
    engine: AlarmEngine,
    now: Now,
    begin: Now,
    tags: Vec<Sample>,
    /// What frames alone say of where alarms stand, and their shelves and last words.
    heard: BTreeMap<AlarmId, Heard>,
    told: Vec<String>,
}

#[derive(Clone, Default)]
struct Heard {
    standing: Standing,
    until: Option<Utc>,
    came: Utc,
    acknowledged_by: Option<Arc<str>>,
}

type Done = Result<(), String>;

impl Run {
    /// The lines that follow from each step.
    pub fn through(story: &Story) -> Result<Vec<Vec<String>>, String> {
        let begin = Now { mono: Mono(BEGIN_MONO_NS), utc: Utc(BEGIN_UTC_NS) };
        let plant = story.plant.clone();
        let engine = AlarmEngine::new(plant.alarms.clone().into(), &plant.tags, &[], 1, begin);
        let tags = vec![Sample::waiting(); plant.tags.len()];
        let mut run = Self { plant, engine, now: begin, begin, tags, heard: BTreeMap::new(), told: Vec::new() };
        let mut all = Vec::new();
        for step in &story.steps {
            run.pass_to(step.at_ms);
            run.happen(&step.input).map_err(|why| format!("line {}: {why}", step.line))?;
            run.hear(step.at_ms);
            run.check().map_err(|why| format!("line {}: {why}", step.line))?;
            all.push(std::mem::take(&mut run.told));
        }
        Ok(all)
    }

    /// Every moment at which the engine wants to be asked, up to this one.
    fn pass_to(&mut self, at_ms: u64) {
        let target = self.begin.mono.plus_ms(at_ms);
        while let Some(due) = self.engine.next_due().filter(|due| *due < target) {
            self.advance(due.max(self.now.mono));
            self.engine.tick(self.now);
            self.hear(at_ms);
        }
        self.advance(target);
        self.engine.tick(self.now);
        self.hear(at_ms);
    }

    fn advance(&mut self, to: Mono) {
        let ns = to.since(self.now.mono);
        self.now = Now { mono: Mono(self.now.mono.0 + ns), utc: Utc(self.now.utc.0 + ns as i64) };
    }

    fn hear(&mut self, at_ms: u64) {
        let frame = self.engine.take();
        let (begin, step) = (self.begin.mono, self.begin.mono.plus_ms(at_ms));
        let at = |now: Now| {
            if now.mono == step {
                return String::new();
            }
            format!("at {}: ", plantroom_model::duration_words(now.mono.since(begin) / 1_000_000))
        };
        self.told.extend(lines(&frame, &self.plant.alarms, at));
        self.fold(&frame);
    }

    fn fold(&mut self, frame: &AlarmFrame) {
        for event in &frame.events {
            let heard = self.heard.entry(event.alarm).or_default();
            heard.note(event);
        }
        for (alarm, standing) in &frame.quiet {
            self.heard.entry(*alarm).or_default().standing = *standing;
        }
    }

    /// What frames say must be where alarms stand.
    fn check(&self) -> Done {
        let plain = |standing: Standing| {
            // Of alarms at rest it isn't told that nothing can be told.
            let marks = if standing.is_at_rest() { standing.marks.without(Marks::UNKNOWN) } else { standing.marks };
            Standing { marks, ..standing }
        };
        for (alarm, standing) in self.engine.standings() {
            let heard = self.heard.get(&alarm).map(|heard| heard.standing).unwrap_or_default();
            if plain(heard) != plain(standing) {
                return Err(format!("alarm {} stands at {standing:?}, and frames say {heard:?}", alarm.0));
            }
        }
        let mut counted = Counts::default();
        self.engine.standings().for_each(|(_, standing)| counted.count(standing, 1));
        let totals = self.engine.totals();
        if totals != counted {
            return Err(format!("{totals:?} were counted, and there are {counted:?}"));
        }
        Ok(())
    }

    fn happen(&mut self, input: &str) -> Done {
        let words: Vec<&str> = input.split_whitespace().collect();
        match &words[..] {
            ["time", "passes"] => Ok(()),
            ["clock", "is", "set", by, ..] => {
                let (sign, size) = by.split_at(1);
                let ms = duration_ms(size).ok_or("clock is set +1h, or -1h")? as i64;
                self.now.utc.0 += if sign == "-" { -ms } else { ms } * 1_000_000;
                self.engine.tick(self.now);
                Ok(())
            }
            ["restart", rest @ ..] => self.restart(&rest.join(" ")),
            ["change", rest @ ..] => self.change(&rest.join(" ")),
            [place, "is", "silent"] => self.link(place, false),
            [place, "answers"] => self.link(place, true),
            [source @ ("plugin" | "script"), number, rest @ ..] => self.word(source, number, rest),
            ["station", rest @ ..] => self.word("station", "0", rest),
            [_, "=", ..] => self.samples(input),
            _ => self.act(input),
        }
    }

    /// `TAG = VALUE (QUALITY) at TIME; TAG = VALUE`: one scan.
    fn samples(&mut self, input: &str) -> Done {
        let mut changes = Changes::default();
        for part in input.split(';').map(str::trim) {
            let (tag, rest) = part.split_once(" = ").ok_or(format!("{part}: TAG = VALUE"))?;
            let tag = self.plant.tag_id(tag).ok_or(format!("there is no tag {tag}"))?;
            let (rest, at) = rest.split_once(" at ").map_or((rest, None), |(rest, at)| (rest, Some(at)));
            let (value, quality) = rest.split_once('(').unwrap_or((rest, "good"));
            let status = match quality.trim_end_matches(')') {
                "good" => Status::GOOD,
                "bad" => Status::BAD_SENSOR_FAILURE,
                "no communication" => Status::BAD_NO_COMMUNICATION,
                "out of service" => Status::BAD_OUT_OF_SERVICE,
                "uncertain" => Status::UNCERTAIN_EU_EXCEEDED,
                "from before the restart" => Status::UNCERTAIN_INITIAL,
                "waiting" => Status::BAD_WAITING_FOR_INITIAL_DATA,
                "simulated" => Status::GOOD_SIMULATED,
                other => return Err(format!("{other} is no quality")),
            };
            let source_time = match at {
                Some(at) => Utc(BEGIN_UTC_NS + duration_ms(at).ok_or("a source time")? as i64 * 1_000_000),
                None => self.now.utc,
            };
            let value = value_of(value.trim());
            let sample = Sample { value, status, source_time, server_time: self.now.utc };
            changes.push(tag, &sample, LimitState::Normal, true);
            self.tags[tag.0 as usize] = sample;
        }
        self.engine.apply(&changes, self.now);
        Ok(())
    }

    fn link(&mut self, place: &str, answers: bool) -> Done {
        let (connection, device) = self.plant.place(place);
        let tags = &self.tags;
        let current = |tag: TagId| tags.get(tag.0 as usize).cloned();
        self.engine.link(connection, device, answers, &current, self.now);
        Ok(())
    }

    /// `plugin 0 raises A: DETAIL` and the like.
    fn word(&mut self, source: &str, number: &str, rest: &[&str]) -> Done {
        let number = number.parse().map_err(|_| "a number")?;
        let source = match source {
            "plugin" => ConditionSource::Plugin(PluginId(number)),
            "script" => ConditionSource::Script(number),
            _ => ConditionSource::System,
        };
        if rest == ["dies"] {
            self.engine.source_down(source, self.now);
            return Ok(());
        }
        let said = rest.join(" ");
        let (said, text) = said.split_once(": ").unwrap_or((&said, ""));
        let text: Arc<str> = text.into();
        let words: Vec<&str> = said.split(' ').collect();
        let value = Value::Null;
        let (alarm, word) = match &words[..] {
            ["raises", alarm] => (alarm, ConditionWord::Raise { value: Value::Bool(true), source_time: Utc(0), detail: text }),
            ["clears", alarm] => (alarm, ConditionWord::Clear { value }),
            ["cannot", "tell", alarm] => (alarm, ConditionWord::Unknown(Status::BAD_CONFIGURATION)),
            ["suppresses", alarm] => (alarm, ConditionWord::Suppress { reason: text }),
            ["unsuppresses", alarm] => (alarm, ConditionWord::Unsuppress),
            ["marks", alarm, "first"] => (alarm, ConditionWord::First(true)),
            ["groups", alarm] => (alarm, ConditionWord::Group { cause: text, first: false }),
            ["groups", alarm, "first"] => (alarm, ConditionWord::Group { cause: text, first: true }),
            _ => return Err(format!("{said}: no such word")),
        };
        let rows = vec![(self.alarm(alarm)?, word)];
        self.engine.conditions(source, &Conditions { rows }, self.now);
        Ok(())
    }

    /// `anna acknowledges A` and the like; a comment after a colon.
    fn act(&mut self, input: &str) -> Done {
        let (said, comment) = input.split_once(": ").unwrap_or((input, ""));
        let words: Vec<&str> = said.split_whitespace().collect();
        let [by, rest @ ..] = &words[..] else { return Err("nobody does anything".to_owned()) };
        let shelved = |time: &[&str], one_shot| {
            let ms = duration_ms(&time.join(" ")).ok_or(format!("{}: no time", time.join(" ")))?;
            Ok::<_, String>(AlarmVerb::Shelve { for_s: (ms / 1_000) as u32, one_shot })
        };
        let (alarm, verb) = match rest {
            ["acknowledges", alarm] => {
                let occurrence = self.engine.standing(self.alarm(alarm)?).occurrence;
                (alarm, AlarmVerb::Acknowledge { occurrence })
            }
            ["acknowledges", alarm, "occurrence", number] => {
                let number = number.parse().map_err(|_| "an occurrence")?;
                (alarm, AlarmVerb::Acknowledge { occurrence: Occurrence(number) })
            }
            ["resets", alarm] => (alarm, AlarmVerb::Reset),
            ["shelves", alarm, "for", time @ .., "once"] => (alarm, shelved(time, true)?),
            ["shelves", alarm, "for", time @ ..] => (alarm, shelved(time, false)?),
            ["unshelves", alarm] => (alarm, AlarmVerb::Unshelve),
            ["suppresses", alarm] => (alarm, AlarmVerb::Suppress),
            ["unsuppresses", alarm] => (alarm, AlarmVerb::Unsuppress),
            ["takes", alarm, "out", "of", "service"] => (alarm, AlarmVerb::OutOfService),
            ["puts", alarm, "back"] => (alarm, AlarmVerb::InService),
            ["remarks", "on", alarm] => (alarm, AlarmVerb::Remark),
            _ => return Err(format!("{input}: nothing that can happen")),
        };
        let alarm = self.alarm(alarm)?;
        let act = AlarmAct { request: 1, alarm, verb, by: Arc::from(*by), comment: comment.into() };
        self.engine.act(&act, self.now);
        Ok(())
    }

    /// A station that starts again, maybe later, with what the journal knew.
    fn restart(&mut self, after: &str) -> Done {
        let ms =
            if after.is_empty() { 0 } else { duration_ms(after.trim_start_matches("after ")).ok_or("restart after TIME")? };
        // Only UTC is known of the time in between.
        self.now.utc.0 += ms as i64 * 1_000_000;
        let restored: Vec<RestoredAlarm> = self
            .heard
            .iter()
            .map(|(alarm, heard)| RestoredAlarm {
                alarm: *alarm,
                standing: heard.standing,
                came: heard.came,
                until: heard.until,
                acknowledged_by: heard.acknowledged_by.clone(),
                hidden_by: None,
                comment: None,
            })
            .collect();
        let next = self.engine.next_occurrence();
        self.engine = AlarmEngine::new(self.plant.alarms.clone().into(), &self.plant.tags, &restored, next, self.now);
        self.tags = vec![Sample::waiting(); self.plant.tags.len()];
        Ok(())
    }

    /// `change alarm A: ...`: an online change of one alarm, or a new one.
    fn change(&mut self, said: &str) -> Done {
        self.plant.alarm(said)?;
        let tags = &self.tags;
        let current = |tag: TagId| tags.get(tag.0 as usize).cloned();
        self.engine.change(self.plant.alarms.clone().into(), &self.plant.tags, &current, self.now);
        Ok(())
    }

    fn alarm(&self, name: &str) -> Result<AlarmId, String> {
        let place = self.plant.alarms.iter().position(|alarm| &*alarm.name == name);
        place.map(|place| AlarmId(place as u32)).ok_or(format!("there is no alarm {name}"))
    }
}

impl Heard {
    fn note(&mut self, event: &AlarmEvent) {
        use plantroom_model::AlarmEventKind as Kind;
        self.standing = event.to;
        match event.kind {
            Kind::Occurred => (self.came, self.acknowledged_by) = (event.at.utc, None),
            Kind::Acknowledged => self.acknowledged_by.clone_from(&event.by),
            _ => {}
        }
        self.until = event.until.or(self.until);
    }
}

fn value_of(said: &str) -> Value {
    match said {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "nothing" => Value::Null,
        "nan" => Value::Float(f64::NAN),
        "inf" => Value::Float(f64::INFINITY),
        _ => match (said.parse::<i64>(), said.parse::<f64>()) {
            (Ok(number), _) => Value::Int(number),
            (_, Ok(number)) => Value::Float(number),
            _ => Value::Text(said.trim_matches('"').into()),
        },
    }
}
