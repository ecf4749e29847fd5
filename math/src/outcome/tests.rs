//! The table of outcomes by example, and what holds for every trade.

use super::*;
use proptest::prelude::*;

/// One and a half kWh: buyer 25, seller 20, fee 3, grid 30, shortfall 2 plancks/kWh; deposit 12.
const TRADE: Settlement = Settlement {
    energy: Wh(1_500),
    buyer_price: PricePerKwh(25),
    seller_price: PricePerKwh(20),
    grid_fee: PricePerKwh(3),
    fallback_price: PricePerKwh(30),
    shortfall_fee: PricePerKwh(2),
    payment: 37,
    deposit: 12,
};

#[test]
fn full_delivery_pays_everybody_and_frees_the_deposit() {
    let full = Payout {
        to_seller: 30,
        to_grid: 4,
        to_spread_fund: 3,
        deposit_back: 12,
        ..Payout::default()
    };
    assert_eq!(payout(&TRADE, Evidence::Metered(Wh(1_500))), Some(full));
    assert_eq!(payout(&TRADE, Evidence::Trusted), Some(full));
}

#[test]
fn more_than_was_traded_counts_as_all_of_it() {
    assert_eq!(payout(&TRADE, Evidence::Metered(Wh(u64::MAX))), payout(&TRADE, Evidence::Trusted));
}

#[test]
fn a_short_delivery_is_paid_for_and_the_deposit_covers_harm_and_fee() {
    // 1 kWh of 1.5: 25 due; the missing half costs 5 / 2 more elsewhere, and a fee of 1.
    let short = Payout {
        to_seller: 20,
        to_grid: 3,
        to_spread_fund: 2,
        refund: 12,
        compensation: 2,
        shortfall_fee: 1,
        deposit_back: 9,
        ..Payout::default()
    };
    assert_eq!(payout(&TRADE, Evidence::Metered(Wh(1_000))), Some(short));
}

#[test]
fn what_only_a_bill_told_costs_the_deposit_of_the_missing_part() {
    // A third is missing, and a third of the deposit is 4.
    let hidden = Payout {
        to_seller: 20,
        to_grid: 3,
        to_spread_fund: 2,
        refund: 12,
        compensation: 2,
        shortfall_fee: 1,
        forfeited: 1,
        deposit_back: 8,
        ..Payout::default()
    };
    assert_eq!(payout(&TRADE, Evidence::Billed(Wh(1_000))), Some(hidden));
    let all =
        Payout { refund: 37, compensation: 7, shortfall_fee: 3, forfeited: 2, ..Payout::default() };
    assert_eq!(payout(&TRADE, Evidence::Billed(Wh::ZERO)), Some(all));
    assert_eq!(payout(&TRADE, Evidence::Billed(Wh(1_500))), payout(&TRADE, Evidence::Trusted));
}

#[test]
fn who_did_not_object_pays_and_the_silent_seller_gets_nothing() {
    let forfeited =
        Payout { to_grid: 4, to_community_fund: 33, forfeited: 12, ..Payout::default() };
    assert_eq!(payout(&TRADE, Evidence::Forfeited), Some(forfeited));
}

#[test]
fn compensation_comes_before_the_fee() {
    let trade = Settlement { deposit: 8, ..TRADE };
    let found = payout(&trade, Evidence::Metered(Wh::ZERO)).unwrap();
    assert_eq!((found.compensation, found.shortfall_fee, found.deposit_back), (7, 1, 0));
}

#[test]
fn a_default_costs_the_whole_deposit_and_compensates_the_harm_only() {
    let default = Payout { refund: 37, compensation: 7, forfeited: 5, ..Payout::default() };
    assert_eq!(payout(&TRADE, Evidence::Nothing), Some(default));
}

#[test]
fn a_published_reading_of_nothing_keeps_the_rest_of_the_deposit() {
    let honest = Payout {
        refund: 37,
        compensation: 7,
        shortfall_fee: 3,
        deposit_back: 2,
        ..Payout::default()
    };
    assert_eq!(payout(&TRADE, Evidence::Metered(Wh::ZERO)), Some(honest));
}

#[test]
fn compensation_ends_with_the_deposit() {
    let trade = Settlement { deposit: 3, ..TRADE };
    let found = payout(&trade, Evidence::Nothing).unwrap();
    assert_eq!((found.compensation, found.forfeited), (3, 0));
}

#[test]
fn a_fallback_below_the_price_does_no_harm() {
    let trade = Settlement { fallback_price: PricePerKwh(24), ..TRADE };
    let found = payout(&trade, Evidence::Nothing).unwrap();
    assert_eq!((found.compensation, found.forfeited), (0, 12));
}

#[test]
fn a_trade_that_contradicts_itself_is_not_settled() {
    for trade in [
        Settlement { payment: 36, ..TRADE },
        Settlement { seller_price: PricePerKwh(24), ..TRADE },
        Settlement { buyer_price: PricePerKwh(u128::MAX), ..TRADE },
        Settlement { fallback_price: PricePerKwh(u128::MAX), energy: Wh(1_501), ..TRADE },
    ] {
        let evidence = Evidence::Metered(Wh(1_500));
        let settled = payout(&trade, evidence);
        if trade.energy == TRADE.energy {
            assert_eq!(settled, None, "{trade:?}");
        } else {
            // One watt-hour is missing, and its harm still fits.
            assert_eq!(settled.unwrap().compensation, 12);
        }
    }
    let dear = Settlement { fallback_price: PricePerKwh(u128::MAX), ..TRADE };
    assert_eq!(payout(&dear, Evidence::Nothing), None);
}

fn a_price() -> impl Strategy<Value = u128> {
    prop_oneof![0..40_u128, 0..400_000_000_000_u128, 0..1_u128 << 62]
}

/// A trade as clearing makes it; the fallback price may lie on either side of the buyer's.
fn a_trade() -> impl Strategy<Value = Settlement> {
    let energy = prop_oneof![0..5_000_u64, any::<u64>()].prop_map(Wh);
    let deposit = prop_oneof![0..100_u128, any::<u64>().prop_map(u128::from), 0..=u128::MAX];
    (energy, [a_price(), a_price(), a_price(), a_price(), a_price()], deposit).prop_map(
        |(energy, [seller, fee, spread, fallback, shortfall], deposit)| {
            let buyer_price = PricePerKwh(seller + fee + spread);
            Settlement {
                energy,
                buyer_price,
                seller_price: PricePerKwh(seller),
                grid_fee: PricePerKwh(fee),
                fallback_price: PricePerKwh(fallback),
                shortfall_fee: PricePerKwh(shortfall),
                payment: buyer_price.cost_floor(energy).unwrap(),
                deposit,
            }
        },
    )
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    prop_oneof![
        6 => any::<u64>().prop_map(|metered| Evidence::Metered(Wh(metered))),
        6 => (0..5_000_u64).prop_map(|metered| Evidence::Metered(Wh(metered))),
        6 => (0..5_000_u64).prop_map(|metered| Evidence::Billed(Wh(metered))),
        1 => Just(Evidence::Trusted),
        1 => Just(Evidence::Nothing),
        1 => Just(Evidence::Forfeited),
    ]
}

/// What the seller ends up with of the two holds.
fn sellers_total(payout: Payout) -> u128 {
    payout.to_seller.saturating_add(payout.deposit_back)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]

    #[test]
    fn every_planck_held_goes_somewhere(trade in a_trade(), evidence in any_evidence()) {
        let p = payout(&trade, evidence).expect("a sound trade is settled");
        let paid = p.to_seller + p.to_grid + p.to_spread_fund + p.to_community_fund;
        prop_assert_eq!(paid + p.refund, trade.payment);
        let lost = p.compensation + p.shortfall_fee + p.forfeited;
        prop_assert_eq!(lost + p.deposit_back, trade.deposit);
    }

    #[test]
    fn every_metered_watt_hour_is_paid(trade in a_trade(), evidence in any_evidence()) {
        let p = payout(&trade, evidence).unwrap();
        let delivered = u128::from(evidence.delivered(trade.energy).0);
        let sellers = match evidence {
            Evidence::Forfeited => 0,
            _ => trade.seller_price.0 * delivered / 1000,
        };
        prop_assert_eq!(p.to_seller, sellers);
        prop_assert_eq!(p.to_grid, trade.grid_fee.0 * delivered / 1000);
        prop_assert_eq!(trade.payment - p.refund, trade.buyer_price.0 * delivered / 1000);
    }

    #[test]
    fn delivering_less_never_pays_the_seller_more(
        trade in a_trade(), share_ppm in 0..=1_000_000_u64, less_ppm in 0..=1_000_000_u64,
    ) {
        let part = |energy: Wh, ppm: u64| {
            Wh((u128::from(energy.0) * u128::from(ppm) / 1_000_000) as u64)
        };
        let more = part(trade.energy, share_ppm);
        let less = part(more, less_ppm);
        let total = |evidence| sellers_total(payout(&trade, evidence).unwrap());
        prop_assert!(total(Evidence::Metered(less)) <= total(Evidence::Metered(more)));
        prop_assert!(total(Evidence::Nothing) <= total(Evidence::Metered(less)));
        prop_assert!(total(Evidence::Metered(more)) <= total(Evidence::Trusted));
        // Nor does hiding, nor saying nothing at all.
        prop_assert!(total(Evidence::Billed(less)) <= total(Evidence::Billed(more)));
        prop_assert!(total(Evidence::Billed(more)) <= total(Evidence::Metered(more)));
        prop_assert!(total(Evidence::Nothing) <= total(Evidence::Billed(less)));
        prop_assert_eq!(total(Evidence::Forfeited), 0);
    }

    #[test]
    fn a_buyer_gets_no_more_than_what_the_missing_energy_costs(
        trade in a_trade(), evidence in any_evidence(),
    ) {
        let p = payout(&trade, evidence).unwrap();
        let missing = trade.energy.saturating_sub(evidence.delivered(trade.energy));
        let dearer = trade.fallback_price.max(trade.buyer_price);
        prop_assert!(p.refund + p.compensation <= dearer.cost_ceil(missing).unwrap());
    }

    #[test]
    fn a_sufficient_deposit_makes_the_buyer_whole_to_one_planck(
        trade in a_trade(), evidence in any_evidence(),
    ) {
        let trade = Settlement { deposit: u128::MAX, ..trade };
        let p = payout(&trade, evidence).unwrap();
        let missing = trade.energy.saturating_sub(evidence.delivered(trade.energy));
        let dearer = trade.fallback_price.max(trade.buyer_price);
        prop_assert!(p.refund + p.compensation + 1 >= dearer.cost_floor(missing).unwrap());
    }

    #[test]
    fn no_numbers_panic(
        energy in any::<u64>(), prices in any::<[u128; 5]>(), payment in any::<u128>(),
        deposit in any::<u128>(), evidence in any_evidence(),
    ) {
        let trade = Settlement {
            energy: Wh(energy),
            buyer_price: PricePerKwh(prices[0]),
            seller_price: PricePerKwh(prices[1]),
            grid_fee: PricePerKwh(prices[2]),
            fallback_price: PricePerKwh(prices[3]),
            shortfall_fee: PricePerKwh(prices[4]),
            payment,
            deposit,
        };
        let _ = payout(&trade, evidence);
    }
}
