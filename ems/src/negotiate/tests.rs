use super::*;
use proptest::prelude::*;

/// A price in hundredths.
fn price(hundredths: u64) -> Price {
    Price(hundredths * 10_u64.pow(PLACES - 2))
}

fn range(side: Side, best: u64, worst: u64) -> Range {
    Range::new(side, price(best * 100), price(worst * 100)).unwrap()
}

fn terms(buyers: Policy) -> Terms {
    Terms { steps: 20, tick: price(1), buyers, sellers: Policy::ByTime(Beta::LINEAR) }
}

/// SETM's six buyers, from the lowest bid to the highest, and its generator.
const BUYERS: [(u64, u64); 6] = [(34, 46), (34, 46), (36, 48), (36, 48), (38, 48), (36, 50)];

fn generator() -> Range {
    range(Side::Seller, 52, 40)
}

/// Price in hundredths and messages of each buyer.
fn deals(buyers: Policy) -> Vec<(u64, u32)> {
    let of = |(best, worst)| {
        let buyer = range(Side::Buyer, best, worst);
        match negotiate(&buyer, &generator(), &terms(buyers)).unwrap() {
            Outcome::Deal { price, messages, .. } => (price.0 / 10_u64.pow(PLACES - 2), messages),
            Outcome::NoDeal => panic!("no deal from {best} to {worst}"),
        }
    };
    BUYERS.into_iter().map(of).collect()
}

#[test]
fn setm_s_buyers_and_generator_come_to_these_prices() {
    let linear = deals(Policy::ByTime(Beta::LINEAR));
    assert_eq!(
        linear,
        [(4_300, 16), (4_300, 16), (4_380, 14), (4_380, 14), (4_450, 14), (4_480, 13)]
    );
    let prices = |policy| {
        deals(Policy::ByTime(policy)).into_iter().map(|(price, _)| price).collect::<Vec<_>>()
    };
    assert_eq!(prices(Beta::BOULWARE), [4_240, 4_240, 4_275, 4_275, 4_360, 4_360]);
    assert_eq!(prices(Beta::CONCEDER), [4_367, 4_367, 4_489, 4_489, 4_541, 4_600]);
}

#[test]
fn what_both_would_take_ranges_from_one_s_worst_price_to_the_other_s() {
    let middle = |(best, worst)| {
        let (least, most) = overlap(&range(Side::Buyer, best, worst), &generator()).unwrap();
        (least.0 + most.0) / 2 / 10_u64.pow(PLACES)
    };
    assert_eq!(BUYERS.map(middle), [43, 43, 44, 44, 44, 45]);
}

#[test]
fn ranges_that_do_not_meet_end_without_a_deal() {
    let buyer = range(Side::Buyer, 34, 39);
    assert_eq!(overlap(&buyer, &generator()), Err(Unfit::NoOverlap));
    for policy in [Policy::ByTime(Beta::LINEAR), Policy::ByTime(Beta::CONCEDER), Policy::TitForTat]
    {
        assert_eq!(negotiate(&buyer, &generator(), &terms(policy)), Ok(Outcome::NoDeal));
    }
}

#[test]
fn ranges_that_meet_in_one_price_come_to_it_at_the_last_step() {
    let buyer = range(Side::Buyer, 34, 40);
    let deal = negotiate(&buyer, &generator(), &terms(Policy::ByTime(Beta::LINEAR)));
    // The seller's offer of step 20 is its worst price, and so would be the buyer's next.
    let at_last = Outcome::Deal { price: price(4_000), messages: 21, accepted_by: Side::Buyer };
    assert_eq!(deal, Ok(at_last));
}

#[test]
fn tit_for_tat_gives_what_it_was_given() {
    let buyer = range(Side::Buyer, 34, 46);
    // The seller gives 1.20 in two steps, and so does the buyer one step later.
    let deal = negotiate(&buyer, &generator(), &terms(Policy::TitForTat)).unwrap();
    let Outcome::Deal { price: found, messages, .. } = deal else { panic!("no deal") };
    assert_eq!((found, messages), (price(4_240), 16));
    // Two of them wait for each other.
    let both = Terms { sellers: Policy::TitForTat, ..terms(Policy::TitForTat) };
    assert_eq!(negotiate(&buyer, &generator(), &both), Ok(Outcome::NoDeal));
    // Unless the first offer is good enough.
    let cheap = range(Side::Seller, 33, 30);
    let at_once = Outcome::Deal { price: price(3_300), messages: 1, accepted_by: Side::Buyer };
    assert_eq!(negotiate(&buyer, &cheap, &both), Ok(at_once));
}

#[test]
fn buyers_round_down_to_the_tick_and_sellers_up() {
    let (buyer, seller) = (range(Side::Buyer, 0, 10), range(Side::Seller, 10, 0));
    let coarse = Terms { steps: 3, tick: price(300), ..terms(Policy::ByTime(Beta::LINEAR)) };
    // The seller's 10 is told as 12. The buyer would have 20/3 next, which is 6, and has 10/3 now, which is 3; the
    // seller's next is 10/3, told as 6, and the buyer's next 10, told as 9.
    let deal = Outcome::Deal { price: price(600), messages: 3, accepted_by: Side::Buyer };
    assert_eq!(negotiate(&buyer, &seller, &coarse), Ok(deal));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let new = |side, best, worst| Range::new(side, price(best), price(worst));
    assert_eq!(new(Side::Buyer, 2, 1), Err(Unfit::BestIsWorse));
    assert_eq!(new(Side::Seller, 1, 2), Err(Unfit::BestIsWorse));
    assert!(new(Side::Seller, 1, 1).is_ok());
    let (buyer, linear) = (range(Side::Buyer, 34, 46), terms(Policy::ByTime(Beta::LINEAR)));
    let refused = |terms| negotiate(&buyer, &generator(), &terms).unwrap_err();
    assert_eq!(refused(Terms { steps: 0, ..linear }), Unfit::Steps);
    assert_eq!(refused(Terms { steps: MOST_STEPS + 1, ..linear }), Unfit::Steps);
    assert_eq!(refused(Terms { tick: Price(0), ..linear }), Unfit::NoTick);
    assert_eq!(refused(Terms { tick: price(4_601), ..linear }), Unfit::OffTick);
    assert_eq!(negotiate(&generator(), &buyer, &linear), Err(Unfit::Sides));
    for beta in ["0", "-1", "0.001", "100.01", "nan", "", "soft"] {
        assert_eq!(beta.parse::<Policy>(), Err(BadBeta), "{beta}");
    }
    assert_eq!("0.5".parse(), Ok(Policy::ByTime(Beta::BOULWARE)));
    assert_eq!("conceder".parse(), Ok(Policy::ByTime(Beta::CONCEDER)));
    assert_eq!("tit-for-tat".parse(), Ok(Policy::TitForTat));
}

/// The rule in floating point, told apart from it by no more than a tick.
fn roughly(side: Side, best: u64, worst: u64, part: f64) -> f64 {
    let way = best.abs_diff(worst) as f64 * part;
    match side {
        Side::Buyer => best as f64 + way,
        Side::Seller => best as f64 - way,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// The largest way that is not above `(t/T)^(1/beta)` of the range, by trying all with betas whose powers are
    /// whole: 1/beta = 1, 2, 3, and beta = 2, 3.
    #[test]
    fn a_step_is_conceded_as_far_as_the_power_goes(
        range in 0..400_u64, step in 0..12_u32, steps in 12..40_u32, which in 0..4_usize,
    ) {
        let (hundredths, power, root) = [(100, 1, 1), (50, 1, 2), (25, 1, 4), (200, 2, 1)][which];
        let beta = Beta::from_hundredths(hundredths).unwrap();
        let (t, all) = (u128::from(step), u128::from(steps));
        let fits = |gone: &u64| u128::from(*gone).pow(power) * all.pow(root) <= t.pow(root) * u128::from(range).pow(power);
        let gone = (0..=range).filter(fits).max().unwrap();
        for (side, best, worst, expected) in [
            (Side::Buyer, 1_000, 1_000 + range, 1_000 + gone),
            (Side::Seller, 1_000 + range, 1_000, 1_000 + range - gone),
        ] {
            let range = Range::new(side, Price(best), Price(worst)).unwrap();
            let terms = Terms { steps, tick: Price(1), ..terms(Policy::ByTime(beta)) };
            let mover = Mover::new(&range, Policy::ByTime(beta), &terms).unwrap();
            let offer = mover.offer(step, &Offers::default(), &Offers::default());
            prop_assert_eq!(mover.price(offer), Price(expected));
        }
    }

    #[test]
    fn offers_stay_in_their_range_and_go_one_way(
        (low, high) in (0..1_u64 << 40, 0..1_u64 << 40), tick in 1..1_000_u64, hundredths in 1..=1_000_u32, steps in 1..30_u32,
    ) {
        let (low, high) = (low.min(high) + 1_000, low.max(high) + 1_000);
        let beta = Beta::from_hundredths(hundredths).unwrap();
        let policy = Policy::ByTime(beta);
        for (side, best, worst) in [(Side::Buyer, low, high), (Side::Seller, high, low)] {
            let range = Range::new(side, Price(best), Price(worst)).unwrap();
            let terms = Terms { steps, tick: Price(tick), ..terms(policy) };
            let mover = Mover::new(&range, policy, &terms).unwrap();
            let mut last: Option<u64> = None;
            for step in 0..=steps {
                let found = mover.price(mover.offer(step, &Offers::default(), &Offers::default())).0;
                prop_assert!(found.is_multiple_of(tick));
                let part = (f64::from(step) / f64::from(steps)).powf(100.0 / f64::from(hundredths));
                let off = found as f64 - roughly(side, best, worst, part);
                let (tick, slack) = (tick as f64, 1e-3 * (high as f64).sqrt());
                match side {
                    Side::Buyer => prop_assert!(found <= worst && off < slack && off > -tick - slack),
                    Side::Seller => prop_assert!(found >= worst && off > -slack && off < tick + slack),
                }
                let ahead = last.is_none_or(|last| if side == Side::Buyer { found >= last } else { found <= last });
                prop_assert!(ahead);
                last = Some(found);
            }
        }
    }

    /// Whoever accepts takes no less than its worst, and so does whoever offered.
    #[test]
    fn a_deal_is_within_both_ranges(
        b in (0..10_000_u64, 0..10_000_u64), s in (0..10_000_u64, 0..10_000_u64), tick in 1..50_u64,
        betas in (1..=400_u32, 1..=400_u32), tits in (any::<bool>(), any::<bool>()), steps in 1..40_u32,
    ) {
        let policy = |beta, tit| if tit { Policy::TitForTat } else { Policy::ByTime(Beta::from_hundredths(beta).unwrap()) };
        let buyer = Range::new(Side::Buyer, Price(b.0.min(b.1) + 50), Price(b.0.max(b.1) + 50)).unwrap();
        let seller = Range::new(Side::Seller, Price(s.0.max(s.1)), Price(s.0.min(s.1))).unwrap();
        let terms = Terms { steps, tick: Price(tick), buyers: policy(betas.0, tits.0), sellers: policy(betas.1, tits.1) };
        match negotiate(&buyer, &seller, &terms).unwrap() {
            Outcome::Deal { price, messages, accepted_by } => {
                prop_assert!(price <= buyer.worst() && price >= seller.worst());
                prop_assert!(price.0.is_multiple_of(tick) && messages <= steps + 1);
                // The seller has the odd messages.
                prop_assert_eq!(accepted_by == Side::Buyer, messages % 2 == 1);
            }
            Outcome::NoDeal => {
                let meet = overlap(&buyer, &seller).is_ok_and(|(least, most)| least.0.div_ceil(tick) <= most.0 / tick);
                prop_assert!(!meet || tits.0 || tits.1);
            }
        }
    }
}
