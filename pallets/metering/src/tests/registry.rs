//! How meters come to the chain.

use super::*;
use crate::{
    ConnectionsOf, GenesisConfig, GenesisMeter, MAX_RATING, MeterAt, MeterByKey, NextMeter,
};

#[test]
fn a_registration_counts_from_the_first_unopened_slot_on() {
    run(|| {
        begin(SLOT);
        assert_ok!(register(CLARA, "new"));
        let id = MeterId(3);
        let from = later(SLOT, 5);
        assert_eq!(
            latest(id),
            Assignment {
                account: CLARA,
                owner: owner(CLARA),
                key: sr_key("new"),
                ratings: RATINGS,
                installer: installer(INSTALLER),
                second: Some(installer(SECOND_INSTALLER)),
                from,
                until: None,
            }
        );
        assert_eq!(MeterByKey::<Test>::get(sr_key("new")), Some(id));
        assert_eq!(MeterAt::<Test>::get(connection("new")), Some(id));
        assert_eq!(Metering::connections_of(&CLARA), [id]);
        let registered = Event::MeterRegistered {
            meter: id,
            account: CLARA,
            owner: owner(CLARA),
            kind: MeterKind::Connection(connection("new")),
            ratings: RATINGS,
            installer: INSTALLER,
            from,
        };
        let done = Event::ChangeTookEffect { change: ChangeId(0), meter: id, from };
        assert_eq!(events()[3..], [registered, done]);
    });
}

#[test]
fn a_change_begins_where_no_gate_has_been_opened_whatever_the_windows_say() {
    run(|| {
        begin(SLOT);
        // Gates were opened far ahead, and the windows are short again.
        Next::set(Some(later(SLOT, 21)));
        assert_ok!(register(CLARA, "new"));
        assert_eq!(latest(MeterId(3)).from, later(SLOT, 21));
        // A market without terms has opened none for long.
        Next::set(Some(SlotIndex(0)));
        assert_ok!(register(CLARA, "newer"));
        assert_eq!(latest(MeterId(4)).from, SLOT.next());
    });
}

#[test]
fn a_key_is_one_meters() {
    run(|| {
        for (account, key) in
            [(CLARA, sr_key("first")), (ANNA, sr_key("first")), (CLARA, ed_key("second"))]
        {
            let kind = MeterKind::Connection(connection("new"));
            let new = Change::Register { account, key, kind, ratings: RATINGS };
            assert_noop!(propose(INSTALLER, new), Error::<Test>::KeyTaken);
        }
    });
}

#[test]
fn ratings_are_neither_zero_nor_absurd() {
    run(|| {
        begin(SLOT);
        let with = |out, into| {
            let kind = MeterKind::Connection(connection(&format!("{out}/{into}")));
            let key = sr_key(&format!("{out}/{into}"));
            Change::Register { account: CLARA, key, kind, ratings: rating(out, into) }
        };
        for (out, into) in [(0, 0), (MAX_RATING.0 + 1, 1), (1, MAX_RATING.0 + 1), (0, u64::MAX)] {
            assert_noop!(propose(INSTALLER, with(out, into)), Error::<Test>::RatingsOutOfRange);
            let change = Change::Rate { meter: BENS, ratings: rating(out, into) };
            assert_noop!(propose(INSTALLER, change), Error::<Test>::RatingsOutOfRange);
        }
        // Who only consumes lets nothing out.
        assert_ok!(agree(with(0, 1)));
        assert_ok!(agree(with(MAX_RATING.0, MAX_RATING.0)));
    });
}

#[test]
fn the_number_of_a_connection_is_printable() {
    run(|| {
        for bytes in [&b""[..], b"DE 1", b"\x00", b"\xff"] {
            let number = crate::ConnectionNumber(bytes.to_vec().try_into().unwrap());
            for kind in [MeterKind::Connection(number.clone()), MeterKind::Behind(number)] {
                let key = sr_key("new");
                let new = Change::Register { account: CLARA, key, kind, ratings: RATINGS };
                assert_noop!(propose(INSTALLER, new), Error::<Test>::InvalidConnectionNumber);
            }
        }
    });
}

#[test]
fn meter_numbers_do_not_wrap_around() {
    run(|| {
        NextMeter::<Test>::put(u32::MAX);
        assert_noop!(register(CLARA, "new"), Error::<Test>::NumbersExhausted);
        NextChange::<Test>::put(u32::MAX);
        let change = Change::Decommission { meter: BENS };
        assert_noop!(propose(INSTALLER, change), Error::<Test>::NumbersExhausted);
        NextChange::<Test>::put(1);
    });
}

#[test]
fn the_meters_of_genesis_are_active_from_the_beginning() {
    run(|| {
        assert_eq!(ConnectionsOf::<Test>::get(owner(ANNA)).into_inner(), [FIRST, SECOND]);
        let first = latest(FIRST);
        assert_eq!((first.from, first.until), (SlotIndex(0), None));
        assert_eq!((first.installer, first.second), (installer(INSTALLER), None));
    });
}

#[test]
fn an_empty_genesis_is_valid() {
    let genesis = GenesisConfig::default();
    ExtBuilder { genesis }.build_and_execute(|| {
        assert_eq!(NextMeter::<Test>::get(), 0);
    });
}

#[test]
#[should_panic(expected = "KeyTaken")]
fn genesis_refuses_a_key_twice() {
    let mut builder = ExtBuilder::default();
    let twice: GenesisMeter<AccountId> = builder.genesis.meters[0].clone();
    builder.genesis.meters.push(twice);
    builder.build();
}

#[test]
#[should_panic(expected = "RatingsOutOfRange")]
fn genesis_refuses_ratings_out_of_range() {
    let mut builder = ExtBuilder::default();
    builder.genesis.meters[0].ratings = rating(0, 0);
    builder.build();
}

#[test]
#[should_panic(expected = "ConnectionTaken")]
fn genesis_refuses_a_connection_twice() {
    let mut builder = ExtBuilder::default();
    builder.genesis.meters[0].connection = connection("bens");
    builder.build();
}

#[test]
#[should_panic(expected = "UnknownOwner")]
fn genesis_refuses_a_meter_of_nobody() {
    let mut builder = ExtBuilder::default();
    builder.genesis.meters[0].account = 99;
    builder.build();
}

#[test]
fn genesis_reads_as_camel_case_json() {
    let json = r#"{ "meters": [{
        "account": 12,
        "key": { "Sr25519": "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY" },
        "connection": "DE0001",
        "ratings": { "out": 5000, "into": 6000 },
        "installer": 1
    }] }"#;
    let genesis: GenesisConfig<Test> = serde_json::from_str(json).unwrap();
    assert_eq!(genesis.meters[0].key, sr_key("Alice"));
    ExtBuilder { genesis }.build_and_execute(|| {
        assert_eq!(Metering::connections_of(&CLARA), [MeterId(0)]);
        assert_eq!(latest(MeterId(0)).ratings, rating(5_000, 6_000));
        assert_eq!(MeterAt::<Test>::get(connection("DE0001")), Some(MeterId(0)));
    });
}
