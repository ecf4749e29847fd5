//! Epochs, their halves, and what their values are.

use super::*;

#[test]
fn the_first_epoch_begins_when_the_chain_knows_the_time() {
    run(|| {
        block_at(0);
        assert_eq!(CurrentEpoch::<Test>::get(), None);
        assert_eq!(Qkd::epoch(), None);
        block_at(START);
        // It ends at a multiple of its length, and what is left of it is halved.
        let until = START + (EPOCH - START) / 2;
        let epoch =
            Epoch { index: 0, part: EpochPart::Commit, until, end: EPOCH, opened: 0, block: None };
        assert_eq!(Qkd::epoch(), Some((epoch, vec![])));
    });
}

#[test]
fn an_epoch_has_two_halves_and_ends_at_a_multiple_of_its_length() {
    run_epochs(|| {
        let Epoch { index, part, until, end, .. } = current();
        assert_eq!((index, part), (1, EpochPart::Commit));
        assert_eq!((until, end), (EPOCH + SLOT, 2 * EPOCH));
        block_at(until - 1);
        assert_eq!(current().part, EpochPart::Commit);
        // Blocks come when they come: halves do not move with them.
        block_at(until + 7);
        let open = current();
        assert_eq!((open.part, open.opened, open.until), (EpochPart::Reveal, until + 7, end));
        block_at(end - 1);
        assert_eq!(current().index, 1);
        block_at(end + 5);
        let next = current();
        assert_eq!((next.index, next.part), (2, EpochPart::Commit));
        assert_eq!((next.until, next.end), (end + SLOT, end + EPOCH));
        let value = Qkd::epoch_value(1).unwrap();
        assert_eq!((value.opened, value.closed), (until + 7, end + 5));
    });
}

#[test]
fn an_epoch_takes_two_delivery_slots_at_most() {
    run(|| {
        for (wanted, taken) in [(0, 2), (500, 500), (EPOCH, EPOCH), (u64::MAX, EPOCH)] {
            EpochLength::set(wanted);
            assert_eq!(Qkd::epoch_length(), taken);
        }
    });
}

#[test]
fn reveals_have_half_an_epoch_though_the_chain_stood_still() {
    run_epochs(|| {
        for who in [ANNA, BEN] {
            brings(commitment(who, 1));
        }
        // Nobody wrote a block for ten epochs.
        let late = current().until + 10 * EPOCH;
        block_at(late);
        assert_eq!((current().index, current().opened), (1, late));
        assert_eq!(current().until, late + SLOT);
        block_at(late + SLOT - 1);
        for who in [ANNA, BEN] {
            brings(reveal(who, 1));
        }
        assert_eq!(to_end(), 1);
        assert_eq!(Qkd::epoch_value(1).unwrap().source, BeaconSource::Keys);
    });
}

/// Each byte of it written out here once more.
#[test]
fn a_value_is_the_hash_of_chain_value_before_epoch_and_what_accounts_revealed() {
    run_epochs(|| {
        let before = Qkd::epoch_value(0).unwrap().value;
        // Committed and revealed in other orders than that of the accounts.
        let found = epoch_of(&[CLARA, ANNA, BEN], &[BEN, CLARA, ANNA]);
        let mut bytes = b"qedex/beacon/keys/v1".to_vec();
        bytes.extend(GENESIS.0);
        bytes.extend(before.0);
        bytes.extend(1_u64.to_le_bytes());
        bytes.push(3 << 2);
        for who in [ANNA, BEN, CLARA] {
            bytes.extend(Padded::convert(who));
            bytes.extend(secret(who, 1).0);
        }
        assert_eq!(found.value, H256(sha2_256(&bytes)));
        assert_eq!(found.source, BeaconSource::Keys);
        let attendance = Qkd::attendance(1).unwrap();
        assert_eq!(attendance.revealed.to_vec(), [ANNA, BEN, CLARA]);
        assert!(attendance.withheld.is_empty() && attendance.spanned);
        assert!(Commitments::<Test>::iter_keys().next().is_none(), "the next epoch begins empty");
        let told = Event::EpochEnded {
            epoch: 1,
            value: found.value,
            source: BeaconSource::Keys,
            revealed: 3,
            withheld: 0,
        };
        assert_eq!(events().last(), Some(&told));
    });
}

/// Each byte of it written out here once more.
#[test]
fn a_commitment_is_the_hash_of_chain_account_epoch_and_secret() {
    run(|| {
        let mut bytes = b"qedex/beacon/commit/v1  ".to_vec();
        bytes.extend(GENESIS.0);
        bytes.extend(Padded::convert(ANNA));
        bytes.extend(7_u64.to_le_bytes());
        bytes.extend(secret(ANNA, 7).0);
        let hash = H256(sha2_256(&bytes));
        assert_eq!(Qkd::commitment_of(&ANNA, 7, &secret(ANNA, 7)), Commitment(hash));
    });
}

#[test]
fn of_fewer_than_two_owners_there_is_no_value_from_keys() {
    for revealing in [&[][..], &[ANNA]] {
        run_epochs(|| {
            let before = Qkd::epoch_value(0).unwrap().value;
            let found = epoch_of(&[ANNA, BEN], revealing);
            assert!(revealing.len() < MIN_OWNERS);
            // The hash of the block with which reveals opened, whose child was the third block behind.
            let block = parent_hash(System::block_number() - 2);
            let mut bytes = b"qedex/beacon/hash/v1".to_vec();
            bytes.extend(GENESIS.0);
            bytes.extend(before.0);
            bytes.extend(1_u64.to_le_bytes());
            bytes.extend(block.0);
            assert_eq!(found.value, H256(sha2_256(&bytes)));
            assert_eq!(found.source, BeaconSource::BlockHash);
        });
    }
}

#[test]
fn the_beacon_goes_on_without_anybody() {
    run_bare(|| {
        block_at(START);
        let mut values = std::collections::BTreeSet::new();
        for epoch in 0..3 * u64::from(KEPT) {
            to_reveals();
            assert_eq!(to_end(), epoch);
            let found = Qkd::epoch_value(epoch).unwrap();
            assert_eq!(found.source, BeaconSource::BlockHash);
            values.insert(found.value);
        }
        assert_eq!(values.len() as u32, 3 * KEPT, "each is another one");
        assert_eq!(EpochValues::<Test>::iter_keys().count() as u32, KEPT);
    });
}

#[test]
fn who_takes_part_and_who_has_revealed_is_told() {
    run_epochs(|| {
        brings(commitment(ANNA, 1));
        brings(commitment(BEN, 1));
        let committed = |who| Event::Committed { epoch: 1, who, owner: owner(who) };
        assert_eq!(events(), [committed(ANNA), committed(BEN)]);
        to_reveals();
        assert_eq!(events().last(), Some(&Event::RevealsOpened { epoch: 1, commitments: 2 }));
        brings(reveal(BEN, 1));
        let told = Event::Revealed { epoch: 1, who: BEN, secret: secret(BEN, 1) };
        assert_eq!(events().last(), Some(&told));
        let (epoch, mut entries) = Qkd::epoch().unwrap();
        entries.sort();
        assert_eq!((epoch, entries), (current(), vec![(ANNA, false), (BEN, true)]));
    });
}
