//! Whether a false limit pays where it is claimed that it does not.

use super::*;

/// A small deterministic generator (xorshift64*).
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }
}

/// Whose order it is.
#[derive(Clone, Copy, Debug)]
enum Who {
    Buyer(usize),
    Seller(usize),
}

struct Market {
    bids: Vec<Order>,
    asks: Vec<Order>,
    most: Wh,
}

impl Market {
    /// Orders of 1 to `largest` watt-hours with limits in the corridor.
    fn draw(draws: &mut Draws, largest: u64) -> Self {
        let mut side = |most: u64| -> Vec<Order> {
            (0..1 + draws.below(most))
                .map(|_| Order {
                    limit: PricePerKwh(u128::from(8 + draws.below(23))),
                    energy: Wh(1 + draws.below(largest)),
                })
                .collect()
        };
        let (bids, asks) = (side(6), side(6));
        let most = match draws.below(3) {
            0 => NO_CAP,
            _ => Wh(draws.below(6 * largest)),
        };
        Self { bids, asks, most }
    }

    fn clear(&self, rule: Rule) -> Cleared {
        let book = Book { bids: &self.bids, asks: &self.asks };
        clear(rule, book, &CORRIDOR, self.most)
    }

    fn limit_of(&mut self, who: Who) -> &mut PricePerKwh {
        match who {
            Who::Buyer(place) => &mut self.bids[place].limit,
            Who::Seller(place) => &mut self.asks[place].limit,
        }
    }

    fn everybody(&self) -> Vec<Who> {
        let buyers = (0..self.bids.len()).map(Who::Buyer);
        buyers.chain((0..self.asks.len()).map(Who::Seller)).collect()
    }

    /// What `who` gains when each watt-hour is worth `value` to it.
    fn gain(&self, rule: Rule, who: Who, value: PricePerKwh) -> i128 {
        let cleared = self.clear(rule);
        let value = value.0 as i128;
        match who {
            Who::Buyer(place) => cleared
                .clearing
                .buyers_pay
                .map_or(0, |price| (value - price.0 as i128) * i128::from(cleared.bids[place].0)),
            Who::Seller(place) => cleared
                .clearing
                .sellers_receive
                .map_or(0, |price| (price.0 as i128 - value) * i128::from(cleared.asks[place].0)),
        }
    }

    /// Lets everybody try every limit of the corridor; returns how many were tried.
    fn try_all_limits(&mut self, rule: Rule) -> u32 {
        let mut tried = 0;
        for who in self.everybody() {
            let value = *self.limit_of(who);
            let honest = self.gain(rule, who, value);
            for limit in (8..=30).map(PricePerKwh) {
                *self.limit_of(who) = limit;
                let gain = self.gain(rule, who, value);
                assert!(
                    gain <= honest,
                    "{who:?} gains {gain} > {honest} with {limit:?} in place of {value:?}: {:?} {:?} {:?}",
                    self.bids,
                    self.asks,
                    self.most
                );
                tried += u32::from(limit != value);
            }
            *self.limit_of(who) = value;
        }
        tried
    }
}

#[test]
fn no_false_limit_pays_under_mcafee_with_one_order_each() {
    let mut draws = Draws(1);
    let (mut tried, mut traded) = (0, 0);
    while tried < 100_000 {
        let mut market = Market::draw(&mut draws, 4);
        traded += u32::from(!market.clear(Rule::McAfee).clearing.volume.is_zero());
        tried += market.try_all_limits(Rule::McAfee);
    }
    assert!(traded > 200, "too few books trade to tell: {traded}");
}

#[test]
fn no_false_limit_pays_under_a_binding_cap_with_unit_lots() {
    let mut draws = Draws(2);
    let (mut tried, mut traded) = (0, 0);
    while tried < 100_000 {
        let mut market = Market::draw(&mut draws, 1);
        if market.clear(Rule::Uniform).clearing.cap_binding {
            traded += u32::from(!market.most.is_zero());
            tried += market.try_all_limits(Rule::Uniform);
        }
    }
    assert!(traded > 200, "too few books trade to tell: {traded}");
}

/// The uniform price is not claimed to be proof against false limits where the cap does not bind,
/// and the test above would notice if limits paid.
#[test]
fn a_false_limit_can_pay_under_uniform_where_the_cap_does_not_bind() {
    let order = |limit| Order { limit: PricePerKwh(limit), energy: Wh(1) };
    let mut market = Market { bids: vec![order(30)], asks: vec![order(8)], most: NO_CAP };
    let (buyer, value) = (Who::Buyer(0), PricePerKwh(30));
    let honest = market.gain(Rule::Uniform, buyer, value);
    *market.limit_of(buyer) = PricePerKwh(20);
    assert!(market.gain(Rule::Uniform, buyer, value) > honest);
}
