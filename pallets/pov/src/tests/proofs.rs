//! Double votes are provable whatever their owner has done with its keys since.

use crate::{mock::*, *};
use frame_support::{assert_ok, traits::KeyOwnerProofSystem};
use sp_consensus_grandpa::KEY_TYPE;

fn prove(who: AccountId) -> Option<VoterProof> {
    Pov::prove((KEY_TYPE, vote_key(who)))
}

fn check(who: AccountId, proof: VoterProof) -> Option<(AccountId, u32)> {
    Pov::check_proof((KEY_TYPE, vote_key(who)), proof)
}

/// Registers another key to vote with, that of account `of`, as account 2's.
fn set_new_key(of: AccountId) {
    pallet_session::NextKeys::<Test>::insert(2, Keys { grandpa: vote_key(of), ..keys(2) });
}

/// Whoever called `set_keys` first voted twice with the old key, and every report was a bad proof.
#[test]
fn new_keys_hide_no_old_votes() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        set_new_key(90);
        advance(1, &[]);
        // The old key is the one in use.
        let proof = prove(2).expect("it votes with it");
        assert_eq!((check(2, proof), prove(90)), (Some((2, 1)), None));
        assert_eq!(check(90, proof), None);
        // The new one is told to GRANDPA with a set of its own, though nobody came or went.
        advance_sessions(2, &[]);
        assert_eq!(pallet_grandpa::CurrentSetId::<Test>::get(), 1);
        let new = prove(90).expect("it votes with it now");
        assert_eq!((check(90, new), prove(2)), (Some((2, 3)), None));
        assert_eq!(check(2, proof), Some((2, 1)), "what was done then is still known");
        assert_eq!(check(90, proof), None);
    });
}

#[test]
fn a_proof_says_the_session_its_set_and_its_size_as_they_were() {
    run(&[1, 2, 3, 4], || {
        set_new_key(90);
        advance_sessions(3, &[]);
        let proof = VoterProof { session: 1, since: 0, voters: 4 };
        assert_eq!(check(2, proof), Some((2, 1)));
        let wrong = [
            VoterProof { session: 2, ..proof },
            VoterProof { session: 3, ..proof },
            VoterProof { since: 1, ..proof },
            VoterProof { voters: 5, ..proof },
            VoterProof { session: 4, since: 2, voters: 4 },
            VoterProof { session: 1, since: 2, voters: 4 },
        ];
        for proof in wrong {
            assert_eq!((check(2, proof), check(1, proof)), (None, None), "{proof:?}");
        }
        assert_eq!(
            Pov::check_proof((sp_core::crypto::KeyTypeId(*b"aura"), vote_key(2)), proof),
            None
        );
    });
}

#[test]
fn sets_are_kept_as_long_as_their_offences_can_be_reported() {
    run(&[1, 2, 3, 4], || {
        set_new_key(90);
        advance_sessions(3, &[]);
        set_new_key(91);
        advance_sessions(4, &[]);
        assert!(check(2, VoterProof { session: 1, since: 0, voters: 4 }).is_some());
        // With the next change, those go whose last session is more than six back.
        set_new_key(92);
        advance_sessions(2, &[]);
        assert_eq!(check(2, VoterProof { session: 1, since: 0, voters: 4 }), None);
        assert_eq!(KeptSets::<Test>::get().0, 2);
        assert!(check(90, VoterProof { session: 4, since: 2, voters: 4 }).is_some());
    });
}

#[test]
fn whoever_left_can_still_be_proven_to_have_voted() {
    run(&[1, 2, 3, 4], || {
        let proof = prove(4).unwrap();
        assert_ok!(Pov::leave(RuntimeOrigin::signed(4)));
        advance_sessions(4, &[]);
        assert_eq!((Session::load_keys(&4), prove(4)), (None, None));
        assert_eq!(check(4, proof), Some((4, 0)));
    });
}
