//! At which parameters honesty would not pay best.

use super::{
    document::*,
    honesty::{highest_price, seller},
    round::*,
    world::World,
};
use crate::*;
use qedex_primitives::{Band, PriceList, PricePerKwh, Wh};
use sp_runtime::Permill;

/// The prices of the tables: the feed-in price, the highest, and three between them.
fn prices() -> [PricePerKwh; 5] {
    let (least, most) = (presets::leader_terms().floor.0, highest_price().0);
    [0, 1, 2, 3, 4].map(|n| PricePerKwh(least + (most - least) * n / 4))
}

fn per_kwh(price: PricePerKwh) -> String {
    let milli = price.0 / MILLI_QED;
    format!("{}.{:03}", milli / 1_000, milli % 1_000)
}

/// The least deposit rate that the terms allow: what covers the largest harm, and the fee for what is
/// missing.
fn least_rate() -> Permill {
    let terms = presets::leader_terms();
    let fee = pallet_settlement::Rules::default().shortfall_fee.mul_ceil(terms.cap.0);
    let needed = terms.cap.0 - terms.floor.0 - terms.grid_fee.0 + fee;
    let covers = |parts: &u32| Permill::from_parts(*parts).mul_floor(terms.cap.0) >= needed;
    let parts = (0..=1_000_000).find(covers).unwrap();
    Permill::from_parts(parts)
}

#[test]
fn a_deposit_below_the_largest_harm_is_refused() {
    let set = |deposit_rate| {
        let band = Band::Off;
        let list = PriceList { deposit_rate, ..presets::price_list(band) };
        World::new().look(|| Auction::set_terms(RuntimeOrigin::root(), band, list))
    };
    let least = least_rate();
    assert_eq!(set(least), Ok(()));
    let below = Permill::from_parts(least.deconstruct() - 1);
    let refused = pallet_auction::Error::<Runtime>::InconsistentTerms;
    assert_eq!(set(below), Err(refused.into()));
}

/// What complaining about everything brings beyond what it brings to have no reason to.
struct Complaining {
    bond: Balance,
    answered: i128,
    unanswered: i128,
}

impl Complaining {
    fn in_market(market: Market) -> Self {
        let honest = seller(10_000, Evidence::Opened);
        let offline = Seller { answers: false, ..honest };
        let careful = play(market, honest, Buyer::Careful).buyer.gain;
        let answered = play(market, honest, Buyer::Complains);
        let unanswered = play(market, offline, Buyer::Complains).buyer.gain;
        Self {
            bond: answered.amounts.bond_to_community_fund,
            answered: answered.buyer.gain - careful,
            unanswered: unanswered - careful,
        }
    }

    /// The share of sellers off-line in truth above which it pays.
    fn break_even(&self) -> i128 {
        break_even(0, self.answered, self.unanswered)
    }

    fn expected(&self, offline: Permill) -> i128 {
        mean(offline.deconstruct(), self.unanswered, self.answered)
    }
}

#[test]
fn complaining_pays_only_where_more_are_offline_than_assumed() {
    let mut table = Table::new(
        &[
            "assumed off-line",
            "deposit rate",
            "seller gets, QED/kWh",
            "bond",
            "if answered",
            "if not",
            "pays above, really off-line",
        ],
        0,
    );
    let standard = Market::default();
    let mut row = |market: Market| {
        let complaining = Complaining::in_market(market);
        let offline = market.offline_share;
        assert!(complaining.break_even() >= i128::from(offline.deconstruct()));
        assert!(complaining.expected(offline) <= 0);
        table.row(&[
            percent(offline.deconstruct().into()),
            percent(market.deposit_rate.deconstruct().into()),
            per_kwh(market.price),
            qed(complaining.bond),
            gain(complaining.answered),
            gain(complaining.unanswered),
            percent(complaining.break_even()),
        ]);
    };
    for share in [1, 2, 5, 10, 20, 50] {
        row(Market { offline_share: Permill::from_percent(share), ..standard });
    }
    let [lowest, .., highest] = prices();
    for deposit_rate in [least_rate(), standard.deposit_rate, Permill::one()] {
        for price in [lowest, highest] {
            row(Market { deposit_rate, price, ..standard });
        }
    }
    table.stands_in_the_document_as("complaints");
}

/// What a lie brings if the buyer looks, and if it does not.
struct Lie {
    /// What it brings to deliver all, honestly.
    honest: i128,
    /// What it brings to publish what was delivered.
    published: i128,
    caught: i128,
    uncaught: i128,
}

impl Lie {
    fn told(market: Market, delivers: Wh, evidence: Evidence) -> Self {
        let gain = |seller, buyer| play(market, seller, buyer).seller.gain;
        let lie = seller(delivers.0, evidence);
        Self {
            honest: gain(seller(ENERGY.0, Evidence::Opened), Buyer::Careful),
            published: gain(seller(delivers.0, Evidence::Reading), Buyer::Careful),
            caught: gain(lie, Buyer::Careful),
            uncaught: gain(lie, Buyer::Careless),
        }
    }

    /// The share of careless buyers above which it pays better than to publish what was delivered.
    fn beats_publishing_above(&self) -> i128 {
        break_even(self.published, self.caught, self.uncaught)
    }

    /// The share of careless buyers above which it pays better than not to trade.
    fn pays_above(&self) -> i128 {
        break_even(0, self.caught, self.uncaught)
    }

    /// The share of careless buyers above which it pays better than honesty, for whoever could be
    /// honest.
    fn beats_honesty_above(&self) -> i128 {
        break_even(self.honest, self.caught, self.uncaught)
    }
}

#[test]
fn a_lie_pays_only_among_careless_buyers() {
    let mut table = Table::new(
        &[
            "delivers",
            "shows",
            "seller gets, QED/kWh",
            "honest",
            "published",
            "caught",
            "not caught",
            "beats publishing above",
            "beats not trading above",
            "beats honesty above",
        ],
        2,
    );
    for (delivers, shows, energy, evidence) in [
        ("nothing", "a forged commitment", 0, Evidence::Forged),
        ("nothing", "a commitment, hidden", 0, Evidence::Hidden),
        ("half", "a commitment, hidden", 5_000, Evidence::Hidden),
    ] {
        for price in prices() {
            let market = Market { price, ..Market::default() };
            let lie = Lie::told(market, Wh(energy), evidence);
            assert!(lie.caught <= lie.published && lie.published <= lie.honest);
            assert!(lie.beats_honesty_above() > MILLION / 2);
            table.row(&[
                delivers,
                shows,
                &per_kwh(price),
                &gain(lie.honest),
                &gain(lie.published),
                &gain(lie.caught),
                &gain(lie.uncaught),
                &percent(lie.beats_publishing_above()),
                &percent(lie.pays_above()),
                &percent(lie.beats_honesty_above()),
            ]);
        }
    }
    table.stands_in_the_document_as("carelessness");
}

/// The share of careless buyers, in per cent, above which a lie brings more than `target`: with this
/// chance to be drawn, and `drawn` for who is.
fn pays_above(lie: &Lie, target: i128, drawn: i128, chance: Permill) -> String {
    let uncaught = mean(chance.deconstruct(), drawn, lie.uncaught);
    if uncaught < target {
        return "never".into();
    }
    percent(break_even(target, lie.caught, uncaught))
}

#[test]
fn draws_make_lies_dearer_among_careless_buyers() {
    let chances = [0, 5, 10, 20].map(Permill::from_percent);
    let columns = ["delivers", "shows", "beats"].map(str::to_owned);
    let of_chances =
        chances.map(|chance| format!("drawn: {}", percent(chance.deconstruct().into())));
    let columns: Vec<_> = columns.iter().chain(&of_chances).map(String::as_str).collect();
    let mut table = Table::new(&columns, 3);
    for (delivers, shows, energy, evidence) in [
        ("nothing", "a forged commitment", 0, Evidence::Forged),
        ("nothing", "a commitment, hidden", 0, Evidence::Hidden),
        ("half", "a commitment, hidden", 5_000, Evidence::Hidden),
    ] {
        let market = Market::default();
        let lie = Lie::told(market, Wh(energy), evidence);
        let all = Market { draw_chance: Permill::one(), ..market };
        let drawn = play(all, seller(energy, evidence), Buyer::Careless);
        // Whoever is drawn is found out, and its buyer has what it had if it had complained.
        assert_eq!(drawn.seller.gain, lie.caught);
        for (what, target) in
            [("publishing", lie.published), ("not trading", 0), ("honesty", lie.honest)]
        {
            let shares = chances.map(|chance| pays_above(&lie, target, drawn.seller.gain, chance));
            let cells = [delivers, shows, what].map(str::to_owned);
            table.row(&cells.into_iter().chain(shares).collect::<Vec<_>>());
        }
    }
    table.stands_in_the_document_as("draws");
}

#[test]
fn who_is_drawn_and_has_delivered_loses_nothing() {
    let honest = seller(10_000, Evidence::Opened);
    let plain = play(Market::default(), honest, Buyer::Careful);
    let drawn =
        play(Market { draw_chance: Permill::one(), ..Market::default() }, honest, Buyer::Careful);
    assert_eq!(drawn.outcome, pallet_settlement::Outcome::Delivered);
    assert_eq!((drawn.seller.gain, drawn.buyer.gain), (plain.seller.gain, plain.buyer.gain));
    // Off-line it loses all: what a draw costs who is off-line once in twenty slots is in the document.
    let offline = Seller { answers: false, ..honest };
    let silent =
        play(Market { draw_chance: Permill::one(), ..Market::default() }, offline, Buyer::Careful);
    assert_eq!(silent.outcome, pallet_settlement::Outcome::Unanswered);
    assert!(silent.seller.gain < 0 && silent.buyer.gain > plain.buyer.gain);
}

#[test]
fn a_higher_deposit_makes_lies_dearer() {
    let mut table = Table::new(
        &[
            "deposit rate",
            "deposit",
            "silent, delivers nothing",
            "forged: beats not trading above",
            "forged: beats honesty above",
        ],
        0,
    );
    let mut last = 0;
    for deposit_rate in
        [least_rate(), Market::default().deposit_rate, Permill::from_percent(90), Permill::one()]
    {
        let market = Market { deposit_rate, ..Market::default() };
        let silent = play(market, seller(0, Evidence::Silence), Buyer::Careful);
        let lie = Lie::told(market, Wh::ZERO, Evidence::Forged);
        assert!(lie.beats_honesty_above() > last);
        assert!(silent.seller.gain < 0);
        last = lie.beats_honesty_above();
        table.row(&[
            percent(deposit_rate.deconstruct().into()),
            qed(silent.deposit),
            gain(silent.seller.gain),
            percent(lie.pays_above()),
            percent(lie.beats_honesty_above()),
        ]);
    }
    table.stands_in_the_document_as("deposits");
}

#[test]
fn provoking_defaults_costs_more_than_it_brings() {
    let complaining = Complaining::in_market(Market::default());
    let mut table = Table::new(&["really off-line", "gain per complaint"], 0);
    let assumed = Market::default().offline_share;
    for offline in [1, 2, 5, 7, 10, 20].map(Permill::from_percent) {
        let expected = complaining.expected(offline);
        assert!(offline > assumed || expected < 0);
        table.row(&[percent(offline.deconstruct().into()), gain(expected)]);
    }
    table.stands_in_the_document_as("provocation");
}
