//! By what rules a slot of the development chain trades, for plans that know no chain.
//!
//! Tests hold them against the runtime's.

use qedex_client::terms::Permill;
use qedex_math::{
    PricePerKwh, Wh,
    clearing::Corridor,
    tariff::{Band, DayRange, band, mean_demand},
};
use qedex_primitives::{LeaderLimits, PriceList, Windows};

/// A thousandth of a QED.
pub const TICK: u128 = 1_000_000_000;

/// The corridor off-peak.
pub const CORRIDOR: Corridor = Corridor {
    floor: PricePerKwh(80 * TICK),
    cap: PricePerKwh(300 * TICK),
    grid_fee: PricePerKwh(20 * TICK),
};

/// What orders are multiples of, and the least order.
pub const LOT: u64 = 100;

/// From this mean demand on, in Wh per slot, a slot is on-peak.
const THRESHOLD: Wh = Wh(36_000);

/// Over so many closed slots the mean is taken.
const LOOK_BACK: usize = 4;

/// In the evening the schedule of the day says mid-peak: from five to nine.
pub const EVENING: DayRange = DayRange { from: 68, until: 84 };

/// When the schedule of the day says mid-peak.
const MID: [DayRange; 2] = [DayRange { from: 28, until: 36 }, EVENING];

/// The price list of a band.
pub fn price_list(band: Band) -> PriceList {
    let (cap, deposit_percent) = match band {
        Band::Off => (CORRIDOR.cap, 80),
        Band::Mid => (PricePerKwh(320 * TICK), 80),
        Band::On => (PricePerKwh(350 * TICK), 85),
    };
    PriceList {
        floor: CORRIDOR.floor,
        cap,
        grid_fee: CORRIDOR.grid_fee,
        tick: PricePerKwh(TICK),
        lot: Wh(LOT),
        least_order: Wh(LOT),
        deposit_rate: Permill::from_percent(deposit_percent),
    }
}

/// Within what a leader chooses.
pub fn limits() -> LeaderLimits {
    LeaderLimits {
        least_share: Permill::from_percent(10),
        least_wh_per_key: Wh(1_000),
        most_wh_per_key: Wh(2_000),
    }
}

/// How many slots are open at once.
pub fn open_at_once() -> u64 {
    let Windows { gate_opens, gate_closes, .. } = Windows::default();
    u64::from(gate_opens.saturating_sub(gate_closes))
}

/// The band of the slot at `place`, whose place in its day is `slot_of_day`, if slots had such `demands`
/// and no others are known: the mean is that of the latest slots whose readings are closed when the
/// slot's gate opens.
pub fn band_of(place: usize, slot_of_day: u8, demands: &[Wh]) -> Band {
    let Windows { gate_opens, readings_until, .. } = Windows::default();
    let behind = usize::from(gate_opens).saturating_add(usize::from(readings_until));
    let closed = |back: usize| {
        let closed = place.checked_sub(behind)?.checked_sub(back)?;
        demands.get(closed).copied()
    };
    let closed: Vec<Option<Wh>> = (0..LOOK_BACK).map(closed).collect();
    band(mean_demand(&closed), THRESHOLD, slot_of_day, &MID)
}

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_runtime::presets;

    #[test]
    fn the_terms_are_those_of_the_development_chain() {
        for band in [Band::Off, Band::Mid, Band::On] {
            assert_eq!(price_list(band), presets::price_list(band));
        }
        assert_eq!(limits(), presets::leader_limits());
        let rule = presets::tariff_rule();
        assert_eq!((rule.threshold, usize::from(rule.look_back)), (THRESHOLD, LOOK_BACK));
        assert_eq!(rule.mid.into_inner(), MID);
        let corridor = |list: PriceList| Corridor {
            floor: list.floor,
            cap: list.cap,
            grid_fee: list.grid_fee,
        };
        assert_eq!(corridor(price_list(Band::Off)), CORRIDOR);
    }

    #[test]
    fn a_slot_is_on_peak_by_the_slots_that_are_closed_when_its_gate_opens() {
        // With the default windows those are the ninth to the twelfth before it.
        let mut demands = vec![Wh(0); 12];
        assert_eq!(band_of(12, 0, &demands), Band::Off);
        assert_eq!(band_of(12, 68, &demands), Band::Mid);
        demands[..4].fill(Wh(36_000));
        assert_eq!(band_of(12, 68, &demands), Band::On);
        demands[0] = Wh(35_996);
        assert_eq!(band_of(12, 68, &demands), Band::Mid, "the mean is a watt-hour less");
        assert_eq!(band_of(8, 68, &demands), Band::Mid, "nothing is known");
        assert_eq!(band_of(9, 0, &[Wh(36_000)]), Band::On, "one slot is known");
    }
}
