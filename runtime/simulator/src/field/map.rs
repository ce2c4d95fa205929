//! One unit's registers and coils, and the values in them.

use std::collections::BTreeMap;

use crate::process::{Slot, Values};

/// The four tables of a Modbus device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Coil,
    Discrete,
    Holding,
    Input,
}

impl Table {
    pub fn is_bits(self) -> bool {
        matches!(self, Self::Coil | Self::Discrete)
    }

    pub fn is_writable(self) -> bool {
        matches!(self, Self::Coil | Self::Holding)
    }
}

/// How a value is written into registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A coil or discrete input, or one bit of a register.
    Bit(u8),
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
    /// So many registers of text, two characters each.
    Text(u16),
}

impl Kind {
    pub fn words(self) -> u16 {
        match self {
            Self::Bit(_) | Self::U16 | Self::I16 => 1,
            Self::U32 | Self::I32 | Self::F32 => 2,
            Self::U64 | Self::I64 | Self::F64 => 4,
            Self::Text(words) => words,
        }
    }
}

/// The order of a value's bytes in its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Order {
    #[default]
    Abcd,
    Cdab,
    Badc,
    Dcba,
}

impl Order {
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "abcd" => Self::Abcd,
            "cdab" => Self::Cdab,
            "badc" => Self::Badc,
            "dcba" => Self::Dcba,
            _ => return None,
        })
    }

    /// From most significant word first to this order, or back.
    fn arrange(self, words: &mut [u16]) {
        if matches!(self, Self::Cdab | Self::Dcba) {
            words.reverse();
        }
        if matches!(self, Self::Badc | Self::Dcba) {
            words.iter_mut().for_each(|word| *word = word.swap_bytes());
        }
    }
}

/// A straight line from a quantity to the register's number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    pub raw: [f64; 2],
    pub eng: [f64; 2],
    /// Ends where a 4-20 mA loop ends.
    pub current_loop: bool,
}

impl Line {
    fn raw(&self, value: f64) -> f64 {
        let [low, high] = self.raw;
        let span = high - low;
        if self.current_loop && value.is_nan() {
            // 0 mA: the wire is broken.
            return low - span / 4.0;
        }
        let raw = low + (value - self.eng[0]) / (self.eng[1] - self.eng[0]) * span;
        // 3.8 and 20.5 mA (NAMUR NE 43).
        if self.current_loop { raw.clamp(low - 0.2 / 16.0 * span, high + 0.5 / 16.0 * span) } else { raw }
    }

    fn value(&self, raw: f64) -> f64 {
        self.eng[0] + (raw - self.raw[0]) / (self.raw[1] - self.raw[0]) * (self.eng[1] - self.eng[0])
    }
}

/// What a cell shows.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    Quantity(Slot),
    Text(Vec<u16>),
}

/// One value in a table.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub shown: Shown,
    pub kind: Kind,
    pub order: Order,
    pub line: Option<Line>,
    pub write: bool,
    pub range: Option<[f64; 2]>,
}

/// Why a request can't be carried out; the numbers are Modbus's exception codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Refused {
    Function = 1,
    Address = 2,
    Value = 3,
}

impl Entry {
    /// The value's registers; `broken` puts NaN in the place of every float.
    fn words(&self, values: &Values, broken: bool) -> Vec<u16> {
        let slot = match &self.shown {
            Shown::Text(words) => return words.clone(),
            Shown::Quantity(slot) => *slot,
        };
        let value = values[slot];
        let raw = self.line.map_or(value, |line| line.raw(value));
        // `as` saturates, and NaN becomes 0: what a controller's conversion does as well.
        let whole = raw.round();
        let bits = match self.kind {
            Kind::Bit(_) => u64::from(value != 0.0),
            Kind::U16 => u64::from(whole as u16),
            Kind::I16 => u64::from(whole as i16 as u16),
            Kind::U32 => u64::from(whole as u32),
            Kind::I32 => u64::from(whole as i32 as u32),
            Kind::U64 => whole as u64,
            Kind::I64 => whole as i64 as u64,
            Kind::F32 => u64::from(if broken { f32::NAN } else { raw as f32 }.to_bits()),
            Kind::F64 => if broken { f64::NAN } else { raw }.to_bits(),
            Kind::Text(_) => 0,
        };
        let count = self.kind.words();
        let mut words: Vec<u16> = (0..count).rev().map(|place| (bits >> (16 * place)) as u16).collect();
        if count > 1 {
            self.order.arrange(&mut words);
        }
        words
    }

    /// The quantity that these registers mean.
    fn value(&self, words: &[u16]) -> f64 {
        let mut words = words.to_vec();
        if words.len() > 1 {
            self.order.arrange(&mut words);
        }
        let bits = words.iter().fold(0_u64, |bits, word| bits << 16 | u64::from(*word));
        let raw = match self.kind {
            Kind::Bit(_) => return f64::from(u8::from(bits != 0)),
            Kind::I16 => f64::from(bits as u16 as i16),
            Kind::I32 => f64::from(bits as u32 as i32),
            Kind::I64 => bits as i64 as f64,
            Kind::F32 => f64::from(f32::from_bits(bits as u32)),
            Kind::F64 => f64::from_bits(bits),
            Kind::U16 | Kind::U32 | Kind::U64 | Kind::Text(_) => bits as f64,
        };
        self.line.map_or(raw, |line| line.value(raw))
    }

    fn write(&self, words: &[u16], values: &mut Values) -> Result<(), Refused> {
        let Shown::Quantity(slot) = &self.shown else { return Err(Refused::Address) };
        let value = self.value(words);
        let allowed = self.range.is_none_or(|[low, high]| value >= low && value <= high);
        if !self.write {
            return Err(Refused::Address);
        }
        if !allowed || !value.is_finite() {
            return Err(Refused::Value);
        }
        values[*slot] = value;
        Ok(())
    }
}

/// One unit of a device. Entries are kept by their first address, then by their bit.
#[derive(Debug, Default)]
pub(crate) struct UnitMap {
    pub entries: [BTreeMap<(u16, u8), Entry>; 4],
    pub max_registers: u16,
    pub gaps: bool,
}

impl UnitMap {
    pub fn table(&self, table: Table) -> &BTreeMap<(u16, u8), Entry> {
        &self.entries[table as usize]
    }

    /// The entries that cover an address, each with the place of the address in it.
    pub fn at(&self, table: Table, address: u16) -> impl Iterator<Item = (u16, &Entry)> {
        // The longest entry, a text, has 125 registers.
        let from = address.saturating_sub(125);
        self.table(table)
            .range((from, 0)..=(address, u8::MAX))
            .filter(move |((start, _), entry)| address - start < entry.kind.words())
            .map(|((start, _), entry)| (*start, entry))
    }

    /// Reads coils or discrete inputs.
    pub fn read_bits(&self, table: Table, address: u16, count: u16, values: &Values) -> Result<Vec<bool>, Refused> {
        self.cells(table, address, count, 2_000)?
            .map(|address| self.word(table, address, values, false).map(|word| word != 0))
            .collect()
    }

    /// Reads registers.
    pub fn read_words(&self, table: Table, address: u16, count: u16, values: &Values, broken: bool) -> Result<Vec<u16>, Refused> {
        self.cells(table, address, count, self.max_registers)?.map(|address| self.word(table, address, values, broken)).collect()
    }

    /// Writes coils or registers, all or nothing.
    pub fn write(&self, table: Table, address: u16, words: &[u16], values: &mut Values) -> Result<(), Refused> {
        let cells: Vec<u16> =
            self.cells(table, address, u16::try_from(words.len()).map_err(|_| Refused::Value)?, 1_968)?.collect();
        let mut writes: Vec<(Entry, Vec<u16>)> = Vec::new();
        let mut done = 0;
        while done < cells.len() {
            let found: Vec<(u16, Entry)> = self.at(table, cells[done]).map(|(start, entry)| (start, entry.clone())).collect();
            let Some((start, first)) = found.first() else { return Err(Refused::Address) };
            let count = usize::from(first.kind.words());
            // A value that is only partly written keeps the rest of its registers.
            let mut image = first.words(values, false);
            let skip = usize::from(cells[done] - start);
            let given = &words[done..words.len().min(done + count - skip)];
            image[skip..skip + given.len()].copy_from_slice(given);
            for (_, entry) in &found {
                let part = match entry.kind {
                    Kind::Bit(bit) if !table.is_bits() => vec![given[0] >> bit & 1],
                    _ => image.clone(),
                };
                writes.push((entry.clone(), part));
            }
            done += given.len();
        }
        // First try everything on the old values, so that a refused request changes nothing.
        let before: Vec<(Slot, f64)> = writes
            .iter()
            .filter_map(|(entry, _)| if let Shown::Quantity(slot) = entry.shown { Some((slot, values[slot])) } else { None })
            .collect();
        for (entry, words) in &writes {
            if let Err(refused) = entry.write(words, values) {
                before.iter().for_each(|(slot, value)| values[*slot] = *value);
                return Err(refused);
            }
        }
        Ok(())
    }

    fn cells(&self, table: Table, address: u16, count: u16, most: u16) -> Result<impl Iterator<Item = u16> + use<>, Refused> {
        if count == 0 || count > most {
            return Err(Refused::Value);
        }
        let last = address.checked_add(count - 1).ok_or(Refused::Address)?;
        let known = |address| self.at(table, address).next().is_some();
        if !known(address) || !known(last) {
            return Err(Refused::Address);
        }
        Ok(address..=last)
    }

    fn word(&self, table: Table, address: u16, values: &Values, broken: bool) -> Result<u16, Refused> {
        let mut word = None;
        for (start, entry) in self.at(table, address) {
            let words = entry.words(values, broken);
            let part = words.get(usize::from(address - start)).copied().unwrap_or(0);
            let part = match entry.kind {
                Kind::Bit(bit) if !table.is_bits() => part << bit,
                _ => part,
            };
            word = Some(word.unwrap_or(0) | part);
        }
        match word {
            None if self.gaps => Ok(0),
            other => other.ok_or(Refused::Address),
        }
    }
}
