//! Whether what is said of the council is what its pallet does.

use super::*;
use frame_support::traits::{EnsureOrigin, fungible::Mutate};
use proptest::prelude::*;
use qedex_runtime::{
    Runtime, RuntimeOrigin,
    configs::governance::{AdminOrigin, CouncilCollective},
};
use sp_runtime::BuildStorage;

fn may_administer(ayes: u32, members: u32) -> bool {
    let origin = pallet_collective::RawOrigin::Members(ayes, members);
    AdminOrigin::ensure_origin(RuntimeOrigin::from(origin)).is_ok()
}

#[test]
fn two_thirds_are_the_fewest_whom_the_runtime_obeys() {
    for (members, ayes) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (100, 67)] {
        assert_eq!(two_thirds(members), ayes);
    }
    // A council has at most a hundred members.
    for members in 1..=100 {
        let ayes = two_thirds(members);
        assert!(may_administer(ayes, members), "{ayes} of {members}");
        assert!(!may_administer(ayes - 1, members), "{} of {members}", ayes - 1);
    }
}

const HASH: H256 = H256([7; 32]);

/// What the pallet makes of a motion that is closed in `block`, if the member at this place is the
/// council's prime.
fn closed_by_the_pallet(
    council: &Council,
    prime: Option<usize>,
    motion: &Motion,
    block: u64,
) -> MotionState {
    type Pallet = pallet_collective::Pallet<Runtime, CouncilCollective>;
    let account = |one: &Account| qedex_runtime::AccountId::new(*one);
    let storage = frame_system::GenesisConfig::<Runtime>::default();
    let mut chain = sp_io::TestExternalities::new(storage.build_storage().unwrap());
    chain.execute_with(|| {
        let members: Vec<_> = council.members.iter().map(account).collect();
        let prime = prime.map(|place| members[place % members.len()].clone());
        Pallet::set_members(RuntimeOrigin::root(), members.clone(), prime, 0).unwrap();
        // Nothing is held for a first motion, but its proposer has to exist.
        qedex_runtime::Balances::mint_into(&members[0], qedex_runtime::QED).unwrap();
        let call = || Box::new(frame_system::Call::remark { remark: vec![] }.into());
        let proposer = RuntimeOrigin::signed(members[0].clone());
        Pallet::propose(proposer, motion.threshold, call(), 100).unwrap();
        let hash = pallet_collective::Proposals::<Runtime, CouncilCollective>::get()[0];
        for (votes, aye) in [(&motion.ayes, true), (&motion.nays, false)] {
            for voter in votes {
                let voter = RuntimeOrigin::signed(account(voter));
                Pallet::vote(voter, hash, 0, aye).unwrap();
            }
        }
        // It was proposed in block 0.
        let lasts = qedex_runtime::configs::governance::MotionDuration::get();
        assert_eq!(motion.end, lasts);
        frame_system::Pallet::<Runtime>::set_block_number(block as u32);
        frame_system::Pallet::<Runtime>::reset_events();
        let anyone = RuntimeOrigin::signed(account(&[99; 32]));
        let weight = frame_support::weights::Weight::MAX;
        let closed = Pallet::close(anyone, hash, 0, weight, 100);
        let Err(error) = closed else {
            let dropped =
                frame_system::Pallet::<Runtime>::read_events_no_consensus().any(|record| {
                    matches!(
                        record.event,
                        qedex_runtime::RuntimeEvent::Council(
                            pallet_collective::Event::Disapproved { .. }
                        )
                    )
                });
            return if dropped { MotionState::Disapproved } else { MotionState::Approved };
        };
        let early = pallet_collective::Error::<Runtime, CouncilCollective>::TooEarly;
        assert_eq!(error.error, early.into());
        MotionState::Open
    })
}

proptest! {
    #[test]
    fn a_motion_stands_as_the_pallet_closes_it(
        votes in prop::collection::vec(prop::option::of(any::<bool>()), 2..8),
        threshold in 2u32..8,
        prime in prop::option::of(0usize..8),
        late in -1i64..2,
    ) {
        let member = |number: usize| [number as u8 + 1; 32];
        let council = Council { members: (0..votes.len()).map(member).collect() };
        let who = |vote| {
            let all = votes.iter().enumerate();
            all.filter(move |(_, one)| **one == Some(vote)).map(|(number, _)| member(number))
        };
        let motion = Motion {
            index: 0,
            hash: HASH,
            threshold: threshold.min(votes.len() as u32).max(2),
            ayes: who(true).collect(),
            nays: who(false).collect(),
            end: qedex_runtime::configs::governance::MotionDuration::get(),
        };
        let block = u64::from(motion.end).saturating_add_signed(late);
        prop_assert_eq!(
            motion.state(&council, block),
            closed_by_the_pallet(&council, prime, &motion, block)
        );
    }
}

#[test]
fn only_members_propose_and_vote() {
    let council = Council { members: vec![[1; 32], [2; 32]] };
    assert!(council.ensure_member("the vote", [2; 32]).is_ok());
    let error = council.ensure_member("the vote", [3; 32]).unwrap_err();
    let said = error.to_string();
    assert!(said.starts_with("the vote: Council::NotMember: 5"), "{said}");
}
