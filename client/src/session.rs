//! Signing, sending and following transactions.
//!
//! One subscription to blocks tells everything: which transactions were included and what became of them,
//! what happened on the market, and what time it is on the chain. Blocks are final ones, unless the
//! connection goes by the best chain.

use super::{
    At, Chain, H256,
    block::{Block, Transaction},
    chain::Head,
    heads::Heads,
    keys::{Keypair, account_of},
    reads::check_call,
};
use crate::{
    error::Error,
    market::{Account, Plancks},
};
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use subxt::{
    config::{DefaultExtrinsicParamsBuilder, Hasher, substrate::BlakeTwo256},
    tx::Payload,
};

/// A node that has no new block that counts for so long is given up.
const SILENCE: Duration = Duration::from_secs(90);

/// Blocks for which a transaction is valid: a little over two minutes.
const MORTALITY: u64 = 64;

/// Transactions on their way to the node at the same time.
const AT_ONCE: usize = 32;

/// A signed transaction.
pub struct Signed {
    /// What it is, for people.
    what: String,
    bytes: Vec<u8>,
    hash: H256,
}

impl Signed {
    /// The hash by which a block names it.
    pub const fn hash(&self) -> H256 {
        self.hash
    }
}

/// What all transactions of a session cost and how they fared.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Transactions sent.
    pub sent: u64,
    /// Those included but failed, each with its error.
    pub failed: Vec<String>,
    /// Fees that the signers paid.
    pub fees: Plancks,
}

/// A conversation with the chain.
pub struct Session {
    chain: Chain,
    heads: Heads,
    /// The state after the latest block seen.
    at: At,
    nonces: BTreeMap<Account, u64>,
    pending: BTreeMap<H256, String>,
    signers: BTreeSet<Account>,
    tally: Tally,
}

impl Session {
    /// Begins to follow the blocks that count.
    pub async fn open(chain: Chain) -> Result<Self, Error> {
        let (heads, at) = Heads::follow(&chain).await?;
        Ok(Self {
            chain,
            heads,
            at,
            nonces: BTreeMap::new(),
            pending: BTreeMap::new(),
            signers: BTreeSet::new(),
            tally: Tally::default(),
        })
    }

    /// The state after the latest block seen.
    pub const fn at(&self) -> &At {
        &self.at
    }

    /// The chain.
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// What the transactions cost so far and how they fared.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Fails if a transaction did that was included so far: for what must succeed as a whole.
    pub fn check(&self) -> Result<(), Error> {
        match self.tally.failed.first() {
            None => Ok(()),
            Some(failed) => Err(Error::Answer(format!("a transaction failed: {failed}"))),
        }
    }

    /// Signs `call` with the signer's next nonce. To be sent in the order of signing.
    pub async fn sign(
        &mut self,
        what: impl Into<String>,
        call: &impl Payload,
        key: &Keypair,
    ) -> Result<Signed, Error> {
        check_call(&self.at, call)?;
        let account = account_of(key);
        let nonce = match self.nonces.get(&account) {
            Some(nonce) => *nonce,
            None => {
                let account = key.public_key().to_account_id();
                self.chain.rpc.system_account_next_index(&account).await?
            }
        };
        self.nonces.insert(account, nonce.saturating_add(1));
        self.signers.insert(account);
        let params = DefaultExtrinsicParamsBuilder::new()
            .nonce(nonce)
            .mortal_from_unchecked(MORTALITY, self.at.block_number(), self.at.block_hash())
            .build();
        let transactions = self.at.transactions();
        let signed = transactions.create_signable_offline(call, params)?.sign(key)?;
        let bytes = signed.into_encoded();
        let hash = BlakeTwo256.hash(&bytes);
        Ok(Signed { what: what.into(), bytes, hash })
    }

    /// Sends transactions of one signer, in order.
    pub async fn send(&mut self, signed: impl IntoIterator<Item = Signed>) -> Result<(), Error> {
        for signed in signed {
            let (hash, what) = submit(&self.chain, signed).await?;
            self.pending.insert(hash, what);
            self.tally.sent = self.tally.sent.saturating_add(1);
        }
        Ok(())
    }

    /// Sends transactions of different signers, in no particular order.
    pub async fn send_all(&mut self, signed: Vec<Signed>) -> Result<(), Error> {
        let chain = &self.chain;
        let sent: Vec<(H256, String)> = stream::iter(signed)
            .map(|signed| submit(chain, signed))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        self.tally.sent = self.tally.sent.saturating_add(sent.len() as u64);
        self.pending.extend(sent);
        Ok(())
    }

    /// The next block that counts.
    pub async fn next_block(&mut self) -> Result<Block, Error> {
        let next = tokio::time::timeout(SILENCE, self.heads.next(&self.chain)).await;
        let silence = || {
            let what = match self.chain.head {
                Head::Final => "no block was finalised",
                Head::Best => "no block came",
            };
            Error::TimedOut(format!(
                "{what} for {} s after block {}",
                SILENCE.as_secs(),
                self.at.block_number()
            ))
        };
        let at = next.map_err(|_| silence())??;
        let body = self.chain.rpc.chain_get_block(Some(at.block_hash())).await?;
        let body = body.ok_or_else(|| Error::Answer("a block has no body".to_owned()))?;
        let hashes = body.block.extrinsics.iter().map(|bytes| BlakeTwo256.hash(bytes)).collect();
        let block = Block::read(&at, hashes, &self.chain.shapes).await?;
        self.at = at;
        for transaction in &block.transactions {
            self.tally_up(transaction);
        }
        Ok(block)
    }

    fn tally_up(&mut self, transaction: &Transaction) {
        if let Some((_, fee)) = transaction.fee.filter(|(who, _)| self.signers.contains(who)) {
            self.tally.fees = self.tally.fees.saturating_add(fee);
        }
        if let Some(what) = self.pending.remove(&transaction.hash)
            && let Some(failure) = &transaction.failure
        {
            self.tally.failed.push(format!("{what}: {failure}"));
        }
    }

    /// Follows blocks until everything sent is included.
    pub async fn settle(&mut self) -> Result<(), Error> {
        let deadline = self.at.block_number().saturating_add(MORTALITY);
        while let Some(what) = self.pending.values().next() {
            if self.at.block_number() > deadline {
                return Err(Error::TimedOut(format!("{what} was never included in a block")));
            }
            self.next_block().await?;
        }
        Ok(())
    }

    /// Signs and sends one call and waits until it is in a block that counts. A call that fails is
    /// an error.
    pub async fn call(
        &mut self,
        what: &str,
        call: &impl Payload,
        key: &Keypair,
    ) -> Result<(Block, Transaction), Error> {
        let (block, included) = self.include(what, call, key).await?;
        match included.failure {
            Some(refusal) => Err(Error::Refused { what: what.to_owned(), refusal }),
            None => Ok((block, included)),
        }
    }

    /// Signs and sends one call and waits until it is in a block that counts. Whether the call failed is
    /// for the caller to look at.
    pub async fn include(
        &mut self,
        what: &str,
        call: &impl Payload,
        key: &Keypair,
    ) -> Result<(Block, Transaction), Error> {
        let signed = self.sign(what, call, key).await?;
        let hash = signed.hash;
        let deadline = self.at.block_number().saturating_add(MORTALITY);
        self.send([signed]).await?;
        loop {
            let block = self.next_block().await?;
            if let Some(included) = block.transactions.iter().find(|t| t.hash == hash).cloned() {
                if let Some(unread) = included.unread.first() {
                    return Err(Error::WrongChain(format!(
                        "{what} is in block {}, but the event {unread} of its runtime is not the \
                         one that this program was built for",
                        block.number
                    )));
                }
                return Ok((block, included));
            }
            if block.number > deadline {
                return Err(Error::TimedOut(format!("{what} was never included in a block")));
            }
        }
    }
}

async fn submit(chain: &Chain, signed: Signed) -> Result<(H256, String), Error> {
    match chain.rpc.author_submit_extrinsic(&signed.bytes).await {
        Ok(_) => Ok((signed.hash, signed.what)),
        Err(reason) => Err(Error::NotTaken { what: signed.what, reason: in_full(&reason) }),
    }
}

/// What the node says of an error, its particulars among it: the message alone may be no more than that
/// a transaction is invalid.
fn in_full(error: &subxt::rpcs::Error) -> String {
    let subxt::rpcs::Error::User(said) = error else {
        return error.to_string();
    };
    match &said.data {
        Some(data) => format!("{}: {}", said.message, data.get().trim_matches('"')),
        None => said.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_transaction_is_invalid_is_told() {
        let said =
            r#"{"code":1010,"message":"Invalid Transaction","data":"Inability to pay some fees"}"#;
        let said: subxt::rpcs::UserError = serde_json::from_str(said).unwrap();
        let error = subxt::rpcs::Error::User(said);
        assert_eq!(in_full(&error), "Invalid Transaction: Inability to pay some fees");
    }
}
