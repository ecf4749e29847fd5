//! What the rules of the crate's documentation promise, rule by rule.

mod blacklist;
mod credentials;
mod genesis;
mod policies;

use crate::{Error, mock::*};
use frame_support::{assert_noop, assert_ok};
use qedex_primitives::{AttributeId, Membership as _, OwnerId, Role};
use sp_runtime::DispatchError::BadOrigin;

fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

fn root() -> RuntimeOrigin {
    RuntimeOrigin::root()
}

fn may(who: AccountId, role: Role) -> bool {
    <Membership as qedex_primitives::Membership<AccountId>>::may(&who, role)
}

fn owner_of(who: AccountId) -> Option<OwnerId> {
    Membership::owner_of(&who)
}

fn events() -> Vec<crate::Event<Test>> {
    System::read_events_for_pallet()
}

fn issue(issuer: AccountId, who: AccountId, attribute: AttributeId, owner: OwnerId) {
    assert_ok!(Membership::issue(
        signed(issuer),
        who,
        attribute,
        EXPIRY,
        owner
    ));
}
