//! Two blocks of one slot are proven by their seals, and by nothing less.

use super::support::*;
use crate::{mock::*, *};
use codec::Encode;
use frame_support::{assert_noop, assert_ok, traits::Authorize};
use frame_system::RawOrigin;
use sp_consensus_aura::{AURA_ENGINE_ID, Slot};
use sp_core::H256;
use sp_runtime::{
    Digest, DigestItem, DispatchError, RuntimeAppPublic,
    testing::{Header, UintAuthorityId},
    traits::Header as _,
    transaction_validity::{InvalidTransaction, TransactionSource},
};

/// A block of `slot` that stands on the block before `number` of the mock's chain.
fn header(slot: u64, number: u64, body: u8) -> Header {
    let logs = vec![DigestItem::PreRuntime(AURA_ENGINE_ID, Slot::from(slot).encode())];
    let (root, parent) = (H256::repeat_byte(body), H256::repeat_byte(number as u8));
    Header::new(number, root, H256::zero(), parent, Digest { logs })
}

fn sealed(mut header: Header, by: AccountId) -> Header {
    let seal = UintAuthorityId(by).sign(&header.hash().as_bytes()).unwrap();
    header.digest_mut().push(DigestItem::Seal(AURA_ENGINE_ID, seal.encode()));
    header
}

/// Two blocks of the present slot, sealed by its author.
fn two() -> (Header, Header, AccountId) {
    let (slot, number) = (slot(), System::block_number());
    let author = Authorship::author().unwrap();
    let one = |body| sealed(header(slot, number, body), author);
    (one(1), one(2), author)
}

fn report_blocks(first: Header, second: Header, author: AccountId) -> Result<(), DispatchError> {
    Pov::report_double_block(RawOrigin::Authorized.into(), first, second, author)
}

#[test]
fn whoever_writes_two_blocks_of_one_slot_is_removed_like_whoever_votes_twice() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        advance(3, &[]);
        let (first, second, author) = two();
        let signed = RuntimeOrigin::signed(1);
        assert_noop!(
            Pov::report_double_block(signed, first.clone(), second.clone(), author),
            DispatchError::BadOrigin
        );
        let session = Session::current_index();
        assert_ok!(report_blocks(first.clone(), second.clone(), author));
        System::assert_has_event(Event::Equivocated { who: author, session }.into());
        let reason = RemovalReason::DoubleBlock;
        System::assert_has_event(Event::Removed { who: author, reason }.into());
        assert_noop!(
            report_blocks(first.clone(), second.clone(), author),
            Error::<Test>::AlreadySettled
        );
        after_the_repair();
        assert!(!authors().contains(&author));
    });
}

#[test]
fn what_was_forgiven_stays_so() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        advance(3, &[]);
        let (first, second, author) = two();
        assert_ok!(report_blocks(first.clone(), second.clone(), author));
        assert_ok!(Pov::readmit(RuntimeOrigin::root(), author));
        assert_noop!(report_blocks(first, second, author), Error::<Test>::AlreadySettled);
    });
}

#[test]
fn what_proves_nothing_is_refused_by_name() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        advance(3, &[]);
        let (first, second, author) = two();
        let (slot, number) = (slot(), System::block_number());
        let other = [1, 2, 3, 4].into_iter().find(|who| *who != author).unwrap();
        let none = || Error::<Test>::NoDoubleBlock;
        let same = report_blocks(first.clone(), first.clone(), author);
        assert_eq!(same, Err(none().into()));
        let later = sealed(header(slot + 1, number, 2), author);
        assert_eq!(report_blocks(first.clone(), later, author), Err(none().into()));
        let unsealed = header(slot, number, 2);
        assert_eq!(report_blocks(first.clone(), unsealed.clone(), author), Err(none().into()));
        let forged = sealed(unsealed, other);
        assert_eq!(report_blocks(first.clone(), forged, author), Err(none().into()));
        assert_eq!(report_blocks(first.clone(), second.clone(), other), Err(none().into()));
        let stranger = report_blocks(first.clone(), second, 77);
        assert_eq!(stranger, Err(Error::<Test>::NotAValidator.into()));
        // The same keys on another network: slots are times.
        let mut foreign = header(slot, number, 2);
        foreign.set_parent_hash(H256::repeat_byte(0xEE));
        let foreign = sealed(foreign, author);
        let blamed = report_blocks(first, foreign, author);
        assert_eq!(blamed, Err(Error::<Test>::OfAnotherChain.into()));
        assert_eq!(Removals::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_slot_is_proven_in_its_session_and_the_next() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        advance(3, &[]);
        let (first, second, author) = two();
        advance_sessions(1, &[]);
        let soon = Pov::check_double_block(&first, &second, &author);
        assert!(matches!(soon, Ok(1)), "{soon:?}");
        advance_sessions(1, &[]);
        let late = Pov::check_double_block(&first, &second, &author);
        assert!(matches!(late, Err(Error::TooOld)), "{late:?}");
    });
}

#[test]
fn new_keys_hide_no_old_blocks() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        advance(3, &[]);
        let (first, second, author) = two();
        pallet_session::NextKeys::<Test>::insert(author, keys(90));
        assert_ok!(report_blocks(first, second, author));
        after_the_repair();
    });
}

#[test]
fn the_pool_takes_a_proof_once_and_nothing_else() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        advance(3, &[]);
        let (first, second, author) = two();
        let ask = |first: &Header, second: &Header| {
            let (first, second) = (first.clone(), second.clone());
            let call = Call::<Test>::report_double_block { first, second, author };
            call.authorize(TransactionSource::External).expect("it can be authorized")
        };
        let (valid, _) = ask(&first, &second).unwrap();
        assert!(valid.propagate && !valid.provides.is_empty());
        assert_eq!(ask(&first, &first), Err(InvalidTransaction::BadProof.into()));
        // The other way round it is the same report.
        assert_eq!(ask(&second, &first).unwrap().0.provides, valid.provides);
        assert_ok!(report_blocks(first.clone(), second.clone(), author));
        assert_eq!(ask(&first, &second), Err(InvalidTransaction::Stale.into()));
        after_the_repair();
    });
}

#[test]
fn the_bound_holds_for_double_blocks_as_well() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        advance(3, &[]);
        let (first, second, author) = two();
        let other = [1, 2, 3, 4].into_iter().find(|who| *who != author).unwrap();
        assert_ok!(report(other, 1));
        assert_ok!(report_blocks(first, second, author));
        let removal = Removals::<Test>::get(author).unwrap();
        assert_eq!((removal.effective, removal.reason), (false, RemovalReason::DoubleBlock));
        after_the_repair();
    });
}
