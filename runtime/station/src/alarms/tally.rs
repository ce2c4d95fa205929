//! Key figures of alarms that go by their names: counted from the journal, and on from what frames bring.

use std::collections::HashMap;
use std::sync::Arc;

use plantroom_alarms::figures::{AlarmWords, Figures, KeyFigures, NowFigures, Position};
use plantroom_historian::{AlarmTexts, JournalReader, Steps};
use plantroom_model::{AlarmId, AlarmSpec, AlarmStep, Utc};
use plantroom_project::Plant;

use super::figures::{Zoned, zone};

/// Figures of a time, with the names of the alarms that they number.
pub struct Named {
    figures: Figures,
    words: Vec<AlarmWords>,
}

impl Named {
    /// For a plant's operator positions, from a time on.
    pub fn new(plant: &Plant, from: Utc) -> Self {
        Self::with((&plant.alarm_settings, zone(plant)), from)
    }

    /// The same for positions and a time zone.
    pub fn with((settings, zone): Zoned<'_>, from: Utc) -> Self {
        let all = settings.positions.iter();
        // The position for all that no other one has (`*`) is there by itself.
        let own = all.filter(|position| !position.areas.iter().any(|area| area == "*"));
        let positions: Vec<Position> =
            own.map(|position| Position { name: position.name.clone(), areas: position.areas.clone() }).collect();
        Self { figures: Figures::new(&positions, zone, from), words: Vec::new() }
    }

    /// Counts what the journal has of a time.
    ///
    /// # Errors
    /// In a sentence: what the disk refuses.
    pub fn read(&mut self, reader: &JournalReader, (from, until): (Utc, Utc)) -> Result<(), String> {
        let read = reader.steps(from, until, |step| match step {
            Steps::Alarm(id, texts) => self.name(id, texts),
            Steps::Stood(step) => self.figures.stood(&step),
            Steps::Rows(rows) => rows.iter().for_each(|step| self.figures.apply(step)),
            Steps::Gap(gap) => self.figures.gap(gap.from, gap.to),
        });
        read.map_err(|error| error.to_string())
    }

    /// What came of it until a time.
    pub fn key_figures(&self, until: Utc) -> KeyFigures {
        self.figures.figures(until, &|id| self.words.get(id.0 as usize).cloned().unwrap_or_default())
    }

    fn name(&mut self, id: AlarmId, texts: &AlarmTexts) {
        self.figures.alarm(id, texts.priority, &texts.area);
        self.called(id, AlarmWords { name: Arc::clone(&texts.name), message: Arc::clone(&texts.message) });
    }

    fn called(&mut self, id: AlarmId, words: AlarmWords) {
        let place = id.0 as usize;
        if self.words.len() <= place {
            self.words.resize_with(place + 1, AlarmWords::default);
        }
        self.words[place] = words;
    }
}

/// Figures that go on with what a running plant's frames bring.
pub struct Tally {
    named: Named,
    numbers: HashMap<Arc<str>, u32>,
    /// By the plant's number of an alarm: that of the figures, where it is known already.
    of_plant: Vec<Option<u32>>,
}

impl Tally {
    /// Goes on with what was counted. Alarms are what the plant says of them now.
    pub fn new(mut named: Named, plant: &Plant) -> Self {
        let numbered = (0..).zip(&named.words).map(|(number, words)| (words.name.clone(), number));
        let numbers: HashMap<Arc<str>, u32> = numbered.collect();
        let mut of_plant = vec![None; plant.alarms.len()];
        for (slot, spec) in of_plant.iter_mut().zip(plant.alarms.iter()).filter(|(_, spec)| !spec.name.is_empty()) {
            if let Some(number) = numbers.get(spec.name.as_str()) {
                *slot = Some(*number);
                named.figures.alarm(AlarmId(*number), spec.priority, &spec.area);
            }
        }
        Self { named, numbers, of_plant }
    }

    /// What happened to an alarm of the plant.
    pub fn apply(&mut self, step: &AlarmStep, plant: &Plant) {
        let place = step.alarm.0 as usize;
        let known = self.of_plant.get(place).copied().flatten();
        let Some(number) = known.or_else(|| self.number(place, plant.alarms.get(place)?)) else { return };
        self.named.figures.apply(&AlarmStep { alarm: AlarmId(number), ..*step });
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Utc) {
        self.named.figures.advance(now);
    }

    /// The first time that counts.
    pub fn from(&self) -> Utc {
        self.named.figures.from()
    }

    /// What came of it until now.
    pub fn key_figures(&self, now: Utc) -> KeyFigures {
        self.named.key_figures(now)
    }

    /// How it is at this moment, position by position.
    pub fn now(&mut self, now: Utc) -> Vec<(String, NowFigures)> {
        self.advance(now);
        let figures = &self.named.figures;
        (0..).zip(figures.positions()).filter_map(|(place, name)| Some((name.to_owned(), figures.now(place)?))).collect()
    }

    /// A number for an alarm to which something happens for the first time.
    fn number(&mut self, place: usize, spec: &AlarmSpec) -> Option<u32> {
        if spec.name.is_empty() {
            return None;
        }
        let name: Arc<str> = spec.name.as_str().into();
        let next = self.named.words.len() as u32;
        let number = *self.numbers.entry(Arc::clone(&name)).or_insert(next);
        if number == next {
            self.named.figures.alarm(AlarmId(number), spec.priority, &spec.area);
            self.named.called(AlarmId(number), AlarmWords { name, message: spec.message.as_str().into() });
        }
        if self.of_plant.len() <= place {
            self.of_plant.resize(place + 1, None);
        }
        self.of_plant[place] = Some(number);
        Some(number)
    }
}
