//! Alarm logic that does what a plugin must not, when a tag tells it to.
//!
//! In:  the tag `act` (see [`Act`]).
//! Out: its own alarm `mine`, until a misdeed.
//! Start at [`Unruly::update`].
//!
//! Invariant: what it says in the step of a misdeed must not count: it clears its alarm first.

use plantroom_sdk::prelude::*;
use plantroom_sdk::raw::{AlarmWords, verb};
use plantroom_sdk::unguarded;

/// What the tag says.
enum Act {
    Nothing,
    Raise,
    Clear,
    Trap,
    Loop,
    Flood,
    Foreign,
}

impl Act {
    fn from_number(number: u64) -> Self {
        [Self::Nothing, Self::Raise, Self::Clear, Self::Trap, Self::Loop, Self::Flood, Self::Foreign]
            .into_iter()
            .nth(number as usize)
            .unwrap_or(Self::Nothing)
    }
}

/// The plugin.
#[derive(AlarmLogic)]
pub struct Unruly {
    act: Input<u64>,
    mine: Condition,
    other: Alarm,
}

impl AlarmLogic for Unruly {
    async fn update(&self, io: &Io, changes: &Changes) -> Result<()> {
        for act in changes.of(&self.act).filter_map(|sample| sample.usable().copied()) {
            match Act::from_number(act) {
                Act::Nothing => {}
                Act::Raise => io.raise_as(&self.mine, act, 0, "raised"),
                Act::Clear => io.clear(&self.mine, act),
                Act::Trap => {
                    say(self.mine.handle(), verb::CLEAR, 1);
                    panic!("told to trap");
                }
                Act::Loop => {
                    say(self.mine.handle(), verb::CLEAR, 1);
                    loop {
                        std::hint::spin_loop();
                    }
                }
                Act::Flood => {
                    say(self.mine.handle(), verb::CLEAR, 1);
                    say(self.mine.handle(), verb::RAISE, 65_536);
                }
                Act::Foreign => {
                    say(self.mine.handle(), verb::CLEAR, 1);
                    say(self.other.handle(), verb::CLEAR, 1);
                }
            }
        }
        Ok(())
    }
}

/// The same word so many times, at once and past the SDK's care.
fn say(alarm: u32, verb: u8, times: usize) {
    let mut words = AlarmWords::default();
    for _ in 0..times {
        words.rows.push(alarm, &Value::Null, Status::GOOD, 0);
        words.verbs.push(verb);
        words.details.push(0);
    }
    unguarded::say(&words);
}
