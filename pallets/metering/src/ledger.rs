//! What the connections of an owner say, as other pallets see it.

use crate::{
    Assignment, Config, ConnectionsOf, HOUSEHOLD, Meters, OwnerTotals, OwnersSince, Pallet,
    Readings, WeightInfo,
};
use alloc::{collections::BTreeSet, vec::Vec};
use codec::Encode;
use frame_support::{ensure, weights::Weight};
use qedex_primitives::{
    Bill, BillAudit, BillError, Calendar, EnergyFlow, EnergyLedger, Flow, MAX_BILL_READINGS,
    Membership, MeterId, OwnerId, Rated, SlotIndex, Totals, Wh,
};
use sp_io::hashing::blake2_256;

impl<T: Config> Pallet<T> {
    /// The connections that `owner` had in `slot`, with their assignments of then.
    fn connections_in(
        owner: &OwnerId,
        slot: SlotIndex,
    ) -> Vec<(MeterId, Assignment<T::AccountId>)> {
        ConnectionsOf::<T>::get(owner)
            .into_iter()
            .filter_map(|id| {
                let meter = Meters::<T>::get(id)?;
                let assignment = meter.assignment_of(owner, slot)?.clone();
                Some((id, assignment))
            })
            .collect()
    }

    /// Whether a slot was opened by the rules of the first layout, by which energy was an account's.
    fn is_of_accounts(slot: SlotIndex) -> bool {
        slot < OwnersSince::<T>::get()
    }

    /// An id that no account has, under which those meters of `account` go that have no place under its
    /// owner.
    pub(crate) fn nameless(account: &T::AccountId) -> OwnerId {
        OwnerId(("qedex/unnamed", account).using_encoded(blake2_256))
    }

    /// The meters for which `account` answered in `slot`, with their assignments of then.
    fn meters_in(
        account: &T::AccountId,
        slot: SlotIndex,
    ) -> Vec<(MeterId, Assignment<T::AccountId>)> {
        let owner = T::Membership::owner_of(account);
        let owners = owner.into_iter().chain(core::iter::once(Self::nameless(account)));
        let meters: BTreeSet<_> = owners.flat_map(ConnectionsOf::<T>::get).collect();
        meters
            .into_iter()
            .filter_map(|id| {
                let meter = Meters::<T>::get(id)?;
                let assignment = meter.assignment(slot).ok()?;
                (assignment.account == *account).then(|| (id, assignment.clone()))
            })
            .collect()
    }

    /// What `account` delivered by the rules of the first layout: own demand is netted over all its
    /// meters, each of which must have a reading.
    fn delivered_by_account(account: &T::AccountId, slot: SlotIndex) -> Option<Wh> {
        let meters = Self::meters_in(account, slot);
        let readings: Option<Vec<_>> =
            meters.iter().map(|(id, _)| Readings::<T>::get(slot, id)).collect();
        let readings = readings.filter(|all| !all.is_empty())?;
        let totals = readings.iter().fold(Totals::default(), |sum, one| sum.with(one));
        Some(totals.netted())
    }

    /// How many connections of `owner` owe a reading of `slot`.
    pub(crate) fn active_connections(owner: &OwnerId, slot: SlotIndex) -> u32 {
        u32::try_from(Self::connections_in(owner, slot).len()).unwrap_or(u32::MAX)
    }

    /// What the connections of the owner of `account` that have a reading said of `slot`.
    pub fn totals_of(account: &T::AccountId, slot: SlotIndex) -> Option<Totals> {
        OwnerTotals::<T>::get(slot, T::Membership::owner_of(account)?)
    }

    /// What flowed through the connections of the owner of `account` in `slot`; a missing reading is
    /// nothing generated, and as much consumed as could enter then, [`HOUSEHOLD`] at least.
    pub(crate) fn flow_of(account: &T::AccountId, slot: SlotIndex) -> Option<Totals> {
        let owner = T::Membership::owner_of(account)?;
        let totals = OwnerTotals::<T>::get(slot, owner);
        let connections = Self::connections_in(&owner, slot);
        if connections.is_empty() && totals.is_none() {
            return None;
        }
        let silent = connections
            .iter()
            .filter(|(id, _)| !Readings::<T>::contains_key(slot, id))
            .map(|(_, assignment)| assignment.ratings.into.max(HOUSEHOLD))
            .map(|consumed| Flow { generated: Wh::ZERO, consumed });
        Some(silent.fold(totals.unwrap_or_default(), |sum, one| sum.with(&one)))
    }

    /// The same, as far as anything can be known of it: `None` before the slot takes readings, and
    /// where it lies further back than slots are kept.
    pub fn known_flow(account: &T::AccountId, slot: SlotIndex) -> Option<Flow> {
        let takes_readings = T::Calendar::now() >= T::Calendar::schedule(slot).commitments_until;
        let is_known = takes_readings && slot >= Self::horizon();
        let totals = is_known.then(|| Self::flow_of(account, slot)).flatten()?;
        Some(Flow { generated: totals.generated, consumed: totals.consumed })
    }
}

impl<T: Config> EnergyLedger<T::AccountId> for Pallet<T> {
    fn delivered(account: &T::AccountId, slot: SlotIndex) -> Option<Wh> {
        if Self::is_of_accounts(slot) {
            return Self::delivered_by_account(account, slot);
        }
        let owner = T::Membership::owner_of(account)?;
        // Totals exist from the first reading on, so an owner without a connection ends here.
        let totals = OwnerTotals::<T>::get(slot, owner)?;
        let is_known = totals.readings == Self::active_connections(&owner, slot);
        is_known.then_some(totals.surplus)
    }

    /// Where own demand is netted over several meters, a silent one may be what consumes, so that
    /// nothing is known without it.
    fn published(account: &T::AccountId, slot: SlotIndex) -> Option<Wh> {
        if Self::is_of_accounts(slot) {
            return Self::delivered_by_account(account, slot);
        }
        let owner = T::Membership::owner_of(account)?;
        OwnerTotals::<T>::get(slot, owner).map(|totals| totals.surplus)
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn set_delivered(account: &T::AccountId, slot: SlotIndex, energy: Wh) {
        crate::benchmarking::deliver_worst_case::<T>(account, slot, energy);
    }
}

impl<T: Config> EnergyFlow<T::AccountId> for Pallet<T> {
    fn flow(account: &T::AccountId, slot: SlotIndex) -> Option<Totals> {
        Self::flow_of(account, slot)
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn install_silent_meters(account: &T::AccountId) {
        crate::benchmarking::connect_silently::<T>(account, crate::MAX_RATING);
    }
}

impl<T: Config> Rated<T::AccountId> for Pallet<T> {
    fn rated_out(account: &T::AccountId, slot: SlotIndex) -> Wh {
        let Some(owner) = T::Membership::owner_of(account) else {
            return Wh::ZERO;
        };
        let connections = Self::connections_in(&owner, slot);
        connections.iter().fold(Wh::ZERO, |sum, (_, one)| sum.saturating_add(one.ratings.out))
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn set_rated_out(account: &T::AccountId, _slot: SlotIndex, energy: Wh) {
        // Each of them lets as much out, and all do in every slot.
        crate::benchmarking::connect_silently::<T>(account, energy);
    }
}

impl<T: Config> BillAudit<T::AccountId> for Pallet<T> {
    /// The cheap checks come first. Where the chain has a reading of a connection already, that one
    /// counts: it came first. By the rules of the first layout every signature must be good, because
    /// own demand is netted.
    fn audit(account: &T::AccountId, slot: SlotIndex, bill: &Bill) -> Result<Wh, BillError> {
        let is_of_account = Self::is_of_accounts(slot);
        let mut due = if is_of_account {
            Self::meters_in(account, slot)
        } else {
            let owner = T::Membership::owner_of(account).ok_or(BillError::WrongMeters)?;
            Self::connections_in(&owner, slot)
        };
        ensure!(!due.is_empty() && due.len() == bill.len(), BillError::WrongMeters);
        let mut owed = Vec::new();
        for signed in bill {
            let payload = &signed.payload;
            ensure!(payload.slot == slot, BillError::WrongSlot);
            let place = due.iter().position(|(id, _)| *id == payload.meter);
            let (id, assignment) = due.swap_remove(place.ok_or(BillError::WrongMeters)?);
            let ratings = &assignment.ratings;
            ensure!(ratings.admit(payload.generated, payload.consumed), BillError::OverCapacity);
            owed.push((id, assignment, signed));
        }
        let mut proven = Totals::default();
        for (id, assignment, signed) in owed {
            let is_signed = Self::is_signed_by(signed, &assignment.key);
            ensure!(is_signed || !is_of_account, BillError::BadSignature);
            let said = is_signed.then_some(Flow {
                generated: signed.payload.generated,
                consumed: signed.payload.consumed,
            });
            if let Some(reading) = Readings::<T>::get(slot, id).or(said) {
                proven = proven.with(&reading);
            }
        }
        ensure!(proven.readings > 0, BillError::BadSignature);
        Ok(if is_of_account { proven.netted() } else { proven.surplus })
    }

    fn audit_weight() -> Weight {
        T::WeightInfo::audit(MAX_BILL_READINGS)
    }
}
