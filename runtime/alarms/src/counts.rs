//! How many alarms stand how.

use plantroom_model::{AlarmState, Hidden, Label, Marks, Priority, Standing};

/// How many alarms of one priority stand how. Hidden ones are counted only as hidden, each under all that hides it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// B: active, unacknowledged.
    pub unacknowledged: u32,
    /// C: active, acknowledged.
    pub acknowledged: u32,
    /// D: returned, unacknowledged.
    pub returned: u32,
    /// E and F: latched, to be reset.
    pub latched: u32,
    /// E: of these, those that nobody has acknowledged.
    pub latched_unacknowledged: u32,
    /// G.
    pub shelved: u32,
    /// H.
    pub suppressed: u32,
    /// I.
    pub out_of_service: u32,
    /// Hidden ones whose condition holds.
    pub hidden_active: u32,
    /// Those of which nobody can tell whether their condition holds, hidden or not.
    pub unknown: u32,
    /// Visible ones that come and go too often.
    pub chattering: u32,
    /// Visible ones that have been active for more than 24 h.
    pub standing: u32,
}

impl Counts {
    /// Adds (`by` = 1) or takes away (`by` = -1) one alarm.
    pub fn count(&mut self, standing: Standing, by: i32) {
        let add = |slot: &mut u32, when: bool| {
            if when {
                *slot = slot.saturating_add_signed(by);
            }
        };
        let (state, hidden, marks) = (standing.state, standing.hidden, standing.marks);
        let seen = !hidden.any();
        add(&mut self.unacknowledged, seen && state == AlarmState::Unacknowledged);
        add(&mut self.acknowledged, seen && state == AlarmState::Acknowledged);
        add(&mut self.returned, seen && state == AlarmState::Returned);
        let unseen_latch = state == AlarmState::LatchedUnacknowledged;
        add(&mut self.latched, seen && (unseen_latch || state == AlarmState::LatchedAcknowledged));
        add(&mut self.latched_unacknowledged, seen && unseen_latch);
        add(&mut self.shelved, hidden.has(Hidden::SHELVED));
        add(&mut self.suppressed, hidden.has(Hidden::SUPPRESSED));
        add(&mut self.out_of_service, hidden.has(Hidden::OUT_OF_SERVICE));
        add(&mut self.hidden_active, !seen && state.is_holding());
        add(&mut self.unknown, marks.has(Marks::UNKNOWN));
        add(&mut self.chattering, seen && marks.has(Marks::CHATTERING));
        add(&mut self.standing, seen && marks.has(Marks::STANDING));
    }

    /// Adds all of another.
    pub fn add(&mut self, other: &Self) {
        self.unacknowledged += other.unacknowledged;
        self.acknowledged += other.acknowledged;
        self.returned += other.returned;
        self.latched += other.latched;
        self.latched_unacknowledged += other.latched_unacknowledged;
        self.shelved += other.shelved;
        self.suppressed += other.suppressed;
        self.out_of_service += other.out_of_service;
        self.hidden_active += other.hidden_active;
        self.unknown += other.unknown;
        self.chattering += other.chattering;
        self.standing += other.standing;
    }

    /// How many visible ones wait for somebody to acknowledge them (B, D, E).
    pub fn waiting(&self) -> u32 {
        self.unacknowledged + self.returned + self.latched_unacknowledged
    }
}

/// The counts of one area, by [`Priority`]'s number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AreaCounts {
    /// The area; empty where alarms name none.
    pub area: Label,
    /// By priority's number, from event to critical.
    pub by_priority: [Counts; AreaCounts::PRIORITIES],
}

impl AreaCounts {
    pub(crate) const PRIORITIES: usize = Priority::ALL.len();

    pub(crate) fn of(area: &Label, counts: &[Counts]) -> Self {
        let mut by_priority = [Counts::default(); Self::PRIORITIES];
        for (slot, counts) in by_priority.iter_mut().zip(counts) {
            *slot = *counts;
        }
        Self { area: area.clone(), by_priority }
    }
}
