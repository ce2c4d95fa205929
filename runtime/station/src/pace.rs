//! How often a tag may be written.

use std::collections::HashMap;

use parking_lot::Mutex;
use plantroom_model::{Mono, TagId};

/// When each tag with a shortest interval was last written, on the clock that never steps. At most one entry a tag.
#[derive(Debug, Default)]
pub struct Pace {
    last: Mutex<HashMap<TagId, Mono>>,
}

impl Pace {
    /// Takes a tag's turn, if its last one is at least so long ago; two requests at once can't both get it.
    ///
    /// # Errors
    /// With the time that is still to wait, in ms.
    pub fn take(&self, tag: TagId, min_interval_ms: u32, now: Mono) -> Result<(), u64> {
        if min_interval_ms == 0 {
            return Ok(());
        }
        let mut last = self.last.lock();
        let since_ms = last.get(&tag).map(|last| now.since(*last) / 1_000_000);
        match since_ms.and_then(|since_ms| u64::from(min_interval_ms).checked_sub(since_ms)).filter(|left| *left > 0) {
            Some(left_ms) => Err(left_ms),
            None => {
                last.insert(tag, now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_waits_for_its_own_turn_only() {
        let pace = Pace::default();
        let take = |tag, at_ms| pace.take(TagId(tag), 500, Mono(0).plus_ms(at_ms));
        assert_eq!(take(1, 1_000), Ok(()));
        assert_eq!(take(1, 1_200), Err(300));
        assert_eq!(take(2, 1_200), Ok(()));
        assert_eq!(take(1, 1_500), Ok(()), "a refused try does not count");
        assert_eq!(pace.take(TagId(1), 0, Mono(0).plus_ms(1_500)), Ok(()));
    }
}
