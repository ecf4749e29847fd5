//! Who owned the key with which somebody voted: proofs for reports of double votes.
//!
//! The pallet has on record who voted with which key since which session, so that a proof only has to say
//! where to look. What its owner has done with its keys since, `set_keys` included, makes no difference.

use crate::{Config, KeptSets, Pallet, SetAfter, VoterKey, VoterSets, pallet::AccountOf};
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::traits::KeyOwnerProofSystem;
use scale_info::TypeInfo;
use sp_core::crypto::KeyTypeId;
use sp_session::{GetSessionNumber, GetValidatorCount};
use sp_staking::SessionIndex;

/// Where it is on record who owned a voter's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct VoterProof {
    /// The session in which the key voted.
    pub session: SessionIndex,
    /// Since which session the set of voters of that session voted.
    pub since: SessionIndex,
    /// How many it has.
    pub voters: u32,
}

impl GetSessionNumber for VoterProof {
    fn session(&self) -> SessionIndex {
        self.session
    }
}

impl GetValidatorCount for VoterProof {
    fn validator_count(&self) -> u32 {
        self.voters
    }
}

impl<T: Config> KeyOwnerProofSystem<(KeyTypeId, VoterKey)> for Pallet<T> {
    type Proof = VoterProof;
    /// The owner, and the session in which it voted.
    type IdentificationTuple = (AccountOf<T>, SessionIndex);

    /// Of a key of the voters of the present session.
    fn prove((kind, key): (KeyTypeId, VoterKey)) -> Option<Self::Proof> {
        let (_, since) = KeptSets::<T>::get();
        let session = pallet_session::CurrentIndex::<T>::get();
        let voters = crate::votes::count(&VoterSets::<T>::get(since));
        let proof = VoterProof { session, since, voters };
        Self::check_proof((kind, key), proof).map(|_| proof)
    }

    fn check_proof(
        (kind, key): (KeyTypeId, VoterKey),
        proof: Self::Proof,
    ) -> Option<Self::IdentificationTuple> {
        let VoterProof { session, since, voters } = proof;
        let voted = since <= session
            && session <= pallet_session::CurrentIndex::<T>::get()
            && SetAfter::<T>::get(since).is_none_or(|next| session < next);
        if kind != sp_consensus_grandpa::KEY_TYPE || !voted {
            return None;
        }
        let set = VoterSets::<T>::get(since);
        if crate::votes::count(&set) != voters {
            return None;
        }
        let (owner, _) = set.into_iter().find(|(_, voter)| *voter == key)?;
        Some((owner, session))
    }
}
