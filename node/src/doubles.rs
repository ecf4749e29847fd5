//! Watches for authors who write two blocks of one slot, and reports them to the chain.

use std::{collections::BTreeMap, sync::Arc};

use futures::StreamExt;
use qedex_primitives::api::PovApi;
use qedex_runtime::opaque::Header;
use sc_client_api::BlockchainEvents;
use sc_consensus_aura::find_pre_digest;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_api::{ApiExt, ProvideRuntimeApi};
use sp_consensus_aura::sr25519::AuthoritySignature;

use crate::client::{Block, FullClient};

/// So many slots are remembered: more than a session and the one before, in which a report counts.
const SLOTS: usize = 2_048;

/// So many blocks of one slot are looked at. Two are enough for a proof; different branches may give a slot
/// to different authors.
const BLOCKS: usize = 8;

/// The blocks of the latest slots.
#[derive(Default)]
struct Seen(BTreeMap<u64, Vec<Header>>);

impl Seen {
    /// Notes a block; the others of its slot.
    fn note(&mut self, slot: u64, header: &Header) -> Vec<Header> {
        let blocks = self.0.entry(slot).or_default();
        if blocks.contains(header) || blocks.len() >= BLOCKS {
            return Vec::new();
        }
        let others = blocks.clone();
        blocks.push(header.clone());
        while self.0.len() > SLOTS {
            self.0.pop_first();
        }
        others
    }
}

/// Reports both blocks if they are one author's.
fn report(client: &FullClient, pool: &OffchainTransactionPoolFactory<Block>, pair: [Header; 2]) {
    let best = client.chain_info().best_hash;
    let mut api = client.runtime_api();
    api.register_extension(pool.offchain_transaction_pool(best));
    let [first, second] = pair;
    let (one, other) = (first.hash(), second.hash());
    match api.submit_double_block(best, first, second) {
        Ok(Some(())) => {
            log::warn!(target: "aura", "{one:?} and {other:?} are of one slot and one author: reported");
        }
        // They are two authors', or reported already.
        Ok(None) => log::debug!(target: "aura", "nothing to report of {one:?} and {other:?}"),
        Err(error) => {
            log::warn!(target: "aura", "{one:?} and {other:?} cannot be reported: {error}");
        }
    }
}

/// Looks at every block that is imported, whichever branch it is on.
pub async fn watch(client: Arc<FullClient>, pool: OffchainTransactionPoolFactory<Block>) {
    let mut seen = Seen::default();
    let mut imported = client.every_import_notification_stream();
    while let Some(block) = imported.next().await {
        let Ok(slot) = find_pre_digest::<Block, AuthoritySignature>(&block.header) else {
            continue;
        };
        for other in seen.note(*slot, &block.header) {
            report(&client, &pool, [other, block.header.clone()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(number: u32) -> Header {
        let nothing = Default::default();
        Header {
            parent_hash: nothing,
            number,
            state_root: nothing,
            extrinsics_root: nothing,
            digest: Default::default(),
        }
    }

    #[test]
    fn blocks_of_one_slot_are_found_and_each_counts_once() {
        let mut seen = Seen::default();
        assert!(seen.note(7, &header(1)).is_empty());
        assert!(seen.note(8, &header(2)).is_empty());
        assert!(seen.note(7, &header(1)).is_empty(), "the same block");
        assert_eq!(seen.note(7, &header(3)), [header(1)]);
        assert_eq!(seen.note(7, &header(4)), [header(1), header(3)]);
    }

    #[test]
    fn neither_many_slots_nor_many_blocks_of_one_fill_the_memory() {
        let mut seen = Seen::default();
        for slot in 0..5_000 {
            seen.note(slot, &header(1));
        }
        assert_eq!(seen.0.len(), SLOTS);
        assert_eq!(seen.0.first_key_value().map(|(slot, _)| *slot), Some(5_000 - SLOTS as u64));
        for number in 0..100 {
            seen.note(9_999, &header(number));
        }
        assert_eq!(seen.0[&9_999].len(), BLOCKS);
    }
}
