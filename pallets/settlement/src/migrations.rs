//! From accounts to owners: what was stored by account is stored by owner.

use crate::{
    Book, Books, Complaint, Conduct, Config, LatestPause, MAX_PAUSE, MAX_RULE_CHANGES, Pallet,
    Pause, Purchases, RuleChanges, Rules, Seller, Sellers, SellingAccount, SellingAccounts, Stage,
    Trade, Trades,
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use core::marker::PhantomData;
use frame_support::{
    BoundedVec,
    migrations::VersionedMigration,
    traits::{Get, UncheckedOnRuntimeUpgrade},
    weights::Weight,
};
use qedex_math::conduct::Day;
use qedex_primitives::{Calendar, OwnerId, SlotIndex, TradeId, Wh, settlement::day_of};
use sp_runtime::Permill;

/// What stood where before.
pub(crate) mod v1 {
    use super::*;
    use frame_support::{pallet_prelude::*, storage_alias};
    use qedex_primitives::{
        Balance, Millis, Moment, PricePerKwh, SlotTerms, TradeId, settlement::Complaint,
    };
    use sp_core::H256;
    use sp_runtime::Permill;

    /// An account of the chain.
    type AccountOf<T> = <T as frame_system::Config>::AccountId;

    /// The rules.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct OldRules {
        pub offline_share: Permill,
        pub defaults_to_exclusion: u32,
        pub exclusion: Millis,
    }

    /// A bill that was revealed, and when.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct Revealed {
        pub delivered: Wh,
        pub at: Moment,
    }

    /// A seller.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct OldSeller {
        pub open: u32,
        pub sold: Wh,
        pub commitment: Option<H256>,
        pub answer_until: Option<Moment>,
        pub revealed: Option<Revealed>,
        pub defaulted: bool,
    }

    /// How far the settlement of a slot had come.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub enum OldStage {
        Freezing { next: TradeId },
        Closing { next: TradeId },
        Ending { next: TradeId },
    }

    /// A slot with open trades.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct OldBook {
        pub terms: SlotTerms,
        pub rules: OldRules,
        pub trades: u32,
        pub open: u32,
        pub stage: OldStage,
        pub interrupted: bool,
        pub lost: Millis,
    }

    /// A complaint, which was about one trade.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct OldComplaint {
        pub bond: Balance,
        pub due: Moment,
    }

    /// An open trade.
    #[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct OldTrade<AccountId> {
        pub buyer: AccountId,
        pub seller: AccountId,
        pub energy: Wh,
        pub buyer_price: PricePerKwh,
        pub seller_price: PricePerKwh,
        pub payment: Balance,
        pub deposit: Balance,
        pub before: Wh,
        pub complaint: Option<OldComplaint>,
    }

    impl<AccountId> OldTrade<AccountId> {
        /// The same trade, for whose complaint nothing was set aside.
        pub fn without_reserve(self) -> Trade<AccountId> {
            let Self {
                buyer,
                seller,
                energy,
                buyer_price,
                seller_price,
                payment,
                deposit,
                before,
                complaint,
            } = self;
            let needs = before.saturating_add(energy);
            let complaint =
                complaint.map(|OldComplaint { bond, due }| Complaint { bond, needs, due });
            Trade {
                buyer,
                seller,
                energy,
                buyer_price,
                seller_price,
                payment,
                deposit,
                reserve: 0,
                before,
                complaint,
            }
        }
    }

    /// The state of each slot with open trades.
    #[storage_alias]
    pub type Books<T: Config> = StorageMap<Pallet<T>, Twox64Concat, SlotIndex, OldBook>;

    /// The rules of settlement with the moments from which on they hold.
    #[storage_alias]
    pub type RuleChanges<T: Config> = StorageValue<
        Pallet<T>,
        BoundedVec<(Moment, OldRules), ConstU32<MAX_RULE_CHANGES>>,
        ValueQuery,
    >;

    /// The sellers of each slot with open trades, by account.
    #[storage_alias]
    pub type Sellers<T: Config> = StorageDoubleMap<
        Pallet<T>,
        Twox64Concat,
        SlotIndex,
        Blake2_128Concat,
        AccountOf<T>,
        OldSeller,
    >;

    /// In how many slots each account has defaulted.
    #[storage_alias]
    pub type Defaults<T: Config> =
        StorageMap<Pallet<T>, Blake2_128Concat, AccountOf<T>, u32, ValueQuery>;

    /// Whether settlement is paused.
    #[storage_alias]
    pub type Paused<T: Config> = StorageValue<Pallet<T>, bool, ValueQuery>;
}

/// Version 1 counted accounts, version 2 counts owners.
///
/// - The trades of a slot that has some are finished as they began: each account that sells in it is
///   the seller, under [`OwnerId::of_account`]. So an open commitment, which binds the account, stays
///   what it was, and what was complained about or revealed as well. What the
///   account sells beside in that slot, because pairing was under way, is entered there too.
/// - Evidence decides per seller: who was complained about and has not answered may do so in the time
///   for reveals, and all that is still open of it is decided together.
/// - A complaint is about the trade that it was made about. Who complains from now on speaks for all trades
///   with the seller that it has not complained about yet.
/// - Missing energy costs no more than the harm in slots whose gate has opened, and nobody is drawn
///   there; in those whose gate opens from now on both are as by default.
/// - The clock of a slot of which evidence was interrupted stands at the end of its delivery.
/// - Where several accounts of one owner sell in a slot that is not frozen yet, its energy serves their
///   trades in the order of their numbers all the same: what an account's trade has before it is what
///   all of them sold. Nothing else of a trade changes.
/// - Nothing is set aside for complaints about trades that are open: they hold their bond as before.
/// - Defaults of all accounts of an owner are added up, as those of slots of today in which it sold. It is
///   excluded at the next one, if those are enough.
/// - A pause that is on ends after the longest time that a pause has from now on.
///
/// Owners have to be known: it comes after the migration of membership.
pub struct ByOwner<T>(PhantomData<T>);

/// [`ByOwner`] on a chain of version 1, which it makes one of version 2. A second run does nothing.
pub type MigrateV1ToV2<T> =
    VersionedMigration<1, 2, ByOwner<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// The sellers of a slot by account.
type SellersOf<T> = Vec<(<T as frame_system::Config>::AccountId, Seller)>;

/// Lets the energy of an owner of several of these accounts, which sell in `slot`, serve their trades in
/// the order of their numbers, unless the slot is being frozen. What was closed before counts as first.
/// How many trades were looked at.
fn allot_together<T: Config>(slot: SlotIndex, sellers: &SellersOf<T>) -> u64 {
    let mut sold = BTreeMap::<OwnerId, (u32, Wh)>::new();
    for (account, seller) in sellers {
        let (accounts, all) = sold.entry(Pallet::<T>::owner_of(account)).or_default();
        *accounts = accounts.saturating_add(1);
        *all = all.saturating_add(seller.sold);
    }
    sold.retain(|_, (accounts, _)| *accounts > 1);
    let waits = |book: Book| book.stage == Stage::Freezing { next: 0 };
    if sold.is_empty() || !Books::<T>::get(slot).is_some_and(waits) {
        return 0;
    }
    let mut trades: Vec<_> = Trades::<T>::iter_prefix(slot)
        .map(|(id, trade)| (id, Pallet::<T>::owner_of(&trade.seller), trade))
        .filter(|(_, owner, _)| sold.contains_key(owner))
        .collect();
    trades.sort_by_key(|(id, ..)| *id);
    let mut served: BTreeMap<_, _> = sold.iter().map(|(owner, (_, all))| (*owner, *all)).collect();
    for (_, owner, trade) in &trades {
        served.entry(*owner).and_modify(|closed| *closed = closed.saturating_sub(trade.energy));
    }
    let looked = u64::try_from(trades.len()).unwrap_or(u64::MAX);
    for (id, owner, mut trade) in trades {
        let before = served.entry(owner).or_default();
        trade.before = trade.before.max(*before);
        let needs = trade.before.saturating_add(trade.energy);
        trade.complaint = trade.complaint.map(|complaint| Complaint { needs, ..complaint });
        *before = before.saturating_add(trade.energy);
        Trades::<T>::insert(slot, id, trade);
    }
    for (account, seller) in sellers {
        if let Some((_, all)) = sold.get(&Pallet::<T>::owner_of(account)) {
            let seller = Seller { sold: *all, ..*seller };
            Sellers::<T>::insert(slot, OwnerId::of_account(account), seller);
        }
    }
    looked
}

/// The same rules, under which missing energy costs the harm alone, and nobody is drawn.
const fn without_fee(rules: v1::OldRules) -> Rules {
    let v1::OldRules { offline_share, defaults_to_exclusion, exclusion } = rules;
    let shortfall_fee = Permill::zero();
    let draw_chance = Permill::zero();
    // There was no share: the number alone excludes.
    let default_share = Permill::zero();
    Rules {
        offline_share,
        defaults_to_exclusion,
        exclusion,
        shortfall_fee,
        draw_chance,
        default_share,
    }
}

/// Rules in force stay so for slots whose gate has opened. From now on missing energy pays.
fn bring_rules<T: Config>() {
    let mut changes: Vec<_> = v1::RuleChanges::<T>::take()
        .into_iter()
        .map(|(since, rules)| (since, without_fee(rules)))
        .collect();
    let now = T::Calendar::now();
    if let Some((since, latest)) = changes.last().copied() {
        changes.retain(|(since, _)| *since < now);
        let Rules { shortfall_fee, draw_chance, default_share, .. } = Rules::default();
        let rules = Rules { shortfall_fee, draw_chance, default_share, ..latest };
        changes.push((now.max(since), rules));
        let most = usize::try_from(MAX_RULE_CHANGES).unwrap_or(usize::MAX);
        changes.drain(..changes.len().saturating_sub(most));
    }
    RuleChanges::<T>::put(BoundedVec::truncate_from(changes));
}

/// What was told of a slot's settlement goes on; its trades are decided once more than at the freeze, at
/// the end.
fn bring_books<T: Config>() -> u64 {
    let books: Vec<_> = v1::Books::<T>::drain().collect();
    let now = T::Calendar::now();
    for (slot, book) in &books {
        let v1::OldBook { terms, rules, trades, open, stage, interrupted, lost } = *book;
        let stage = match stage {
            v1::OldStage::Freezing { next } => Stage::Freezing { next },
            // Those that were looked at at the end of complaints were settled, or wait for an answer.
            v1::OldStage::Closing { .. } => Stage::Ending { next: 0 },
            v1::OldStage::Ending { next } => Stage::Ending { next },
        };
        let waits = stage == Stage::Freezing { next: 0 };
        let since_delivery = now.saturating_sub(terms.schedule.delivery_ends);
        let lost = if interrupted && waits { since_delivery } else { lost };
        let rules = without_fee(rules);
        let (draw, drawn_by_keys) = (None, false);
        let book = Book { terms, rules, trades, open, stage, lost, draw, drawn_by_keys };
        Books::<T>::insert(slot, book);
    }
    books.len().try_into().unwrap_or(u64::MAX)
}

/// The same seller: whoever had to answer has been complained about.
fn brought(seller: v1::OldSeller) -> Seller {
    let v1::OldSeller { open, sold, commitment, answer_until, revealed, defaulted } = seller;
    let (complained, revealed) = (answer_until.is_some(), revealed.map(|bill| bill.delivered));
    Seller { open, sold, commitment, complained, revealed, defaulted }
}

impl<T: Config> UncheckedOnRuntimeUpgrade for ByOwner<T> {
    fn on_runtime_upgrade() -> Weight {
        bring_rules::<T>();
        let books = bring_books::<T>();
        let mut trades = 0_u64;
        let mut purchases = BTreeMap::<_, BTreeSet<TradeId>>::new();
        Trades::<T>::translate(|slot, id, trade: v1::OldTrade<T::AccountId>| {
            trades = trades.saturating_add(1);
            let seller = OwnerId::of_account(&trade.seller);
            purchases.entry((slot, trade.buyer.clone(), seller)).or_default().insert(id);
            Some(trade.without_reserve())
        });
        let of_purchases = purchases.len();
        for ((slot, buyer, seller), ids) in purchases {
            let ids = BoundedVec::truncate_from(ids.into_iter().collect());
            Purchases::<T>::insert(slot, (buyer, seller), ids);
        }
        // Old and new entries share their place: all old ones are taken before a new one is put.
        let sellers: Vec<_> = v1::Sellers::<T>::drain().collect();
        let defaults: Vec<_> = v1::Defaults::<T>::drain().collect();
        let (of_sellers, of_defaults) = (sellers.len(), defaults.len());
        let mut slots = BTreeMap::<SlotIndex, SellersOf<T>>::new();
        for (slot, account, seller) in sellers {
            let seller = brought(seller);
            let owner = OwnerId::of_account(&account);
            let entry = SellingAccount { owner, open: seller.open };
            SellingAccounts::<T>::insert(slot, &account, entry);
            Sellers::<T>::insert(slot, owner, seller);
            slots.entry(slot).or_default().push((account, seller));
        }
        let looked = slots.iter().fold(0_u64, |all, (slot, sellers)| {
            all.saturating_add(allot_together::<T>(*slot, sellers))
        });
        let day = day_of(T::Calendar::current_slot());
        for (account, count) in defaults {
            Conduct::<T>::mutate(Pallet::<T>::owner_of(&account), |days| {
                let before = days.first().map_or(0, |day| day.defaulted);
                let all = before.saturating_add(count);
                let today = Day { day, sold: all, defaulted: all };
                *days = BoundedVec::truncate_from(alloc::vec![today]);
            });
        }
        if v1::Paused::<T>::take() {
            let since = T::Calendar::now();
            LatestPause::<T>::put(Pause { since, until: since.saturating_add(MAX_PAUSE) });
        }
        let entries = of_sellers.saturating_add(of_defaults).try_into().unwrap_or(u64::MAX);
        // An entry read and taken, its owner read three times, a count and a book, and three entries
        // written; a trade, its owner, and the trade again; each trade once, and what was bought of each
        // seller; books; the rules and the pause.
        let of_purchases = u64::try_from(of_purchases).unwrap_or(u64::MAX);
        let entries_and_trades = entries.saturating_mul(6).saturating_add(looked.saturating_mul(2));
        T::DbWeight::get().reads_writes(
            entries_and_trades.saturating_add(books).saturating_add(trades).saturating_add(6),
            entries
                .saturating_mul(4)
                .saturating_add(looked)
                .saturating_add(books)
                .saturating_add(trades)
                .saturating_add(of_purchases)
                .saturating_add(4),
        )
    }

    #[cfg(feature = "try-runtime")]
    fn pre_upgrade() -> Result<Vec<u8>, sp_runtime::TryRuntimeError> {
        use codec::Encode;
        let open: u64 = v1::Sellers::<T>::iter_values().map(|seller| u64::from(seller.open)).sum();
        let defaults: u64 = v1::Defaults::<T>::iter_values().map(u64::from).sum();
        Ok((open, defaults, v1::Paused::<T>::get()).encode())
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(state: Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
        use codec::Decode;
        let before = <(u64, u64, bool)>::decode(&mut &state[..])
            .map_err(|_| "what held before is not told")?;
        let open: u64 = Sellers::<T>::iter_values().map(|seller| u64::from(seller.open)).sum();
        let conduct = Conduct::<T>::iter_values().flatten();
        let defaults: u64 = conduct.map(|day| u64::from(day.defaulted)).sum();
        frame_support::ensure!(
            before == (open, defaults, Pallet::<T>::pause_on().is_some()),
            "sellers, defaults or a pause were lost"
        );
        Pallet::<T>::do_try_state()
    }
}
