//! The orders that a plan comes to.

use crate::error::Error;
use qedex_ems::site::{Marginal, Plan, Site};
use qedex_math::{PricePerKwh, Wh};
use qedex_tables::plain;
use std::fmt::Write;

/// The market that the orders are for.
#[derive(Clone, Copy, Debug)]
pub struct Market {
    floor: PricePerKwh,
    cap: PricePerKwh,
    tick: PricePerKwh,
    lot: Wh,
}

/// An order of one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    slot: u64,
    is_bid: bool,
    limit: PricePerKwh,
    energy: Wh,
}

/// Slots of an hour.
const SLOTS: u64 = 4;

impl Market {
    /// Refuses a market without prices.
    pub fn new(
        floor: PricePerKwh,
        cap: PricePerKwh,
        tick: PricePerKwh,
        lot: Wh,
    ) -> Result<Self, Error> {
        if floor > cap {
            return Err(Error::BadInput("the floor is above the cap".to_owned()));
        }
        if tick.0 == 0 {
            return Err(Error::BadInput("the tick is zero".to_owned()));
        }
        Ok(Self { floor, cap, tick, lot })
    }

    /// What each step draws as bids, at what less of it saves, and what it feeds in as asks, at what more of it costs.
    /// As a standing order does, a bid above the cap stands at the cap, an ask below the floor at the floor, and one
    /// beyond the other end is left out; so is what is less than a lot, and what has no worth because the plan does
    /// not bear a change.
    pub fn orders(&self, site: &Site, plan: &Plan, worth: &[Marginal], first: u64) -> Vec<Order> {
        let slots = if site.dt_h == 1.0 { SLOTS } else { 1 };
        let series = &plan.series;
        let steps = series.import.iter().zip(&series.export).zip(worth);
        let mut orders = Vec::new();
        for (step, ((import, export), worth)) in (0..).zip(steps) {
            for (is_bid, power, worth) in [(true, import, worth.less), (false, export, worth.more)]
            {
                let energy = self.whole_lots(power / SLOTS as f64);
                let Some(limit) = worth.and_then(|worth| self.limit(is_bid, worth)) else {
                    continue;
                };
                if energy.is_zero() {
                    continue;
                }
                let begins = u64::saturating_add(first, step * slots);
                orders.extend((0..slots).map(|slot| Order {
                    slot: begins.saturating_add(slot),
                    is_bid,
                    limit,
                    energy,
                }));
            }
        }
        orders
    }

    /// kWh in whole lots. What the solver is off by does not cost a lot.
    fn whole_lots(&self, kwh: f64) -> Wh {
        let wh = (kwh * 1e3 + 1e-3).floor().max(0.0) as u64;
        Wh(wh - wh % self.lot.0)
    }

    /// A worth as a limit inside the corridor, in whole ticks.
    fn limit(&self, is_bid: bool, worth: f64) -> Option<PricePerKwh> {
        // What the solver is off by does not cost a tick.
        let plancks = (worth * 1e9).round().max(0.0) as u128 * 1_000;
        let ticks = if is_bid { plancks / self.tick.0 } else { plancks.div_ceil(self.tick.0) };
        let limit = PricePerKwh(ticks * self.tick.0);
        if is_bid {
            (limit >= self.floor).then_some(limit.min(self.cap))
        } else {
            (limit <= self.cap).then_some(limit.max(self.floor))
        }
    }
}

/// The orders as `qedex order batch` reads them.
pub fn table(orders: &[Order]) -> String {
    let mut text = "slot,side,price,kwh\n".to_owned();
    for order in orders {
        let side = if order.is_bid { "bid" } else { "ask" };
        let (price, energy) = (plain(order.limit.0, 12), plain(order.energy.0.into(), 3));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{},{side},{price},{energy}", order.slot);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_client::{
        batch,
        market::{NewOrder, Side},
    };
    use qedex_ems::site::Series;
    use qedex_tables::Table;

    const QED: u128 = 1_000_000_000_000;
    const MARKET: Market = Market {
        floor: PricePerKwh(QED * 8 / 100),
        cap: PricePerKwh(QED * 30 / 100),
        tick: PricePerKwh(QED / 1_000),
        lot: Wh(100),
    };

    fn orders(step: [f64; 2], worth: [Option<f64>; 2], dt_h: f64) -> String {
        let text = format!(
            r#"{{"hours": 1, "dt_h": {dt_h}, "price_buy": [], "price_sell": [], "load_e": [],
                "grid": {{"import_max": 1, "export_max": 1}}}}"#
        );
        let site: Site = serde_json::from_str(&text).unwrap();
        let [import, export] = step.map(|power| vec![power]);
        let series = Series { import, export, ..Series::default() };
        let plan = Plan { cost: 0.0, bound: 0.0, gap: 0.0, series };
        let [less, more] = worth;
        table(&MARKET.orders(&site, &plan, &[Marginal { more, less }], 40))
    }

    #[test]
    fn an_hour_is_four_slots_and_a_quarter_one() {
        let hour =
            "slot,side,price,kwh\n40,bid,0.2,2.5\n41,bid,0.2,2.5\n42,bid,0.2,2.5\n43,bid,0.2,2.5\n";
        assert_eq!(orders([10.3, 0.0], [Some(0.2), None], 1.0), hour);
        let quarter = "slot,side,price,kwh\n40,ask,0.1,2.5\n";
        assert_eq!(orders([0.0, 10.0], [None, Some(0.1)], 0.25), quarter);
    }

    #[test]
    fn limits_are_whole_ticks_inside_the_corridor() {
        let bid = |worth| orders([4.0, 0.0], [Some(worth), None], 0.25);
        let ask = |worth| orders([0.0, 4.0], [None, Some(worth)], 0.25);
        assert_eq!(bid(0.084_444), "slot,side,price,kwh\n40,bid,0.084,1\n");
        assert_eq!(ask(0.084_444), "slot,side,price,kwh\n40,ask,0.085,1\n");
        assert_eq!(bid(0.299_999_999_9), "slot,side,price,kwh\n40,bid,0.3,1\n");
        assert_eq!(bid(0.9), "slot,side,price,kwh\n40,bid,0.3,1\n");
        assert_eq!(ask(-0.2), "slot,side,price,kwh\n40,ask,0.08,1\n");
        assert_eq!(bid(0.05), "slot,side,price,kwh\n");
        assert_eq!(ask(0.31), "slot,side,price,kwh\n");
    }

    /// An hour that draws and one that feeds in, none of it in whole lots or ticks.
    #[test]
    fn a_batch_reads_the_orders_of_a_plan() {
        let text = r#"{"hours": 2, "dt_h": 1, "price_buy": [], "price_sell": [], "load_e": [],
            "grid": {"import_max": 1, "export_max": 1}}"#;
        let site: Site = serde_json::from_str(text).unwrap();
        let series =
            Series { import: vec![10.3, 0.0], export: vec![0.0, 7.25], ..Series::default() };
        let plan = Plan { cost: 0.0, bound: 0.0, gap: 0.0, series };
        let worth = |kwh| Marginal { more: Some(kwh), less: Some(kwh) };
        let orders = MARKET.orders(&site, &plan, &[worth(0.221_6), worth(0.084_4)], 40);
        let table = Table::parse("o.csv", table(&orders)).unwrap();
        let rows = batch::read(&table).unwrap();

        let order = |side, milli_qed: u128, wh| NewOrder {
            side,
            limit: PricePerKwh(QED / 1_000 * milli_qed),
            energy: Wh(wh),
        };
        let (bid, ask) = (order(Side::Bid, 221, 2_500), order(Side::Ask, 85, 1_800));
        let expected: Vec<_> =
            (40..48).map(|slot| (Some(slot), if slot < 44 { bid } else { ask })).collect();
        assert_eq!(rows, expected);
        assert_eq!(batch::of_slot(rows, 45).unwrap(), [ask]);
    }

    #[test]
    fn what_is_less_than_a_lot_or_without_a_worth_is_no_order() {
        assert_eq!(orders([0.39, 0.0], [Some(0.2), None], 0.25), "slot,side,price,kwh\n");
        assert_eq!(orders([4.0, 0.0], [None, None], 0.25), "slot,side,price,kwh\n");
        let Market { floor, cap, tick, lot } = MARKET;
        assert!(Market::new(floor, cap, tick, lot).is_ok());
        assert!(Market::new(floor, cap, PricePerKwh(0), lot).is_err());
        assert!(Market::new(floor, PricePerKwh(1), tick, lot).is_err());
    }
}
