//! With the default parameters nothing pays as well as honesty.

use super::{document::*, round::*};
use crate::MILLI_QED;
use qedex_primitives::{PricePerKwh, Wh};

/// No party pays more than this for the transactions of a trade.
pub const FEES: u128 = 10 * MILLI_QED;

pub fn seller(delivers: u64, evidence: Evidence) -> Seller {
    Seller { delivers: Wh(delivers), evidence, answers: true }
}

fn play_cheaply(market: Market, seller: Seller, buyer: Buyer) -> Played {
    let played = play(market, seller, buyer);
    assert!(played.seller.fees < FEES && played.buyer.fees < FEES);
    played
}

/// What a seller can do, with the words for it. The first two are honest.
const SELLERS: [(&str, &str, u64, Evidence); 9] = [
    ("all", "its reading", 10_000, Evidence::Reading),
    ("all", "a commitment, opened", 10_000, Evidence::Opened),
    ("nothing", "nothing", 0, Evidence::Silence),
    ("nothing", "its reading", 0, Evidence::Reading),
    ("nothing", "a commitment, hidden", 0, Evidence::Hidden),
    ("nothing", "a forged commitment", 0, Evidence::Forged),
    ("half", "its reading", 5_000, Evidence::Reading),
    ("half", "a commitment, hidden", 5_000, Evidence::Hidden),
    ("half", "a forged commitment", 5_000, Evidence::Forged),
];

#[test]
fn an_honest_seller_gains_most() {
    let mut table = Table::new(
        &["delivers", "shows", "outcome", "seller's gain", "buyer's gain", "seller's standing"],
        3,
    );
    let mut honest = None;
    for (delivers, shows, energy, evidence) in SELLERS {
        let played = play_cheaply(Market::default(), seller(energy, evidence), Buyer::Careful);
        let most = *honest.get_or_insert(played.seller.gain);
        if energy == ENERGY.0 {
            assert_eq!(played.seller.gain, most);
        } else {
            assert!(played.seller.gain < most, "{delivers}, {shows}");
            // Nor does a careful buyer lose by it.
            assert!(played.buyer.gain >= most);
        }
        table.row(&[
            delivers,
            shows,
            &format!("`{:?}`", played.outcome),
            &gain(played.seller.gain),
            &gain(played.buyer.gain),
            &standing(played.seller.standing),
        ]);
    }
    table.stands_in_the_document_as("sellers");
}

#[test]
fn a_buyer_who_complains_about_everything_gains_less() {
    let complaining = |answers| {
        let seller = Seller { answers, ..seller(10_000, Evidence::Opened) };
        play_cheaply(Market::default(), seller, Buyer::Complains).buyer
    };
    let honest =
        play_cheaply(Market::default(), seller(10_000, Evidence::Opened), Buyer::Careful).buyer;
    let (answered, unanswered) = (complaining(true), complaining(false));
    let offline = Market::default().offline_share.deconstruct();
    let expected = mean(offline, unanswered.gain, answered.gain);
    assert!(expected < honest.gain);
    let mut table = Table::new(&["the buyer", "gain", "its standing"], 1);
    for (what, gained, ppm) in [
        ("looks, and has no reason to complain", honest.gain, Some(honest)),
        ("complains, and the seller answers", answered.gain, Some(answered)),
        ("complains, and the seller is off-line", unanswered.gain, Some(unanswered)),
        ("complains about everything, one seller in twenty being off-line", expected, None),
    ] {
        let ppm = ppm.map(|fared| standing(fared.standing));
        table.row(&[what, &gain(gained), ppm.as_deref().unwrap_or("")]);
    }
    table.stands_in_the_document_as("buyers");
}

#[test]
fn two_in_league_lose_by_trades_without_delivery() {
    let silent = Seller { answers: false, ..seller(0, Evidence::Forged) };
    let games = [
        ("trade what they have, with a reading", seller(10_000, Evidence::Reading), Buyer::Careful),
        (
            "trade what they have, and the buyer acknowledges",
            seller(10_000, Evidence::Silence),
            Buyer::Acknowledges,
        ),
        (
            "trade nothing, and the buyer acknowledges",
            seller(0, Evidence::Silence),
            Buyer::Acknowledges,
        ),
        ("trade nothing, and nobody complains about a forged commitment", silent, Buyer::Careless),
        ("trade nothing, and the meter says so", seller(0, Evidence::Reading), Buyer::Careless),
        ("trade nothing, and a complaint is not answered", silent, Buyer::Complains),
    ];
    let mut table =
        Table::new(&["the two", "gain together", "seller's standing", "buyer's standing"], 1);
    let mut honest = None;
    for (what, seller, buyer) in games {
        let played = play_cheaply(Market::default(), seller, buyer);
        let together = played.together();
        let most = *honest.get_or_insert(together);
        if seller.delivers == ENERGY {
            assert_eq!(together, most);
        } else {
            assert!(together < 0 && together < most, "{what}");
            // What raises the seller's standing costs at least the grid's fee.
            let fee = crate::presets::leader_terms().grid_fee.cost_floor(ENERGY);
            let raised = played.seller.standing > 500_000;
            assert!(!raised || -together >= fee.unwrap() as i128);
        }
        table.row(&[
            what,
            &gain(together),
            &standing(played.seller.standing),
            &standing(played.buyer.standing),
        ]);
    }
    table.stands_in_the_document_as("colluders");
}

/// As much as the seller can get: the grid price less the grid's fee.
pub fn highest_price() -> PricePerKwh {
    let terms = crate::presets::leader_terms();
    terms.cap.saturating_sub(terms.grid_fee)
}

#[test]
fn a_phantom_ask_near_the_cap_costs_its_fee() {
    let market = Market { price: highest_price(), ..Market::default() };
    let mut table = Table::new(
        &[
            "delivers",
            "shows",
            "seller's gain",
            "buyer's gain",
            "seller's standing",
            "held of the seller",
            "held of the buyer",
            "keys used",
        ],
        2,
    );
    let mut honest = None;
    for (delivers, shows, energy, evidence) in [
        ("all", "its reading", 10_000, Evidence::Reading),
        ("nothing", "its reading", 0, Evidence::Reading),
        ("nothing", "a commitment, hidden", 0, Evidence::Hidden),
        ("nothing", "nothing", 0, Evidence::Silence),
    ] {
        let played = play_cheaply(market, seller(energy, evidence), Buyer::Careful);
        let gained = played.seller.gain;
        let most = *honest.get_or_insert(gained);
        // Missing energy pays, though its buyer has no harm.
        assert!(energy == ENERGY.0 || gained < 0 && gained < most);
        table.row(&[
            delivers,
            shows,
            &gain(gained),
            &gain(played.buyer.gain),
            &standing(played.seller.standing),
            &qed(played.deposit),
            &qed(played.payment),
            &played.keys_used.to_string(),
        ]);
    }
    table.stands_in_the_document_as("phantoms");
}

#[test]
fn withholding_an_opening_costs_both_the_bond() {
    let mut table =
        Table::new(&["the seller delivers all and", "seller's gain", "buyer's gain"], 1);
    let [opened, hidden] = [Evidence::Opened, Evidence::Hidden]
        .map(|evidence| play_cheaply(Market::default(), seller(10_000, evidence), Buyer::Careful));
    let bond = hidden.amounts.bond_to_community_fund as i128;
    assert_eq!(hidden.seller.gain, opened.seller.gain - bond);
    assert_eq!(hidden.buyer.gain, opened.buyer.gain - bond);
    assert!(bond > 0);
    for (what, played) in
        [("opens its commitment", opened), ("opens it to nobody until the buyer complains", hidden)]
    {
        table.row(&[what, &gain(played.seller.gain), &gain(played.buyer.gain)]);
    }
    table.stands_in_the_document_as("withheld");
}
