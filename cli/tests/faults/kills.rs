//! The node is killed between any two steps of the beacon, with its agents and both key services.

use crate::{
    chain::{Chain, until},
    life::Life,
    step::Step,
};
use qedex_primitives::{BeaconSource, EpochIndex};
use qedex_testnode::chain::best;

/// In how many epochs each kill has to have gone well.
const ATTEMPTS: usize = 8;

impl Life {
    /// Kills the node as soon as `epoch` is between these steps, if it comes to that.
    pub async fn kill_at(&mut self, epoch: EpochIndex, step: Step) {
        let chain = &self.chain;
        let is_there = until(&format!("{step:?} of epoch {epoch}"), || async {
            let now = chain.now().await?;
            if now.index == epoch && step.is_at(&now) {
                return Some(true);
            }
            (now.index > epoch || (now.index == epoch && step.is_past(&now))).then_some(false)
        })
        .await;
        if !is_there {
            self.note(&format!("{step:?} did not come in epoch {epoch}"));
            return;
        }
        let before = best(&self.chain.rpc).await;
        self.node.kill_and_restart().await;
        self.chain = Chain::of(self.node.rpc().await).await;
        let chain = &self.chain;
        let after = until("a block after the restart", || async {
            Some(chain.best().await).filter(|block| block.slot > before.slot)
        })
        .await;
        // The last ones before may not have come to the disk, and are written anew.
        self.apart.push(before.slot.saturating_sub(3)..=after.slot + 1);
        let gone = after.slot - before.slot;
        self.note(&format!("killed {step:?} in epoch {epoch}; a block again after {gone} slots"));
        self.kills.push((step, epoch));
    }

    /// Whether the node was killed here, and the epoch came to its end. What was committed to before is revealed
    /// after: then it has to be one with a value of keys.
    async fn went_well(&self, step: Step) -> bool {
        let kept = matches!(step, Step::AfterCommit | Step::AfterReveal);
        for (_, epoch) in self.kills.iter().filter(|(killed, _)| *killed == step) {
            let value = self.chain.ended(*epoch).await;
            if !kept || value.source == BeaconSource::Keys {
                return true;
            }
        }
        false
    }

    /// Whether an epoch after the last kill has a value of keys.
    async fn left_alone_gives_keys(&self) -> bool {
        let first = self.kills.iter().map(|(_, epoch)| epoch + 1).max().unwrap_or_default();
        for epoch in first..self.chain.now().await.map_or(first, |now| now.index) {
            if self.chain.ended(epoch).await.source == BeaconSource::Keys {
                return true;
            }
        }
        false
    }

    /// Whenever the node is killed, the epoch ends; and it goes on as if nothing had been once it is left alone.
    /// Where the machine was too slow for a step to be met, or for the node to be back in time, there are further
    /// epochs.
    pub async fn every_kill_went_well(&mut self) {
        for _ in 0..ATTEMPTS {
            let mut left = Vec::new();
            for step in Step::ALL {
                if !self.went_well(step).await {
                    left.push(step);
                }
            }
            if !left.is_empty() {
                self.note(&format!("still to come: {left:?}"));
            }
            if left.is_empty() && self.left_alone_gives_keys().await {
                return;
            }
            let epoch = self.next_epoch().await;
            if let Some(step) = left.first() {
                self.kill_at(epoch, *step).await;
            }
            self.chain.ended(epoch).await;
        }
        panic!("killed at some step, the agents never went on: {:?}", self.kills);
    }
}
