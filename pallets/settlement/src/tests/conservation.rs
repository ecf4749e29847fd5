//! Whatever happens, every planck is accounted for.

use super::*;
use crate::WeightInfo;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Something that happens on the chain.
#[derive(Clone, Debug)]
enum Step {
    /// Clearing makes a trade in the slot that is this far ahead.
    Trade {
        ahead: u64,
        buyer: AccountId,
        seller: AccountId,
        energy: u64,
        thin: bool,
    },
    /// Meters of a seller sign for the slot that is this far back.
    Read {
        back: u64,
        seller: AccountId,
        energy: u64,
    },
    /// A seller commits for the slot that is this far back.
    Commit { back: u64, seller: AccountId },
    /// A block comes after so many milliseconds, with room for so many trades.
    Block { after: u64, room: u64 },
    /// An order is placed, and one is cancelled.
    Order { who: AccountId, amount: Balance },
}

fn step() -> impl Strategy<Value = Step> {
    let buyer = 1..=5_u64;
    let seller = || 11..=14_u64;
    prop_oneof![
        4 => (0..4_u64, buyer.clone(), seller(), 1..50_000_u64, any::<bool>()).prop_map(
            |(ahead, buyer, seller, energy, thin)| {
                Step::Trade { ahead, buyer, seller, energy, thin }
            }
        ),
        3 => (2..5_u64, seller(), 0..60_000_u64)
            .prop_map(|(back, seller, energy)| Step::Read { back, seller, energy }),
        2 => (1..4_u64, seller()).prop_map(|(back, seller)| Step::Commit { back, seller }),
        8 => (1..SLOT_LENGTH, 0..6_u64).prop_map(|(after, room)| Step::Block { after, room }),
        1 => (SLOT_LENGTH..6 * SLOT_LENGTH, 0..6_u64)
            .prop_map(|(after, room)| Step::Block { after, room }),
        1 => (1..=14_u64, 0..2_000 * QED).prop_map(|(who, amount)| Step::Order { who, amount }),
    ]
}

/// What the test remembers of the open trades.
type Staked = BTreeMap<(SlotIndex, u32), (u64, Balance, Balance)>;

fn take(step: Step, staked: &mut Staked) {
    let current = Now::get() / SLOT_LENGTH;
    match step {
        Step::Trade {
            ahead,
            buyer,
            seller,
            energy,
            thin,
        } => {
            let slot = SlotIndex(current + ahead);
            let id = staked.keys().filter(|key| key.0 == slot).count() as u32;
            let mut trade = new_trade(id, buyer, seller, energy);
            if thin {
                trade.deposit /= 100;
            }
            let (payment, deposit) = (trade.payment, trade.deposit);
            if Settlement::hold(&buyer, payment).is_err() {
                return;
            }
            if Settlement::hold(&seller, deposit).is_err() {
                assert_ok!(Settlement::release(&buyer, payment));
                return;
            }
            if Settlement::open_trade(slot, &terms(slot), trade).is_ok() {
                staked.insert((slot, id), (energy, payment, deposit));
            } else {
                assert_ok!(Settlement::release(&buyer, payment));
                assert_ok!(Settlement::release(&seller, deposit));
            }
        }
        Step::Read {
            back,
            seller,
            energy,
        } => {
            let slot = SlotIndex(current - back);
            if TestCalendar::schedule(slot).is_reading_window(Now::get()) {
                deliver_in(slot, seller, energy);
            }
        }
        Step::Commit { back, seller } => {
            let _ = commit(seller, SlotIndex(current - back));
        }
        Step::Block { after, room } => {
            Now::mutate(|now| *now += after);
            let look = <() as WeightInfo>::poll() + <() as WeightInfo>::visit_book();
            poll_with(look + <() as WeightInfo>::freeze_trade() * room);
        }
        Step::Order { who, amount } => {
            if Settlement::hold(&who, amount).is_ok() {
                assert_ok!(Settlement::release(&who, amount / 2));
                assert_ok!(Settlement::release(&who, amount - amount / 2));
            }
        }
    }
}

/// What each account must have by what the settled trades say.
fn expected_totals() -> BTreeMap<AccountId, Balance> {
    let mut totals: BTreeMap<_, _> = TRADERS.map(|who| (who, FUNDS)).collect();
    totals.extend([GRID, ENTROPY, COMMUNITY].map(|fund| (fund, ED)));
    let mut pay = |from, to, amount| {
        *totals.get_mut(&from).unwrap() -= amount;
        *totals.get_mut(&to).unwrap() += amount;
    };
    for event in System::read_events_for_pallet::<Event<Test>>() {
        let Event::TradeSettled {
            buyer,
            seller,
            amounts,
            ..
        } = event
        else {
            continue;
        };
        pay(buyer, seller, amounts.to_seller);
        pay(buyer, GRID, amounts.to_grid);
        pay(buyer, ENTROPY, amounts.to_entropy_fund);
        pay(seller, buyer, amounts.compensation);
        pay(seller, COMMUNITY, amounts.forfeited);
    }
    totals
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_planck_is_accounted_for(steps in prop::collection::vec(step(), 1..120)) {
        build_and_execute(|| {
            let mut staked = Staked::new();
            for step in steps {
                take(step, &mut staked);
                Settlement::do_try_state().unwrap();
            }
            run_to(Now::get() + 20 * SLOT_LENGTH);
            assert_nothing_left();

            let settled = settled();
            assert_eq!(settled.len(), staked.len(), "a trade is settled once");
            let mut paid = BTreeMap::<_, u64>::new();
            for event in System::read_events_for_pallet::<Event<Test>>() {
                if let Event::TradeSettled { slot, seller, metered, outcome, .. } = event
                    && matches!(outcome, Outcome::Delivered | Outcome::Short)
                {
                    *paid.entry((seller, slot)).or_default() += metered.0;
                }
            }
            for (key, energy) in paid {
                assert!(energy <= Delivered::get()[&key].0, "energy is allotted twice");
            }
            for (slot, id, _, metered, amounts) in settled {
                let (energy, payment, deposit) = staked[&(slot, id)];
                assert!(metered.0 <= energy);
                let of_payment = amounts.to_seller + amounts.to_grid + amounts.to_entropy_fund;
                assert_eq!(of_payment + amounts.refund, payment);
                let of_deposit = amounts.compensation + amounts.forfeited;
                assert_eq!(of_deposit + amounts.deposit_back, deposit);
            }
            for (who, expected) in expected_totals() {
                assert_eq!(total(who), expected);
            }
        });
    }
}
