//! What the participants of the played community ask and bid, and how honest they are.
//!
//! Everything here is a pure function of the seed, the participant and the slot's offset from
//! the first one played, so that two runs with one seed do the same.
//!
//! ### Rules
//! - Let *w* be the width of the corridor that remains for trade: cap less grid fee less
//!   floor. Each slot has a mood *m* and each participant in it a will *u*, both drawn
//!   uniformly from [0, 1). A seller asks floor + w (0.10 m + 0.20 u), a buyer bids
//!   floor + fee + w (0.50 + 0.30 m + 0.20 u), both rounded down to the tick. So every bid
//!   meets every ask and all that is tradable normally trades, while the price moves with
//!   the mood and with who is left out.
//! - The energy of an order is the participant's surplus or deficit, rounded down to the lot;
//!   below the least order there is no order.
//! - Orders arrive in an order drawn anew for each slot.
//! - A share of the participants, one in five by default, keep their habits private: where
//!   they sell, they commit to their meter's bill and open it to their buyers. The others publish
//!   their readings.
//! - Of the buyers who got an opening, half check it and, if it covers their trade, acknowledge.
//! - Some of those who offer energy cheat. Over the slots played, a share of all offers
//!   (10 % by default) is *under-delivered*: the meter signs half of what was sold. Another
//!   share (5 %) is met with *silence*: neither commitment nor reading. For a third share (2 %)
//!   the seller *hides* its bill, of half of what was sold: it commits, opens nothing to anybody, so
//!   that its buyers complain, and does not reveal. The shares are kept as running quotas, so that
//!   a cheat comes as soon as enough energy was offered; who it is, is drawn. Nobody is silent or
//!   hides twice in all, since a second default means exclusion.

use qedex_client::market::{Corridor, Side};
use qedex_math::{PricePerKwh, Wh};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use std::collections::BTreeSet;

/// Parts per million.
pub const MILLION: u32 = 1_000_000;

/// An order that a participant wants to place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Whose: the participant's place in the community.
    pub participant: usize,
    /// Buy or sell.
    pub side: Side,
    /// The worst price that will do.
    pub limit: PricePerKwh,
    /// How much.
    pub energy: Wh,
}

/// How a seller answers for what it sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cheat {
    /// Its meter signs half of what it sold.
    UnderDelivers,
    /// It neither commits nor publishes.
    StaysSilent,
    /// It commits, and neither opens nor reveals.
    Hides,
}

/// Which shares of the community do what, in parts per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Participants who commit instead of publishing where they sell.
    pub private: u32,
    /// Offers that are under-delivered.
    pub under_delivered: u32,
    /// Offers that are met with silence.
    pub silent: u32,
    /// Offers for which the seller commits, and neither opens nor reveals.
    pub hiding: u32,
}

impl Default for Shares {
    fn default() -> Self {
        Self { private: 200_000, under_delivered: 100_000, silent: 50_000, hiding: 20_000 }
    }
}

/// What a draw is for. Each purpose has random numbers of its own.
#[derive(Clone, Copy)]
enum Purpose {
    Mood = 1,
    Will = 2,
    Arrival = 3,
    Privacy = 4,
    UnderDelivery = 5,
    Silence = 6,
    Hiding = 7,
    Acknowledgement = 8,
}

/// The share of the buyers with an opening who acknowledge, in parts per million.
const ACKNOWLEDGING: u32 = 500_000;

/// The seeded behaviour of the community.
#[derive(Clone, Debug)]
pub struct Strategy {
    seed: u64,
    shares: Shares,
}

/// 32-bit words in a block of the cipher: one block per slot and purpose.
const WORDS_PER_BLOCK: u128 = 16;

impl Strategy {
    /// The behaviour that belongs to `seed`.
    pub const fn new(seed: u64, shares: Shares) -> Self {
        Self { seed, shares }
    }

    /// 64 random bits: a pure function of the seed and the arguments.
    fn draw(&self, purpose: Purpose, participant: usize, offset: usize) -> u64 {
        let mut cipher = ChaCha8Rng::seed_from_u64(self.seed);
        let participant = u64::try_from(participant).unwrap_or(u64::MAX) & u64::from(u32::MAX);
        cipher.set_stream(((purpose as u64) << 32) | participant);
        cipher.set_word_pos(WORDS_PER_BLOCK.saturating_mul(offset as u128));
        cipher.next_u64()
    }

    /// A draw from [0, 1) in parts per million.
    fn unit(&self, purpose: Purpose, participant: usize, offset: usize) -> u128 {
        // The upper half of the product is below one million: uniform but for 2^-44.
        (u128::from(self.draw(purpose, participant, offset)) * u128::from(MILLION)) >> 64
    }

    /// The limit price of `participant` in the slot at `offset`.
    pub fn limit(
        &self,
        side: Side,
        corridor: &Corridor,
        participant: usize,
        offset: usize,
    ) -> PricePerKwh {
        let width = corridor.cap.0.saturating_sub(corridor.grid_fee.0);
        let width = width.saturating_sub(corridor.floor.0);
        let mood = self.unit(Purpose::Mood, 0, offset);
        let will = self.unit(Purpose::Will, participant, offset);
        let (base, place_ppm) = match side {
            Side::Ask => (corridor.floor.0, (10 * mood + 20 * will) / 100),
            Side::Bid => (
                corridor.floor.0.saturating_add(corridor.grid_fee.0),
                (50 * u128::from(MILLION) + 30 * mood + 20 * will) / 100,
            ),
        };
        let limit = base.saturating_add(width.saturating_mul(place_ppm) / u128::from(MILLION));
        let tick = corridor.tick.0.max(1);
        // Rounding down must not leave the corridor where the floor is off the tick.
        let rounded = limit / tick * tick;
        PricePerKwh(if rounded < corridor.floor.0 { rounded + tick } else { rounded })
    }

    /// The orders of the slot at `offset`, in order of arrival. `surplus_and_deficit` has one
    /// pair per participant.
    pub fn orders(
        &self,
        corridor: &Corridor,
        surplus_and_deficit: &[(Wh, Wh)],
        offset: usize,
    ) -> Vec<Intent> {
        let lot = corridor.lot.0.max(1);
        let mut orders: Vec<Intent> = surplus_and_deficit
            .iter()
            .enumerate()
            .filter_map(|(participant, (surplus, deficit))| {
                let (side, energy) =
                    if surplus.is_zero() { (Side::Bid, deficit) } else { (Side::Ask, surplus) };
                let energy = Wh(energy.0 / lot * lot);
                let limit = self.limit(side, corridor, participant, offset);
                (!energy.is_zero() && energy >= corridor.least_order).then_some(Intent {
                    participant,
                    side,
                    limit,
                    energy,
                })
            })
            .collect();
        orders.sort_by_key(|order| {
            (self.draw(Purpose::Arrival, order.participant, offset), order.participant)
        });
        orders
    }

    /// Whether `participant` commits instead of publishing where it sells.
    pub fn is_private(&self, participant: usize) -> bool {
        self.unit(Purpose::Privacy, participant, 0) < u128::from(self.shares.private)
    }

    /// Whether `participant` acknowledges what it bought in the slot at `offset`, if it may.
    pub fn acknowledges(&self, participant: usize, offset: usize) -> bool {
        self.unit(Purpose::Acknowledgement, participant, offset) < u128::from(ACKNOWLEDGING)
    }

    /// Who cheats, slot by slot: `offers` names the sellers of each slot.
    pub fn cheats(&self, offers: &[Vec<usize>]) -> Vec<Vec<(usize, Cheat)>> {
        let mut offered = 0_u64;
        let mut under_delivered = Quota::new(self.shares.under_delivered);
        let mut silent = Quota::new(self.shares.silent);
        let mut hiding = Quota::new(self.shares.hiding);
        let mut defaulted = BTreeSet::new();
        let mut plan = Vec::with_capacity(offers.len());
        for (offset, sellers) in offers.iter().enumerate() {
            offered = offered.saturating_add(sellers.len() as u64);
            let mut cheats = Vec::new();
            let ranked = |purpose: Purpose| {
                let mut ranked = sellers.clone();
                ranked.sort_by_key(|seller| (self.draw(purpose, *seller, offset), *seller));
                ranked
            };
            for (purpose, quota, kind) in [
                (Purpose::Silence, &mut silent, Cheat::StaysSilent),
                (Purpose::Hiding, &mut hiding, Cheat::Hides),
            ] {
                for seller in ranked(purpose) {
                    if !quota.is_due(offered) {
                        break;
                    }
                    if defaulted.insert(seller) {
                        quota.take();
                        cheats.push((seller, kind));
                    }
                }
            }
            for seller in ranked(Purpose::UnderDelivery) {
                if !under_delivered.is_due(offered) {
                    break;
                }
                if cheats.iter().all(|(cheat, _)| *cheat != seller) {
                    under_delivered.take();
                    cheats.push((seller, Cheat::UnderDelivers));
                }
            }
            plan.push(cheats);
        }
        plan
    }
}

/// A running share of a growing number.
struct Quota {
    share: u32,
    taken: u64,
}

impl Quota {
    const fn new(share: u32) -> Self {
        Self { share, taken: 0 }
    }

    /// Whether the share of `total`, rounded up, is not yet reached.
    fn is_due(&self, total: u64) -> bool {
        let quota = total.saturating_mul(u64::from(self.share)).div_ceil(u64::from(MILLION));
        self.taken < quota
    }

    fn take(&mut self) {
        self.taken = self.taken.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_arithmetic::Permill;

    const CORRIDOR: Corridor = Corridor {
        floor: PricePerKwh(80_000_000_000),
        cap: PricePerKwh(300_000_000_000),
        grid_fee: PricePerKwh(20_000_000_000),
        tick: PricePerKwh(1_000_000_000),
        lot: Wh(100),
        least_order: Wh(100),
        wh_per_key: Wh(1_000),
        deposit_rate: Permill::from_percent(70),
    };

    fn strategy(seed: u64) -> Strategy {
        Strategy::new(seed, Shares::default())
    }

    #[test]
    fn limits_lie_on_the_tick_inside_the_corridor_and_cross() {
        for participant in 0..50 {
            for offset in 0..50 {
                let ask = strategy(1).limit(Side::Ask, &CORRIDOR, participant, offset);
                let bid = strategy(1).limit(Side::Bid, &CORRIDOR, participant, offset);
                for limit in [ask, bid] {
                    assert_eq!(limit.0 % CORRIDOR.tick.0, 0);
                    assert!(limit >= CORRIDOR.floor && limit <= CORRIDOR.cap);
                }
                assert!(bid.0 >= ask.0 + CORRIDOR.grid_fee.0);
            }
        }
    }

    #[test]
    fn limits_stay_inside_a_corridor_that_is_off_the_tick() {
        let corridor = Corridor { floor: PricePerKwh(80_500_000_000), ..CORRIDOR };
        for participant in 0..200 {
            let ask = strategy(1).limit(Side::Ask, &corridor, participant, 0);
            assert!(ask >= corridor.floor && ask.0.is_multiple_of(corridor.tick.0));
        }
    }

    #[test]
    fn prices_move_from_slot_to_slot() {
        let limits: BTreeSet<_> =
            (0..8).map(|offset| strategy(1).limit(Side::Bid, &CORRIDOR, 3, offset)).collect();
        assert!(limits.len() > 4, "{limits:?}");
    }

    #[test]
    fn one_seed_does_the_same_twice_and_another_does_not() {
        let flows: Vec<_> = (0..60_u64)
            .map(|n| if n % 3 == 0 { (Wh(n * 37), Wh::ZERO) } else { (Wh::ZERO, Wh(n * 53)) })
            .collect();
        let orders = |seed| strategy(seed).orders(&CORRIDOR, &flows, 5);
        assert_eq!(orders(1), orders(1));
        assert_ne!(orders(1), orders(2));
        let arrival: Vec<_> = orders(1).iter().map(|order| order.participant).collect();
        assert!(!arrival.is_sorted(), "arrival is drawn");
    }

    #[test]
    fn orders_are_whole_lots_of_at_least_the_least_order() {
        let flows = [(Wh(199), Wh(0)), (Wh(0), Wh(99)), (Wh(0), Wh(0)), (Wh(0), Wh(1_234))];
        let orders = strategy(1).orders(&CORRIDOR, &flows, 0);
        let of = |n| orders.iter().find(|o| o.participant == n).map(|o| (o.side, o.energy.0));
        assert_eq!(of(0), Some((Side::Ask, 100)));
        assert_eq!(of(1), None);
        assert_eq!(of(2), None);
        assert_eq!(of(3), Some((Side::Bid, 1_200)));
    }

    #[test]
    fn about_a_fifth_is_private() {
        let private = (0..10_000).filter(|n| strategy(1).is_private(*n)).count();
        assert!((1_900..2_100).contains(&private), "{private}");
    }

    #[test]
    fn about_half_of_the_buyers_acknowledge_and_not_always_the_same() {
        let of = |offset| (0..1_000).filter(move |n| strategy(1).acknowledges(*n, offset));
        assert!((450..550).contains(&of(0).count()));
        assert!(!of(0).eq(of(1)));
    }

    #[test]
    fn cheats_keep_their_shares_and_nobody_defaults_twice() {
        let offers: Vec<Vec<usize>> = (0..12).map(|_| (0..20).collect()).collect();
        for seed in 0..20 {
            let plan = strategy(seed).cheats(&offers);
            let all: Vec<_> = plan.iter().flatten().collect();
            let count = |kind| all.iter().filter(|(_, cheat)| *cheat == kind).count();
            assert_eq!(count(Cheat::StaysSilent), 12, "5 % of 240 offers");
            assert_eq!(count(Cheat::Hides), 5, "2 % of 240 offers");
            assert_eq!(count(Cheat::UnderDelivers), 24, "10 % of 240 offers");
            let defaults: Vec<_> =
                all.iter().filter(|(_, kind)| *kind != Cheat::UnderDelivers).collect();
            let distinct: BTreeSet<_> = defaults.iter().map(|(seller, _)| seller).collect();
            assert_eq!(distinct.len(), defaults.len());
            for slot in &plan {
                let sellers: BTreeSet<_> = slot.iter().map(|(seller, _)| seller).collect();
                assert_eq!(sellers.len(), slot.len(), "one cheat per seller and slot");
            }
        }
    }

    #[test]
    fn a_few_slots_with_few_sellers_have_a_cheat_of_each_kind() {
        for seed in 0..20 {
            let plan = strategy(seed).cheats(&[vec![3, 7, 9], vec![7], vec![], vec![3]]);
            let kinds: BTreeSet<_> = plan.iter().flatten().map(|(_, kind)| *kind).collect();
            assert_eq!(kinds.len(), 3);
        }
    }

    #[test]
    fn the_honest_community_has_no_cheats() {
        let shares = Shares { under_delivered: 0, silent: 0, hiding: 0, ..Shares::default() };
        let plan = Strategy::new(1, shares).cheats(&[vec![1, 2, 3]]);
        assert!(plan.iter().all(Vec::is_empty));
    }
}
