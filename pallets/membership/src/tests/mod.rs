//! What the rules of the crate's documentation promise, rule by rule.

mod attacks;
mod blacklist;
mod bonds;
mod credentials;
mod endings;
mod explanation;
mod genesis;
mod migration;
mod owners;
mod policies;
mod properties;
mod reissue;
mod removal;
mod shutting;

use crate::{Attributes, Error, PolicyOf, mock::*};
use frame_support::{BoundedVec, assert_noop, assert_ok};
use qedex_math::policy::PolicyNode;
use qedex_primitives::{AttributeId, Membership as _, OwnerId, Role};
use sp_runtime::DispatchError::BadOrigin;

/// Makes `who` an account of `owner`, as at genesis.
fn own(who: AccountId, owner: OwnerId) {
    Membership::put_account(who, owner, None).expect("there is room");
}

impl ExtBuilder {
    /// Runs a test and checks the invariants after it.
    fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            test();
            Membership::do_try_state().unwrap();
        });
    }
}

/// Runs a test on the default community.
fn run(test: impl FnOnce()) {
    ExtBuilder::default().build_and_execute(test);
}

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

fn issue(issuer: AccountId, who: AccountId, attribute: AttributeId) {
    assert_ok!(Membership::issue(signed(issuer), who, attribute, EXPIRY));
}

fn nodes(nodes: Vec<PolicyNode<AttributeId>>) -> PolicyOf<Test> {
    BoundedVec::try_from(nodes).unwrap()
}

fn version_of(attribute: AttributeId) -> u32 {
    Attributes::<Test>::get(attribute).unwrap().version
}

/// Voids an attribute that a role needs, as its issuer and the admin origin together may.
fn bump(attribute: AttributeId) {
    let issuer = Attributes::<Test>::get(attribute).unwrap().issuer;
    assert_ok!(Membership::bump_version(signed(issuer), attribute));
    assert_ok!(Membership::bump_version(root(), attribute));
}

/// Lets the issuer end the credentials of so many owners.
fn allow(attribute: AttributeId, owners: u32) {
    assert_ok!(Membership::allow_endings(root(), attribute, owners));
}

fn reissue(issuer: AccountId, attribute: AttributeId, accounts: &[AccountId]) {
    let accounts = BoundedVec::try_from(accounts.to_vec()).unwrap();
    assert_ok!(Membership::reissue(signed(issuer), attribute, accounts));
}
