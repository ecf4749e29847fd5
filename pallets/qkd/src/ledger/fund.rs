//! The entropy fund: what buyers pay for scarce keys. It goes to nobody who could make them scarce.

use crate::{Config, Error, Event, LastReport, Pallet, SitesOf};
use frame_support::{
    ensure,
    traits::{Get, fungible::Mutate, tokens::Preservation},
};
use qedex_primitives::{Balance, Leadership, Membership, Role};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
    /// Pays `amount` plancks out of the entropy fund.
    pub(crate) fn do_pay_from_entropy_fund(to: T::AccountId, amount: Balance) -> DispatchResult {
        // Whose an account without an owner is nobody knows.
        let owner = T::Membership::owner_of(&to).ok_or(Error::<T>::NobodysAccount)?;
        ensure!(!LastReport::<T>::contains_key(owner), Error::<T>::PaysNoReporter);
        let serves = SitesOf::<T>::contains_key(owner) || T::Membership::may(&to, Role::ServeKeys);
        ensure!(!serves, Error::<T>::PaysNoOperator);
        ensure!(!T::Leadership::has_led(&owner), Error::<T>::PaysNoLeader);
        T::Currency::transfer(&T::EntropyFund::get(), &to, amount, Preservation::Preserve)?;
        Self::deposit_event(Event::EntropyFundPaid { to, amount });
        Ok(())
    }
}
