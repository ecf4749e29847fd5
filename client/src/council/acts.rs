//! What members do: propose, vote and close.

use super::{
    super::{
        At, H256,
        api::{self, runtime_types as types},
        block::{Block, Transaction},
        calls::{EncodedCall, batch_all},
        keys::{Keypair, account_of},
        readable::{self, Call},
        reads::fetch,
        session::Session,
    },
    Decision, Motion, MotionState, council, motion, motions, proposal, refused, two_thirds,
};
use crate::error::{Error, Refusal};
use codec::{Compact, Decode, Encode};
use subxt::{
    config::{Hasher, substrate::BlakeTwo256},
    error::{BackendError, RpcError, RuntimeApiError},
    ext::scale_encode::EncodeAsType,
    tx,
    utils::{Encoded, Static},
};
use types::sp_weights::weight_v2::Weight;

/// A call to be proposed.
pub struct Proposal {
    encoded: Vec<u8>,
    call: Call,
    hash: H256,
    weight: Weight,
}

impl Proposal {
    /// The call whose encoded form this is. The chain's own runtime is asked first whether the
    /// bytes begin with one: it knows how deep calls may be nested and how long their lists may be.
    /// That nothing follows it is seen here.
    pub async fn decode(at: &At, encoded: Vec<u8>) -> Result<Self, Error> {
        let weight = weight(at, &encoded).await?;
        let call = readable::read(&encoded, at.metadata_ref()).map_err(|why| no_call(&why))?;
        Ok(Self { hash: BlakeTwo256.hash(&encoded), encoded, call, weight })
    }

    /// The call, to be read.
    pub const fn call(&self) -> &Call {
        &self.call
    }

    /// Its hash, by which the council knows it.
    pub const fn hash(&self) -> H256 {
        self.hash
    }
}

/// The most that an encoded call may weigh when it is dispatched.
///
/// The runtime computes it: `TransactionPaymentCallApi::query_call_info` answers with the weight of
/// the call's own dispatch info, the very number that the council's pallet computes and compares
/// with the bound that whoever closes a motion gives. So the bound is exact. (`payment_queryInfo`
/// is for whole transactions: its weight has that of the transaction's extensions in it.) What the
/// call does not consume of it is given back.
async fn weight(at: &At, encoded: &[u8]) -> Result<Weight, Error> {
    const METHOD: &str = "TransactionPaymentCallApi_query_call_info";
    let length = length(encoded);
    let arguments = [encoded, &length.encode()].concat();
    let answer = at.runtime_apis().call_raw(METHOD, Some(&arguments)).await;
    let answer = match answer {
        Ok(answer) => answer,
        // The runtime traps on arguments that it cannot decode; the length always decodes.
        Err(RuntimeApiError::CannotCallApi(BackendError::Rpc(RpcError::ClientError(
            subxt::rpcs::Error::User(_),
        )))) => {
            return Err(no_call("the chain's runtime cannot decode them"));
        }
        Err(error) => return Err(error.into()),
    };
    // The weight comes first in the answer; class and fee do not matter here.
    let (Compact(ref_time), Compact(proof_size)) =
        <(Compact<u64>, Compact<u64>)>::decode(&mut &*answer)
            .map_err(|e| Error::Answer(format!("the weight of a call: {e}")))?;
    Ok(Weight { ref_time, proof_size })
}

fn no_call(why: &str) -> Error {
    Error::BadInput(format!("the call data are not exactly one call: {why}"))
}

fn length(encoded: &[u8]) -> u32 {
    u32::try_from(encoded.len()).unwrap_or(u32::MAX)
}

/// The collective's `propose`, around a call that is encoded already.
#[derive(EncodeAsType)]
#[encode_as_type(crate_path = "subxt::ext::scale_encode")]
struct Propose {
    threshold: u32,
    proposal: Static<Encoded>,
    length_bound: u32,
}

/// What became of an act.
pub enum Acted {
    /// It is done, by this block's transaction.
    Done(Box<(Block, Transaction)>),
    /// It waits for the votes of the council.
    Proposed(Opened),
}

/// A motion that waits for votes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its number.
    pub index: u32,
    /// The hash of the encoded call.
    pub hash: H256,
    /// How many ayes it needs,
    pub threshold: u32,
    /// out of how many members.
    pub members: u32,
    /// The block from which on it may be closed whoever voted.
    pub end: u32,
    /// The block that has it.
    pub block: u64,
}

/// A motion that was closed.
pub struct Closed {
    /// How.
    pub end: Ending,
    /// What failed within the call, though it did not.
    pub refusals: Vec<Refusal>,
    /// Whether something was held of who proposed it, and went back.
    pub bond_returned: bool,
    /// The block that has it.
    pub block: u64,
}

/// How a motion ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its call was executed.
    Executed,
    /// Its call was executed and failed, and changed nothing.
    Failed(Refusal),
    /// It was dropped.
    Disapproved,
}

impl Session {
    /// Proposes a call to the council, as one of its members, to be decided by two thirds of those
    /// who are in it at present. A council of one executes it at once, and its failure is an error.
    pub async fn propose(
        &mut self,
        what: &str,
        proposal: &Proposal,
        key: &Keypair,
    ) -> Result<Acted, Error> {
        let council = council(self.at()).await?;
        council.ensure_member(what, account_of(key))?;
        self.ensure_new(what, proposal).await?;
        let threshold = two_thirds(council.seats());
        // The payload generated for this call would want the call decoded. `Chain::connect` has
        // compared the pallet's shape.
        let propose = Propose {
            threshold,
            proposal: Static(Encoded(proposal.encoded.clone())),
            length_bound: length(&proposal.encoded),
        };
        let payload = tx::dynamic("Council", "propose", propose);
        let (block, included) = self.call(what, &payload, key).await?;
        let decision = included.decided(proposal.hash).next().cloned();
        match decision {
            Some(Decision::Proposed(index)) => Ok(Acted::Proposed(Opened {
                index,
                hash: proposal.hash,
                threshold,
                members: council.seats(),
                end: motion(self.at(), what, index).await?.end,
                block: block.number,
            })),
            Some(Decision::Executed(failure)) => {
                match failure.or_else(|| included.refusals.first().cloned()) {
                    None => Ok(Acted::Done(Box::new((block, included)))),
                    Some(refusal) => Err(Error::Refused { what: what.to_owned(), refusal }),
                }
            }
            _ => Err(Error::Answer("nothing was proposed".to_owned())),
        }
    }

    /// Sees what the chain would refuse, and for which it would take the fee.
    async fn ensure_new(&self, what: &str, proposal: &Proposal) -> Result<(), Error> {
        let open = motions(self.at()).await?;
        if let Some(open) = open.iter().find(|open| open.hash == proposal.hash) {
            let meaning = format!("motion {} is about the same call", open.index);
            return Err(refused(what, "DuplicateProposal", meaning));
        }
        let most = self.at().constants().entry(api::constants().council().max_proposal_weight())?;
        let weight = &proposal.weight;
        if weight.ref_time > most.ref_time || weight.proof_size > most.proof_size {
            let meaning = format!(
                "the call may take {} ps and {} bytes of proof; a motion's at most {} and {}",
                weight.ref_time, weight.proof_size, most.ref_time, most.proof_size
            );
            return Err(refused(what, "WrongProposalWeight", meaning));
        }
        Ok(())
    }

    /// Votes on a motion, or changes a vote. Gives the ayes and nays that it has then.
    pub async fn vote(
        &mut self,
        what: &str,
        motion: &Motion,
        aye: bool,
        key: &Keypair,
    ) -> Result<(Block, u32, u32), Error> {
        let who = account_of(key);
        let council = council(self.at()).await?;
        council.ensure_member(what, who)?;
        let (same, vote) = if aye { (&motion.ayes, "aye") } else { (&motion.nays, "nay") };
        if same.contains(&who) {
            let meaning = format!("the member has voted {vote} already");
            return Err(refused(what, "DuplicateVote", meaning));
        }
        let vote = api::tx().council().vote(motion.hash, motion.index, aye);
        let (block, included) = self.call(what, &vote, key).await?;
        let votes = included.decided(motion.hash).find_map(|decision| match decision {
            Decision::Voted(ayes, nays) => Some((*ayes, *nays)),
            _ => None,
        });
        let (ayes, nays) = votes.ok_or_else(|| Error::Answer("nobody voted".to_owned()))?;
        Ok((block, ayes, nays))
    }

    /// Closes a motion whose votes decide it, or whose time is up. Anyone may. What is held of who proposed
    /// it goes back in the same transaction: the council's pallet lets go of it only when it is asked to.
    pub async fn close(
        &mut self,
        what: &str,
        motion: &Motion,
        key: &Keypair,
    ) -> Result<Closed, Error> {
        let council = council(self.at()).await?;
        let next = self.at().block_number().saturating_add(1);
        if motion.state(&council, next) == MotionState::Open {
            let meaning = format!(
                "{} of {} members voted aye and {} nay; {} ayes are needed before block {}",
                motion.ayes.len(),
                council.seats(),
                motion.nays.len(),
                motion.threshold,
                motion.end
            );
            return Err(refused(what, "TooEarly", meaning));
        }
        // The length that is compared is that of the stored value, which is the encoded call.
        let encoded = proposal(self.at(), motion).await?;
        let close = api::tx().council().close(
            motion.hash,
            motion.index,
            weight(self.at(), &encoded).await?,
            length(&encoded),
        );
        let (bond_returned, block, included) = if has_bond(self.at(), motion).await? {
            let release = api::tx().council().release_proposal_cost(motion.hash);
            let close = EncodedCall::of(self.at(), &close)?;
            let both = vec![close, EncodedCall::of(self.at(), &release)?];
            let (block, included) = self.call(what, &batch_all(both), key).await?;
            (true, block, included)
        } else {
            let (block, included) = self.call(what, &close, key).await?;
            (false, block, included)
        };
        let end = included.decided(motion.hash).find_map(|decision| match decision {
            Decision::Executed(None) => Some(Ending::Executed),
            Decision::Executed(Some(refusal)) => Some(Ending::Failed(refusal.clone())),
            Decision::Disapproved => Some(Ending::Disapproved),
            Decision::Proposed(_) | Decision::Voted(..) => None,
        });
        Ok(Closed {
            end: end.ok_or_else(|| Error::Answer("nothing was closed".to_owned()))?,
            refusals: included.refusals,
            bond_returned,
            block: block.number,
        })
    }
}

/// Whether something is held of who proposed a motion.
async fn has_bond(at: &At, motion: &Motion) -> Result<bool, Error> {
    Ok(fetch(at, api::storage().council().cost_of(), (motion.hash,)).await?.is_some())
}
