//! Worst cases of the call and of the steps of the agenda.

use crate::{Pallet as Settlement, *};
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{Get, fungible::Inspect},
    weights::WeightMeter,
};
use frame_system::RawOrigin;
use qedex_primitives::{
    Balance, Calendar, EnergyLedger, Escrow, LeaderTerms, MarketSettlement, NewTrade, PricePerKwh,
    SlotIndex, SlotTerms, TradeId, Wh,
};
use sp_core::H256;
use sp_runtime::Permill;

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
            rule: qedex_primitives::Rule::Uniform,
        },
        keys: 1_000,
        schedule: T::Calendar::schedule(slot),
    }
}

/// Endows an account and holds `amount` of it for an order.
fn order_of<T: Config>(name: &'static str, number: u32, amount: Balance) -> T::AccountId {
    let who: T::AccountId = account(name, number, 0);
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
    for fund in [
        T::GridAccount::get(),
        T::EntropyFund::get(),
        T::CommunityFund::get(),
    ] {
        <Settlement<T> as Escrow<T::AccountId>>::endow(&fund, STAKE);
    }
}

/// Opens the trade that a step settles, behind two more of the same slot: one of the same
/// seller, so that its record stays, and one of others.
fn book_to_settle<T: Config>() -> T::AccountId {
    endow_funds::<T>();
    let first = trade_of::<T>(0);
    let seller = first.seller.clone();
    let mut second = trade_of::<T>(1);
    second.seller = seller.clone();
    open::<T>(SLOT, first);
    open::<T>(SLOT, second);
    open::<T>(SLOT, trade_of::<T>(2));
    seller
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
            Sellers::<T>::get(SLOT, seller).and_then(|record| record.commitment),
            Some(commitment)
        );
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
        T::Calendar::set_now(terms.schedule.gate_closes);

        #[block]
        {
            let _ = Settlement::<T>::open_trade(SLOT, &terms, trade);
        }

        assert!(Trades::<T>::contains_key(SLOT, 0));
    }

    /// All books are open, all are marked after an interruption, and all are struck off.
    #[benchmark]
    fn poll() {
        open_all_books::<T>();
        let last = SlotIndex(SLOT.0.saturating_add(u64::from(T::MaxSlotsInFlight::get())));
        let now = T::Calendar::schedule(last).final_at;
        LastSeen::<T>::put(T::Calendar::schedule(SLOT).gate_closes);
        T::Calendar::set_now(now);

        #[block]
        {
            let slots = Settlement::<T>::look(now);
            Settlement::<T>::strike_off(&slots);
        }

        assert!(Books::<T>::iter_values().all(|book| book.interrupted));
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
            stage: Stage::Closing { next: 1 },
            interrupted: false,
            lost: 0,
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

    /// The most of both ways in which a trade may end at the freeze: readings that fall short,
    /// which moves money between all parties, and the exclusion of the seller, which in truth
    /// follows only where there are no readings.
    #[benchmark]
    fn freeze_trade() -> Result<(), BenchmarkError> {
        let seller = book_to_settle::<T>();
        T::Ledger::set_delivered(&seller, SLOT, Wh(ENERGY.0 / 2));
        let limit = T::DefaultsToExclusion::get().max(1);
        Defaults::<T>::insert(&seller, limit.saturating_sub(1));
        T::Calendar::set_now(T::Calendar::schedule(SLOT).readings_until);
        let mut book = Books::<T>::get(SLOT).ok_or("the book is open")?;
        let grid_had = grid_has::<T>();

        #[block]
        {
            Settlement::<T>::freeze(SLOT, &mut book, 0);
            Settlement::<T>::count_default(SLOT, &seller);
        }

        assert!(was_paid::<T>(grid_had));
        assert!(!Defaults::<T>::contains_key(&seller));
        Ok(())
    }

    /// A trade whose seller has committed.
    #[benchmark]
    fn close_trade() -> Result<(), BenchmarkError> {
        book_to_settle::<T>();
        T::Calendar::set_now(T::Calendar::schedule(SLOT).complaints_until);
        let mut book = Books::<T>::get(SLOT).ok_or("the book is open")?;
        let grid_had = grid_has::<T>();

        #[block]
        {
            Settlement::<T>::close(SLOT, &mut book, 0);
        }

        assert!(was_paid::<T>(grid_had));
        Ok(())
    }

    impl_benchmark_test_suite!(Settlement, crate::mock::build(), crate::mock::Test);
}
