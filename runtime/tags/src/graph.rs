//! What is computed from what, in which order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use plantroom_model::{KeptTotal, Mono, Origin, TagId, TagSpec};
use plantroom_script::Expression;

use crate::total::Total;

/// Derived tags and totals, with who waits for whom.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub nodes: Vec<Node>,
    /// Tag to places of the nodes that read it.
    dependents: HashMap<u32, Vec<u32>>,
    by_tag: BTreeMap<u32, u32>,
    /// Nodes that wait, those first from which others are computed.
    due: BinaryHeap<Reverse<(u32, u32)>>,
}

/// One tag that the station computes.
#[derive(Debug)]
pub(crate) struct Node {
    pub tag: u32,
    pub what: Computation,
    /// Longest way from tags that aren't computed.
    rank: u32,
    is_due: bool,
}

#[derive(Debug)]
pub(crate) enum Computation {
    /// With its inputs in the order in which the expression reads them.
    Derived(Box<(Expression, Vec<u32>)>),
    Total(Box<Total>),
    /// It can't be computed; why.
    Broken(String),
}

impl Graph {
    /// `totals` go on from where they were.
    pub fn of(specs: &[TagSpec], totals: &[KeptTotal], now: Mono) -> Self {
        let mut graph = Self::default();
        let mut kept: HashMap<u32, &KeptTotal> = HashMap::new();
        kept.extend(totals.iter().map(|total| (total.tag.0, total)));
        for (index, spec) in specs.iter().enumerate() {
            let what = match &spec.origin {
                Origin::Derived(derived) => derived_of(specs, &derived.expression, &derived.inputs),
                Origin::Total(total) if (total.source.0 as usize) < specs.len() => {
                    let tag = index as u32;
                    Computation::Total(Box::new(Total::new(total.source.0, total.how, kept.get(&tag).copied(), now)))
                }
                Origin::Total(_) => Computation::Broken("the tag that it adds up does not exist".to_owned()),
                _ => continue,
            };
            graph.by_tag.insert(index as u32, graph.nodes.len() as u32);
            graph.nodes.push(Node { tag: index as u32, what, rank: 0, is_due: false });
        }
        graph.rank();
        for place in 0..graph.nodes.len() {
            for input in graph.nodes[place].inputs() {
                graph.dependents.entry(input).or_default().push(place as u32);
            }
        }
        graph
    }

    /// All tags that something is computed from.
    pub fn sources(&self) -> impl Iterator<Item = u32> + '_ {
        self.dependents.keys().copied()
    }

    /// The node that computes a tag.
    pub fn node_of(&self, tag: u32) -> Option<u32> {
        self.by_tag.get(&tag).copied()
    }

    /// What is computed from this tag is due.
    pub fn touch(&mut self, tag: u32) {
        let Some(dependents) = self.dependents.get(&tag) else { return };
        for place in dependents {
            let node = &mut self.nodes[*place as usize];
            if !node.is_due {
                node.is_due = true;
                self.due.push(Reverse((node.rank, *place)));
            }
        }
    }

    /// This node is due.
    pub fn make_due(&mut self, place: u32) {
        let node = &mut self.nodes[place as usize];
        if !node.is_due {
            node.is_due = true;
            self.due.push(Reverse((node.rank, place)));
        }
    }

    /// The next node that is due; those that others are computed from come first.
    pub fn next_due(&mut self) -> Option<u32> {
        let Reverse((_, place)) = self.due.pop()?;
        self.nodes[place as usize].is_due = false;
        Some(place)
    }

    /// Ranks by longest way (Kahn). What is left over goes in circles; the project refuses it, and here it is broken.
    fn rank(&mut self) {
        let mut waits: Vec<usize> = Vec::with_capacity(self.nodes.len());
        let mut readers: Vec<Vec<u32>> = vec![Vec::new(); self.nodes.len()];
        for (place, node) in self.nodes.iter().enumerate() {
            let computed: Vec<u32> = node.inputs().into_iter().filter_map(|input| self.by_tag.get(&input).copied()).collect();
            waits.push(computed.len());
            for input in computed {
                readers[input as usize].push(place as u32);
            }
        }
        let mut ready: Vec<u32> = (0..self.nodes.len() as u32).filter(|place| waits[*place as usize] == 0).collect();
        while let Some(place) = ready.pop() {
            let next = self.nodes[place as usize].rank + 1;
            for reader in std::mem::take(&mut readers[place as usize]) {
                let node = &mut self.nodes[reader as usize];
                node.rank = node.rank.max(next);
                waits[reader as usize] -= 1;
                if waits[reader as usize] == 0 {
                    ready.push(reader);
                }
            }
        }
        for (node, waits) in self.nodes.iter_mut().zip(waits) {
            if waits > 0 {
                node.what = Computation::Broken("it is computed from itself, over other tags".to_owned());
            }
        }
    }
}

impl Node {
    /// The tags that it reads, each once.
    pub fn inputs(&self) -> Vec<u32> {
        match &self.what {
            Computation::Derived(derived) => {
                let mut inputs = derived.1.clone();
                inputs.sort_unstable();
                inputs.dedup();
                inputs
            }
            Computation::Total(total) => vec![total.source],
            Computation::Broken(_) => Vec::new(),
        }
    }
}

fn derived_of(specs: &[TagSpec], text: &str, inputs: &[TagId]) -> Computation {
    let expression = match Expression::compile(text) {
        Ok(expression) => expression,
        Err(error) => return Computation::Broken(error.message),
    };
    let place = |name: &str| {
        let named = |tag: &&TagId| specs.get(tag.0 as usize).is_some_and(|spec| *spec.name == *name);
        inputs.iter().find(named).map(|tag| tag.0)
    };
    let mut places = Vec::new();
    for name in expression.reads() {
        match place(name) {
            Some(tag) => places.push(tag),
            None => return Computation::Broken(format!("it reads {name}, and there is no such tag")),
        }
    }
    Computation::Derived(Box::new((expression, places)))
}
