//! How many alarms of a place (a tag, an instance, a screen) are in the list, and which of them is the worst.

use plantroom_model::Priority;

/// Counts by priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    listed: [u32; 5],
    unacknowledged: [u32; 5],
}

impl Tally {
    /// Adds an alarm (`by` = 1) or takes it away (-1).
    pub fn count(&mut self, priority: u8, unacknowledged: bool, by: i32) {
        let at = usize::from(priority).min(4);
        self.listed[at] = self.listed[at].saturating_add_signed(by);
        if unacknowledged {
            self.unacknowledged[at] = self.unacknowledged[at].saturating_add_signed(by);
        }
    }

    /// Adds those of another place.
    pub fn add(&mut self, other: &Self) {
        let sum = |mine: &mut [u32; 5], its: &[u32; 5]| mine.iter_mut().zip(its).for_each(|(a, b)| *a = a.saturating_add(*b));
        sum(&mut self.listed, &other.listed);
        sum(&mut self.unacknowledged, &other.unacknowledged);
    }

    /// Whether nothing is in the list.
    pub fn is_empty(&self) -> bool {
        self.listed.iter().all(|count| *count == 0)
    }

    /// The most urgent priority that is in the list, whether one of that priority waits for an acknowledgement, and how
    /// many alarms there are in all. An unacknowledged one doesn't hide a worse one that is acknowledged.
    pub fn worst(&self) -> Option<(Priority, bool, u32)> {
        let place = self.listed.iter().rposition(|count| *count > 0)?;
        let all = self.listed.iter().fold(0_u32, |sum, count| sum.saturating_add(*count));
        Some((Priority::from_u8(place as u8)?, self.unacknowledged[place] > 0, all))
    }
}
