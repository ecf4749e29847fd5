//! Grants: what a principal lets a broker do, and what a broker does by it.

use crate::{
    Config, Error, Event, GrantCountsOf, GrantRecord, GrantUse, GrantUses, Grants, GrantsTo,
    MAX_PAGE, Order, Pallet,
};
use alloc::vec::Vec;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult, Get, MaxEncodedLen},
    traits::{Consideration, Footprint},
};
use qedex_primitives::{
    Balance, Calendar, Grant, Membership, OwnerId, PricePerKwh, Role, Side, SlotIndex,
};

/// Whose orders are placed, and by what right.
pub(crate) struct Acting<AccountId> {
    /// Whose orders, and whose money.
    pub who: AccountId,
    /// The broker that acts for it.
    deputy: Option<Deputy<AccountId>>,
}

/// A broker that acts for somebody.
struct Deputy<AccountId> {
    broker: AccountId,
    /// The owner behind it.
    owner: OwnerId,
    /// What lets it act.
    grant: Grant,
}

impl<AccountId> Acting<AccountId> {
    /// An account that acts for itself.
    pub const fn itself(who: AccountId) -> Self {
        Self { who, deputy: None }
    }

    /// The broker, if one acts.
    pub fn broker(&self) -> Option<&AccountId> {
        self.deputy.as_ref().map(|deputy| &deputy.broker)
    }

    /// The owner of the broker, if one acts.
    pub fn brokers_owner(&self) -> Option<OwnerId> {
        self.deputy.as_ref().map(|deputy| deputy.owner)
    }
}

impl<T: Config> Pallet<T> {
    /// What the orders of the grant by which `acting` acts would hold in the slot with one more of this
    /// side and limit, that holds `held`. Nothing where no broker acts.
    pub(crate) fn used_with(
        acting: &Acting<T::AccountId>,
        slot: SlotIndex,
        side: Side,
        limit: PricePerKwh,
        held: Balance,
    ) -> Result<Option<GrantUse>, Error<T>> {
        let Some(Deputy { broker, grant, .. }) = &acting.deputy else {
            return Ok(None);
        };
        ensure!(grant.worst(side).is_some(), Error::<T>::SideNotGranted);
        ensure!(grant.admits(side, limit), Error::<T>::WorseThanGranted);
        let mut used = GrantUses::<T>::get((slot, &acting.who, broker));
        used.held = used.held.checked_add(held).ok_or(Error::<T>::Overflow)?;
        ensure!(used.held <= grant.budget, Error::<T>::OverBudget);
        used.orders = used.orders.saturating_add(1);
        Ok(Some(used))
    }

    /// Lets `broker` trade for `who`; an earlier grant to it is replaced, and what its orders hold
    /// counts against the new one.
    pub(crate) fn do_grant(
        who: T::AccountId,
        broker: T::AccountId,
        grant: Grant,
    ) -> DispatchResult {
        let has_side = grant.buy_up_to.is_some() || grant.sell_from.is_some();
        ensure!(has_side && grant.budget > 0, Error::<T>::EmptyGrant);
        ensure!(grant.expires > <Self as Calendar>::now(), Error::<T>::GrantExpired);
        Self::ensure_broker_of(&who, &broker)?;
        let bond = match Grants::<T>::get(&who, &broker) {
            Some(record) => record.bond,
            None => {
                let mut given = GrantCountsOf::<T>::get(&who);
                let mut got = GrantCountsOf::<T>::get(&broker);
                ensure!(given.given < T::MaxGrants::get(), Error::<T>::TooManyGrants);
                ensure!(got.got < T::MaxPrincipals::get(), Error::<T>::TooManyGrants);
                let bond = T::GrantBond::new(&who, Self::grant_footprint())?;
                given.given = given.given.saturating_add(1);
                got.got = got.got.saturating_add(1);
                GrantCountsOf::<T>::insert(&who, given);
                GrantCountsOf::<T>::insert(&broker, got);
                GrantsTo::<T>::insert(&broker, &who, ());
                bond
            }
        };
        Grants::<T>::insert(&who, &broker, GrantRecord { grant, bond });
        Self::deposit_event(Event::GrantSet { principal: who, broker, grant });
        Ok(())
    }

    /// What a grant takes in storage.
    pub(crate) fn grant_footprint() -> Footprint {
        let account = T::AccountId::max_encoded_len();
        let record = GrantRecord::<T::GrantBond>::max_encoded_len();
        Footprint::from_parts(1, account.saturating_mul(4).saturating_add(record))
    }

    /// Ends a grant. Orders that were placed by it stay, because nothing finds them without a search of
    /// the book; their principal may cancel them.
    pub(crate) fn do_revoke(who: T::AccountId, broker: T::AccountId) -> DispatchResult {
        let record = Grants::<T>::get(&who, &broker).ok_or(Error::<T>::NoGrant)?;
        record.bond.drop(&who)?;
        Grants::<T>::remove(&who, &broker);
        GrantsTo::<T>::remove(&broker, &who);
        GrantCountsOf::<T>::mutate_exists(&who, |entry| {
            *entry = entry.take().map(|mut counts| {
                counts.given = counts.given.saturating_sub(1);
                counts
            });
            *entry = entry.take().filter(|counts| counts.given > 0 || counts.got > 0);
        });
        GrantCountsOf::<T>::mutate_exists(&broker, |entry| {
            *entry = entry.take().map(|mut counts| {
                counts.got = counts.got.saturating_sub(1);
                counts
            });
            *entry = entry.take().filter(|counts| counts.given > 0 || counts.got > 0);
        });
        Self::deposit_event(Event::GrantRevoked { principal: who, broker });
        Ok(())
    }

    /// `broker`, acting for `principal` by a grant that is in force now.
    pub(crate) fn acting_for(
        broker: T::AccountId,
        principal: T::AccountId,
    ) -> Result<Acting<T::AccountId>, DispatchError> {
        let owner = Self::ensure_broker_of(&principal, &broker)?;
        let record = Grants::<T>::get(&principal, &broker).ok_or(Error::<T>::NoGrant)?;
        ensure!(<Self as Calendar>::now() < record.grant.expires, Error::<T>::GrantExpired);
        let deputy = Deputy { broker, owner, grant: record.grant };
        Ok(Acting { who: principal, deputy: Some(deputy) })
    }

    /// Two owners, of whom one may act for others: who trades for itself needs no grant, and must not
    /// hide behind one. Gives the broker's owner.
    fn ensure_broker_of(
        principal: &T::AccountId,
        broker: &T::AccountId,
    ) -> Result<OwnerId, Error<T>> {
        ensure!(principal != broker, Error::<T>::ForItself);
        ensure!(T::Membership::may(broker, Role::Broker), Error::<T>::NotABroker);
        let owner = T::Membership::owner_of(principal).ok_or(Error::<T>::NotPermitted)?;
        let deputy = T::Membership::owner_of(broker).ok_or(Error::<T>::NotABroker)?;
        ensure!(owner != deputy, Error::<T>::ForItself);
        Ok(deputy)
    }

    /// Gives back to its grant what an order in an open book does not hold any more.
    pub(crate) fn free_budget(slot: SlotIndex, order: &Order<T::AccountId>, released: Balance) {
        let Some(broker) = &order.broker else {
            return;
        };
        GrantUses::<T>::mutate((slot, &order.who, broker), |used| {
            used.held = used.held.saturating_sub(released);
        });
    }

    /// Takes note that an order placed by a grant has left the book.
    pub(crate) fn forget_use(slot: SlotIndex, order: &Order<T::AccountId>) {
        let Some(broker) = &order.broker else {
            return;
        };
        GrantUses::<T>::mutate_exists((slot, &order.who, broker), |entry| {
            *entry = entry.take().and_then(|mut used| {
                used.orders = used.orders.saturating_sub(1);
                (used.orders > 0).then_some(used)
            });
        });
    }

    /// The brokers of `principal` and what each may do: at most [`Config::MaxGrants`].
    pub fn grants_of(principal: &T::AccountId) -> Vec<(T::AccountId, Grant)> {
        Grants::<T>::iter_prefix(principal).map(|(broker, record)| (broker, record.grant)).collect()
    }

    /// For whom `broker` may act, and how far: at most `count`, and at most [`MAX_PAGE`]. With `after`,
    /// those that come after this principal, whether that is there or not.
    pub fn grants_to(
        broker: &T::AccountId,
        after: Option<&T::AccountId>,
        count: u32,
    ) -> Vec<(T::AccountId, Grant)> {
        let principals = match after {
            None => GrantsTo::<T>::iter_key_prefix(broker),
            Some(last) => {
                let from = GrantsTo::<T>::hashed_key_for(broker, last);
                GrantsTo::<T>::iter_key_prefix_from(broker, from)
            }
        };
        principals
            .take(count.min(MAX_PAGE) as usize)
            .filter_map(|principal| {
                let record = Grants::<T>::get(&principal, broker)?;
                Some((principal, record.grant))
            })
            .collect()
    }

    /// What the orders of a grant may still hold in `slot`; none where there is no grant.
    pub fn budget_left(
        principal: &T::AccountId,
        broker: &T::AccountId,
        slot: SlotIndex,
    ) -> Option<Balance> {
        let record = Grants::<T>::get(principal, broker)?;
        let used = GrantUses::<T>::get((slot, principal, broker));
        Some(record.grant.budget.saturating_sub(used.held))
    }
}
