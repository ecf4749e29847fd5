//! Worst cases of the calls and of the steps of the agenda.

use crate::{Pallet as Settlement, *};
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{EnsureOrigin, Get, fungible::Inspect},
    weights::WeightMeter,
};
use frame_system::{RawOrigin, pallet_prelude::BlockNumberFor};
use qedex_math::conduct::{DAYS, Day};
use qedex_primitives::{
    Balance, Bill, Calendar, EnergyLedger, EntropyDraw, Escrow, LeaderTerms, MAX_BILL_READINGS,
    MarketSettlement, Membership, MeterId, MeterSignature, NewTrade, Nonce, PricePerKwh, Ratings,
    ReadingPayload, Role, Sanctions, SignedReading, SlotIndex, SlotTerms, TradeId, Wh, Windows,
    bill,
    settlement::{MAX_DEFAULTS, day_of},
};
use sp_core::{H256, sr25519};
use sp_runtime::{Permill, traits::Zero};

/// The slot that the benchmarks settle.
const SLOT: SlotIndex = SlotIndex(1_000_000);

/// The energy of every trade: 10 kWh.
const ENERGY: Wh = Wh(10_000);

/// What buyers pay per kWh.
const BUYER_PRICE: PricePerKwh = PricePerKwh(200_000_000_000);

/// What sellers get per kWh; grid and entropy fund get 20 and 10 milliQED more.
const SELLER_PRICE: PricePerKwh = PricePerKwh(170_000_000_000);

/// What is held of every buyer and of every seller: more than any part of the pay-out needs.
const STAKE: Balance = 3_000_000_000_000;

fn terms<T: Config>(slot: SlotIndex) -> SlotTerms {
    SlotTerms {
        leader: LeaderTerms {
            floor: PricePerKwh(80_000_000_000),
            cap: PricePerKwh(300_000_000_000),
            grid_fee: PricePerKwh(20_000_000_000),
            tick: PricePerKwh(1_000_000_000),
            lot: Wh(100),
            least_order: Wh(100),
            wh_per_key: Wh(1_000),
            deposit_rate: Permill::from_percent(70),
        },
        keys: 1_000,
        schedule: T::Calendar::schedule(slot),
    }
}

/// Endows an account with an owner and holds `amount` of it for an order.
fn order_of<T: Config>(name: &'static str, number: u32, amount: Balance) -> T::AccountId {
    let who: T::AccountId = account(name, number, 0);
    T::Membership::grant(&who, Role::Sell);
    <Settlement<T> as Escrow<T::AccountId>>::endow(&who, amount.saturating_mul(4));
    assert!(<Settlement<T> as Escrow<T::AccountId>>::hold(&who, amount).is_ok());
    who
}

/// A trade of two parties of its own, whose orders hold twice what it takes: the rest stays
/// booked, so that their records are written and not removed.
fn trade_of<T: Config>(id: TradeId) -> NewTrade<T::AccountId> {
    let twice = STAKE.saturating_mul(2);
    NewTrade {
        id,
        buyer: order_of::<T>("buyer", id, twice),
        seller: order_of::<T>("seller", id, twice),
        energy: ENERGY,
        buyer_price: BUYER_PRICE,
        seller_price: SELLER_PRICE,
        payment: STAKE,
        deposit: STAKE,
        reserve: 0,
    }
}

/// Opens a trade before delivery of `slot`.
fn open<T: Config>(slot: SlotIndex, trade: NewTrade<T::AccountId>) {
    let terms = terms::<T>(slot);
    T::Calendar::set_now(terms.schedule.gate_closes);
    assert!(Settlement::<T>::open_trade(slot, &terms, trade).is_ok());
}

/// Makes sure that the grid's account and the funds exist, as they do on a chain.
fn endow_funds<T: Config>() {
    for fund in [T::GridAccount::get(), T::EntropyFund::get(), T::CommunityFund::get()] {
        <Settlement<T> as Escrow<T::AccountId>>::endow(&fund, STAKE);
    }
}

/// Opens `n` trades of one buyer with one seller, each of which has set a little aside for complaints.
fn pair_of<T: Config>(n: u32) -> (T::AccountId, T::AccountId) {
    let of_all = STAKE.saturating_mul(n.saturating_add(1).into());
    let (buyer, seller) = (order_of::<T>("buyer", 0, of_all), order_of::<T>("seller", 0, of_all));
    for id in 0..n {
        let (buyer, seller) = (buyer.clone(), seller.clone());
        open::<T>(SLOT, NewTrade { buyer, seller, reserve: 1, ..trade_of::<T>(id) });
    }
    (buyer, seller)
}

/// Opens the trade that a step settles, behind two more of the same slot: one of the same parties, so
/// that their records stay, and one of others.
fn book_to_settle<T: Config>() -> T::AccountId {
    endow_funds::<T>();
    let (_, seller) = pair_of::<T>(2);
    open::<T>(SLOT, trade_of::<T>(2));
    fill_memories::<T>();
    seller
}

/// Makes the rating of either party of the first trade cost as much as it can.
fn fill_memories<T: Config>() {
    if let Some(trade) = Trades::<T>::get(SLOT, 0) {
        T::Ratings::fill_memory(&trade.buyer);
        T::Ratings::fill_memory(&trade.seller);
    }
}

/// Whether the first trade has been settled, and it alone, and the grid has got its fee: it has
/// not been annulled.
fn was_paid<T: Config>(grid_had: Balance) -> bool {
    !Trades::<T>::contains_key(SLOT, 0)
        && Trades::<T>::iter_prefix(SLOT).count() == 2
        && grid_has::<T>() > grid_had
}

/// The balance of the grid's account.
fn grid_has<T: Config>() -> Balance {
    <T::Currency as Inspect<T::AccountId>>::balance(&T::GridAccount::get())
}

/// The hash of the chain's first block.
fn genesis<T: Config>() -> H256 {
    frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
}

/// A bill of `n` readings that nobody signed: its audit is not measured here.
fn bill_of(n: u32) -> Bill {
    let reading = |meter| SignedReading {
        payload: ReadingPayload {
            meter: MeterId(meter),
            slot: SLOT,
            generated: ENERGY,
            consumed: Wh::ZERO,
        },
        signature: MeterSignature::Sr25519(sr25519::Signature::from_raw([1; 64])),
    };
    Bill::truncate_from((0..n).map(reading).collect())
}

/// What hides the bills of the benchmarks.
const NONCE: Nonce = [7; 32];

/// Lets a seller commit to `bill`, and the time for complaints begin.
fn commit_to<T: Config>(seller: &T::AccountId, bill: &Bill) {
    T::Calendar::set_now(T::Calendar::schedule(SLOT).delivery_ends);
    let owner = Settlement::<T>::owner_of(seller);
    let commitment = bill::commitment(genesis::<T>(), owner, SLOT, bill, &NONCE);
    let origin = RawOrigin::Signed(seller.clone());
    assert!(Settlement::<T>::commit(origin.into(), SLOT, commitment).is_ok());
    T::Calendar::set_now(T::Calendar::schedule(SLOT).readings_until);
}

/// Sets the clock to when bills are revealed.
fn complaints_end<T: Config>() {
    T::Calendar::set_now(T::Calendar::schedule(SLOT).complaints_until);
}

/// Lets the buyer of the first trade complain.
fn complain_about_first<T: Config>() {
    let buyer = Trades::<T>::get(SLOT, 0).map(|trade| trade.buyer);
    assert!(buyer.is_some_and(|buyer| {
        Settlement::<T>::complain(RawOrigin::Signed(buyer).into(), SLOT, 0).is_ok()
    }));
}

/// As many changes of the rules as there can be, all of them before `moment`.
fn fill_rules<T: Config>(moment: u64) {
    let first = moment.saturating_sub(u64::from(MAX_RULE_CHANGES));
    let changes = (first..moment).map(|since| (since, Rules::default()));
    RuleChanges::<T>::put(frame_support::BoundedVec::truncate_from(changes.collect()));
}

/// Rules under which nobody is excluded in these benchmarks.
fn lenient() -> Rules {
    Rules { defaults_to_exclusion: MAX_DEFAULTS, ..Default::default() }
}

/// The first trade as a step of the agenda takes it, decided by `decide`; and the counting of a
/// default, though a trade for which something was metered is none, as if it were the seller's last one of
/// the slot: the worst of all.
fn take_first<T: Config>(
    book: &mut Book,
    decide: fn(SlotIndex, &Book, &Trade<T::AccountId>) -> Option<Decision>,
) {
    let Some(trade) = Trades::<T>::get(SLOT, 0) else {
        return;
    };
    let seller = trade.seller.clone();
    if let Some(decision) = decide(SLOT, book, &trade) {
        let _ = Settlement::<T>::excludes(SLOT, book, &trade, decision);
        Settlement::<T>::settle(SLOT, book, 0, trade, decision);
    }
    Settlement::<T>::mark_default(SLOT, &seller);
    Settlement::<T>::note_conduct(SLOT, &book.rules, &seller, true);
}

/// Six days before that of `SLOT`, on each of which an owner has sold, and defaulted.
fn fill_conduct<T: Config>(seller: &T::AccountId, defaulted: u32) {
    let today = day_of(SLOT);
    let days = (1..DAYS).rev().map(|back| Day {
        day: today.saturating_sub(back),
        sold: defaulted,
        defaulted,
    });
    let owner = Settlement::<T>::owner_of(seller);
    Conduct::<T>::insert(owner, frame_support::BoundedVec::truncate_from(days.collect()));
}

/// Opens as many books as there can be, from `SLOT` on.
fn open_all_books<T: Config>() {
    for number in 0..T::MaxSlotsInFlight::get() {
        let slot = SlotIndex(SLOT.0.saturating_add(u64::from(number)));
        open::<T>(slot, trade_of::<T>(number));
    }
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn commit() {
        let seller = book_to_settle::<T>();
        T::Calendar::set_now(T::Calendar::schedule(SLOT).delivery_ends);
        let commitment = H256::repeat_byte(1);

        #[extrinsic_call]
        _(RawOrigin::Signed(seller.clone()), SLOT, commitment);

        assert_eq!(
            Settlement::<T>::seller(SLOT, &seller).and_then(|(_, record)| record.commitment),
            Some(commitment)
        );
    }

    /// The last trade of one of as many slots as there can be: its book ends with it.
    #[benchmark]
    fn acknowledge() -> Result<(), BenchmarkError> {
        endow_funds::<T>();
        open_all_books::<T>();
        fill_memories::<T>();
        let trade = Trades::<T>::get(SLOT, 0).ok_or("the trade is open")?;
        T::Calendar::set_now(T::Calendar::schedule(SLOT).delivery_ends);
        let grid_had = grid_has::<T>();

        #[extrinsic_call]
        _(RawOrigin::Signed(trade.buyer), SLOT, 0);

        assert!(!Books::<T>::contains_key(SLOT));
        assert!(grid_has::<T>() > grid_had);
        Ok(())
    }

    /// About `n` trades with a seller that has as many meters as it can have; that all of them but one have a
    /// reading, so that there is something to complain of, is looked up with another account.
    #[benchmark]
    fn complain(n: Linear<1, { T::MaxTradesOfPair::get() }>) -> Result<(), BenchmarkError> {
        endow_funds::<T>();
        let (buyer, seller) = pair_of::<T>(n);
        let other = account("other seller", 0, 0);
        T::Ledger::set_delivered(&other, SLOT, ENERGY);
        commit_to::<T>(&seller, &bill_of(1));
        let found;

        #[block]
        {
            found = T::Ledger::delivered(&other, SLOT);
            Settlement::<T>::do_complain(&buyer, SLOT, 0)?;
        }

        assert_eq!(found, Some(ENERGY));
        let mut trades = (0..n).map(|id| Trades::<T>::get(SLOT, id));
        assert!(trades.all(|trade| trade.is_some_and(|trade| trade.complaint.is_some())));
        Ok(())
    }

    /// A bill of `n` readings, but for its audit.
    #[benchmark]
    fn reveal(n: Linear<1, MAX_BILL_READINGS>) -> Result<(), BenchmarkError> {
        let seller = book_to_settle::<T>();
        let bill = bill_of(n);
        commit_to::<T>(&seller, &bill);
        complain_about_first::<T>();
        complaints_end::<T>();
        let who = account("whoever holds it", 0, 0);

        #[block]
        {
            Settlement::<T>::do_reveal(who, SLOT, &seller, &bill, &NONCE, |_, _, _| Ok(ENERGY))?;
        }

        let (_, record) = Settlement::<T>::seller(SLOT, &seller).ok_or("the seller is known")?;
        assert!(record.revealed.is_some());
        Ok(())
    }

    /// All of the changes on record but the last are forgotten.
    #[benchmark]
    fn set_rules() -> Result<(), BenchmarkError> {
        let origin =
            T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
        let now = T::Calendar::schedule(SLOT).final_at;
        let span = T::Calendar::slot_length().saturating_mul(u64::from(Windows::MAX_SPAN));
        fill_rules::<T>(now.saturating_sub(span));
        T::Calendar::set_now(now);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, lenient());

        assert_eq!(RuleChanges::<T>::get().len(), 2);
        assert_eq!(Settlement::<T>::rules_at(now), lenient());
        Ok(())
    }

    /// After another pause.
    #[benchmark]
    fn set_paused() -> Result<(), BenchmarkError> {
        let origin =
            T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
        let now = T::Calendar::schedule(SLOT).gate_closes;
        LatestPause::<T>::put(Pause { since: 0, until: 1 });
        T::Calendar::set_now(now);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, Some(now.saturating_add(MAX_PAUSE)));

        assert!(Settlement::<T>::is_paused());
        Ok(())
    }

    /// The first trade of a book that takes the last place among the open ones.
    #[benchmark]
    fn open_trade() {
        for number in 1..T::MaxSlotsInFlight::get() {
            let slot = SlotIndex(SLOT.0.saturating_add(u64::from(number)));
            open::<T>(slot, trade_of::<T>(number));
        }
        let trade = trade_of::<T>(0);
        let terms = terms::<T>(SLOT);
        fill_rules::<T>(terms.schedule.gate_opens);
        T::Calendar::set_now(terms.schedule.gate_closes);

        #[block]
        {
            let _ = Settlement::<T>::open_trade(SLOT, &terms, trade);
        }

        assert!(Trades::<T>::contains_key(SLOT, 0));
    }

    /// All books are open, all are marked after an interruption in which a pause ended, for all of them what
    /// draws is looked for among as many values as there may be, and is there, and all are struck off.
    #[benchmark]
    fn poll() {
        open_all_books::<T>();
        // Readings have ended everywhere, and complaints have not.
        let schedule = T::Calendar::schedule(SLOT);
        for slot in OpenBooks::<T>::get() {
            Books::<T>::mutate_extant(slot, |book| book.terms.schedule = schedule);
        }
        let before = schedule.readings_until;
        LastSeen::<T>::put(before);
        LatestPause::<T>::put(Pause { since: before, until: before.saturating_add(1) });
        let now = before.saturating_add(T::Calendar::slot_length().saturating_mul(2));
        T::Calendar::set_now(now);
        // The freeze is put off by all of that.
        T::Draw::fill(now);

        #[block]
        {
            let slots = Settlement::<T>::look(now);
            let _ = Settlement::<T>::is_paused();
            Settlement::<T>::strike_off(&slots);
        }

        assert!(Books::<T>::iter_values().all(|book| book.lost > 0 && book.drawn_by_keys));
        assert!(OpenBooks::<T>::get().is_empty());
    }

    /// A book that turns out to be settled.
    #[benchmark]
    fn visit_book() {
        let book = Book {
            terms: terms::<T>(SLOT),
            rules: Rules::default(),
            trades: 1,
            open: 0,
            stage: Stage::Ending { next: 1 },
            lost: 0,
            draw: None,
            drawn_by_keys: false,
        };
        Books::<T>::insert(SLOT, book);
        let now = book.terms.schedule.final_at;
        let mut meter = WeightMeter::new();
        let settled;

        #[block]
        {
            settled = Settlement::<T>::visit(SLOT, now, &mut meter);
        }

        assert!(settled);
        assert!(!Books::<T>::contains_key(SLOT));
    }

    /// The most of both ways in which a trade may end at the freeze: readings that fall short, which
    /// moves money between all parties, and the counting of a default.
    #[benchmark]
    fn freeze_trade() -> Result<(), BenchmarkError> {
        let seller = book_to_settle::<T>();
        T::Ledger::set_delivered(&seller, SLOT, Wh(ENERGY.0 / 2));
        T::Calendar::set_now(T::Calendar::schedule(SLOT).readings_until);
        let mut book = Books::<T>::get(SLOT).ok_or("the book is open")?;
        book.rules = lenient();
        fill_conduct::<T>(&seller, 0);
        let grid_had = grid_has::<T>();

        #[block]
        {
            take_first::<T>(&mut book, Settlement::<T>::at_freeze);
        }

        assert!(was_paid::<T>(grid_had));
        assert_eq!(Conduct::<T>::get(Settlement::<T>::owner_of(&seller)).len(), DAYS as usize);
        Ok(())
    }

    /// A trade that its buyer has complained about, and for which the bill that was revealed falls
    /// short: bond and money move between all parties. And the counting of a default.
    #[benchmark]
    fn close_trade() -> Result<(), BenchmarkError> {
        let seller = book_to_settle::<T>();
        let bill = bill_of(1);
        commit_to::<T>(&seller, &bill);
        complain_about_first::<T>();
        let half = |_: &T::AccountId, _, _: &Bill| Ok(Wh(ENERGY.0 / 2));
        complaints_end::<T>();
        Settlement::<T>::do_reveal(seller.clone(), SLOT, &seller, &bill, &NONCE, half)?;
        T::Calendar::set_now(T::Calendar::schedule(SLOT).final_at);
        let mut book = Books::<T>::get(SLOT).ok_or("the book is open")?;
        book.rules = lenient();
        fill_conduct::<T>(&seller, 0);
        let grid_had = grid_has::<T>();

        #[block]
        {
            take_first::<T>(&mut book, Settlement::<T>::at_end);
        }

        assert!(was_paid::<T>(grid_had));
        assert_eq!(Conduct::<T>::get(Settlement::<T>::owner_of(&seller)).len(), DAYS as usize);
        Ok(())
    }

    /// The default that excludes a seller, in place of an exclusion that is shorter.
    #[benchmark]
    fn exclude() {
        let seller = book_to_settle::<T>();
        let owner = Settlement::<T>::owner_of(&seller);
        let rules = Rules::default();
        T::Calendar::set_now(0);
        T::Sanctions::prepare_exclusion(&seller);
        fill_conduct::<T>(&seller, 1);
        T::Calendar::set_now(T::Calendar::schedule(SLOT).readings_until);

        #[block]
        {
            Settlement::<T>::note_conduct(SLOT, &rules, &seller, true);
        }

        assert_eq!(Conduct::<T>::get(owner).len(), DAYS as usize);
    }

    impl_benchmark_test_suite!(Settlement, crate::mock::build(), crate::mock::Test);
}
