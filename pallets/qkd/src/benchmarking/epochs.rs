//! Epochs of the beacon, as the benchmarks find them.

use super::setup::{NOW, member};
use crate::*;
use alloc::vec::Vec;
use frame_benchmarking::account;
use frame_support::BoundedVec;
use qedex_primitives::{
    BlockAuthors, Calendar, EpochIndex, Membership, OwnerId, Role,
    beacon::{Commitment, EpochPart},
    qkd::WorkerSignature,
};
use sp_core::H256;
use sp_io::crypto;
use sp_runtime::{DispatchError, traits::Convert};

/// The epoch that is under way.
pub(super) fn put_epoch<T: Config>(index: EpochIndex, part: EpochPart) {
    T::Calendar::set_now(NOW);
    let until = NOW.saturating_add(1_000);
    let epoch = Epoch { index, part, until, end: until, opened: NOW, block: None };
    CurrentEpoch::<T>::put(epoch);
}

/// An owner that can miss something, and its account.
fn owned<T: Config>(name: &'static str, number: u32) -> Option<(T::AccountId, OwnerId)> {
    let who: T::AccountId = account(name, number, 0);
    T::Membership::grant(&who, Role::Trade);
    let owner = T::Membership::owner_of(&who)?;
    Some((who, owner))
}

/// An epoch in its second half, in which `n` owners have committed and nobody has revealed; one author more could
/// have included a reveal.
pub(super) fn put_reveals<T: Config>(index: EpochIndex, n: u32) -> Result<(), DispatchError> {
    put_epoch::<T>(index, EpochPart::Reveal);
    for number in 0..n {
        let (who, owner) =
            owned::<T>("committed", number).ok_or(DispatchError::Other("no owner"))?;
        let commitment = Commitment(H256::repeat_byte(1));
        Commitments::<T>::insert(&who, Entry { owner, commitment, secret: None });
        CommittedBy::<T>::insert(owner, &who);
    }
    let authors: Vec<T::AccountId> =
        (0..T::Authors::bearable()).map(|number| account("author", number, 0)).collect();
    RevealAuthors::<T>::put(BoundedVec::truncate_from(authors));
    Ok(())
}

/// Goes on to the end of the second half; one author more has written a block.
pub(super) fn pass_reveals<T: Config>() {
    let authors: Vec<T::AccountId> =
        (0..=T::Authors::bearable()).map(|number| account("author", number, 0)).collect();
    RevealAuthors::<T>::put(BoundedVec::truncate_from(authors));
    T::Calendar::set_now(NOW.saturating_add(1_000));
}

/// The first epoch, in which `n` owners have withheld a reveal, and are not barred any more.
pub(super) fn put_forgotten<T: Config>(n: u32) {
    let withheld: Vec<_> = (0..n).filter_map(|number| owned::<T>("forgotten", number)).collect();
    for (_, owner) in &withheld {
        BarredUntil::<T>::insert(owner, 1);
    }
    let attendance = Attendance {
        revealed: BoundedVec::default(),
        withheld: BoundedVec::truncate_from(withheld),
        spanned: true,
    };
    Attendances::<T>::insert(0, attendance);
}

/// A commitment that is awaited, with the transaction that brings it.
pub(super) fn to_commit<T: Config>() -> Result<(T::AccountId, Call<T>), DispatchError> {
    let (who, worker) = member::<T>("who", 0, None)?;
    put_epoch::<T>(0, EpochPart::Commit);
    let commitment = Commitment(H256::repeat_byte(1));
    let work = EpochWork::commit(commitment);
    let bytes = T::AccountBytes::convert(who.clone());
    let signed = work.signing_bytes(Pallet::<T>::genesis(), &bytes, 0);
    let signature = crypto::sr25519_sign(WORKER_KEYS, &worker.0, &signed).unwrap_or_default();
    let signature = WorkerSignature(signature);
    Ok((who.clone(), Call::bring_epoch { who, epoch: 0, work, signature }))
}
