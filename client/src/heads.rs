//! Which blocks a client goes by: final ones, or, while finality stands still, those of the best chain.

use crate::{
    chain::{At, Chain, H256, Head},
    error::Error,
};
use std::collections::BTreeMap;
use subxt::{SubstrateConfig, client::Blocks};

/// How far back a branch may begin that takes the best chain's place, and how many blocks are read at most
/// to catch up with it.
const LONGEST_BRANCH: usize = 1_024;

/// A stream of blocks, each of which comes once, parents first.
pub(crate) struct Heads {
    head: Head,
    stream: Blocks<SubstrateConfig>,
    /// Blocks of the best chain that came already, with their numbers.
    seen: BTreeMap<H256, u64>,
    /// Blocks of the best chain that are still to come, the next one last.
    ahead: Vec<H256>,
}

impl Heads {
    /// Begins to follow `chain`, and gives the state at which it begins.
    pub(crate) async fn follow(chain: &Chain) -> Result<(Self, At), Error> {
        let stream = match chain.head {
            Head::Final => chain.client.stream_blocks().await?,
            Head::Best => chain.client.stream_best_blocks().await?,
        };
        let at = chain.now().await?;
        let seen = BTreeMap::from([(at.block_hash(), at.block_number())]);
        Ok((Self { head: chain.head, stream, seen, ahead: Vec::new() }, at))
    }

    /// The state after the next block.
    pub(crate) async fn next(&mut self, chain: &Chain) -> Result<At, Error> {
        let ended = || Error::Answer("the stream of blocks ended: the node has gone".to_owned());
        if self.head == Head::Final {
            return Ok(self.stream.next().await.ok_or_else(ended)??.at().await?);
        }
        loop {
            if let Some(hash) = self.ahead.pop() {
                let at = chain.client.at_block(hash).await?;
                self.seen.insert(hash, at.block_number());
                while self.seen.len() > LONGEST_BRANCH {
                    let oldest = self.seen.iter().min_by_key(|(_, number)| **number);
                    let Some(oldest) = oldest.map(|(hash, _)| *hash) else { break };
                    self.seen.remove(&oldest);
                }
                return Ok(at);
            }
            let best = self.stream.next().await.ok_or_else(ended)??;
            self.catch_up(chain, best.hash()).await?;
        }
    }

    /// Notes the blocks that lead to `best` from one that was seen, or, on another branch, from below all
    /// that were: the node tells of the last one alone if several come at once.
    async fn catch_up(&mut self, chain: &Chain, best: H256) -> Result<(), Error> {
        let lowest = self.seen.values().min().copied().unwrap_or_default();
        let mut hash = best;
        while !self.seen.contains_key(&hash) && self.ahead.len() < LONGEST_BRANCH {
            let header = chain.rpc.chain_get_header(Some(hash)).await?;
            let header =
                header.ok_or_else(|| Error::Answer(format!("there is no block {hash:?}")))?;
            if header.number <= lowest {
                break;
            }
            self.ahead.push(hash);
            hash = header.parent_hash;
        }
        Ok(())
    }
}
