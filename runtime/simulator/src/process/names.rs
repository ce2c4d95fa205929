//! Quantities by name while a file is read, by place afterwards.

use std::collections::HashMap;
use std::ops::{Index, IndexMut};

use plantroom_model::{Diagnostic, SourceText, nearest};
use toml::Spanned;

use crate::file::FILE_NAME;

/// A quantity's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(usize);

/// All quantities. Booleans are 0 and 1.
#[derive(Debug, Default)]
pub(crate) struct Values(Vec<f64>);

impl Values {
    pub fn is_on(&self, slot: Slot) -> bool {
        self[slot] != 0.0
    }

    pub fn set_on(&mut self, slot: Slot, on: bool) {
        self[slot] = f64::from(u8::from(on));
    }

    /// Takes a pulse: whether it was on; it is off afterwards.
    pub fn take(&mut self, slot: Slot) -> bool {
        std::mem::take(&mut self[slot]) != 0.0
    }
}

impl Index<Slot> for Values {
    type Output = f64;

    fn index(&self, slot: Slot) -> &f64 {
        &self.0[slot.0]
    }
}

impl IndexMut<Slot> for Values {
    fn index_mut(&mut self, slot: Slot) -> &mut f64 {
        &mut self.0[slot.0]
    }
}

/// What an element says of a node that water flows to and from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// Head where water is drawn, in m above the plant's datum.
    pub head: Slot,
    /// Head that inflowing water has to overcome, in m.
    pub inlet: Slot,
    /// Sums of this step's flows, in m³/s.
    pub into: Slot,
    pub out: Slot,
}

/// The names of all quantities, and what was wrong with any.
pub(crate) struct Names {
    slots: HashMap<String, Slot>,
    values: Values,
    source: SourceText,
    pub problems: Vec<Diagnostic>,
}

impl Names {
    pub fn new(source: SourceText) -> Self {
        Self { slots: HashMap::new(), values: Values::default(), source, problems: Vec::new() }
    }

    /// Declares the quantities of an element: `name.part`.
    pub fn declare(&mut self, name: &Spanned<String>, parts: &[(&str, f64)]) {
        for (place, (part, initial)) in parts.iter().enumerate() {
            let full = full_name(name.get_ref(), part);
            let slot = Slot(self.values.0.len());
            self.values.0.push(*initial);
            if self.slots.insert(full, slot).is_some() && place == 0 {
                self.problem(name, format!("the name `{}` is used twice", name.get_ref()), "give each element a name of its own");
            }
        }
    }

    /// A quantity of the element itself, declared before.
    pub fn own(&mut self, name: &Spanned<String>, part: &str) -> Slot {
        self.lookup(name, &full_name(name.get_ref(), part))
    }

    /// A quantity that an element refers to.
    pub fn find(&mut self, name: &Spanned<String>) -> Slot {
        let full = name.get_ref().clone();
        self.lookup(name, &full)
    }

    /// A quantity of another element: `name.part`.
    pub fn part_of(&mut self, name: &Spanned<String>, part: &str, what: &str) -> Slot {
        let full = full_name(name.get_ref(), part);
        if let Some(slot) = self.slots.get(&full) {
            return *slot;
        }
        let candidates: Vec<String> = self.elements_with(part);
        let help = match nearest(name.get_ref(), candidates.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if candidates.is_empty() => format!("this file has no {what}"),
            None => format!("there are: {}", candidates.join(", ")),
        };
        self.problem(name, format!("there is no {what} `{}`", name.get_ref()), &help);
        Slot(0)
    }

    /// Something that water flows to and from.
    pub fn node(&mut self, name: &Spanned<String>) -> Node {
        let head = self.part_of(name, "head_m", "source, tank or vessel");
        let hidden = |part| self.slots.get(&full_name(name.get_ref(), part)).copied().unwrap_or(head);
        Node { head, inlet: hidden("_inlet_m"), into: hidden("_into"), out: hidden("_out") }
    }

    /// A mistake at a place of the file.
    pub fn problem<T>(&mut self, at: &Spanned<T>, message: String, help: &str) {
        let place = self.source.place(at.span().start);
        self.problems.push(Diagnostic::error(FILE_NAME, place, message, help));
    }

    pub fn into_parts(self) -> (HashMap<String, Slot>, Values) {
        (self.slots, self.values)
    }

    fn lookup(&mut self, at: &Spanned<String>, full: &str) -> Slot {
        if let Some(slot) = self.slots.get(full) {
            return *slot;
        }
        let help = match nearest(full, self.slots.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let element = full.split('.').next().unwrap_or_default();
                let mut parts: Vec<&str> =
                    self.slots.keys().filter_map(|name| name.strip_prefix(element)?.strip_prefix('.')).collect();
                parts.retain(|part| !part.starts_with('_'));
                parts.sort_unstable();
                match parts.is_empty() {
                    true => "quantities are named element.part; see the elements of this file".to_owned(),
                    false => format!("`{element}` has: {}", parts.join(", ")),
                }
            }
        };
        self.problem(at, format!("there is no quantity `{full}`"), &help);
        Slot(0)
    }

    fn elements_with(&self, part: &str) -> Vec<String> {
        let suffix = format!(".{part}");
        let mut names: Vec<String> = self.slots.keys().filter_map(|name| name.strip_suffix(&suffix).map(str::to_owned)).collect();
        names.sort_unstable();
        names
    }
}

fn full_name(name: &str, part: &str) -> String {
    if part.is_empty() { name.to_owned() } else { format!("{name}.{part}") }
}
