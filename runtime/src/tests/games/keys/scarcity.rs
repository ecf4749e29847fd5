//! What it earns to withhold keys from the market, or to invent some: as who reports, who runs a key service,
//! who leads, and who stands behind several accounts.
//!
//! Reports are taken by the function that the worker's transaction calls. Everything else is calls of the
//! runtime and its own work.

use super::scene::*;
use crate::{
    tests::games::{
        document::{Row, gain},
        round::order,
        world::SLOT,
    },
    *,
};
use pallet_qkd::{Call, Error};
use qedex_primitives::{
    Announcement, KeyAdmission, MeterId, MeterSignature, PricePerKwh, ReadingPayload, Side,
    SignedReading, SlotIndex, Wh, Windows,
    keys::{KeyRules, LinkReport, LinkReports},
    qkd::LinkId,
};
use sp_core::{Pair, sr25519};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::{DispatchError, DispatchResult, Permill};
use std::collections::BTreeMap;

/// Who reports in the west, and who in the east.
const REPORTERS: [[Key; 3]; 2] =
    [[DAVE, Key::EveStash, Key::FerdieStash], [EVE, FERDIE, Key::CharlieStash]];

/// The keys that there are: half of them are the market's, of which the slot gets a third.
const STORED: u64 = 120;

/// Leads the market, where it is led.
const LEADER: Key = Key::Charlie;

/// What each of the four wants to trade.
const LOT: Wh = Wh(10_000);

/// Each with its side, its limit in thousandths of a QED, and the meter of those who sell.
const TRADERS: [(Key, Side, u128, Option<MeterId>); 4] = [
    (EVE, Side::Bid, 300, None),
    (Key::EveStash, Side::Bid, 260, None),
    (DAVE, Side::Ask, 100, Some(MeterId(0))),
    (FERDIE, Side::Ask, 160, Some(MeterId(2))),
];

/// How a slot went.
#[derive(Clone, Debug, PartialEq)]
struct Deal {
    /// What it was promised.
    keys: u64,
    /// What was traded.
    traded: Wh,
    /// Money and energy of each trader beyond what not trading would have left, in plancks.
    gains: BTreeMap<Key, i128>,
}

impl Deal {
    fn of(&self, who: Key) -> i128 {
        self.gains.get(&who).copied().unwrap_or_default()
    }
}

fn link() -> LinkId {
    LinkId(0)
}

fn said(stored: u64) -> LinkReport {
    let made = stored.max(STORED);
    LinkReport { link: link(), stored, made, drawn: made - stored, qber_ppm: 20_000, healthy: true }
}

/// A village with three who report at each site, whose market is bound by the default rules from the next
/// gate on.
fn village() -> Scene {
    let mut scene = Scene::new();
    for (reporters, operator, site) in REPORTERS
        .into_iter()
        .zip([(REGISTRAR, WEST), (OPERATOR, EAST)])
        .map(|(r, (o, s))| (r, o, s))
    {
        for who in reporters {
            scene.admit(who, None);
            if scene.world.look(|| Qkd::sae_of(&who.to_account_id())).is_none() {
                scene.enrols(operator, site, who, YEAR);
            }
        }
    }
    // Until ends can have filled.
    let epoch = scene.world.look(Qkd::current_epoch);
    while scene.world.look(Qkd::current_epoch) == epoch {
        scene.pass(1);
    }
    scene
}

/// Binds the market by the default rules.
fn bind(scene: &mut Scene) {
    let rules = KeyRules { bound: true, ..KeyRules::default() };
    scene.world.decree(Call::set_key_rules { rules }.into());
}

/// `who` says what there is.
fn says(scene: &mut Scene, who: Key, report: LinkReport) -> DispatchResult {
    scene.world.look(|| {
        let epoch = Qkd::key_ledger().epoch;
        let reports = LinkReports::truncate_from(vec![report]);
        Qkd::take_reports(&who.to_account_id(), epoch, &reports)
    })
}

/// All but these say the truth.
fn honest_but(scene: &mut Scene, thieves: &[Key]) {
    for who in REPORTERS.into_iter().flatten().filter(|who| !thieves.contains(who)) {
        assert_eq!(says(scene, who, said(STORED)), Ok(()), "{who}");
    }
}

fn wealth(scene: &mut Scene) -> BTreeMap<Key, i128> {
    TRADERS.map(|(who, ..)| (who, scene.world.wealth_of(who) as i128)).into_iter().collect()
}

/// The meter of a seller signs that it delivered all.
fn reading(scene: &mut Scene, who: Key, meter: MeterId, slot: SlotIndex) -> RuntimeCall {
    let payload = ReadingPayload { meter, slot, generated: LOT, consumed: Wh::ZERO };
    let pair = sr25519::Pair::from_string(&format!("{}//meter", who.to_seed()), None).unwrap();
    let message = scene.world.look(|| payload.signing_bytes(System::block_hash(0)));
    let signature = MeterSignature::Sr25519(pair.sign(&message));
    let reading = SignedReading { payload, signature };
    pallet_metering::Call::submit_reading { reading }.into()
}

/// Trades the next slot whose gate opens, and settles all of it.
fn deal(scene: &mut Scene) -> Deal {
    let slot = scene.world.next_gate();
    let schedule = Windows::default().schedule(slot, SLOT);
    let keys = scene.world.look(|| Qkd::reservation(slot)).expect("it is in flight");
    assert!(keys.backed, "the market is bound");
    let before = wealth(scene);
    scene.world.reported();
    let orders = TRADERS
        .map(|(who, side, limit, _)| (who, order(slot, side, PricePerKwh(limit * MILLI_QED), LOT)));
    assert_eq!(scene.world.block(&orders), [Ok(()); 4]);
    scene.world.run_to(schedule.commitments_until);
    let readings: Vec<_> = TRADERS
        .into_iter()
        .filter_map(|(who, .., meter)| Some((who, meter?)))
        .map(|(who, meter)| (who, reading(scene, who, meter, slot)))
        .collect();
    assert_eq!(scene.world.block(&readings), [Ok(()); 2]);
    scene.world.run_to(schedule.final_at + SLOT);
    assert_eq!(scene.world.look(|| Qkd::reservation(slot)), None, "all of it is released");
    let terms = presets::leader_terms();
    let (mut traded, mut worth) = (Wh::ZERO, BTreeMap::<AccountId, i128>::new());
    for event in scene.world.reported() {
        let RuntimeEvent::Settlement(pallet_settlement::Event::TradeOpened {
            slot: of,
            buyer,
            seller,
            energy,
            ..
        }) = event
        else {
            continue;
        };
        if of == slot {
            traded = traded.saturating_add(energy);
            let at = |price: PricePerKwh| price.cost_floor(energy).unwrap() as i128;
            *worth.entry(buyer).or_default() += at(terms.cap);
            *worth.entry(seller).or_default() -= at(terms.floor);
        }
    }
    let mut gains = wealth(scene);
    for (who, gained) in &mut gains {
        let energy = worth.get(&who.to_account_id()).copied().unwrap_or_default();
        *gained += energy - before[who];
    }
    Deal { keys: keys.keys, traded, gains }
}

/// A slot as it goes where nobody cheats.
fn honestly() -> Deal {
    let mut scene = village();
    honest_but(&mut scene, &[]);
    bind(&mut scene);
    deal(&mut scene)
}

/// Plays it, and holds it against a slot without it: what each of `thieves` that trades has gained by it. It
/// pays if one of them, or all of them together, have more.
#[track_caller]
fn earns(
    attack: &str,
    thieves: &[Key],
    pays: bool,
    play: impl FnOnce(&mut Scene) -> Option<String>,
) {
    let honest = honestly();
    assert_eq!((honest.keys, honest.traded), (20, Wh(20_000)), "where nobody cheats");
    let mut scene = village();
    let outcome = play(&mut scene);
    bind(&mut scene);
    let cheated = deal(&mut scene);
    let more = |who: &Key| cheated.of(*who) - honest.of(*who);
    let together: i128 = thieves.iter().map(more).sum();
    let most = thieves.iter().map(more).max().unwrap_or_default();
    assert_eq!(most > 0 || together > 0, pays, "{attack}: {honest:?}, {cheated:?}");
    let told = |kwh: Wh| format!("{}", kwh.0 / 1_000);
    let outcome = outcome.map_or_else(|| "taken".into(), |error| format!("`{error}`"));
    let (keys, traded) = (cheated.keys.to_string(), told(cheated.traded));
    let cells =
        [attack, &outcome, &keys, &traded, &gain(together), if pays { "yes" } else { "no" }];
    Row::new(&cells).stands_in_the_document_under("scarcity", 1);
}

fn name(done: DispatchResult) -> Option<String> {
    match done {
        Ok(()) => None,
        Err(DispatchError::Module(error)) => error.message.map(str::to_owned),
        Err(error) => Some(format!("{error:?}")),
    }
}

#[test]
fn who_reports_alone_neither_withholds_keys_nor_invents_any() {
    for (attack, stored) in [
        ("one of three who report at an end says that there is nothing", 0),
        ("one of three who report at an end says that there is ten times as much", 10 * STORED),
    ] {
        for thief in [EVE, Key::EveStash, DAVE, FERDIE] {
            earns(attack, &[thief], false, |scene| {
                honest_but(scene, &[thief]);
                name(says(scene, thief, said(stored)))
            });
        }
    }
}

#[test]
fn one_of_two_withholds_keys_to_its_own_loss() {
    // A seller and a buyer, each of whom is one of two at its end.
    for (attack, thief, other) in [
        ("the buyer that bids most, one of two who report, says that there is a half", EVE, FERDIE),
        (
            "the seller that asks least, one of two who report, says that there is a half",
            DAVE,
            Key::EveStash,
        ),
    ] {
        earns(attack, &[thief], false, |scene| {
            honest_but(scene, &[thief, other]);
            name(says(scene, thief, said(STORED / 2)))
        });
    }
}

#[test]
fn the_marginal_trader_that_withholds_keys_trades_less_itself() {
    earns(
        "the buyer that bids least, one of two who report, says that there is a half",
        &[Key::EveStash],
        false,
        |scene| {
            honest_but(scene, &[DAVE, Key::EveStash]);
            name(says(scene, Key::EveStash, said(STORED / 2)))
        },
    );
}

#[test]
fn an_operator_with_all_who_report_at_its_end_withholds_or_invents() {
    let all = REPORTERS[1];
    earns(
        "all who report at one end, in league with its operator, say that it is ill",
        &all,
        false,
        |scene| {
            honest_but(scene, &all);
            let mut done = Ok(());
            for who in all {
                done = done.and(says(scene, who, LinkReport { healthy: false, ..said(STORED) }));
            }
            name(done)
        },
    );
    earns(
        "all who report at one end, in league with its operator, say ten times as much",
        &all,
        false,
        |scene| {
            honest_but(scene, &all);
            let mut done = Ok(());
            for who in all {
                done = done.and(says(scene, who, said(10 * STORED)));
            }
            name(done)
        },
    );
}

#[test]
fn an_owner_with_several_accounts_has_one_voice() {
    earns(
        "an owner reports by three accounts at an end, that there is ten times as much",
        &[DAVE],
        false,
        |scene| {
            let others = [Key::AliceStash, Key::BobStash];
            for who in others {
                scene.admit(who, Some(DAVE));
                scene.enrols(REGISTRAR, WEST, who, YEAR);
            }
            honest_but(scene, &[DAVE]);
            assert_eq!(says(scene, DAVE, said(10 * STORED)), Ok(()));
            let [done, second] = others.map(|who| says(scene, who, said(10 * STORED)));
            assert_eq!(done, second);
            name(done)
        },
    );
}

#[test]
fn an_owner_at_both_ends_is_one_of_three_at_each() {
    earns(
        "an owner reports at both ends that there is ten times as much",
        &[DAVE],
        false,
        |scene| {
            scene.admit(Key::AliceStash, Some(DAVE));
            scene.enrols(OPERATOR, EAST, Key::AliceStash, YEAR);
            honest_but(scene, &[DAVE, Key::CharlieStash]);
            assert_eq!(says(scene, DAVE, said(10 * STORED)), Ok(()));
            name(says(scene, Key::AliceStash, said(10 * STORED)))
        },
    );
}

#[test]
fn more_keys_than_there_can_be_are_refused() {
    earns("a reporter says 2^64 - 1 keys", &[DAVE], false, |scene| {
        honest_but(scene, &[DAVE]);
        let endless = LinkReport { made: u64::MAX, drawn: 0, ..said(u64::MAX) };
        name(says(scene, DAVE, endless))
    });
}

/// Announces for the slot whose gate opens next.
fn announce(scene: &mut Scene, share: Permill) -> DispatchResult {
    let windows = Windows::default();
    let slot = SlotIndex(scene.world.now / SLOT + 3 + u64::from(windows.gate_opens));
    let admission = KeyAdmission { share, wh_per_key: Wh(1_000) };
    let done = scene.tries(LEADER, pallet_auction::Call::announce { slot, admission });
    let stands: Option<Announcement<_>> = scene.world.look(|| Auction::announcement(slot));
    assert_eq!(stands.is_some(), done.is_ok());
    scene.world.run_to(windows.schedule(SlotIndex(slot.0 - 1), SLOT).gate_opens);
    done
}

#[test]
fn a_leader_withholds_keys_from_its_friends_as_well() {
    let least = presets::leader_limits().least_share;
    for (friend, attack) in [
        (EVE, "a leader admits the least, for a friend that bids most"),
        (DAVE, "a leader admits the least, for a friend that asks least"),
    ] {
        earns(attack, &[friend, LEADER], false, |scene| {
            honest_but(scene, &[]);
            name(announce(scene, least))
        });
    }
}

#[test]
fn more_than_half_at_both_ends_invent_keys() {
    // Where there are so few that they bind.
    let mut scene = village();
    for who in REPORTERS.into_iter().flatten() {
        assert_eq!(says(&mut scene, who, said(STORED / 4)), Ok(()));
    }
    bind(&mut scene);
    let scarce = deal(&mut scene);
    assert_eq!((scarce.keys, scarce.traded), (5, Wh(5_000)));
    let honest = honestly();
    let thieves = [EVE, DAVE, FERDIE, Key::EveStash];
    let more: i128 = thieves.iter().map(|who| honest.of(*who) - scarce.of(*who)).sum();
    assert!(more > 0);
    let attack =
        "two of three at both ends, in league, say that there is all of it, where a quarter is";
    let cells = [attack, "taken", "20", "20", &gain(more), "yes"];
    Row::new(&cells).stands_in_the_document_under("scarcity", 1);
}

#[test]
fn the_entropy_fund_pays_nobody_who_could_make_keys_scarce() {
    let mut scene = village();
    honest_but(&mut scene, &[]);
    assert_eq!(announce(&mut scene, Permill::one()), Ok(()));
    let pays = |scene: &mut Scene, to: Key| {
        let (to, amount) = (to.to_account_id(), MILLI_QED);
        let before = scene.world.look(|| Balances::free_balance(&to));
        let call = Call::<Runtime>::pay_from_entropy_fund { to: to.clone(), amount };
        let done = scene.world.look(|| {
            let origin = RuntimeOrigin::root();
            frame_support::traits::UnfilteredDispatchable::dispatch_bypass_filter(call, origin)
        });
        let after = scene.world.look(|| Balances::free_balance(&to));
        assert_eq!(after - before, if done.is_ok() { amount } else { 0 });
        done.map(|_| ()).map_err(|failed| failed.error)
    };
    for (to, why) in [
        (DAVE, Error::<Runtime>::PaysNoReporter),
        (OPERATOR, Error::<Runtime>::PaysNoOperator),
        (LEADER, Error::<Runtime>::PaysNoLeader),
        (Key::BobStash, Error::<Runtime>::NobodysAccount),
    ] {
        assert_eq!(pays(&mut scene, to), Err(why.into()), "{to}");
    }
    // Another account of who leads is no better, and a neighbour is paid.
    scene.admit(Key::AliceStash, Some(LEADER));
    let refused = Error::<Runtime>::PaysNoLeader.into();
    assert_eq!(pays(&mut scene, Key::AliceStash), Err(refused));
    scene.admit(Key::DaveStash, None);
    assert_eq!(pays(&mut scene, Key::DaveStash), Ok(()));
}
