//! Deputies and brokers on the real runtime: nobody but `Any` places orders for another, and a broker by a
//! grant.

use super::externalities;
use crate::{configs::accounts::ProxyType, *};
use frame_support::{
    BoundedVec, assert_ok,
    traits::{Get, Hooks, InstanceFilter, fungible::InspectHold},
    weights::WeightMeter,
};
use pallet_auction::{Call as Market, Error, Event as MarketEvent};
use qedex_primitives::{
    Calendar, Change, ChangeId, Grant, KeyAdmission, MeterId, MeterRatings, NewOrder, PricePerKwh,
    Side, SlotIndex, Wh,
};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::{DispatchError, DispatchResult, Permill, traits::Dispatchable};

const SLOT: SlotIndex = SlotIndex(1_000_000);

fn mills(n: u128) -> PricePerKwh {
    PricePerKwh(n * MILLI_QED)
}

fn order(side: Side, limit: u128, energy: u64) -> NewOrder {
    NewOrder { side, limit: mills(limit), energy: Wh(energy) }
}

/// The development chain, with the gate of [`SLOT`] just open.
fn market(test: impl FnOnce()) {
    externalities("development").execute_with(|| {
        System::set_block_number(1);
        let opens = <Auction as Calendar>::schedule(SLOT).gate_opens;
        pallet_timestamp::Now::<Runtime>::put(opens);
        <Auction as Hooks<BlockNumber>>::on_poll(1, &mut WeightMeter::new());
        test();
    });
}

fn act(who: Key, call: impl Into<RuntimeCall>) -> DispatchResult {
    let origin = RuntimeOrigin::signed(who.to_account_id());
    call.into().dispatch(origin).map(|_| ()).map_err(|error| error.error)
}

fn address(who: Key) -> Address {
    MultiAddress::Id(who.to_account_id())
}

/// Makes `deputy` act for `principal`, who has named it: what came of the call.
fn by_proxy(deputy: Key, principal: Key, call: RuntimeCall) -> DispatchResult {
    let call = alloc::boxed::Box::new(call);
    let real = address(principal);
    act(deputy, pallet_proxy::Call::proxy { real, force_proxy_type: None, call })?;
    let executed = System::events().into_iter().rev().find_map(|record| match record.event {
        RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => Some(result),
        _ => None,
    });
    executed.expect("the deputy acted")
}

fn last_refusal() -> Option<DispatchError> {
    System::events().into_iter().rev().find_map(|record| match record.event {
        RuntimeEvent::Auction(MarketEvent::OrderRefused { error, .. }) => Some(Some(error)),
        RuntimeEvent::Auction(MarketEvent::OrderPlaced { .. }) => Some(None),
        _ => None,
    })?
}

fn grant() -> Grant {
    Grant {
        buy_up_to: Some(mills(200)),
        sell_from: Some(mills(150)),
        expires: u64::MAX,
        budget: 240 * MILLI_QED + <Runtime as pallet_auction::Config>::TradePrice::get(),
    }
}

/// Every call that puts an order into a book or lets somebody else do so.
fn placing() -> Vec<RuntimeCall> {
    let dave = Key::Dave.to_account_id();
    let charlie = Key::Charlie.to_account_id();
    let orders = BoundedVec::truncate_from(vec![order(Side::Bid, 150, 500)]);
    [
        Market::place_order { slot: SLOT, side: Side::Bid, limit: mills(150), energy: Wh(500) },
        Market::amend_order { slot: SLOT, id: 0, limit: mills(150), energy: Wh(500) },
        Market::place_orders { slot: SLOT, orders: orders.clone() },
        Market::set_standing_order { order: order(Side::Bid, 150, 500) },
        Market::grant { broker: charlie, grant: grant() },
        Market::place_orders_for { principal: dave.clone(), slot: SLOT, orders },
        Market::amend_order_for {
            principal: dave,
            slot: SLOT,
            id: 0,
            limit: mills(150),
            energy: Wh(500),
        },
    ]
    .map(RuntimeCall::from)
    .into()
}

#[test]
fn no_deputy_but_any_places_orders() {
    for call in placing() {
        assert!(ProxyType::Any.filter(&call));
        assert!(!ProxyType::NonTransfer.filter(&call), "{call:?}");
        assert!(!ProxyType::Trading.filter(&call), "{call:?}");
    }
    assert!(ProxyType::Any.is_superset(&ProxyType::Trading));
    assert!(ProxyType::NonTransfer.is_superset(&ProxyType::Trading));
    assert!(!ProxyType::Trading.is_superset(&ProxyType::NonTransfer));
}

/// What closes or disputes a trade moves money, and so does a commitment that nobody can open.
#[test]
fn no_deputy_but_any_decides_a_trade_or_leads() {
    let admission = KeyAdmission { share: Permill::one(), wh_per_key: Wh(1_000) };
    let deciding: [RuntimeCall; 4] = [
        pallet_settlement::Call::acknowledge { slot: SLOT, id: 0 }.into(),
        pallet_settlement::Call::complain { slot: SLOT, id: 0 }.into(),
        pallet_settlement::Call::commit { slot: SLOT, commitment: Hash::zero() }.into(),
        Market::announce { slot: SLOT, admission }.into(),
    ];
    for call in deciding {
        assert!(ProxyType::Any.filter(&call));
        assert!(!ProxyType::NonTransfer.filter(&call), "{call:?}");
        assert!(!ProxyType::Trading.filter(&call), "{call:?}");
    }
}

#[test]
fn deputies_reach_no_order_through_batches_or_other_deputies() {
    market(|| {
        for (deputy, kind) in
            [(Key::Eve, ProxyType::NonTransfer), (Key::Ferdie, ProxyType::Trading)]
        {
            let named = pallet_proxy::Call::add_proxy {
                delegate: address(deputy),
                proxy_type: kind,
                delay: 0,
            };
            assert_ok!(act(Key::Dave, named));
            for call in placing() {
                let calls = vec![call.clone()];
                let wrapped = [
                    call.clone(),
                    pallet_utility::Call::batch { calls: calls.clone() }.into(),
                    pallet_utility::Call::batch_all { calls: calls.clone() }.into(),
                    pallet_utility::Call::force_batch { calls }.into(),
                    pallet_utility::Call::as_derivative {
                        index: 0,
                        call: alloc::boxed::Box::new(call.clone()),
                    }
                    .into(),
                    pallet_proxy::Call::proxy {
                        real: address(Key::Dave),
                        force_proxy_type: None,
                        call: alloc::boxed::Box::new(call),
                    }
                    .into(),
                ];
                for call in wrapped {
                    let filtered = frame_system::Error::<Runtime>::CallFiltered;
                    let done = by_proxy(deputy, Key::Dave, call.clone());
                    assert_eq!(done, Err(filtered.into()), "{kind:?} {call:?}");
                }
            }
        }
        assert_eq!(pallet_auction::Orders::<Runtime>::iter().count(), 0);
        assert_eq!(pallet_auction::Grants::<Runtime>::iter().count(), 0);
    });
}

#[test]
fn a_trading_deputy_takes_back_and_nothing_else() {
    market(|| {
        let named = pallet_proxy::Call::add_proxy {
            delegate: address(Key::Ferdie),
            proxy_type: ProxyType::Trading,
            delay: 0,
        };
        assert_ok!(act(Key::Dave, named));
        let place =
            Market::place_order { slot: SLOT, side: Side::Bid, limit: mills(150), energy: Wh(500) };
        assert_ok!(act(Key::Dave, place));
        let standing = Market::set_standing_order { order: order(Side::Bid, 150, 500) };
        assert_ok!(act(Key::Dave, standing));
        let cancel = Market::cancel_order { slot: SLOT, id: 0 };
        assert_ok!(by_proxy(Key::Ferdie, Key::Dave, cancel.into()));
        assert_ok!(by_proxy(Key::Ferdie, Key::Dave, Market::end_standing_order {}.into()));
        assert_eq!(pallet_auction::Orders::<Runtime>::iter().count(), 0);
        let transfer =
            pallet_balances::Call::transfer_all { dest: address(Key::Eve), keep_alive: false };
        let done = by_proxy(Key::Ferdie, Key::Dave, transfer.into());
        assert_eq!(done, Err(frame_system::Error::<Runtime>::CallFiltered.into()));
    });
}

#[test]
fn a_broker_trades_by_a_grant_whose_bond_comes_back() {
    market(|| {
        let (dave, charlie) = (Key::Dave.to_account_id(), Key::Charlie.to_account_id());
        let bond = || {
            let reason = RuntimeHoldReason::Auction(pallet_auction::HoldReason::Grant);
            Balances::balance_on_hold(&reason, &Key::Dave.to_account_id())
        };
        assert_ok!(act(Key::Dave, Market::grant { broker: charlie.clone(), grant: grant() }));
        assert!(bond() > 100 * MILLI_QED);
        let place = |side, limit, energy| {
            let orders = BoundedVec::truncate_from(vec![order(side, limit, energy)]);
            let principal = dave.clone();
            assert_ok!(act(
                Key::Charlie,
                Market::place_orders_for { principal, slot: SLOT, orders }
            ));
            last_refusal()
        };
        assert_eq!(place(Side::Ask, 149, 500), Some(Error::<Runtime>::WorseThanGranted.into()));
        assert_eq!(place(Side::Ask, 150, 1_100), Some(Error::<Runtime>::OverBudget.into()));
        assert_eq!(place(Side::Ask, 150, 1_000), None);
        assert_eq!(Auction::budget_left(&dave, &charlie, SLOT), Some(0));
        assert_ok!(act(Key::Dave, Market::revoke_grant { broker: charlie }));
        assert_eq!(bond(), 0);
    });
}

#[test]
fn a_seller_asks_what_its_meters_may_read_and_not_a_lot_more() {
    market(|| {
        // The meter of genesis has 10 kWh.
        let ask = |energy| {
            let ask = Market::place_order {
                slot: SLOT,
                side: Side::Ask,
                limit: mills(150),
                energy: Wh(energy),
            };
            act(Key::Dave, ask)
        };
        assert_ok!(ask(6_000));
        assert_eq!(ask(4_100), Err(Error::<Runtime>::AboveRating.into()));
        assert_ok!(ask(4_000));
        // What is rated anew now counts from the first slot that has still to open.
        let ratings = MeterRatings { out: Wh(15_000), into: Wh(10_000) };
        let change = Change::Rate { meter: MeterId(0), ratings };
        let id = ChangeId(pallet_metering::NextChange::<Runtime>::get());
        let hash = change.hash(System::block_hash(0), id);
        assert_ok!(act(Key::Bob, pallet_metering::Call::propose_change { change }));
        for agrees in [Key::Dave, Key::Alice] {
            let confirm = pallet_metering::Call::confirm_change { change: id, hash };
            assert_ok!(act(agrees, confirm));
        }
        assert_eq!(ask(100), Err(Error::<Runtime>::AboveRating.into()));
    });
}

#[test]
fn the_aggregator_leads_by_quantity_within_the_limits() {
    market(|| {
        let slot = SLOT.next();
        let announce = |percent, energy| {
            let share = Permill::from_percent(percent);
            let admission = KeyAdmission { share, wh_per_key: Wh(energy) };
            act(Key::Charlie, Market::announce { slot, admission })
        };
        assert_eq!(announce(50, 2_001), Err(Error::<Runtime>::BeyondLimits.into()));
        assert_ok!(announce(50, 2_000));
        pallet_timestamp::Now::<Runtime>::put(<Auction as Calendar>::schedule(slot).gate_opens);
        <Auction as Hooks<BlockNumber>>::on_poll(2, &mut WeightMeter::new());
        let keys = |slot| pallet_auction::Slots::<Runtime>::get(slot).unwrap().terms.keys;
        assert_eq!((keys(SLOT), keys(slot)), (1_000, 1_500));
    });
}

#[test]
fn the_market_is_carried_over_from_its_first_version_and_not_twice() {
    use frame_support::traits::{GetStorageVersion, OnRuntimeUpgrade, StorageVersion};
    use pallet_auction::migrations::v1;
    use qedex_primitives::Band;
    market(|| {
        let now = presets::price_list(Band::Off);
        for band in [Band::Off, Band::Mid, Band::On] {
            pallet_auction::PriceLists::<Runtime>::remove(band);
        }
        pallet_auction::CurrentLimits::<Runtime>::kill();
        pallet_auction::Slots::<Runtime>::drain().for_each(drop);
        pallet_auction::InFlight::<Runtime>::kill();
        v1::DefaultTerms::<Runtime>::put(presets::leader_terms());
        StorageVersion::new(1).put::<Auction>();
        let weight = migrations::Migrations::on_runtime_upgrade();
        assert!(weight.ref_time() > 0);
        assert_eq!(Auction::on_chain_storage_version(), StorageVersion::new(2));
        for band in [Band::Off, Band::Mid, Band::On] {
            assert_eq!(pallet_auction::PriceLists::<Runtime>::get(band), Some(now));
        }
        let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
        migrations::Migrations::on_runtime_upgrade();
        assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), root);
    });
}
