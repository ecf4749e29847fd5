//! Two blocks of one slot by one author, and what follows.
//!
//! Whoever writes two can fork the chain at its tip at will, and so spend twice against anybody who does not
//! wait until a block is final. Everybody can prove it: the author has sealed both headers.

use crate::{
    AuraSlot, Call, Config, CurrentSchedule, Error, LastAuthors, Pallet, PastSessions,
    RemovalReason,
    pallet::{AccountOf, KeyOf},
};
use alloc::vec::Vec;
use codec::Decode;
use frame_support::{dispatch::DispatchResult, ensure, weights::Weight};
use frame_system::{
    offchain::{CreateAuthorizedTransaction, SubmitTransaction},
    pallet_prelude::HeaderFor,
};
use sp_consensus_aura::{AURA_ENGINE_ID, Slot};
use sp_runtime::{
    DigestItem, RuntimeAppPublic,
    traits::{Header, One, Saturating},
    transaction_validity::{
        InvalidTransaction, TransactionPriority, TransactionSource, TransactionValidityWithRefund,
        ValidTransaction,
    },
};
use sp_staking::SessionIndex;

/// A report waits for so many blocks: no longer than it can be proven.
const LONGEVITY: u64 = 256;

/// Under this name reports provide their tags.
const TAG_PREFIX: &str = "QedexDoubleBlock";

/// Those who could write the slots of a session, with their keys.
type Writers<T> = Vec<(AccountOf<T>, KeyOf<T>)>;

/// The slot that a header names.
fn slot_of<H: Header>(header: &H) -> Option<AuraSlot> {
    header.digest().logs().iter().find_map(|log| match log {
        DigestItem::PreRuntime(AURA_ENGINE_ID, data) => {
            Slot::decode(&mut &data[..]).ok().map(|slot| *slot)
        }
        _ => None,
    })
}

/// Whether `header` is sealed with `key`: the seal signs the header without it.
fn is_sealed_by<H: Header, K: RuntimeAppPublic>(header: &H, key: &K) -> bool {
    let mut unsealed = header.clone();
    let Some(DigestItem::Seal(AURA_ENGINE_ID, seal)) = unsealed.digest_mut().pop() else {
        return false;
    };
    K::Signature::decode(&mut &seal[..])
        .is_ok_and(|signature| key.verify(&unsealed.hash().as_ref(), &signature))
}

impl<T: Config> Pallet<T> {
    /// Who could write `slot`, in which session, and with which keys: of the present session and the one
    /// before.
    fn writers(slot: AuraSlot) -> Option<(SessionIndex, Writers<T>)> {
        let schedule = CurrentSchedule::<T>::get()?;
        if schedule.start.is_some_and(|start| slot >= start) {
            let authors = schedule.authors.into_iter();
            return Some((
                schedule.session,
                authors.map(|author| (author.who, author.key)).collect(),
            ));
        }
        let (session, authors) = LastAuthors::<T>::get()?;
        let past = PastSessions::<T>::get(session)?;
        (past.first..=past.last).contains(&slot).then(|| (session, authors.into_inner()))
    }

    /// Whether `header` stands on a block of this chain. Otherwise somebody who uses a key on two chains
    /// had written two blocks of one slot: slots are times.
    fn is_of_this_chain(header: &HeaderFor<T>) -> bool {
        let before = header.number().saturating_sub(One::one());
        frame_system::Pallet::<T>::block_hash(before) == *header.parent_hash()
    }

    /// The session in which `author` wrote both, if it did and nothing followed from it yet.
    pub(crate) fn check_double_block(
        first: &HeaderFor<T>,
        second: &HeaderFor<T>,
        author: &AccountOf<T>,
    ) -> Result<SessionIndex, Error<T>> {
        let slot = slot_of(first).ok_or(Error::<T>::NoDoubleBlock)?;
        ensure!(
            slot_of(second) == Some(slot) && first.hash() != second.hash(),
            Error::<T>::NoDoubleBlock
        );
        ensure!(
            Self::is_of_this_chain(first) && Self::is_of_this_chain(second),
            Error::<T>::OfAnotherChain
        );
        let (session, writers) = Self::writers(slot).ok_or(Error::<T>::TooOld)?;
        let key = writers.into_iter().find(|(who, _)| who == author).map(|(_, key)| key);
        let key = key.ok_or(Error::<T>::NotAValidator)?;
        ensure!(is_sealed_by(first, &key) && is_sealed_by(second, &key), Error::<T>::NoDoubleBlock);
        ensure!(!Self::is_settled(author, session), Error::<T>::AlreadySettled);
        Ok(session)
    }

    pub(crate) fn authorize_double_block(
        _source: TransactionSource,
        first: &HeaderFor<T>,
        second: &HeaderFor<T>,
        author: &AccountOf<T>,
    ) -> TransactionValidityWithRefund {
        Self::check_double_block(first, second, author).map_err(|error| match error {
            Error::AlreadySettled => InvalidTransaction::Stale,
            _ => InvalidTransaction::BadProof,
        })?;
        let valid = ValidTransaction::with_tag_prefix(TAG_PREFIX)
            .priority(TransactionPriority::MAX)
            // What is reported of one slot is reported.
            .and_provides((author, slot_of(first)))
            .longevity(LONGEVITY)
            .propagate(true);
        Ok((valid.into(), Weight::zero()))
    }

    pub(crate) fn do_report_double_block(
        first: &HeaderFor<T>,
        second: &HeaderFor<T>,
        author: &AccountOf<T>,
    ) -> DispatchResult {
        let session = Self::check_double_block(first, second, author)?;
        Self::punish(author, RemovalReason::DoubleBlock, session);
        Ok(())
    }
}

impl<T: Config + CreateAuthorizedTransaction<Call<T>>> Pallet<T> {
    /// Reports that both headers are by one author, if they are, by a transaction of the node that asks.
    pub fn submit_double_block(first: HeaderFor<T>, second: HeaderFor<T>) -> Option<()> {
        let (_, writers) = Self::writers(slot_of(&first)?)?;
        let (author, _) = writers.into_iter().find(|(_, key)| is_sealed_by(&first, key))?;
        Self::check_double_block(&first, &second, &author).ok()?;
        let call = Call::report_double_block { first, second, author };
        let transaction = T::create_authorized_transaction(call.into());
        SubmitTransaction::<T, Call<T>>::submit_transaction(transaction).ok()
    }
}
