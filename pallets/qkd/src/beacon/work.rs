//! What a worker brings once in each half of an epoch.
//!
//! In the first half that is a commitment, reports for the [ledger of keys](crate::ledger), or both: all of it is
//! taken or nothing.

use crate::{
    AcceptedBy, BarredUntil, Commitments, CommittedBy, Config, CurrentEpoch, Enrolments, Error,
    Event, MAX_LONGEVITY, Pallet, Profiles, TAG_PREFIX, WeightInfo,
};
use frame_support::{
    pallet_prelude::{
        InvalidTransaction, TransactionSource, TransactionValidityError,
        TransactionValidityWithRefund, UnknownTransaction, ValidTransaction, Weight,
    },
    traits::Get,
};
use qedex_primitives::{
    Calendar, EpochIndex, Membership, OwnerId,
    beacon::{
        self, Commitment, Entry, EpochPart, EpochRefusal, EpochWork, MAX_REVEALERS, Revealed,
    },
    qkd::{WorkerKey, WorkerSignature},
};
use sp_core::H256;
use sp_io::hashing::sha2_256;
use sp_runtime::{DispatchResult, traits::Convert};

/// The error of a transaction that is refused for this.
fn refused(why: EpochRefusal) -> TransactionValidityError {
    if why.may_pass() {
        UnknownTransaction::Custom(why.code()).into()
    } else {
        InvalidTransaction::Custom(why.code()).into()
    }
}

/// Why a transaction with reports is refused that the ledger does not take.
fn refusal_of<T: Config>(error: Error<T>) -> EpochRefusal {
    match error {
        Error::NotAReporter => EpochRefusal::NotEnrolled,
        Error::ReportedAlready => EpochRefusal::Reported,
        _ => EpochRefusal::BadReport,
    }
}

impl<T: Config> Pallet<T> {
    /// What it takes to bring this, besides what lets it in.
    pub(crate) fn epoch_weight(work: &EpochWork) -> Weight {
        T::WeightInfo::bring_epoch().saturating_add(Self::reports_weight(work))
    }

    /// What it takes to let this in.
    pub(crate) fn authorize_epoch_weight(work: &EpochWork) -> Weight {
        T::WeightInfo::authorize_bring_epoch().saturating_add(Self::reports_weight(work))
    }

    /// Of a look at the reports, or of taking them, which is as much and more.
    fn reports_weight(work: &EpochWork) -> Weight {
        match work.reports() {
            0 => Weight::zero(),
            number => T::WeightInfo::take_reports(number),
        }
    }

    /// To what `who` commits for `epoch` with this secret.
    pub fn commitment_of(who: &T::AccountId, epoch: EpochIndex, secret: &Revealed) -> Commitment {
        let account = T::AccountBytes::convert(who.clone());
        let bytes = beacon::committed(Self::genesis(), &account, epoch, &secret.0);
        Commitment(H256(sha2_256(&bytes)))
    }

    /// Whether the epoch that is under way waits for this part of `epoch`.
    fn check_part(epoch: EpochIndex, part: EpochPart) -> Result<(), EpochRefusal> {
        let current = CurrentEpoch::<T>::get().ok_or(EpochRefusal::Ahead)?;
        if epoch > current.index {
            return Err(EpochRefusal::Ahead);
        }
        if epoch < current.index {
            return Err(EpochRefusal::Past);
        }
        match (part, current.part) {
            (EpochPart::Commit, EpochPart::Reveal) => Err(EpochRefusal::TooLate),
            (EpochPart::Reveal, EpochPart::Commit) => Err(EpochRefusal::TooEarly),
            (EpochPart::Commit, EpochPart::Commit) | (EpochPart::Reveal, EpochPart::Reveal) => {
                Ok(())
            }
        }
    }

    /// The owner for whom `who` may commit in `epoch`, which is under way.
    pub(crate) fn check_commit(
        who: &T::AccountId,
        epoch: EpochIndex,
    ) -> Result<OwnerId, EpochRefusal> {
        Self::check_part(epoch, EpochPart::Commit)?;
        if Commitments::<T>::contains_key(who) {
            return Err(EpochRefusal::Done);
        }
        let enrolment = AcceptedBy::<T>::get(who).and_then(Enrolments::<T>::get);
        let expires = enrolment.ok_or(EpochRefusal::NotEnrolled)?.expires;
        if expires <= T::Calendar::now() {
            return Err(EpochRefusal::NotEnrolled);
        }
        let owner = T::Membership::speaks_for(who).ok_or(EpochRefusal::NoOwner)?;
        if CommittedBy::<T>::contains_key(owner) {
            return Err(EpochRefusal::OwnerCommitted);
        }
        if BarredUntil::<T>::get(owner).is_some_and(|until| epoch < until) {
            return Err(EpochRefusal::Barred);
        }
        if Commitments::<T>::count() >= MAX_REVEALERS {
            return Err(EpochRefusal::Full);
        }
        Ok(owner)
    }

    /// What `who` has committed to in `epoch`, if this is it.
    fn check_reveal(
        who: &T::AccountId,
        epoch: EpochIndex,
        secret: &Revealed,
    ) -> Result<Entry, EpochRefusal> {
        Self::check_part(epoch, EpochPart::Reveal)?;
        let entry = Commitments::<T>::get(who).ok_or(EpochRefusal::NotCommitted)?;
        if entry.secret.is_some() {
            return Err(EpochRefusal::Done);
        }
        if Self::commitment_of(who, epoch, secret) != entry.commitment {
            return Err(EpochRefusal::Mismatch);
        }
        Ok(entry)
    }

    fn check_work(
        who: &T::AccountId,
        epoch: EpochIndex,
        work: &EpochWork,
    ) -> Result<WorkerKey, EpochRefusal> {
        match work {
            EpochWork::Commit { commitment, reports } => {
                Self::check_part(epoch, EpochPart::Commit)?;
                if commitment.is_none() && reports.is_empty() {
                    return Err(EpochRefusal::Nothing);
                }
                if commitment.is_some() {
                    Self::check_commit(who, epoch)?;
                }
                if !reports.is_empty() {
                    Self::look_at_reports(who, epoch, reports).map_err(refusal_of)?;
                }
            }
            EpochWork::Reveal { secret } => {
                Self::check_reveal(who, epoch, secret)?;
            }
        }
        let worker = Profiles::<T>::get(who).and_then(|profile| profile.worker);
        worker.ok_or(EpochRefusal::NoWorker)
    }

    pub(crate) fn authorize_epoch(
        _source: TransactionSource,
        who: &T::AccountId,
        epoch: &EpochIndex,
        work: &EpochWork,
        signature: &WorkerSignature,
    ) -> TransactionValidityWithRefund {
        let worker = Self::check_work(who, *epoch, work).map_err(refused)?;
        let account = T::AccountBytes::convert(who.clone());
        let signed = work.signing_bytes(Self::genesis(), &account, *epoch);
        if !sp_io::crypto::sr25519_verify(&signature.0, &signed, &worker.0) {
            return Err(InvalidTransaction::BadProof.into());
        }
        let valid = ValidTransaction::with_tag_prefix(TAG_PREFIX)
            .priority(T::WorkerPriority::get())
            .and_provides((account, *epoch, work.part()))
            .longevity(MAX_LONGEVITY)
            .propagate(true);
        Ok((valid.into(), Weight::zero()))
    }

    /// Takes what a worker has brought. Whether it may be taken was asked when the transaction was let in.
    pub(crate) fn do_epoch(
        who: T::AccountId,
        epoch: EpochIndex,
        work: EpochWork,
    ) -> DispatchResult {
        match work {
            EpochWork::Commit { commitment, reports } => {
                // First what may be refused: then nothing has changed.
                Self::check_part(epoch, EpochPart::Commit).map_err(|_| Error::<T>::NotAwaited)?;
                let committed = match commitment {
                    Some(commitment) => {
                        let owner = Self::check_commit(&who, epoch);
                        Some((owner.map_err(|_| Error::<T>::NotAwaited)?, commitment))
                    }
                    None => None,
                };
                if !reports.is_empty() {
                    Self::take_reports(&who, epoch, &reports)?;
                }
                if let Some((owner, commitment)) = committed {
                    Commitments::<T>::insert(&who, Entry { owner, commitment, secret: None });
                    CommittedBy::<T>::insert(owner, &who);
                    Self::deposit_event(Event::Committed { epoch, who, owner });
                }
            }
            EpochWork::Reveal { secret } => {
                let entry =
                    Self::check_reveal(&who, epoch, &secret).map_err(|_| Error::<T>::NotAwaited)?;
                Commitments::<T>::insert(&who, Entry { secret: Some(secret), ..entry });
                Self::deposit_event(Event::Revealed { epoch, who, secret });
            }
        }
        Ok(())
    }
}
