//! What bought standing costs, and what it is worth.

use super::{document::*, honesty::FEES, round::*, world::*};
use crate::*;
use qedex_math::{
    schedule::{Limits, apportion},
    score::generation_score,
};
use qedex_primitives::{AttributeId, Band, OwnerId, PriceList, PricePerKwh, Side, Wh, Windows};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::DispatchError;
use std::collections::BTreeSet;

/// The attackers' accounts. Each has a connection that is rated for what it asks, and publishes nothing.
const ACCOUNTS: [Key; 5] =
    [Key::AliceStash, Key::BobStash, Key::CharlieStash, Key::DaveStash, Key::EveStash];

/// Trades of an attack.
const TRADES: usize = 98;

/// How many of them in one slot: an owner has at most eight orders there.
const A_TIME: usize = 7;

/// What an attack of several accounts came to, by the account whose standing it raised.
struct Attack {
    trades: usize,
    days: u64,
    /// What it cost without fees, and the fees, over the number of accounts that it served.
    cost: i128,
    fees: Balance,
    before: u32,
    after: u32,
}

/// Makes each account one of an owner, the first one's by the approval of the first, and gives it
/// the credentials of a prosumer with a plant.
fn enrol(world: &mut World, owner: impl Fn(Key) -> OwnerId) {
    use pallet_energy_membership::Call;
    let mut owners = BTreeSet::new();
    for who in ACCOUNTS {
        let (account, owner) = (who.to_account_id(), owner(who));
        let joins = !owners.insert(owner);
        world.act(Key::Alice, Call::name_owner { account: account.clone(), owner });
        if joins {
            world.act(ACCOUNTS[0], Call::approve_account { account });
        }
        world.act(who, Call::consent_owner { owner, joins });
        let expires = world.now + 300 * 24 * 3_600_000;
        let issue = |attribute| {
            let call = Call::issue {
                who: who.to_account_id(),
                attribute: AttributeId(attribute),
                expires,
            };
            (Key::Alice, call.into())
        };
        assert_eq!(world.block(&[issue(0), issue(1)]), [Ok(()), Ok(())]);
        world.connect(who, Wh(100_000));
    }
}

fn own(who: Key) -> OwnerId {
    OwnerId(who.to_raw_public())
}

fn middle() -> PricePerKwh {
    Market::default().price
}

fn orders(
    slot: qedex_primitives::SlotIndex,
    seller: Key,
    buyers: &[Key],
    energy: Wh,
) -> Vec<(Key, RuntimeCall)> {
    let fee = presets::leader_terms().grid_fee;
    let sum = Wh(energy.0 * buyers.len() as u64);
    let bids = buyers
        .iter()
        .map(|buyer| (*buyer, order(slot, Side::Bid, middle().saturating_add(fee), energy)));
    bids.chain([(seller, order(slot, Side::Ask, middle(), sum))]).collect()
}

/// Trades of which nothing is delivered: the buyers acknowledge them. One for each buyer named.
fn fake_trades(world: &mut World, seller: Key, buyers: &[Key], energy: Wh) -> usize {
    let slot = world.next_gate();
    let schedule = Windows::default().schedule(slot, SLOT);
    let placed = world.block(&orders(slot, seller, buyers, energy));
    assert!(placed.iter().all(Result::is_ok), "{placed:?}");
    world.reported();
    world.run_to(schedule.delivery_ends);
    let acknowledgements: Vec<_> = world
        .reported()
        .into_iter()
        .filter_map(|event| match event {
            RuntimeEvent::Settlement(pallet_settlement::Event::TradeOpened {
                id, buyer, ..
            }) => {
                let buyer = buyers.iter().find(|key| key.to_account_id() == buyer)?;
                let call = pallet_settlement::Call::acknowledge { slot, id };
                Some((*buyer, call.into()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(acknowledgements.len(), buyers.len());
    let done = world.block(&acknowledgements);
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    done.len()
}

/// Lets these accounts do something, and says what it cost each and did for the first of them.
fn attack(world: &mut World, who: &[Key], act: impl FnOnce(&mut World) -> usize) -> Attack {
    let sum = |world: &mut World| {
        let wealth: Balance = who.iter().map(|key| world.wealth_of(*key)).sum();
        let fees: Balance = who.iter().map(|key| world.fees_of(*key)).sum();
        (wealth, fees)
    };
    let (served, before) = (who.len(), world.standing_of(who[0]));
    let (wealth, fees) = sum(world);
    let since = world.now;
    let trades = act(world);
    let (left, paid) = sum(world);
    for key in who {
        assert_eq!(world.held_of(*key), 0);
    }
    Attack {
        trades,
        days: (world.now - since).div_ceil(DAY),
        cost: (wealth as i128 - left as i128) / served as i128,
        fees: (paid - fees) / served as Balance,
        before,
        after: world.standing_of(who[0]),
    }
}

/// A ring: every day each account sells to each other one, and nothing is delivered.
fn ring(members: usize, energy: Wh, days: u64) -> Attack {
    let mut world = World::new();
    enrol(&mut world, own);
    let members = &ACCOUNTS[..members];
    attack(&mut world, members, |world| {
        let mut trades = 0;
        for _ in 0..days {
            for seller in members {
                let buyers: Vec<_> = members.iter().copied().filter(|key| key != seller).collect();
                trades += fake_trades(world, *seller, &buyers, energy);
            }
            world.next_day();
        }
        trades
    })
}

/// All trades within a day, with one who is somebody else.
fn with_a_friend(world: &mut World, energy: Wh) -> Attack {
    enrol(world, own);
    let [seller, buyer, ..] = ACCOUNTS;
    let mut both = attack(world, &[seller, buyer], |world| {
        (0..TRADES / A_TIME).map(|_| fake_trades(world, seller, &[buyer; A_TIME], energy)).sum()
    });
    // They pay for the standing of one of them.
    both.cost *= 2;
    both.fees *= 2;
    both
}

/// With accounts of one owner: every other order is refused.
fn with_oneself() -> Attack {
    let mut world = World::new();
    enrol(&mut world, |_| own(Key::AliceStash));
    let [seller, buyer, ..] = ACCOUNTS;
    attack(&mut world, &[seller, buyer], |world| {
        for _ in 0..TRADES {
            let slot = world.next_gate();
            let placed = world.block(&orders(slot, seller, &[buyer], ENERGY));
            let refused = pallet_auction::Error::<Runtime>::OtherSide;
            assert_eq!(placed, [Ok(()), Err(refused.into())]);
        }
        let opened = |event: &RuntimeEvent| {
            matches!(event, RuntimeEvent::Settlement(pallet_settlement::Event::TradeOpened { .. }))
        };
        // Whatever is still in the book is released at the gate's closure.
        world.run_to(world.now + 4 * SLOT);
        let reported = world.reported();
        reported.iter().filter(|event| opened(event)).count()
    })
}

/// The slots of 1000 of a validator of this standing beside three unknown ones, if all of them feed
/// the same energy in.
fn slots_of_1000(standing: u32) -> u32 {
    let score = |standing| generation_score(standing, Wh(2_000));
    let scores = [standing, 500_000, 500_000, 500_000].map(score);
    let rules = pallet_pov::Rules::default();
    let limits =
        Limits { slots: 1_000, floor: rules.floor, largest: rules.largest.mul_floor(1_000) };
    apportion(&scores, limits).unwrap()[0]
}

#[test]
fn bought_standing_costs_more_than_it_earns() {
    let kwh = Wh(10_000);
    let mut small = World::new();
    for band in [Band::Off, Band::Mid, Band::On] {
        small.decree(terms_of_one_watt_hour(band));
    }
    let attacks = [
        ("98 trades with oneself", with_oneself()),
        ("98 trades with a friend in a day", with_a_friend(&mut World::new(), kwh)),
        ("98 trades of 1 Wh with a friend in a day", with_a_friend(&mut small, Wh(1))),
        ("a ring of two owners", ring(2, kwh, 25)),
        ("a ring of five owners", ring(5, kwh, 25)),
        ("a ring of five owners, 100 Wh each", ring(5, Wh(100), 25)),
    ];
    let mut table = Table::new(
        &[
            "attack",
            "trades",
            "days",
            "cost",
            "standing",
            "blocks of 1000",
            "earned",
            "would pay above",
        ],
        1,
    );
    let author_share = pallet_pov::Rules::default().author_share;
    let unknown = slots_of_1000(500_000);
    for (what, attack) in attacks {
        let blocks = slots_of_1000(attack.after);
        let more = u128::from(blocks - unknown);
        // Of each QED that all transactions pay.
        let earned = author_share.mul_floor(more * QED / 1_000);
        let cost = u128::try_from(attack.cost).unwrap();
        assert_eq!(attack.before, 500_000);
        assert!(earned < cost + attack.fees, "{what}");
        assert!(attack.fees < FEES * TRADES as Balance * 2, "{what}");
        // An honest trade pays the grid's fee as well, and has gained its price beside it.
        let rated = attack.after > attack.before;
        assert!(!rated || cost > 0, "{what}");
        let pays = (cost * 1_000).checked_div(more);
        table.row(&[
            what.to_string(),
            attack.trades.to_string(),
            attack.days.to_string(),
            qed(cost),
            standing(attack.after),
            blocks.to_string(),
            qed(earned),
            pays.map_or("never".into(), |fees| format!("{} QED", fees.div_ceil(QED))),
        ]);
    }
    table.stands_in_the_document_as("standing");
}

fn terms_of_one_watt_hour(band: Band) -> RuntimeCall {
    let list = PriceList { lot: Wh(1), least_order: Wh(1), ..presets::price_list(band) };
    pallet_auction::Call::set_terms { band, list }.into()
}

#[test]
fn a_watt_hour_is_too_little_to_trade() {
    let mut world = World::new();
    enrol(&mut world, own);
    let slot = world.next_gate();
    let [seller, buyer, ..] = ACCOUNTS;
    let placed = world.block(&orders(slot, seller, &[buyer], Wh(1)));
    let refused = DispatchError::from(pallet_auction::Error::<Runtime>::BelowLeastOrder);
    assert_eq!(placed, [Err(refused), Err(refused)]);
}
