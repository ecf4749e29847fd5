//! What clients ask, as they ask it: by the function's name, with encoded arguments.

use super::{
    externalities,
    games::{
        round::{BUYER, ENERGY, SELLER, SELLERS_METER, order},
        world::{SLOT, World},
    },
};
use crate::*;
use codec::{Decode, DecodeAll, Encode};
use pallet_pov::{PastSessionOf, ScheduleOf};
use qedex_primitives::{
    AttributeId, Band, Bill, BillError, BookOrder, ChangeId, ClearingResult, DayPar, Depth,
    Explanation, Flow, Lack, LeaderTerms, Meter, MeterId, MeterReading, Moment, Obstacle, OrderId,
    PendingChange, PolicyId, PricePerKwh, Role, Side, SlotIndex, SlotTimes, Totals, TradeId, Wh,
    Windows,
    keys::{KeyLedger, Reservation, SlotReservation},
    pov::ValidatorScore,
    reputation::{Counts, RememberedRater, Trust},
    settlement::{OpenSlot, OpenTrade, Rules, Sale, TradePage},
};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::Permill;
use std::collections::BTreeSet;

/// The answer of the runtime to a question.
fn ask<Answer: Decode>(function: &str, arguments: impl Encode) -> Answer {
    let answer = apis::api::dispatch(function, &arguments.encode()).expect("the function exists");
    Answer::decode_all(&mut &answer[..]).expect("an answer of this type")
}

/// What a page of a book has of each order.
fn limits(orders: &[BookOrder<AccountId>]) -> Vec<(u128, OrderId)> {
    orders.iter().map(|order| (order.limit.0 / MILLI_QED, order.id)).collect()
}

fn mills(price: u128) -> PricePerKwh {
    PricePerKwh(price * MILLI_QED)
}

#[test]
fn the_calendar_is_told() {
    let mut world = World::new();
    let now = world.now;
    world.look(|| {
        assert_eq!(ask::<u64>("EnergyMarketApi_slot_length", ()), SLOT);
        assert_eq!(ask::<Moment>("EnergyMarketApi_now", ()), now);
        let slot: SlotIndex = ask("EnergyMarketApi_current_slot", ());
        assert_eq!(slot, SlotIndex(now / SLOT));
        let times: SlotTimes = ask("EnergyMarketApi_slot_times", slot);
        assert_eq!(times, Windows::default().schedule(slot, SLOT));
        assert!(ask::<u64>("EnergyMarketApi_key_budget", slot) > 0);
    });
}

#[test]
fn how_many_keys_there_are_is_told() {
    let mut world = World::new();
    let slot = world.next_gate();
    world.look(|| {
        let ledger: KeyLedger = ask("KeyLedgerApi_key_ledger", ());
        assert_eq!((ledger.rules, ledger.available), (presets::key_rules(), 3_000));
        assert!(!ledger.rules.bound, "the presets say that no key stands behind them");
        let link = ledger.links.first().expect("there is a link");
        let sites = link.ends.map(|ends| ends.map(|end| end.site.0));
        assert_eq!((link.link.0, sites, link.keys), (0, Some([0, 1]), 0));
        // A slot has a third, while it is in flight.
        let promised: Option<Reservation> = ask("KeyLedgerApi_reservation", slot);
        let reservation = Reservation { keys: 1_000, settled: false, backed: false };
        assert_eq!(promised, Some(reservation));
        assert_eq!(ask::<u64>("EnergyMarketApi_key_budget", slot.next()), 3_000);
        let all: Vec<SlotReservation> = ask("KeyLedgerApi_reservations", ());
        assert_eq!(all.last(), Some(&SlotReservation { slot, reservation }));
    });
}

#[test]
fn a_book_is_told_in_pages_and_then_its_result() {
    let mut world = World::new();
    let slot = world.next_gate();
    let placed = world.block(&[
        (BUYER, order(slot, Side::Bid, mills(150), ENERGY)),
        (BUYER, order(slot, Side::Bid, mills(250), ENERGY)),
        (BUYER, order(slot, Side::Bid, mills(250), ENERGY)),
        (SELLER, order(slot, Side::Ask, mills(100), ENERGY)),
    ]);
    assert_eq!(placed, [Ok(()); 4]);
    world.look(|| {
        let page = |after: Option<(PricePerKwh, OrderId)>, count: u32| {
            let page: Vec<BookOrder<AccountId>> =
                ask("MarketBookApi_book", (slot, Side::Bid, after, count));
            limits(&page)
        };
        assert_eq!(page(None, u32::MAX), [(250, 1), (250, 2), (150, 0)]);
        assert_eq!(page(None, 1), [(250, 1)]);
        assert_eq!(page(Some((mills(250), 1)), 1), [(250, 2)]);
        assert_eq!(page(Some((mills(250), 2)), 9), [(150, 0)]);
        assert_eq!(page(Some((mills(150), 0)), 9), []);
        // The last order of a page may have gone since.
        assert_eq!(page(Some((mills(200), 7)), 9), [(150, 0)]);
        assert_eq!(page(None, 0), []);
        let depth: Depth = ask("MarketBookApi_depth", slot);
        let bids: Vec<_> = depth.bids.iter().map(|level| (level.price, level.orders)).collect();
        assert_eq!(bids, [(mills(250), 2), (mills(150), 1)]);
        let terms: Option<LeaderTerms> = ask("MarketBookApi_terms", slot);
        assert_eq!(terms, Some(presets::leader_terms()));
        assert_eq!(ask::<Option<ClearingResult>>("MarketBookApi_clearing", slot), None);
    });
    world.run_to(Windows::default().schedule(slot, SLOT).delivery_starts);
    world.look(|| {
        let result: Option<ClearingResult> = ask("MarketBookApi_clearing", slot);
        assert_eq!(result.map(|result| result.volume), Some(ENERGY));
        assert_eq!(ask::<Depth>("MarketBookApi_depth", slot), Depth::default());
    });
}

/// The buyer and the seller trade in one slot; the world is then at its delivery.
fn with_a_trade() -> (World, SlotIndex, SlotTimes) {
    let mut world = World::new();
    let slot = world.next_gate();
    let placed = world.block(&[
        (BUYER, order(slot, Side::Bid, mills(250), ENERGY)),
        (SELLER, order(slot, Side::Ask, mills(100), ENERGY)),
    ]);
    assert_eq!(placed, [Ok(()), Ok(())]);
    let times = Windows::default().schedule(slot, SLOT);
    world.run_to(times.delivery_starts);
    (world, slot, times)
}

#[test]
fn open_trades_are_told_by_account_and_slot() {
    let (mut world, slot, times) = with_a_trade();
    world.look(|| {
        let rules: Rules = ask("SettlementApi_rules", ());
        assert_eq!(rules, Rules::default());
        let open: Vec<OpenSlot> = ask("SettlementApi_open_slots", ());
        assert_eq!(open, [OpenSlot { slot, trades: 1, open: 1 }]);
        let trades_of = |who: Key, from: TradeId, count: u32| {
            let question = (who.to_account_id(), slot, from, count);
            ask::<TradePage<AccountId>>("SettlementApi_trades_of", question)
        };
        let page = trades_of(BUYER, 0, 10);
        let [OpenTrade { id: 0, trade }] = &page.trades[..] else {
            panic!("one trade: {page:?}");
        };
        assert_eq!((&trade.buyer, trade.energy), (&BUYER.to_account_id(), ENERGY));
        assert_eq!(page.next, None);
        assert_eq!(trades_of(SELLER, 0, 10), page);
        assert_eq!(trades_of(SELLER, 0, 0).next, Some(0));
        assert_eq!(trades_of(SELLER, 1, 10).trades, []);
        assert_eq!(trades_of(Key::Alice, 0, 10).trades, []);
        let sales_of = |who: Key| ask::<Vec<Sale>>("SettlementApi_sales_of", who.to_account_id());
        let sales = sales_of(SELLER).into_iter();
        let sales: Vec<_> = sales.map(|sale| (sale.slot, sale.owner, sale.seller.sold)).collect();
        assert_eq!(sales, [(slot, owner_of(&SELLER.to_account_id()), ENERGY)]);
        assert_eq!(sales_of(BUYER), []);
        assert!(ask::<Option<Balance>>("SettlementApi_bond", (slot, 0u32)).unwrap() > 0);
        assert_eq!(ask::<Option<Balance>>("SettlementApi_bond", (slot, 1u32)), None);
    });
    let reading = world.reading(slot, ENERGY);
    let bill = Bill::truncate_from(vec![reading]);
    world.look(|| {
        let audit = |slot: SlotIndex| {
            let question = (SELLER.to_account_id(), slot, &bill);
            ask::<Result<Wh, BillError>>("SettlementApi_audit", question)
        };
        assert_eq!(audit(slot), Ok(ENERGY));
        assert_eq!(audit(slot.next()), Err(BillError::WrongSlot));
    });
    world.run_to(times.final_at + SLOT);
    world.look(|| assert_eq!(ask::<Vec<OpenSlot>>("SettlementApi_open_slots", ()), []));
}

#[test]
fn what_flowed_is_told() {
    let (mut world, slot, times) = with_a_trade();
    let seller = SELLER.to_account_id();
    world.run_to(times.commitments_until);
    let reading = world.reading(slot, ENERGY);
    world.act(SELLER, pallet_metering::Call::submit_reading { reading });
    world.look(|| {
        let meters: Vec<MeterId> = ask("MeteringApi_connections_of", &seller);
        assert_eq!(meters, [SELLERS_METER]);
        let meter: Option<Meter<AccountId>> = ask("MeteringApi_meter", SELLERS_METER);
        assert_eq!(meter.unwrap().latest().unwrap().account, seller);
        assert_eq!(ask::<Option<Meter<AccountId>>>("MeteringApi_meter", MeterId(99)), None);
        let flow = Flow { generated: ENERGY, consumed: Wh(0) };
        let readings: Vec<MeterReading<AccountId>> =
            ask("MeteringApi_readings", (SELLERS_METER, SlotIndex(0), SlotIndex(u64::MAX)));
        let signed = MeterReading { slot, flow: Some(flow), corrections: vec![] };
        assert_eq!(readings, [signed]);
        let rated: Wh = ask("MeteringApi_rated_out", (&seller, slot));
        assert_eq!(rated, Wh(10_000));
        let none: Option<PendingChange<AccountId>> = ask("MeteringApi_pending_change", ChangeId(0));
        assert_eq!(none, None);
        let day = 96 * SLOT;
        assert_eq!(ask::<Moment>("MeteringApi_owner_answers_until", 5 + day), 5 + 2 * day);
        let known: Option<Flow> = ask("MeteringApi_flow", (&seller, slot));
        assert_eq!(known, Some(flow));
        let totals = Totals::default().with(&flow);
        let of_seller: Option<Totals> = ask("MeteringApi_totals", (&seller, slot));
        assert_eq!(of_seller, Some(totals));
        let of_buyer: Option<Totals> = ask("MeteringApi_totals", (BUYER.to_account_id(), slot));
        assert_eq!(of_buyer, None);
        let of_all: Option<Totals> = ask("MeteringApi_community_totals", slot);
        assert_eq!(of_all, Some(totals));
        assert_eq!(ask::<Band>("MeteringApi_band", slot), Band::Off);
        assert_eq!(ask::<Option<DayPar>>("MeteringApi_par", 0u64), None);
    });
    world.run_to(times.readings_until + SLOT);
    world.look(|| {
        let par: Option<DayPar> = ask("MeteringApi_par", slot.0 / 96);
        assert_eq!(par.unwrap().metered, 1);
    });
}

#[test]
fn what_an_account_lacks_is_told() {
    externalities("development").execute_with(|| {
        let eve = Key::Eve.to_account_id();
        let passes: Explanation = ask("MembershipApi_explain_role", (&eve, Role::Trade));
        assert!(passes.passes);
        let fails: Explanation = ask("MembershipApi_explain_role", (&eve, Role::Validate));
        let why = Obstacle::Lacks { attribute: AttributeId(5), why: Lack::MissingCredential };
        assert_eq!((fails.passes, &fails.obstacles[..]), (false, &[why][..]));
        let policy = fails.policy.expect("the role names one");
        let same: Explanation = ask("MembershipApi_explain_policy", (&eve, policy));
        assert_eq!(same, fails);
        let unknown: Explanation = ask("MembershipApi_explain_policy", (&eve, PolicyId(99)));
        assert_eq!(unknown.obstacles, [Obstacle::UnknownPolicy]);
    });
}

#[test]
fn how_an_account_is_trusted_is_told() {
    let (mut world, slot, times) = with_a_trade();
    let (buyer, seller) = (BUYER.to_account_id(), SELLER.to_account_id());
    world.look(|| {
        let standing: Permill = ask("ReputationApi_standing", &seller);
        assert_eq!(standing, Permill::from_percent(50));
        let raters: Vec<RememberedRater> = ask("ReputationApi_raters", &seller);
        assert_eq!(raters, []);
        assert_eq!(ask::<Counts>("ReputationApi_counts", &seller), Counts::default());
    });
    world.run_to(times.delivery_ends);
    world.act(BUYER, pallet_settlement::Call::acknowledge { slot, id: 0 });
    let amount = 25 * QED;
    world.act(SELLER, pallet_reputation::Call::lock_deposit { amount });
    world.look(|| {
        let standing: Permill = ask("ReputationApi_standing", &seller);
        assert_eq!(standing, Permill::from_parts(666_666));
        let raters: Vec<RememberedRater> = ask("ReputationApi_raters", &seller);
        let [rater] = &raters[..] else { panic!("one rater: {raters:?}") };
        let owner = owner_of(&buyer);
        assert_eq!(rater.rater, owner);
        assert_eq!(ask::<Counts>("ReputationApi_counts", &seller), rater.ratings);
        assert_eq!((rater.ratings.kept, rater.experience), (1_000_000, 1_000_000));
        let trust: Trust = ask("ReputationApi_trust", (&buyer, &seller));
        assert_eq!((trust.direct_ppm, trust.indirect_ppm), (666_666, 500_000));
        // The reference deposit is 100 QED.
        assert_eq!(ask::<u32>("ReputationApi_deposit_ppm", &seller), 250_000);
        assert_eq!(ask::<u32>("ReputationApi_deposit_ppm", &buyer), 0);
    });
}

fn owner_of(who: &AccountId) -> qedex_primitives::OwnerId {
    use qedex_primitives::Membership as _;
    Membership::owner_of(who).expect("a member's owner is known")
}

#[test]
fn who_writes_blocks_is_told() {
    let mut world = World::new();
    let alice = Key::Alice.to_account_id();
    let session = |world: &mut World| {
        world.look(|| {
            ask::<Option<ScheduleOf<Runtime>>>("PovApi_schedule", ()).expect("a schedule").session
        })
    };
    let first = session(&mut world);
    while session(&mut world) < first + 3 {
        world.run_to(world.now + SLOT);
    }
    let slot = world.now / MILLISECONDS_PER_BLOCK;
    world.look(|| {
        let scores: Vec<ValidatorScore<AccountId>> = ask("PovApi_scores", ());
        let validators: Vec<_> = scores.into_iter().map(|scored| scored.who).collect();
        assert_eq!(validators, std::slice::from_ref(&alice));
        let author: Option<AccountId> = ask("PovApi_author_of_slot", slot + 1);
        assert_eq!(author, Some(alice.clone()));
        let past = |from: u32, count: u32| {
            let question = (from, count);
            let past: Vec<(u32, PastSessionOf<Runtime>)> = ask("PovApi_past_sessions", question);
            past.into_iter().map(|(session, _)| session).collect::<Vec<_>>()
        };
        assert_eq!(past(first, u32::MAX), [first, first + 1, first + 2]);
        assert_eq!(past(first + 1, 1), [first + 1]);
        assert!(past(first + 3, 9).is_empty());
    });
}

#[test]
fn runtime_apis_are_the_one_door_and_documented() {
    let metadata = Runtime::metadata_ir();
    for pallet in &metadata.pallets {
        // Proxy's are the SDK's own.
        assert!(pallet.name == "Proxy" || pallet.view_functions.is_empty(), "{}", pallet.name);
    }
    let ours = [
        "EnergyMarketApi",
        "MarketBookApi",
        "MembershipApi",
        "MeteringApi",
        "PovApi",
        "ReputationApi",
        "SettlementApi",
    ];
    let mut found = BTreeSet::new();
    for api in metadata.apis.iter().filter(|api| ours.contains(&api.name)) {
        found.insert(api.name);
        for method in &api.methods {
            let documented = method.docs.iter().any(|line| !line.trim().is_empty());
            assert!(documented, "{}_{}", api.name, method.name);
        }
    }
    assert_eq!(found, BTreeSet::from(ours));
}
