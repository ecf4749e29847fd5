//! What stands in all blocks of a chain: who brought what for which epoch, whether the values follow from it, and
//! whether blocks came in their slots.

use crate::chain::{Account, Chain, Written};
use qedex_primitives::{
    BeaconSource, EpochIndex,
    beacon::{Commitment, EpochWork, MIN_OWNERS, Revealed, value},
};
use qedex_runtime::Hash;
use sp_crypto_hashing::sha2_256;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

/// What workers have brought.
#[derive(Default)]
struct Brought {
    commitments: BTreeMap<EpochIndex, BTreeMap<Account, Commitment>>,
    reveals: BTreeMap<EpochIndex, BTreeMap<Account, Revealed>>,
}

impl Brought {
    /// Reads all blocks. Each account has committed once in an epoch, revealed once and reported once of a link,
    /// and no secret was used twice.
    fn read(blocks: &[Written]) -> Self {
        let mut all = Self::default();
        let (mut reported, mut secrets) = (BTreeSet::new(), BTreeSet::new());
        for (who, epoch, work) in blocks.iter().flat_map(|written| &written.brought) {
            match work {
                EpochWork::Commit { commitment, reports } => {
                    if let Some(commitment) = commitment {
                        let ours = all.commitments.entry(*epoch).or_default();
                        assert_eq!(ours.insert(*who, *commitment), None, "twice in epoch {epoch}");
                    }
                    for report in reports {
                        let is_first = reported.insert((*epoch, *who, report.link));
                        assert!(is_first, "two reports in epoch {epoch}");
                    }
                }
                EpochWork::Reveal { secret } => {
                    let ours = all.reveals.entry(*epoch).or_default();
                    assert_eq!(ours.insert(*who, *secret), None, "twice in epoch {epoch}");
                    assert!(secrets.insert(secret.0), "a secret of epoch {epoch} was used before");
                }
            }
        }
        all
    }

    /// Every epoch before `current` has ended, one after the other, with a value that follows from what was
    /// revealed in it, or with one that says that it is a block's hash. Gives how many were of keys.
    async fn gives_the_values(&self, chain: &Chain, current: EpochIndex) -> usize {
        let (nothing, nobody) = (BTreeMap::new(), BTreeMap::new());
        let (mut before, mut of_keys) = (Hash::zero(), 0);
        for epoch in 0..current {
            let found = chain.value(epoch).await.expect("it has ended, and is kept");
            let attendance = chain.attendance(epoch).await.expect("it is kept");
            let committed = self.commitments.get(&epoch).unwrap_or(&nothing);
            let revealed = self.reveals.get(&epoch).unwrap_or(&nobody);
            let withheld = committed.keys().filter(|who| !revealed.contains_key(*who));
            let said = attendance.withheld.iter().map(|(who, _)| *who).collect::<Vec<_>>();
            assert_eq!(said, withheld.copied().collect::<Vec<_>>(), "epoch {epoch}");
            let rows: Vec<_> = revealed.iter().map(|(who, secret)| (*who, *secret)).collect();
            let said = attendance.revealed.iter().copied().collect::<Vec<_>>();
            assert_eq!(said, revealed.keys().copied().collect::<Vec<_>>(), "epoch {epoch}");
            if rows.len() >= MIN_OWNERS {
                let bytes = value(chain.genesis, before, epoch, &rows);
                assert_eq!(found.value, Hash::from(sha2_256(&bytes)), "epoch {epoch}");
                assert_eq!(found.source, BeaconSource::Keys, "epoch {epoch}");
                of_keys += 1;
            } else {
                assert_eq!(found.source, BeaconSource::BlockHash, "epoch {epoch}");
            }
            before = found.value;
        }
        of_keys
    }
}

/// Reads the chain and holds all of it against what was brought. Gives its blocks, how many epochs have a value of
/// keys, and how many have ended.
pub async fn audited(chain: &Chain) -> (Vec<Written>, usize, EpochIndex) {
    // Before the blocks are read: so they have all of the epochs that have ended.
    let ended = chain.now().await.expect("an epoch is under way").index;
    let blocks = chain.blocks().await;
    let of_keys = Brought::read(&blocks).gives_the_values(chain, ended).await;
    (blocks, of_keys, ended)
}

/// Asserts that authors who ran missed hardly a slot, and gives how many of how many. What is `apart` does not
/// count: slots in which not all of them ran.
pub fn hardly_missed(blocks: &[Written], apart: &[RangeInclusive<u64>]) -> (u64, u64) {
    let is_apart = |slot: u64| apart.iter().any(|slots| slots.contains(&slot));
    let (mut due, mut missed) = (0, 0);
    // The first block is written when the node has started, whenever that is.
    for pair in blocks.windows(2).skip(1) {
        let (before, slot) = (pair[0].block.slot, pair[1].block.slot);
        if !(is_apart(before) || is_apart(slot)) {
            due += slot - before;
            missed += slot - before - 1;
        }
    }
    // A busy machine misses some by itself; an author that waited for a reporter would miss many in a row.
    assert!(due > 0 && missed <= due / 2, "{missed} of {due} slots missed");
    (missed, due)
}
