//! What was stored by earlier versions, and how it is carried over.
//!
//! From 1 to 2:
//! - the default terms and the rule by which they followed the tariff become three price lists and the
//!   leader's limits, with a least share of [`LEAST_SHARE`]; what was announced is dropped, because it
//!   was about prices; deposits that do not cover harm and shortfall fee are raised to what does;
//! - open orders are kept as they are, each with its owner; an account that had none when it placed one,
//!   which membership did not let happen, stands for itself;
//! - the participants of open slots are counted anew by owner, from the orders;
//! - slots in flight, whose terms and keys stay what they are, have no leader, and begin anew to look
//!   for standing orders that they have not renewed; their orders hold neither bonds nor the price of work;
//! - standing orders are kept.
//!
//! The work is done in one block and grows with the number of open orders: a read and two writes each.

use crate::{
    Backing, Config, CurrentLimits, Order, OrderPriority, Orders, Pallet, Participant,
    Participants, PriceLists, Renewal, SlotRecord, Slots, StandingOrder, StandingOrders,
};
use core::marker::PhantomData;
use frame_support::{
    migrations::VersionedMigration,
    traits::{Get, UncheckedOnRuntimeUpgrade},
    weights::Weight,
};
use qedex_primitives::{Band, LeaderLimits, LeaderTerms, OwnerId, PriceList, PricePerKwh};
use sp_runtime::Permill;

/// The least share of the keys available that a slot gets after the migration, in percent.
pub const LEAST_SHARE: u32 = 10;

/// What version 1 stored.
// The macro declares prefixes beside these types, and documents none of them.
#[allow(missing_docs)]
pub mod v1 {
    use super::*;
    use codec::{Decode, Encode, MaxEncodedLen};
    use frame_support::{
        Blake2_128Concat, Identity, Twox64Concat, pallet_prelude::NMapKey, storage_alias,
    };
    use qedex_primitives::{Balance, NewOrder, OrderId, Side, SlotIndex, SlotTerms, Wh};
    use scale_info::TypeInfo;

    /// How the default terms followed the tariff and the keys.
    #[derive(Clone, Copy, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct TermsRule {
        /// The grid price in a mid-peak slot.
        pub mid_cap: PricePerKwh,
        /// The grid price in an on-peak slot.
        pub on_cap: PricePerKwh,
        /// The most energy that one key could cover.
        pub most_wh_per_key: Wh,
    }

    /// What an aggregator had announced.
    #[derive(Clone, Copy, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct AnnouncedTerms {
        /// The slot.
        pub slot: SlotIndex,
        /// Its terms.
        pub terms: LeaderTerms,
    }

    /// An open order.
    #[derive(Clone, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct Order<AccountId> {
        /// Whose order.
        pub who: AccountId,
        /// The owner behind that account, if one was known.
        pub owner: Option<OwnerId>,
        /// Its energy.
        pub energy: Wh,
        /// What was not traded yet.
        pub left: Wh,
        /// What was held for that.
        pub held: Balance,
    }

    /// Who took one side of a slot.
    #[derive(Clone, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub enum Party<AccountId> {
        /// All accounts of this owner.
        Owner(OwnerId),
        /// An account whose owner nobody knew.
        Account(AccountId),
    }

    /// A party's part in a slot.
    #[derive(Clone, Copy, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct Participant {
        /// Its side.
        pub side: Side,
        /// Its open orders.
        pub orders: u32,
    }

    /// A slot in flight.
    #[derive(Clone, Copy, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct SlotRecord {
        /// Its frozen terms.
        pub terms: SlotTerms,
        /// How far it had come.
        pub phase: crate::Phase,
        /// The number of its next order.
        pub next_order: OrderId,
        /// Open bids.
        pub bids: u32,
        /// Open asks.
        pub asks: u32,
        /// Standing orders still to be renewed.
        pub renewing: u32,
    }

    /// An order that was placed anew in every slot.
    #[derive(Clone, Copy, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct StandingOrder {
        /// What was placed.
        pub order: NewOrder,
        /// Its place.
        pub index: u32,
        /// The last slot for which it was renewed.
        pub renewed: SlotIndex,
        /// How many times in a row it had failed.
        pub failures: u8,
    }

    /// The leader's default terms.
    #[storage_alias]
    pub type DefaultTerms<T: Config> = StorageValue<Pallet<T>, LeaderTerms>;

    /// How they followed the tariff and the keys.
    #[storage_alias]
    pub type CurrentTermsRule<T: Config> = StorageValue<Pallet<T>, TermsRule>;

    /// What was announced.
    #[storage_alias]
    pub type Announced<T: Config> = StorageMap<Pallet<T>, Twox64Concat, u32, AnnouncedTerms>;

    /// The sides that parties had taken.
    #[storage_alias]
    pub type Participants<T: Config> = StorageDoubleMap<
        Pallet<T>,
        Twox64Concat,
        SlotIndex,
        Blake2_128Concat,
        Party<<T as frame_system::Config>::AccountId>,
        Participant,
    >;

    /// Open orders.
    #[storage_alias]
    pub type Orders<T: Config> = StorageNMap<
        Pallet<T>,
        (
            NMapKey<Twox64Concat, SlotIndex>,
            NMapKey<Twox64Concat, Side>,
            NMapKey<Identity, OrderPriority>,
        ),
        Order<<T as frame_system::Config>::AccountId>,
    >;

    /// Slots in flight.
    #[storage_alias]
    pub type Slots<T: Config> = StorageMap<Pallet<T>, Twox64Concat, SlotIndex, SlotRecord>;

    /// Standing orders.
    #[storage_alias]
    pub type StandingOrders<T: Config> = CountedStorageMap<
        Pallet<T>,
        Blake2_128Concat,
        <T as frame_system::Config>::AccountId,
        StandingOrder,
    >;
}

/// Carries over what version 1 stored, once.
pub type V1ToV2<T> =
    VersionedMigration<1, 2, UncheckedV1ToV2<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// The same, whatever the version: not to be used by itself.
pub struct UncheckedV1ToV2<T>(PhantomData<T>);

impl<T: Config> UncheckedOnRuntimeUpgrade for UncheckedV1ToV2<T> {
    fn on_runtime_upgrade() -> Weight {
        carry_over_terms::<T>();
        let announced = v1::Announced::<T>::clear(u32::MAX, None).unique;
        let participants = v1::Participants::<T>::clear(u32::MAX, None).unique;
        let mut orders = 0u64;
        Orders::<T>::translate(|(slot, side, _), order: v1::Order<T::AccountId>| {
            orders = orders.saturating_add(1);
            let v1::Order { who, owner, energy, left, held } = order;
            let owner = owner.unwrap_or_else(|| itself::<T>(&who));
            Participants::<T>::mutate(slot, owner, |entry| {
                let part = entry.get_or_insert(Participant::on(side));
                part.orders = part.orders.saturating_add(1);
                part.energy = part.energy.saturating_add(energy);
            });
            Some(Order { who, owner, broker: None, energy, left, held })
        });
        let standing = StandingOrders::<T>::count();
        let mut slots = 0u64;
        Slots::<T>::translate(|_, record: v1::SlotRecord| {
            slots = slots.saturating_add(1);
            let v1::SlotRecord { terms, phase, next_order, bids, asks, renewing } = record;
            // Those that have been renewed for the slot say so themselves.
            let left = if renewing > 0 { standing } else { 0 };
            let at = renewing.saturating_sub(1);
            let renewal = Renewal { left, at, downwards: true, skipped: 0 };
            let (leader, backing) = (None, Backing::default());
            Some(SlotRecord { terms, phase, next_order, bids, asks, leader, renewal, backing })
        });
        StandingOrders::<T>::translate(|_, standing: v1::StandingOrder| {
            let v1::StandingOrder { order, index, renewed, failures } = standing;
            Some(StandingOrder { order, index, renewed, failures, ended: false })
        });
        log::info!(
            target: "runtime::auction",
            "carried over {orders} orders, {slots} slots, {standing} standing orders"
        );
        let removed = u64::from(announced).saturating_add(participants.into());
        let kept = slots.saturating_add(standing.into()).saturating_add(orders.saturating_mul(2));
        T::DbWeight::get().reads_writes(
            kept.saturating_add(removed).saturating_add(8),
            kept.saturating_add(removed).saturating_add(6),
        )
    }

    #[cfg(feature = "try-runtime")]
    fn pre_upgrade() -> Result<alloc::vec::Vec<u8>, sp_runtime::TryRuntimeError> {
        use codec::Encode;
        Ok(held_by_orders_before::<T>().encode())
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(state: alloc::vec::Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
        use codec::{Decode, Encode};
        let before = <alloc::vec::Vec<(T::AccountId, u128)>>::decode(&mut &*state)
            .map_err(|_| "what stood before cannot be read")?;
        let after: alloc::vec::Vec<_> =
            Orders::<T>::iter_values().map(|order| (order.who, order.held)).collect();
        frame_support::ensure!(before.encode() == after.encode(), "an order has changed");
        Pallet::<T>::do_try_state()
    }
}

/// Whose orders hold how much, in the order of their keys.
#[cfg(feature = "try-runtime")]
fn held_by_orders_before<T: Config>() -> alloc::vec::Vec<(T::AccountId, u128)> {
    v1::Orders::<T>::iter_values().map(|order| (order.who, order.held)).collect()
}

/// The owner that stands for an account without one.
fn itself<T: Config>(who: &T::AccountId) -> OwnerId {
    use codec::Encode;
    OwnerId(who.using_encoded(sp_io::hashing::blake2_256))
}

/// Makes price lists and limits of the default terms and their rule. A list that would be inconsistent,
/// for which there is no example, is left out: slots of its band open once the council has set one.
fn carry_over_terms<T: Config>() {
    let rule = v1::CurrentTermsRule::<T>::take();
    let Some(terms) = v1::DefaultTerms::<T>::take() else {
        return;
    };
    let LeaderTerms { floor, cap, grid_fee, tick, lot, least_order, wh_per_key, deposit_rate } =
        terms;
    // A market without a fee gets the least one.
    let grid_fee = grid_fee.max(PricePerKwh(1));
    let caps = [
        (Band::Off, cap),
        (Band::Mid, rule.map_or(cap, |rule| rule.mid_cap)),
        (Band::On, rule.map_or(cap, |rule| rule.on_cap)),
    ];
    for (band, cap) in caps {
        let list = PriceList { floor, cap, grid_fee, tick, lot, least_order, deposit_rate };
        // Else no slot would open any more.
        let deposit_rate = deposit_rate.max(Pallet::<T>::least_deposit_rate(&list));
        let list = PriceList { deposit_rate, ..list };
        if Pallet::<T>::check_list(&list).is_ok() {
            PriceLists::<T>::insert(band, list);
        } else {
            log::error!(target: "runtime::auction", "no price list for {band:?}");
        }
    }
    CurrentLimits::<T>::put(LeaderLimits {
        least_share: Permill::from_percent(LEAST_SHARE),
        least_wh_per_key: wh_per_key,
        most_wh_per_key: rule.map_or(wh_per_key, |rule| rule.most_wh_per_key).max(wh_per_key),
    });
}
