//! The transactions that are on the way over one TCP connection, each under its id.
//!
//! Knows no socket and no clock. An id is not used again while a late answer with it may still come.

use std::collections::VecDeque;

use plantroom_model::Mono;

use crate::limits::{ENDED_IDS, LOST_IDS};
use crate::queue::Open;

/// One of them.
#[derive(Debug)]
pub(crate) struct Airborne {
    pub open: Open,
    pub id: u16,
    /// When it left.
    pub sent: plantroom_model::Now,
    /// When it is given up.
    pub deadline: Mono,
    pub timeout_ms: u32,
}

/// What an answer's id says.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once; a box would cost each answer an allocation")]
pub(crate) enum Landing {
    /// It answers this one, which is over now.
    Of(Airborne),
    /// It comes after its time, and is of no use any more.
    Late,
    /// It comes a second time.
    Doubled,
    /// It answers nothing that was asked.
    Unknown,
}

/// All of one connection.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    airborne: VecDeque<Airborne>,
    last_id: u16,
    /// Ids whose answers may still come late.
    lost: VecDeque<u16>,
    /// Ids that were answered last.
    ended: VecDeque<u16>,
}

impl Flight {
    /// How many are on the way.
    pub fn len(&self) -> usize {
        self.airborne.len()
    }

    /// The id for the next one.
    pub fn next_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            let id = self.last_id;
            if !self.lost.contains(&id) && !self.airborne.iter().any(|one| one.id == id) {
                return id;
            }
        }
    }

    /// One has left.
    pub fn depart(&mut self, one: Airborne) {
        self.ended.retain(|id| *id != one.id);
        self.airborne.push_back(one);
    }

    /// An answer with this id has come.
    pub fn land(&mut self, id: u16) -> Landing {
        if let Some(place) = self.airborne.iter().position(|one| one.id == id)
            && let Some(one) = self.airborne.remove(place)
        {
            remember(&mut self.ended, id, ENDED_IDS);
            return Landing::Of(one);
        }
        if let Some(place) = self.lost.iter().position(|lost| *lost == id) {
            self.lost.remove(place);
            remember(&mut self.ended, id, ENDED_IDS);
            return Landing::Late;
        }
        if self.ended.contains(&id) { Landing::Doubled } else { Landing::Unknown }
    }

    /// The first whose time is over.
    pub fn expire(&mut self, now: Mono) -> Option<Airborne> {
        let place = self.airborne.iter().position(|one| one.deadline <= now)?;
        let one = self.airborne.remove(place)?;
        self.lost.push_back(one.id);
        Some(one)
    }

    /// Whether so many answers were lost that another connection is better.
    pub fn has_lost_too_many(&self) -> bool {
        self.lost.len() > LOST_IDS
    }

    /// When the next one's time is over.
    pub fn deadline(&self) -> Option<Mono> {
        self.airborne.iter().map(|one| one.deadline).min()
    }

    /// The connection is gone, and with it all ids; hands out those on the way, in order.
    pub fn clear(&mut self) -> Vec<Airborne> {
        self.lost.clear();
        self.ended.clear();
        self.airborne.drain(..).collect()
    }
}

fn remember(ids: &mut VecDeque<u16>, id: u16, most: usize) {
    if ids.len() >= most {
        ids.pop_front();
    }
    ids.push_back(id);
}

#[cfg(test)]
mod tests {
    use plantroom_model::{ModbusRequest, Now, Utc};

    use super::*;

    fn depart(flight: &mut Flight, deadline: u64) -> u16 {
        let id = flight.next_id();
        let request =
            ModbusRequest { unit: 1, function: 3, address: id, count: 1, data: vec![], timeout_ms: 0, valid_until: Mono(0) };
        let open = Open::new(request, 3, Box::new(|_| {}));
        let sent = Now { mono: Mono(0), utc: Utc(0) };
        flight.depart(Airborne { open, id, sent, deadline: Mono(deadline), timeout_ms: 1 });
        id
    }

    /// The address of the request that an answer with this id belongs to, or what it is instead.
    fn land(flight: &mut Flight, id: u16) -> Result<u16, &'static str> {
        match flight.land(id) {
            Landing::Of(one) => Ok(one.open.request.address),
            Landing::Late => Err("late"),
            Landing::Doubled => Err("doubled"),
            Landing::Unknown => Err("unknown"),
        }
    }

    #[test]
    fn answers_find_their_requests_in_any_order() {
        let mut flight = Flight::default();
        let ids: Vec<u16> = (0..5).map(|_| depart(&mut flight, 9)).collect();
        for place in [3, 0, 4, 1, 2] {
            assert_eq!(land(&mut flight, ids[place]), Ok(ids[place]));
            assert_eq!(land(&mut flight, ids[place]), Err("doubled"));
        }
        assert_eq!(land(&mut flight, 4_711), Err("unknown"));
        assert_eq!(flight.len(), 0);
    }

    #[test]
    fn ids_wrap_and_every_answer_still_belongs_to_its_request() {
        let mut flight = Flight::default();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200_000 {
            let id = depart(&mut flight, 9);
            seen.insert(id);
            assert_eq!(land(&mut flight, id), Ok(id));
        }
        assert_eq!(seen.len(), 65_536);
    }

    #[test]
    fn an_id_whose_answer_may_come_late_is_not_used_again() {
        let mut flight = Flight::default();
        let lost = depart(&mut flight, 5);
        let waits = depart(&mut flight, 9);
        assert!(flight.expire(Mono(4)).is_none());
        assert_eq!(flight.expire(Mono(5)).map(|one| one.id), Some(lost));
        assert!(flight.expire(Mono(5)).is_none());
        for _ in 0..70_000 {
            let id = depart(&mut flight, 9);
            assert!(id != lost && id != waits);
            assert_eq!(land(&mut flight, id), Ok(id));
        }
        assert_eq!(land(&mut flight, lost), Err("late"));
        assert_eq!(land(&mut flight, lost), Err("doubled"));
        assert_eq!(land(&mut flight, waits), Ok(waits));
    }

    #[test]
    fn the_earliest_deadline_is_the_next_to_look_at() {
        let mut flight = Flight::default();
        assert_eq!(flight.deadline(), None);
        for deadline in [7, 3, 5] {
            depart(&mut flight, deadline);
        }
        assert_eq!(flight.deadline(), Some(Mono(3)));
        assert!(flight.expire(Mono(3)).is_some());
        assert_eq!(flight.deadline(), Some(Mono(5)));
        assert_eq!(flight.clear().len(), 2);
        assert_eq!(flight.deadline(), None);
    }

    #[test]
    fn too_many_lost_answers_are_noticed() {
        let mut flight = Flight::default();
        for _ in 0..LOST_IDS {
            depart(&mut flight, 1);
            assert!(flight.expire(Mono(1)).is_some());
        }
        assert!(!flight.has_lost_too_many());
        depart(&mut flight, 1);
        assert!(flight.expire(Mono(1)).is_some());
        assert!(flight.has_lost_too_many());
    }
}
