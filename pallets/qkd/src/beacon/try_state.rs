//! What must be true of the beacon's storage after every block.

use crate::{
    Attendances, BarredUntil, Commitments, CommittedBy, Config, CurrentEpoch, EpochValues, Pallet,
    RevealAuthors,
};
use alloc::collections::BTreeSet;
use frame_support::ensure;
use qedex_primitives::{
    BeaconSource,
    beacon::{Attendance, EpochPart, MAX_REVEALERS, MIN_OWNERS},
};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks the invariants:
    ///
    /// 1. Each owner that has committed is found with its account, and nothing else is; at most
    ///    [`MAX_REVEALERS`] have, and they are counted.
    /// 2. Nobody has revealed before reveals opened, nor anything but what it had committed to.
    /// 3. The kept epochs are those before the one under way, with a value and an attendance each. They
    ///    opened one after the other, before they closed.
    /// 4. A value comes from keys if, and only if, two owners at least revealed. Nobody is listed twice.
    /// 5. Each owner that is barred is among those who withheld in a kept epoch that spanned f + 1 authors.
    pub(crate) fn try_beacon() -> Result<(), TryRuntimeError> {
        let count = Commitments::<T>::iter_keys().count();
        ensure!(count == Commitments::<T>::count() as usize, "commitments are not counted");
        ensure!(count <= MAX_REVEALERS as usize, "too many have committed");
        ensure!(CommittedBy::<T>::iter_keys().count() == count, "an owner without a commitment");
        let current = CurrentEpoch::<T>::get();
        for (who, entry) in Commitments::<T>::iter() {
            ensure!(
                CommittedBy::<T>::get(entry.owner) == Some(who.clone()),
                "an owner's other account"
            );
            let epoch = current.ok_or("a commitment in no epoch")?;
            if let Some(secret) = &entry.secret {
                ensure!(epoch.part == EpochPart::Reveal, "revealed too early");
                let commitment = Self::commitment_of(&who, epoch.index, secret);
                ensure!(commitment == entry.commitment, "something else was revealed");
            }
        }
        if current.is_none_or(|epoch| epoch.part == EpochPart::Commit) {
            ensure!(RevealAuthors::<T>::get().is_empty(), "authors of no reveals");
        }
        Self::try_kept_epochs()
    }

    fn try_kept_epochs() -> Result<(), TryRuntimeError> {
        let (first, next) = Self::kept_epochs();
        let kept = usize::try_from(next.saturating_sub(first)).unwrap_or(usize::MAX);
        ensure!(EpochValues::<T>::iter_keys().count() == kept, "a value too many");
        ensure!(Attendances::<T>::iter_keys().count() == kept, "an attendance too many");
        let (mut opened, mut to_blame) = (0, BTreeSet::new());
        for epoch in first..next {
            let value = EpochValues::<T>::get(epoch).ok_or("an epoch without a value")?;
            let attendance: Attendance<T::AccountId> =
                Attendances::<T>::get(epoch).ok_or("an epoch that nobody attended")?;
            ensure!(value.opened > opened && value.closed > value.opened, "epochs out of order");
            opened = value.opened;
            let from_keys = attendance.revealed.len() >= MIN_OWNERS;
            ensure!(from_keys == (value.source == BeaconSource::Keys), "another source");
            let revealed = attendance.revealed.iter().cloned();
            let withheld = attendance.withheld.iter().map(|(who, _)| who.clone());
            let mut listed: alloc::vec::Vec<_> = revealed.chain(withheld).collect();
            let all = listed.len();
            listed.sort();
            listed.dedup();
            ensure!(listed.len() == all, "somebody is listed twice");
            if attendance.spanned {
                to_blame.extend(attendance.withheld.iter().map(|(_, owner)| *owner));
            }
        }
        for owner in BarredUntil::<T>::iter_keys() {
            ensure!(to_blame.contains(&owner), "an owner is barred for nothing");
        }
        Ok(())
    }
}
