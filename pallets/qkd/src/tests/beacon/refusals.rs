//! What workers may not bring.

use super::*;
use frame_support::dispatch::RawOrigin;

#[test]
fn before_the_first_epoch_nothing_is_taken() {
    run(|| {
        refused_as(commitment(ANNA, 0), EpochRefusal::Ahead);
        refused_as(reveal(ANNA, 0), EpochRefusal::Ahead);
    });
}

#[test]
fn another_epoch_is_refused() {
    run_epochs(|| {
        for call in [commitment, reveal] {
            refused_as(call(ANNA, 0), EpochRefusal::Past);
            // A pool whose chain lags behind does not ban it.
            refused_as(call(ANNA, 2), EpochRefusal::Ahead);
            refused_as(call(ANNA, u64::MAX), EpochRefusal::Ahead);
        }
    });
}

#[test]
fn nothing_is_revealed_before_commitments_are_closed_and_none_is_taken_then() {
    run_epochs(|| {
        brings(commitment(ANNA, 1));
        refused_as(reveal(ANNA, 1), EpochRefusal::TooEarly);
        to_reveals();
        refused_as(commitment(BEN, 1), EpochRefusal::TooLate);
        brings(reveal(ANNA, 1));
        to_end();
        refused_as(reveal(ANNA, 1), EpochRefusal::Past);
    });
}

#[test]
fn each_happens_once() {
    run_epochs(|| {
        brings(commitment(ANNA, 1));
        refused_as(commitment(ANNA, 1), EpochRefusal::Done);
        // Nor with another secret.
        let other = Qkd::commitment_of(&ANNA, 1, &secret(BEN, 1));
        let work = EpochWork::commit(other);
        refused_as(signed_by(ANNA, ANNA, 1, work), EpochRefusal::Done);
        to_reveals();
        brings(reveal(ANNA, 1));
        refused_as(reveal(ANNA, 1), EpochRefusal::Done);
    });
}

#[test]
fn nobody_reveals_without_a_commitment_or_something_else() {
    run_epochs(|| {
        brings(commitment(ANNA, 1));
        to_reveals();
        refused_as(reveal(BEN, 1), EpochRefusal::NotCommitted);
        for secret in [secret(ANNA, 0), secret(BEN, 1), Revealed([0; 32])] {
            let call = signed_by(ANNA, ANNA, 1, EpochWork::Reveal { secret });
            refused_as(call, EpochRefusal::Mismatch);
        }
        brings(reveal(ANNA, 1));
    });
}

/// Whoever copies another one's commitment cannot reveal it: it is bound to the account.
#[test]
fn a_copied_commitment_cannot_be_revealed() {
    run_epochs(|| {
        brings(commitment(ANNA, 1));
        let commitment = Qkd::commitment_of(&ANNA, 1, &secret(ANNA, 1));
        brings(signed_by(BEN, BEN, 1, EpochWork::commit(commitment)));
        to_reveals();
        brings(reveal(ANNA, 1));
        let copied = EpochWork::Reveal { secret: secret(ANNA, 1) };
        refused_as(signed_by(BEN, BEN, 1, copied), EpochRefusal::Mismatch);
    });
}

#[test]
fn who_draws_no_keys_does_not_commit() {
    run_epochs(|| {
        assert_ok!(Qkd::set_worker(signed(ANNA), None));
        refused_as(commitment(ANNA, 1), EpochRefusal::NoWorker);
        refused_as(commitment(DORA, 1), EpochRefusal::NotEnrolled);
        assert_ok!(Qkd::enrol(signed(OPERATOR), SITE, sae(DORA), DORA, EXPIRY));
        refused_as(commitment(DORA, 1), EpochRefusal::NotEnrolled);
        TestMembership::forget_owner(BEN);
        refused_as(commitment(BEN, 1), EpochRefusal::NoOwner);
        TestMembership::set_owner(BEN, owner(BEN));
        TestMembership::shut(BEN);
        refused_as(commitment(BEN, 1), EpochRefusal::NoOwner);
        Now::set(EXPIRY);
        refused_as(commitment(CLARA, 1), EpochRefusal::NotEnrolled);
        Now::set(EXPIRY - 1);
        brings(commitment(CLARA, 1));
    });
}

#[test]
fn who_loses_its_sae_can_still_reveal() {
    run_epochs(|| {
        for who in [ANNA, BEN] {
            brings(commitment(who, 1));
        }
        to_reveals();
        leave(ANNA);
        brings(reveal(ANNA, 1));
        brings(reveal(BEN, 1));
        assert_eq!(Qkd::epoch_value(to_end()).unwrap().source, BeaconSource::Keys);
    });
}

/// Otherwise an owner of many accounts would choose among as many outcomes as they have subsets.
#[test]
fn an_owner_commits_by_one_of_its_accounts() {
    run_epochs(|| {
        TestMembership::set_owner(BEN, owner(ANNA));
        brings(commitment(BEN, 1));
        refused_as(commitment(ANNA, 1), EpochRefusal::OwnerCommitted);
        brings(commitment(CLARA, 1));
        to_reveals();
        two_authors_write();
        // Two accounts, of which one owner alone reveals: that is none.
        brings(reveal(BEN, 1));
        let found = Qkd::epoch_value(to_end()).unwrap();
        assert_eq!(found.source, BeaconSource::BlockHash);
        assert_eq!(Missed::get(), [owner(CLARA)]);
    });
}

#[test]
fn so_many_owners_commit_and_no_more() {
    run_epochs(|| {
        for who in 100..100 + u64::from(MAX_REVEALERS) {
            enrol(who);
            brings(commitment(who, 1));
        }
        refused_as(commitment(ANNA, 1), EpochRefusal::Full);
        to_reveals();
        two_authors_write();
        for who in 100..100 + u64::from(MAX_REVEALERS) {
            brings(reveal(who, 1));
        }
        to_end();
        assert_eq!(Qkd::attendance(1).unwrap().revealed.len() as u32, MAX_REVEALERS);
    });
}

#[test]
fn the_workers_key_signs_chain_account_epoch_and_work() {
    run_epochs(|| {
        let commitment = Qkd::commitment_of(&ANNA, 1, &secret(ANNA, 1));
        let work = EpochWork::commit(commitment);
        refused(signed_by(BEN, ANNA, 1, work.clone()), InvalidTransaction::BadProof);
        let sign = |bytes: Vec<u8>| WorkerSignature(worker(ANNA).sign(&bytes));
        let (anna, ben) = (Padded::convert(ANNA), Padded::convert(BEN));
        let reveal = EpochWork::Reveal { secret: secret(ANNA, 1) };
        for bytes in [
            work.signing_bytes(H256::zero(), &anna, 1),
            work.signing_bytes(GENESIS, &ben, 1),
            work.signing_bytes(GENESIS, &anna, 2),
            reveal.signing_bytes(GENESIS, &anna, 1),
        ] {
            let signature = sign(bytes);
            let call = Call::bring_epoch { who: ANNA, epoch: 1, work: work.clone(), signature };
            refused(call, InvalidTransaction::BadProof);
        }
        // With the key that is on record now, and not with one before.
        assert_ok!(Qkd::set_worker(signed(ANNA), Some(worker_key(EMIL))));
        refused(signed_by(ANNA, ANNA, 1, work.clone()), InvalidTransaction::BadProof);
        brings(signed_by(EMIL, ANNA, 1, work));
    });
}

/// What is wrong otherwise is found before a signature is looked at.
#[test]
fn the_signature_is_looked_at_last() {
    run_epochs(|| {
        let unsigned = |work| {
            let signature = WorkerSignature(sr25519::Signature::default());
            Call::bring_epoch { who: ANNA, epoch: 1, work, signature }
        };
        let secret = secret(ANNA, 1);
        let commitment = Qkd::commitment_of(&ANNA, 1, &secret);
        let commit = EpochWork::commit(commitment);
        refused(unsigned(commit.clone()), InvalidTransaction::BadProof);
        brings(super::commitment(ANNA, 1));
        refused_as(unsigned(commit), EpochRefusal::Done);
        refused_as(unsigned(EpochWork::Reveal { secret }), EpochRefusal::TooEarly);
        to_reveals();
        let other = EpochWork::Reveal { secret: Revealed([1; 32]) };
        refused_as(unsigned(other), EpochRefusal::Mismatch);
        refused(unsigned(EpochWork::Reveal { secret }), InvalidTransaction::BadProof);
    });
}

/// So a second one fills no pool, whatever is in it.
#[test]
fn what_a_second_one_provides_the_first_one_does() {
    run_epochs(|| {
        let valid = |call| validity(call).unwrap();
        let first = valid(commitment(ANNA, 1));
        let commitment = Qkd::commitment_of(&ANNA, 1, &secret(BEN, 1));
        let second = valid(signed_by(ANNA, ANNA, 1, EpochWork::commit(commitment)));
        assert_eq!(first.provides, second.provides);
        assert_eq!((first.priority, second.priority), (PRIORITY, PRIORITY));
        assert!(first.requires.is_empty() && first.propagate);
        assert_ne!(first.provides, valid(super::commitment(BEN, 1)).provides);
        brings(super::commitment(ANNA, 1));
        to_reveals();
        assert_ne!(first.provides, valid(reveal(ANNA, 1)).provides);
    });
}

#[test]
fn only_what_was_authorized_is_taken() {
    run_epochs(|| {
        let Call::bring_epoch { who, epoch, work, signature } = commitment(ANNA, 1) else {
            panic!("another call")
        };
        for origin in [signed(ANNA), root(), RuntimeOrigin::none()] {
            assert_noop!(
                Qkd::bring_epoch(origin, who, epoch, work.clone(), signature.clone()),
                DispatchError::BadOrigin
            );
        }
        // And it is asked again whether the epoch waits for it.
        let authorized = || RuntimeOrigin::from(RawOrigin::Authorized);
        assert_noop!(
            Qkd::bring_epoch(authorized(), who, 0, work.clone(), signature.clone()),
            Error::<Test>::NotAwaited
        );
        assert_ok!(Qkd::bring_epoch(authorized(), who, epoch, work, signature.clone()));
        let work = EpochWork::Reveal { secret: secret(ANNA, 1) };
        assert_noop!(
            Qkd::bring_epoch(authorized(), who, epoch, work, signature),
            Error::<Test>::NotAwaited
        );
    });
}
