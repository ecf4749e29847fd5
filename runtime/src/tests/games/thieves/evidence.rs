//! Who lies to many, who answers nobody, and who asks for evidence to harm.

use super::{Row, Theft, scene::*};
use crate::{
    tests::{
        chain::{Code, market::Opened},
        games::document::{gain, mean},
    },
    *,
};
use qedex_primitives::{Bill, MeterId, Nonce as BillNonce, PricePerKwh, Side, SlotIndex, Wh};
use sp_keyring::Sr25519Keyring as Key;

/// Sells to several, and mostly what it has not.
pub(super) const LIAR: Key = Key::AliceStash;

/// Buy of it.
pub(super) const BUYERS: [Key; 8] = [
    EVE,
    FERDIE,
    Key::BobStash,
    Key::CharlieStash,
    Key::DaveStash,
    Key::EveStash,
    Key::FerdieStash,
    SELLER,
];

/// What a seller without energy does when one of its buyers complains.
#[derive(Clone, Copy)]
enum Answer {
    /// There is nothing to complain of: it publishes that it delivered nothing.
    Published,
    /// When the time for complaints is over.
    Late,
    Never,
}

/// What hides the bills here.
pub(super) const NONCE: BillNonce = [7; 32];

impl Scene {
    /// Newcomers are let in, and the liar has a plant.
    pub(super) fn admits_all(&mut self) -> MeterId {
        let newcomers: Vec<_> =
            BUYERS.into_iter().filter(|key| ![EVE, FERDIE, SELLER].contains(key)).collect();
        self.chain.admit(&[&newcomers[..], &[LIAR]].concat(), own);
        self.has_a_meter(LIAR, Wh(100_000))
    }

    /// One sells to several, each of whom buys so much, at the price in the middle. The trades.
    pub(super) fn sells_to(
        &mut self,
        slot: SlotIndex,
        seller: Key,
        buyers: &[(Key, Wh)],
    ) -> Vec<(Key, Opened)> {
        let sum = Wh(buyers.iter().map(|(_, energy)| energy.0).sum());
        let ask = (seller, self.chain.order(slot, Side::Ask, middle(), sum));
        let bids = buyers
            .iter()
            .map(|(buyer, energy)| (*buyer, *energy))
            .map(|(buyer, energy)| (buyer, self.chain.order(slot, Side::Bid, middle_bid(), energy)))
            .chain([ask])
            .collect::<Vec<_>>();
        let placed = self.chain.block(&bids);
        assert!(placed.iter().all(Result::is_ok), "{placed:?}");
        let trades = self.deliver(slot);
        let of = |buyer: &Key| trades.iter().find(|trade| trade.buyer == buyer.to_account_id());
        buyers
            .iter()
            .map(|(buyer, _)| (*buyer, of(buyer).expect("all of it trades").clone()))
            .collect()
    }

    /// A seller commits to what its meter says.
    pub(super) fn commits(
        &mut self,
        seller: Key,
        meter: MeterId,
        slot: SlotIndex,
        energy: Wh,
    ) -> Bill {
        self.chain.run_to(times(slot).delivery_ends);
        let reading = self.chain.reading(meter, &own_meter(seller), slot, [energy, Wh::ZERO]);
        self.commits_to(seller, slot, Bill::truncate_from(vec![reading]))
    }

    /// The same to a bill.
    pub(super) fn commits_to(&mut self, seller: Key, slot: SlotIndex, bill: Bill) -> Bill {
        self.chain.run_to(times(slot).delivery_ends);
        let commitment = self.chain.commitment(seller, slot, &bill, &NONCE);
        self.tries(seller, "Settlement", "commit", (slot, commitment));
        bill
    }

    /// A buyer complains about its trade.
    pub(super) fn complains(&mut self, (buyer, trade): &(Key, Opened)) -> bool {
        self.honestly(*buyer, "Settlement", "complain", (trade.slot, trade.id))
    }

    /// A seller answers a complaint as soon as it may. On the first release that is at once, and not much
    /// later.
    pub(super) fn answers(&mut self, seller: Key, slot: SlotIndex, bill: &Bill) -> bool {
        if !self.is_first_release() {
            self.chain.run_to(times(slot).complaints_until);
        }
        self.reveals(seller, seller, slot, bill)
    }

    /// Somebody reveals a seller's bill. Whether it counts.
    pub(super) fn reveals(&mut self, by: Key, seller: Key, slot: SlotIndex, bill: &Bill) -> bool {
        if self.is_first_release() {
            return self.tries(by, "Settlement", "reveal", (slot, bill, NONCE));
        }
        self.tries(by, "Settlement", "reveal", (slot, seller.to_account_id(), bill, NONCE))
    }
}

/// What a seller gains that sells ten kilowatt-hours to each of so many and delivers nothing, where
/// one of them complains.
fn lie_to(scene: &mut Scene, meter: MeterId, buyers: usize, answer: Answer) -> i128 {
    let slot = scene.gate_after(6);
    let before = scene.money(&[LIAR]);
    let buyers: Vec<_> = BUYERS[..buyers].iter().map(|buyer| (*buyer, TEN)).collect();
    let trades = scene.sells_to(slot, LIAR, &buyers);
    if let Answer::Published = answer {
        scene.publishes(LIAR, meter, &own_meter(LIAR), slot, [Wh::ZERO, Wh::ZERO]);
    } else {
        let bill = scene.commits(LIAR, meter, slot, Wh::ZERO);
        // So late that the first release takes an answer when all others are paid.
        scene.chain.run_to(times(slot).readings_until + 3 * SLOT);
        assert!(scene.complains(&trades[0]));
        scene.chain.run_to(times(slot).complaints_until);
        if let Answer::Late = answer {
            assert!(scene.reveals(LIAR, LIAR, slot, &bill));
        }
    }
    scene.end(slot);
    scene.money(&[LIAR]) - before
}

/// A line of the table of liars: before and now, if it publishes, answers late, and never answers.
fn liars(buyers: usize) {
    let played = |code| {
        let mut scene = Scene::of(code);
        let meter = scene.admits_all();
        [Answer::Published, Answer::Late, Answer::Never]
            .map(|answer| lie_to(&mut scene, meter, buyers, answer))
    };
    let (before, now) = (played(Code::of_release("v1")), played(Code::Native));
    let [published, late, never] = now;
    // However many there are, telling costs less than hiding, and hiding less than silence.
    assert!(never <= late && late < published && published < 0, "{now:?}");
    let mut cells = vec![buyers.to_string()];
    cells.extend(before.into_iter().zip(now).flat_map(|(before, now)| [gain(before), gain(now)]));
    let cells: Vec<_> = cells.iter().map(String::as_str).collect();
    Row::new(&cells).stands_in_the_document_under("liars", 1);
}

#[test]
fn a_liar_of_one_buyer() {
    liars(1);
}

#[test]
fn a_liar_of_two_buyers() {
    liars(2);
}

#[test]
fn a_liar_of_three_buyers() {
    liars(3);
}

#[test]
fn a_liar_of_five_buyers() {
    liars(5);
}

#[test]
fn a_liar_of_eight_buyers() {
    liars(8);
}

/// Eve's friend buys 100 Wh of the seller that she buys of, complains, and shows her whether it answers.
/// What both gain where one such seller in twenty is off-line.
fn probe(scene: &mut Scene) -> String {
    let meter = scene.admits_all();
    let gained = [true, false].map(|online| {
        let slot = scene.gate_after(6);
        let before = scene.money(&[EVE, FERDIE]);
        let trades = scene.sells_to(slot, LIAR, &[(EVE, TEN), (FERDIE, Wh(100))]);
        let sold = Wh(TEN.0 + 100);
        let bill = scene.commits(LIAR, meter, slot, sold);
        scene.chain.run_to(times(slot).readings_until);
        assert!(scene.complains(&trades[1]));
        // As soon as it may, and again if that was too early.
        let mut answered = online && scene.reveals(LIAR, LIAR, slot, &bill);
        scene.chain.run_to(times(slot).complaints_until - 2 * MILLISECONDS_PER_BLOCK);
        if !answered {
            assert!(scene.complains(&trades[0]));
            scene.chain.run_to(times(slot).complaints_until);
            answered = online && scene.reveals(LIAR, LIAR, slot, &bill);
        }
        assert_eq!(answered, online);
        scene.end(slot);
        let paid = middle_bid().cost_floor(sold).expect("money") as i128;
        scene.money(&[EVE, FERDIE]) - before + paid
    });
    let offline = pallet_settlement::Rules::default().offline_share.deconstruct();
    let [answered, unanswered] = gained;
    scene.loot(mean(offline, unanswered, answered))
}

/// Somebody with a trade of 100 Wh complains about a seller that is off-line, who sold ten
/// kilowatt-hours to Eve besides and opened its bill to her. What the seller loses by it.
fn complain_about_a_trifle(scene: &mut Scene, eve_helps: bool) -> String {
    let meter = scene.admits_all();
    let (slot, sold) = (scene.gate_after(6), Wh(TEN.0 + 100));
    let before = scene.money(&[LIAR]);
    let trades = scene.sells_to(slot, LIAR, &[(EVE, TEN), (FERDIE, Wh(100))]);
    let bill = scene.commits(LIAR, meter, slot, sold);
    scene.chain.run_to(times(slot).readings_until);
    assert!(scene.complains(&trades[1]));
    if eve_helps {
        if !scene.is_first_release() {
            scene.chain.run_to(times(slot).complaints_until);
        }
        scene.reveals(EVE, LIAR, slot, &bill);
    }
    scene.end(slot);
    let paid = middle().cost_floor(sold).expect("money") as i128;
    let lost = scene.money(&[LIAR]) - before - paid;
    scene.loot(lost)
}

/// A seller without energy does not answer, and asks those who have not complained to acknowledge: as soon as
/// the fifth has, or when nobody can complain any more. They pay all the same.
fn share_with_the_careless(scene: &mut Scene, at_once: bool) -> String {
    let meter = scene.admits_all();
    let slot = scene.gate_after(6);
    let before = scene.money(&[LIAR]);
    let buyers: Vec<_> = BUYERS[..5].iter().map(|buyer| (*buyer, TEN)).collect();
    let trades = scene.sells_to(slot, LIAR, &buyers);
    scene.commits(LIAR, meter, slot, Wh::ZERO);
    if at_once {
        scene.chain.run_to(times(slot).readings_until);
        assert!(scene.complains(&trades[0]));
    } else {
        scene.chain.run_to(times(slot).complaints_until - 2 * MILLISECONDS_PER_BLOCK);
        assert!(scene.complains(&trades[0]));
        scene.chain.run_to(times(slot).complaints_until);
    }
    for (buyer, trade) in &trades[1..] {
        scene.tries(*buyer, "Settlement", "acknowledge", (slot, trade.id));
    }
    scene.end(slot);
    let gained = scene.money(&[LIAR]) - before;
    scene.loot(gained)
}

/// A pair is the best bid and the best ask, and trades nothing: what it pays to keep the keys of ten
/// kilowatt-hours from others for a slot.
fn switch_the_market_off(scene: &mut Scene) -> String {
    let terms = presets::leader_terms();
    let slot = scene.gate_after(6);
    let before = scene.money(&[SELLER, EVE]);
    scene.agree_at(slot, (SELLER, terms.floor), (EVE, terms.cap), TEN);
    scene.seller_delivers(slot, Wh::ZERO);
    scene.end(slot);
    let gained = scene.money(&[SELLER, EVE]) - before;
    scene.loot(gained)
}

/// Two buyers in league with a seller that has nothing, whose ask brings a low bid into the market, and
/// the price down for what the other one buys of somebody honest.
fn push_the_price(scene: &mut Scene) -> String {
    let low = Key::BobStash;
    scene.chain.admit(&[low], own);
    let league = [EVE, FERDIE, low];
    let terms = presets::leader_terms();
    let slot = scene.gate_after(6);
    let before = scene.money(&league);
    let bid = |price| PricePerKwh(price).saturating_add(terms.grid_fee);
    let orders = [
        (SELLER, Side::Ask, terms.floor),
        (EVE, Side::Bid, terms.cap),
        (FERDIE, Side::Ask, terms.floor),
        (low, Side::Bid, bid(terms.floor.0)),
    ];
    let orders = orders.map(|(who, side, limit)| (who, self::order(scene, slot, side, limit)));
    let placed = scene.chain.block(&orders);
    assert!(placed.iter().all(Result::is_ok), "{placed:?}");
    scene.deliver(slot);
    scene.seller_delivers(slot, TEN);
    scene.publishes(FERDIE, FERDIES_METER, &own_meter(FERDIE), slot, [Wh::ZERO, Wh::ZERO]);
    scene.end(slot);
    // What Eve buys would have cost her the grid price, and honestly the price in the middle.
    let saved = middle_bid().cost_floor(TEN).expect("money") as i128;
    let gained = scene.money(&league) - before + saved;
    scene.loot(gained)
}

fn order(
    scene: &Scene,
    slot: SlotIndex,
    side: Side,
    limit: PricePerKwh,
) -> crate::tests::chain::Call {
    scene.chain.order(slot, side, limit, TEN)
}

/// A seller without energy sells to somebody careless, and publishes that it has delivered nothing as
/// soon as it is drawn.
fn publish_when_drawn(scene: &mut Scene) -> String {
    if !scene.is_first_release() {
        scene.draws(sp_runtime::Permill::one());
    }
    let meter = scene.admits_all();
    let slot = scene.gate_after(6);
    let before = scene.money(&[LIAR]);
    scene.sells_to(slot, LIAR, &[(EVE, TEN)]);
    scene.commits(LIAR, meter, slot, Wh::ZERO);
    scene.chain.run_to(times(slot).complaints_until - MILLISECONDS_PER_BLOCK);
    let reading = scene.chain.reading(meter, &own_meter(LIAR), slot, [Wh::ZERO, Wh::ZERO]);
    scene.tries(LIAR, "Metering", "submit_reading", reading);
    scene.end(slot);
    let gained = scene.money(&[LIAR]) - before;
    scene.loot(gained)
}

#[test]
fn who_lies_where_it_is_drawn_cannot_publish_any_more() {
    Theft {
        finding: "6, draws",
        sequence: "a seller without energy lies to one that never looks, and publishes if it is drawn",
        play: publish_when_drawn,
    }
    .earned("+1.800 (`NotInReadingWindow`)", "-2.400 (`NotInReadingWindow`)");
}

#[test]
fn a_friend_shows_who_is_offline() {
    Theft {
        finding: "fresh, evidence",
        sequence: "a friend's 100 Wh shows whether a seller answers, then a complaint about 10 kWh",
        play: probe,
    }
    .earned("+0.149", "-0.091 (`NotInRevealWindow`)");
}

#[test]
fn a_trifle_against_a_seller_that_is_offline() {
    Theft {
        finding: "fresh, evidence",
        sequence: "a complaint about 100 Wh of a seller off-line that sold 10.1 kWh: what it loses",
        play: |scene| complain_about_a_trifle(scene, false),
    }
    .earned("-0.039", "-4.242");
}

#[test]
fn a_neighbour_that_holds_the_opening_answers() {
    Theft {
        finding: "fresh, evidence",
        sequence: "the same, and another buyer reveals what it was shown",
        play: |scene| complain_about_a_trifle(scene, true),
    }
    .earned("-0.039 (`NotASeller`)", "-0.023");
}

#[test]
fn the_careless_do_not_acknowledge_for_a_share() {
    Theft {
        finding: "1, fresh",
        sequence: "a liar has four of five acknowledge when complaints are over, for a share",
        play: |scene| share_with_the_careless(scene, false),
    }
    .earned("+5.100 (`NoSuchTrade`)", "-12.000 (`TooLate`)");
}

#[test]
fn the_careless_do_not_acknowledge_once_an_answer_is_owed() {
    Theft {
        finding: "1, fresh",
        sequence: "a liar has four of five acknowledge once the fifth has complained, for a share",
        play: |scene| share_with_the_careless(scene, true),
    }
    .earned("+5.100", "-12.000 (`AnswerOwed`)");
}

#[test]
fn a_pair_switches_the_market_off() {
    Theft {
        finding: "4",
        sequence: "a pair at both ends of the corridor trades nothing: a slot's keys for 10 kWh",
        play: switch_the_market_off,
    }
    .earned("0.000", "-0.300");
}

#[test]
fn buyers_in_league_with_a_phantom_seller() {
    Theft {
        finding: "8",
        sequence: "two buyers and a phantom seller push the price of 10 kWh to the floor",
        play: push_the_price,
    }
    .earned("+1.000", "+0.700");
}
