//! Joins what lies close together into few items, and these into few requests.

use crate::address::{Address, Area};
use crate::frame::{ANSWER_BYTES, DATA_HEAD_BYTES, ITEM_BYTES, ITEMS, Item, REQUEST_BYTES};

/// Some values that are read together as one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What is asked for.
    pub item: Item,
    /// Places of its values in the list that was joined.
    pub members: Vec<usize>,
}

/// Bytes of one unit of an area: a timer or counter has two.
fn unit_bytes(area: Area) -> usize {
    if area.is_counted() { 2 } else { 1 }
}

/// Joins values into blocks. At most so many unwanted bytes are read between two of them, and no block has more than what one
/// answer carries; a value that is longer alone is a block by itself.
pub fn blocks(addresses: &[Address], gap: u32, pdu_bytes: u16) -> Vec<Block> {
    let room = usize::from(pdu_bytes).saturating_sub(ANSWER_BYTES + DATA_HEAD_BYTES) & !1;
    let mut order: Vec<usize> = (0..addresses.len()).collect();
    order.sort_by_key(|place| (addresses[*place].area, addresses[*place].start, addresses[*place].bit));
    let mut blocks: Vec<Block> = Vec::new();
    for place in order {
        let Address { area, start, .. } = addresses[place];
        let end = start + addresses[place].bytes();
        if let Some(last) = blocks.last_mut().filter(|last| last.item.area == area) {
            let last_end = last.item.start + u32::from(last.item.count);
            let joined = end.max(last_end) - last.item.start;
            if start <= last_end + gap && joined as usize * unit_bytes(area) <= room {
                last.item.count = joined as u16;
                last.members.push(place);
                continue;
            }
        }
        blocks.push(Block { item: Item { area, start, count: (end - start) as u16 }, members: vec![place] });
    }
    blocks
}

/// Puts blocks into requests, in order: as many as both the request and its answer have room for.
pub fn requests(blocks: Vec<Block>, pdu_bytes: u16) -> Vec<Vec<Block>> {
    let pdu = usize::from(pdu_bytes);
    let (mut requests, mut asked, mut answered): (Vec<Vec<Block>>, _, _) = (Vec::new(), 0, 0);
    for block in blocks {
        let data = (usize::from(block.item.count) * unit_bytes(block.item.area)).next_multiple_of(2) + DATA_HEAD_BYTES;
        match requests.last_mut() {
            Some(last) if last.len() < ITEMS && asked + ITEM_BYTES <= pdu && answered + data <= pdu => last.push(block),
            _ => {
                (asked, answered) = (REQUEST_BYTES, ANSWER_BYTES);
                requests.push(vec![block]);
            }
        }
        asked += ITEM_BYTES;
        answered += data;
    }
    requests
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(texts: &[&str]) -> Vec<Address> {
        texts.iter().map(|text| Address::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))).collect()
    }

    fn items(texts: &[&str], gap: u32, pdu_bytes: u16) -> Vec<(u32, u16)> {
        blocks(&at(texts), gap, pdu_bytes).into_iter().map(|block| (block.item.start, block.item.count)).collect()
    }

    #[test]
    fn neighbours_are_read_together() {
        let texts = ["DB1.DBW10", "DB1.DBX0.3", "DB1.DBX0.1", "DB1.DBD2 real", "DB2.DBW0", "T4", "T5"];
        assert_eq!(items(&texts, 0, 240), [(0, 1), (2, 4), (10, 2), (0, 2), (4, 2)]);
        assert_eq!(items(&texts, 8, 240), [(0, 12), (0, 2), (4, 2)]);
        // Values that lie over each other.
        assert_eq!(items(&["MD0", "MW2", "MB1"], 0, 240), [(0, 4)]);
    }

    #[test]
    fn a_block_never_outgrows_an_answer() {
        assert_eq!(
            items(&["DB1.DBB0 chars 100", "DB1.DBB100 chars 100", "DB1.DBB200 chars 100"], 20, 240),
            [(0, 200), (200, 100)]
        );
    }

    proptest! {
        #[test]
        fn every_value_is_read_once_and_every_request_fits(
            places in prop::collection::vec((0_u16..3, 0_u32..600, 0_usize..4), 1..200),
            gap in 0_u32..40,
            pdu_bytes in 240_u16..960,
        ) {
            let addresses: Vec<Address> = places
                .iter()
                .map(|(block, start, kind)| {
                    let kind = ["byte", "int", "real", "string 20"][*kind];
                    Address::parse(&format!("DB{}.DBB{start} {kind}", block + 1)).unwrap_or_else(|error| panic!("{error}"))
                })
                .collect();
            let all = requests(blocks(&addresses, gap, pdu_bytes), pdu_bytes);
            let mut members: Vec<usize> = all.iter().flatten().flat_map(|block| block.members.clone()).collect();
            members.sort_unstable();
            prop_assert_eq!(members, (0..addresses.len()).collect::<Vec<_>>());
            for request in &all {
                prop_assert!(request.len() <= ITEMS && REQUEST_BYTES + ITEM_BYTES * request.len() <= usize::from(pdu_bytes));
                let data: usize = request.iter().map(|block| usize::from(block.item.count).next_multiple_of(2) + DATA_HEAD_BYTES).sum();
                prop_assert!(ANSWER_BYTES + data <= usize::from(pdu_bytes));
                for block in request {
                    for member in &block.members {
                        let address = addresses[*member];
                        prop_assert!(address.start >= block.item.start);
                        prop_assert!(address.start + address.bytes() <= block.item.start + u32::from(block.item.count));
                    }
                }
            }
        }
    }
}
