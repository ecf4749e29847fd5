//! The rules of the beacon, rule by rule.

mod blame;
mod draws;
mod league;
mod refusals;
mod reports;
mod values;

use super::*;
use crate::{
    BarredUntil, Commitments, CurrentEpoch, EpochValues,
    beacon::{MAX_REVEALERS, MIN_OWNERS},
};
use codec::Encode;
use frame_support::traits::Hooks;
use qedex_primitives::{
    BeaconSource, EpochIndex,
    beacon::{Commitment, Epoch, EpochPart, EpochRefusal, EpochValue, EpochWork, Revealed},
};
use sp_io::hashing::{blake2_256, sha2_256};
use std::{cell::RefCell, collections::BTreeMap};

/// Writes the next block behind one that was written at `now`.
pub(super) fn block_at(now: Moment) {
    Now::set(now);
    pass(1);
    Qkd::on_initialize(System::block_number());
    check();
}

/// The epoch that is under way.
pub(super) fn current() -> Epoch {
    CurrentEpoch::<Test>::get().expect("an epoch is under way")
}

/// Runs a test as [`run`] does, from the first block of an epoch on that takes its whole length.
fn run_epochs(test: impl FnOnce()) {
    run(|| {
        block_at(START);
        to_reveals();
        to_end();
        System::reset_events();
        test();
    });
}

/// The same with epochs so short that no enrolment expires in many of them.
pub(super) fn run_short_epochs(test: impl FnOnce()) {
    run(|| {
        EpochLength::set(10_000);
        block_at(START);
        to_reveals();
        to_end();
        System::reset_events();
        test();
    });
}

/// Goes on to the block with which reveals open.
pub(super) fn to_reveals() {
    assert_eq!(current().part, EpochPart::Commit);
    block_at(current().until);
    assert_eq!(current().part, EpochPart::Reveal);
}

/// Goes on to the block that ends the epoch, with no block between, and says which one it was.
pub(super) fn to_end() -> EpochIndex {
    let Epoch { index, until, .. } = current();
    block_at(until);
    assert_eq!(current().index, index + 1);
    index
}

/// Two authors write blocks in which reveals can stand.
pub(super) fn two_authors_write() {
    for author in [1, 2] {
        Author::set(Some(author));
        block_at(Now::get() + 1);
    }
    Author::set(None);
}

/// What the agent of `who` draws for an epoch.
fn secret(who: AccountId, epoch: EpochIndex) -> Revealed {
    Revealed(blake2_256(&(who, epoch, "secret").encode()))
}

thread_local! {
    /// To derive a key takes longer than to sign with it.
    static WORKERS: RefCell<BTreeMap<AccountId, sr25519::Pair>> = RefCell::default();
}

/// A worker's transaction, signed with the key of the worker of `by`.
fn signed_by(by: AccountId, who: AccountId, epoch: EpochIndex, work: EpochWork) -> Call<Test> {
    let signed = work.signing_bytes(GENESIS, &Padded::convert(who), epoch);
    let signature = WORKERS
        .with_borrow_mut(|workers| workers.entry(by).or_insert_with(|| worker(by)).sign(&signed));
    let signature = WorkerSignature(signature);
    Call::bring_epoch { who, epoch, work, signature }
}

/// The commitment of `who`.
pub(super) fn commitment(who: AccountId, epoch: EpochIndex) -> Call<Test> {
    let commitment = Qkd::commitment_of(&who, epoch, &secret(who, epoch));
    signed_by(who, who, epoch, EpochWork::commit(commitment))
}

/// What `who` committed to.
pub(super) fn reveal(who: AccountId, epoch: EpochIndex) -> Call<Test> {
    signed_by(who, who, epoch, EpochWork::Reveal { secret: secret(who, epoch) })
}

pub(super) fn brings(call: Call<Test>) {
    assert_eq!(include(call), Ok(Ok(())));
}

/// These commit in the epoch that is under way, and `revealing` reveal; it ends after two authors had their
/// turns.
fn epoch_of(committing: &[AccountId], revealing: &[AccountId]) -> EpochValue {
    let epoch = current().index;
    for who in committing {
        brings(commitment(*who, epoch));
    }
    to_reveals();
    two_authors_write();
    for who in revealing {
        brings(reveal(*who, epoch));
    }
    assert_eq!(to_end(), epoch);
    Qkd::epoch_value(epoch).expect("it is known")
}

/// Refused by pools and blocks alike, for this.
fn refused_as(call: Call<Test>, why: EpochRefusal) {
    match why.may_pass() {
        true => refused(call, UnknownTransaction::Custom(why.code())),
        false => refused(call, InvalidTransaction::Custom(why.code())),
    }
}

/// Gives an account an owner, money, an SAE and a worker.
fn enrol(who: AccountId) {
    TestMembership::set_owner(who, owner(who));
    assert_ok!(Balances::force_set_balance(root(), who, WEALTH));
    join(who);
    assert_ok!(Qkd::set_worker(signed(who), Some(worker_key(who))));
}
