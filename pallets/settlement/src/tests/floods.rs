//! Dust, floods and authors who leave out what they do not like.

use super::*;
use crate::WeightInfo;
use proptest::prelude::*;
use qedex_primitives::{NewTrade, SlotTimes};

fn schedule() -> SlotTimes {
    TestCalendar::schedule(SLOT)
}

/// What missing energy costs a buyer of dust more, in plancks per kWh.
const HARM: u128 = 2_999;

/// How energy is evidenced in the test of dust.
#[derive(Clone, Copy, Debug)]
enum Way {
    Metered(u64),
    Trusted,
    Silent,
    Revealed(u64),
    Unanswered,
}

/// Plays `trades` trades of `energy` each at these prices, and returns what Anna, Selma, the grid, the
/// entropy fund and the community fund have gained.
fn changes(way: Way, trades: u32, energy: u64, prices: [u128; 3], deposit: Balance) -> [i128; 5] {
    let mut found = [0; 5];
    let [buyer_price, seller_price, fee] = prices.map(PricePerKwh);
    build_and_execute(|| {
        let mut terms = terms(SLOT);
        terms.leader.grid_fee = fee;
        terms.leader.cap = PricePerKwh(buyer_price.0 + HARM);
        for id in 0..trades {
            let payment = buyer_price.cost_floor(Wh(energy)).unwrap();
            let (buyer, seller, energy) = (ANNA, SELMA, Wh(energy));
            assert_ok!(Settlement::hold(&buyer, payment));
            assert_ok!(Settlement::hold(&seller, deposit));
            let trade = NewTrade {
                id,
                buyer,
                seller,
                energy,
                buyer_price,
                seller_price,
                payment,
                deposit,
                reserve: 0,
            };
            assert_ok!(Settlement::open_trade(SLOT, &terms, trade));
        }
        run_to_commitments(SLOT);
        match way {
            Way::Metered(energy) => deliver(SELMA, energy),
            Way::Silent => (),
            Way::Trusted | Way::Unanswered => commit_to(SELMA, 0).unwrap(),
            Way::Revealed(energy) => commit_to(SELMA, energy).unwrap(),
        }
        run_to_freeze();
        if matches!(way, Way::Revealed(_) | Way::Unanswered) {
            complain(ANNA, 0).unwrap();
        }
        if let Way::Revealed(energy) = way {
            run_to_end_of_complaints();
            assert_ok!(reveal(SELMA, energy));
        }
        run_to(schedule().final_at);
        assert_nothing_left();
        let change = |who, before| free(who) as i128 - before as i128;
        found = [
            change(ANNA, FUNDS),
            change(SELMA, FUNDS),
            change(GRID, ED),
            change(ENTROPY, ED),
            change(COMMUNITY, ED),
        ];
    });
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A trade cut into trades of 1 Wh comes to the same, but for a planck of each at most: rounding
    /// neither makes money nor loses it, and drains no deposit.
    #[test]
    fn dust_trades_drain_nothing(
        seller_price in 0..5_000_u128, fee in 0..5_000_u128, spread in 0..5_000_u128,
        delivered in 0..=40_u64, deposit in 3..50_u128, way in 0..5_usize,
    ) {
        let trades = 40;
        let way = [
            Way::Metered(delivered), Way::Trusted, Way::Silent, Way::Revealed(delivered), Way::Unanswered,
        ][way];
        let prices = [seller_price + fee + spread, seller_price, fee];
        let cut = changes(way, trades, 1, prices, deposit);
        let whole = changes(way, 1, u64::from(trades), prices, deposit * u128::from(trades));
        prop_assert_eq!(cut.iter().sum::<i128>(), 0);
        prop_assert_eq!(whole.iter().sum::<i128>(), 0);
        // A fund gets what three roundings leave, and of the deposits the parts of a bond are rounded too.
        let most = 4 * i128::from(trades);
        for (cut, whole) in cut.into_iter().zip(whole) {
            prop_assert!((cut - whole).abs() <= most, "{cut} and {whole} differ by more than {most}");
        }
        // Nobody who cheats is better off by cutting.
        let cheats = matches!(way, Way::Silent | Way::Unanswered);
        prop_assert!(!cheats || cut[1] <= whole[1], "a seller saves {} by cutting", cut[1] - whole[1]);
    }
}

/// With every slot in flight full of trades and blocks that have room for one trade only, new slots are
/// refused, whose money stays with its orders, and everything comes to its end.
#[test]
fn a_full_agenda_loses_nothing_and_gets_nothing_stuck() {
    build_and_execute(|| {
        let slots: Vec<_> = (0..u64::from(MAX_SLOTS)).map(|n| SlotIndex(SLOT.0 + n)).collect();
        for slot in &slots {
            for id in 0..40 {
                let seller = 11 + u64::from(id) % 4;
                trade_in(*slot, id, 1 + u64::from(id) % 5, seller, 1 + u64::from(id));
            }
            deliver_in(*slot, SVEN, 100);
        }
        let another = SlotIndex(SLOT.0 + u64::from(MAX_SLOTS));
        let refused = new_trade(0, BEN, 15, 100);
        assert_ok!(Settlement::hold(&BEN, refused.payment));
        assert_ok!(Settlement::hold(&15, refused.deposit));
        assert_noop!(
            Settlement::open_trade(another, &terms(another), refused.clone()),
            Error::<Test>::TooManySlots
        );
        assert_ok!(Settlement::release(&BEN, refused.payment));
        assert_ok!(Settlement::release(&15, refused.deposit));
        let one = <()>::poll() + <()>::visit_book() + <()>::freeze_trade() + <()>::exclude();
        let mut blocks = 0;
        while !OpenBooks::<Test>::get().is_empty() {
            Now::mutate(|now| *now += 2_000);
            poll_with(one);
            for slot in &slots {
                let _ = Settlement::commit(RuntimeOrigin::signed(SELMA), *slot, H256::zero());
                let _ = Settlement::complain(RuntimeOrigin::signed(ANNA), *slot, 0);
            }
            blocks += 1;
            assert!(blocks < 2_000, "something is stuck");
        }
        assert_eq!(settled().len(), 40 * slots.len());
        assert_nothing_left();
    });
}

/// A slot with ever so many trades delays the next one, and takes nothing from it.
#[test]
fn a_flooded_slot_does_not_starve_the_next() {
    build_and_execute(|| {
        (0..300).for_each(|id| trade(id, ANNA, SVEN, 1));
        trade_in(SLOT.next(), 0, BEN, SELMA, 500);
        deliver_in(SLOT.next(), SELMA, 500);
        run_to(TestCalendar::schedule(SLOT.next()).readings_until - 1);
        Now::mutate(|now| *now += 1);
        let room = <()>::poll() + <()>::visit_book() * 2 + <()>::freeze_trade() * 5;
        while OpenBooks::<Test>::get().contains(&SLOT.next()) {
            poll_with(room);
        }
        let last = *settled().last().unwrap();
        assert_eq!((last.0, last.2), (SLOT.next(), Outcome::Delivered));
        assert_eq!(free(BEN), FUNDS - payment(500));
    });
}

/// How long a block takes.
const BLOCK: u64 = 2_000;

/// Blocks by authors in turn, some of whom leave out everything of Selma's and Anna's. What they want
/// to say waits until an honest author takes it.
struct Censored {
    authors: u64,
    censors: u64,
    turn: u64,
}

impl Censored {
    /// Runs blocks until an author takes the call or `until` has come; whether it was taken.
    fn say(&mut self, until: u64, call: impl Fn() -> DispatchResult) -> bool {
        while Now::get() < until {
            if self.turn % self.authors >= self.censors && call().is_ok() {
                return true;
            }
            self.next();
        }
        false
    }

    fn next(&mut self) {
        Now::mutate(|now| *now += BLOCK);
        self.turn += 1;
        poll();
    }

    /// Begins a window with the turns of the censors.
    fn begin_at(&mut self, moment: u64) {
        while Now::get() < moment {
            self.next();
        }
        self.turn = 0;
    }
}

/// What becomes of a trade of which 500 Wh were delivered, a buyer complains in vain, and each window
/// begins with `censors` authors in a row who leave out what the parties say.
fn censored(authors: u64, censors: u64) -> Vec<(TradeId, Outcome)> {
    let mut found = vec![];
    build_and_execute(|| {
        let mut chain = Censored { authors, censors, turn: 0 };
        trade(0, ANNA, SELMA, 500);
        let SlotTimes {
            delivery_ends,
            commitments_until,
            readings_until,
            complaints_until,
            final_at,
            ..
        } = schedule();
        chain.begin_at(delivery_ends);
        chain.say(commitments_until, || commit_to(SELMA, 500));
        chain.begin_at(readings_until);
        let complained = chain.say(complaints_until, || complain(ANNA, 0));
        chain.begin_at(complaints_until);
        if complained {
            chain.say(final_at, || reveal(SELMA, 500));
        }
        chain.begin_at(final_at);
        found = outcomes();
        assert_nothing_left();
    });
    found
}

/// Each window spans more than f + 1 authors' turns, so that f of 3 f + 1 cannot make a default of an
/// honest seller; and f is not the point but the turns in a row, of which a window has twelve.
#[test]
fn censoring_authors_make_no_default() {
    for f in 1..=10 {
        assert_eq!(censored(3 * f + 1, f), [(0, Outcome::Refuted)], "{f} censors");
    }
    assert_eq!(censored(100, 11), [(0, Outcome::Refuted)]);
    assert_eq!(censored(100, 12), [(0, Outcome::Defaulted)]);
}
